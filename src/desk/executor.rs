//! Effects carried out: each is a task of its own that ends by telling the desk what came of it.

use std::sync::Arc;

use crate::azure::action::{self, ReadBack, Sent};
use crate::azure::{Azure, AzureError, Corr};
use crate::clock::{Clock, Task};
use crate::plan::model::{Plan, PlannedStep};
use crate::run::command::StepCommand;
use crate::run::effect::Effect;
use crate::run::event::{Change, Correlation, Failure, Found, Reading};
use crate::runbook::model::{Check, Condition, Undo};
use crate::units::Millis;

use super::conditions;
use super::mailbox::{Mail, Mailbox};
use super::monitor::Monitor;
use super::preview::Preview;

/// Between two looks at a condition that does not hold yet.
const LOOK_AGAIN: Millis = Millis::from_secs(10);
/// Between two attempts to read back what became of a request.
const READ_BACK_AGAIN: Millis = Millis::from_secs(15);

/// What every effect needs.
#[derive(Clone)]
pub struct World {
    /// Azure, real or simulated.
    pub azure: Azure,
    /// What is watched.
    pub monitor: Arc<Monitor>,
    /// The run's clock.
    pub clock: Clock,
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where results go.
    pub mail: Mailbox,
    /// What the probes ask.
    pub targets: Arc<super::watch::Targets>,
}

/// Facts of the run that an effect depends on, taken when it begins.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// ARM ids this run created.
    pub created: Vec<String>,
    /// When the active region last changed.
    pub last_switch: Option<i64>,
}

impl World {
    /// Begins an effect. `request_id` is the id of the intent, for requests.
    pub fn begin(&self, effect: Effect, facts: Facts, request_id: Option<String>) {
        let world = self.clone();
        let task = self.clock.task();
        tokio::spawn(async move {
            match effect {
                Effect::Send(step, n, change) => {
                    let result = match request_id {
                        Some(id) => sent(n, action::send(&world.azure, &task, &change, &id).await),
                        None => StepCommand::Lost { n, why: "the intent of this request is not at hand".to_owned() },
                    };
                    world.tell(&step, result);
                }
                Effect::Follow(step, n, change, operation) => world.follow(&task, &step, n, &change, &operation).await,
                Effect::ReadBack(step, n, change) => world.read_back(&task, &step, n, &change).await,
                Effect::Verify(step) => world.verify(&task, &step, &facts).await,
                Effect::VerifyUndone(step, changes) => world.verify_undone(&task, &step, &changes).await,
                // The desk asks the second person itself.
                Effect::Ask(..) => {}
            }
        });
    }

    fn tell(&self, step: &str, command: StepCommand) {
        self.mail.send(Mail::Step(step.to_owned(), command));
    }

    fn progress(&self, step: &str, text: String) {
        self.mail.send(Mail::Progress(step.to_owned(), text));
    }

    async fn follow(&self, task: &Task, step: &str, n: u32, change: &Change, operation: &str) {
        let mut say = |p: action::Progress| {
            let percent = p.percent.map_or(String::new(), |x| format!(", {x:.0} %"));
            self.progress(step, format!("Azure is working on it: {}{percent}.", p.status));
        };
        let result = action::follow(&self.azure, task, change, operation, &mut say).await;
        match sent(n, result) {
            // The operation is known and Azure goes on with it; reading back tells when it can be read again.
            StepCommand::Accepted { .. } => self.read_back(task, step, n, change).await,
            other => self.tell(step, other),
        }
    }

    /// Reads until it is known; the first "cannot be read" is told, so that a person can step in.
    async fn read_back(&self, task: &Task, step: &str, n: u32, change: &Change) {
        let mut told = false;
        loop {
            let (found, detail) = match action::read_back(&self.azure, task, change).await {
                ReadBack::Applied => (Found::Applied, "Azure shows it as asked for".to_owned()),
                ReadBack::NotApplied => (Found::NotApplied, "Azure does not show it".to_owned()),
                ReadBack::Running { .. } => (Found::Running, "Azure is still working on it".to_owned()),
                ReadBack::Unknown { why } => (Found::Unknown, why),
            };
            let known = matches!(found, Found::Applied | Found::NotApplied);
            if known || !told {
                self.tell(step, StepCommand::ReadBack { n, found, detail: detail.clone() });
            }
            if known || !action::can_be_read_back(change) {
                return;
            }
            told = true;
            self.progress(step, format!("Reading back from Azure: {detail}. Nothing is sent again."));
            task.sleep(READ_BACK_AGAIN).await;
        }
    }

    async fn verify(&self, task: &Task, step: &str, facts: &Facts) {
        let Some(planned) = self.plan.step(step) else { return };
        let mut all: Vec<Reading> = Vec::new();
        let mut failure = None;
        let checks: Vec<&Check> =
            planned.verify.iter().filter(|c| !matches!(c.condition, Condition::Person(_))).collect();
        for check in checks {
            let (readings, held) = self.hold(task, planned, check, &all, facts).await;
            let bad = readings.iter().find(|r| r.ok != Some(true)).cloned();
            all.extend(readings);
            if !held {
                failure = Some(not_held(check, bad.as_ref()));
                break;
            }
        }
        self.tell(step, StepCommand::Verified { readings: all, failure });
    }

    /// Looks until the condition holds or its time is over.
    async fn hold(
        &self,
        task: &Task,
        planned: &PlannedStep,
        check: &Check,
        before: &[Reading],
        facts: &Facts,
    ) -> (Vec<Reading>, bool) {
        let end = task.now().mono.saturating_add(check.within.0);
        loop {
            let readings = conditions::read(self, task, &check.condition, facts).await;
            let held = !readings.is_empty() && readings.iter().all(|r| r.ok == Some(true));
            let now = task.now().mono;
            if held || now >= end {
                return (readings, held);
            }
            let shown: Vec<Reading> = before.iter().chain(&readings).cloned().collect();
            let left = Millis((end - now) / 1_000 * 1_000);
            let what = super::view::words::condition(&check.condition);
            self.mail.send(Mail::Live(
                planned.id.clone(),
                shown,
                format!("Waiting until {what}; looking for {left} more."),
            ));
            task.sleep(Millis(LOOK_AGAIN.0.min(end - now))).await;
        }
    }

    async fn verify_undone(&self, task: &Task, step: &str, changes: &[Change]) {
        let mut readings = Vec::new();
        let mut failure = None;
        for change in changes {
            let found = action::read_back(&self.azure, task, change).await;
            let ok = match &found {
                ReadBack::Applied => Some(true),
                ReadBack::NotApplied => Some(false),
                ReadBack::Running { .. } | ReadBack::Unknown { .. } => None,
            };
            let value = if ok == Some(true) { "as it was before" } else { "not as it was before" };
            readings.push(Reading {
                name: change.what.clone(),
                value: value.to_owned(),
                ok,
                source: "Azure".to_owned(),
                at_utc: task.now().utc,
                latency: None,
                raw: None,
            });
            if ok != Some(true) {
                failure = Some(Failure {
                    code: "NotUndone".to_owned(),
                    message: format!("{} does not read back as it was before", change.what),
                    next: "Look at it in Azure and take it back by hand.".to_owned(),
                });
            }
        }
        self.tell(step, StepCommand::Verified { readings, failure });
    }

    /// Looks at what taking back would send.
    pub fn look_back(&self, step: &str, applied: Vec<Change>, how: Undo) {
        let world = self.clone();
        let task = self.clock.task();
        let step = step.to_owned();
        tokio::spawn(async move {
            let result = action::undo(&world.azure, &task, &applied, &how).await;
            let result = result.map(|p| Preview {
                changes: p.changes,
                notes: p.notes,
                read_at: p.read_at_utc,
                ..Preview::default()
            });
            world.mail.send(Mail::Looked(step, result, Purpose::Undo));
        });
    }

    /// Looks at what a step would change, and at its guards.
    pub fn look(&self, step: &str, option: Option<String>, facts: Facts, purpose: Purpose) {
        let world = self.clone();
        let task = self.clock.task();
        let step = step.to_owned();
        tokio::spawn(async move {
            let result = world.look_now(&task, &step, option, &facts).await;
            world.mail.send(Mail::Looked(step, result, purpose));
        });
    }

    async fn look_now(
        &self,
        task: &Task,
        step: &str,
        option: Option<String>,
        facts: &Facts,
    ) -> Result<Preview, AzureError> {
        let Some(planned) = self.plan.step(step) else { return Ok(Preview::default()) };
        let Some(act) = &planned.action else { return Ok(Preview::default()) };
        let began = task.now().mono;
        let p = action::preview(&self.azure, task, act, option.as_deref(), &facts.created).await?;
        let mut guards = Vec::new();
        for g in &planned.guards {
            guards.push(conditions::guard(self, task, g, facts).await);
        }
        let mut notes = p.notes;
        if let Some((host, took)) = self.azure.slow_since(began) {
            let took = Millis(took.0 / 1_000 * 1_000);
            notes.push(format!("{host} answers slowly, it took {took}: this step takes longer than usual."));
        }
        if p.changes.iter().any(|c| c.if_match.is_some() || c.only_if_absent) {
            notes.push("If someone changes it meanwhile, this step stops and asks.".to_owned());
        }
        Ok(Preview {
            reading: false,
            again: false,
            waits_until: None,
            changes: p.changes,
            already_true: p.already_true,
            notes,
            options: p.options.into_iter().map(|o| (o.id, o.label, o.consequence)).collect(),
            option,
            guards,
            read_at: p.read_at_utc,
        })
    }
}

/// Why a step is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To show it.
    Show,
    /// To do it, if it is still what the operator saw; with what they typed.
    Perform(Option<String>),
    /// To take it back.
    Undo,
}

/// An Azure error as the record keeps it.
pub fn failure(e: &AzureError) -> Failure {
    let code = match e {
        AzureError::Refused(r) => r.inner.as_ref().map_or(&r.code, |i| &i.0).clone(),
        AzureError::NoAnswer { .. } => "NoAnswer".to_owned(),
        AzureError::SignIn(_) => "SignIn".to_owned(),
        _ => "Client".to_owned(),
    };
    Failure { code, message: e.to_string(), next: e.what_to_do() }
}

fn correlation(c: Corr) -> Correlation {
    Correlation {
        status: Some(c.status),
        request_id: c.request_id,
        correlation_id: c.correlation_request_id,
        date: c.date,
    }
}

fn sent(n: u32, s: Sent) -> StepCommand {
    match s {
        Sent::Accepted { operation, corr } => StepCommand::Accepted { n, operation, corr: correlation(corr) },
        Sent::Done { corr } => StepCommand::Finished { n, failure: None, corr: correlation(corr) },
        Sent::Failed { error, corr } => {
            StepCommand::Finished { n, failure: Some(failure(&error)), corr: correlation(corr) }
        }
        Sent::Unknown { why } => StepCommand::Lost { n, why },
        Sent::NotSent { why } => StepCommand::Finished {
            n,
            failure: Some(Failure {
                code: "NotSent".to_owned(),
                message: format!("it did not leave this laptop: {why}"),
                next: "Nothing was changed. Try again when the connection is back, or do it by hand.".to_owned(),
            }),
            corr: Correlation::default(),
        },
    }
}

fn not_held(check: &Check, bad: Option<&Reading>) -> Failure {
    let what = super::view::words::condition(&check.condition);
    let seen = bad.map_or_else(|| "nothing could be read".to_owned(), |r| format!("{}: {}", r.name, r.value));
    let waited = if check.within.0 == 0 { String::new() } else { format!(" within {}", check.within) };
    // What could not be read says what to do about it.
    let advice =
        bad.filter(|r| r.ok.is_none()).and_then(|r| r.raw.as_ref()).map_or_else(String::new, |a| format!("{a} "));
    Failure {
        code: "NotVerified".to_owned(),
        message: format!("it could not be verified{waited} that {what}. {seen}"),
        next: format!("{advice}Look at the readings; try again, say by hand what you see, or skip it with a reason."),
    }
}
