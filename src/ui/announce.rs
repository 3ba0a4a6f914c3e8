//! What a screen reader says by itself: one sentence for what has changed since the picture before, in a live region that
//! nobody has to walk to. Not more than one a second, and nothing twice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{Context, Id};

use crate::desk::snapshot::{Activity, Mode, RunView, Snapshot, StepCard, StepRow, StepState};
use crate::units::Millis;

/// Between two sentences.
const APART: f64 = 1.0;
/// So long a sentence stays in the tree, for whoever asks for it again.
const STAYS: f64 = 6.0;
/// More than this would be told long after it was so.
const MOST_WAITING: usize = 6;
/// Steps that are named when several change at once.
const NAMED: usize = 2;
/// Time to the RTO that is worth a word, in minutes.
const LEFT: [i64; 4] = [1, 5, 10, 15];

/// A sentence, and whether it interrupts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// In plain words.
    pub text: String,
    /// A failure, or a warning of a live run.
    pub urgent: bool,
}

fn calm(text: impl Into<String>) -> Saying {
    Saying { text: text.into(), urgent: false }
}

fn urgent(text: impl Into<String>) -> Saying {
    Saying { text: text.into(), urgent: true }
}

/// What was told, and what is to be told.
#[derive(Default)]
pub struct Announcer {
    before: Option<Arc<Snapshot>>,
    /// Run on show, and its time left to the RTO when it was looked at last, in ms.
    left: Option<(String, i64)>,
    waiting: VecDeque<Saying>,
    last: Option<(f64, Saying)>,
}

impl Announcer {
    /// Something that the person did themselves, and that the picture does not tell.
    pub fn say(&mut self, text: &str) {
        self.waiting.push_back(calm(text));
    }

    /// Looks at the newest picture, and keeps the live regions; `now` is the run's clock. How long until it has more to say.
    pub fn tell(&mut self, ctx: &Context, snap: &Arc<Snapshot>, now: i64) -> Option<Duration> {
        let left = snap.run.as_deref().and_then(|r| Some((r.id.clone(), left(r, now)?)));
        if let Some(before) = self.before.as_ref().filter(|b| !Arc::ptr_eq(b, snap)) {
            let new = changes(before, snap);
            self.waiting.extend(new);
        }
        self.waiting.extend(closing(snap, self.left.as_ref(), left.as_ref()));
        self.before = Some(snap.clone());
        self.left = left;
        while self.waiting.len() > MOST_WAITING {
            // What is urgent is said late rather than never.
            let calm = self.waiting.iter().position(|s| !s.urgent).unwrap_or(0);
            self.waiting.remove(calm);
        }
        let time = ctx.input(|i| i.time);
        if self.last.as_ref().is_none_or(|(at, _)| time - at >= APART) {
            let said = self.last.as_ref().map(|(_, said)| said);
            // What interrupts comes first.
            let next = self.waiting.iter().position(|s| s.urgent).unwrap_or(0);
            match self.waiting.remove(next).filter(|s| Some(s) != said) {
                Some(saying) => self.last = Some((time, saying)),
                None if self.last.as_ref().is_some_and(|(at, _)| time - at >= STAYS) => self.last = None,
                None => {}
            }
        }
        let mut listened = false;
        for (live, role, name) in [(Live::Polite, Role::Status, "polite"), (Live::Assertive, Role::Alert, "assertive")]
        {
            let said = self.last.as_ref().filter(|(_, s)| s.urgent == (live == Live::Assertive));
            let written = ctx.accesskit_node_builder(Id::unique(("announcements", name)), |node| {
                node.set_role(role);
                node.set_live(live);
                node.set_label(said.map_or("", |(_, s)| s.text.as_str()));
            });
            listened |= written.is_some();
        }
        if !listened {
            // Nobody listens: nothing is kept for later.
            self.waiting.clear();
            self.last = None;
        }
        let (at, _) = self.last.as_ref()?;
        let wait = if self.waiting.is_empty() { STAYS } else { APART };
        Some(Duration::from_secs_f64((at + wait - time).max(0.02)))
    }
}

/// What is new in a picture, worth a sentence each.
pub fn changes(before: &Snapshot, now: &Snapshot) -> Vec<Saying> {
    let mut out = Vec::new();
    if let Some(p) = now.notice.as_ref().filter(|n| before.notice.as_ref() != Some(n)) {
        let parts = [&p.what, &p.means].into_iter().filter(|t| !t.is_empty()).cloned();
        let next = (!p.next.is_empty()).then(|| format!("Next: {}", p.next));
        out.push(urgent(parts.chain(next).collect::<Vec<_>>().join(" ")));
    }
    match (before.run.as_deref(), now.run.as_deref()) {
        (Some(a), Some(b)) if a.id == b.id => run(a, b, &mut out),
        (_, Some(b)) => out.push(Saying {
            text: format!("{}. {} is open, run {}.", now.band.text, b.title, b.short),
            urgent: b.mode == Mode::Live,
        }),
        (Some(a), None) => out.push(calm(format!("Run {} is left. No run is open.", a.short))),
        (None, None) => {}
    }
    let (was, is) = (&before.situation, &now.situation);
    let turned = !is.headline.is_empty() && (was.mark != is.mark || gist(&was.headline) != gist(&is.headline));
    // The ladder and the verdict: what can be believed has turned. What the verdict names is told by it.
    for lamp in now.ladder.iter() {
        let was = before.ladder.iter().find(|l| l.name == lamp.name);
        let named = turned && is.headline.contains(&lamp.name);
        if was.is_some_and(|w| w.mark != lamp.mark) && !named {
            out.push(calm(&*lamp.sentence));
        }
    }
    if turned {
        // The record may have told it a moment before.
        let told = said(before).is_some_and(|a| a.text.starts_with(gist(&is.headline)));
        let verdict = if told { "" } else { is.headline.trim_end_matches('.') };
        let words: Vec<&str> = [verdict, &*is.recommendation].into_iter().filter(|t| !t.is_empty()).collect();
        out.extend((!words.is_empty()).then(|| calm(words.join(". "))));
    }
    for other in now.open_runs.iter().filter(|r| r.calls && !r.shown) {
        // The same words twice are no news; others are, also where it called before.
        let called = before.open_runs.iter().any(|r| r.id == other.id && r.calls && r.waits == other.waits);
        if !called {
            let text = format!("{} run {}, not on show: {}", other.mode.word(), other.short, other.waits);
            out.push(Saying { text, urgent: other.mode == Mode::Live });
        }
    }
    // The record says the same of a verdict as the situation does.
    let repeats = |a: &Activity| !is.headline.is_empty() && a.text.starts_with(gist(&is.headline));
    if let Some(a) = said(now).filter(|a| said(before) != Some(a) && !repeats(a)) {
        out.push(calm(&*a.text));
    }
    out
}

/// What a headline says without the figures after it, which change with each probe.
fn gist(headline: &str) -> &str {
    headline.split(": ").next().unwrap_or_default().trim_end_matches('.')
}

/// What the desk said last. Of the watch its verdicts are told, not each probe; and what a run behind says calls by itself.
fn said(snap: &Snapshot) -> Option<&Activity> {
    let quiet = |a: &&Activity| a.text.starts_with("probe ") || a.text.contains(", beside this one: ");
    snap.activity.iter().rev().find(|a| !quiet(a))
}

fn rows(run: &RunView) -> impl Iterator<Item = &StepRow> {
    run.phases.iter().flat_map(|p| &p.steps)
}

fn card<'a>(run: &'a RunView, id: &str) -> Option<&'a StepCard> {
    run.cards.iter().find(|c| c.id == id).map(|c| &**c)
}

/// What is new in a run that was open before as well.
fn run(before: &RunView, now: &RunView, out: &mut Vec<Saying>) {
    if let Some(end) = now.closed.as_ref().filter(|_| before.closed.is_none()) {
        out.push(calm(format!("The run is closed. {end}")));
        return;
    }
    if let Some(why) = now.read_only.as_ref().filter(|_| before.read_only.is_none()) {
        out.push(urgent(format!("The record cannot be written, so actions are refused: {why}")));
    }
    let changed: Vec<&StepRow> =
        rows(now).zip(rows(before)).filter(|(n, b)| n.id == b.id && n.state != b.state).map(|(n, _)| n).collect();
    let was = |row: &StepRow| rows(before).find(|b| b.id == row.id).map(|b| b.state);
    // What became ready is told as the step that is next; a step that is at work tells its end.
    let telling = |r: &&&StepRow| !matches!(r.state, StepState::Ready | StepState::Blocked | StepState::Verifying);
    let answered = |r: &&&StepRow| was(r) == Some(StepState::AwaitingApproval);
    for row in changed.iter().filter(answered) {
        let said = card(now, &row.id).and_then(|c| c.history.last());
        let said = said.map_or_else(|| row.state.word().to_owned(), |n| format!("{} {}", n.who, n.text));
        out.push(calm(format!("{}, asked of a second person: {said}", row.title)));
    }
    let told: Vec<&&StepRow> = changed.iter().filter(telling).collect();
    let bad = |r: &StepRow| matches!(r.state, StepState::Failed | StepState::Indeterminate);
    for row in told.iter().filter(|r| bad(r)) {
        let problem = card(now, &row.id).and_then(|c| c.problem.as_ref());
        let why = problem.map_or_else(String::new, |p| format!(". {} Next: {}", p.what, p.next));
        out.push(urgent(format!("{}: {}{why}", row.title, row.state.word())));
    }
    let well: Vec<&&&StepRow> = told.iter().filter(|r| !bad(r)).collect();
    let mut words: Vec<String> = well.iter().take(NAMED).map(|r| format!("{}: {}", r.title, r.state.word())).collect();
    if well.len() > NAMED {
        words.push(format!("and {} more steps", well.len() - NAMED));
    }
    if now.current != before.current && now.paused.is_none() {
        let next = now.current.as_deref().and_then(|id| rows(now).find(|r| r.id == id));
        words.extend(next.map(|r| format!("Next: {}", r.title)));
    }
    if !words.is_empty() {
        out.push(calm(format!("{}.", words.join(". "))));
    }
    match (&before.paused, &now.paused) {
        (None, Some(why)) => out.push(calm(format!("The run is paused: {why}"))),
        (Some(_), None) => out.push(calm("The run goes on.")),
        _ => {}
    }
    for inject in now.injects.iter().skip(before.injects.len()) {
        out.push(calm(format!("Message: {}", inject.text)));
    }
    if let Some(breach) = now.clocks.breach.as_ref().filter(|_| before.clocks.breach.is_none()) {
        out.push(urgent(&**breach));
    }
}

/// Time left to the RTO, while it counts.
fn left(run: &RunView, now: i64) -> Option<i64> {
    let counts = run.closed.is_none() && run.clocks.rta.is_none();
    Some(run.clocks.deadline.filter(|_| counts)?.saturating_sub(now))
}

/// The RTO comes near: once for each mark that is passed.
fn closing(snap: &Snapshot, before: Option<&(String, i64)>, now: Option<&(String, i64)>) -> Option<Saying> {
    let ((was, before), (is, now)) = (before?, now?);
    let (before, now) = (*before, *now);
    // Another run came on show: nothing of it has just passed.
    let run = snap.run.as_deref().filter(|_| was == is)?;
    let drill = run.mode != Mode::Live;
    if before >= 0 && now < 0 {
        return Some(urgent(format!("The RTO of {} is used up.", Millis(run.clocks.rto))));
    }
    LEFT.into_iter().find(|m| before > m * 60_000 && now <= m * 60_000 && now >= 0)?;
    // As it is: time may have passed unseen.
    let left = now.div_euclid(60_000) + i64::from(now % 60_000 > 0);
    Some(Saying { text: format!("{left} min left until the RTO."), urgent: !drill })
}
