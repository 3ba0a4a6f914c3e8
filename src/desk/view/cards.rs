//! Cards of steps, drawn anew only when something that they show may have changed: a plan has hundreds, and a picture is
//! made many times a minute. Lines of the papers are kept likewise.

use std::collections::HashMap;
use std::sync::Arc;

use super::card;
use super::run::RunPicture;
use crate::desk::snapshot::{Lines, StepCard};
use crate::plan::model::PlannedStep;
use crate::plan::rights::RightsReport;
use crate::run::event::StepState;
use crate::run::state::{Note, Run};

/// What the plan says of each step, by id.
pub type Planned<'a> = HashMap<&'a str, &'a PlannedStep>;

/// Cards as they were drawn last.
#[derive(Default)]
pub struct Cards {
    wide: Option<Wide>,
    kept: Vec<Option<(Key, Arc<StepCard>)>>,
    notes: Lines,
    ledger: Lines,
}

/// What all cards depend on.
struct Wide {
    open: bool,
    paused: bool,
    degraded: bool,
    elsewhere: bool,
    read_only: Option<String>,
    rights: Option<Arc<RightsReport>>,
}

impl Wide {
    fn of(p: &RunPicture<'_>) -> Self {
        Self {
            open: p.run.open(),
            paused: p.run.paused.is_some(),
            degraded: p.run.degraded,
            elsewhere: p.run.handed_over.is_some(),
            read_only: p.read_only.map(str::to_owned),
            rights: p.rights.cloned(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        let of = |w: &Self| (w.open, w.paused, w.degraded, w.elsewhere);
        let rights = match (&self.rights, &other.rights) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        rights && of(self) == of(other) && self.read_only == other.read_only
    }
}

/// What one card depends on beside that.
#[derive(PartialEq, Eq)]
struct Key {
    /// How often something was recorded of the step.
    touched: u64,
    state: StepState,
    /// Which of the steps that it needs are not over, a bit each.
    waits_for: u64,
}

/// The same lines, and what was added to them since.
fn grown(kept: &mut Lines, all: &[Note]) -> Lines {
    if kept.len() > all.len() {
        *kept = Lines::default();
    }
    if kept.len() < all.len() {
        let new = all[kept.len()..].iter().map(super::run::note);
        Arc::make_mut(kept).extend(new);
    }
    kept.clone()
}

impl Cards {
    /// Notes and ledger of a run.
    pub fn lines(&mut self, run: &Run) -> (Lines, Lines) {
        (grown(&mut self.notes, &run.notes), grown(&mut self.ledger, &run.ledger))
    }

    /// The cards of all steps, in the order of the run.
    pub fn draw(&mut self, p: &RunPicture<'_>, planned: &Planned<'_>) -> Vec<Arc<StepCard>> {
        let wide = Wide::of(p);
        if self.kept.len() != p.run.steps.len() || !self.wide.as_ref().is_some_and(|w| w.same(&wide)) {
            self.kept.clear();
            self.kept.resize_with(p.run.steps.len(), || None);
        }
        self.wide = Some(wide);
        let mut out = Vec::with_capacity(p.run.steps.len());
        for (i, step) in p.run.steps.iter().enumerate() {
            let Some(of) = planned.get(step.id.as_str()) else { continue };
            let key = key(p, i, of);
            let kept = self.kept.get_mut(i);
            if let (Some(key), Some(Some((before, card)))) = (&key, &kept)
                && before == key
            {
                out.push(card.clone());
                continue;
            }
            let card = Arc::new(card::card(p, i, of));
            out.push(card.clone());
            if let Some(slot) = kept {
                *slot = key.map(|k| (k, card));
            }
        }
        out
    }
}

/// None: what it shows changes by itself, by looks, or with the arithmetic of the decision.
fn key(p: &RunPicture<'_>, i: usize, planned: &PlannedStep) -> Option<Key> {
    let id = planned.id.as_str();
    let looked_at = p.previews.contains_key(id)
        || p.progress.contains_key(id)
        || p.live.contains_key(id)
        || p.problems.contains_key(id);
    if looked_at || planned.decision || planned.needs.len() > u64::BITS as usize {
        return None;
    }
    let open = |n: &String| p.run.step(n).is_some_and(|s| !s.own_state().over());
    Some(Key {
        touched: p.touched.get(id).copied().unwrap_or(0),
        state: p.run.state(i),
        waits_for: planned.needs.iter().enumerate().filter(|(_, n)| open(n)).fold(0, |bits, (n, _)| bits | 1 << n),
    })
}
