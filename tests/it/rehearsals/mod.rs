//! Every rehearsal from its first second to its closed end, by its own script: with the right answers for the whole score,
//! with each wrong one for the failure that it is meant to show.
//!
//! `LIFEBOAT_REHEARSE=id[/strategy[/wrong]]` runs one of them alone and prints its record; the files are read from the
//! repository, so that a scenario can be tried without building anything.

pub mod rhythm;

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::catalog::{Catalog, list_path, read_file};
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{RunView, Snapshot};
use lifeboat::desk::{Handle, Home, Options, ScriptSource, replay, start};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::rehearsal::judge::holds;
use lifeboat::rehearsal::scenario::{Scenario, What, When};
use lifeboat::run::state::Run;
use lifeboat::runbook::Kind;
use lifeboat::runbook::model::{Phase, Strategy};
use lifeboat::units::Millis;

/// A rehearsal that is not closed by then (real time) hangs.
const PATIENCE: Duration = Duration::from_secs(240);
/// A rehearsal that is not closed by then (scenario time) is stuck.
const STUCK: Millis = Millis::from_mins(30 * 60);

/// One rehearsal that came to its end.
struct Done {
    run: Arc<RunView>,
    /// As its record tells it.
    told: Run,
    took: Duration,
}

fn desk(home: &Path, script: ScriptSource) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let script = Some(script);
    let options =
        Options { home, disk: Arc::new(RealDisk), cloud: None, watch: None, operator: "operator".into(), script };
    start(options).unwrap()
}

/// Files are read from the repository while one is worked on.
fn catalog() -> Catalog {
    let here = || list_path(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios"));
    let files = std::env::var_os("LIFEBOAT_REHEARSE")
        .map(|_| here().unwrap().iter().filter_map(|p| read_file(p).ok()).collect());
    Catalog::builtin().with(files.unwrap_or_default())
}

/// Runs one rehearsal by its script, or by one of its wrong ways, at a desk of its own.
fn rehearse(scenario: &str, strategy: Strategy, wrong: Option<&str>) -> Result<Done, String> {
    let began = Instant::now();
    let home = tempfile::tempdir().unwrap();
    let known = catalog().scenario(scenario).map_err(|e| e.to_string())?;
    let script = match wrong {
        None => ScriptSource::Scenario,
        Some(id) => {
            known.gone_wrong(id).ok_or("no such wrong way")?;
            ScriptSource::Wrong(id.to_owned())
        }
    };
    let desk = desk(home.path(), script);
    if std::env::var_os("LIFEBOAT_REHEARSE").is_some() {
        desk.send(Command::OpenPath(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios")));
    }
    let start = Command::StartRehearsal {
        scenario: scenario.to_owned(),
        strategy: Some(strategy),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    };
    desk.send(start);
    let over = |s: &Snapshot| {
        s.run.as_ref().is_some_and(|r| r.closed.is_some() || r.read_only.is_some() || s.clock.now().mono > STUCK.0)
            || (s.run.is_none() && s.notice.is_some())
    };
    let seen = desk.wait(PATIENCE, over);
    let s = seen.clone().unwrap_or_else(|| desk.snapshot());
    let mut trace = String::new();
    if let Some(run) = &s.run
        && (run.closed.is_none() || std::env::var_os("LIFEBOAT_REHEARSE").is_some())
    {
        trace = record(&desk, run);
    }
    match s.run.clone() {
        Some(run) if run.closed.is_some() => {
            if !trace.is_empty() {
                println!("{trace}");
            }
            let records = read_run(&RealDisk, Path::new(&run.journal)).map_err(|e| e.to_string())?;
            let overdue = rhythm::overdue(&records);
            if !overdue.is_empty() {
                return Err(format!("checkpoints are missing at the records {overdue:?}"));
            }
            let told = replay(&records).map_err(|e| e.to_string())?;
            Ok(Done { run, told, took: began.elapsed() })
        }
        Some(run) => {
            let card = run.cards.iter().find(|c| Some(&c.id) == run.current.as_ref());
            Err(format!("{trace}stuck, read only {:?}, at {card:#?}", run.read_only))
        }
        None => Err(format!("not begun: {:?}", s.notice)),
    }
}

fn record(desk: &Handle, run: &RunView) -> String {
    desk.send(Command::ShowRecord(run.id.clone()));
    let shown = desk.wait(Duration::from_secs(30), |s| s.audit.shown.as_ref().is_some_and(|r| r.run == run.id));
    let mut out = String::new();
    if let Some(record) = shown.and_then(|s| s.audit.shown.clone()) {
        for r in &record.rows {
            writeln!(out, "{} {:<8} {:<24} {}", r.time, r.step, r.actor, r.text).unwrap();
        }
    }
    for a in desk.snapshot().activity.iter() {
        writeln!(out, "said: {}", a.text).unwrap();
    }
    out
}

fn sheet(done: &Done) -> String {
    let score = done.run.score.clone().unwrap_or_default();
    let mut out = format!(
        "{} of {}, {} in {:.1} s\n",
        score.points,
        score.of,
        done.run.closed.clone().unwrap_or_default(),
        done.took.as_secs_f64()
    );
    for (what, points, of, why) in &score.lines {
        writeln!(out, "  {points}/{of} {what}: {why}").unwrap();
    }
    out
}

/// The right answers: the whole score, and no mistake.
fn right(scenario: &str, strategy: Strategy) {
    let done = rehearse(scenario, strategy, None).unwrap_or_else(|e| panic!("{scenario} {strategy:?}: {e}"));
    let score = done.run.score.clone().unwrap();
    assert_eq!(
        (score.points, score.mistakes.as_slice()),
        (score.of, &[][..]),
        "{scenario} {strategy:?}: {}",
        sheet(&done)
    );
}

/// Mistakes that are made by saying something, in their wrong ways: a promise, a secret that was told, what was asked of
/// somebody else, what was done on the team's own machines. Nothing but those words is in the record of them.
const SAID: &[(&str, &str)] = &[
    ("hub-deleted", "promises-hub"),
    ("vault-clock", "tried-purge"),
    ("insights-zone", "all-at-once"),
    ("credentials-expire", "shares-secret"),
];

/// The same condition with nobody's words counted, wherever it looks for some. Where it misses some they are missed.
fn by_deed(when: &When) -> When {
    let all = |list: &[When]| list.iter().map(by_deed).collect();
    match when {
        When::All(list) => When::All(all(list)),
        When::Any(list) => When::Any(all(list)),
        When::Says { .. } => When::Any(Vec::new()),
        other => other.clone(),
    }
}

/// A wrong way: the mistakes that it is meant to show are on the sheet, and no others; they were made, and not only named.
fn wrong(scenario: &str, strategy: Strategy, id: &str) {
    let known = catalog().scenario(scenario).unwrap();
    let meant = known.wrong.iter().find(|w| w.id == id).unwrap().fails.clone();
    let done = rehearse(scenario, strategy, Some(id)).unwrap_or_else(|e| panic!("{scenario} {strategy:?} {id}: {e}"));
    let score = done.run.score.clone().unwrap();
    let mut shown: Vec<&str> = score.mistakes.iter().map(String::as_str).collect();
    shown.sort_unstable();
    let mut meant: Vec<&str> = meant.iter().map(String::as_str).collect();
    meant.sort_unstable();
    assert_eq!(shown, meant, "{scenario} {strategy:?} {id}: {}", sheet(&done));
    assert!(score.points < score.of);
    for fail in known.expected(strategy).fails.iter().filter(|f| meant.contains(&f.id.as_str())) {
        let done_too = holds(&done.told, &by_deed(&fail.when));
        assert_eq!(done_too, !SAID.contains(&(scenario, fail.id.as_str())), "{scenario} {id}: {} was done", fail.id);
    }
}

macro_rules! right_answers {
    ($($name:ident: $scenario:literal $strategy:ident;)*) => {
        $(#[test] fn $name() { right($scenario, Strategy::$strategy) })*
        const RIGHT: &[(&str, Strategy)] = &[$(($scenario, Strategy::$strategy)),*];
    };
}

macro_rules! wrong_answers {
    ($($name:ident: $scenario:literal $strategy:ident $id:literal;)*) => {
        $(#[test] fn $name() { wrong($scenario, Strategy::$strategy, $id) })*
        const WRONG: &[(&str, Strategy, &str)] = &[$(($scenario, Strategy::$strategy, $id)),*];
    };
}

right_answers! {
    region_loss_hot_hot: "region-loss" HotHot;
    region_loss_hot_warm: "region-loss" HotWarm;
    region_loss_hot_cold: "region-loss" HotCold;
    training_lost_hot_hot: "training-lost" HotHot;
    training_lost_hot_warm: "training-lost" HotWarm;
    training_lost_hot_cold: "training-lost" HotCold;
    hub_deleted: "hub-deleted" Recover;
    vault_clock: "vault-clock" Recover;
    quota_exhausted: "quota-exhausted" HotCold;
    stale_connection: "stale-connection" HotWarm;
    only_the_storage: "only-the-storage" HotHot;
    insights_zone_active_passive: "insights-zone" ActivePassive;
    insights_zone_active_active: "insights-zone" ActiveActive;
    all_degraded_priority: "all-degraded" Priority;
    all_degraded_performance: "all-degraded" Performance;
    credentials_expire: "credentials-expire" HotWarm;
    own_network_hot_hot: "own-network" HotHot;
    own_network_hot_warm: "own-network" HotWarm;
    own_network_hot_cold: "own-network" HotCold;
    fail_back_divergence: "fail-back-divergence" HotWarm;
    account_clock: "account-clock" Recover;
    throttling_storm: "throttling-storm" HotWarm;
    shared_vault: "shared-vault" HotCold;
    weighted_flap: "weighted-flap" Weighted;
    storage_deleted: "storage-deleted" Recover;
    workspace_deleted: "workspace-deleted" Recover;
}

wrong_answers! {
    waits_for_the_job: "training-lost" HotWarm "waits";
    promises_the_hub: "hub-deleted" Recover "promises";
    assumes_ninety_days: "vault-clock" Recover "assumes";
    purges_the_vault: "vault-clock" Recover "purges";
    retries_without_quota: "quota-exhausted" HotCold "retries";
    blames_the_region: "stale-connection" HotWarm "blames";
    fails_the_storage_over: "only-the-storage" HotHot "obeys";
    trusts_green: "insights-zone" ActivePassive "trusts-green";
    trusts_green_where_both_serve: "insights-zone" ActiveActive "trusts-green";
    restarts_all_at_once: "insights-zone" ActivePassive "all-at-once";
    trusts_online: "all-degraded" Priority "trusts";
    shares_a_secret: "credentials-expire" HotWarm "shares";
    believes_one_laptop: "own-network" HotWarm "one-laptop";
    goes_home_tonight: "fail-back-divergence" HotWarm "tonight";
    hurries_to_the_account: "account-clock" Recover "hurries";
    obeys_the_shout: "throttling-storm" HotWarm "obeys";
    waits_for_the_vault: "shared-vault" HotCold "waits";
    lets_it_oscillate: "weighted-flap" Weighted "lets-it";
    makes_storage_again: "storage-deleted" Recover "makes-it-again";
    presses_recover: "workspace-deleted" Recover "presses-recover";
    stops_no_pipeline: "account-clock" Recover "no-time-to-stop";
    stops_the_script_too_late: "hub-deleted" Recover "reads-first";
    submits_no_job_again: "workspace-deleted" Recover "leaves-jobs";
    lets_the_rotation_write: "shared-vault" HotCold "rotates";
}

/// Whatever is built in is rehearsed here: a scenario that is added has to be added above.
#[test]
fn nothing_is_left_out() {
    let catalog = Catalog::builtin();
    let scenarios: Vec<_> = catalog.ids(Kind::Scenario).iter().map(|id| catalog.scenario(id).unwrap()).collect();
    for s in scenarios.iter().filter(|s| !s.plan.is_empty()) {
        for strategy in &s.strategies {
            assert!(RIGHT.contains(&(s.id.as_str(), *strategy)), "{} {strategy:?}", s.id);
        }
        for w in &s.wrong {
            assert!(
                WRONG.iter().any(|(of, with, id)| *of == s.id && *id == w.id && s.strategies.contains(with)),
                "{} {}",
                s.id,
                w.id
            );
        }
    }
    // Every runbook in each of its strategies, from the decision to the closed fail back, or to what was recovered.
    for file in catalog.runbooks() {
        let book = catalog.runbook(&file.outline().unwrap().id.unwrap()).unwrap();
        for strategy in book.objectives.keys() {
            let whole = |s: &&Scenario| {
                let last = if *strategy == Strategy::Recover { Phase::Verify } else { Phase::FailBack };
                let plan = || catalog.plan(&s.plan, Some(*strategy)).is_ok_and(|p| p.runbook_id == book.id);
                [Phase::Decide, last].iter().all(|p| s.phases.contains(p)) && s.strategies.contains(strategy) && plan()
            };
            assert!(scenarios.iter().any(|s| whole(&s)), "{} {strategy:?} is rehearsed by nothing", book.id);
        }
    }
}

/// A mistake that no wrong way makes may be one that nobody can make as it is written: each is made somewhere above, and
/// where a strategy has expectations of its own, with that strategy.
#[test]
fn every_mistake_is_made_by_some_wrong_way() {
    let catalog = catalog();
    let mut never = Vec::new();
    for s in catalog.ids(Kind::Scenario).iter().map(|id| catalog.scenario(id).unwrap()) {
        for strategy in &s.strategies {
            let own = s.expect_in.contains_key(strategy);
            let same = |with: &Strategy| with == strategy || !own && !s.expect_in.contains_key(with);
            let made = |fail: &str| {
                let makes = |id: &str| s.wrong.iter().any(|w| w.id == id && w.fails.iter().any(|f| f == fail));
                WRONG.iter().any(|(of, with, id)| *of == s.id && same(with) && makes(id))
            };
            let fails = s.expected(*strategy).fails.iter().filter(|f| !made(&f.id));
            never.extend(fails.map(|f| format!("{} {strategy:?} {}", s.id, f.id)));
        }
    }
    assert!(never.is_empty(), "made by no wrong way: {never:#?}");
}

/// What a scenario names is there: steps of its runbook, mistakes that can be made, people who are introduced.
#[test]
fn what_a_scenario_names_is_there() {
    let catalog = Catalog::builtin();
    for s in catalog.ids(Kind::Scenario).iter().map(|id| catalog.scenario(id).unwrap()).filter(|s| !s.plan.is_empty()) {
        let plans: Vec<_> = s.strategies.iter().map(|x| (*x, catalog.plan(&s.plan, Some(*x)).unwrap())).collect();
        let known =
            |id: &str| id == "*" || id == "close" || plans.iter().any(|(_, p)| p.steps.iter().any(|x| x.id == id));
        let wrong = s.wrong.iter().flat_map(|w| &w.answers);
        let answers = s.answers.iter().chain(wrong).map(|a| a.step.as_str());
        let named = answers.chain(s.expect.steps()).chain(s.expect_in.values().flat_map(|e| e.steps()));
        for id in named.chain(s.hands.iter().map(|h| h.step.as_str())) {
            assert!(known(id), "{}: no step {id}", s.id);
        }
        for (strategy, _) in &plans {
            let fails = &s.expected(*strategy).fails;
            let here = s.wrong.iter().filter(|w| w.only_in.is_empty() || w.only_in.contains(strategy));
            for id in here.flat_map(|w| &w.fails) {
                assert!(fails.iter().any(|f| f.id == *id), "{} {strategy:?}: no mistake {id}", s.id);
            }
        }
        let absent = s.timeline.iter().filter_map(|h| match &h.what {
            What::Away(who) | What::Back(who) => Some(who),
            _ => None,
        });
        assert!(absent.chain(&s.approvers).all(|who| s.people.contains(who)), "{}", s.id);
    }
}

#[test]
fn a_world_begins_with_another_and_says_what_differs() {
    let catalog = Catalog::builtin();
    let lost = catalog.scenario("account-clock").unwrap().world;
    assert!(lost.groups.contains_key("rg-hub-eastus") && !lost.groups.contains_key("rg-sandbox-recovery"));
    let deleted: Vec<&str> = lost.deleted.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(deleted, ["kv-sandbox-lost", "oai-sandbox-lost"]);
    assert!(
        lost.deleted.iter().all(|d| d.ago == Millis::from_mins(46 * 60 + 30)),
        "its own lines take the place of the other's"
    );
    assert_eq!((lost.environment.as_str(), lost.quick), ("contoso-sandbox", 0), "operations take as long as Azure's");
    let text = include_str!("../../../assets/scenarios/account-clock.ron")
        .replace("world_of: \"sandbox\"", "world_of: \"nowhere\"");
    let file = lifeboat::catalog::File { name: "own.ron".to_owned(), text, path: None };
    let why = catalog.with(vec![file]).scenario("account-clock").unwrap_err().to_string();
    assert!(why.contains("`nowhere`") && why.contains("no subscription"), "{why}");
}

#[test]
fn one() {
    let Ok(wanted) = std::env::var("LIFEBOAT_REHEARSE") else { return };
    let mut parts = wanted.split('/');
    let scenario = parts.next().unwrap();
    let strategy: Strategy = ron::from_str(parts.next().unwrap()).unwrap();
    let done = rehearse(scenario, strategy, parts.next()).unwrap_or_else(|e| panic!("{e}"));
    println!("{scenario} {strategy:?}: {}", sheet(&done));
}
