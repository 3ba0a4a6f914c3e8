//! This device's key in the keyring: one for sightings and approvals, made when it is first wanted.

use crate::approval::Device;
use crate::secrets::{Kind, Name, SecretError, Secrets};
use crate::units::{Secret, hex, unhex};

/// Its name in the keyring, from the time when it signed nothing else.
const KEY: &str = "sightings";

/// Reads the key, or makes it.
pub async fn device(secrets: &Secrets) -> Result<Device, SecretError> {
    let name = name()?;
    match secrets.read(&name).await {
        Ok(seed) => of(&seed).ok_or(SecretError::Damaged(name)),
        Err(SecretError::NotThere(_)) => {
            let (seed, device) = draw()?;
            // A key that was not kept would be another the next time.
            replace(secrets, seed).await?;
            Ok(device)
        }
        Err(e) => Err(e),
    }
}

/// Whether there is one already.
pub async fn has_key(secrets: &Secrets) -> Result<bool, SecretError> {
    match secrets.read(&name()?).await {
        Ok(_) => Ok(true),
        Err(SecretError::NotThere(_)) => Ok(false),
        Err(e) => Err(e),
    }
}

/// A new one, which nobody keeps yet.
pub fn draw() -> Result<(Secret, Device), SecretError> {
    let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|e| SecretError::Thread(e.to_string()))?;
    let seed = Secret::new(hex(bytes.as_ref()));
    let device = of(&seed).ok_or(SecretError::Damaged(name()?))?;
    Ok((seed, device))
}

/// Keeps it in the place of the one before.
pub async fn replace(secrets: &Secrets, seed: Secret) -> Result<(), SecretError> {
    secrets.store(&name()?, seed, jiff::Timestamp::now(), None).await
}

fn name() -> Result<Name, SecretError> {
    Name::new(Kind::SigningKey, KEY, None)
}

fn of(seed: &Secret) -> Option<Device> {
    let bytes = zeroize::Zeroizing::new(unhex(seed.expose())?);
    Device::from_seed(&bytes)
}
