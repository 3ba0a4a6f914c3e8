//! What a run left in Azure: what it created, when it moved users, what can be taken back, and in which order.

use std::cmp::Reverse;

use crate::plan::model::PlannedStep;
use crate::runbook::model::{Phase, StepId, Undo};

use super::event::Change;
use super::state::{Run, StepRun};

impl Run {
    /// The request of a step, unless it takes back.
    fn sent(&self, i: usize, n: u32) -> Option<Change> {
        let s = &self.steps[i];
        s.changes.get(n as usize).filter(|_| !s.undoing).map(|c| c.change.clone())
    }

    /// Azure took it, or may have: what comes of it is the run's own, however its operation ends.
    pub(super) fn note_begun(&mut self, i: usize, n: u32) {
        if let Some(c) = self.sent(i, n).filter(Change::creates) {
            self.note_created(&c.target);
        }
    }

    /// It was looked for and is not there.
    pub(super) fn note_missing(&mut self, i: usize, n: u32) {
        if let Some(c) = self.sent(i, n).filter(Change::creates) {
            self.created.retain(|id| !id.eq_ignore_ascii_case(&c.target));
            self.perhaps.push(c.target);
        }
    }

    fn note_created(&mut self, target: &str) {
        if !self.created.iter().any(|id| id.eq_ignore_ascii_case(target)) {
            self.created.push(target.to_owned());
        }
    }

    pub(super) fn note_moved(&mut self, i: usize, at: i64) {
        self.last_switch = Some(at);
        self.steps[i].moved_at = Some(at);
    }

    /// A request worked: remember what was created, and when users were moved.
    pub(super) fn note_applied(&mut self, i: usize, n: u32, at: i64) {
        let Some(c) = self.steps[i].changes.get(n as usize).map(|c| c.change.clone()) else { return };
        let is = |id: &String| id.eq_ignore_ascii_case(&c.target);
        if c.method == "DELETE" {
            if self.created.iter().any(is) && !self.steps[i].undoing {
                self.deleted.push(c.target.clone());
            }
            self.created.retain(|id| !is(id));
        } else if self.steps[i].undoing {
            if self.deleted.iter().any(is) {
                self.note_created(&c.target);
            }
        } else if c.creates() || self.perhaps.iter().any(is) {
            self.note_created(&c.target);
        }
        if c.moves_users() || self.planned_at(i).is_some_and(PlannedStep::moves_users) {
            self.note_moved(i, at);
        }
    }

    /// The step by which users are led now, if `id` was begun before it and must not be taken back under them.
    pub fn holds_up(&self, id: &str) -> Option<&StepRun> {
        let leads = (0..self.steps.len()).filter(|i| self.steps[*i].moved_at.is_some());
        let last = leads.max_by_key(|i| self.steps[*i].moved_at)?;
        self.rests_under(self.position(id)?, Some(last)).then(|| &self.steps[last])
    }

    /// Steps with a request on its way: sent, perhaps, and not answered.
    pub fn on_its_way(&self) -> impl Iterator<Item = &StepRun> {
        self.steps.iter().filter(|s| s.on_its_way())
    }

    /// The steps to take back, one after another, so that `to` and everything done after it is taken back: the newest first,
    /// and whatever leads users before what it rests on. Only what Lifeboat did and can take back is in it, or people around a table: the list ends
    /// before a step that rests under one that somebody else has to take back.
    pub fn undo_order(&self, to: &str) -> Vec<StepId> {
        let can = |i: usize| {
            self.planned_at(i).is_some_and(|p| matches!(p.undo, Undo::RestorePrevious | Undo::DeleteCreated))
        };
        let back = |i: &usize| {
            let s = &self.steps[*i];
            (s.can_go_back() && !s.applied.is_empty() && can(*i)) || self.people_did(*i)
        };
        let age = |i: usize| (self.steps[i].begun_at, i);
        let Some(first) = self.position(to).filter(|i| self.steps[*i].begun_at.is_some()) else { return Vec::new() };
        let mut left: Vec<usize> = (0..self.steps.len()).filter(|i| age(*i) >= age(first) && back(i)).collect();
        left.sort_unstable_by_key(|i| Reverse(age(*i)));
        let mut moved: Vec<usize> = (0..self.steps.len()).filter(|i| self.steps[*i].moved_at.is_some()).collect();
        // The last of several at one time counts, as it does where one step is taken back.
        moved.sort_by_key(|i| self.steps[*i].moved_at);
        let mut out = Vec::new();
        while let Some(n) = left.iter().position(|i| !self.rests_under(*i, moved.last().copied())) {
            let i = left.remove(n);
            moved.retain(|m| *m != i);
            out.push(self.steps[i].id.clone());
        }
        out
    }

    /// The step that leads users came after this one was begun.
    fn rests_under(&self, i: usize, leads: Option<usize>) -> bool {
        let Some(leads) = leads.filter(|l| *l != i).map(|l| &self.steps[l]) else { return false };
        let begun = self.steps[i].started_at;
        leads.phase == Phase::FailOver && begun.is_some() && leads.moved_at >= begun
    }
}
