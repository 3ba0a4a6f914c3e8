//! What a secret is called: a system and a region, never a person, a host or anything secret.
//!
//! The characters are few, so that a name reads the same in every keyring: on Windows user and service are joined by a dot.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SecretError;
use crate::units::Region;

/// System of the secret that the application signs in with.
pub const SIGN_IN: &str = "sign-in";
/// Systems and regions are told by a word or two. A key, given in the wrong place, has 32 signs or more: it would be kept
/// in the open, as a name.
const LONGEST: usize = 24;
/// What an older Lifeboat took; such a name can still be listed and deleted.
const LONGEST_EVER: usize = 40;

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Opens a system.
    Credential,
    /// Signs what the operator approves.
    SigningKey,
}

impl Kind {
    /// The service that keyrings file it under.
    pub fn service(self) -> &'static str {
        match self {
            Self::Credential => "lifeboat",
            Self::SigningKey => "lifeboat-signing-key",
        }
    }
}

/// A secret's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    kind: Kind,
    system: String,
    region: Option<Region>,
}

impl Name {
    /// A credential, for instance `azure-openai` in `eastus`; without a region it holds for all of them.
    pub fn credential(system: &str, region: Option<&str>) -> Result<Self, SecretError> {
        Self::new(Kind::Credential, system, region)
    }

    /// The secret that the application signs in with.
    pub fn sign_in() -> Self {
        Self { kind: Kind::Credential, system: SIGN_IN.to_owned(), region: None }
    }

    /// Any of these kinds.
    pub fn new(kind: Kind, system: &str, region: Option<&str>) -> Result<Self, SecretError> {
        Self::within(LONGEST, kind, system, region)
    }

    /// One under which something was kept, perhaps long ago.
    pub fn kept(kind: Kind, system: &str, region: Option<&str>) -> Result<Self, SecretError> {
        Self::within(LONGEST_EVER, kind, system, region)
    }

    fn within(longest: usize, kind: Kind, system: &str, region: Option<&str>) -> Result<Self, SecretError> {
        let system = system.trim();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if system.is_empty() || system.len() > longest || !system.chars().all(good) || system.starts_with('-') {
            return Err(bad(
                system,
                "a system",
                "write at most 24 lower-case letters, digits and `-`, such as `azure-openai`",
            ));
        }
        let region = match region.map(str::trim).filter(|r| !r.is_empty()) {
            None => None,
            Some(text) => {
                let odd = |c: char| !c.is_ascii_alphanumeric() && c != ' ';
                let region = Region::new(text);
                if region.name().is_empty() || text.chars().any(odd) || text.len() > longest {
                    return Err(bad(text, "a region", "write it as Azure does, such as `eastus` or `East US`"));
                }
                Some(region)
            }
        };
        Ok(Self { kind, system: system.to_owned(), region })
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// The system.
    pub fn system(&self) -> &str {
        &self.system
    }
    /// The region; none: all of them.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }
    /// The user that keyrings file it under.
    pub fn user(&self) -> String {
        self.region.as_ref().map_or_else(|| self.system.clone(), |r| format!("{}/{r}", self.system))
    }
    /// For people: `azure-openai, East US`.
    pub fn title(&self) -> String {
        self.region.as_ref().map_or_else(|| self.system.clone(), |r| format!("{}, {}", self.system, r.display()))
    }
}

/// As it is typed after `lifeboat credentials set`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.system)?;
        self.region.as_ref().map_or(Ok(()), |r| write!(f, " {r}"))
    }
}

/// `azure-openai/eastus`: a credential.
impl FromStr for Name {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once('/') {
            Some((system, region)) => Self::credential(system, Some(region)),
            None => Self::credential(text, None),
        }
    }
}

/// A long text is not shown: it may be the secret, given where a name belongs.
fn bad(text: &str, what: &'static str, rule: &'static str) -> SecretError {
    const SHOWN: usize = 20;
    let long = text.chars().count() > SHOWN;
    let text = if long { "•••".to_owned() } else { crate::units::visible(text) };
    SecretError::BadName { text, what, rule }
}
