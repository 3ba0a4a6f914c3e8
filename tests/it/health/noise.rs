//! A generated day of noise raises nothing, and an outage hidden in it is found in its tier's time.

use lifeboat::health::{
    Advice, Decision, Detector, DetectorState, Failure, Inputs, Outcome, RegionInput, Role, Sighting, State,
    Thresholds, assess,
};
use lifeboat::runbook::model::Tier;
use lifeboat::units::{Millis, Region};

use super::{STEP, T0, failed, ok, seen, silent};

const DAY: usize = 5_760;
const TIERS: [Tier; 3] = [Tier::T1, Tier::T2, Tier::T3];

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

fn any_failure(dice: &mut Dice) -> Outcome {
    let all = [
        Failure::NoAnswer,
        Failure::ConnectTimeout,
        Failure::Reset,
        Failure::Dns,
        Failure::Tls,
        Failure::status(500),
        Failure::status(503),
        Failure::status(504),
    ];
    failed(all[dice.below(all.len() as u64) as usize].clone())
}

/// What one endpoint shows on a day on which nothing is wrong, with its answer time: one failure in a hundred, bursts
/// of 429 of up to ten minutes, slow minutes, and about one short break an hour.
fn day(dice: &mut Dice) -> Vec<(Outcome, u64)> {
    let mut out: Vec<(Outcome, u64)> = Vec::with_capacity(DAY);
    while out.len() < DAY {
        let (mut n, mut kind) = (1, 0);
        if dice.below(240) == 0 {
            kind = 1 + dice.below(3);
            n = match kind {
                1 => 2 + dice.below(40),
                2 => 1 + dice.below(20),
                _ => 1 + dice.below(5),
            };
        }
        for _ in 0..n {
            let usual = if dice.percent(1) { any_failure(dice) } else { ok() };
            let (o, took) = match kind {
                1 if dice.percent(80) => (failed(Failure::status(429)), 30),
                2 => (usual, 1_500 + dice.below(6_000)),
                3 => (any_failure(dice), 10_000),
                _ => (usual, 40 + dice.below(60)),
            };
            out.push((o, took));
        }
        // Two breaks on end would be one long one, and no noise.
        if kind > 0 {
            let usual = |dice: &mut Dice| (if dice.percent(1) { any_failure(dice) } else { ok() }, 61);
            out.extend((0..12).map(|_| usual(dice)));
        }
    }
    out.truncate(DAY);
    out
}

fn tell(d: &mut Detector, at: i64, (o, took): &(Outcome, u64)) {
    let mut o = seen("e", at, o.clone());
    o.stages.total = Some(Millis(*took));
    d.observe(&o);
}

fn detectors() -> [Detector; 3] {
    TIERS.map(|t| Detector::new("e".into(), Thresholds::of(t)))
}

#[test]
fn a_noisy_day_raises_nothing() {
    let (mut persistent, mut rash, mut throttled, mut suspect) = (Vec::new(), Vec::new(), 0, 0);
    for seed in 1..=6u64 {
        let mut dice = Dice(seed);
        let (east, west) = (day(&mut dice), day(&mut dice));
        let (mut e, mut w) = (detectors(), detectors());
        let (mut witness, mut entra) = (detectors(), detectors());
        for i in 0..DAY {
            // Half a second of jitter, so that windows begin anywhere.
            let at = T0 + i as i64 * STEP + dice.below(1_000) as i64;
            let net = |dice: &mut Dice| (if dice.percent(1) { silent() } else { ok() }, 20);
            let (a, b) = (net(&mut dice), net(&mut dice));
            for t in 0..3 {
                for (d, o) in [(&mut e[t], &east[i]), (&mut w[t], &west[i]), (&mut witness[t], &a), (&mut entra[t], &b)]
                {
                    tell(d, at, o);
                }
                if e[t].state(at) == DetectorState::Persistent || w[t].state(at) == DetectorState::Persistent {
                    persistent.push((seed, i, TIERS[t]));
                }
            }
            // A verdict is made of it every time something is not well, and now and then else.
            if e[0].state(at) == DetectorState::Ok && i % 40 != 0 {
                continue;
            }
            let region = |name: &str, role, d| RegionInput {
                region: Region::new(name),
                role,
                endpoints: vec![d],
                arm: None,
                provisioning: None,
            };
            let a = assess(&Inputs {
                now: at,
                regions: vec![
                    region("eastus", Role::Primary, (&e[0]).into()),
                    region("westeurope", Role::Secondary, (&w[0]).into()),
                ],
                witnesses: vec![&witness[0]],
                entra: Some(&entra[0]),
                // Whoever wants to fail over has everything else that is wanted for it.
                colleagues: vec![Sighting {
                    who: "Ana".into(),
                    region: Region::new("eastus"),
                    at,
                    ..Sighting::default()
                }],
                decision: Decision {
                    tier: Some(Tier::T1),
                    rto: Some(Millis::from_mins(30)),
                    planned: Some(Millis::from_mins(12)),
                    ..Decision::default()
                },
                ..Inputs::default()
            });
            throttled += usize::from(a.regions[0].state == State::Throttled);
            suspect += usize::from(a.regions[0].state == State::Suspect);
            let moves = matches!(a.recommend.advice, Advice::FailOver | Advice::Confirm | Advice::Wait);
            if moves || a.regions[0].state == State::Down {
                rash.push((seed, i, a.headline));
            }
        }
    }
    assert_eq!((persistent, rash), (vec![], vec![]));
    // The noise was there: it is no test if nothing was ever wrong.
    assert!(throttled > 50 && suspect > 5, "{throttled} {suspect}");
}

#[test]
fn an_outage_hidden_in_noise_is_found_in_its_tiers_time() {
    for seed in 1..=40u64 {
        let mut dice = Dice(1_000 + seed);
        let calm = day(&mut dice);
        let begins = 400 + dice.below(4_000) as usize;
        let mut found = [None; 3];
        let mut d = detectors();
        for i in begins - 400..begins + 150 {
            let at = T0 + i as i64 * STEP + dice.below(1_000) as i64;
            // Nine in ten fail; the rest answers or is throttled, as a region that goes down often does.
            let o = match dice.below(100) {
                _ if i < begins => calm.get(i).cloned().unwrap(),
                0..4 => (ok(), 900),
                4..8 => (failed(Failure::status(429)), 30),
                _ => (any_failure(&mut dice), 10_000),
            };
            for (d, found) in d.iter_mut().zip(&mut found) {
                tell(d, at, &o);
                if d.state(at) == DetectorState::Persistent {
                    found.get_or_insert(at - (T0 + begins as i64 * STEP));
                }
            }
        }
        // At most two minutes after the tier's time. A break shortly before belongs to the window too, so that four fifths
        // of it, less that break, are the least.
        for ((found, tier), (least, most)) in found.iter().zip(TIERS).zip([(0, 5), (10, 17), (22, 32)]) {
            let after = found.map(|ms| ms / 1_000);
            let fits = after.is_some_and(|s| s >= least * 60 && s <= most * 60);
            assert!(fits, "seed {seed}, {tier:?}: {after:?} s");
        }
    }
}
