//! Words of one's own, with names in braces that are filled in. What is filled in is not looked at again: a plan may be
//! called `{left}`.

use super::{HookError, LONGEST_TEMPLATE};

/// What can be filled in.
pub const PLACEHOLDERS: [&str; 5] = ["plan", "what", "run", "mode", "left"];

/// The placeholders, for people.
pub(super) fn known() -> String {
    PLACEHOLDERS.map(|p| format!("{{{p}}}")).join(", ")
}

/// What is wrong with the words first.
pub(super) fn check(template: &str) -> Result<(), HookError> {
    if template.chars().count() > LONGEST_TEMPLATE {
        return Err(HookError::TooLong);
    }
    fill(template, |_| "").map(|_| ())
}

/// The words with everything filled in.
pub(super) fn fill<'v>(template: &str, value: impl Fn(&str) -> &'v str) -> Result<String, HookError> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
        } else if brace == "}" {
            out.push('}');
        } else {
            let (name, after) = rest.split_once('}').ok_or(HookError::Brace)?;
            if !PLACEHOLDERS.contains(&name) {
                let shown: String = crate::units::visible(name).chars().take(20).collect();
                return Err(HookError::Placeholder(shown));
            }
            out.push_str(value(name));
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}
