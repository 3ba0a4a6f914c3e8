//! The facilitator's window: hands by key, names for a screen reader; and nothing of it in the operator's.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use eframe::egui::{self, Key, Modifiers, Pos2, Rect, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{Command, FacilitateIntent};
use lifeboat::desk::snapshot::*;
use lifeboat::ui::facilitator::{Room, TABLE};
use lifeboat::ui::theme;
use lifeboat::ui::view::Screen;
use lifeboat::units::Millis;
use tokio::sync::watch;

use super::credentials::said_to_a_screen_reader;
use super::{Window, link_of, sample};

pub fn facilitator() -> Facilitator {
    let happening = |n: u32, at: i64, text: &str, hidden, done| HappeningRow {
        n,
        at: sample::NOW + at * 1_000,
        text: text.into(),
        hidden,
        done,
    };
    let line = |what: &str, points, of, why: &str| (what.to_owned(), points, of, why.to_owned());
    Facilitator {
        title: "A region is lost, as its author sees it".into(),
        timeline: vec![
            happening(0, -420, "Calls to East US time out", true, true),
            happening(1, -300, "Support: customers in Boston report errors", false, true),
            happening(
                2,
                90,
                "ARM answers slowly, two seconds and more, for whoever asks it about anything in the pair",
                true,
                false,
            ),
            happening(3, 600, "Service Health posts VN11-JD8 for East US", false, false),
            happening(4, 1_500, "East US answers again for two minutes", true, false),
        ],
        held: false,
        people: vec![("Mo Ito, second person".into(), true), ("Storage lead".into(), false)],
        operator_at: "F4 Point clients at Sweden Central: ready".into(),
        questions: Vec::new(),
        notes: vec![NoteView {
            at: sample::NOW - 60_000,
            who: "Facilitator".into(),
            text: "Nobody read the guard aloud".into(),
        }],
        score: Arc::new(Score {
            points: 12,
            of: 17,
            lines: vec![
                line("Verdict seen: down", 2, 2, "it was recorded"),
                line("Loss stated", 0, 1, "not yet stated"),
            ],
            ..Score::default()
        }),
        refused: Some("ARM is healthy again already: it cannot come back".into()),
    }
}

pub fn led() -> Snapshot {
    Snapshot { facilitator: Some(Arc::new(facilitator())), ..sample::snapshot() }
}

pub fn tabletop() -> Snapshot {
    let mut f = facilitator();
    f.questions = vec![
        ("V1".into(), "Does Sweden Central answer a model call?".into()),
        ("F4".into(), "Is the key active-region set to swedencentral?".into()),
    ];
    let mut run = sample::run();
    run.mode = Mode::Tabletop;
    let band = Band {
        mode: Some(Mode::Tabletop),
        text: "TABLETOP · no Azure, people answer".into(),
        ..sample::snapshot().band
    };
    Snapshot { facilitator: Some(Arc::new(f)), run: Some(Arc::new(run)), band, ..sample::snapshot() }
}

pub struct Only(Arc<Room>);

impl eframe::App for Only {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.0.draw(ui);
    }
}

pub struct Led {
    pub harness: Harness<'static, Only>,
    told: Receiver<Command>,
    publish: watch::Sender<Arc<Snapshot>>,
}

impl Led {
    fn sized(snapshot: Snapshot, size: [f32; 2]) -> Self {
        let (link, told, publish) = link_of(snapshot);
        let room = Arc::new(Room::new(link.snapshots, link.send));
        let harness = Harness::builder().with_size(size).with_max_steps(20).build_eframe(|cc| {
            theme::install(&cc.egui_ctx);
            Only(room)
        });
        let mut led = Self { harness, told, publish };
        led.harness.run();
        led
    }
    fn key(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run();
    }
    fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.harness.run();
    }
    fn told(&self) -> Vec<Command> {
        self.told.try_iter().collect()
    }
    fn reads(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }
}

/// Its window, as large as it opens.
pub fn window(snapshot: Snapshot) -> Led {
    Led::sized(snapshot, [1000.0, 720.0])
}

fn all(intents: Vec<FacilitateIntent>) -> Vec<Command> {
    intents.into_iter().map(Command::Facilitate).collect()
}

/// Everything that stands in a facilitator's picture.
fn words(f: &Facilitator) -> Vec<String> {
    let mut all = vec![f.title.clone(), f.operator_at.clone()];
    all.extend(f.refused.clone());
    all.extend(f.score.lines.iter().map(|(what, ..)| what.clone()));
    all.extend(f.timeline.iter().map(|h| h.text.clone()));
    all.extend(f.people.iter().map(|(who, _)| who.clone()));
    all.extend(f.questions.iter().map(|(_, text)| text.clone()));
    all.extend(f.notes.iter().map(|n| n.text.clone()));
    all.extend(f.score.lines.iter().flat_map(|(what, .., why)| [what.clone(), why.clone()]));
    all
}

#[test]
fn the_operator_sees_nothing_of_it_on_any_screen_open_or_not() {
    for snap in [led(), tabletop()] {
        let secret = words(snap.facilitator.as_ref().unwrap());
        assert!(secret.len() > 12);
        let mut w = Window::new(snap);
        for embedded in [true, false] {
            w.harness.ctx.set_embed_viewports(embedded);
            for opens in [true, false] {
                w.key(Key::F10);
                if opens {
                    w.ctrl(Key::Enter);
                }
                for screen in Screen::ALL {
                    w.harness.state_mut().show(screen);
                    w.harness.run();
                    let all = said_to_a_screen_reader(&w.harness);
                    for text in secret.iter().map(String::as_str).chain(["FACILITATOR"]) {
                        assert!(!all.contains(text), "`{text}` on {screen:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_second_window_is_the_systems_own() {
    let mut w = Window::new(led());
    w.harness.ctx.set_embed_viewports(false);
    let windows = |w: &Window| w.harness.output().viewport_output.len();
    w.harness.run();
    assert_eq!(windows(&w), 1);
    w.key(Key::F10);
    assert_eq!((windows(&w), w.told()), (1, vec![]), "one key pressed in passing shows nothing");
    w.ctrl(Key::Enter);
    assert_eq!((windows(&w), w.told()), (2, all(vec![FacilitateIntent::Open])), "and that it was opened is recorded");
    let other = Arc::new(RunView { id: "another".into(), ..sample::run() });
    w.publish(|s| s.run = Some(other));
    assert_eq!(windows(&w), 1, "what is hidden in the next rehearsal is not shown by the window of the last");
    w.key(Key::F10);
    w.ctrl(Key::Enter);
    assert_eq!(windows(&w), 2);
    w.publish(|s| s.facilitator = None);
    assert_eq!(windows(&w), 1, "no rehearsal, no window");
}

#[test]
fn a_key_does_not_mean_what_became_the_next_a_moment_ago() {
    let mut w = Led::sized(led(), [1000.0, 720.0]);
    let mut f = facilitator();
    f.timeline[2].done = true;
    w.publish.send_modify(|s| *s = Arc::new(Snapshot { facilitator: Some(Arc::new(f)), ..led() }));
    w.harness.run_steps(1);
    w.harness.key_press(Key::I);
    w.harness.run_steps(1);
    assert_eq!(w.told(), []);
    assert!(w.reads("has only just become the next"));
    w.key(Key::ArrowDown);
    w.key(Key::I);
    assert_eq!(w.told(), all(vec![FacilitateIntent::Now(4)]), "chosen, it is meant");
}

#[test]
fn its_keys_do_not_clash_and_each_does_what_it_says() {
    for (i, a) in TABLE.iter().enumerate() {
        assert!(TABLE[i + 1..].iter().all(|b| a.0 != b.0), "two keys {}", a.1);
    }
    let mut w = Led::sized(led(), [1000.0, 720.0]);
    for key in [Key::I, Key::R, Key::H, Key::ArrowDown, Key::I, Key::R, Key::Home, Key::I] {
        w.key(key);
    }
    use FacilitateIntent::*;
    assert_eq!(w.told(), all(vec![Now(2), Reveal(2), Hold(true), Now(3), Now(2)]), "what is announced is not revealed");
    for key in [Key::Period, Key::Comma, Key::J, Key::P, Key::Plus] {
        w.key(key);
    }
    let expected = [
        Command::StepClock(Millis::from_mins(1)),
        Command::StepClock(Millis::from_mins(5)),
        Command::JumpToNextEvent,
        Command::SetSpeed(Speed::Times(1)),
        Command::SetSpeed(Speed::Times(1)),
    ];
    assert_eq!(w.told(), expected);
    w.key(Key::ArrowUp);
    w.key(Key::ArrowUp);
    w.key(Key::I);
    assert_eq!(w.told(), [], "what has happened does not come again");
}

#[test]
fn it_says_notes_and_makes_people_unavailable_by_keyboard() {
    let mut w = Led::sized(led(), [1000.0, 720.0]);
    w.key(Key::S);
    w.type_text("Your manager is on the line: how long?");
    w.key(Key::H);
    w.key(Key::Enter);
    // Still in the field: what is typed next is text, never a key.
    w.key(Key::I);
    w.key(Key::R);
    w.key(Key::Escape);
    w.key(Key::N);
    w.type_text("asked for an estimate");
    w.key(Key::Enter);
    w.key(Key::Escape);
    w.key(Key::U);
    w.key(Key::Enter);
    w.key(Key::Tab);
    w.key(Key::Enter);
    use FacilitateIntent::*;
    let expected = vec![
        Say("Your manager is on the line: how long?".into()),
        Note("asked for an estimate".into()),
        Unavailable("Mo Ito, second person".into(), true),
        Unavailable("Storage lead".into(), false),
    ];
    assert_eq!(w.told(), all(expected));
}

#[test]
fn a_tabletop_is_answered_yes_no_or_unknown() {
    let mut w = Led::sized(tabletop(), [1000.0, 720.0]);
    w.key(Key::Q);
    w.type_text("200 in 3 s");
    w.key(Key::Num2);
    assert_eq!(w.told(), [], "a digit is text while one types");
    w.key(Key::Escape);
    w.key(Key::Num1);
    w.key(Key::Num3);
    w.harness.get_by_label("No: Is the key active-region set to swedencentral?").click();
    w.harness.run();
    let answer = |step: &str, ok, text: &str| FacilitateIntent::Answer { step: step.into(), ok, text: text.into() };
    let expected = vec![
        answer("V1", Some(true), "200 in 3 s"),
        answer("V1", None, "nobody can tell"),
        answer("F4", Some(false), "not so, people say"),
    ];
    assert_eq!(w.told(), all(expected));
}

#[test]
fn it_says_whose_window_it_is_and_fits_every_size() {
    for snap in [led(), tabletop()] {
        for size in [[1000.0, 720.0], [960.0, 600.0], [640.0, 480.0], [1600.0, 1000.0]] {
            let mut w = Led::sized(snap.clone(), size);
            assert!(w.reads(&format!("FACILITATOR · {}", snap.band.text)));
            assert!(w.reads("in 1 min 30 s, hidden: ARM answers slowly"));
            assert!(w.reads("Not done: ARM is healthy again already"));
            let window = Rect::from_min_size(Pos2::ZERO, size.into());
            for label in
                ["Let it come now", "Tell the operator", "Hold all back", "Say it", "Keep it", "Jump to the next event"]
            {
                let at = w.harness.get_by_role_and_label(Role::Button, label).rect();
                assert!(window.contains_rect(at), "{label} at {at:?} in {size:?}");
            }
            if size[0] < 820.0 {
                w.key(Key::O);
            }
            for words in ["12 of 17 points", "Storage lead", "Verdict seen: down", "Nobody read the guard aloud"] {
                assert!(w.reads(words), "{words} in {size:?}");
            }
        }
    }
}

#[test]
fn open_questions_stand_in_full_above_the_happenings_and_the_next_one_is_in_sight() {
    let mut snap = tabletop();
    let mut f = facilitator();
    f.questions = snap.facilitator.as_ref().unwrap().questions.clone();
    f.timeline = (0..30)
        .map(|n| HappeningRow { n, text: format!("Happening {n}"), done: n < 20, ..facilitator().timeline[2].clone() })
        .collect();
    snap.facilitator = Some(Arc::new(f));
    for size in [[1000.0, 720.0], [960.0, 600.0]] {
        let mut w = Led::sized(snap.clone(), size);
        let at = |w: &Led, label: &str| w.harness.get_by_label_contains(label).rect();
        let last = at(&w, "Nobody can tell: Is the key active-region");
        let (next, hands) = (at(&w, "hidden: Happening 20"), at(&w, "Let it come now"));
        assert!(at(&w, "Yes: Does Sweden Central").bottom() < last.top(), "{size:?}");
        assert!(last.bottom() <= next.top() && next.bottom() <= hands.top(), "{last:?} {next:?} {hands:?} in {size:?}");
        // It goes on to the one after, unless another was chosen.
        let mut next = (**snap.facilitator.as_ref().unwrap()).clone();
        next.timeline.iter_mut().take(27).for_each(|h| h.done = true);
        w.publish.send_modify(|s| *s = Arc::new(Snapshot { facilitator: Some(Arc::new(next)), ..snap.clone() }));
        w.harness.run();
        let next = at(&w, "hidden: Happening 27");
        assert!(last.bottom() <= next.top() && next.bottom() <= hands.top(), "{next:?} in {size:?}");
    }
}

#[test]
fn its_help_takes_the_keys_and_escape_gives_them_back() {
    let mut w = Led::sized(led(), [1000.0, 720.0]);
    w.key(Key::F1);
    assert!(w.reads("Hold happenings back, or let them come again"));
    w.key(Key::I);
    assert_eq!(w.told(), []);
    w.key(Key::Escape);
    w.key(Key::I);
    assert_eq!(w.told().len(), 1);
}

#[test]
fn what_is_held_back_is_not_promised_for_a_time() {
    let held = Facilitator { held: true, ..facilitator() };
    let w = Led::sized(Snapshot { facilitator: Some(Arc::new(held)), ..led() }, [1000.0, 720.0]);
    assert!(w.reads("held back, hidden: ARM answers slowly") && w.reads("nothing comes by itself"));
    assert!(w.reads("Let them come again"));
}

#[test]
fn it_rests_while_the_clock_stands() {
    let delay = |speed| {
        let snap = Snapshot { clock: Clock::scenario(sample::NOW, Millis(0), speed), ..led() };
        let w = Led::sized(snap, [1000.0, 720.0]);
        w.harness.output().viewport_output.values().map(|v| v.repaint_delay).min().unwrap().as_secs_f64()
    };
    assert!(delay(Speed::Times(0)) > 1e9);
    assert!((0.0..1.01).contains(&delay(Speed::Times(1))));
}

#[test]
fn tab_reaches_its_hands() {
    let mut w = Led::sized(tabletop(), [1000.0, 720.0]);
    let mut seen = Vec::new();
    for _ in 0..60 {
        w.harness.key_press_modifiers(Modifiers::NONE, Key::Tab);
        w.harness.run();
        let root = w.harness.root();
        seen.extend(root.children_recursive().find(|n| n.is_focused()).and_then(|n| n.accesskit_node().label()));
    }
    for wanted in [
        "Stop the clock",
        "Let the clock go on",
        "Say to the operator",
        "Let it come now",
        "Make Storage lead available again",
    ] {
        let clock = wanted.contains("the clock") && seen.iter().any(|s| s.contains("the clock"));
        assert!(clock || seen.iter().any(|s| s == wanted), "Tab never reaches `{wanted}`: {seen:?}");
    }
}
