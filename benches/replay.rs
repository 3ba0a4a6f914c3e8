//! How fast the engine is: a command decided and applied, wanted in 20 µs; and how long a run takes to open, 100,000
//! entries replayed, wanted in a tenth of a second, whatever the length of its plan.
#![allow(clippy::unwrap_used, missing_docs)]

mod night;

use std::sync::Arc;
use std::time::Instant;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lifeboat::plan;
use lifeboat::plan::model::{Plan, PlannedStep};
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::run::command::{Command, Order, StepCommand, Ticket};
use lifeboat::run::decide::{Refusal, decide};
use lifeboat::run::event::{Actor, Change, Correlation, Event, LossKind, Observed};
use lifeboat::run::state::Run;
use lifeboat::runbook::model::{Phase, Strategy};
use lifeboat::runbook::{Part, Source};
use night::{BEGIN, ENTRIES, STEPS, begin, entry, night, reading};

/// So many of each command are timed one by one, each on a run as it was before.
const EACH: usize = 300;
const RUNBOOK: &str = include_str!("../runbooks/azure-openai.ron");
const COMMON: &str = include_str!("../runbooks/parts/common.ron");
const PLAN: &str = include_str!("../assets/plans/prod-chat.ron");

fn usual() -> Plan {
    let part = Part { path: "parts/common.ron".to_owned(), name: "common.ron".to_owned(), text: Ok(COMMON.to_owned()) };
    let source = Source { parts: vec![part], ..Source::new("runbook.ron", RUNBOOK) };
    plan::bind("plan.ron", PLAN, &source, Some(Strategy::HotWarm)).0.unwrap()
}

/// The same plan over and over, phase by phase, until it is long.
fn long() -> Plan {
    let plan = usual();
    let mut steps = Vec::new();
    for phase in Phase::ALL {
        let own: Vec<_> = plan.phase(phase).collect();
        for n in 0..STEPS.div_ceil(plan.steps.len()) {
            for s in &own {
                let mut s = (*s).clone();
                s.decision &= n == 0;
                s.needs = s.needs.iter().map(|id| format!("{id}-{n}")).collect();
                s.id = format!("{}-{n}", s.id);
                steps.push(s);
            }
        }
    }
    Plan { steps, ..plan }
}

/// A run of the long plan in which users can be moved.
fn decided(plan: &Plan) -> Run {
    let mut run = Run::of(Arc::new(plan.clone()));
    for e in begin(plan) {
        run.apply(&e).unwrap();
    }
    let operator = || Actor::Operator("Ada".to_owned());
    for s in &plan.steps {
        if s.phase > Phase::FailOver || (s.phase == Phase::FailOver && s.action.is_some()) {
            continue;
        }
        if s.decision {
            let decided = Event::Decided {
                choice: Choice::FailOver,
                reason: "down".to_owned(),
                expected_loss: "in flight".to_owned(),
                options: Vec::new(),
                information: Vec::new(),
            };
            run.apply(&entry(BEGIN, operator(), Some(s.id.clone()), decided)).unwrap();
        }
        let done = Event::StepDoneByHand { evidence: "seen".to_owned() };
        run.apply(&entry(BEGIN, operator(), Some(s.id.clone()), done)).unwrap();
    }
    run
}

fn change() -> Change {
    Change {
        what: "raise capacity".to_owned(),
        method: "PUT".to_owned(),
        url: "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/P/t/x?api-version=1".to_owned(),
        body: Some("{\"sku\":{\"capacity\":120}}".to_owned()),
        if_match: None,
        only_if_absent: false,
        target: "/subscriptions/s/resourceGroups/g/providers/P/t/x".to_owned(),
        fields: Vec::new(),
        previous: None,
        effect: None,
    }
}

/// As many entries as a long night has, of those that leave every step as it is.
fn with_records(mut run: Run) -> Run {
    let observed = Observed {
        text: "East US is down: no answer in time, 12 in a row".to_owned(),
        what: "verdict".to_owned(),
        region: Some("eastus".to_owned()),
        state: "down".to_owned(),
        reasons: vec!["witnesses answer".to_owned()],
        picture: Vec::new(),
    };
    while run.entries < ENTRIES as u64 {
        let event = match run.entries % 4 {
            0 => Event::Ledger { text: "a model".to_owned() },
            1 => Event::Note { text: "seen".to_owned() },
            _ => Event::Observed(Box::new(observed.clone())),
        };
        run.apply(&entry(BEGIN, Actor::Operator("Ada".to_owned()), None, event)).unwrap();
    }
    run
}

fn decide_and_apply(run: &mut Run, command: Command) {
    tried(run, command).unwrap();
}

fn tried(run: &mut Run, command: Command) -> Result<(), Refusal> {
    let order = Order { actor: Actor::Operator("Ada".to_owned()), command, now: BEGIN };
    for d in decide(run, &order)? {
        run.apply(&entry(BEGIN, d.actor, d.step, d.event)).unwrap();
    }
    Ok(())
}

/// What is asked of a run in the middle of moving users, of every kind that a night has often.
fn commands(run: &Run, long: &Plan) -> Vec<(&'static str, Vec<Command>)> {
    let alone = |s: &&PlannedStep| s.action.is_some() && s.second_person.is_none() && s.typed_name().is_none();
    let acts = long.phase(Phase::FailOver).find(alone).unwrap().id.clone();
    let by_two = long.phase(Phase::FailOver).find(|s| s.second_person.is_some()).map(|s| s.id.clone());
    let last = long.steps.last().unwrap().id.clone();
    assert!(run.position(&acts).is_some());
    let step = |id: &str, c: StepCommand| Command::Step(id.to_owned(), c);
    let perform = || {
        let guards = vec![reading("a guard"); 3];
        step(&acts, StepCommand::Perform { changes: vec![change()], guards, option: None, typed: None })
    };
    let corr = Correlation::default;
    let finished = || step(&acts, StepCommand::Finished { n: 0, failure: None, corr: corr() });
    let verified = || step(&acts, StepCommand::Verified { readings: vec![reading("capacity"); 2], failure: None });
    let observed = Observed {
        text: "Sweden Central is ok".to_owned(),
        what: "verdict".to_owned(),
        region: Some("swedencentral".to_owned()),
        state: "ok".to_owned(),
        reasons: Vec::new(),
        picture: Vec::new(),
    };
    // The last of each list is the one that is timed; those before it lead there.
    let mut all = vec![
        ("a note", vec![Command::Note("seen".to_owned())]),
        ("a line of the ledger", vec![Command::Ledger("a model".to_owned())]),
        ("a loss", vec![Command::Loss(LossKind::Lost, "in flight".to_owned())]),
        ("what is observed", vec![Command::Observe(observed)]),
        ("a measurement", vec![Command::Measure { name: "T8".to_owned(), value: Some(BEGIN), how: "seen".to_owned() }]),
        ("pause", vec![Command::Pause("look again".to_owned())]),
        ("resume", vec![Command::Pause("look again".to_owned()), Command::Resume]),
        ("skip", vec![step(&last, StepCommand::Skip { reason: "not today".to_owned() })]),
        ("perform", vec![perform()]),
        (
            "accepted",
            vec![perform(), step(&acts, StepCommand::Accepted { n: 0, operation: "o".to_owned(), corr: corr() })],
        ),
        ("finished", vec![perform(), finished()]),
        ("verified", vec![perform(), finished(), verified()]),
        ("taken up after a crash", vec![perform(), Command::Open { scenario_ms: None }]),
    ];
    if let Some(id) = by_two {
        let ask = StepCommand::AskSecondPerson { changes: vec![change()], undo: false, ticket: Ticket::default() };
        // What it waits for is done by hand before.
        let done = StepCommand::Confirm { evidence: "seen".to_owned() };
        let needs = &long.steps.iter().find(|s| s.id == id).unwrap().needs;
        let mut commands: Vec<_> = needs
            .iter()
            .filter(|n| run.step(n).is_some_and(|s| !s.own_state().over()))
            .map(|n| step(n, done.clone()))
            .collect();
        commands.push(step(&id, ask));
        all.push(("ask the second person", commands));
    }
    all
}

/// One command at a time, for the worst of them: wanted in 20 µs.
fn each(run: &Run, long: &Plan) {
    let (mut sum, mut count, mut worst) = (0.0, 0usize, (0.0f64, ""));
    for (name, commands) in commands(run, long) {
        let (last, before) = commands.split_last().unwrap();
        let mut ready = run.clone();
        let led = before.iter().try_for_each(|c| tried(&mut ready, c.clone()));
        if let Err(e) = led.and_then(|()| tried(&mut ready.clone(), last.clone())) {
            println!("decide and apply: {name} was not timed, it is refused: {e}");
            continue;
        }
        let mut took: Vec<f64> = (0..EACH)
            .map(|_| {
                let (mut run, command) = (ready.clone(), last.clone());
                // A copied list has no room to grow; one that grew has.
                decide_and_apply(&mut run, Command::Ledger("before".to_owned()));
                let begun = Instant::now();
                decide_and_apply(&mut run, command);
                begun.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        took.sort_by(f64::total_cmp);
        let p99 = took[EACH * 99 / 100];
        println!(
            "decide and apply, {:>6} entries: {name:<24} median {:>7.2} µs   99 % {p99:>7.2} µs",
            run.entries,
            took[EACH / 2]
        );
        (sum, count) = (sum + took.iter().sum::<f64>(), count + EACH);
        if p99 > worst.0 {
            worst = (p99, name);
        }
    }
    println!(
        "decide and apply: mean {:.2} µs, worst 99 % {:.2} µs ({}), wanted < 20 µs",
        sum / count as f64,
        worst.0,
        worst.1
    );
}

fn bench(c: &mut Criterion) {
    let (usual, long) = (usual(), long());
    let short_night = night(&usual);
    c.bench_function("replay 100,000 entries", |b| {
        b.iter_batched(
            || (),
            |()| {
                let run = Run::replay(&short_night).unwrap();
                assert_eq!(run.entries, ENTRIES as u64);
                run
            },
            BatchSize::PerIteration,
        );
    });
    let long_night = night(&long);
    c.bench_function("replay 100,000 entries of a plan of 500 steps", |b| {
        b.iter_batched(
            || Run::of(Arc::new(long.clone())),
            |mut run| {
                for e in &long_night {
                    run.apply(e).unwrap();
                }
                assert_eq!(run.steps.len(), long.steps.len());
                run
            },
            BatchSize::PerIteration,
        );
    });
    let run = with_records(decided(&long));
    each(&run, &long);
    // What the screen asks of a run whenever it is drawn.
    c.bench_function("look at 500 steps: current, automatic, what can be taken back", |b| {
        b.iter(|| (run.current(), run.automatic(), run.undo_order("D1-0")));
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = bench }
criterion_main!(benches);
