//! A run held against the Activity Log of the Azure that it ran on: the simulated one keeps its log with its world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifeboat::azure::{Azure, Cloud};
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::Home;
use lifeboat::desk::exporting::Source;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::reconciling::Asked;
use lifeboat::journal::{Disk, RealDisk, segment_name};
use lifeboat::rehearsal::things::Deed;
use lifeboat::run::reconcile::Reconciled;
use lifeboat::runbook::model::{Method, Strategy};
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;
use serde_json::{Value, json};

use crate::cli::say;

/// A rehearsal that a scripted operator has closed.
struct Rehearsed {
    home: tempfile::TempDir,
    run: String,
    dir: PathBuf,
}

fn rehearsed() -> Rehearsed {
    let home = tempfile::tempdir().unwrap();
    let said = say(home.path(), &["rehearse", "region-loss", "--strategy", "hot/warm", "--scripted", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let told = said.json();
    let (run, dir) = (told["run"].as_str().unwrap().to_owned(), told["journal"].as_str().unwrap().into());
    Rehearsed { home, run, dir }
}

/// Its Azure, as it was left, some minutes or hours later.
async fn azure_of(world: &Path, later: Millis) -> (Simulator, Azure, Clock) {
    let kept = Simulator::kept(world).unwrap().unwrap();
    let clock = Clock::scenario(kept.epoch, Millis(kept.position.0 + later.0), Speed::Max);
    let catalog = lifeboat::catalog::Catalog::builtin();
    let scenario = catalog.scenario_file("region-loss").unwrap();
    let mut options = Options::new(ron::from_str(&scenario.text).unwrap(), clock.clone());
    options.strategy = Some(Strategy::HotWarm);
    options.state_file = Some(world.to_path_buf());
    let simulator = Simulator::start(options).await.unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
    (simulator, azure, clock)
}

/// Looked at in a copy, which moves on with its own clock.
async fn compared(r: &Rehearsed, world: &Path, later: Millis, deeds: &[Deed]) -> Reconciled {
    let copy = &r.home.path().join("copy.json");
    std::fs::copy(world, copy).unwrap();
    compared_in(r, copy, later, deeds).await
}

async fn compared_in(r: &Rehearsed, world: &Path, later: Millis, deeds: &[Deed]) -> Reconciled {
    let (simulator, azure, clock) = azure_of(world, later).await;
    assert_eq!(simulator.by_hand(deeds).unwrap(), Vec::<String>::new());
    let out = Asked::read(&RealDisk, &r.dir).unwrap().compare(&azure, &clock.task()).await.unwrap();
    simulator.shutdown().await.unwrap();
    out
}

/// Entries of the log that Azure keeps in its world.
fn entries(world: &Path, change: impl FnOnce(&mut Vec<Value>)) -> Vec<Value> {
    let mut all: Value = serde_json::from_slice(&std::fs::read(world).unwrap()).unwrap();
    let log = all["log"].as_array_mut().unwrap();
    change(log);
    let log = log.clone();
    std::fs::write(world, all.to_string()).unwrap();
    log
}

const HOUR: Millis = Millis::from_secs(3_600);
const SOON: Millis = Millis::from_secs(60);

/// The run again as it was before it was closed.
fn reopened(r: &Rehearsed) {
    let file = r.dir.join(segment_name(1));
    let text = std::fs::read_to_string(&file).unwrap();
    let end = text.lines().take_while(|l| !l.contains("\"kind\":\"run.end\"")).map(|l| format!("{l}\n"));
    std::fs::write(&file, end.collect::<String>()).unwrap();
    std::fs::remove_file(r.dir.join("checkpoint")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_held_against_the_activity_log_and_the_record_says_how_it_came_out() {
    let r = rehearsed();
    let world = r.dir.join("world.json");
    let mine = entries(&world, |_| ());
    let sound = compared(&r, &world, HOUR, &[]).await;
    assert!(sound.matched > 0 && sound.agrees(), "{sound:#?}");
    let soon = compared(&r, &world, SOON, &[]).await;
    assert_eq!((soon.matched, soon.agrees()), (sound.matched, true), "{soon:#?}");

    // One of the run's own is not in the log: it was taken out, or was never sent.
    let id =
        mine.iter().map(|e| &e["client_request_id"]).find(|id| id.as_str().is_some_and(|i| !i.is_empty())).unwrap();
    let gone = mine.iter().find(|e| e["client_request_id"] == *id).unwrap().clone();
    entries(&world, |log| {
        log.retain(|e| e["client_request_id"] != *id && e["correlation_id"] != gone["correlation_id"])
    });
    let missing = compared(&r, &world, HOUR, &[]).await;
    assert_eq!(
        (missing.matched, missing.missing.len(), missing.foreign.len()),
        (sound.matched - 1, 1, 0),
        "{missing:#?}"
    );
    let target = gone["resource"].as_str().unwrap();
    assert!(missing.missing[0].target.eq_ignore_ascii_case(target), "{missing:#?}");
    // Somebody else was there meanwhile, in the portal, after the run's last record and within the margin.
    let account = target.split("/deployments/").next().unwrap().to_owned();
    let deed = Deed::Arm { method: Method::Patch, id: account.clone(), body: json!({ "tags": { "who": "me" } }) };
    let all = compared_in(&r, &world, SOON, std::slice::from_ref(&deed)).await;
    assert_eq!((all.matched, all.foreign.len()), (sound.matched - 1, 1), "{all:#?}");
    let f = &all.foreign[0];
    assert!(f.caller == "somebody@contoso.com" && f.target.eq_ignore_ascii_case(&account), "{f:?}");
    assert!(f.operation.ends_with("accounts/write"), "{f:?}");

    // The command, against the same Azure; what is closed takes no record.
    let (simulator, ..) = azure_of(&world, HOUR).await;
    let line = r.home.path().join("cloud");
    std::fs::write(&line, serde_json::to_string(&simulator.connection()).unwrap()).unwrap();
    let args = ["reconcile", &r.run, "--cloud", line.to_str().unwrap()];
    let text = say(r.home.path(), &args);
    assert_eq!(text.code, 1, "{} {}", text.out, text.err);
    assert!(text.out.contains(&format!("{} matched", all.matched)) && text.out.contains("1 by others"), "{}", text.out);
    assert!(text.out.contains("by somebody@contoso.com") && text.err.is_empty(), "{} {}", text.out, text.err);
    let verify = |what: &str| {
        let said = say(r.home.path(), &["verify", r.dir.to_str().unwrap()]);
        assert!(said.out.contains(&format!("Reconciled with Activity Log: {what}")), "{}", said.out);
        said.code
    };
    assert_eq!(verify("not checked: nobody has compared the run with it yet"), 1);
    reopened(&r);
    let said = say(r.home.path(), &[&args[..], &["--json"]].concat());
    assert_eq!((said.code, &said.json()["matched"], said.err.as_str()), (1, &json!(all.matched), ""));
    assert_eq!(said.json()["foreign"][0]["caller"], "somebody@contoso.com");
    assert_eq!(verify("as recorded: compared at "), 1, "the record is sound with it");
    let html = r.home.path().join("run.html");
    say(r.home.path(), &["export", &r.run, "--format", "html", "--out", html.to_str().unwrap()]);
    let html = std::fs::read_to_string(html).unwrap();
    assert!(
        html.contains("1 by others") && html.contains("somebody@contoso.com"),
        "the integrity section, and the record"
    );
    // Looking again does not make the run longer, nor a finding of itself.
    let again = say(r.home.path(), &[&args[..], &["--json"]].concat()).json();
    assert_eq!((&again["to"], &again["foreign"]), (&said.json()["to"], &said.json()["foreign"]));

    // The same from the window, which finds it in its snapshot; the open run's record has it too.
    let home = Home::find(Some(r.home.path())).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let cloud = Cloud::from_line(&std::fs::read_to_string(&line).unwrap()).unwrap();
    let options = lifeboat::desk::Options {
        home: home.clone(),
        disk: disk.clone(),
        cloud: Some(cloud),
        watch: None,
        operator: "o".to_owned(),
        script: None,
    };
    let run = r.run.clone();
    // A desk has threads of its own.
    let asked = std::thread::spawn(move || {
        let handle = lifeboat::desk::start(options).unwrap();
        handle.send(Command::CompareWithActivityLog(run.clone()));
        handle.wait(crate::PATIENCE, |s| s.comparisons.contains_key(&run)).unwrap()
    });
    let there = asked.join().unwrap();
    let shown = there.comparisons[&r.run].clone().unwrap();
    assert_eq!((shown.matched, &json!(shown.foreign)), (all.matched, &again["foreign"]));
    assert!(there.activity.iter().any(|a| a.text.starts_with("Activity Log: compared at")), "{:?}", there.activity);

    // What cannot be read is told, and is no reason to stop.
    simulator.shutdown().await.unwrap();
    let said = say(r.home.path(), &args);
    assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    assert!(said.out.contains("NOT READ: subscription "), "{}", said.out);
    // The real Azure knows nothing of a rehearsal: its own is asked, which its folder keeps, and stays as it was.
    let source = Source { home: &home, disk: &disk, operator: "o", signs: None };
    let (real, task) = (Azure::new(Cloud::public().unwrap()).unwrap(), Clock::system().task());
    let before = std::fs::read(&world).unwrap();
    for connected in [None, Some((&real, &task))] {
        let (own, _) = source.reconcile(&r.run, connected).await.unwrap();
        assert_eq!((own.matched, own.missing.len(), own.foreign.len()), (all.matched, 1, 1), "{own:#?}");
    }
    assert!(std::fs::read(&world).unwrap() == before, "it was only looked at");
    let said = say(r.home.path(), &["reconcile", &r.run, "--json"]);
    assert_eq!((said.code, &said.json()["matched"]), (1, &json!(all.matched)), "{}", said.err);
    // Another simulated Azure of the same scenario accuses nobody.
    let catalog = lifeboat::catalog::Catalog::builtin();
    let scenario = ron::from_str(&catalog.scenario_file("region-loss").unwrap().text).unwrap();
    let other = Simulator::start(Options::new(scenario, Clock::scenario(7, Millis(0), Speed::Max))).await.unwrap();
    std::fs::write(&line, serde_json::to_string(&other.connection()).unwrap()).unwrap();
    let said = say(r.home.path(), &args);
    assert_eq!(said.code, 3, "{} {}", said.out, said.err);
    assert!(said.err.contains("only the simulated Azure that it ran on has a log of it"), "{}", said.err);
    other.shutdown().await.unwrap();
    std::fs::remove_file(&world).unwrap();
    let refused = source.reconcile(&r.run, Some((&real, &task))).await.unwrap_err();
    assert!(refused.to_string().contains("only the simulated Azure that it ran on"), "{refused}");
}
