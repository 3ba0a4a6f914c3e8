//! A computer whose clock jumps while a run is recorded: the order is kept, no time taken is negative, and each jump is
//! told.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::replay;
use lifeboat::journal::{Draft, Header, Journal, MemoryDisk, contents, read_run};
use lifeboat::record::{Against, App, Kind, Mode, Stored, Verdict, verify};
use lifeboat::runbook::model::Strategy;
use lifeboat::units::{Millis, Now};
use serde_json::Value;

use super::{Dice, Place, closed, desk, each, is};

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;
/// Between two records.
const STEP: u64 = 700;
/// Histories of a clock.
const GENERATED: usize = 100;

/// A real rehearsal's records, as they would be written in a run that goes by the computer's clock; when it began, and how
/// long it took: records cite instants of their own.
fn recorded() -> (Vec<Draft>, i64, u64) {
    let place = Place::new();
    let disk = MemoryDisk::new();
    let watched = super::disk::Watched::new(Arc::new(disk.clone()), |_| super::disk::Then::Go);
    let desk = desk(&place.home(), Arc::new(watched));
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    let id = closed(&desk).run.as_ref().unwrap().id.clone();
    drop(desk);
    let draft = |r: &Stored| {
        let mut d = r.body.d.clone();
        if r.body.kind == Kind::RunStart {
            d["scenario"] = Value::Null;
        }
        let draft = Draft::new(r.body.kind, Mode::Live, r.body.actor.clone(), d);
        Draft { step: r.body.step.clone(), plan: r.body.plan.clone(), tgt: r.body.tgt.clone(), ..draft }
    };
    let records = read_run(&disk, &place.run(&id)).unwrap();
    let start = records.iter().find(|r| r.body.kind == Kind::RunStart).unwrap();
    let (epoch, took) =
        (start.body.d["scenario"]["epoch"].as_i64().unwrap(), records.iter().filter_map(|r| r.body.at).max());
    let drafts = records.iter().filter(|r| !r.body.kind.as_str().starts_with("log.")).map(draft).collect();
    (drafts, epoch, took.unwrap())
}

/// Jumps, each before the draft of that number. Some stand in the middle of an action.
fn history(n: usize, drafts: &[Draft]) -> Vec<(usize, i64)> {
    const JUMPS: [i64; 4] = [-HOUR, -10 * YEAR, YEAR, 8 * HOUR];
    let mut dice = Dice(0xc10c + n as u64);
    let within: Vec<usize> = (1..drafts.len()).filter(|i| drafts[i - 1].kind == Kind::ActionIntent).collect();
    // Each kind of jump alone, in the middle of an action, first.
    if n < JUMPS.len() {
        return vec![(within[dice.below(within.len() as u64) as usize], JUMPS[n])];
    }
    let mut jumps: Vec<(usize, i64)> = (0..1 + dice.below(5))
        .map(|i| {
            let at = match i % 2 {
                0 => within[dice.below(within.len() as u64) as usize],
                _ => 1 + dice.below(drafts.len() as u64 - 1) as usize,
            };
            (at, JUMPS[dice.below(4) as usize])
        })
        .collect();
    jumps.sort_by_key(|j| j.0);
    jumps.dedup_by_key(|j| j.0);
    jumps
}

fn lived((drafts, epoch, took): (&[Draft], i64, u64), jumps: &[(usize, i64)], replayed: bool, what: &str) {
    let (disk, dir) = (MemoryDisk::new(), PathBuf::from("runs/r1"));
    let (off, mono) = (Arc::new(AtomicI64::new(epoch)), AtomicU64::new(0));
    let moved = off.clone();
    let time = Arc::new(move || {
        let mono = mono.fetch_add(STEP, Ordering::SeqCst);
        let wall = moved.load(Ordering::SeqCst) + mono as i64;
        Now { utc: wall, mono, wall }
    });
    let app = App { version: "0.1.0".to_owned(), sha256: None };
    let header = Header { ballast: 0, time, ..Header::new("r1", Mode::Live, app, "test device") };
    let mut journal = Journal::create(Arc::new(disk.clone()), dir.clone(), header).unwrap();
    for (i, draft) in drafts.iter().enumerate() {
        // A laptop that sleeps for hours is the same: only the wall clock goes on.
        for (_, by) in jumps.iter().filter(|(at, _)| *at == i) {
            off.fetch_add(*by, Ordering::SeqCst);
        }
        journal.append(std::slice::from_ref(draft)).unwrap();
    }
    drop(journal);

    let records = read_run(&disk, &dir).unwrap();
    assert!(records.iter().enumerate().all(|(n, r)| r.body.seq == n as u64), "{what}: the order");
    let own: Vec<&Stored> = records.iter().filter(|r| !is(r, "log.open") && !is(r, "clock.jump")).collect();
    assert_eq!(own.len(), drafts.len(), "{what}");
    assert!(own.iter().zip(drafts).all(|(r, d)| r.body.kind == d.kind && r.body.step == d.step), "{what}: the order");

    // Each jump is told, right before what follows it, by how much.
    let told: Vec<(u64, i64)> = records
        .iter()
        .filter(|r| is(r, "clock.jump"))
        .map(|r| (r.body.seq, r.body.d["by"].as_i64().unwrap()))
        .collect();
    assert_eq!(told.iter().map(|t| t.1).collect::<Vec<_>>(), jumps.iter().map(|j| j.1).collect::<Vec<_>>(), "{what}");
    for (n, ((seq, _), (at, _))) in told.iter().zip(jumps).enumerate() {
        assert_eq!(*seq as usize, 1 + at + n, "{what}: in its place");
    }
    let all = contents(&disk, &dir).unwrap();
    let report = verify(&all.segments(), Against { whole: true, ..Against::default() });
    assert_eq!((report.clock_jumps, report.clock_back), (jumps.len() as u64, 0), "{what}: {report}");
    assert_ne!(report.verdict, Verdict::Broken, "{what}: {report}");

    if !replayed {
        return;
    }
    // A time that ran backwards counts as nothing, never as an age.
    let run = replay(&records).unwrap();
    let ahead: i64 = jumps.iter().map(|j| j.1.max(0)).sum();
    let most = Millis(ahead as u64 + took + (records.len() as u64 + 2) * STEP);
    let c = &run.clocks;
    let times = [c.rta(), c.team(), c.failback(), Some(c.azure), Some(c.people), Some(c.paused)];
    for time in times.into_iter().chain(c.segments().map(|s| s.1)).flatten() {
        assert!(time <= most, "{what}: {time} in a run of {most} at most");
    }
    assert!(run.ended.is_some(), "{what}");
}

#[test]
fn a_clock_that_jumps_keeps_the_order_and_is_told_and_no_time_taken_is_negative() {
    let (drafts, epoch, took) = recorded();
    let jumped = AtomicU64::new(0);
    each(GENERATED, |n| {
        let jumps = history(n, &drafts);
        // Reading a plan again is most of the work: those that jump once, and some of the others.
        lived((&drafts, epoch, took), &jumps, n < 4 || n % 10 == 0, &format!("history {n}: {jumps:?}"));
        jumped.fetch_add(jumps.len() as u64, Ordering::Relaxed);
    });
    crate::figure(&format!("T11 clocks: {GENERATED} histories, {} jumps, all told, order kept", jumped.into_inner()));
}
