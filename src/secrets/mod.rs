//! Secrets, where the operating system keeps them: one entry a system and region, since keys belong to a region.
//!
//! The keyring is asked on one thread of its own with a time limit, because a locked one may wait for a person for as
//! long as it likes. What is kept can be listed without it: a file beside holds the names, never a secret. Where there is
//! no keyring, a person may choose to keep secrets in memory until the program ends; the program never chooses that itself.

mod index;
mod keyring;
mod memory;
mod name;
mod size;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::units::Secret;

pub use index::{Credential, EXPIRES_SOON, Expiry, expiry, expiry_text};
pub use name::{Kind, Name, SIGN_IN};
pub use size::{Platform, fits};

use index::Index;
use keyring::Keyring;
use memory::Memory;

/// A person needs this long to answer a keyring's prompt; longer is more likely a prompt that nobody sees.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// What can keep a secret from being kept or read; Display says what, and what to do. None of these holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No service answers.
    #[error(
        "no keyring service answers on this computer ({0}); start one (on Linux: GNOME Keyring or KWallet), then Lifeboat again, or \
         let the window keep credentials in memory until Lifeboat closes"
    )]
    Absent(String),
    /// The service lets nobody in.
    #[error(
        "the keyring is locked, or has none to write to ({0}); unlock it, or make one in your desktop's password settings, then try again"
    )]
    Locked(String),
    /// The service says no.
    #[error("the keyring refused: {0}; look at it in your desktop's password settings, then try again")]
    Refused(String),
    /// The service says nothing.
    #[error(
        "the keyring gave no answer within {} s; look for its prompt, perhaps behind another window, and try again. What was \
         asked for may still be done when the prompt is answered", .0.as_secs()
    )]
    NoAnswer(Duration),
    /// Too many questions wait.
    #[error(
        "the keyring has not answered what it was asked before; look for its prompt, perhaps behind another window, then try again"
    )]
    Busy,
    /// It took a test entry, and gave another back.
    #[error(
        "the keyring took a test entry and did not give it back, so nothing is entrusted to it; repair or replace it"
    )]
    Forgets,
    /// More than the platform keeps.
    #[error(
        "the secret has {is} {unit}, and {keeper} keeps at most {most}. Where it is a certificate to sign in with, that can stay in a file: lifeboat \
         credentials set sign-in --method certificate --tenant ID --client-id ID --certificate FILE"
    )]
    TooLarge {
        /// How much.
        is: usize,
        /// How much there may be.
        most: usize,
        /// Of what.
        unit: &'static str,
        /// Who keeps it.
        keeper: &'static str,
    },
    /// Nothing to keep.
    #[error("the secret is empty; nothing was stored")]
    Empty,
    /// Control characters, which no key has; line ends are in certificates only.
    #[error(
        "the secret holds control characters or line ends, so it was not copied as it should be; nothing was stored"
    )]
    Unclean,
    /// The first line of a certificate, or all of it in one.
    #[error(
        "a certificate or key in PEM has many lines, and one line came, so nothing was stored; give it as a file: \
         lifeboat credentials set sign-in < FILE.pem"
    )]
    OneLine,
    /// There, but not to be used.
    #[error(
        "the keyring's entry for {0} is damaged; delete it with `lifeboat credentials delete {0}` and store it again"
    )]
    Damaged(Name),
    /// Not there.
    #[error("there is no credential {0}; store it with `lifeboat credentials set {0}`, or in Settings")]
    NotThere(Name),
    /// Not a name.
    #[error("`{text}` cannot name {what}; {rule}")]
    BadName {
        /// What was given.
        text: String,
        /// For what.
        what: &'static str,
        /// How it should be.
        rule: &'static str,
    },
    /// The list cannot be read.
    #[error("the list of credentials {} cannot be read ({why}); check its rights", path.display())]
    ListRead {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The list is no list.
    #[error(
        "the list of credentials {} is damaged ({why}); the secrets themselves are in the keyring still. Storing one begins a new \
         list, and keeps this one beside it", path.display()
    )]
    ListDamaged {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The list cannot be written.
    #[error("the keyring has done it, but the list of credentials {} cannot be written ({why}); check the disk and its rights", path.display())]
    ListWrite {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The keyring's thread.
    #[error("the keyring cannot be asked: {0}; start Lifeboat again")]
    Thread(String),
}

/// Where secrets are kept.
#[derive(Debug, Clone)]
enum Place {
    Keyring(Keyring, Index),
    Memory(Arc<Memory>),
}

/// Everything that is kept for this user; clones share it.
#[derive(Debug, Clone)]
pub struct Secrets {
    place: Place,
}

impl Secrets {
    /// In the keyring, with the list in this folder. Nothing is asked of the keyring yet.
    pub fn in_keyring(dir: &Path, answers_within: Duration) -> Self {
        Self { place: Place::Keyring(Keyring::new(answers_within), Index::in_folder(dir)) }
    }

    /// In memory until the program ends: for a person who chose this, knowing it.
    pub fn in_memory() -> Self {
        Self { place: Place::Memory(Arc::default()) }
    }

    /// Whether they are forgotten when the program ends.
    pub fn is_memory(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    /// Whether secrets can be kept: writes, reads and deletes a test entry.
    pub async fn probe(&self) -> Result<(), SecretError> {
        match &self.place {
            Place::Keyring(k, _) => k.probe().await,
            Place::Memory(_) => Ok(()),
        }
    }

    /// Keeps a secret, in the place of an older one of this name.
    pub async fn store(
        &self,
        name: &Name,
        secret: Secret,
        stored: jiff::Timestamp,
        expires: Option<Date>,
    ) -> Result<(), SecretError> {
        let credential = Credential { name: name.clone(), stored, expires };
        // What signs in may be a certificate; a key goes into one line of a request. A terminal and the window's field give
        // a certificate damaged.
        let key = name.kind() == Kind::Credential && name.system() != SIGN_IN;
        if key && secret.expose().contains(['\n', '\r']) {
            return Err(SecretError::Unclean);
        }
        if secret.expose().starts_with("-----BEGIN") && !secret.expose().contains('\n') {
            return Err(SecretError::OneLine);
        }
        match &self.place {
            Place::Keyring(k, index) => {
                fits(Platform::here(), &secret)?;
                k.set(name, secret).await?;
                index.put(credential)
            }
            Place::Memory(m) => {
                fits(Platform::Memory, &secret)?;
                m.set(credential, secret);
                Ok(())
            }
        }
    }

    /// The secret of this name.
    pub async fn read(&self, name: &Name) -> Result<Secret, SecretError> {
        match &self.place {
            Place::Keyring(k, _) => k.get(name).await,
            Place::Memory(m) => m.get(name),
        }
    }

    /// Forgets the secret of this name; one that is listed and no longer kept goes off the list.
    pub async fn delete(&self, name: &Name) -> Result<(), SecretError> {
        match &self.place {
            Place::Keyring(k, index) => match k.delete(name).await {
                Ok(()) => match index.remove(name) {
                    // It is gone, as was asked; what is wrong with the list is said where it is shown.
                    Ok(_) | Err(SecretError::ListDamaged { .. }) => Ok(()),
                    Err(e) => Err(e),
                },
                Err(e @ SecretError::NotThere(_)) => {
                    if index.remove(name)? {
                        Ok(())
                    } else {
                        Err(e)
                    }
                }
                Err(e) => Err(e),
            },
            Place::Memory(m) => m.delete(name),
        }
    }

    /// What is kept, by name; does not ask the keyring.
    pub fn list(&self) -> Result<Vec<Credential>, SecretError> {
        match &self.place {
            Place::Keyring(_, index) => index.read(),
            Place::Memory(m) => Ok(m.list()),
        }
    }
}
