//! This device's key in the keyring: one for sightings and approvals, made when it is first wanted.

use crate::approval::Device;
use crate::secrets::{Kind, Name, SecretError, Secrets};
use crate::units::{Secret, hex, unhex};

/// Its name in the keyring, from the time when it signed nothing else.
const KEY: &str = "sightings";

/// Reads the key, or makes it.
pub async fn device(secrets: &Secrets) -> Result<Device, SecretError> {
    let name = Name::new(Kind::SigningKey, KEY, None)?;
    let unusable = || SecretError::Damaged(name.clone());
    let (seed, new) = match secrets.read(&name).await {
        Ok(seed) => (seed, false),
        Err(SecretError::NotThere(_)) => {
            let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|e| SecretError::Thread(e.to_string()))?;
            (Secret::new(hex(bytes.as_ref())), true)
        }
        Err(e) => return Err(e),
    };
    let bytes = zeroize::Zeroizing::new(unhex(seed.expose()).ok_or_else(unusable)?);
    let device = Device::from_seed(&bytes).ok_or_else(unusable)?;
    // A key that was not kept would be another the next time.
    if new {
        secrets.store(&name, seed, jiff::Timestamp::now(), None).await?;
    }
    Ok(device)
}
