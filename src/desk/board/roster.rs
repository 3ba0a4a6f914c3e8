//! Whose keys are known here, by a person's word: `colleagues.json` in the data folder. Public keys only.

use serde::{Deserialize, Serialize};

use super::super::home::{Home, write_whole};
use super::super::{DeskError, chain};
use crate::health::sighting::Colleague;
use crate::record::Pin;
use crate::units::PublicKey;

/// More is no list that a person keeps.
const MAX_BYTES: u64 = 1 << 20;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    schema: u32,
    /// Where this laptop stands, as colleagues should read it: `Berlin office`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// The key that this laptop signs with, so that its own block is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<PublicKey>,
    /// Others, and theirs.
    #[serde(default)]
    pub colleagues: Vec<Colleague>,
}

impl Default for Roster {
    fn default() -> Self {
        Self { schema: 1, from: String::new(), mine: None, colleagues: Vec::new() }
    }
}

impl Roster {
    /// Reads it; without a file nobody is known.
    pub fn read(home: &Home) -> Result<Self, DeskError> {
        let path = home.colleagues();
        let damaged = |why: String| DeskError::Colleagues { path: path.clone(), why };
        match std::fs::metadata(&path) {
            Ok(m) if m.len() > MAX_BYTES => return Err(damaged("it is too large".to_owned())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            _ => {}
        }
        let bytes = std::fs::read(&path).map_err(|e| damaged(chain(&e)))?;
        let roster: Self = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        if roster.schema == 1 { Ok(roster) } else { Err(damaged("a later version wrote it".to_owned())) }
    }

    /// The keys that are known here, for whoever verifies a record.
    pub fn pins(&self) -> Vec<Pin> {
        let mine = self.mine.iter().map(|key| Pin { key: key.clone(), of: "this computer's key".to_owned() });
        let theirs =
            self.colleagues.iter().map(|c| Pin { key: c.key.clone(), of: format!("{}'s key, known here", c.name) });
        mine.chain(theirs).collect()
    }

    /// Writes it.
    pub fn save(&self, home: &Home) -> Result<(), DeskError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| DeskError::Colleagues { path: home.colleagues(), why: e.to_string() })?;
        write_whole(&home.colleagues(), &text)
    }
}
