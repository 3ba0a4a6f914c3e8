//! What is kept beside the steps: ledger, losses, evidence, findings, signatures, and the closing record.

use super::*;
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::{Books, Evidence, LossKind};

fn line(b: &mut Bench, text: &str) -> Vec<Event> {
    b.run_wide(Command::Ledger(text.to_owned())).unwrap()
}

fn findings(b: &Bench) -> Vec<&str> {
    b.run.findings.iter().map(|f| f.found.text.as_str()).collect()
}

fn close(b: &mut Bench, outcome: Outcome) -> Vec<Event> {
    b.run_wide(Command::Close { outcome, summary: "over".to_owned() }).unwrap()
}

fn books(events: &[Event]) -> Books {
    let Some(Event::Ended { books: Some(books), .. }) = events.last() else { panic!("{events:?}") };
    (**books).clone()
}

#[test]
fn users_do_not_come_home_before_the_ledger_is_reconciled() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("CO3");
    line(&mut b, "3 models");
    line(&mut b, "2 TB of blobs");
    assert_eq!(b.run.unreconciled().len(), 2);
    b.reach("CB3");
    assert_eq!(b.state("AO-B1a"), StepState::Blocked, "what brings users home needs it");
    b.step("CB3", confirm()).unwrap();
    assert!(b.run.unreconciled().is_empty() && b.run.findings.is_empty());
    assert_eq!(b.state("AO-B1a"), StepState::Ready);
    // A new line opens it again, until users are home.
    let events = line(&mut b, "one more");
    assert!(matches!(&events[..], [Event::Ledger { .. }, Event::StepReopened { .. }]), "{events:?}");
    assert_eq!((b.state("CB3"), b.state("AO-B1a")), (StepState::Ready, StepState::Blocked));
    // Skipped, it is carried on as a finding, each line once.
    b.step("CB3", skip()).unwrap();
    assert_eq!(findings(&b), ["Not reconciled before users came home: one more"]);
    b.perform("AO-B1a", &[change("weight-eastus")]);
    assert_eq!(b.run.findings.len(), 1);
    b.finish("AO-B1a", 0);
    b.system("AO-B1a", verified(None)).unwrap();
    b.reach("CA1");
    assert_eq!(line(&mut b, "found in review").len(), 1, "users are home");
}

#[test]
fn a_cut_over_without_needs_is_refused_and_without_a_reconciling_step_carries_the_ledger() {
    let plan = |reconciles: bool| {
        let mut plan = plan_of(Strategy::HotCold);
        for s in &mut plan.steps {
            s.reconciles &= reconciles;
            if s.id == "AO-B1a" {
                s.needs.clear();
                s.second_person = None;
            }
        }
        plan
    };
    let mut b = Bench::with(plan(true), Mode::Rehearsal, &INCIDENT);
    b.reach("CO3");
    line(&mut b, "3 models");
    b.reach("CB3");
    let refused = b.step("AO-B1a", performing(&[change("weight-eastus")])).unwrap_err();
    let want = Refusal::Unreconciled { step: "AO-B1a".to_owned(), lines: 1, by: "CB3".to_owned() };
    assert_eq!(refused, want);
    assert!(refused.to_string().contains("CB3") && refused.to_string().contains("open lines: 1"), "{refused}");
    // Nothing in the ledger: nothing to wait for.
    let mut empty = Bench::with(plan(true), Mode::Rehearsal, &INCIDENT);
    empty.reach("CB3");
    empty.perform("AO-B1a", &[change("weight-eastus")]);

    let mut b = Bench::with(plan(false), Mode::Rehearsal, &INCIDENT);
    b.reach("CO3");
    line(&mut b, "3 models");
    b.reach("AO-B1a");
    b.perform("AO-B1a", &[change("weight-eastus")]);
    assert_eq!(findings(&b), ["Not reconciled before users came home: 3 models"]);
    b.finish("AO-B1a", 0);
    b.system("AO-B1a", verified(None)).unwrap();
    b.reach("AO-B1b");
    b.perform("AO-B1b", &[change("weight-eastus")]);
    assert_eq!(b.run.findings.len(), 1, "once");
}

#[test]
fn users_come_home_in_shares_one_after_another() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-B1a");
    let shares = ["AO-B1a", "AO-B1b", "AO-B1c"];
    for (n, id) in shares.iter().enumerate() {
        assert!(shares[n + 1..].iter().all(|later| b.state(later) == StepState::Blocked), "before {id} was held");
        b.after(900_000).perform(id, &[change("weight-eastus")]);
        b.finish(id, 0);
        b.system(id, verified(None)).unwrap();
        assert_eq!(b.run.last_switch, Some(b.at), "the next share waits from here");
    }
    assert_eq!(b.run.clocks.t[10], Some(BEGIN + 900_000), "failback began with the first share");
    assert_eq!(b.run.undo_order("AO-B1a"), ["AO-B1c", "AO-B1b", "AO-B1a"]);
}

#[test]
fn the_closing_record_keeps_three_kinds_of_loss_apart() {
    let mut b = Bench::new(Mode::Rehearsal);
    for (kind, n) in [(LossKind::Lost, 1), (LossKind::Unavailable, 2), (LossKind::Duplicated, 3)] {
        for i in 0..n {
            b.run_wide(Command::Loss(kind, format!("loss {i}"))).unwrap();
        }
        assert_eq!(b.run.losses_of(kind).count(), n);
    }
    line(&mut b, "a model");
    b.run_wide(Command::Finding("the alert was silent".to_owned())).unwrap();
    b.run_wide(Command::Finding("the runbook was wrong".to_owned())).unwrap();
    let corrective =
        |due: &str| Command::Corrective { text: "mend it".to_owned(), owner: "Grace".to_owned(), due: due.to_owned() };
    assert_eq!(b.run_wide(corrective(" ")), Err(Refusal::Empty("until when")));
    b.run_wide(corrective("2027-01-31")).unwrap();
    let sign = Command::SignOff { role: "owner".to_owned(), statement: "so it was".to_owned() };
    b.run_wide(sign).unwrap();
    let want = Books {
        lost: 1,
        unavailable: 2,
        duplicated: 3,
        ledger: 1,
        unreconciled: 1,
        findings: 2,
        open_findings: 1,
        signed: 1,
        missed: Vec::new(),
    };
    assert_eq!(books(&close(&mut b, Outcome::RecoveredWithFindings)), want);
    assert_eq!(b.run.ended.as_ref().unwrap().books.as_deref(), Some(&want));
    assert_eq!(Run::replay(&b.entries).unwrap().ended, b.run.ended);
}

#[test]
fn a_run_closed_as_recovered_is_signed_or_says_that_it_is_not() {
    let unsigned = |e: &[Event]| e.iter().any(|e| matches!(e, Event::Deviation { rule, .. } if rule.contains("signs")));
    let signed = |b: &mut Bench| {
        let sign = Command::SignOff { role: "owner".to_owned(), statement: "so it was".to_owned() };
        b.run_wide(sign).unwrap();
    };
    let without_review = || Bench::with(plan_of(Strategy::HotCold), Mode::Rehearsal, &INCIDENT[..5]);
    let table = [
        (Bench::new(Mode::Live), Outcome::Recovered, false, true),
        (Bench::new(Mode::Live), Outcome::RecoveredWithFindings, false, true),
        (Bench::new(Mode::Live), Outcome::Recovered, true, false),
        (Bench::new(Mode::Live), Outcome::FalseAlarm, false, false),
        (without_review(), Outcome::Recovered, false, false),
    ];
    for (n, (mut b, outcome, sign, want)) in table.into_iter().enumerate() {
        if sign {
            signed(&mut b);
        }
        assert_eq!(unsigned(&close(&mut b, outcome)), want, "row {n}");
    }
}

#[test]
fn what_is_put_right_was_found_first() {
    let mut b = Bench::new(Mode::Live);
    let corrective =
        || Command::Corrective { text: "mend".to_owned(), owner: "Ada".to_owned(), due: "2027-01-31".to_owned() };
    assert_eq!(b.run_wide(corrective()), Err(Refusal::NoFinding));
    b.run_wide(Command::Finding("f".to_owned())).unwrap();
    b.run_wide(corrective()).unwrap();
    assert_eq!(b.run_wide(corrective()), Err(Refusal::NoFinding));
}

#[test]
fn evidence_leaves_a_step_where_it_stands() {
    // Named like a person's word, too: nobody's agreement may turn it into one.
    for name in ["metrics.png", "a person's word"] {
        let e = Evidence { name: name.to_owned(), text: "seen".to_owned(), ..Evidence::default() };
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("AO-F6");
        let prove = |b: &mut Bench, at: StepState| {
            let before = b.run.step("AO-F6").unwrap().clone();
            b.step("AO-F6", StepCommand::Evidence(e.clone())).unwrap();
            assert_eq!(b.run.step("AO-F6").unwrap(), &before);
            assert_eq!(b.state("AO-F6"), at);
        };
        prove(&mut b, StepState::Ready);
        b.step(
            "AO-F6",
            StepCommand::AskSecondPerson { changes: vec![change("x")], undo: false, ticket: Ticket::default() },
        )
        .unwrap();
        prove(&mut b, StepState::AwaitingApproval);
        b.agree("AO-F6");
        assert_eq!(b.state("AO-F6"), StepState::Ready, "it was agreed to, not done");
        b.step("AO-F6", performing(&[change("x")])).unwrap();
        prove(&mut b, StepState::Running);
        b.system("AO-F6", finished(0, Some(failure()))).unwrap();
        prove(&mut b, StepState::Failed);
        b.run_wide(Command::Evidence(e.clone())).unwrap();
        let of: Vec<Option<&str>> = b.run.evidence.iter().map(|(_, step, _)| step.as_deref()).collect();
        assert_eq!(of, [Some("AO-F6"), Some("AO-F6"), Some("AO-F6"), Some("AO-F6"), None]);
    }
}
