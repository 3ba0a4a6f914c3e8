//! Whether what was agreed was kept: computed from the clocks, or not measured. Never assumed.

use serde::{Deserialize, Serialize};

use crate::rehearsal::scenario::Outcome;
use crate::runbook::model::System;
use crate::units::Millis;

use super::forecast;
use super::state::Run;

/// Whether an objective was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Met {
    /// It was.
    #[serde(rename = "met")]
    Met,
    /// It was not.
    #[serde(rename = "missed")]
    Missed,
    /// Nobody can say.
    #[serde(rename = "not measured")]
    NotMeasured,
}

impl Met {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

/// One of what was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// `RTO` or `RPO`.
    pub name: String,
    /// What was agreed (ms).
    pub agreed_ms: u64,
    /// What came of it (ms); none: not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_ms: Option<u64>,
    /// Whether it was met.
    pub met_objective: Met,
    /// From what to what, by which clock; or why it was not measured.
    pub how: String,
}

impl Objective {
    /// What was agreed.
    pub fn agreed(&self) -> Millis {
        Millis(self.agreed_ms)
    }

    /// What came of it.
    pub fn actual(&self) -> Option<Millis> {
        self.actual_ms.map(Millis)
    }

    /// `41 min of 30 min: missed; T8 − T0 …`.
    pub fn sentence(&self) -> String {
        let agreed = Millis(self.agreed_ms);
        match self.actual_ms.map(Millis) {
            Some(actual) => format!("{actual} of {agreed}: {}; {}", self.met_objective.word(), self.how),
            None => format!("{} against {agreed}: {}", self.met_objective.word(), self.how),
        }
    }
}

/// What auditors ask for and the record does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// `F1` and so on.
    pub field: String,
    /// What is missing.
    pub what: String,
}

/// A measure with how it was measured, or why it was not.
pub(super) type Measure = Result<(Millis, String), String>;

/// Time until users were served.
pub(super) fn rta(run: &Run, outcome: Option<Outcome>) -> Measure {
    let c = &run.clocks;
    let recovery = run.plan.as_ref().is_some_and(|p| p.system == System::SoftDelete);
    let why = match c.rta() {
        Some(rta) => {
            let how = match (recovery, c.rta_final()) {
                (true, _) => "T7 − T0: what was deleted is back, and it was verified",
                (false, true) => "T8 − T0; verification passed",
                (false, false) => "T8 − T0; provisional, verification has not passed",
            };
            return Ok((rta, how.to_owned()));
        }
        None if outcome == Some(Outcome::FalseAlarm) => "nothing was moved",
        None if c.t[0].is_none() => "when the impact began was not entered",
        None if recovery => "that everything is back was not verified",
        None => "95 % of clients served in the secondary was not seen",
    };
    Err(why.to_owned())
}

/// Age of the newest data at the impact.
pub(super) fn rpa(run: &Run) -> Measure {
    let c = &run.clocks;
    let untold = || c.points.iter().filter(|(_, at)| at.is_none()).map(|(of, _)| of.as_str()).collect::<Vec<_>>();
    Err(match c.rpa() {
        Some(rpa) => {
            return Ok((rpa, "T0 − the newest data that can be recovered, of whatever is worst off".to_owned()));
        }
        None if keeps_no_data(run) => {
            "calls to Azure OpenAI leave no data to recover; stateful features are in the loss register".to_owned()
        }
        None if c.points.is_empty() => {
            "Lifeboat does not see how old the newest data is; what may be lost is in the loss register".to_owned()
        }
        None if c.t[0].is_none() => "when the impact began was not entered".to_owned(),
        None => format!("up to when data is safe is not told{}", of_what(&untold())),
    })
}

/// Nothing of which the age could be asked.
pub(super) fn keeps_no_data(run: &Run) -> bool {
    run.clocks.points.is_empty() && run.plan.as_ref().is_some_and(|p| p.system == System::AzureOpenAI)
}

fn of_what(names: &[&str]) -> String {
    let named: Vec<&str> = names.iter().copied().filter(|n| !n.is_empty()).take(6).collect();
    if named.is_empty() { String::new() } else { format!(" of {}", named.join(", ")) }
}

/// What the closing record said of them; of a run that is open, or that an earlier version closed, what they come to.
pub fn told(run: &Run) -> Vec<Objective> {
    let said = run.ended.as_ref().map(|e| &e.objectives).filter(|o| !o.is_empty());
    said.cloned().unwrap_or_else(|| objectives(run, run.ended.as_ref().and_then(|e| e.outcome)))
}

/// Both objectives of a run that ends, or ended, so.
pub fn objectives(run: &Run, outcome: Option<Outcome>) -> Vec<Objective> {
    let Some(start) = run.start.as_deref() else { return Vec::new() };
    let clock = if start.scenario.is_some() { "the scenario's clock" } else { "this computer's clock" };
    let moved = outcome != Some(Outcome::FalseAlarm);
    // Longer away than agreed is missed, however it goes on; less is not met before it is over and verified.
    let breach = forecast::breach(run, run.last_at);
    let make = |name: &str, agreed_ms: u64, measure: Measure, missed: bool, stands: bool| {
        let met_objective = match &measure {
            _ if missed && moved => Met::Missed,
            Ok((actual, _)) if stands && actual.0 <= agreed_ms => Met::Met,
            Ok((actual, _)) if actual.0 > agreed_ms => Met::Missed,
            _ => Met::NotMeasured,
        };
        let actual_ms = measure.as_ref().ok().map(|(actual, _)| actual.0);
        let how = measure.map_or_else(|why| why, |(_, how)| format!("{how}; by {clock}"));
        Objective { name: name.to_owned(), agreed_ms, actual_ms, met_objective, how }
    };
    vec![
        make("RTO", start.rto_ms, rta(run, outcome), breach.rto.is_some(), run.clocks.rta_final()),
        make("RPO", start.rpo_ms, rpa(run), breach.rpo.is_some(), true),
    ]
}
