//! One step's rules: what may be begun, sent, confirmed, skipped, decided and taken back.

use crate::plan::model::PlannedStep;
use crate::rehearsal::scenario::Choice;
use crate::runbook::model::{Guard, Phase, Risk};
use crate::units::sha256_hex;

use super::approval;
use super::command::{StepCommand, Ticket};
use super::cut;
use super::decide::{Draft, Refusal, interrupted, text};
use super::event::{Actor, Change, Event, Evidence, Failure, Found, LossKind, Mode, Reading, StepState};
use super::state::{ChangeState, Run, StepRun};
use super::step::{INTERRUPTED, WORD};

/// One step's rules.
pub(super) struct Step<'a> {
    pub(super) run: &'a Run,
    pub(super) i: usize,
    pub(super) step: &'a StepRun,
    pub(super) planned: &'a PlannedStep,
    pub(super) actor: &'a Actor,
    /// When (UTC ms on the run's clock).
    pub(super) now: i64,
    /// What makes a question of this order one of a kind.
    pub(super) ticket: Ticket,
    pub(super) out: &'a mut Vec<Draft>,
}

impl Step<'_> {
    pub(super) fn push(&mut self, event: Event) {
        self.out.push(Draft { actor: self.actor.clone(), step: Some(self.step.id.clone()), event });
    }

    pub(super) fn push_system(&mut self, event: Event) {
        self.out.push(Draft { actor: Actor::System, step: Some(self.step.id.clone()), event });
    }

    pub(super) fn state(&self) -> StepState {
        self.run.state(self.i)
    }

    pub(super) fn refuse<T>(&self, what: &'static str) -> Result<T, Refusal> {
        if self.state() == StepState::Blocked {
            return Err(self.waits());
        }
        Err(Refusal::State { step: self.step.id.clone(), state: self.state().word(), what })
    }

    /// What it waits for: named steps, or a phase.
    fn waits(&self) -> Refusal {
        let mut needs: Vec<&str> = self
            .planned
            .needs
            .iter()
            .filter(|n| self.run.step(n).is_some_and(|s| !s.own_state().over()))
            .map(String::as_str)
            .collect();
        if needs.is_empty() {
            let phase = Phase::ALL.into_iter().find(|p| !self.run.phase_over(*p)).map_or("", Phase::display);
            return Refusal::Blocked {
                step: self.step.id.clone(), needs: format!("the phase “{phase}” to be over")
            };
        }
        needs.truncate(6);
        Refusal::Blocked { step: self.step.id.clone(), needs: needs.join(", ") }
    }

    pub(super) fn must_be(&self, states: &[StepState], what: &'static str) -> Result<(), Refusal> {
        if states.contains(&self.state()) { Ok(()) } else { self.refuse(what) }
    }

    /// Beginning anything is refused while paused, and moving users before it was decided.
    fn may_begin(&self) -> Result<(), Refusal> {
        self.not_paused()?;
        let moves = self.planned.phase == Phase::FailOver && self.planned.action.is_some();
        if moves && !self.run.moving_is_decided() {
            return Err(Refusal::NotDecided);
        }
        self.ledger_first()
    }

    /// Changes are made one after another unless the runbook puts them side by side; who does otherwise says so to the record.
    fn in_order(&mut self) {
        let beside = |i: &usize| *i != self.i && !self.run.together(*i, self.i);
        let Some(other) = self.run.changing().find(beside).map(|i| &self.run.steps[i]) else { return };
        let reason = format!("begun while {} was at work, beside which the runbook does not put it", other.id);
        self.push(Event::Deviation { rule: self.step.id.clone(), reason });
    }

    pub(super) fn with_option(&mut self, option: &str) {
        let reason = format!("done with the option “{option}” instead of as planned");
        self.push(Event::Deviation { rule: self.step.id.clone(), reason });
    }

    pub(super) fn not_paused(&self) -> Result<(), Refusal> {
        self.run.paused.as_ref().map_or(Ok(()), |reason| Err(Refusal::Paused(reason.clone())))
    }

    fn can_send(&self) -> Result<(), Refusal> {
        if self.planned.action.is_some() { Ok(()) } else { Err(Refusal::SendsNothing(self.step.id.clone())) }
    }

    /// Where only a person's word counts, nothing that is read can make it done.
    fn can_be_read(&self) -> Result<(), Refusal> {
        if self.planned.asks_a_person() { Err(Refusal::PersonsWord(self.step.id.clone())) } else { Ok(()) }
    }

    pub(super) fn plan_digest(&self) -> &str {
        self.run.start.as_ref().map_or("", |s| s.digest.as_str())
    }

    /// What follows from a command about this step.
    pub(super) fn decide(&mut self, command: &StepCommand) -> Result<(), Refusal> {
        use StepState as S;
        match command {
            StepCommand::SetDegraded(degraded) => {
                self.push(Event::Degraded { degraded: *degraded });
                Ok(())
            }
            StepCommand::AskSecondPerson { changes, undo, ticket } => {
                let mut what = describe(self.planned, changes);
                if *undo {
                    self.may_be_taken_back("asking a second person about taking it back")?;
                    self.not_paused()?;
                    what = format!("Take back: {what}");
                } else {
                    self.must_be(&[S::Ready, S::Undone], "asking a second person")?;
                    self.may_begin()?;
                }
                self.can_send()?;
                let digest = approval::of_changes(self.plan_digest(), &self.step.id, changes);
                self.ask(digest, what, *undo, ticket)
            }
            StepCommand::Ticketed(ticket, command) => {
                self.ticket = ticket.clone();
                self.decide(command)
            }
            StepCommand::BreakGlass { guard, reason, changes, ticket } => {
                self.break_glass(guard, reason, changes, ticket)
            }
            StepCommand::Expire { digest } => self.expire(digest),
            StepCommand::Answer { digest, verdict, method, label, proof } => {
                self.answer(digest, verdict, method, label, proof.as_deref())
            }
            StepCommand::Perform { changes, guards, option, typed } => {
                self.perform(changes, guards, option.as_ref(), typed.as_deref())
            }
            // Around a table nobody can look: that something is so is said by whoever does it, with all it takes.
            StepCommand::Check if self.run.tabletop() && self.planned.action.is_some() => {
                self.perform(&[], &[], None, None)
            }
            StepCommand::Check => {
                self.must_be(&[S::Ready, S::Undone], "checking")?;
                self.not_paused()?;
                self.can_be_read()?;
                self.push(started(Vec::new(), Vec::new(), None));
                Ok(())
            }
            StepCommand::Accepted { n, operation, corr } => {
                self.open_request(*n)?;
                self.push(Event::ActionAccepted { n: *n, operation: operation.clone(), corr: corr.clone() });
                Ok(())
            }
            StepCommand::Finished { n, failure, corr } => {
                self.open_request(*n)?;
                self.push(Event::ActionFinished { n: *n, failure: failure.clone(), corr: corr.clone() });
                match failure {
                    Some(f) => self.push(Event::StepFailed { failure: f.clone(), readings: Vec::new() }),
                    None => self.next_request(*n),
                }
                Ok(())
            }
            StepCommand::Lost { n, why } => {
                self.open_request(*n)?;
                self.push(Event::ActionIndeterminate { n: *n, why: why.clone() });
                Ok(())
            }
            StepCommand::ReadBack { n, found, detail } => self.read_back(*n, *found, detail),
            StepCommand::Verified { .. } if self.run.tabletop() => Err(Refusal::Stale),
            StepCommand::Verified { readings, failure } => {
                self.must_be(&[S::Verifying], "a verification result")?;
                self.verified(readings, failure.as_ref());
                Ok(())
            }
            StepCommand::Confirm { evidence } => self.confirm(evidence),
            StepCommand::Skip { reason } => {
                let mut states = vec![S::Ready, S::Failed, S::Undone, S::Blocked];
                // Asking about it first does not make a request known that is not.
                if !self.step.asked_to_undo() && (!self.step.is_unclear() || self.step.never_known()) {
                    states.push(S::AwaitingApproval);
                }
                self.or_never_known(&mut states);
                self.must_be(&states, "skipping")?;
                let reason = text("the reason", reason)?;
                if self.planned.reconciles {
                    self.carry_ledger();
                }
                self.push(Event::Deviation { rule: self.step.id.clone(), reason: format!("skipped: {reason}") });
                self.push(Event::StepSkipped { reason });
                Ok(())
            }
            StepCommand::Reopen { reason } => {
                let mut states = vec![S::Failed];
                self.or_never_known(&mut states);
                self.must_be(&states, "trying again")?;
                self.push(Event::StepReopened { reason: text("the reason", reason)? });
                Ok(())
            }
            StepCommand::Undo { changes, left, guards, typed } => self.undo(changes, left, guards, typed.as_deref()),
            StepCommand::Evidence(e) => {
                self.push(Event::Evidence(proving(e)));
                Ok(())
            }
            StepCommand::Decide { choice, reason, expected_loss, information } => {
                self.decision(*choice, reason, expected_loss, information)
            }
        }
    }

    /// Waiting and not failing over can be decided at any time, also instead of what was decided before; moving users only
    /// when all before it is known.
    fn decision(
        &mut self,
        choice: Choice,
        reason: &str,
        expected_loss: &str,
        information: &[String],
    ) -> Result<(), Refusal> {
        use StepState as S;
        if !self.planned.decision {
            return self.refuse("deciding");
        }
        let moves = matches!(choice, Choice::FailOver | Choice::Partial);
        let mut states = vec![S::Ready, S::Undone, S::DoneByHand, S::Skipped];
        if !moves {
            states.extend([S::Blocked, S::AwaitingApproval]);
        }
        self.must_be(&states, "deciding")?;
        if moves && self.run.blocked(self.i) {
            return Err(self.waits());
        }
        let reason = text("the reason", reason)?;
        let expected_loss = text("the expected loss", expected_loss)?;
        if matches!(self.state(), S::DoneByHand | S::Skipped | S::AwaitingApproval) {
            self.push(Event::StepReopened { reason: "decided again".to_owned() });
        }
        self.push(Event::Decided {
            choice,
            reason: reason.clone(),
            expected_loss: expected_loss.clone(),
            options: Choice::ALL.to_vec(),
            information: information.to_vec(),
        });
        if choice == Choice::Wait {
            return Ok(());
        }
        let words = format!("{}: {reason}", choice.display());
        if moves && self.planned.second_person.is_some() && !self.dry() {
            let ticket = self.ticket.clone();
            let digest =
                approval::of_words(self.plan_digest(), &self.step.id, &[choice.display(), &reason, &expected_loss]);
            self.push(evidence(&words));
            return self.ask(
                digest,
                format!("{}. Expected loss: {expected_loss}", words.trim_end_matches('.')),
                false,
                &ticket,
            );
        }
        self.push(Event::StepDoneByHand { evidence: words });
        Ok(())
    }

    fn perform(
        &mut self,
        changes: &[Change],
        guards: &[Reading],
        option: Option<&String>,
        typed: Option<&str>,
    ) -> Result<(), Refusal> {
        self.must_be(&[StepState::Ready, StepState::Undone], "doing it")?;
        self.may_begin()?;
        if self.run.mode() == Some(Mode::DryRun) && !changes.is_empty() {
            let reason = format!("nothing is sent in this kind of run: {} changes were read", changes.len());
            self.push(Event::StepSkipped { reason });
            return Ok(());
        }
        if self.run.tabletop() {
            self.can_be_read()?;
            if self.agreed(changes)? {
                self.told(option);
            }
            return Ok(());
        }
        if changes.is_empty() {
            self.can_be_read()?;
            // Already true: the verification has the word.
            self.push(started(Vec::new(), guards.to_vec(), option.cloned()));
            return Ok(());
        }
        self.can_send()?;
        self.fits_a_record(changes)?;
        self.guarded(guards, self.planned.guards.iter().collect(), changes)?;
        if !self.agreed(changes)? {
            return Ok(());
        }
        self.named(typed)?;
        if let Some(o) = option {
            self.with_option(o);
        }
        self.in_order();
        if self.brings_home() {
            self.carry_ledger();
        }
        self.state_loss();
        self.push(started(changes.to_vec(), guards.to_vec(), option.cloned()));
        self.intend(changes, 0, false);
        Ok(())
    }

    /// Taking back is a change like any other: guarded, agreed to, and its target named where that is asked.
    fn undo(
        &mut self,
        changes: &[Change],
        left: &[String],
        guards: &[Reading],
        typed: Option<&str>,
    ) -> Result<(), Refusal> {
        self.may_be_taken_back("taking back")?;
        self.not_paused()?;
        if self.run.tabletop() {
            return self.told_back(typed);
        }
        let step = || self.step.id.clone();
        if changes.is_empty() {
            return Err(Refusal::NothingToUndo { step: step(), left: left.to_vec() });
        }
        if let Some(by) = self.run.holds_up(&self.step.id) {
            return Err(Refusal::HoldsUp { step: step(), by: by.id.clone() });
        }
        self.fits_a_record(changes)?;
        self.guarded(guards, self.planned.guards.iter().filter(|g| guards_undo(g)).collect(), changes)?;
        if !self.agreed(changes)? {
            return Ok(());
        }
        self.named(typed)?;
        self.push(Event::StepStarted {
            changes: changes.to_vec(),
            guards: guards.to_vec(),
            option: None,
            undo: true,
            left: left.to_vec(),
        });
        self.intend(changes, 0, true);
        Ok(())
    }

    fn may_be_taken_back(&self, what: &'static str) -> Result<(), Refusal> {
        if self.run.tabletop() {
            return self.people_can_take_it_back();
        }
        if self.step.can_go_back() { Ok(()) } else { self.refuse(what) }
    }

    /// The target's name was typed, where it has to be.
    pub(super) fn named(&self, typed: Option<&str>) -> Result<(), Refusal> {
        match self.planned.typed_name() {
            Some(name) if typed.map(str::trim) != Some(name) => Err(Refusal::Typed(name.to_owned())),
            _ => Ok(()),
        }
    }

    fn fits_a_record(&self, changes: &[Change]) -> Result<(), Refusal> {
        let too_big = |bytes| Refusal::TooBig { step: self.step.id.clone(), bytes };
        cut::too_big(changes).map_or(Ok(()), |bytes| Err(too_big(bytes)))
    }

    /// What nothing will ever show must not hold the run up.
    fn or_never_known(&self, states: &mut Vec<StepState>) {
        if self.step.never_known() {
            states.push(StepState::Indeterminate);
        }
    }

    /// What may be lost is in the record before it is, once.
    pub(super) fn state_loss(&mut self) {
        let Some(loss) = &self.planned.may_lose else { return };
        let text = super::books::own_loss(&self.step.id, loss);
        if !self.run.losses.iter().any(|(_, stated)| *stated == text) {
            self.push(Event::Loss { loss: LossKind::Lost, text });
        }
    }

    fn intend(&mut self, changes: &[Change], n: usize, undo: bool) {
        if let Some(c) = changes.get(n) {
            self.push_system(Event::ActionIntended {
                n: u32::try_from(n).unwrap_or(u32::MAX),
                method: c.method.clone(),
                url: c.url.clone(),
                body_sha256: sha256_hex(c.body.as_deref().unwrap_or_default().as_bytes()),
                undo,
            });
        }
    }

    /// A result must belong to a request that is open, of a step that nobody has declared over meanwhile; that a second
    /// person is asked about taking it back does not open it again.
    fn open_request(&self, n: u32) -> Result<(), Refusal> {
        if !matches!(self.step.own_state(), StepState::Running | StepState::Indeterminate | StepState::AwaitingApproval)
        {
            return Err(Refusal::Stale);
        }
        match self.step.changes.get(n as usize).map(|c| &c.state) {
            Some(ChangeState::Intended | ChangeState::Accepted(_) | ChangeState::Indeterminate) => Ok(()),
            _ => Err(Refusal::Stale),
        }
    }

    /// After request `n` worked: the next one, or checking. After a crash a person begins the rest.
    fn next_request(&mut self, n: u32) {
        let next = n as usize + 1;
        if next >= self.step.changes.len() {
            return;
        }
        let done = next + self.step.changes.iter().skip(next).filter(|c| c.state == ChangeState::Done).count();
        let of = self.step.changes.len();
        if self.step.interrupted {
            let mut s = self.step.clone();
            s.changes[n as usize].state = ChangeState::Done;
            self.push_system(interrupted(&s));
            return;
        }
        if let Some(why) = &self.run.paused {
            // Whoever pauses wants Azure left alone.
            let failure = Failure {
                code: INTERRUPTED.to_owned(),
                message: format!("the run was paused in between ({why}): {done} of {of} changes were made"),
                next: "Resume and try again: Azure is read again and only what is missing is sent.".to_owned(),
            };
            self.push_system(Event::StepFailed { failure, readings: Vec::new() });
            return;
        }
        let changes: Vec<Change> = self.step.changes.iter().map(|c| c.change.clone()).collect();
        self.intend(&changes, next, self.step.undoing);
    }

    fn read_back(&mut self, n: u32, found: Found, detail: &str) -> Result<(), Refusal> {
        self.open_request(n)?;
        self.push(Event::ActionReconciled { n, found, detail: detail.to_owned() });
        match found {
            Found::Applied => self.next_request(n),
            Found::NotApplied => self.push_system(Event::StepFailed {
                failure: Failure {
                    code: "NotApplied".to_owned(),
                    message: format!(
                        "the request was caught half way ({}), and Azure does not show it",
                        self.step.unclear.as_deref().unwrap_or(detail)
                    ),
                    next: "Retry sends it again; or do it by hand, or skip it with a reason.".to_owned(),
                },
                readings: Vec::new(),
            }),
            Found::Running | Found::Unknown => {}
        }
        Ok(())
    }

    fn verified(&mut self, readings: &[Reading], failure: Option<&Failure>) {
        let nothing = Failure {
            code: "NothingRead".to_owned(),
            message: "its verification read nothing, so it proves nothing".to_owned(),
            next: "Look yourself and say by hand what you see.".to_owned(),
        };
        let failure = failure.or_else(|| readings.is_empty().then_some(&nothing));
        if let Some(f) = failure {
            self.push(Event::StepFailed { failure: f.clone(), readings: readings.to_vec() });
        } else if self.step.undoing && !self.step.left.is_empty() {
            let failure = Failure {
                code: "PartlyTakenBack".to_owned(),
                message: format!("taken back in part; left as it is: {}", self.step.left.join(" ")),
                next: "Look at what is left in Azure. Try the step again, take the rest back by hand, or skip it."
                    .to_owned(),
            };
            self.push(Event::StepFailed { failure, readings: readings.to_vec() });
        } else if self.step.undoing {
            self.push(Event::StepVerified { readings: readings.to_vec() });
            self.push(Event::StepUndone);
        } else if self.planned.asks_a_word_too() {
            // The rest is a person's to say.
            self.push(Event::StepVerified { readings: readings.to_vec() });
        } else if self.planned.must_hold || (self.planned.action.is_some() && self.step.applied.is_empty()) {
            self.push(Event::StepAlreadyTrue { readings: readings.to_vec() });
        } else {
            self.push(Event::StepVerified { readings: readings.to_vec() });
            self.push(Event::StepDoneByApp);
        }
    }

    fn confirm(&mut self, evidence_text: &str) -> Result<(), Refusal> {
        use StepState as S;
        self.must_be(&[S::Ready, S::Failed, S::Undone, S::Indeterminate], "confirming")?;
        if self.planned.decision {
            return self.refuse("confirming (it is a decision)");
        }
        let word = text("the evidence", evidence_text)?;
        let asked = self.run.waits_for_word(self.i);
        if asked && self.planned.action.is_some() {
            // Lifeboat did it, with all the agreement it took, or found it so; a person adds what cannot be read.
            self.push(evidence(&word));
            let found = Event::StepAlreadyTrue { readings: self.step.readings.clone() };
            self.push(if self.step.applied.is_empty() { found } else { Event::StepDoneByApp });
            return Ok(());
        }
        if !asked {
            self.push(Event::Deviation {
                rule: self.step.id.clone(),
                reason: "done by hand on a person's word instead of by Lifeboat".to_owned(),
            });
        }
        if self.brings_home() {
            self.carry_ledger();
        }
        self.state_loss();
        let changes_azure = self.planned.risk != Risk::ReadOnly;
        if self.planned.second_person.is_some() && !self.dry() && (changes_azure || self.planned.asks_a_person()) {
            let ticket = self.ticket.clone();
            let digest = approval::of_words(self.plan_digest(), &self.step.id, &[&word]);
            self.push(evidence(&word));
            return self.ask(digest, format!("{}: {word}", self.planned.title), false, &ticket);
        }
        self.push(Event::StepDoneByHand { evidence: word });
        Ok(())
    }
}

/// Time between switches is asked for against flapping; taking a bad switch back must not wait for it.
pub fn guards_undo(g: &Guard) -> bool {
    !matches!(g, Guard::WaitSinceLastSwitch { .. })
}

pub(super) fn evidence(words: &str) -> Event {
    Event::Evidence(Evidence {
        name: WORD.to_owned(),
        sha256: sha256_hex(words.as_bytes()),
        text: words.to_owned(),
        ..Evidence::default()
    })
}

pub(super) fn started(changes: Vec<Change>, guards: Vec<Reading>, option: Option<String>) -> Event {
    Event::StepStarted { changes, guards, option, undo: false, left: Vec::new() }
}

/// Evidence as people name it; what is a person's word has a name of its own, which no evidence takes.
pub(super) fn proving(e: &Evidence) -> Evidence {
    let name = if e.name == WORD { format!("{WORD}, as evidence") } else { e.name.clone() };
    Evidence { name, ..e.clone() }
}

fn describe(planned: &PlannedStep, changes: &[Change]) -> String {
    let what: Vec<&str> = changes.iter().map(|c| c.what.as_str()).collect();
    format!("{} ({})", planned.title, what.join("; "))
}
