//! Sign-in at the desk: as whom Azure is asked is shown and recorded, a code is shown and awaited, and a token endpoint that
//! dies does not end a run.

use lifeboat::azure::{Cloud, Method};
use lifeboat::clock::Clock;
use lifeboat::desk::protocol::CredentialIntent;
use lifeboat::desk::snapshot::Snapshot;
use lifeboat::desk::{Home, Options};
use lifeboat::simulator::{Connection, Options as Simulated, Simulator};

use super::*;
use crate::crash::SHORT;

pub const REGION_LOSS: &str = include_str!("../../../assets/scenarios/region-loss.ron");

/// A simulated Azure on the computer's clock, as `lifeboat simulate` serves it.
pub struct Azure {
    pub at: Connection,
    _simulator: Simulator,
    runtime: tokio::runtime::Runtime,
}

impl Azure {
    pub fn new() -> Self {
        Self::by(Clock::system())
    }

    pub fn by(clock: Clock) -> Self {
        Self::of(REGION_LOSS, clock)
    }

    pub fn of(scenario: &str, clock: Clock) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Simulated::new(ron::from_str(scenario).unwrap(), clock);
        let simulator = runtime.block_on(Simulator::start(options)).unwrap();
        Self { at: simulator.connection(), _simulator: simulator, runtime }
    }

    pub fn cloud(&self) -> Cloud {
        Cloud::from_line(&serde_json::to_string(&self.at).unwrap()).unwrap()
    }

    pub fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/lifeboat/{what}", self.at.arm);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let status = self.runtime.block_on(async { http.post(url).json(&body).send().await.unwrap().status() });
        assert_eq!(status, 204);
    }
}

pub fn at(place: &Place, cloud: Option<Cloud>) -> Handle {
    let home = Home::find(Some(&place.home())).unwrap();
    let operator = "Ada".to_owned();
    lifeboat::desk::start(Options { home, disk: Arc::new(RealDisk), cloud, watch: None, operator, script: None })
        .unwrap()
}

fn identities(place: &Place, run: &str) -> Vec<Value> {
    let records = read_run(&RealDisk, &place.run(run)).unwrap();
    let own = records.iter().filter(|r| is(r, "session.identity"));
    own.map(|r| r.body.d.clone()).collect()
}

pub fn name(s: &Snapshot) -> Option<&str> {
    s.settings.sign_in.who.as_ref().map(|i| i.name.as_str())
}

#[test]
fn as_whom_azure_is_asked_is_shown_and_recorded() {
    let (place, azure) = (Place::new(), Azure::new());
    let run = {
        let desk = at(&place, Some(azure.cloud()));
        // The watch signs in before anything is begun.
        let s = until(&desk, "who is signed in", |s| name(s).is_some());
        assert_eq!(name(&s), Some("Lifeboat (simulated)"));
        assert!(s.settings.sign_in.until.unwrap() > s.clock.now().utc + 3_000_000);
        desk.send(Command::StartRun { plan: "prod-chat".into(), strategy: None, dry_run: true });
        let s = until(&desk, "the run", |s| s.run.is_some());
        assert!(s.band.text.contains("· as Lifeboat (simulated) ("), "{}", s.band.text);
        let id = s.run.as_ref().unwrap().id.clone();
        // It was signed in before the run began: the record says so at once.
        let all = identities(&place, &id);
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(
            (&all[0]["tenant"], &all[0]["application"]),
            (&azure.at.tenant.clone().into(), &azure.at.client_id.clone().into())
        );
        desk.send(Command::SignIn);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(identities(&place, &id).len(), 1, "the same again is no news");
        id
    };
    let desk = at(&place, Some(azure.cloud()));
    desk.send(Command::OpenRun(run.clone()));
    until(&desk, "the run", |s| s.run.is_some());
    until(&desk, "who took it up", |_| identities(&place, &run).len() == 2);
}

#[test]
fn a_code_is_shown_and_the_person_awaited() {
    let (place, azure) = (Place::new(), Azure::new());
    let cloud = azure.cloud().with_method(&azure.at.tenant, "", Method::Device);
    let desk = at(&place, Some(cloud));
    let s = until(&desk, "the connection", |s| !s.settings.sign_in.method.is_empty());
    assert!(s.settings.sign_in.possible && name(&s).is_none());
    desk.send(Command::SignIn);
    let s = until(&desk, "the code", |s| s.settings.sign_in.device.is_some());
    let code = s.settings.sign_in.device.clone().unwrap();
    assert_eq!(s.settings.sign_in.problem, None, "the code says what is to do");
    azure.tell("device/approve", serde_json::json!({ "user_code": code.code }));
    let s = until(&desk, "the person", |s| name(s).is_some());
    assert_eq!((name(&s), &s.settings.sign_in.device), (Some("Robin Example"), &None));
}

#[test]
fn a_saved_sign_in_connects_and_a_broken_one_says_so() {
    let place = Place::new();
    let saved = place.home().join("sign-in.json");
    fs::create_dir_all(place.home()).unwrap();
    fs::write(&saved, r#"{"schema":1,"method":"device","cloud":"AzureUSGovernment","subscriptions":["s"]}"#).unwrap();
    let desk = at(&place, None);
    desk.send(Command::Connect);
    let s = until(&desk, "the connection", |s| !s.settings.sign_in.cloud.is_empty());
    let view = &s.settings.sign_in;
    assert_eq!((view.cloud.as_str(), view.method.starts_with("device code")), ("AzureUSGovernment", true));
    drop(desk);
    for (text, words) in [
        ("{", "is damaged"),
        (r#"{"schema":2,"method":"device","cloud":"AzureCloud"}"#, "its schema is 2"),
        (
            r#"{"schema":1,"method":"certificate","cloud":"AzureCloud","tenant":"t","client_id":"c","certificate":"/no/such.pem"}"#,
            "cannot be read",
        ),
    ] {
        fs::write(&saved, text).unwrap();
        let desk = at(&place, None);
        desk.send(Command::Connect);
        let s = until(&desk, "the problem", |s| s.settings.sign_in.problem.is_some());
        assert!(s.settings.sign_in.problem.as_ref().unwrap().0.contains(words), "{:?}", s.settings.sign_in.problem);
        assert!(s.notice.is_some());
        // Nobody else's sign-in is taken instead.
        desk.send(Command::StartRun { plan: "prod-chat".into(), strategy: None, dry_run: true });
        until(&desk, "the refusal", |s| {
            s.notice.as_ref().is_some_and(|n| n.what.contains("no Azure is connected yet"))
        });
    }
}

#[test]
fn signing_in_again_takes_in_what_was_saved_meanwhile() {
    let place = Place::new();
    fs::create_dir_all(place.home()).unwrap();
    // Files that are not there: sign-in fails on this computer, and nothing is sent.
    let save = |method: &str, file: &str| {
        let more = if file.is_empty() { String::new() } else { format!(r#","token_file":"/no/{file}""#) };
        let text =
            format!(r#"{{"schema":1,"method":"{method}","cloud":"AzureCloud","tenant":"t","client_id":"c"{more}}}"#);
        fs::write(place.home().join("sign-in.json"), text).unwrap();
    };
    save("device", "");
    let desk = at(&place, None);
    desk.send(Command::Connect);
    until(&desk, "the connection", |s| s.settings.sign_in.method.starts_with("device code"));
    for file in ["first", "second"] {
        save("workload", file);
        desk.send(Command::SignIn);
        let named = |s: &Snapshot| s.settings.sign_in.problem.as_ref().is_some_and(|(what, _)| what.contains(file));
        let s = until(&desk, file, named);
        assert!(s.settings.sign_in.method.starts_with("workload identity"), "{}", s.settings.sign_in.method);
    }
    // A certificate for the keyring is read before it is kept there.
    save("certificate", "");
    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    let (system, region, expires) = ("sign-in".to_owned(), String::new(), String::new());
    let secret = lifeboat::units::Secret::new("-----BEGIN CERTIFICATE----- AA -----END CERTIFICATE-----");
    desk.send(Command::Credential(CredentialIntent::Store { system, region, secret, expires }));
    let s = until(&desk, "the refusal", |s| s.settings.credentials.said.is_some());
    let (worked, text) = s.settings.credentials.said.clone().unwrap();
    assert!(!worked && text.contains("set sign-in < FILE.pem"), "{text}");
}

/// The rehearsal of a lost region that stays lost, with these faults beside it, begun at full speed.
pub fn rehearsed(faults: &str, answers: &str) -> (Place, Handle) {
    let place = Place::new();
    let plans = place.home().join("plans");
    fs::create_dir_all(&plans).unwrap();
    let text = REGION_LOSS
        .replace("id: \"region-loss\"", "id: \"with-faults\"")
        .replace("at: \"75m\"", "at: \"600m\"")
        .replace("timeline: [", &format!("timeline: [{faults}"));
    fs::write(plans.join("with-faults.ron"), text).unwrap();
    let answers = ScriptSource::Answers(ron::from_str(answers).unwrap());
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(answers));
    desk.send(start("with-faults", Strategy::HotWarm, Speed::Max));
    (place, desk)
}

#[test]
fn a_token_endpoint_that_stays_dead_lets_a_run_be_closed() {
    let (place, desk) =
        rehearsed(r#"Happening(at: "3m", what: Fault(id: "sign-in", on: Entra, how: BlackHole)),"#, SHORT);
    let s = closed(&desk);
    let run = s.run.as_ref().unwrap();
    let records = sound(&RealDisk, &place.run(&run.id), &counts(&place.run(&run.id)));
    assert!(!records.iter().any(|r| is(r, "step.failed")), "tokens that were held served");
    // The desk lives.
    desk.send(Command::LeaveRun);
    until(&desk, "the desk", |s| s.run.is_none());
}
