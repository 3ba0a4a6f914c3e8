//! Long-running operations: found in an answer, kept as text, picked up again after a crash.
//!
//! The polling address is stored as the real world writes it, so that it survives a restart of the simulator, and it is
//! checked again when it is read back: a journal from elsewhere must not lead a token astray.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};
use url::Url;

use super::client::{Answer, Azure, Corr};
use super::cloud::host_of;
use super::error::Refusal;
use super::{AzureError, Cloud};
use crate::clock::Task;
use crate::units::Millis;

/// Azure promises that its polling addresses are no longer than this.
const MAX_URL: usize = 4 * 1024;
/// Pause between polls where Azure names none; grows to the longest.
const FIRST_PAUSE: Millis = Millis::from_secs(5);
const LONGEST_PAUSE: Millis = Millis::from_secs(30);

/// How the end of an operation is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// `Azure-AsyncOperation`: a status document.
    AsyncOperation,
    /// `Location`: 202 while running.
    Location,
    /// The resource's own `provisioningState`.
    Resource,
}

const KINDS: [(OperationKind, &str); 3] = [
    (OperationKind::AsyncOperation, "async-operation"),
    (OperationKind::Location, "location"),
    (OperationKind::Resource, "resource"),
];

/// Something that Azure is still doing. As text: kind, blank, address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// How its end is told.
    pub kind: OperationKind,
    /// What to poll.
    pub url: Url,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS.iter().find(|(k, _)| *k == self.kind).map_or("", |(_, n)| n);
        write!(f, "{name} {}", self.url)
    }
}

impl FromStr for Operation {
    type Err = AzureError;
    fn from_str(text: &str) -> Result<Self, AzureError> {
        let bad = |why: &str| AzureError::BadAddress { text: text.chars().take(200).collect(), why: why.into() };
        let (name, url) = text.split_once(' ').ok_or_else(|| bad("not a stored operation"))?;
        let kind = KINDS.iter().find(|(_, n)| *n == name).ok_or_else(|| bad("unknown kind of operation"))?.0;
        Ok(Self { kind, url: Url::parse(url).map_err(|e| bad(&e.to_string()))? })
    }
}

/// What one poll says.
#[derive(Debug, Clone, PartialEq)]
pub enum Poll {
    /// Still going.
    Running {
        /// Azure's word for it.
        status: String,
        /// If Azure tells.
        percent: Option<f64>,
    },
    /// Over, and well.
    Done,
    /// Over, and not well.
    Failed(AzureError),
    /// Azure no longer knows the address; the resource has to be read.
    Gone,
}

impl Operation {
    /// What `answer` to a change of `target` still has in progress, if anything.
    pub fn in_answer(cloud: &Cloud, asked: &Url, target: &Url, answer: &Answer) -> Result<Option<Self>, AzureError> {
        let headers = [("azure-asyncoperation", OperationKind::AsyncOperation), ("location", OperationKind::Location)];
        let running = answer.status == 202 || state(answer).is_some_and(|s| !is_terminal(&s));
        for (name, kind) in headers {
            let Some(link) = answer.header(name) else { continue };
            // On 200 and 201 `Location` is the address of the resource.
            if kind == OperationKind::Location && answer.status != 202 {
                continue;
            }
            if link.len() > MAX_URL {
                return Err(AzureError::BadAnswer { host: host_of(asked), why: format!("{name} is too long") });
            }
            return Ok(Some(Self { kind, url: cloud.arm_link(link, asked)? }));
        }
        Ok(running.then(|| Self { kind: OperationKind::Resource, url: target.clone() }))
    }

    /// Asks once how it stands, and when to ask again.
    pub async fn poll(&self, azure: &Azure, task: &Task) -> Result<(Poll, Option<Millis>, Corr), AzureError> {
        // A stored address is no more trustworthy than one in an answer.
        let url = azure.cloud().arm_link(self.url.as_str(), &self.url)?;
        let answer = match azure.get(task, &url).await {
            Ok(a) => a,
            Err(e) if e.is_absent() => return Ok((Poll::Gone, None, Corr::default())),
            Err(e) if self.kind == OperationKind::Location && is_verdict(&e) => {
                return Ok((Poll::Failed(e), None, Corr::default()));
            }
            Err(e) => return Err(e),
        };
        let host = host_of(&url);
        let poll = match self.kind {
            OperationKind::Location if answer.status == 202 => {
                Poll::Running { status: "Running".into(), percent: None }
            }
            OperationKind::Location => Poll::Done,
            OperationKind::AsyncOperation => {
                let body = answer.json()?;
                match body["status"].as_str() {
                    Some(status) => judged(&host, status, &body, body["percentComplete"].as_f64()),
                    None => return Err(AzureError::BadAnswer { host, why: "an operation without a status".into() }),
                }
            }
            OperationKind::Resource => {
                let body = answer.json()?;
                // A resource without this state was provisioned in the answer itself.
                let status = body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded");
                judged(&host, status, &body["properties"], None)
            }
        };
        Ok((poll, answer.retry_after(task.now()), answer.corr))
    }
}

/// Pause before the next poll: what Azure asks for, else growing.
pub fn pause(polls: u32, asked: Option<Millis>) -> Millis {
    let grown = Millis(FIRST_PAUSE.0 << polls.min(8)).min(LONGEST_PAUSE);
    asked.map_or(grown, |a| a.clamp(Millis::from_secs(1), Millis::from_mins(5)))
}

fn judged(host: &str, status: &str, body: &Value, percent: Option<f64>) -> Poll {
    if status.eq_ignore_ascii_case("Succeeded") {
        return Poll::Done;
    }
    if !is_terminal(status) {
        return Poll::Running { status: status.to_owned(), percent };
    }
    let error = match body.get("error").filter(|e| e.is_object()) {
        Some(e) => json!({ "error": e }),
        None => json!({ "code": status, "message": format!("the operation ended as {status}") }),
    };
    // The status document itself came with 200; the refusal speaks of the operation.
    Poll::Failed(AzureError::Refused(Box::new(Refusal::read(host, 200, error.to_string().as_bytes()))))
}

/// A definite no, as opposed to a poll that did not get through.
fn is_verdict(e: &AzureError) -> bool {
    e.status().is_some_and(|s| (400..500).contains(&s) && !matches!(s, 401 | 403 | 408 | 429))
}

/// The end states of operations and resources.
pub(super) fn is_terminal(status: &str) -> bool {
    ["Succeeded", "Failed", "Canceled"].iter().any(|t| t.eq_ignore_ascii_case(status))
}

fn state(answer: &Answer) -> Option<String> {
    Some(answer.json().ok()?["properties"]["provisioningState"].as_str()?.to_owned())
}
