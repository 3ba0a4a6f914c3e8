//! What a screen reader says by itself when the picture changes.

use std::sync::Arc;

use eframe::egui::accesskit::{Live, Role};
use egui_kittest::kittest::NodeT;
use lifeboat::desk::snapshot::{Activity, Mark, Mode, NoteView, Problem, RunView, Snapshot, StepState};
use lifeboat::ui::announce::changes;
use lifeboat::ui::view::Screen;

use super::{Window, pair, sample};

/// What stands in the two live regions: polite, assertive.
fn heard(w: &Window) -> [String; 2] {
    let mut out = [String::new(), String::new()];
    for node in w.harness.root().children_recursive() {
        let n = node.accesskit_node();
        let place = match (n.role(), n.data().live()) {
            (Role::Status, Some(Live::Polite)) => 0,
            (Role::Alert, Some(Live::Assertive)) => 1,
            _ => continue,
        };
        out[place] = n.label().unwrap_or_default();
    }
    out
}

fn in_run(change: impl FnOnce(&mut RunView)) -> impl FnOnce(&mut Snapshot) {
    move |s| change(Arc::make_mut(s.run.as_mut().unwrap()))
}

fn turn(run: &mut RunView, id: &str, state: StepState) {
    run.phases.iter_mut().flat_map(|p| &mut p.steps).filter(|s| s.id == id).for_each(|s| s.state = state);
}

fn said(before: &Snapshot, change: impl FnOnce(&mut Snapshot)) -> Vec<(bool, String)> {
    let mut now = before.clone();
    change(&mut now);
    changes(before, &now).into_iter().map(|s| (s.urgent, s.text)).collect()
}

#[test]
fn a_live_region_says_what_changed_and_nothing_at_first() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    assert_eq!(heard(&w), ["", ""]);
    w.publish(in_run(|r| {
        turn(r, "F4", StepState::DoneByApp);
        r.current = Some("F5".into());
    }));
    let [polite, assertive] = heard(&w);
    assert!(polite.starts_with("Point clients at Sweden Central: done"), "{polite}");
    assert!(polite.contains("Next: Resubmit batches"), "{polite}");
    assert_eq!(assertive, "");
}

#[test]
fn a_failure_interrupts_and_says_what_to_do() {
    let before = Snapshot { run: Some(Arc::new(sample::run())), ..sample::snapshot() };
    let all = said(&before, in_run(sample::fails));
    assert_eq!(all.len(), 1, "{all:?}");
    let (urgent, text) = &all[0];
    assert!(*urgent && text.starts_with("Call each with its own key: failed. "), "{text}");
    assert!(text.contains(" Next: "), "{text}");

    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.publish(in_run(sample::fails));
    assert!(heard(&w)[1].starts_with("Call each with its own key"), "{:?}", heard(&w));
}

#[test]
fn one_sentence_a_second_and_none_twice() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let message = |text: &str| NoteView { at: sample::NOW, who: "scenario".into(), text: text.into() };
    w.publish(in_run(|r| r.injects.extend([message("one"), message("two"), message("two")])));
    assert_eq!(heard(&w)[0], "Message: one");
    w.harness.step();
    assert_eq!(heard(&w)[0], "Message: one", "not within the same second");
    // A step of the harness is a quarter of a second.
    w.harness.run_steps(5);
    assert_eq!(heard(&w)[0], "Message: two");
    // The same again is not said again, and after a while nothing stands there.
    w.harness.run_steps(40);
    assert_eq!(heard(&w), ["", ""]);
}

#[test]
fn turns_of_the_watch_the_second_person_and_the_desk_are_heard() {
    let before = sample::snapshot();
    let turned = said(&before, |s| {
        let lamp = Arc::make_mut(&mut s.ladder).iter_mut().find(|l| l.name == "ARM").unwrap();
        (lamp.mark, lamp.sentence) = (Mark::Down, "ARM: down, 1 s".into());
    });
    assert_eq!(turned, [(false, "ARM: down, 1 s".to_owned())]);

    // A verdict that turns is told once, whoever tells it: the record, the rung, or the situation.
    let turns = |s: &mut Snapshot| {
        let lamp = Arc::make_mut(&mut s.ladder).iter_mut().find(|l| l.name == "East US").unwrap();
        (lamp.mark, lamp.sentence) = (Mark::Suspect, "East US: suspect, 2 s".into());
        let now = Arc::make_mut(&mut s.situation);
        (now.mark, now.recommendation) = (Some(Mark::Suspect), "Wait for more evidence.".into());
        now.headline = "East US may be failing: no answer in time, 4 in a row".into();
    };
    let records = |s: &mut Snapshot| {
        let text = "East US may be failing: no answer in time, 3 in a row Calls of others succeed.".into();
        Arc::make_mut(&mut s.activity).push(Activity { at: sample::NOW, text });
    };
    let both = said(&before, |s| {
        turns(s);
        records(s);
    });
    let verdict = "East US may be failing: no answer in time, 4 in a row. Wait for more evidence.";
    assert_eq!(both, [(false, verdict.to_owned())]);
    let mut turned = before.clone();
    turns(&mut turned);
    assert_eq!(said(&turned, records), [], "the record comes after the situation");
    let mut recorded = before.clone();
    records(&mut recorded);
    assert_eq!(said(&recorded, turns), [(false, "Wait for more evidence.".to_owned())], "or before it");

    let asked = pair::in_state("F4", StepState::AwaitingApproval);
    let answered = said(
        &asked,
        in_run(|r| {
            turn(r, "F4", StepState::Ready);
            let card = r.cards.iter_mut().find(|c| c.id == "F4").unwrap();
            let note = NoteView { at: sample::NOW, who: "Mo".into(), text: "agreed (signed)".into() };
            Arc::make_mut(card).history.push(note);
        }),
    );
    let wanted = (false, "Point clients at Sweden Central, asked of a second person: Mo agreed (signed)".to_owned());
    assert_eq!(answered, [wanted]);

    let desk = |text: &str| {
        said(&before, |s| Arc::make_mut(&mut s.activity).push(Activity { at: sample::NOW, text: text.into() }))
    };
    assert_eq!(desk("printed /tmp/plan.pdf"), [(false, "printed /tmp/plan.pdf".to_owned())]);
    assert_eq!(desk("probe oai-prod-eastus: connect timeout (10 in a row)"), [], "not each probe");

    // A run that is not on show: what it waits for now, also where it called before; a live one interrupts.
    let beside = Snapshot { open_runs: Arc::new(pair::open_runs()), ..sample::snapshot() };
    let fails = |s: &mut Snapshot| Arc::make_mut(&mut s.open_runs)[1].waits = "a step failed: raise capacity".into();
    assert_eq!(said(&beside, fails), [(true, "LIVE run 2QXM, not on show: a step failed: raise capacity".to_owned())]);

    let problem =
        |what: &str| Problem { what: what.into(), means: String::new(), next: "try again.".into(), raw: String::new() };
    let told = said(&before, |s| s.notice = Some(Arc::new(problem("The file is gone."))));
    assert_eq!(told, [(true, "The file is gone. Next: try again.".to_owned())]);
}

#[test]
fn the_rto_that_comes_near_is_said_once_and_interrupts_in_live_mode() {
    let near = |left: i64, mode| {
        let run = RunView { mode, ..sample::run() };
        let mut s = Snapshot { run: Some(Arc::new(run)), ..sample::snapshot() };
        in_run(|r| r.clocks.deadline = Some(sample::NOW + left))(&mut s);
        s
    };
    for (mode, place) in [(Mode::Rehearsal, 0), (Mode::Live, 1)] {
        let mut w = Window::on(near(301_000, mode), Screen::Run);
        w.publish(|s| *s = near(299_000, mode));
        assert_eq!(heard(&w)[place], "5 min left until the RTO.");
        w.publish(|s| *s = near(298_000, mode));
        w.harness.run_steps(40);
        assert_eq!(heard(&w), ["", ""], "said once");
        w.publish(|s| *s = near(-1_000, mode));
        assert_eq!(heard(&w)[1], "The RTO of 30 min is used up.");
        // What another run has left is nothing that has just passed; time that passed unseen is told as it is.
        let mut w = Window::on(near(301_000, mode), Screen::Run);
        w.publish(|s| {
            *s = near(100_000, mode);
            in_run(|r| r.id = "run-other".into())(s);
        });
        w.harness.run_steps(10);
        assert!(!heard(&w)[place].contains("min left"), "{:?}", heard(&w));
        let mut w = Window::on(near(400_000, mode), Screen::Run);
        w.publish(|s| *s = near(200_000, mode));
        assert_eq!(heard(&w)[place], "4 min left until the RTO.");
    }
}
