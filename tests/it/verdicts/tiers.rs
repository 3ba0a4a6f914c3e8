//! How long it takes to believe in an outage, and in its end; and what a second pair of eyes changes.

use lifeboat::health::{Advice, State};
use lifeboat::rehearsal::scenario::{How, Place};
use lifeboat::runbook::model::Tier;

use super::traps::resource_health;
use super::{Case, T0, Who, case, east, inference, sweden};

const MINUTE: u64 = 60;
/// A probe before a threshold, and two after it and the failure's own time.
const BEFORE: u64 = 20;
const AFTER: u64 = 70;

/// An outage of so many minutes at a tier that does not believe in it yet.
fn too_short(name: &'static str, tier: Tier, minutes: u64) -> Case {
    let over = T0 + minutes * MINUTE;
    case(name)
        .tier(tier)
        .fault(inference(), How::Status(503), T0, over)
        .until(over + 120)
        .turns(Who::Primary, State::Suspect, T0 + 25..=T0 + 90)
        .never(Who::Primary, &[State::Down])
        .never_advises(Advice::Confirm)
        .holds(Who::Primary, &[State::Ok], over + 45..=over + 120)
        .fine(&[Who::Secondary])
}

/// An outage that lasts until the tier believes in it.
fn long_enough(name: &'static str, tier: Tier, minutes: u64) -> Case {
    let due = T0 + minutes * MINUTE;
    case(name)
        .tier(tier)
        .fault(inference(), How::BlackHole, T0, due + 600)
        .until(due + AFTER + 60)
        .holds(Who::Primary, &[State::Suspect], T0 + 90..=due - BEFORE)
        .turns(Who::Primary, State::Down, due - BEFORE..=due + AFTER)
        .advises(&[Advice::Confirm], due + AFTER..=due + AFTER + 60)
        .fine(&[Who::Secondary])
}

/// Lost for five minutes, then back.
fn back(name: &'static str) -> Case {
    case(name).fault(inference(), How::Reset, T0, T0 + 300).lost(T0)
}

pub fn table() -> Vec<Case> {
    let mut all = vec![
        case("T1: a minute is too short")
            .fault(inference(), How::Status(503), T0, T0 + 60)
            .until(T0 + 200)
            .never(Who::Primary, &[State::Down])
            .never_advises(Advice::Confirm)
            .holds(Who::Primary, &[State::Ok], T0 + 105..=T0 + 200)
            .fine(&[Who::Secondary]),
        too_short("T2: twelve minutes are too short", Tier::T2, 12),
        long_enough("T2: a quarter of an hour is long enough", Tier::T2, 15),
        too_short("T3: twenty-five minutes are too short", Tier::T3, 25),
        long_enough("T3: half an hour is long enough", Tier::T3, 30),
        back("recovery is believed after it has held for five minutes")
            .until(T0 + 760)
            .holds(Who::Primary, &[State::Down], T0 + 170..=T0 + 310)
            .holds(Who::Primary, &[State::Degraded], T0 + 400..=T0 + 610)
            .holds(Who::Primary, &[State::Ok], T0 + 740..=T0 + 760)
            .advises(&[Advice::Watch], T0 + 400..=T0 + 610),
        back("a relapse in the hold is down again at once")
            .fault(inference(), How::Reset, T0 + 480, T0 + 900)
            .until(T0 + 640)
            .holds(Who::Primary, &[State::Degraded], T0 + 400..=T0 + 480)
            .holds(Who::Primary, &[State::Down], T0 + 570..=T0 + 640),
        back("one failure in the hold begins it anew")
            .fault(inference(), How::Reset, T0 + 540, T0 + 555)
            .until(T0 + 960)
            .holds(Who::Primary, &[State::Degraded], T0 + 400..=T0 + 535)
            .holds(Who::Primary, &[State::Degraded, State::Unstable], T0 + 540..=T0 + 825)
            .holds(Who::Primary, &[State::Ok], T0 + 940..=T0 + 960),
        case("the secondary is lost after the primary")
            .fault(inference(), How::Status(500), T0, T0 + 900)
            .fault(Place::DataPlane(sweden()), How::Status(500), T0 + 300, T0 + 900)
            .until(T0 + 530)
            .lost(T0)
            .advises(&[Advice::Confirm], T0 + 170..=T0 + 300)
            .turns(Who::Secondary, State::Down, T0 + 380..=T0 + 470)
            .advises(&[Advice::NowhereToGo], T0 + 470..=T0 + 530),
    ];
    // Half a minute of failures, a minute and a half of answers.
    let mut flaps = case("it comes and goes")
        .until(T0 + 720)
        .never(Who::Primary, &[State::Down])
        .turns(Who::Primary, State::Unstable, T0 + 120..=T0 + 420)
        .never_advises(Advice::Confirm)
        .fine(&[Who::Secondary]);
    for n in 0..6 {
        flaps = flaps.fault(inference(), How::Status(503), T0 + n * 120, T0 + n * 120 + 30);
    }
    all.push(flaps);
    // Three failures of five, again and again: never eight in a row, and more than half of all calls.
    let mut half = case("more than half of all calls fail")
        .until(T0 + 720)
        .turns(Who::Primary, State::Down, T0 + 150..=T0 + 600)
        .fine(&[Who::Secondary]);
    for n in 0..12 {
        half = half.fault(inference(), How::Status(503), T0 + n * 75, T0 + n * 75 + 48);
    }
    all.push(half);
    all
}

/// What is recommended once the tier's time has passed.
fn agreed(name: &'static str, tier: Tier, advice: &'static [Advice]) -> (Case, u64) {
    let minutes = match tier {
        Tier::T1 => 2,
        Tier::T2 => 15,
        Tier::T3 => 30,
    };
    let due = T0 + minutes * MINUTE + AFTER;
    let mut c = case(name).tier(tier).fault(inference(), How::Status(503), T0, due + 3_600);
    c = c
        .until(due + 120)
        .holds(Who::Primary, &[State::Down], due..=due + 1_000)
        .advises(advice, due + 30..=due + 1_000);
    (c, due)
}

/// Rehearsals: colleagues speak, the platform posts.
pub fn others() -> Vec<Case> {
    let (t1, t3) = (Tier::T1, Tier::T3);
    let (yes, not_yet) = (&[Advice::FailOver], &[Advice::Confirm]);
    let row = |name, tier, advice, tell: &dyn Fn(Case, u64) -> Case| {
        let (c, due) = agreed(name, tier, advice);
        tell(c, due)
    };
    vec![
        row("nobody else looked", t1, not_yet, &|c, _| c.never_advises(Advice::FailOver)),
        row("a colleague sees it too", t1, yes, &|c, due| c.colleague(due, false)),
        row("a colleague sees it answer", t1, not_yet, &|c, due| {
            c.colleague(due, true).never_advises(Advice::FailOver)
        }),
        row("what a colleague saw before it began says nothing", t1, not_yet, &|c, _| c.colleague(60, true)),
        row("a colleague sees it too, T2", Tier::T2, yes, &|c, due| c.colleague(due, false)),
        row("what a colleague saw twenty minutes ago is too old", t3, not_yet, &|c, due| {
            c.posts(T0 + 600, east(), "Active").colleague(due - 1_200, false).never_advises(Advice::FailOver)
        }),
        row("T3: two see it, and nothing is posted", t3, not_yet, &|c, due| {
            c.colleague(due, false).never_advises(Advice::FailOver)
        }),
        row("T3: two see it, and it is posted", t3, yes, &|c, due| {
            c.posts(T0 + 720, east(), "Active").colleague(due, false)
        }),
        row("T3: it is posted for another region", t3, not_yet, &|c, due| {
            c.posts(T0 + 720, sweden(), "Active").colleague(due, false).never_advises(Advice::FailOver)
        }),
        row("T3: what was posted is resolved", t3, not_yet, &|c, due| {
            c.posts(T0 + 720, east(), "Active").posts(due - 300, east(), "Resolved").colleague(due, false)
        }),
        row("T3: Resource Health says that we did it", t3, not_yet, &|c, due| {
            c.happens(T0 + 600, resource_health(true)).colleague(due, false).never_advises(Advice::FailOver)
        }),
        row("T3: Resource Health says it of one account", t3, not_yet, &|c, due| {
            c.happens(T0 + 600, resource_health(false)).colleague(due, false)
        }),
    ]
}
