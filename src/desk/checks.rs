//! What is asked of Azure about a plan before it is needed: how its two sides differ, and which rights its steps have.
//!
//! What was read of the sides is kept in a file beside, by the texts of the plan, so that it can be looked at without a
//! network; it is compared anew each time. Rights belong to whoever is signed in now, and are not kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::azure::{Azure, Cloud, drift as reading, rights};
use crate::plan::drift::{Drift, Seen, drift, pairs, runbook};
use crate::plan::model::Plan;
use crate::plan::rights::{RightsReport, Standing};
use crate::run::command::Command as Order;
use crate::run::event::{Actor, Identity};
use crate::runbook::model::Strategy;

use super::home::write_whole;
use super::mailbox::{Envelope, Mail};
use super::snapshot::Checks;
use super::supervisor::Desk;
use super::{DeskError, Home};

/// Shape of the file. Another one is not read, and made anew.
const SCHEMA: u32 = 2;
/// Plans whose sides are kept; the ones read longest ago go first.
const KEPT: usize = 40;
/// More than this was not written here.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Steps that a note in the record names.
const NAMED: usize = 12;
/// Bytes of it; a record takes a little more.
const NOTE_MAX: usize = 6 * 1024;

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    plans: Vec<Seen>,
}

/// What was kept of all plans; nothing when the file is not there, or not readable: it can be had again.
pub fn kept(home: &Home) -> Vec<Seen> {
    let path = home.drift();
    if std::fs::metadata(&path).map_or(true, |m| m.len() > MAX_BYTES) {
        return Vec::new();
    }
    let kept = std::fs::read(path).ok().and_then(|b| serde_json::from_slice::<Kept>(&b).ok());
    kept.filter(|k| k.schema == SCHEMA).map(|k| k.plans).unwrap_or_default()
}

/// Keeps what was read of a plan in the place of what was known of it in that Azure.
pub fn keep(home: &Home, seen: &Seen) -> Result<Vec<Seen>, DeskError> {
    let mut plans = kept(home);
    plans.retain(|s| !s.same_place(seen));
    plans.insert(0, seen.clone());
    plans.sort_by_key(|s| std::cmp::Reverse(s.at));
    plans.truncate(KEPT);
    let shape = Kept { schema: SCHEMA, plans };
    write_whole(&home.drift(), &serde_json::to_vec(&shape).unwrap_or_default())?;
    Ok(shape.plans)
}

/// How the sides of a plan differ in this Azure, by what is kept of them. Where none is named: in a real one, else in a
/// simulated one.
pub fn drift_of(plan: &Plan, kept: &[Seen], of: Option<&Cloud>) -> Option<Drift> {
    let digest = plan.texts.digest();
    let here = |s: &Seen| of.is_none_or(|c| s.azure == c.name && s.simulated == c.is_simulated());
    let seen = kept.iter().filter(|s| s.digest == digest && here(s)).min_by_key(|s| s.simulated)?;
    Some(drift(plan, &runbook(plan)?, seen))
}

/// Reads both sides of a plan; `None` for a plan that has no two sides.
pub async fn read_sides(azure: &Azure, task: &crate::clock::Task, plan: &Plan) -> Option<Seen> {
    let pairs = pairs(plan, &runbook(plan)?);
    if pairs.is_empty() {
        return None;
    }
    Some(reading::read(azure, task, plan, &pairs).await)
}

/// What the desk knows and is asking.
#[derive(Default)]
pub(super) struct Asked {
    seen: Vec<Seen>,
    rights: Option<Rights>,
    reading: Option<String>,
    asking: Option<String>,
}

/// The rights of one identity.
struct Rights {
    /// Of the plan as it was bound.
    digest: String,
    /// Whose.
    who: Option<Identity>,
    /// The connection that knows who is signed in now.
    azure: Azure,
    report: Arc<RightsReport>,
}

impl Desk {
    /// What was kept by earlier sessions.
    pub(super) fn fill_checks(&mut self) {
        self.checks.seen = kept(&self.options.home);
    }

    /// How the sides of a plan differ, as far as is known.
    pub(super) fn drift_of(&self, plan: &Plan) -> Option<Drift> {
        drift_of(plan, &self.checks.seen, self.options.cloud.as_ref())
    }

    /// What a plan's page says of both checks.
    pub(super) fn checks_of(&self, plan: &Plan) -> Checks {
        let digest = Some(plan.texts.digest());
        let rights = self.checks.rights.as_ref().filter(|r| r.digest == plan.digest);
        Checks {
            comparable: plan.secondary.is_some(),
            drift: self.drift_of(plan).map(Arc::new),
            reading: self.checks.reading == digest,
            rights: rights.map(|r| r.report.clone()),
            asking: self.checks.asking.as_ref() == Some(&plan.digest),
        }
    }

    /// The plan that is asked about, and a connection that may be used for it.
    fn about(&mut self, name: &str, strategy: Option<Strategy>) -> Result<(Plan, Azure), DeskError> {
        let plan = self.plan_named(name, strategy)?;
        self.trusted(&plan, &self.cloud()?)?;
        Ok((plan, self.connected()?))
    }

    /// Begins to read both sides of a plan.
    pub(super) fn read_drift(&mut self, name: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        if self.checks.reading.is_some() {
            return Ok(());
        }
        let (plan, azure) = self.about(name, strategy)?;
        self.checks.reading = Some(plan.texts.digest());
        let (to, task) = (self.to.clone(), self.system_clock.task());
        tokio::spawn(async move {
            let mail = Mail::Sides(read_sides(&azure, &task, &plan).await.map(Box::new));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        self.redraw_library(None, None);
        Ok(())
    }

    /// Both sides were read. What shows nothing at all does not replace what was known.
    pub(super) fn sides_came(&mut self, seen: Option<&Seen>) {
        self.checks.reading = None;
        match seen.map(|s| (s, s.blank())) {
            Some((_, Some(why))) => self.problem(&DeskError::NothingRead(why.to_owned())),
            Some((seen, None)) => match keep(&self.options.home, seen) {
                Ok(all) => self.checks.seen = all,
                Err(e) => {
                    self.checks.seen.retain(|s| !s.same_place(seen));
                    self.checks.seen.insert(0, seen.clone());
                    self.problem(&e);
                }
            },
            None => {}
        }
        self.redraw_library(None, None);
    }

    /// Begins to ask which rights a plan's steps have.
    pub(super) fn read_rights(&mut self, name: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        if self.checks.asking.is_some() {
            return Ok(());
        }
        let (plan, azure) = self.about(name, strategy)?;
        self.checks.asking = Some(plan.digest.clone());
        let (to, task) = (self.to.clone(), self.system_clock.task());
        tokio::spawn(async move {
            let who = azure.identity();
            let report = rights::check(&azure, &task, &plan).await;
            let mail = Mail::Rights(plan.digest.clone(), who.or_else(|| azure.identity()), Box::new(report));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        self.redraw_library(None, None);
        Ok(())
    }

    /// They are known.
    pub(super) fn rights_came(&mut self, digest: String, who: Option<Identity>, report: RightsReport) {
        self.checks.asking = None;
        self.checks.rights = self.connected().ok().map(|azure| Rights { digest, who, azure, report: Arc::new(report) });
        self.redraw_library(None, None);
    }

    /// Whoever signed in since then has rights of their own.
    pub(super) fn forget_rights_of_others(&mut self) {
        if self.checks.rights.take_if(|r| r.azure.identity() != r.who).is_some() {
            self.redraw_library(None, None);
        }
        let changed = self.open.as_deref_mut().and_then(|o| {
            let now = o.world.as_ref()?.azure.identity();
            o.rights.take_if(|(who, _)| *who != now)
        });
        if changed.is_some() {
            self.ask_rights_of_run();
        }
    }

    /// Asks for the rights of the run that was just opened. A rehearsal of a scenario has no identity of anybody's.
    pub(super) fn ask_rights_of_run(&self) {
        let Some(o) = self.open.as_deref().filter(|o| o.session.scenario.is_none()) else { return };
        let Some(world) = &o.world else { return };
        let (azure, plan, mail, task) =
            (world.azure.clone(), world.plan.clone(), world.mail.clone(), world.clock.task());
        tokio::spawn(async move {
            let who = azure.identity();
            let report = rights::check(&azure, &task, &plan).await;
            mail.send(Mail::Rights(plan.digest.clone(), who.or_else(|| azure.identity()), Box::new(report)));
        });
    }

    /// The open run's rights: shown on its steps, and once for each identity in its record.
    pub(super) fn rights_of_run(&mut self, who: Option<Identity>, report: RightsReport) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref_mut() else { return Ok(()) };
        let text = note(&report);
        let name = who.as_ref().map_or_else(String::new, |i| format!(", {}", i.display()));
        o.rights = Some((who, Arc::new(report)));
        let begins = format!("Rights of the signed-in identity{name}");
        if !o.session.run.open() || o.session.run.notes.iter().any(|n| n.text.starts_with(&begins)) {
            return Ok(());
        }
        self.order_as(Actor::System, Order::Note(format!("{begins}: {text}")))
    }
}

/// For the record: what is missing, step by step.
fn note(report: &RightsReport) -> String {
    let mut out = report.sentence();
    if let Some(cause) = report.cause() {
        return format!("{out} {cause}");
    }
    let doubtful = || report.steps.iter().filter(|s| s.standing != Standing::Has);
    for s in doubtful().take(NAMED) {
        for d in &s.doubts {
            let more = format!(" {}: {}.", s.step, d.sentence());
            if out.len() + more.len() > NOTE_MAX {
                return format!("{out} And more, which the steps themselves say.");
            }
            out.push_str(&more);
        }
    }
    let more = doubtful().count().saturating_sub(NAMED);
    if more > 0 {
        out.push_str(&format!(" And {more} steps more."));
    }
    out
}
