//! Several runs open at once: one is on show, the others go on beside it; and several steps taken back one by one.

use super::engine::{REGION_LOSS, at as card_at, card, perform, reach, step};
use super::sign_in::{Azure as Simulated, at};
use super::*;

use lifeboat::clock::Clock;
use lifeboat::desk::protocol::RunIntent;
use lifeboat::desk::snapshot::{OpenRun, Snapshot, StepCard, StepState};

pub const SANDBOX: &str = include_str!("../../../assets/scenarios/sandbox.ron");
const ROAMING: &str = "Traffic Manager has to notice";

fn begin(desk: &Handle, plan: &str, dry_run: bool) {
    desk.send(Command::StartRun { plan: plan.to_owned(), strategy: None, dry_run });
}

/// Begins a run and waits until it is the one on show.
fn begun(desk: &Handle, plan: &str, dry_run: bool) -> String {
    let s = desk.snapshot();
    let before: Vec<&str> = ids(&s).into_iter().chain(shown(&s)).collect();
    begin(desk, plan, dry_run);
    let s = until(desk, plan, |s| shown(s).is_some_and(|id| !before.contains(&id)));
    s.run.as_ref().unwrap().id.clone()
}

fn ids(s: &Snapshot) -> Vec<&str> {
    s.open_runs.iter().map(|o| o.id.as_str()).collect()
}

fn shown(s: &Snapshot) -> Option<&str> {
    s.run.as_ref().map(|r| r.id.as_str())
}

fn refused(desk: &Handle, why: &str) -> Arc<Snapshot> {
    let s = until(desk, why, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(why)));
    desk.send(Command::DismissNotice);
    until(desk, "dismissed", |s| s.notice.is_none());
    s
}

fn kinds(place: &Place, run: &str) -> Vec<String> {
    read_run(&RealDisk, &place.run(run)).unwrap().iter().map(|r| r.body.kind.as_str().to_owned()).collect()
}

#[test]
fn two_runs_go_on_at_once_and_one_of_them_is_on_show() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    let first = begun(&desk, "sandbox", true);
    let second = begun(&desk, "vision-prod", true);
    let s = desk.snapshot();
    assert_eq!(ids(&s), [second.as_str(), first.as_str()], "the one on show first");
    let said: Vec<(bool, &str)> = s.open_runs.iter().map(|o| (o.shown, o.title.as_str())).collect();
    assert_eq!(said, [(true, "Production vision: East US to West Europe"), (false, "Sandbox: East US to West Europe")]);

    // What was asked for the one beside it comes, and is recorded: its own checks and verdicts, of its own addresses.
    let told = |kind: &str| kinds(&place, &first).iter().filter(|k| *k == kind).count();
    until(&desk, "checks and verdicts beside", |_| told("step.done_by_app") >= 1 && told("observe") >= 2);
    let calls =
        |s: &Snapshot| s.open_runs.iter().any(|o: &OpenRun| !o.shown && o.calls && o.waits.contains("waits for Ada"));
    until(&desk, "it calls", calls);
    assert_eq!(shown(&desk.snapshot()), Some(second.as_str()), "what is on show does not change by itself");

    // Commands, window and board follow the one on show.
    let endpoints = |s: &Snapshot| s.situation.endpoints.iter().map(|e| e.id.clone()).collect::<Vec<_>>();
    assert!(endpoints(&desk.snapshot()).iter().all(|e| !e.contains("oai-sandbox")));
    desk.send(Command::Run(RunIntent::Focus(first.clone())));
    let s = until(&desk, "the first", |s| shown(s) == Some(&first));
    assert!(s.band.run.starts_with("sandbox"), "{:?}", s.band);
    assert!(endpoints(&s).iter().any(|e| e == "oai-sandbox-eastus"), "{:?}", endpoints(&s));
    let before = s.run.clone().unwrap();
    desk.send(Command::Note("to the first".to_owned()));
    let s =
        until(&desk, "the note", |s| s.run.as_ref().is_some_and(|r| r.notes.iter().any(|n| n.text == "to the first")));
    assert!(!kinds(&place, &second).contains(&"note".to_owned()) || !notes(&place, &second).contains("to the first"));
    let (old, new) = (before.cards.last().unwrap(), s.run.as_ref().unwrap().cards.last().unwrap().clone());
    assert!(Arc::ptr_eq(old, &new), "a card that nothing happened to is not drawn anew");

    // A name's own time is read with what would be changed.
    desk.send(Command::Run(RunIntent::Focus(second.clone())));
    until(&desk, "the second", |s| shown(s) == Some(&second));
    let dns = |s: &Snapshot| {
        let of = |c: &StepCard| c.rows.iter().find(|r| r.label == "DNS").map(|r| r.text.clone());
        s.run.as_ref().unwrap().cards.iter().filter_map(|c| of(c).map(|t| (c.id.clone(), t))).collect::<Vec<_>>()
    };
    let riding = dns(&desk.snapshot());
    assert!(!riding.is_empty() && riding.iter().any(|r| r.1.contains("not known before it was read")), "{riding:?}");
    for (id, _) in &riding {
        desk.send(Command::Step(id.clone(), StepIntent::Preview { option: None }));
    }
    let s = until(&desk, "its time", |s| dns(s).iter().any(|r| r.1.contains(ROAMING)));
    let read: Vec<_> = dns(&s).into_iter().filter(|r| r.1.contains(ROAMING)).collect();
    assert!(read[0].1.contains("old answer for 1 min") && read[0].1.contains("3 min 10 s at worst"), "{read:?}");

    // One is left, the other is shown; it stays open on the disk.
    desk.send(Command::LeaveRun);
    let s = until(&desk, "the other", |s| shown(s) == Some(&first));
    assert_eq!(ids(&s), [first.as_str()]);
    desk.send(Command::OpenRun(second.clone()));
    until(&desk, "opened again", |s| shown(s) == Some(&second) && s.open_runs.len() == 2);
    drop(desk);

    // Both as they stood; what is open already is only shown.
    let desk = at(&place, Some(azure.cloud()));
    desk.send(Command::OpenRun(first.clone()));
    desk.send(Command::OpenRun(second.clone()));
    until(&desk, "both", |s| shown(s) == Some(&second) && s.open_runs.len() == 2);
    desk.send(Command::OpenRun(first.clone()));
    let s = until(&desk, "the first", |s| shown(s) == Some(&first));
    assert!(s.notice.is_none() && s.run.as_ref().unwrap().read_only.is_none(), "{:?}", s.notice);
    assert!(s.run.as_ref().unwrap().notes.iter().any(|n| n.text == "to the first"));
    assert_eq!(s.open_runs.len(), 2);
}

fn notes(place: &Place, run: &str) -> String {
    let all = read_run(&RealDisk, &place.run(run)).unwrap();
    all.iter().filter(|r| is(r, "note")).map(|r| r.body.d.to_string()).collect()
}

#[test]
fn a_plan_has_one_live_run_here_and_on_the_disk() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    let live = begun(&desk, "sandbox", false);
    let short = desk.snapshot().run.as_ref().unwrap().short.clone();
    for dry_run in [false, true] {
        begin(&desk, "sandbox", dry_run);
        let s = refused(&desk, "is not ended");
        assert!(s.notice.as_ref().unwrap().what.contains(&short), "it names the run to go on with: {:?}", s.notice);
    }
    // A rehearsal has a clock and an Azure of its own, and the desk to itself.
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    let s = refused(&desk, "a rehearsal has the desk to itself");
    assert_eq!(ids(&s), [live.as_str()]);
    // Another plan is another matter; of runs there is an end.
    for n in 0..3 {
        let id = begun(&desk, "vision-prod", true);
        assert_eq!(desk.snapshot().open_runs.len(), n + 2, "{id}");
    }
    begin(&desk, "vision-prod", true);
    refused(&desk, "as many as one person can follow");
    drop(desk);

    let desk = at(&place, Some(azure.cloud()));
    begin(&desk, "sandbox", true);
    refused(&desk, "is not ended");
    assert!(desk.snapshot().open_runs.is_empty());
    desk.send(Command::OpenRun(live.clone()));
    until(&desk, "the run", |s| shown(s) == Some(&live));
    desk.send(Command::Abort("enough".to_owned()));
    until(&desk, "given up", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    assert_ne!(begun(&desk, "sandbox", false), live, "it is over: the next one may begin");
}

#[test]
fn beside_a_rehearsal_nothing_is_begun() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    let other = begun(&desk, "sandbox", true);
    desk.send(Command::LeaveRun);
    until(&desk, "left", |s| s.run.is_none());
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    let s = until(&desk, "the rehearsal", |s| s.run.is_some());
    let rehearsal = shown(&s).unwrap().to_owned();
    begin(&desk, "vision-prod", true);
    refused(&desk, "nothing else is open beside a rehearsal");
    desk.send(Command::OpenRun(other));
    let s = refused(&desk, "nothing else is open beside a rehearsal");
    assert_eq!(ids(&s), [rehearsal.as_str()]);
}

#[test]
fn what_was_done_since_a_step_is_taken_back_one_by_one_the_newest_first() {
    let place = Place::new();
    // The primary is back soon, so that users may be led there again.
    let text = REGION_LOSS.replace("at: \"75m\", what: Clear", "at: \"2m\", what: Clear");
    assert_ne!(text, REGION_LOSS);
    let file = place.0.path().join("region-loss.ron");
    fs::write(&file, text).unwrap();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::OpenPath(file));
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Max));
    reach(&desk, "AO-F5");
    step(&desk, "AO-F5", perform());
    card_at(&desk, "AO-F5", "done", |c| c.state.over());
    press_on(&desk, "AO-F6", |s| matches!(card(s, "AO-F6").state, StepState::DoneByApp | StepState::Failed));

    let guided = |s: &Snapshot| s.run.as_ref().unwrap().taking_back.clone();
    desk.send(Command::Run(RunIntent::TakeBackTo("AO-F5".to_owned())));
    let s = until(&desk, "the newest is looked at", |s| card(s, "AO-F6").takes_back);
    assert_eq!(guided(&s), ["AO-F6", "AO-F5"]);
    assert!(!card(&s, "AO-F5").takes_back, "one at a time");
    // Left as it is, no more is taken back.
    step(&desk, "AO-F6", StepIntent::Keep);
    until(&desk, "no more of it", |s| guided(s).is_empty());
    desk.send(Command::Run(RunIntent::TakeBackTo("AO-F5".to_owned())));
    until(&desk, "again", |s| guided(s).len() == 2);
    desk.send(Command::Run(RunIntent::StopTakingBack));
    until(&desk, "stopped", |s| guided(s).is_empty());
    desk.send(Command::Run(RunIntent::TakeBackTo("AO-F5".to_owned())));
    press_on(&desk, "AO-F6", |s| card(s, "AO-F6").state == StepState::Undone);
    let s = until(&desk, "the next is looked at by itself", |s| card(s, "AO-F5").takes_back);
    assert_eq!(guided(&s), ["AO-F5"]);
    press_on(&desk, "AO-F5", |s| matches!(card(s, "AO-F5").state, StepState::Undone | StepState::Ready));
    until(&desk, "nothing is left", |s| guided(s).is_empty());
    let run = desk.snapshot().run.as_ref().unwrap().id.clone();
    drop(desk);
    let undone: Vec<Option<String>> = read_run(&RealDisk, &place.run(&run))
        .unwrap()
        .into_iter()
        .filter(|r| is(r, "step.undone"))
        .map(|r| r.body.step)
        .collect();
    assert_eq!(undone, [Some("AO-F6".to_owned()), Some("AO-F5".to_owned())]);
    let outcome = crate::crash::outcome(&place.run(&run));
    assert!(outcome.contains("\"weight-eastus\"=\"100\""), "{outcome}");
}

/// Does what the card of a step offers first, until it came to this.
fn press_on(desk: &Handle, id: &str, wanted: impl Fn(&Snapshot) -> bool) {
    for _ in 0..2_400 {
        let s = desk.snapshot();
        if wanted(&s) {
            return;
        }
        let c = card(&s, id);
        // What is refused for want of fresh news is read again.
        let again = |c: &StepCard| c.actions.iter().find(|a| a.label == "Read again").cloned();
        // While it is read, all that is offered is to leave it as it is.
        let first = c.actions.first().filter(|a| a.refused.is_none() && a.intent != StepIntent::Keep).cloned();
        if let Some(a) = first.or_else(|| again(c)) {
            step(desk, id, a.intent);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let s = desk.snapshot();
    let c = card(&s, id);
    panic!("{id} stands {:?}: {:?}, {:?}, {:?}, {:?}", c.state, c.rows, c.actions, c.problem, s.notice);
}

#[test]
fn what_was_meant_for_one_run_is_never_done_to_another() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    let first = begun(&desk, "sandbox", true);
    let second = begun(&desk, "vision-prod", true);
    // The picture of the first was still drawn.
    let kinds_before = kinds(&place, &second);
    let count = |kind: &str| kinds_before.iter().filter(|k| *k == kind).count();
    let pressed = [
        Command::Note("to the first".to_owned()),
        Command::Pause("to the first".to_owned()),
        Command::Step("D1".to_owned(), StepIntent::Check),
        Command::Run(RunIntent::Finding("to the first".to_owned())),
        Command::LeaveRun,
        Command::Abort("to the first".to_owned()),
    ];
    for c in pressed {
        desk.send(c.of(Some(&first)));
        refused(&desk, "is not on show any more");
    }
    let s = desk.snapshot();
    assert_eq!((shown(&s), s.open_runs.len()), (Some(second.as_str()), 2));
    for kind in ["note", "run.paused", "finding", "run.aborted"] {
        assert_eq!(kinds(&place, &second).iter().filter(|k| *k == kind).count(), count(kind), "{kind}");
    }
    desk.send(Command::Run(RunIntent::Focus(first.clone())));
    desk.send(Command::Note("to the first".to_owned()).of(Some(&first)));
    let heard = |s: &Snapshot| s.run.as_ref().is_some_and(|r| r.notes.iter().any(|n| n.text == "to the first"));
    until(&desk, "the note where it belongs", |s| shown(s) == Some(&first) && heard(s));
}

#[test]
fn what_a_paused_run_would_refuse_is_refused_before_the_press() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    begun(&desk, "sandbox", true);
    let begins =
        |i: &StepIntent| matches!(i, StepIntent::Check | StepIntent::Perform { .. } | StepIntent::AskSecondPerson);
    let whys = |s: &Snapshot| -> Vec<Option<String>> {
        let actions = s.run.iter().flat_map(|r| &r.cards).flat_map(|c| &c.actions);
        actions.filter(|a| begins(&a.intent)).map(|a| a.refused.clone()).collect()
    };
    let paused = |why: &Option<String>| why.as_deref() == Some("The run is paused: go on first");
    desk.send(Command::Pause("the database team is asked".to_owned()));
    until(&desk, "everything is refused", |s| !whys(s).is_empty() && whys(s).iter().all(paused));
    desk.send(Command::Resume);
    until(&desk, "nothing is refused for that", |s| !whys(s).iter().any(paused));
}
