//! A whole rehearsal by keyboard alone, from the first page to the score sheet, with a real desk behind the window; and a
//! second person at a window of their own, who reads, agrees and copies by keyboard as well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Event, Key, Modifiers, OutputCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{ApprovalIntent, Command, CredentialIntent, StepIntent};
use lifeboat::desk::snapshot::{ActionView, Snapshot};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::ui::App;
use lifeboat::ui::ask::Must;
use lifeboat::ui::view::Screen;

use crate::crash::{Place, until};

/// What is typed where words are wanted.
const WORDS: &str = "Seen with my own eyes, by keyboard.";

/// After so long without a change a key is tried again.
const NOTHING_COMES: Duration = Duration::from_secs(3);

/// Somebody at a keyboard, their window, and the desk behind it.
struct Seat {
    place: Place,
    desk: Handle,
    harness: Harness<'static, App>,
    clipboard: String,
}

impl Seat {
    /// Who can sign already: keys and colleagues are set up long before the night.
    fn new(operator: &str) -> Self {
        let place = Place::new();
        let home = Home::find(Some(&place.home())).unwrap();
        let disk = Arc::new(RealDisk);
        let operator = operator.to_owned();
        let desk = start(Options { home, disk, cloud: None, watch: None, operator, script: None }).unwrap();
        desk.send(Command::Credential(CredentialIntent::KeepInMemory));
        desk.send(Command::Approval(ApprovalIntent::MakeKey));
        until(&desk, "a key", |s| s.approvals.mine.is_some());
        let link = desk.link();
        let harness = Harness::builder().with_size([1280.0, 800.0]).build_eframe(|cc| App::new(cc, link));
        Self { place, desk, harness, clipboard: String::new() }
    }

    fn know(&self, other: &Self) {
        let line = other.desk.snapshot().approvals.mine.clone().unwrap();
        let before = self.desk.snapshot().approvals.roster.len();
        self.desk.send(Command::Approval(ApprovalIntent::Know(line)));
        until(&self.desk, "a colleague", |s| s.approvals.roster.len() > before);
    }

    /// One frame; whatever was copied is in the clipboard.
    fn frame(&mut self) {
        self.harness.step();
        for c in &self.harness.output().platform_output.commands {
            if let OutputCommand::CopyText(text) = c {
                self.clipboard.clone_from(text);
            }
        }
    }

    /// What came of it is drawn a frame later.
    fn event(&mut self, event: Event) {
        self.harness.event(event);
        (0..2).for_each(|_| self.frame());
    }

    fn pressed(&mut self, key: Key, modifiers: Modifiers) {
        self.event(Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers });
        self.harness.event(Event::Key { key, physical_key: None, pressed: false, repeat: false, modifiers });
        self.frame();
    }

    fn key(&mut self, key: Key) {
        self.pressed(key, Modifiers::NONE);
    }

    fn ctrl(&mut self, key: Key) {
        self.pressed(key, Modifiers::COMMAND);
    }

    fn type_text(&mut self, text: &str) {
        self.event(Event::Text(text.to_owned()));
    }

    fn paste(&mut self, text: &str) {
        self.event(Event::Paste(text.to_owned()));
    }

    fn reads(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    fn focused(&self) -> String {
        let root = self.harness.root();
        let node = root.children_recursive().find(|n| n.is_focused());
        node.and_then(|n| n.accesskit_node().label()).unwrap_or_default()
    }

    /// Tab, until this has the focus.
    fn tab_to(&mut self, label: &str) {
        for _ in 0..80 {
            if self.focused().contains(label) {
                return;
            }
            self.key(Key::Tab);
        }
        panic!("Tab never reaches `{label}`");
    }

    /// Frames until the window shows it.
    fn sees(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !wanted(self) {
            assert!(since.elapsed() < crate::PATIENCE, "{what} was not seen; {:?}", self.desk.snapshot().notice);
            std::thread::sleep(Duration::from_millis(20));
            self.frame();
        }
    }

    /// Fills in the dialog that is open, field by field with Tab, and sends it.
    fn fill(&mut self, texts: &[&str]) {
        let mut texts = texts.iter();
        for _ in 0..8 {
            let Some(ask) = self.harness.state().view().ask.clone() else { return };
            if ask.good() {
                break;
            }
            let on = self.focused();
            let field = ask.fields.iter().enumerate().find(|(i, f)| f.label == on && !ask.field_good(*i));
            if let Some((_, field)) = field {
                match &field.must {
                    Must::Equal(name) => self.type_text(name),
                    _ => self.type_text(texts.next().unwrap_or(&WORDS)),
                }
            } else {
                self.key(Key::Tab);
            }
        }
        self.ctrl(Key::Enter);
        assert_eq!(self.harness.state().view().ask, None, "the dialog was sent");
    }

    fn writes(&mut self, key: Key, ctrl: bool, texts: &[&str]) {
        if ctrl {
            self.ctrl(key);
        } else {
            self.key(key);
        }
        assert!(self.harness.state().view().ask.is_some(), "{key:?} opens its dialog");
        self.fill(texts);
    }
}

/// The key of an action of the step, as its button shows it.
fn number(i: usize) -> Key {
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4][i]
}

fn first(s: &Snapshot) -> Option<ActionView> {
    let run = s.run.as_ref()?;
    let card = run.cards.iter().find(|c| Some(&c.id) == run.current.as_ref())?;
    card.actions.first().cloned()
}

/// One look at the step, and the one key that makes sense. True: something was done.
fn turn(ada: &mut Seat, s: &Snapshot) -> bool {
    let run = s.run.as_ref().unwrap();
    let Some(a) = first(s) else { return false };
    let card = run.cards.iter().find(|c| Some(&c.id) == run.current.as_ref()).unwrap();
    if matches!(a.intent, StepIntent::Perform { .. }) && a.changes_azure && a.refused.is_some() {
        // A guard asks for time: the clock goes faster, and what was read is read again.
        if s.clock.speed() != Speed::Times(60) {
            ada.key(Key::Plus);
        } else {
            ada.key(Key::P);
        }
        return true;
    }
    if a.refused.is_some() {
        return false;
    }
    match &a.intent {
        StepIntent::Decide { .. } => {
            let over = |a: &ActionView| matches!(a.intent, StepIntent::Decide { choice: Choice::FailOver, .. });
            match card.actions.iter().position(over) {
                Some(0) => ada.key(Key::Enter),
                Some(i) => ada.key(number(i)),
                None => return false,
            }
        }
        StepIntent::Perform { .. } if a.changes_azure => ada.ctrl(Key::Enter),
        StepIntent::Skip { .. } => return false,
        _ => ada.key(Key::Enter),
    }
    ada.fill(&[]);
    // As a person would: nothing more is pressed before the step shows what came of it, or plainly does not.
    let since = Instant::now();
    let now =
        |ada: &Seat| ada.desk.snapshot().run.as_ref().and_then(|r| r.cards.iter().find(|c| c.id == card.id).cloned());
    while now(ada).as_ref() == Some(card) && since.elapsed() < NOTHING_COMES {
        ada.frame();
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// The request goes to the colleague by clipboard, and their answer comes back the same way.
fn by_message(ada: &mut Seat, ben: &mut Seat) {
    ada.key(Key::Q);
    assert!(ada.clipboard.to_lowercase().contains("request"), "the clipboard holds `{}`", ada.clipboard);
    ben.ctrl(Key::Num8);
    ben.tab_to("Paste their request");
    ben.paste(&ada.clipboard.clone());
    ben.ctrl(Key::Enter);
    ben.sees("the request", |b| b.desk.snapshot().approvals.request.is_some() && b.reads("Approve exactly this"));
    ben.sees("the mode", |b| b.reads("This request is REHEARSAL"));
    // A press in the instant in which it appears counts for nothing.
    let shown = ben.harness.ctx.input(|i| i.time);
    ben.sees("time to read it", |b| b.harness.ctx.input(|i| i.time) > shown + 1.0);
    ben.ctrl(Key::Enter);
    ben.sees("the answer", |b| {
        b.desk.snapshot().approvals.request.as_ref().is_some_and(|r| r.answer.is_some()) && b.reads("answer")
    });
    ben.key(Key::Q);
    ada.ctrl(Key::G);
    ada.paste(&ben.clipboard.clone());
    ada.ctrl(Key::Enter);
    ben.key(Key::F6);
}

#[test]
fn a_lost_region_is_rehearsed_by_keyboard_alone_from_the_first_page_to_the_score_sheet() {
    let (mut ada, mut ben) = (Seat::new("Ada"), Seat::new("Ben"));
    ada.know(&ben);
    ben.know(&ada);
    ada.sees("the first page", |a| a.reads("Start the rehearsal"));
    ada.key(Key::Enter);
    ada.sees("the run", |a| a.harness.state().view().screen == Screen::Run && a.desk.snapshot().run.is_some());

    // The instruction for when the tools fail, too, of the step on show alone, and back.
    let shown =
        |a: &Seat| a.desk.snapshot().run.as_ref().and_then(|r| a.harness.state().view().card(r).cloned()).unwrap();
    let normal = shown(&ada);
    assert_eq!(normal.degraded, Some(false));
    ada.key(Key::F11);
    ada.sees("its other instruction", |a| shown(a).why != normal.why && a.reads(&shown(a).why));
    assert!(!ada.desk.snapshot().run.as_ref().unwrap().degraded, "the other steps stay as they are");
    ada.key(Key::F11);
    ada.sees("the first instruction", |a| shown(a).why == normal.why);

    let (mut answered, mut wrote, mut last) = (0, false, Instant::now());
    loop {
        ada.frame();
        let s = ada.desk.snapshot();
        let run = s.run.clone().unwrap();
        assert_eq!(s.notice, None, "nothing that was pressed was refused");
        assert!(last.elapsed() < crate::PATIENCE, "stuck at {:?}: {:?}", run.current, first(&s));
        if run.progress.0 == run.progress.1 {
            break;
        }
        let moved = match s.approvals.asked.iter().find(|a| Some(&a.step) == run.current.as_ref()) {
            _ if s.clock.speed() == Speed::Max => false,
            Some(a) if !a.block.is_empty() => {
                // What stands on the screen is what the desk knows.
                ada.sees("the card of the question", |a| a.reads("The second person is asked"));
                answered += 1;
                if answered == 1 {
                    by_message(&mut ada, &mut ben);
                } else {
                    ada.writes(Key::M, true, &["Grace"]);
                }
                let step = a.step.clone();
                ada.sees("the agreement", |a| !a.desk.snapshot().approvals.asked.iter().any(|a| a.step == step));
                true
            }
            Some(_) => false,
            None => turn(&mut ada, &s),
        };
        // A jump would take the time in which the second person may answer.
        let asked = s.approvals.asked.iter().any(|a| Some(&a.step) == run.current.as_ref());
        if run.long_wait.is_some() && !moved && !asked {
            ada.key(Key::J);
            last = Instant::now();
        }
        // What people keep beside the steps, once users are served elsewhere.
        let served = run.phases.iter().any(|p| p.name.starts_with("Operate") && p.steps.iter().any(|s| s.state.over()));
        if served && !wrote {
            wrote = true;
            ada.writes(Key::L, false, &["Container sessions-2026-11 created"]);
            ada.writes(Key::X, false, &["140 requests in flight"]);
            ada.writes(Key::E, true, &["ticket 4711", "Opened at 03:05, severity A"]);
            ada.writes(Key::I, false, &["Nobody had the right to write"]);
            ada.sees("the finding", |a| !a.desk.snapshot().run.as_ref().unwrap().papers.findings.is_empty());
            ada.writes(Key::I, true, &["grant it", "Jo", "2027-01-31"]);
            ada.writes(Key::N, false, &["Batch team holds submissions"]);
            ada.key(Key::F);
            ada.key(Key::G);
            ada.sees("the papers", |a| {
                a.reads("Container sessions-2026-11 created") && a.reads("140 requests in flight")
            });
            ada.sees("more papers", |a| a.reads("ticket 4711") && a.reads("grant it"));
            ada.key(Key::G);
        }
        if moved {
            last = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(answered >= 2 && wrote, "asked {answered} times");

    ada.writes(Key::S, true, &["service owner", "users are served"]);
    ada.sees("the signature", |a| !a.desk.snapshot().run.as_ref().unwrap().papers.signoffs.is_empty());
    ada.writes(Key::L, true, &["Back in East US"]);
    ada.sees("the end", |a| a.desk.snapshot().run.as_ref().is_some_and(|r| r.closed.is_some()));
    let s = ada.desk.snapshot();
    let run = s.run.as_ref().unwrap();
    assert!(run.closed.as_ref().unwrap().starts_with("Recovered"), "{:?}", run.closed);
    let t = &run.clocks.t;
    assert!(t[0].is_some() && t[12].is_some(), "from the impact to the closed run: {t:?}");
    ada.ctrl(Key::Num5);
    let score = run.score.as_ref().unwrap();
    ada.sees("the sheet", |a| a.reads(&format!("{} of {}", score.points, score.of)));
    ada.key(Key::Enter);
    assert!(ada.clipboard.contains("Decision: Fail over"), "{}", ada.clipboard);
    ada.ctrl(Key::Num6);
    ada.sees("the record", |a| a.reads("Record intact"));
    ada.ctrl(Key::Num2);
    ada.ctrl(Key::W);
    ada.sees("no run", |a| a.desk.snapshot().run.is_none());
    assert_eq!(std::fs::read_dir(ben.place.home().join("answered")).unwrap().count(), 1, "Ben keeps what he signed");
}
