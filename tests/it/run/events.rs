//! Every event survives the way to the record and back, under a kind that the record knows.

use super::*;
use std::collections::BTreeSet;

use lifeboat::record::Kind;
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::{
    Books, Closure, Correlation, Declaration, Evidence, Facilitated, Found, Gap, Identity, LossKind, Met, Objective,
    Observed, Rating, ScenarioRef, Seen, Severity,
};
use lifeboat::units::Millis;
use serde_json::value::RawValue;

fn s(text: &str) -> String {
    text.to_owned()
}

/// At least one of every variant; both shapes where something may be missing.
fn every() -> Vec<Event> {
    let plan = plan_of(Strategy::HotWarm);
    let mut start = Start::of(&plan, Mode::Rehearsal, INCIDENT.to_vec(), None);
    let bare = Event::Started(Box::new(start.clone()));
    start.scenario = Some(ScenarioRef { id: s("region-loss"), sha256: s("00"), seed: 1, epoch: BEGIN });
    let corr = Correlation { status: Some(201), request_id: Some(s("r")), correlation_id: Some(s("c")), date: None };
    let full = Reading { latency: Some(Millis(61)), raw: Some(s("{}")), ..reading(None) };
    let restored =
        Change { if_match: Some(s("e")), only_if_absent: true, previous: Some(s("{}")), body: None, ..change("x") };
    let observed = |region: Option<String>, reasons: Vec<String>| {
        let picture = region.iter().map(|r| Seen {
            about: s("endpoint"),
            name: r.clone(),
            at: Some(BEGIN),
            figures: [(s("total_ms"), 61)].into(),
            ..Seen::default()
        });
        let picture = picture.collect();
        let (text, what, state) = (s("t"), s("verdict"), s("down"));
        Event::Observed(Box::new(Observed { text, what, region, state, reasons, picture }))
    };
    let started = |changes: Vec<Change>, option: Option<String>| Event::StepStarted {
        changes,
        guards: vec![full.clone()],
        option,
        undo: false,
        left: Vec::new(),
    };
    let objective = Objective {
        name: s("RTO"),
        agreed_ms: 60_000,
        actual_ms: Some(5),
        met_objective: Met::NotMeasured,
        how: s("h"),
    };
    let declared = || Event::Declared {
        impact_start: BEGIN,
        evidence: s("e"),
        declaration: Some(Box::new(Declaration { by: s("Mira"), ..Declaration::default() })),
    };
    let mut all = vec![
        Event::Plan { what: s("plan"), part: 1, of: 2, sha256: s("00"), text: s("Plan(\n\"„ü\"\u{202e})") },
        Event::Participant { name: s("Ada"), role: s("operator"), key: None, absent: false },
        Event::Participant { name: s("Mira"), role: s("owner"), key: None, absent: true },
        bare,
        Event::Started(Box::new(start)),
        Event::Declared { impact_start: BEGIN, evidence: s("e"), declaration: None },
        declared(),
        Event::Degraded { degraded: true },
        Event::Paused { reason: s("r") },
        Event::Resumed,
        Event::Ended {
            outcome: Outcome::RecoveredWithFindings,
            summary: s("s"),
            not_measured: vec![s("RPA")],
            books: None,
            objectives: Vec::new(),
            missing: Vec::new(),
        },
        Event::Ended {
            outcome: Outcome::Recovered,
            summary: s("s"),
            not_measured: Vec::new(),
            books: Some(Box::new(Books { lost: 1, missed: vec![s("RTO")], ..Books::default() })),
            objectives: vec![objective],
            missing: vec![Gap { field: s("F8"), what: s("w") }],
        },
        Event::Aborted { reason: s("r") },
        Event::SignedIn(Identity { tenant: s("t"), object: s("o"), name: s("n"), ..Identity::default() }),
        Event::SessionOpened { scenario_ms: None },
        Event::SessionOpened { scenario_ms: Some(5) },
        Event::ApprovalRequested {
            digest: s("d"),
            what: s("w"),
            undo: false,
            glass: None,
            nonce: String::new(),
            until: None,
        },
        Event::ApprovalRequested {
            digest: s("d"),
            what: s("w"),
            undo: true,
            glass: None,
            nonce: String::new(),
            until: None,
        },
        Event::Approved { digest: s("d"), method: s("m"), label: s("l"), proof: None },
        Event::Denied { digest: s("d"), reason: s("r") },
        Event::ApprovalVoided { digest: s("d"), why: s("w") },
        Event::Decided {
            choice: Choice::Partial,
            reason: s("r"),
            expected_loss: s("l"),
            options: Choice::ALL.to_vec(),
            information: vec![s("i")],
        },
        Event::Deviation { rule: s("AO-F6"), reason: s("r") },
        Event::ActionIntended { n: 0, method: s("PUT"), url: s("u"), body_sha256: s("00"), undo: true },
        Event::ActionAccepted { n: 1, operation: s("o"), corr: corr.clone() },
        Event::ActionFinished { n: 2, failure: Some(failure()), corr },
        Event::ActionFinished { n: 2, failure: None, corr: Correlation::default() },
        Event::ActionIndeterminate { n: 0, why: s("w") },
        Event::StepReady,
        started(vec![change("x"), restored], Some(s("smaller"))),
        started(Vec::new(), None),
        Event::StepVerified { readings: vec![full.clone(), reading(Some(true))] },
        Event::StepDoneByApp,
        Event::StepDoneByHand { evidence: s("e") },
        Event::StepAlreadyTrue { readings: Vec::new() },
        Event::StepFailed { failure: failure(), readings: vec![reading(Some(false))] },
        Event::StepSkipped { reason: s("r") },
        Event::StepUndone,
        Event::StepReopened { reason: s("r") },
        Event::Note { text: s("{}") },
        Event::Ledger { text: s("t") },
        Event::Loss { loss: LossKind::Duplicated, text: s("t") },
        Event::Inject { text: s("t"), n: 3 },
        observed(Some(s("eastus")), vec![s("r")]),
        observed(None, Vec::new()),
        Event::Measured { name: s("T8"), value: Some(BEGIN), how: s("h") },
        Event::Measured { name: s("RPA"), value: None, how: s("h") },
        Event::Evidence(Evidence { name: s("n"), sha256: s("00"), text: s("t"), ..Evidence::default() }),
    ];
    all.extend([
        Event::GlassBroken { guard: s("g"), reason: s("r") },
        Event::Comms { to: s("t"), text: s("x"), outcome: s("o"), id: None },
        Event::Comms { to: s("t"), text: s("x"), outcome: s("o"), id: Some(s("down-7")) },
        Event::Finding { text: s("t"), rates: None },
        Event::Finding { text: s("t"), rates: Some(Rating { finding: 1, severity: Severity::High }) },
        Event::Corrective { text: s("t"), owner: s("o"), due: s("2027-01-31"), closes: None },
        Event::Corrective {
            text: s("t"),
            owner: s("o"),
            due: s("2027-01-31"),
            closes: Some(Closure { finding: 1, accepted: true, retest: s("run") }),
        },
        Event::SignedOff { role: s("r"), statement: s("x") },
        Event::HandedOver { to: s("t"), open: vec![s("AO-F1")] },
        Event::TakenOver { operator: s("o"), from: s("f"), sha256: s("00") },
        Event::Facilitated { what: Facilitated::Held },
        Event::Facilitated { what: Facilitated::Now(3) },
        Event::Facilitated { what: Facilitated::Answered { step: s("D1"), ok: None, text: s("t") } },
    ]);
    for found in [Found::Applied, Found::NotApplied, Found::Running, Found::Unknown] {
        all.push(Event::ActionReconciled { n: 0, found, detail: s("d") });
    }
    all
}

fn back(kind: &str, d: &serde_json::Value) -> Result<Option<Event>, serde_json::Error> {
    Event::from_parts(kind, &RawValue::from_string(d.to_string()).unwrap())
}

#[test]
fn there_and_back() {
    for event in every() {
        let (kind, d) = event.to_parts();
        assert_eq!(kind, event.kind());
        assert!(d.is_object(), "{kind}: a record's content is an object");
        assert_eq!(back(&kind, &d).unwrap(), Some(event), "{kind} {d}");
    }
}

#[test]
fn every_kind_is_known_to_the_record_and_every_record_kind_is_an_event_or_none() {
    let events: BTreeSet<String> = every().iter().map(Event::kind).collect();
    for kind in &events {
        assert_ne!(Kind::from_text(kind), Kind::Unknown, "{kind} would be written as unknown and lost");
    }
    for kind in Kind::ALL {
        let text = kind.as_str();
        let read = back(text, &serde_json::json!({ "surely": "not a field" }));
        if events.contains(text) {
            assert!(!matches!(read, Ok(None)), "{text} is an event");
        } else {
            assert!(matches!(read, Ok(None)), "{text} is no event of a run and must not stop its replay: {read:?}");
        }
    }
    assert_eq!(events.len(), Kind::ALL.iter().filter(|k| events.contains(k.as_str())).count());
}

#[test]
fn an_event_of_an_unknown_shape_is_an_error_not_a_guess() {
    for (kind, d) in [
        ("note", serde_json::json!({})),
        ("note", serde_json::json!({ "text": 5 })),
        ("decision", serde_json::json!({ "choice": "Maybe" })),
        ("step.started", serde_json::json!({ "changes": [] })),
        ("no.such", serde_json::json!({})),
        ("a\"b", serde_json::json!({})),
    ] {
        assert!(back(kind, &d).is_err(), "{kind}");
    }
}
