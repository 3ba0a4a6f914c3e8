//! Who a token is for, read from its claims.
//!
//! The signature is not verified: Azure is the judge of its tokens. This says on the screen and in the record as whom we
//! ask; nothing is allowed because of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::run::event::Identity;
use crate::units::visible;

/// A name longer than this is not a name.
const NAME_KEPT: usize = 200;

/// The identity in a token; none where it is no JWT or names nobody.
pub fn claims(token: &str) -> Option<Identity> {
    let body = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|n| value[*n].as_str().filter(|t| !t.is_empty()));
        found.map(|t| visible(t).chars().take(NAME_KEPT).collect::<String>())
    };
    let person = first(&["preferred_username", "upn", "unique_name", "email"]);
    let application = first(&["appid", "azp"]);
    Some(Identity {
        tenant: first(&["tid"])?,
        object: first(&["oid"])?,
        name: first(&["name", "app_displayname"]).or_else(|| person.clone()).or_else(|| application.clone())?,
        account: person.unwrap_or_default(),
        application: application.unwrap_or_default(),
    })
}
