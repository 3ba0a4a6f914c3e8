//! The answer, and who may give it: the same rules on both laptops.

use serde::{Deserialize, Serialize};

use super::block::{Letter, Signed};
use super::device::Device;
use super::request::Request;
use super::{ApprovalError, CLOCKS_DIFFER};
use crate::health::sighting::Colleague;
use crate::run::event::Proof;
use crate::units::{Millis, PublicKey, utc_text};

/// Longest reason of a refusal, in signs.
const REASON: usize = 1_000;
/// Longest name that is shown.
const NAME: usize = 80;

/// What a second person says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// SHA-256 of the whole request.
    pub request: String,
    /// Run.
    pub run: String,
    /// Step.
    pub step: String,
    /// Digest agreed to, or refused.
    pub digest: String,
    /// The request's number.
    pub nonce: String,
    /// Yes or no.
    pub verdict: Verdict,
    /// Who, as they call themselves.
    pub name: String,
    /// Their device.
    pub key: PublicKey,
    /// When, by their clock (UTC ms).
    pub at: i64,
    /// What their device says of the checkpoint in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// Whether a device signed that it saw a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Its signature line.
    Signed(String),
    /// It did not sign, because.
    Refused(String),
}

/// Yes, or no with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Exactly this.
    Agreed,
    /// Not, because.
    Refused(String),
}

impl Letter for Answer {
    const NAME: &'static str = "approval answer";
    const DOMAIN: &'static str = "lifeboat-approval-answer-1\n";
    fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// A laptop on which a request is judged.
#[derive(Debug, Clone)]
pub struct Here<'a> {
    /// Its clock (UTC ms).
    pub now: i64,
    /// Its own key, if it has one yet.
    pub mine: Option<&'a PublicKey>,
    /// Whose keys are known.
    pub known: &'a [Colleague],
}

impl Here<'_> {
    /// Somebody by their key.
    pub fn named(&self, key: &PublicKey) -> Option<&Colleague> {
        self.known.iter().find(|c| c.key == *key)
    }
}

/// Why a request cannot be agreed to on this laptop; nothing: it can.
pub fn judge(request: &Request, here: &Here<'_>) -> Result<(), ApprovalError> {
    request.honest()?;
    if here.mine == Some(&request.key) {
        return Err(ApprovalError::MadeHere);
    }
    if here.named(&request.key).is_none() {
        return Err(ApprovalError::UnknownKey(request.key.fingerprint()));
    }
    if request.scenario {
        return Ok(());
    }
    if here.now > request.until {
        return Err(ApprovalError::Expired(utc_text(request.until)));
    }
    let ahead = request.asked_at.saturating_sub(here.now);
    match u64::try_from(ahead) {
        Ok(ahead) if ahead > CLOCKS_DIFFER.0 => {
            Err(ApprovalError::Future(Millis::whole_seconds(request.asked_at - here.now).to_string()))
        }
        _ => Ok(()),
    }
}

impl Answer {
    /// Signs an answer to a request that was shown. Where its name has to be typed, `typed` is what was.
    pub fn to(
        request: &Signed<Request>,
        verdict: Verdict,
        typed: Option<&str>,
        me: &str,
        here: &Here<'_>,
        device: &Device,
    ) -> Result<Signed<Self>, ApprovalError> {
        Self::seeing(request, verdict, typed, me, here, device, None)
    }

    /// The same, with what this device says of the checkpoint in the request.
    pub fn seeing(
        request: &Signed<Request>,
        verdict: Verdict,
        typed: Option<&str>,
        me: &str,
        here: &Here<'_>,
        device: &Device,
        seen: Option<Seen>,
    ) -> Result<Signed<Self>, ApprovalError> {
        let r = request.what();
        let with_own = Here { mine: Some(device.public()), ..here.clone() };
        judge(r, &with_own)?;
        may_say(r.typed_name.as_deref(), &verdict, typed)?;
        let answer = Self::of(request, verdict, me, here.now, device);
        Signed::new(Self { seen, ..answer }, device)
    }

    /// The same, given beside the operator on the device that asks.
    pub fn beside(
        request: &Signed<Request>,
        me: &str,
        now: i64,
        device: &Device,
    ) -> Result<Signed<Self>, ApprovalError> {
        request.what().honest()?;
        Signed::new(Self::of(request, Verdict::Agreed, me, now, device), device)
    }

    fn of(request: &Signed<Request>, verdict: Verdict, me: &str, now: i64, device: &Device) -> Self {
        let r = request.what();
        Self {
            request: request.hash(),
            run: r.run.clone(),
            step: r.step.id.clone(),
            digest: r.digest.clone(),
            nonce: r.nonce.clone(),
            verdict,
            name: me.chars().take(NAME).collect(),
            key: device.public().clone(),
            at: now,
            seen: None,
        }
    }
}

/// What has to be typed, and what has to be said.
pub fn may_say(name: Option<&str>, verdict: &Verdict, typed: Option<&str>) -> Result<(), ApprovalError> {
    match (verdict, name) {
        (Verdict::Agreed, Some(name)) if typed.map(str::trim) != Some(name) => {
            Err(ApprovalError::Typed(name.to_owned()))
        }
        (Verdict::Refused(why), _) if why.trim().is_empty() || why.chars().count() > REASON => {
            Err(ApprovalError::Reason(REASON))
        }
        _ => Ok(()),
    }
}

impl Signed<Answer> {
    /// Whose answer it is to this request, for the record; on the operator's laptop. The key has to be one that is known
    /// here, and not one of those who carry the step out.
    pub fn proof(&self, request: &Signed<Request>, here: &Here<'_>) -> Result<Proof, ApprovalError> {
        let (a, r) = (self.what(), request.what());
        if a.run != r.run {
            return Err(ApprovalError::OtherRun(a.run.chars().take(40).collect()));
        }
        if a.request != request.hash() || a.nonce != r.nonce || a.digest != r.digest || a.step != r.step.id {
            return Err(ApprovalError::OtherRequest(r.step.id.clone()));
        }
        if here.now > r.until {
            return Err(ApprovalError::Expired(utc_text(r.until)));
        }
        let same_device = a.key == r.key;
        if same_device || here.mine == Some(&a.key) {
            return Err(ApprovalError::OwnKey);
        }
        let Some(them) = here.named(&a.key) else { return Err(ApprovalError::UnknownKey(a.key.fingerprint())) };
        Ok(Proof { name: them.name.clone(), ..self.own_proof(false) })
    }

    /// The same of an answer that was given on the device that asks.
    pub fn own_proof(&self, same_device: bool) -> Proof {
        let a = self.what();
        Proof {
            name: a.name.clone(),
            key: a.key.to_string(),
            request: a.request.clone(),
            nonce: a.nonce.clone(),
            signature: self.signature(),
            same_device,
        }
    }
}
