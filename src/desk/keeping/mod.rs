//! How long the records of runs are kept here, who holds which, and what was disposed of: what the register of this home says,
//! folded; and the rules that follow from it. Nothing is ever removed by itself.

mod class;
mod disposal;
mod register;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::record::{Actor as Who, Body, Corr, Kind, Mode, Stored};
use crate::units::{utc_text, visible};

pub use class::Class;
pub use disposal::{Facts, dispose, unfinished};
pub use register::{Entry, REGISTER, Register, export, hold, home, key, retention};

/// A legal hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hold {
    /// Who set it.
    pub by: String,
    /// When (UTC ms).
    pub at: i64,
    /// Why.
    pub reason: String,
}

/// A run whose files were removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disposed {
    /// Plan and strategy.
    pub title: String,
    /// Mode in words.
    pub mode: String,
    /// When it began (UTC ms).
    pub started: i64,
    /// Who disposed of it.
    pub by: String,
    /// When (UTC ms).
    pub at: i64,
    /// Why.
    pub reason: String,
    /// Its files are gone; until then it was only decided.
    pub done: bool,
}

impl Disposed {
    /// `disposed of on … by …: …`.
    pub fn words(&self) -> String {
        let begun = if self.done { "disposed of" } else { "disposal begun" };
        format!("{begun} on {} by {}: {}", day(self.at), visible(&self.by), visible(&self.reason))
    }
}

/// Why a run is not disposed of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// It goes on.
    #[error("the run is not closed: close it or give it up first")]
    Open,
    /// A legal hold.
    #[error("the run is held by {} since {}: {}; lift the hold first", visible(&.0.by), day(.0.at), visible(&.0.reason))]
    Held(Hold),
    /// Its time is not over.
    #[error("the run is kept until {}: {}; nothing of it is removed before", day(*.until), .class.words())]
    Until {
        /// First instant at which it may go (UTC ms).
        until: i64,
        /// Its class.
        class: Class,
    },
    /// Nobody has said until when.
    #[error("the run is kept until somebody chooses how long: choose a class first")]
    UntilTold,
    /// It is gone.
    #[error("the run was disposed of before: {0}")]
    Gone(String),
    /// Nobody can say until when.
    #[error("the record of the run cannot be read, so nobody can say until when it is kept: nothing of it is removed")]
    Unreadable,
    /// What says who holds it was altered.
    #[error(
        "the register of this computer does not verify, so nobody can say what is held: nothing was removed; look at it with lifeboat verify"
    )]
    Altered,
    /// It is on show.
    #[error("the run is open in this window: leave it first")]
    OnShow,
    /// Not what is to be typed.
    #[error("“{0}” is not the id of the run: nothing was removed")]
    OtherId(String),
}

/// What the register says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    general: Class,
    own: BTreeMap<String, Class>,
    holds: BTreeMap<String, Hold>,
    disposed: BTreeMap<String, Disposed>,
    /// What was last said of a place where records may be lost.
    pub(super) home: Option<Value>,
    /// It has a record.
    pub there: bool,
}

/// `2033-11-20`.
pub fn day(ms: i64) -> String {
    utc_text(ms).chars().take(10).collect()
}

/// What can be the id of a run, and names nothing but a folder among the runs.
fn is_id(run: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !run.is_empty() && run.len() <= 64 && run.bytes().all(good)
}

fn text(d: &Value, key: &str) -> String {
    d.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Keeping {
    /// Folded from the register's records.
    pub fn of(records: &[Stored]) -> Self {
        let mut all = Self { there: !records.is_empty(), ..Self::default() };
        records.iter().for_each(|r| all.take(&r.body));
        all
    }

    fn take(&mut self, body: &Body) {
        if body.kind != Kind::ConfigChange {
            return;
        }
        let (d, at) = (&body.d, body.ts);
        let by = match &body.actor {
            Who::Person(p) => p.name.clone(),
            Who::System => "Lifeboat".to_owned(),
        };
        let run = text(d, "run");
        match text(d, "setting").as_str() {
            "retention" => match (Class::from_name(&text(d, "class")), run.is_empty()) {
                (Some(class), true) => self.general = class,
                (Some(class), false) => drop(self.own.insert(run, class)),
                // Back to what holds for all; an unknown class of a newer Lifeboat keeps what it names.
                (None, false) if d.get("class").is_some_and(Value::is_null) => drop(self.own.remove(&run)),
                (None, false) => drop(self.own.insert(run, Class::UntilTold)),
                (None, true) => self.general = Class::UntilTold,
            },
            "hold" if d.get("held").and_then(Value::as_bool) == Some(true) => {
                self.holds.insert(run, Hold { by, at, reason: text(d, "reason") });
            }
            "hold" => drop(self.holds.remove(&run)),
            "disposal" if text(d, "event") == "done" => {
                if let Some(gone) = self.disposed.get_mut(&run) {
                    gone.done = true;
                }
            }
            "disposal" if text(d, "event") == "stopped" => drop(self.disposed.remove(&run)),
            // What a newer Lifeboat writes here is no word to remove anything.
            "disposal" if text(d, "event") == "begun" && is_id(&run) => {
                let started = d.get("started").and_then(Value::as_i64).unwrap_or_default();
                let (title, mode, reason) = (text(d, "title"), text(d, "mode"), text(d, "reason"));
                self.disposed.insert(run, Disposed { title, mode, started, by, at, reason, done: false });
            }
            "home" => self.home = Some(d.clone()),
            _ => {}
        }
    }

    /// The same without who holds what, and why.
    pub fn nameless(mut self) -> Self {
        for hold in self.holds.values_mut() {
            (hold.by, hold.reason) = ("a person".to_owned(), "not told with pseudonyms".to_owned());
        }
        self
    }

    /// For all runs that have none of their own.
    pub fn general(&self) -> Class {
        self.general
    }

    /// Of a run.
    pub fn class(&self, run: &str) -> Class {
        self.own.get(run).copied().unwrap_or(self.general)
    }

    /// It was chosen for this run.
    pub fn is_own(&self, run: &str) -> bool {
        self.own.contains_key(run)
    }

    /// Of a run.
    pub fn hold(&self, run: &str) -> Option<&Hold> {
        self.holds.get(run)
    }

    /// Runs that were disposed of.
    pub fn disposed(&self) -> impl Iterator<Item = (&String, &Disposed)> {
        self.disposed.iter()
    }

    /// Of a run.
    pub fn gone(&self, run: &str) -> Option<&Disposed> {
        self.disposed.get(run)
    }

    /// Whether a run whose last instant is `end` may be disposed of at `now` (UTC ms).
    pub fn may_go(&self, run: &str, end: Option<i64>, now: i64) -> Result<(), Kept> {
        if let Some(gone) = self.gone(run).filter(|g| g.done) {
            return Err(Kept::Gone(gone.words()));
        }
        if let Some(hold) = self.hold(run) {
            return Err(Kept::Held(hold.clone()));
        }
        let (end, class) = (end.ok_or(Kept::Open)?, self.class(run));
        match class.until(end) {
            None => Err(Kept::UntilTold),
            Some(until) if now < until => Err(Kept::Until { until, class }),
            Some(_) => Ok(()),
        }
    }

    /// How long a run is kept, in one line.
    pub fn words(&self, run: &str, end: Option<i64>) -> String {
        let class = self.class(run);
        let until = match (end, class.until(end.unwrap_or_default())) {
            (Some(_), Some(until)) => format!("until {}", day(until)),
            (None, Some(_)) => "counted from the end of the run".to_owned(),
            (_, None) => "no end".to_owned(),
        };
        let hold = self.hold(run).map_or_else(
            || "no legal hold".to_owned(),
            |h| format!("legal hold by {} since {}: {}", visible(&h.by), day(h.at), visible(&h.reason)),
        );
        format!("kept {}, {until}; {hold}; nothing is removed by itself", class.words())
    }
}

/// The last instant of a run by its own record: the latest that any clock in it says, so that one that was set back for a
/// while does not end it early.
pub fn end_of(records: &[Stored]) -> Option<i64> {
    // A simulated Azure has the scenario's time.
    let azure = |r: &Stored| r.body.corr.as_ref().filter(|_| r.body.mode != Mode::Rehearsal).and_then(azure_time);
    let all = records.iter().flat_map(|r| [Some(r.body.ts), azure(r)]);
    all.flatten().max()
}

/// What Azure's own clock said (UTC ms).
pub fn azure_time(corr: &Corr) -> Option<i64> {
    jiff::fmt::rfc2822::parse(corr.date.as_deref()?).ok().map(|t| t.timestamp().as_millisecond())
}
