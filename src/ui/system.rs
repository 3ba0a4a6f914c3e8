//! Dark or light, as the desktop says it (org.freedesktop.portal.Settings): on Linux no display server tells a window.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use eframe::egui::{Context, Theme, ViewportId};
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::Value;

use super::app::wake;

/// The first frame waits no longer than that for an answer; one that comes later still counts.
const WITHIN: Duration = Duration::from_millis(100);

const SERVICE: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const INTERFACE: &str = "org.freedesktop.portal.Settings";
const SCHEME: (&str, &str) = ("org.freedesktop.appearance", "color-scheme");

/// The question, under way.
#[derive(Debug)]
pub struct System {
    first: Receiver<Theme>,
    window: Sender<Context>,
}

impl System {
    /// Asks on a thread of its own, while the window is being made.
    pub fn ask() -> Self {
        let (tell, first) = channel();
        let (window, opened) = channel();
        std::thread::spawn(move || {
            if let Err(e) = listen(&tell, &opened) {
                tracing::info!("the desktop does not say whether it is dark or light: {e}");
            }
        });
        Self { first, window }
    }

    /// Sets what was answered, before the first frame, and whatever the person chooses later.
    pub fn follow(self, ctx: &Context) {
        if let Ok(theme) = self.first.recv_timeout(WITHIN) {
            ctx.options_mut(|o| o.fallback_theme = theme);
        }
        let _ = self.window.send(ctx.clone());
    }
}

fn listen(tell: &Sender<Theme>, opened: &Receiver<Context>) -> zbus::Result<()> {
    let bus = Connection::session()?;
    let settings = Proxy::new(&bus, SERVICE, PATH, INTERFACE)?;
    // Before it is asked, so that no change falls in between.
    let changes = settings.receive_signal("SettingChanged")?;
    let answer = settings.call_method("Read", &SCHEME)?;
    let first = theme(&answer.body().deserialize()?);
    let _ = tell.send(first);
    let Ok(ctx) = opened.recv() else { return Ok(()) };
    set(&ctx, first);
    for change in changes {
        let body = change.body();
        let (group, key, value): (&str, &str, Value<'_>) = body.deserialize()?;
        if (group, key) == SCHEME {
            set(&ctx, theme(&value));
        }
    }
    Ok(())
}

/// A window that is told neither draws itself dark: it is looked at in the night.
fn theme(value: &Value<'_>) -> Theme {
    match value {
        // The older question wraps its answer once more.
        Value::Value(inner) => theme(inner),
        Value::U32(2) => Theme::Light,
        _ => Theme::Dark,
    }
}

fn set(ctx: &Context, theme: Theme) {
    if ctx.options_mut(|o| std::mem::replace(&mut o.fallback_theme, theme)) != theme {
        wake(ctx, ViewportId::ROOT);
    }
}
