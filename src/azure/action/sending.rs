//! A change on its way: sent once, followed to its end, and read back from Azure when its fate is unknown.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Change, Effect, barrier, contains};
use crate::azure::client::{Ask, Auth, CHANGE_WITHIN, Corr};
use crate::azure::operation::{Operation, OperationKind, Poll, is_terminal, pause};
use crate::azure::{Azure, AzureError, appconfig};
use crate::clock::Task;
use crate::units::Millis;

/// An operation that runs longer is left to the operator; Azure keeps its address for a day.
const FOLLOW_AT_MOST: Millis = Millis::from_mins(120);
/// What Azure accepted without an operation shows within this time, or nobody knows.
const SHOWS_WITHIN: Millis = Millis::from_mins(15);

/// An end state that stood there before the change is no word on it; after this time it is.
const SETTLES_WITHIN: Millis = Millis::from_mins(1);

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Sent {
    /// Azure works on it. The text brings [`follow`] back to it, also after a restart.
    Accepted {
        /// [`Operation`] as text.
        operation: String,
        /// Ids for the record.
        corr: Corr,
    },
    /// It took effect.
    Done {
        /// Ids for the record.
        corr: Corr,
    },
    /// Azure refused it, or the operation failed.
    Failed {
        /// Why.
        error: AzureError,
        /// Ids for the record.
        corr: Corr,
    },
    /// It left, and whether it took effect is not known: read back before anything else.
    Unknown {
        /// Why.
        why: String,
    },
    /// It never left this computer.
    NotSent {
        /// Why.
        why: String,
    },
}

/// What a look at Azure says about a change of unknown fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadBack {
    /// Azure is as the change would make it.
    Applied,
    /// Azure is not, and nothing is under way.
    NotApplied,
    /// Azure is working on it.
    Running {
        /// For [`follow`].
        operation: Option<String>,
    },
    /// Azure could not be read.
    Unknown {
        /// Why.
        why: String,
    },
}

/// How a long-running operation stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Azure's word, or why it could not be asked.
    pub status: String,
    /// If Azure tells.
    pub percent: Option<f64>,
    /// How often it was asked.
    pub polls: u32,
}

/// Sends the change, once. `client_request_id` is derived from the recorded intent.
pub async fn send(azure: &Azure, task: &Task, change: &Change, client_request_id: &str) -> Sent {
    let (method, url) = match parts(change) {
        Ok(p) => p,
        Err(e) => return Sent::NotSent { why: e.to_string() },
    };
    if let Err(e) = barrier::before_sending(azure, task, change).await {
        return Sent::NotSent { why: e.to_string() };
    }
    let deletes = method == Method::DELETE;
    let outside = is_outside(change);
    let mut headers = Vec::new();
    if outside {
        // A receiver that knows this header takes the same message once, whatever is between.
        headers.push(("idempotency-key", client_request_id.to_owned()));
    }
    if let Some(etag) = &change.if_match {
        headers.push(("if-match", etag.clone()));
    } else if change.only_if_absent {
        headers.push(("if-none-match", "*".to_owned()));
    }
    let ask = Ask {
        method,
        body: change.body.clone(),
        headers,
        client_request_id: client_request_id.to_owned(),
        within: CHANGE_WITHIN,
        auth: if outside { Auth::Outside } else { Auth::Token },
        ..Ask::get(&url)
    };
    let answer = match azure.send_once(task, &ask).await {
        Ok(answer) => answer,
        Err(e) if deletes && e.is_absent() => {
            return Sent::Done { corr: corr_of(&e, client_request_id) };
        }
        // A service that fails while it handles a change may have made it all the same.
        Err(e) if e.status().is_some_and(|s| s == 408 || s >= 500) => return Sent::Unknown { why: e.to_string() },
        Err(e) if e.status().is_some() => {
            let corr = corr_of(&e, client_request_id);
            return Sent::Failed { error: e, corr };
        }
        Err(e) if e.never_left() => return Sent::NotSent { why: e.to_string() },
        Err(e) => return Sent::Unknown { why: e.to_string() },
    };
    let corr = answer.corr.clone();
    if outside {
        return Sent::Done { corr };
    }
    // Whoever answers with a page is not Azure, and may have kept the change to itself.
    if let Err(e) = answer.json() {
        return Sent::Unknown { why: e.to_string() };
    }
    let seen = match &change.effect {
        Some(effect) => effect.url.as_deref().and_then(|u| Url::parse(u).ok()).unwrap_or_else(|| url.clone()),
        None => url.clone(),
    };
    match Operation::in_answer(azure.cloud(), &url, &seen, &answer) {
        Ok(Some(op)) => Sent::Accepted { operation: op.to_string(), corr },
        Ok(None) => {
            let state =
                answer.json().ok().and_then(|b| Some(b["properties"]["provisioningState"].as_str()?.to_owned()));
            match state {
                Some(s) if !s.eq_ignore_ascii_case("Succeeded") && is_terminal(&s) => {
                    Sent::Failed { error: AzureError::NotPossible(format!("Azure ended it as {s}")), corr }
                }
                _ => Sent::Done { corr },
            }
        }
        // Azure took the change; only its link is no good. The resource tells.
        Err(e) => Sent::Unknown { why: e.to_string() },
    }
}

/// Polls an accepted change to its end. `operation` is the text of [`Sent::Accepted`], also one stored before a crash.
pub async fn follow(
    azure: &Azure,
    task: &Task,
    change: &Change,
    operation: &str,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Sent {
    let (mut op, (method, url)) = match (operation.parse::<Operation>(), parts(change)) {
        (Ok(op), Ok(p)) => (op, p),
        (Err(e), _) | (_, Err(e)) => return Sent::Unknown { why: e.to_string() },
    };
    let started = task.now().mono;
    // Since when the resource itself is looked at.
    let mut shown_from = started;
    let mut polls = 0;
    loop {
        polls += 1;
        let mut asked = None;
        if op.kind == OperationKind::Resource && change.effect.is_some() {
            let waited = Millis(task.now().mono.saturating_sub(shown_from));
            let seen = read_back(azure, task, change).await;
            if seen == ReadBack::NotApplied
                && waited > SETTLES_WITHIN
                && let Some(ended) = ended(azure, task, change).await
            {
                let error = AzureError::NotPossible(format!("Azure took it and ended it as {ended}"));
                return Sent::Failed { error, corr: Corr::default() };
            }
            match seen {
                ReadBack::Applied => return Sent::Done { corr: Corr::default() },
                ReadBack::NotApplied if waited > SHOWS_WITHIN => {
                    return Sent::Unknown { why: format!("Azure took it and does not show it after {waited}") };
                }
                ReadBack::NotApplied => progress(Progress { status: "accepted".into(), percent: None, polls }),
                ReadBack::Running { .. } => progress(Progress { status: "Running".into(), percent: None, polls }),
                // Nothing will ever show it; and who cannot be asked for a while has not said no.
                ReadBack::Unknown { why } if !change.can_be_read_back() => return Sent::Unknown { why },
                ReadBack::Unknown { why } => {
                    progress(Progress { status: format!("not known at the moment: {why}"), percent: None, polls });
                }
            }
            if task.now().mono.saturating_sub(started) > FOLLOW_AT_MOST.0 {
                return Sent::Unknown { why: format!("still not over after {FOLLOW_AT_MOST}") };
            }
            task.sleep(pause(polls - 1, None)).await;
            continue;
        }
        match op.poll(azure, task).await {
            Ok((Poll::Done, _, corr)) => {
                // The operation's end is not the resource's: a PUT is over when the resource says so.
                let writes = matches!(method, Method::PUT | Method::PATCH);
                if op.kind == OperationKind::Resource || !writes {
                    return Sent::Done { corr };
                }
                op = Operation { kind: OperationKind::Resource, url: url.clone() };
                shown_from = task.now().mono;
                continue;
            }
            Ok((Poll::Failed(error), _, corr)) => return Sent::Failed { error, corr },
            Ok((Poll::Gone, _, corr)) => match read_back(azure, task, change).await {
                ReadBack::Applied => return Sent::Done { corr },
                ReadBack::Running { .. } => {
                    op = Operation { kind: OperationKind::Resource, url: url.clone() };
                    shown_from = task.now().mono;
                }
                ReadBack::NotApplied => {
                    let error = AzureError::NotPossible(
                        "Azure no longer knows the operation, and it did not take effect".into(),
                    );
                    return Sent::Failed { error, corr };
                }
                ReadBack::Unknown { why } => return Sent::Unknown { why },
            },
            Ok((Poll::Running { status, percent }, after, _)) => {
                asked = after;
                progress(Progress { status, percent, polls });
            }
            // The operation goes on without us; ask again later.
            Err(e) if e.worth_repeating() || matches!(e, AzureError::SignIn(_)) => {
                progress(Progress { status: format!("not known at the moment: {e}"), percent: None, polls });
            }
            Err(e) => return Sent::Unknown { why: e.to_string() },
        }
        if task.now().mono.saturating_sub(started) > FOLLOW_AT_MOST.0 {
            return Sent::Unknown { why: format!("still not over after {FOLLOW_AT_MOST}") };
        }
        task.sleep(pause(polls - 1, asked)).await;
    }
}

/// Reads the target and compares it with what the change would make of it.
pub async fn read_back(azure: &Azure, task: &Task, change: &Change) -> ReadBack {
    match look(azure, task, change).await {
        Ok(r) => r,
        Err(e) => ReadBack::Unknown { why: e.to_string() },
    }
}

async fn look(azure: &Azure, task: &Task, change: &Change) -> Result<ReadBack, AzureError> {
    let (method, url) = parts(change)?;
    let deletes = method == Method::DELETE;
    if is_key(change) {
        let now = appconfig::read(azure, task, &url).await?.and_then(|kv| kv.value);
        let is_so = if deletes { now.is_none() } else { now.as_deref() == wanted(change)["value"].as_str() };
        return Ok(if is_so { ReadBack::Applied } else { ReadBack::NotApplied });
    }
    if let Some(effect) = &change.effect {
        return look_at_effect(azure, task, effect).await;
    }
    let Some(answer) = azure.get_if_there(task, &url).await? else {
        return Ok(if deletes { ReadBack::Applied } else { ReadBack::NotApplied });
    };
    let body = answer.json()?;
    if deletes {
        return Ok(if is_deleting(&body) { under_way(&url) } else { ReadBack::NotApplied });
    }
    Ok(shown(&body, &wanted(change), &url))
}

async fn look_at_effect(azure: &Azure, task: &Task, effect: &Effect) -> Result<ReadBack, AzureError> {
    let Some(address) = &effect.url else {
        return Ok(ReadBack::Unknown { why: NOT_READABLE.into() });
    };
    let bad = |e: url::ParseError| AzureError::BadAddress { text: address.clone(), why: e.to_string() };
    let url = Url::parse(address).map_err(bad)?;
    let Some(answer) = azure.get_if_there(task, &url).await? else {
        return Ok(if effect.shows.is_none() { ReadBack::Applied } else { ReadBack::NotApplied });
    };
    let body = answer.json()?;
    if effect.under_way.as_deref().is_some_and(|w| contains(&body, &json(w))) {
        return Ok(under_way(&url));
    }
    Ok(match &effect.shows {
        None if is_deleting(&body) => under_way(&url),
        None => ReadBack::NotApplied,
        Some(wanted) => shown(&body, &json(wanted), &url),
    })
}

/// Azure's own word that what the change was about has ended, and not well.
async fn ended(azure: &Azure, task: &Task, change: &Change) -> Option<String> {
    let url = Url::parse(change.effect.as_ref()?.url.as_deref()?).ok()?;
    let body = azure.get_if_there(task, &url).await.ok()??.json().ok()?;
    let state = provisioning(&body);
    (is_terminal(state) && !state.eq_ignore_ascii_case("Succeeded")).then(|| state.to_owned())
}

/// Why some requests can never be read back.
pub(super) const NOT_READABLE: &str =
    "nothing shows what became of this request; ask whoever receives it before it is sent again";

fn shown(body: &Value, wanted: &Value, url: &Url) -> ReadBack {
    let state = provisioning(body);
    if !is_terminal(state) {
        under_way(url)
    } else if state.eq_ignore_ascii_case("Succeeded") && contains(body, wanted) {
        ReadBack::Applied
    } else {
        ReadBack::NotApplied
    }
}

fn under_way(url: &Url) -> ReadBack {
    ReadBack::Running { operation: Some(Operation { kind: OperationKind::Resource, url: url.clone() }.to_string()) }
}

fn provisioning(body: &Value) -> &str {
    body["properties"]["provisioningState"].as_str().unwrap_or("Succeeded")
}

fn is_deleting(body: &Value) -> bool {
    provisioning(body).eq_ignore_ascii_case("Deleting")
}

/// Whether it goes to an address of the plan's own, which is told nothing of who asks.
pub(super) fn is_outside(change: &Change) -> bool {
    change.target.starts_with("https://")
}

/// Whether it changes a key of App Configuration.
pub(super) fn is_key(change: &Change) -> bool {
    change.target.to_ascii_lowercase().contains("/configurationstores/")
}

fn wanted(change: &Change) -> Value {
    change.body.as_deref().map_or(Value::Null, json)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn parts(change: &Change) -> Result<(Method, Url), AzureError> {
    let bad = |why: &str| AzureError::BadAddress { text: change.url.clone(), why: why.to_owned() };
    let method = match change.method.as_str() {
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "POST" => Method::POST,
        "DELETE" => Method::DELETE,
        other => return Err(bad(&format!("{other} is no method of a change"))),
    };
    Ok((method, Url::parse(&change.url).map_err(|e| bad(&e.to_string()))?))
}

fn corr_of(error: &AzureError, client_request_id: &str) -> Corr {
    let mut corr = Corr { client_request_id: client_request_id.to_owned(), ..Corr::default() };
    if let AzureError::Refused(r) = error {
        corr.status = r.status;
        corr.request_id = r.request_id.clone();
        corr.correlation_request_id = r.correlation_request_id.clone();
    }
    corr
}
