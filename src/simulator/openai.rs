//! Inference of one account: models, chat completions and embeddings, in Azure's answers.

use hyper::Method;
use serde_json::{Value, json};

use super::clients;
use super::entra;
use super::facts::Facts;
use super::http::{Ask, Reply};
use super::world::{Account, Deployment, World, dice, uuid};

/// Requests a minute that come with 1,000 tokens a minute.
const REQUESTS_PER_UNIT: u64 = 6;
const AUDIENCES: [&str; 2] = ["https://cognitiveservices.azure.com", "https://ai.azure.com"];

/// An account's two keys; those of another account do not fit.
pub fn keys(facts: &Facts, world: &World, account: &str) -> [String; 2] {
    let name = account.to_ascii_lowercase();
    let turned = world.turned.get(&name).copied().unwrap_or_default();
    [1, 2].map(|n| match turned[n - 1] {
        0 => uuid(facts.seed, &format!("key{n}/{name}")).replace('-', ""),
        turn => uuid(facts.seed, &format!("key{n}/{name}/{turn}")).replace('-', ""),
    })
}

/// Answers an account's requests.
pub fn answer(facts: &Facts, world: &mut World, name: &str, ask: &Ask) -> Reply {
    let number = world.number();
    let Some(account) = world.serving(name).filter(|a| ask.at >= a.ready_at) else {
        return Reply::error(404, "404", "Resource not found");
    };
    if let Err(refusal) = admit(facts, world, account, ask) {
        return *refusal;
    }
    let reply = route(facts, world, account, ask, number);
    reply
        .with("apim-request-id", uuid(facts.seed, &format!("apim/{name}/{number}")))
        .with("x-ms-region", crate::units::Region::new(&account.region).display())
}

fn admit(facts: &Facts, world: &World, account: &Account, ask: &Ask) -> Result<(), Box<Reply>> {
    let refused = |text: &str| Err(Box::new(Reply::error(401, "401", text)));
    let fits = |key: &str| keys(facts, world, &account.name).iter().any(|k| k == key);
    let key = ask.header("api-key");
    // Clients of the v1 routes send the key where others send a token.
    if fits(key) || ask.bearer().is_some_and(fits) {
        return Ok(());
    }
    if !key.is_empty() {
        return refused(
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an \
             active subscription and use a correct regional API endpoint for your resource.",
        );
    }
    match entra::check(facts, ask, &AUDIENCES) {
        Ok(()) => Ok(()),
        Err(entra::Bad::Missing) => refused("Access denied due to missing subscription key or token."),
        Err(bad) => refused(&format!("Unauthorized. {}", bad.text())),
    }
}

/// The deployment that a request calls.
pub fn deployment(ask: &Ask) -> Option<String> {
    let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["openai", "deployments", name, ..] => Some((*name).to_owned()),
        ["openai", "v1", ..] => Some(ask.json().ok()?["model"].as_str()?.to_owned()),
        _ => None,
    }
}

fn route(facts: &Facts, world: &World, account: &Account, ask: &Ask, number: u64) -> Reply {
    let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let versioned = segments.get(1).is_some_and(|s| *s != "v1");
    if versioned && ask.query("api-version").is_none_or(str::is_empty) {
        return Reply::error(404, "404", "Resource not found");
    }
    match (&ask.method, segments.as_slice()) {
        (&Method::GET, ["openai", "models"]) => models(facts, account, false),
        (&Method::GET, ["openai", "v1", "models"]) => models(facts, account, true),
        (&Method::POST, ["openai", "deployments", d, "chat", "completions"]) => {
            call(facts, world, account, ask, number, Some(d), Operation::Chat)
        }
        (&Method::POST, ["openai", "deployments", d, "embeddings"]) => {
            call(facts, world, account, ask, number, Some(d), Operation::Embeddings)
        }
        (&Method::POST, ["openai", "v1", "chat", "completions"]) => {
            call(facts, world, account, ask, number, None, Operation::Chat)
        }
        (&Method::POST, ["openai", "v1", "embeddings"]) => {
            call(facts, world, account, ask, number, None, Operation::Embeddings)
        }
        _ => Reply::error(404, "404", "Resource not found"),
    }
}

fn embeds(model: &str) -> bool {
    model.starts_with("text-embedding")
}

/// Every model of the region, whether deployed or not: as in Azure, the list says nothing about deployments.
fn models(facts: &Facts, account: &Account, v1: bool) -> Reply {
    let offered = facts.scenario.world.quotas.iter().filter(|q| q.region.name() == account.region);
    let created = facts.epoch / 1_000 - 86_400 * 365;
    let one = |model: &str, version: &str| -> Value {
        if v1 {
            json!({ "id": model, "object": "model", "created": created, "owned_by": "azure-openai" })
        } else {
            json!({
                "id": format!("{model}-{version}"),
                "object": "model",
                "status": "succeeded",
                "created_at": created,
                "lifecycle_status": "generally-available",
                "capabilities": {
                    "fine_tune": false, "inference": true, "completion": false,
                    "chat_completion": !embeds(model), "embeddings": embeds(model),
                },
                "deprecation": { "inference": created + 86_400 * 365 * 3 },
            })
        }
    };
    let data: Vec<Value> = offered.flat_map(|q| q.versions.iter().map(|v| one(&q.model, v))).collect();
    Reply::ok(&json!({ "object": "list", "data": data }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Chat,
    Embeddings,
}

fn call(
    facts: &Facts,
    world: &World,
    account: &Account,
    ask: &Ask,
    number: u64,
    deployment: Option<&str>,
    op: Operation,
) -> Reply {
    let body = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let name = deployment.or_else(|| body["model"].as_str()).unwrap_or_default();
    let serving = |d: &&Deployment| account.capacity(&d.name, ask.at) > 0;
    let Some(d) = account.deployment(name).filter(serving) else {
        let text = "The API deployment for this resource does not exist. If you created the deployment within the last \
                    5 minutes, please wait a moment and try again.";
        return Reply::error(404, "DeploymentNotFound", text);
    };
    if embeds(&d.model) != (op == Operation::Embeddings) {
        let what = if op == Operation::Chat { "chatCompletion" } else { "embeddings" };
        let text = format!(
            "The {what} operation does not work with the specified model, {}. Please choose different model and try again.",
            d.model
        );
        return Reply::error(400, "OperationNotSupported", &text);
    }
    let input = if op == Operation::Chat { &body["messages"] } else { &body["input"] };
    if input.is_null() {
        return Reply::error(400, "BadRequest", "The request has no messages or input.");
    }
    let capacity = account.capacity(&d.name, ask.at);
    let demand = clients::demand(facts, world, account, &d.name, ask.at);
    let left = (f64::from(capacity) - demand).max(0.0);
    let rates = |r: Reply| {
        r.with("x-ratelimit-limit-tokens", (u64::from(capacity) * 1_000).to_string())
            .with("x-ratelimit-limit-requests", (u64::from(capacity) * REQUESTS_PER_UNIT).to_string())
            .with("x-ratelimit-remaining-tokens", ((left * 1_000.0) as u64).to_string())
            .with("x-ratelimit-remaining-requests", ((left * REQUESTS_PER_UNIT as f64) as u64).to_string())
    };
    // Over capacity the operator's call competes with the clients' and has the same chance.
    let refused = demand > f64::from(capacity) && {
        let chance = dice(facts.seed, &format!("crowd/{}/{number}", d.name), 1_000) as f64 / 1_000.0;
        chance >= f64::from(capacity) / demand
    };
    if refused {
        return rates(throttled(crate::units::Millis::from_secs(10)));
    }
    let whole = result(facts, d, &body, op, ask.at, number);
    if op == Operation::Chat && body["stream"] == json!(true) {
        return rates(streamed(&whole, body["stream_options"]["include_usage"] == json!(true)));
    }
    rates(Reply::ok(&whole))
}

/// The same answer as server-sent events: who speaks, what is said, why it ends, and the end.
fn streamed(whole: &Value, usage: bool) -> Reply {
    let piece = |choices: Value, usage: &Value| {
        let mut v = whole.clone();
        v["object"] = json!("chat.completion.chunk");
        v["choices"] = choices;
        v["usage"] = usage.clone();
        format!("data: {v}\n\n")
    };
    let choice = &whole["choices"][0];
    let step = |delta: Value, reason: &Value| {
        let choices = json!([{ "index": 0, "delta": delta, "finish_reason": reason, "logprobs": null }]);
        piece(choices, &Value::Null)
    };
    let mut text = step(json!({ "role": "assistant", "content": "", "refusal": null }), &Value::Null);
    text += &step(json!({ "content": choice["message"]["content"] }), &Value::Null);
    text += &step(json!({}), &choice["finish_reason"]);
    if usage {
        text += &piece(json!([]), &whole["usage"]);
    }
    text += "data: [DONE]\n\n";
    Reply { status: 200, headers: Vec::new(), body: Some(("text/event-stream; charset=utf-8", text)) }
}

/// 429 in Azure OpenAI's words.
pub fn throttled(retry_after: crate::units::Millis) -> Reply {
    let seconds = retry_after.0.div_ceil(1_000);
    let text = format!(
        "Requests have exceeded the token rate limit of your current pricing tier. Please retry after {seconds} seconds."
    );
    Reply::error(429, "429", &text)
        .with("retry-after", seconds.to_string())
        .with("retry-after-ms", retry_after.0.to_string())
}

fn result(facts: &Facts, d: &Deployment, body: &Value, op: Operation, at: i64, number: u64) -> Value {
    let model = format!("{}-{}", d.model, d.version);
    if op == Operation::Embeddings {
        let inputs = body["input"].as_array().map_or(1, Vec::len);
        let data: Vec<Value> =
            (0..inputs).map(|i| json!({ "object": "embedding", "index": i, "embedding": [0.1, -0.2, 0.3] })).collect();
        return json!({
            "object": "list", "model": model, "data": data,
            "usage": { "prompt_tokens": inputs, "total_tokens": inputs },
        });
    }
    json!({
        "id": format!("chatcmpl-{}", uuid(facts.seed, &format!("chat/{number}")).replace('-', "")),
        "object": "chat.completion",
        "created": facts.utc(at) / 1_000,
        "model": model,
        "choices": [{
            "index": 0, "finish_reason": "length", "logprobs": null,
            "message": { "role": "assistant", "content": "Yes", "refusal": null },
        }],
        "usage": { "prompt_tokens": 8, "completion_tokens": 1, "total_tokens": 9 },
    })
}
