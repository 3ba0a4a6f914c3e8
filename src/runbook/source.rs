//! A runbook's own text and the parts it includes, joined, so that one span says in which file a word stands.

/// Files that one runbook may include; more are no checklist that a person can follow.
pub const MAX_PARTS: usize = 16;
/// A runbook with all its parts.
const MAX_TOTAL: usize = 4 << 20;

/// A runbook as it lies on disk: the file itself and every part it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its file name, for findings.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// What it includes, in the order of first mention.
    pub parts: Vec<Part>,
}

/// A file of steps that runbooks share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As the runbook writes it, e.g. `parts/common.ron`.
    pub path: String,
    /// Its file name, for findings.
    pub name: String,
    /// What is in it, or why it could not be read.
    pub text: Result<String, String>,
}

impl Source {
    /// A runbook without parts.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), parts: Vec::new() }
    }
    /// What is too much of it, before anything is read.
    pub(super) fn too_much(&self) -> Option<String> {
        let total = self.parts.iter().filter_map(|p| p.text.as_ref().ok()).map(String::len).sum::<usize>();
        if self.parts.len() > MAX_PARTS {
            return Some(format!("a runbook may include {MAX_PARTS} files at most"));
        }
        (total + self.text.len() > MAX_TOTAL)
            .then(|| format!("this runbook and what it includes have more than {MAX_TOTAL} bytes together"))
    }
    /// One text of all, each file beginning on a line of its own, and where each begins.
    pub(super) fn joined(&self) -> Joined<'_> {
        let mut out = Joined { text: self.text.clone(), files: vec![(&self.name, 0..self.text.len())] };
        for part in &self.parts {
            let Ok(text) = &part.text else { continue };
            out.text.push('\n');
            let start = out.text.len();
            out.text.push_str(text);
            out.files.push((&part.name, start..out.text.len()));
        }
        out
    }
}

/// Several files as one text.
pub(super) struct Joined<'s> {
    pub(super) text: String,
    pub(super) files: Vec<(&'s str, std::ops::Range<usize>)>,
}

/// Whether a part's path stays below the runbook's folder: plain names joined by `/`.
pub fn stays_inside(path: &str) -> bool {
    let plain = |p: &str| {
        !p.is_empty() && !p.starts_with('.') && p.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    path.len() <= 200 && path.ends_with(".ron") && path.split('/').all(plain)
}
