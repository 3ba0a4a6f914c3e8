//! Where a message goes: an address that is a secret as a whole, or one that everybody knows and a key.

use url::{Host, Url};

use super::{Hook, HookError, HookKind};
use crate::units::Secret;

/// Where events for `PagerDuty` go, unless an address stands before the key.
const PAGER_DUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// Letters and digits of an integration key.
const KEY: usize = 32;
/// Addresses of workflows have some 300 characters.
const LONGEST: usize = 2_048;
/// Hosts of the connectors that are no more.
const RETIRED: [&str; 2] = ["webhook.office.com", "outlook.office.com"];

/// Where a message goes. It prints as nothing.
#[derive(Clone)]
pub struct Address {
    pub(super) url: Url,
    /// What goes into the body.
    pub(super) key: Secret,
    secret: Secret,
}

impl Address {
    /// From what somebody pasted.
    pub fn of(kind: HookKind, pasted: &Secret) -> Result<Self, HookError> {
        let text = pasted.expose().trim();
        if text.is_empty() {
            return Err(HookError::NoAddress(kind.whose()));
        }
        if text.len() > LONGEST {
            return Err(HookError::Address("it is too long"));
        }
        let (url, key) = match (kind, text.split_once(' ')) {
            (HookKind::PagerDuty, None) => (PAGER_DUTY, text),
            (HookKind::PagerDuty, Some((url, key))) => (url, key.trim()),
            _ => (text, ""),
        };
        if kind == HookKind::PagerDuty && (key.len() != KEY || !key.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return Err(HookError::Key);
        }
        if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(HookError::Address("blanks or line ends are in it"));
        }
        // What cannot be read as one may be a part of it, and is not shown.
        let url = Url::parse(url).map_err(|_| HookError::Address("it does not begin with https://, or is damaged"))?;
        allowed(&url)?;
        if kind == HookKind::Teams && RETIRED.iter().any(|r| url.host_str().is_some_and(|h| within(h, r))) {
            return Err(HookError::Retired);
        }
        Ok(Self { url, key: Secret::new(key), secret: Secret::new(text) })
    }

    /// Whether it is on this computer.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether nothing of it stands where people read.
    pub fn apart_from(&self, hook: &Hook) -> Result<(), HookError> {
        let all = [&hook.name, &hook.template];
        if all.into_iter().all(|t| self.struck_from(t) == *t) { Ok(()) } else { Err(HookError::Spilled) }
    }

    /// A text without the address and the key, whole or in its parts that nobody could guess.
    pub fn struck_from(&self, text: &str) -> String {
        /// Shorter parts are words such as `services` or `workflows`.
        const GUESSED: usize = 12;
        let parts = self.url.path_segments().into_iter().flatten().map(str::to_owned);
        let values = self.url.query_pairs().map(|(_, v)| v.into_owned());
        let whole = [self.secret.clone(), self.key.clone()];
        let secrets = parts.chain(values).filter(|p| p.len() >= GUESSED).map(Secret::new);
        whole.into_iter().chain(secrets).fold(text.to_owned(), |t, s| s.struck_from(&t))
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

fn within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Plain http stays on this computer, whatever its names mean.
fn allowed(url: &Url) -> Result<(), HookError> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        "http" => return Err(HookError::Address("it must begin with https://; http:// is for 127.0.0.1 alone")),
        _ => return Err(HookError::Address("it must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HookError::Address("a name and password are in it, which are not sent"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(HookError::Address("it names no host"));
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}
