//! The block: what one laptop sees, as text for others.
//!
//! ```text
//! [Lifeboat sighting 1]
//! who: Ben;
//! when: 2026-11-20T03:14:07Z;
//! from: Berlin office;
//! of: AzureCloud;
//! region: eastus, down, since 2026-11-20T03:10:00Z, 9 of 9 calls fail, oai-prod-eastus: no answer in time;
//! key: …; signature: …;
//! [end of Lifeboat sighting]
//! ```
//!
//! Mail and chats quote, wrap and beautify what they carry. So fields end with `;` instead of the line, blanks, `>` and `|`
//! mean nothing, and what is signed is the letters, digits and `.,:/%()+-` of each field with its name, in their order.
//! Nothing else is read: what a signature does not cover is dropped before anything is made of it, and no name or word
//! differs from another by a blank.

use jiff::Timestamp;

use super::{CLOCKS_DIFFER, Colleague, Here, SightingError, Taken, vouched};
use crate::health::detector::ms;
use crate::health::view::span;
use crate::health::{Assessment, Inputs, Reason, Sighting, State, Vouched};
use crate::units::{Millis, PublicKey, Region, hex, hidden, known_region, unhex, utc_clock, utc_text};

const BEGIN: &str = "[Lifeboat sighting";
const END: &str = "[end of Lifeboat sighting]";
/// Bytes that are signed begin so: a signature of a sighting is none of anything else.
const DOMAIN: &str = "lifeboat-sighting-1\n";
/// Calls are counted over so much.
const COUNTED: Millis = Millis::from_mins(5);
/// Longest name, place or reason that is written or shown.
const WORDS: usize = 120;
/// Blocks read of one text, and fields of a block; more is not a person's doing.
const BLOCKS: usize = 16;
const FIELDS: usize = 200;

/// What one laptop sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Who looks.
    pub who: String,
    /// When (UTC ms).
    pub at: i64,
    /// From where; may be empty.
    pub from: String,
    /// Which Azure.
    pub of: String,
    /// One a region.
    pub lines: Vec<Line>,
}

/// What is seen of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub region: Region,
    /// Verdict.
    pub state: State,
    /// Since when.
    pub since: Option<i64>,
    /// `9 of 9 calls fail`.
    pub calls: String,
    /// The strongest reason.
    pub reason: String,
}

impl Line {
    /// What is believed of each region.
    pub fn all(i: &Inputs<'_>, a: &Assessment) -> Vec<Self> {
        let line = |v: &crate::health::RegionVerdict| {
            let detectors = || i.regions.iter().filter(|r| r.region == v.region).flat_map(|r| r.detectors());
            let tally = |d: &crate::health::Detector| d.tally(i.now - ms(COUNTED));
            let (failed, answered, calls) =
                detectors().map(tally).fold((0, 0, 0), |(f, a, c), t| (f + t.failed, a + t.answered, c + t.calls));
            let calls = match failed {
                0 => format!("{answered} of {calls} calls answer"),
                _ => format!("{failed} of {calls} calls fail"),
            };
            let reason = v.reasons.first().map_or_else(String::new, |r: &Reason| r.text.clone());
            Self { region: v.region.clone(), state: v.state, since: v.since, calls, reason }
        };
        a.regions.iter().map(line).collect()
    }
}

impl Block {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut out = vec![
            ("who", plain(&self.who)),
            ("when", utc_text(self.at)),
            ("from", plain(&self.from)),
            ("of", plain(&self.of)),
        ];
        out.retain(|f| !f.1.is_empty());
        out.extend(self.lines.iter().map(|l| {
            let since = l.since.map_or_else(|| "unknown".to_owned(), utc_text);
            let (calls, reason) = (plain(&l.calls), plain(&l.reason));
            ("region", format!("{}, {}, since {since}, {calls}, {reason}", l.region, l.state.word()))
        }));
        out
    }

    /// What is signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let fields = self.fields();
        canonical(fields.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// As text, signed.
    pub fn signed(&self, key: &PublicKey, signature: &[u8]) -> String {
        self.text(&[("key", key.to_string()), ("signature", hex(signature))])
    }

    /// As text without a signature, and why there is none.
    pub fn unsigned(&self, why: &str) -> String {
        self.text(&[("unsigned", plain(why))])
    }

    fn text(&self, end: &[(&'static str, String)]) -> String {
        let fields = self.fields();
        let line = |(name, value): &(&str, String)| format!("{name}: {value};\n");
        let body: String = fields.iter().chain(end).map(line).collect();
        format!("{BEGIN} 1]\n{body}{END}\n")
    }
}

/// Whether a region answers them, by their word for it; none: they do not know either.
fn answers(word: &str) -> Option<bool> {
    match word {
        "ok" | "degraded" | "throttled" => Some(true),
        "down" | "suspect" => Some(false),
        _ => None,
    }
}

/// A value as it is written: nothing that ends a field, and nothing that mail or chats make something else of.
fn plain(text: &str) -> String {
    let keep = |c: char| if is_signed(c) && c != ',' { c } else { ' ' };
    let text: String = text.chars().map(keep).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(WORDS).collect()
}

/// What a signature covers; all that is read of a value but blanks.
fn is_signed(c: char) -> bool {
    c.is_alphanumeric() || ".,:/%()+-".contains(c)
}

/// Whether two names are one person's, as far as a signature can tell.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    let bare = |name: &str| name.chars().filter(|c| is_signed(*c)).flat_map(char::to_lowercase).collect::<String>();
    bare(a) == bare(b)
}

/// The bytes that a signature is of.
fn canonical<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut out = DOMAIN.to_owned();
    for (name, value) in fields {
        out.push_str(name);
        out.push(':');
        out.extend(value.chars().filter(|c| is_signed(*c)));
        out.push('\n');
    }
    out.into_bytes()
}

/// Quoting, wrapping and blanks of all kinds as single blanks.
fn unwrapped(text: &str) -> String {
    let shown = text.chars().filter(|c| !hidden(*c) || c.is_whitespace());
    let text: String = shown.map(|c| if c == '>' || c == '|' { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text holds a block, or a part of one.
pub(super) fn is_there(text: &str) -> bool {
    let text = unwrapped(text);
    text.contains(BEGIN) || text.contains(END)
}

/// Reads every block of a text.
pub(super) fn take(text: &str, here: &Here<'_>) -> Result<Taken, SightingError> {
    let text = unwrapped(text);
    let mut taken = Taken::default();
    let mut failed: Vec<SightingError> = Vec::new();
    let mut rest = text.as_str();
    for _ in 0..BLOCKS {
        let Some(at) = rest.find(BEGIN) else { break };
        let after = &rest[at + BEGIN.len()..];
        let next = after.find(BEGIN).unwrap_or(after.len());
        let one = match after.find(END).filter(|end| *end < next) {
            Some(end) => one(&after[..end], here),
            None => Err(SightingError::CutOff("end")),
        };
        match one {
            Ok(t) => {
                taken.sightings.extend(t.sightings);
                taken.remarks.extend(t.remarks);
                taken.keys.extend(t.keys);
            }
            Err(e) => failed.push(e),
        }
        rest = &after[next..];
    }
    if taken.sightings.is_empty() {
        return Err(failed.into_iter().next().unwrap_or(SightingError::CutOff("beginning")));
    }
    taken.remarks.extend(failed.iter().map(ToString::to_string));
    Ok(taken)
}

/// Reads what stands between a block's beginning and its end.
fn one(text: &str, here: &Here<'_>) -> Result<Taken, SightingError> {
    let damaged = |why: &str| SightingError::Damaged(why.to_owned());
    let (version, body) = text.split_once(']').ok_or_else(|| damaged("its first line is not whole"))?;
    if version.trim() != "1" {
        return Err(SightingError::Newer(version.trim().chars().take(20).collect()));
    }
    let body: String = body.chars().filter(|c| is_signed(*c) || *c == ';' || *c == ' ').collect();
    let fields: Vec<(&str, &str)> = body
        .split(';')
        .map(str::trim)
        .filter(|f| !f.is_empty())
        .take(FIELDS)
        .map(|f| f.split_once(':').map(|(name, value)| (name.trim(), value.trim())))
        .collect::<Option<_>>()
        .ok_or_else(|| damaged("a field has no name"))?;
    let get = |name: &str| fields.iter().find(|f| f.0 == name).map(|f| f.1);
    let need = |name: &str| get(name).filter(|v| !v.is_empty()).ok_or_else(|| damaged(&format!("`{name}` is missing")));
    let tight = |text: &str| text.split_whitespace().collect::<String>();
    let who = plain(need("who")?);
    let when: Timestamp = tight(need("when")?).parse().map_err(|_| damaged("`when` is no time"))?;
    let of = plain(need("of")?);
    need("region")?;
    let mut taken = Taken::default();
    // First whether it is what was written, then what it says.
    let vouched = match (get("key"), get("signature")) {
        // Who takes the signature away takes the doubt away with it.
        (None, None) if here.known.iter().any(|c| same_name(&c.name, &who)) => Vouched::NotSigned,
        (None, None) => Vouched::Unsigned,
        (None, Some(_)) | (Some(_), None) => return Err(SightingError::Changed(who)),
        (Some(key), Some(signature)) => {
            let key: PublicKey = tight(key).parse().map_err(|_| damaged("`key` is no key"))?;
            let signature = unhex(&tight(signature)).ok_or_else(|| damaged("`signature` is no signature"))?;
            let message = canonical(fields.iter().copied().filter(|f| !["key", "signature"].contains(&f.0)));
            if !key.signed(&message, &signature) {
                return Err(SightingError::Changed(who));
            }
            if here.my_key == Some(&key) {
                return Err(SightingError::Mine);
            }
            let vouched = vouched(&who, &key, here.known);
            if vouched != Vouched::Known {
                taken.keys.push(Colleague { name: who.clone(), key, pair: None });
            }
            vouched
        }
    };
    // A namesake has a key of their own.
    if get("key").is_none() && same_name(&who, here.me) {
        return Err(SightingError::Mine);
    }
    if !same_name(&of, here.of) {
        return Err(SightingError::Elsewhere { there: of, here: here.of.to_owned() });
    }
    let at = when.as_millisecond();
    if at > here.now.saturating_add(ms(CLOCKS_DIFFER)) {
        return Err(SightingError::Future { who, by: span(at.saturating_sub(here.now)) });
    }
    let from = plain(get("from").unwrap_or_default());
    for value in fields.iter().filter(|f| f.0 == "region").map(|f| f.1) {
        let mut parts = value.splitn(5, ',').map(str::trim);
        let (region, state) = (parts.next().unwrap_or_default(), tight(parts.next().unwrap_or_default()));
        let since: String = tight(parts.next().unwrap_or_default()).trim_start_matches("since").to_owned();
        let (calls, reason) = (plain(parts.next().unwrap_or_default()), plain(parts.next().unwrap_or_default()));
        let region = Region::new(region);
        let watched = here.watched.contains(&region);
        if !watched && known_region(region.name()).is_none() {
            taken
                .remarks
                .push(format!("{who} speaks of “{}”, which is no region that is known here", plain(region.name())));
            continue;
        }
        let Some(answers) = answers(&state) else {
            taken.remarks.push(format!("{who} cannot tell how {} is either ({})", region.display(), plain(&state)));
            continue;
        };
        if !watched {
            taken.remarks.push(not_watched(&region));
        }
        let since = since.parse::<Timestamp>().ok().map(|t| format!("since {} UTC", utc_clock(t.as_millisecond())));
        let note = [Some(state), since, Some(calls), Some(reason)];
        let note: Vec<String> = note.into_iter().flatten().filter(|x| !x.is_empty()).collect();
        taken.sightings.push(Sighting {
            who: who.clone(),
            region,
            answers,
            // A clock that is a little ahead makes nothing younger than now.
            at: at.min(here.now),
            vouched: vouched.clone(),
            from: from.clone(),
            note: note.join(", "),
        });
    }
    if taken.sightings.is_empty() {
        return Err(SightingError::SaysNothing(who));
    }
    let stale = taken.sightings.iter().any(|s| !s.fresh(here.now));
    if stale {
        let age = span(here.now.saturating_sub(at));
        taken.remarks.push(format!("what {who} saw is {age} old: it is shown, and says nothing about now"));
    }
    Ok(taken)
}

/// Said of a region that nobody looks at here.
pub(super) fn not_watched(region: &Region) -> String {
    format!("{} is not watched here, so no verdict changes by it", region.display())
}
