//! The Azure card of the Settings screen: how Lifeboat signs in, as whom, and for how long.

pub use crate::run::event::Identity;

/// The card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignIn {
    /// How, in words; empty when nothing is connected.
    pub method: String,
    /// Cloud, or the scenario that is simulated.
    pub cloud: String,
    /// Who is signed in.
    pub who: Option<Identity>,
    /// When the token for ARM ends (UTC ms on the run's clock).
    pub until: Option<i64>,
    /// What the person is to enter elsewhere.
    pub device: Option<DeviceCode>,
    /// What is wrong, and what to do.
    pub problem: Option<(String, String)>,
    /// What is waited for.
    pub busy: Option<String>,
    /// Whether there is anything to sign in to.
    pub possible: bool,
}

/// A code to enter on any device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceCode {
    /// The code.
    pub code: String,
    /// Where.
    pub address: String,
    /// Until when (UTC ms).
    pub until: i64,
}
