//! Which of the rights that a plan's steps need the signed-in identity has: told on a quiet day, and again before a run,
//! instead of by a refusal in the middle of it.
//!
//! The rules are Azure's own: an action is granted by a role that names it and does not take it out again; what one role
//! takes out another may still grant. A lock stands above every role. What was not read is not known, and neither has
//! nor lacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::runbook::model::StepId;
use crate::units::Millis;

pub use crate::runbook::traits::Right;

/// What a rights check does not cover, for whoever reads its result.
pub const NOT_ASKED: &str = "Deny assignments and policies are not asked about: either may still refuse a change. A failover of storage \
     also reads the workspaces of every other subscription that is seen; those are not asked about.";

/// What a right is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To do the step.
    Change,
    /// To read what the step asks.
    Verify,
    /// To take it back.
    Undo,
}

impl Purpose {
    /// `to change`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Change => "to do it",
            Self::Verify => "to check it",
            Self::Undo => "to take it back",
        }
    }
}

/// What a step needs: any one of these rights.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Need {
    /// For this.
    pub purpose: Purpose,
    /// One of them is enough.
    pub any_of: Vec<Right>,
}

/// Everything that a step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepNeeds {
    /// Step.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// Its needs; none for what a person does.
    pub needs: Vec<Need>,
}

/// What one role assignment grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Granted, with `*` for anything.
    pub actions: Vec<String>,
    /// Taken out of them.
    pub not_actions: Vec<String>,
    /// Granted in the data plane.
    pub data_actions: Vec<String>,
    /// Taken out of them.
    pub not_data_actions: Vec<String>,
    /// It holds under a condition that Azure judges at each request.
    pub conditional: bool,
}

/// A lock that covers a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: String,
    /// What it was put on.
    pub on: String,
    /// Nothing can be changed; otherwise nothing can be deleted.
    pub read_only: bool,
}

/// What was read of one scope; an error says why it was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Role by role.
    pub grants: Result<Vec<Grant>, String>,
    /// Locks on it and above it.
    pub locks: Result<Vec<Lock>, String>,
}

/// How it stands with one right, or with a whole step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// There.
    Has,
    /// It could not be told.
    Unknown,
    /// Not there, or blocked.
    Lacks,
}

/// A right that is not there for certain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Doubt {
    /// Needed for this.
    pub purpose: Purpose,
    /// The right; several that would each do are joined by `or`.
    pub action: String,
    /// ARM id.
    pub scope: String,
    /// Missing, or not known.
    pub standing: Standing,
    /// Why, when it is more than that no role grants it.
    pub why: String,
}

/// How it stands with a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRights {
    /// Step.
    pub step: StepId,
    /// Title.
    pub title: String,
    /// The worst of its needs.
    pub standing: Standing,
    /// How many rights it needs.
    pub needs: usize,
    /// Those that are not certain.
    pub doubts: Vec<Doubt>,
}

/// How it stands with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightsReport {
    /// When it was read, UTC milliseconds.
    pub at: i64,
    /// Scopes that were asked about.
    pub scopes: usize,
    /// Steps that need something, in the plan's order.
    pub steps: Vec<StepRights>,
}

/// Whether a role's pattern covers an action: in any case, `*` for any text, slashes included.
pub fn covers(pattern: &str, action: &str) -> bool {
    let lower = |t: &str| t.to_ascii_lowercase();
    let (pattern, action) = (lower(pattern.trim()), lower(action));
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| action.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        // The leftmost place leaves the most for what follows.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Grant {
    fn allows(&self, right: &Right) -> bool {
        let (granted, taken) =
            if right.data { (&self.data_actions, &self.not_data_actions) } else { (&self.actions, &self.not_actions) };
        let any = |list: &[String]| list.iter().any(|p| covers(p, &right.action));
        any(granted) && !any(taken)
    }
}

/// Whether roles grant a right: every role for itself. Unknown where only a conditional one does.
pub fn granted(grants: &[Grant], right: &Right) -> Standing {
    let mut found = Standing::Lacks;
    for g in grants.iter().filter(|g| g.allows(right)) {
        found = found.min(if g.conditional { Standing::Unknown } else { Standing::Has });
    }
    found
}

/// The lock that blocks an action. Reading is never blocked, nor is taking a lock off; the data plane has no locks.
pub fn blocks<'a>(locks: &'a [Lock], right: &Right) -> Option<&'a Lock> {
    let action = right.action.to_ascii_lowercase();
    if right.data || action.ends_with("/read") || action.starts_with("microsoft.authorization/locks/") {
        return None;
    }
    locks.iter().find(|l| l.read_only || action.ends_with("/delete"))
}

/// Judges what the steps need by what was read, scope by scope (in lower case).
pub fn judge(steps: &[StepNeeds], held: &BTreeMap<String, Held>, at: i64) -> RightsReport {
    let one = |s: &StepNeeds| {
        let mut doubts: Vec<Doubt> = s.needs.iter().filter_map(|n| doubt(n, held)).collect();
        doubts.sort_by(|a, b| (b.standing, a).cmp(&(a.standing, b)));
        doubts.dedup();
        let standing = doubts.iter().map(|d| d.standing).max().unwrap_or(Standing::Has);
        StepRights { step: s.step.clone(), title: s.title.clone(), standing, needs: s.needs.len(), doubts }
    };
    let steps = steps.iter().filter(|s| !s.needs.is_empty()).map(one).collect();
    RightsReport { at, scopes: held.len(), steps }
}

/// What is not certain about a need; `None` when one of its rights is there.
fn doubt(need: &Need, held: &BTreeMap<String, Held>) -> Option<Doubt> {
    let all: Vec<(Standing, String)> = need.any_of.iter().map(|r| stands(r, held)).collect();
    let best = all.iter().map(|(s, _)| *s).min()?;
    if best == Standing::Has {
        return None;
    }
    // What could still turn out well is named; of what is missing, everything that would do.
    let named = || need.any_of.iter().zip(&all).filter(|(_, (s, _))| *s == best);
    let mut actions: Vec<String> = Vec::new();
    let mut whys: Vec<String> = Vec::new();
    for (r, (_, why)) in named() {
        actions.push(if r.data { format!("{} (data)", r.action) } else { r.action.clone() });
        if !why.is_empty() && !whys.contains(why) {
            whys.push(why.clone());
        }
    }
    let scope = named().next().map(|(r, _)| r.scope.clone()).unwrap_or_default();
    Some(Doubt { purpose: need.purpose, action: actions.join(" or "), scope, standing: best, why: whys.join("; ") })
}

fn stands(right: &Right, held: &BTreeMap<String, Held>) -> (Standing, String) {
    let Some(h) = held.get(&right.scope.to_ascii_lowercase()) else {
        return (Standing::Unknown, "it was not asked about".to_owned());
    };
    match &h.grants {
        Err(why) => return (Standing::Unknown, why.clone()),
        Ok(grants) => match granted(grants, right) {
            Standing::Has => {}
            Standing::Unknown => {
                let why = "a role grants it under a condition, which Azure judges when it is used";
                return (Standing::Unknown, why.to_owned());
            }
            Standing::Lacks => return (Standing::Lacks, String::new()),
        },
    }
    let changes = !right.data && !right.action.to_ascii_lowercase().ends_with("/read");
    match &h.locks {
        Err(why) if changes => (Standing::Unknown, format!("whether a lock blocks it is not known: {why}")),
        Ok(locks) => match blocks(locks, right) {
            Some(l) => {
                let what = if l.read_only { "every change" } else { "deleting" };
                (Standing::Lacks, format!("the lock `{}` on {} blocks {what}", l.name, last(&l.on)))
            }
            None => (Standing::Has, String::new()),
        },
        Err(_) => (Standing::Has, String::new()),
    }
}

/// Last part of an id, for texts.
fn last(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}

impl Doubt {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        let (action, on, purpose) = (&self.action, last(&self.scope), self.purpose.words());
        match (self.standing, self.why.is_empty()) {
            (Standing::Unknown, _) => format!("Not known whether {action} is held on {on} ({purpose}): {}", self.why),
            (_, true) => format!("Lacks {action} on {on} ({purpose})"),
            (_, false) => format!("{action} on {on} ({purpose}): {}", self.why),
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match (self.standing, self.why.is_empty()) {
            (Standing::Unknown, _) => "Try the step's reading on a quiet day, or ask whoever gives out roles.",
            (_, true) => "Ask an owner of the subscription for a role that has it, before it is needed.",
            (_, false) => "Ask the lock's owner who may remove it in an incident, and how.",
        }
    }
}

impl RightsReport {
    /// How it stands with the whole.
    pub fn standing(&self) -> Standing {
        self.steps.iter().map(|s| s.standing).max().unwrap_or(Standing::Has)
    }

    /// Steps of a standing.
    pub fn of(&self, standing: Standing) -> impl Iterator<Item = &StepRights> {
        self.steps.iter().filter(move |s| s.standing == standing)
    }

    /// A step by its id.
    pub fn step(&self, id: &str) -> Option<&StepRights> {
        self.steps.iter().find(|s| s.step == id)
    }

    /// Why nothing could be told, where it is one and the same for every right: Azure was not there to be asked.
    pub fn cause(&self) -> Option<&str> {
        let mut doubts = self.steps.iter().flat_map(|s| &s.doubts);
        let first = doubts.next().filter(|d| d.standing == Standing::Unknown)?;
        doubts.all(|d| d.standing == Standing::Unknown && d.why == first.why).then_some(first.why.as_str())
    }

    /// How old it is.
    pub fn age(&self, now_utc: i64) -> Millis {
        Millis(u64::try_from(now_utc.saturating_sub(self.at)).unwrap_or(0))
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let names = |s: Standing| self.of(s).map(|s| s.step.as_str()).collect::<Vec<_>>().join(", ");
        let (lacks, unknown) = (names(Standing::Lacks), names(Standing::Unknown));
        let mut out = match (lacks.is_empty(), self.steps.len()) {
            (_, 0) => return "No step of this plan needs a right in Azure.".to_owned(),
            (true, n) if unknown.is_empty() => return format!("All {n} steps that need rights have them."),
            (true, _) => "No right is known to be missing.".to_owned(),
            (false, _) => format!("Rights are missing or blocked for {lacks}."),
        };
        if !unknown.is_empty() {
            out.push_str(&format!(" Could not be told for {unknown}."));
        }
        out
    }
}
