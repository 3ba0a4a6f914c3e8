//! Conditions of expectations and of mistakes, each on a run where it holds and on one where it does not.

use lifeboat::rehearsal::expect::{Where, Words};
use lifeboat::rehearsal::judge::holds;
use lifeboat::rehearsal::scenario::{Choice, Expect, Outcome, Scenario, When};
use lifeboat::rehearsal::score::score;
use lifeboat::run::command::{Command, StepCommand};
use lifeboat::run::event::{Evidence, LossKind};

use crate::run::{Bench, change, decision, failure, finished, reopen, skip, verified};

use super::{REGION_LOSS, bench, decided, moved};

fn when(text: &str) -> When {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Waited first, then failed over; the switch failed once and was sent again; ledger, loss, note and evidence were written.
fn eventful() -> Bench {
    let mut b = bench();
    b.reach("D9");
    b.after(60_000).step("D9", decision(Choice::Wait)).unwrap();
    b.after(60_000).step("D9", decision(Choice::FailOver)).unwrap();
    b.agree("D9");
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("weight-eastus")]);
    b.after(5_000).system("AO-F6", finished(0, Some(failure()))).unwrap();
    b.step("AO-F6", reopen()).unwrap();
    b.perform("AO-F6", &[change("weight-eastus")]);
    b.after(5_000).finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    for c in [
        Command::Ledger("old job 17 is new job 4".to_owned()),
        Command::Loss(LossKind::Duplicated, "two batches ran twice".to_owned()),
        Command::Note("Mo was phoned".to_owned()),
        Command::Finding("the newest checkpoint was nine hours old".to_owned()),
        Command::Evidence(Evidence { name: "portal".to_owned(), text: "Quota: 40".to_owned(), ..Evidence::default() }),
    ] {
        b.run_wide(c).unwrap();
    }
    b
}

#[test]
fn every_condition_holds_where_it_should_and_nowhere_else() {
    let (full, empty) = (eventful(), bench());
    // Condition, in the eventful run, in the one that has just begun.
    for (text, eventful, begun) in [
        ("Decided(FailOver)", true, false),
        ("Decided(Wait)", false, false),
        ("EverDecided(Wait)", true, false),
        (r#"DecidedLaterThan("1m")"#, true, true),
        (r#"DecidedLaterThan("30m")"#, false, true),
        ("Closed(Recovered)", false, false),
        ("GivenUp", false, false),
        (r#"Done("AO-F6")"#, true, false),
        (r#"Failed("AO-F6")"#, true, false),
        (r#"Failed("D9")"#, false, false),
        (r#"Not(Failed("no-such-step"))"#, false, false),
        (r#"Done("no-such-step")"#, false, false),
        (r#"Not(Done("no-such-step"))"#, false, false),
        (r#"Not(Done("AO-F6"))"#, false, true),
        (r#"Begun("AO-F6")"#, true, false),
        (r#"Skipped("AO-F5")"#, true, false),
        (r#"OutOfOrder("AO-F5", "AO-F6")"#, true, false),
        (r#"OutOfOrder("D9", "AO-F6")"#, false, false),
        (r#"MoreAttempts("AO-F6", 1)"#, true, false),
        (r#"MoreAttempts("AO-F6", 2)"#, false, false),
        (r#"TookLonger("AO-F6", "8s")"#, true, false),
        (r#"TookLonger("AO-F6", "1h")"#, false, false),
        (r#"Alone("AO-F6")"#, false, false),
        (r#"Glass("AO-F6")"#, false, false),
        (r#"AgreedBy("D9", "GRACE")"#, true, false),
        (r#"AgreedBy("D9", "Mo")"#, false, false),
        (r#"Says(at: Ledger, any: ["nothing", "NEW JOB"])"#, true, false),
        (r#"Says(at: Notes, any: ["mo was"])"#, true, false),
        (r#"Says(at: Reason, any: ["mo was"])"#, false, false),
        (r#"Says(at: Loss, any: ["ran twice"])"#, true, false),
        (r#"Says(at: Findings, any: ["checkpoint"])"#, true, false),
        (r#"Says(at: Evidence, any: ["quota: 40"])"#, true, false),
        (r#"Says(at: Anywhere, any: ["quota: 40"])"#, true, false),
        (r#"Says(at: Summary, any: ["quota"])"#, false, false),
        (r#"Says(at: Step("AO-F6"), any: ["begun anew"])"#, true, false),
        ("Loss(Duplicated)", true, false),
        ("Loss(Unavailable)", false, false),
        ("Ledger(1)", true, false),
        ("Ledger(2)", false, false),
        (r#"Verdict("down")"#, false, false),
        (r#"Served("eastus")"#, false, true),
        (r#"All([Ledger(1), Loss(Duplicated)])"#, true, false),
        (r#"All([Ledger(1), Loss(Unavailable)])"#, false, false),
        (r#"Any([Loss(Unavailable), Ledger(1)])"#, true, false),
    ] {
        let w = when(text);
        assert_eq!((holds(&full.run, &w), holds(&empty.run, &w)), (eventful, begun), "{text}");
    }
}

fn expect(text: &str) -> Expect {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn every_expectation_scores_and_a_mistake_has_its_name() {
    let b = eventful();
    // Expectation, points reached, and of how many.
    for (text, points, of) in [
        ("Expect(decide_first: Wait)", 2, 2),
        ("Expect(decide_first: Abort)", 0, 2),
        (r#"Expect(done: ["D9", "AO-F6", "no-such-step"])"#, 2, 2),
        (r#"Expect(done: ["AO-F5"])"#, 0, 2),
        (r#"Expect(done: ["no-such-step"])"#, 0, 0),
        (r#"Expect(before: [("D9", "AO-F6")])"#, 2, 2),
        (r#"Expect(before: [("AO-F6", "D9")])"#, 0, 2),
        (r#"Expect(before: [("AO-F5", "AO-F6")])"#, 0, 2),
        (r#"Expect(skipped: ["AO-F5"])"#, 2, 2),
        (r#"Expect(skipped: ["AO-F6"])"#, 0, 2),
        (r#"Expect(attempts: {"AO-F6": 2})"#, 2, 2),
        (r#"Expect(attempts: {"AO-F6": 1})"#, 0, 2),
        (r#"Expect(words: [Words(what: "ids kept", at: Ledger, any: ["old job"])])"#, 1, 1),
        (r#"Expect(words: [Words(what: "ids kept", at: Ledger, any: ["x"])])"#, 0, 1),
        ("Expect(decision: Wait, or: [FailOver])", 3, 3),
        ("Expect(decision: Wait, or: [Partial])", 0, 3),
        (r#"Expect(must_not: ["AO-F6"])"#, 0, 2),
        (r#"Expect(must_not: ["no-such-step"])"#, 0, 0),
        ("Expect(loss: [Duplicated])", 1, 1),
        // What may be lost is written down by the app; that is nobody's merit.
        ("Expect(loss: [Lost])", 0, 1),
        ("Expect(loss: [Duplicated, Unavailable])", 1, 2),
        (r#"Expect(fails: [Fail(id: "twice", what: "sent twice", when: MoreAttempts("AO-F6", 1))])"#, 0, 2),
        (r#"Expect(fails: [Fail(id: "thrice", what: "x", when: MoreAttempts("AO-F6", 2), points: 5)])"#, 5, 5),
    ] {
        let (mine, none) = (score(&b.run, &expect(text)), score(&b.run, &Expect::default()));
        assert_eq!((mine.points() - none.points(), mine.of() - none.of()), (points, of), "{text}");
        assert_eq!(mine.mistakes(), if text.contains("twice") { vec!["twice"] } else { vec![] }, "{text}");
    }
}

#[test]
fn what_is_done_by_hand_or_left_out_is_in_the_order_it_was() {
    let mut b = decided(Choice::FailOver);
    b.reach("AO-F5");
    b.step("AO-F5", skip()).unwrap();
    assert!(!holds(&b.run, &when(r#"Begun("AO-F5")"#)), "left out is not begun");
    let mut b = moved();
    b.reach("nothing");
    b.run_wide(Command::Close { outcome: Outcome::Recovered, summary: "All good".to_owned() }).unwrap();
    assert!(holds(&b.run, &when("Closed(Recovered)")));
    assert!(holds(&b.run, &when(r#"Says(at: Summary, any: ["GOOD"])"#)));
}

#[test]
fn a_scenario_may_expect_otherwise_with_one_strategy_and_know_wrong_ways() {
    use lifeboat::runbook::model::Strategy;
    let mut s: Scenario = ron::from_str(REGION_LOSS).unwrap();
    s.expect_in.insert(Strategy::HotHot, Expect { decision: Some(Choice::Abort), ..Expect::default() });
    assert_eq!(s.expected(Strategy::HotHot).decision, Some(Choice::Abort));
    assert_eq!(s.expected(Strategy::HotWarm).decision, s.expect.decision);
    let wrong = r#"Wrong(id: "waits", about: "x", fails: ["waited"], answers: [
        Answer(step: "D9", answer: Decide(choice: Wait, reason: "r", expected_loss: "l"))])"#;
    s.wrong.push(ron::from_str(wrong).unwrap());
    assert!(s.gone_wrong("other").is_none());
    let wrong = s.gone_wrong("waits").unwrap();
    assert_eq!((wrong.answers[0].step.as_str(), wrong.answers.len()), ("D9", s.answers.len() + 1));
    // What is written down beside a step is written once, and the step still has its answer.
    let beside = r#"Answer(step: "*", answer: Note("seen"))"#;
    s.answers.insert(0, ron::from_str(beside).unwrap());
    let mut script = lifeboat::rehearsal::script::Script::new(&s, Strategy::HotWarm);
    let mut b = bench();
    b.reach("D3");
    let (first, then) = (script.next(&b.run).unwrap(), script.next(&b.run).unwrap());
    assert!(first.reply.beside() && !then.reply.beside(), "{first:?} {then:?}");
    let _ = StepCommand::Check;
}

#[test]
fn words_count_from_the_beginning_of_a_word_and_mistakes_only_where_they_are_stated() {
    // Written, looked for, whether it is there, whether it is a mistake.
    for (written, word, there, claimed) in [
        ("We go home tonight.", "tonight", true, true),
        ("Not tonight: Sunday at six.", "tonight", true, false),
        ("Kept for seven days, not 90 days.", "90 days", true, false),
        ("Kept for 90 days, not seven.", "90 days", true, true),
        ("Nobody can purge it.", "purge it", true, false),
        ("They don't resume.", "resume", true, false),
        ("No hurry. We purge it.", "purge it", true, true),
        ("This password is new.", "his password", false, false),
        ("All at once; 95 % idle", "5 %", false, false),
        ("A canary of 5% first", "5 %", true, true),
        ("A part is spilled", "spill", true, true),
        ("anything", "", false, false),
    ] {
        let mut b = bench();
        b.run_wide(Command::Note(written.to_owned())).unwrap();
        let mistake = When::Says { at: Where::Notes, any: vec![word.to_owned()] };
        let wanted = Words { what: "w".to_owned(), at: Where::Notes, any: vec![word.to_owned()] };
        let line = score(&b.run, &Expect { words: vec![wanted], ..Expect::default() }).lines.remove(0);
        assert_eq!((line.points == 1, holds(&b.run, &mistake)), (there, claimed), "`{word}` in `{written}`");
    }
}

#[test]
fn to_decide_the_same_again_costs_no_time() {
    let mut b = bench();
    b.reach("D9");
    b.after(60_000).step("D9", decision(Choice::Wait)).unwrap();
    let decided = lifeboat::rehearsal::judge::decided_after(&b.run);
    b.after(3_600_000).step("D9", decision(Choice::Wait)).unwrap();
    assert_eq!(lifeboat::rehearsal::judge::decided_after(&b.run), decided);
}
