//! A letter in parts, each small enough for one picture that a telephone can read.
//!
//! Every part says which of how many it is, and of which letter: parts of two letters are not joined, and a part that was
//! changed makes a letter that is not the one they all name.

use std::collections::BTreeMap;

use super::ApprovalError;
use crate::units::sha256_hex;

/// Pictures that a person holds up one after the other.
pub const PARTS: usize = 30;
/// Signs of a part: a picture of a hundred squares a side, which a laptop's screen shows and a camera reads.
const SIGNS: usize = 600;
const MARK: &str = "LIFEBOAT1";

/// In parts; none when it takes more pictures than anybody shows.
pub fn split(packed: &str) -> Option<Vec<String>> {
    let signs: Vec<char> = packed.chars().collect();
    let chunks: Vec<String> = signs.chunks(SIGNS).map(|c| c.iter().collect()).collect();
    let (of, name) = (chunks.len(), name(packed));
    let part = |(n, chunk): (usize, String)| format!("{MARK} {}/{of} {name} {chunk}", n + 1);
    (1..=PARTS).contains(&of).then(|| chunks.into_iter().enumerate().map(part).collect())
}

fn name(packed: &str) -> String {
    sha256_hex(packed.as_bytes()).chars().take(16).collect()
}

/// Parts as they are read, in any order, each as often as it comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gathered {
    of: Option<(String, usize)>,
    parts: BTreeMap<usize, String>,
}

impl Gathered {
    /// Takes one; false when it is no part of a letter at all.
    pub fn take(&mut self, text: &str) -> Result<bool, ApprovalError> {
        let wrong = |why: &str| ApprovalError::Parts(format!("a picture cannot be used: {why}; take it again"));
        let words: Vec<&str> = text.split(' ').collect();
        let [MARK, number, name, chunk] = words[..] else { return Ok(false) };
        let (n, of) = number.split_once('/').ok_or_else(|| wrong("it does not say which part it is"))?;
        let (Ok(n), Ok(of)) = (n.parse::<usize>(), of.parse::<usize>()) else {
            return Err(wrong("it does not say which part it is"));
        };
        if of > PARTS || n == 0 || n > of || chunk.len() > SIGNS {
            return Err(wrong("it names a part that cannot be"));
        }
        match &self.of {
            Some(had) if *had != (name.to_owned(), of) => {
                return Err(ApprovalError::Parts("these pictures are of two requests; take those of one".to_owned()));
            }
            Some(_) => {}
            None => self.of = Some((name.to_owned(), of)),
        }
        match self.parts.insert(n, chunk.to_owned()) {
            Some(had) if had != chunk => Err(wrong(&format!("part {n} was read twice, and differs"))),
            _ => Ok(true),
        }
    }

    /// The whole, once every part is there.
    pub fn whole(&self) -> Result<String, ApprovalError> {
        let Some((named, of)) = &self.of else {
            return Err(ApprovalError::Parts(
                "there is no picture of a Lifeboat request here; take it again, sharp and whole".to_owned(),
            ));
        };
        let missing: Vec<String> = (1..=*of).filter(|n| !self.parts.contains_key(n)).map(|n| n.to_string()).collect();
        if !missing.is_empty() {
            let what = if missing.len() == 1 { "part" } else { "parts" };
            return Err(ApprovalError::Parts(format!(
                "{what} {} of {of} is missing; add the picture of it",
                missing.join(", ")
            )));
        }
        let whole: String = self.parts.values().map(String::as_str).collect();
        if name(&whole) != *named {
            return Err(ApprovalError::Parts("a picture was changed, or misread; take them again".to_owned()));
        }
        Ok(whole)
    }
}

/// Joins what was read from pictures.
pub fn join<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<String, ApprovalError> {
    let mut all = Gathered::default();
    for text in texts {
        all.take(text)?;
    }
    all.whole()
}
