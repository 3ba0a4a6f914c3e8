//! The real program, really killed.

use std::fs;
use std::process::Child;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lifeboat::journal::RealDisk;
use serde_json::Value;

use super::{Dice, Place, all, begun, counts, each, ended, journal_bytes, nothing_lost, outcome, sound};

const REGION_LOSS: [&str; 3] = ["region-loss", "--strategy", "hot/warm"];

/// Resumes to the end and checks everything; `expected` is what an undisturbed run makes of Azure.
fn resume(place: &Place, run: &str, short: bool, expected: Option<&str>, what: &str) {
    let dir = place.run(run);
    let before = journal_bytes(&dir);
    let out = place.rehearse(&["--resume", run], short).output().unwrap();
    if !begun(&dir) {
        // Nothing was started, so nothing was lost: it says so and does not pretend.
        ended(&out, &[3], what);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(said.contains("nothing to continue") || said.contains("there is no run"), "{what}: {said}");
        return;
    }
    ended(&out, &[0, 1], what);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["run"], *run, "{what}");
    assert!(said["outcome"].is_string(), "{what}: closed");
    nothing_lost(&dir, &before);
    sound(&RealDisk, &dir, &counts(&dir));
    if let Some(expected) = expected {
        assert_eq!(outcome(&dir), expected, "{what}");
    }
    // Each is a process more; what the library says of the record was checked above.
    if !all() && !what.ends_with(['0', '5']) {
        return;
    }
    let verified = place.lifeboat(&["verify"]).arg(&dir).output().unwrap();
    ended(&verified, &[0, 1], "verify");
    // Once closed there is nothing left to do, however often it is asked for.
    let bytes = journal_bytes(&dir);
    let again = place.rehearse(&["--resume", run], short).output().unwrap();
    ended(&again, &[0, 1], what);
    assert_eq!(again.status, out.status, "{what}: the same result when asked again");
    assert_eq!(journal_bytes(&dir), bytes, "{what}: nothing is added to a closed run");
}

/// Waits until there is a journal, then as long as given, then kills. Whether it was still at work.
fn kill(place: &Place, mut child: Child, after: Duration) -> bool {
    let start = Instant::now();
    while place.only().is_none() && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(after);
    let at_work = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    at_work
}

/// How long an undisturbed run takes, and what it makes of Azure.
fn undisturbed() -> (Duration, String) {
    let place = Place::new();
    let start = Instant::now();
    let out = place.rehearse(&REGION_LOSS, true).output().unwrap();
    let took = start.elapsed();
    ended(&out, &[0, 1], "undisturbed");
    let dir = place.run(&place.only().unwrap());
    sound(&RealDisk, &dir, &counts(&dir));
    (took, outcome(&dir))
}

#[test]
fn killed_at_any_moment_it_goes_on_where_it_stood() {
    let (took, expected) = undisturbed();
    let kills = if all() { 2_000 } else { 200 };
    let hit = AtomicUsize::new(0);
    // How long a run takes depends on what else this computer does: a kill that came too late makes the next sooner.
    let took = AtomicU64::new(took.as_micros() as u64);
    each(kills, |n| {
        let mut dice = Dice(0x11fe_b0a7 + n as u64);
        let what = format!("kill {n}");
        loop {
            let place = Place::new();
            let after = |dice: &mut Dice| Duration::from_micros(dice.below(took.load(Ordering::Relaxed)));
            let child = place.rehearse(&REGION_LOSS, true).spawn().unwrap();
            if !kill(&place, child, after(&mut dice)) {
                // It was quicker than the dice; that is no kill.
                took.fetch_sub(took.load(Ordering::Relaxed) / 16, Ordering::Relaxed);
                continue;
            }
            took.fetch_add(took.load(Ordering::Relaxed) / 64, Ordering::Relaxed);
            let run = place.only().unwrap();
            // Every third dies again while it is being resumed.
            if n % 3 == 0 {
                let dir = place.run(&run);
                let before = journal_bytes(&dir);
                let child = place.rehearse(&["--resume", &run], true).spawn().unwrap();
                kill(&place, child, after(&mut dice));
                nothing_lost(&dir, &before);
            }
            resume(&place, &run, true, Some(&expected), &what);
            hit.fetch_add(1, Ordering::Relaxed);
            return;
        }
    });
    assert_eq!(hit.into_inner(), kills);
    crate::figure(&format!("T5 killed at random: {kills} kills, 0 acknowledged lost, 0 sent twice"));
}

/// Dies inside the simulator at the chosen request; `None` when there was no such request.
fn dies(what: &[&str], short: bool, crash: &str) -> Option<Place> {
    let place = Place::new();
    let out = place.rehearse(what, short).env("LIFEBOAT_CRASH", crash).output().unwrap();
    if out.status.code().is_some() {
        ended(&out, &[0, 1], crash);
        return None;
    }
    Some(place)
}

#[test]
fn dying_before_and_after_each_change_it_is_sent_once() {
    let (_, expected) = undisturbed();
    // Region loss changes capacities and keys; hot/cold creates deployments, which Azure takes minutes over.
    let scenarios = [("hot/warm", 6), ("hot/cold", 6), ("hot/hot", 3)];
    let mut cases = Vec::new();
    for (strategy, changes) in scenarios {
        for n in 1..=changes {
            cases.push((strategy, n, true, format!("before-change:{n}")));
            cases.push((strategy, n, false, format!("after-change:{n}")));
        }
    }
    each(cases.len(), |i| {
        let (strategy, n, before, crash) = &cases[i];
        let what = format!("{strategy} {crash}");
        let place = dies(&["region-loss", "--strategy", strategy], true, crash).expect(&what);
        let run = place.only().unwrap();
        let dir = place.run(&run);
        assert_eq!(counts(&dir).len(), if *before { n - 1 } else { *n }, "{what}: reached Azure");
        resume(&place, &run, true, (*strategy == "hot/warm").then_some(expected.as_str()), &what);
        let records = sound(&RealDisk, &dir, &counts(&dir));
        let found: Vec<_> =
            records.iter().filter(|r| super::is(r, "action.reconciled")).map(|r| r.body.d["found"].clone()).collect();
        let last = found.last().and_then(Value::as_str);
        assert_eq!(last, Some(if *before { "not-applied" } else { "applied" }), "{what}: {found:?}");
        // What was not made is sent again by a new intent; what was made is not.
        assert_eq!(super::intents(&records).len(), counts(&dir).len() + usize::from(*before), "{what}");
    });
}

#[test]
fn dying_before_and_after_any_request_loses_nothing() {
    let step = if all() { 1 } else { 12 };
    let (befores, afters, last) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    each(20_000 / step, |i| {
        let n = 1 + (i / 2) * step;
        if n >= last.load(Ordering::Relaxed) {
            return;
        }
        let (crash, died) =
            if i % 2 == 0 { (format!("before:{n}"), &befores) } else { (format!("after:{n}"), &afters) };
        match dies(&REGION_LOSS, true, &crash) {
            Some(place) => {
                resume(&place, &place.only().unwrap(), true, None, &crash);
                died.fetch_add(1, Ordering::Relaxed);
            }
            None if i % 2 == 0 => drop(last.fetch_min(n, Ordering::Relaxed)),
            // A request that a fault leaves without an answer has no moment after it.
            None => {}
        }
    });
    // How many requests a run has depends on its timing; every point before its end was died at, most on both sides.
    let (befores, afters, last) = (befores.into_inner(), afters.into_inner(), last.into_inner());
    assert!(last < usize::MAX, "the points go on to the end of the run");
    assert!(last > 2 * step, "a run has more than {last} requests");
    assert!(befores >= (last - 1).div_ceil(step), "died {befores} times before request {last}");
    assert!(afters > befores / 2, "died {afters} times after a request, {befores} times before one");
}

#[test]
fn dying_on_the_way_back_it_is_sent_once() {
    // The whole rehearsal with fail back: deletes, weights in stages. Slow, so a few points unless all are asked for.
    let points: Vec<String> = if all() {
        (7..=20).flat_map(|n| [format!("before-change:{n}"), format!("after-change:{n}")]).collect()
    } else {
        ["after-change:7", "before-change:9", "after-change:11"].map(str::to_owned).to_vec()
    };
    each(points.len(), |i| {
        if let Some(place) = dies(&REGION_LOSS, false, &points[i]) {
            resume(&place, &place.only().unwrap(), false, None, &points[i]);
        }
    });
}

#[test]
fn a_port_taken_meanwhile_does_not_keep_a_rehearsal_from_going_on() {
    let place = dies(&REGION_LOSS, true, "after-change:2").unwrap();
    let run = place.only().unwrap();
    let world: Value = serde_json::from_slice(&fs::read(place.run(&run).join("world.json")).unwrap()).unwrap();
    let port = world["ports"]["management.azure.com"].as_u64().unwrap() as u16;
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    resume(&place, &run, true, None, "taken port");
}
