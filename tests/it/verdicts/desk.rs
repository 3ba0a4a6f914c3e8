//! One case at a real desk against the embedded simulator, at full speed, looked at every few seconds.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lifeboat::azure::Cloud;
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{Command, WatchIntent};
use lifeboat::desk::snapshot::{EndpointRow, Mark, RegionRow, Snapshot};
use lifeboat::desk::{Handle, Home, Options, start, start_by};
use lifeboat::health::{Advice, State, WatchSettings};
use lifeboat::journal::RealDisk;
use lifeboat::rehearsal::scenario::{Happening, Scenario};
use lifeboat::runbook::model::{Strategy, Tier};
use lifeboat::simulator::{self, Simulator};
use lifeboat::units::Millis;

use super::Case;

/// Four probes: the news of a healthy endpoint is never older, jitter included. On call, with everything well for minutes,
/// a probe goes out once a minute.
const FRESH: i64 = 60_000;
const FRESH_ON_CALL: i64 = 240_000;
/// Between two looks: several fall between two probes of an endpoint.
const LOOK: Millis = Millis::from_secs(4);
/// Two regions with an account each, two witnesses, a store; two deployments that serve users.
const WORLD: &str = r#"#![enable(implicit_some)]
Scenario(
    schema: 1, id: "verdicts", title: "A table of verdicts", about: "What is believed when.", plan: "watched",
    strategies: [HotWarm], phases: [Decide],
    world: World(
        environment: "contoso-prod",
        subscription: "00000000-0000-4000-8000-00000000c0de",
        tenant: "00000000-0000-4000-8000-0000000000aa",
        client_id: "00000000-0000-4000-8000-0000000000cc",
        client_secret: "simulated-not-a-secret",
        groups: { "rg-chat-eastus": "eastus", "rg-chat-swedencentral": "swedencentral" },
        accounts: [
            Account(name: "oai-prod-eastus", group: "rg-chat-eastus", region: "eastus", deployments: [
                Deployment(name: "chat", model: "gpt-4o", version: "2024-11-20", capacity: 300),
                Deployment(name: "mini", model: "gpt-4o", version: "2024-11-20", capacity: 100),
            ]),
            Account(name: "oai-prod-swedencentral", group: "rg-chat-swedencentral", region: "swedencentral", deployments: [
                Deployment(name: "chat", model: "gpt-4o", version: "2024-11-20", capacity: 300),
            ]),
        ],
        quotas: [
            Quota(region: "eastus", model: "gpt-4o", versions: ["2024-11-20"], limit: 450),
            Quota(region: "swedencentral", model: "gpt-4o", versions: ["2024-11-20"], limit: 450),
        ],
        stores: [Store(name: "appcs-prod-chat", group: "rg-chat-swedencentral", region: "swedencentral",
            values: { "weight-eastus": "100", "weight-swedencentral": "0" })],
        witnesses: ["www.example.org", "www.iana.org"],
    ),
)"#;
/// One decision: the run stands at it while the watch goes on.
const RUNBOOK: &str = r#"#![enable(implicit_some)]
Runbook(
    schema: 2, id: "watched", title: "Watched", about: "Two regions that are looked at.", system: AzureOpenAI,
    objectives: { HotWarm: (rto: "2h", rpo: "15m", tier: T1, source: Judgement("for the table")) },
    parameters: {
        "primary": Region(about: "Region that serves users today", role: Primary),
        "secondary": Region(about: "Region users are moved to", differs_from: "primary", role: Secondary),
        "primary_resource": Resource(kind: "Microsoft.CognitiveServices/accounts", about: "There", role: Primary),
        "secondary_resource": Resource(kind: "Microsoft.CognitiveServices/accounts", about: "Elsewhere", role: Secondary),
    },
    gate: "W1",
    steps: [Step(
        id: "W1", phase: Decide, kind: Manual, decision: true, title: "Decide", why: "Say why.",
        target: "{primary_resource.name} and {secondary_resource.name} in {primary} and {secondary}", expect: "5m",
        second_person: "Moving users is agreed by two.", may_lose: "Requests in flight",
        source: Judgement("two people decide"),
    )],
)"#;
const PLAN: &str = r#"#![enable(implicit_some)]
Plan(
    schema: 1, id: "watched", title: "Watched", environment: "contoso-prod", runbook: "watched", strategy: HotWarm,
    values: {
        "primary": "eastus", "secondary": "swedencentral",
        "primary_resource": "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-chat-eastus/providers/Microsoft.CognitiveServices/accounts/oai-prod-eastus",
        "secondary_resource": "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-chat-swedencentral/providers/Microsoft.CognitiveServices/accounts/oai-prod-swedencentral",
    },
)"#;

/// What a person sees at one moment.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "the words are printed when a row fails")]
pub struct Picture {
    /// Scenario time, in milliseconds.
    pub at: u64,
    pub primary: State,
    pub secondary: State,
    pub laptop: State,
    pub entra: State,
    pub arm: State,
    pub advice: Advice,
    /// Words, for when something is wrong.
    pub said: String,
    /// What is shown as well although nobody heard of it lately.
    pub stale: Vec<String>,
}

impl Picture {
    fn of(s: &Snapshot) -> Option<Self> {
        let now = s.clock.now();
        let region = |role: &str| s.situation.regions.iter().find(|r| r.role == role);
        let lamp = |name: &str| s.ladder.iter().find(|l| l.name == name).map(|l| plain(l.mark));
        let (primary, secondary) = (region("primary")?, region("secondary")?);
        Some(Self {
            at: now.mono,
            primary: believed(primary),
            secondary: believed(secondary),
            laptop: lamp("This laptop")?,
            entra: lamp("Entra ID")?,
            arm: lamp("ARM")?,
            advice: advice(&s.situation.recommendation),
            said: format!("{}, {} | {}", primary.word, primary.calls, s.situation.recommendation),
            stale: stale(s, now.utc),
        })
    }
}

/// What is shown as well without an answer that is fresh.
fn stale(s: &Snapshot, now: i64) -> Vec<String> {
    let limit = if s.run.is_some() { FRESH } else { FRESH_ON_CALL };
    let rows = s.situation.endpoints.iter().filter(|e| e.mark == Mark::Ok && e.at.is_none_or(|at| now - at > limit));
    let mut out: Vec<String> = rows.map(|e| e.id.clone()).collect();
    for r in s.situation.regions.iter().filter(|r| r.mark == Mark::Ok) {
        let answers = |e: &&EndpointRow| e.region == r.display && e.calls.0 > 0;
        if !s.situation.endpoints.iter().filter(answers).any(|e| e.at.is_some_and(|at| now - at <= limit)) {
            out.push(r.display.clone());
        }
    }
    out
}

fn plain(m: Mark) -> State {
    match m {
        Mark::Ok => State::Ok,
        Mark::Suspect => State::Suspect,
        Mark::Down => State::Down,
        Mark::Degraded => State::Degraded,
        Mark::Unknown => State::Unknown,
        Mark::Blind => State::Blind,
    }
}

/// Three states share a shape; the word tells them apart.
fn believed(r: &RegionRow) -> State {
    match plain(r.mark) {
        State::Degraded if r.word.contains("throttled") => State::Throttled,
        State::Degraded if r.word.contains("comes and goes") => State::Unstable,
        other => other,
    }
}

/// The board shows the recommendation in words.
fn advice(sentence: &str) -> Advice {
    let words = [
        ("No failover is called for", Advice::Nothing),
        ("No region is watched", Advice::Nothing),
        ("Not enough for a failover", Advice::Watch),
        ("Do not fail over from here", Advice::LookAtYourNetwork),
        ("Do not fail over", Advice::NowhereToGo),
        ("Throttling is no outage", Advice::BackOff),
        ("Throttled for", Advice::MovePart),
        ("It looks like a failover", Advice::Confirm),
        ("Wait:", Advice::Wait),
        ("Fail over", Advice::FailOver),
    ];
    let found = words.iter().find(|(start, _)| sentence.starts_with(start));
    found.unwrap_or_else(|| panic!("which advice is this? {sentence}")).1
}

/// The plan of a tier, and the scenario of a row.
fn plan(tier: Tier) -> String {
    format!("watched-{tier:?}").to_lowercase()
}

/// A desk for one rehearsal after another: to start one costs as much as a row.
pub struct Lab {
    home: tempfile::TempDir,
    desk: Handle,
}

impl Lab {
    /// With everything that these rows need on its shelf.
    pub fn new(table: &[Case]) -> Self {
        let home = tempfile::tempdir().unwrap();
        shelve(home.path());
        for (n, case) in table.iter().enumerate().filter(|(_, c)| c.rehearsed) {
            let world: Scenario = ron::from_str(WORLD).unwrap();
            let (id, plan) = (format!("row-{n}"), plan(case.tier));
            let scenario = Scenario { id: id.clone(), plan, timeline: case.timeline.clone(), ..world };
            let pretty = ron::ser::PrettyConfig::new().struct_names(true);
            let text = ron::ser::to_string_pretty(&scenario, pretty).unwrap();
            fs::write(home.path().join(format!("plans/{id}.ron")), text).unwrap();
        }
        let desk = start(options(home.path(), None)).unwrap();
        Self { home, desk }
    }

    /// Everything that was shown until the row's end.
    pub fn shown(&self, n: usize, case: &Case) -> Vec<Picture> {
        if case.rehearsed { self.rehearsed(n, case) } else { on_call(case) }
    }

    /// A rehearsal: the scenario's colleagues speak, and the run knows when the impact began.
    fn rehearsed(&self, n: usize, case: &Case) -> Vec<Picture> {
        let (scenario, strategy) = (format!("row-{n}"), Some(Strategy::HotWarm));
        self.desk.send(Command::StartRehearsal {
            scenario,
            strategy,
            speed: Speed::Times(0),
            seed: 1,
            tabletop: false,
        });
        let s = until(case, &self.desk, "a run", |s| s.run.is_some() || s.notice.is_some());
        assert!(s.notice.is_none(), "{}: {:?}", case.name, s.notice);
        let all = play(case, &self.desk, &s.clock, &runtime());
        self.desk.send(Command::LeaveRun);
        until(case, &self.desk, "its end", |s| s.run.is_none());
        // Runs before this one are read again whenever one begins.
        fs::remove_dir_all(self.home.path().join("runs").join(&s.run.as_ref().unwrap().id)).unwrap();
        all
    }
}

/// A runbook and a plan for each tier; a hole in place of the reserve for a full disk.
fn shelve(home: &Path) {
    let plans = home.join("plans");
    fs::create_dir_all(&plans).unwrap();
    for (tier, own) in [Tier::T1, Tier::T2, Tier::T3].map(|t| (format!("{t:?}"), plan(t))) {
        let runbook = RUNBOOK.replace("tier: T1", &format!("tier: {tier}")).replace("\"watched\"", &format!("{own:?}"));
        fs::write(plans.join(format!("runbook-{tier}.ron")), runbook).unwrap();
        fs::write(plans.join(format!("plan-{tier}.ron")), PLAN.replace("\"watched\"", &format!("{own:?}"))).unwrap();
    }
    let runs = home.join("runs");
    fs::create_dir_all(&runs).unwrap();
    fs::File::create(runs.join("ballast")).unwrap().set_len(lifeboat::journal::BALLAST).unwrap();
}

fn options(home: &Path, cloud: Option<Cloud>) -> Options {
    let home = Home::find(Some(home)).unwrap();
    Options { home, disk: Arc::new(RealDisk), cloud, watch: None, operator: "Ada".to_owned(), script: None }
}

/// The desk between incidents: no run is open.
fn on_call(case: &Case) -> Vec<Picture> {
    let (home, runtime) = (tempfile::tempdir().unwrap(), runtime());
    shelve(home.path());
    let clock = Clock::scenario(1_795_144_440_000, Millis(0), Speed::Times(0));
    let scenario = Scenario { timeline: case.timeline.clone(), ..ron::from_str(WORLD).unwrap() };
    let mut simulated = simulator::Options::new(scenario, clock.clone());
    simulated.https = case.https;
    let simulator = runtime.block_on(Simulator::start(simulated)).unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let options = options(home.path(), Some(Cloud::from_line(&line).unwrap()));
    let desk = start_by(Options { watch: Some(plan(case.tier)), ..options }, clock.clone()).unwrap();
    until(case, &desk, "a watch", |s| s.situation.watching);
    if case.model_calls {
        let settings = WatchSettings { model_calls: true, ..WatchSettings::default() };
        desk.send(Command::Watch(WatchIntent::Set(Box::new(settings))));
    }
    play(case, &desk, &clock, &runtime)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn until(case: &Case, desk: &Handle, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    desk.wait(crate::PATIENCE, wanted).unwrap_or_else(|| {
        let s = desk.snapshot();
        panic!("{}: {what} was not seen; {:?}; {:?}", case.name, s.notice, s.activity)
    })
}

/// Lets time run from one look to the next. It stands still while somebody looks: the picture is that of the moment.
fn play(case: &Case, desk: &Handle, clock: &Clock, runtime: &tokio::runtime::Runtime) -> Vec<Picture> {
    let looker = clock.task();
    clock.set_speed(Speed::Max);
    let mut all: Vec<Picture> = Vec::new();
    while all.last().is_none_or(|p| p.at < case.until * 1_000) {
        let before = desk.snapshot().revision;
        // Any command makes a new picture.
        desk.send(Command::DismissNotice);
        let s = until(case, desk, "a picture", |s| s.revision > before);
        all.extend(Picture::of(&s));
        runtime.block_on(looker.sleep(LOOK));
    }
    clock.set_speed(Speed::Times(0));
    all
}

/// A happening at a second of the scenario.
pub fn at(second: u64, what: lifeboat::rehearsal::scenario::What) -> Happening {
    Happening { at: Millis::from_secs(second), only_in: Vec::new(), what, hidden: false, seen: None }
}
