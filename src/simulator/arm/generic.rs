//! Any resource of any provider: read, listed, made, changed and deleted by its id, as ARM does for all of them alike.
//!
//! What a service adds lies in that service's file: what it refuses (`check`), what it fills in (`fill`), how long it takes
//! (`ways`), what a name in soft delete means (`bins`).

use hyper::Method;
use serde_json::{Map, Value, json};

use super::operations::{Work, begin};
use super::{Target, bins, blobs, known_provider, not_allowed, not_found, providers, services};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::{Next, Then, Thing, set, under};
use crate::simulator::world::World;
use crate::units::{Region, known_region};

/// Resources of a world; more is a loop of a client.
const MAX_THINGS: usize = 20_000;
/// Longest name that any of the types takes.
const MAX_NAME: usize = 260;
/// What a request may say and ARM decides.
const OWN: [&str; 6] = ["id", "name", "type", "etag", "systemData", "location"];

/// How a service answers work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At once.
    Now,
    /// The resource itself tells when it is ready, after so many milliseconds.
    Silent(i64),
    /// `Azure-AsyncOperation` beside the resource.
    Watched(i64),
    /// 202 with `Location`.
    Later(i64),
}

/// How a type is made, changed and deleted.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// PUT.
    pub make: Way,
    /// PATCH.
    pub change: Way,
    /// DELETE.
    pub remove: Way,
}

/// A change that a service may refuse.
pub struct Change<'a> {
    /// The scenario.
    pub facts: &'a Facts,
    /// The world before it.
    pub world: &'a World,
    /// The request.
    pub ask: &'a Ask,
    /// Resource.
    pub id: &'a str,
    /// Its type, in lower case.
    pub kind: &'a str,
    /// What was sent.
    pub sent: &'a Value,
    /// What is there.
    pub present: Option<&'a Thing>,
}

impl Change<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
    /// Id of the resource it lies in.
    pub fn parent(&self) -> &str {
        let cut = |s: &'_ str| s.rfind('/').unwrap_or(0);
        let one = &self.id[..cut(self.id)];
        &one[..cut(one)]
    }
    /// A property as sent.
    pub fn property(&self, name: &str) -> &Value {
        &self.sent["properties"][name]
    }
}

/// Answers a request about a resource, or about a list of them.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    if !namespace(world, &target.provider) {
        return providers::absent(target);
    }
    let attached = target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    if attached && !exists(facts, world, &target.scope_id()) {
        let text = format!("The resource '{}' was not found.", target.scope_id());
        return Reply::error(404, "ResourceNotFound", &text);
    }
    match target.names.len() {
        0 => Reply::no_route(ask),
        n if n % 2 == 1 => list(facts, world, ask, target),
        _ if target.group.is_none() && !attached => Reply::no_route(ask),
        _ => one(facts, world, ask, target),
    }
}

fn one(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let id = id(facts, world, target);
    match ask.method {
        Method::GET => world.thing(&id).map_or_else(|| absent(target), |t| services::show(facts, world, ask, t)),
        Method::PUT => put(facts, world, ask, target, &id).unwrap_or_else(|refusal| *refusal),
        Method::PATCH => patch(facts, world, ask, target, &id).unwrap_or_else(|refusal| *refusal),
        Method::DELETE => remove(facts, world, ask, target, &id),
        _ => not_allowed(ask),
    }
}

fn absent(target: &Target<'_>) -> Reply {
    let names: Vec<&str> = target.names.iter().skip(1).step_by(2).map(String::as_str).collect();
    not_found(target.group.unwrap_or_default(), &typed(target), &names.join("/"))
}

/// Segments of types, as Azure writes them; a type that is not here is kept as it was first sent.
const TYPES: [&str; 24] = [
    "vaults",
    "storageAccounts",
    "workspaces",
    "components",
    "registries",
    "replications",
    "accounts",
    "projects",
    "connections",
    "computes",
    "onlineEndpoints",
    "deployments",
    "dnsZones",
    "profiles",
    "originGroups",
    "origins",
    "afdEndpoints",
    "routes",
    "datastores",
    "blobServices",
    "containers",
    "eventSubscriptions",
    "serverlessEndpoints",
    "userAssignedIdentities",
];

/// The id that a request means: known parts as they are written there, the rest as sent.
pub fn id(facts: &Facts, world: &World, target: &Target<'_>) -> String {
    let attached = target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    let scope = match target.group {
        Some(g) if !attached => {
            let name = world.group(g).map_or(g, |g| g.name.as_str());
            format!("/subscriptions/{}/resourceGroups/{name}", facts.subscription())
        }
        _ => world.thing(&target.scope_id()).map_or_else(|| target.scope_id(), |t| t.id.clone()),
    };
    let mut out = format!("{scope}/providers/{}", namespace_name(world, &target.provider));
    for pair in target.names.chunks(2) {
        let kind = TYPES.iter().find(|t| t.eq_ignore_ascii_case(&pair[0])).map_or(pair[0].as_str(), |t| t);
        out = format!("{out}/{kind}/{}", pair.get(1).map_or("", |n| n));
        if let Some(present) = world.thing(&out) {
            out.clone_from(&present.id);
        }
    }
    out
}

/// Whether there is anything of this id, whatever keeps it.
pub fn exists(facts: &Facts, world: &World, id: &str) -> bool {
    let is = |own: String| own.eq_ignore_ascii_case(id);
    let within = |g: &str, rest: String| is(facts.id(g, &rest));
    world.thing(id).is_some()
        || blobs::is_service(world, id)
        || world.accounts.iter().any(|a| within(&a.group, format!("Microsoft.CognitiveServices/accounts/{}", a.name)))
        || world
            .stores
            .iter()
            .any(|s| within(&s.group, format!("Microsoft.AppConfiguration/configurationStores/{}", s.name)))
        || world
            .profiles
            .iter()
            .any(|p| within(&p.group, format!("Microsoft.Network/trafficManagerProfiles/{}", p.name)))
        || world.groups.iter().any(|g| is(format!("/subscriptions/{}/resourceGroups/{}", facts.subscription(), g.name)))
        || is(format!("/subscriptions/{}", facts.subscription()))
}

fn bad(status: u16, code: &str, text: &str) -> Box<Reply> {
    Box::new(Reply::error(status, code, text))
}

fn body(ask: &Ask) -> Result<Value, Box<Reply>> {
    let sent = ask.json().map_err(Box::new)?;
    let fits = |name: &str| sent[name].is_object() || sent[name].is_null();
    if sent.is_object() && ["properties", "tags", "sku", "identity"].iter().all(|n| fits(n)) {
        return Ok(sent);
    }
    let text = "The request content was invalid: it and its properties, tags, sku and identity must be JSON objects.";
    Err(bad(400, "InvalidRequestContent", text))
}

fn idle(t: Option<&Thing>, at: i64) -> Result<(), Box<Reply>> {
    match t.filter(|t| t.busy(at)) {
        Some(t) => {
            let text = format!("Another operation is being performed on the resource '{}'. Please retry later.", t.id);
            Err(bad(409, "AnotherOperationInProgress", &text))
        }
        None => Ok(()),
    }
}

/// The location of what is to be made, in ARM's own spelling.
fn location(sent: &Value, present: Option<&Thing>, needed: bool) -> Result<Option<String>, Box<Reply>> {
    let wanted = sent["location"].as_str().map(|l| Region::new(l).name().to_owned()).filter(|l| !l.is_empty());
    match (wanted, present) {
        (Some(l), Some(p)) if !p.location().is_empty() && Region::new(p.location()).name() != l => {
            let text = format!(
                "The resource '{}' already exists in location '{}'. A resource with the same name cannot be created in location '{l}'. Please select a new resource name.",
                p.name,
                p.location()
            );
            Err(bad(409, "InvalidResourceLocation", &text))
        }
        (_, Some(p)) => Ok(Some(p.location().to_owned()).filter(|l| !l.is_empty())),
        (Some(l), None) if l == "global" || known_region(&l).is_some() => Ok(Some(l)),
        (Some(l), None) => {
            let text = format!("The provided location '{l}' is not available for this resource type.");
            Err(bad(400, "LocationNotAvailableForResourceType", &text))
        }
        (None, None) if needed => {
            Err(bad(400, "LocationRequired", "The location property is required for this definition."))
        }
        (None, None) => Ok(None),
    }
}

fn put(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, id: &str) -> Result<Reply, Box<Reply>> {
    let sent = body(ask)?;
    let name = target.names.last().map_or("", |n| n);
    if name.len() > MAX_NAME || name.chars().any(|c| c.is_control() || "<>%&\\?/".contains(c)) {
        return Err(bad(400, "InvalidResourceName", &format!("Resource name '{name}' is invalid.")));
    }
    if let Some(parent) = target.names.len().checked_sub(2).filter(|n| *n > 0) {
        let above = id.rsplitn(3, '/').nth(2).unwrap_or_default();
        if !exists(facts, world, above) {
            let text = format!(
                "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
                target.names[parent - 1]
            );
            return Err(bad(404, "ParentResourceNotFound", &text));
        }
    }
    let present = world.thing(id).cloned();
    idle(present.as_ref(), ask.at)?;
    if present.is_none() && world.things.len() >= MAX_THINGS {
        return Err(bad(409, "ResourceQuotaExceeded", "This simulated Azure holds no more resources."));
    }
    let kind = typed(target).to_ascii_lowercase();
    let top = target.names.len() == 2 && !target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    let place = location(&sent, present.as_ref(), top)?;
    let change = Change { facts, world, ask, id, kind: &kind, sent: &sent, present: present.as_ref() };
    if let Some(refusal) = services::check(&change) {
        return Err(Box::new(refusal));
    }
    if present.is_none() {
        match bins::taken(&change, place.as_deref()) {
            bins::Name::Free => {}
            bins::Name::Refused(reply) => return Err(reply),
            bins::Name::Forgets(n) => {
                world.gone.remove(n);
            }
            bins::Name::Revives(n) => {
                let thing = world.revive(n);
                return Ok(bins::revived(facts, world, ask, target, thing));
            }
        }
    }
    let mut thing = present.clone().unwrap_or_else(|| Thing::new(id, ask.at));
    overlay(&mut thing.body, &sent);
    if present.is_none() {
        services::begin(facts, ask, &mut thing);
    }
    if let Some(l) = place {
        thing.body.insert("location".into(), json!(l));
    }
    Ok(perform(facts, world, ask, target, thing, present.as_ref(), services::ways(&kind).make))
}

/// What was sent over what is there: a PUT replaces every property that it names, and the service keeps the others.
fn overlay(body: &mut Map<String, Value>, sent: &Value) {
    for (key, value) in sent.as_object().into_iter().flatten().filter(|(k, _)| !OWN.contains(&k.as_str())) {
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("properties", Value::Object(all)) => {
                for (name, v) in all.iter().filter(|(n, v)| *n != "provisioningState" && !v.is_null()) {
                    set(body, name, v.clone());
                }
            }
            _ => {
                body.insert(key.clone(), value.clone());
            }
        }
    }
    body.entry("tags").or_insert_with(|| json!({}));
    body.entry("properties").or_insert_with(|| json!({}));
}

fn patch(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, id: &str) -> Result<Reply, Box<Reply>> {
    let sent = body(ask)?;
    let kind = typed(target);
    let Some(present) = world.thing(id).cloned() else {
        return Err(Box::new(absent(target)));
    };
    idle(Some(&present), ask.at)?;
    location(&sent, Some(&present), false)?;
    let kind = kind.to_ascii_lowercase();
    let change = Change { facts, world, ask, id, kind: &kind, sent: &sent, present: Some(&present) };
    if let Some(refusal) = services::check(&change) {
        return Err(Box::new(refusal));
    }
    let mut thing = present.clone();
    for (key, value) in sent.as_object().into_iter().flatten().filter(|(k, _)| !OWN.contains(&k.as_str())) {
        match key.as_str() {
            // Tags are replaced as one.
            "tags" => {
                thing.body.insert(key.clone(), if value.is_null() { json!({}) } else { value.clone() });
            }
            _ => merge(thing.body.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
    if let Some(state) = present.body.get("properties").and_then(|p| p.get("provisioningState")) {
        thing.set("provisioningState", state.clone());
    }
    Ok(perform(facts, world, ask, target, thing, Some(&present), services::ways(&kind).change))
}

/// A JSON merge patch.
pub fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    let Some(all) = into.as_object_mut() else { return };
    for (key, value) in changes {
        if value.is_null() {
            all.remove(key);
        } else {
            merge(all.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Does the work at once or begins it, as the type does.
pub fn perform(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    target: &Target<'_>,
    mut thing: Thing,
    present: Option<&Thing>,
    way: Way,
) -> Reply {
    let status = if present.is_none() { services::made(&thing.kind) } else { 200 };
    services::keep(&mut thing);
    thing.version += 1;
    if services::has_state(&thing) {
        thing.set("provisioningState", "Succeeded");
    }
    let span = match way {
        Way::Now => {
            let shown = services::shown(facts, &thing, ask.at);
            world.put(thing);
            return Reply::json(status, &shown);
        }
        Way::Silent(ms) | Way::Watched(ms) | Way::Later(ms) => (ask.at, ask.at.saturating_add(facts.takes(ms))),
    };
    let region = region(world, &thing);
    let fails = facts.timeline().fails_late(ask.at, &region).is_some();
    let (base, state, then) = match present {
        None if fails => {
            let mut failed = thing.body.clone();
            set(&mut failed, "provisioningState", json!("Failed"));
            (thing, services::making(target), Then::Body(failed))
        }
        None => (thing, services::making(target), Then::Same),
        Some(p) if fails => (p.clone(), "Updating", Then::Same),
        Some(p) => (Thing { version: thing.version, ..p.clone() }, "Updating", Then::Body(thing.body)),
    };
    let base = Thing { next: Some(Next { at: span.1, state: state.to_owned(), then }), ..base };
    let (shown, id) = (services::shown(facts, &base, ask.at), base.id.clone());
    world.put(base);
    let wait = facts.wait();
    if let Way::Silent(_) = way {
        return Reply::json(status, &shown).with("retry-after", wait);
    }
    let links =
        begin(facts, world, target, Work { region: &region, resource: &id, span, removes: false, answer: None });
    match way {
        Way::Watched(_) => {
            Reply::json(status, &shown).with("azure-asyncoperation", links.status).with("retry-after", wait)
        }
        _ => Reply::empty(202).with("location", links.result).with("retry-after", wait),
    }
}

/// Region of a resource: its own, or that of what it lies in, or its group's.
pub fn region(world: &World, thing: &Thing) -> String {
    let above = world.things.iter().filter(|t| under(&thing.id, &t.id) && !t.location().is_empty());
    let nearest = above.max_by_key(|t| t.id.len()).map(Thing::location).filter(|l| *l != "global");
    let own = Some(thing.location()).filter(|l| !l.is_empty() && *l != "global");
    let group = || world.group(&thing.group).map_or("", |g| &g.region);
    Region::new(own.or(nearest).unwrap_or_else(group)).name().to_owned()
}

fn remove(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, id: &str) -> Reply {
    let Some(thing) = world.thing(id).cloned() else { return Reply::empty(204) };
    let change = Change {
        facts,
        world,
        ask,
        id,
        kind: &thing.kind.to_ascii_lowercase(),
        sent: &Value::Null,
        present: Some(&thing),
    };
    if let Some(refusal) = services::check_removal(&change) {
        return refusal;
    }
    let purges = |name: &str| ask.query(name).is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let keep = !purges("force") && !purges("forceToPurge");
    let ms = match services::ways(&thing.kind.to_ascii_lowercase()).remove {
        Way::Now => {
            world.bury(id, ask.at, keep);
            return Reply::empty(200);
        }
        Way::Silent(ms) | Way::Watched(ms) | Way::Later(ms) => ms,
    };
    let wait = facts.wait();
    if thing.next.as_ref().is_some_and(|n| matches!(n.then, Then::Gone(_))) {
        return Reply::empty(202).with("retry-after", wait);
    }
    let (span, region) = ((ask.at, ask.at.saturating_add(facts.takes(ms))), region(world, &thing));
    let fails = facts.timeline().fails_late(ask.at, &region).is_some();
    if let Some(t) = world.thing_mut(id) {
        let then = if fails { Then::Same } else { Then::Gone(keep) };
        t.next = Some(Next { at: span.1, state: "Deleting".to_owned(), then });
    }
    let links = begin(facts, world, target, Work { region: &region, resource: id, span, removes: true, answer: None });
    Reply::empty(202).with("location", links.result).with("retry-after", wait)
}

/// The type that a request names.
pub fn typed(target: &Target<'_>) -> String {
    target.names.iter().step_by(2).fold(known_provider(&target.provider).to_owned(), |a, t| format!("{a}/{t}"))
}

/// What lies directly below a resource; the list of a type in a group or subscription is joined in [`with_listed`].
fn list(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    if ask.method != Method::GET {
        return if ask.method == Method::POST { Reply::no_route(ask) } else { not_allowed(ask) };
    }
    let attached = target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    if target.names.len() == 1 && !attached {
        return Reply::list(Vec::new());
    }
    let base = id(facts, world, target);
    let base = base.trim_end_matches('/');
    let above = base.rsplit_once('/').map_or("", |b| b.0);
    if target.names.len() > 1 && !exists(facts, world, above) {
        let name = above.rsplit('/').next().unwrap_or_default();
        let text =
            format!("Can not perform requested operation on nested resource. Parent resource '{name}' not found.");
        return Reply::error(404, "ParentResourceNotFound", &text);
    }
    let depth = base.split('/').count() + 1;
    let below = |t: &&Thing| under(&t.id, base) && t.id.split('/').count() == depth;
    Reply::list(world.things.iter().filter(below).map(|t| services::shown(facts, t, ask.at)).collect())
}

/// Resources of a type, in the subscription or a group: those of a list that another part answered, and these.
pub fn with_listed(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>, reply: Reply) -> Reply {
    let own = target.names.len() == 1 && ask.method == Method::GET && matches!(reply.status, 200 | 404);
    if !own || target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers")) {
        return reply;
    }
    let kind = typed(target);
    let here = |t: &&Thing| t.is(&kind) && target.group.is_none_or(|g| g.eq_ignore_ascii_case(&t.group));
    let rows: Vec<Value> = world.things.iter().filter(here).map(|t| services::shown(facts, t, ask.at)).collect();
    if rows.is_empty() && reply.status == 200 {
        return reply;
    }
    let present = reply.body.as_ref().and_then(|(_, text)| serde_json::from_str::<Value>(text).ok());
    match present.and_then(|mut v| v.get_mut("value").map(Value::take)) {
        Some(Value::Array(mut all)) => {
            all.extend(rows);
            Reply::list(all)
        }
        _ if rows.is_empty() => reply,
        _ => Reply::list(rows),
    }
}

/// A namespace's name as Azure writes it.
pub fn namespace_name<'a>(world: &'a World, lower: &'a str) -> &'a str {
    let known = providers::registered(lower);
    let here = || world.things.iter().map(Thing::provider).find(|p| p.eq_ignore_ascii_case(lower));
    known.or_else(here).unwrap_or(lower)
}

/// Whether the subscription has a namespace, in lower case.
pub fn namespace(world: &World, lower: &str) -> bool {
    providers::registered(lower).is_some() || world.things.iter().any(|t| t.provider().eq_ignore_ascii_case(lower))
}

/// A row of the list of all resources, with its group; none for a child that ARM does not track.
pub fn row(thing: &Thing) -> Option<(String, Value)> {
    if thing.location().is_empty() {
        return None;
    }
    let mut all = thing.common();
    if all.get("tags").and_then(Value::as_object).is_some_and(Map::is_empty) {
        all.remove("tags");
    }
    Some((thing.group.clone(), Value::Object(all)))
}
