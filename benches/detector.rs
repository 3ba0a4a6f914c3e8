//! How fast observations are judged: a million a second are wanted, and the history of a thousand endpoints in 40 MiB.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lifeboat::health::{
    Detector, Failure, Inputs, Observation, Outcome, Point, RegionInput, Role, Stages, Thresholds, assess,
};
use lifeboat::runbook::model::Tier;
use lifeboat::units::{Millis, Region, known_regions};

const STEP: i64 = 15_000;
const SAMPLES: i64 = 100_000;
const ENDPOINTS: usize = 1_000;

fn seen(at: i64, outcome: Outcome) -> Observation {
    Observation {
        endpoint: "e".into(),
        at,
        outcome,
        stages: Stages { total: Some(Millis(61)), ..Stages::default() },
        peer: None,
        via_proxy: false,
        certificate: None,
        detail: None,
        ahead: None,
    }
}

/// What is dear: failures that come and go just below the threshold, so that each asks for the whole window.
fn outcome(kind: &str, i: i64) -> Outcome {
    match kind {
        "healthy" => Outcome::Answered,
        "flapping" if i % 5 < 2 => Outcome::Failed(Failure::NoAnswer),
        "failing" => Outcome::Failed(Failure::NoAnswer),
        "noisy" if i % 11 == 0 => Outcome::Failed(Failure::status(429)),
        "noisy" if i % 3 == 0 => Outcome::Failed(Failure::status(503)),
        _ => Outcome::Answered,
    }
}

fn bench(c: &mut Criterion) {
    // Beside each point stand four counts.
    println!(
        "one point: {} bytes; an hour at 15 s: {} KiB",
        size_of::<Point>() + 16,
        (size_of::<Point>() + 16) * 256 / 1_024
    );
    let mut g = c.benchmark_group("observe");
    g.throughput(Throughput::Elements(u64::try_from(SAMPLES).unwrap()));
    for tier in [Tier::T1, Tier::T3] {
        for kind in ["healthy", "flapping", "failing", "noisy"] {
            let all: Vec<Observation> = (0..SAMPLES).map(|i| seen(i * STEP, outcome(kind, i))).collect();
            g.bench_function(format!("{kind} {tier:?}"), |b| {
                b.iter(|| {
                    let mut d = Detector::new("e".into(), Thresholds::of(tier));
                    all.iter().for_each(|o| d.observe(o));
                    black_box(d.state(SAMPLES * STEP))
                });
            });
        }
    }
    g.finish();

    // A board of sixty regions and a thousand endpoints, each with a full history.
    let detectors: Vec<Detector> = (0..ENDPOINTS)
        .map(|n| {
            let mut d = Detector::new(format!("endpoint-{n}").as_str().into(), Thresholds::of(Tier::T3));
            let kind = ["healthy", "flapping", "noisy", "failing"][usize::from(n % 40 == 0) * (n / 40 % 4)];
            (0..300).for_each(|i| d.observe(&seen(i * STEP, outcome(kind, i))));
            d
        })
        .collect();
    let regions: Vec<Region> = known_regions().iter().take(60).map(|r| Region::new(&r.name)).collect();
    let input = |(n, region): (usize, &Region)| RegionInput {
        region: region.clone(),
        role: Role::Watched,
        endpoints: detectors.iter().skip(n).step_by(regions.len()).map(Into::into).collect(),
        arm: None,
        provisioning: None,
    };
    c.bench_function("assess 60 regions of 1,000 endpoints", |b| {
        b.iter(|| {
            let regions = regions.iter().enumerate().map(input).collect();
            black_box(assess(&Inputs { now: 299 * STEP, regions, ..Inputs::default() }))
        });
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = bench }
criterion_main!(benches);
