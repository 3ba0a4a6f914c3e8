//! When happenings come: as written, held back, brought forward.

use lifeboat::rehearsal::scenario::Scenario;
use lifeboat::rehearsal::schedule::{Schedule, away};
use lifeboat::run::event::Facilitated as F;
use lifeboat::run::state::Run;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Millis;

use super::REGION_LOSS;

/// Happenings at 0, 2, 4 and 12 minutes.
fn plain() -> Schedule {
    let mut s: Scenario = ron::from_str(REGION_LOSS).unwrap();
    s.timeline.remove(1);
    s.timeline.truncate(4);
    Schedule::plain(&s, Some(Strategy::HotWarm))
}

#[test]
fn time_stands_still_while_held_and_what_has_come_stays() {
    let min = |m: u64| Millis::from_mins(m);
    // What the facilitator did, and minutes at which the four come.
    for (did, due) in [
        (vec![], [Some(0), Some(2), Some(4), Some(12)]),
        (vec![(3, F::Held)], [Some(0), Some(2), None, None]),
        (vec![(3, F::Held), (10, F::LetGo)], [Some(0), Some(2), Some(11), Some(19)]),
        (vec![(3, F::Held), (5, F::Held), (10, F::LetGo), (20, F::LetGo)], [Some(0), Some(2), Some(11), Some(19)]),
        (vec![(1, F::Now(3))], [Some(0), Some(2), Some(4), Some(1)]),
        (vec![(3, F::Now(1))], [Some(0), Some(2), Some(4), Some(12)]),
        (vec![(3, F::Held), (5, F::Now(2)), (10, F::LetGo)], [Some(0), Some(2), Some(5), Some(19)]),
        (vec![(1, F::Now(3)), (3, F::Held), (10, F::LetGo)], [Some(0), Some(2), Some(11), Some(1)]),
        (vec![(1, F::Now(99)), (1, F::Noted("x".to_owned()))], [Some(0), Some(2), Some(4), Some(12)]),
    ] {
        let moved = plain().moved(did.iter().map(|(at, f)| (min(*at), f.clone())));
        let all: Vec<Option<u64>> = (0..4).map(|n| moved.due(n).map(|d| d.0 / 60_000)).collect();
        assert_eq!(all, due, "{did:?}");
        assert_eq!(moved.due(4), None);
        assert!(moved.all().is_sorted_by_key(|(_, at)| *at));
    }
}

#[test]
fn who_is_away_is_the_last_that_was_said_of_them() {
    let gone = |who: &str, gone| (0, F::Unavailable(who.to_owned(), gone));
    let mut run = Run::default();
    run.facilitated = vec![gone("Mo", true), gone("Kim", true), gone("Mo", false)];
    assert_eq!(away(&run), ["Kim"]);
}
