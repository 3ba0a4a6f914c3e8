//! The models themselves: does the front end answer, and does each deployment.

use serde_json::{Value, json};
use url::Url;

use super::client::{Answer, Ask, Auth, random_id};
use super::cognitive::{Account, Deployment};
use super::{Azure, AzureError, cognitive, versions};
use crate::clock::Task;
use crate::units::{Millis, Secret};

/// What a one-token call told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// HTTP status, 200.
    pub status: u16,
    /// How long it took.
    pub took: Millis,
    /// `x-ratelimit-limit-tokens`; absent, or not positive, means that Azure does not tell.
    pub limit_tokens: Option<i64>,
    /// Whether the account's key was used because the token was not accepted.
    pub by_key: bool,
}

/// Asks an account's front end for its models. That proves name, TLS, sign-in and front end, not that a deployment answers.
pub async fn front_end(azure: &Azure, task: &Task, endpoint: &Url) -> (Millis, Result<Answer, AzureError>) {
    match at(endpoint, &["openai", "models"]) {
        Ok(url) => azure.get_timed(task, &url).await,
        Err(e) => (Millis(0), Err(e)),
    }
}

/// Asks an account's front end for its models with a key. It changes nothing and costs no tokens.
pub async fn by_key(azure: &Azure, task: &Task, endpoint: &Url, key: Secret) -> Result<Millis, AzureError> {
    let url = path(endpoint, &["openai", "v1", "models"])?;
    let started = task.now();
    let answer = azure.read(task, Ask { auth: Auth::Key(key), ..Ask::get(&url) }).await?;
    // A page for people answers 200 as well.
    match answer.json()?.get("data") {
        Some(_) => Ok(Millis(task.now().mono.saturating_sub(started.mono))),
        None => Err(AzureError::BadAnswer { host: answer.host.clone(), why: "it is no list of models".to_owned() }),
    }
}

/// One output token from a deployment: with a token, and where the account does not take that, with its own key.
pub async fn call(azure: &Azure, task: &Task, account: &Account, d: &Deployment) -> Result<Called, AzureError> {
    let first = ask(azure, task, account, d, Auth::Token).await;
    let refused = match &first {
        Err(AzureError::Refused(r)) => matches!(r.status, 401 | 403),
        Err(AzureError::SignIn(_)) => true,
        _ => false,
    };
    if !refused || account.keys_disabled {
        return first;
    }
    // Without the right to list keys, the first answer says more.
    let Ok(key) = cognitive::key(azure, task, &account.id).await else { return first };
    ask(azure, task, account, d, Auth::Key(key)).await
}

async fn ask(azure: &Azure, task: &Task, account: &Account, d: &Deployment, auth: Auth) -> Result<Called, AzureError> {
    let by_key = matches!(auth, Auth::Key(_));
    let what: &[&str] = if d.is_embedding() { &["embeddings"] } else { &["chat", "completions"] };
    let path: Vec<&str> = ["openai", "deployments", &d.name].into_iter().chain(what.iter().copied()).collect();
    let url = at(&account.endpoint, &path)?;
    let mut body = if d.is_embedding() { json!({ "input": "ping" }) } else { chat("max_tokens") };
    let started = task.now();
    for retry in [true, false] {
        let question = Ask {
            method: reqwest::Method::POST,
            body: Some(body.to_string()),
            auth: auth.clone(),
            client_request_id: random_id(),
            ..Ask::get(&url)
        };
        match azure.send_once(task, &question).await {
            Ok(answer) => {
                let limit = answer.header("x-ratelimit-limit-tokens").and_then(|t| t.parse().ok());
                return Ok(Called {
                    status: answer.status,
                    took: task.now().since(started.utc),
                    limit_tokens: limit.filter(|l| *l > 0),
                    by_key,
                });
            }
            // Reasoning models know the limit under another name.
            Err(AzureError::Refused(r)) if retry && r.status == 400 && r.body.contains("max_completion_tokens") => {
                body = chat("max_completion_tokens");
            }
            // It thought until the limit and had no word left: that is an answer.
            Err(AzureError::Refused(r)) if r.status == 400 && r.body.contains(LIMIT_REACHED) => {
                return Ok(Called {
                    status: r.status,
                    took: task.now().since(started.utc),
                    limit_tokens: None,
                    by_key,
                });
            }
            Err(e) => return Err(e),
        }
    }
    Err(AzureError::NotPossible(format!("{} takes no limit of tokens", d.name)))
}

/// Azure's words where a model reached its limit before it said anything.
const LIMIT_REACHED: &str = "model output limit was reached";
/// Reasoning models think before their first word; with less they say nothing.
const THOUGHTS: u32 = 16;

fn chat(limit: &str) -> Value {
    let tokens = if limit == "max_tokens" { 1 } else { THOUGHTS };
    json!({ "messages": [{ "role": "user", "content": "ping" }], limit: tokens })
}

fn path(endpoint: &Url, path: &[&str]) -> Result<Url, AzureError> {
    let mut url = endpoint.clone();
    let bad = |()| AzureError::BadAddress { text: endpoint.to_string(), why: "it has no path".into() };
    url.path_segments_mut().map_err(bad)?.pop_if_empty().extend(path);
    Ok(url)
}

fn at(endpoint: &Url, segments: &[&str]) -> Result<Url, AzureError> {
    let mut url = path(endpoint, segments)?;
    url.query_pairs_mut().append_pair("api-version", versions::OPENAI);
    Ok(url)
}
