//! Deployments of templates as the world keeps them: what is to be made, in which order, and how far it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Deployments kept of a world, as many as Azure keeps of a group.
const KEPT: usize = 800;
/// What-if answers kept; nobody asks for an old one.
const ANSWERS: usize = 50;

/// All deployments of templates, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rollouts {
    /// Deployments.
    pub all: Vec<Rollout>,
    /// Answers of what-if to be fetched later.
    pub answers: Vec<Answer>,
}

/// One deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rollout {
    /// Name.
    pub name: String,
    /// Resource group; `None` at subscription scope.
    pub group: Option<String>,
    /// Region of its data, at subscription scope.
    pub location: Option<String>,
    /// Parameters with their values, as answered.
    pub parameters: Value,
    /// Effective values, for the outputs.
    pub values: Value,
    /// The template's variables, for the outputs.
    pub variables: Value,
    /// Outputs as written; evaluated at the end.
    pub wanted: Value,
    /// Outputs, once it has succeeded.
    pub outputs: Option<Value>,
    /// Resources.
    pub items: Vec<Item>,
    /// How it stands.
    pub state: State,
    /// Why it failed.
    pub error: Option<Value>,
    /// Identity in the log.
    pub correlation: String,
    /// Start.
    pub from: i64,
    /// Looked at last.
    pub seen: i64,
    /// End.
    pub until: Option<i64>,
}

/// How a deployment or one of its resources stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Waits for what it depends on.
    Waiting,
    /// Under way.
    Running,
    /// There.
    Succeeded,
    /// Refused or broken off.
    Failed,
    /// Stopped by somebody.
    Canceled,
}

impl State {
    /// In Azure's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "Accepted",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    /// Nothing more happens.
    pub fn over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One resource of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    /// ARM id.
    pub id: String,
    /// Type.
    pub kind: String,
    /// Name, with those of its parents.
    pub name: String,
    /// Version of the type that the template names.
    pub version: String,
    /// What is sent.
    pub body: Value,
    /// Resources that have to be there before, by their place in the list.
    pub needs: Vec<usize>,
    /// How it stands.
    pub state: State,
    /// Status of the answer.
    pub status: u16,
    /// Why it failed.
    pub error: Option<Value>,
    /// Last change of its state.
    pub at: i64,
}

/// An answer that is fetched later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Id in its address.
    pub id: String,
    /// Ready from then on.
    pub until: i64,
    /// Body.
    pub body: Value,
}

impl Rollouts {
    /// Adds one in place of an earlier one with its name and scope.
    pub fn put(&mut self, fresh: Rollout) {
        self.all.retain(|r| !r.is(&fresh.name, fresh.group.as_deref()));
        self.all.push(fresh);
        let over = self.all.len().saturating_sub(KEPT);
        self.all.drain(..over);
    }

    /// Keeps an answer.
    pub fn keep(&mut self, answer: Answer) {
        self.answers.push(answer);
        let over = self.answers.len().saturating_sub(ANSWERS);
        self.answers.drain(..over);
    }

    /// One by name and scope.
    pub fn find(&self, name: &str, group: Option<&str>) -> Option<&Rollout> {
        self.all.iter().find(|r| r.is(name, group))
    }
}

impl Rollout {
    /// Whether it has this name in this scope.
    pub fn is(&self, name: &str, group: Option<&str>) -> bool {
        let same = match (self.group.as_deref(), group) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        };
        same && self.name.eq_ignore_ascii_case(name)
    }
}
