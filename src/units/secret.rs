//! Secrets, which are never shown, and what others say after they were sent one.
//!
//! A gateway, a proxy or a service may echo what it was sent, in a refusal as well as in an answer. Whatever is kept or
//! shown of theirs is without the secret, however they write it.

use std::fmt;

use serde_json::Value;

/// A secret that prints as `•••` and whose text is overwritten when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text itself; the name makes every use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// A text of others without this secret: who is sent one may echo it, plain or as forms, JSON and pages write it.
    pub fn struck_from(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let begins = [self.0.chars().next().unwrap_or_default(), '%', '\\', '&', '+'];
        // No way of writing it is shorter than the secret itself.
        while self.0.len() >= LEAST_SECRET && rest.len() >= self.0.len() {
            if let Some(after) = rest.starts_with(begins).then(|| self.written_at(rest)).flatten() {
                out.push_str("•••");
                rest = after;
            } else {
                let mut chars = rest.chars();
                out.extend(chars.next());
                rest = chars.as_str();
            }
        }
        out.push_str(rest);
        out
    }

    /// The same of a whole body: a text in JSON may hold another, and then the secret in it is written twice over.
    pub fn struck_from_body(&self, body: &str) -> String {
        let text = self.struck_from(body);
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else { return text };
        if self.strike(&mut value) { value.to_string() } else { text }
    }

    /// The same of every name and text in JSON; whether there was anything to strike.
    pub fn strike(&self, value: &mut Value) -> bool {
        let holds = |text: &str| text.len() >= self.0.len() && self.struck_from(text) != text;
        match value {
            Value::String(text) => {
                let found = holds(text);
                if found {
                    *text = self.struck_from(text);
                }
                found
            }
            Value::Array(all) => all.iter_mut().fold(false, |found, v| self.strike(v) | found),
            Value::Object(all) => {
                let named = all.keys().any(|k| holds(k));
                if named {
                    *all = std::mem::take(all).into_iter().map(|(k, v)| (self.struck_from(&k), v)).collect();
                }
                all.values_mut().fold(named, |found, v| self.strike(v) | found)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// What follows the secret where a text begins with it, however each of its characters is written.
    fn written_at<'t>(&self, text: &'t str) -> Option<&'t str> {
        // A sign may be itself or begin an escape, so there may be several readings; the longest is struck.
        let mut readings = vec![text];
        for c in self.0.chars() {
            readings = readings.iter().flat_map(|t| after(t, c)).collect();
            readings.sort_unstable_by_key(|t| t.len());
            readings.dedup_by_key(|t| t.len());
            if readings.is_empty() {
                return None;
            }
        }
        readings.first().copied()
    }
}

/// A shorter secret guards nothing, and would be struck from the middle of other words.
const LEAST_SECRET: usize = 6;

/// JSON within JSON doubles its backslashes; nobody goes deeper than this.
const MOST_BACKSLASHES: usize = 8;

/// What follows a character at the beginning of a text, for each way in which it may be written there.
fn after(text: &str, c: char) -> impl Iterator<Item = &str> {
    const BACKSLASHED: [(char, char); 6] =
        [('"', '"'), ('/', '/'), ('\'', '\''), ('\n', 'n'), ('\r', 'r'), ('\t', 't')];
    const NAMED: [(char, &str); 5] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&apos;")];
    let code = |t: &str, radix: u32, of: u32| u32::from_str_radix(t, radix).is_ok_and(|n| n == of);
    let escape = |t: &'_ str| t.bytes().take(MOST_BACKSLASHES).take_while(|b| *b == b'\\').count();
    let (mut bytes, mut units) = ([0; 4], [0; 2]);
    let percent = c.encode_utf8(&mut bytes).bytes().try_fold(text, |t, b| {
        let digits = t.strip_prefix('%')?;
        code(digits.get(..2)?, 16, b.into()).then(|| &digits[2..])
    });
    let unicode = c.encode_utf16(&mut units).iter().try_fold(text, |t, unit| {
        let digits = t[escape(t)..].strip_prefix('u').filter(|_| escape(t) > 0)?;
        code(digits.get(..4)?, 16, (*unit).into()).then(|| &digits[4..])
    });
    let numbered = text.strip_prefix("&#").and_then(|t| {
        // Zeros may stand before it, but not many.
        let (number, rest) = t.split_at(t.bytes().take(10).position(|b| b == b';')?);
        let hex = number.strip_prefix(['x', 'X']);
        code(hex.unwrap_or(number), if hex.is_some() { 16 } else { 10 }, c.into()).then(|| &rest[1..])
    });
    let run = escape(text);
    let short = BACKSLASHED.iter().find(|(plain, _)| *plain == c && run > 0);
    let doubled = |n: usize| (c == '\\' && n <= run).then(|| &text[n..]);
    [
        text.strip_prefix(c),
        percent,
        unicode,
        numbered,
        text.strip_prefix('+').filter(|_| c == ' '),
        short.and_then(|(_, letter)| text[run..].strip_prefix(*letter)),
        NAMED.iter().find(|(plain, _)| *plain == c).and_then(|(_, name)| text.strip_prefix(name)),
        doubled(2),
        doubled(4),
        doubled(MOST_BACKSLASHES),
    ]
    .into_iter()
    .flatten()
}

/// Why JSON does not fit a shape, as serde says it but for the values, which may be secrets: names that are ours, and what
/// was expected, stay.
pub fn misfit(e: &serde_json::Error) -> String {
    let text = e.to_string();
    if !e.is_data() || ["missing field `", "duplicate field `", "invalid length"].iter().any(|w| text.starts_with(w)) {
        return text;
    }
    // “invalid type: string "…", expected u64”, “unknown variant `…`, expected …”.
    let kind = text.split(['"', '`']).next().unwrap_or_default().trim_end();
    match text.rsplit_once(", expected ") {
        Some((_, expected)) if ["invalid ", "unknown "].iter().any(|w| kind.starts_with(w)) => {
            format!("{}, expected {expected}", kind.split(", expected ").next().unwrap_or(kind))
        }
        _ => "a value in it is not what it should be".to_owned(),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}
