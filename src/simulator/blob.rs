//! Blobs of a storage account, at its own address: put, read, deleted, and kept from that by a container's immutability
//! policy.

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::entra;
use super::facts::Facts;
use super::http::{Ask, Reply, http_date};
use super::things::{DAY, Thing};
use super::world::{World, etag};

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";
/// Bytes of a blob, and blobs in all; a rehearsal keeps texts.
const MAX_BYTES: usize = 64 * 1024;
const KEPT: usize = 10_000;

/// One blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// ARM id of its container.
    pub container: String,
    /// Its name, which may hold slashes.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// Content type.
    pub kind: String,
    /// ETag.
    pub etag: String,
    /// When it was put.
    pub at: i64,
}

/// Accounts that have a container, and so an address at which something can be asked.
pub fn accounts(world: &World) -> impl Iterator<Item = &Thing> {
    let has = |t: &&Thing| world.things.iter().any(|c| c.is(CONTAINER) && below(&t.id, &c.id));
    world.things.iter().filter(|t| t.is(ACCOUNT)).filter(has)
}

fn below(account: &str, id: &str) -> bool {
    id.get(..account.len()).is_some_and(|a| a.eq_ignore_ascii_case(account)) && id[account.len()..].starts_with('/')
}

/// Answers what is asked of an account's blobs.
pub fn answer(facts: &Facts, world: &mut World, name: &str, ask: &Ask) -> Reply {
    let own = format!("https://{name}.blob.core.windows.net");
    if let Err(bad) = entra::check(facts, ask, &["https://storage.azure.com", &own]) {
        let challenge = format!(
            "Bearer authorization_uri={}/{}/oauth2/authorize resource_id=https://storage.azure.com",
            facts.authority, facts.scenario.world.tenant
        );
        return refused(401, "InvalidAuthenticationInfo", &bad.text()).with("www-authenticate", challenge);
    }
    if ask.header("x-ms-version").parse::<jiff::civil::Date>().is_err() {
        return refused(
            400,
            "MissingRequiredHeader",
            "An HTTP header that's mandatory for this request is not specified.",
        );
    }
    let [container, rest @ ..] = ask.segments.as_slice() else { return Reply::no_route(ask) };
    if rest.is_empty() {
        return Reply::no_route(ask);
    }
    let account = world.named(ACCOUNT, name).map(|t| t.id.clone()).unwrap_or_default();
    let id = format!("{account}/blobServices/default/containers/{container}");
    if world.thing(&id).is_none() {
        return refused(404, "ContainerNotFound", "The specified container does not exist.");
    }
    let name = rest.join("/");
    let at = world.blobs.iter().position(|b| b.container.eq_ignore_ascii_case(&id) && b.name == name);
    match ask.method {
        Method::GET | Method::HEAD => match at.and_then(|at| world.blobs.get(at)) {
            Some(b) => marked(facts, b, Reply { status: 200, headers: Vec::new(), body: Some((TEXT, b.text.clone())) }),
            None => refused(404, "BlobNotFound", "The specified blob does not exist."),
        },
        Method::PUT => put(facts, world, ask, (&id, &name), at),
        Method::DELETE => {
            let Some(at) = at else { return refused(404, "BlobNotFound", "The specified blob does not exist.") };
            if immutable(world, &id, world.blobs[at].at, ask.at) {
                return kept();
            }
            world.blobs.remove(at);
            world.count(ask.header("x-ms-client-request-id"));
            Reply::empty(202)
        }
        _ => refused(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb."),
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

fn put(facts: &Facts, world: &mut World, ask: &Ask, (container, name): (&str, &str), at: Option<usize>) -> Reply {
    if ask.header("x-ms-blob-type") != "BlockBlob" {
        return refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
        );
    }
    if at.is_some() && ask.header("if-none-match") == "*" {
        return refused(409, "BlobAlreadyExists", "The specified blob already exists.");
    }
    if at.is_some_and(|at| immutable(world, container, world.blobs[at].at, ask.at)) {
        return kept();
    }
    let Ok(text) = String::from_utf8(ask.body.to_vec()) else {
        return refused(400, "InvalidInput", "This simulated Azure keeps texts only.");
    };
    if text.len() > MAX_BYTES || at.is_none() && world.blobs.len() >= KEPT {
        return refused(413, "RequestBodyTooLarge", "The request body is too large.");
    }
    let number = world.number();
    let kind = Some(ask.header("x-ms-blob-content-type")).filter(|k| !k.is_empty()).unwrap_or(TEXT).to_owned();
    let (etag, now) = (etag(container, name, number), ask.at);
    let blob = Blob { container: container.to_owned(), name: name.to_owned(), text, kind, etag, at: now };
    let reply = marked(facts, &blob, Reply::empty(201));
    match at {
        Some(at) => world.blobs[at] = blob,
        None => world.blobs.push(blob),
    }
    world.count(ask.header("x-ms-client-request-id"));
    reply
}

/// Whether a policy of the container keeps what was put then, locked or not.
fn immutable(world: &World, container: &str, put_at: i64, now: i64) -> bool {
    let policy = world.thing(&format!("{container}/immutabilityPolicies/default"));
    let days = policy.and_then(|p| p.get("immutabilityPeriodSinceCreationInDays").as_i64()).unwrap_or(0);
    now < put_at.saturating_add(days.saturating_mul(DAY))
}

fn kept() -> Reply {
    let text = "This operation is not permitted as the blob is immutable due to a policy.";
    refused(409, "BlobImmutableDueToPolicy", text)
}

fn marked(facts: &Facts, b: &Blob, reply: Reply) -> Reply {
    reply.with("etag", format!("\"{}\"", b.etag)).with("last-modified", http_date(facts.utc(b.at)))
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Reply { status, headers: Vec::new(), body: Some(("application/xml", text)) }.with("x-ms-error-code", code)
}
