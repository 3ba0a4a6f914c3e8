//! Sign-in by other means than a secret: signed statements, device codes, refresh tokens.
//!
//! What a client may state is registered by the test that plays the administrator, under the simulator's own addresses;
//! a person's yes or no is said there too. None of it outlives the process.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::entra::{Form, Who, refusal};
use super::facts::Facts;
use super::http::{Ask, Reply};
use super::world::{dice, uuid};

/// A code is good for so long, and is asked about no oftener than this.
const CODE_LASTS_MS: i64 = 900_000;
const INTERVAL_S: u64 = 5;
/// Clocks may differ by so much.
const SKEW_S: i64 = 300;
/// Codes, keys and statements registered at once; a test needs a few.
const MOST: usize = 100;
/// The application that people sign in through when they name none: Microsoft's own for its CLI.
const CLI_APPLICATION: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What was registered and handed out.
#[derive(Default)]
pub struct Grants {
    /// Public keys whose statements are believed, by the thumbprint in them.
    keys: BTreeMap<String, Vec<u8>>,
    /// Federated tokens that are believed, word for word.
    federated: Vec<String>,
    codes: BTreeMap<String, Code>,
    refresh: Vec<String>,
    handed_out: u64,
}

struct Code {
    user: String,
    client: String,
    scope: String,
    until: i64,
    asked_at: Option<i64>,
    answer: Option<bool>,
}

impl Grants {
    /// The administrator's and the person's side: `POST /lifeboat/sign-in/certificate` with `x5t#S256` and the public key
    /// (DER in base64), `…/federated` with a token, `/lifeboat/device/approve` or `…/decline` with `user_code`,
    /// `/lifeboat/sign-in/revoke`.
    pub fn extension(&mut self, ask: &Ask, what: &str) -> Option<Reply> {
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let done = match what {
            "sign-in/certificate" => {
                let key = base64::engine::general_purpose::STANDARD.decode(text("key")).unwrap_or_default();
                let room = self.keys.len() < MOST && !key.is_empty();
                room.then(|| self.keys.insert(text("x5t#S256"), key)).is_some()
            }
            "sign-in/federated" => {
                let room = self.federated.len() < MOST && !text("token").is_empty();
                room.then(|| self.federated.push(text("token"))).is_some()
            }
            "sign-in/revoke" => {
                self.refresh.clear();
                true
            }
            "device/approve" | "device/decline" => {
                let code = self.codes.values_mut().find(|c| c.user == text("user_code"));
                code.map(|c| c.answer = Some(what.ends_with("approve"))).is_some()
            }
            _ => return None,
        };
        Some(if done {
            Reply::empty(204)
        } else {
            Reply::error(400, "BadRequest", "Nothing could be done with this body.")
        })
    }

    /// Begins a device sign-in.
    pub fn device_code(&mut self, facts: &Facts, ask: &Ask) -> Reply {
        let form = Form::of(ask);
        let client = form.field("client_id");
        if client != facts.scenario.world.client_id && client != CLI_APPLICATION {
            let text = format!("Application with identifier '{client}' was not found in the directory.");
            return refusal(facts, ask, 400, "unauthorized_client", 700_016, &text);
        }
        if self.codes.len() >= MOST {
            self.codes.retain(|_, c| c.until > ask.at);
        }
        self.handed_out += 1;
        let user = user_code(facts.seed, self.handed_out);
        let device = uuid(facts.seed, &format!("device/{}", self.handed_out));
        let code = Code {
            user: user.clone(),
            client: client.to_owned(),
            scope: form.field("scope").to_owned(),
            until: ask.at + CODE_LASTS_MS,
            asked_at: None,
            answer: None,
        };
        self.codes.insert(device.clone(), code);
        let address = "https://microsoft.com/devicelogin";
        Reply::ok(&json!({
            "user_code": user, "device_code": device, "verification_uri": address,
            "expires_in": CODE_LASTS_MS / 1_000, "interval": INTERVAL_S,
            "message": format!("To sign in, use a web browser to open the page {address} and enter the code {user} to authenticate."),
        }))
    }

    /// The client asks whether the person has been there.
    pub fn redeem(&mut self, facts: &Facts, ask: &Ask, form: &Form) -> Result<Who, Reply> {
        let device = form.field("device_code");
        let no = |error: &str, number, text: &str| Err(refusal(facts, ask, 400, error, number, text));
        let Some(code) = self.codes.get_mut(device).filter(|c| c.client == form.field("client_id")) else {
            return no("bad_verification_code", 70_000, "The provided device code is not known.");
        };
        if ask.at >= code.until {
            return no("expired_token", 70_020, "The provided value for the device code has expired.");
        }
        let too_soon = i64::try_from(INTERVAL_S).unwrap_or(0) * 1_000;
        let hurried = code.asked_at.replace(ask.at).is_some_and(|at| ask.at - at < too_soon);
        match code.answer {
            None if hurried => no("slow_down", 70_016, "The client asks too often. Wait longer between two questions."),
            None => no(
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            ),
            Some(false) => no("authorization_declined", 70_018, "The end user denied the authorization request."),
            Some(true) => {
                // What the person agreed to counts, not what is asked for now.
                let (through, scope) = (code.client.clone(), code.scope.clone());
                self.codes.remove(device);
                Ok(Who::Person { through, scope })
            }
        }
    }

    /// A token of another scope, without the person.
    pub fn refresh(&mut self, facts: &Facts, ask: &Ask, form: &Form) -> Result<Who, Reply> {
        if self.refresh.iter().any(|t| t == form.field("refresh_token")) {
            let field = |name| form.field(name).to_owned();
            return Ok(Who::Person { through: field("client_id"), scope: field("scope") });
        }
        let text = "The refresh token has expired due to inactivity.";
        Err(refusal(facts, ask, 400, "invalid_grant", 700_082, text))
    }

    /// A new refresh token; older ones stay good, as Entra's do.
    pub fn refresh_token(&mut self, facts: &Facts) -> String {
        self.handed_out += 1;
        let token = format!("refresh-{}", uuid(facts.seed, &format!("refresh/{}", self.handed_out)));
        if self.refresh.len() >= MOST {
            self.refresh.remove(0);
        }
        self.refresh.push(token.clone());
        token
    }

    /// Whether a statement in a secret's place is to be believed.
    pub fn stated(&self, facts: &Facts, ask: &Ask, client: &str, statement: &str) -> Result<(), Reply> {
        if self.federated.iter().any(|t| t == statement) {
            return Ok(());
        }
        let no = |number, text: &str| Err(refusal(facts, ask, 401, "invalid_client", number, text));
        let Some((text, signature)) = statement.rsplit_once('.') else {
            return no(50_027, "JWT token is invalid or malformed.");
        };
        let part = |n: usize| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(n)?).ok()?).ok()
        };
        let (Some(head), Some(claims), Ok(signature)) = (part(0), part(1), URL_SAFE_NO_PAD.decode(signature)) else {
            return no(50_027, "JWT token is invalid or malformed.");
        };
        let Some(thumbprint) = head["x5t#S256"].as_str() else {
            return no(700_213, "No matching federated identity record found for presented assertion.");
        };
        let Some(key) = self.keys.get(thumbprint).filter(|_| head["alg"] == "RS256") else {
            return no(
                700_027,
                "The certificate with identifier used to sign the client assertion is not registered on application.",
            );
        };
        if UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(text.as_bytes(), &signature).is_err() {
            return no(700_027, "Client assertion failed signature validation.");
        }
        if claims["iss"] != client || claims["sub"] != client {
            return no(700_021, "Client assertion application identifier doesn't match 'client_id' parameter.");
        }
        let audience = claims["aud"].as_str().unwrap_or_default();
        if !audience.ends_with(&format!("/{}/oauth2/v2.0/token", facts.scenario.world.tenant)) {
            return no(700_023, "Client assertion audience claim does not match Realm issuer.");
        }
        let now = facts.utc(ask.at) / 1_000;
        let at = |name: &str| claims[name].as_i64().unwrap_or(0);
        if at("nbf") > now + SKEW_S || at("exp") < now - SKEW_S {
            return no(700_024, "Client assertion is not within its valid time range.");
        }
        Ok(())
    }
}

/// Nine capitals that nobody mistakes for each other.
fn user_code(seed: u64, n: u64) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |i| {
        let at = dice(seed, &format!("code/{n}/{i}"), LETTERS.len() as u64);
        char::from(LETTERS[usize::try_from(at).unwrap_or(0) % LETTERS.len()])
    };
    (0..9).map(letter).collect()
}
