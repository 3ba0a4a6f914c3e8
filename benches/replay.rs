//! How long a run takes to open: 100,000 entries replayed, wanted in a tenth of a second.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lifeboat::plan;
use lifeboat::run::command::{Command, Order};
use lifeboat::run::decide::decide;
use lifeboat::run::event::{Actor, Entry, Event, Mode, Observed, Reading, Start};
use lifeboat::run::state::Run;
use lifeboat::runbook::model::{Phase, Strategy};
use lifeboat::runbook::{Part, Source};

const ENTRIES: usize = 100_000;
const RUNBOOK: &str = include_str!("../runbooks/azure-openai.ron");
const COMMON: &str = include_str!("../runbooks/parts/common.ron");
const PLAN: &str = include_str!("../assets/plans/prod-chat.ron");

/// A long night: health on record over and over, steps that are checked, fail and are tried again.
fn entries() -> Vec<Entry> {
    let part = Part { path: "parts/common.ron".to_owned(), name: "common.ron".to_owned(), text: Ok(COMMON.to_owned()) };
    let source = Source { parts: vec![part], ..Source::new("runbook.ron", RUNBOOK) };
    let (plan, _) = plan::bind("plan.ron", PLAN, &source, Some(Strategy::HotWarm));
    let plan = plan.unwrap();
    let start = Start {
        mode: Mode::Rehearsal,
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        digest: plan.digest.clone(),
        strategy: plan.strategy,
        phases: Phase::ALL.to_vec(),
        steps: plan.steps.iter().map(|s| s.id.clone()).collect(),
        rto_ms: plan.rto.0,
        rpo_ms: plan.rpo.0,
        scenario: None,
    };
    let order = Order {
        actor: Actor::Operator("Ada".to_owned()),
        command: Command::Start { start: Box::new(start), texts: plan.texts.clone(), operator: "Ada".to_owned() },
    };
    let begin = decide(&Run::new(), &order).unwrap();
    let mut at = 1_790_000_000_000;
    let mut out: Vec<Entry> =
        begin.into_iter().map(|d| Entry { at, actor: d.actor, step: d.step, event: d.event }).collect();
    let reading = Reading {
        name: "East US".to_owned(),
        value: "answers, 19 of 20 calls".to_owned(),
        ok: Some(true),
        source: "probes of this laptop".to_owned(),
        at_utc: at,
        latency: None,
        raw: None,
    };
    let observed = Observed {
        text: "East US is down: no answer in time, 12 in a row".to_owned(),
        what: "verdict".to_owned(),
        region: Some("eastus".to_owned()),
        state: "down".to_owned(),
        reasons: vec!["witnesses answer".to_owned()],
        picture: Vec::new(),
    };
    for n in out.len()..ENTRIES {
        at += 250;
        let event = match n % 4 {
            0 => Event::StepStarted {
                changes: Vec::new(),
                guards: Vec::new(),
                option: None,
                undo: false,
                left: Vec::new(),
            },
            1 => Event::StepVerified { readings: vec![reading.clone(); 2] },
            2 => Event::Observed(Box::new(observed.clone())),
            _ => Event::StepReopened { reason: "tried again".to_owned() },
        };
        let step = (n % 4 != 2).then(|| plan.steps[n / 4 % plan.steps.len()].id.clone());
        out.push(Entry { at, actor: Actor::System, step, event });
    }
    out
}

fn bench(c: &mut Criterion) {
    let entries = entries();
    c.bench_function("replay 100,000 entries", |b| {
        b.iter_batched(
            || (),
            |()| {
                let run = Run::replay(&entries).unwrap();
                assert_eq!(run.entries, ENTRIES as u64);
                run
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = bench }
criterion_main!(benches);
