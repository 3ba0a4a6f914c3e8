//! Runbooks and plans in the binary.

/// Name and text.
pub(super) const FILES: [(&str, &str); 3] = [
    ("azure-openai.ron", include_str!("../../runbooks/azure-openai.ron")),
    ("prod-chat.ron", include_str!("../../assets/plans/prod-chat.ron")),
    ("sandbox-plan.ron", include_str!("../../assets/plans/sandbox.ron")),
];

/// Steps that the built-in runbooks share: path as they write it, and text.
const PARTS: [(&str, &str); 0] = [];

/// Whether this very text is in the binary.
pub(super) fn has(text: &str) -> bool {
    FILES.iter().any(|(_, t)| *t == text)
}

/// A built-in part by its path: name and text.
pub(super) fn part(path: &str) -> Option<(String, Result<String, String>)> {
    let (path, text) = PARTS.iter().find(|(p, _)| *p == path)?;
    Some((format!("built-in/{path}"), Ok((*text).to_owned())))
}
