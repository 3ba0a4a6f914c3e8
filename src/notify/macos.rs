//! The notification centre, by the script interpreter that every macOS has. Texts are handed over as arguments, so nothing
//! of them is run.

use std::process::Stdio;

use super::{ANSWERS_WITHIN, Notice, NotifyError};

/// It is possible.
pub const IMPOSSIBLE: Option<&str> = None;

const SCRIPT: &str =
    "on run argv\ndisplay notification (item 2 of argv) with title \"Lifeboat\" subtitle (item 1 of argv)\nend run";

/// Whoever shows notices.
#[derive(Debug, Default)]
pub struct Desktop;

impl Desktop {
    /// Shows a notice, or says within [`ANSWERS_WITHIN`] that nobody does.
    pub async fn show(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut command = tokio::process::Command::new("/usr/bin/osascript");
        command.args(["-e", SCRIPT, "--", &notice.title, &notice.text]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(ANSWERS_WITHIN, command.status()).await {
            Err(_) => Err(NotifyError::NoAnswer(ANSWERS_WITHIN)),
            Ok(Err(e)) => Err(NotifyError::Absent(e.to_string())),
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(NotifyError::Refused(status.to_string())),
        }
    }
}
