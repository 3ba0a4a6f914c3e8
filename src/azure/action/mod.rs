//! The automated steps: from a bound action to exact changes, their preview, sending, following, reading back, undo.
//!
//! A [`Change`] is what the operator confirms and what the journal keeps: the exact request, as the real world writes
//! it, what each field was and will be, and what would bring the old state back. It is sent once. Whatever happens
//! then, [`read_back`] tells from Azure itself whether it took effect.

mod accounts;
mod app_configuration;
mod deployments;
mod sending;
mod undoing;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::sending::{Progress, ReadBack, Sent, follow, read_back, send};
pub use self::undoing::undo;
use super::cloud::host_of;
use super::known::configuration_of;
use super::{Azure, AzureError};
use crate::clock::Task;
pub use crate::run::event::{Change, FieldChange};
use crate::runbook::model::Action;
use crate::units::Region;

/// The option of previews that create no more than the quota allows.
pub const FIT_QUOTA: &str = "fit-quota";

impl Change {
    /// Whether it brings the target into being: such targets are the run's own, and may be deleted by it.
    pub fn creates(&self) -> bool {
        self.method == "PUT" && self.previous.is_none()
    }

    /// The same by hand, for a terminal that is signed in.
    pub fn by_hand(&self) -> String {
        let quoted = |t: &str| format!("'{}'", t.replace('\'', r"'\''"));
        let mut line = format!("az rest --method {} --url {}", self.method.to_lowercase(), quoted(&self.url));
        let host = url::Url::parse(&self.url).map(|u| host_of(&u)).unwrap_or_default();
        if let Some(cloud) = configuration_of(&host) {
            line.push_str(&format!(" --resource {}", cloud.configuration_resource));
        }
        let precondition = match &self.if_match {
            Some(etag) => Some(format!("If-Match={etag}")),
            None if self.only_if_absent => Some("If-None-Match=*".to_owned()),
            None => None,
        };
        if let Some(p) = precondition {
            line.push_str(&format!(" --headers {}", quoted(&p)));
        }
        if let Some(body) = &self.body {
            line.push_str(&format!(" --body {}", quoted(body)));
        }
        line
    }
}

impl FieldChange {
    pub(super) fn new(name: &str, before: Option<String>, after: Option<String>) -> Self {
        Self { name: name.to_owned(), before, after }
    }
}

/// What performing an action would do now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// In this order.
    pub changes: Vec<Change>,
    /// Azure already is as the action would make it.
    pub already_true: bool,
    /// What else to know before agreeing.
    pub notes: Vec<String>,
    /// Other ways to do it.
    pub options: Vec<PreviewOption>,
    /// When Azure was read.
    pub read_at_utc: i64,
}

/// Another way to perform an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewOption {
    /// For [`preview`].
    pub id: String,
    /// On the button.
    pub label: String,
    /// What it means.
    pub consequence: String,
}

/// Reads Azure and says what the action would change. `created` are the ARM ids that this run created.
pub async fn preview(
    azure: &Azure,
    task: &Task,
    action: &Action,
    option: Option<&str>,
    created: &[String],
) -> Result<Preview, AzureError> {
    let fit = match option {
        None => false,
        Some(FIT_QUOTA) if matches!(action, Action::CopyDeployments { .. } | Action::RaiseCapacity { .. }) => true,
        Some(other) => return Err(AzureError::UnknownOption(other.to_owned())),
    };
    let mut out = Preview { read_at_utc: task.now().utc, ..Preview::default() };
    match action {
        Action::CreateAccount { account, like, region } => {
            accounts::create(azure, task, account, like, region, &mut out).await?;
        }
        Action::CopyDeployments { from, to, first } => {
            deployments::copy(azure, task, from, to, first, fit, &mut out).await?;
        }
        Action::RaiseCapacity { account, like } => {
            deployments::raise(azure, task, account, like, fit, &mut out).await?;
        }
        Action::SetAppConfiguration { store, values } => {
            app_configuration::set(azure, task, store, values, &mut out).await?;
        }
        Action::DeleteCreatedDeployments { account } => {
            deployments::delete_created(azure, task, account, created, &mut out).await?;
        }
    }
    Ok(out)
}

/// Whether every field that `wanted` names is so in `actual`. Azure spells names and regions as it likes.
pub(super) fn contains(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (_, Value::Null) => true,
        (Value::Object(a), Value::Object(w)) => w.iter().all(|(k, v)| match (a.get(k), v.as_str()) {
            (Some(Value::String(a)), Some(w)) if k == "location" => Region::new(a) == Region::new(w),
            (a, _) => contains(a.unwrap_or(&Value::Null), v),
        }),
        (Value::Array(a), Value::Array(w)) => a.len() == w.len() && a.iter().zip(w).all(|(a, w)| contains(a, w)),
        (Value::String(a), Value::String(w)) => a.eq_ignore_ascii_case(w),
        (Value::Number(a), Value::Number(w)) => a.as_f64() == w.as_f64(),
        // Empty and absent are the same to Azure.
        (Value::Null, Value::Object(w)) => w.is_empty(),
        (Value::Null, Value::Array(w)) => w.is_empty(),
        (a, w) => a == w,
    }
}
