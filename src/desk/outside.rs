//! Conditions that this laptop answers by asking as any user would: an address, and where a name leads.

use serde_json::Value;
use url::Url;

use crate::azure::open::Led;
use crate::azure::{Azure, AzureError};
use crate::clock::Task;
use crate::run::event::Reading;
use crate::runbook::property::{self, Asked};
use crate::units::Millis;

const REQUEST: &str = "request from this laptop";
const RESOLVER: &str = "this laptop's resolver";
/// Addresses of a name that are shown.
const SHOWN: usize = 4;

fn reading(task: &Task, source: &str, name: &str, ok: Option<bool>, value: String) -> Reading {
    Reading {
        name: name.to_owned(),
        value,
        ok,
        source: source.to_owned(),
        at_utc: task.now().utc,
        latency: None,
        raw: None,
    }
}

/// An address answers a GET as it should.
pub async fn http(
    azure: &Azure,
    task: &Task,
    address: &str,
    status: u16,
    path: Option<&str>,
    is: Option<&str>,
) -> Vec<Reading> {
    let url: Url = match address.parse() {
        Ok(url) => url,
        Err(e) => return vec![reading(task, REQUEST, address, None, format!("is no address: {e}"))],
    };
    let page = match azure.page(task, &url, path.is_some()).await {
        Ok(page) => page,
        Err(e) => {
            // Silence and a broken connection are answers about the address; what was not asked is none.
            let asked = matches!(
                e,
                AzureError::NoAnswer { .. }
                    | AzureError::NotReached { .. }
                    | AzureError::Broken { .. }
                    | AzureError::BadAnswer { .. }
            );
            let mut out = reading(task, REQUEST, address, asked.then_some(false), e.to_string());
            out.raw = Some(e.what_to_do());
            return vec![out];
        }
    };
    let mut ok = Some(page.status == status);
    let mut value = format!("{} in {}", page.status, page.took);
    if page.status != status {
        value.push_str(&format!(", {status} wanted"));
    } else if let Some(path) = path {
        match serde_json::from_slice::<Value>(&page.body) {
            Ok(document) => {
                let (says, shown) = property::judge(&document, path, Asked { is, ..Asked::default() });
                ok = says;
                value.push_str(&format!(", {path}: {shown}"));
            }
            Err(_) => {
                ok = Some(false);
                value.push_str(", and the answer is not JSON");
            }
        }
    }
    vec![Reading { latency: Some(page.took), ..reading(task, REQUEST, address, ok, value) }]
}

/// A name leads to the same addresses as another.
pub async fn dns(azure: &Azure, task: &Task, name: &str, target: &str) -> Vec<Reading> {
    let (name, target) = (host(name), host(target));
    let started = task.now().mono;
    let mut found = Vec::new();
    for n in [&name, &target] {
        match azure.look_up(task, n).await {
            Ok(led) => found.push(led),
            Err(e) => {
                let mut out = reading(task, RESOLVER, n, None, format!("could not be looked up: {e}"));
                out.raw = Some(e.what_to_do());
                return vec![out];
            }
        }
    }
    let [from, to] = found.as_slice() else { return Vec::new() };
    let same = from.names.contains(&target) || from.addresses.intersection(&to.addresses).next().is_some();
    let value = match (same, from.addresses.is_empty()) {
        (true, _) => format!("leads to {}, as {target} does", list(from)),
        (false, true) => "has no address".to_owned(),
        (false, false) => format!("leads to {}; {target} has {}", list(from), list(to)),
    };
    let took = Millis(task.now().mono.saturating_sub(started));
    vec![Reading { latency: Some(took), ..reading(task, RESOLVER, &name, Some(same), value) }]
}

/// The host of an address, or the text itself where it is a host already.
fn host(text: &str) -> String {
    let url = text.trim().parse::<Url>().ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or(text.trim());
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn list(led: &Led) -> String {
    let mut out: Vec<&str> = led.addresses.iter().map(String::as_str).collect();
    let more = out.len().saturating_sub(SHOWN);
    out.truncate(SHOWN);
    match (out.is_empty(), more) {
        (true, _) => "no address".to_owned(),
        (false, 0) => out.join(", "),
        (false, _) => format!("{} and {more} more", out.join(", ")),
    }
}
