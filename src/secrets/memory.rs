//! Secrets in memory until the program ends: the second place there is, for a person who has no keyring and chose this.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Credential, Name, SecretError};
use crate::units::Secret;

/// What is kept.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<Name, (Credential, Secret)>>);

impl Memory {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Name, (Credential, Secret)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps it.
    pub fn set(&self, credential: Credential, secret: Secret) {
        self.all().insert(credential.name.clone(), (credential, secret));
    }

    /// Gives it.
    pub fn get(&self, name: &Name) -> Result<Secret, SecretError> {
        self.all().get(name).map(|(_, s)| s.clone()).ok_or_else(|| SecretError::NotThere(name.clone()))
    }

    /// Forgets it.
    pub fn delete(&self, name: &Name) -> Result<(), SecretError> {
        self.all().remove(name).map(drop).ok_or_else(|| SecretError::NotThere(name.clone()))
    }

    /// What is kept, by name.
    pub fn list(&self) -> Vec<Credential> {
        self.all().values().map(|(c, _)| c.clone()).collect()
    }
}
