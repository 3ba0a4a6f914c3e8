//! The guided run in a terminal: the same desk, the same words as the window, 80 columns, no colour needed.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::mpsc;

use crate::clock::Speed;
use crate::desk::Handle;
use crate::desk::protocol::{Command, StepIntent};
use crate::desk::snapshot::{ActionView, RunView, Snapshot, StepCard};
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
    let mut g = Guide { handle, shown: String::new(), notice: None, told: 0, asked: Asked::Nothing };
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
    // Nobody reads a closed terminal; the record is on disk.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn wrapped(indent: &str, text: &str) -> String {
    let mut out = String::new();
    for paragraph in visible(text).split('\n') {
        let mut line = indent.to_owned();
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
    CloseText(Outcome),
}

struct Guide<'a> {
    handle: &'a Handle,
    shown: String,
    notice: Option<String>,
    told: usize,
    asked: Asked,
}

impl Guide<'_> {
    fn show(&mut self, s: &Snapshot) {
        if let Some(n) = &s.notice
            && self.notice.as_deref() != Some(n.what.as_str())
        {
            self.notice = Some(n.what.clone());
            say(&wrapped("! ", &format!("{} {} {}", n.what, n.means, n.next)));
        }
        let Some(run) = &s.run else { return };
        for line in run.injects.iter().skip(self.told) {
            say(&wrapped("> ", &format!("{} {}: {}", utc_clock(line.at), line.who, line.text)));
        }
        self.told = run.injects.len();
        let Some(card) = current(run) else {
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
        let text = render(s, run, card);
        let key = without_figures(&text);
        if key != self.shown {
            self.shown = key;
            say(&text);
        }
    }

    fn line(&mut self, line: &str) -> Option<u8> {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let s = self.handle.snapshot();
        match asked {
            Asked::Nothing => return self.command(line, &s),
            _ if line == "." => say("Left as it was."),
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
        self.shown.clear();
        self.show(&self.handle.snapshot());
        None
    }

    fn perform(&self, step: String, a: ActionView, typed: Option<String>) {
        let intent = match a.intent {
            StepIntent::Perform { option, .. } => StepIntent::Perform { option, typed },
            other => other,
        };
        self.send(Command::Step(step, intent));
    }

    fn send(&self, c: Command) {
        if !self.handle.send(c) {
            say("! not sent: the desk has ended");
        }
    }

    fn command(&mut self, line: &str, s: &Arc<Snapshot>) -> Option<u8> {
        let run = s.run.clone()?;
        let card = current(&run).cloned();
        match line {
            "q" => {
                say(&format!("The run stays open. Continue it with: lifeboat rehearse --resume {}", run.short));
                return Some(FINDING);
            }
            "n" => {
                say("Note (. to leave):");
                self.asked = Asked::Note;
            }
            "j" => self.send(Command::JumpToNextEvent),
            "l" => say(&checklist(&run)),
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
            self.send(Command::Step(step, a.intent));
        }
    }
}

const HELP: &str = "\
  number  choose      Enter  the first choice, unless it changes Azure
  n note   j jump to the next event (rehearsals)   l checklist   t clocks
  x normal or degraded instructions   c close the run   q leave, the run stays open";

fn current(run: &RunView) -> Option<&Arc<StepCard>> {
    let id = run.current.as_ref()?;
    run.cards.iter().find(|c| c.id == *id)
}

/// Figures that tick must not print the card anew every second.
fn without_figures(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn render(s: &Snapshot, run: &RunView, card: &StepCard) -> String {
    let now = s.clock.now().utc;
    let left = match (run.clocks.rta, run.clocks.deadline) {
        (Some(rta), _) => format!("RTA {}", Millis(rta)),
        (None, Some(d)) if d >= now => format!("{} left to the RTO", countdown(u64::try_from(d - now).unwrap_or(0))),
        (None, Some(d)) => format!("{} past the RTO", countdown(u64::try_from(now - d).unwrap_or(0))),
        _ => String::new(),
    };
    let mut out = format!(
        "\n── {} · {} · {}Z · {left}\n{}\n{} [{}]\n",
        run.mode.word(),
        run.short,
        utc_clock(now),
        card.eyebrow,
        card.title,
        card.id
    );
    out.push_str(&wrapped("  ", &card.why));
    out.push('\n');
    for c in &card.changes {
        out.push_str(&format!("  will {}\n", visible(&c.what)));
        for (name, before, after) in &c.fields {
            let show = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_owned());
            out.push_str(&wrapped("    ", &format!("{name}: {} → {}", show(before), show(after))));
            out.push('\n');
        }
    }
    for r in &card.rows {
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
    for line in &card.by_hand {
        out.push_str(&wrapped("  $ ", line));
        out.push('\n');
    }
    if let Some(p) = &card.problem {
        out.push_str(&wrapped("! ", &format!("{} {}", p.what, p.next)));
        out.push('\n');
    }
    if let Some(p) = &card.progress {
        out.push_str(&wrapped("… ", p));
        out.push('\n');
    }
    if run.long_wait.is_some() {
        out.push_str("… j jumps to the next event\n");
    }
    for (n, a) in card.actions.iter().enumerate() {
        let changes = if a.changes_azure { "  (changes Azure)" } else { "" };
        out.push_str(&format!("  {} {}{changes}\n", n + 1, a.label));
    }
    out.push_str("  ? help");
    out
}

/// The checklist.
pub fn checklist(run: &RunView) -> String {
    let mut out = String::new();
    for p in &run.phases {
        out.push_str(&format!("{}  {}\n", p.name, p.note));
        for s in &p.steps {
            let here = if run.current.as_ref() == Some(&s.id) { "→" } else { " " };
            out.push_str(&format!("{here} {:<8} {} ({})\n", s.id, s.title, s.state.word()));
        }
    }
    out.trim_end().to_owned()
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
