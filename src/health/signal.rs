//! One observation of one endpoint, and which of its errors say anything about the region.
//!
//! Only connectivity errors and the service's own 5xx count against a region. A refused key, a missing deployment or
//! throttling prove that something there still answers; a web page in place of JSON, an untrusted certificate or a
//! missing route speak of what lies between.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::Millis;

/// Names what is probed, e.g. `oai-prod-eastus`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointId(pub String);

impl From<&str> for EndpointId {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long each stage took, as far as the probe got. Each is the stage's own time, `total` the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// Resolving the name, the proxy's where there is one; none for a literal address.
    pub dns: Option<Millis>,
    /// Opening the connection; through a proxy, to it and by it (`CONNECT`).
    pub connect: Option<Millis>,
    /// The TLS handshake; none over plain HTTP.
    pub tls: Option<Millis>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<Millis>,
    /// From start to end, however it ended.
    pub total: Option<Millis>,
}

/// One look at one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What was asked.
    pub endpoint: EndpointId,
    /// When it was asked, UTC milliseconds of the run's clock.
    pub at: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// How long the stages took.
    pub stages: Stages,
    /// The address that answered or was tried last; the proxy's where there is one.
    pub peer: Option<String>,
    /// Whether a proxy stood in between.
    pub via_proxy: bool,
    /// The certificate that was shown, trusted or not; none over plain HTTP, or when the handshake broke off before it.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// The raw cause of a failure, for the person who wants it.
    pub detail: Option<String>,
    /// By how much the clock of whoever answered is ahead of ours, in milliseconds; see [`super::skew`].
    #[serde(default)]
    pub ahead: Option<i64>,
}

/// Whom the other side says it is: enough to tell interception from the service, and an expired one from a wrong clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Subject, or its first alternative name.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// When it ends, UTC milliseconds.
    pub until: i64,
    /// SHA-256 over its bytes, in hex.
    pub sha256: String,
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The service answered as it should.
    Answered,
    /// It did not.
    Failed(Failure),
}

impl Outcome {
    /// Whether the service answered as it should.
    pub fn answered(&self) -> bool {
        *self == Self::Answered
    }
    /// Whether it counts toward *persistent*.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Failed(f) if f.counts())
    }
    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Answered => None,
            Self::Failed(f) => Some(f),
        }
    }
    /// A few words for people.
    pub fn text(&self) -> String {
        self.failure().map_or_else(|| "answers".to_owned(), Failure::text)
    }
}

/// The classes of errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The name did not resolve.
    Dns,
    /// No connection in time.
    ConnectTimeout,
    /// The connection was refused.
    Refused,
    /// A router on the way says that the host cannot be reached.
    Unreachable,
    /// This laptop has no route, or its own firewall forbids it.
    NoRoute,
    /// The TLS handshake broke off or took too long.
    Tls,
    /// The certificate is not trusted: interception, or a wrong clock.
    Certificate,
    /// The connection was closed or reset before an answer.
    Reset,
    /// Connected, then silent.
    NoAnswer,
    /// An HTTP status that is no success.
    Status {
        /// The status.
        code: u16,
        /// When the service asks us to come back.
        retry_after: Option<Millis>,
    },
    /// Something answered that is not the service, e.g. a network's sign-in page.
    NotTheService,
    /// The proxy on the way does not carry the question: the fault is on this side of the region, or cannot be told.
    Proxy,
    /// The proxy answers, but cannot reach the host or keeps silent about it: `CONNECT` got 502, 503, 504 or nothing.
    BeyondProxy,
    /// No request was made; why stands in [`Observation::detail`].
    NotAsked,
}

/// Statuses with which a service says that it fails itself.
const COUNTING: [u16; 5] = [408, 500, 502, 503, 504];

impl Failure {
    /// An HTTP status without advice when to come back.
    pub const fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }

    /// Whether it counts toward *persistent*: it speaks of the endpoint, not of us or of what lies between.
    pub fn counts(&self) -> bool {
        match self {
            Self::Dns
            | Self::ConnectTimeout
            | Self::Refused
            | Self::Unreachable
            | Self::Tls
            | Self::Reset
            | Self::NoAnswer
            | Self::BeyondProxy => true,
            Self::Status { code, .. } => COUNTING.contains(code),
            Self::NoRoute | Self::Certificate | Self::NotTheService | Self::Proxy | Self::NotAsked => false,
        }
    }

    /// Whether the service itself said it, so that something there is alive.
    pub fn proves_life(&self) -> bool {
        matches!(self, Self::Status { .. }) && !self.counts()
    }

    /// Whether it speaks of this laptop or its network.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::NoRoute | Self::Certificate | Self::NotTheService | Self::Proxy)
    }

    /// Whether the service throttles us.
    pub fn is_throttle(&self) -> bool {
        matches!(self, Self::Status { code: 429, .. })
    }

    /// Whether asking again can help: a refused key stays refused.
    pub fn worth_retrying(&self) -> bool {
        self.counts() || self.is_throttle() || *self == Self::Proxy
    }

    /// When the service asks us to come back.
    pub fn retry_after(&self) -> Option<Millis> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A few words for people.
    pub fn text(&self) -> String {
        let words = match self {
            Self::Dns => "name does not resolve",
            Self::ConnectTimeout => "connect timeout",
            Self::Refused => "connection refused",
            Self::Unreachable => "host unreachable",
            Self::NoRoute => "no route from this laptop",
            Self::Tls => "TLS handshake failed",
            Self::Certificate => "certificate not trusted (interception, or a wrong clock)",
            Self::Reset => "connection reset",
            Self::NoAnswer => "no answer in time",
            Self::NotTheService => "something else answers in its place",
            Self::Proxy => "the proxy does not let us through",
            Self::BeyondProxy => "not reached through the proxy",
            Self::NotAsked => "not asked",
            Self::Status { code, .. } => {
                let words = match code {
                    400 => "request refused",
                    401 => "key or token refused",
                    403 => "access denied",
                    404 => "not found",
                    408 => "the service gave up waiting",
                    409 => "conflict",
                    429 => "throttled",
                    500 | 502..=504 => "server error",
                    _ => "unexpected status",
                };
                return format!("{words} ({code})");
            }
        };
        words.to_owned()
    }
}

/// What an answer must look like to be the service's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expectation {
    /// 2xx and a JSON object with this key. A page of a captive portal is none.
    JsonWith(String),
    /// Any status below 500 on an authentic connection: enough to show that the network carries us there. But who gives
    /// up waiting (408) serves nobody, and who throttles (429) says so.
    Reachable,
}

impl Expectation {
    /// Judges an answer. `complete` is false when `body` was cut at the reader's limit.
    pub fn judge(&self, code: u16, body: &[u8], complete: bool, retry_after: Option<Millis>) -> Outcome {
        match self {
            Self::Reachable if code < 500 && code != 408 && code != 429 => Outcome::Answered,
            Self::JsonWith(key) if (200..300).contains(&code) => {
                let whole = !complete || serde_json::from_slice::<IgnoredAny>(body).is_ok();
                if whole && has_key(body, key) { Outcome::Answered } else { Outcome::Failed(Failure::NotTheService) }
            }
            // Azure's data planes do not redirect; a network's sign-in page does.
            Self::JsonWith(_) if (300..400).contains(&code) => Outcome::Failed(Failure::NotTheService),
            _ => Outcome::Failed(Failure::Status { code, retry_after }),
        }
    }
}

/// Whether the JSON object in `body`, possibly cut short, has this key at its top level.
fn has_key(body: &[u8], key: &str) -> bool {
    struct Find<'a> {
        key: &'a str,
        found: &'a mut bool,
    }
    impl<'de> Visitor<'de> for Find<'_> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<String>()? {
                if name == self.key {
                    *self.found = true;
                    // The rest does not matter, and may be missing.
                    return Err(de::Error::custom("found"));
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut found = false;
    let mut json = serde_json::Deserializer::from_slice(body);
    // The result is in `found`; an error only says that the search ended before the object did.
    let _ = json.deserialize_map(Find { key, found: &mut found });
    found
}
