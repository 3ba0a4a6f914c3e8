//! The guided run in a terminal: the same desk, the same words as the window, 80 columns, no colour needed.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;
use std::sync::mpsc;

use crate::clock::Speed;
use crate::desk::Handle;
use crate::desk::protocol::{Command, StepIntent};
use crate::desk::snapshot::{ActionView, PhaseView, Problem, RunView, Snapshot, StepCard, StepState};
use crate::rehearsal::scenario::Outcome;
use crate::units::{Millis, countdown, utc_clock, visible};

use super::{FINDING, FINE};

/// Columns that a phone's SSH client still shows.
const WIDTH: usize = 78;

enum Input {
    Line(String),
    Changed,
    End,
}

/// Guides a person until the run is closed or they leave.
pub fn guide(handle: &Handle) -> u8 {
    let (tx, rx) = mpsc::channel();
    let link = handle.link();
    let wake = tx.clone();
    (link.on_wake)(Box::new(move || {
        let _ = wake.send(Input::Changed);
    }));
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if tx.send(Input::Line(line)).is_err() {
                return;
            }
        }
        let _ = tx.send(Input::End);
    });
    let mut g = Guide::new(handle);
    g.show(&handle.snapshot());
    while let Ok(input) = rx.recv() {
        let done = match input {
            Input::Changed => {
                g.show(&handle.snapshot());
                None
            }
            Input::Line(line) => g.line(line.trim()),
            Input::End => Some(FINDING),
        };
        if let Some(code) = done {
            return code;
        }
        let s = handle.snapshot();
        if let Some(closed) = s.run.as_ref().and_then(|r| r.closed.clone()) {
            g.show(&s);
            say(&format!("\nClosed: {closed}"));
            if let Some(run) = &s.run {
                summary(run);
            }
            return FINE;
        }
    }
    FINDING
}

fn say(text: &str) {
    say!("{text}");
}

/// Text in lines that fit, all indented by as much as `indent` has.
pub(super) fn wrapped(indent: &str, text: &str) -> String {
    wrapped_at(indent, &" ".repeat(indent.chars().count()), text)
}

/// The first line begins with `first`, the others with `indent`.
pub(super) fn wrapped_at(first: &str, indent: &str, text: &str) -> String {
    let mut out = String::new();
    for (n, paragraph) in visible(text).split('\n').enumerate() {
        let mut line = if n == 0 { first } else { indent }.to_owned();
        for word in paragraph.split(' ') {
            if line.chars().count() + word.chars().count() + 1 > WIDTH && line.trim() != "" {
                out.push_str(line.trim_end());
                out.push('\n');
                line = indent.to_owned();
            }
            line.push_str(word);
            line.push(' ');
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// What the terminal has asked for and waits to be typed.
enum Asked {
    Nothing,
    Text(String, ActionView),
    Reason(String, ActionView),
    Loss(String, ActionView, String),
    Name(String, ActionView, String),
    Yes(String, ActionView),
    Note,
    Pause,
    CloseText(Outcome),
}

struct Guide<'a> {
    handle: &'a Handle,
    /// The card as it stands on the terminal, without what ticks.
    shown: String,
    progress: String,
    notice: Option<Arc<Problem>>,
    headline: String,
    told: usize,
    states: HashMap<String, StepState>,
    /// A step that was asked for by its id; else the one that is next.
    picked: Option<String>,
    asked: Asked,
}

impl<'a> Guide<'a> {
    fn new(handle: &'a Handle) -> Self {
        Self {
            handle,
            shown: String::new(),
            progress: String::new(),
            notice: None,
            headline: String::new(),
            told: 0,
            states: HashMap::new(),
            picked: None,
            asked: Asked::Nothing,
        }
    }

    /// The step in front of the person.
    fn card(&self, run: &RunView) -> Option<Arc<StepCard>> {
        let id = self.picked.as_ref().or(run.current.as_ref())?;
        run.cards.iter().find(|c| c.id == *id).cloned()
    }

    /// What happened since, a line each: health, the scenario, steps that ended.
    fn news(&mut self, s: &Snapshot, run: &RunView) {
        let headline = without_figures(&s.situation.headline);
        if headline != self.headline && !headline.is_empty() {
            self.headline = headline;
            say(&wrapped("# ", &format!("{} {}", utc_clock(s.clock.now().utc), s.situation.headline)));
        }
        for line in run.injects.iter().skip(self.told) {
            say(&wrapped("> ", &format!("{} {}: {}", utc_clock(line.at), line.who, line.text)));
        }
        self.told = run.injects.len();
        let first = self.states.is_empty();
        for c in &run.cards {
            let was = self.states.insert(c.id.clone(), c.state);
            let tells = c.state.over() || matches!(c.state, StepState::Failed | StepState::Undone);
            if !first && was != Some(c.state) && tells {
                say(&wrapped("= ", &format!("{}: {}. {}", c.id, c.state.word(), c.title)));
            }
        }
    }

    fn show(&mut self, s: &Snapshot) {
        if let Some(n) = &s.notice
            && !self.notice.as_ref().is_some_and(|told| Arc::ptr_eq(told, n))
        {
            self.notice = Some(n.clone());
            say(&wrapped("! ", &format!("{} {} {}", n.what, n.means, n.next)));
        }
        let Some(run) = &s.run else { return };
        self.news(s, run);
        let Some(card) = self.card(run) else {
            if self.shown != "over" && run.closed.is_none() {
                self.shown = "over".to_owned();
                say("\nAll steps are over. Type `c` to close the run.");
            }
            return;
        };
        // A person is in the middle of typing: nothing moves until they are done.
        if !matches!(self.asked, Asked::Nothing) {
            return;
        }
        let text = body(run, &card, false);
        let key = without_figures(&text);
        if key != self.shown {
            self.shown = key;
            say(&format!("{}{text}", header(s, run, &card)));
        }
        // A wait is told when it begins and when it is for something else, not every second.
        let progress = card.progress.clone().unwrap_or_default();
        if without_figures(&progress) != self.progress {
            self.progress = without_figures(&progress);
            if !progress.is_empty() {
                let jump = if run.long_wait.is_some() { " j jumps to what comes next." } else { "" };
                say(&wrapped("… ", &format!("{progress}{jump}")));
            }
        }
    }

    fn line(&mut self, line: &str) -> Option<u8> {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let s = self.handle.snapshot();
        match asked {
            Asked::Nothing => return self.command(line, &s),
            _ if line == "." => say("Left as it was."),
            Asked::Pause => self.send(Command::Pause(line.to_owned())),
            Asked::Note => self.send(Command::Note(line.to_owned())),
            Asked::CloseText(outcome) => self.send(Command::Close { outcome, summary: line.to_owned() }),
            Asked::Text(step, a) => {
                let intent = match a.intent {
                    StepIntent::Confirm { evidence } => {
                        StepIntent::Confirm { evidence: if line.is_empty() { evidence } else { line.to_owned() } }
                    }
                    StepIntent::Skip { .. } => StepIntent::Skip { reason: line.to_owned() },
                    other => other,
                };
                self.send(Command::Step(step, intent));
            }
            Asked::Reason(step, a) => {
                say("Expected loss (Enter: as drafted; . to leave):");
                self.asked = Asked::Loss(step, a, line.to_owned());
            }
            Asked::Loss(step, a, reason) => {
                if let StepIntent::Decide { choice, expected_loss, .. } = a.intent {
                    let expected_loss = if line.is_empty() { expected_loss } else { line.to_owned() };
                    self.send(Command::Step(step, StepIntent::Decide { choice, reason, expected_loss }));
                }
            }
            Asked::Name(step, a, name) => {
                if line == name {
                    self.perform(step, a, Some(name));
                } else {
                    say("That is not the name. Nothing was sent.");
                }
            }
            Asked::Yes(step, a) => {
                if line == "yes" {
                    self.perform(step, a, None);
                } else {
                    say("Nothing was sent.");
                }
            }
        }
        None
    }

    fn perform(&mut self, step: String, a: ActionView, typed: Option<String>) {
        let intent = match a.intent {
            StepIntent::Perform { option, .. } => StepIntent::Perform { option, typed },
            StepIntent::TakeBack { .. } => StepIntent::TakeBack { typed },
            other => other,
        };
        self.send(Command::Step(step, intent));
    }

    /// The answer is the next picture, which shows the card again.
    fn send(&mut self, c: Command) {
        self.shown.clear();
        self.picked = None;
        if !self.handle.send(c) {
            say("! not sent: the desk has ended");
        }
    }

    fn command(&mut self, line: &str, s: &Arc<Snapshot>) -> Option<u8> {
        let run = s.run.clone()?;
        let card = self.card(&run);
        match line {
            "q" => {
                let command = if run.scenario.is_some() { "rehearse" } else { "run" };
                say(&format!("The run stays open. Continue it with: lifeboat {command} --resume {}", run.short));
                return Some(FINDING);
            }
            "n" => {
                say("Note (. to leave):");
                self.asked = Asked::Note;
            }
            "j" => self.send(Command::JumpToNextEvent),
            "l" => say(&checklist(&run, false)),
            "ll" => say(&checklist(&run, true)),
            "h" => say(&health(s)),
            "s" => match &card {
                Some(card) => say(&format!("{}{}", header(s, &run, card), body(&run, card, true))),
                None => say("No step is open."),
            },
            "p" if run.paused.is_some() => self.send(Command::Resume),
            "p" => {
                say("Why is the run paused? (. to leave)");
                self.asked = Asked::Pause;
            }
            "." if self.picked.is_some() => {
                self.picked = None;
                self.shown.clear();
                self.show(s);
            }
            "t" => summary(&run),
            "x" => self.send(Command::Degraded(!run.degraded)),
            "c" => {
                say(&format!(
                    "Closing as “{}”. One sentence for the record (. to leave):",
                    run.suggest_outcome.display()
                ));
                self.asked = Asked::CloseText(run.suggest_outcome);
            }
            "?" | "help" => say(HELP),
            id if run.cards.iter().any(|c| c.id.eq_ignore_ascii_case(id)) => {
                self.picked = run.cards.iter().find(|c| c.id.eq_ignore_ascii_case(id)).map(|c| c.id.clone());
                self.shown.clear();
                self.show(s);
            }
            _ => {
                let n = if line.is_empty() { Some(1) } else { line.parse::<usize>().ok() };
                let action = n.and_then(|n| card.as_ref()?.actions.get(n.checked_sub(1)?).cloned());
                match (action, card) {
                    (Some(a), Some(card)) => self.choose(line.is_empty(), card.id.clone(), a),
                    _ if line.is_empty() => {}
                    _ => say(&format!("`{}` is not one of the choices; ? shows them all", visible(line))),
                }
            }
        }
        None
    }

    fn choose(&mut self, by_enter: bool, step: String, a: ActionView) {
        if let Some(why) = &a.refused {
            say(&wrapped("! ", why));
        } else if a.changes_azure && by_enter {
            say("This changes something in Azure: type its number.");
        } else if let Some(name) = a.typed_name.clone() {
            say(&format!("This cannot be taken back in full. Type `{name}` to do it (. to leave):"));
            self.asked = Asked::Name(step, a, name);
        } else if a.changes_azure {
            say("Type yes to send it (. to leave):");
            self.asked = Asked::Yes(step, a);
        } else if matches!(a.intent, StepIntent::Decide { .. }) {
            say(&format!("{}. Reason (. to leave):", a.label));
            self.asked = Asked::Reason(step, a);
        } else if let Some(prompt) = &a.wants_text {
            say(&wrapped("", &format!("{prompt} (. to leave)")));
            self.asked = Asked::Text(step, a);
        } else {
            // What taking back would change is shown at the step that was asked for.
            let stays = matches!(a.intent, StepIntent::Undo | StepIntent::AskSecondPerson);
            let picked = self.picked.take().filter(|_| stays);
            self.send(Command::Step(step, a.intent));
            self.picked = picked;
        }
    }
}

const HELP: &str = "\
  1, 2 …  choose              Enter  the first choice, unless it changes Azure
  s  this step in full        AO-F6  look at that step; . goes back
  l  checklist, ll all of it  h  health    t  clocks    n  write a note
  x  normal or degraded instructions       p  pause, or go on
  j  jump to the next event (rehearsals)
  c  close the run            q  leave; the run stays open";

/// Figures that tick must not say the same again every few seconds.
fn without_figures(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// The line over a card.
fn header(s: &Snapshot, run: &RunView, card: &StepCard) -> String {
    let now = s.clock.now().utc;
    let left = match (run.clocks.rta, run.clocks.deadline) {
        (Some(rta), _) => format!("RTA {}", Millis(rta)),
        (None, Some(d)) if d >= now => format!("{} left to the RTO", countdown(u64::try_from(d - now).unwrap_or(0))),
        (None, Some(d)) => format!("{} past the RTO", countdown(u64::try_from(now - d).unwrap_or(0))),
        _ => String::new(),
    };
    let paused = run.paused.as_ref().map_or(String::new(), |why| format!("\nPAUSED: {why} (p goes on)"));
    let first = format!("── {} · {} · {}Z · {left}{paused}", run.mode.word(), run.short, utc_clock(now));
    format!("\n{}\n{}\n{}\n", first, wrapped("", &card.eyebrow), wrapped("", &format!("{}  {}", card.id, card.title)))
}

/// The card; `whole` with its source and the commands to do it by hand, which are shown in any case when they are needed.
fn body(run: &RunView, card: &StepCard, whole: bool) -> String {
    let mut out = wrapped("  ", &card.why);
    out.push('\n');
    if card.state != StepState::Ready {
        out.push_str(&format!("  This step: {}\n", card.state.word()));
    }
    for c in &card.changes {
        out.push_str(&format!("  will {}\n", visible(&c.what)));
        for (name, before, after) in &c.fields {
            let show = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_owned());
            out.push_str(&wrapped("    ", &format!("{name}: {} → {}", show(before), show(after))));
            out.push('\n');
        }
    }
    for r in card.rows.iter().filter(|r| whole || r.label != "source") {
        let mark = match r.ok {
            Some(true) => "[ok] ",
            Some(false) => "[no] ",
            None => "",
        };
        out.push_str(&wrapped("  ", &format!("{}: {mark}{}", r.label, r.text)));
        out.push('\n');
    }
    for r in &card.readings {
        let mark = match r.ok {
            Some(true) => "ok",
            Some(false) => "no",
            None => "??",
        };
        out.push_str(&wrapped("  ", &format!("[{mark}] {}: {}", r.name, r.value)));
        out.push('\n');
    }
    if let Some(d) = &card.decision {
        out.push_str(&wrapped("  ", &d.arithmetic));
        out.push('\n');
    }
    let app_can = card.actions.iter().any(|a| {
        a.refused.is_none()
            && matches!(
                a.intent,
                StepIntent::Preview { .. }
                    | StepIntent::Perform { .. }
                    | StepIntent::AskSecondPerson
                    | StepIntent::Check
            )
    });
    let needed = !app_can || run.degraded || card.problem.is_some();
    if whole || needed && !card.state.over() && !card.state.busy() {
        for line in &card.by_hand {
            // Not wrapped: a command is copied whole.
            out.push_str(&format!("  $ {}\n", visible(line)));
        }
        if !card.by_hand_now.is_empty() {
            out.push_str("  for exactly what was read from Azure:\n");
        }
        for line in &card.by_hand_now {
            out.push_str(&format!("  $ {}\n", visible(line)));
        }
    } else if !(card.state.over() || card.by_hand.is_empty() && card.by_hand_now.is_empty()) {
        out.push_str("  s shows the commands to do it by hand\n");
    }
    if let Some(p) = &card.problem {
        out.push_str(&wrapped("! ", &format!("{} {}", p.what, p.next)));
        out.push('\n');
    }
    for (n, a) in card.actions.iter().enumerate() {
        let changes = if a.changes_azure { "  (changes Azure)" } else { "" };
        out.push_str(&format!("  {} {}{changes}\n", n + 1, a.label));
    }
    out.push_str("  ? help");
    out
}

/// The checklist: the phases, and the steps of the one that is at hand, or of all.
fn checklist(run: &RunView, all: bool) -> String {
    let mut out = String::new();
    let here = |p: &PhaseView| p.steps.iter().any(|s| run.current.as_ref() == Some(&s.id));
    for p in &run.phases {
        let over = p.steps.iter().filter(|s| s.state.over()).count();
        out.push_str(&format!("{:<26} {over} of {} over   {}\n", p.name, p.steps.len(), p.note));
        for s in p.steps.iter().filter(|_| all || here(p)) {
            let mark = match s.state {
                _ if run.current.as_ref() == Some(&s.id) => "→",
                StepState::Failed | StepState::Indeterminate => "!",
                state if state.over() => "x",
                _ => " ",
            };
            // That a step waits for earlier ones shows from its place.
            let state = if s.state == StepState::Blocked { String::new() } else { format!(" ({})", s.state.word()) };
            out.push_str(&wrapped_at(&format!(" {mark} {:<8} ", s.id), "            ", &format!("{}{state}", s.title)));
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

/// What is believed of the regions.
fn health(s: &Snapshot) -> String {
    let sit = &s.situation;
    let mut out = format!("{}\n{}", wrapped("# ", &sit.headline), wrapped("  ", &sit.explanation));
    for r in &sit.regions {
        out.push_str(&format!("\n  {:<18} {:<10} {:<9} {}", r.display, r.role, r.mark.word(), r.calls));
    }
    for r in &sit.reasons {
        out.push_str(&format!("\n{}", wrapped("  ", &format!("{}: {}", r.mark.word(), r.text))));
    }
    out
}

/// Clocks and score.
pub fn summary(run: &RunView) {
    for (name, t) in crate::run::clocks::NAMES.iter().zip(run.clocks.t) {
        say(&format!("  {name:<26} {}", t.map_or("–".to_owned(), utc_clock)));
    }
    if let Some(rta) = run.clocks.rta {
        say(&format!("  RTA {} of RTO {}", Millis(rta / 1_000 * 1_000), Millis(run.clocks.rto)));
    }
    if let Some(score) = &run.score {
        say(&format!("  Score {} of {}", score.points, score.of));
        for (what, points, of, why) in &score.lines {
            say(&wrapped("    ", &format!("{points}/{of} {what}: {why}")));
        }
    }
    say(&format!("  Record: {}", run.journal));
}

/// Default speed of a guided rehearsal: a person reads in real time.
pub const PERSON_SPEED: Speed = Speed::Times(1);
