//! The whole rehearsal with the keyboard alone, against the real desk, no display needed: from the first page to the closed
//! run. The pointer never enters the window, and Enter alone never changes Azure. And what an idle window costs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT;
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::StepIntent;
use lifeboat::desk::snapshot::{ActionView, RunView, Snapshot, StepState};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::ui::App;
use lifeboat::ui::view::Screen;

/// A slow machine under load needs a quarter of this.
const LIMIT: Duration = Duration::from_secs(900);
const WORD: &str = "Written with the keyboard alone.";

/// A window on the real desk, with nothing but keys. The order of the fields is the order in which they end.
struct Keyboard {
    harness: Harness<'static, App>,
    desk: Handle,
    end: Instant,
    pressed: BTreeSet<&'static str>,
    _dir: tempfile::TempDir,
}

impl Keyboard {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            home: Home::find(Some(dir.path())).unwrap(),
            disk: Arc::new(RealDisk),
            cloud: None,
            watch: None,
            operator: "Robin".to_owned(),
            script: None,
        };
        let desk = start(options).unwrap();
        desk.wait(crate::PATIENCE, |s| s.busy.is_none() && s.revision > 0).unwrap();
        let link = desk.link();
        let harness = Harness::builder().with_size([1280.0, 800.0]).build_eframe(|cc| App::new(cc, link));
        let mut k = Self { harness, desk, end: Instant::now() + LIMIT, pressed: BTreeSet::new(), _dir: dir };
        k.frames(3);
        k
    }

    fn frames(&mut self, n: usize) {
        for _ in 0..n {
            self.harness.step();
        }
    }

    fn key(&mut self, name: &'static str, modifiers: Modifiers, key: Key) {
        self.pressed.insert(name);
        self.harness.key_press_modifiers(modifiers, key);
        self.frames(3);
    }

    fn plain(&mut self, name: &'static str, key: Key) {
        self.key(name, Modifiers::NONE, key);
    }

    fn ctrl(&mut self, name: &'static str, key: Key) {
        self.key(name, Modifiers::COMMAND, key);
    }

    fn text(&mut self, text: &str) {
        self.harness.event(Event::Text(text.to_owned()));
        self.frames(2);
    }

    /// Frames until the picture is so.
    fn until(&mut self, what: &str, patience: Duration, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let end = Instant::now() + patience;
        loop {
            let s = self.desk.snapshot();
            if wanted(&s) {
                self.frames(2);
                return s;
            }
            assert!(Instant::now() < end, "{what}: not within {patience:?}; {}", words(&s));
            std::thread::sleep(Duration::from_millis(10));
            self.harness.step();
        }
    }

    /// Lets a moment pass, as long as it takes the desk to do what it was told.
    fn moment(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            std::thread::sleep(Duration::from_millis(20));
            self.harness.step();
        }
    }

    fn asked(&self) -> bool {
        self.harness.state().view().ask.is_some()
    }

    /// Fills in the dialog that has opened, and sends it.
    fn answer(&mut self) {
        let ask = self.harness.state().view().ask.as_ref().unwrap();
        let name = ask.fields.iter().find_map(|f| f.label.strip_prefix("Type ")?.strip_suffix(" to confirm"));
        let text = name.unwrap_or(WORD).to_owned();
        self.text(&text);
        self.ctrl("Ctrl+Enter", Key::Enter);
        assert!(!self.asked(), "Ctrl+Enter sends the dialog");
    }

    fn focused(&self) -> Option<String> {
        let found = self.harness.root().children_recursive().find(|n| n.is_focused())?;
        found.accesskit_node().label()
    }
}

/// What has been sent to Azure, as the cards show it.
fn sent(run: &RunView) -> Vec<(String, String)> {
    let changes = run.cards.iter().flat_map(|c| c.changes.iter().map(move |x| (c.id.clone(), x)));
    changes.filter(|(_, x)| !x.state.is_empty()).map(|(id, x)| (id, x.state.clone())).collect()
}

fn words(s: &Snapshot) -> String {
    let Some(run) = &s.run else { return "no run".to_owned() };
    let card = run.current.as_ref().and_then(|id| run.cards.iter().find(|c| c.id == *id));
    let actions: Vec<_> = card.map_or(Vec::new(), |c| c.actions.iter().map(|a| (&a.label, &a.refused)).collect());
    let notice = s.notice.as_ref().map(|n| &n.what);
    format!("{:?} {:?}, {actions:?}, clock {}, notice {notice:?}", run.current, run.progress, s.clock.speed())
}

/// The key of the first thing a person would do with the step, if there is anything but to leave it out.
fn worth_doing(actions: &[ActionView]) -> Option<&ActionView> {
    let fail_over = |a: &&ActionView| matches!(a.intent, StepIntent::Decide { choice: Choice::FailOver, .. });
    let decides = actions.iter().any(|a| matches!(a.intent, StepIntent::Decide { .. }));
    if decides {
        return actions.iter().find(fail_over);
    }
    actions.first().filter(|a| !matches!(a.intent, StepIntent::Skip { .. }))
}

/// Enter on a step that changes Azure: nothing is sent, with the focus nowhere, and with it on the very button.
fn enter_changes_nothing(k: &mut Keyboard, label: &str) {
    let before = k.desk.snapshot().run.clone().unwrap();
    let state = |r: &RunView| r.cards.iter().find(|c| Some(&c.id) == before.current.as_ref()).map(|c| c.state);
    // The focus follows to the step that is next.
    k.plain("Home", Key::Home);
    k.plain("Enter", Key::Enter);
    k.moment(300);
    let nothing = |k: &Keyboard| {
        let after = k.desk.snapshot().run.clone().unwrap();
        assert_eq!(sent(&after), sent(&before), "Enter alone has changed Azure at `{label}`");
        assert_eq!((state(&after), after.current.as_ref()), (state(&before), before.current.as_ref()));
        assert!(!k.asked());
    };
    nothing(k);
    for _ in 0..160 {
        if k.focused().as_deref() == Some(label) {
            break;
        }
        k.plain("Tab", Key::Tab);
    }
    assert_eq!(k.focused().as_deref(), Some(label), "Tab comes to the button");
    k.plain("Enter", Key::Enter);
    k.moment(300);
    nothing(k);
    k.plain("Home", Key::Home);
}

/// One turn of a person at the keyboard. False: the run is closed.
fn turn(k: &mut Keyboard, proven: &mut BTreeSet<String>) -> bool {
    let s = k.desk.snapshot();
    assert!(Instant::now() < k.end, "the rehearsal does not come to its end: {}", words(&s));
    assert!(s.notice.is_none(), "a notice came up: {}", words(&s));
    let run = s.run.clone().unwrap();
    if run.closed.is_some() {
        return false;
    }
    if s.clock.speed() == Speed::Max {
        // On the way to the next event.
        k.moment(20);
        return true;
    }
    let Some(id) = run.current.clone() else {
        k.ctrl("Ctrl+L", Key::L);
        k.answer();
        k.until("the run is closed", crate::PATIENCE, |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
        return true;
    };
    let card = run.cards.iter().find(|c| c.id == id).unwrap().clone();
    let before = (card.state, card.actions.clone());
    let Some(action) = worth_doing(&card.actions) else {
        if run.long_wait.is_some() {
            k.plain("J", Key::J);
        }
        k.moment(60);
        return true;
    };
    if action.refused.is_some() {
        if card.progress.is_some() {
            // Being read.
            if run.long_wait.is_some() {
                k.plain("J", Key::J);
            }
        } else if s.clock.speed() != Speed::Times(60) {
            // A guard asks for time, and there is no event to jump to.
            k.plain("+", Key::Plus);
        } else {
            k.moment(2_000);
            k.plain("P", Key::P);
        }
        k.moment(100);
        return true;
    }
    if s.clock.speed() != Speed::Times(1) {
        // What follows is done at a person's pace again.
        k.plain("-", Key::Minus);
        return true;
    }
    if action.changes_azure {
        if proven.insert(id.clone()) {
            enter_changes_nothing(k, &action.label);
            return true;
        }
        k.ctrl("Ctrl+Enter", Key::Enter);
    } else if let StepIntent::Decide { .. } = action.intent {
        let place = card.actions.iter().position(|a| a == action).unwrap();
        let (name, key) = [("1", Key::Num1), ("2", Key::Num2), ("3", Key::Num3), ("4", Key::Num4)][place];
        if place == 0 {
            k.plain("Enter", Key::Enter)
        } else {
            k.plain(name, key)
        };
    } else {
        k.plain("Enter", Key::Enter);
    }
    if k.asked() {
        k.answer();
    }
    // Whatever was told shows within a moment.
    k.until("the step answers", crate::PATIENCE, |s| {
        s.notice.is_some()
            || s.run.as_ref().is_none_or(|r| {
                r.current.as_ref() != Some(&id)
                    || r.cards.iter().find(|c| c.id == id).is_none_or(|c| (c.state, c.actions.clone()) != before)
            })
    });
    true
}

#[test]
fn a_lost_region_is_rehearsed_with_the_keyboard_alone() {
    let mut k = Keyboard::new();
    k.plain("Enter", Key::Enter);
    k.until("one Enter starts the rehearsal", crate::PATIENCE, |s| s.run.is_some());
    assert_eq!(k.harness.state().view().screen, Screen::Run);
    let mut proven = BTreeSet::new();
    while turn(&mut k, &mut proven) {}

    let s = k.desk.snapshot();
    let run = s.run.clone().unwrap();
    assert!(run.closed.as_deref().is_some_and(|c| c.starts_with("Recovered. ")), "{:?}", run.closed);
    assert!(run.cards.iter().all(|c| c.state != StepState::Skipped), "nothing was left out");
    let score = run.score.clone().unwrap();
    assert_eq!(score.points, score.of, "{:?}", score.lines);
    assert!(proven.contains("AO-F6"), "Enter was tried on the redirect: {proven:?}");
    assert!(k.pressed.contains("J"), "long waits were jumped over");
    // No pointer was ever in the window, so nothing was clicked.
    let pointer = k.harness.ctx.input(|i| (i.pointer.latest_pos(), i.pointer.has_pointer()));
    assert_eq!(pointer, (None, false));
    println!("keys used: {:?}; Enter alone changed nothing at {proven:?}", k.pressed);

    // The record, by keyboard as well.
    k.ctrl("Ctrl+6", Key::Num6);
    assert_eq!(k.harness.state().view().screen, Screen::Audit);
}

// ---- idle ----

fn delay(k: &Keyboard) -> Duration {
    k.harness.output().viewport_output.values().map(|v| v.repaint_delay).min().unwrap()
}

#[test]
fn an_idle_window_waits_for_the_next_minute_and_a_run_for_the_next_second() {
    let mut k = Keyboard::new();
    k.frames(10);
    // Nothing but the minute of the clock changes: just before it turns, the next repaint is near by right.
    let before = k.desk.snapshot().clock.now().utc;
    k.frames(1);
    let idle = delay(&k);
    let to_the_minute = Duration::from_millis(60_000 - before.rem_euclid(60_000).unsigned_abs());
    let most = Duration::from_secs(10).min(to_the_minute.saturating_sub(Duration::from_millis(500)));
    assert!(idle >= most, "an idle window repaints in {idle:?}; the minute turns in {to_the_minute:?}");

    k.plain("Enter", Key::Enter);
    k.until("the rehearsal", crate::PATIENCE, |s| s.run.is_some() && s.clock.speed() == Speed::Times(1));
    // Frames that the desk's news caused are not the window's own; between news it waits for the second.
    let mut waits = Vec::new();
    for _ in 0..40 {
        k.moment(20);
        waits.push(delay(&k));
    }
    assert!(waits.iter().all(|w| *w <= Duration::from_millis(1_100)), "seconds tick: {waits:?}");
    waits.sort();
    assert!(waits[waits.len() / 2] > Duration::from_millis(20), "it does not repaint all the time: {waits:?}");
}
