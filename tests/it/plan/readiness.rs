//! Readiness: what past runs prove of a plan, for how long, and what is said when they do not.

use lifeboat::plan::readiness::{PastRun, Proof, Readiness, Subject, pace, readiness};
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Millis;

const NOW: i64 = 1_795_144_447_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PLAN: Subject<'_> = Subject { plan: "prod-chat", strategy: Strategy::HotWarm, digest: "new" };

fn run(digest: &str, proof: Proof, ago: i64) -> PastRun {
    PastRun {
        run: format!("R{}", ago / DAY),
        what: "rehearsal".to_owned(),
        plan: "prod-chat".to_owned(),
        strategy: Strategy::HotWarm,
        digest: digest.to_owned(),
        proof,
        closed_at: NOW - ago,
        rta: Some(Millis::from_mins(21)),
        pace: Some(Millis::from_secs(u64::try_from(ago / DAY).unwrap())),
    }
}

fn failed(why: &str) -> Proof {
    Proof::Failed(why.to_owned())
}

fn at(runs: &[PastRun]) -> Readiness {
    readiness(PLAN, runs, NOW)
}

#[test]
fn verified_by_its_newest_success() {
    let r = at(&[run("new", Proof::Held, 40 * DAY), run("new", Proof::Held, 12 * DAY), run("old", Proof::Held, DAY)]);
    assert!(r.verified() && r.advice().is_none());
    assert_eq!((r.code(), r.by()), ("verified", Some(("R12", NOW - 12 * DAY))));
    assert_eq!(r.short(NOW), "verified 12 days ago");
    assert_eq!(r.sentence(NOW), "Verified 12 days ago by rehearsal R12; users were served after 21 min.");
}

#[test]
fn it_holds_for_ninety_days_and_not_one_millisecond_longer() {
    let held = run("new", Proof::Held, 90 * DAY);
    assert!(readiness(PLAN, std::slice::from_ref(&held), NOW).verified());
    let r = readiness(PLAN, &[held], NOW + 1);
    assert_eq!(r, Readiness::TooOld { run: "R90".to_owned(), when: NOW - 90 * DAY });
    assert_eq!(r.short(NOW + 1), "last verified 90 days ago");
    assert!(
        r.sentence(NOW).contains("after 90 days that proves little") && r.advice().unwrap().starts_with("Rehearse")
    );
}

#[test]
fn edited_since_another_version_was_proven() {
    let runs = [run("older", Proof::Held, 5 * DAY), run("old", Proof::Held, 3 * DAY), run("old", failed("x"), DAY)];
    let r = at(&runs);
    assert_eq!(r, Readiness::Edited { run: "R3".to_owned(), when: NOW - 3 * DAY });
    assert_eq!(r.short(NOW), "edited since it was verified");
    assert!(r.sentence(NOW).contains("3 days ago") && r.advice() == Some("Rehearse it as it is now."));
    let back = Subject { digest: "old", ..PLAN };
    assert_eq!(readiness(back, &runs[..2], NOW).code(), "verified", "an edit taken back is the proven plan again");
}

#[test]
fn never_rehearsed_when_nothing_says_anything() {
    let other = PastRun { plan: "prod-search".to_owned(), ..run("new", Proof::Held, DAY) };
    let cold = PastRun { strategy: Strategy::HotCold, ..run("new", Proof::Held, DAY) };
    let r = at(&[other, cold, run("new", Proof::None, DAY), run("old", failed("given up"), DAY)]);
    assert_eq!((r.clone(), r.by()), (Readiness::NeverRehearsed, None));
    assert_eq!(r.short(NOW), "never rehearsed");
    assert!(r.sentence(NOW).contains("planned, not measured"));
    assert_eq!(at(&[]), Readiness::NeverRehearsed);
}

#[test]
fn a_failure_after_a_success_counts_and_a_success_after_it_mends_it() {
    let (won, lost) = (run("new", Proof::Held, 5 * DAY), run("new", failed("Not recovered"), 2 * DAY));
    let r = at(&[lost.clone(), won.clone()]);
    assert_eq!((r.code(), r.short(NOW).as_str()), ("last-failed", "last rehearsal failed"));
    assert_eq!(r.sentence(NOW), "The last rehearsal (R2, 2 days ago) did not prove it: Not recovered.");
    assert!(r.advice().unwrap().contains("record"));
    assert!(at(&[won, lost.clone(), run("new", Proof::Held, DAY)]).verified());
    assert_eq!(at(&[lost, run("new", Proof::None, DAY)]).code(), "last-failed", "a dry run mends nothing");
}

#[test]
fn ages_read_as_people_say_them() {
    for (ago, words) in [
        (-DAY, "verified under an hour ago"),
        (HOUR - 1, "verified under an hour ago"),
        (HOUR, "verified 1 hour ago"),
        (DAY - 1, "verified 23 hours ago"),
        (DAY, "verified 1 day ago"),
    ] {
        let closed = PastRun { closed_at: NOW - ago, ..run("new", Proof::Held, DAY) };
        assert_eq!(at(&[closed]).short(NOW), words);
    }
}

#[test]
fn the_pace_is_that_of_the_newest_success_of_this_very_text() {
    let unseen = PastRun { pace: None, ..run("new", Proof::Held, DAY) };
    let runs =
        [run("new", Proof::Held, 9 * DAY), run("new", Proof::Held, 7 * DAY), run("new", failed("x"), 2 * DAY), unseen];
    assert_eq!(pace(PLAN, &runs), Some(Millis::from_secs(7)));
    assert_eq!(pace(PLAN, &[run("old", Proof::Held, DAY)]), None);
}
