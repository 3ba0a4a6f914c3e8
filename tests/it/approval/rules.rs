//! Whose answer counts in a live run, to which question, for how long; and how a guard is set aside.

use lifeboat::run::command::{Command, Order, StepCommand, Ticket};
use lifeboat::run::decide::{Refusal, decide};
use lifeboat::run::event::{Actor, Event, Mode, Proof, StepState};

use super::{People, STEP, answer, ask, asked, live, ticket};
use crate::run::{BEGIN, Bench, change, failure, finished, performing, reading, reopen};

fn ben() -> Actor {
    Actor::Approver("Ben".to_owned())
}

/// What a run says to an answer, given by somebody at some time.
fn says(b: &Bench, who: Actor, now: i64, command: StepCommand) -> Result<(), Refusal> {
    decide(&b.run, &Order { actor: who, command: Command::Step(STEP.to_owned(), command), now }).map(drop)
}

#[test]
fn a_live_run_takes_only_an_answer_that_is_somebody_elses_to_this_question_in_time() {
    let people = People::new();
    let b = asked(&people);
    let request = people.request(&b, STEP);
    let good = people.yes(&request).proof(&request, &people.at_adas()).unwrap();
    let step = || STEP.to_owned();
    let now = BEGIN + 60_000;
    assert_eq!(says(&b, ben(), now, answer(&b, STEP, good.clone())), Ok(()));

    let scripted = crate::run::answer(b.run.step(STEP).unwrap().asked.as_ref().unwrap().digest.clone(), Ok(()));
    assert_eq!(says(&b, ben(), now, scripted), Err(Refusal::NoProof(step())), "a script stands in for nobody");
    let ada = people.ada.public().to_string();
    let cases: Vec<(&str, Actor, i64, Proof, Refusal)> = vec![
        (
            "the operator's key under another name",
            Actor::Approver("Grace".to_owned()),
            now,
            Proof { name: "Grace".to_owned(), key: ada.clone(), ..good.clone() },
            Refusal::OwnKey(step()),
        ),
        (
            "the same in capitals",
            ben(),
            now,
            Proof { key: ada.to_uppercase(), ..good.clone() },
            Refusal::OwnKey(step()),
        ),
        (
            "the operator's own name on the same device",
            Actor::Approver(" ada".to_owned()),
            now,
            Proof { key: ada, same_device: true, ..good.clone() },
            Refusal::SamePerson(step()),
        ),
        (
            "a device that only claims to be the same",
            ben(),
            now,
            Proof { same_device: true, ..good.clone() },
            Refusal::OtherQuestion(step()),
        ),
        ("the operator's own voice", Actor::Operator("Ada".to_owned()), now, good.clone(), Refusal::SamePerson(step())),
        ("Lifeboat's own voice", Actor::System, now, good.clone(), Refusal::SamePerson(step())),
        (
            "another question's number",
            ben(),
            now,
            Proof { nonce: ticket(9).nonce, ..good.clone() },
            Refusal::OtherQuestion(step()),
        ),
        ("no number", ben(), now, Proof { nonce: String::new(), ..good.clone() }, Refusal::OtherQuestion(step())),
        ("too late", ben(), BEGIN + 900_001, good.clone(), Refusal::TooLate(step())),
    ];
    crate::figure(&format!("T15: {} answers that do not count refused at the desk's own rule", cases.len()));
    for (what, who, at, proof, refusal) in cases {
        assert_eq!(says(&b, who, at, answer(&b, STEP, proof)), Err(refusal), "{what}");
    }
    // A namesake with a key of their own is somebody else.
    let namesake = Proof { name: "Ada".to_owned(), ..good.clone() };
    assert_eq!(says(&b, Actor::Approver("Ada".to_owned()), now, answer(&b, STEP, namesake)), Ok(()));
    let other = StepCommand::Answer {
        digest: "00".to_owned(),
        verdict: Ok(()),
        method: String::new(),
        label: String::new(),
        proof: Some(Box::new(good)),
    };
    assert_eq!(says(&b, ben(), now, other), Err(Refusal::Stale), "another digest");
}

#[test]
fn nobody_is_told_apart_from_an_operator_without_a_key() {
    let people = People::new();
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach(STEP);
    ask(&mut b, 2).unwrap();
    let request = people.request(&b, STEP);
    let proof = people.yes(&request).proof(&request, &people.at_adas()).unwrap();
    assert_eq!(says(&b, ben(), BEGIN, answer(&b, STEP, proof)), Err(Refusal::NoOperatorKey(STEP.to_owned())));
}

#[test]
fn an_answer_is_good_once_and_for_one_question() {
    let people = People::new();
    let mut b = asked(&people);
    let request = people.request(&b, STEP);
    let old = people.yes(&request).proof(&request, &people.at_adas()).unwrap();
    let again = answer(&b, STEP, old.clone());
    let events = people.agree(&mut b, STEP);
    let named = |e: &Event| matches!(e, Event::Participant { name, key: Some(_), .. } if name == "Ben");
    assert!(!events.iter().any(named), "they are in the record since the decision");
    assert!(b.run.participants.iter().any(|p| p.name == "Ben" && p.key == Some(people.ben.public().to_string())));
    assert_eq!(says(&b, ben(), BEGIN, again.clone()), Err(Refusal::Stale), "replayed");
    assert_eq!(ask(&mut b, 2), Err(Refusal::NotUnique(STEP.to_owned())), "a number is used once");
    let nameless = StepCommand::AskSecondPerson { changes: vec![], undo: false, ticket: Ticket::default() };
    assert_eq!(b.step(STEP, nameless), Err(Refusal::NotUnique(STEP.to_owned())));
    ask(&mut b, 3).unwrap();
    assert_eq!(says(&b, ben(), BEGIN, again), Err(Refusal::OtherQuestion(STEP.to_owned())), "asked anew");

    // Withdrawn: the answer comes too late, and the step stands where it stood.
    let digest = b.run.step(STEP).unwrap().asked.as_ref().unwrap().digest.clone();
    assert_eq!(b.system(STEP, StepCommand::Expire { digest: digest.clone() }), Err(Refusal::Stale), "there is time");
    b.step(STEP, StepCommand::Expire { digest }).unwrap();
    assert_eq!(b.state(STEP), StepState::Ready);
    assert_eq!(says(&b, ben(), BEGIN, answer(&b, STEP, old)), Err(Refusal::Stale));
}

#[test]
fn what_was_agreed_to_holds_for_these_bytes_and_for_a_while() {
    let people = People::new();
    let mut b = asked(&people);
    people.agree(&mut b, STEP);
    let perform = |b: &Bench, now, changes: &[_]| {
        let command = Command::Step(STEP.to_owned(), performing(changes));
        decide(&b.run, &Order { actor: crate::run::operator(), command, now }).unwrap()
    };
    let voids = |drafts: &[lifeboat::run::decide::Draft]| matches!(drafts, [d] if matches!(d.event, Event::ApprovalVoided { .. }));
    assert!(!voids(&perform(&b, BEGIN, &[change("one")])));
    assert!(voids(&perform(&b, BEGIN + 900_001, &[change("one")])), "agreed to too long ago");
    let mut target = change("one");
    target.target.push('x');
    assert!(voids(&perform(&b, BEGIN, &[target])), "another target");
    assert!(voids(&perform(&b, BEGIN, &[change("one"), change("two")])), "one more request");
}

#[test]
fn a_question_that_nobody_answers_is_over_and_what_was_decided_with_it() {
    let people = People::new();
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("D9");
    let decide_it = StepCommand::Ticketed(
        ticket(1),
        Box::new(crate::run::decision(lifeboat::rehearsal::scenario::Choice::FailOver)),
    );
    b.step("D9", decide_it).unwrap();
    let digest = b.run.step("D9").unwrap().asked.as_ref().unwrap().digest.clone();
    let order = |now| Order {
        actor: Actor::System,
        command: Command::Step("D9".to_owned(), StepCommand::Expire { digest: digest.clone() }),
        now,
    };
    assert_eq!(decide(&b.run, &order(BEGIN + 1)), Err(Refusal::Stale));
    let drafts = decide(&b.run, &order(BEGIN + 900_000)).unwrap();
    for d in drafts {
        let e = lifeboat::run::event::Entry { at: BEGIN, actor: d.actor, step: d.step, event: d.event };
        b.run.apply(&e).unwrap();
    }
    assert_eq!(b.state("D9"), StepState::Ready);
    assert!(b.run.decision.is_none() && b.run.clocks.t[4].is_none() && !b.run.moving_is_decided());
    drop(people);
}

const GUARD: &str = "this laptop can see";

/// The guard named does not hold.
fn against() -> StepCommand {
    let mut guards = vec![reading(Some(true)); 3];
    guards[1].name = GUARD.to_owned();
    guards[1].ok = Some(false);
    StepCommand::Perform { changes: vec![change("one")], guards, option: None, typed: None }
}

fn glass(n: u64, guard: &str, reason: &str) -> StepCommand {
    let (guard, reason) = (guard.to_owned(), reason.to_owned());
    StepCommand::BreakGlass { guard, reason, changes: vec![change("one")], ticket: ticket(n) }
}

#[test]
fn a_guard_is_set_aside_by_two_by_name_and_for_one_attempt() {
    let people = People::new();
    let mut b = asked(&people);
    people.agree(&mut b, STEP);
    let guarded = |r: Result<Vec<Event>, Refusal>| matches!(r, Err(Refusal::Guard { guard, .. }) if guard == GUARD);
    assert!(guarded(b.clone().step(STEP, against())));
    assert!(matches!(b.step(STEP, glass(3, "no such rule", "why")), Err(Refusal::NoGuard { .. })));
    assert_eq!(b.step(STEP, glass(3, GUARD, " ")), Err(Refusal::Empty("the reason")));

    // Refused: nothing is set aside, and what was agreed to before still is.
    b.step(STEP, glass(3, GUARD, "it flaps for a reason we know")).unwrap();
    let digest = b.run.step(STEP).unwrap().asked.as_ref().unwrap().digest.clone();
    let mut no = b.clone();
    let request = people.request(&no, STEP);
    let proof = Box::new(people.yes(&request).own_proof(false));
    let verdict = Err("no".to_owned());
    let (method, label) = (String::new(), String::new());
    let refused = StepCommand::Answer { digest, verdict, method, label, proof: Some(proof) };
    no.order(ben(), Command::Step(STEP.to_owned(), refused)).unwrap();
    assert!(no.run.step(STEP).unwrap().approval().is_some() && guarded(no.step(STEP, against())));

    let events = people.agree(&mut b, STEP);
    assert!(
        events
            .iter()
            .any(|e| matches!(e, Event::GlassBroken { guard, reason } if guard == GUARD && reason.contains("flaps")))
    );
    assert!(
        events.iter().any(|e| matches!(e, Event::Finding { text, .. } if text.contains(GUARD) && text.contains("Ben")))
    );
    assert_eq!(b.run.findings.len(), 1);
    assert_eq!(b.state(STEP), StepState::Ready);
    // Only the named one.
    let mut other = against();
    if let StepCommand::Perform { guards, .. } = &mut other {
        guards[0].ok = None;
    }
    assert!(matches!(b.clone().step(STEP, other), Err(Refusal::Guard { .. })));
    b.step(STEP, against()).unwrap();
    assert_eq!(b.state(STEP), StepState::Running);

    // The next attempt asks anew, about the guard and about the requests.
    b.system(STEP, finished(0, Some(failure()))).unwrap();
    b.step(STEP, reopen()).unwrap();
    assert!(guarded(b.step(STEP, against())));
    assert_eq!(b.step(STEP, performing(&[change("one")])), Err(Refusal::NeedsApproval(STEP.to_owned())));
    ask(&mut b, 5).unwrap();
    people.agree(&mut b, STEP);
    // And one that was agreed to and not used is forgotten with the attempt.
    b.step(STEP, glass(4, GUARD, "again")).unwrap();
    people.agree(&mut b, STEP);
    assert_eq!(b.run.step(STEP).unwrap().glass[0].guard, GUARD);
    b.step(STEP, performing(&[change("one")])).unwrap();
    assert!(b.run.step(STEP).unwrap().glass.is_empty());
    assert!(live(&people).run.step(STEP).unwrap().glass.is_empty());
}

/// Agreed to do it, and to set a guard aside for it.
fn aside(people: &People) -> Bench {
    let mut b = asked(people);
    people.agree(&mut b, STEP);
    b.step(STEP, glass(3, GUARD, "it flaps")).unwrap();
    people.agree(&mut b, STEP);
    b
}

fn perform_at(b: &Bench, now: i64, command: StepCommand) -> Result<Vec<lifeboat::run::decide::Draft>, Refusal> {
    decide(&b.run, &Order { actor: crate::run::operator(), command: Command::Step(STEP.to_owned(), command), now })
}

#[test]
fn a_guard_is_set_aside_for_the_requests_that_were_shown_and_for_a_while() {
    let people = People::new();
    let b = aside(&people);
    let guarded = |r: Result<_, Refusal>| matches!(r, Err(Refusal::Guard { guard, .. }) if guard == GUARD);
    assert!(perform_at(&b, BEGIN + 60_000, against()).is_ok());
    assert!(guarded(perform_at(&b, BEGIN + 900_001, against())), "hours later");
    assert!(guarded(perform_at(&b, BEGIN - 1, against())), "the clock was set back");
    let mut other = against();
    if let StepCommand::Perform { changes, .. } = &mut other {
        changes[0].url.push('x');
    }
    assert!(guarded(perform_at(&b, BEGIN + 60_000, other)), "other requests than the second person saw");
    let request = {
        let mut b = asked(&people);
        people.agree(&mut b, STEP);
        b.step(STEP, glass(4, GUARD, "it flaps")).unwrap();
        people.request(&b, STEP)
    };
    assert_eq!(request.what().asks.changes().len(), 1, "they are shown");
}

#[test]
fn time_is_over_by_lifeboats_own_timer_and_when_the_clock_went_back() {
    let people = People::new();
    let timer = |n, digest: String| StepCommand::Ticketed(ticket(n), Box::new(StepCommand::Expire { digest }));
    // A question.
    let b = asked(&people);
    let question = b.run.step(STEP).unwrap().asked.clone().unwrap();
    let request = people.request(&b, STEP);
    let good = people.yes(&request).proof(&request, &people.at_adas()).unwrap();
    assert_eq!(says(&b, ben(), BEGIN - 1, answer(&b, STEP, good)), Err(Refusal::TooLate(STEP.to_owned())));
    assert_eq!(b.clone().system(STEP, timer(9, question.digest.clone())), Err(Refusal::Stale), "another one's timer");
    let mut over = b.clone();
    over.system(STEP, timer(2, question.digest.clone())).unwrap();
    assert_eq!(over.state(STEP), StepState::Ready);
    // What was agreed to, and not used; and a guard that was set aside.
    let b = aside(&people);
    let void = |r: Result<Vec<lifeboat::run::decide::Draft>, Refusal>| matches!(&r.unwrap()[..], [d] if matches!(d.event, Event::ApprovalVoided { .. }));
    assert!(void(perform_at(&b, BEGIN - 1, performing(&[change("one")]))), "the clock was set back");
    let glass = b.run.step(STEP).unwrap().glass[0].asked.digest.clone();
    for (n, digest) in [(2, question.digest), (3, glass)] {
        let mut over = b.clone();
        over.system(STEP, timer(n, digest)).unwrap();
        let s = over.run.step(STEP).unwrap();
        assert_eq!((s.in_force().is_some(), s.glass.is_empty()), (n != 2, n != 2), "timer {n}");
    }
    // Taken up with a clock that is behind the record.
    let open = |now| decide(&b.run, &Order { actor: Actor::System, command: Command::Open { scenario_ms: None }, now });
    let voided = |now| open(now).unwrap().iter().filter(|d| matches!(d.event, Event::ApprovalVoided { .. })).count();
    assert_eq!((voided(BEGIN), voided(BEGIN - 60_000)), (0, 2));
}

#[test]
fn whoever_takes_a_run_over_has_nobodys_agreement_and_may_ask_whoever_passed_it_on() {
    let people = People::new();
    let passed = |b: &mut Bench| {
        b.run_wide(Command::HandOver { to: "Ben".to_owned() }).unwrap();
        let key = Some(people.ben.public().to_string());
        let take = Command::TakeOver { operator: "Ben".to_owned(), key, sha256: String::new() };
        b.order(Actor::Operator("Ben".to_owned()), take).unwrap();
    };
    let mut b = aside(&people);
    passed(&mut b);
    let s = b.run.step(STEP).unwrap();
    assert!(s.in_force().is_none() && s.glass.is_empty());
    assert_eq!(b.step(STEP, performing(&[change("one")])), Err(Refusal::NeedsApproval(STEP.to_owned())));
    // An open question, with an agreement under it, is over as well.
    let mut open = asked(&people);
    people.agree(&mut open, STEP);
    open.step(STEP, glass(4, GUARD, "it flaps")).unwrap();
    passed(&mut open);
    assert_eq!((open.state(STEP), open.run.step(STEP).unwrap().in_force()), (StepState::Ready, None));

    // Ben asks anew: now it is Ada who can answer, and not he.
    ask(&mut b, 7).unwrap();
    let by = |key: &lifeboat::approval::Device, name: &str| Proof {
        name: name.to_owned(),
        key: key.public().to_string(),
        nonce: ticket(7).nonce,
        ..people.yes(&people.request(&asked(&people), STEP)).own_proof(false)
    };
    let say = |name: &str, proof| says(&b, Actor::Approver(name.to_owned()), BEGIN, answer(&b, STEP, proof));
    assert_eq!(say("Ben", by(&people.ben, "Ben")), Err(Refusal::OwnKey(STEP.to_owned())));
    assert_eq!(say("Ada", by(&people.ada, "Ada")), Ok(()));
}
