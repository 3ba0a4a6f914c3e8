//! The credentials card of the Settings screen: names, expiry, who keeps them. Never a secret.

use crate::secrets::Name;

use super::Mark;

/// Who keeps credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeper {
    /// The keyring, as far as is known.
    #[default]
    NotAsked,
    /// The keyring.
    Keyring,
    /// There is no keyring, as long as this program runs.
    Absent,
    /// There is one, and it lets nobody in as yet.
    Shut,
    /// Memory, until the program ends.
    Memory,
}

/// The card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The keyring's state, in a sentence.
    pub state: String,
    /// Who keeps them.
    pub keeper: Keeper,
    /// What is kept, by name.
    pub rows: Vec<CredentialRow>,
    /// What is waited for.
    pub busy: Option<String>,
    /// Whether the last thing that was asked for worked, and what came of it.
    pub said: Option<(bool, String)>,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// Name.
    pub name: Name,
    /// `azure-openai, East US`.
    pub title: String,
    /// Whether it still holds.
    pub mark: Mark,
    /// `expires 2027-01-31`.
    pub expires: String,
    /// Day it was stored.
    pub stored: String,
}
