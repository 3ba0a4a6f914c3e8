//! The sockets: two HTTP clients and the reading of answers within bounds.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, ClientBuilder, Response};

use super::{AzureError, Cloud};
use crate::units::with_causes;

/// A connection that takes longer never comes about; then it is certain that nothing was sent.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Lists of a big subscription fit many times over.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Says in an error that a proxy was asked; by these words it is known.
pub(super) const PROXY_SET: &str = "asked through the proxy in";
/// Where a proxy for https is named.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// For reads, which share connections.
pub(super) fn reading(cloud: &Cloud) -> Result<Client, AzureError> {
    build(cloud, builder(cloud)?)
}

/// For changes: a fresh connection each. On a kept one that just died nobody could tell whether the change had left.
pub(super) fn changing(cloud: &Cloud) -> Result<Client, AzureError> {
    build(cloud, builder(cloud)?.pool_max_idle_per_host(0))
}

/// To the endpoint beside this machine: plain http, no proxy, no certificates, and soon given up where there is none.
pub(super) fn beside() -> Result<Client, AzureError> {
    Client::builder()
        .connect_timeout(Duration::from_secs(2))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .tls_certs_only([])
        .build()
        .map_err(|e| AzureError::Setup(chain(&e)))
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
    let what = if error.is_connect() {
        let proxy = error.url().and_then(proxy_for);
        proxy.map_or_else(|| "no connection".to_owned(), |p| format!("no connection; {PROXY_SET} {p}"))
    } else if error.is_timeout() {
        "timed out".to_owned()
    } else {
        "the exchange failed".to_owned()
    };
    with_causes(what, error)
}

/// The proxy that is asked for this address, found as the client itself finds it. Rehearsals have none.
fn proxy_for(url: &reqwest::Url) -> Option<String> {
    if url.host_str().is_none_or(|h| h == "localhost" || h.starts_with("127.")) {
        return None;
    }
    let proxy = Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
    let set = PROXY_VARIABLES.iter().find(|name| std::env::var(name).is_ok_and(|v| !v.is_empty()));
    // A user and password in it are nobody's business.
    let at = proxy.uri().authority().map_or_else(String::new, |a| a.as_str().to_owned());
    let at = at.rsplit_once('@').map_or(at.as_str(), |(_, host)| host);
    Some(format!("{} ({at})", set.unwrap_or(&"the system's settings")))
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
