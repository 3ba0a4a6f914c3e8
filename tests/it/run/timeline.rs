//! Where the time of a run goes: planned, at work, waited for.

use lifeboat::run::event::Found;
use lifeboat::run::timeline::{Bar, Doing, Lane, lanes};

use super::*;

fn lane(b: &Bench, id: &str) -> Lane {
    let (all, _) = lanes(&b.run);
    all.into_iter().find(|l| b.run.steps[l.step].id == id).unwrap()
}

fn spent(lane: &Lane, doing: Doing) -> i64 {
    let of = lane.bars.iter().filter(|b| b.doing == doing);
    of.map(|b: &Bar| b.to.unwrap_or(i64::MAX) - b.from).sum()
}

#[test]
fn planned_times_stand_one_after_another_from_the_beginning() {
    let b = Bench::new(Mode::Rehearsal);
    let (all, pauses) = lanes(&b.run);
    assert!(pauses.is_empty() && all.len() == b.run.steps.len());
    assert_eq!(all[0].planned.0, b.run.started_at);
    for pair in all.windows(2) {
        let planned = |l: &Lane| b.run.planned(&b.run.steps[l.step].id).unwrap();
        let (one, next) = (planned(&pair[0]), planned(&pair[1]));
        let side_by_side = one.group.is_some() && one.group == next.group;
        let wanted = if side_by_side {
            pair[0].planned.0
        } else {
            all.iter().take(pair[1].step).map(|l| l.planned.1).max().unwrap()
        };
        assert_eq!(pair[1].planned.0, wanted, "{} after {}", next.id, one.id);
        assert_eq!(pair[1].planned.1 - pair[1].planned.0, next.expect.0 as i64, "{}", next.id);
    }
}

#[test]
fn work_azure_the_second_person_and_people_are_told_apart() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    assert!(b.run.planned("AO-F6").unwrap().second_person.is_some(), "it asks the second person");
    b.after(60_000);
    let ask = StepCommand::AskSecondPerson { changes: vec![change("x")], undo: false, ticket: Ticket::default() };
    b.step("AO-F6", ask).unwrap();
    let waits = lane(&b, "AO-F6");
    assert!(waits.bars.iter().any(|b| b.doing == Doing::Waited && b.to.is_none()), "it goes on: {waits:?}");
    b.after(90_000);
    b.agree("AO-F6");
    b.step("AO-F6", performing(&[change("x")])).unwrap();
    b.after(30_000);
    b.finish("AO-F6", 0);
    b.after(10_000);
    b.system("AO-F6", verified(None)).unwrap();
    let l = lane(&b, "AO-F6");
    assert!(spent(&l, Doing::People) >= 60_000, "nobody had begun it: {l:?}");
    assert!(spent(&l, Doing::Waited) >= 90_000 && spent(&l, Doing::Waited) < 100_000, "{l:?}");
    assert!(spent(&l, Doing::Work) >= 40_000 && spent(&l, Doing::Work) < 60_000, "{l:?}");
    assert!(l.ended.is_some() && l.bars.iter().all(|b| b.to.is_some()), "{l:?}");
}

#[test]
fn azure_is_at_it_until_it_is_seen_to_have_ended() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    b.step("AO-F5", performing(&[change("x")])).unwrap();
    b.system("AO-F5", StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr: Default::default() }).unwrap();
    b.after(120_000);
    b.system("AO-F5", StepCommand::Lost { n: 0, why: "cut".to_owned() }).unwrap();
    let read = |found| StepCommand::ReadBack { n: 0, found, detail: "d".to_owned() };
    b.after(60_000);
    b.system("AO-F5", read(Found::Running)).unwrap();
    b.after(600_000);
    b.system("AO-F5", read(Found::Applied)).unwrap();
    let l = lane(&b, "AO-F5");
    assert!(spent(&l, Doing::Azure) >= 780_000, "{l:?}");
}

#[test]
fn a_step_that_is_left_out_took_no_time_and_a_failure_says_so() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    b.after(5_000);
    b.step("AO-F5", skip()).unwrap();
    let l = lane(&b, "AO-F5");
    assert!(l.ended.is_some() && l.bars.is_empty(), "{l:?}");

    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    b.step("AO-F5", performing(&[change("x")])).unwrap();
    b.after(20_000);
    b.system("AO-F5", finished(0, Some(failure()))).unwrap();
    let l = lane(&b, "AO-F5");
    assert!(l.bars.iter().any(|b| b.doing == Doing::Failed && b.to.is_some()), "{l:?}");
    assert_eq!(l.ended, None, "it is not over");
}
