//! Sending a body to an address, and what came of it: bounded in time, in tries and in what is read of the answer. Nothing of
//! an answer but its status is kept: whatever listens may echo the address.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, header, redirect};
use serde_json::Value;
use tokio::time::sleep;

use super::{Address, HookError};
use crate::units::{Millis, with_causes};

/// How long a message may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A connection that takes longer never comes about.
    pub connect: Duration,
    /// An answer to one try: these services answer within a second, or are down.
    pub answer: Duration,
    /// How often it is tried.
    pub tries: u32,
    /// After the first try; four times as long after each further one.
    pub pause: Duration,
    /// A service that asks for more patience than this is not waited for: the news would be old.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            tries: 3,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
        }
    }
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, with this status, and so long after it was begun.
    Delivered(u16, Millis),
    /// It was not taken.
    Failed(String),
    /// It was sent, and nobody said whether it was taken.
    Unknown(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered(status, took) => write!(f, "delivered, {status} in {took}"),
            Self::Failed(why) => write!(f, "not delivered: {why}"),
            Self::Unknown(why) => write!(f, "not known whether it arrived: {why}"),
        }
    }
}

/// What came of one try.
enum Tried {
    Delivered(u16),
    /// Another try may be taken, not before so long.
    Again(String, Option<Duration>),
    Failed(String),
    Unknown(String),
}

/// Sends these bodies, one after the other. Where silence leaves open whether one was taken, it is sent again only if the
/// service knows it again (`known`), so that nobody reads it twice.
pub async fn deliver(to: &Address, bodies: &[Value], known: bool, limits: &Limits) -> Outcome {
    let client = match client(to, limits) {
        Ok(client) => client,
        Err(e) => return Outcome::Failed(e.to_string()),
    };
    let began = Instant::now();
    let mut status = 0;
    for body in bodies {
        match patiently(&client, to, body, known, limits).await {
            Tried::Delivered(s) => status = s,
            Tried::Again(why, _) | Tried::Failed(why) => return Outcome::Failed(to.struck_from(&why)),
            Tried::Unknown(why) => return Outcome::Unknown(to.struck_from(&why)),
        }
    }
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Outcome::Delivered(status, Millis(took))
}

async fn patiently(client: &Client, to: &Address, body: &Value, known: bool, limits: &Limits) -> Tried {
    let mut pause = limits.pause;
    for n in 1.. {
        let tried = once(client, to, body, known, limits).await;
        let Tried::Again(why, asked) = tried else { return tried };
        let wait = asked.unwrap_or(pause).max(pause);
        let tries = if n == 1 { String::new() } else { format!(", {n} times") };
        if n >= limits.tries {
            return Tried::Failed(format!("{why}{tries}"));
        }
        if wait > limits.longest_pause {
            let wait = Millis(wait.as_secs().saturating_mul(1_000));
            return Tried::Failed(format!("{why}{tries}, and it asks to be left alone for {wait}"));
        }
        sleep(wait).await;
        pause *= 4;
    }
    Tried::Failed("it was not tried".to_owned())
}

async fn once(client: &Client, to: &Address, body: &Value, known: bool, limits: &Limits) -> Tried {
    let answer = match client.post(to.url.clone()).json(body).send().await {
        Ok(answer) => answer,
        // Without a connection nothing was sent.
        Err(e) if e.is_connect() => return Tried::Again(cause("no connection", &e), None),
        Err(e) => {
            let within = Millis(u64::try_from(limits.answer.as_millis()).unwrap_or(u64::MAX));
            let why = match e.is_timeout() {
                true => format!("no answer within {within}"),
                false => cause("the connection ended before an answer", &e),
            };
            return if known { Tried::Again(why, None) } else { Tried::Unknown(why) };
        }
    };
    let status = answer.status();
    if status.is_success() {
        return Tried::Delivered(status.as_u16());
    }
    let why = format!("{}{}", status.as_u16(), means(status));
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Tried::Again(why, asked(&answer));
    }
    Tried::Failed(why)
}

/// What a refusal usually means, and what to do.
fn means(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => ", it leads elsewhere, which is not followed; give the address that it leads to",
        400 | 422 => ", it does not take such a message; look whether the right kind of listener is set",
        401 | 403 => ", it is not allowed any more; make a new address",
        404 | 410 => ", nobody listens there any more; make a new address",
        413 => ", the message is too long",
        429 => ", too many messages",
        500..=599 => ", it has trouble of its own",
        _ => "",
    }
}

/// How long it asks to be left alone: seconds, or a date.
fn asked(answer: &reqwest::Response) -> Option<Duration> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(until.duration_since(jiff::Timestamp::now())).ok()
}

/// https alone, but on this computer; through the proxy that the system names, but on this computer.
fn client(to: &Address, limits: &Limits) -> Result<Client, HookError> {
    let builder = Client::builder()
        .connect_timeout(limits.connect)
        .timeout(limits.answer)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
    let builder = if to.is_loopback() { builder.no_proxy() } else { builder.https_only(true) };
    builder.build().map_err(|e| HookError::Client(cause("the sender could not be made", &e)))
}

/// An error by its causes; its own words hold the address.
fn cause(what: &str, error: &reqwest::Error) -> String {
    with_causes(what.to_owned(), error)
}
