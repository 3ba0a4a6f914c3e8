//! Templates as clients send them: with comments, trailing commas, and keys without quotes, since `az` pastes a template's
//! text into a body of its own.

use serde_json::Value;

/// Reads JSON strictly, or else with these liberties.
pub fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|strict| match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(&tidied(text)).map_err(|_| strict),
        Err(_) => Err(strict),
    })
}

fn tidied(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    // The last character that means something: a bare key can only follow `{` or `,`.
    let mut last = ' ';
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = comment(rest) {
            rest = &rest[comment..];
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                taken = string(rest);
                out.push_str(&rest[..taken]);
            }
            '}' | ']' if last == ',' => {
                // The comma before is one too many.
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
            }
            _ if matches!(last, '{' | ',') && (c.is_ascii_alphabetic() || c == '_' || c == '$') => {
                taken = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
                let word = &rest[..taken];
                let key = rest[taken..].trim_start().starts_with(':');
                if key {
                    out.extend(["\"", word, "\""]);
                } else {
                    out.push_str(word);
                }
            }
            _ => out.push(c),
        }
        if !c.is_whitespace() {
            last = c;
        }
        rest = &rest[taken..];
    }
    out
}

/// Length of the comment that the text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let inner = text.strip_prefix("/*")?;
    Some(inner.find("*/").map_or(text.len(), |n| n + 4))
}

/// Length of the string that the text begins with, quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (n, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return n + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}
