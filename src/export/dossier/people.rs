//! Who is named in a run, and by which other name an export calls them.

use std::sync::Arc;

use serde_json::Value;

use super::Dossier;

/// Words that stand for a role where nobody gave a name, and would be replaced in every sentence.
const ROLES: [&str; 7] = ["lifeboat", "operator", "scenario", "facilitator", "system", "second person", "everybody"];
/// A shorter name would be found in other words' initials.
const SHORTEST: usize = 2;

/// The people and devices of a run, in the order in which they are first named.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// A name, and what stands for it.
    names: Vec<(String, String)>,
    people: usize,
    devices: usize,
}

impl People {
    /// One person, by all their names: of any that is known already they are the same.
    pub fn person(&mut self, names: &[&str]) {
        let fit = |n: &&str| n.trim().chars().count() >= SHORTEST && !ROLES.contains(&n.trim().to_lowercase().as_str());
        let names: Vec<&str> = names.iter().copied().filter(fit).map(str::trim).collect();
        if names.iter().all(|n| self.known(n).is_some()) {
            return;
        }
        let called = names.iter().find_map(|n| self.known(n)).map(str::to_owned).unwrap_or_else(|| {
            self.people += 1;
            format!("Person {}", self.people)
        });
        for name in names {
            if self.known(name).is_none() {
                self.names.push((name.to_owned(), called.clone()));
            }
        }
    }

    /// A device that bears a person's name, or could.
    pub fn device(&mut self, name: &str) {
        if name.chars().count() >= SHORTEST && self.known(name).is_none() {
            self.devices += 1;
            self.names.push((name.to_owned(), format!("Device {}", self.devices)));
        }
    }

    fn known(&self, name: &str) -> Option<&str> {
        self.names.iter().find(|(n, _)| n == name).map(|(_, called)| called.as_str())
    }

    /// What replaces the names in texts, the longest first, so that no name is cut by a shorter one.
    fn replacer(&self) -> Replacer {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, called) in &self.names {
            for form in [name.clone(), name.to_lowercase()] {
                if !pairs.iter().any(|(known, _)| *known == form) {
                    pairs.push((form, called.clone()));
                }
            }
        }
        pairs.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Replacer(pairs)
    }

    /// Replaces them all over a dossier.
    pub fn hide(&self, dossier: &mut Dossier) {
        let by = self.replacer();
        dossier.texts(&mut |text| by.replace(text));
        for row in &mut dossier.rows {
            if let Some(called) = self.known(&row.device) {
                row.device = Arc::from(called);
            }
        }
        dossier.pseudonyms = true;
    }

    /// Replaces them all over bodies of records.
    pub fn hide_in(&self) -> impl Fn(&mut Value) {
        let by = self.replacer();
        move |body| by.values(body)
    }
}

struct Replacer(Vec<(String, String)>);

impl Replacer {
    fn replace(&self, text: &mut String) {
        for (name, called) in &self.0 {
            if !text.contains(name.as_str()) {
                continue;
            }
            let mut out = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some(at) = rest.find(name.as_str()) {
                let (before, after) = (&rest[..at], &rest[at + name.len()..]);
                let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                // Part of another word: somebody else's, or nobody's.
                let whole = !joined(before.chars().next_back().or_else(|| out.chars().next_back()))
                    && !joined(after.chars().next());
                out.push_str(before);
                out.push_str(if whole { called } else { name });
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
    }

    fn values(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.replace(text),
            Value::Array(all) => all.iter_mut().for_each(|v| self.values(v)),
            Value::Object(all) => all.values_mut().for_each(|v| self.values(v)),
            _ => {}
        }
    }
}
