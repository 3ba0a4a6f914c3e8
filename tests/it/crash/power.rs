//! No request without a durable intent, when the power goes: on a disk that forgets what was not synced.
//!
//! The disk is looked at right before each sync takes effect, after a pause long enough for a request that was sent too
//! early to arrive, and right before each append, when what came of a request is about to be recorded.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::journal::{MemoryDisk, read_run};

use super::disk::{Call, Then, Watched, is_records};
use super::{closed, counts, desk, intents, sound};

/// How the disk lies.
#[derive(Clone, Copy, PartialEq)]
enum Lie {
    None,
    /// Says it synced.
    Sync,
    /// Says it wrote, and writes with the next append.
    Late,
}

/// Power cuts tried at each look: all kept, none kept, half kept.
const CUTS: u64 = 6;

/// Requests that reached Azure and whose intent a power cut now would take.
fn without_intent(disk: &MemoryDisk, run: &Path) -> Vec<String> {
    let sent = counts(run);
    if sent.is_empty() {
        return Vec::new();
    }
    let mut missing = Vec::new();
    for seed in 0..CUTS {
        let left = read_run(&disk.crash(seed), run).map(|r| intents(&r)).unwrap_or_default();
        missing.extend(sent.keys().filter(|id| !left.contains(*id)).cloned());
    }
    missing
}

/// A short rehearsal on such a disk: looks taken with requests sent, and what a power cut would have lost.
fn rehearsed(lie: Lie) -> (usize, Vec<String>) {
    let place = super::Place::new();
    let disk = MemoryDisk::new();
    let looks: Arc<Mutex<(usize, Vec<String>)>> = Arc::default();
    let (inner, seen) = (disk.clone(), looks.clone());
    let watched = Watched::new(Arc::new(disk.clone()), move |call| {
        let look = |file: &Path| {
            let run = file.parent().unwrap();
            let missing = without_intent(&inner, run);
            let mut s = seen.lock().unwrap();
            s.0 += usize::from(!counts(run).is_empty());
            s.1.extend(missing);
        };
        match call {
            Call::Write(file, bytes) if is_records(file) => {
                look(file);
                if lie == Lie::Late && contains(bytes, b"action.intent") { Then::Later } else { Then::Go }
            }
            Call::Sync(file, bytes) if is_records(file) => {
                if contains(bytes, b"action.intent") {
                    std::thread::sleep(Duration::from_millis(30));
                    look(file);
                }
                if lie == Lie::Sync { Then::Pretend } else { Then::Go }
            }
            _ => Then::Go,
        }
    });
    let desk = desk(&place.home(), Arc::new(watched));
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(lifeboat::runbook::model::Strategy::HotWarm),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    let end = closed(&desk);
    let run = place.run(&end.run.as_ref().unwrap().id);
    if lie == Lie::None {
        sound(&disk, &run, &counts(&run));
    }
    drop(desk);
    std::mem::take(&mut *looks.lock().unwrap())
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

#[test]
fn no_request_is_sent_before_its_intent_survives_a_power_cut() {
    let (looks, missing) = rehearsed(Lie::None);
    assert!(looks >= 12, "looked {looks} times after something was sent");
    assert!(missing.is_empty(), "sent, and gone after a power cut: {missing:?}");
}

#[test]
fn without_syncing_the_same_look_finds_requests_without_intent() {
    let (_, missing) = rehearsed(Lie::Sync);
    assert!(!missing.is_empty(), "dropping the sync must not go unseen");
}

#[test]
fn with_the_intent_written_after_the_request_the_same_look_finds_it() {
    let (_, missing) = rehearsed(Lie::Late);
    assert!(!missing.is_empty(), "an intent behind its request must not go unseen");
}
