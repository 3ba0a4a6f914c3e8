//! On the operator's laptop: the question goes out, and an answer comes in.

use std::path::{Path, PathBuf};

use crate::approval::phone::{self, Challenge};
use crate::approval::{
    Answer, ApprovalError, Asking, DEVICE_KEY, Device, PHONE, Request, SAME_DEVICE, Signed, Verdict, asking, split,
};
use crate::export::qr;
use crate::plan::model::Plan;
use crate::run::approval::OPERATOR;
use crate::run::command::{Command as Order, StepCommand, Ticket};
use crate::run::event::{Actor, Proof, StepState};
use crate::run::state::Asked;
use crate::runbook::model::StepId;
use crate::units::Millis;

use super::super::DeskError;
use super::super::home::{write_new, write_whole};
use super::super::mailbox::Mail;
use super::super::snapshot::Qr;
use super::super::supervisor::Desk;
use super::super::tabletop::around_table;
use super::{ASKED_KEPT, Question, Ready, What, kept_at, nothing_asked};

/// Wrong codes before the question is taken back: two people who cannot hear each other should write.
const WRONG_CODES: u32 = 5;

/// What a step asks now, if nobody has answered.
pub(super) fn open_question<'a>(run: &'a crate::run::state::Run, step: &str) -> Option<&'a Asked> {
    let s = run.step(step).filter(|s| s.own_state() == StepState::AwaitingApproval)?;
    s.asked.as_ref().filter(|a| a.answer.is_none())
}

impl Desk {
    /// Asks for a guard to be set aside.
    pub(in super::super) fn break_glass(&mut self, step: &str, guard: String, reason: String) -> Result<(), DeskError> {
        let (me, ticket) = (self.me(), self.ticket()?);
        // Around a table nothing is read, and of a run that went to a colleague neither; its refusal says so.
        let o = self.opened()?;
        let unread = around_table(o) || o.session.run.handed_over.is_some();
        let changes = if unread { Vec::new() } else { self.seen(step)?.changes.clone() };
        self.step_as(me, step, StepCommand::BreakGlass { guard, reason, changes, ticket })
    }

    /// The record says that the second person was asked: a person, or the script that stands in for one.
    pub(in super::super) fn second_person_asked(&mut self, step: StepId, digest: String) {
        let Some(o) = self.open.as_deref() else { return };
        let Some(asked) = open_question(&o.session.run, &step) else { return };
        if asked.nonce.is_empty() {
            return self.ask_scripted(step, digest);
        }
        let wait = asked.until.map_or(0, |until| until.saturating_sub(o.session.clock.now().utc));
        // Once the time is over it is, also for an agreement that was not used, whatever the computer's clock says then.
        let timer = Ticket { nonce: asked.nonce.clone(), until: asked.until };
        let (mail, task) = self.hand(o);
        let id = step.clone();
        tokio::spawn(async move {
            task.sleep(Millis(u64::try_from(wait).unwrap_or(0))).await;
            mail.send(Mail::Step(id, StepCommand::Ticketed(timer, Box::new(StepCommand::Expire { digest }))));
        });
        self.sign_question(&step);
    }

    /// Works for this run, wherever it stands; none when it is not open here.
    pub(in super::super) fn in_run<T>(&mut self, run: &str, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.open.as_deref()?.session.id == run {
            return Some(work(self));
        }
        let i = self.others.iter().position(|o| o.session.id == run)?;
        self.behind(i, work)
    }

    /// Makes the request for what a step asks, and has it signed. After a restart the one that went out is taken again: what
    /// it shows was read then.
    fn sign_question(&mut self, step: &str) {
        let Some(o) = self.open.as_deref() else { return };
        let (run, me) = (&o.session.run, self.operator.clone());
        let (Some(asked), Some(plan), Some(s)) = (open_question(run, step), run.plan.clone(), run.step(step)) else {
            return;
        };
        let id = o.session.id.clone();
        let read = o.session.previews.get(step).map(|p| (p.changes.as_slice(), p.guards.as_slice()));
        let a = Asking { run: &id, from: &me, read, head: o.session.head() };
        // Who signs is known with the key; until then any stands in.
        let draft = crate::units::PublicKey::of(&[0; 32]).and_then(|key| asking(run, s, &a, &key));
        let checkpoint = o.session.checkpoint().map(ToString::to_string);
        let kept = kept_at(&o.session.dir, &asked.nonce);
        let nonce = asked.nonce.clone();
        self.with_key(move |device| match draft {
            Some(draft) if !kept.exists() => {
                let signed = Signed::new(Request { key: device.public().clone(), checkpoint, ..draft }, device)?;
                let ready = ready(signed)?;
                write_whole(&kept, ready.block.as_bytes())?;
                Ok(What::Asked(Box::new(ready)))
            }
            _ => again(&kept, &nonce, device, &plan).map(|r| What::Asked(Box::new(r))),
        });
    }

    /// Questions that could not be signed when they were asked.
    pub(super) fn sign_what_waits(&mut self) {
        let Some(o) = self.open.as_deref() else { return };
        let run = &o.session.run;
        let unsigned = |id: &StepId| {
            open_question(run, id).is_some_and(|a| !a.nonce.is_empty() && !self.approving.asked.contains_key(&a.nonce))
        };
        let waiting: Vec<StepId> = run.steps.iter().map(|s| s.id.clone()).filter(unsigned).collect();
        for step in waiting {
            self.sign_question(&step);
        }
    }

    /// A question is signed: whose key carries the step out goes into the record before any answer can.
    pub(super) fn went_out(&mut self, ready: Ready) -> Result<(), DeskError> {
        let run = ready.signed.what().run.clone();
        self.in_run(&run, |desk| desk.offered(ready)).unwrap_or(Ok(()))
    }

    fn offered(&mut self, ready: Ready) -> Result<(), DeskError> {
        let r = ready.signed.what();
        let (nonce, step, key) = (r.nonce.clone(), r.step.id.clone(), r.key.to_string());
        let me = self.operator.clone();
        let o = self.opened()?;
        if open_question(&o.session.run, &step).is_none_or(|a| a.nonce != nonce) {
            return Ok(());
        }
        let plan = o.session.run.plan.clone();
        let known = crate::run::approval::carries_out(&o.session.run, &key);
        if !known {
            self.order(Order::Join { name: me, role: OPERATOR.to_owned(), key: Some(key) })?;
        }
        let challenge = plan.and_then(|p| Challenge::of(&ready.signed, &p).ok());
        let question = Question {
            block: ready.block.into(),
            pictures: ready.pictures,
            challenge: challenge.map(Challenge::text).unwrap_or_default(),
            signed: ready.signed,
            wrong: 0,
        };
        if self.approving.asked.len() >= ASKED_KEPT {
            self.approving.asked.clear();
        }
        self.approving.asked.insert(nonce, question);
        Ok(())
    }

    /// Whether a step still asks what was on show when it was answered.
    pub(super) fn still_asked(&self, step: &str, nonce: &str) -> Result<(), DeskError> {
        let run = &self.open.as_deref().ok_or(DeskError::NoRun)?.session.run;
        let asked = open_question(run, step).ok_or_else(|| nothing_asked(step))?;
        if asked.nonce == nonce { Ok(()) } else { Err(DeskError::ChangedSince) }
    }

    /// The number of what a step asks, when it went out.
    fn number(&self, step: &str) -> Result<String, DeskError> {
        let run = &self.open.as_deref().ok_or(DeskError::NoRun)?.session.run;
        let asked = open_question(run, step).ok_or_else(|| nothing_asked(step))?;
        if self.approving.asked.contains_key(&asked.nonce) {
            return Ok(asked.nonce.clone());
        }
        let why = self.approving.cannot_sign.clone();
        Err(why.map_or_else(|| nothing_asked(step), DeskError::NoKey))
    }

    fn question(&self, step: &str) -> Result<(&Question, std::sync::Arc<Plan>), DeskError> {
        let plan = self.open.as_deref().and_then(|o| o.session.run.plan.clone()).ok_or(DeskError::NoRun)?;
        let q = self.approving.asked.get(&self.number(step)?).ok_or_else(|| nothing_asked(step))?;
        Ok((q, plan))
    }

    /// An answer came as text.
    pub(super) fn take_answer(&mut self, text: &str) -> Result<(), DeskError> {
        let answer = Signed::<Answer>::read(text)?;
        let a = answer.what();
        let Some(q) = self.approving.asked.get(&a.nonce) else {
            let here = self.runs().any(|o| o.session.id == a.run);
            let short = |t: &str| t.chars().filter(|c| !c.is_control()).take(40).collect();
            let e =
                if here { ApprovalError::OtherRequest(short(&a.step)) } else { ApprovalError::OtherRun(short(&a.run)) };
            return Err(e.into());
        };
        let now = self.runs().find(|o| o.session.id == a.run).map_or(i64::MAX, |o| o.session.clock.now().utc);
        let proof = answer.proof(&q.signed, &self.approving.here(now))?;
        let (step, digest) = (a.step.clone(), a.digest.clone());
        let print = a.key.fingerprint();
        let verdict = match &a.verdict {
            Verdict::Agreed => Ok(()),
            Verdict::Refused(why) => Err(why.clone()),
        };
        let label = format!("signed by {}'s own device, key {print}", proof.name);
        let (run, asked) = (a.run.clone(), q.signed.what().checkpoint.clone());
        let work = |desk: &mut Self| {
            let name = proof.name.clone();
            desk.answer_is(&step, digest, verdict, Box::new(proof), DEVICE_KEY, label)?;
            desk.witnessed(asked.as_deref(), a, &name);
            Ok(())
        };
        self.in_run(&run, work).unwrap_or(Err(DeskError::NoRun))
    }

    fn answer_is(
        &mut self,
        step: &str,
        digest: String,
        verdict: Result<(), String>,
        proof: Box<Proof>,
        method: &str,
        label: String,
    ) -> Result<(), DeskError> {
        let who = Actor::Approver(proof.name.clone());
        let nonce = proof.nonce.clone();
        let command = StepCommand::Answer { digest, verdict, method: method.to_owned(), label, proof: Some(proof) };
        self.step_as(who, step, command)?;
        self.approving.asked.remove(&nonce);
        self.land();
        Ok(())
    }

    /// A code was read over the phone.
    pub(super) fn take_code(&mut self, step: &str, approver: &str, code: String) -> Result<(), DeskError> {
        let them = self.approving.roster.colleagues.iter().find(|c| c.name == approver).cloned();
        let them = them.ok_or_else(|| DeskError::NoColleague(approver.to_owned()))?;
        let nonce = self.number(step)?;
        let (q, plan) = self.question(step)?;
        let signed = q.signed.clone();
        self.with_key(move |device| match phone::proof(&signed, &plan, device, &them, &code) {
            Ok(proof) => {
                let label = format!(
                    "code read by {} over the phone: they saw the plan, not what was read just now, and this laptop could \
                     have made the code; it proves less than a signature, and their device saw no checkpoint of the record",
                    proof.name
                );
                Ok(What::Agreed { nonce, proof: Box::new(proof), method: PHONE, label })
            }
            Err(e @ ApprovalError::WrongCode(_)) => Ok(What::WrongCode(nonce, e)),
            Err(e) => Err(e.into()),
        });
        Ok(())
    }

    /// Codes are not guessed: after a few wrong ones the question is taken back.
    pub(super) fn wrong_code(&mut self, nonce: &str, e: ApprovalError) -> Result<(), DeskError> {
        let q = self.approving.asked.get_mut(nonce);
        let step = q.map(|q| {
            q.wrong += 1;
            let r = q.signed.what();
            (q.wrong >= WRONG_CODES).then(|| (r.run.clone(), r.step.id.clone()))
        });
        if let Some(Some((run, step))) = step {
            self.in_run(&run, |desk| desk.withdraw(&step)).unwrap_or(Ok(()))?;
        }
        Err(e.into())
    }

    /// The second person stands here.
    pub(super) fn same_device(&mut self, step: &str, name: &str) -> Result<(), DeskError> {
        let nonce = self.number(step)?;
        let (signed, now) = (self.question(step)?.0.signed.clone(), self.clock().now().utc);
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(DeskError::NoColleague(name));
        }
        self.with_key(move |device| {
            let answer = Answer::beside(&signed, &name, now, device)?;
            let label = "answered on the operator's own device: it shows that somebody agreed here, not who".to_owned();
            Ok(What::Agreed { nonce, proof: Box::new(answer.own_proof(true)), method: SAME_DEVICE, label })
        });
        Ok(())
    }

    /// What was found out beside the desk goes the road of every answer.
    pub(super) fn agreed_by(
        &mut self,
        nonce: &str,
        proof: Box<Proof>,
        method: &'static str,
        label: String,
    ) -> Result<(), DeskError> {
        let Some(q) = self.approving.asked.get(nonce) else { return Err(DeskError::NothingAsked(String::new())) };
        let r = q.signed.what();
        let (run, step, digest) = (r.run.clone(), r.step.id.clone(), r.digest.clone());
        self.in_run(&run, |desk| desk.answer_is(&step, digest, Ok(()), proof, method, label))
            .unwrap_or(Err(DeskError::NoRun))
    }

    pub(super) fn withdraw(&mut self, step: &str) -> Result<(), DeskError> {
        let me = self.me();
        let run = &self.opened()?.session.run;
        let asked = open_question(run, step).ok_or_else(|| nothing_asked(step))?;
        let (digest, nonce) = (asked.digest.clone(), asked.nonce.clone());
        self.step_as(me, step, StepCommand::Expire { digest })?;
        self.approving.asked.remove(&nonce);
        Ok(())
    }

    pub(super) fn save_pictures(&mut self, step: &str, file: PathBuf) -> Result<(), DeskError> {
        let pictures = self.question(step)?.0.pictures.clone();
        if pictures.is_empty() {
            return Err(ApprovalError::TooBigFor("pictures").into());
        }
        self.with_files(move || {
            let mut written = Vec::new();
            for (n, p) in pictures.iter().enumerate() {
                let path = if pictures.len() == 1 { file.clone() } else { numbered(&file, n + 1) };
                if let Err(e) =
                    qr::png(p.width, &p.dark).map_err(DeskError::from).and_then(|png| write_new(&path, &png))
                {
                    // A part of a request is none.
                    written.iter().for_each(|path| drop(std::fs::remove_file(path)));
                    return Err(e);
                }
                written.push(path);
            }
            Ok(What::Saved(written))
        });
        Ok(())
    }
}

/// `request.png` → `request-2.png`.
fn numbered(file: &Path, n: usize) -> PathBuf {
    let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    file.with_file_name(format!("{stem}-{n}.png"))
}

/// A request in all its forms. One too large for pictures goes as text.
fn ready(signed: Signed<Request>) -> Result<Ready, DeskError> {
    let parts = split(&signed.packed()?).unwrap_or_default();
    let qr = |text: &String| qr::squares(text).map(|(width, dark)| Qr { width, dark: dark.into() });
    let pictures = parts.iter().map(qr).collect::<Result<Vec<_>, _>>()?;
    Ok(Ready { block: signed.block()?, signed, pictures })
}

/// The question as it went out before a restart.
fn again(kept: &Path, nonce: &str, device: &Device, plan: &Plan) -> Result<Ready, DeskError> {
    let text = std::fs::read_to_string(kept).map_err(|_| DeskError::AskAgain)?;
    let signed = Signed::<Request>::read(&text)?;
    let r = signed.what();
    r.honest()?;
    if r.nonce != nonce || r.key != *device.public() || r.plan.digest != plan.digest {
        return Err(DeskError::AskAgain);
    }
    ready(signed)
}
