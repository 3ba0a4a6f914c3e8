//! Whatever comes from outside fits into a record, or is said before it is sent.

use super::*;
use lifeboat::run::cut;

/// As big as Azure, a proxy or a long day can make it.
const HUGE: usize = 90 * 1024;

fn size(e: &Event) -> usize {
    serde_json::to_vec(e).unwrap().len()
}

#[test]
fn results_of_any_size_are_recorded_and_the_step_goes_on() {
    let big = |n: usize| Reading { raw: Some("\u{1}ä".repeat(n)), value: "x".repeat(n), ..reading(Some(true)) };
    for readings in [vec![big(HUGE)], vec![big(3_000); 40], vec![big(300); 2_000]] {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("D1");
        b.system("D1", StepCommand::Check).unwrap();
        let events = b.system("D1", StepCommand::Verified { readings, failure: None }).unwrap();
        assert!(events.iter().all(|e| size(e) <= cut::MOST), "{:?}", events.iter().map(size).collect::<Vec<_>>());
        assert!(b.state("D1").over());
    }
    // What does not hold is kept, however many do.
    let mut readings = vec![big(300); 2_000];
    readings.push(Reading { name: "the one".to_owned(), ..reading(Some(false)) });
    let mut e = Event::StepVerified { readings };
    cut::fit(&mut e);
    let Event::StepVerified { readings } = &e else { panic!() };
    assert!(readings.iter().any(|r| r.name == "the one"));
    assert!(readings.last().unwrap().value.contains("more readings"), "and it is said that some are missing");

    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    b.perform("AO-F5", &[change("x")]);
    let message = "ä".repeat(HUGE);
    let events = b.system("AO-F5", finished(0, Some(Failure { message, ..failure() }))).unwrap();
    assert!(events.len() == 2 && events.iter().all(|e| size(e) <= cut::MOST));
    let said = &b.run.step("AO-F5").unwrap().failure.as_ref().unwrap().message;
    assert!(said.contains("bytes left out"), "{said}");
    // What was recorded is what is replayed.
    assert_eq!(&Run::replay(&b.entries).unwrap().step("AO-F5").unwrap().failure.as_ref().unwrap().message, said);
}

#[test]
fn requests_that_no_record_holds_are_refused_and_never_cut() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    let big = Change { body: Some("x".repeat(HUGE)), ..change("x") };
    assert!(cut::too_big(std::slice::from_ref(&big)).is_some_and(|n| n > HUGE));
    let Err(refusal) = b.step("AO-F5", performing(&[big])) else { panic!("it cannot be recorded") };
    assert!(matches!(refusal, Refusal::TooBig { .. }) && refusal.to_string().contains("by hand"), "{refusal}");
    let fits = Change { body: Some("x".repeat(40 * 1024)), ..change("x") };
    let events = b.step("AO-F5", performing(std::slice::from_ref(&fits))).unwrap();
    assert!(events.iter().any(|e| matches!(e, Event::StepStarted { changes, .. } if changes[0] == fits)));
}
