//! The desktop's own service on the session bus (org.freedesktop.Notifications).

use std::collections::HashMap;

use tokio::sync::Mutex;
use zbus::Connection;
use zbus::zvariant::Value;

use super::{ANSWERS_WITHIN, Notice, NotifyError};

/// It is possible.
pub const IMPOSSIBLE: Option<&str> = None;

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Whoever shows notices. The connection is kept: some desktops take a notice back when its sender goes.
#[derive(Debug, Default)]
pub struct Desktop(Mutex<Option<Connection>>);

impl Desktop {
    /// Shows a notice, or says within [`ANSWERS_WITHIN`] that nobody does.
    pub async fn show(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut kept = self.0.lock().await;
        let asked = async {
            let connection = match kept.take() {
                Some(c) => c,
                None => Connection::session().await.map_err(|e| NotifyError::Absent(words(&e)))?,
            };
            say(&connection, notice).await?;
            Ok(connection)
        };
        let connection =
            tokio::time::timeout(ANSWERS_WITHIN, asked).await.map_err(|_| NotifyError::NoAnswer(ANSWERS_WITHIN))??;
        *kept = Some(connection);
        Ok(())
    }
}

async fn say(connection: &Connection, notice: &Notice) -> Result<(), NotifyError> {
    let hints = HashMap::from([("category", Value::from("network")), ("urgency", Value::from(1u8))]);
    let nothing_to_press: [&str; 0] = [];
    // Who shows it may take the text for markup.
    let text = notice.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = ("Lifeboat", 0u32, "", notice.title.as_str(), text.as_str(), nothing_to_press.as_slice(), hints, -1i32);
    match connection.call_method(Some(SERVICE), PATH, Some(SERVICE), "Notify", &body).await {
        Ok(_) => Ok(()),
        Err(e @ zbus::Error::MethodError(..)) if absent(&e) => Err(NotifyError::Absent(words(&e))),
        Err(e) => Err(NotifyError::Refused(words(&e))),
    }
}

/// Nobody has that name on the bus, and nobody can be started for it.
fn absent(e: &zbus::Error) -> bool {
    let zbus::Error::MethodError(name, ..) = e else { return false };
    let nobody = ["ServiceUnknown", "NameHasNoOwner", "Spawn", "NoReply"];
    nobody.iter().any(|n| name.as_str().contains(&format!("org.freedesktop.DBus.Error.{n}")))
}

fn words(e: &zbus::Error) -> String {
    crate::units::visible(&e.to_string()).trim_end_matches('.').chars().take(200).collect()
}
