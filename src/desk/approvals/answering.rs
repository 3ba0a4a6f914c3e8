//! On the second person's laptop: a request is read, shown whole, and answered or refused.

use std::path::PathBuf;
use std::sync::Arc;

use crate::approval::phone::Challenge;
use crate::approval::{Answer, ApprovalError, Here, PARTS, Request, Signed, Verdict, is_there, join, judge, may_say};
use crate::catalog::Catalog;
use crate::export::qr;
use crate::health::sighting::Colleague;
use crate::plan::model::Plan;
use crate::runbook::model::Strategy;

use super::super::DeskError;
use super::super::anchors::witness;
use super::super::supervisor::Desk;
use super::{Pending, Shown, What, keep_answer, view};

/// The plan that a challenge speaks of, among those that are here.
pub fn plan_of(catalog: &Catalog, challenge: Challenge) -> Result<Plan, ApprovalError> {
    let mut found: Option<Plan> = None;
    for file in catalog.plans() {
        for strategy in std::iter::once(None).chain(Strategy::ALL.map(Some)) {
            let Some(plan) = catalog.bind(file, strategy).0.filter(|p| challenge.step(p).is_some()) else { continue };
            match &found {
                Some(other) if other.digest != plan.digest => return Err(ApprovalError::SeveralPlans),
                _ => found = Some(plan),
            }
        }
    }
    found.ok_or(ApprovalError::NoPlan)
}

impl Desk {
    /// A request came: as a block, as what pictures held, or as a challenge that was read aloud.
    pub(super) fn read_request(&mut self, text: &str) -> Result<(), DeskError> {
        let what = if let Some(challenge) = Challenge::heard(text) {
            let challenge = challenge?;
            let (from, _) = challenge.from(&self.approving.roster.colleagues)?;
            let from: Colleague = from.clone();
            Pending::Phone(challenge, Arc::new(plan_of(&self.catalog, challenge)?), from)
        } else if text.contains('[') || is_there::<Request>(text) {
            Pending::Whole(Box::new(Signed::read(text)?))
        } else {
            Pending::Whole(Box::new(Signed::unpack(text).map_err(|e| match e {
                ApprovalError::Damaged(_) => ApprovalError::NoBlock("approval request"),
                e => e,
            })?))
        };
        let view = Arc::new(self.view_of(&what));
        self.approving.shown = Some(Shown { what, view });
        Ok(())
    }

    fn view_of(&self, what: &Pending) -> super::RequestView {
        // Whoever is asked lives by their own clock, also beside a rehearsal.
        let here = self.approving.here(self.system_clock.now().utc);
        let view = view::request(what, &here);
        match what {
            Pending::Whole(signed) => view::beside(view, witness::look(&self.options.home, signed.what())),
            Pending::Phone(..) => view,
        }
    }

    /// After the roster changed.
    pub(super) fn show_again(&mut self) {
        let Some(shown) = &self.approving.shown else { return };
        let super::RequestView { verdict, answer, code, .. } = (*shown.view).clone();
        let view = super::RequestView { verdict, answer, code, ..self.view_of(&shown.what) };
        if let Some(shown) = &mut self.approving.shown {
            shown.view = Arc::new(view);
        }
    }

    pub(super) fn read_pictures(&mut self, files: Vec<PathBuf>) -> Result<(), DeskError> {
        if files.len() > PARTS {
            return Err(ApprovalError::TooLarge.into());
        }
        self.with_files(move || {
            let mut texts = Vec::new();
            for file in &files {
                texts.extend(qr::read_file(file)?);
            }
            Ok(What::Read(join(texts.iter().map(String::as_str))?))
        });
        Ok(())
    }

    /// Yes to the request that was on show when it was said: another may have come meanwhile.
    pub(super) fn approve(&mut self, id: &str, typed: Option<String>) -> Result<(), DeskError> {
        let what = self.approving.shown.as_ref().ok_or(DeskError::NoRequest)?.what.clone();
        if what.id() != id {
            return Err(DeskError::ChangedSince);
        }
        match what {
            Pending::Whole(signed) => self.answer_with(*signed, Verdict::Agreed, typed),
            Pending::Phone(challenge, plan, from) => {
                let name = challenge.step(&plan).and_then(|s| s.typed_name());
                may_say(name, &Verdict::Agreed, typed.as_deref())?;
                let pair = from.pair.ok_or(ApprovalError::NoPair)?;
                self.with_key(move |device| Ok(What::Code(challenge, challenge.code(device, &pair, &plan)?)));
                Ok(())
            }
        }
    }

    pub(super) fn refuse_request(&mut self, reason: String) -> Result<(), DeskError> {
        let what = self.approving.shown.as_ref().ok_or(DeskError::NoRequest)?.what.clone();
        match what {
            Pending::Whole(signed) => self.answer_with(*signed, Verdict::Refused(reason), None),
            Pending::Phone(..) => {
                self.approving.shown = None;
                self.say("nothing was agreed to: say no on the phone, and why; they take the question back".to_owned());
                Ok(())
            }
        }
    }

    fn answer_with(
        &mut self,
        signed: Signed<Request>,
        verdict: Verdict,
        typed: Option<String>,
    ) -> Result<(), DeskError> {
        let (me, now) = (self.operator.clone(), self.system_clock.now().utc);
        let r = signed.what();
        judge(r, &self.approving.here(now))?;
        may_say(r.typed_name.as_deref(), &verdict, typed.as_deref())?;
        let (known, home) = (self.approving.roster.colleagues.clone(), self.options.home.clone());
        self.with_key(move |device| {
            let here = Here { now, mine: None, known: &known };
            let seen = witness::signs(&home, signed.what(), &verdict, device, now);
            let answer =
                Answer::seeing(&signed, verdict.clone(), typed.as_deref(), &me, &here, device, seen)?.block()?;
            keep_answer(&home, signed.what(), &signed.block()?, &answer)?;
            Ok(What::Answered(signed.what().nonce.clone(), verdict, answer))
        });
        Ok(())
    }

    pub(super) fn answered(&mut self, nonce: &str, verdict: Verdict, answer: String) {
        let is = |s: &&mut Shown| matches!(&s.what, Pending::Whole(r) if r.what().nonce == nonce);
        if let Some(shown) = self.approving.shown.as_mut().filter(is) {
            let view = Arc::make_mut(&mut shown.view);
            (view.verdict, view.answer) = (Some(verdict), Some(answer.into()));
        }
    }

    pub(super) fn code_made(&mut self, challenge: Challenge, code: String) {
        let is = |s: &&mut Shown| matches!(&s.what, Pending::Phone(c, ..) if *c == challenge);
        if let Some(shown) = self.approving.shown.as_mut().filter(is) {
            let view = Arc::make_mut(&mut shown.view);
            (view.verdict, view.code) = (Some(Verdict::Agreed), Some(code));
        }
    }
}
