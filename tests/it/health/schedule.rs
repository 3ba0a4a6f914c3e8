//! The rhythm of the watch: in time even when nobody answers, never in step, never made up for.

use std::collections::BTreeSet;

use lifeboat::health::schedule::{AT_ONCE_LEAST, AT_ONCE_MOST, Rhythm, Schedule};
use lifeboat::units::Millis;

const EVERY: u64 = 15_000;

fn same(n: usize, every: u64, patience: u64) -> Vec<Rhythm> {
    vec![Rhythm { every: Millis(every), patience: Millis(patience) }; n]
}

/// Plays a schedule whose endpoints each take this long; gives the turns of each, and the most under way at once.
fn play(s: &mut Schedule, n: usize, from: u64, until: u64, takes: u64) -> (Vec<Vec<u64>>, usize) {
    let (mut asked, mut running, mut most) = (vec![Vec::new(); n], BTreeSet::new(), 0);
    let mut now = from;
    while now < until {
        while let Some(&(end, id)) = running.first().filter(|r: &&(u64, usize)| r.0 <= now) {
            running.remove(&(end, id));
            s.ended(id, now);
        }
        for id in s.due(now) {
            asked[id].push(now);
            running.insert((now + takes, id));
        }
        most = most.max(running.len());
        assert!(running.len() <= s.at_once());
        let next = s.next().into_iter().chain(running.first().map(|r| r.0)).min().unwrap();
        now = next.max(now);
    }
    (asked, most)
}

#[test]
fn a_thousand_that_never_answer_are_all_asked_in_time() {
    for (n, takes, least_calls) in [(1, 30, 39), (200, 60, 39), (1_000, 10_000, 38)] {
        let mut s = Schedule::new(7, &same(n, EVERY, 10_000), 0);
        let (asked, most) = play(&mut s, n, 0, 40 * EVERY, takes);
        assert!(asked.iter().all(|a| a.len() >= least_calls), "{n}: {:?}", asked.iter().map(Vec::len).min());
        let longest = asked.iter().flat_map(|a| a.windows(2)).map(|w| w[1] - w[0]).max().unwrap();
        assert!(longest <= EVERY * 3 / 2, "{n}: {longest} ms between two turns; news is stale after 45 s");
        assert!(most <= AT_ONCE_MOST, "{n}: {most}");
        if n == 1_000 {
            assert!((600..=740).contains(&most), "two thirds of them are under way: {most}");
        }
    }
}

#[test]
fn the_room_follows_from_what_is_asked() {
    for (n, every, patience, room) in [
        (1, 15_000, 10_000, AT_ONCE_LEAST),
        (60, 15_000, 10_000, 44),
        (1_000, 15_000, 10_000, 733),
        (1_000, 60_000, 10_000, 183),
        (100_000, 15_000, 10_000, AT_ONCE_MOST),
    ] {
        let s = Schedule::new(1, &same(n, every, patience), 0);
        assert!(s.at_once().abs_diff(room) <= 2, "{n} every {every}: {}", s.at_once());
    }
}

#[test]
fn turns_keep_their_place_with_a_jitter_and_a_window_holds_its_calls() {
    let mut s = Schedule::new(3, &same(50, EVERY, 10_000), 1_000);
    let (asked, _) = play(&mut s, 50, 1_000, 1_000 + 200 * EVERY, 80);
    for turns in &asked {
        assert!(turns[0] <= 2_500, "the first within 1.5 s: {}", turns[0]);
        let gaps: Vec<u64> = turns[1..].windows(2).map(|w| w[1] - w[0]).collect();
        assert!(gaps.iter().all(|g| (12_000..=18_000).contains(g)), "{gaps:?}");
        assert!(gaps.iter().collect::<BTreeSet<_>>().len() > 50, "no fixed step");
        // The share rule asks for 20 calls in five minutes.
        assert!(turns[1..].windows(20).all(|w| w[19] - w[0] <= 300_000));
    }
    // Spread over the interval: in no second more than two of the fifty, once the first turns are over.
    let mut seconds: Vec<u64> = asked.iter().map(|a| a[20] % EVERY / 1_000).collect();
    seconds.sort_unstable();
    let most = seconds.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap();
    assert!(most <= 9, "{most} in one second");
}

#[test]
fn the_same_seed_gives_the_same_turns_and_another_is_out_of_step() {
    let turns = |seed| {
        let mut s = Schedule::new(seed, &same(20, EVERY, 10_000), 0);
        play(&mut s, 20, 0, 40 * EVERY, 50).0
    };
    assert_eq!(turns(1), turns(1));
    let (a, b) = (turns(1), turns(5));
    let apart = a.iter().zip(&b).filter(|(a, b)| a[10].abs_diff(b[10]) > 500).count();
    assert!(apart > 12, "{apart} of 20");
}

#[test]
fn what_was_missed_is_not_made_up_for_and_comes_back_spread() {
    for (within, longest) in [(None, EVERY), (Some(Millis(3_000)), 3_000)] {
        let mut s = Schedule::new(9, &same(300, EVERY, 10_000), 0);
        play(&mut s, 300, 0, 4 * EVERY, 50);
        // Eight hours later: all would be due at once.
        let now = 8 * 3_600_000;
        s.resumed(now, within);
        let (asked, _) = play(&mut s, 300, now, now + longest, 50);
        let first: Vec<u64> = asked.iter().filter_map(|a| a.first()).map(|t| t - now).collect();
        assert!(first.len() >= 295, "all but those that were under way: {}", first.len());
        let slot = longest / 15;
        let most = (0..15).map(|k| first.iter().filter(|t| **t / slot == k).count()).max().unwrap();
        assert!(most <= 24, "{most} of 300 in a fifteenth of the time");
        // A clock that is merely late asks each once, not once for every turn that it missed.
        let later = now + 20 * EVERY;
        let (late, _) = play(&mut s, 300, later, later + 2_000, 50);
        assert!(late.iter().all(|a| a.len() <= 1));
    }
}

#[test]
fn another_pace_holds_at_once() {
    let mut s = Schedule::new(4, &same(10, EVERY, 10_000), 0);
    play(&mut s, 10, 0, 10 * EVERY, 50);
    let slow = |_| Rhythm { every: Millis(60_000), patience: Millis(10_000) };
    s.set(150_000, slow);
    let (asked, _) = play(&mut s, 10, 150_000, 150_000 + 240_000, 50);
    assert!(asked.iter().all(|a| (4..=5).contains(&a.len())), "{asked:?}");
    let now = 390_000;
    s.set(now, |_| Rhythm { every: Millis(EVERY), patience: Millis(10_000) });
    let (asked, _) = play(&mut s, 10, now, now + EVERY, 50);
    assert!(asked.iter().filter(|a| !a.is_empty()).count() >= 9, "all within one quick interval: {asked:?}");
}

#[test]
fn nothing_comes_later_because_it_is_asked_more_often_or_as_often() {
    let pace = |every| move |_| Rhythm { every: Millis(every), patience: Millis(10_000) };
    for (every, takes) in [(20_000, 50), (EVERY, 50), (20_000, 9_000), (EVERY, 9_000)] {
        let (n, now) = (40, 200_000);
        let mut old = Schedule::new(4, &same(n, 20_000, 10_000), 0);
        // All of them are waiting, or some are under way.
        play(&mut old, n, 0, now, takes);
        let mut new = old.clone();
        new.set(now, pace(every));
        let first = |mut s: Schedule| {
            let under_way: Vec<usize> = (0..n).collect();
            under_way.iter().for_each(|id| s.ended(*id, now));
            play(&mut s, n, now, now + 30_000, 50).0
        };
        for (id, (a, b)) in first(old).iter().zip(first(new)).enumerate() {
            assert!(b[0] <= a[0], "{id} was due at {}, and at {} after the change to {every}", a[0], b[0]);
        }
    }
}
