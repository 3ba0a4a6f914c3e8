//! One field is several things: what is said of them, and what is not.

use super::Held;

/// Names in one line; the rest is counted.
const NAMED: usize = 6;

/// The parts of a field.
#[derive(Debug, Default)]
pub(super) struct Parts {
    said: Vec<String>,
    lacks: Vec<String>,
}

impl Parts {
    /// It has to be there: this is what it says, unless that is nothing.
    pub(super) fn need(mut self, what: &str, said: impl Into<String>) -> Self {
        match said.into() {
            said if said.is_empty() => self.lacks.push(what.to_owned()),
            said => self.said.push(format!("{what} {said}")),
        }
        self
    }

    /// The same, where it is plain what is meant.
    pub(super) fn plain(mut self, what: &str, said: impl Into<String>) -> Self {
        match said.into() {
            said if said.is_empty() => self.lacks.push(what.to_owned()),
            said => self.said.push(said),
        }
        self
    }

    /// It is not there.
    pub(super) fn lack(mut self, what: impl Into<String>) -> Self {
        self.lacks.push(what.into());
        self
    }

    /// All of them, or what is missing and where that is told.
    pub(super) fn held(self, told: &str) -> Held {
        if self.lacks.is_empty() {
            return Held::Yes(self.said.join("; "));
        }
        Held::Missing(format!("{} ({told})", list(&self.lacks)))
    }
}

/// `a, b, c and 4 more`.
pub(super) fn list(all: &[impl AsRef<str>]) -> String {
    let named: Vec<&str> = all.iter().take(NAMED).map(AsRef::as_ref).collect();
    let rest = all.len().saturating_sub(NAMED);
    if rest == 0 { named.join(", ") } else { format!("{} and {rest} more", named.join(", ")) }
}

/// `3 findings`, `1 finding`; empty where there is none.
pub(super) fn count(n: usize, one: &str) -> String {
    match n {
        0 => String::new(),
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}
