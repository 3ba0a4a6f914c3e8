//! Authorization: what the signed-in identity may do, role assignments, and locks, at any scope.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::{Target, generic, known_provider, not_allowed};
use crate::rehearsal::scenario::World as Script;
use crate::rehearsal::things::Rights;
use crate::simulator::entra;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::things::{Lock, Role, scope_id, under};
use crate::simulator::world::{World, uuid};

/// Role assignments of a subscription; Azure's own limit.
const MAX_ROLES: usize = 4_000;
const MAX_LOCKS: usize = 2_000;

/// Answers requests to the provider.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let scope = target.scope_id();
    let route = target.route();
    if target.scope.len() > 2 && !generic::exists(facts, world, &scope) {
        let text = format!("The resource '{scope}' was not found.");
        return Reply::error(404, "ResourceNotFound", &text);
    }
    match (&ask.method, route.as_slice()) {
        (&Method::GET, ["permissions"]) => Reply::list(rights(facts, &scope).map(permission).collect()),
        (&Method::GET, ["roleassignments"]) => {
            // At a scope the assignments on it, above it and below it count.
            let related = |r: &&Role| under(&r.scope, &scope) || under(&scope, &r.scope);
            let at_scope = ask.query("$filter").is_some_and(|f| f.contains("atScope()"));
            let rows = world.roles.iter().filter(related).filter(|r| !at_scope || under(&scope, &r.scope));
            let who = ask.query("$filter").and_then(principal);
            let fits = |r: &&Role| who.as_ref().is_none_or(|p| r.properties["principalId"] == json!(p));
            Reply::list(rows.filter(fits).map(role_body).collect())
        }
        (_, ["roleassignments", name]) => role(facts, world, ask, &scope, name),
        (&Method::GET, ["locks"]) => {
            let related = |l: &&Lock| under(&l.scope, &scope) || under(&scope, &l.scope);
            Reply::list(world.locks.iter().filter(related).map(lock_body).collect())
        }
        (_, ["locks", name]) => lock(world, ask, &scope, target.names.last().map_or(*name, String::as_str)),
        _ => Reply::no_route(ask),
    }
}

/// What the scenario grants at a scope; without a word of it, everything.
fn rights<'f>(facts: &'f Facts, scope: &str) -> impl Iterator<Item = Rights> + use<'f> {
    let all = &facts.scenario.world.rights;
    let scope = scope.to_owned();
    let whole = Rights { actions: vec!["*".into()], data_actions: vec!["*".into()], ..Rights::default() };
    let here = move |r: &&Rights| match &r.scope {
        None => true,
        Some(s) => under(&scope, &scope_id(facts.subscription(), s)),
    };
    all.iter().filter(here).cloned().chain(all.is_empty().then_some(whole))
}

fn permission(r: Rights) -> Value {
    json!({
        "actions": r.actions, "notActions": r.not_actions,
        "dataActions": r.data_actions, "notDataActions": r.not_data_actions,
    })
}

/// Whether a pattern of a role definition covers an action.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        let Some(n) = rest.find(part) else { return false };
        rest = &rest[n + part.len()..];
        last = Some(part);
    }
    // Without a star nothing may be left; a star at the end takes what is left, another one up to the end.
    match last {
        None => rest.is_empty(),
        Some("") => true,
        Some(part) => rest.is_empty() || action.ends_with(part),
    }
}

/// What a request does, in the words of role definitions.
fn action(target: &Target<'_>, method: &Method) -> String {
    let verb = match *method {
        Method::GET | Method::HEAD => "read",
        Method::DELETE => "delete",
        Method::POST => "action",
        _ => "write",
    };
    if target.provider.is_empty() {
        let below: Vec<String> = target.scope.iter().skip(2).map(|s| s.to_ascii_lowercase()).collect();
        let kind = match below.first().map(String::as_str) {
            Some("resourcegroups") if below.len() <= 2 => "/resourceGroups",
            Some("resourcegroups" | "resources") => "/resources",
            Some("locations") => "/locations",
            _ => "",
        };
        return format!("Microsoft.Resources/subscriptions{kind}/{verb}");
    }
    let mut types = String::new();
    for t in target.names.iter().step_by(2) {
        types = format!("{types}/{t}");
    }
    // An action stands where a type would, after the name of what it is done to.
    format!("{}{types}/{verb}", known_provider(&target.provider))
}

/// The refusal of what the identity may not do.
pub fn refused(facts: &Facts, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if facts.scenario.world.rights.is_empty() {
        return None;
    }
    // Everybody may ask what they may do, and how work that they began stands.
    let open = target.tail.iter().any(|t| t.starts_with("operation") || t == "asyncoperations" || t == "permissions");
    let (action, scope) = (action(target, &ask.method), target.whole_id());
    let allows =
        |r: Rights| r.actions.iter().any(|p| covers(p, &action)) && !r.not_actions.iter().any(|p| covers(p, &action));
    if open || rights(facts, &scope).any(allows) {
        return None;
    }
    let who = entra::object_id(facts);
    let text = format!(
        "The client '{}' with object id '{who}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
        facts.scenario.world.client_id
    );
    Some(Reply::error(403, "AuthorizationFailed", &text))
}

/// The refusal of what a lock forbids: deletions, and under a read-only one every change and every action.
pub fn locked(world: &World, id: &str, method: &Method) -> Option<Reply> {
    let (removes, changes) = (*method == Method::DELETE, matches!(*method, Method::PUT | Method::PATCH | Method::POST));
    // A deletion takes what lies below with it.
    let covers = |l: &&Lock| {
        let on = under(id, &l.scope) || (removes && under(&l.scope, id));
        on && (removes || (changes && l.read_only))
    };
    let lock = world.locks.iter().find(covers)?;
    let what = if removes { "delete" } else { "write" };
    let text = format!(
        "The scope '{id}' cannot perform {what} operation because following scope(s) are locked: '{}'. Please remove the lock and try again.",
        lock.scope
    );
    Some(Reply::error(409, "ScopeLocked", &text))
}

fn lock_body(l: &Lock) -> Value {
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/locks/{}", l.scope, l.name),
        "name": l.name, "type": "Microsoft.Authorization/locks",
        "properties": { "level": if l.read_only { "ReadOnly" } else { "CanNotDelete" }, "notes": l.notes },
    })
}

fn lock(world: &mut World, ask: &Ask, scope: &str, name: &str) -> Reply {
    let is = |l: &Lock| l.scope.eq_ignore_ascii_case(scope) && l.name.eq_ignore_ascii_case(name);
    let n = world.locks.iter().position(is);
    match (&ask.method, n) {
        (&Method::GET, Some(n)) => Reply::ok(&lock_body(&world.locks[n])),
        (&Method::GET, None) => Reply::error(404, "LockNotFound", &format!("The lock '{name}' could not be found.")),
        (&Method::DELETE, Some(n)) => {
            world.locks.remove(n);
            Reply::empty(200)
        }
        (&Method::DELETE, None) => Reply::empty(204),
        (&Method::PUT, n) => {
            let sent = match ask.json() {
                Ok(b) => b,
                Err(refusal) => return refusal,
            };
            let read_only = match sent["properties"]["level"].as_str() {
                Some("CanNotDelete") => false,
                Some("ReadOnly") => true,
                _ => {
                    let text = "The lock level must be 'CanNotDelete' or 'ReadOnly'.";
                    return Reply::error(400, "LockLevelInvalid", text);
                }
            };
            if n.is_none() && world.locks.len() >= MAX_LOCKS {
                return Reply::error(409, "LockQuotaExceeded", "This simulated Azure holds no more locks.");
            }
            let notes = sent["properties"]["notes"].as_str().unwrap_or_default().to_owned();
            let lock = Lock { scope: scope.to_owned(), name: name.to_owned(), read_only, notes };
            let shown = lock_body(&lock);
            match n {
                Some(n) => world.locks[n] = lock,
                None => world.locks.push(lock),
            }
            Reply::json(if n.is_some() { 200 } else { 201 }, &shown)
        }
        _ => not_allowed(ask),
    }
}

/// Role assignments of a scenario.
pub fn roles(script: &Script) -> Vec<Role> {
    let build = |r: &crate::rehearsal::things::RoleAssignment| {
        let scope = scope_id(&script.subscription, &r.scope);
        let name = uuid(0, &format!("role/{scope}/{}/{}", r.principal, r.role));
        let mut properties = Map::new();
        let definition = format!(
            "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}",
            script.subscription, r.role
        );
        for (key, value) in [
            ("roleDefinitionId", &definition),
            ("principalId", &r.principal),
            ("principalType", &r.principal_type),
            ("scope", &scope),
        ] {
            properties.insert(key.into(), json!(value));
        }
        Role { scope, name, properties }
    };
    script.roles.iter().map(build).collect()
}

/// The principal that a filter asks for.
fn principal(filter: &str) -> Option<String> {
    let after = filter.split("principalId eq").nth(1).or_else(|| filter.split("assignedTo(").nth(1))?;
    after.split('\'').nth(1).map(str::to_owned)
}

fn role_body(r: &Role) -> Value {
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{}", r.scope, r.name),
        "name": r.name, "type": "Microsoft.Authorization/roleAssignments", "properties": r.properties,
    })
}

fn role(facts: &Facts, world: &mut World, ask: &Ask, scope: &str, name: &str) -> Reply {
    let is = |r: &Role| r.scope.eq_ignore_ascii_case(scope) && r.name.eq_ignore_ascii_case(name);
    let n = world.roles.iter().position(is);
    match (&ask.method, n) {
        (&Method::GET, Some(n)) => Reply::ok(&role_body(&world.roles[n])),
        (&Method::GET, None) => {
            let text = format!("The role assignment '{name}' is not found.");
            Reply::error(404, "RoleAssignmentNotFound", &text)
        }
        (&Method::DELETE, Some(n)) => Reply::ok(&role_body(&world.roles.remove(n))),
        (&Method::DELETE, None) => Reply::empty(204),
        (&Method::PUT, Some(_)) => Reply::error(409, "RoleAssignmentExists", "The role assignment already exists."),
        (&Method::PUT, None) => match ask.json() {
            Ok(sent) => assign(facts, world, ask, scope, name, &sent["properties"]),
            Err(refusal) => refusal,
        },
        _ => not_allowed(ask),
    }
}

fn assign(facts: &Facts, world: &mut World, ask: &Ask, scope: &str, name: &str, sent: &Value) -> Reply {
    let (Some(definition), Some(who)) = (sent["roleDefinitionId"].as_str(), sent["principalId"].as_str()) else {
        let text = "The properties 'roleDefinitionId' and 'principalId' are required.";
        return Reply::error(400, "BadRequestFormat", text);
    };
    let same = |r: &Role| {
        let is = |key: &str, v: &str| {
            r.properties.get(key).and_then(Value::as_str).is_some_and(|o| o.eq_ignore_ascii_case(v))
        };
        r.scope.eq_ignore_ascii_case(scope) && is("roleDefinitionId", definition) && is("principalId", who)
    };
    if world.roles.iter().any(same) {
        return Reply::error(409, "RoleAssignmentExists", "The role assignment already exists.");
    }
    if world.roles.len() >= MAX_ROLES {
        let text = "No more role assignments can be created.";
        return Reply::error(400, "RoleAssignmentLimitExceeded", text);
    }
    let now = rfc3339(facts.utc(ask.at));
    let mut properties = sent.as_object().cloned().unwrap_or_default();
    properties.entry("principalType").or_insert_with(|| json!("ServicePrincipal"));
    for (key, value) in [("scope", scope), ("createdOn", now.as_str()), ("updatedOn", now.as_str())] {
        properties.insert(key.into(), json!(value));
    }
    let role = Role { scope: scope.to_owned(), name: name.to_owned(), properties };
    let shown = role_body(&role);
    world.roles.push(role);
    Reply::json(201, &shown)
}
