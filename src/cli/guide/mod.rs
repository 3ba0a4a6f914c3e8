//! The guided run in a terminal: the same desk, the same words as the window, 80 columns, no colour needed.
//!
//! It prints what is new and asks line by line, and moves no cursor: it works through any connection, and leaves all of it
//! to be read again. The run is the desk's; whoever leaves, or is cut off, loses nothing.

mod card;
mod commands;
mod help;
pub mod input;
pub mod question;
pub mod second;
pub mod text;
mod views;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;

use crate::clock::Speed;
use crate::desk::Handle;
use crate::desk::protocol::{Command, RunIntent, StepIntent};
use crate::desk::snapshot::{Activity, Problem, RunView, Snapshot, StepCard, StepState};
use crate::runbook::model::StepId;
use crate::ui::papers::LOSSES;
use crate::units::{hidden, utc_clock};

use super::{FINDING, FINE};
use card::without_figures;
use input::{Inbox, Input, Raw};
use question::{Question, Step};

pub(super) use text::{wrapped, wrapped_at};
pub use views::summary;

/// Default speed of a guided rehearsal: a person reads in real time.
pub const PERSON_SPEED: Speed = Speed::Times(1);

/// Beginnings of what the desk says about something that was asked for here; the rest is in `h` and the record.
const FEEDBACK: [&str; 11] = [
    "written: ",
    "the key ",
    "this laptop signs",
    "what this laptop sees",
    "handed over to",
    "taken over from",
    "the evidence “",
    "a checkpoint over",
    "everything that was to be taken back",
    "taking back ends",
    "given up",
];

/// Guides a person until the run is closed or they leave.
pub fn guide(handle: &Handle) -> u8 {
    let (tx, rx) = mpsc::channel();
    let wake = tx.clone();
    (handle.link().on_wake)(Box::new(move || {
        let _ = wake.send(Raw::Changed);
    }));
    input::hear_signals(tx.clone());
    input::read(tx);
    let mut inbox = Inbox::new(rx);
    let mut g = Guide::new(handle);
    g.show(&handle.snapshot());
    loop {
        let goes_on = match inbox.wait() {
            Input::Changed => true,
            Input::Lines(lines) => g.lines(lines),
            Input::End => {
                g.leaves();
                false
            }
        };
        if !goes_on {
            return FINDING;
        }
        let s = handle.snapshot();
        g.show(&s);
        if g.over(&s) {
            return FINE;
        }
    }
}

/// Says it to the person.
fn say(text: &str) {
    // What an escape sequence would begin with never reaches the terminal, wherever the text is from.
    let plain: String = text.chars().map(|c| if hidden(c) { '?' } else { c }).collect();
    say!("{plain}");
}

struct Guide<'a> {
    handle: &'a Handle,
    /// The run whose end was told.
    ended: String,
    /// The run on show; everything below is of it.
    run: String,
    /// The step whose card stands on the terminal; none: it is shown whole again.
    shown: Option<StepId>,
    /// Its parts, without what ticks.
    parts: Vec<String>,
    /// It was not over then.
    ahead: bool,
    /// Something was read or tried again: the card is shown when it is there, also when it is the same.
    again: bool,
    /// All steps are over, and it was said.
    finished: bool,
    progress: String,
    notice: Option<Arc<Problem>>,
    headline: String,
    told: usize,
    states: HashMap<String, StepState>,
    papers: Counts,
    calling: Vec<String>,
    activity: Option<Activity>,
    share: Option<Arc<str>>,
    /// A step that was asked for by its id; else the one that is next.
    picked: Option<String>,
    asked: Option<Question>,
}

/// What was told: how many of each paper, and since when the impact is said to be.
#[derive(Default, PartialEq)]
struct Counts {
    ledger: usize,
    losses: usize,
    evidence: usize,
    findings: usize,
    put_right: usize,
    signoffs: usize,
    told: usize,
    comms: usize,
    notes: usize,
    impact: Option<i64>,
}

impl Drop for Guide<'_> {
    fn drop(&mut self) {
        input::echo(true);
    }
}

impl<'a> Guide<'a> {
    fn new(handle: &'a Handle) -> Self {
        Self {
            handle,
            ended: String::new(),
            run: String::new(),
            shown: None,
            parts: Vec::new(),
            ahead: false,
            again: false,
            finished: false,
            progress: String::new(),
            notice: None,
            headline: String::new(),
            told: 0,
            states: HashMap::new(),
            papers: Counts::default(),
            calling: Vec::new(),
            activity: handle.snapshot().activity.last().cloned(),
            share: None,
            picked: None,
            asked: None,
        }
    }

    /// The step in front of the person.
    fn card(&self, run: &RunView) -> Option<Arc<StepCard>> {
        let id = self.picked.as_ref().or(run.taking_back.first()).or(run.current.as_ref())?;
        run.cards.iter().find(|c| c.id == *id).cloned()
    }

    /// What happened since, a line each: health, the scenario, steps that ended, papers, other runs.
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
        self.new_papers(run, first);
        let others = || s.open_runs.iter().filter(|r| !r.shown && r.calls);
        for r in others().filter(|r| !self.calling.contains(&r.id)) {
            say(&wrapped(
                "r ",
                &format!("Run {} {}, {}, needs you. {} (r {})", r.short, r.title, r.mode.word(), r.waits, r.short),
            ));
        }
        self.calling = others().map(|r| r.id.clone()).collect();
    }

    /// What was added to the papers, by whoever and wherever.
    fn new_papers(&mut self, run: &RunView, first: bool) {
        let p = &run.papers;
        let now = Counts {
            ledger: p.ledger.len(),
            losses: p.losses.len(),
            evidence: p.evidence.len(),
            findings: p.findings.len(),
            put_right: p.findings.iter().filter(|f| f.corrective.is_some()).count(),
            signoffs: p.signoffs.len(),
            comms: p.comms.len(),
            notes: run.notes.len(),
            told: p.told.len(),
            impact: run.clocks.t[0],
        };
        let was = std::mem::replace(&mut self.papers, now);
        if first || was == self.papers {
            return;
        }
        let tell = |what: &str, text: &str| say(&wrapped_at("+ ", "  ", &format!("{what}: {text}")));
        p.ledger.iter().skip(was.ledger).for_each(|n| tell("Ledger", &n.text));
        for l in p.losses.iter().skip(was.losses) {
            let name = LOSSES.iter().find(|(k, _)| *k == l.kind).map_or("Lost", |(_, name)| *name);
            tell(name, &l.text);
        }
        for e in p.evidence.iter().skip(was.evidence) {
            tell("Evidence", &format!("{} (SHA-256 {}…)", e.name, e.sha256.get(..12).unwrap_or(&e.sha256)));
        }
        p.findings.iter().skip(was.findings).for_each(|f| tell("Finding", &f.text));
        if self.papers.put_right > was.put_right {
            let how = p.findings.iter().rev().find_map(|f| f.corrective.as_ref());
            how.into_iter().for_each(|how| tell("Put right", how));
        }
        p.signoffs.iter().skip(was.signoffs).for_each(|n| tell("Signed off", &format!("{}, {}", n.who, n.text)));
        p.comms.iter().skip(was.comms).for_each(|n| tell("Message sent", &n.text));
        p.told.iter().skip(was.told).for_each(|n| tell("Told", &n.text));
        run.notes.iter().skip(was.notes).for_each(|n| tell("Note", &n.text));
        if let Some(since) = self.papers.impact.filter(|_| self.papers.impact != was.impact) {
            tell("Impact", &format!("since {} UTC", utc_clock(since)));
        }
    }

    /// What the desk answers to something that was asked for here.
    fn feedback(&mut self, s: &Snapshot) {
        let new = match &self.activity {
            Some(last) => s.activity.iter().rposition(|a| a == last).map_or(0, |at| at + 1),
            None => 0,
        };
        for a in s.activity.iter().skip(new).filter(|a| FEEDBACK.iter().any(|f| a.text.starts_with(f))) {
            say(&wrapped("  ", &a.text));
        }
        self.activity = s.activity.last().cloned();
        if let Some(share) = s.situation.share.clone().filter(|t| self.share.as_ref().is_some_and(|old| old != t)) {
            say(&format!("\n{}\n", share.trim_end()));
            self.share = None;
        }
    }

    fn show(&mut self, s: &Snapshot) {
        if let Some(n) = &s.notice
            && !self.notice.as_ref().is_some_and(|told| Arc::ptr_eq(told, n))
        {
            self.notice = Some(n.clone());
            say(&wrapped("! ", &format!("{} {} {}", n.what, n.means, n.next)));
        }
        self.feedback(s);
        let Some(run) = &s.run else { return };
        if self.run != run.id {
            self.another(run);
        }
        self.news(s, run);
        let over = |id: &String| self.states.get(id).is_some_and(|s| s.over());
        // A step that was looked at and is over now makes way for the next; one that was over before stays.
        if self.ahead && self.shown == self.picked && self.picked.as_ref().is_some_and(over) {
            self.picked = None;
        }
        // A person is in the middle of typing: nothing moves until they are done.
        if self.asked.is_some() {
            return;
        }
        let Some(card) = self.card(run) else {
            if !std::mem::replace(&mut self.finished, true) && run.closed.is_none() {
                say("\nAll steps are over. g shows the papers; gs signs off, c closes the run.");
            }
            return;
        };
        self.finished = false;
        let parts = card::parts(s, run, &card, false);
        let keys: Vec<String> = parts.iter().map(|p| without_figures(p)).collect();
        let same = self.shown.as_ref() == Some(&card.id);
        if same && self.again && card.progress.is_none() && !self.progress.is_empty() {
            self.again = false;
            self.parts.retain(|p| !p.starts_with("  will") && !p.starts_with("  ["));
        }
        if !same {
            say(&card::full(s, run, &card, false));
        } else if keys != self.parts {
            card::news(s, run, &card, &parts, &self.parts).iter().for_each(|text| say(text));
        }
        self.shown = Some(card.id.clone());
        self.ahead = !card.state.over();
        self.parts = keys;
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

    /// The card is shown whole again.
    fn look_again(&mut self) {
        self.shown = None;
        self.finished = false;
    }

    /// Another run is on show.
    fn another(&mut self, run: &RunView) {
        if !self.run.is_empty() {
            say(&format!("\n{}", wrapped("", &format!("Run {} · {} · {}", run.short, run.title, run.mode.word()))));
            if self.asked.take().is_some() {
                input::echo(true);
                say("What was asked was of the run before. Nothing of it was sent.");
            }
        }
        self.run.clone_from(&run.id);
        self.look_again();
        self.progress.clear();
        self.states.clear();
        self.picked = None;
        // What was said before this person came is in the record; what the scenario told them is not to be missed.
        self.told = 0;
    }

    /// Whether the run on show is closed, and none is left to go on with.
    fn over(&mut self, s: &Snapshot) -> bool {
        let Some(run) = s.run.as_ref() else { return false };
        let Some(closed) = run.closed.as_ref().filter(|_| self.ended != run.id) else { return false };
        self.ended.clone_from(&run.id);
        say(&wrapped("", &format!("\nClosed: {closed}")));
        summary(run);
        let next = s.open_runs.iter().find(|r| r.id != run.id);
        if let Some(next) = next {
            say(&wrapped("", &format!("Run {} is open, too: it is shown now.", next.short)));
            return !self.handle.send(Command::Run(RunIntent::Focus(next.id.clone())));
        }
        true
    }

    /// How to go on, said to whoever leaves.
    fn leaves(&mut self) {
        let s = self.handle.snapshot();
        let Some(run) = s.run.as_ref().filter(|r| r.closed.is_none()) else { return };
        let command = if run.scenario.is_some() { "rehearse" } else { "run" };
        let on_its_way = run.cards.iter().any(|c| matches!(c.state, StepState::Running | StepState::Verifying));
        if on_its_way {
            say("What was sent goes on in Azure; it is read back when the run is continued.");
        }
        for other in s.open_runs.iter().filter(|r| r.id != run.id) {
            say(&wrapped("", &format!("Run {} stays open, too: lifeboat run --resume {}", other.short, other.short)));
        }
        say(&format!("The run stays open. Continue it with: lifeboat {command} --resume {}", run.short));
    }

    /// Takes what was typed or pasted; false: the person leaves.
    fn lines(&mut self, lines: Vec<String>) -> bool {
        let s = self.handle.snapshot();
        if let Some(q) = self.asked.take() {
            let step = q.take(lines, s.clock.now().utc);
            self.follow(step);
            return true;
        }
        match lines.as_slice() {
            [one] => self.command(one.trim(), &s),
            // A key that is held down.
            all if all.iter().all(|l| l.trim().is_empty()) => true,
            all => {
                say(&pasted(all));
                true
            }
        }
    }

    fn follow(&mut self, step: Step) {
        match step {
            Step::Open(q) => self.asked = Some(q),
            Step::Done(Some(command)) => self.send(command),
            Step::Done(None) => self.look_again(),
        }
    }

    /// The answer is the next picture, which shows the card again.
    fn send(&mut self, c: Command) {
        let goes = |i: &StepIntent| {
            matches!(
                i,
                StepIntent::TakeBack { .. }
                    | StepIntent::Keep
                    | StepIntent::Confirm { .. }
                    | StepIntent::Skip { .. }
                    | StepIntent::Decide { .. }
            )
        };
        if let Command::Step(_, intent) = &c {
            self.again = true;
            // What taking back would change is shown at the step that was asked for.
            if goes(intent) {
                self.picked = None;
            }
        }
        // What is typed is for the run whose card stands here, and for no other.
        let run = Some(self.run.as_str()).filter(|id| !id.is_empty());
        if !self.handle.send(c.of(run)) {
            say("! not sent: the desk has ended");
        }
    }
}

/// Said of lines that came faster than anybody types.
fn pasted(all: &[String]) -> String {
    let text = all.join("\n");
    let belongs = if text.contains("[Lifeboat approval answer") {
        "It holds an answer of a second person: type aa, then paste it again."
    } else if text.contains("[Lifeboat") {
        "It holds a block of a Lifeboat: type m for what a colleague sees, then paste it again."
    } else {
        "Say first where it belongs: ge evidence, n a note, aa an answer, m what a colleague sees."
    };
    let count = all.len();
    wrapped("! ", &format!("{count} lines came at once, as from a paste. None of them was done. {belongs}"))
}
