//! Each field by itself: from what in the run it is known.

use crate::plan::agreed::Agreed;
use crate::rehearsal::scenario::Outcome;
use crate::runbook::model::Phase;
use crate::units::{Millis, ResourceId, utc_text};

use super::parts::{Parts, count, list};
use super::{Beside, Held};
use crate::run::event::{Mode, StepState};
use crate::run::objective::{self, Met, Objective};
use crate::run::state::{Ended, Finding, Participant, Run};
use crate::run::step::StepRun;
use crate::run::told::{DATA, FUNCTION, same};

/// Where the rest is told.
const PLAN: &str = "`agreed` in the plan's file";
const TELL: &str = "papers: tell";
const DECLARE: &str = "papers: declaration";

/// Whether this field is there.
pub(super) fn of(id: &str, run: &Run, end: Option<&Ended>, beside: &Beside) -> Held {
    let none = Agreed::default();
    let agreed = run.plan.as_deref().map_or(&none, |p| &p.agreed);
    let from = |text: &Option<String>, told: &str| match text {
        Some(said) => Held::Yes(said.clone()),
        None => Held::Missing(told.to_owned()),
    };
    match id {
        "F1" => frame(run, end, agreed),
        "F2" => plan(run, agreed),
        "F3" => scope(run, agreed),
        "F4" => scenario(run, agreed),
        "F5" => criteria(agreed),
        "F6" => numbers(run, agreed),
        "F7" => people(run, agreed),
        "F8" => declaration(run),
        "F9" => timeline(run),
        "F10" => decisions(run),
        "F11" => approvals(run),
        "F12" => deviations(run, end),
        "F13" => achieved(run, end, "RTO", "RTA"),
        "F14" => achieved(run, end, "RPO", "RPA"),
        "F15" => validation(run),
        "F16" => notes(&run.said.security, "the state of logging, access and emergency accounts"),
        "F17" => told(run),
        "F18" => normal(run, end),
        "F19" => outcome(run, end),
        "F20" => findings(run, end),
        "F21" => closures(run, end),
        "F22" => evidence(run),
        "F23" => signed(run),
        "F24" => from(&beside.integrity, "the record was not verified (verify it)"),
        _ => from(&beside.retention, "how long it is kept is not said"),
    }
}

fn frame(run: &Run, end: Option<&Ended>, agreed: &Agreed) -> Held {
    let place = run.said.declaration.as_ref().map(|d| d.location.clone()).filter(|l| !l.is_empty());
    let title = run.start.as_ref().map_or_else(String::new, |s| format!("{}, {}", s.title, s.mode.word()));
    Parts::default()
        .plain("title", title)
        .need("from", utc_text(run.started_at))
        .need("end", end.map_or_else(String::new, |e| utc_text(e.at)))
        .need("location", place.unwrap_or_else(|| agreed.location.clone()))
        .held(&format!("{PLAN}, or {DECLARE}"))
}

fn plan(run: &Run, agreed: &Agreed) -> Held {
    let approved = match (agreed.approved_by.as_str(), agreed.approved_on.as_str()) {
        ("", _) | (_, "") => String::new(),
        (by, on) => format!("by {by} on {on}"),
    };
    Parts::default()
        .plain("plan", run.plan.as_ref().map_or("", |p| p.id.as_str()))
        .need("version", &*agreed.version)
        .need("SHA-256", run.start.as_ref().map_or("", |s| s.digest.as_str()))
        .need("owner", &*agreed.owner)
        .need("approved", approved)
        .held(PLAN)
}

fn scope(run: &Run, agreed: &Agreed) -> Held {
    let plan = run.plan.as_deref();
    let regions: Vec<String> = plan.iter().flat_map(|p| p.sides()).map(|s| s.region.display()).collect();
    let named = |p: &&crate::plan::model::Plan| p.values.values().filter(|v| v.parse::<ResourceId>().is_ok()).count();
    Parts::default()
        .need("services", list(&agreed.services))
        .plain("resources", count(plan.as_ref().map_or(0, named), "resource"))
        .need("in", list(&regions))
        .need("dependencies", list(&agreed.dependencies))
        .need("third parties", list(&agreed.third_parties))
        .need("exclusions", list(&agreed.exclusions))
        .held(&format!("{PLAN}; [\"none\"] where there is none"))
}

fn scenario(run: &Run, agreed: &Agreed) -> Held {
    // In a real failover what happened is the scenario.
    let happened = || Some(run.said.impact.clone()).filter(|t| !t.is_empty() && run.mode() == Some(Mode::Live));
    let rehearsed = run.start.as_ref().and_then(|s| s.scenario.as_ref()).map(|s| s.id.clone());
    let scenario = rehearsed.or_else(happened).unwrap_or_else(|| agreed.scenario.clone());
    Parts::default()
        .need("scenario", scenario)
        .need("severity", &*agreed.severity)
        .need("assumptions", list(&agreed.assumptions))
        .need("risk", &*agreed.risk)
        .held(PLAN)
}

fn criteria(agreed: &Agreed) -> Held {
    Parts::default()
        .need("objectives", list(&agreed.objectives))
        .need("criteria", list(&agreed.criteria))
        .held(&format!("{PLAN}, before the start"))
}

fn numbers(run: &Run, agreed: &Agreed) -> Held {
    let agreed_ms = |ms: fn(&crate::run::event::Start) -> u64| {
        run.start.as_deref().map_or_else(String::new, |s| Millis(ms(s)).to_string())
    };
    Parts::default()
        .need("RTO", agreed_ms(|s| s.rto_ms))
        .need("RPO", agreed_ms(|s| s.rpo_ms))
        .need("mtd", agreed.mtd.map_or_else(String::new, |m| m.to_string()))
        .need("source", &*agreed.source)
        .held(PLAN)
}

fn people(run: &Run, agreed: &Agreed) -> Held {
    let here = |p: &&Participant| !p.absent;
    let attended: Vec<String> =
        run.participants.iter().filter(here).map(|p| format!("{} ({})", p.name, p.role)).collect();
    let absent: Vec<&Participant> = run.participants.iter().filter(|p| p.absent).collect();
    let mut parts = Parts::default().need("attended", list(&attended)).need(
        "expected",
        match agreed.people.len() {
            0 => String::new(),
            n => n.to_string(),
        },
    );
    for p in &agreed.people {
        let is = |known: &&Participant| same(&known.name, &p.name);
        match run.participants.iter().rfind(is) {
            None => parts = parts.lack(format!("whether {} took part", p.name)),
            Some(known) if known.absent => {
                let there = run.participants.iter().filter(here).any(|d| same(&d.name, &p.deputy));
                let deputy = if there { p.deputy.as_str() } else { "" };
                parts = parts.need(&format!("in the place of {}", p.name), deputy);
            }
            Some(_) => {}
        }
    }
    let names: Vec<&str> = absent.iter().map(|p| p.name.as_str()).collect();
    let parts = if names.is_empty() { parts } else { parts.need("absent", list(&names)) };
    parts.held(&format!("who is expected: {PLAN}; who came: {TELL}"))
}

fn declaration(run: &Run) -> Held {
    let said = run.said.declaration.clone().unwrap_or_default();
    let seen = || run.clocks.t[2].or(run.clocks.t[1]).map(|at| format!("by the watch at {}", utc_text(at)));
    let detected = Some(said.detected).filter(|d| !d.is_empty()).or_else(seen).unwrap_or_default();
    Parts::default()
        .need("activated by", said.by)
        .need("on the authority of", said.authority)
        .need("trigger", said.trigger)
        .need("outage from", run.clocks.t[0].map_or_else(String::new, utc_text))
        .need("detected", detected)
        .held(DECLARE)
}

fn timeline(run: &Run) -> Held {
    let over = run.steps.iter().filter(|s| s.own_state().over()).count();
    if run.steps.iter().all(|s| s.started_at.is_none() && s.ended_at.is_none()) {
        return Held::Missing("no step was begun or ended (the checklist)".to_owned());
    }
    let sent: usize = run.steps.iter().map(|s| s.applied.len()).sum();
    let failed: u32 = run.steps.iter().map(|s| s.failures).sum();
    Held::Yes(format!("{over} of {} steps are over, {sent} changes made, {failed} failures", run.steps.len()))
}

fn decisions(run: &Run) -> Held {
    if run.deciders.is_empty() {
        return Held::NotNeeded("no step of this run is a decision".to_owned());
    }
    if run.decisions.is_empty() {
        return Held::Missing("what was decided, and why (the decision step)".to_owned());
    }
    let last = run.decisions.last().map_or("", |d| d.choice.display());
    let parts = Parts::default().plain("decisions", format!("{}: {last}", count(run.decisions.len(), "decision")));
    let all = |good: &dyn Fn(&crate::run::state::Decision) -> bool| run.decisions.iter().all(good);
    // Around a table nothing is read: what was known is what people said, and that is the reason.
    let informed = run.tabletop() || all(&|d| d.information > 0);
    let said = |good: bool| if good { "recorded" } else { "" };
    parts
        .need("reasons", said(all(&|d| !d.reason.is_empty())))
        .need("options", said(all(&|d| d.options > 0)))
        .need("information", said(informed))
        .held("the decision step")
}

fn approvals(run: &Run) -> Held {
    let s = &run.said;
    let needs = |s: &&StepRun| {
        let done = matches!(s.own_state(), StepState::DoneByApp | StepState::DoneByHand);
        done && run.planned(&s.id).is_some_and(|p| p.second_person.is_some())
    };
    let unasked: Vec<&str> =
        run.steps.iter().filter(needs).map(|s| s.id.as_str()).filter(|id| !s.agreed.iter().any(|a| a == id)).collect();
    match (s.asked, run.mode()) {
        (0, Some(Mode::DryRun)) => Held::NotNeeded("nothing is changed in a dry run: nobody is asked".to_owned()),
        _ if !unasked.is_empty() => Held::Missing(format!("who agreed to {} (the step)", list(&unasked))),
        (0, _) => Held::NotNeeded("no step that needs a second person was done".to_owned()),
        (asked, _) => Held::Yes(format!("asked {asked} times, agreed {}, refused {}", s.agreed.len(), s.refused)),
    }
}

fn deviations(run: &Run, end: Option<&Ended>) -> Held {
    let skipped = run.steps.iter().filter(|s| s.own_state() == StepState::Skipped).count();
    let told = &run.said.deviations;
    let open: Vec<&str> = run.steps.iter().filter(|s| !s.own_state().over()).map(|s| s.id.as_str()).collect();
    let Some(end) = end else { return Held::Missing("the run is not closed (close it)".to_owned()) };
    // Closing a run writes the open steps down; a run that was given up says why in that.
    let closed_by_us = run.ended.is_none() || end.outcome.is_none();
    let named = |id: &&str| told.iter().any(|n| n.text.contains(*id));
    if !closed_by_us && !open.iter().all(named) {
        return Held::Missing(format!("why {} was not done ({TELL})", list(&open)));
    }
    match (told.len(), skipped) {
        (0, 0) => Held::Yes("none: every step was done as written".to_owned()),
        (n, skipped) => Held::Yes(format!("{n} recorded, {skipped} steps skipped with their reasons")),
    }
}

/// The objective as it is computed now. That it was missed by never being reached only the closing record knows.
fn objective(run: &Run, end: Option<&Ended>, name: &str) -> Option<Objective> {
    let is = |o: &Objective| o.name == name;
    let now = objective::objectives(run, end.and_then(|e| e.outcome)).into_iter().find(is)?;
    let said = end.and_then(|e| e.objectives.iter().find(|o| is(o)));
    match said {
        Some(o) if now.actual_ms.is_none() && o.actual_ms.is_none() => Some(o.clone()),
        _ => Some(now),
    }
}

fn achieved(run: &Run, end: Option<&Ended>, name: &str, measure: &str) -> Held {
    let Some(o) = objective(run, end, name) else { return Held::Missing("the run has no objectives".to_owned()) };
    if o.met_objective != Met::NotMeasured {
        return Held::Yes(o.sentence());
    }
    // Where there is nothing to measure, the closing record has to say so.
    let nothing = matches!(run.mode(), Some(Mode::DryRun | Mode::Tabletop))
        || end.is_some_and(|e| e.outcome == Some(Outcome::FalseAlarm))
        || (name == "RPO" && objective::keeps_no_data(run));
    let said = end.and_then(|e| e.not_measured.iter().find(|t| t.starts_with(measure)));
    match said.filter(|_| nothing) {
        Some(_) => Held::Yes(o.sentence()),
        None => {
            let how = if name == "RPO" { TELL } else { "the verification steps; when the impact began: clocks" };
            Held::Missing(format!("not measured: {} ({how})", o.how))
        }
    }
}

fn validation(run: &Run) -> Held {
    let of = |head: &str| -> String {
        let mut names = run.evidence.iter().map(|(_, _, e)| e.name.as_str()).filter(|n| n.starts_with(head));
        names.next_back().unwrap_or_default().to_owned()
    };
    let steps = run
        .steps
        .iter()
        .filter(|s| s.phase() == Phase::Verify)
        .filter(|s| matches!(s.own_state(), StepState::DoneByApp | StepState::DoneByHand | StepState::AlreadyTrue));
    let verified = count(steps.count(), "verification step");
    let function = if verified.is_empty() { of(FUNCTION) } else { format!("{verified} passed") };
    let parts = Parts::default().plain("a functional check", function);
    // A simulated Azure has no data that could be damaged.
    let parts = match run.mode() {
        Some(Mode::Rehearsal) => parts,
        _ => parts.plain("a data integrity check and who confirmed it", of(DATA)),
    };
    parts.held(TELL)
}

fn notes(all: &[crate::run::state::Note], what: &str) -> Held {
    match all.last() {
        Some(last) => Held::Yes(format!("{} ({} in all)", last.text, all.len())),
        None => Held::Missing(format!("{what} ({TELL})")),
    }
}

fn told(run: &Run) -> Held {
    let mut to: Vec<&str> = run.comms.iter().map(|(to, _)| to.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    if to.is_empty() {
        return Held::Missing(format!("who was told what, and when ({TELL})"));
    }
    Held::Yes(format!("{} to {}", count(run.comms.len(), "message"), list(&to)))
}

fn normal(run: &Run, end: Option<&Ended>) -> Held {
    if !run.said.normal.is_empty() {
        return notes(&run.said.normal, "");
    }
    let exercise = matches!(run.mode(), Some(Mode::Rehearsal | Mode::Tabletop));
    let back = || run.steps.iter().filter(|s| s.phase() == Phase::FailBack);
    match back().count() {
        n if n > 0 && run.clocks.t[11].is_some() => Held::Yes(format!("{n} steps of the way back are over")),
        _ if end.is_some_and(|e| e.outcome == Some(Outcome::FalseAlarm)) => {
            Held::NotNeeded("nothing was moved: there is no way back".to_owned())
        }
        0 if exercise => Held::NotNeeded("this exercise does not cover the way back".to_owned()),
        _ => Held::Missing(format!("that everything is back to normal (the steps of the way back, or {TELL})")),
    }
}

fn outcome(run: &Run, end: Option<&Ended>) -> Held {
    let Some(end) = end else { return Held::Missing("the run is not closed (close it)".to_owned()) };
    let Some(outcome) = end.outcome else { return Held::Yes(format!("given up: {}", end.summary)) };
    let measured = |name: &str, known: bool| known || end.not_measured.iter().any(|t| t.starts_with(name));
    let say = |known: bool| if known { "said" } else { "" };
    Parts::default()
        .plain("outcome", outcome.display())
        .need("RTA or why it was not measured", say(measured("RTA", run.clocks.rta().is_some())))
        .need("RPA or why it was not measured", say(measured("RPA", run.clocks.rpa().is_some())))
        .held("closing writes it")
}

/// Whether the record says that there are no findings.
fn without_findings(end: Option<&Ended>) -> bool {
    end.and_then(|e| e.books.as_ref()).is_some_and(|b| b.findings == 0)
}

fn findings(run: &Run, end: Option<&Ended>) -> Held {
    let with = end.is_some_and(|e| e.outcome == Some(Outcome::RecoveredWithFindings));
    if run.findings.is_empty() {
        return match without_findings(end) {
            true if with => {
                Held::Missing("it is closed with findings, and none is recorded (papers: finding)".to_owned())
            }
            true => Held::Yes("none, by the closing record".to_owned()),
            false => Held::Missing("findings, or that there are none (papers: finding)".to_owned()),
        };
    }
    let mut parts = Parts::default().plain("findings", count(run.findings.len(), "finding"));
    for (n, f) in run.findings.iter().enumerate() {
        if f.severity.is_none() {
            parts = parts.lack(format!("severity and root cause of finding {}", n + 1));
        }
        if f.corrective.is_none() {
            parts = parts.lack(format!("owner and due date of finding {}", n + 1));
        }
    }
    parts.held("papers: rate the finding, say how it is put right")
}

fn closures(run: &Run, end: Option<&Ended>) -> Held {
    if run.findings.is_empty() {
        return match without_findings(end) {
            true => Held::NotNeeded("there is no finding to put right".to_owned()),
            false => Held::Missing("that every finding is put right, or that there is none (papers: vouch)".to_owned()),
        };
    }
    let word = |f: &Finding| {
        f.closed.as_ref().map(|(n, until, c)| match c.accepted {
            true => format!("risk accepted by {} until {until}", n.who),
            false => format!("put right, says {}", n.who),
        })
    };
    let mut parts = Parts::default();
    for (n, f) in run.findings.iter().enumerate() {
        let due = f.corrective.as_ref().map_or_else(String::new, |(_, _, due)| format!(", due {due}"));
        match word(f) {
            Some(said) => parts = parts.plain("", format!("finding {}: {said}", n + 1)),
            None => parts = parts.lack(format!("another person's word that finding {} is put right{due}", n + 1)),
        }
    }
    parts.held("papers: vouch for a finding")
}

fn evidence(run: &Run) -> Held {
    let names: Vec<&str> = run.evidence.iter().map(|(_, _, e)| e.name.as_str()).collect();
    let unsummed = run.evidence.iter().filter(|(_, _, e)| e.sha256.is_empty()).count();
    match (names.is_empty(), unsummed) {
        (true, _) => Held::Missing("files or texts that prove what was done (papers: evidence)".to_owned()),
        (_, 0) => {
            Held::Yes(format!("{} with SHA-256, collector and time: {}", count(names.len(), "piece"), list(&names)))
        }
        (_, n) => Held::Missing(format!("the SHA-256 of {} (papers: evidence)", count(n, "piece"))),
    }
}

fn signed(run: &Run) -> Held {
    let as_one = |words: &[&str]| -> String {
        let is = |role: &str| words.iter().any(|w| role.to_lowercase().contains(w));
        run.signoffs
            .iter()
            .rfind(|(role, _)| is(role))
            .map_or_else(String::new, |(role, n)| format!("{} ({role})", n.who))
    };
    Parts::default()
        .plain("the coordinator's signature", as_one(&["coordinator", "commander"]))
        .plain("the owner's signature", as_one(&["owner"]))
        .plain("the management's signature", as_one(&["manage", "director", "board"]))
        .need("report", run.said.report.as_ref().map_or("", |n| n.text.as_str()))
        .held(&format!("papers: sign off, with that word in the role; the report: {TELL}"))
}
