//! How large a secret may be. Windows keeps little; told beforehand, it is a sentence and not a code.

use super::SecretError;
use crate::units::Secret;

/// The Windows Credential Manager keeps 2,560 bytes, and text there is UTF-16.
const WINDOWS_UNITS: usize = 1_280;
/// A key has some hundred characters and a certificate some thousand; a whole file given by mistake is more.
const MOST_BYTES: usize = 64 << 10;

/// Who keeps a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Secret Service: GNOME Keyring, KWallet.
    SecretService,
    /// Credential Manager.
    Windows,
    /// Keychain.
    Mac,
    /// This program, until it ends.
    Memory,
}

impl Platform {
    /// The one this program was built for.
    pub const fn here() -> Self {
        if cfg!(target_os = "windows") {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::SecretService
        }
    }

    /// For people.
    pub const fn display(self) -> &'static str {
        match self {
            Self::SecretService => "the keyring (Secret Service)",
            Self::Windows => "the Windows Credential Manager",
            Self::Mac => "the macOS Keychain",
            Self::Memory => "Lifeboat's memory",
        }
    }
}

/// Whether it can be kept there.
pub fn fits(platform: Platform, secret: &Secret) -> Result<(), SecretError> {
    let text = secret.expose();
    if text.is_empty() {
        return Err(SecretError::Empty);
    }
    // Keys have none, a certificate in PEM has line ends only.
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
        return Err(SecretError::Unclean);
    }
    let (is, most, unit) = match platform {
        Platform::Windows => (text.encode_utf16().count(), WINDOWS_UNITS, "UTF-16 units"),
        Platform::SecretService | Platform::Mac | Platform::Memory => (text.len(), MOST_BYTES, "bytes"),
    };
    if is > most {
        return Err(SecretError::TooLarge { is, most, unit, keeper: platform.display() });
    }
    Ok(())
}
