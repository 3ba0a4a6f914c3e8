//! What stands between here and Azure and fails while a run is open: each fault has a sentence of its own on the screen, the
//! run stands still or goes on, and in the end Azure has seen every change once.

use lifeboat::azure::{Cloud, Method};
use lifeboat::clock::Clock;
use lifeboat::desk::snapshot::{Snapshot, StepCard, StepState};
use lifeboat::ui::view::Screen;
use lifeboat::ui::widgets::text::capital;
use lifeboat::units::Millis;

use super::sign_in::{Azure, at, name, rehearsed};
use super::*;
use crate::azure::faults::{certificate, raw};
use crate::azure::sign_in::Made;
use crate::ui::Window;

/// A problem as it stood on a step's card, and the picture it stood in.
struct Shown {
    step: String,
    state: StepState,
    what: String,
    next: String,
    /// When, by the run's clock.
    at: String,
    picture: Snapshot,
}

/// Every problem that was shown on the way to the end, in order, each once.
fn all_shown(desk: &Handle, look: impl Fn(&StepCard)) -> (Vec<Shown>, Arc<Snapshot>) {
    let mut all: Vec<Shown> = Vec::new();
    let end = desk.wait(Duration::from_secs(120), |s| {
        let Some(run) = &s.run else { return false };
        let current = run.cards.iter().find(|c| Some(&c.id) == run.current.as_ref());
        current.iter().for_each(|c| look(c));
        if let Some((card, p)) = current.and_then(|c| Some((c, c.problem.as_ref()?)))
            && all.iter().all(|a| a.what != p.what || a.step != card.id)
        {
            let (step, state, what, next) = (card.id.clone(), card.state, p.what.clone(), p.next.clone());
            let at = lifeboat::units::utc_clock(s.clock.now().utc);
            all.push(Shown { step, state, what, next, at, picture: s.clone() });
        }
        run.closed.is_some()
    });
    let told = || all.iter().map(|s| format!("{}: {}", s.step, s.what)).collect::<Vec<_>>().join("\n");
    let Some(end) = end else { panic!("no end was seen; shown until now:\n{}", told()) };
    (all, end)
}

/// The first problem of a step that says this, as a person finds it in the window.
fn seen<'a>(all: &'a [Shown], step: &str, words: &str) -> &'a Shown {
    let told =
        || all.iter().map(|s| format!("{} {} {:?}: {}", s.at, s.step, s.state, s.what)).collect::<Vec<_>>().join("\n");
    let found = all.iter().find(|s| s.step == step && s.what.contains(words));
    let found = found.unwrap_or_else(|| panic!("“{words}” was not seen at {step}, but:\n{}", told()));
    let window = Window::on(found.picture.clone(), Screen::Run);
    assert!(window.sees(&capital(&found.what)), "on the card: {}", found.what);
    assert!(window.sees(&format!("Next: {}", found.next)), "under it: {}", found.next);
    found
}

/// An operator who tries a failed step again every nine minutes, and closes the run behind the redirect.
const PATIENT: &str = r#"#![enable(implicit_some)]
[
    Answer(step: "D3", answer: Confirm("East US hangs from Denver too."), takes: "1m"),
    Answer(step: "D7", answer: Confirm("The move has to begin now."), takes: "30s"),
    Answer(step: "D9", answer: Decide(choice: FailOver, reason: "East US is gone.", expected_loss: "Requests in flight."), takes: "10m"),
    Answer(step: "D10", answer: Confirm("Pipelines are frozen."), takes: "1m"),
    Answer(step: "AO-F7", answer: Close(outcome: Recovered, summary: "Users moved; the rest is another drill."), takes: "10s"),
    Answer(step: "*", when: NotApplied, answer: Retry, takes: "9m"),
    Answer(step: "*", when: Failed, answer: Retry, takes: "9m"),
    Answer(step: "*", when: FailedAgain, answer: Retry, takes: "9m"),
    Answer(step: "*", answer: Perform),
]"#;

/// A fault from one minute of the scenario to another.
fn fault(from: u32, until: u32, on: &str, how: &str) -> String {
    let id = format!("{on}-{from}");
    format!(
        r#"Happening(at: "{from}m", what: Fault(id: "{id}", on: {on}, how: {how})), Happening(at: "{until}m", what: Clear("{id}")),"#
    )
}

/// Where a fault shows, what is said of it, and what is advised.
type Row = (&'static str, &'static str, &'static str);

const STORM: [Row; 8] = [
    ("AO-F4", "management.azure.com gave no answer within 35 s", "Nobody answered in time"),
    ("AO-F4", "not JSON but a page: Guest network Accept the terms to go on.", "A proxy or a network's sign-in page"),
    ("AO-F4", "the connection to management.azure.com broke before its answer was whole", "The line to Azure breaks"),
    ("AO-F4", "management.azure.com answered 429 TooManyRequests", "Azure throttles. Wait"),
    ("AO-F4", "sign-in gave no token: no answer within 10 s", "Sign-in does not answer"),
    ("AO-F5", "management.azure.com answered 429 TooManyRequests", "Azure throttles. Wait"),
    ("AO-F5", "(management.azure.com gave no answer within 1 min), and Azure does not show it", "Retry sends it again"),
    (
        "AO-F5",
        "not JSON but a page: Guest network Accept the terms to go on.), and Azure does not",
        "Retry sends it again",
    ),
];

/// One fault after another, each over before the next: of Resource Manager's reads, of sign-in until a token really runs
/// out, and of what is sent to change something.
#[test]
fn a_run_goes_through_every_fault_and_each_has_its_own_sentence() {
    let faults = [
        // The token of the beginning lasts an hour, less the last minute.
        fault(3, 75, "Entra", "BlackHole"),
        fault(9, 21, "Arm", "BlackHole"),
        fault(21, 33, "Arm", "Page"),
        fault(33, 45, "Arm", "Cut"),
        fault(45, 57, "Arm", "Throttle(retry_after: \"20s\")"),
        fault(76, 87, "ArmChanges", "Throttle(retry_after: \"20s\")"),
        fault(87, 98, "ArmChanges", "BlackHole"),
        fault(98, 109, "ArmChanges", "Page"),
    ];
    let (place, desk) = rehearsed(&faults.concat(), PATIENT);
    let (all, end) = all_shown(&desk, |_| ());
    let found: Vec<&Shown> = STORM.iter().map(|(step, words, _)| seen(&all, step, words)).collect();
    for (s, (step, words, next)) in found.iter().zip(STORM) {
        assert_eq!(s.state, StepState::Failed, "{step} {words}: the run stands still");
        assert!(s.next.contains(next), "{step} {words}: {}", s.next);
        assert!(s.picture.notice.is_none(), "{:?}", s.picture.notice);
    }
    for (step, words, _) in STORM {
        let said = found.iter().filter(|s| s.step == step && s.what.contains(words));
        assert_eq!(said.count(), 1, "{step}: “{words}” is said of one fault alone");
    }
    let run = place.run(&end.run.as_ref().unwrap().id);
    let records = sound(&RealDisk, &run, &counts(&run));
    assert_eq!(records.iter().filter(|r| is(r, "action.reconciled") && r.body.d["found"] == "not-applied").count(), 2);
    assert!(crate::crash::outcome(&run).contains(r#""weight-swedencentral"="100""#), "users were moved");
}

/// Azure that answers after half a minute, and takes a minute and a half for what changes something: nothing fails.
#[test]
fn a_run_goes_on_through_stalls_and_reads_back_what_was_lost() {
    let faults = [fault(10, 590, "Arm", "Slow(\"30s\")"), fault(10, 590, "ArmChanges", "Slow(\"90s\")")];
    let (place, desk) = rehearsed(&faults.concat(), PATIENT);
    let notes = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let (all, end) = all_shown(&desk, |card| {
        notes.lock().unwrap().insert(card.changes_note.clone());
    });
    let slow = "management.azure.com answers slowly, it took 30 s: this step takes longer than usual.";
    assert!(notes.lock().unwrap().iter().any(|n| n.contains(slow)), "{notes:?}");
    let lost = seen(
        &all,
        "AO-F5",
        "Nobody knows yet whether the request took effect: management.azure.com gave no answer within 1 min",
    );
    assert_eq!(lost.state, StepState::Indeterminate);
    assert!(lost.next.starts_with("Wait; or look in Azure yourself"), "{}", lost.next);
    let run = place.run(&end.run.as_ref().unwrap().id);
    let records = sound(&RealDisk, &run, &counts(&run));
    assert!(!records.iter().any(|r| is(r, "step.failed")), "nothing failed");
    let read_back = |r: &&lifeboat::record::Stored| is(r, "action.reconciled") && r.body.d["found"] == "applied";
    assert_eq!(records.iter().filter(read_back).count(), 3, "each of the three deployments was lost and found");
    assert!(crate::crash::outcome(&run).contains(r#""oai-prod-swedencentral"/"chat"=300"#), "capacity was raised");
}

/// What was done is done although its answer broke off; nothing is sent again.
#[test]
fn an_answer_cut_short_is_read_back() {
    let (place, desk) = rehearsed(&fault(10, 590, "ArmChanges", "Cut"), PATIENT);
    let (all, end) = all_shown(&desk, |_| ());
    let broke =
        seen(&all, "AO-F5", "took effect: the connection to management.azure.com broke before its answer was whole");
    assert_eq!(broke.state, StepState::Indeterminate);
    let run = place.run(&end.run.as_ref().unwrap().id);
    let records = sound(&RealDisk, &run, &counts(&run));
    assert!(!records.iter().any(|r| is(r, "step.failed")), "nothing failed");
    assert!(records.iter().any(|r| is(r, "action.reconciled") && r.body.d["found"] == "applied"));
}

/// Resource Manager behind TLS that nobody here trusts; everything else is well.
#[test]
fn tls_that_fails_is_named_on_the_card_and_the_run_goes_on() {
    let (place, azure) = (Place::new(), Azure::new());
    let (_, config) = certificate(-1, 30);
    let config = Arc::new(config);
    let address = raw(move |mut s| {
        let mut tls = tokio_rustls::rustls::ServerConnection::new(config.clone()).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut s).is_ok() {}
    });
    let ca = place.0.path().join("ca.pem");
    fs::write(&ca, certificate(-1, 30).0).unwrap();
    let mut at_stranger = azure.at.clone();
    at_stranger.ca = Some(ca.display().to_string());
    let line = serde_json::to_string(&at_stranger).unwrap().replace(&azure.at.arm, &format!("https://{address}"));
    let desk = at(&place, Some(Cloud::from_line(&line).unwrap()));
    let untrusted =
        |s: &Snapshot| s.ladder.iter().any(|l| l.name == "ARM" && l.sentence.contains("certificate not trusted"));
    let s = until(&desk, "the lamp", untrusted);
    let lamp = s.ladder.iter().find(|l| l.name == "ARM").unwrap();
    assert!(Window::on((*s).clone(), Screen::Situation).sees(&lamp.sentence), "{}", lamp.sentence);

    desk.send(Command::StartRun { plan: "prod-chat".into(), strategy: None, dry_run: true });
    let said = |s: &Snapshot| {
        let card = s.run.as_ref()?.cards.iter().find(|c| c.id == "D4")?.clone();
        Some(card.readings.iter().find(|r| r.value.contains("invalid peer certificate"))?.value.clone())
    };
    let s = until(&desk, "the reading", |s| said(s).is_some() && s.run.as_ref().unwrap().rights.is_some());
    assert!(s.notice.is_none(), "{:?}", s.notice);
    let rights = s.run.as_ref().unwrap().notes.iter().find(|n| n.text.starts_with("Rights of the signed-in identity"));
    assert!(rights.unwrap().text.contains("invalid peer certificate"), "why nothing is known of them is recorded");
    let words = said(&s).unwrap();
    assert!(words.contains("cannot connect to management.azure.com"), "{words}");
    let mut picture = (*s).clone();
    Arc::make_mut(picture.run.as_mut().unwrap()).current = Some("D4".into());
    assert!(Window::on(picture, Screen::Run).sees(&words), "{words}");
    // Nobody is kept from going on by hand.
    desk.send(Command::Step("D3".into(), StepIntent::Confirm { evidence: "Denver sees it too.".into() }));
    let over =
        |s: &Snapshot| s.run.as_ref().unwrap().cards.iter().any(|c| c.id == "D3" && c.state == StepState::DoneByHand);
    until(&desk, "a word that counts", over);
}

/// A clock ten minutes wrong: one sentence in the ladder, the situation, the settings and the record, however one signs in.
#[test]
fn a_clock_ten_minutes_wrong_is_told_whatever_signs_in() {
    let now = Clock::system().now().utc;
    let made = Made::at(now, &rcgen::PKCS_RSA_SHA256, 30);
    let ways = ["secret", "device", "certificate"];
    let rows: Vec<(i64, &str)> = [600_000, -600_000].into_iter().flat_map(|by| ways.map(|w| (by, w))).collect();
    each(rows.len(), |i| {
        let ((by, way), place) = (rows[i], Place::new());
        let what = format!("{way}, Azure ahead by {by} ms");
        let azure = Azure::by(Clock::scenario(Clock::system().now().utc + by, Millis(0), Speed::Times(1)));
        let cloud = azure.cloud();
        let cloud = match way {
            "device" => cloud.with_method(&azure.at.tenant, "", Method::Device),
            "certificate" => {
                azure.tell("sign-in/certificate", made.registered());
                cloud.with_method(&azure.at.tenant, &azure.at.client_id, made.method())
            }
            _ => cloud,
        };
        let desk = at(&place, Some(cloud));
        let side = if by > 0 { "behind" } else { "ahead of" };
        let words = format!(
            "This computer's clock is 10 min {side} Azure's: sign-in may fail, and every deadline is off. Set it."
        );
        let s = until(&desk, &what, |s| s.notice.as_ref().is_some_and(|n| n.what == words));
        let laptop = s.ladder.iter().find(|l| l.name == "This laptop").unwrap();
        assert!(laptop.sentence.contains(&words), "{what}: {}", laptop.sentence);
        assert!(s.situation.reasons.iter().any(|r| r.text == words), "{what}");
        assert!(s.settings.cloud.contains(&("Clock".to_owned(), words.clone())), "{what}");
        desk.send(Command::DismissNotice);
        let s = until(&desk, &what, |s| s.notice.is_none());
        if way == "secret" {
            for screen in [Screen::Situation, Screen::Settings] {
                assert!(Window::on((*s).clone(), screen).reads(&words), "{what}: {screen:?}");
            }
        }
        // A statement from the future is refused; everything else signs in all the same.
        match (way, by > 0) {
            ("certificate", false) => {
                let refused =
                    |s: &Snapshot| s.settings.sign_in.problem.as_ref().is_some_and(|p| p.1.contains("clock is wrong"));
                until(&desk, &what, refused);
            }
            ("device", _) => {
                desk.send(Command::SignIn);
                let s = until(&desk, &what, |s| s.settings.sign_in.device.is_some());
                let code = s.settings.sign_in.device.clone().unwrap().code;
                azure.tell("device/approve", serde_json::json!({ "user_code": code }));
                until(&desk, &what, |s| name(s) == Some("Robin Example"));
            }
            _ => drop(until(&desk, &what, |s| name(s) == Some("Lifeboat (simulated)"))),
        }
        if way == "secret" {
            desk.send(Command::StartRun { plan: "prod-chat".into(), strategy: None, dry_run: true });
            let noted = |s: &Snapshot| s.run.as_ref().is_some_and(|r| r.notes.iter().any(|n| n.text == words));
            let s = until(&desk, "the note", noted);
            std::thread::sleep(Duration::from_millis(100));
            let run = place.run(&s.run.as_ref().unwrap().id);
            let notes = read_run(&RealDisk, &run).unwrap().iter().filter(|r| is(r, "note")).count();
            assert_eq!(notes, 1, "{what}: it is recorded once");
        }
    });
}
