//! The sockets: two HTTP clients and the reading of answers within bounds.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response};

use super::{AzureError, Cloud};

/// A connection that takes longer never comes about; then it is certain that nothing was sent.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Lists of a big subscription fit many times over.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// For reads, which share connections.
pub(super) fn reading(cloud: &Cloud) -> Result<Client, AzureError> {
    build(cloud, builder(cloud)?)
}

/// For changes: a fresh connection each. On a kept one that just died nobody could tell whether the change had left.
pub(super) fn changing(cloud: &Cloud) -> Result<Client, AzureError> {
    build(cloud, builder(cloud)?.pool_max_idle_per_host(0))
}

fn builder(cloud: &Cloud) -> Result<ClientBuilder, AzureError> {
    let b = Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
    let Some(sim) = &cloud.simulated else { return Ok(b.https_only(true)) };
    let certificates = match &sim.ca {
        None => Vec::new(),
        Some(path) => {
            let bad = |why: String| AzureError::Setup(format!("certificate file {}: {why}", path.display()));
            let pem = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| bad(chain(&e)))?
        }
    };
    // No proxy, and no certificate but the simulator's own.
    Ok(b.no_proxy().tls_certs_only(certificates))
}

fn build(cloud: &Cloud, b: ClientBuilder) -> Result<Client, AzureError> {
    b.build().map_err(|e| AzureError::Setup(format!("{}: {}", cloud.name, chain(&e))))
}

/// An error with its causes, which alone say what happened; without the URL, whose query may hold a secret.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut out = if error.is_connect() {
        "no connection".to_owned()
    } else if error.is_timeout() {
        "timed out".to_owned()
    } else {
        "the exchange failed".to_owned()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(e) = cause {
        let text = e.to_string();
        if !out.ends_with(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        cause = e.source();
    }
    out
}

/// The whole body, or why not.
pub(super) async fn body(answer: Response) -> Result<Vec<u8>, String> {
    body_within(answer, MAX_BODY).await
}

/// The whole body if it is no larger than this.
pub(super) async fn body_within(mut answer: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(part)) if out.len() + part.len() > most => {
                return Err(format!("its answer is larger than {} KiB", most / 1024));
            }
            Ok(Some(part)) => out.extend_from_slice(&part),
            Ok(None) => return Ok(out),
            Err(e) => return Err(chain(&e)),
        }
    }
}
