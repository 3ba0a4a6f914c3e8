//! The second person's rules: what exactly they agree to, whose answer counts, and for how long.
//!
//! A digest covers the plan, the step and every request it would send. People are told apart by the keys of their devices;
//! whether a signature is good is found out before an answer comes here. A guard is set aside in the same way: by two
//! people, by its name, for these requests, for one attempt.
//!
//! Time is that of the computer's clock, which people and services set. So what was asked is over as well when Lifeboat's
//! own timer says so, or when it is earlier now than when it was asked.

use serde::Serialize;
use serde_json::json;

use crate::runbook::model::Guard;
use crate::units::sha256_hex;

use super::command::Ticket;
use super::decide::{Draft, Refusal, text};
use super::event::{Actor, Change, Event, Mode, Proof, Reading, StepState};
use super::rules::{Step, evidence};
use super::state::{Asked, Participant, Run, StepRun};
use super::step::SetAside;

/// Role of whoever carries a run out.
pub const OPERATOR: &str = "operator";
/// Role of whoever agrees.
pub const SECOND_PERSON: &str = "second person";
const TOO_LONG_AGO: &str = "it was agreed to too long ago";

/// What a digest of changes is taken of, as JSON with its keys in the order of the alphabet.
#[derive(Serialize)]
struct SignedChanges<'a> {
    plan: &'a str,
    requests: Vec<SignedRequest<'a>>,
    step: &'a str,
}

/// All of a request that Azure would see, and whom it is about.
#[derive(Serialize)]
struct SignedRequest<'a> {
    body: Option<&'a str>,
    if_match: Option<&'a str>,
    method: &'a str,
    only_if_absent: bool,
    target: &'a str,
    url: &'a str,
}

impl<'a> SignedRequest<'a> {
    fn of(c: &'a Change) -> Self {
        let Change { body, if_match, method, only_if_absent, target, url, .. } = c;
        Self {
            body: body.as_deref(),
            if_match: if_match.as_deref(),
            method,
            only_if_absent: *only_if_absent,
            target,
            url,
        }
    }
}

/// Digest of a step's changes within a plan. Any other byte of any request is another digest.
pub fn of_changes(plan_digest: &str, step: &str, changes: &[Change]) -> String {
    digest(&SignedChanges { plan: plan_digest, requests: changes.iter().map(SignedRequest::of).collect(), step })
}

/// Digest of words: a decision, or a confirmation.
pub fn of_words(plan_digest: &str, step: &str, words: &[&str]) -> String {
    digest(&json!({ "plan": plan_digest, "step": step, "words": words }))
}

/// Digest of setting a guard aside for these changes.
pub fn of_glass(plan_digest: &str, step: &str, guard: &str, reason: &str, changes: &[Change]) -> String {
    let changes = of_changes(plan_digest, step, changes);
    digest(&json!({ "plan": plan_digest, "step": step, "glass": guard, "reason": reason, "changes": changes }))
}

fn digest(value: &impl Serialize) -> String {
    sha256_hex(&serde_json::to_vec(value).unwrap_or_default())
}

/// Whether this is the key of somebody who carries the run out now. Who passed it on may be the second person.
pub fn carries_out(run: &Run, key: &str) -> bool {
    run.operator_keys.iter().any(|k| k.eq_ignore_ascii_case(key))
}

/// Whether two names are one person's, as people write them.
pub fn namesakes(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Whether its time has passed: asked later than now is asked before the clock was set back.
fn over(asked_at: i64, until: Option<i64>, now: i64) -> bool {
    until.is_some_and(|until| now > until || now < asked_at)
}

/// Takes back every question and every agreement that was not used: whoever goes on asks anew.
pub(super) fn void_all(run: &Run, why: &str) -> Vec<Draft> {
    let mut out = Vec::new();
    for s in &run.steps {
        let open = s.asked.as_ref().filter(|a| a.answer.is_none() && s.own_state() == StepState::AwaitingApproval);
        // The open question last: what was agreed to before it would hold again.
        out.extend(s.unused().chain(open).map(|a| Draft {
            actor: Actor::System,
            step: Some(s.id.clone()),
            event: Event::ApprovalVoided { digest: a.digest.clone(), why: why.to_owned() },
        }));
    }
    out
}

impl Step<'_> {
    fn mode(&self) -> Option<Mode> {
        self.run.start.as_ref().map(|s| s.mode)
    }

    /// Nothing is sent, so there is nothing to agree to.
    pub(super) fn dry(&self) -> bool {
        self.mode() == Some(Mode::DryRun)
    }

    /// A script may stand in for a person where nothing real happens.
    fn rehearsed(&self) -> bool {
        matches!(self.mode(), Some(Mode::Rehearsal | Mode::Tabletop))
    }

    pub(super) fn ask(&mut self, digest: String, what: String, undo: bool, ticket: &Ticket) -> Result<(), Refusal> {
        self.ask_about(digest, what, undo, None, ticket)
    }

    fn ask_about(
        &mut self,
        digest: String,
        what: String,
        undo: bool,
        glass: Option<String>,
        ticket: &Ticket,
    ) -> Result<(), Refusal> {
        let numbered = !ticket.nonce.is_empty() && ticket.until.is_some();
        let used = |n: &str| self.run.steps.iter().filter_map(|s| s.asked.as_ref()).any(|a| a.nonce == n);
        if (!self.rehearsed() && !numbered) || (!ticket.nonce.is_empty() && used(&ticket.nonce)) {
            return Err(Refusal::NotUnique(self.step.id.clone()));
        }
        self.push(Event::ApprovalRequested {
            digest,
            what,
            undo,
            glass,
            nonce: ticket.nonce.clone(),
            until: ticket.until,
        });
        Ok(())
    }

    /// Asks to let this attempt go on although a guard does not hold.
    pub(super) fn break_glass(
        &mut self,
        guard: &str,
        reason: &str,
        changes: &[Change],
        ticket: &Ticket,
    ) -> Result<(), Refusal> {
        use StepState as S;
        self.must_be(&[S::Ready, S::Undone, S::DoneByApp, S::Failed], "breaking the glass")?;
        self.not_paused()?;
        if !self.planned.guards.iter().any(|g| guard_name(g) == guard) {
            return Err(Refusal::NoGuard { step: self.step.id.clone(), guard: guard.to_owned() });
        }
        let reason = text("the reason", reason)?;
        let digest = of_glass(self.plan_digest(), &self.step.id, guard, &reason, changes);
        let what = format!("Break the glass: go on although the guard “{guard}” does not hold. {reason}");
        self.push(evidence(&reason));
        self.ask_about(digest, what, false, Some(guard.to_owned()), ticket)
    }

    pub(super) fn answer(
        &mut self,
        digest: &str,
        verdict: &Result<(), String>,
        method: &str,
        label: &str,
        proof: Option<&Proof>,
    ) -> Result<(), Refusal> {
        let asked = self.step.asked.as_ref().filter(|a| a.answer.is_none() && a.digest == digest);
        let Some(asked) = asked.filter(|_| self.state() == StepState::AwaitingApproval) else {
            return Err(Refusal::Stale);
        };
        let glass = asked.glass.clone();
        self.may_answer(proof, asked)?;
        let digest = digest.to_owned();
        if let Err(reason) = verdict {
            self.push(Event::Denied { digest, reason: reason.clone() });
            return Ok(());
        }
        self.takes_part(proof);
        self.push(Event::Approved {
            digest,
            method: method.to_owned(),
            label: label.to_owned(),
            proof: proof.cloned().map(Box::new),
        });
        let word = self.step.pending_word.clone();
        match glass {
            Some(guard) => {
                let reason = word.unwrap_or_default();
                let text = format!(
                    "{}: the guard “{guard}” was set aside by {} and {} ({reason}). Was that right, and should the rule change?",
                    self.step.id,
                    self.run.operator,
                    self.actor.display()
                );
                self.push_system(Event::GlassBroken { guard, reason });
                self.push_system(Event::Finding { text, rates: None });
            }
            // The word was a person's; the approver only countersigned it.
            None => {
                if let Some(word) = word {
                    self.push(Event::StepDoneByHand { evidence: word });
                }
            }
        }
        Ok(())
    }

    /// Whether this answer is somebody else's, to this question, in time.
    fn may_answer(&self, proof: Option<&Proof>, asked: &Asked) -> Result<(), Refusal> {
        let step = || self.step.id.clone();
        let Actor::Approver(name) = self.actor else { return Err(Refusal::SamePerson(step())) };
        if over(asked.at, asked.until, self.now) {
            return Err(Refusal::TooLate(step()));
        }
        let namesake = namesakes(name, &self.run.operator);
        let Some(proof) = proof else {
            // Without keys a name is all there is to tell two people apart.
            return match (self.rehearsed(), namesake) {
                (false, _) => Err(Refusal::NoProof(step())),
                (true, true) => Err(Refusal::SamePerson(step())),
                (true, false) => Ok(()),
            };
        };
        if proof.nonce != asked.nonce || asked.nonce.is_empty() {
            return Err(Refusal::OtherQuestion(step()));
        }
        if self.run.operator_keys.is_empty() {
            return Err(Refusal::NoOperatorKey(step()));
        }
        match (proof.same_device, carries_out(self.run, &proof.key)) {
            (true, _) if namesake => Err(Refusal::SamePerson(step())),
            // A device that claims to be the operator's own and is not.
            (true, false) => Err(Refusal::OtherQuestion(step())),
            (false, true) => Err(Refusal::OwnKey(step())),
            _ => Ok(()),
        }
    }

    /// Whose key agreed is in the record as a participant's.
    fn takes_part(&mut self, proof: Option<&Proof>) {
        let Some(proof) = proof else { return };
        let key = (!proof.same_device).then(|| proof.key.clone());
        let them = Participant { name: proof.name.clone(), role: SECOND_PERSON.to_owned(), key, absent: false };
        if !self.run.participants.contains(&them) {
            let event = Event::Participant { name: them.name, role: them.role, key: them.key, absent: false };
            self.out.push(Draft { actor: Actor::System, step: None, event });
        }
    }

    /// The question is over without an answer: its time has passed, or the operator takes it back. What was agreed to and
    /// not used is over by its time as well.
    pub(super) fn expire(&mut self, digest: &str) -> Result<(), Refusal> {
        let open = self.step.asked.as_ref().filter(|a| a.answer.is_none() && a.digest == digest);
        let open = open.filter(|_| self.state() == StepState::AwaitingApproval);
        // The timer of this very question does not look at the computer's clock.
        let due = |nonce: &str, until: Option<i64>| {
            let timer = !nonce.is_empty() && nonce == self.ticket.nonce;
            timer || until.is_some_and(|until| self.now >= until)
        };
        let why = match (self.actor, open) {
            (Actor::Operator(_), Some(_)) => "the question was withdrawn",
            (Actor::Operator(_), None) => return Err(Refusal::Stale),
            (_, Some(a)) if due(&a.nonce, a.until) => "nobody answered in time",
            (_, None) if self.step.unused().any(|u| u.digest == digest && due(&u.nonce, u.until)) => TOO_LONG_AGO,
            _ => return Err(Refusal::Stale),
        };
        self.push(Event::ApprovalVoided { digest: digest.to_owned(), why: why.to_owned() });
        Ok(())
    }

    /// Every guard was read, and holds, or was set aside for this attempt.
    pub(super) fn guarded(&self, read: &[Reading], asked: Vec<&Guard>, changes: &[Change]) -> Result<(), Refusal> {
        let holds = |g: &&Reading| g.ok == Some(true) || set_aside(self.run, self.step, &g.name, changes, self.now);
        if let Some(bad) = read.iter().find(|g| !holds(g)) {
            let why = if bad.ok.is_none() { format!("unknown, {}", bad.value) } else { bad.value.clone() };
            return Err(Refusal::Guard { guard: bad.name.clone(), why });
        }
        match asked.get(read.len()) {
            Some(unread) => {
                Err(Refusal::Guard { guard: guard_name(unread).to_owned(), why: "it was not read".to_owned() })
            }
            None => Ok(()),
        }
    }

    /// The second person agreed to exactly this, where one is asked. False: what they agreed to is void, and recorded so.
    pub(super) fn agreed(&mut self, changes: &[Change]) -> Result<bool, Refusal> {
        if self.planned.second_person.is_none() {
            return Ok(true);
        }
        let Some(asked) = self.step.in_force() else { return Err(Refusal::NeedsApproval(self.step.id.clone())) };
        let given = asked.digest.clone();
        let why = if given != of_changes(self.plan_digest(), &self.step.id, changes) {
            "what would be sent is no longer what was agreed to"
        } else if over(asked.at, asked.until, self.now) {
            TOO_LONG_AGO
        } else {
            return Ok(true);
        };
        self.push_system(Event::ApprovalVoided { digest: given, why: why.to_owned() });
        Ok(false)
    }
}

/// Whether two people set this guard aside for exactly these changes, not too long ago.
pub fn set_aside(run: &Run, step: &StepRun, guard: &str, changes: &[Change], now: i64) -> bool {
    let plan = run.start.as_ref().map_or("", |s| s.digest.as_str());
    let for_these = |s: &SetAside| of_glass(plan, &step.id, guard, &s.reason, changes) == s.asked.digest;
    step.glass.iter().any(|s| s.guard == guard && !over(s.asked.at, s.asked.until, now) && for_these(s))
}

/// A guard, as readings, cards and records name it.
pub fn guard_name(g: &Guard) -> &'static str {
    match g {
        Guard::AtLeastOneRegionServes { .. } => "at least one region serves afterwards",
        Guard::WaitSinceLastSwitch { .. } => "enough time since the last switch",
        Guard::ObserverSees => "this laptop can see",
    }
}
