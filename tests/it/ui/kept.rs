//! Credentials for looking at and pressing. Apart, since benchmarks draw the sample too.

use lifeboat::desk::snapshot::{CredentialRow, Credentials, Mark};

/// Three of them, one of which ends soon.
pub fn credentials() -> Credentials {
    let row = |name: &str, mark, expires: &str| {
        let name: lifeboat::secrets::Name = name.parse().unwrap();
        CredentialRow { title: name.title(), name, mark, expires: expires.into(), stored: "2026-09-01".into() }
    };
    Credentials {
        state: "Secrets are kept in this computer's keyring. It is asked when you add, test or delete one.".into(),
        rows: vec![
            row("azure-openai/eastus", Mark::Ok, "expires 2027-01-31"),
            row("azure-openai/swedencentral", Mark::Degraded, "expires soon: 2026-11-29, in 9 days"),
            row("sign-in", Mark::Unknown, "no expiry known"),
        ],
        ..Credentials::default()
    }
}
