//! One question to a time-stamp authority (RFC 3161 over HTTP), asked as nobody.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use crate::units::with_causes;

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// An answer with all its certificates has a tenth of this.
const MOST: usize = 64 * 1024;

/// The authority's answer, byte for byte; or why there is none.
pub async fn ask(authority: &Url, question: Vec<u8>) -> Result<Vec<u8>, String> {
    let failed = |what: &str, e: &reqwest::Error| with_causes(what.to_owned(), e);
    let beside = authority.host_str().is_some_and(|h| matches!(h, "127.0.0.1" | "[::1]" | "localhost"));
    let client = if beside { Client::builder().no_proxy() } else { Client::builder() };
    let client = client
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| failed("no connection can be made", &e))?;
    let asked = client.post(authority.clone()).header(CONTENT_TYPE, QUERY).header(ACCEPT, REPLY).body(question);
    let mut answer = asked.send().await.map_err(|e| failed("the authority gave no answer", &e.without_url()))?;
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|k| k.to_str().ok()).unwrap_or_default();
    if answer.status() != 200 || !kind.eq_ignore_ascii_case(REPLY) {
        return Err(format!(
            "the authority answered {} with {}",
            answer.status().as_u16(),
            crate::units::visible(kind)
        ));
    }
    let mut out = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|e| failed("the answer broke off", &e.without_url()))? {
        out.extend_from_slice(&part);
        if out.len() > MOST {
            return Err("the answer is longer than any time stamp".to_owned());
        }
    }
    Ok(out)
}
