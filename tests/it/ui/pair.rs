//! Two people and several runs as snapshots: what is asked, a colleague's request, papers, runs beside each other, with
//! texts as long as they really are.

use std::sync::Arc;

use lifeboat::desk::protocol::StepIntent;
use lifeboat::desk::snapshot::*;
use lifeboat::run::event::LossKind;

use super::sample::{self, NOW};

/// A picture of so many modules: the finder patterns, and something like data.
pub fn code(width: usize, seed: usize) -> Qr {
    let finder = |x: usize, y: usize| {
        let near = |v: usize, from: usize| v.checked_sub(from).filter(|d| *d < 7);
        let corners = [(0, 0), (width - 7, 0), (0, width - 7)];
        corners.iter().find_map(|(cx, cy)| near(x, *cx).zip(near(y, *cy))).map(|(dx, dy)| {
            let ring = dx.min(dy).min(6 - dx).min(6 - dy);
            ring != 1
        })
    };
    let data = |x: usize, y: usize| (x * 7 + y * 13 + x * y * (seed + 3) + seed) % 5 < 2;
    let dark: Vec<bool> = (0..width * width)
        .map(|i| finder(i % width, i / width).unwrap_or_else(|| data(i % width, i / width)))
        .collect();
    Qr { width, dark: dark.into() }
}

const BLOCK: &str = "-----BEGIN LIFEBOAT REQUEST-----\n\
    eyJ2IjoxLCJydW4iOiI3RjNLIiwicGxhbiI6IjU4ZjJjMWQ0YmQ4YTkwN2UiLCJzdGVwIjoiRjQiLCJjaGFuZ2VzIjpbInNldCB0d28ga2V5cyJd\n\
    LCJ1bnRpbCI6MTc5NTE0NTA0NywibW9kZSI6InJlaGVhcnNhbCIsImJ5IjoiRGFuYSIsImtleSI6IjRkOjkxOmMwOjdhIn0=\n\
    -----END LIFEBOAT REQUEST-----";

pub fn asked() -> AskedView {
    AskedView {
        step: "F4".into(),
        nonce: "5e".into(),
        what: "Set two keys in appcs-prod-chat: active-region eastus → swedencentral, latched false → true".into(),
        block: BLOCK.into(),
        pictures: vec![code(97, 1), code(97, 2), code(61, 3)],
        challenge: "4812-0937-2265".into(),
        until: Some(NOW + 552_000),
        approvers: vec!["Mira".into(), "Jo van der Meulen".into()],
    }
}

pub fn roster() -> Vec<RosterRow> {
    let row = |name: &str, key: &str, own| RosterRow {
        name: name.into(),
        key: key.into(),
        whole: lifeboat::units::sha256_hex(name.as_bytes()),
        own,
    };
    vec![
        row("Dana", "4d:91:c0:7a", true),
        row("Mira", "09:ee:31:b2", false),
        row("Jo van der Meulen", "77:0a:5c:19", false),
    ]
}

pub fn approvals(asked: Vec<AskedView>, request: Option<RequestView>) -> Approvals {
    Approvals {
        asked,
        request: request.map(Arc::new),
        roster: roster(),
        mine: Some("lifeboat-key Dana ed25519 kZ0W3lBv1yq3V0c8mU9rT5aQ2nF7sL4dH6gJ1pX8eYw".into()),
        cannot_sign: None,
    }
}

/// The run waits for the second person.
pub fn waiting() -> Snapshot {
    let mut run = sample::run();
    for c in run.cards.iter_mut().filter(|c| c.id == "F4") {
        let c = Arc::make_mut(c);
        c.state = StepState::AwaitingApproval;
        c.rows[1] = CardRow { label: "approval", ok: None, text: "the second person was asked".into() };
        c.progress = Some(format!("Waiting for the second person: {}", asked().what));
        c.actions.retain(|a| matches!(a.intent, StepIntent::Skip { .. }));
    }
    for s in run.phases.iter_mut().flat_map(|p| &mut p.steps).filter(|s| s.id == "F4") {
        s.state = StepState::AwaitingApproval;
    }
    run.waits = "waits for the second person: Mira or Jo van der Meulen".into();
    Snapshot { run: Some(Arc::new(run)), approvals: Arc::new(approvals(vec![asked()], None)), ..sample::snapshot() }
}

/// A colleague's request, as the second person sees it.
pub fn request(mode: Mode) -> RequestView {
    let field = |n: &str, b: &str, a: &str| (n.to_owned(), Some(b.to_owned()), Some(a.to_owned()));
    let row = |label, ok, text: &str| CardRow { label, ok, text: text.into() };
    RequestView {
        id: "r1".into(),
        from: "Dana".into(),
        known: true,
        run: "7F3K, begun at 03:05 UTC".into(),
        plan: "Production chat, contoso-prod".into(),
        mode,
        step: "F4 · Point clients at Sweden Central".into(),
        changes: vec![ChangeView {
            what: "set two keys in appcs-prod-chat".into(),
            fields: vec![field("active-region", "eastus", "swedencentral"), field("latched", "false", "true")],
            state: String::new(),
        }],
        words: vec![],
        rows: vec![
            row("why a second person", None, "It moves all users at once"),
            row("may lose", None, "Requests in flight; conversations held in East US"),
            row("undo", None, "Writes back what was read before"),
            row(
                "guard set aside",
                Some(false),
                "enough time since the last switch: 4 min ago, wants 15 min. Dana: the first switch went to the wrong region",
            ),
        ],
        typed_name: None,
        until: None,
        refused: None,
        verdict: None,
        answer: None,
        code: None,
    }
}

/// The Approve screen with this request.
pub fn approving(request: RequestView) -> Snapshot {
    Snapshot { approvals: Arc::new(approvals(vec![], Some(request))), ..sample::on_call() }
}

/// The request answered.
pub fn answered() -> Snapshot {
    let answer = Some(BLOCK.replace("REQUEST", "ANSWER").into());
    let (verdict, code) = (Some(ApprovalVerdict::Agreed), Some("73-18-40".into()));
    approving(RequestView { verdict, answer, code, ..request(Mode::Live) })
}

pub fn papers() -> Papers {
    let note = |ago: i64, who: &str, text: &str| NoteView { at: NOW - ago * 1_000, who: who.into(), text: text.into() };
    let evidence = |ago: i64, name: &str, step: Option<&str>, bytes, file: Option<&str>| EvidenceView {
        at: NOW - ago * 1_000,
        who: "Dana".into(),
        name: name.into(),
        step: step.map(str::to_owned),
        bytes,
        sha256: lifeboat::units::sha256_hex(name.as_bytes()),
        file: file.map(str::to_owned),
    };
    Papers {
        ledger: Arc::new(vec![
            note(200, "Dana", "Deployment gpt-4o-mini raised from 120 to 240 in oai-prod-swedencentral"),
            note(90, "Mira", "Container sessions-2026-11 created in stprodchatswe; about 4 GB an hour"),
        ]),
        losses: vec![
            LossView { kind: LossKind::Lost, text: "Requests in flight at 03:05, about 140".into() },
            LossView { kind: LossKind::Unavailable, text: "Conversations of before 03:05 are held in East US".into() },
            LossView { kind: LossKind::Duplicated, text: "Batch 2026-11-19 ran in both regions".into() },
        ],
        evidence: vec![
            evidence(260, "health at the decision", Some("D4"), 18_220, Some("evidence/health-1.json")),
            evidence(
                40,
                "Screenshot 2026-11-20 at 03.12.44 of the portal's service health page.png",
                None,
                2_480_001,
                Some("e.png"),
            ),
            evidence(20, "ticket 4711", Some("F4"), 312, None),
        ],
        findings: vec![
            FindingView {
                text: "The capacity in Sweden Central is half of what is needed at noon".into(),
                corrective: Some("raise to 480 and reserve it, Jo, until 2026-12-15".into()),
                rated: Some("high: nobody watches the quota".into()),
                closed: None,
            },
            FindingView {
                text: "Nobody on call had the right to write App Configuration".into(),
                corrective: None,
                rated: None,
                closed: None,
            },
        ],
        signoffs: vec![note(10, "Mira", "service owner: users are served, the loss is as stated")],
        comms: vec![note(230, "Lifeboat", "decision to Teams “on-call bridge”: delivered")],
        told: vec![note(120, "Dana", "declared: activated by Mira; triggered by 500 on every call")],
        missing: vec![
            "F16 Security during the disruption: the state of logging, access and emergency accounts (papers: tell)"
                .into(),
            "F23 Sign-off, report version, distribution: the management's signature, report (papers: sign off)".into(),
        ],
        handed_over: None,
    }
}

pub fn open_runs() -> Vec<OpenRun> {
    let run = |short: &str, title: &str, mode, waits: &str, calls, shown| OpenRun {
        id: format!("run-{}", short.to_lowercase()),
        short: short.into(),
        title: title.into(),
        mode,
        waits: waits.into(),
        calls,
        shown,
    };
    vec![
        run("7F3K", "prod-chat", Mode::Rehearsal, "waits for Dana: Point clients at Sweden Central", false, true),
        run("2QXM", "Production search, both indexes", Mode::Live, "waits for the second person: Mira", true, false),
        run("9B1C", "prod-batch", Mode::DryRun, "waits for Azure: reading deployments", false, false),
    ]
}

/// A run with everything that people keep, in a group of steps, near its end of time, beside two other runs.
pub fn full() -> Snapshot {
    let mut run = sample::run();
    run.papers = papers();
    for (i, s) in run.phases[1].steps.iter_mut().enumerate() {
        s.group = (1..3).contains(&i).then(|| "calls".to_owned());
    }
    run.clocks.breach = Some("At rehearsal pace the RTO of 30 min is missed by 4 min.".into());
    run.clocks.forecast = "At rehearsal pace done in 25 min: 4 min past the RTO.".into();
    run.clocks.rpa = "41 min: last sync of stprodchat".into();
    for (i, t) in run.clocks.t.iter_mut().enumerate().take(6) {
        *t = Some(NOW - 500_000 + i as i64 * 60_000);
    }
    run.next = vec![
        "Point clients at Sweden Central".into(),
        "Error rate under 1 % over ten minutes and a hundred calls".into(),
        "Owner confirms".into(),
    ];
    for c in run.cards.iter_mut().filter(|c| c.id == "F4") {
        let dns = CardRow {
            label: "dns",
            ok: None,
            text: "clients may keep the old address for 190 s at worst: 30 s × 4 + 10 s + TTL 60 s".into(),
        };
        Arc::make_mut(c).rows.insert(1, dns);
    }
    Snapshot {
        run: Some(Arc::new(run)),
        open_runs: Arc::new(open_runs()),
        approvals: Arc::new(approvals(vec![], None)),
        ..sample::snapshot()
    }
}

/// A guard refuses the step.
pub fn refused() -> Snapshot {
    let mut run = sample::run();
    for c in run.cards.iter_mut().filter(|c| c.id == "F4") {
        let c = Arc::make_mut(c);
        c.rows[0] = CardRow {
            label: "guard",
            ok: Some(false),
            text: "enough time since the last switch: 4 min ago, wants 15 min".into(),
        };
        c.actions[0].refused =
            Some("The guard “enough time since the last switch” does not hold: 4 min ago, wants 15 min".into());
    }
    Snapshot { run: Some(Arc::new(run)), approvals: Arc::new(approvals(vec![], None)), ..sample::snapshot() }
}

/// Three steps are being taken back.
pub fn taking_back() -> Snapshot {
    let mut snap = in_state("F4", StepState::Running);
    let run = Arc::make_mut(snap.run.as_mut().unwrap());
    run.taking_back = vec!["F4".into(), "F2".into(), "F1".into()];
    run.waits = "waits for Azure: set two keys in appcs-prod-chat".into();
    for c in run.cards.iter_mut().filter(|c| c.id == "F4") {
        let c = Arc::make_mut(c);
        // The way back: what was new is old.
        for (_, before, after) in c.changes.iter_mut().flat_map(|change| &mut change.fields) {
            std::mem::swap(before, after);
        }
        (c.changes_read_at, c.changes_note) = (None, String::new());
    }
    snap
}

/// Handed over to somebody else.
pub fn handed_over() -> Snapshot {
    let mut run = sample::run();
    run.papers.handed_over = Some("Mira, at 03:13 UTC, in run-7f3k.handover".into());
    Snapshot { run: Some(Arc::new(run)), ..sample::snapshot() }
}

/// The longest texts that the built-in runbooks have, and worse.
pub fn long() -> Snapshot {
    let mut snap = full();
    let run = Arc::make_mut(snap.run.as_mut().unwrap());
    let name = "Kundendialog Produktion Europa (Chat, Suche, Zusammenfassungen) mit Fremdsprachen";
    run.title = name.into();
    run.waits =
        "waits for the second person: Jo van der Meulen-Schwarzenberger, who was asked 14 min ago by message".into();
    run.clocks.forecast =
        "At the pace of the last rehearsal (2QXM, 71 hours ago) done in 41 min: 19 min over the RTO".into();
    for c in &mut run.cards {
        let c = Arc::make_mut(c);
        c.title =
            "Verify from outside that every model deployment answers in the secondary with the workload's own identity"
                .into();
        c.why = format!("{} {}", c.why, "It reads again what the step before has written, with another identity, because what the operator may call says nothing about what the workload may call. ".repeat(3));
        c.target = "/subscriptions/3f1c2ab4-0000-4000-8000-000000000000/resourceGroups/rg-prod-chat-swedencentral-001/providers/Microsoft.AppConfiguration/configurationStores/appcs-prod-chat-swedencentral".into();
        for r in &mut c.rows {
            r.text =
                format!("{}; {}", r.text, "and so on for each of the twelve deployments that the plan names".repeat(2));
        }
        for a in &mut c.actions {
            a.label = format!("{} in Sweden Central for all deployments", a.label);
        }
    }
    for s in run.phases.iter_mut().flat_map(|p| &mut p.steps) {
        s.title = format!("{} in every region that the plan names", s.title);
    }
    let open = Arc::make_mut(&mut snap.open_runs);
    open.iter_mut().for_each(|r| r.title = name.into());
    snap
}

/// A step (`F4` changes, `V1` reads, `D4` decides) in this state, with what the desk shows beside it.
pub fn in_state(step: &str, state: StepState) -> Snapshot {
    let mut run = sample::run();
    run.current = Some(step.to_owned());
    for row in run.phases.iter_mut().flat_map(|p| &mut p.steps).filter(|s| s.id == step) {
        row.state = state;
        row.sentence = format!("{}: {}, {}", row.title, state.word(), row.timing);
    }
    let action = |intent, label: &str, changes_azure| ActionView {
        intent,
        label: label.into(),
        changes_azure,
        typed_name: None,
        wants_text: None,
        refused: None,
    };
    for c in run.cards.iter_mut().filter(|c| c.id == step) {
        let c = Arc::make_mut(c);
        c.state = state;
        let sent = match state {
            StepState::Running => "Azure is working on it",
            StepState::Verifying | StepState::DoneByApp => "done",
            StepState::Failed => "failed",
            StepState::Indeterminate => "unclear, being read back",
            _ => "",
        };
        c.changes.iter_mut().for_each(|change| change.state = sent.into());
        if state.busy() {
            c.progress = Some("Azure answers 202; asked again in 4 s. 38 s so far, usually 1 min.".into());
            c.actions.clear();
        }
        if state.over() {
            c.actions = vec![action(StepIntent::Undo, "Look at taking it back", false)];
        }
        if matches!(state, StepState::Failed | StepState::Indeterminate) {
            c.problem = Some(Problem {
                what: "Azure did not answer within 60 s.".into(),
                means: "Whether the keys were set is not known; nothing is sent again before it was read.".into(),
                next: "let Lifeboat read them, or look by hand.".into(),
                raw: "PUT https://appcs-prod-chat.azconfig.io/kv/active-region: operation timed out".into(),
            });
            c.actions.insert(0, action(StepIntent::Retry { option: None }, "Read and try again", false));
        }
    }
    Snapshot { run: Some(Arc::new(run)), approvals: Arc::new(approvals(vec![], None)), ..sample::snapshot() }
}
