//! What is asked of a person, line by line: the window's own dialogs, and the word without which nothing is sent.
//!
//! The word holds a number that is new each time. Whatever was typed ahead, pasted by mistake or copied from an earlier
//! run cannot know it, so no text that arrives by accident changes anything in Azure.

use crate::desk::protocol::Command;
use crate::ui::ask::{Ask, Field, LEAST_PASSPHRASE, Make, Must};
use crate::ui::papers::{DROPPED, Paper};
use crate::units::visible;

use super::input::echo;
use super::say;
use super::text::{wrapped, wrapped_at};

/// What ends a block that a Lifeboat wrote.
const BLOCK_ENDS: &str = "[end of Lifeboat";

/// What becomes of one answer.
pub type Makes = Box<dyn FnOnce(String) -> Next>;

/// What follows an answer.
pub enum Next {
    /// This is sent.
    Send(Command),
    /// This is asked.
    Ask(Question),
    /// Nothing, for this reason.
    Nothing(String),
}

/// What the terminal has asked for and waits to be typed.
pub enum Question {
    /// A dialog of the window.
    Dialog(Box<Dialog>),
    /// One line.
    Line(Makes),
    /// Many lines, up to an empty one or the end of a block.
    Block(Vec<String>, Makes),
    /// One of these.
    Choice(Vec<(String, Makes)>),
    /// The word, before something that is not done in passing.
    Word(Box<Word>),
}

/// A dialog that is being answered.
pub struct Dialog {
    ask: Ask,
    /// The choice is made.
    chosen: bool,
    /// The field that is asked for.
    at: usize,
    /// Lines of a field that takes many.
    lines: Vec<String>,
}

/// What has to be typed.
pub struct Word {
    expected: String,
    command: Command,
}

/// How it went on.
pub enum Step {
    /// The same question, or the next, stays open.
    Open(Question),
    /// Over, with this to send.
    Done(Option<Command>),
}

/// Asks for one line.
pub fn line(prompt: &str, makes: impl FnOnce(String) -> Next + 'static) -> Question {
    say(&wrapped("", &format!("{prompt} (. to leave)")));
    Question::Line(Box::new(makes))
}

/// Asks for a text of many lines.
pub fn block(prompt: &str, makes: impl FnOnce(String) -> Next + 'static) -> Question {
    say(&wrapped("", &format!("{prompt} {MANY}")));
    Question::Block(Vec::new(), Box::new(makes))
}

/// Asks for one of several.
pub fn choice(title: &str, all: Vec<(String, Makes)>) -> Question {
    say(&wrapped("", title));
    for (n, (label, _)) in all.iter().enumerate() {
        say(&wrapped_at(&format!("  {} ", n + 1), "    ", label));
    }
    say("Its number (. to leave)");
    Question::Choice(all)
}

/// How a text of many lines ends.
const MANY: &str = "(paste it; an empty line ends it, . leaves it)";

/// Asks for the word before this is sent; with a name where the name has to be typed.
pub fn word(what: &str, name: Option<&str>, command: Command) -> Question {
    let expected = format!("{} {}", name.unwrap_or("yes"), fresh());
    let why = if name.is_some() { "This cannot be taken back in full. " } else { "" };
    say(&wrapped("", &format!("{why}To {}, type this: {} (. to leave)", lower(what), visible(&expected))));
    Question::Word(Box::new(Word { expected, command }))
}

/// Three figures that nobody knows beforehand.
fn fresh() -> u16 {
    let mut bytes = [0u8; 2];
    // Without randomness the clock will do: what matters is that no older text holds it.
    if getrandom::fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        bytes = (now.subsec_nanos() as u16).to_le_bytes();
    }
    100 + u16::from_le_bytes(bytes) % 900
}

/// With its first letter small, as the rest of a sentence.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Begins a dialog of the window. What the card has shown already is not said again.
pub fn dialog(ask: Ask, now: i64) -> Step {
    let from_card = matches!(ask.make, Make::Step(..));
    if !from_card || !ask.fields.is_empty() {
        say(&format!("\n{}", wrapped("", &ask.title)));
    }
    if !from_card {
        for l in ask.lines.iter().filter(|l| *l != DROPPED) {
            say(&wrapped("  ", l));
        }
    }
    let chosen = ask.choice.is_none();
    Box::new(Dialog { ask, chosen, at: 0, lines: Vec::new() }).prompt(now)
}

impl Dialog {
    /// Asks for what is missing; when nothing is, gives the command.
    fn prompt(mut self: Box<Self>, now: i64) -> Step {
        if let Some((all, preset)) = self.ask.choice.as_ref().filter(|_| !self.chosen) {
            for (n, label) in all.iter().enumerate() {
                say(&wrapped_at(&format!("  {} ", n + 1), "    ", label));
            }
            say(&format!("Its number (Enter: {}; . to leave)", preset + 1));
            return Step::Open(Question::Dialog(self));
        }
        while !self.ask.asks(self.at) && self.at < self.ask.fields.len() || self.names() {
            self.at += 1;
        }
        let many = self.many();
        let Some(field) = self.ask.fields.get(self.at) else { return self.command(now) };
        let how = match field.text.is_empty() {
            _ if many => MANY.to_owned(),
            true => "(. to leave)".to_owned(),
            false => format!("(Enter: {}; . to leave)", field.text),
        };
        say(&wrapped("", &format!("{} {how}", field.label)));
        if field.secret && !echo(false) {
            say("What you type is shown here.");
        }
        Step::Open(Question::Dialog(self))
    }

    /// The name of the target is asked for last, with the word.
    fn names(&self) -> bool {
        self.ask.fields.get(self.at).is_some_and(|f| matches!(f.must, Must::Equal(_)))
    }

    /// Whether what is asked for is pasted rather than typed.
    fn many(&self) -> bool {
        match &self.ask.make {
            Make::Sighting => true,
            Make::Paper(Paper::Evidence(_)) => self.at == 1,
            _ => false,
        }
    }

    fn command(mut self: Box<Self>, now: i64) -> Step {
        let mut name = None;
        for f in &mut self.ask.fields {
            if let Must::Equal(n) = &f.must {
                name = Some(n.clone());
                f.text = n.clone();
            }
        }
        let Some(command) = self.ask.command(now) else {
            say("Nothing was sent: something is missing.");
            return Step::Done(None);
        };
        if self.ask.changes_azure || name.is_some() {
            return Step::Open(word(&self.ask.confirm, name.as_deref(), command));
        }
        Step::Done(Some(command))
    }

    fn take(mut self: Box<Self>, mut lines: Vec<String>, now: i64) -> Step {
        if self.chosen && self.many() {
            return match gathered(&mut self.lines, lines) {
                Gathered::Left => left(),
                Gathered::More => Step::Open(Question::Dialog(self)),
                Gathered::Whole(text) => self.fill(text, now),
            };
        }
        let tall = self.ask.fields.get(self.at).is_some_and(|f| f.tall) && self.chosen;
        if lines.len() > 1 && !tall {
            say(SEVERAL);
            return self.prompt(now);
        }
        while lines.len() > 1 && lines.last().is_some_and(|l| l.trim().is_empty()) {
            lines.pop();
        }
        let text = lines.join("\n").trim().to_owned();
        if text == "." {
            return left();
        }
        if let Some((all, preset)) = self.ask.choice.as_mut().filter(|_| !self.chosen) {
            let n =
                if text.is_empty() { Some(*preset) } else { text.parse().ok().and_then(|n: usize| n.checked_sub(1)) };
            match n.filter(|n| *n < all.len()) {
                Some(n) => {
                    *preset = n;
                    self.chosen = true;
                }
                None => say("That is not one of the numbers."),
            }
            return self.prompt(now);
        }
        self.fill(text, now)
    }

    /// What was typed for the field that is asked for.
    fn fill(mut self: Box<Self>, text: String, now: i64) -> Step {
        let at = self.at;
        let Some(field) = self.ask.fields.get_mut(at) else { return self.prompt(now) };
        if field.secret {
            echo(true);
        }
        if !text.is_empty() || field.secret {
            field.text = text;
        }
        if self.ask.field_good(at) {
            self.at += 1;
        } else {
            let field = &self.ask.fields[at];
            say(&wrapped("", &wanted(field)));
        }
        self.prompt(now)
    }
}

/// What a field that is not filled in well wants.
fn wanted(field: &Field) -> String {
    match &field.must {
        Must::Duration => "That is no duration: 15m, 1h30m and 40s are.".to_owned(),
        Must::Passphrase => format!("It needs {LEAST_PASSPHRASE} letters at least."),
        Must::Again => "That is not the same.".to_owned(),
        Must::Equal(_) | Must::Text | Must::Any => "Some words are needed here.".to_owned(),
    }
}

/// Said where one line is wanted and a paste came.
const SEVERAL: &str = "Several lines came at once, as from a paste: one is wanted here.";

enum Gathered {
    Left,
    More,
    Whole(String),
}

/// Puts a paste together. An empty line within one is part of it; one that comes alone ends it.
fn gathered(before: &mut Vec<String>, lines: Vec<String>) -> Gathered {
    let alone = lines.len() == 1;
    match lines.first().map(|l| l.trim()) {
        Some(".") if alone => return Gathered::Left,
        Some("") if alone && !before.is_empty() => return Gathered::Whole(before.join("\n")),
        Some("") if alone => return Gathered::More,
        _ => {}
    }
    let ended = |l: &String| l.contains(BLOCK_ENDS);
    let end = lines.iter().any(ended);
    before.extend(lines);
    if end {
        return Gathered::Whole(before.join("\n"));
    }
    let count = before.len();
    say(&format!("  {count} {}; an empty line ends it", if count == 1 { "line" } else { "lines" }));
    Gathered::More
}

fn left() -> Step {
    echo(true);
    say("Left as it was.");
    Step::Done(None)
}

fn followed(next: Next) -> Step {
    match next {
        Next::Send(command) => Step::Done(Some(command)),
        Next::Ask(q) => Step::Open(q),
        Next::Nothing(why) => {
            say(&wrapped("", &why));
            Step::Done(None)
        }
    }
}

impl Question {
    /// Takes what was typed or pasted.
    pub fn take(self, mut lines: Vec<String>, now: i64) -> Step {
        match self {
            Self::Dialog(d) => d.take(lines, now),
            Self::Block(mut before, makes) => match gathered(&mut before, lines) {
                Gathered::Left => left(),
                Gathered::More => Step::Open(Self::Block(before, makes)),
                Gathered::Whole(text) => followed(makes(text)),
            },
            Self::Word(w) => {
                if let [one] = lines.as_slice()
                    && one.trim() == w.expected
                {
                    return Step::Done(Some(w.command));
                }
                say("That is not it. Nothing was sent.");
                Step::Done(None)
            }
            other if lines.len() > 1 => {
                say(SEVERAL);
                Step::Open(other)
            }
            Self::Line(makes) => {
                let text = lines.pop().unwrap_or_default().trim().to_owned();
                if text == "." || text.is_empty() { left() } else { followed(makes(text)) }
            }
            Self::Choice(mut all) => {
                let text = lines.pop().unwrap_or_default().trim().to_owned();
                match text.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < all.len()) {
                    Some(n) => followed(all.swap_remove(n).1(String::new())),
                    None if text == "." => left(),
                    None => {
                        say("That is not one of the numbers.");
                        Step::Open(Self::Choice(all))
                    }
                }
            }
        }
    }
}
