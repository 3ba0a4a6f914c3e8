//! What auditors ask of the record of a run, field by field, and whether this run has it.
//!
//! Lists that auditors go by know five kinds of run. Of those, a real failover, a planned one and a failover that is a test
//! all change real resources: here they are one mode, live, and asked for everything. The others are the dry run, and the
//! tabletop, beside which stands the rehearsal on a simulated Azure.

mod asked;
mod parts;

use super::event::{Gap, Mode};
use super::state::{Ended, Run};

/// Whether a field is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is: what it says, in one line.
    Yes(String),
    /// It may be empty in a run of this kind: why.
    NotNeeded(String),
    /// It is not: what is missing and where it is told.
    Missing(String),
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `F1` and so on.
    pub id: &'static str,
    /// What is asked.
    pub title: &'static str,
    /// Whether it is there.
    pub held: Held,
}

/// What is known beside the run's own entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What a verification said of the record.
    pub integrity: Option<String>,
    /// How long the record is kept, whether it is held, whether it was disposed of.
    pub retention: Option<String>,
}

/// Titles, in order.
const TITLES: [(&str, &str); 25] = [
    ("F1", "Mode, start, end, location"),
    ("F2", "Plan: version, SHA-256, owner, last approval"),
    ("F3", "Scope: services, resources, regions, dependencies, third parties, exclusions"),
    ("F4", "Scenario, severity, assumptions, risk reference"),
    ("F5", "Objectives and pass criteria set before the start"),
    ("F6", "RTO, RPO and longest bearable outage, with their source"),
    ("F7", "Participants: expected, attended, deputies, absent"),
    ("F8", "Declaration: who, authority, trigger, outage start, detection"),
    ("F9", "Timeline of steps and actions"),
    ("F10", "Decisions with reason, options, information"),
    ("F11", "Approvals"),
    ("F12", "Deviations, skipped steps, overrides"),
    ("F13", "RTO achieved"),
    ("F14", "RPO achieved"),
    ("F15", "Validation: function, data integrity, who confirmed"),
    ("F16", "Security during the disruption"),
    ("F17", "Communications"),
    ("F18", "Failback, clean-up, return to normal"),
    ("F19", "Outcome, and what was not measured"),
    ("F20", "Findings: severity, root cause, owner, due date"),
    ("F21", "Corrective actions, vouched for by another person"),
    ("F22", "Evidence index"),
    ("F23", "Sign-off, report version, distribution"),
    ("F24", "Log integrity"),
    ("F25", "Retention"),
];
/// Those that nobody can fill in before the run is closed.
const AFTERWARDS: [&str; 2] = ["F24", "F25"];

/// All of them, of a run as far as it has come.
pub fn fields(run: &Run, beside: &Beside) -> Vec<Field> {
    with(run, run.ended.as_ref(), beside)
}

/// What is missing in a run that ends so, of what can be told before it ends.
pub fn missing(run: &Run, end: &Ended) -> Vec<Gap> {
    let gap = |f: Field| match f.held {
        Held::Missing(what) if !AFTERWARDS.contains(&f.id) => Some(Gap { field: f.id.to_owned(), what }),
        _ => None,
    };
    with(run, Some(end), &Beside::default()).into_iter().filter_map(gap).collect()
}

/// The title of a field.
pub fn title(id: &str) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == id).map_or("", |(_, title)| title)
}

fn with(run: &Run, end: Option<&Ended>, beside: &Beside) -> Vec<Field> {
    let Some(mode) = run.mode() else {
        let held = || Held::Missing("the record does not hold the start of a run".to_owned());
        return TITLES.into_iter().map(|(id, title)| Field { id, title, held: held() }).collect();
    };
    let field = |(id, title): (&'static str, &'static str)| {
        let held = match (asked::of(id, run, end, beside), may_be_empty(id, mode)) {
            (Held::Missing(_), Some(why)) => Held::NotNeeded(why.to_owned()),
            (held, _) => held,
        };
        Field { id, title, held }
    };
    TITLES.into_iter().map(field).collect()
}

/// Why a field may be empty in a run of this mode; none: it may not.
fn may_be_empty(id: &str, mode: Mode) -> Option<&'static str> {
    Some(match (id, mode) {
        // Kept by the organisation, for all runs alike; a run is complete without it.
        ("F25", _) => "how long records are kept is said for all of them, not by one run",
        (_, Mode::Live) => return None,
        ("F8", Mode::DryRun) => "a dry run only reads: there is no incident to declare",
        ("F16", Mode::DryRun) => "a dry run only reads: no control is off or bypassed",
        ("F17", Mode::DryRun) => "a dry run only reads: nobody has to be told",
        (_, Mode::DryRun) => return None,
        // An exercise is asked for its plan, people, decisions, results and findings like a real failover; not for what only
        // a real outage has.
        ("F8", _) => "the scenario brings the outage about: nobody declares one",
        ("F16", _) => "nothing real is touched: no control is off or bypassed",
        ("F17", _) => "nobody outside is told of an exercise",
        ("F22", _) => "nothing real is there to be proven: the record itself is the evidence",
        ("F15", Mode::Tabletop) => "nothing is recovered around a table that could be checked",
        _ => return None,
    })
}
