//! Sign-in: the authority's metadata, client credentials, and the check of tokens by everybody else. Statements of
//! certificates and federations, device codes and refresh tokens are in [`super::grants`].
//!
//! Tokens have a JWT's shape and the claims that clients read. Their signature is a keyed hash: the simulator only has to
//! recognise its own. They expire on the scenario's clock.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};

use super::facts::Facts;
use super::grants::Grants;
use super::http::{Ask, Reply, rfc3339};
use super::world::uuid;
use crate::units::sha256_hex;

/// Entra's usual lifetime of a client's token.
const LIFETIME_S: i64 = 3_599;

/// Answers the authority's requests.
pub fn answer(facts: &Facts, grants: &mut Grants, ask: &Ask) -> Reply {
    let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    match (&ask.method, segments.as_slice()) {
        (&Method::GET, ["common", "discovery", "instance"]) => discovery(facts),
        (&Method::GET, [tenant, "v2.0", ".well-known", "openid-configuration"])
        | (&Method::GET, [tenant, ".well-known", "openid-configuration"]) => {
            if known_tenant(facts, tenant) {
                openid(facts, tenant)
            } else {
                no_tenant(facts, ask, tenant)
            }
        }
        // Whose signatures to believe: nobody's but the simulator's own, which it does not publish.
        (&Method::GET, [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"]) => {
            Reply::ok(&json!({ "keys": [] }))
        }
        (&Method::POST, [tenant, "oauth2", "v2.0", "token"] | [tenant, "oauth2", "token"]) => {
            if known_tenant(facts, tenant) { token(facts, grants, ask) } else { no_tenant(facts, ask, tenant) }
        }
        (&Method::POST, [tenant, "oauth2", "v2.0", "devicecode"]) => {
            if known_tenant(facts, tenant) {
                grants.device_code(facts, ask)
            } else {
                no_tenant(facts, ask, tenant)
            }
        }
        _ => Reply::no_route(ask),
    }
}

fn known_tenant(facts: &Facts, tenant: &str) -> bool {
    let known = [facts.scenario.world.tenant.as_str(), "organizations", "common"];
    known.iter().any(|t| t.eq_ignore_ascii_case(tenant))
}

fn discovery(facts: &Facts) -> Reply {
    Reply::ok(&json!({
        "tenant_discovery_endpoint": format!("{}/{}/v2.0/.well-known/openid-configuration", facts.authority, facts.scenario.world.tenant),
        "api-version": "1.1",
        "metadata": [],
    }))
}

fn openid(facts: &Facts, tenant: &str) -> Reply {
    let base = format!("{}/{tenant}", facts.authority);
    Reply::ok(&json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_types_supported": ["code", "id_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": null,
    }))
}

/// An error in Entra's words.
pub fn refusal(facts: &Facts, ask: &Ask, status: u16, error: &str, number: u64, text: &str) -> Reply {
    let trace = uuid(facts.seed, &format!("trace/{}/{}", ask.at, ask.path));
    let time = rfc3339(facts.utc(ask.at));
    Reply::json(
        status,
        &json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {time}"),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": trace,
        }),
    )
}

fn no_tenant(facts: &Facts, ask: &Ask, tenant: &str) -> Reply {
    let text = format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
    refusal(facts, ask, 400, "invalid_tenant", 90_002, &text)
}

fn token(facts: &Facts, grants: &mut Grants, ask: &Ask) -> Reply {
    let form = Form::of(ask);
    let who = match form.field("grant_type") {
        "client_credentials" => application(facts, grants, ask, &form),
        "urn:ietf:params:oauth:grant-type:device_code" => grants.redeem(facts, ask, &form),
        "refresh_token" => grants.refresh(facts, ask, &form),
        other => {
            let text = format!("The app requested an unsupported grant type '{other}'.");
            Err(refusal(facts, ask, 400, "unsupported_grant_type", 70_003, &text))
        }
    };
    let who = match who {
        Ok(who) => who,
        Err(reply) => return reply,
    };
    // `https://host//.default` is what az makes of an audience that ends in a slash.
    let scope = match &who {
        Who::Application => form.field("scope"),
        Who::Person { scope, .. } => scope,
    };
    // The older address takes a resource in place of a scope.
    let older = form.field("resource");
    let audience =
        if scope.is_empty() { Some(older) } else { scope.split(' ').find_map(|s| s.strip_suffix("/.default")) };
    let Some(audience) = audience.filter(|a| !a.is_empty()) else {
        let text = "The provided value for the input parameter 'scope' is not valid; it must end in '/.default'.";
        return refusal(facts, ask, 400, "invalid_scope", 70_011, text);
    };
    if !known_resource(facts, audience) {
        let text = format!(
            "The resource principal named {audience} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
            facts.scenario.world.tenant
        );
        return refusal(facts, ask, 400, "invalid_resource", 500_011, &text);
    }
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "ext_expires_in": LIFETIME_S,
        "access_token": issue(facts, &who, audience, ask.at),
    });
    if scope.is_empty() {
        body["resource"] = audience.into();
        body["expires_on"] = (facts.utc(ask.at) / 1_000 + LIFETIME_S).to_string().into();
    }
    if let Who::Person { scope, .. } = &who {
        body["scope"] = scope.as_str().into();
        body["refresh_token"] = grants.refresh_token(facts).into();
    }
    Reply::ok(&body).with("cache-control", "no-store, no-cache")
}

/// Ends of the hosts whose resources every tenant knows.
const RESOURCES: [&str; 9] = [
    "azure.com",
    "azure.net",
    "azconfig.io",
    "windows.net",
    "microsoft.com",
    "azure.us",
    "azure.cn",
    "usgovcloudapi.net",
    "chinacloudapi.cn",
];

/// Whether the tenant knows what a token is asked for: this Azure itself, a service of Microsoft's, or an application.
fn known_resource(facts: &Facts, audience: &str) -> bool {
    let Some(host) = audience.strip_prefix("https://") else {
        return !audience.starts_with("http://") || audience.trim_end_matches('/') == facts.arm;
    };
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let below = |end: &str| host.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    audience.trim_end_matches('/') == facts.arm || RESOURCES.into_iter().any(below)
}

/// The world's application, by its secret or by a signed statement.
fn application(facts: &Facts, grants: &Grants, ask: &Ask, form: &Form) -> Result<Who, Reply> {
    let world = &facts.scenario.world;
    let client = form.field("client_id");
    if client != world.client_id {
        let text = format!("Application with identifier '{client}' was not found in the directory '{}'.", world.tenant);
        return Err(refusal(facts, ask, 400, "unauthorized_client", 700_016, &text));
    }
    let statement = form.field("client_assertion");
    if !statement.is_empty() {
        return grants.stated(facts, ask, client, statement).map(|()| Who::Application);
    }
    if form.field("client_secret") != world.client_secret {
        let text = format!("Invalid client secret provided for app '{client}'.");
        return Err(refusal(facts, ask, 401, "invalid_client", 7_000_215, &text));
    }
    Ok(Who::Application)
}

/// A form's fields.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Of a request.
    pub fn of(ask: &Ask) -> Self {
        Self(url::form_urlencoded::parse(&ask.body).into_owned().collect())
    }

    /// One field; empty when absent.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str()).unwrap_or_default()
    }
}

/// Whom a token is for.
pub enum Who {
    /// The world's application.
    Application,
    /// The world's one person, signed in through this application.
    Person {
        /// Client id.
        through: String,
        /// For this.
        scope: String,
    },
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn sign(facts: &Facts, text: &str) -> String {
    let key = format!("{}/{}", facts.seed, facts.scenario.world.client_secret);
    URL_SAFE_NO_PAD.encode(sha256_hex(format!("{key}/{text}/{key}").as_bytes()))
}

fn issue(facts: &Facts, who: &Who, audience: &str, at: i64) -> String {
    let world = &facts.scenario.world;
    let now = facts.utc(at) / 1_000;
    let head = encode(&json!({ "typ": "JWT", "alg": "simulated" }));
    let mut claims = json!({
        "aud": audience,
        "iss": format!("{}/{}/", facts.authority, world.tenant),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_S,
        "tid": world.tenant,
        "ver": "1.0",
    });
    let own = match who {
        Who::Application => json!({
            "appid": world.client_id, "app_displayname": "Lifeboat (simulated)", "idtyp": "app",
            "oid": object_id(facts), "sub": object_id(facts),
        }),
        Who::Person { through, .. } => {
            let oid = uuid(0, &format!("person/{}", world.tenant));
            json!({
                "appid": through, "name": "Robin Example", "upn": "robin@example.org", "idtyp": "user",
                "scp": "user_impersonation", "oid": oid, "sub": oid,
            })
        }
    };
    if let (Some(all), Value::Object(own)) = (claims.as_object_mut(), own) {
        all.extend(own);
    }
    let claims = encode(&claims);
    let text = format!("{head}.{claims}");
    let signature = sign(facts, &text);
    format!("{text}.{signature}")
}

/// The application's object in the tenant.
pub fn object_id(facts: &Facts) -> String {
    uuid(0, &format!("oid/{}", facts.scenario.world.client_id))
}

/// Why a token does not open the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bad {
    /// None was sent.
    Missing,
    /// Not one of ours.
    Garbage,
    /// Past its time.
    Expired,
    /// For somebody else; the audience it names.
    Audience(String),
}

impl Bad {
    /// In Azure's words.
    pub fn text(&self) -> String {
        match self {
            Self::Missing => "Authentication failed. The 'Authorization' header is missing.".to_owned(),
            Self::Garbage => "The access token is invalid.".to_owned(),
            Self::Expired => "The access token expiry UTC time is earlier than current UTC time.".to_owned(),
            Self::Audience(a) => format!("The access token has been obtained for wrong audience or resource '{a}'."),
        }
    }
}

/// Checks a bearer token for one of these audiences; a slash at the end does not matter.
pub fn check(facts: &Facts, ask: &Ask, audiences: &[&str]) -> Result<(), Bad> {
    let token = ask.bearer().ok_or(Bad::Missing)?;
    let (text, signature) = token.rsplit_once('.').ok_or(Bad::Garbage)?;
    if sign(facts, text) != signature {
        return Err(Bad::Garbage);
    }
    let claims = text.split_once('.').and_then(|(_, c)| URL_SAFE_NO_PAD.decode(c).ok()).ok_or(Bad::Garbage)?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| Bad::Garbage)?;
    if claims["exp"].as_i64().unwrap_or(0) * 1_000 <= facts.utc(ask.at) {
        return Err(Bad::Expired);
    }
    let audience = claims["aud"].as_str().unwrap_or_default();
    let plain = |a: &str| a.trim_end_matches('/').to_ascii_lowercase();
    if audiences.iter().any(|a| plain(a) == plain(audience)) { Ok(()) } else { Err(Bad::Audience(audience.to_owned())) }
}
