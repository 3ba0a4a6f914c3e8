//! What would be done here: a runbook bound to real resources, in order.

pub mod model;

/// Temporary until the binder lands.
pub fn rebind(_: &model::Texts, _: Option<crate::runbook::model::Strategy>) -> Result<model::Plan, String> {
    Err("no binder".into())
}
