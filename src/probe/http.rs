//! The probe itself: one request over a connection of its own.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::connect::{class, connect, resolve};
use super::target::{Credential, Target, Tls};
use crate::clock::{Task, WORK_HEADER};
use crate::health::{Failure, Observation, Outcome, Stages, skew};
use crate::units::Millis;

/// Bytes of an answer that are read; a list of models may be longer, and its beginning is enough.
pub const BODY_MAX: usize = 64 * 1024;

/// A failure and its raw cause.
pub(super) struct Trouble {
    failure: Failure,
    detail: String,
}

impl Trouble {
    pub(super) fn new(failure: Failure, detail: impl Display) -> Self {
        Self { failure, detail: detail.to_string() }
    }
}

/// What was measured on the way, as far as it went.
#[derive(Default)]
struct Seen {
    stages: Stages,
    peer: Option<String>,
    ahead: Option<i64>,
}

/// Looks at one endpoint once. Never fails: a failure is what was observed.
pub async fn probe(task: &Task, target: &Target) -> Observation {
    let start = task.now();
    let mut seen = Seen::default();
    let result = Box::pin(run(task, target, start.mono, &mut seen)).await;
    let Seen { mut stages, peer, ahead } = seen;
    stages.total = Some(Millis(task.now().mono - start.mono));
    let (outcome, detail) = match result {
        Ok(outcome) => (outcome, None),
        Err(t) => (Outcome::Failed(t.failure), Some(t.detail)),
    };
    Observation {
        endpoint: target.id.clone(),
        at: start.utc,
        outcome,
        stages,
        peer,
        via_proxy: false,
        certificate: None,
        detail,
        ahead,
    }
}

async fn run(task: &Task, target: &Target, start: u64, seen: &mut Seen) -> Result<Outcome, Trouble> {
    // What is left of the whole, and of a stage that may not take all of it.
    let left = |task: &Task| target.total_timeout.saturating_sub(Millis(task.now().mono - start));
    let early = |task: &Task| left(task).min(target.connect_timeout);

    let secure = allowed(target)?;
    let addresses = resolve(task, &target.url, early(task), &mut seen.stages).await?;
    stays_at_home(task, &addresses)?;
    let tcp = connect(task, &addresses, early(task), &mut seen.peer, &mut seen.stages).await?;
    // The request is small and waits for its answer: there is nothing to gather.
    let _ = tcp.set_nodelay(true);
    match secure {
        None => ask(task, target, tcp, left(task), seen).await,
        Some(tls) => {
            let before = task.now().mono;
            let shaken = task.request(early(task), |_| handshake(target, tls, tcp)).await;
            seen.stages.tls = Some(Millis(task.now().mono - before));
            let stream = shaken.map_err(|late| Trouble::new(Failure::Tls, late))??;
            Box::pin(ask(task, target, stream, left(task), seen)).await
        }
    }
}

/// The trust to use for https, none for http; refuses what must not be asked.
fn allowed(target: &Target) -> Result<Option<&Tls>, Trouble> {
    let refuse = |why: &str| Err(Trouble::new(Failure::NotAsked, why));
    match target.url.scheme() {
        "https" => match &target.tls {
            Some(tls) => Ok(Some(tls)),
            None => refuse("https needs a trust store, and the target has none"),
        },
        "http" if matches!(target.credential, Credential::None) || is_loopback(target) => Ok(None),
        "http" => refuse("a key or token never goes over plain http, except to this computer"),
        _ => refuse("only http and https addresses can be probed"),
    }
}

fn is_loopback(target: &Target) -> bool {
    match target.url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

/// A rehearsal asks the simulator, which is on this computer, and nobody else.
fn stays_at_home(task: &Task, addresses: &[SocketAddr]) -> Result<(), Trouble> {
    if task.clock().is_scenario() && !addresses.iter().all(|a| a.ip().is_loopback()) {
        return Err(Trouble::new(Failure::NotAsked, "a rehearsal asks only this computer"));
    }
    Ok(())
}

async fn handshake(
    target: &Target,
    tls: &Tls,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
    let name = host_name(target);
    let server =
        ServerName::try_from(name.to_owned()).map_err(|e| Trouble::new(Failure::NotAsked, format!("{name}: {e}")))?;
    TlsConnector::from(std::sync::Arc::clone(&tls.0)).connect(server, tcp).await.map_err(|e| {
        let failure = match e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(_)) => Failure::Certificate,
            Some(_) => Failure::Tls,
            None if e.kind() == io::ErrorKind::ConnectionReset => Failure::Reset,
            None => Failure::Tls,
        };
        Trouble::new(failure, e)
    })
}

/// The public name without a port or the brackets of an IPv6 address.
fn host_name(target: &Target) -> &str {
    let name = target.authority.as_deref().or(target.url.host_str()).unwrap_or_default();
    match name.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => name.split(':').next().unwrap_or(name),
    }
}

/// Asks and judges; the deadline covers request, answer and body.
async fn ask<S>(task: &Task, target: &Target, stream: S, left: Millis, seen: &mut Seen) -> Result<Outcome, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let before = task.now();
    let exchange = |number| async move {
        let request = request(task, target, number)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
            let now = task.now();
            seen.stages.first_byte = Some(Millis(now.mono - before.mono));
            seen.ahead = date(response.headers()).map(|date| skew::offset(before.utc, now.utc, date));
            read(task, target, response).await
        };
        drive(answer, connection).await
    };
    task.request(left, exchange).await.map_err(|late| Trouble::new(Failure::NoAnswer, late))?
}

/// Runs a connection for as long as its one answer needs it, without a task of its own that could outlive the probe.
async fn drive<T>(answer: impl Future<Output = T>, connection: impl Future) -> T {
    tokio::pin!(answer);
    tokio::select! {
        biased;
        done = &mut answer => done,
        // A connection that ends leaves the reason, or the rest of the answer, with the one who asked.
        _ = connection => answer.await,
    }
}

fn request(task: &Task, target: &Target, number: u64) -> Result<Request<Full<Bytes>>, Trouble> {
    let bad = |what: &str| Trouble::new(Failure::NotAsked, format!("{what} cannot be sent in a header"));
    let path = &target.url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = match &target.authority {
        Some(a) => a.as_str(),
        None => &target.url[url::Position::BeforeHost..url::Position::AfterPort],
    };
    let mut request = Request::builder()
        .uri(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("lifeboat/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    if task.clock().is_scenario() {
        request = request.header(WORK_HEADER, number);
    }
    let secret = |text: String| {
        let mut value = HeaderValue::try_from(text).map_err(|_| bad("the key or token"))?;
        value.set_sensitive(true);
        Ok::<_, Trouble>(value)
    };
    request = match &target.credential {
        Credential::None => request,
        Credential::Bearer(t) => request.header(header::AUTHORIZATION, secret(format!("Bearer {}", t.expose()))?),
        Credential::ApiKey(k) => request.header("api-key", secret(k.expose().to_owned())?),
    };
    let built = match &target.body {
        None => request.method(Method::GET).body(Full::default()),
        Some(json) => request
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(json.clone()))),
    };
    built.map_err(|_| bad("the host or path"))
}

/// Reads no more than [`BODY_MAX`] of the answer and judges it.
async fn read(task: &Task, target: &Target, mut response: Response<Incoming>) -> Result<Outcome, Trouble> {
    let code = response.status().as_u16();
    let retry_after = retry_after(response.headers(), task.now().utc);
    let mut body = Vec::new();
    let mut complete = true;
    while let Some(frame) = response.body_mut().frame().await {
        let Ok(data) = frame.map_err(|e| broken(&e))?.into_data() else { continue };
        let room = BODY_MAX - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            complete = false;
            break;
        }
    }
    match target.expect.judge(code, &body, complete, retry_after) {
        Outcome::Answered => Ok(Outcome::Answered),
        Outcome::Failed(failure) => {
            let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no type");
            let body = String::from_utf8_lossy(&body);
            let body = match &target.credential {
                Credential::None => body.into_owned(),
                // Who was sent it may echo it.
                Credential::Bearer(secret) | Credential::ApiKey(secret) => secret.struck_from_body(&body),
            };
            let start: String = body.chars().take(DETAIL_MAX).collect();
            Err(Trouble::new(failure, format!("status {code}, {kind}: {}", crate::units::visible(&start))))
        }
    }
}

/// Characters of an unexpected answer that are kept as its cause.
const DETAIL_MAX: usize = 300;

/// What the service says about coming back; the finer header wins.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Millis> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let fine = ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|n| text(n)?.parse().ok()).map(Millis);
    fine.or_else(|| {
        let coarse = text("retry-after")?;
        if let Ok(seconds) = coarse.parse::<u64>() {
            return Some(Millis(seconds.saturating_mul(1_000)));
        }
        let at = jiff::fmt::rfc2822::parse(coarse).ok()?.timestamp().as_millisecond();
        Some(Millis(u64::try_from(at - now).unwrap_or(0)))
    })
}

/// When the answer was made, in UTC milliseconds; a copy that was kept somewhere has its own age.
fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE).filter(|_| !headers.contains_key(header::AGE))?.to_str().ok()?;
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}

/// What a broken exchange means.
fn broken(e: &hyper::Error) -> Trouble {
    let mut causes = vec![e.to_string()];
    let mut failure = if e.is_parse() { Failure::NotTheService } else { Failure::Reset };
    let mut source = std::error::Error::source(e);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && let c @ (Failure::NoRoute | Failure::Unreachable) = class(io)
        {
            failure = c;
        }
        source = cause.source();
    }
    Trouble::new(failure, causes.join(": "))
}
