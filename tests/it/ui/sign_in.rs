//! The Azure card of the settings, with everything it can show at once.

use lifeboat::desk::snapshot::{DeviceCode, Identity, SignIn};

use super::sample::NOW;

/// Signed in, asked again by code, and refused before.
pub fn sample() -> SignIn {
    SignIn {
        method: "device code (a browser on any device)".into(),
        cloud: "AzureCloud".into(),
        who: Some(Identity {
            tenant: "2f1c0d5e-77a1-4c0b-9a53-6a1df0a1c001".into(),
            object: "9a7c2b10-1f7e-4df1-8a7e-0c5b1f6d2e02".into(),
            name: "Dana Field".into(),
            account: "dana@contoso.example".into(),
            application: String::new(),
        }),
        until: Some(NOW + 52 * 60_000),
        device: Some(DeviceCode {
            code: "HDLQWJSGP".into(),
            address: "https://microsoft.com/devicelogin".into(),
            until: NOW + 14 * 60_000,
        }),
        problem: Some((
            "sign-in was refused (400): AADSTS700082: The refresh token has expired due to inactivity.".into(),
            "What was kept of the last sign-in has expired. Sign in again.".into(),
        )),
        busy: None,
        possible: true,
    }
}
