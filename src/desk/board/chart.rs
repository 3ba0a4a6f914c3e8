//! Which chart is shown, and what it is drawn from.

use super::super::DeskError;
use super::super::snapshot::Span;
use super::super::supervisor::Desk;

impl Desk {
    pub(super) fn choose_chart(&mut self, _endpoint: Option<String>, _span: Span) -> Result<(), DeskError> {
        Ok(())
    }
}
