//! Decision, second person, a person's word: who may say what, when, and what it binds.

use super::*;
use lifeboat::desk::preview::Preview;
use lifeboat::run::approval;
use lifeboat::run::event::Found;
use lifeboat::runbook::model::{Check, Condition};
use lifeboat::units::Millis;

fn awaited(b: &mut Bench, id: &str) {
    assert_eq!(b.state(id), StepState::AwaitingApproval);
}

#[test]
fn users_are_moved_only_after_it_was_decided() {
    for choice in [Choice::FailOver, Choice::Partial] {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("D9");
        b.step("D9", decision(choice)).unwrap();
        // Not yet: the second person has the word.
        awaited(&mut b, "D9");
        assert!(!b.run.moving_is_decided());
        b.agree("D9");
        assert_eq!(b.state("D9"), StepState::DoneByHand);
        assert!(b.run.moving_is_decided());
        b.reach("AO-F5");
        b.step("AO-F5", performing(&[change("capacity")])).unwrap();
    }
    for choice in [Choice::Abort, Choice::Wait] {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("D9");
        b.step("D9", decision(choice)).unwrap();
        let done = choice == Choice::Abort;
        assert_eq!(b.state("D9"), if done { StepState::DoneByHand } else { StepState::Ready });
        if !done {
            b.step("D9", skip()).unwrap();
        }
        b.reach("AO-F3");
        let ask = StepCommand::AskSecondPerson { changes: vec![change("x")], undo: false, ticket: Ticket::default() };
        assert_eq!(b.step("AO-F3", ask), Err(Refusal::NotDecided));
        assert_eq!(b.step("AO-F3", performing(&[change("x")])), Err(Refusal::NotDecided));
        // Reading and a person's word move nobody.
        b.step("AO-F3", StepCommand::Check).unwrap();
    }
}

#[test]
fn a_refused_decision_was_not_made() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("D9");
    b.step("D9", decision(Choice::FailOver)).unwrap();
    b.answer("D9", Err("wait for the platform".to_owned())).unwrap();
    assert_eq!(b.state("D9"), StepState::Ready);
    assert_eq!((b.run.decision.clone(), b.run.clocks.t[4]), (None, None));
    // Leaving the step out does not make it decided either, nor does leaving it out while the second person thinks.
    let mut skipped = b.clone();
    skipped.step("D9", skip()).unwrap();
    skipped.reach("AO-F5");
    assert_eq!(skipped.step("AO-F5", performing(&[change("x")])), Err(Refusal::NotDecided));
    b.step("D9", decision(Choice::FailOver)).unwrap();
    b.step("D9", skip()).unwrap();
    assert!(!b.run.moving_is_decided());
    // And the answer comes too late.
    assert_eq!(b.answer("D9", Ok(())), Err(Refusal::Stale));
    assert_eq!(b.state("D9"), StepState::Skipped);
}

#[test]
fn not_moving_can_be_decided_at_any_time_and_moving_after_all_is_known() {
    for choice in [Choice::Abort, Choice::Wait] {
        let mut b = Bench::new(Mode::Rehearsal);
        b.step("D9", decision(choice)).unwrap();
        // Everything before it is still open.
        assert!(matches!(b.step("D9", decision(Choice::FailOver)), Err(Refusal::Blocked { .. })));
        b.reach("D9");
        b.step("D9", decision(Choice::FailOver)).unwrap();
        // While the second person thinks: the question is withdrawn, their answer is stale.
        let digest = b.run.step("D9").unwrap().asked.as_ref().unwrap().digest.clone();
        b.step("D9", decision(choice)).unwrap();
        let late = b.order(second(), Command::Step("D9".to_owned(), answer(digest, Ok(()))));
        assert_eq!(late, Err(Refusal::Stale));
        assert!(!b.run.moving_is_decided());
        // And after it was agreed: what is not begun yet stays where it is.
        b.step("D9", decision(Choice::FailOver)).unwrap();
        b.agree("D9");
        b.reach("AO-F5");
        b.step("D9", decision(choice)).unwrap();
        assert!(b.step("AO-F5", performing(&[change("x")])).is_err());
        assert!(!b.run.moving_is_decided());
    }
}

#[test]
fn a_decision_needs_its_reason_and_its_loss() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("D9");
    let blank = |reason: &str, loss: &str| StepCommand::Decide {
        choice: Choice::FailOver,
        reason: reason.to_owned(),
        expected_loss: loss.to_owned(),
        information: Vec::new(),
    };
    assert_eq!(b.step("D9", blank(" ", "x")), Err(Refusal::Empty("the reason")));
    assert_eq!(b.step("D9", blank("x", "\n")), Err(Refusal::Empty("the expected loss")));
    assert!(matches!(b.step("D9", confirm()), Err(Refusal::State { .. })), "a decision is not confirmed");
    assert_eq!(b.step("D9", StepCommand::Check), Err(Refusal::PersonsWord("D9".to_owned())));
    assert_eq!(b.step("D9", performing(&[])), Err(Refusal::PersonsWord("D9".to_owned())));
    assert!(matches!(b.step("D3", decision(Choice::Wait)), Err(Refusal::State { .. })), "only D9 decides");
}

#[test]
fn an_approval_is_for_exactly_these_changes() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    let seen = vec![change("one")];
    assert_eq!(b.step("AO-F6", performing(&seen)), Err(Refusal::NeedsApproval("AO-F6".to_owned())));
    b.step("AO-F6", StepCommand::AskSecondPerson { changes: seen.clone(), undo: false, ticket: Ticket::default() })
        .unwrap();
    let digest = approval::of_changes(&b.run.start.as_ref().unwrap().digest, "AO-F6", &seen);
    assert_eq!(b.run.step("AO-F6").unwrap().asked.as_ref().unwrap().digest, digest);
    // Another digest than the one that was asked about, and the operator's own voice.
    let other = b.order(second(), Command::Step("AO-F6".to_owned(), answer("00".to_owned(), Ok(()))));
    assert_eq!(other, Err(Refusal::Stale));
    for me in [operator(), Actor::System, Actor::Approver("Ada".to_owned())] {
        let own = b.order(me, Command::Step("AO-F6".to_owned(), answer(digest.clone(), Ok(()))));
        assert_eq!(own, Err(Refusal::SamePerson("AO-F6".to_owned())));
    }
    b.agree("AO-F6");
    // One byte of the request is another: nothing is sent, the approval is void, and it has to be asked again.
    let mut moved = seen.clone();
    moved[0].body = Some("{\"name\":\"onE\"}".to_owned());
    let events = b.step("AO-F6", performing(&moved)).unwrap();
    assert!(matches!(&events[..], [Event::ApprovalVoided { digest: d, .. }] if *d == digest));
    assert_eq!(b.step("AO-F6", performing(&seen)), Err(Refusal::NeedsApproval("AO-F6".to_owned())));
}

/// An agreement holds for 15 minutes from the question; five of them are to be left when a guard lets the step begin.
#[test]
fn a_second_person_is_asked_when_their_word_still_holds_after_the_wait() {
    let b = Bench::new(Mode::Rehearsal);
    let step = b.run.step("AO-F6").unwrap();
    let waiting =
        Preview { waits_until: Some(BEGIN + 900_000), guards: vec![reading(Some(false))], ..Preview::default() };
    let from = |p: &Preview, now| p.ask_from(&b.run, step, BEGIN + now);
    assert_eq!(from(&waiting, 0), Some(BEGIN + 300_000));
    assert_eq!(from(&waiting, 299_999), Some(BEGIN + 300_000));
    assert_eq!(from(&waiting, 300_000), None);
    // Nothing is waited for: no guard asks for time, or each of them holds.
    assert_eq!(from(&Preview { waits_until: None, ..waiting.clone() }, 0), None);
    assert_eq!(from(&Preview { guards: vec![reading(Some(true))], ..waiting }, 0), None);
}

#[test]
fn every_part_of_a_request_is_in_the_digest() {
    let base = change("one");
    let digest = |c: &[Change]| approval::of_changes("plan", "step", c);
    let edits: [fn(&mut Change); 6] = [
        |c| c.method.push('X'),
        |c| c.url.push('x'),
        |c| c.body = None,
        |c| c.if_match = Some("etag".to_owned()),
        |c| c.only_if_absent = true,
        |c| c.target.push('x'),
    ];
    for edit in edits {
        let mut other = base.clone();
        edit(&mut other);
        assert_ne!(digest(std::slice::from_ref(&base)), digest(&[other]));
    }
    assert_ne!(digest(std::slice::from_ref(&base)), digest(&[base.clone(), base.clone()]));
    assert_ne!(digest(std::slice::from_ref(&base)), approval::of_changes("plan", "other", std::slice::from_ref(&base)));
    assert_ne!(digest(std::slice::from_ref(&base)), approval::of_changes("other", "step", &[base]));
    assert_ne!(approval::of_words("p", "s", &["a", "b"]), approval::of_words("p", "s", &["ab"]));
}

#[test]
fn the_digest_is_taken_of_sorted_json() {
    let c = Change { if_match: Some("\"e1\"".to_owned()), ..change("one") };
    let request = serde_json::json!({ "url": c.url, "method": c.method, "body": c.body, "if_match": c.if_match,
        "only_if_absent": c.only_if_absent, "target": c.target });
    let whole = serde_json::json!({ "step": "AO-F6", "plan": "p", "requests": [request] });
    let expected = lifeboat::units::sha256_hex(whole.to_string().as_bytes());
    assert_eq!(approval::of_changes("p", "AO-F6", &[c]), expected);
}

#[test]
fn by_hand_says_why_and_is_a_deviation_where_the_app_could_have_done_it() {
    let mut b = Bench::new(Mode::Rehearsal);
    let asked = b.step("D3", confirm()).unwrap();
    assert!(matches!(&asked[..], [Event::StepDoneByHand { .. }]), "a person's word is what D3 asks for: {asked:?}");
    let instead = b.step("D1", confirm()).unwrap();
    assert!(matches!(&instead[..], [Event::Deviation { .. }, Event::StepDoneByHand { .. }]), "{instead:?}");
    assert_eq!(b.step("D2", StepCommand::Confirm { evidence: " ".to_owned() }), Err(Refusal::Empty("the evidence")));
    let long = "x".repeat(8 * 1024 + 1);
    assert_eq!(b.step("D2", StepCommand::Confirm { evidence: long }), Err(Refusal::TooLong(8 * 1024 + 1)));
}

#[test]
fn a_word_that_needs_a_second_person_waits_for_them() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    let events = b.step("AO-F6", confirm()).unwrap();
    // What may be lost is said before, and once.
    assert!(events.iter().any(|e| matches!(e, Event::Loss { .. })));
    awaited(&mut b, "AO-F6");
    b.answer("AO-F6", Err("no".to_owned())).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::Ready);
    b.step("AO-F6", confirm()).unwrap();
    b.agree("AO-F6");
    assert_eq!(b.state("AO-F6"), StepState::DoneByHand);
    assert_eq!(b.run.losses.len(), 1);
    assert_eq!(b.run.step("AO-F6").unwrap().approval().unwrap().1.by, "Grace");
}

#[test]
fn degraded_instructions_are_chosen_for_one_step_or_for_the_whole_run() {
    let mut b = Bench::new(Mode::Rehearsal);
    let shown = |b: &Bench, id: &str| b.run.step(id).unwrap().degraded(b.run.degraded);
    b.step("AO-F6", StepCommand::SetDegraded(true)).unwrap();
    assert_eq!((shown(&b, "AO-F6"), shown(&b, "D3"), b.run.degraded), (true, false, false));
    b.run_wide(Command::SetDegraded(true)).unwrap();
    assert!(shown(&b, "AO-F6") && shown(&b, "D3"));
    b.step("AO-F6", StepCommand::SetDegraded(false)).unwrap();
    assert_eq!((shown(&b, "AO-F6"), shown(&b, "D3")), (false, true));
    // What is chosen for the whole run holds for every step.
    b.run_wide(Command::SetDegraded(true)).unwrap();
    assert!(shown(&b, "AO-F6"));
}

#[test]
fn a_refusal_leaves_what_is_unclear_unclear() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("one")]);
    b.system("AO-F6", StepCommand::Lost { n: 0, why: "silence".to_owned() }).unwrap();
    b.step("AO-F6", confirm()).unwrap();
    b.answer("AO-F6", Err("look first".to_owned())).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::Indeterminate, "it must not be possible to send it again");
    // A step that had failed has failed still.
    let not = StepCommand::ReadBack { n: 0, found: Found::NotApplied, detail: "gone".to_owned() };
    b.system("AO-F6", not).unwrap();
    b.step("AO-F6", confirm()).unwrap();
    b.answer("AO-F6", Err("no".to_owned())).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::Failed);
}

#[test]
fn reading_and_a_word_are_both_needed_where_both_are_asked() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-V1");
    assert!(b.run.automatic().contains(&"AO-V1".to_owned()));
    b.system("AO-V1", StepCommand::Check).unwrap();
    let events = b.system("AO-V1", verified(None)).unwrap();
    assert!(matches!(&events[..], [Event::StepVerified { .. }]), "{events:?}");
    assert_eq!(b.state("AO-V1"), StepState::Ready);
    assert!(b.run.waits_for_word(b.run.position("AO-V1").unwrap()));
    assert!(!b.run.automatic().contains(&"AO-V1".to_owned()), "it is not checked for ever");
    let events = b.step("AO-V1", confirm()).unwrap();
    assert!(matches!(&events[..], [Event::StepDoneByHand { .. }]), "no deviation: {events:?}");

    // What Lifeboat did stays its own: agreed to once, and to be taken back.
    let mut plan = plan_of(Strategy::HotCold);
    let person = Check { condition: Condition::Person("Did users notice?".to_owned()), within: Millis(0) };
    plan.steps.iter_mut().find(|s| s.id == "AO-F6").unwrap().verify.push(person);
    let mut b = Bench::with(plan, Mode::Rehearsal, &Phase::ALL);
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("one")]);
    b.system("AO-F6", finished(0, None)).unwrap();
    b.system("AO-F6", verified(None)).unwrap();
    let events = b.step("AO-F6", confirm()).unwrap();
    assert!(matches!(&events[..], [Event::Evidence { .. }, Event::StepDoneByApp]), "{events:?}");
    assert_eq!(b.state("AO-F6"), StepState::DoneByApp);
    assert!(!b.run.step("AO-F6").unwrap().applied.is_empty());

    // The same where it must hold already.
    let mut plan = plan_of(Strategy::HotCold);
    plan.steps.iter_mut().find(|s| s.id == "AO-V1").unwrap().must_hold = true;
    let mut b = Bench::with(plan, Mode::Rehearsal, &[Phase::Verify]);
    b.reach("AO-V1");
    b.system("AO-V1", StepCommand::Check).unwrap();
    b.system("AO-V1", verified(None)).unwrap();
    assert_eq!(b.state("AO-V1"), StepState::Ready, "golden prompts are a person's to judge");
}
