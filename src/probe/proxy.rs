//! The proxy that egress may demand: which one, and how a probe gets through it.
//!
//! What a proxy does wrong is told apart from what the region does wrong: [`Failure::Proxy`] never counts against a
//! region. A proxy that hears the question and then cannot reach the endpoint (502, 503, 504, or silence) is
//! [`Failure::BeyondProxy`], which does: behind a compulsory proxy an outage looks like nothing else. That the proxy itself
//! is sick shows at the witnesses, which are asked through the same one.

use std::fmt;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::{Host, Url};

use super::connect::Line;
use super::http::Trouble;
use crate::health::Failure;
use crate::units::{Secret, visible};

/// Bytes of a proxy's answer to `CONNECT` that are read.
const HEAD_MAX: usize = 8 * 1024;
/// Characters of a proxy's status line that are shown.
const LINE_MAX: usize = 120;

/// Which addresses go through which proxy on this computer.
pub struct Proxies(Matcher);

impl Proxies {
    /// As the clients of Azure find it: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, large or small, else what
    /// the system says, where it says anything. Reads them now; later changes are not seen.
    pub fn system() -> Self {
        Self(Matcher::from_system())
    }

    /// The same from given variables.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| get(name).or_else(|| get(&name.to_ascii_lowercase())).unwrap_or_default();
        let builder = Matcher::builder().all(either("ALL_PROXY")).http(either("HTTP_PROXY"));
        Self(builder.https(either("HTTPS_PROXY")).no(either("NO_PROXY")).build())
    }

    /// The proxy for an address; none where it is asked straight.
    pub fn proxy_for(&self, url: &Url) -> Option<Proxy> {
        Some(Proxy::new(&self.0.intercept(&url.as_str().parse().ok()?)?))
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

/// One proxy. What it prints is its address, never its password.
#[derive(Clone)]
pub struct Proxy {
    scheme: String,
    host: Option<Host>,
    port: u16,
    /// User and password, as `Proxy-Authorization: Basic` takes them.
    user: Option<Secret>,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{host}:{}", self.port),
            None => f.write_str("without a host"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

impl Proxy {
    fn new(found: &Intercept) -> Self {
        let scheme = found.uri().scheme_str().unwrap_or("http").to_owned();
        let usual = if scheme == "https" { 443 } else { 80 };
        Self {
            host: found.uri().host().and_then(|h| Host::parse(h).ok()),
            port: found.uri().port_u16().unwrap_or(usual),
            user: found.basic_auth().and_then(|v| v.to_str().ok()?.strip_prefix("Basic ")).map(Secret::new),
            scheme,
        }
    }

    /// Where it listens.
    pub(super) fn at(&self) -> (Option<Host<&str>>, u16) {
        let host = self.host.as_ref().map(|h| match h {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(ip) => Host::Ipv4(*ip),
            Host::Ipv6(ip) => Host::Ipv6(*ip),
        });
        (host, self.port)
    }

    /// Its name, if it wants to be spoken to over TLS.
    pub(super) fn secure(&self) -> Option<String> {
        let name = || match &self.host {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        (self.scheme == "https").then(name)
    }

    /// Refuses a kind of proxy that probes do not speak to.
    pub(super) fn usable(&self) -> Result<(), Trouble> {
        match self.scheme.as_str() {
            "http" | "https" => Ok(()),
            other => Err(self.fault(format!("is of the kind {other}; probes can only use an http proxy"))),
        }
    }

    /// The value of `Proxy-Authorization`, if the proxy's address holds a user.
    pub(super) fn authorization(&self) -> Option<String> {
        self.user.as_ref().map(|user| format!("Basic {}", user.expose()))
    }

    /// What was said on the way, without the password that somebody may echo.
    pub(super) fn struck_from(&self, text: &str) -> String {
        self.user.as_ref().map_or_else(|| text.to_owned(), |user| user.struck_from(text))
    }

    /// A failure of the proxy.
    pub(super) fn fault(&self, what: impl fmt::Display) -> Trouble {
        Trouble::new(Failure::Proxy, format!("the proxy {self} {what}"))
    }

    /// A failure of what is behind the proxy, as far as the proxy knows.
    pub(super) fn beyond(&self, what: impl fmt::Display) -> Trouble {
        Trouble::new(Failure::BeyondProxy, format!("the proxy {self} {what}"))
    }

    /// A failure on the way to the proxy. That this laptop has no route, or asked nobody, stays what it is.
    pub(super) fn on_the_way(&self, trouble: Trouble) -> Trouble {
        let what = match trouble.failure {
            Failure::NoRoute | Failure::NotAsked => return trouble,
            Failure::Dns => "has a name that does not resolve",
            Failure::Refused => "refuses the connection",
            Failure::Certificate | Failure::Tls => "does not show itself as it should over TLS",
            _ => "cannot be reached",
        };
        self.fault(format!("{what}: {}", trouble.detail))
    }

    /// Asks the proxy for a connection to `to`, a host and port.
    pub(super) async fn tunnel(&self, line: &mut Line, to: &str) -> Result<(), Trouble> {
        let broken = |e| self.fault(format!("broke off when asked for {to}: {e}"));
        let authorization = self.authorization().map(|a| format!("Proxy-Authorization: {a}\r\n")).unwrap_or_default();
        let ask = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{authorization}\r\n");
        line.write_all(ask.as_bytes()).await.map_err(broken)?;
        let mut head = Vec::with_capacity(512);
        let end = loop {
            if let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            if head.len() >= HEAD_MAX {
                return Err(self.fault(format!("answers with more than {} KiB of headers", HEAD_MAX / 1024)));
            }
            if line.read_buf(&mut head).await.map_err(broken)? == 0 {
                return Err(self.fault(format!("closed the connection when asked for {to}")));
            }
        };
        let text = String::from_utf8_lossy(&head[..end]);
        let status = text.lines().next().unwrap_or_default();
        let code = status.strip_prefix("HTTP/1.").and_then(|s| s.split(' ').nth(1)).and_then(|c| c.parse::<u16>().ok());
        let said = visible(&self.struck_from(status).chars().take(LINE_MAX).collect::<String>());
        match code {
            Some(200..300) if head.len() == end => Ok(()),
            Some(200..300) => Err(self.fault(format!("speaks before {to} could"))),
            Some(code) => Err(self.refusal(code, to, &said)),
            None => Err(self.fault(format!("does not answer as a proxy: {said}"))),
        }
    }

    /// What a status other than success means where a proxy may have said it.
    pub(super) fn refusal(&self, code: u16, to: &str, said: &str) -> Trouble {
        match code {
            502..=504 => self.beyond(format!("could not get through to {to}: {said}")),
            407 if self.user.is_some() => self.fault(format!("does not accept its name and password: {said}")),
            407 => self.fault(format!("wants a name and password, which its address here does not hold: {said}")),
            403 => self.fault(format!("forbids connections to {to}: {said}")),
            _ => self.fault(format!("does not let us through to {to}: {said}")),
        }
    }
}
