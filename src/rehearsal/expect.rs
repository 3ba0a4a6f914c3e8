//! What is expected of the operator, and the mistakes that have a name. Everything in here is read off the run's record, so
//! that a score can be told again from the record alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::scenario::{Choice, Outcome};
use crate::run::event::LossKind;
use crate::runbook::model::StepId;
use crate::units::{Millis, Region};

/// What a good operator does; each line scores. Steps that a strategy does not have are left out of its score.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The decision at the decision step.
    #[serde(default)]
    pub decision: Option<Choice>,
    /// What has to be decided before that.
    #[serde(default)]
    pub decide_first: Option<Choice>,
    /// Decisions that are as good.
    #[serde(default)]
    pub or: Vec<Choice>,
    /// How long after T0 it may take.
    #[serde(default)]
    pub decide_within: Option<Millis>,
    /// How the run is closed.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Region that has to serve the users: the secondary by metrics after the move; the primary by never being left, or by a
    /// fail back that was verified.
    #[serde(default)]
    pub served_by: Option<Region>,
    /// Verdict that Lifeboat must have shown. Not asked for in a tabletop.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Steps that must be done.
    #[serde(default)]
    pub done: Vec<StepId>,
    /// The first is over before the second is begun.
    #[serde(default)]
    pub before: Vec<(StepId, StepId)>,
    /// Steps that must be left out, with a reason.
    #[serde(default)]
    pub skipped: Vec<StepId>,
    /// Steps that must not have been performed.
    #[serde(default)]
    pub must_not: Vec<StepId>,
    /// How often a step may be begun at most: nothing is repeated blindly.
    #[serde(default)]
    pub attempts: BTreeMap<StepId, u32>,
    /// Words that must occur.
    #[serde(default)]
    pub words: Vec<Words>,
    /// Kinds of loss that a person must have entered in the loss register.
    #[serde(default)]
    pub loss: Vec<LossKind>,
    /// RTA must stay within the RTO.
    #[serde(default)]
    pub within_rto: bool,
    /// Mistakes with a name.
    #[serde(default)]
    pub fails: Vec<Fail>,
}

/// Words that must be written somewhere, in upper or lower case, from the beginning of a word. People say things in their
/// own way: name what only somebody who understood would write, and give it several ways to be said.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What it is about, as the score sheet says it.
    pub what: String,
    /// Where.
    pub at: Where,
    /// One of these.
    pub any: Vec<String>,
}

/// A mistake with a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Unique in the scenario, kebab-case.
    pub id: String,
    /// What was done wrong, as the score sheet says it: “Waited for a job that was lost”.
    pub what: String,
    /// It was, when this holds.
    pub when: When,
    /// What it costs.
    #[serde(default = "usual_cost")]
    pub points: u32,
}

fn usual_cost() -> u32 {
    2
}

/// Where words are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    /// Reasons of the decisions.
    Reason,
    /// Losses expected with the decisions, and the loss register.
    Loss,
    /// What was said at steps, and pasted or filed as evidence.
    Evidence,
    /// The divergence ledger.
    Ledger,
    /// Notes.
    Notes,
    /// Findings, and what is done about them.
    Findings,
    /// The sentence with which the run was closed.
    Summary,
    /// What was said at this step, and filed as evidence of it.
    Step(StepId),
    /// Any of these.
    Anywhere,
}

/// Something that may be so in a run. Of a step that the run does not have nothing holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum When {
    /// All of these.
    All(Vec<When>),
    /// One of these.
    Any(Vec<When>),
    /// Not this.
    Not(Box<When>),
    /// The latest decision is this.
    Decided(Choice),
    /// This was decided at any time.
    EverDecided(Choice),
    /// The last decision came later than so long after T0, or never came.
    DecidedLaterThan(Millis),
    /// It was closed like this.
    Closed(Outcome),
    /// It was given up, without an outcome.
    GivenUp,
    /// The step is done: by the app, by hand, or it was true already.
    Done(StepId),
    /// The step was begun: something was sent for it, or a person said that they did it. Checking alone does not begin it.
    Begun(StepId),
    /// The step was left out.
    Skipped(StepId),
    /// The second step was begun before the first was done.
    OutOfOrder(StepId, StepId),
    /// The step failed, once or more: Azure refused what was sent for it, or it was read and not so.
    Failed(StepId),
    /// The step was begun more often than this.
    MoreAttempts(StepId, u32),
    /// The step took longer than this from its begin to its end.
    TookLonger(StepId, Millis),
    /// A second person is asked for at this step, and nobody agreed to what was done.
    Alone(StepId),
    /// A guard of this step was set aside.
    Glass(StepId),
    /// Somebody whose name has this in it agreed at this step.
    AgreedBy(StepId, String),
    /// One of the words is there, and not denied: “not tonight” does not say “tonight”.
    Says {
        /// Where.
        at: Where,
        /// One of these.
        any: Vec<String>,
    },
    /// A person entered such a loss in the register.
    Loss(LossKind),
    /// There are at least so many entries in the divergence ledger.
    Ledger(u32),
    /// The verdict was shown.
    Verdict(String),
    /// Users are served by this region.
    Served(Region),
}

impl When {
    /// Steps that it names.
    pub fn steps(&self) -> Vec<&str> {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().flat_map(Self::steps).collect(),
            Self::Not(one) => one.steps(),
            Self::OutOfOrder(a, b) => vec![a, b],
            Self::Done(s)
            | Self::Begun(s)
            | Self::Skipped(s)
            | Self::Failed(s)
            | Self::MoreAttempts(s, _)
            | Self::TookLonger(s, _)
            | Self::Alone(s)
            | Self::Glass(s)
            | Self::AgreedBy(s, _)
            | Self::Says { at: Where::Step(s), .. } => vec![s],
            _ => Vec::new(),
        }
    }
}

impl Expect {
    /// Steps that it names.
    pub fn steps(&self) -> Vec<&str> {
        let lists = [&self.done, &self.skipped, &self.must_not];
        let mut all: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
        all.extend(self.before.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]));
        all.extend(self.attempts.keys().map(String::as_str));
        all.extend(self.words.iter().filter_map(|w| match &w.at {
            Where::Step(s) => Some(s.as_str()),
            _ => None,
        }));
        all.extend(self.fails.iter().flat_map(|f| f.when.steps()));
        all
    }
}
