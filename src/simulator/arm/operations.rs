//! Long-running operations: started by any provider, told about under its own address, and what they end in.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, deployments, known_provider, services};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::{Operation, World, uuid};

/// Stands in the addresses; any later date is taken.
const VERSION: &str = "2025-06-01";
const COGNITIVE: &str = "Microsoft.CognitiveServices";

/// Addresses of an operation.
pub struct Links {
    /// For `Azure-AsyncOperation`.
    pub status: String,
    /// For `Location`.
    pub result: String,
}

/// Work that begins.
pub struct Work<'a> {
    /// Region in the addresses.
    pub region: &'a str,
    /// Resource it works on.
    pub resource: &'a str,
    /// Begin and end.
    pub span: (i64, i64),
    /// A removal ends without a body.
    pub removes: bool,
    /// Body that it ends with, instead of the resource's; null: none.
    pub answer: Option<Value>,
}

/// Records an operation.
pub fn begin(facts: &Facts, world: &mut World, target: &Target<'_>, work: Work<'_>) -> Links {
    let op = Operation {
        id: uuid(facts.seed, &format!("operation/{}", target.number)),
        region: work.region.to_owned(),
        resource: work.resource.to_owned(),
        from: work.span.0,
        until: work.span.1,
        removes: work.removes,
        provider: known_provider(&target.provider).to_owned(),
        empty: work.answer == Some(Value::Null),
        answer: work.answer.filter(|a| !a.is_null()),
        fails: facts.timeline().fails_late(work.span.0, work.region).map(str::to_owned),
    };
    let links = links(facts, &op);
    world.operations.push(op);
    links
}

/// Addresses of an operation.
pub fn links(facts: &Facts, op: &Operation) -> Links {
    let provider = if op.provider.is_empty() { COGNITIVE } else { &op.provider };
    let base = format!("{}/subscriptions/{}", facts.arm, facts.subscription());
    // Resource groups belong to no provider.
    let at = match provider {
        "Microsoft.Resources" => base,
        p => format!("{base}/providers/{p}/locations/{}", op.region),
    };
    let results = match provider {
        "Microsoft.Storage" => "asyncoperations",
        _ => "operationResults",
    };
    let monitor = if provider == "Microsoft.Storage" { "monitor=true&" } else { "" };
    Links {
        status: format!("{at}/operationStatuses/{}?api-version={VERSION}", op.id),
        result: format!("{at}/{results}/{}?{monitor}api-version={VERSION}", op.id),
    }
}

/// Answers questions about operations; `None` if it is none.
pub fn answer(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let lower: Vec<String> = ask.segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let [.., list, id] = lower.as_slice() else { return None };
    let own = match target.route().as_slice() {
        ["locations", _, ..] => true,
        [] => lower.len() == 4,
        _ => false,
    };
    if ask.method != Method::GET || !own {
        return None;
    }
    let tell = match list.as_str() {
        "operationstatuses" => status,
        "operationresults" | "asyncoperations" => result,
        _ => return None,
    };
    let found = world.operations.iter().find(|o| o.id == *id);
    Some(found.map_or_else(
        || Reply::error(404, "OperationNotFound", &format!("The operation '{id}' was not found.")),
        |op| tell(facts, world, ask, op),
    ))
}

fn failure(op: &Operation) -> Option<Value> {
    let code = op.fails.as_ref()?;
    let text = format!("The operation on '{}' failed; the service could not complete it.", op.resource);
    Some(json!({ "code": code, "message": text }))
}

fn status(facts: &Facts, _: &World, ask: &Ask, op: &Operation) -> Reply {
    let over = ask.at >= op.until;
    let failed = failure(op).filter(|_| over);
    let state = match (over, &failed) {
        (false, _) => "Running",
        (true, None) => "Succeeded",
        (true, Some(_)) => "Failed",
    };
    let mut body = json!({
        "id": ask.path, "name": op.id, "resourceId": op.resource, "status": state,
        "percentComplete": if over { 100 } else { 100 * (ask.at - op.from).max(0) / (op.until - op.from).max(1) },
        "startTime": rfc3339(facts.utc(op.from)),
    });
    if let Some(error) = failed {
        body["error"] = error;
    }
    if over {
        body["endTime"] = json!(rfc3339(facts.utc(op.until)));
        return Reply::ok(&body);
    }
    Reply::ok(&body).with("retry-after", facts.wait())
}

fn result(facts: &Facts, world: &World, ask: &Ask, op: &Operation) -> Reply {
    if ask.at < op.until {
        return Reply::empty(202).with("location", links(facts, op).result).with("retry-after", facts.wait());
    }
    if let Some(error) = failure(op) {
        return Reply::json(409, &json!({ "error": error }));
    }
    match &op.answer {
        _ if op.empty => return Reply::empty(200),
        Some(body) => return Reply::ok(body),
        None if op.removes => return Reply::empty(204),
        None => {}
    }
    let thing = || world.thing(&op.resource).map(|t| services::shown(facts, t, ask.at));
    deployments::by_id(facts, world, &op.resource, ask.at)
        .or_else(thing)
        .map_or_else(|| Reply::empty(204), |v| Reply::ok(&v))
}
