//! The clocks of a run in words: what is agreed, what is reached, and what it will come to at this pace.

use crate::desk::snapshot::Clocks;
use crate::plan::model::Plan;
use crate::run::event::Mode;
use crate::run::forecast::{Margin, breach, deadline, forecast};
use crate::run::state::Run;
use crate::runbook::model::System;
use crate::units::Millis;

const MINUTE: u64 = 60_000;

/// Whole minutes: nobody plans by seconds.
fn rough(t: Millis) -> Millis {
    Millis(t.0 / MINUTE * MINUTE)
}

/// How it ends at this pace, and whether that misses the RTO. `rehearsed`: how long moving the users took in rehearsals.
fn outlook(run: &Run, rehearsed: Option<Millis>, now: i64) -> Option<(String, Option<String>)> {
    let f = forecast(run, rehearsed, now);
    let (eta, margin) = (f.eta.filter(|_| !f.reached)?, f.margin?);
    let pace = if f.rehearsed { "At rehearsal pace" } else { "As planned, unrehearsed," };
    let time = rough(Millis(u64::try_from(eta.saturating_sub(now)).unwrap_or(0)));
    let rto = Millis(run.start.as_ref().map_or(0, |s| s.rto_ms));
    Some(match margin {
        Margin::Spare(by) => (format!("{pace} done in {time}: {} to spare.", rough(by)), None),
        Margin::Overrun(by) => {
            let missed = format!("{pace} the RTO of {rto} is missed by {}.", rough(by));
            (format!("{pace} done in {time}: {} past the RTO.", rough(by)), Some(missed))
        }
    })
}

/// Clocks, forecast and breach.
pub fn clocks(run: &Run, plan: &Plan, rehearsed: Option<Millis>, now: i64) -> Clocks {
    let c = &run.clocks;
    let (rto, rpo) = run.start.as_ref().map_or((0, 0), |s| (s.rto_ms, s.rpo_ms));
    let ahead = outlook(run, rehearsed, now);
    let forecast = match (c.rta(), &ahead) {
        (Some(rta), _) if plan.system == System::SoftDelete => format!("It was back after {rta}; verified."),
        (Some(rta), _) if c.rta_final() => format!("Users were served again after {rta}; verified."),
        (Some(rta), _) => format!("Users were served again after {rta}; provisional until verified."),
        (None, Some((text, _))) => text.clone(),
        _ => "Not measured.".to_owned(),
    };
    let missed = breach(run, now).words(Millis(rto), Millis(rpo)).join("; ");
    Clocks {
        rto,
        t: c.t,
        deadline: deadline(run, now),
        rta: c.rta().map(|m| m.0),
        forecast,
        waited_people: c.people.0,
        waited_azure: c.azure.0,
        segments: c.segments().into_iter().map(|(n, d)| (n, d.map(|m| m.0))).collect(),
        rpa: c.rpa().map_or_else(|| no_rpa(run, plan), |age| age.to_string()),
        breach: if missed.is_empty() { ahead.and_then(|a| a.1) } else { Some(format!("Missed: {missed}.")) },
    }
}

/// Why there is none; what nobody measured is not known, and never zero.
fn no_rpa(run: &Run, plan: &Plan) -> String {
    let dry = run.start.as_ref().is_some_and(|s| s.mode == Mode::DryRun);
    match (plan.system, run.clocks.rpa_known()) {
        _ if dry => "nothing is moved".to_owned(),
        (_, Some(known)) => format!("at least {known}; not all of it is known"),
        (System::AzureOpenAI, None) => "none: calls leave no data to recover".to_owned(),
        (_, None) => "unknown: the age of the newest data was not measured".to_owned(),
    }
}
