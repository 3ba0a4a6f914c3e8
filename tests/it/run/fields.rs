//! What auditors ask of a run's record: a whole run of every mode, and every field taken out of it once.

use super::*;
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::{Declaration, Facilitated, Gap, Met, Severity};
use lifeboat::run::fields::{Beside, Field, Held, fields};
use lifeboat::run::told::{About, DATA, FUNCTION, NORMAL, REPORT, SECURITY, Vouched};
use proptest::prelude::{ProptestConfig, proptest};

const MODES: [Mode; 4] = [Mode::Live, Mode::DryRun, Mode::Rehearsal, Mode::Tabletop];
const MIN: i64 = 60_000;

/// The section of a plan, line by line.
const AGREED: [(&str, &str); 18] = [
    ("version", r#""4""#),
    ("owner", r#""Ada Obi""#),
    ("approved_by", r#""the board of IT""#),
    ("approved_on", r#""2026-09-01""#),
    ("services", r#"["chat"]"#),
    ("dependencies", r#"["App Configuration"]"#),
    ("third_parties", r#"["none"]"#),
    ("exclusions", r#"["fine-tuning"]"#),
    ("scenario", r#""East US is lost""#),
    ("severity", r#""critical""#),
    ("assumptions", r#"["the pair of regions is not lost"]"#),
    ("risk", r#""BIA 12, risk R-7""#),
    ("objectives", r#"["chat answers from Sweden"]"#),
    ("criteria", r#"["95 % of clients within the RTO"]"#),
    ("source", r#""BIA 2026, table 3""#),
    ("mtd", r#""4h""#),
    ("people", r#"[(name: "Ada", role: "operator"), (name: "Mira", role: "owner", deputy: "Noor")]"#),
    ("location", r#""bridge call, Berlin""#),
];

fn plan_without(key: &str) -> Plan {
    let lines: String = AGREED.iter().filter(|(k, _)| *k != key).map(|(k, v)| format!("        {k}: {v},\n")).collect();
    let text = PLAN.trim_end().strip_suffix(')').unwrap().to_owned() + &format!("    agreed: (\n{lines}    ),\n)\n");
    let source = crate::plan::source("azure-openai.ron", RUNBOOK);
    let (plan, found) = plan::bind("prod-chat.ron", &text, &source, Some(Strategy::HotCold));
    assert_eq!(found, [], "{text}");
    plan.unwrap()
}

fn tell(b: &mut Bench, about: About, who: &str, what: &str) {
    b.run_wide(Command::Tell(about, who.to_owned(), what.to_owned())).unwrap();
}

fn measure(b: &mut Bench, name: &str, value: i64) {
    let measure = Command::Measure { name: name.to_owned(), value: Some(value), how: "seen".to_owned() };
    b.order(Actor::System, measure).unwrap();
}

fn declared(b: &mut Bench) {
    let d = Declaration {
        by: "Mira".to_owned(),
        authority: "the crisis team".to_owned(),
        trigger: "500 on every call".to_owned(),
        ..Declaration::default()
    };
    b.run_wide(Command::Declaration(d)).unwrap();
}

/// Goes through all steps; what has to be passed is passed, one change is made, the rest is left out.
fn walk(b: &mut Bench, mode: Mode) {
    for id in b.run.steps.iter().map(|s| s.id.clone()).collect::<Vec<_>>() {
        let planned = b.run.planned(&id).unwrap().clone();
        b.after(MIN / 4);
        if planned.decision {
            b.step(&id, decision(Choice::FailOver)).unwrap();
            if b.state(&id) == StepState::AwaitingApproval {
                b.agree(&id);
            }
        } else if planned.phase == Phase::Verify {
            if mode == Mode::Tabletop && b.run.questions().contains(&id) {
                let said = Facilitated::Answered { step: id.clone(), ok: Some(true), text: "so".to_owned() };
                b.run_wide(Command::Facilitate(said)).unwrap();
            } else if planned.automatic() {
                b.system(&id, StepCommand::Check).unwrap();
                b.system(&id, verified(None)).unwrap();
            }
            if !b.run.step(&id).unwrap().own_state().over() {
                b.step(&id, confirm()).unwrap();
            }
            if b.state(&id) == StepState::AwaitingApproval {
                b.agree(&id);
            }
        } else if id == "AO-F6" && matches!(mode, Mode::Live | Mode::Rehearsal) {
            b.perform(&id, &[change("weight")]);
            b.finish(&id, 0);
            b.system(&id, verified(None)).unwrap();
            measure(b, "T8", b.at);
        } else {
            b.step(&id, skip()).unwrap();
        }
    }
}

/// A run with nothing left out that its mode wants. A second person of a live run answers by a key, which other tests are
/// about: here their answers are scripted, and the run is called live before it is closed.
fn whole(mode: Mode) -> Bench {
    let scripted = if mode == Mode::Live { Mode::Rehearsal } else { mode };
    let mut b = Bench::with(plan_without(""), scripted, &INCIDENT);
    b.run_wide(Command::Declare { impact_start: BEGIN - MIN, evidence: "the first 500".to_owned() }).unwrap();
    measure(&mut b, "T2", BEGIN);
    tell(&mut b, About::Absent, "Mira", "owner");
    tell(&mut b, About::Attends, "Noor", "deputy of the owner");
    if mode == Mode::Live {
        declared(&mut b);
        tell(&mut b, About::Security, "Noor", "audit logs of Sweden are on; no emergency account was used");
        tell(&mut b, About::Authority, "BaFin", "first notice");
    }
    walk(&mut b, mode);
    if matches!(mode, Mode::Live | Mode::Rehearsal) {
        tell(&mut b, About::DataAge, "threads", "41m, from the export");
    }
    tell(&mut b, About::Function, "Noor", "ten chats answered");
    tell(&mut b, About::Data, "Grace", "row counts are equal");
    tell(&mut b, About::Normal, "Noor", "all clients are back on East US");
    b.run_wide(Command::Finding("no quota in Sweden".to_owned())).unwrap();
    b.run_wide(Command::Rate(Severity::High, "nobody watches quota".to_owned())).unwrap();
    let (text, owner, due) = ("ask for quota".to_owned(), "Ada".to_owned(), "2027-01-31".to_owned());
    b.run_wide(Command::Corrective { text, owner, due }).unwrap();
    let vouched = Vouched { seen: "the quota is there".to_owned(), by: "Noor".to_owned(), ..Vouched::default() };
    b.run_wide(Command::Vouch(vouched)).unwrap();
    for role in ["incident coordinator", "service owner", "management"] {
        let statement = "so it was".to_owned();
        b.run_wide(Command::SignOff { role: role.to_owned(), statement }).unwrap();
    }
    tell(&mut b, About::Report, "the board, internal audit", "1.0");
    for e in &mut b.entries {
        if let Event::Started(start) = &mut e.event {
            start.mode = mode;
        }
    }
    b.run = replayed(plan_without(""), &b.entries);
    close(&mut b, Outcome::RecoveredWithFindings);
    b
}

fn close(b: &mut Bench, outcome: Outcome) -> Vec<Event> {
    b.run_wide(Command::Close { outcome, summary: "over".to_owned() }).unwrap()
}

fn beside() -> Beside {
    Beside { integrity: Some("consistent".to_owned()), retention: Some("7 years".to_owned()) }
}

fn replayed(plan: Plan, entries: &[Entry]) -> Run {
    let mut run = Run::of(Arc::new(plan));
    entries.iter().for_each(|e| run.apply(e).unwrap());
    run
}

fn held(all: &[Field], id: &str) -> Held {
    all.iter().find(|f| f.id == id).unwrap().held.clone()
}

/// How a field is taken out, and a word of what is then said to be missing.
enum Cut {
    /// A line of the plan.
    Plan(&'static str),
    /// Entries.
    Drop(fn(&Event) -> bool),
    /// A part of entries.
    Change(fn(&mut Event)),
    /// What is known beside.
    Beside,
}

fn named(e: &Event, head: &str) -> bool {
    matches!(e, Event::Evidence(e) if e.name.starts_with(head))
}

fn observed(e: &Event, about: &str) -> bool {
    matches!(e, Event::Observed(o) if o.what == about)
}

fn signed(e: &Event, as_: &str) -> bool {
    matches!(e, Event::SignedOff { role, .. } if role.contains(as_))
}

fn measured(e: &Event, head: &str) -> bool {
    matches!(e, Event::Measured { name, .. } if name.starts_with(head))
}

fn unmeasured(e: &mut Event, name: &str) {
    if let Event::Ended { not_measured, .. } = e {
        not_measured.retain(|t| !t.starts_with(name));
    }
}

fn changes_only(mode: Mode) -> bool {
    matches!(mode, Mode::Live | Mode::Rehearsal)
}

/// Every field, every way to take it out in this mode.
fn cuts(mode: Mode) -> Vec<(&'static str, &'static str, Cut)> {
    use Cut::{Change, Drop, Plan};
    let mut all = vec![
        ("F1", "location", Plan("location")),
        ("F1", "end", Drop(|e| matches!(e, Event::Ended { .. }))),
        ("F2", "version", Plan("version")),
        ("F2", "owner", Plan("owner")),
        ("F2", "approved", Plan("approved_by")),
        ("F2", "approved", Plan("approved_on")),
        ("F3", "services", Plan("services")),
        ("F3", "dependencies", Plan("dependencies")),
        ("F3", "third parties", Plan("third_parties")),
        ("F3", "exclusions", Plan("exclusions")),
        ("F4", "severity", Plan("severity")),
        ("F4", "assumptions", Plan("assumptions")),
        ("F4", "risk", Plan("risk")),
        ("F5", "objectives", Plan("objectives")),
        ("F5", "criteria", Plan("criteria")),
        ("F6", "source", Plan("source")),
        ("F6", "mtd", Plan("mtd")),
        ("F7", "expected", Plan("people")),
        ("F7", "whether Mira", Drop(|e| matches!(e, Event::Participant { absent: true, .. }))),
        ("F7", "place of Mira", Drop(|e| matches!(e, Event::Participant { name, .. } if name == "Noor"))),
        ("F8", "activated", Drop(|e| matches!(e, Event::Declared { declaration: Some(_), .. }))),
        ("F8", "outage", Drop(|e| matches!(e, Event::Declared { .. }))),
        ("F8", "detected", Drop(|e| measured(e, "T2"))),
        ("F9", "no step", Drop(|e| e.kind().starts_with("step.") || matches!(e, Event::Decided { .. }))),
        ("F10", "what was decided", Drop(|e| matches!(e, Event::Decided { .. }))),
        (
            "F10",
            "options",
            Change(|e| {
                if let Event::Decided { options, .. } = e {
                    options.clear();
                }
            }),
        ),
        ("F12", "why", Drop(|e| matches!(e, Event::StepSkipped { .. } | Event::Deviation { .. }))),
        ("F13", "not measured", Change(|e| unmeasured(e, "RTA"))),
        ("F14", "not measured", Change(|e| unmeasured(e, "RPA"))),
        ("F15", "data", Drop(|e| named(e, DATA))),
        ("F16", "logging", Drop(|e| observed(e, SECURITY))),
        ("F17", "who was told", Drop(|e| matches!(e, Event::Comms { .. }))),
        ("F18", "normal", Drop(|e| observed(e, NORMAL))),
        ("F19", "closed", Drop(|e| matches!(e, Event::Ended { .. }))),
        ("F20", "severity", Drop(|e| matches!(e, Event::Finding { rates: Some(_), .. }))),
        ("F20", "owner", Drop(|e| matches!(e, Event::Corrective { closes: None, .. }))),
        ("F20", "findings", Drop(|e| matches!(e, Event::Finding { .. }))),
        ("F21", "finding 1", Drop(|e| matches!(e, Event::Corrective { closes: Some(_), .. }))),
        ("F22", "files", Drop(|e| matches!(e, Event::Evidence(_)))),
        ("F23", "coordinator", Drop(|e| signed(e, "coordinator"))),
        ("F23", "owner", Drop(|e| signed(e, "owner"))),
        ("F23", "management", Drop(|e| signed(e, "management"))),
        ("F23", "report", Drop(|e| signed(e, REPORT))),
        ("F24", "verified", Cut::Beside),
        ("F25", "", Cut::Beside),
    ];
    if changes_only(mode) {
        all.retain(|(id, ..)| !matches!(*id, "F13" | "F14"));
        all.extend([
            ("F11", "AO-F6", Drop(|e| matches!(e, Event::Approved { .. })) as Cut),
            ("F13", "not measured", Drop(|e| measured(e, "T8"))),
            (
                "F13",
                "verification",
                Drop(|e| matches!(e, Event::StepVerified { .. } | Event::StepDoneByHand { .. } | Event::StepDoneByApp)),
            ),
            ("F14", "not measured", Drop(|e| measured(e, "RPO"))),
        ]);
    }
    // A simulated Azure has no data to check; what happened in a live run is its scenario.
    all.retain(|(id, ..)| mode != Mode::Rehearsal || *id != "F15");
    if mode != Mode::Live {
        all.push(("F4", "scenario", Plan("scenario")));
    }
    if changes_only(mode) {
        let nothing = |e: &Event| named(e, FUNCTION) || e.kind().starts_with("step.");
        all.push(("F15", "functional", Drop(nothing)));
    }
    all
}

/// Those that may be empty in a run of this mode.
fn optional(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Live => &["F25"],
        Mode::DryRun => &["F8", "F16", "F17", "F25"],
        Mode::Rehearsal => &["F8", "F16", "F17", "F22", "F25"],
        Mode::Tabletop => &["F8", "F15", "F16", "F17", "F22", "F25"],
    }
}

#[test]
fn a_whole_run_of_every_mode_has_every_field_and_each_that_is_taken_out_is_named() {
    let mut tried = 0;
    for mode in MODES {
        let b = whole(mode);
        let all = fields(&b.run, &beside());
        assert_eq!(all.len(), 25);
        for f in &all {
            match &f.held {
                Held::Yes(said) => assert!(!said.is_empty(), "{mode:?} {}", f.id),
                Held::NotNeeded(why) => {
                    let fits = optional(mode).contains(&f.id) || f.id == "F11" && !changes_only(mode);
                    assert!(fits && !why.is_empty(), "{mode:?} {} {why}", f.id);
                }
                Held::Missing(what) => panic!("{mode:?} {}: {what}", f.id),
            }
        }
        let Some(Event::Ended { missing, .. }) = b.entries.last().map(|e| &e.event) else { panic!() };
        assert_eq!(missing, &[], "{mode:?}");

        let mut cut_out: Vec<&str> = Vec::new();
        let mut wrong: Vec<String> = Vec::new();
        for (id, word, cut) in cuts(mode) {
            let (mut plan, mut entries, mut known) = (plan_without(""), b.entries.clone(), beside());
            match cut {
                Cut::Plan(key) => plan = plan_without(key),
                Cut::Drop(gone) => entries.retain(|e| !gone(&e.event)),
                Cut::Change(change) => entries.iter_mut().for_each(|e| change(&mut e.event)),
                Cut::Beside => known = Beside::default(),
            }
            let now = held(&fields(&replayed(plan, &entries), &known), id);
            let good = match &now {
                Held::NotNeeded(why) => optional(mode).contains(&id) && !why.is_empty(),
                Held::Missing(what) => !optional(mode).contains(&id) && what.contains(word),
                Held::Yes(_) => false,
            };
            if !good {
                wrong.push(format!("{mode:?} {id} without {word}: {now:?}"));
            }
            cut_out.push(id);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        tried += cut_out.len();
        let asked: Vec<&str> = all.iter().map(|f| f.id).collect();
        let never: Vec<&&str> = asked.iter().filter(|id| !cut_out.contains(id)).collect();
        // Nobody is asked where nothing is changed.
        assert!(never.is_empty() || never == [&"F11"] && !changes_only(mode), "{mode:?} {never:?}");
    }
    crate::figure(&format!("T18: 25 fields in {} modes, {tried} parts taken out, each named", MODES.len()));
}

#[test]
fn the_closing_record_names_what_is_missing_and_closing_is_never_refused_for_it() {
    let mut b = Bench::new(Mode::Live);
    let events = close(&mut b, Outcome::NotRecovered);
    let Some(Event::Ended { missing, objectives, .. }) = events.last() else { panic!("{events:?}") };
    let ids: Vec<&str> = missing.iter().map(|g| g.field.as_str()).collect();
    let want =
        ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F13", "F15", "F16", "F17", "F18", "F22", "F23"];
    assert_eq!(ids, want);
    assert!(missing.iter().all(|g: &Gap| !g.what.is_empty()));
    assert_eq!(objectives.iter().map(|o| o.met_objective).collect::<Vec<_>>(), [Met::NotMeasured; 2]);
    // What stands in the record is what is found in it afterwards.
    let again: Vec<String> = fields(&b.run, &Beside::default())
        .into_iter()
        .filter(|f| matches!(f.held, Held::Missing(_)) && f.id != "F24")
        .map(|f| f.id.to_owned())
        .collect();
    assert_eq!(again, ids);
}

fn met(b: &Bench) -> [Met; 2] {
    let Some(Event::Ended { objectives, .. }) = b.entries.last().map(|e| &e.event) else { panic!() };
    let all: Vec<Met> = objectives.iter().map(|o| o.met_objective).collect();
    all.try_into().unwrap()
}

#[test]
fn whether_an_objective_was_met_is_computed_or_not_measured() {
    let rto = i64::try_from(plan_without("").rto.0).unwrap();
    let rpo = i64::try_from(plan_without("").rpo.0).unwrap();
    // (T8 behind T0, verified, age of the data) → RTO, RPO.
    let table = [
        (Some(rto), true, Some(rpo), [Met::Met, Met::Met]),
        (Some(rto + 1_000), true, Some(rpo + 1_000), [Met::Missed, Met::Missed]),
        (Some(rto), false, None, [Met::NotMeasured, Met::NotMeasured]),
        (Some(rto + 1_000), false, None, [Met::Missed, Met::NotMeasured]),
        (None, false, Some(0), [Met::NotMeasured, Met::Met]),
    ];
    for (n, (t8, verified, age, want)) in table.into_iter().enumerate() {
        let mut b = Bench::new(Mode::Live);
        b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
        if let Some(t8) = t8 {
            measure(&mut b, "T8", BEGIN + t8);
        }
        if verified {
            measure(&mut b, "T7", BEGIN + 1);
        }
        if let Some(age) = age {
            measure(&mut b, "RPO point", BEGIN - age);
        }
        close(&mut b, Outcome::Recovered);
        assert_eq!(met(&b), want, "row {n}");
    }
    // Not served when it was closed, and longer than agreed: missed, though nothing was measured. A false alarm is neither.
    for (outcome, want) in [(Outcome::NotRecovered, Met::Missed), (Outcome::FalseAlarm, Met::NotMeasured)] {
        let mut b = Bench::new(Mode::Live);
        b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
        b.after(rto + 1_000).run_wide(Command::Note("still away".to_owned())).unwrap();
        close(&mut b, outcome);
        assert_eq!(met(&b)[0], want);
        let rta = held(&fields(&b.run, &beside()), "F13");
        assert!(matches!(rta, Held::Yes(said) if said.contains(want.word())), "{outcome:?}");
    }
}

#[test]
fn nobody_vouches_for_their_own_work_and_a_risk_is_accepted_until_a_day() {
    let mut b = Bench::new(Mode::Live);
    let vouch = |by: &str, accepted: bool, until: &str| {
        let (seen, by, until) = ("tried again".to_owned(), by.to_owned(), until.to_owned());
        Command::Vouch(Vouched { accepted, seen, by, until, ..Vouched::default() })
    };
    assert_eq!(b.run_wide(vouch("Grace", false, "")), Err(Refusal::NothingToVouchFor));
    assert_eq!(b.run_wide(Command::Rate(Severity::Low, "x".to_owned())), Err(Refusal::NothingToRate));
    b.run_wide(Command::Finding("first".to_owned())).unwrap();
    b.run_wide(Command::Finding("second".to_owned())).unwrap();
    assert_eq!(b.run_wide(vouch("Grace", false, "")), Err(Refusal::NothingToVouchFor), "nobody does anything yet");
    for owner in ["Ada  Obi", "Noor"] {
        let (text, owner, due) = ("mend it".to_owned(), owner.to_owned(), "2027-01-31".to_owned());
        b.run_wide(Command::Corrective { text, owner, due }).unwrap();
    }
    assert_eq!(b.run_wide(vouch(" ada obi ", false, "")), Err(Refusal::OwnWork("ada obi".to_owned())));
    b.run_wide(vouch("Grace", false, "")).unwrap();
    assert_eq!(b.run_wide(vouch("Grace", true, " ")), Err(Refusal::Empty("until when the risk is accepted")));
    b.run_wide(vouch("Grace", true, "2027-06-30")).unwrap();
    let closed: Vec<_> = b.run.findings.iter().map(|f| f.closed.as_ref().unwrap().2.accepted).collect();
    assert_eq!(closed, [false, true]);
    assert_eq!(Run::replay(&b.entries).unwrap().findings, b.run.findings);
}

#[test]
fn a_declaration_stands_on_the_beginning_of_the_impact_and_does_not_move_it() {
    let mut b = Bench::new(Mode::Live);
    let d = Declaration { by: "Mira".to_owned(), ..Declaration::default() };
    assert_eq!(b.run_wide(Command::Declaration(d.clone())), Err(Refusal::NoImpact));
    b.run_wide(Command::Declare { impact_start: BEGIN - 5, evidence: "logs".to_owned() }).unwrap();
    assert_eq!(b.run_wide(Command::Declaration(Declaration::default())), Err(Refusal::Empty("the declaration")));
    b.run_wide(Command::Declaration(d)).unwrap();
    b.run_wide(Command::Declare { impact_start: BEGIN - 9, evidence: "older logs".to_owned() }).unwrap();
    assert_eq!(b.run.clocks.t[0], Some(BEGIN - 9));
    assert_eq!(b.run.said.declaration.as_ref().unwrap().by, "Mira");
    assert!(matches!(b.run_wide(Command::Tell(About::DataAge, "x".into(), "soon".into())), Err(Refusal::NoAge(_))));
    assert_eq!(b.run_wide(Command::Tell(About::Data, " ".into(), "equal".into())), Err(Refusal::Empty("who it is")));
}

/// Entries that a field can be known from; without all of them it is never there.
fn source(id: &str, mode: Mode, e: &Event) -> bool {
    match id {
        "F7" => matches!(e, Event::Participant { .. }),
        "F8" => matches!(e, Event::Declared { .. }),
        "F9" => e.kind().starts_with("step.") || matches!(e, Event::Decided { .. } | Event::Approved { .. }),
        "F10" => matches!(e, Event::Decided { .. }),
        "F11" => matches!(e, Event::ApprovalRequested { .. }),
        "F12" | "F19" => matches!(e, Event::Ended { .. }),
        "F13" => measured(e, "T8") || matches!(e, Event::Ended { .. }),
        "F14" => measured(e, "RPO") || matches!(e, Event::Ended { .. }),
        "F15" if mode == Mode::Rehearsal => named(e, FUNCTION) || e.kind().starts_with("step."),
        "F15" => named(e, DATA),
        "F16" => observed(e, SECURITY),
        "F17" => matches!(e, Event::Comms { .. }),
        "F18" => observed(e, NORMAL),
        "F20" => matches!(e, Event::Finding { .. } | Event::Ended { .. }),
        "F21" => matches!(e, Event::Corrective { closes: Some(_), .. }),
        "F22" => matches!(e, Event::Evidence(_)),
        "F23" => matches!(e, Event::SignedOff { .. }),
        _ => matches!(e, Event::Started(_)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_field_is_there_without_what_it_is_known_from(mode in 0usize..4, kept in proptest::collection::vec(0u8..4, 400)) {
        thread_local! { static WHOLE: Vec<Bench> = MODES.into_iter().map(whole).collect(); }
        let (b, plan) = WHOLE.with(|w| (w[mode].clone(), w[mode].run.plan.clone().unwrap()));
        // Whole kinds go, so that absence is not a rare thing; half of the time pieces of a kind as well.
        let mut kinds: Vec<String> = b.entries.iter().map(|e| e.event.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let gone = |kind: &str| kinds.iter().position(|k| k == kind).is_some_and(|n| kept[n] == 0);
        let lost = |n: usize| kept[399] % 2 == 0 && kept[n % 300 + 90] == 0;
        let left = b.entries.iter().enumerate().filter(|(n, e)| !gone(&e.event.kind()) && (e.event.kind() == "run.plan" || !lost(*n)));
        let entries: Vec<Entry> = left.map(|(_, e)| e.clone()).collect();
        let run = replayed((*plan).clone(), &entries);
        for f in fields(&run, &Beside::default()) {
            if let Held::Yes(said) = &f.held {
                assert!(entries.iter().any(|e| source(f.id, MODES[mode], &e.event)), "{} {said}", f.id);
            }
        }
    }
}
