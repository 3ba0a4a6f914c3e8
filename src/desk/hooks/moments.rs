//! Which records of a run are moments that people outside may want to know of, and what they are told.

use crate::notify::hook::Moment;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::run::event::{Entry, Event, Observed};
use crate::run::state::Run;
use crate::runbook::model::System;

/// Words of a region's verdict.
const DOWN: &str = "down";
const OK: &str = "ok";

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Which.
    pub moment: Moment,
    /// What happened, as it follows a colon.
    pub what: String,
    /// Number of its entry: the same whenever the record is read.
    pub entry: u64,
}

/// What was so before a record: a moment is told when it comes, and not again while it lasts.
pub struct Before {
    moved: bool,
    back: bool,
    down: bool,
}

/// Users are served elsewhere, by metrics or by whoever verified it: not every plan has metrics.
fn moved(run: &Run) -> bool {
    run.clocks.t[7].is_some() || run.clocks.t[8].is_some()
}

fn of_primary<'e>(run: &Run, event: &'e Event) -> Option<&'e Observed> {
    let Event::Observed(o) = event else { return None };
    let primary = run.plan.as_ref().is_some_and(|p| o.region.as_deref() == Some(p.primary.region.name()));
    (primary && o.what == "verdict").then_some(o)
}

impl Before {
    /// Of the run, before this entry is applied to it.
    pub fn of(run: &Run, entry: &Entry) -> Self {
        // Between down and down there may be doubt; only after it was well it goes down anew.
        let down = of_primary(run, &entry.event).is_some_and(|now| {
            let before = run.observed.iter().rev().map(|(_, o)| o);
            let mut same = before.filter(|o| o.what == now.what && o.region == now.region);
            same.find(|o| o.state == DOWN || o.state == OK).is_some_and(|o| o.state == DOWN)
        });
        Self { moved: moved(run), back: run.clocks.t[11].is_some(), down }
    }

    /// What happened with the entry, now that it is applied.
    pub fn happened(&self, run: &Run, entry: &Entry) -> Option<Happened> {
        let title = || {
            let id = entry.step.as_deref().unwrap_or_default();
            (id, run.planned(id).map_or("", |p| p.title.as_str()))
        };
        let (moment, what) = match &entry.event {
            Event::Started(_) => (Moment::Started, "the run began".to_owned()),
            Event::Observed(_) if self.down => return None,
            event @ Event::Observed(_) => {
                of_primary(run, event).filter(|o| o.state == DOWN)?;
                (Moment::Down, format!("{} is down", run.plan.as_ref()?.primary.region.display()))
            }
            Event::Decided { choice, .. } => (Moment::Decided, decided(*choice).to_owned()),
            Event::ApprovalRequested { undo, glass, .. } => {
                let what = match (undo, glass) {
                    (_, Some(_)) => "about a guard that does not hold at",
                    (true, None) => "about taking back",
                    (false, None) => "about",
                };
                (Moment::Asked, format!("the second person is asked {what} “{}”", title().1))
            }
            Event::StepFailed { .. } => (Moment::Failed, format!("step {} failed: {}", title().0, title().1)),
            Event::Ended { outcome, .. } => (Moment::Closed, format!("the run was closed: {}", closed(*outcome))),
            Event::Aborted { .. } => (Moment::Closed, "the run was given up".to_owned()),
            _ if !self.moved && moved(run) => (Moment::Moved, served(run)),
            _ if !self.back && run.clocks.t[11].is_some() => {
                let home = run.plan.as_ref().map_or_else(String::new, |p| p.primary.region.display());
                (Moment::Back, format!("users are back in {home}, and that is verified"))
            }
            _ => return None,
        };
        Some(Happened { moment, what, entry: run.entries })
    }
}

fn served(run: &Run) -> String {
    let Some(plan) = &run.plan else { return Moment::Moved.words().to_owned() };
    match &plan.secondary {
        _ if plan.system == System::SoftDelete => "what was deleted is back, and that is verified".to_owned(),
        Some(s) => format!("users are served by {}", s.region.display()),
        None => Moment::Moved.words().to_owned(),
    }
}

fn decided(choice: Choice) -> &'static str {
    match choice {
        Choice::FailOver => "it was decided to fail over",
        Choice::Partial => "it was decided to move a part of the traffic",
        Choice::Wait => "it was decided to wait",
        Choice::Abort => "it was decided not to fail over",
    }
}

fn closed(outcome: Outcome) -> String {
    let text = outcome.display();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}
