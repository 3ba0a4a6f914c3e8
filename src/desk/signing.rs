//! What signs the records made here: this device's key from the keyring, or one in memory where there is none.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::approvals::device;
use super::home::Home;
use super::rotation::statements;
use super::supervisor::Desk;
use super::{DeskError, chain};
use crate::approval::Device;
use crate::journal::Signs;
use crate::record::{Kept, Signer};
use crate::secrets::{ANSWERS_WITHIN, SecretError, Secrets};
use crate::units::PublicKey;

/// A run does not wait longer for its key than this: in an outage a prompt that nobody sees must not hold it up.
const PATIENCE: Duration = Duration::from_secs(3);

impl Signer for Device {
    fn key(&self) -> PublicKey {
        self.public().clone()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        Self::sign(self, message)
    }
}

/// The key in memory: one a process, so that what it writes of several runs is signed by one.
fn in_memory() -> Option<Signs> {
    static KEY: LazyLock<Option<Arc<Device>>> = LazyLock::new(|| {
        let mut seed = zeroize::Zeroizing::new([0u8; 32]);
        getrandom::fill(seed.as_mut()).ok()?;
        Device::from_seed(seed.as_ref()).map(Arc::new)
    });
    KEY.as_ref().map(|key| Signs { by: key.clone(), kept: Kept::Memory, rotation: None })
}

/// What signs here, and why it is a key in memory if it is. Without random numbers nothing does.
pub async fn signs(home: &Home, secrets: &Secrets) -> (Option<Signs>, Option<String>) {
    if secrets.is_memory() {
        return (in_memory(), None);
    }
    let asked = tokio::time::timeout(PATIENCE, device(secrets)).await;
    match asked.unwrap_or(Err(SecretError::NoAnswer(PATIENCE))) {
        Ok(device) => {
            let rotation = statements(home).into_iter().rfind(|r| r.new == *device.public());
            (Some(Signs { by: Arc::new(device), kept: Kept::Keyring, rotation }), None)
        }
        Err(e) => (in_memory(), Some(chain(&e))),
    }
}

/// The same for a command of the terminal, which has no desk.
pub fn here(home: &Home) -> Result<Option<Signs>, DeskError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DeskError::Runtime)?;
    Ok(runtime.block_on(signs(home, &Secrets::in_keyring(home.dir(), ANSWERS_WITHIN))).0)
}

impl Desk {
    /// What signs the records of this desk. A keyring that was not there may have come since.
    pub(super) async fn signs(&mut self) -> Option<Signs> {
        let kept = |s: &Signs| s.kept == Kept::Keyring || self.credentials.secrets().is_memory();
        if !self.signing.as_ref().is_some_and(kept) {
            let (signs, why) = signs(&self.options.home, &self.credentials.secrets()).await;
            if let Some(why) = why {
                self.say(format!(
                    "the record is signed by a key that is only kept in memory, so nobody can vouch for it: {why}"
                ));
            }
            if let Some(s) = signs.as_ref().filter(|s| s.kept == Kept::Keyring)
                && let Err(e) = self.keep_my_key(&s.by.key())
            {
                self.say(format!("the key that signs records is not on the list of keys known here: {}", chain(&e)));
            }
            self.signing = signs;
        }
        self.signing.clone()
    }
}
