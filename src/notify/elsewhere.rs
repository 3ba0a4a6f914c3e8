//! Platforms where a program needs to be installed before it may show a notice.

use super::{Notice, NotifyError};

/// Said in the settings.
pub const IMPOSSIBLE: Option<&str> =
    Some("this platform shows notices of installed applications only; keep the window in sight instead");

/// Nobody shows notices.
#[derive(Debug, Default)]
pub struct Desktop;

impl Desktop {
    /// Says that nobody does.
    pub async fn show(&self, _notice: &Notice) -> Result<(), NotifyError> {
        Err(NotifyError::Absent(IMPOSSIBLE.unwrap_or_default().to_owned()))
    }
}
