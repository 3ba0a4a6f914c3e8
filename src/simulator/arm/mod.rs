//! Azure Resource Manager: the door (token, api-version, marks on every answer) and the way to each provider.
//!
//! Paths compare without regard to case.

mod bins;
mod blobs;
mod cognitive;
mod deployments;
mod doors;
mod endpoints;
mod filters;
mod foundry;
mod generic;
mod graph;
mod groups;
mod health;
mod inventory;
mod learning;
mod monitor;
mod names;
mod offers;
mod operations;
mod paging;
mod profiles;
mod providers;
mod registry;
mod rights;
mod services;
mod storage;
mod stores;
mod tags;
mod template;
mod tenant;
mod vaults;
mod zones;

pub use bins::by_portal;
pub use endpoints::leads_to;
pub use rights::{locked, roles};
pub use zones::aliases;

use bytes::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use super::entra;
use super::facts::Facts;
use super::http::{Ask, Reply, changes, rfc3339};
use super::others;
use super::things::under;
use super::world::{LogEntry, World, uuid};
use crate::rehearsal::scenario::Place;
use crate::units::Region;

/// The region whose Resource Manager answers.
const ROUTED_BY: &str = "EASTUS";
/// What is told of the token bucket unless there is one: it is nearly full, and only faults throttle.
const READS_LEFT: &str = "249";
const CHANGES_LEFT: &str = "199";

/// An ARM path, taken apart at its last `providers`.
#[derive(Clone)]
pub struct Target<'a> {
    /// Segments before, as written: subscription, group, or a whole resource.
    pub scope: &'a [String],
    /// Resource group in the scope.
    pub group: Option<&'a str>,
    /// Provider, in lower case.
    pub provider: String,
    /// Segments after the provider, as written.
    pub names: &'a [String],
    /// The same in lower case, for comparing.
    pub tail: Vec<String>,
    /// Number of the request.
    pub number: u64,
}

impl<'a> Target<'a> {
    fn of(segments: &'a [String], number: u64) -> Self {
        let at = segments.iter().rposition(|s| s.eq_ignore_ascii_case("providers"));
        let scope = &segments[..at.unwrap_or(segments.len())];
        let group = after(scope, "resourcegroups");
        let rest = at.map_or(&[][..], |n| &segments[n + 1..]);
        let (provider, names) =
            rest.split_first().map_or((String::new(), &[][..]), |(p, n)| (p.to_ascii_lowercase(), n));
        Self { scope, group, provider, names, tail: names.iter().map(|n| n.to_ascii_lowercase()).collect(), number }
    }

    /// The scope as an id.
    pub fn scope_id(&self) -> String {
        self.scope.iter().fold(String::new(), |a, s| format!("{a}/{s}"))
    }

    /// The whole path as an id.
    pub fn whole_id(&self) -> String {
        let base = self.scope_id();
        match self.provider.as_str() {
            "" => base,
            p => self.names.iter().fold(format!("{base}/providers/{}", known_provider(p)), |a, n| format!("{a}/{n}")),
        }
    }

    /// The same for only the first of its names.
    pub fn first(&self, names: usize) -> Self {
        let n = names.min(self.names.len());
        Self { names: &self.names[..n], tail: self.tail[..n].to_vec(), ..self.clone() }
    }

    /// Tail for matching.
    pub fn route(&self) -> Vec<&str> {
        self.tail.iter().map(String::as_str).collect()
    }
}

/// The segment that follows this word.
fn after<'a>(segments: &'a [String], word: &str) -> Option<&'a str> {
    let n = segments.iter().position(|s| s.eq_ignore_ascii_case(word))?;
    segments.get(n + 1).map(String::as_str)
}

/// Where a fault may strike this request: ARM itself, and the regions of its resource and resource group. Resource Health is
/// served apart from the resources it speaks of.
pub fn places(world: &World, ask: &Ask) -> Vec<Place> {
    let world = others::of(world, ask);
    let mut out = vec![Place::Network, Place::Arm];
    if changes(&ask.method, &ask.path) {
        out.push(Place::ArmChanges);
    }
    let target = Target::of(&ask.segments, 0);
    if target.provider == "microsoft.resourcehealth" {
        return out;
    }
    let s = &ask.segments;
    let mut region = |name: &str| out.push(Place::ArmIn(Region::new(name)));
    if let Some(a) = after(s, "accounts").and_then(|n| world.account(n)) {
        region(&a.region);
    }
    if let Some(store) = after(s, "configurationStores").and_then(|n| world.store(n)) {
        region(&store.region);
    }
    if let Some(g) = after(s, "resourceGroups").and_then(|g| world.group(g)) {
        region(&g.region);
    }
    // Something is to be made there.
    if ask.method == Method::PUT
        && let Some(l) = ask.json().ok().and_then(|b| b["location"].as_str().map(str::to_owned))
    {
        region(&l);
    }
    if let Some(l) = after(s, "locations") {
        region(l);
    }
    let path = ask.segments.iter().fold(String::new(), |a, s| format!("{a}/{s}"));
    for t in world.things.iter().filter(|t| under(&path, &t.id)) {
        region(t.location());
    }
    out
}

/// Whether a text has the shape of a UUID.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Answers a request to ARM.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask) -> Reply {
    let number = world.number();
    let elsewhere = others::answer(facts, world, ask, |f, w| admitted(f, w, ask, number));
    let reply = elsewhere.unwrap_or_else(|| admitted(facts, world, ask, number));
    marks(facts, ask, number, reply)
}

/// The headers on every answer, refusals and faults included.
pub fn marks(facts: &Facts, ask: &Ask, number: u64, reply: Reply) -> Reply {
    let id = uuid(facts.seed, &format!("request/{number}"));
    let left = match ask.method {
        Method::GET | Method::HEAD => ("x-ms-ratelimit-remaining-subscription-reads", READS_LEFT),
        Method::DELETE => ("x-ms-ratelimit-remaining-subscription-deletes", CHANGES_LEFT),
        _ => ("x-ms-ratelimit-remaining-subscription-writes", CHANGES_LEFT),
    };
    // A client that traces several requests as one says so.
    let sent = Some(ask.header("x-ms-correlation-request-id")).filter(|c| is_uuid(c));
    let time = rfc3339(facts.utc(ask.at)).replace(['-', ':'], "");
    let routing = format!("{ROUTED_BY}:{}Z:{id}", time.split('.').next().unwrap_or_default());
    let mut reply = reply
        .with("x-ms-correlation-request-id", sent.unwrap_or(&id))
        .with("x-ms-routing-request-id", routing)
        .with("x-ms-request-id", id)
        .with(left.0, left.1)
        .with("cache-control", "no-cache")
        .with("pragma", "no-cache")
        .with("expires", "-1")
        .with("strict-transport-security", "max-age=31536000; includeSubDomains")
        .with("x-content-type-options", "nosniff");
    if reply.status >= 400 {
        reply = reply.with("x-ms-failure-cause", "gateway");
    }
    let own = ask.header("x-ms-client-request-id");
    if ask.header("x-ms-return-client-request-id").eq_ignore_ascii_case("true") && !own.is_empty() {
        return reply.with("x-ms-client-request-id", own);
    }
    reply
}

fn admitted(facts: &Facts, world: &mut World, ask: &Ask, number: u64) -> Reply {
    // Whether something is there is asked without wanting to read it.
    if ask.method == Method::HEAD {
        let reply = admitted(facts, world, &ask.instead(Method::GET), number);
        return Reply { body: None, status: if reply.status < 300 { 204 } else { reply.status }, ..reply };
    }
    let lower: Vec<String> = ask.segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    if words == ["metadata", "endpoints"] {
        return inventory::metadata(facts);
    }
    if ![Method::GET, Method::PUT, Method::PATCH, Method::POST, Method::DELETE].contains(&ask.method) {
        return not_allowed(ask);
    }
    if let Some(refusal) = providers::unversioned(ask).or_else(|| unauthorized(facts, ask)) {
        return refusal;
    }
    let target = Target::of(&ask.segments, number);
    if let Some(refusal) = providers::unsupported(facts, world, ask, &target) {
        return refusal;
    }
    template::settle(facts, world, ask.at);
    match words.as_slice() {
        ["tenants" | "subscriptions"] | ["subscriptions", _] if ask.method != Method::GET => not_allowed(ask),
        ["tenants"] => inventory::tenants(facts),
        ["subscriptions"] => inventory::subscriptions(facts),
        ["subscriptions", s, ..] if !s.eq_ignore_ascii_case(facts.subscription()) => no_subscription(s),
        ["subscriptions", ..] => asked(facts, world, ask, &target),
        ["providers", "microsoft.resourcegraph", "resources"] if ask.method == Method::POST => {
            graph::answer(facts, world, ask)
        }
        ["providers", ..] => tenant::answer(facts, world, ask, &target),
        _ => Reply::no_route(ask),
    }
}

fn no_subscription(id: &str) -> Reply {
    if is_uuid(id) {
        return Reply::error(404, "SubscriptionNotFound", &format!("The subscription '{id}' could not be found."));
    }
    let text = format!("The provided subscription identifier '{id}' is malformed or invalid.");
    Reply::error(400, "InvalidSubscriptionId", &text)
}

/// The refusal of a token that does not open this door.
fn unauthorized(facts: &Facts, ask: &Ask) -> Option<Reply> {
    let public = ["https://management.core.windows.net", "https://management.azure.com"];
    let bad = entra::check(facts, ask, &[public[0], public[1], facts.arm.as_str()]).err()?;
    let mut text = bad.text();
    let code = match bad {
        entra::Bad::Missing => "AuthenticationFailed",
        entra::Bad::Expired => "ExpiredAuthenticationToken",
        entra::Bad::Audience(_) => {
            let allowed = public.map(|p| format!("'{p}/','{p}'")).join(",");
            text = format!("{text} It should exactly match with one of the allowed audiences {allowed}.");
            "InvalidAuthenticationTokenAudience"
        }
        entra::Bad::Garbage => "InvalidAuthenticationToken",
    };
    let challenge = format!(
        "Bearer authorization_uri=\"{}/{}\", error=\"invalid_token\", error_description=\"{text}\"",
        facts.authority, facts.scenario.world.tenant,
    );
    Some(Reply::error(401, code, &text).with("www-authenticate", challenge))
}

/// A client's request: counted, and answered as far as it can be seen, in pages.
fn asked(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    if changes(&ask.method, &ask.path) {
        world.count(ask.header("x-ms-client-request-id"));
    }
    let creates = ask.method == Method::PUT && paging::delay(facts) > 0;
    let there = creates && inner(facts, world, Method::GET, &ask.path, None, ask.at).0 == 200;
    let reply = within(facts, world, ask, target);
    if creates && !there && reply.status < 300 {
        paging::made(world, &ask.path, ask.at);
    }
    paging::page(facts, ask, paging::seen(facts, world, ask, reply))
}

/// Who works in the portal, as the activity log names them.
const BY_HAND: &str = "somebody@contoso.com";

/// A request of ARM to itself.
pub fn inner(
    facts: &Facts,
    world: &mut World,
    method: Method,
    id: &str,
    body: Option<&Value>,
    at: i64,
) -> (u16, Value) {
    let ask = Ask {
        method,
        path: id.to_owned(),
        target: id.to_owned(),
        segments: id.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: body.map_or_else(Bytes::new, |b| Bytes::from(b.to_string())),
        at,
    };
    let number = world.number();
    let reply = within(facts, world, &ask, &Target::of(&ask.segments, number));
    let value = reply.body.and_then(|(_, text)| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    (reply.status, value)
}

fn within(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let changes = changes(&ask.method, &ask.path);
    let id = ask.header("x-ms-client-request-id");
    let reply = refused(facts, world, ask, target).unwrap_or_else(|| provided(facts, world, ask, target));
    let reply = generic::with_listed(facts, world, ask, target, reply);
    if changes {
        world.log.push(LogEntry {
            at: ask.at,
            resource: ask.path.clone(),
            operation: operation_name(target, &ask.method),
            method: ask.method.to_string(),
            status: reply.status,
            client_request_id: id.to_owned(),
            correlation_id: uuid(facts.seed, &format!("request/{}", target.number)),
            // What comes past the door is a person's doing, in the portal.
            caller: if ask.header("authorization").is_empty() { BY_HAND.to_owned() } else { entra::object_id(facts) },
        });
    }
    reply
}

/// What ARM refuses before any provider is asked: no such group, no right, a lock.
fn refused(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if let Some(refusal) = rights::refused(facts, ask, target) {
        return Some(refusal);
    }
    let itself = target.provider.is_empty() && target.scope.len() == 4;
    if let Some(g) = target.group.filter(|_| !itself) {
        match world.group(g) {
            None => return Some(groups::missing(g)),
            Some(g) if g.gone_at.is_some() && matches!(ask.method, Method::PUT | Method::PATCH) => {
                return Some(groups::being_deleted(&g.name));
            }
            Some(_) => {}
        }
    }
    // Locks are taken away in spite of themselves.
    let apart = target.provider == "microsoft.authorization" && target.tail.first().is_some_and(|t| t == "locks");
    let id = target.whole_id();
    // What is not there is not protected.
    let there = ask.method != Method::DELETE || generic::exists(facts, world, &id);
    if apart || !there { None } else { locked(world, &id, &ask.method) }
}

fn provided(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let special = providers::answer(world, ask, target)
        .or_else(|| providers::untyped(world, ask, target))
        .or_else(|| providers::unregistered(facts, world, ask, target))
        .or_else(|| operations::answer(facts, world, ask, target))
        .or_else(|| offers::answer(facts, world, ask, target))
        .or_else(|| bins::answer(facts, world, ask, target))
        .or_else(|| services::act(facts, world, ask, target));
    if let Some(reply) = special {
        return reply;
    }
    match target.provider.as_str() {
        "" => groups::answer(facts, world, ask, target)
            .or_else(|| template::operations_of(facts, world, ask))
            .unwrap_or_else(|| inventory::answer(facts, world, ask)),
        "microsoft.resources" if target.tail.first().is_some_and(|t| t == "tags") => {
            tags::answer(facts, world, ask, target)
        }
        "microsoft.resources" if target.tail.first().is_some_and(|t| t == "checkzonepeers") => {
            inventory::zone_peers(facts, ask)
        }
        "microsoft.resources" => template::answer(facts, world, ask, target),
        "microsoft.cognitiveservices" => cognitive::answer(facts, world, ask, target),
        "microsoft.appconfiguration" => stores::answer(facts, world, ask, target),
        "microsoft.network" => profiles::or_other(facts, world, ask, target),
        "microsoft.resourcehealth" => health::answer(facts, world, ask, target),
        "microsoft.insights" if target.tail.first().is_some_and(|t| t == "components") => {
            generic::answer(facts, world, ask, target)
        }
        "microsoft.insights" => monitor::answer(facts, world, ask, target),
        "microsoft.authorization" => rights::answer(facts, world, ask, target),
        _ => generic::answer(facts, world, ask, target),
    }
}

/// `Microsoft.CognitiveServices/accounts/deployments/write`.
fn operation_name(target: &Target<'_>, method: &Method) -> String {
    let types = target.names.iter().step_by(2).fold(target.provider.clone(), |a, t| format!("{a}/{t}"));
    let provider = known_provider(&target.provider);
    let verb = match *method {
        Method::DELETE => "delete",
        Method::POST => "action",
        _ => "write",
    };
    format!("{provider}{}/{verb}", &types[target.provider.len()..])
}

/// The provider's name as Azure writes it.
pub fn known_provider(lower: &str) -> &str {
    providers::registered(lower).unwrap_or(lower)
}

/// 404 for a resource of a type; of a nested one with the names of all that it lies in: `account/project`.
pub fn not_found(group: &str, kind: &str, name: &str) -> Reply {
    let (provider, kinds) = kind.split_once('/').unwrap_or((kind, ""));
    let pairs = kinds.split('/').zip(name.split('/'));
    let path = pairs.fold(provider.to_owned(), |path, (kind, name)| format!("{path}/{kind}/{name}"));
    let place = if group.is_empty() { String::new() } else { format!(" under resource group '{group}'") };
    let text = format!("The Resource '{path}'{place} was not found.");
    Reply::error(404, "ResourceNotFound", &text)
}

/// 405.
pub fn not_allowed(ask: &Ask) -> Reply {
    Reply::json(
        405,
        &json!({ "error": { "code": "MethodNotAllowed", "message": format!("The request method '{}' is not supported here.", ask.method) } }),
    )
}
