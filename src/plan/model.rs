//! A plan: a runbook bound to real resources, an ordered list of concrete steps. What a run executes.

use std::collections::BTreeMap;

use crate::health::Adjustment;
use crate::runbook::model::{
    Action, Check, Guard, Phase, Provenance, Risk, Rung, StepId, StepKind, Strategy, System, Tier, Undo,
};
use crate::units::{Millis, Region, ResourceId};

/// Bound, ordered and ready to run. Made only by [`super::bind`].
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Unique, kebab-case.
    pub id: String,
    /// One line.
    pub title: String,
    /// Environment's name for the mode band, e.g. `contoso-prod`.
    pub environment: String,
    /// The runbook it binds.
    pub runbook_id: String,
    /// Its title.
    pub runbook_title: String,
    /// What to know of it before trusting it, e.g. `retired: …`; shown wherever the plan is.
    pub labels: Vec<String>,
    /// Its system.
    pub system: System,
    /// Strategy of the plan as a whole.
    pub strategy: Strategy,
    /// Strategy of each component.
    pub components: BTreeMap<String, Strategy>,
    /// Agreed RTO.
    pub rto: Millis,
    /// Agreed RPO.
    pub rpo: Millis,
    /// Detector tier.
    pub tier: Tier,
    /// Where this plan wants more evidence than its tier.
    pub detector: Adjustment,
    /// Every parameter's text value, defaults included.
    pub values: BTreeMap<String, String>,
    /// Where users are served today, or where something was deleted.
    pub primary: Side,
    /// Where they go; none when something is recovered where it was.
    pub secondary: Option<Side>,
    /// What is agreed before anything happens.
    pub agreed: super::agreed::Agreed,
    /// Duration of the last drill, when there was one.
    pub last_drill: Option<Millis>,
    /// Steps in the order of the run, all phases.
    pub steps: Vec<PlannedStep>,
    /// SHA-256 over the texts and the strategy: what was agreed to.
    pub digest: String,
    /// The texts it was made from; they go into the journal whole.
    pub texts: Texts,
}

/// One side of the move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Region.
    pub region: Region,
    /// What serves users there.
    pub resource: Option<ResourceId>,
    /// Address that shows whether it does, when the resource's own is not enough.
    pub address: Option<String>,
}

/// The sources a plan can be made from again, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Runbook RON.
    pub runbook: String,
    /// Shared steps it includes: path as written → RON.
    pub parts: BTreeMap<String, String>,
    /// Plan RON.
    pub plan: String,
}

/// One concrete step.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedStep {
    /// Steps of one group may be done at the same time.
    pub group: Option<String>,
    /// Unique in the plan: the runbook's id, or with `/prepare` for a check made a second time on a quiet day.
    pub id: StepId,
    /// Where it stands.
    pub phase: Phase,
    /// Do it, or it must already hold.
    pub must_hold: bool,
    /// Component title, if any.
    pub component: Option<String>,
    /// Imperative, one line.
    pub title: String,
    /// Instruction.
    pub why: String,
    /// Instruction when the portal, ARM or sign-in is down too.
    pub degraded: String,
    /// Who does it.
    pub kind: StepKind,
    /// What it is done to.
    pub target: String,
    /// Planned duration.
    pub expect: Millis,
    /// What it can break.
    pub risk: Risk,
    /// What may be lost.
    pub may_lose: Option<String>,
    /// Why a second person must agree.
    pub second_person: Option<String>,
    /// Steps of this plan that must be over before.
    pub needs: Vec<StepId>,
    /// What must be reachable.
    pub rung: Rung,
    /// What the app does, bound.
    pub action: Option<Action>,
    /// Rules, bound.
    pub guards: Vec<Guard>,
    /// What makes it done, bound.
    pub verify: Vec<Check>,
    /// How it is taken back, bound.
    pub undo: Undo,
    /// By hand, with resolved values.
    pub by_hand: Vec<String>,
    /// Where it comes from.
    pub source: Provenance,
    /// The step is the decision (wait, partial, fail over, abort).
    pub decision: bool,
    /// Its confirmation tells what somebody on another network sees.
    pub second_vantage: bool,
    /// It reconciles the divergence ledger: users are not brought home before it is over.
    pub reconciles: bool,
}

impl PlannedStep {
    /// Whether only a person's word can make it done.
    pub fn asks_a_person(&self) -> bool {
        use crate::runbook::model::Condition;
        self.decision
            || (self.action.is_none() && self.verify.iter().all(|c| matches!(c.condition, Condition::Person(_))))
    }
    /// Whether a person's word is asked beside what can be read.
    pub fn asks_a_word_too(&self) -> bool {
        use crate::runbook::model::Condition;
        !self.asks_a_person() && self.verify.iter().any(|c| matches!(c.condition, Condition::Person(_)))
    }
    /// Whether the app may do it by itself: it only reads, and nobody has to agree.
    pub fn automatic(&self) -> bool {
        self.action.is_none() && self.risk == Risk::ReadOnly && self.second_person.is_none() && !self.asks_a_person()
    }
    /// Whether users are led elsewhere by it, whoever does it. Which key of a store does so only its guards tell.
    pub fn moves_users(&self) -> bool {
        match &self.action {
            Some(
                Action::SetTrafficEndpoint { .. }
                | Action::SetTrafficRouting { .. }
                | Action::SetFrontDoorOrigin { .. }
                | Action::SetOnlineEndpointTraffic { .. }
                | Action::SetDnsRecord { .. },
            ) => true,
            Some(Action::SetAppConfiguration { .. }) => self
                .guards
                .iter()
                .any(|g| matches!(g, Guard::AtLeastOneRegionServes { .. } | Guard::WaitSinceLastSwitch { .. })),
            _ => false,
        }
    }
    /// What the operator types before an irreversible or lossy change: the name of the target.
    pub fn typed_name(&self) -> Option<&str> {
        let lossy = matches!(self.risk, Risk::Lossy | Risk::Irreversible);
        (lossy && self.action.is_some()).then(|| self.target.rsplit(['/', ' ']).next().unwrap_or(&self.target))
    }
}

impl Texts {
    /// The runbook as the loader takes it.
    pub fn source(&self, name: &str) -> crate::runbook::Source {
        let part = |(path, text): (&String, &String)| crate::runbook::Part {
            path: path.clone(),
            name: path.clone(),
            text: Ok(text.clone()),
        };
        let parts = self.parts.iter().map(part).collect();
        crate::runbook::Source { name: name.to_owned(), text: self.runbook.clone(), parts }
    }
    /// SHA-256 over every byte of them: what a person trusts, whatever the strategy.
    pub fn digest(&self) -> String {
        let mut all = format!("{}\0{}", self.runbook, self.plan);
        for (path, text) in &self.parts {
            all.push_str(&format!("\0{path}\0{text}"));
        }
        crate::units::sha256_hex(all.as_bytes())
    }
}

impl Plan {
    /// Both sides, the primary first.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.primary).chain(&self.secondary)
    }
    /// Planned time until users are moved.
    pub fn until_moved(&self) -> Millis {
        self.phase(Phase::Decide).chain(self.phase(Phase::FailOver)).map(|s| s.expect).sum()
    }
    /// As readiness asks about it.
    pub fn subject(&self) -> super::readiness::Subject<'_> {
        super::readiness::Subject { plan: &self.id, strategy: self.strategy, digest: &self.digest }
    }
    /// A step by id.
    pub fn step(&self, id: &str) -> Option<&PlannedStep> {
        self.steps.iter().find(|s| s.id == id)
    }
    /// Steps of one phase, in order.
    pub fn phase(&self, phase: Phase) -> impl Iterator<Item = &PlannedStep> {
        self.steps.iter().filter(move |s| s.phase == phase)
    }
}
