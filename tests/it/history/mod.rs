//! What was observed outlives a restart, damage, a full disk and a second Lifeboat; and is bounded.

mod charts;
mod desk;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lifeboat::health::{EndpointId, Failure, Observation, Outcome, Stages};
use lifeboat::history::{History, MINUTE, TOTAL};
use lifeboat::units::Millis;

/// 2026-09-21, at the beginning of a minute.
const T: i64 = 1_790_000_040_000;
const HOUR: i64 = 60 * MINUTE;

fn seen(endpoint: &str, at: i64, outcome: Outcome) -> Observation {
    let ms = |n| Some(Millis(n));
    Observation {
        endpoint: EndpointId::from(endpoint),
        at,
        outcome,
        stages: Stages { dns: None, connect: ms(11), tls: ms(17), first_byte: ms(30), total: ms(60) },
        peer: Some("203.0.113.7:443".to_owned()),
        via_proxy: false,
        certificate: None,
        detail: Some("os error 111, api-key=hunter2".to_owned()),
        ahead: None,
    }
}

fn answered(endpoint: &str, at: i64) -> Observation {
    seen(endpoint, at, Outcome::Answered)
}

/// Rounds of all endpoints, one every 15 s.
fn rounds(h: &mut History, endpoints: usize, from: i64, n: i64) {
    for round in 0..n {
        for e in 0..endpoints {
            h.take(&answered(&format!("endpoint-{e:04}"), from + round * 15_000));
        }
    }
}

fn points(h: &History, endpoint: &str) -> Vec<Observation> {
    h.points(endpoint, 0).filter_map(|p| p.observation(endpoint)).collect()
}

fn files(dir: &Path) -> Vec<(String, u64)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut out: Vec<_> = entries
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), e.metadata().unwrap().len()))
        .filter(|(name, _)| !name.ends_with(".lock"))
        .collect();
    out.sort();
    out
}

fn all_said(h: &History) -> Vec<String> {
    std::iter::from_fn(|| h.said()).collect()
}

fn failures() -> Vec<Failure> {
    use Failure::*;
    let codes = [400, 401, 403, 404, 408, 409, 418, 429, 500, 503].map(Failure::status);
    [Dns, ConnectTimeout, Refused, Unreachable, NoRoute, Tls, Certificate, Reset, NoAnswer, NotTheService, NotAsked]
        .into_iter()
        .chain([Proxy, BeyondProxy])
        .chain(codes)
        .collect()
}

#[test]
fn what_was_seen_is_there_after_a_restart_without_what_might_be_secret() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = History::open(dir.path().join("observations"), 64, T);
    let mut told = vec![answered("oai", T)];
    told.extend(failures().into_iter().zip(1..).map(|(f, n)| seen("oai", T + n * 15_000, Outcome::Failed(f))));
    told[2].via_proxy = true;
    told.iter().for_each(|o| h.take(o));
    let now = T + 30 * 15_000;
    let (before, minutes): (_, Vec<_>) = (points(&h, "oai"), h.minutes("oai", 0).collect());
    drop(h);
    for (name, _) in files(&dir.path().join("observations")) {
        let bytes = fs::read(dir.path().join("observations").join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("oai") && !text.contains("hunter2") && !text.contains("203.0"), "{text}");
    }

    let h = History::open(dir.path().join("observations"), 64, now);
    assert_eq!(all_said(&h), Vec::<String>::new());
    let expected: Vec<Observation> = told.into_iter().map(|o| Observation { peer: None, detail: None, ..o }).collect();
    assert_eq!(points(&h, "oai"), expected);
    assert_eq!(before, expected);
    assert_eq!(h.recent().collect::<Vec<_>>(), expected, "what detectors are warmed with");
    assert_eq!(h.minutes("oai", 0).collect::<Vec<_>>(), minutes);
    let sum = |f: fn(&lifeboat::history::Bucket) -> u16| minutes.iter().map(f).sum::<u16>();
    // What was not asked is no call.
    let counted = (sum(|b| b.calls), sum(|b| b.answered), sum(|b| b.failed), sum(|b| b.throttled));
    assert_eq!(counted, (23, 1, 11, 1));
    assert_eq!((minutes[0].mean(0), minutes[0].mean(TOTAL), minutes[0].slowest()), (None, Some(60), Some(60)));
    assert_eq!(minutes[4].mean(TOTAL), None, "nothing answered");
    // Two hours later the observations are gone, and the minutes are not.
    let late = History::open(dir.path().join("observations"), 64, now + 3 * HOUR);
    assert_eq!((late.points("oai", 0).count(), late.minutes("oai", 0).count()), (0, minutes.len()));
    // A clock that was a day ahead when it was written says nothing.
    let early = History::open(dir.path().join("observations"), 64, T - 24 * HOUR);
    assert_eq!(early.recent().count() + early.minutes("oai", 0).count(), 0);
}

#[test]
fn a_clock_that_is_set_back_forgets_what_was_never_so() {
    let mut h = History::in_memory();
    for at in [T, T + 15_000, T + 14_000, T + 24 * HOUR, T + 30_000] {
        h.take(&answered("a", at));
    }
    let at: Vec<i64> = h.points("a", 0).map(|p| p.at - T).collect();
    assert_eq!(at, [30_000], "after a day two hours are over");
    let mut h = History::in_memory();
    for at in [T, T + 15_000, T + 14_000, T + HOUR, T + 30_000] {
        h.take(&answered("a", at));
    }
    let at: Vec<i64> = h.points("a", 0).map(|p| p.at - T).collect();
    assert_eq!(at, [0, 15_000, 15_000, 30_000]);
    let calls: u16 = h.minutes("a", 0).map(|b| b.calls).sum();
    assert!(h.minutes("a", 0).all(|b| b.at() < T + HOUR) && calls >= 1, "{calls}");
}

#[test]
fn every_cut_and_every_flipped_byte_keeps_what_stands_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = History::open(dir.path().to_owned(), 64, T);
    // Three batches: three blocks of points.
    rounds(&mut h, 2, T, 3);
    drop(h);
    let now = T + MINUTE;
    let whole = points(&History::open(dir.path().to_owned(), 64, now), "endpoint-0001");
    assert_eq!(whole.len(), 3);
    let (name, len) = files(dir.path()).into_iter().find(|f| f.0.starts_with("points")).unwrap();
    let bytes = fs::read(dir.path().join(&name)).unwrap();
    assert_eq!(bytes.len() as u64, len);

    let mut least = Vec::new();
    for (i, flip) in (0..bytes.len()).flat_map(|i| [(i, None), (i, Some(0x01)), (i, Some(0x80))]) {
        let mut bad = bytes.clone();
        match flip {
            None => bad.truncate(i),
            Some(bit) => bad[i] ^= bit,
        }
        fs::write(dir.path().join(&name), &bad).unwrap();
        let mut h = History::open(dir.path().to_owned(), 64, now);
        let kept = points(&h, "endpoint-0001");
        assert!(whole.starts_with(&kept), "byte {i}, {flip:?}: {kept:?}");
        assert!(kept.len() < whole.len(), "byte {i}, {flip:?}: not noticed");
        if flip.is_none() {
            least.push(kept.len());
        }
        let said = all_said(&h);
        let aside = dir.path().join(format!("{name}.damaged"));
        assert_eq!(said.iter().any(|s| s.contains("is damaged")), aside.exists(), "byte {i}, {flip:?}: {said:?}");
        assert!(flip.is_some() || !aside.exists(), "byte {i}: a torn end is no damage");
        // What comes goes into a file of its own, and a damaged one is said once and shown further.
        if i % 64 == 5 {
            h.take(&answered("endpoint-0001", now));
            drop(h);
            let h = History::open(dir.path().to_owned(), 64, now);
            assert_eq!(points(&h, "endpoint-0001").len(), kept.len() + 1, "byte {i}, {flip:?}");
            assert!(all_said(&h).iter().all(|s| !s.contains("is damaged")), "byte {i}, {flip:?}");
        } else {
            drop(h);
        }
        for (other, _) in files(dir.path()) {
            fs::remove_file(dir.path().join(other)).unwrap();
        }
    }
    assert!(least.is_sorted() && least.contains(&0) && least.contains(&2), "the prefix is kept: {least:?}");
}

#[test]
fn two_lifeboats_write_files_of_their_own_and_one_that_comes_and_goes_goes_on_in_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = || dir.path().to_owned();
    let mut window = History::open(path(), 64, T);
    rounds(&mut window, 2, T, 4);
    window.finish();
    // A round a minute from cron, while the window goes on in the same minutes.
    for n in 1..=20 {
        let mut cron = History::open(path(), 64, T + n * MINUTE);
        rounds(&mut cron, 2, T + n * MINUTE + 20_000, 1);
        rounds(&mut window, 2, T + n * MINUTE, 4);
        drop(cron);
    }
    drop(window);
    assert_eq!(files(dir.path()).len(), 4, "points and minutes of two writers: {:?}", files(dir.path()));
    let h = History::open(path(), 64, T + HOUR);
    assert_eq!(all_said(&h), Vec::<String>::new());
    assert_eq!(h.points("endpoint-0001", 0).count(), 21 * 4 + 20);
    assert!(h.points("endpoint-0001", 0).is_sorted_by_key(|p| p.at));
    let minutes: Vec<u16> = h.minutes("endpoint-0001", 0).map(|b| b.calls).collect();
    assert_eq!(minutes, [vec![4], vec![5; 20]].concat(), "the same minute of both");
}

#[test]
fn the_room_is_kept_and_the_oldest_go_first() {
    let dir = tempfile::tempdir().unwrap();
    let keep = 1 << 20;
    let mut h = History::open(dir.path().to_owned(), 1, T);
    // 100 endpoints for ten hours: 3.5 MB.
    for hour in 0..10 {
        for quarter in 0..4 {
            rounds(&mut h, 100, T + hour * HOUR + quarter * 15 * MINUTE, 60);
            h.finish();
        }
        let used: u64 = files(dir.path()).iter().map(|f| f.1).sum();
        assert!(used <= keep, "{used} after {hour} hours");
    }
    drop(h);
    let now = T + 10 * HOUR;
    let all = files(dir.path());
    assert!(all.len() > 4 && all.iter().map(|f| f.1).sum::<u64>() > keep / 2, "{all:?}");
    let h = History::open(dir.path().to_owned(), 1, now);
    let minutes: Vec<_> = h.minutes("endpoint-0042", 0).collect();
    assert!(minutes.last().unwrap().at() == now - MINUTE && minutes.first().unwrap().at() > T, "{}", minutes.len());
    assert!(minutes.len() > 60 && minutes.windows(2).all(|w| w[1].minute == w[0].minute + 1), "no hole in it");
    drop(h);
    // No room at all: nothing is written.
    let none = tempfile::tempdir().unwrap();
    let mut h = History::open(none.path().join("o"), 0, T);
    rounds(&mut h, 3, T, 40);
    assert_eq!((h.points("endpoint-0001", 0).count(), h.minutes("endpoint-0001", 0).count()), (40, 10));
    drop(h);
    assert_eq!(files(&none.path().join("o")), []);
}

#[test]
fn what_another_lifeboat_is_writing_stays_whatever_room_or_clock() {
    let dir = tempfile::tempdir().unwrap();
    let path = || dir.path().to_owned();
    let mut window = History::open(path(), 64, T);
    rounds(&mut window, 2, T, 8);
    window.finish();
    let minutes = |dir: &Path| files(dir).into_iter().find(|f| f.0.starts_with("minutes-0-"));
    assert!(minutes(dir.path()).is_some());
    let mut other = History::open(path(), 1, T);
    for quarter in 0..40 {
        rounds(&mut other, 100, T + HOUR + quarter * 15 * MINUTE, 60);
        other.finish();
    }
    drop(other);
    assert!(minutes(dir.path()).is_some(), "the oldest, and yet not over: {:?}", files(dir.path()));
    // Gone all the same: it is begun anew.
    files(dir.path()).iter().for_each(|f| fs::remove_file(dir.path().join(&f.0)).unwrap());
    rounds(&mut window, 2, T + 2 * MINUTE, 8);
    drop(window);
    let kept = files(dir.path());
    assert_eq!(kept.len(), 2, "{kept:?}");
    // A clock that is ahead for a while takes nothing away.
    let ahead = T + 10 * 24 * HOUR;
    let mut wrong = History::open(path(), 64, ahead);
    for n in 0..3 {
        rounds(&mut wrong, 2, ahead + n * MINUTE, 4);
        wrong.finish();
    }
    drop(wrong);
    assert!(files(dir.path()).iter().filter(|f| kept.contains(f)).count() == 2, "{:?}", files(dir.path()));
    assert_eq!(History::open(path(), 64, T + HOUR).points("endpoint-0001", 0).count(), 8);
}

#[test]
fn slow_answers_among_fast_ones_are_written_in_whole_batches_and_a_gap_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = History::open(dir.path().to_owned(), 64, T);
    for round in 0..200 {
        for e in 0..10 {
            let asked = T + round * 15_000 - (e % 2) * 10_000;
            h.take(&answered(&format!("endpoint-{e:04}"), asked));
        }
        if round == 100 {
            h.gap(T + round * 15_000);
        }
    }
    h.finish();
    let bytes: u64 = files(dir.path()).iter().filter(|f| f.0.starts_with("points")).map(|f| f.1).sum();
    assert!(bytes < 42_000, "{bytes} bytes of 2,000 observations");
    drop(h);
    let h = History::open(dir.path().to_owned(), 64, T + HOUR);
    assert_eq!(h.last_gap(), Some(T + 100 * 15_000));
    assert!(h.recent().all(|o| o.endpoint.0.starts_with("endpoint-")));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_once_and_nothing_else_changes() {
    let dir = tempfile::tempdir().unwrap();
    // A file stands where the folder should be: nobody, not even root, can write into it.
    let path = dir.path().join("observations");
    fs::write(&path, "in the way").unwrap();
    let mut h = History::open(path.clone(), 64, T);
    rounds(&mut h, 5, T, 40);
    h.finish();
    let said = all_said(&h);
    assert!(said.len() == 1 && said[0].contains("cannot be kept") && said[0].contains("in memory"), "{said:?}");
    assert_eq!(h.points("endpoint-0001", 0).count(), 40);
    // Once it can be written, that is said, and what comes is kept.
    fs::remove_file(&path).unwrap();
    rounds(&mut h, 5, T + HOUR, 8);
    h.finish();
    assert_eq!(all_said(&h), ["observations are kept on disk again"]);
    drop(h);
    assert_eq!(History::open(path, 64, T + HOUR + MINUTE).points("endpoint-0001", 0).count(), 8);
}

#[test]
fn a_really_full_disk_disturbs_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "none"])
        .arg(dir.path())
        .output()
        .is_ok_and(|o| o.status.success());
    if !mounted {
        crate::left_out("observations on a full disk: nothing can be mounted here");
        return;
    }
    let mut h = History::open(dir.path().join("o"), 64, T);
    for minute in 0..60 {
        rounds(&mut h, 50, T + minute * MINUTE, 4);
        h.finish();
    }
    let said = all_said(&h);
    let kept = h.points("endpoint-0001", 0).count();
    drop(h);
    let left = History::open(dir.path().join("o"), 64, T + HOUR);
    let (read, damage) = (left.points("endpoint-0001", 0).count(), all_said(&left));
    drop(left);
    let _ = std::process::Command::new("umount").arg("-l").arg(dir.path()).output();
    assert!(said.len() == 1 && said[0].contains("cannot be kept"), "{said:?}");
    assert_eq!(kept, 240, "all of it in memory");
    assert!(read > 10 && read < 240 && damage.is_empty(), "{read} points, {damage:?}");
}

#[test]
fn memory_has_an_end() {
    let mut h = History::in_memory();
    // 100,000 observations of ten endpoints: 42 hours.
    rounds(&mut h, 10, T, 10_000);
    let ten = h.memory();
    assert!(ten < 2 << 20, "{ten} bytes after 100,000 observations");
    assert_eq!((h.points("endpoint-0001", 0).count(), h.minutes("endpoint-0001", 0).count()), (481, 2_500));
    // What is not asked any more goes in the end.
    rounds(&mut h, 1, T + 9 * 24 * HOUR, 1);
    let mut h = History::in_memory();
    for n in 0..10_000 {
        h.take(&answered(&format!("made-up-{n}"), T));
    }
    assert_eq!(all_said(&h).len(), 1, "names have an end too");
    assert!(h.memory() < 4 << 20, "{}", h.memory());
}
