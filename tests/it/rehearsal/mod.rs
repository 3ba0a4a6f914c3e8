//! The scripted operator, and how a rehearsal is scored; happenings, facilitator, tabletop.

mod desk;
mod judge;
mod schedule;
mod table;

use lifeboat::rehearsal::scenario::{Answer, Choice, Expect, Outcome, Reply, Scenario, Situation};
use lifeboat::rehearsal::score::{Line, score};
use lifeboat::rehearsal::script::Script;
use lifeboat::run::command::{Command, StepCommand};
use lifeboat::run::event::{Mode, Observed, StepState};
use lifeboat::runbook::model::Strategy;
use lifeboat::units::{Millis, Region};

use crate::run::{BEGIN, Bench, change, confirm, decision, failure, finished, reopen, skip, verified};

const REGION_LOSS: &str = include_str!("../../../assets/scenarios/region-loss.ron");

fn scenario() -> Scenario {
    ron::from_str(REGION_LOSS).unwrap()
}

fn bench() -> Bench {
    let mut b = Bench::new(Mode::Rehearsal);
    b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "the first fault".to_owned() }).unwrap();
    b
}

fn only(b: &Bench, expect: Expect) -> Line {
    let s = score(&b.run, &expect);
    assert_eq!(s.lines.len(), 4, "one line for the expectation, three that always hold");
    s.lines[0].clone()
}

fn measure(b: &mut Bench, name: &str, value: i64) {
    let c = Command::Measure { name: name.to_owned(), value: Some(value), how: "x".to_owned() };
    b.run_wide(c).unwrap();
}

fn decided(choice: Choice) -> Bench {
    let mut b = bench();
    b.reach("D9");
    b.after(60_000).step("D9", decision(choice)).unwrap();
    if choice == Choice::FailOver {
        b.agree("D9");
    }
    b
}

#[test]
fn the_decision_and_its_time() {
    let right = || Expect { decision: Some(Choice::Abort), ..Expect::default() };
    let line = only(&decided(Choice::Abort), right());
    assert_eq!((line.points, line.of, line.why.as_str()), (3, 3, "Do not fail over"));
    assert_eq!(only(&decided(Choice::FailOver), right()).points, 0);
    assert_eq!((only(&bench(), right()).points, only(&bench(), right()).why.as_str()), (0, "no decision"));
    let within = |s| Expect { decide_within: Some(Millis::from_secs(s)), ..Expect::default() };
    assert_eq!(only(&decided(Choice::Abort), within(60)).points, 2);
    let late = only(&decided(Choice::Abort), within(59));
    assert_eq!((late.points, late.why.as_str()), (0, "decided after 1 min"));
    assert_eq!(only(&bench(), within(60)).points, 0);
}

#[test]
fn the_verdict_has_to_be_on_record() {
    let want = || Expect { verdict: Some("down".to_owned()), ..Expect::default() };
    let see = |what: &str, state: &str| {
        let mut b = bench();
        let o = Observed {
            text: String::new(),
            what: what.to_owned(),
            region: None,
            state: state.to_owned(),
            reasons: Vec::new(),
            picture: Vec::new(),
        };
        b.run_wide(Command::Observe(o)).unwrap();
        b
    };
    assert_eq!(only(&see("verdict", "down"), want()).points, 2);
    assert_eq!(only(&see("colleague", "down"), want()).points, 0, "Lifeboat has to have said it");
    assert_eq!(only(&see("verdict", "suspect"), want()).points, 0);
}

#[test]
fn what_must_not_be_done() {
    let want = || Expect { must_not: vec!["AO-F5".to_owned(), "no-such".to_owned()], ..Expect::default() };
    let mut b = bench();
    b.reach("AO-F6");
    assert_eq!(only(&b, want()).points, 2, "skipped is left alone");
    let mut b = bench();
    b.reach("AO-F5");
    let mut hand = b.clone();
    hand.step("AO-F5", confirm()).unwrap();
    assert_eq!(only(&hand, want()).why, "done: AO-F5");
    // Begun is done, however it ended.
    b.perform("AO-F5", &[change("x")]);
    b.system("AO-F5", finished(0, Some(failure()))).unwrap();
    assert_eq!(only(&b, want()).points, 0);
}

/// Users moved to the secondary; seen in the metrics after five minutes.
fn moved() -> Bench {
    let mut b = bench();
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("weight-eastus")]);
    b.finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    b
}

#[test]
fn who_serves_the_users() {
    let by = |r: &str| Expect { served_by: Some(Region::new(r)), ..Expect::default() };
    assert_eq!(only(&decided(Choice::Abort), by("eastus")).why, "nobody was moved");
    assert_eq!(only(&decided(Choice::Abort), by("eastus")).points, 2);
    assert_eq!(only(&decided(Choice::Abort), by("swedencentral")).points, 0);
    let mut b = moved();
    assert_eq!(only(&b, by("swedencentral")).points, 0, "not without metrics");
    measure(&mut b, "T8", BEGIN + 300_000);
    assert_eq!(only(&b, by("swedencentral")).points, 2);
    assert_eq!(only(&b, by("eastus")).points, 0, "they are away");
    b.reach("CB8");
    b.step("CB8", confirm()).unwrap();
    assert_eq!(only(&b, by("eastus")).why, "failed back, verified");
}

#[test]
fn the_rto_and_the_outcome() {
    let rto = || Expect { within_rto: true, ..Expect::default() };
    let rto_ms = bench().run.start.as_ref().unwrap().rto_ms as i64;
    for (t8, points) in [(rto_ms, 2), (rto_ms + 1, 0)] {
        let mut b = moved();
        measure(&mut b, "T8", BEGIN + t8);
        assert_eq!(only(&b, rto()).points, points);
    }
    assert_eq!(only(&moved(), rto()).why, "RTA not measured");
    let want = || Expect { outcome: Some(Outcome::FalseAlarm), ..Expect::default() };
    for (end, points) in [
        (Command::Close { outcome: Outcome::FalseAlarm, summary: "x".to_owned() }, 2),
        (Command::Close { outcome: Outcome::Recovered, summary: "x".to_owned() }, 0),
        (Command::Abort("x".to_owned()), 0),
    ] {
        let mut b = bench();
        b.run_wide(end).unwrap();
        assert_eq!(only(&b, want()).points, points);
    }
}

#[test]
fn three_lines_hold_for_every_run() {
    let last = |b: &Bench| {
        let s = score(&b.run, &Expect::default());
        assert_eq!(s.lines.len(), 3);
        (s.lines[0].points, s.lines[1].points, s.lines[2].points)
    };
    assert_eq!(last(&bench()), (1, 0, 0), "no loss was stated: there was no decision");
    assert_eq!(last(&decided(Choice::Abort)), (1, 1, 0), "not moving needs nobody's consent");
    assert_eq!(last(&decided(Choice::FailOver)), (1, 1, 0));
    assert_eq!(last(&moved()), (1, 1, 0), "not closed");
    for (upto, points, why) in [("nothing", 1, "every step is over"), ("CB8", 0, "open: CB8")] {
        let mut b = moved();
        b.reach(upto);
        b.run_wide(Command::Close { outcome: Outcome::Recovered, summary: "x".to_owned() }).unwrap();
        let line = score(&b.run, &Expect::default()).lines.pop().unwrap();
        assert_eq!((line.points, line.why.starts_with(why)), (points, true), "{}", line.why);
    }
    // A dry run asks nobody: it shows.
    let mut b = Bench::new(Mode::DryRun);
    b.step("D9", decision(Choice::Wait)).unwrap();
    let ids: Vec<String> = b.run.steps.iter().map(|s| s.id.clone()).take_while(|id| id != "CO4").collect();
    for id in ids {
        b.step(&id, skip()).unwrap();
    }
    b.step("CO4", confirm()).unwrap();
    let s = score(&b.run, &Expect::default());
    assert_eq!((s.lines[0].points, s.lines[0].why.as_str()), (0, "alone: CO4"));
}

fn answer(step: &str, when: Situation, answer: Reply) -> Answer {
    Answer { step: step.to_owned(), only_in: Vec::new(), when, answer, takes: Millis::from_secs(5), not_before: None }
}

fn script(answers: Vec<Answer>) -> Script {
    Script::new(&Scenario { answers, ..scenario() }, Strategy::HotCold)
}

fn word(reply: &Reply) -> String {
    match reply {
        Reply::Confirm(t) | Reply::Skip(t) => t.clone(),
        Reply::Decide { choice, .. } => choice.display().to_owned(),
        Reply::Close { outcome, summary } => format!("{}: {summary}", outcome.display()),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_script_speaks_when_it_is_a_persons_turn() {
    let mut b = bench();
    let mut s = script(vec![
        answer("D3", Situation::Failed, Reply::Skip("not this one".to_owned())),
        answer("D3", Situation::Ready, Reply::Confirm("first".to_owned())),
        answer("*", Situation::Ready, Reply::Confirm("any".to_owned())),
    ]);
    // D1 runs by itself; the first that waits for a person is D3.
    let next = s.next(&b.run).unwrap();
    assert_eq!((next.step.as_str(), word(&next.reply).as_str(), next.takes.0), ("D3", "first", 5_000));
    // Its own line is used up; `*` never is.
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "any");
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "any");
    // While the app is at work on everything there is, it is nobody's turn.
    b.reach("D3");
    b.step("D3", confirm()).unwrap();
    b.reach("D7");
    b.step("D7", confirm()).unwrap();
    b.system("D8", StepCommand::Check).unwrap();
    assert!(s.next(&b.run).is_none());
    b.run_wide(Command::Abort("x".to_owned())).unwrap();
    assert!(s.next(&b.run).is_none());
}

#[test]
fn the_script_knows_failed_from_failed_again_and_not_applied() {
    let mut b = bench();
    let mut s = script(vec![
        answer("*", Situation::NotApplied, Reply::Retry),
        answer("*", Situation::FailedAgain, Reply::Skip("twice".to_owned())),
        answer("D1", Situation::Failed, Reply::Undo),
    ]);
    let fail = |b: &mut Bench| {
        b.system("D1", StepCommand::Check).unwrap();
        b.system("D1", verified(Some(failure()))).unwrap();
    };
    fail(&mut b);
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Undo");
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Retry", "without a line: once more");
    b.step("D1", reopen()).unwrap();
    fail(&mut b);
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "twice");
    let mut b = bench();
    b.reach("AO-F5");
    b.perform("AO-F5", &[change("x")]);
    b.system("AO-F5", StepCommand::Lost { n: 0, why: "x".to_owned() }).unwrap();
    assert!(s.next(&b.run).is_none(), "Azure is being read");
    let found = lifeboat::run::event::Found::NotApplied;
    b.system("AO-F5", StepCommand::ReadBack { n: 0, found, detail: "x".to_owned() }).unwrap();
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Retry");
}

#[test]
fn the_script_decides_once_and_again_after_waiting() {
    let decide = |choice| Reply::Decide { choice, reason: "r".to_owned(), expected_loss: "l".to_owned() };
    let mut s = script(vec![
        answer("D9", Situation::Ready, decide(Choice::Wait)),
        answer("D9", Situation::Ready, decide(Choice::FailOver)),
    ]);
    let mut b = bench();
    b.reach("D9");
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Wait");
    b.step("D9", decision(Choice::Wait)).unwrap();
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Fail over");
    // Without a line, what the scenario expects.
    assert_eq!(word(&s.next(&b.run).unwrap().reply), "Fail over");
    b.step("D9", decision(Choice::FailOver)).unwrap();
    assert!(s.next(&b.run).is_none(), "the second person has the word");
}

#[test]
fn answers_for_other_strategies_are_not_given() {
    let mut only = answer("D3", Situation::Ready, Reply::Confirm("hot/hot".to_owned()));
    only.only_in = vec![Strategy::HotHot];
    let b = bench();
    let mut s = Script::new(&Scenario { answers: vec![only], ..scenario() }, Strategy::HotCold);
    assert_eq!(
        word(&s.next(&b.run).unwrap().reply),
        "Ask from somewhere else: done"
            .to_owned()
            .replace("Ask from somewhere else", &b.run.planned("D3").unwrap().title)
    );
}

#[test]
fn the_script_closes_with_the_scenarios_own_sentence() {
    let mut b = bench();
    b.reach("nothing");
    assert!(b.run.current().is_none() && b.run.steps.iter().all(|s| s.own_state() != StepState::Ready));
    let mut s = Script::new(&scenario(), Strategy::HotWarm);
    let signs = s.next(&b.run).unwrap();
    assert!(matches!(signs.reply, Reply::SignOff { .. }), "somebody stands for the record first");
    let next = s.next(&b.run).unwrap();
    let said = word(&next.reply);
    assert!(said.starts_with("Recovered: Users moved to Sweden Central and back"), "{said}");
    assert_eq!(next.takes, Millis::from_mins(1));
    assert_eq!(word(&script(Vec::new()).next(&b.run).unwrap().reply), "Recovered: All steps are over.");
}

#[test]
fn a_scenario_beyond_all_measure_is_refused_with_its_reason() {
    let happenings = |n: usize, at: &str| {
        let one = format!(r#"Happening(at: "{at}", what: Inject("x")),"#);
        format!(r#"Scenario(schema: 1, id: "own", title: "t", about: "a", timeline: [{}])"#, one.repeat(n))
    };
    for (text, why) in [
        (happenings(1_001, "1m"), "1001 happenings"),
        (happenings(1, "1001h"), "something happens after"),
        (happenings(1_000, "1000h"), ""),
    ] {
        let file = lifeboat::catalog::File { name: "own.ron".to_owned(), text, path: None };
        let (scenario, found) = lifeboat::catalog::parse_scenario(&file);
        assert_eq!(scenario.is_some(), why.is_empty(), "{found:?}");
        assert!(why.is_empty() || found.iter().any(|d| d.message.contains(why)), "{why}: {found:?}");
    }
}
