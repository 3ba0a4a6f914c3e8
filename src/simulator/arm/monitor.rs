//! Azure Monitor: metrics of the modelled clients' calls, and the activity log of what was changed through ARM.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, known_provider};
use crate::simulator::clients::{self, Row};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, filter, parse_time, rfc3339};
use crate::simulator::things::Thing;
use crate::simulator::world::{LogEntry, World};

const MINUTE: i64 = 60_000;
/// Longest span answered, in minutes: a day, which no rehearsal reaches.
const LONGEST: i64 = 1_440;
/// Span when none is asked for: an hour.
const USUAL: i64 = 60;

/// Answers requests to the provider.
pub fn answer(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    match (&ask.method, target.route().as_slice()) {
        (&Method::GET, ["metrics"]) => metrics(facts, world, ask, target).unwrap_or_else(|refusal| *refusal),
        (&Method::GET, ["eventtypes", "management", "values"]) => activity(facts, world, ask),
        _ => Reply::no_route(ask),
    }
}

fn bad(text: &str) -> Box<Reply> {
    Box::new(Reply::error(400, "BadRequest", text))
}

/// The complete minutes asked for, as scenario times of their beginnings. Minutes are the calendar's.
fn minutes(facts: &Facts, ask: &Ask) -> Result<(i64, i64, Vec<i64>), Box<Reply>> {
    let now = facts.utc(ask.at);
    let (from, to) = match ask.query("timespan") {
        None => (now - USUAL * MINUTE, now),
        Some(span) => span
            .split_once('/')
            .and_then(|(a, b)| Some((parse_time(a)?, parse_time(b)?)))
            .ok_or_else(|| bad("The timespan must be two times separated by '/'."))?,
    };
    if to < from || (to - from) / MINUTE > LONGEST {
        return Err(bad("The timespan must not end before it begins, nor be longer than a day."));
    }
    let first = from.div_euclid(MINUTE);
    // A minute that is not over has no complete count yet.
    let end = to.min(now).div_euclid(MINUTE);
    Ok((from, to, (first..end).map(|m| m * MINUTE - facts.epoch).collect()))
}

fn metrics(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Result<Reply, Box<Reply>> {
    let name = target.scope.last().map(String::as_str).unwrap_or_default();
    let id = target.scope_id();
    if let Some(thing) = world.thing(&id) {
        return constant(facts, thing, ask);
    }
    let Some(account) = world.account(name).filter(|_| id.to_ascii_lowercase().contains("/accounts/")) else {
        return Ok(Reply::error(404, "ResourceNotFound", &format!("The resource '{id}' was not found.")));
    };
    if ask.query("interval").is_some_and(|i| !i.eq_ignore_ascii_case("PT1M")) {
        return Err(bad("This simulated Azure answers interval=PT1M."));
    }
    let (from, to, minutes) = minutes(facts, ask)?;
    let mut split = Split::default();
    let conditions = filter(ask.query("$filter").unwrap_or_default()).ok_or_else(|| bad("Invalid $filter."))?;
    for (dimension, op, value) in conditions {
        let slot = match dimension.as_str() {
            "statuscode" => &mut split.status,
            "modeldeploymentname" => &mut split.deployment,
            _ => {
                return Err(bad(&format!(
                    "Metric: no dimension '{dimension}'; StatusCode and ModelDeploymentName are known."
                )));
            }
        };
        if op != "eq" {
            return Err(bad("Dimensions compare with eq."));
        }
        *slot = Some(value);
    }
    let rows: Vec<(i64, Vec<Row>)> = minutes.iter().map(|m| (*m, clients::minute(facts, world, account, *m))).collect();
    let mut value = Vec::new();
    for metric in ask.query("metricnames").unwrap_or("ModelRequests").split(',').map(str::trim) {
        let (name, unit) = match metric.to_ascii_lowercase().as_str() {
            "modelrequests" => ("ModelRequests", "Count"),
            "timetoresponse" => ("TimeToResponse", "MilliSeconds"),
            _ => {
                return Err(bad(&format!(
                    "Failed to find metric configuration for provider: Microsoft.CognitiveServices, resource Type: accounts, metric: {metric}"
                )));
            }
        };
        value.push(json!({
            "id": format!("{id}/providers/Microsoft.Insights/metrics/{name}"), "type": "Microsoft.Insights/metrics",
            "name": { "value": name, "localizedValue": name }, "displayDescription": name, "unit": unit,
            "errorCode": "Success", "timeseries": series(facts, &split, &rows, name == "ModelRequests"),
        }));
    }
    Ok(Reply::ok(&json!({
        "cost": 0, "timespan": format!("{}/{}", rfc3339(from), rfc3339(to)), "interval": "PT1M",
        "namespace": "Microsoft.CognitiveServices/accounts", "resourceregion": account.region, "value": value,
    })))
}

/// The metrics of a resource that the scenario lists: the same value every minute.
fn constant(facts: &Facts, thing: &Thing, ask: &Ask) -> Result<Reply, Box<Reply>> {
    let (from, to, minutes) = minutes(facts, ask)?;
    let mut value = Vec::new();
    for asked in ask.query("metricnames").unwrap_or_default().split(',').map(str::trim).filter(|m| !m.is_empty()) {
        let Some((name, number)) = thing.metrics.iter().find(|(n, _)| n.eq_ignore_ascii_case(asked)) else {
            let text = format!("Failed to find metric configuration for provider: {}, metric: {asked}", thing.kind);
            return Err(bad(&text));
        };
        let point = |m: &i64| {
            let time = rfc3339(facts.epoch + m);
            json!({ "timeStamp": time, "total": number, "average": number, "maximum": number, "minimum": number, "count": 1.0 })
        };
        let data: Vec<Value> = minutes.iter().map(point).collect();
        value.push(json!({
            "id": format!("{}/providers/Microsoft.Insights/metrics/{name}", thing.id), "type": "Microsoft.Insights/metrics",
            "name": { "value": name, "localizedValue": name }, "displayDescription": name, "unit": "Count",
            "errorCode": "Success", "timeseries": [{ "metadatavalues": [], "data": data }],
        }));
    }
    Ok(Reply::ok(&json!({
        "cost": 0, "timespan": format!("{}/{}", rfc3339(from), rfc3339(to)), "interval": "PT1M",
        "namespace": thing.kind, "resourceregion": thing.location(), "value": value,
    })))
}

/// Dimensions asked for: a value, or `*` for one series each.
#[derive(Default)]
struct Split {
    status: Option<String>,
    deployment: Option<String>,
}

impl Split {
    fn fits(&self, row: &Row) -> bool {
        let fits =
            |want: &Option<String>, own: &str| want.as_deref().is_none_or(|w| w == "*" || w.eq_ignore_ascii_case(own));
        fits(&self.status, &row.status.to_string()) && fits(&self.deployment, &row.deployment)
    }
    fn key(&self, row: &Row) -> Vec<(&'static str, String)> {
        let status = self.status.as_ref().map(|_| ("StatusCode", row.status.to_string()));
        let deployment = self.deployment.as_ref().map(|_| ("ModelDeploymentName", row.deployment.clone()));
        status.into_iter().chain(deployment).collect()
    }
}

fn series(facts: &Facts, split: &Split, rows: &[(i64, Vec<Row>)], requests: bool) -> Vec<Value> {
    let mut keys: BTreeMap<Vec<(&str, String)>, ()> = BTreeMap::new();
    for row in rows.iter().flat_map(|(_, r)| r).filter(|r| split.fits(r)) {
        keys.insert(split.key(row), ());
    }
    if split.status.is_none() && split.deployment.is_none() {
        // Without dimensions Azure gives one series even if nothing happened.
        keys.insert(Vec::new(), ());
    }
    let one = |key: &Vec<(&str, String)>| {
        let data: Vec<Value> = rows
            .iter()
            .map(|(from, all)| {
                let own: Vec<&Row> = all.iter().filter(|r| split.fits(r) && split.key(r) == *key).collect();
                point(facts.epoch + from, &own, requests)
            })
            .collect();
        let names: Vec<Value> = key
            .iter()
            .map(|(n, v)| json!({ "name": { "value": n.to_ascii_lowercase(), "localizedValue": n }, "value": v }))
            .collect();
        json!({ "metadatavalues": names, "data": data })
    };
    keys.keys().map(one).collect()
}

fn point(utc: i64, rows: &[&Row], requests: bool) -> Value {
    let time = rfc3339(utc);
    if requests {
        let total: u64 = rows.iter().map(|r| r.calls).sum();
        return json!({ "timeStamp": time, "total": total as f64, "count": total as f64 });
    }
    // Times are of answers given; a swallowed call has none.
    let answered: Vec<&&Row> = rows.iter().filter(|r| r.status == 200).collect();
    let calls: u64 = answered.iter().map(|r| r.calls).sum();
    if calls == 0 {
        return json!({ "timeStamp": time });
    }
    let sum: u64 = answered.iter().map(|r| r.calls * r.latency).sum();
    json!({ "timeStamp": time, "average": sum as f64 / calls as f64, "count": calls as f64 })
}

fn activity(facts: &Facts, world: &World, ask: &Ask) -> Reply {
    let Some(conditions) = filter(ask.query("$filter").unwrap_or_default()) else {
        return Reply::error(400, "BadRequest", "Invalid $filter.");
    };
    let fits = |e: &&LogEntry| {
        let utc = facts.utc(e.at);
        let group = e.resource.split('/').nth(4).unwrap_or_default();
        conditions.iter().all(|(name, op, value)| match (name.as_str(), op.as_str()) {
            ("eventtimestamp", "ge") => parse_time(value).is_some_and(|t| utc >= t),
            ("eventtimestamp", "le") => parse_time(value).is_some_and(|t| utc <= t),
            ("resourcegroupname", "eq") => group.eq_ignore_ascii_case(value),
            // Azure matches what is under the resource as well.
            ("resourceuri" | "resourceid", "eq") => {
                e.resource.to_ascii_lowercase().starts_with(&value.to_ascii_lowercase())
            }
            _ => true,
        })
    };
    Reply::list(world.log.iter().rev().filter(fits).map(|e| entry(facts, e)).collect())
}

fn entry(facts: &Facts, e: &LogEntry) -> Value {
    let time = rfc3339(facts.utc(e.at));
    let group = e.resource.split('/').nth(4).unwrap_or_default();
    let provider = e.operation.split('/').next().unwrap_or_default();
    let (status, level) = match e.status {
        400.. => ("Failed", "Error"),
        201 | 202 => ("Accepted", "Informational"),
        _ => ("Succeeded", "Informational"),
    };
    let named = |v: &str| json!({ "value": v, "localizedValue": v });
    json!({
        "id": format!("{}/events/{}", e.resource, e.correlation_id), "eventDataId": e.correlation_id,
        "correlationId": e.correlation_id, "operationId": e.correlation_id, "caller": e.caller, "level": level,
        "channels": "Operation", "eventName": named("EndRequest"), "category": named("Administrative"),
        "resourceId": e.resource, "resourceGroupName": group, "resourceProviderName": named(known_provider(provider)),
        "operationName": named(&e.operation), "status": named(status), "subStatus": named(&e.status.to_string()),
        "eventTimestamp": time, "submissionTimestamp": time, "subscriptionId": facts.subscription(),
        "tenantId": facts.scenario.world.tenant,
        "authorization": { "action": e.operation, "scope": e.resource },
        "httpRequest": {
            "clientRequestId": e.client_request_id, "clientIpAddress": "127.0.0.1", "method": e.method,
            "uri": format!("{}{}", facts.arm, e.resource),
        },
        "properties": {},
    })
}
