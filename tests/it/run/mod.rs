//! The engine of a run: every rule of `decide`, the fold, the clocks, the shapes on disk.

mod again;
mod back;
mod books;
mod clocks;
mod cut;
mod events;
mod fields;
mod forecast;
mod guide;
mod hand;
mod orders;
mod random;
mod reconcile;
mod states;
mod steps;
mod tabletop;
mod timeline;
mod words;

use std::sync::Arc;

use lifeboat::plan::{self, model::Plan};
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::run::command::{Command, Order, StepCommand, Ticket};
use lifeboat::run::decide::{Refusal, decide};
use lifeboat::run::event::{Actor, Change, Entry, Event, Failure, FieldChange, Mode, Reading, Start, StepState};
use lifeboat::run::state::Run;
use lifeboat::runbook::model::{Phase, Strategy};

pub const RUNBOOK: &str = include_str!("../../../runbooks/azure-openai.ron");
pub const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");
/// Phases of an incident.
pub const INCIDENT: [Phase; 6] =
    [Phase::Decide, Phase::FailOver, Phase::Verify, Phase::Operate, Phase::FailBack, Phase::Review];
/// When the bench's runs begin.
pub const BEGIN: i64 = 1_790_000_000_000;

pub fn operator() -> Actor {
    Actor::Operator("Ada".to_owned())
}

pub fn second() -> Actor {
    Actor::Approver("Grace".to_owned())
}

pub fn plan_of(strategy: Strategy) -> Plan {
    let source = crate::plan::source("azure-openai.ron", RUNBOOK);
    let (plan, found) = plan::bind("prod-chat.ron", PLAN, &source, Some(strategy));
    assert_eq!(found, []);
    plan.unwrap()
}

/// A run on a bench: every order is decided and applied at once, at a time the test sets.
#[derive(Clone)]
pub struct Bench {
    pub run: Run,
    pub entries: Vec<Entry>,
    pub at: i64,
}

impl Bench {
    pub fn new(mode: Mode) -> Self {
        Self::with(plan_of(Strategy::HotCold), mode, &INCIDENT)
    }

    pub fn with(plan: Plan, mode: Mode, phases: &[Phase]) -> Self {
        let mut b = Self { run: Run::of(Arc::new(plan.clone())), entries: Vec::new(), at: BEGIN };
        let start = Box::new(Start::of(&plan, mode, phases.to_vec(), None));
        let command = Command::Start { start, texts: plan.texts, operator: "Ada".to_owned(), key: None };
        b.order(operator(), command).unwrap();
        b
    }

    /// Decides and applies; the events that followed.
    pub fn order(&mut self, actor: Actor, command: Command) -> Result<Vec<Event>, Refusal> {
        let drafts = decide(&self.run, &Order { actor, command, now: self.run.last_at })?;
        let mut out = Vec::new();
        for d in drafts {
            let entry = Entry { at: self.at, actor: d.actor, step: d.step, event: d.event };
            self.run.apply(&entry).unwrap();
            out.push(entry.event.clone());
            self.entries.push(entry);
        }
        Ok(out)
    }

    pub fn run_wide(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.order(operator(), command)
    }

    pub fn step(&mut self, id: &str, command: StepCommand) -> Result<Vec<Event>, Refusal> {
        self.order(operator(), Command::Step(id.to_owned(), command))
    }

    pub fn system(&mut self, id: &str, command: StepCommand) -> Result<Vec<Event>, Refusal> {
        self.order(Actor::System, Command::Step(id.to_owned(), command))
    }

    pub fn state(&self, id: &str) -> StepState {
        self.run.state(self.run.position(id).unwrap())
    }

    /// The second person answers whatever was asked about the step.
    pub fn answer(&mut self, id: &str, verdict: Result<(), String>) -> Result<Vec<Event>, Refusal> {
        let digest = self.run.step(id).and_then(|s| s.asked.as_ref()).map(|a| a.digest.clone()).unwrap_or_default();
        self.order(second(), Command::Step(id.to_owned(), answer(digest, verdict)))
    }

    pub fn agree(&mut self, id: &str) {
        self.answer(id, Ok(())).unwrap();
    }

    /// Skips everything before `id`, but decides to fail over where that is decided.
    pub fn reach(&mut self, id: &str) {
        let before: Vec<String> = self.run.steps.iter().map(|s| s.id.clone()).take_while(|x| x != id).collect();
        for step in before {
            if self.run.step(&step).unwrap().own_state().over() {
                continue;
            }
            if self.run.planned(&step).unwrap().decision {
                self.step(&step, decision(Choice::FailOver)).unwrap();
                // Nobody is asked in a dry run.
                if self.state(&step) == StepState::AwaitingApproval {
                    self.agree(&step);
                }
            } else {
                self.step(&step, skip()).unwrap();
            }
        }
    }

    /// Second person agreed where needed, then performed with these changes.
    pub fn perform(&mut self, id: &str, changes: &[Change]) {
        if self.run.planned(id).unwrap().second_person.is_some() {
            self.step(
                id,
                StepCommand::AskSecondPerson { changes: changes.to_vec(), undo: false, ticket: Ticket::default() },
            )
            .unwrap();
            self.agree(id);
        }
        self.step(id, performing(changes)).unwrap();
    }

    /// Second person agreed where needed, then taken back with these changes.
    pub fn undo(&mut self, id: &str, changes: &[Change]) {
        if self.run.planned(id).unwrap().second_person.is_some() {
            self.step(
                id,
                StepCommand::AskSecondPerson { changes: changes.to_vec(), undo: true, ticket: Ticket::default() },
            )
            .unwrap();
            self.agree(id);
        }
        self.step(id, undoing(changes, &[])).unwrap();
    }

    /// Azure does the `n`th request.
    pub fn finish(&mut self, id: &str, n: u32) {
        self.system(id, finished(n, None)).unwrap();
    }

    pub fn after(&mut self, ms: i64) -> &mut Self {
        self.at += ms;
        self
    }
}

pub fn change(name: &str) -> Change {
    Change {
        what: format!("set {name}"),
        method: "PUT".to_owned(),
        url: format!("https://management.azure.com/{name}?api-version=1"),
        body: Some(format!("{{\"name\":\"{name}\"}}")),
        if_match: None,
        only_if_absent: false,
        target: format!("/subscriptions/s/resourceGroups/g/providers/P/t/{name}"),
        fields: vec![FieldChange { name: name.to_owned(), before: None, after: Some("1".to_owned()) }],
        previous: None,
        effect: None,
    }
}

pub fn reading(ok: Option<bool>) -> Reading {
    Reading {
        name: "a reading".to_owned(),
        value: "42 of 60".to_owned(),
        ok,
        source: "test".to_owned(),
        at_utc: BEGIN,
        latency: None,
        raw: None,
    }
}

pub fn failure() -> Failure {
    Failure { code: "Conflict".to_owned(), message: "no".to_owned(), next: "wait".to_owned() }
}

pub fn performing(changes: &[Change]) -> StepCommand {
    StepCommand::Perform { changes: changes.to_vec(), guards: vec![reading(Some(true)); 3], option: None, typed: None }
}

pub fn undoing(changes: &[Change], left: &[&str]) -> StepCommand {
    StepCommand::Undo {
        changes: changes.to_vec(),
        left: left.iter().map(|l| (*l).to_owned()).collect(),
        guards: vec![reading(Some(true)); 3],
        typed: None,
    }
}

pub fn finished(n: u32, failure: Option<Failure>) -> StepCommand {
    StepCommand::Finished { n, failure, corr: Default::default() }
}

pub fn verified(failure: Option<Failure>) -> StepCommand {
    StepCommand::Verified { readings: vec![reading(Some(failure.is_none()))], failure }
}

pub fn skip() -> StepCommand {
    StepCommand::Skip { reason: "not today".to_owned() }
}

pub fn confirm() -> StepCommand {
    StepCommand::Confirm { evidence: "I saw it".to_owned() }
}

pub fn reopen() -> StepCommand {
    StepCommand::Reopen { reason: "once more".to_owned() }
}

pub fn answer(digest: String, verdict: Result<(), String>) -> StepCommand {
    StepCommand::Answer { digest, verdict, method: "scripted".to_owned(), label: "a test".to_owned(), proof: None }
}

pub fn decision(choice: Choice) -> StepCommand {
    StepCommand::Decide {
        choice,
        reason: "it is down".to_owned(),
        expected_loss: "requests in flight".to_owned(),
        information: vec!["down for 3 min".to_owned()],
    }
}
