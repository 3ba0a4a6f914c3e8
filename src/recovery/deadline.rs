//! Until when something can come back, and how urgent that is: the clock rule.
//!
//! Azure's own date wins. Without one it is counted from the deletion, where the time that Azure keeps the thing is fixed.
//! Amber when half of the time is gone; red with a quarter left, or twelve hours; with an AI account six.

use serde::{Deserialize, Serialize};

use super::thing::{Deleted, Kept, Kind};
use crate::units::Millis;

/// So little left is red, whatever the share.
const RED: Millis = Millis::from_mins(12 * 60);
/// The same of an AI account, whose whole time is short.
const RED_AI_ACCOUNT: Millis = Millis::from_mins(6 * 60);

/// The last moment, UTC milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deadline {
    /// Azure says so.
    Azure(i64),
    /// Deletion and the time that Azure keeps such things.
    Counted(i64),
    /// Nobody says.
    Unknown,
    /// It was not kept for a moment.
    Never,
}

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// More than half of the time is left.
    Fine,
    /// Half of it is gone.
    Amber,
    /// Little is left.
    Red,
    /// It is not known how much is left.
    Unknown,
    /// The time is over.
    Over,
    /// It has no soft delete, or was purged.
    Lost,
}

impl Alarm {
    /// The word that goes with shape and colour, for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Amber => "soon",
            Self::Red => "urgent",
            Self::Unknown => "unknown",
            Self::Over => "over",
            Self::Lost => "cannot come back",
        }
    }

    /// Whether somebody has to look at it now.
    pub fn presses(self) -> bool {
        matches!(self, Self::Red | Self::Over | Self::Unknown)
    }
}

/// A deadline with what is needed to judge it at any later moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The last moment.
    pub deadline: Deadline,
    /// All the time there was.
    pub whole: Option<Millis>,
    /// So little left is red.
    red: Millis,
}

impl Term {
    /// Of something that was deleted.
    pub fn of(d: &Deleted) -> Self {
        let red = if d.kind == Kind::AiAccount { RED_AI_ACCOUNT } else { RED };
        let kept = d.kind.kept();
        let counted = match (kept, d.deleted_at) {
            (Kept::For(time), Some(at)) => Deadline::Counted(at.saturating_add(signed(time))),
            _ => Deadline::Unknown,
        };
        let deadline = match (kept, d.purge_at) {
            _ if d.purged => Deadline::Never,
            (Kept::Not, _) => Deadline::Never,
            (_, Some(at)) => Deadline::Azure(at),
            (_, None) => counted,
        };
        let between = d.purge_at.zip(d.deleted_at).and_then(|(end, start)| u64::try_from(end - start).ok());
        let whole = match kept {
            _ if between.is_some_and(|ms| ms > 0) => between.map(Millis),
            Kept::For(time) => Some(time),
            // The longest there is: amber comes too early rather than too late.
            Kept::OwnDate(_, longest) => Some(longest),
            Kept::Not => None,
        };
        Self { deadline, whole, red }
    }

    /// The last moment as an instant, where there is one.
    pub fn at(&self) -> Option<i64> {
        match self.deadline {
            Deadline::Azure(at) | Deadline::Counted(at) => Some(at),
            Deadline::Unknown | Deadline::Never => None,
        }
    }

    /// How much is left; zero when it is over.
    pub fn left(&self, now: i64) -> Option<Millis> {
        self.at().map(|at| Millis(u64::try_from(at.saturating_sub(now)).unwrap_or(0)))
    }

    /// The part that is left, from 0 to 1.
    pub fn share(&self, now: i64) -> Option<f32> {
        let (left, whole) = (self.left(now)?, self.whole.filter(|w| w.0 > 0)?);
        Some((left.0 as f64 / whole.0 as f64).clamp(0.0, 1.0) as f32)
    }

    /// How urgent it is.
    pub fn alarm(&self, now: i64) -> Alarm {
        let left = match self.deadline {
            Deadline::Never => return Alarm::Lost,
            Deadline::Unknown => return Alarm::Unknown,
            Deadline::Azure(_) | Deadline::Counted(_) => self.left(now).unwrap_or_default(),
        };
        let whole = self.whole.unwrap_or_default();
        match left.0 {
            0 => Alarm::Over,
            ms if ms <= self.red.0 || ms.saturating_mul(4) <= whole.0 => Alarm::Red,
            ms if ms.saturating_mul(2) <= whole.0 => Alarm::Amber,
            _ => Alarm::Fine,
        }
    }

    /// The same with the clock of what certainly waits for it.
    pub fn alarm_with(&self, waiting: Option<Self>, now: i64) -> Alarm {
        match (self.alarm(now), waiting) {
            // That something else is over is no news about this one.
            (own @ (Alarm::Fine | Alarm::Amber), Some(w)) => match w.alarm(now) {
                Alarm::Over | Alarm::Lost => own,
                other => own.max(other),
            },
            (own, _) => own,
        }
    }
}

/// For the order of the work: an unknown deadline is reckoned as early as it can be.
pub(super) fn earliest(d: &Deleted, term: &Term) -> i64 {
    let least = match d.kind.kept() {
        Kept::For(time) | Kept::OwnDate(time, _) => signed(time),
        Kept::Not => 0,
    };
    term.at().or_else(|| d.deleted_at.map(|at| at.saturating_add(least))).unwrap_or(i64::MIN)
}

fn signed(m: Millis) -> i64 {
    i64::try_from(m.0).unwrap_or(i64::MAX)
}
