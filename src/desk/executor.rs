//! Effects carried out: each is a task of its own that ends by telling the desk what came of it.

use std::sync::Arc;

use crate::azure::action::{self, ReadBack, Sent};
use crate::azure::{Azure, AzureError, Corr};
use crate::clock::{Clock, Task};
use crate::plan::model::{Plan, PlannedStep};
use crate::run::command::StepCommand;
use crate::run::effect::Effect;
use crate::run::event::{Change, Correlation, Failure, Found, Reading};
use crate::run::guards_undo;
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
/// So long after an answer was lost the request may still take effect, or its effect not be shown yet: only then is what
/// Azure does not show called not applied.
const SHOWS_LATE: Millis = Millis::from_mins(2);

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
    /// When the answer that is read back was given up.
    pub lost_at: Option<i64>,
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
                Effect::ReadBack(step, n, change) => world.read_back(&task, &step, n, &change, facts.lost_at).await,
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
        self.tell(step, sent(n, result));
    }

    /// Reads until it is known; the first "cannot be read" is told, so that a person can step in.
    async fn read_back(&self, task: &Task, step: &str, n: u32, change: &Change, lost_at: Option<i64>) {
        let mut told = false;
        let lost_at = lost_at.unwrap_or_else(|| task.now().utc);
        loop {
            let (found, detail) = match action::read_back(&self.azure, task, change).await {
                ReadBack::Applied => (Found::Applied, "Azure shows it as asked for".to_owned()),
                ReadBack::NotApplied => (Found::NotApplied, "Azure does not show it".to_owned()),
                ReadBack::Running { .. } => (Found::Running, "Azure is still working on it".to_owned()),
                ReadBack::Unknown { why } => (Found::Unknown, why),
            };
            let left = SHOWS_LATE.saturating_sub(task.now().since(lost_at));
            if found == Found::NotApplied && left.0 > 0 {
                let left = Millis(left.0.div_ceil(1_000) * 1_000);
                self.progress(
                    step,
                    format!("{detail} yet. It may be late: it is looked for {left} more, and nothing is sent again."),
                );
                task.sleep(Millis(READ_BACK_AGAIN.0.min(left.0))).await;
                continue;
            }
            let known = matches!(found, Found::Applied | Found::NotApplied);
            if known || !told {
                self.tell(step, StepCommand::ReadBack { n, found, detail: detail.clone() });
            }
            if known || !change.can_be_read_back() {
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
        let end = task.now().mono.saturating_add(SHOWS_LATE.0);
        for change in changes {
            let mut found = action::read_back(&self.azure, task, change).await;
            while !matches!(found, ReadBack::Applied) && task.now().mono < end {
                task.sleep(READ_BACK_AGAIN).await;
                found = action::read_back(&self.azure, task, change).await;
            }
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

    /// Looks at what taking back would send, and at its guards.
    pub fn look_back(&self, step: &str, applied: Vec<Change>, facts: Facts, purpose: Purpose) {
        let world = self.clone();
        let task = self.clock.task();
        let step = step.to_owned();
        tokio::spawn(async move {
            let result = world.look_back_now(&task, &step, applied, &facts).await;
            world.mail.send(Mail::Looked(step, result, purpose));
        });
    }

    async fn look_back_now(
        &self,
        task: &Task,
        step: &str,
        mut applied: Vec<Change>,
        facts: &Facts,
    ) -> Result<Preview, AzureError> {
        let Some(planned) = self.plan.step(step) else { return Ok(Preview::default()) };
        if planned.undo == Undo::DeleteCreated {
            // A creation that failed half way and was then mended is a creation all the same.
            let own =
                |c: &Change| c.method == "PUT" && facts.created.iter().any(|id| id.eq_ignore_ascii_case(&c.target));
            applied.iter_mut().filter(|c| own(c)).for_each(|c| c.previous = None);
        }
        let p = action::undo(&self.azure, task, &applied, &planned.undo).await?;
        let mut notes = action::check_back(&self.azure, task, &p.changes).await?;
        let mut left = Vec::new();
        for change in applied.iter().filter(|a| !p.changes.iter().any(|c| c.url == a.url)) {
            if !self.as_before(task, change).await {
                left.push(format!("{} (it is in effect still, or somebody changed it since).", change.what));
            }
        }
        let mut guards = Vec::new();
        for g in planned.guards.iter().filter(|g| guards_undo(g)) {
            guards.push(conditions::guard_back(self, task, g, planned, facts).await);
        }
        if planned.moves_users()
            && let Some(at) = facts.last_switch
        {
            let ago = Millis(task.now().since(at).0 / 1_000 * 1_000);
            notes.push(format!("Users were last led elsewhere {ago} ago."));
        }
        notes.splice(0..0, p.notes);
        if !left.is_empty() {
            notes.push(format!("Not taken back: {}", left.join(" ")));
        }
        Ok(Preview {
            undo: true,
            left,
            changes: p.changes,
            notes,
            guards,
            read_at: p.read_at_utc,
            ..Preview::default()
        })
    }

    /// Whether somebody has taken this back already.
    async fn as_before(&self, task: &Task, change: &Change) -> bool {
        let back = match &change.previous {
            _ if change.effect.is_some() => return false,
            None => Change { method: "DELETE".to_owned(), body: None, ..change.clone() },
            Some(before) => {
                let method = if change.method == "PATCH" { "PATCH" } else { "PUT" };
                Change { method: method.to_owned(), body: Some(before.clone()), ..change.clone() }
            }
        };
        matches!(action::read_back(&self.azure, task, &back).await, ReadBack::Applied)
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
            changes: p.changes,
            already_true: p.already_true,
            notes,
            options: p.options.into_iter().map(|o| (o.id, o.label, o.consequence)).collect(),
            option,
            guards,
            dns: p.dns,
            synced: p.synced,
            read_at: p.read_at_utc,
            ..Preview::default()
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
    /// To show what taking it back would change.
    ShowUndo,
    /// To take it back, if it is still what the operator saw; with what they typed.
    Undo(Option<String>),
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
