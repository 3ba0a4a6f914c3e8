//! A live run at a desk, on an Azure that says again what it was sent: in a refused sign-in, a preview, a change that is
//! refused, an operation that fails, and polls. What the person sees, hears, keeps and prints is searched.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lifeboat::azure::Cloud;
use lifeboat::desk::protocol::{Command, StepIntent};
use lifeboat::desk::snapshot::{RunView, Snapshot, StepState};
use lifeboat::desk::{Handle, Home, Options};
use lifeboat::journal::RealDisk;
use lifeboat::runbook::model::Strategy;
use serde_json::json;

use super::Seen;
use crate::azure::{Asked, Do, Fake, absent};
use crate::crash::{Place, until};

const RUNBOOK: &str = r#"Runbook(
    schema: 2, id: "canary", title: "Make a group", about: "One step that changes something.", system: MultiRegionAI,
    objectives: { Priority: (rto: "30m", rpo: "5m", tier: T1, source: Judgement("enough")) },
    parameters: {
        "primary": Region(about: "Here", role: Primary),
        "secondary": Region(about: "There", role: Secondary, differs_from: "primary"),
        "group": Resource(kind: "Microsoft.Resources/resourceGroups", about: "The group"),
    },
    steps: [Step(
        id: "C1", phase: Operate, kind: Automatic, title: "Make the group", why: "There is none.",
        target: "{group}", expect: "1m", risk: Reversible, rung: Arm,
        action: CreateResourceGroup(group: "{group}", region: "{secondary}"),
        verify: [ArmProperty(resource: "{group}", path: "location", is: "{secondary}", within: "1m")],
        undo: ByHand("az group delete -n {group.name}"), by_hand: ["az group create -n {group.name} -l {secondary}"],
        source: Judgement("it is needed"),
    )],
)"#;
const PLAN: &str = r#"Plan(
    schema: 1, id: "canary", title: "Make a group", environment: "test", runbook: "canary", strategy: Priority,
    values: { "primary": "eastus", "secondary": "swedencentral",
        "group": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg" },
)"#;

/// What the fake does at this stage of the test.
const NO_TOKEN: usize = 0;
const NO_READ: usize = 1;
const NO_CHANGE: usize = 2;
const FAILS_LATE: usize = 3;
const NO_POLL: usize = 4;

fn answer(a: &Asked, stage: usize, token: &str) -> Do {
    let form = |name: &str| url::form_urlencoded::parse(a.form.as_bytes()).find(|(n, _)| n == name);
    let echo = |status, sent: &str| {
        let inner = json!([{ "code": "Inner", "message": format!("{{\"authorization\":{}}}", json!(sent)) }]);
        let error = json!({ "code": "Refused", "message": format!("sent {sent}"), "details": inner });
        Do::With(status, vec![("x-ms-request-id", sent.to_owned())], json!({ "error": error }))
    };
    if a.path.ends_with("/oauth2/v2.0/token") {
        let secret = form("client_secret").unwrap().1.into_owned();
        return match stage {
            NO_TOKEN => {
                Do::Say(401, json!({ "error": "invalid_client", "error_description": format!("not {secret}") }))
            }
            _ => Do::Say(200, json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token })),
        };
    }
    let sent = a.header("authorization");
    let group = a.path.ends_with("/resourceGroups/rg");
    match (a.method.as_str(), stage) {
        ("GET", NO_CHANGE..) if group => absent(),
        ("PUT", FAILS_LATE..) if group => {
            let at = "https://management.azure.com/subscriptions/11111111-2222-3333-4444-555555555555/operations/1";
            Do::With(201, vec![("azure-asyncoperation", at.to_owned())], json!({ "id": sent, "name": sent }))
        }
        ("GET", FAILS_LATE) if a.path.ends_with("/operations/1") => {
            Do::Say(200, json!({ "status": "Failed", "error": { "code": sent, "message": sent } }))
        }
        // Everything else that is asked is refused, too: rights, locks, health.
        _ => echo(403, sent),
    }
}

/// What is shown of a picture, in words and to a screen reader, on every screen.
fn look(seen: &Seen, place: &str, s: &Snapshot) {
    let all = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        s.band, s.ladder, s.situation, s.run, s.library, s.recovery, s.audit, s.settings, s.activity, s.notice, s.busy
    );
    seen.add(&format!("{place}: picture"), all);
    seen.add(&format!("{place}: read aloud"), crate::ui::read_aloud(s.clone()));
}

fn settled(desk: &Handle, wanted: &[StepState]) -> Arc<Snapshot> {
    let card = |r: &RunView| r.cards.iter().any(|c| c.id == "C1" && wanted.contains(&c.state));
    until(desk, &format!("{wanted:?}"), |s| s.run.as_ref().is_some_and(|r| card(r)))
}

#[test]
fn a_live_run_on_an_azure_that_parrots() {
    let (seen, place) = (Seen::on("live desk"), Place::new());
    let stage = Arc::new(AtomicUsize::new(NO_TOKEN));
    let (now, token) = (stage.clone(), seen.canary(8).expose().to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fake = runtime.block_on(Fake::new(move |a| answer(a, now.load(Ordering::SeqCst), &token)));
    let cloud: Cloud = fake.azure.cloud().clone().with_client("contoso", "app", seen.canary(2));
    fs::create_dir_all(place.home().join("plans")).unwrap();
    fs::write(place.home().join("plans/canary.ron"), RUNBOOK).unwrap();
    let plan = place.home().join("plans/canary-plan.ron").display().to_string();
    fs::write(&plan, PLAN).unwrap();
    let home = Home::find(Some(&place.home())).unwrap();
    let (disk, operator) = (Arc::new(RealDisk), "Ada".to_owned());
    let desk = lifeboat::desk::start(Options { home, disk, cloud: Some(cloud), watch: None, operator, script: None });
    let desk = desk.unwrap();

    desk.send(Command::SignIn);
    let refused = |s: &Snapshot| s.settings.sign_in.problem.as_ref().is_some_and(|(what, _)| what.contains("401"));
    look(&seen, "sign-in", &until(&desk, "a refused sign-in", refused));
    desk.send(Command::StartRun { plan: plan.clone(), strategy: None, dry_run: false });
    let preview = |words: &str| {
        desk.send(Command::Step("C1".into(), StepIntent::Preview { option: None }));
        let told =
            |s: &Snapshot| s.run.as_ref().is_some_and(|r| format!("{:?} {:?}", r.cards, s.notice).contains(words));
        look(&seen, "preview", &until(&desk, words, told));
    };
    until(&desk, "the run", |s| s.run.is_some());
    preview("401");
    stage.store(NO_READ, Ordering::SeqCst);
    // A refused sign-in is believed for a while, unless a person asks.
    desk.send(Command::SignIn);
    until(&desk, "a sign-in", |s| s.settings.sign_in.problem.is_none());
    preview("403 Refused");
    stage.store(NO_CHANGE, Ordering::SeqCst);
    desk.send(Command::Step("C1".into(), StepIntent::Preview { option: None }));
    let shown = |s: &Snapshot| s.run.as_ref().is_some_and(|r| r.cards.iter().any(|c| !c.changes.is_empty()));
    until(&desk, "what would be changed", shown);
    desk.send(Command::Step("C1".into(), StepIntent::Perform { option: None, typed: None }));
    look(&seen, "send", &settled(&desk, &[StepState::Failed]));
    for (next, place) in [(FAILS_LATE, "fails late"), (NO_POLL, "poll")] {
        stage.store(next, Ordering::SeqCst);
        desk.send(Command::Step("C1".into(), StepIntent::Retry { option: None }));
        settled(&desk, &[StepState::Ready]);
        until(&desk, "what would be changed", shown);
        let before = fake.count("PUT", "/resourceGroups/rg");
        desk.send(Command::Step("C1".into(), StepIntent::Perform { option: None, typed: None }));
        until(&desk, "another try", |_| fake.count("PUT", "/resourceGroups/rg") > before);
        look(&seen, place, &settled(&desk, &[StepState::Failed, StepState::Indeterminate]));
    }
    let id = desk.snapshot().run.as_ref().unwrap().id.clone();
    desk.send(Command::ShowRecord(id));
    look(&seen, "record", &until(&desk, "the record", |s| s.audit.shown.is_some()));
    for html in [true, false] {
        desk.send(Command::PrintPlan { plan: plan.clone(), strategy: Strategy::Priority, html });
        let end = if html { "html" } else { "pdf" };
        let is = |s: &Snapshot| s.library.printed.as_ref().is_some_and(|p| p.extension().is_some_and(|x| x == end));
        let sheet = until(&desk, end, is).library.printed.clone().unwrap();
        let bytes = fs::read(sheet).unwrap();
        let text = if html { String::from_utf8(bytes).ok() } else { crate::export::pdf_text(&bytes) };
        let Some(text) = text else { continue };
        assert!(text.contains("Make the group"), "{text}");
        seen.add(end, text);
    }
    drop(desk);
    seen.files(&place.home());
    let text = seen.text();
    for place in ["sign-in", "preview", "send", "fails late", "poll", "record"] {
        for what in ["picture", "read aloud"] {
            let at = text.find(&format!("[{place}: {what}]")).unwrap();
            let end = text[at..].find("\n[").map_or(text.len(), |n| at + n);
            assert!(text[at..end].contains("•••"), "{place}: the echo is not in the {what}: {}", &text[at..end]);
        }
    }
    assert!(fake.asked().iter().any(|a| a.header("authorization").contains("Canary08")), "the token was sent");
    seen.clean();
}
