//! The words everything else is said in: time, regions, ARM ids, keys, secrets.
//!
//! Pure. Time never comes from here: it is handed in as a [`Now`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

mod key;
mod secret;

pub use key::{BadKey, FINGERPRINT, PublicKey};
pub use secret::{Secret, misfit};

/// Milliseconds, the one unit of time inside the program.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// Whole seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000))
    }
    /// Whole minutes.
    pub const fn from_mins(m: u64) -> Self {
        Self(m.saturating_mul(60_000))
    }
    /// A stretch between two instants, in whole seconds and never below zero: what people read.
    pub fn whole_seconds(ms: i64) -> Self {
        Self(u64::try_from(ms).unwrap_or(0) / 1_000 * 1_000)
    }
    /// As a fraction of seconds, for arithmetic that ends on a screen.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
    /// For the standard library's timers.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
    /// `self - other`, never below zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Millis {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self(self.0.saturating_add(o.0))
    }
}

impl std::iter::Sum for Millis {
    fn sum<I: Iterator<Item = Self>>(i: I) -> Self {
        i.fold(Self(0), |a, b| a + b)
    }
}

/// As people say it: `4 min 10 s`, `61 ms`, `2 h 5 min`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        if ms == 0 {
            return f.write_str("0 s");
        }
        if ms < 1_000 {
            return write!(f, "{ms} ms");
        }
        if ms < 10_000 && !ms.is_multiple_of(1_000) {
            return write!(f, "{}.{} s", ms / 1_000, ms % 1_000 / 100);
        }
        let s = ms / 1_000;
        let (d, h, m, s) = (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
        let two = |f: &mut fmt::Formatter<'_>, a: u64, ua: &str, b: u64, ub: &str| {
            if b == 0 { write!(f, "{a} {ua}") } else { write!(f, "{a} {ua} {b} {ub}") }
        };
        if d > 0 {
            two(f, d, "d", h, "h")
        } else if h > 0 {
            two(f, h, "h", m, "min")
        } else if m > 0 {
            two(f, m, "min", s, "s")
        } else {
            write!(f, "{s} s")
        }
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// The words of [`Millis::from_str`]'s refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write for example `30s`, `15m`, `2h` or `1h30m`")]
pub struct BadDuration(pub String);

/// `500ms`, `30s`, `15m`, `2h`, `1h30m`, `7d`; parts in falling order, each unit at most once.
impl FromStr for Millis {
    type Err = BadDuration;
    fn from_str(text: &str) -> Result<Self, BadDuration> {
        let bad = || BadDuration(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(bad());
        }
        let (mut total, mut last) = (0u64, u64::MAX);
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = rest[digits..].trim_start();
            let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let unit = match &rest[..letters] {
                "ms" => 1,
                "s" => 1_000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(bad()),
            };
            if unit >= last {
                return Err(bad());
            }
            last = unit;
            total = number.checked_mul(unit).and_then(|n| total.checked_add(n)).ok_or_else(bad)?;
            rest = rest[letters..].trim_start();
        }
        Ok(Self(total))
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

/// A number of milliseconds, or text such as `15m`.
impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl de::Visitor<'_> for V {
            type Value = Millis;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"15m\"")
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Millis, E> {
                Ok(Millis(v))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Millis, E> {
                u64::try_from(v).map(Millis).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Millis, E> {
                v.parse().map_err(E::custom)
            }
        }
        d.deserialize_any(V)
    }
}

/// One instant, as the run sees it.
///
/// In a rehearsal `utc` and `mono` are the scenario's, `wall` the real one; live, `wall == utc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Milliseconds since the Unix epoch on the run's clock.
    pub utc: i64,
    /// Milliseconds on the run's clock since it was made; never goes back.
    pub mono: u64,
    /// Milliseconds since the Unix epoch on the computer's clock.
    pub wall: i64,
}

impl Now {
    /// Time since `earlier`, zero if the clock went back.
    pub fn since(self, earlier_utc: i64) -> Millis {
        Millis(u64::try_from(self.utc.saturating_sub(earlier_utc)).unwrap_or(0))
    }
}

/// `2026-11-20T03:14:07Z`: RFC 3339, whole seconds.
pub fn utc_text(ms: i64) -> String {
    // Never rounded up: every other clock here shows the second that it is in.
    jiff::Timestamp::from_second(ms.div_euclid(1_000)).map_or_else(|_| "unknown time".to_owned(), |t| t.to_string())
}

/// `03:14:07`.
pub fn utc_clock(ms: i64) -> String {
    let s = ms.div_euclid(1_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
}

/// `21:43` or `1:02:03`: the one big clock.
pub fn countdown(ms: u64) -> String {
    let s = ms / 1_000;
    if s >= 3_600 {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    } else {
        format!("{:02}:{:02}", s / 60, s % 60)
    }
}

/// An Azure region by its ARM name (`eastus`); any spelling in, lower case without blanks kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Region(String);

impl Region {
    /// From `East US`, `eastus` or `EastUS`.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect())
    }
    /// The ARM name.
    pub fn name(&self) -> &str {
        &self.0
    }
    /// The name the portal shows (`East US`), or the ARM name where the built-in table has none.
    pub fn display(&self) -> String {
        known_region(&self.0).map_or_else(|| self.0.clone(), |r| r.display_name.clone())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Region {
    fn from(s: String) -> Self {
        Self::new(&s)
    }
}

impl From<Region> for String {
    fn from(r: Region) -> Self {
        r.0
    }
}

/// One row of the built-in table of regions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionFacts {
    /// ARM name.
    pub name: String,
    /// Portal name.
    pub display_name: String,
    /// Geography, e.g. `United States`.
    pub geography: String,
    /// ARM name of the paired region. A pair promises nothing about capacity.
    pub pair: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// The built-in table, for when the locations API cannot be asked.
pub fn known_regions() -> &'static [RegionFacts] {
    static TABLE: std::sync::LazyLock<Vec<RegionFacts>> =
        std::sync::LazyLock::new(|| serde_json::from_str(include_str!("../assets/regions.json")).unwrap_or_default());
    &TABLE
}

/// The table's row of a region, by ARM name.
pub fn known_region(name: &str) -> Option<&'static RegionFacts> {
    known_regions().iter().find(|r| r.name == name)
}

/// An ARM resource id; compared without regard to case, kept as written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId(String);

/// Why a text is no resource id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARM resource id; it should read /subscriptions/…/resourceGroups/…[/providers/…/type/name]")]
pub struct BadResourceId(pub String);

impl ResourceId {
    fn segment_after(&self, word: &str) -> &str {
        let mut parts = self.0.split('/');
        while let Some(p) = parts.next() {
            if p.eq_ignore_ascii_case(word) {
                return parts.next().unwrap_or_default();
            }
        }
        ""
    }
    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Subscription id.
    pub fn subscription(&self) -> &str {
        self.segment_after("subscriptions")
    }
    /// Resource group, empty for a subscription.
    pub fn group(&self) -> &str {
        self.segment_after("resourceGroups")
    }
    /// Last segment.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
    /// `Microsoft.CognitiveServices/accounts`; of a group, `Microsoft.Resources/resourceGroups`; of a lock on an account, that
    /// of the lock.
    pub fn kind(&self) -> String {
        let parts: Vec<&str> = self.0.split('/').collect();
        let at = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers"));
        match at.and_then(|n| parts.get(n + 1..)).and_then(<[_]>::split_first) {
            None => "Microsoft.Resources/resourceGroups".to_owned(),
            Some((ns, rest)) => rest.iter().step_by(2).fold((*ns).to_owned(), |a, t| format!("{a}/{t}")),
        }
    }
}

impl FromStr for ResourceId {
    type Err = BadResourceId;
    fn from_str(text: &str) -> Result<Self, BadResourceId> {
        let id = text.trim().trim_end_matches('/');
        let parts: Vec<&str> = id.split('/').collect();
        let ok = parts.len() >= 3
            && parts[0].is_empty()
            && parts[1].eq_ignore_ascii_case("subscriptions")
            && parts[2..].iter().all(|p| {
                !p.is_empty()
                    && p.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c))
                    && !p.starts_with("..")
            })
            && parts.len() % 2 == 1;
        if ok { Ok(Self(id.to_owned())) } else { Err(BadResourceId(text.to_owned())) }
    }
}

impl TryFrom<String> for ResourceId {
    type Error = BadResourceId;
    fn try_from(s: String) -> Result<Self, BadResourceId> {
        s.parse()
    }
}

impl From<ResourceId> for String {
    fn from(r: ResourceId) -> Self {
        r.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, o: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&o.0)
    }
}
impl Eq for ResourceId {}

/// The golden ratio in 64 bits: its multiples are spread as evenly as can be, whatever their number.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The next number of a seeded row (`SplitMix64`): small and repeatable, where nothing needs to be unpredictable.
pub fn splitmix(state: &mut u64) -> u64 {
    let n = *state;
    *state = n.wrapping_add(GOLDEN);
    mixed(n)
}

/// A number without a pattern for each number.
pub fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        out.push(DIGITS[usize::from(b >> 4)] as char);
        out.push(DIGITS[usize::from(b & 15)] as char);
    }
    out
}

/// The bytes of a text in hexadecimal, of either case.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: char| c.to_digit(16).and_then(|d| u8::try_from(d).ok());
    let digits: Vec<u8> = text.chars().map(digit).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|p| (p[0] << 4) | p[1]).collect())
}

/// SHA-256 of `bytes` in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}

/// Whether a character shows nothing by itself, or changes how others show: control (but for line ends and tabs),
/// bidirectional, zero-width, and the blanks and tags that look like nothing.
pub fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// What is said of an error, then its causes, which alone say what happened; one that says no more than the one before is
/// left out. The error's own words are not taken: an HTTP client's hold the address.
pub fn with_causes(mut said: String, error: &dyn std::error::Error) -> String {
    let mut cause = error.source();
    while let Some(e) = cause {
        let text = e.to_string();
        if !said.ends_with(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        cause = e.source();
    }
    said
}

/// Hidden characters made visible, so that a text cannot pretend to be another.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            out.push_str(&format!("\\u{{{:x}}}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}
