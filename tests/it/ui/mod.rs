//! Tests of `ui`: pressed and read like a person with a keyboard and a screen reader would.

mod announce;
mod approve;
mod audit;
mod board;
#[cfg(target_os = "linux")]
mod checks;
mod commander;
pub mod credentials;
mod desktop;
mod facilitator;
mod focus;
mod gallery;
mod gantt;
mod hooks;
mod keyboard;
mod ladder;
mod look;
mod map;
mod meant;
mod morning;
mod pair;
mod palette;
mod pictures;
mod recovery;
mod rehearse;
mod run;
mod sample;
mod shelf;
mod sign_in;
mod situations;
mod steady;
#[cfg(target_os = "linux")]
mod system;
mod tree;
mod trust;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use eframe::egui::{self, Key, Modifiers, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::Link;
use lifeboat::desk::protocol::{Command, StepIntent};
use lifeboat::desk::snapshot::{Mode, Snapshot};
use lifeboat::runbook::model::Strategy;
use lifeboat::ui::App;
use lifeboat::ui::ask::Ask;
use lifeboat::ui::intent::TABLE;
use lifeboat::ui::view::Screen;
use tokio::sync::watch;

/// A desk that only listens.
pub fn link_of(snapshot: Snapshot) -> (Link, Receiver<Command>, watch::Sender<Arc<Snapshot>>) {
    let (publish, snapshots) = watch::channel(Arc::new(snapshot));
    let (tell, told) = channel();
    // For which run it is has a test of its own.
    let send = Arc::new(move |c| match c {
        Command::Of { command, .. } => tell.send(*command).is_ok(),
        c => tell.send(c).is_ok(),
    });
    (Link { snapshots, send, on_wake: Box::new(|_| {}) }, told, publish)
}

pub struct Window {
    harness: Harness<'static, App>,
    told: Receiver<Command>,
    publish: watch::Sender<Arc<Snapshot>>,
}

impl Window {
    fn sized(snapshot: Snapshot, size: [f32; 2]) -> Self {
        let (link, told, publish) = link_of(snapshot);
        let harness = Harness::builder().with_size(size).with_max_steps(20).build_eframe(|cc| App::new(cc, link));
        let mut w = Self { harness, told, publish };
        w.harness.run();
        w
    }
    fn new(snapshot: Snapshot) -> Self {
        Self::sized(snapshot, [1280.0, 800.0])
    }
    pub fn on(snapshot: Snapshot, screen: Screen) -> Self {
        let mut w = Self::new(snapshot);
        w.harness.state_mut().show(screen);
        w.harness.run();
        w
    }
    fn key(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run();
    }
    fn ctrl(&mut self, key: Key) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, key);
        self.harness.run();
    }
    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run();
    }
    fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.harness.run();
    }
    fn told(&self) -> Vec<Command> {
        self.told.try_iter().collect()
    }
    fn publish(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut s = (**self.publish.borrow()).clone();
        change(&mut s);
        self.publish.send(Arc::new(s)).unwrap();
        self.harness.run();
    }
    /// Some text has these words in it.
    pub fn reads(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }
    pub fn sees(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }
}

/// Where a node is, if it is anywhere.
fn bounds(node: &egui_kittest::Node<'_>) -> Option<egui::Rect> {
    let b = node.accesskit_node().bounding_box()?;
    Some(egui::Rect::from_min_max(egui::pos2(b.x0 as f32, b.y0 as f32), egui::pos2(b.x1 as f32, b.y1 as f32)))
}

/// Everything that a screen reader could read of a picture, on every screen.
pub fn read_aloud(snapshot: Snapshot) -> String {
    let mut w = Window::new(snapshot);
    let each = |screen| {
        w.harness.state_mut().show(screen);
        w.harness.run();
        credentials::said_to_a_screen_reader(&w.harness)
    };
    Screen::ALL.map(each).concat()
}

fn with_run(change: impl FnOnce(&mut lifeboat::desk::snapshot::RunView)) -> Snapshot {
    let mut run = sample::run();
    change(&mut run);
    Snapshot { run: Some(Arc::new(run)), ..sample::snapshot() }
}

// ---- keys ----

#[test]
fn no_two_keys_clash() {
    let keys: Vec<_> = TABLE.iter().filter_map(|r| r.key.map(|k| (k, r.label))).collect();
    for (i, (a, first)) in keys.iter().enumerate() {
        for (b, second) in &keys[i + 1..] {
            assert!(a != b, "`{first}` and `{second}` share a key");
        }
    }
}

#[test]
fn enter_alone_never_changes_azure() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::Enter);
    assert_eq!(w.told(), []);
    w.harness.get_by_role_and_label(Role::Button, "Switch to Sweden Central").focus();
    w.harness.run();
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "not even with the focus on the button");
    for key in [Key::Num1, Key::Num2, Key::R, Key::P, Key::V] {
        w.key(key);
        assert_eq!(w.told(), [], "{key:?} either");
    }
    w.ctrl(Key::K);
    w.type_text("first choice");
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "nor by another name");
    w.key(Key::Escape);
    w.key(Key::Escape);
    w.ctrl(Key::Enter);
    assert!(matches!(&w.told()[..], [Command::Step(id, StepIntent::Perform { .. })] if id == "F4"));
}

#[test]
fn a_click_does_what_the_button_says() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.click("Switch to Sweden Central");
    assert!(matches!(&w.told()[..], [Command::Step(..)]));
}

#[test]
fn enter_does_what_only_reads() {
    let mut w = Window::on(with_run(|r| r.current = Some("V1".into())), Screen::Run);
    w.key(Key::Enter);
    assert!(matches!(&w.told()[..], [Command::Step(id, StepIntent::Check)] if id == "V1"));
}

#[test]
fn a_lossy_change_wants_the_name_typed() {
    let mut w = Window::on(
        with_run(|r| {
            for c in r.cards.iter_mut().filter(|c| c.id == "F4") {
                Arc::make_mut(c).actions[0].typed_name = Some("appcs-prod-chat".into());
            }
        }),
        Screen::Run,
    );
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    w.type_text("appcs-prod-cha");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "the name is not complete");
    w.type_text("t");
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "Enter alone does not send it");
    w.ctrl(Key::Enter);
    let typed = Some("appcs-prod-chat".to_owned());
    assert_eq!(w.told(), [Command::Step("F4".into(), StepIntent::Perform { option: None, typed })]);
}

#[test]
fn a_step_is_skipped_with_its_reason_by_keyboard() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::S);
    assert!(w.sees("Why it is left out"));
    w.type_text("quota is enough");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::Step("F4".into(), StepIntent::Skip { reason: "quota is enough".into() })]);
}

#[test]
fn the_decision_is_made_by_keyboard() {
    let mut w = Window::on(with_run(|r| r.current = Some("D4".into())), Screen::Run);
    w.key(Key::Enter);
    w.type_text("Three witnesses answer");
    w.ctrl(Key::Enter);
    let told = w.told();
    let [Command::Step(_, StepIntent::Decide { reason, expected_loss, .. })] = &told[..] else { panic!("{told:?}") };
    assert_eq!(reason, "Three witnesses answer");
    assert!(expected_loss.contains("conversations"), "the draft of the loss is kept");
}

#[test]
fn up_and_down_walk_the_checklist_and_home_returns() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::ArrowDown);
    assert_eq!(w.harness.state().view().selected.as_deref(), Some("F5"));
    w.key(Key::ArrowUp);
    w.key(Key::ArrowUp);
    assert_eq!(w.harness.state().view().selected.as_deref(), Some("F3"));
    w.key(Key::Home);
    assert_eq!(w.harness.state().view().selected, None);
}

#[test]
fn enter_on_another_row_looks_at_it_and_does_nothing() {
    let mut w = Window::on(with_run(|r| r.current = Some("V1".into())), Screen::Run);
    w.harness.get_by_label("Raise capacity: skipped, skipped").focus();
    w.harness.run();
    w.key(Key::Enter);
    assert_eq!(w.told(), []);
    assert_eq!(w.harness.state().view().selected.as_deref(), Some("F3"));
}

#[test]
fn letters_are_text_while_typing() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::N);
    w.type_text("jump");
    w.key(Key::J);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::Note("jump".into())]);
}

#[test]
fn escape_is_safe_and_gives_the_focus_back() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let row = "Raise capacity: skipped, skipped";
    w.harness.get_by_label(row).focus();
    w.harness.run();
    w.key(Key::N);
    assert!(w.sees("Note"));
    w.key(Key::Escape);
    assert!(!w.sees("Note"));
    assert_eq!(w.told(), []);
    assert!(w.harness.get_by_label(row).is_focused());
}

#[test]
fn the_palette_finds_and_does() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.ctrl(Key::K);
    w.type_text("frz");
    w.key(Key::Enter);
    assert_eq!(w.told(), [Command::FreezeHealth]);
}

#[test]
fn every_screen_has_its_key() {
    let mut w = Window::new(sample::snapshot());
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    for (key, screen) in keys.into_iter().zip(Screen::ALL) {
        w.ctrl(key);
        assert_eq!(w.harness.state().view().screen, screen);
    }
}

#[test]
fn tab_reaches_the_actions_of_the_step() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let mut seen = Vec::new();
    for _ in 0..60 {
        w.key(Key::Tab);
        if let Some(label) =
            w.harness.root().children_recursive().find(|n| n.is_focused()).and_then(|n| n.accesskit_node().label())
        {
            seen.push(label);
        }
    }
    for wanted in ["Run, 7 / 14", "Switch to Sweden Central", "Done by hand…", "Skip…", "Add a note"] {
        assert!(seen.iter().any(|s| s == wanted), "Tab never reaches `{wanted}`: {seen:?}");
    }
}

#[test]
fn enter_in_a_tall_field_is_a_new_line() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::N);
    w.type_text("one");
    w.key(Key::Enter);
    w.type_text("two");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::Note("one\ntwo".into())]);
}

#[test]
fn an_answer_that_is_not_complete_is_not_sent() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.ctrl(Key::L);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    w.type_text("All verified");
    w.ctrl(Key::Enter);
    assert!(matches!(&w.told()[..], [Command::Close { summary, .. }] if summary == "All verified"));
}

// ---- what is shown ----

#[test]
fn the_first_start_offers_a_rehearsal_in_one_press() {
    let mut w = Window::new(sample::first_start());
    w.key(Key::Enter);
    let told = w.told();
    assert!(matches!(&told[..], [Command::StartRehearsal { scenario, .. }] if scenario == "region-loss"), "{told:?}");
    w.publish(|s| *s = sample::snapshot());
    assert_eq!(w.harness.state().view().screen, Screen::Run, "the window goes to the run that opens");
}

#[test]
fn a_plan_starts_dry_by_enter_and_live_only_with_its_name() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    w.key(Key::Enter);
    let started = |dry_run| Command::StartRun { plan: "prod-chat".into(), strategy: Some(Strategy::HotWarm), dry_run };
    assert_eq!(w.told(), [started(true)]);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    w.type_text("prod-chat");
    w.key(Key::Enter);
    assert_eq!(w.told(), []);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [started(false)]);
}

#[test]
fn a_rehearsal_starts_with_the_chosen_strategy() {
    let mut w = Window::on(sample::on_call(), Screen::Rehearse);
    w.harness.get_all_by_label("hot/cold").next().unwrap().click();
    w.harness.run();
    w.click("Start A region is lost");
    let told = w.told();
    let [Command::StartRehearsal { scenario, strategy, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((scenario.as_str(), strategy.unwrap().display()), ("region-loss", "hot/cold"));
}

#[test]
fn every_step_is_a_sentence_for_the_screen_reader() {
    let w = Window::on(sample::snapshot(), Screen::Run);
    for row in sample::run().phases.iter().flat_map(|p| &p.steps) {
        assert!(w.sees(&row.sentence), "{}", row.sentence);
    }
    assert!(w.sees("East US: down, 4 min"), "the ladder speaks");
}

#[test]
fn nothing_is_lost_in_a_small_window() {
    for size in [[960.0, 600.0], [640.0, 480.0]] {
        let mut w = Window::sized(sample::snapshot(), size);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        for label in ["Switch to Sweden Central", "Done by hand…", "Skip…"] {
            let at = w.harness.get_by_role_and_label(Role::Button, label).rect();
            assert!(window.contains_rect(at), "{label} at {at:?} in {size:?}");
        }
        w.click("Clocks");
        assert!(w.sees("Add a note"));
    }
}

#[test]
fn every_screen_draws_in_every_size_and_state() {
    for size in [[1280.0, 800.0], [960.0, 600.0], [640.0, 480.0], [2560.0, 1440.0]] {
        for snap in [sample::snapshot(), sample::on_call(), sample::first_start()] {
            let mut w = Window::sized(snap, size);
            for screen in Screen::ALL {
                w.harness.state_mut().show(screen);
                w.harness.run();
            }
        }
    }
}

#[test]
fn a_long_wait_can_be_jumped() {
    let wait = || Some(lifeboat::desk::snapshot::LongWait { text: "Ten minutes of watching the error rate".into() });
    let mut w = Window::on(with_run(|r| r.long_wait = wait()), Screen::Run);
    w.key(Key::J);
    assert_eq!(w.told(), [Command::JumpToNextEvent]);
}

#[test]
fn a_record_that_cannot_be_written_refuses_actions() {
    let mut w = Window::on(with_run(|r| r.read_only = Some("No space left on device".into())), Screen::Run);
    w.ctrl(Key::Enter);
    w.harness.get_by_role_and_label(Role::Button, "Switch to Sweden Central").click();
    w.harness.run();
    assert_eq!(w.told(), []);
}

#[test]
fn the_record_is_filtered_and_read() {
    let mut w = Window::on(sample::snapshot(), Screen::Audit);
    assert!(w.sees("2000 of 2000 entries"));
    w.ctrl(Key::F);
    w.type_text("request 1999 ");
    assert!(w.sees("1 of 2000 entries"));
}

#[test]
fn a_notice_is_dismissed_by_escape() {
    let problem = lifeboat::desk::snapshot::Problem {
        what: "The scenario could not be started.".into(),
        means: "No run is open.".into(),
        next: "try again.".into(),
        raw: "address in use".into(),
    };
    let mut w = Window::new(Snapshot { notice: Some(Arc::new(problem)), ..sample::snapshot() });
    assert!(w.sees("The scenario could not be started."));
    w.key(Key::Escape);
    assert_eq!(w.told(), [Command::DismissNotice]);
}

// ---- idle ----

#[test]
fn an_idle_window_rests_until_something_shown_changes() {
    use lifeboat::clock::{Clock, Speed};
    let delay = |mut s: Snapshot, speed| {
        s.clock = Clock::scenario(sample::NOW, lifeboat::units::Millis(0), speed);
        let w = Window::new(s);
        w.harness.output().viewport_output.values().map(|v| v.repaint_delay).min().unwrap().as_secs_f64()
    };
    let idle = delay(sample::on_call(), Speed::Times(1));
    assert!((4.0..9.0).contains(&idle), "the age of the newest evidence steps in 8 s: {idle}");
    let run = delay(sample::snapshot(), Speed::Times(1));
    assert!((0.0..1.01).contains(&run), "a run ticks every second: {run}");
    let stopped = delay(sample::snapshot(), Speed::Times(0));
    assert!(stopped > 1e9, "a clock that stands still asks for nothing: {stopped}");
}

// ---- colours ----

// ---- dialogs as data ----

#[test]
fn an_impact_is_given_as_a_duration() {
    let mut ask = Ask::impact();
    assert_eq!(ask.command(0), None);
    ask.fields[0].text = "soon".into();
    assert_eq!(ask.command(0), None);
    ask.fields[0].text = "15m".into();
    assert_eq!(ask.command(1_000_000_000), Some(Command::ImpactStarted(1_000_000_000 - 900_000)));
}

// ---- memory ----

#[test]
fn the_window_remembers_itself_and_survives_a_broken_file() {
    use lifeboat::ui::memory::{Looks, Memory, file, load, save};
    let home = tempfile::tempdir().unwrap();
    let path = file(&home.path().to_string_lossy());
    assert_eq!(load(&path), Memory::default());
    let kept = Memory { looks: Looks::Light, screen: Screen::Audit, size: Some((960.0, 600.0)), ..Default::default() };
    save(&path, &kept);
    assert_eq!(load(&path), kept);
    std::fs::write(path.as_ref().unwrap(), "{ half a fi").unwrap();
    assert_eq!(load(&path), Memory::default());
    assert_eq!(file(""), None, "without a data folder nothing is written");
}
