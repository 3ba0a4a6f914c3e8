//! A disk that hangs or fails under a real desk: nothing is sent, the window goes on answering, and the run goes on once the
//! disk does.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::journal::{MemoryDisk, SLOW, read_run};
use lifeboat::runbook::model::Strategy;
use lifeboat::ui::App;

use super::{closed_after_retry, start};
use crate::crash::disk::{Call, Then, Watched, is_records};
use crate::crash::wired::Gate;
use crate::crash::{Place, all, counts, desk, each, intents, sound, until};

/// What a person may wait for a window.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Sent, and not in what a power cut would leave of the record.
fn without_intent(disk: &MemoryDisk, run: &std::path::Path) -> Vec<String> {
    let sent = counts(run);
    let left = |seed| read_run(&disk.crash(seed), run).map(|r| intents(&r)).unwrap_or_default();
    (0..4).flat_map(|seed| sent.keys().filter(|id| !left(seed).contains(*id)).cloned().collect::<Vec<_>>()).collect()
}

fn hangs(strategy: Strategy, kind: &'static [u8], at_sync: bool) {
    let what = format!("{} at {}", String::from_utf8_lossy(kind), if at_sync { "its sync" } else { "its write" });
    let place = Place::new();
    let (disk, gate, hung, well) =
        (MemoryDisk::new(), Arc::<Gate>::default(), Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (held, is_hung, is_well) = (gate.clone(), hung.clone(), well.clone());
    let watched = Watched::new(Arc::new(disk.clone()), move |call| {
        let is = |bytes: &[u8]| bytes.windows(kind.len()).any(|w| w == kind);
        let begins = match &call {
            Call::Write(file, bytes) => !at_sync && is_records(file) && is(bytes),
            Call::Sync(file, bytes) => at_sync && is_records(file) && is(bytes),
            _ => false,
        };
        let all = is_hung.load(Ordering::SeqCst) && !matches!(call, Call::Synced(..));
        if !is_well.load(Ordering::SeqCst) && (begins || all) {
            is_hung.store(true, Ordering::SeqCst);
            held.pass();
        }
        Then::Go
    });
    let desk = desk(&place.home(), Arc::new(watched));
    desk.send(start("region-loss", strategy, Speed::Max));
    let patience = Instant::now();
    while !hung.load(Ordering::SeqCst) {
        assert!(patience.elapsed() < crate::PATIENCE, "{what}: never came");
        std::thread::sleep(Duration::from_millis(1));
    }
    let began = Instant::now();

    // The window is drawn, and takes what is typed, while the desk waits for the disk.
    let mut window = Harness::builder().with_size([1280.0, 800.0]).build_eframe(|cc| App::new(cc, desk.link()));
    window.run_steps(2);
    let mut frames: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            assert!(desk.send(Command::DismissNotice));
            window.step();
            start.elapsed()
        })
        .collect();
    frames.sort();
    assert!(frames[4] < AT_ONCE, "{what}: {frames:?}");
    assert!(began.elapsed() < SLOW, "{what}: looked while it hung");

    let s = until(&desk, "read only", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_some()));
    let took = began.elapsed();
    assert!(took < SLOW * 2, "{what}: {took:?}");
    let view = s.run.as_ref().unwrap();
    assert!(view.read_only.as_ref().unwrap().contains("the disk took more than"), "{what}: {:?}", view.read_only);
    let run = place.run(&view.id);
    assert_eq!(without_intent(&disk, &run), [""; 0], "{what}");

    well.store(true, Ordering::SeqCst);
    gate.open();
    desk.send(Command::RetryJournal);
    closed_after_retry(&desk);
    drop(desk);
    sound(&disk, &run, &counts(&run));
    assert_eq!(without_intent(&disk, &run), [""; 0], "{what}");
    crate::figure(&format!("T9 hung disk, {what}: read only after {took:.1?}, a frame in {:.1?}", frames[4]));
}

#[test]
fn a_disk_that_never_answers_stops_actions_and_nothing_else() {
    std::thread::scope(|s| {
        s.spawn(|| hangs(Strategy::HotWarm, b"action.intent", false));
        s.spawn(|| hangs(Strategy::HotCold, b"action.accepted", false));
        s.spawn(|| hangs(Strategy::HotHot, b"action.result", true));
    });
}

#[test]
fn every_kind_of_failure_stops_actions_and_the_run_goes_on_when_it_is_over() {
    let kinds =
        [ErrorKind::Other, ErrorKind::QuotaExceeded, ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied];
    let cases: Vec<(ErrorKind, usize)> = match all() {
        true => kinds.into_iter().flat_map(|kind| (5..35).step_by(6).map(move |n| (kind, n))).collect(),
        false => kinds.into_iter().zip([9, 33].into_iter().cycle()).collect(),
    };
    each(cases.len(), |i| {
        let (kind, n) = cases[i];
        let what = format!("{kind} from append {n} on");
        let place = Place::new();
        let (disk, bad, appends) = (MemoryDisk::new(), Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
        let fails = bad.clone();
        let watched = Watched::new(Arc::new(disk.clone()), move |call| {
            if matches!(&call, Call::Write(file, _) if is_records(file)) && appends.fetch_add(1, Ordering::SeqCst) == n
            {
                fails.store(true, Ordering::SeqCst);
            }
            let goes = matches!(call, Call::Synced(..)) || !fails.load(Ordering::SeqCst);
            if goes { Then::Go } else { Then::Fail(kind) }
        });
        let desk = desk(&place.home(), Arc::new(watched));
        desk.send(start("region-loss", Strategy::HotWarm, Speed::Max));
        let s = until(&desk, "read only", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_some()));
        let run = place.run(&s.run.as_ref().unwrap().id);
        assert_eq!(without_intent(&disk, &run), [""; 0], "{what}");
        bad.store(false, Ordering::SeqCst);
        desk.send(Command::RetryJournal);
        closed_after_retry(&desk);
        drop(desk);
        sound(&disk, &run, &counts(&run));
    });
}
