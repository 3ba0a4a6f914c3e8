//! Addresses that a plan names, asked as nobody: health pages of the user's own, and names.
//!
//! Nothing that proves who asks is sent along, so live any https host may be asked. In a rehearsal it is the simulator or
//! nobody: its hosts answer, its resolver knows the names.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::cloud::host_of;
use super::{Azure, AzureError, READ_WITHIN, transport};
use crate::clock::{Task, WORK_HEADER};
use crate::units::Millis;

/// A health page is small; what is larger is another page.
const MAX_PAGE: usize = 256 * 1024;
/// The host under which a simulator answers for names.
const RESOLVER: &str = "https://resolver.lifeboat.example/dns-query";
/// Addresses and names of one look-up that are kept.
const MAX_RECORDS: usize = 64;
/// Types of records: an address, a name, an address of version 6.
const TYPES: [(u64, bool); 3] = [(1, true), (5, false), (28, true)];

/// What an address answered, whatever the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// How long the answer took.
    pub took: Millis,
    /// The body, if it was asked for.
    pub body: Vec<u8>,
}

/// Where a name leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Led {
    /// Names on the way, lower case, the last one being the canonical; only a simulator tells them.
    pub names: BTreeSet<String>,
    /// Addresses; none when the name does not exist.
    pub addresses: BTreeSet<String>,
}

impl Azure {
    /// Asks an address once, as nobody. An error status is an answer.
    pub async fn page(&self, task: &Task, url: &Url, with_body: bool) -> Result<Page, AzureError> {
        let simulated = self.cloud().is_simulated();
        let to = if simulated { self.resolve(task, url).await? } else { self.cloud().resolve_open(url)? };
        let host = host_of(url);
        let started = task.now();
        let asked = task.request(READ_WITHIN, |work| async move {
            let mut request = self.reader().get(to).header("accept", "application/json");
            if simulated {
                request = request.header(WORK_HEADER, work.to_string());
            }
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let body = if with_body { transport::body_within(answer, MAX_PAGE).await } else { Ok(Vec::new()) };
            Ok::<_, reqwest::Error>((status, body))
        });
        let (status, body) = match asked.await {
            Ok(Ok(answered)) => answered,
            Ok(Err(e)) if e.is_connect() => return Err(AzureError::NotReached { host, why: transport::chain(&e) }),
            Ok(Err(e)) => return Err(AzureError::Broken { host, why: transport::chain(&e) }),
            Err(_) => return Err(AzureError::NoAnswer { host, within: READ_WITHIN }),
        };
        let body = body.map_err(|why| AzureError::BadAnswer { host, why })?;
        Ok(Page { status, took: Millis(task.now().mono.saturating_sub(started.mono)), body })
    }

    /// Where a name leads: by this computer's resolver, in a rehearsal by the simulator's.
    pub async fn look_up(&self, task: &Task, name: &str) -> Result<Led, AzureError> {
        let bad = |why: String| AzureError::BadAnswer { host: name.to_owned(), why };
        if !self.cloud().is_simulated() {
            let found = task.request(READ_WITHIN, |_| tokio::net::lookup_host((name, 443))).await;
            let found = match found {
                Ok(Ok(all)) => all,
                Ok(Err(e)) => return Err(AzureError::NotReached { host: name.to_owned(), why: e.to_string() }),
                Err(_) => return Err(AzureError::NoAnswer { host: name.to_owned(), within: READ_WITHIN }),
            };
            let addresses = found.take(MAX_RECORDS).map(|a| a.ip().to_string()).collect();
            return Ok(Led { addresses, names: BTreeSet::new() });
        }
        let mut url: Url = RESOLVER.parse().map_err(|e: url::ParseError| bad(e.to_string()))?;
        url.query_pairs_mut().append_pair("name", name);
        let page = self.page(task, &url, true).await?;
        if page.status != 200 {
            return Err(bad(format!("the simulated resolver answers {}", page.status)));
        }
        serde_json::from_slice(&page.body).map(|v| led(&v)).map_err(|e| bad(e.to_string()))
    }
}

/// The records of an answer in the JSON form of DNS.
fn led(body: &Value) -> Led {
    let mut out = Led::default();
    for record in body["Answer"].as_array().into_iter().flatten().take(MAX_RECORDS) {
        let data = record["data"].as_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        match TYPES.iter().find(|(n, _)| record["type"].as_u64() == Some(*n)) {
            Some((_, true)) => out.addresses.insert(data),
            Some((_, false)) => out.names.insert(data),
            None => false,
        };
    }
    out
}
