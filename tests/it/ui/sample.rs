//! One rehearsal as a snapshot, for looking at and pressing. Sample data stays on this side of the tests.

#[path = "kept.rs"]
mod kept;
#[path = "moments.rs"]
mod moments;
#[path = "records.rs"]
mod records;

pub use moments::{at, closed, fails, live};
pub use records::audit;
use std::sync::Arc;

use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::StepIntent;
use lifeboat::desk::snapshot::*;
use lifeboat::rehearsal::scenario::{Choice, Outcome};
use lifeboat::runbook::model::{Strategy, System};
use lifeboat::units::{Millis, known_region};

/// 2026-11-20T03:14:07Z.
pub const NOW: i64 = 1_795_144_447_000;
/// When the RTO of 30 min is used up.
pub const DEADLINE: i64 = NOW + 1_303_000;

fn lamp(name: &str, mark: Mark, text: &str) -> Lamp {
    let sentence = format!("{name}: {}, {text}", mark.word());
    Lamp { name: name.into(), mark, text: text.into(), sentence }
}

fn reason(mark: Mark, text: &str, ago: i64) -> Reason {
    Reason { mark, text: text.into(), at: NOW - ago * 1_000 }
}

fn region(name: &str, mark: Mark, word: &str, figure: &str, calls: &str, role: &'static str) -> RegionRow {
    let facts = known_region(name).unwrap();
    RegionRow {
        region: name.into(),
        display: facts.display_name.clone(),
        position: facts.latitude.zip(facts.longitude),
        mark,
        word: word.into(),
        figure: figure.into(),
        calls: calls.into(),
        role,
        control: None,
        reasons: Vec::new(),
    }
}

pub fn situation() -> Situation {
    Situation {
        notices_read: Some(NOW - 60_000),
        mark: Some(Mark::Down),
        headline: "East US is down for prod-chat, persistently, for 4 min 10 s".into(),
        explanation: "It is the region, not us: three witnesses elsewhere answer from this laptop. Redirecting is reversible and \
                      takes about 12 min; waiting costs the 30 min RTO."
            .into(),
        reasons: vec![
            reason(Mark::Down, "oai-prod-eastus: connect timeouts, 9 of 9, from two networks", 2),
            reason(Mark::Ok, "Sweden Central, West Europe and the sign-in service answer", 4),
            reason(Mark::Unknown, "Service Health: nothing posted yet for East US (it usually lags 10 to 60 min)", 62),
        ],
        recommendation: String::new(),
        open_plan: Some("prod-chat".into()),
        regions: vec![
            region("eastus", Mark::Down, "down, persistent", "4 min 10 s", "9 of 9 fail", "primary"),
            region("swedencentral", Mark::Ok, "serving", "61 ms", "62 of 62", "secondary"),
            region("westeurope", Mark::Ok, "witness", "58 ms", "62 of 62", ""),
            region("eastus2", Mark::Degraded, "ARM slow", "2.1 s", "data plane ok", ""),
            region("japaneast", Mark::Unknown, "not watched", "", "", ""),
        ],
        notices: vec![],
        colleagues: vec![reason(Mark::Down, "Mira, on the office network: East US times out for her too", 80)],
        watching: true,
        ..Situation::default()
    }
}

fn row(id: &str, title: &str, state: StepState, timing: &str) -> StepRow {
    let sentence = format!("{title}: {}, {timing}", state.word());
    StepRow { id: id.into(), title: title.into(), state, timing: timing.into(), sentence, group: None }
}

fn phases() -> Vec<PhaseView> {
    use StepState::*;
    let phase = |name: &str, note: &str, steps| PhaseView { name: name.into(), note: note.into(), steps };
    vec![
        phase(
            "Decide",
            "6 min 12 s",
            vec![
                row("D1", "Confirm it is not our network", DoneByApp, "0:40"),
                row("D2", "Second vantage point", DoneByHand, "1:05"),
                row("D3", "Sweden Central can carry it", DoneByApp, "0:31"),
                row("D4", "Decide: fail over", DoneByHand, "3:56"),
            ],
        ),
        phase(
            "Fail over",
            "of about 12 min",
            vec![
                row("F1", "Deployments exist in Sweden", AlreadyTrue, "0:22"),
                row("F2", "Call each with its own key", DoneByApp, "0:48"),
                row("F3", "Raise capacity", Skipped, "skipped"),
                row("F4", "Point clients at Sweden Central", Ready, "~1 min"),
                row("F5", "Resubmit batches", Blocked, "hours"),
            ],
        ),
        phase(
            "Verify",
            "about 15 min",
            vec![
                row("V1", "Error rate under 1 %", Blocked, "10 min"),
                row("V2", "Latency within 2 × normal", Blocked, "10 min"),
                row("V3", "Owner confirms", Blocked, ""),
            ],
        ),
        phase("Operate in Sweden Central", "", vec![row("O1", "Watch quota every 15 min", Blocked, "")]),
        phase("Fail back", "", vec![row("B1", "East US steady for 60 min", Blocked, "")]),
    ]
}

fn action(intent: StepIntent, label: &str, changes_azure: bool) -> ActionView {
    ActionView { intent, label: label.into(), changes_azure, typed_name: None, wants_text: None, refused: None }
}

fn hand(label: &str) -> ActionView {
    let wants_text = Some("What shows that it is done".to_owned());
    ActionView { wants_text, ..action(StepIntent::Confirm { evidence: String::new() }, label, false) }
}

fn skip() -> ActionView {
    let wants_text = Some("Why it is left out".to_owned());
    ActionView { wants_text, ..action(StepIntent::Skip { reason: String::new() }, "Skip…", false) }
}

fn blank(row: &StepRow, phase: &str) -> StepCard {
    StepCard {
        id: row.id.clone(),
        state: row.state,
        eyebrow: format!("{phase} · read-only · {}", row.timing),
        title: row.title.clone(),
        why: "This step only reads. It is over when what it reads is as it should be.".into(),
        target: String::new(),
        changes: vec![],
        changes_read_at: None,
        changes_note: String::new(),
        degraded: None,
        takes_back: false,
        rows: vec![CardRow { label: "source", ok: None, text: "Business continuity guide, persistent errors".into() }],
        by_hand: vec![],
        by_hand_now: vec![],
        readings: vec![],
        progress: None,
        problem: None,
        decision: None,
        actions: vec![action(StepIntent::Check, "Check now", false), hand("Done by hand…"), skip()],
        history: vec![],
    }
}

fn point_clients(card: StepCard) -> StepCard {
    let field = |n: &str, b: &str, a: &str| (n.to_owned(), Some(b.to_owned()), Some(a.to_owned()));
    let row = |label, ok, text: &str| CardRow { label, ok, text: text.into() };
    StepCard {
        eyebrow: "Fail over · step 4 of 5 · reversible · about 1 min".into(),
        why: "Clients read the active region from App Configuration every 30 s. This switches the key and latches it, so that \
              it cannot flap back by itself."
            .into(),
        changes: vec![ChangeView {
            what: "set two keys in appcs-prod-chat".into(),
            fields: vec![field("active-region", "eastus", "swedencentral"), field("latched", "false", "true")],
            state: String::new(),
        }],
        changes_read_at: Some(NOW - 3_000),
        degraded: Some(false),
        changes_note: "ETag 8f2c. If someone changes it meanwhile, this step stops and asks.".into(),
        rows: vec![
            row("guard", Some(true), "At least one region serves afterwards: Sweden Central, 62 of 62 calls"),
            row("approval", Some(true), "second person, key 4d:91, 40 s ago, from another device"),
            row("may lose", None, "Requests in flight; conversations held in East US"),
            row("undo", None, "Set both back. Offered here afterwards."),
        ],
        by_hand: vec!["az appconfig kv set -n appcs-prod-chat --key active-region --value swedencentral --yes".into()],
        actions: vec![
            action(StepIntent::Perform { option: None, typed: None }, "Switch to Sweden Central", true),
            hand("Done by hand…"),
            skip(),
        ],
        ..card
    }
}

fn decide(card: StepCard) -> StepCard {
    let one = |choice| {
        let intent = StepIntent::Decide { choice, reason: String::new(), expected_loss: String::new() };
        action(intent, choice.display(), false)
    };
    StepCard {
        decision: Some(DecisionView {
            arithmetic: "RTO 30 min, 6 min gone, last drill 12 min: 1.5 times that is 18 min, 6 min to spare.".into(),
            recommends: Some(Choice::FailOver),
            loss_draft: "Requests in flight; conversations held in East US".into(),
        }),
        actions: Choice::ALL.into_iter().map(one).collect(),
        ..card
    }
}

fn failed(card: StepCard) -> StepCard {
    StepCard {
        state: StepState::Failed,
        actions: vec![action(StepIntent::Retry { option: None }, "Try again", false), hand("Done by hand…"), skip()],
        problem: Some(Problem {
            what: "Two of three deployments did not answer.".into(),
            means: "Sweden Central cannot take the traffic yet; nothing was changed.".into(),
            next: "raise their capacity, or move only the chat deployment.".into(),
            raw: "HTTP 404 DeploymentNotFound: The API deployment for this resource does not exist.".into(),
        }),
        readings: vec![
            ReadingView {
                ok: Some(true),
                name: "deployment chat".into(),
                value: "200 in 412 ms".into(),
                source: "POST oai-prod-swedencentral".into(),
                at: NOW - 8_000,
            },
            ReadingView {
                ok: Some(false),
                name: "deployment embed".into(),
                value: "404".into(),
                source: "POST oai-prod-swedencentral".into(),
                at: NOW - 8_000,
            },
        ],
        ..card
    }
}

fn cards(phases: &[PhaseView]) -> Vec<Arc<StepCard>> {
    let steps = phases.iter().flat_map(|p| p.steps.iter().map(move |s| (p, s)));
    let of = |(p, s): (&PhaseView, &StepRow)| {
        let card = blank(s, &p.name);
        Arc::new(match s.id.as_str() {
            "F4" => point_clients(card),
            "D4" => decide(card),
            _ => card,
        })
    };
    steps.map(of).collect()
}

pub fn run() -> RunView {
    let phases = phases();
    let cards = cards(&phases);
    let note = |ago: i64, who: &str, text: &str| NoteView { at: NOW - ago * 1_000, who: who.into(), text: text.into() };
    let gantt = Arc::new(super::morning::of(&phases, 14));
    RunView {
        id: "run-7f3k".into(),
        short: "7F3K".into(),
        title: "prod-chat".into(),
        strategy: Strategy::HotWarm,
        mode: Mode::Rehearsal,
        scenario: Some("A region is lost".into()),
        phases,
        cards,
        current: Some("F4".into()),
        progress: (7, 14),
        clocks: Clocks {
            rto: 1_800_000,
            deadline: Some(DEADLINE),
            forecast: "At rehearsal pace done in 9 min: 12 min to spare".into(),
            waited_people: 276_000,
            waited_azure: 112_000,
            segments: vec![
                ("detect", Some(64_000)),
                ("acknowledge", Some(31_000)),
                ("decide", Some(236_000)),
                ("execute", Some(110_000)),
                ("verify", None),
            ],
            ..Default::default()
        },
        notes: Arc::new(vec![
            note(300, "Dana", "Batch team asked to hold submissions."),
            note(120, "Dana", "Capacity raise skipped: quota already above peak."),
        ]),
        injects: vec![note(420, "Support desk", "Customers in Boston report errors since a few minutes.")],
        paused: None,
        closed: None,
        degraded: false,
        long_wait: None,
        read_only: None,
        weak: None,
        score: None,
        journal: "/home/dana/.local/share/lifeboat/runs/run-7f3k".into(),
        records: 214,
        suggest_outcome: Outcome::Recovered,
        rights: None,
        papers: Papers::default(),
        taking_back: Vec::new(),
        waits: "waits for Dana: Point clients at Sweden Central".into(),
        next: Vec::new(),
        green: None,
        gantt,
    }
}

pub fn library() -> Library {
    let scenario = |id: &str, title: &str, about: &str, strategies: &[Strategy]| ScenarioRow {
        id: id.into(),
        title: title.into(),
        about: about.into(),
        plan: if id == "quota" { "prod-search" } else { "prod-chat" }.into(),
        strategies: strategies.to_vec(),
        minutes: 30,
        tabletop: true,
    };
    let all = [Strategy::HotHot, Strategy::HotWarm, Strategy::HotCold];
    let runbook = |id: &str, title: &str, system, steps, findings| RunbookRow {
        id: id.into(),
        title: title.into(),
        system: Some(system),
        strategies: all.to_vec(),
        file: "built in".into(),
        name: id.into(),
        steps,
        findings,
    };
    let verified = Readiness::Verified {
        run: "2QXM".into(),
        what: "rehearsal".into(),
        when: NOW - 71 * 3_600_000,
        rta: Some(Millis::from_mins(21)),
    };
    let plan = |id: &str, title: &str, readiness, strategy| PlanRow {
        id: id.into(),
        title: title.into(),
        runbook: "Azure OpenAI: retry, then redirect".into(),
        strategy,
        system: Some(System::AzureOpenAI),
        file: "built in".into(),
        name: id.into(),
        errors: 0,
        digest: lifeboat::units::sha256_hex(id.as_bytes()),
        readiness,
        restricted: false,
    };
    let mut phases = phases();
    for s in phases.iter_mut().flat_map(|p| &mut p.steps) {
        s.state = StepState::Ready;
    }
    let fact = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    Library {
        runbooks: vec![
            runbook("azure-openai", "Azure OpenAI: retry, then redirect", System::AzureOpenAI, 31, (0, 0)),
            runbook("azure-ml", "Azure Machine Learning: two workspaces", System::AzureML, 44, (0, 2)),
            runbook("storage", "Storage account: failover", System::SoftDelete, 19, (1, 0)),
        ],
        plans: vec![
            plan("prod-chat", "Production chat", verified.clone(), Strategy::HotWarm),
            plan("prod-search", "Production search", Readiness::NeverRehearsed, Strategy::HotHot),
        ],
        scenarios: vec![
            scenario(
                "region-loss",
                "A region is lost",
                "East US stops answering at three in the morning. Is it the region, or us?",
                &all,
            ),
            scenario(
                "own-network",
                "It is our own network",
                "Everything times out. Moving users would make it worse.",
                &all[..2],
            ),
            scenario(
                "quota",
                "The secondary is too small",
                "Failover works, and then every second call is refused with 429.",
                &all[1..],
            ),
            scenario(
                "dns",
                "Clients keep the old address",
                "Traffic Manager has moved; a third of the clients have not.",
                &all[..1],
            ),
            scenario("flapping", "It comes and goes", "Three outages of two minutes. When is it persistent?", &all),
        ],
        preview: Some(Arc::new(PlanPreview {
            plan: "prod-chat".into(),
            name: "prod-chat".into(),
            title: "Production chat".into(),
            strategy: Strategy::HotWarm,
            strategies: all.to_vec(),
            totals: "RTO 30 min · planned 22 min · 8 min to spare".into(),
            digest: lifeboat::units::sha256_hex(b"prod-chat"),
            readiness: verified,
            trust: TrustView {
                state: TrustState::Trusted { by: "Dana".into(), at: "2026-11-02T09:20:00Z".into() },
                digest: lifeboat::units::sha256_hex(b"prod-chat"),
                foreign: vec!["/home/dana/plans/prod-chat.ron".into()],
                runbook: "Azure OpenAI: retry, then redirect".into(),
                hosts: ["login.microsoftonline.com", "management.azure.com", "oai-prod-eastus.openai.azure.com"]
                    .map(str::to_owned)
                    .to_vec(),
                blocks: false,
            },
            checks: Checks { comparable: true, ..Checks::default() },
            phases,
            facts: vec![
                fact("primary", "East US · oai-prod-eastus"),
                fact("secondary", "Sweden Central · oai-prod-swedencentral"),
                fact("automated", "9 of 14 steps; 5 ask a person"),
                fact("second person", "Point clients at Sweden Central"),
                fact("data may be lost", "Requests in flight; conversations held in East US"),
            ],
        })),
        places: Vec::new(),
        printed: None,
        book: None,
        draft: None,
        diagnostics: vec![DiagnosticRow {
            severity: "warning",
            place: "storage.ron:41:9".into(),
            code: "unverified-change".into(),
            message: "Step ST-F2 changes something but nothing verifies it; add `verify: [...]`.".into(),
        }],
    }
}

pub fn snapshot() -> Snapshot {
    Snapshot {
        revision: 1,
        band: Band {
            mode: Some(Mode::Rehearsal),
            text: "REHEARSAL · simulated Azure, nothing real changes".into(),
            run: "prod-chat · run 7F3K".into(),
        },
        clock: Clock::scenario(NOW, Millis(0), Speed::Times(0)),
        ladder: Arc::new(vec![
            lamp("This laptop", Mark::Ok, "12 ms"),
            lamp("Entra ID", Mark::Ok, "88 ms"),
            lamp("ARM", Mark::Degraded, "2.1 s"),
            lamp("East US", Mark::Down, "4 min"),
            lamp("Sweden Central", Mark::Ok, "61 ms"),
        ]),
        situation: Arc::new(situation()),
        run: Some(Arc::new(run())),
        open_runs: Arc::default(),
        checkpoint: None,
        approvals: Arc::default(),
        facilitator: None,
        trends: Arc::default(),
        library: Arc::new(library()),
        recovery: Arc::default(),
        comparisons: Arc::default(),
        audit: Arc::new(audit()),
        settings: Arc::new(Settings {
            sign_in: super::sign_in::sample(),
            operator: "Dana".into(),
            home: String::new(),
            hooks: Vec::new(),
            anchors: lifeboat::desk::protocol::Anchors::default(),
            credentials: kept::credentials(),
            cloud: vec![
                ("subscription".into(), "contoso-prod (3f1c…)".into()),
                ("signed in as".into(), "dana@contoso.example, with az".into()),
            ],
            watch: Arc::default(),
            version: "0.1.0".into(),
        }),
        activity: Arc::new(vec![Activity {
            at: NOW - 3_000,
            text: "probe oai-prod-eastus: connect timeout (9th)".into(),
        }]),
        notice: None,
        busy: None,
    }
}

/// The same morning before anyone opened a run.
pub fn on_call() -> Snapshot {
    let band = Band { mode: None, text: "contoso-prod · no run open".into(), run: "on call".into() };
    Snapshot { band, run: None, ..snapshot() }
}

/// A plan that came from elsewhere.
pub fn restricted() -> Snapshot {
    let mut library = library();
    if let Some(p) = library.preview.as_mut().map(Arc::make_mut) {
        p.trust.state = TrustState::Restricted;
        p.readiness = Readiness::Edited { run: "2QXM".into(), when: NOW - 71 * 3_600_000 };
        p.trust.blocks = true;
        p.trust.foreign.push("/home/dana/plans/azure-openai.ron".into());
    }
    library.plans[0].restricted = true;
    Snapshot { library: Arc::new(library), ..on_call() }
}

/// The very first start.
pub fn first_start() -> Snapshot {
    let band = Band { mode: None, text: "No run open".into(), run: String::new() };
    Snapshot {
        band,
        ladder: Arc::new(vec![lamp("This laptop", Mark::Ok, "12 ms"), lamp("Entra ID", Mark::Unknown, "not asked")]),
        situation: Arc::default(),
        audit: Arc::default(),
        run: None,
        activity: Arc::default(),
        ..snapshot()
    }
}
