//! What Azure says of itself, beside the probes and never instead of them: announcements with their whole text, each
//! account's state, and what its own meters show.
//!
//! Silence is no news: what could not be read stands among the announcements as that.

use std::collections::BTreeSet;

use crate::azure::health::{self, Notice as Told};
use crate::azure::{Azure, AzureError, cognitive, monitor, registry, storage, traffic};
use crate::clock::Task;
use crate::health::{Notice, Provisioning};
use crate::plan::model::Plan;
use crate::runbook::condition::Aggregation;
use crate::units::{Millis, Region, ResourceId, utc_text};

use super::super::executor::World;
use super::super::mailbox::Mail;
use super::super::snapshot::{Mark, Posted};
use super::account;

/// Between two looks, and so many times longer while no run is open and everything is well.
const EVERY: Millis = Millis::from_mins(1);
const CALM: u32 = 5;
/// Subscriptions and resources that are read; each costs a request a minute.
const SUBSCRIPTIONS: usize = 8;
const RESOURCES: usize = 16;
/// Announcements shown at most, newest first.
const SHOWN: usize = 50;
/// What Azure Monitor counted over this.
const BACK: Millis = Millis::from_mins(10);
/// How far a copy may be behind before it is worth a word, and before it is bad: Azure's usual figure is 15 min.
const AMBER: i64 = 15 * 60_000;
const RED: i64 = 60 * 60_000;
/// Source of announcements, as notices name it.
const SERVICE_HEALTH: &str = "Service Health";
const RESOURCE_HEALTH: &str = "Resource Health";
const METRICS: &str = "Azure Monitor";

/// Reads announcements and the accounts' states for as long as the watch lasts.
pub async fn announcements(world: World, task: Task) {
    loop {
        let mut said = Vec::new();
        let mut posted = Vec::new();
        let mut announced = true;
        for subscription in subscriptions(&world.plan, &world.azure) {
            match health::events(&world.azure.in_subscription(&subscription), &task).await {
                Ok(events) => {
                    for event in events {
                        let here = |r: &Region| health::names(&event, r);
                        let regions = world.plan.sides().map(|s| &s.region).filter(|r| here(r));
                        said.extend(regions.map(|r| notice(&event, r, None, task.now().utc)));
                        posted.push(post(&event, task.now().utc));
                    }
                }
                Err(e) => {
                    announced = false;
                    posted.push(unread(SERVICE_HEALTH, &subscription, &e, task.now().utc));
                }
            }
        }
        let mut states = Vec::new();
        for (region, id) in world.plan.sides().filter_map(|s| Some((&s.region, s.resource.as_ref()?))) {
            match health::resource_status(&world.azure, &task, id.as_str()).await {
                Ok(told) => {
                    said.push(notice(&told, region, Some(id), task.now().utc));
                    posted.push(Posted { region: region.display(), ..post(&told, task.now().utc) });
                }
                Err(e) => posted.push(unread(RESOURCE_HEALTH, id.name(), &e, task.now().utc)),
            }
            if let Ok(Some(a)) = cognitive::account(&world.azure, &task, id.as_str()).await {
                states.push((region.clone(), Provisioning { text: a.state, at: task.now().utc }));
            }
        }
        posted.sort_by_key(|p: &Posted| (p.mark != Mark::Unknown, p.mark != Mark::Down, std::cmp::Reverse(p.at)));
        posted.dedup_by(|a, b| a.title == b.title && a.at == b.at && a.source == b.source && a.region == b.region);
        posted.truncate(SHOWN);
        world.mail.send(Mail::Notices { said, states, announced, posted });
        rest(&world, &task).await;
    }
}

/// Until the next look; trouble ends a longer rest.
async fn rest(world: &World, task: &Task) {
    for _ in 0..CALM {
        task.sleep(EVERY).await;
        if !world.monitor.lock().is_calm() {
            return;
        }
    }
}

/// The subscriptions that the plan's resources are in: announcements of another are filtered out by their scope.
fn subscriptions(plan: &Plan, azure: &Azure) -> Vec<String> {
    let ids = named(plan).map(|id| id.subscription().to_ascii_lowercase());
    let mut all: Vec<String> = ids.filter(|s| !s.is_empty()).collect::<BTreeSet<_>>().into_iter().collect();
    if all.is_empty() {
        all.push(azure.cloud().subscription.clone());
    }
    all.truncate(SUBSCRIPTIONS);
    all
}

/// Every resource that a plan names.
fn named(plan: &Plan) -> impl Iterator<Item = ResourceId> {
    let sides = plan.sides().filter_map(|s| s.resource.clone());
    sides.chain(plan.values.values().filter_map(|v| v.parse().ok()))
}

fn notice(told: &Told, region: &Region, of: Option<&ResourceId>, now: i64) -> Notice {
    Notice {
        text: of.map_or_else(|| told.title.clone(), |id| format!("{} is {}", id.name(), told.title.to_lowercase())),
        source: told.source.clone(),
        // What the customer did is no incident of the platform: it confirms none.
        status: if told.by_customer { format!("{}, by the customer", told.status) } else { told.status.clone() },
        region: Some(region.clone()),
        at: told.updated.or(told.since).unwrap_or(now),
        confirms: told.incident,
    }
}

fn post(told: &Told, now: i64) -> Posted {
    let mark = match told.status.to_ascii_lowercase().as_str() {
        "active" | "unavailable" => Mark::Down,
        "degraded" => Mark::Degraded,
        "unknown" => Mark::Unknown,
        _ => Mark::Ok,
    };
    let caused = if told.by_customer { " Azure says that it was caused from this subscription." } else { "" };
    let tracked = told.tracking.as_ref().map_or_else(String::new, |t| format!(" Tracking id {t}."));
    Posted {
        source: told.source.clone(),
        title: told.title.clone(),
        text: format!("{}{caused}{tracked}", told.text).trim().to_owned(),
        status: told.status.clone(),
        mark,
        region: told.regions.join(", "),
        at: told.updated.or(told.since).unwrap_or(now),
    }
}

/// Nothing follows about the platform.
fn unread(source: &str, of: &str, e: &AzureError, now: i64) -> Posted {
    Posted {
        source: source.to_owned(),
        title: format!("{source} of {of} could not be read"),
        text: format!("{e}. {}", e.what_to_do()),
        status: "Unknown".to_owned(),
        mark: Mark::Unknown,
        region: String::new(),
        at: now,
    }
}

/// Reads meters and copies for as long as the watch lasts: evidence with its lag, never proof.
pub async fn meters(world: World, task: Task) {
    loop {
        rest(&world, &task).await;
        let mut seen = Vec::new();
        for (region, id) in world.plan.sides().filter_map(|s| Some((s.region.clone(), account(s)?.clone()))) {
            seen.extend(calls(&world.azure, &task, &region, &id).await.map(|n| (id.to_string(), n)));
        }
        // What is recovered has no copy to look at.
        let ids: BTreeSet<String> = named(&world.plan).map(|id| id.as_str().to_owned()).collect();
        let things =
            ids.iter().filter_map(|id| id.parse::<ResourceId>().ok()).filter(|_| world.plan.secondary.is_some());
        for id in things.filter(|id| readable(&id.kind())).take(RESOURCES) {
            seen.extend(thing(&world.azure, &task, &id).await.map(|n| (id.to_string(), n)));
        }
        world.mail.send(Mail::Measured(seen));
    }
}

const STORAGE: &str = "microsoft.storage/storageaccounts";
const REGISTRY: &str = "microsoft.containerregistry/registries";
const STEERING: &str = "microsoft.network/trafficmanagerprofiles";

fn readable(kind: &str) -> bool {
    [STORAGE, REGISTRY, STEERING].iter().any(|k| kind.eq_ignore_ascii_case(k))
}

/// What Azure counted of an account's calls; nothing where it has no data.
async fn calls(azure: &Azure, task: &Task, region: &Region, id: &ResourceId) -> Option<Notice> {
    let counts = monitor::requests(azure, task, id.as_str(), BACK).await.ok()?;
    let newest = counts.iter().map(|c| c.at).max()?;
    let of = |wanted: &dyn Fn(&str) -> bool| {
        // The sum of nothing would be minus zero.
        counts.iter().filter(|c| wanted(&c.status)).fold(0.0, |all, c| all + c.calls)
    };
    let (all, failed, throttled) = (of(&|_| true), of(&|s| s.starts_with('5')), of(&|s| s == "429"));
    let rate = monitor::points(azure, task, id.as_str(), "ModelAvailabilityRate", Aggregation::Average, BACK).await;
    let rate = rate.ok().and_then(|points| monitor::combined(&points, Aggregation::Average));
    let rate = rate.map_or_else(String::new, |r| format!(", availability {r:.1} %"));
    let lag = Millis::whole_seconds(task.now().utc - newest);
    let text = format!(
        "of {all:.0} calls of {} in {BACK}, {failed:.0} failed with 5xx and {throttled:.0} were throttled{rate}; its data ends {lag} ago",
        id.name()
    );
    Some(Notice {
        source: METRICS.to_owned(),
        text,
        status: "measured".to_owned(),
        region: Some(region.clone()),
        at: newest,
        confirms: false,
    })
}

/// How a copy, replicas or the endpoints of a profile stand.
async fn thing(azure: &Azure, task: &Task, id: &ResourceId) -> Option<Notice> {
    let now = task.now().utc;
    let (source, (status, text)) = match id.kind().to_ascii_lowercase().as_str() {
        STORAGE => {
            let a = storage::account(azure, task, id.as_str()).await.ok()??;
            // Without a second region there is no copy.
            a.properties.secondary_location.as_ref()?;
            let synced = a.properties.geo_replication_stats.as_ref().and_then(|g| g.last_sync_time);
            ("Storage", copy(id.name(), synced.map(|t| t.as_millisecond()), now))
        }
        REGISTRY => {
            let (_, replicas) = registry::registry(azure, task, id.as_str()).await.ok()?;
            let stands = replicas.iter().map(|r| {
                let state = r.properties.provisioning_state.as_deref().unwrap_or("Unknown");
                (r.name.clone(), state.to_owned(), state == "Succeeded" && r.properties.serves())
            });
            ("Container Registry", parts(id.name(), "replica", stands.collect()))
        }
        _ => {
            let p = traffic::profile(azure, task, id.as_str()).await.ok()?;
            let stands = p.properties.endpoints.iter().filter(|e| e.properties.enabled()).map(|e| {
                let state = e.properties.endpoint_monitor_status.clone().unwrap_or_else(|| "Unknown".to_owned());
                (e.name.clone(), state, e.properties.online())
            });
            ("Traffic Manager", parts(id.name(), "endpoint", stands.collect()))
        }
    };
    Some(Notice { source: source.to_owned(), text, status: status.to_owned(), region: None, at: now, confirms: false })
}

fn copy(name: &str, synced: Option<i64>, now: i64) -> (&'static str, String) {
    let Some(at) = synced else {
        return (
            "unknown",
            format!("how far the copy of {name} is, is not told: what would be lost is unknown, not nothing"),
        );
    };
    let behind = now - at;
    let lag = Millis::whole_seconds(behind);
    let status = match behind {
        b if b >= RED => "red",
        b if b >= AMBER => "amber",
        _ => "fine",
    };
    (status, format!("the copy of {name} is {lag} behind, as of {}", utc_text(at)))
}

/// Parts of a thing with their states.
fn parts(name: &str, what: &str, all: Vec<(String, String, bool)>) -> (&'static str, String) {
    let good = all.iter().filter(|p| p.2).count();
    let bad: Vec<String> = all.iter().filter(|p| !p.2).map(|p| format!("{} is {}", p.0, p.1)).collect();
    match (all.len(), good) {
        (0, _) => ("unknown", format!("{name} names no {what}")),
        (n, g) if n == g => ("fine", format!("{name}: each of its {n} {what}s stands")),
        // Nowhere better to lead users to, it leads them to all of them, and that looks like health.
        (_, 0) => ("red", format!("{name}: no {what} stands: {}; users may be led to any of them", bad.join(", "))),
        _ => ("amber", format!("{name}: {}", bad.join(", "))),
    }
}
