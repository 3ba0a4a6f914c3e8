//! What can go wrong between here and Azure, and what a person does about it.
//!
//! Azure answers errors in at least five shapes and hides the useful code in the innermost of them, so one parser reads
//! them all and always keeps status, code, message, request ids and the (cut) body: at three in the morning the exact
//! words decide whether this is a missing right, a full quota or the region.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::units::{Millis, visible};

/// More of an answer's body than this tells nobody anything and swells the journal.
const BODY_KEPT: usize = 2_000;
/// Says of an answer that it is a page for people; by these words it is known.
const PAGE: &str = "not JSON but a page";
/// As much of a page's words as tells whose it is.
const PAGE_SHOWN: usize = 120;
/// Error details nest; deeper than this is not Azure.
const DETAILS_DEPTH: usize = 8;

/// Codes of a 404 that is not about the resource: a subscription that is not seen, or a service that is not there, says
/// nothing about what lies in it.
const ELSEWHERE: [&str; 4] =
    ["SubscriptionNotFound", "InvalidSubscriptionId", "InvalidResourceNamespace", "InvalidResourceType"];

/// Codes of a service that the subscription does not use: nothing of it is there. That ARM does not know a type, a version
/// or a provider says nothing of what is there.
pub(super) const NOT_USED: [&str; 2] = ["MissingSubscriptionRegistration", "SubscriptionNotRegistered"];

/// Everything that can keep this room from doing what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum AzureError {
    /// Azure answered, and the answer is an error.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The deadline passed. Whether a change was made is not known.
    #[error("{host} gave no answer within {within}")]
    NoAnswer {
        /// Who was asked.
        host: String,
        /// The deadline.
        within: Millis,
    },
    /// No connection came about, so nothing was sent.
    #[error("cannot connect to {host}: {why}")]
    NotReached {
        /// Who was asked.
        host: String,
        /// The chain of causes.
        why: String,
    },
    /// The connection broke after the request had left. Whether a change was made is not known.
    #[error("the connection to {host} broke before its answer was whole: {why}")]
    Broken {
        /// Who was asked.
        host: String,
        /// The chain of causes.
        why: String,
    },
    /// Sign-in gave no token.
    #[error("{0}")]
    SignIn(Box<SignIn>),
    /// A rehearsal may reach nothing but its simulator.
    #[error("a rehearsal does not reach {host}: it is not an address of the simulated Azure")]
    OutsideRehearsal {
        /// Where it would have gone.
        host: String,
    },
    /// Not a host of this cloud; no token goes there.
    #[error("{host} is not an https host of the configured cloud; no credentials are sent there")]
    ForeignHost {
        /// Where it would have gone.
        host: String,
    },
    /// A link in an answer that leads away from the cloud's ARM.
    #[error("an answer links to {host}, which is not {expected}; the link was not followed")]
    ForeignLink {
        /// Where it leads.
        host: String,
        /// Where it should lead.
        expected: String,
    },
    /// The answer cannot be understood.
    #[error("the answer of {host} cannot be understood: {why}")]
    BadAnswer {
        /// Who answered.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// An address or resource id that is none.
    #[error("`{text}` cannot be used: {why}")]
    BadAddress {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The configuration of the cloud is unusable.
    #[error("the connection to Azure is not set up: {0}")]
    Setup(String),
    /// The action cannot be planned from what Azure shows.
    #[error("{0}")]
    NotPossible(String),
    /// A preview was asked for with an option that it does not have.
    #[error("there is no option `{0}` here")]
    UnknownOption(String),
}

/// An error answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who answered.
    pub host: String,
    /// HTTP status.
    pub status: u16,
    /// Azure's outermost code; empty when the body had none.
    pub code: String,
    /// Azure's outermost message; empty when the body had none.
    pub message: String,
    /// The innermost code and message, where details are nested.
    pub inner: Option<(String, String)>,
    /// `x-ms-request-id` (or the gateway's).
    pub request_id: Option<String>,
    /// `x-ms-correlation-request-id`.
    pub correlation_request_id: Option<String>,
    /// When to come back.
    pub retry_after: Option<Millis>,
    /// The beginning of the body, hidden characters shown.
    pub body: String,
}

/// Why there is no token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// HTTP status of the sign-in service, when it answered.
    pub status: Option<u16>,
    /// E.g. `invalid_client`.
    pub error: String,
    /// E.g. `7000215`; empty when there was none.
    pub codes: String,
    /// The description in full, or the transport's complaint.
    pub text: String,
    /// Entra's trace id, for support.
    pub trace_id: Option<Box<str>>,
    /// Whether the sign-in service was reached at all.
    pub answered: bool,
    /// The method's name.
    #[serde(default)]
    pub method: String,
}

impl SignIn {
    /// Nobody answered, for this reason.
    pub(super) fn saying(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl SignIn {
    /// Nothing is wrong but that a person has not signed in yet.
    pub fn waits_for_person(&self) -> bool {
        matches!(self.error.as_str(), "nobody" | "waiting_for_person")
    }
}

impl std::fmt::Display for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.answered, self.status) {
            (true, Some(status)) => write!(f, "sign-in was refused ({status}): {}", self.text)?,
            _ => write!(f, "sign-in gave no token: {}", self.text)?,
        }
        match &self.trace_id {
            Some(id) => write!(f, " [trace {id}]"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}", self.host, self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some((code, message)) = &self.inner {
            write!(f, " — innermost: {code}: {message}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl Refusal {
    /// Reads any of Azure's error bodies.
    pub fn read(host: &str, status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let kept: String = visible(text.trim()).chars().take(BODY_KEPT).collect();
        let mut out = Self { host: host.to_owned(), status, body: kept, ..Self::default() };
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            out.message = without_tags(&text).chars().take(200).collect();
            return out;
        };
        // ARM and the data planes wrap in `error`; Resource Health does not; App Configuration answers problem+json;
        // sign-in says `error` as a word.
        let at = value.get("error").filter(|e| e.is_object()).unwrap_or(&value);
        out.code = first_text(at, &["code", "type", "error", "status"]);
        if let Some((_, name)) = out.code.rsplit_once('/').filter(|_| out.code.starts_with("http")) {
            out.code = name.to_owned();
        }
        out.message = first_text(at, &["message", "detail", "error_description", "title"]);
        out.inner = innermost(at, 0).filter(|(c, m)| *c != out.code || *m != out.message);
        if out.inner.is_none()
            && let Some(detail) = at.get("details").and_then(Value::as_str).filter(|d| !d.is_empty())
        {
            out.inner = Some((out.code.clone(), visible(detail)));
        }
        out
    }

    /// Whether this code is anywhere in the answer.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code) || self.inner.as_ref().is_some_and(|(c, _)| c.eq_ignore_ascii_case(code))
    }

    /// The permission that the message names as missing.
    pub fn missing_action(&self) -> Option<&str> {
        let rest = self.message.split("action '").nth(1)?;
        rest.split('\'').next().filter(|a| !a.is_empty())
    }

    fn what_to_do(&self) -> String {
        let code = |c: &str| self.has_code(c);
        if code("AuthorizationFailed") || code("LinkedAuthorizationFailed") {
            return match self.missing_action() {
                Some(action) => format!(
                    "The signed-in identity lacks the permission {action}. Ask an owner of the subscription for a role that has it."
                ),
                None => "The signed-in identity lacks a permission. Ask an owner of the subscription.".to_owned(),
            };
        }
        if code("InsufficientQuota") || code("QuotaExceeded") {
            return "The subscription's quota for this model in this region does not suffice. Create with the capacity that fits, \
                    or ask for more quota in the Azure AI Foundry portal."
                .to_owned();
        }
        if code("RequestDisallowedByPolicy") {
            return "An Azure Policy forbids this. Ask the owner of the policy, or choose what it allows.".to_owned();
        }
        if code("ScopeLocked") {
            return "A lock protects this resource. Its owner must remove the lock first.".to_owned();
        }
        if code("FlagMustBeSetForRestore") {
            return "A soft-deleted account holds this name. Recover it, or choose another name.".to_owned();
        }
        match self.status {
            400 => "Azure refuses the request as it is. Read its message; repeating will not help.",
            401 => "The credential is not accepted here: it has expired, or belongs to another resource or tenant.",
            403 => "Signed in, but not allowed: a missing role, a network rule, or a blocked resource.",
            404 => "Azure does not know this name. Check it; just after a creation wait some seconds.",
            409 => {
                "Azure is in a state that conflicts, often another operation on the same resource. Wait for it and look again."
            }
            412 => "Somebody changed it since it was read. Look at the new value before deciding again.",
            429 => {
                let wait = self.retry_after.filter(|w| w.0 > 0);
                let wait = wait.map_or_else(|| "as long as it says".to_owned(), |w| w.to_string());
                return format!("Azure throttles. Wait {wait}; nothing is broken, and whoever presses on waits longer.");
            }
            500..=599 => {
                "The service itself fails. Look at what is there before repeating a change; ask Service Health."
            }
            _ => "Read Azure's message.",
        }
        .to_owned()
    }
}

impl AzureError {
    /// One or two sentences for the person in front of it.
    pub fn what_to_do(&self) -> String {
        match self {
            Self::Refused(r) => r.what_to_do(),
            Self::SignIn(s) => super::sign_in::advice::what_to_do(s),
            Self::NoAnswer { .. } => {
                "Nobody answered in time. If this was a change, read what Azure shows before repeating it.".into()
            }
            Self::NotReached { why, .. } => about_connection(why)
                .unwrap_or(
                    "Nothing was sent. Check this laptop's network, VPN and proxy, and whether other hosts answer.",
                )
                .into(),
            Self::Broken { .. } => {
                "The line to Azure breaks, or a proxy cuts answers short: try another network. If this was a change, read \
                 what Azure shows before repeating it."
                    .into()
            }
            Self::OutsideRehearsal { .. } => {
                "The scenario has no such host. Correct the plan's names, or the scenario's world.".into()
            }
            Self::ForeignHost { .. } | Self::ForeignLink { .. } => {
                "Check the configured cloud; a proxy may be rewriting answers.".into()
            }
            Self::BadAnswer { why, .. } if why.starts_with(PAGE) => {
                "A proxy or a network's sign-in page answers in Azure's place. Open a browser and look, or leave that \
                 network."
                    .into()
            }
            Self::BadAnswer { .. } => {
                "Something on the way changes answers, or Azure answers in a new way: try another network.".into()
            }
            Self::BadAddress { .. } => "Correct it in the plan.".into(),
            Self::Setup(_) => "Correct the connection settings.".into(),
            Self::NotPossible(_) => "Do the step by hand, or correct the plan.".into(),
            Self::UnknownOption(_) => "Look at the preview again and choose one of its options.".into(),
        }
    }

    /// The status of Azure's answer, when there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(r) => Some(r.status),
            _ => None,
        }
    }

    /// Azure itself said that the thing does not exist; a proxy's 404 page does not count.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Refused(r) if r.status == 404 && !r.code.is_empty()) && !self.has_code(&ELSEWHERE)
    }

    /// Whether Azure's outermost code is one of these.
    pub(super) fn has_code(&self, codes: &[&str]) -> bool {
        matches!(self, Self::Refused(r) if codes.iter().any(|c| r.code.eq_ignore_ascii_case(c)))
    }

    /// Whether a request that changes something certainly had no effect.
    pub fn never_left(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::NoAnswer { .. } | Self::Broken { .. } | Self::BadAnswer { .. })
    }

    /// Whether asking again soon may help a read.
    pub(super) fn worth_repeating(&self) -> bool {
        match self {
            Self::Refused(r) => matches!(r.status, 408 | 429 | 500..=599),
            Self::NoAnswer { .. } | Self::NotReached { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }
}

/// What to do about a connection that did not come about, by the words of whoever tried it.
pub(super) fn about_connection(why: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|w| why.contains(w));
    if says(&[super::transport::PROXY_SET]) {
        return Some(
            "Nothing was sent. A proxy is set in this computer's environment and does not answer: correct or unset the \
             variable, then start Lifeboat again.",
        );
    }
    if says(&["certificate expired", "not valid yet", "NotValidYet", "Expired"]) {
        return Some(
            "Nothing was sent. The certificate is out of its time: this computer's clock is wrong, or whoever answers \
             let it run out. Check the clock first.",
        );
    }
    if says(&["certificate", "UnknownIssuer"]) {
        return Some(
            "Nothing was sent. Whoever answers is not trusted here: a proxy that opens TLS, or another host in its \
             place. Install your company's root certificate on this computer, or leave that network.",
        );
    }
    says(&["dns error", "failed to lookup"]).then_some(
        "Nothing was sent. The name could not be looked up: check DNS and VPN, and whether other hosts are found.",
    )
}

fn first_text(at: &Value, names: &[&str]) -> String {
    names
        .iter()
        .find_map(|n| match at.get(n) {
            Some(Value::String(s)) if !s.is_empty() => Some(visible(s)),
            Some(Value::Number(n)) => Some(n.to_string()),
            _ => None,
        })
        .unwrap_or_default()
}

/// The deepest `details[0]` or inner error that has a code.
fn innermost(at: &Value, depth: usize) -> Option<(String, String)> {
    if depth >= DETAILS_DEPTH {
        return None;
    }
    let next = at.get("details").and_then(|d| d.get(0)).or_else(|| {
        ["innererror", "innerError", "inner_error"].iter().find_map(|n| at.get(n)).filter(|v| v.is_object())
    });
    next.and_then(|n| innermost(n, depth + 1)).or_else(|| {
        let code = first_text(at, &["code"]);
        (depth > 0 && !code.is_empty()).then(|| (code, first_text(at, &["message"])))
    })
}

/// What is wrong with an answer that cannot be read.
pub(super) fn unreadable(text: &str, e: &serde_json::Error) -> String {
    if text.trim_start().starts_with('<') {
        return format!("{PAGE}: {}", without_tags(text).chars().take(PAGE_SHOWN).collect::<String>());
    }
    match e.classify() {
        serde_json::error::Category::Eof => format!("it breaks off: {e}"),
        _ => format!("not JSON: {e}"),
    }
}

/// The words of an HTML page, for a glance.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    visible(&out.split_whitespace().collect::<Vec<_>>().join(" "))
}
