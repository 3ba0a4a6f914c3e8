//! What was typed into a dialog that was closed without sending: it comes back with the same dialog, in this session. Not a
//! secret, and not a word that confirms: those are typed for the one time.

use super::ask::{Ask, Field, Make, Must};

/// Dialogs whose texts are kept.
const MOST: usize = 24;

/// All of it, the newest last.
#[derive(Default)]
pub struct Drafts(Vec<Draft>);

struct Draft {
    run: Option<String>,
    make: Make,
    /// Label and text.
    texts: Vec<(String, String)>,
}

/// What may come back, where it is not what stood there anyway.
fn kept(f: &Field) -> bool {
    let plain = matches!(f.must, Must::Any | Must::Text | Must::Duration);
    plain && !f.secret && f.text != f.given && !f.text.trim().is_empty()
}

impl Drafts {
    /// Forgets what this dialog had; it was sent.
    pub fn forget(&mut self, ask: &Ask) {
        self.0.retain(|d| d.run != ask.run || d.make != ask.make);
    }

    /// Keeps what was typed into it.
    pub fn keep(&mut self, ask: &Ask) {
        self.forget(ask);
        let texts: Vec<_> = ask.fields.iter().filter(|f| kept(f)).map(|f| (f.label.clone(), f.text.clone())).collect();
        if texts.is_empty() {
            return;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Draft { run: ask.run.clone(), make: ask.make.clone(), texts });
    }

    /// Puts it back where the same is asked again.
    pub fn recall(&self, ask: &mut Ask) {
        let Some(draft) = self.0.iter().find(|d| d.run == ask.run && d.make == ask.make) else { return };
        for field in &mut ask.fields {
            if let Some((_, text)) = draft.texts.iter().find(|(label, _)| *label == field.label) {
                field.text.clone_from(text);
            }
        }
    }
}
