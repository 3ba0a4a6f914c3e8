//! What there is in a subscription fills in fields, shows what cannot be right, and is kept.

use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{Draft, DraftIntent};
use lifeboat::desk::snapshot::{DraftField, DraftView};
use lifeboat::rehearsal::scenario::Scenario;
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;

use super::*;

const SANDBOX: &str = include_str!("../../../assets/scenarios/sandbox.ron");
const SANDBOX_PLAN: &str = include_str!("../../../assets/plans/sandbox.ron");
const ACCOUNTS: &str = "Microsoft.CognitiveServices/accounts";

/// A simulated Azure of its own; the order of the fields is the order in which they end.
struct Azure {
    cloud: Cloud,
    _simulator: Simulator,
    _runtime: tokio::runtime::Runtime,
}

fn azure() -> Azure {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let scenario: Scenario = ron::from_str(SANDBOX).unwrap();
    let clock = Clock::scenario(1_795_144_440_000, Millis(0), Speed::Times(1));
    let simulator = runtime.block_on(Simulator::start(Options::new(scenario, clock))).unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    Azure { cloud: Cloud::from_line(&line).unwrap(), _simulator: simulator, _runtime: runtime }
}

fn edit(desk: &Handle) {
    desk.send(Command::Draft(DraftIntent::Edit("built-in/plans/sandbox.ron".to_owned())));
    until(desk, "the editor", |l| l.draft.is_some());
}

fn change(desk: &Handle, name: &str, value: &str) -> DraftView {
    let mut next = desk.snapshot().library.draft.as_ref().unwrap().draft.clone();
    next.values.insert(name.to_owned(), value.to_owned());
    desk.send(Command::Draft(DraftIntent::Change(Box::new(next.clone()))));
    let l = until(desk, "the change", |l| l.draft.as_ref().is_some_and(|d| d.draft == next));
    (**l.draft.as_ref().unwrap()).clone()
}

fn field<'d>(d: &'d DraftView, name: &str) -> &'d DraftField {
    d.fields.iter().find(|f| f.name == name).unwrap()
}

fn read(desk: &Handle) -> Arc<Library> {
    desk.send(Command::ReadInventory);
    // A second wish while it is read is the same wish.
    desk.send(Command::ReadInventory);
    let known = |l: &Library| l.draft.as_ref().is_some_and(|d| d.inventory.contains("are known"));
    until(desk, "what there is", known)
}

#[test]
fn what_there_is_fills_fields_and_shows_what_cannot_be_right_and_is_kept() {
    let place = Place::new();
    let azure = azure();
    let values = Draft::read(SANDBOX_PLAN).unwrap().values;
    let account = &values["primary_resource"];
    assert!(account.contains(ACCOUNTS), "{account}");
    {
        let desk = place.desk_on(Some(azure.cloud.clone()));
        edit(&desk);
        let d = change(&desk, "primary_resource", "");
        assert!(d.inventory.starts_with("Nothing is known"), "{}", d.inventory);
        assert_eq!(field(&d, "primary_resource").suggestions, [], "nothing is known yet");
        read(&desk);
        suggests(&desk, account);
    }
    // The next day, without Azure: what was read is still there, with its age.
    let desk = place.desk();
    edit(&desk);
    let l = desk.snapshot().library.clone();
    assert!(l.draft.as_ref().unwrap().inventory.contains("are known, read"), "{:?}", l.draft);
    suggests(&desk, account);
}

fn suggests(desk: &Handle, account: &str) {
    let d = change(desk, "primary_resource", "");
    let values: Vec<&str> = field(&d, "primary_resource").suggestions.iter().map(|(v, _)| v.as_str()).collect();
    assert!(values.contains(&account), "{values:?}");
    assert!(values.iter().all(|v| v.contains(ACCOUNTS)), "only what fits the field: {values:?}");
    let d = change(desk, "primary_resource", account);
    assert!(field(&d, "primary_resource").findings.is_empty(), "{:?}", field(&d, "primary_resource"));
    assert!(field(&d, "primary_resource").suggestions.is_empty(), "it is whole");

    // A name that is not there: a doubt at its field, with what was probably meant; the plan binds all the same.
    let mistyped = format!("{account}x");
    let d = change(desk, "primary_resource", &mistyped);
    let f = field(&d, "primary_resource");
    assert!(!f.bad && f.findings.iter().any(|t| t.contains("did you mean")), "{f:?}");
    assert!(f.suggestions.iter().any(|(v, _)| v == account), "{f:?}");
    assert!(d.totals.is_some());
    assert!(d.fields.iter().all(|f| f.name == "primary_resource" || f.findings.is_empty()), "{:?}", d.fields);
    change(desk, "primary_resource", account);

    // Another region than that of its resource.
    let d = change(desk, "primary", "westus3");
    let f = field(&d, "primary_resource");
    assert!(f.findings.iter().any(|t| t.contains("West US 3")), "{f:?}");
    change(desk, "primary", &Draft::read(SANDBOX_PLAN).unwrap().values["primary"]);
}

#[test]
fn without_azure_or_with_one_that_does_not_answer_nothing_is_lost() {
    let place = Place::new();
    let desk = place.desk();
    edit(&desk);
    desk.send(Command::ReadInventory);
    let s = notice(&desk, "no Azure is connected");
    assert!(s.library.draft.is_some());
    drop(desk);

    let azure = azure();
    let cloud = azure.cloud.clone();
    drop(azure);
    let desk = place.desk_on(Some(cloud));
    edit(&desk);
    let d = change(&desk, "primary_resource", "");
    desk.send(Command::ReadInventory);
    let s = desk.wait(crate::PATIENCE, |s| s.notice.is_some()).unwrap();
    let now = s.library.draft.as_ref().unwrap();
    assert_eq!((&now.draft, now.inventory.as_str()), (&d.draft, d.inventory.as_str()), "it is not reading any more");
    assert!(!place.home().join("inventory.json").exists());
}

#[test]
fn a_damaged_inventory_is_as_none() {
    let place = Place::new();
    fs::create_dir_all(place.home()).unwrap();
    fs::write(place.home().join("inventory.json"), "{").unwrap();
    let desk = place.desk();
    edit(&desk);
    assert!(desk.snapshot().library.draft.as_ref().unwrap().inventory.starts_with("Nothing is known"));
}
