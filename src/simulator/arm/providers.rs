//! The namespaces that a subscription has: their types, the api-versions they take, their registration and operations.
//!
//! Every client brings its own version, so any well-formed date from a namespace's floor on is taken, previews included, up
//! to half a year from now; what a namespace lists of itself are those that clients are known to send.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, generic};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::things::DAY;
use crate::simulator::world::World;
use crate::units::known_regions;

/// A namespace.
struct Namespace {
    /// As Azure writes it.
    name: &'static str,
    /// Oldest api-version taken.
    floor: &'static str,
    /// Versions listed, newest first.
    versions: &'static [&'static str],
    /// Its types.
    types: &'static [&'static str],
    /// The types above are all of them: any other is refused.
    closed: bool,
}

const fn open(
    name: &'static str,
    floor: &'static str,
    versions: &'static [&'static str],
    types: &'static [&'static str],
) -> Namespace {
    Namespace { name, floor, versions, types, closed: false }
}

const fn closed(
    name: &'static str,
    floor: &'static str,
    versions: &'static [&'static str],
    types: &'static [&'static str],
) -> Namespace {
    Namespace { name, floor, versions, types, closed: true }
}

/// Floor of everything else.
const FLOOR: &str = "2015-01-01";
/// So far ahead of today versions are taken, and at least up to this one, however old the scenario's calendar is.
const AHEAD: i64 = 183 * DAY;
const LATEST: &str = "2027-06-30";

/// Namespaces that every subscription has, used or not. A retired one is there only where the scenario has something of it.
const ALL: [Namespace; 17] = [
    closed(
        "Microsoft.AppConfiguration",
        "2019-10-01",
        &["2025-06-01-preview", "2024-06-01", "2024-05-01", "2023-03-01"],
        &[
            "checkNameAvailability",
            "configurationStores",
            "configurationStores/keyValues",
            "configurationStores/privateEndpointConnections",
            "configurationStores/privateLinkResources",
            "configurationStores/replicas",
            "configurationStores/snapshots",
            "deletedConfigurationStores",
            "operations",
        ],
    ),
    open(
        "Microsoft.Authorization",
        FLOOR,
        &["2022-04-01", "2020-05-01", "2016-09-01"],
        &["locks", "permissions", "roleAssignments", "roleDefinitions"],
    ),
    open(
        "Microsoft.Cdn",
        "2017-04-02",
        &["2025-12-01", "2024-02-01"],
        &["profiles", "profiles/afdEndpoints", "profiles/originGroups", "profiles/originGroups/origins"],
    ),
    closed(
        "Microsoft.CognitiveServices",
        "2021-10-01",
        &["2026-07-01", "2026-05-15-preview", "2025-09-01", "2025-06-01", "2024-10-01"],
        &[
            "accounts",
            "accounts/capabilityHosts",
            "accounts/commitmentPlans",
            "accounts/connections",
            "accounts/defenderForAISettings",
            "accounts/deployments",
            "accounts/deployments/skus",
            "accounts/encryptionScopes",
            "accounts/models",
            "accounts/networkSecurityPerimeterConfigurations",
            "accounts/privateEndpointConnections",
            "accounts/privateLinkResources",
            "accounts/projects",
            "accounts/projects/capabilityHosts",
            "accounts/projects/connections",
            "accounts/raiBlocklists",
            "accounts/raiBlocklists/raiBlocklistItems",
            "accounts/raiPolicies",
            "accounts/skus",
            "accounts/usages",
            "checkDomainAvailability",
            "commitmentPlans",
            "deletedAccounts",
            "locations",
            "modelCapacities",
            "operations",
            "skus",
        ],
    ),
    closed(
        "Microsoft.ContainerRegistry",
        "2017-03-01",
        &["2026-09-01-preview", "2026-03-01-preview", "2025-11-01", "2023-07-01"],
        &[
            "checkNameAvailability",
            "locations",
            "operations",
            "registries",
            "registries/cacheRules",
            "registries/connectedRegistries",
            "registries/credentialSets",
            "registries/deleted",
            "registries/exportPipelines",
            "registries/importPipelines",
            "registries/listUsages",
            "registries/pipelineRuns",
            "registries/privateEndpointConnections",
            "registries/privateLinkResources",
            "registries/replications",
            "registries/replications/operationStatuses",
            "registries/scopeMaps",
            "registries/tasks",
            "registries/tokens",
            "registries/webhooks",
        ],
    ),
    open(
        "Microsoft.EventGrid",
        FLOOR,
        &["2025-02-15", "2022-06-15"],
        &["eventSubscriptions", "systemTopics", "topics"],
    ),
    open(
        "Microsoft.Insights",
        "2015-04-01",
        &["2024-02-01", "2020-10-01", "2020-02-02", "2018-01-01", "2015-04-01"],
        &["activityLogAlerts", "components", "eventtypes", "metricDefinitions", "metrics"],
    ),
    closed(
        "Microsoft.KeyVault",
        "2015-06-01",
        &["2026-05-15", "2026-02-01", "2023-07-01", "2022-07-01"],
        &[
            "checkMhsmNameAvailability",
            "checkNameAvailability",
            "deletedManagedHSMs",
            "deletedVaults",
            "locations",
            "managedHSMs",
            "operations",
            "vaults",
            "vaults/accessPolicies",
            "vaults/eventGridFilters",
            "vaults/keys",
            "vaults/keys/versions",
            "vaults/privateEndpointConnections",
            "vaults/privateLinkResources",
            "vaults/secrets",
        ],
    ),
    open(
        "Microsoft.MachineLearningServices",
        "2018-11-19",
        &["2026-05-01", "2024-10-01", "2020-08-01"],
        &["registries", "workspaces", "workspaces/computes", "workspaces/connections", "workspaces/onlineEndpoints"],
    ),
    open("Microsoft.ManagedIdentity", FLOOR, &["2024-11-30", "2023-01-31"], &["identities", "userAssignedIdentities"]),
    open(
        "Microsoft.Network",
        "2015-11-01",
        &["2026-09-01", "2022-04-01", "2018-08-01", "2018-05-01"],
        &[
            "dnszones",
            "trafficManagerGeographicHierarchies",
            "trafficManagerUserMetricsKeys",
            "trafficManagerProfiles",
            "virtualNetworks",
        ],
    ),
    open(
        "Microsoft.OperationalInsights",
        "2015-03-20",
        &["2026-03-01", "2025-07-01", "2023-09-01"],
        &["deletedWorkspaces", "workspaces"],
    ),
    open("Microsoft.ResourceHealth", FLOOR, &["2025-05-01", "2024-02-01"], &["availabilityStatuses", "events"]),
    open(
        "Microsoft.Resources",
        FLOOR,
        &["2026-06-01", "2025-04-01", "2024-11-01", "2022-12-01", "2022-09-01", "2021-04-01"],
        &["deployments", "providers", "resourceGroups", "resources", "subscriptions", "tags"],
    ),
    open("Microsoft.Search", FLOOR, &["2025-05-01", "2023-11-01"], &["searchServices"]),
    closed(
        "Microsoft.Storage",
        "2015-06-15",
        &["2026-09-01", "2026-04-01", "2025-08-01", "2023-05-01"],
        &[
            "checkNameAvailability",
            "deletedAccounts",
            "locations",
            "operations",
            "skus",
            "storageAccounts",
            "storageAccounts/accountMigrations",
            "storageAccounts/blobServices",
            "storageAccounts/blobServices/containers",
            "storageAccounts/blobServices/containers/immutabilityPolicies",
            "storageAccounts/encryptionScopes",
            "storageAccounts/fileServices",
            "storageAccounts/fileServices/shares",
            "storageAccounts/fileServices/usages",
            "storageAccounts/inventoryPolicies",
            "storageAccounts/localUsers",
            "storageAccounts/managementPolicies",
            "storageAccounts/networkSecurityPerimeterConfigurations",
            "storageAccounts/objectReplicationPolicies",
            "storageAccounts/privateEndpointConnections",
            "storageAccounts/privateLinkResources",
            "storageAccounts/queueServices",
            "storageAccounts/queueServices/queues",
            "storageAccounts/storageTaskAssignments",
            "storageAccounts/tableServices",
            "storageAccounts/tableServices/tables",
            "usages",
        ],
    ),
    open("Microsoft.Web", FLOOR, &["2024-11-01", "2023-12-01"], &["serverFarms", "sites"]),
];

/// Last segments that are actions: they are posted to, never read.
const ACTIONS: [&str; 12] = [
    "checknameavailability",
    "diagnose",
    "failover",
    "listaccountsas",
    "listcredentials",
    "listkeys",
    "listservicesas",
    "purge",
    "regeneratecredential",
    "regeneratekey",
    "restoreblobranges",
    "resynckeys",
];

fn of(lower: &str) -> Option<&'static Namespace> {
    ALL.iter().find(|n| n.name.eq_ignore_ascii_case(lower))
}

/// A namespace's name as Azure writes it, if every subscription has it.
pub fn registered(lower: &str) -> Option<&'static str> {
    of(lower).map(|n| n.name)
}

/// The refusal of an api-version that is missing; asked before anything else.
pub fn unversioned(ask: &Ask) -> Option<Reply> {
    let missing = ask.query("api-version").is_none_or(str::is_empty);
    missing.then(|| {
        let text = "The api-version query parameter (?api-version=) is required for all requests.";
        Reply::error(400, "MissingApiVersionParameter", text)
    })
}

/// The refusal of an api-version that is none, too old, or of the future.
pub fn unsupported(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let text = ask.query("api-version").unwrap_or_default();
    // What ARM tells of a namespace is ARM's own.
    let own = target.names.is_empty();
    let namespace = of(&target.provider).filter(|_| !own);
    let date = text.get(..10).filter(|d| d.parse::<jiff::civil::Date>().is_ok());
    let tail = text.get(10..).unwrap_or_default();
    let date = date.filter(|_| matches!(tail, "" | "-preview"));
    let ahead = rfc3339(facts.utc(ask.at).saturating_add(AHEAD));
    let latest = ahead.get(..10).unwrap_or(LATEST).max(LATEST);
    let floor = namespace.map_or(FLOOR, |n| n.floor);
    if date.is_some_and(|d| (floor..=latest).contains(&d)) {
        return None;
    }
    let versions = namespace.or_else(|| of("microsoft.resources")).map_or(&[][..], |n| n.versions).join(", ");
    if own || date.is_none() {
        let text = format!("The api-version '{text}' is invalid. The supported versions are '{versions}'.");
        return Some(Reply::error(400, "InvalidApiVersionParameter", &text));
    }
    let types: Vec<&str> = target.names.iter().step_by(2).map(String::as_str).collect();
    let group = target.group.and_then(|g| world.group(g)).map_or("", |g| &g.region);
    let place = world.thing(&target.whole_id()).map(|t| t.location()).filter(|l| !l.is_empty()).unwrap_or(group);
    let text = format!(
        "No registered resource provider found for location '{place}' and API version '{text}' for type '{}'. The supported api-versions are '{versions}'.",
        types.join("/")
    );
    Some(Reply::error(400, "NoRegisteredProviderFound", &text))
}

/// The refusal of a type that its namespace does not have.
pub fn untyped(world: &World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let namespace = of(&target.provider).filter(|n| n.closed)?;
    let first = target.tail.first()?;
    if ask.method == Method::POST || first == "locations" {
        return None;
    }
    let kind = target.names.iter().step_by(2).map(String::as_str).collect::<Vec<_>>().join("/");
    let whole = format!("{}/{kind}", namespace.name);
    if namespace.types.iter().any(|t| t.eq_ignore_ascii_case(&kind)) || world.things.iter().any(|t| t.is(&whole)) {
        return None;
    }
    if target.tail.len() % 2 == 1 && target.tail.last().is_some_and(|t| ACTIONS.contains(&t.as_str())) {
        return Some(super::not_allowed(ask));
    }
    let text = format!(
        "The resource type could not be found in the namespace '{}' for api version '{}'.",
        namespace.name,
        ask.query("api-version").unwrap_or_default()
    );
    Some(Reply::error(404, "InvalidResourceType", &text))
}

/// Every namespace of the subscription, or of the tenant.
pub fn all(world: &World) -> Reply {
    Reply::list(ALL.iter().map(|n| body(world, n.name)).collect())
}

/// One namespace, or the refusal of one that is not there.
pub fn one(world: &World, target: &Target<'_>) -> Reply {
    if generic::namespace(world, &target.provider) {
        return Reply::ok(&body(world, generic::namespace_name(world, &target.provider)));
    }
    absent(target)
}

/// The refusal of a namespace that this Azure does not have.
pub fn absent(target: &Target<'_>) -> Reply {
    let text = format!("The resource namespace '{}' is invalid.", target.provider);
    Reply::error(404, "InvalidResourceNamespace", &text)
}

/// What is asked of a namespace itself; `None` if it is something else.
pub fn answer(world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if target.group.is_some() || target.scope.len() > 2 || target.provider.is_empty() {
        return None;
    }
    let there = generic::namespace(world, &target.provider);
    Some(match (&ask.method, target.route().as_slice()) {
        (&Method::GET, []) => one(world, target),
        (_, ["register" | "unregister" | "resourcetypes" | "providerpermissions"]) if !there => absent(target),
        (&Method::POST, ["register"]) => {
            world.unregistered.retain(|n| *n != target.provider);
            world.changed = true;
            one(world, target)
        }
        (&Method::POST, ["unregister"]) => {
            if !world.unregistered.contains(&target.provider) {
                world.unregistered.push(target.provider.clone());
                world.changed = true;
            }
            one(world, target)
        }
        (&Method::GET, ["resourcetypes"]) => {
            let types = body(world, generic::namespace_name(world, &target.provider))["resourceTypes"].take();
            Reply::ok(&json!({ "value": types }))
        }
        (&Method::GET, ["providerpermissions"]) => Reply::list(Vec::new()),
        _ => return None,
    })
}

/// The refusal of work with a namespace that was unregistered.
pub fn unregistered(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if ask.method != Method::PUT || !world.unregistered.contains(&target.provider) {
        return None;
    }
    let text = format!(
        "The subscription '{}' is not registered to use namespace '{}'. See https://aka.ms/rps-not-found for how to register subscriptions.",
        facts.subscription(),
        generic::namespace_name(world, &target.provider)
    );
    Some(Reply::error(409, "MissingSubscriptionRegistration", &text))
}

/// Operations that roles may allow of a namespace.
pub fn operations(lower: &str) -> Option<Reply> {
    let namespace = of(lower)?;
    let row = |kind: &str, verb: &str, words: &str| {
        json!({
            "name": format!("{}/{kind}/{verb}", namespace.name), "isDataAction": false, "origin": "user,system",
            "display": {
                "provider": namespace.name, "resource": kind,
                "operation": format!("{words} {kind}"), "description": format!("{words} {kind}."),
            },
        })
    };
    let verbs = [("read", "Read"), ("write", "Create or update"), ("delete", "Delete")];
    let types = namespace.types.iter().filter(|t| !["operations", "locations"].contains(*t));
    Some(Reply::list(types.flat_map(|t| verbs.map(|(v, words)| row(t, v, words))).collect()))
}

/// A namespace and its types.
fn body(world: &World, name: &str) -> Value {
    let table = of(name);
    let own = world.things.iter().filter(|t| t.provider().eq_ignore_ascii_case(name));
    let mut types: Vec<&str> = own.filter_map(|t| Some(t.kind.split_once('/')?.1)).collect();
    types.extend(table.map_or(&[][..], |n| n.types));
    types.sort_unstable_by_key(|t| t.to_ascii_lowercase());
    types.dedup_by_key(|t| t.to_ascii_lowercase());
    let versions = table.map_or(&["2023-11-15"][..], |n| n.versions);
    let locations: Vec<&str> = known_regions().iter().map(|r| r.display_name.as_str()).collect();
    let row = |t: &&str| json!({ "resourceType": t, "locations": locations, "apiVersions": versions, "capabilities": "None" });
    let off = world.unregistered.iter().any(|n| n.eq_ignore_ascii_case(name));
    json!({
        "id": format!("/providers/{name}"), "namespace": name,
        "registrationState": if off { "NotRegistered" } else { "Registered" },
        "registrationPolicy": "RegistrationRequired", "resourceTypes": types.iter().map(row).collect::<Vec<_>>(),
    })
}
