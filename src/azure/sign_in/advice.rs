//! What a person does about a sign-in that gave no token: by Entra's number where there is one.

use super::super::error::{SignIn, about_connection};

/// Entra's numbers that people meet, and what helps.
const BY_CODE: &[(&[u32], &str)] = &[
    (
        &[7_000_215],
        "The secret is not this application's. Take the secret's value, not its id, and set it again: `lifeboat credentials set sign-in`.",
    ),
    (
        &[7_000_222],
        "The application's secret has expired. Ask its owner for a new one and set it: `lifeboat credentials set sign-in`.",
    ),
    (
        &[700_016],
        "The tenant does not know this application: check client id, tenant and cloud, and whether it was consented to there.",
    ),
    (&[90_002, 900_023], "There is no such tenant in this cloud: check tenant id and cloud."),
    (
        &[700_024],
        "The certificate's statement is outside its time: this computer's clock is wrong. Set it, then sign in again.",
    ),
    (&[700_027], "The application does not have this certificate: upload it there, or choose the one that it has."),
    (
        &[70_021, 700_213, 700_211, 700_212],
        "No federated credential of the application fits this token: check issuer, subject and audience there.",
    ),
    (&[50_076, 50_079, 50_158], "Entra wants a second factor. Sign in anew, with it."),
    (
        &[53_003, 530_003, 53_000, 53_001],
        "A Conditional Access policy forbids this way of signing in. Use `az login` on a managed device, or ask who keeps the policies.",
    ),
    (&[65_001], "Nobody has consented to this application in the tenant. An administrator must, once."),
    (&[70_043, 700_082, 700_084, 50_173, 50_078], "What was kept of the last sign-in has expired. Sign in again."),
    (&[50_034, 50_020], "The tenant does not know this account. Sign in with one of its accounts."),
    (&[90_033, 90_012, 50_196], "Entra itself has trouble. Tokens already held go on working; it is asked again."),
];

/// One or two sentences for whoever is in front of it.
pub fn what_to_do(s: &SignIn) -> String {
    let codes: Vec<u32> = s.codes.split(',').filter_map(|c| c.parse().ok()).collect();
    let by_code = BY_CODE.iter().find(|(known, _)| known.iter().any(|k| codes.contains(k)));
    if let Some((_, text)) = by_code {
        return (*text).to_owned();
    }
    match s.error.as_str() {
        "waiting_for_person" => return "Open the address on any device, enter the code, and sign in there.".into(),
        "nobody" => return "Choose “Sign in” in the settings; a code for any device with a browser is shown.".into(),
        "authorization_declined" | "access_denied" => {
            return "Whoever opened the address said no. Sign in again if that was a mistake.".into();
        }
        "expired_token" => return "The code was not entered in time. Sign in again for a new one.".into(),
        "certificate" => return "Nothing was sent. Mend the certificate as it says, then sign in again.".into(),
        _ => {}
    }
    let by_method = match (s.method.as_str(), s.answered) {
        ("tools", _) => Some("Run `az login` (or `azd auth login`) on this computer, in the right tenant and cloud."),
        ("managed", false) => {
            Some("Only a machine in Azure has a managed identity. Elsewhere choose another way to sign in.")
        }
        ("managed", true) => Some("Give this machine the identity, or name the right client id."),
        _ => None,
    };
    match (s.answered, s.status) {
        (false, _) => about_connection(&s.text)
            .or(by_method)
            .unwrap_or("Sign-in does not answer. Tokens already held go on working; use the by-hand commands of a session that is signed in.")
            .into(),
        (true, Some(429)) => {
            "Sign-in throttles. Tokens already held go on working; it is asked again by itself, do not press on.".into()
        }
        (true, Some(200..=299)) if s.error.is_empty() => {
            "A proxy or a network's sign-in page answers in Entra's place. Open a browser and look.".into()
        }
        (true, Some(500..)) => {
            "Entra itself has trouble. Tokens already held go on working; it is asked again by itself.".into()
        }
        (true, _) => by_method
            .unwrap_or("Sign-in refuses this identity: check tenant, application and credential, and whether it has expired.")
            .into(),
    }
}
