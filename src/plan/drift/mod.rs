//! Drift: how the secondary side differs from the primary one, and from what the plan says of both. On a quiet day every
//! difference is an errand; in an incident it is the step that fails.

mod compare;
mod deployments;
mod seen;
mod shared;

use serde::{Deserialize, Serialize};

pub use seen::{Assignment, Connection, Deployment, Endpoint, Known, Pair, Parts, Quota, Replica, Seen, Thing, pairs};

use super::model::Plan;
use crate::runbook::model::Runbook;
use crate::units::Millis;

/// How bad a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// As it is, the failover does not work.
    Blocks,
    /// It works, and what stands afterwards is less.
    Reduces,
    /// Worth knowing.
    Informs,
}

impl Severity {
    /// As a word before a line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Reduces => "reduces",
            Self::Informs => "informs",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// How bad.
    pub severity: Severity,
    /// Resource it is about: type and name.
    pub subject: String,
    /// What differs.
    pub field: String,
    /// The primary's value, or what the plan says.
    pub primary: String,
    /// The secondary's.
    pub secondary: String,
    /// What to do.
    pub advice: String,
    /// The same as a line to copy, where one line does it.
    pub by_hand: Option<String>,
    /// Which rule says so.
    pub source: String,
}

impl Difference {
    /// In a line: `deployment chat of oai-two: gpt-4o 2024-11-20 → missing`.
    pub fn sentence(&self) -> String {
        format!("{}: {}: {} → {}", self.subject, self.field, self.primary, self.secondary)
    }
}

/// How two sides stand to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When it was read, UTC milliseconds.
    pub at: i64,
    /// Resources that were compared.
    pub compared: usize,
    /// Differences, the worst first.
    pub differences: Vec<Difference>,
    /// What could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// Name of the simulated Azure that it is of; empty: a real one.
    #[serde(default)]
    pub simulated: String,
}

impl Drift {
    /// How many are so bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.differences.iter().filter(|d| d.severity == severity).count()
    }

    /// A failover would not do what the plan says.
    pub fn matters(&self) -> bool {
        self.count(Severity::Blocks) + self.count(Severity::Reduces) > 0
    }

    /// Everything was read, and nothing matters.
    pub fn none(&self) -> bool {
        !self.matters() && self.unread.is_empty()
    }

    /// How old it is.
    pub fn age(&self, now_utc: i64) -> Millis {
        Millis(u64::try_from(now_utc.saturating_sub(self.at)).unwrap_or(0))
    }

    /// `2 differences block, 1 reduces`.
    pub fn summary(&self) -> String {
        let many = |s: Severity, one: &str, more: &str| match self.count(s) {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let parts = [
            many(Severity::Blocks, "blocks a failover", "block a failover"),
            many(Severity::Reduces, "leaves less than there is", "leave less than there is"),
            many(Severity::Informs, "is worth knowing", "are worth knowing"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let unread = match self.unread.len() {
            0 => String::new(),
            1 => " One value could not be read, and may differ.".to_owned(),
            n => format!(" {n} values could not be read, and may differ."),
        };
        let of = if self.compared == 1 { "resource" } else { "resources" };
        let at = if self.simulated.is_empty() {
            String::new()
        } else {
            format!(" This is the simulated Azure “{}”, and says nothing of the real one.", self.simulated)
        };
        match (self.differences.len(), self.compared) {
            (0, 0) => format!("This plan names nothing that could be compared.{unread}{at}"),
            (0, n) => format!("No difference in {n} {of}.{unread}{at}"),
            (1, n) => format!("One difference in {n} {of}: {}.{unread}{at}", self.summary()),
            (d, n) => format!("{d} differences in {n} {of}: {}.{unread}{at}", self.summary()),
        }
    }
}

/// Compares what was read, by what the plan says of it.
pub fn drift(plan: &Plan, runbook: &Runbook, seen: &Seen) -> Drift {
    let pairs = pairs(plan, runbook);
    let mut out = compare::Compare::new(plan, seen, &pairs);
    for pair in pairs {
        match &pair.secondary {
            Some(other) => out.pair(&pair.primary, other),
            None => out.shared(&pair),
        }
    }
    out.finish()
}

/// The runbook that a plan was made from.
pub fn runbook(plan: &Plan) -> Option<Runbook> {
    crate::runbook::load_frozen(&plan.texts.source("runbook.ron")).0
}
