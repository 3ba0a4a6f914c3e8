//! `{parameter}` and `{parameter.field}` in texts; `{{` and `}}` stand for the braces themselves.

use super::model::ParameterKind;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// A parameter's value, or a field of it.
    Value {
        /// Parameter.
        name: String,
        /// Field, if one is asked for.
        field: Option<String>,
    },
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// An opening brace without its end.
    #[error("`{{` is never closed; write `{{{{` for a brace that is meant")]
    Open,
    /// A closing brace without a start.
    #[error("`}}` was never opened; write `}}}}` for a brace that is meant")]
    Close,
    /// Something else than a name between braces.
    #[error("`{{{0}}}` is no parameter; write `{{name}}` or `{{name.field}}`, and `{{{{` for a brace that is meant")]
    Name(String),
}

/// Takes a text apart.
pub fn parse(text: &str) -> Result<Vec<Part>, BadTemplate> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'{' | b'}')) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
        } else if brace == "}" {
            return Err(BadTemplate::Close);
        } else {
            let end = rest.find('}').ok_or(BadTemplate::Open)?;
            let (name, field) = match rest[..end].split_once('.') {
                Some((n, f)) => (n, Some(f)),
                None => (&rest[..end], None),
            };
            if !is_name(name) || !field.is_none_or(is_name) {
                return Err(BadTemplate::Name(rest[..end].escape_debug().to_string()));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Value { name: name.to_owned(), field: field.map(str::to_owned) });
            rest = &rest[end + 1..];
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

/// Lower-case letters, digits and `_`, beginning with a letter.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The fields a kind of value has.
pub fn fields(kind: &ParameterKind) -> &'static [&'static str] {
    match kind {
        ParameterKind::Resource(_) => &["name", "group", "subscription"],
        ParameterKind::Region => &["display"],
        _ => &[],
    }
}
