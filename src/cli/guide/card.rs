//! One step as text: what it is, what it changes, what may go wrong, what can be done.

use crate::desk::protocol::StepIntent;
use crate::desk::snapshot::{ActionView, AskedView, NoteView, RunView, Snapshot, StepCard, StepState};
use crate::ui::papers::refused_guard;
use crate::ui::screens::run::notices::{HANDED_OVER, NOT_WRITTEN, taking_back_text};
use crate::ui::screens::run::second::left_to_answer;
use crate::ui::screens::run::side::clock_at;
use crate::units::{utc_clock, visible};

use super::text::{command, wrapped, wrapped_at};

/// Steps to be taken back that are named.
const NAMED: usize = 4;

/// Whether the run goes on here.
pub fn works(run: &RunView) -> bool {
    run.closed.is_none() && run.papers.handed_over.is_none()
}

/// The line over a card: the mode and the clock.
pub fn header(s: &Snapshot, run: &RunView) -> String {
    let now = s.clock.now().utc;
    let clock = clock_at(run, now);
    let clock = match (run.clocks.rta, run.clocks.deadline) {
        (None, None) => String::new(),
        _ => format!(" · {} {}", clock.figure, clock.short),
    };
    wrapped("", &format!("── {} · {} · {}Z{clock}", run.mode.word(), run.short, utc_clock(now)))
}

/// The whole card as text.
pub fn full(s: &Snapshot, run: &RunView, card: &StepCard, whole: bool) -> String {
    let eyebrow = wrapped("", &card.eyebrow);
    format!("\n{}\n{eyebrow}\n{}\n{}\n  ? help", header(s, run), name(card), parts(s, run, card, whole).join("\n"))
}

/// Only what is new on the card of the step that is on the terminal already; `before` are its parts as they were.
pub fn news(s: &Snapshot, run: &RunView, card: &StepCard, parts: &[String], before: &[String]) -> Option<String> {
    let new = parts.iter().filter(|p| !before.contains(&without_figures(p)));
    let new: Vec<&str> = new.map(String::as_str).collect();
    (!new.is_empty()).then(|| format!("\n{}\n{}\n{}\n  ? help", header(s, run), name(card), new.join("\n")))
}

/// Figures that tick must not say the same again every few seconds.
pub fn without_figures(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn name(card: &StepCard) -> String {
    wrapped("", &format!("{}  {}", card.id, card.title))
}

/// What concerns the whole run: handed over, not writable, paused, being taken back, late.
fn notices(out: &mut Vec<String>, run: &RunView) {
    if let Some(to) = &run.papers.handed_over {
        out.push(wrapped("! ", &format!("{HANDED_OVER}. {to} (ob takes it back)")));
    } else if let Some(why) = &run.read_only {
        out.push(wrapped("! ", &format!("{NOT_WRITTEN}. {why} (rj tries again)")));
    }
    if let Some(why) = &run.weak {
        out.push(wrapped("! ", why));
    }
    if let Some(why) = &run.paused {
        out.push(wrapped("! ", &format!("The run is paused: {why} (p goes on)")));
    }
    if !run.taking_back.is_empty() {
        let mut text = wrapped("! ", &format!("{} (uu stops)", taking_back_text(run)));
        for (n, id) in run.taking_back.iter().take(NAMED).enumerate() {
            let when = if n == 0 { "now" } else { "then" };
            text += &format!("\n{}", wrapped("    ", &format!("{when}: {id} {}", title(run, id))));
        }
        if run.taking_back.len() > NAMED {
            text += &format!("\n    and {} more", run.taking_back.len() - NAMED);
        }
        out.push(text);
    }
    out.extend(run.clocks.breach.as_ref().filter(|_| works(run)).map(|breach| wrapped("! ", breach)));
}

/// The title of a step.
fn title<'a>(run: &'a RunView, id: &'a str) -> &'a str {
    run.cards.iter().find(|c| c.id == id).map_or(id, |c| c.title.as_str())
}

/// `[ok]`, `[no]`, and what is not known.
fn mark(ok: Option<bool>) -> &'static str {
    match ok {
        Some(true) => "ok",
        Some(false) => "no",
        None => "??",
    }
}

/// What a card says, part by part; `whole` with its source and the commands to do it by hand, which are there in any case
/// when they are needed.
pub fn parts(s: &Snapshot, run: &RunView, card: &StepCard, whole: bool) -> Vec<String> {
    let mut out = Vec::new();
    notices(&mut out, run);
    out.push(wrapped("  ", &card.why));
    if card.state != StepState::Ready {
        out.push(format!("  This step: {}", card.state.word()));
    }
    if card.changes.is_empty() && whole && !card.target.is_empty() {
        out.push(wrapped("  ", &format!("target: {}", card.target)));
    }
    changes(&mut out, card);
    for r in card.rows.iter().filter(|r| whole || r.label != "source") {
        let mark = r.ok.map_or(String::new(), |ok| format!("[{}] ", mark(Some(ok))));
        out.push(wrapped_at("  ", "    ", &format!("{}: {mark}{}", r.label, r.text)));
    }
    for r in &card.readings {
        let from = if whole { format!(" ({}, {}Z)", r.source, utc_clock(r.at)) } else { String::new() };
        out.push(wrapped_at("  ", "    ", &format!("[{}] {}: {}{from}", mark(r.ok), r.name, r.value)));
    }
    if let Some(d) = &card.decision {
        out.push(wrapped("  ", &d.arithmetic));
        out.extend(d.recommends.map(|c| wrapped("  ", &format!("The assessment recommends: {}", c.display()))));
    }
    if works(run) {
        by_hand(&mut out, run, card, whole);
    }
    if whole {
        let said = |n: &NoteView| format!("recorded: {} {}: {}", utc_clock(n.at), n.who, n.text);
        out.extend(card.history.iter().map(|n| wrapped_at("  ", "    ", &said(n))));
    }
    if let Some(p) = &card.problem {
        out.push(wrapped("! ", &format!("{} {}", p.what, p.next)));
        if whole && !p.raw.is_empty() {
            out.push(wrapped("  ", &format!("cause: {}", p.raw)));
        }
    }
    if works(run) {
        out.extend(s.approvals.asked.iter().find(|a| a.step == card.id).map(|a| asked(s, a)));
        let question = s.facilitator.iter().flat_map(|f| &f.questions).find(|(id, _)| *id == card.id);
        out.extend(
            question.map(|(_, wanted)| wrapped("  ", &format!("The systems are asked: {wanted}. z answers for them."))),
        );
        out.extend(choices(card));
    }
    out
}

/// What can be done, in one part: a number means something among the others only.
fn choices(card: &StepCard) -> Option<String> {
    let one = |(n, a): (usize, &ActionView)| wrapped_at(&format!("  {} ", n + 1), "    ", &choice(a));
    let mut all: Vec<String> = card.actions.iter().enumerate().map(one).collect();
    if refused_guard(card).is_some() {
        all.push("  b Break the glass…".to_owned());
    }
    (!all.is_empty()).then(|| all.join("\n"))
}

fn choice(a: &ActionView) -> String {
    let changes = if a.changes_azure { "  (changes Azure)" } else { "" };
    let refused = a.refused.as_ref().map_or(String::new(), |why| format!("  (not now: {why})"));
    format!("{}{changes}{refused}", a.label)
}

fn changes(out: &mut Vec<String>, card: &StepCard) {
    let lead = if card.takes_back { "taking it back will" } else { "will" };
    for c in &card.changes {
        let state = if c.state.is_empty() { String::new() } else { format!(" ({})", c.state) };
        let mut text = wrapped_at("  ", "    ", &format!("{lead} {}{state}", visible(&c.what)));
        for (name, before, after) in &c.fields {
            let show = |v: &Option<String>, none: &str| v.clone().unwrap_or_else(|| none.to_owned());
            let (before, after) = (show(before, "not there"), show(after, "removed"));
            text += &format!("\n{}", wrapped_at("    ", "      ", &format!("{name}: {before} → {after}")));
        }
        out.push(text);
    }
    if !card.changes.is_empty() {
        let read = card.changes_read_at.map(|at| format!("read {}Z. ", utc_clock(at))).unwrap_or_default();
        let note = format!("{read}{}", card.changes_note);
        out.extend((!note.is_empty()).then(|| wrapped("    ", note.trim_end())));
    }
}

/// The commands: in any case where the app cannot do it itself.
fn by_hand(out: &mut Vec<String>, run: &RunView, card: &StepCard, whole: bool) {
    let reads = |a: &ActionView| matches!(a.intent, StepIntent::Preview { .. });
    let app_can = card.state == StepState::AwaitingApproval
        || card.actions.iter().any(|a| {
            reads(a)
                || a.refused.is_none()
                    && matches!(a.intent, StepIntent::Perform { .. } | StepIntent::AskSecondPerson | StepIntent::Check)
        });
    let needed = !app_can || card.degraded.unwrap_or(run.degraded) || card.problem.is_some();
    if whole || needed && !card.state.over() && !card.state.busy() {
        out.extend(card.by_hand.iter().map(|line| command(line)));
        if !card.by_hand_now.is_empty() {
            out.push("  for exactly what was read from Azure:".to_owned());
        }
        out.extend(card.by_hand_now.iter().map(|line| command(line)));
    } else if !(card.state.over() || card.by_hand.is_empty() && card.by_hand_now.is_empty()) {
        out.push("  s shows the commands to do it by hand".to_owned());
    }
}

/// That the second person is asked, and how long they have.
fn asked(s: &Snapshot, a: &AskedView) -> String {
    let left = a.until.map(|until| left_to_answer(until, s.clock.now().utc).0);
    let left = left.map_or(String::new(), |l| format!(": {l}"));
    let mut lines = vec![wrapped("  ", &format!("The second person is asked{left}")), wrapped("    ", &a.what)];
    if !a.approvers.is_empty() {
        lines.push(wrapped("    ", &format!("Can answer: {}", a.approvers.join(", "))));
    }
    lines.push("  a the request to send them, and the ways their answer comes back".to_owned());
    lines.join("\n")
}
