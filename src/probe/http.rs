//! The probe itself: one request over a connection of its own.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Version};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use url::{Host, Position};

use super::certificate::certificate;
use super::connect::{Line, connect, on_the_line};
use super::exchange::{Answer, http1, http2};
use super::names;
use super::proxy::Proxy;
use super::target::{Credential, HTTP2, Target, Tls};
use super::trust::NotTrusted;
use crate::clock::{Task, WORK_HEADER};
use crate::health::{Certificate, Failure, Observation, Outcome, Stages, skew};
use crate::units::{Millis, visible};

/// A failure and its raw cause.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) detail: String,
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
    certificate: Option<Certificate>,
    ahead: Option<i64>,
}

/// One probe under way.
struct Probe<'a> {
    task: &'a Task,
    target: &'a Target,
    proxy: Option<&'a Proxy>,
    /// When it began, on the monotonic clock.
    start: u64,
    seen: Seen,
}

/// Looks at one endpoint once. Never fails: a failure is what was observed.
pub async fn probe(task: &Task, target: &Target) -> Observation {
    let start = task.now();
    // A rehearsal's simulator is on this computer, and no proxy stands before it.
    let proxy = target.proxy.as_ref().filter(|_| !task.clock().is_scenario());
    let mut probe = Probe { task, target, proxy, start: start.mono, seen: Seen::default() };
    let result = Box::pin(probe.run()).await;
    let Seen { mut stages, peer, certificate, ahead } = probe.seen;
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
        via_proxy: proxy.is_some(),
        certificate,
        detail,
        ahead,
    }
}

impl Probe<'_> {
    /// What is left of the whole.
    fn left(&self) -> Millis {
        self.target.total_timeout.saturating_sub(Millis(self.task.now().mono - self.start))
    }

    /// The same, of a stage that may not take all of it.
    fn early(&self) -> Millis {
        self.left().min(self.target.connect_timeout)
    }

    async fn run(&mut self) -> Result<Outcome, Trouble> {
        let secure = allowed(self.target, self.proxy)?;
        let url = &self.target.url;
        let line = match self.proxy {
            None => self.connect(url.host(), url.port_or_known_default().unwrap_or(443)).await?,
            Some(proxy) => Box::pin(self.through(proxy, secure.is_some())).await?,
        };
        let Some(tls) = secure else { return Box::pin(self.ask(line, false)).await };
        let (task, name, patience) = (self.task, host_name(self.target), self.early());
        let before = task.now().mono;
        let shaken = task.request(patience, |_| handshake(&tls.endpoint, name, line)).await;
        self.seen.stages.tls = Some(Millis(task.now().mono - before));
        let stream = match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err((trouble, shown))) => {
                self.seen.certificate = shown;
                return Err(trouble);
            }
            Err(late) => return Err(Trouble::new(Failure::Tls, format!("the TLS handshake was not answered: {late}"))),
        };
        let session = stream.get_ref().1;
        self.seen.certificate = session.peer_certificates().and_then(|all| certificate(all.first()?));
        let newer = session.alpn_protocol() == Some(HTTP2);
        Box::pin(self.ask(Box::new(stream), newer)).await
    }

    async fn connect(&mut self, host: Option<Host<&str>>, port: u16) -> Result<Line, Trouble> {
        let (task, patience) = (self.task, self.early());
        let addresses = names::addresses(task, host, port, patience, &mut self.seen.stages).await?;
        stays_at_home(task, &addresses)?;
        let (patience, seen) = (self.early(), &mut self.seen);
        let tcp = connect(task, &addresses, patience, &mut seen.peer, &mut seen.stages).await?;
        Ok(Box::new(tcp))
    }

    /// A line to the endpoint that a proxy carries; `tunnel` where it must not look inside.
    async fn through(&mut self, proxy: &Proxy, tunnel: bool) -> Result<Line, Trouble> {
        proxy.usable()?;
        let (host, port) = proxy.at();
        let line = self.connect(host, port).await.map_err(|t| proxy.on_the_way(t))?;
        let (task, target) = (self.task, self.target);
        let before = task.now().mono;
        let so_far = self.seen.stages.connect.unwrap_or_default();
        let patience = self.left().min(target.connect_timeout.saturating_sub(so_far));
        // Silence before that is the proxy's own.
        let mut sent = false;
        let asked = task.request(patience, |_| async {
            let mut line = line;
            if let Some(name) = proxy.secure() {
                let Some(tls) = &target.tls else {
                    return Err(Trouble::new(Failure::NotAsked, "an https proxy needs a trust store"));
                };
                let shaken = handshake(&tls.proxy, &name, line).await;
                line = Box::new(shaken.map_err(|(t, _)| proxy.on_the_way(t))?);
            }
            if tunnel {
                sent = true;
                proxy.tunnel(&mut line, &host_and_port(target)).await?;
            }
            Ok(line)
        });
        let asked = asked.await;
        // What the proxy needs to connect is the connecting, as seen from here.
        self.seen.stages.connect = Some(Millis(so_far.0 + task.now().mono - before));
        asked.map_err(|_| {
            let (to, whole) = (host_and_port(target), target.connect_timeout);
            let what = format!("is silent: it did not connect us to {to} within {whole}");
            if sent { proxy.beyond(what) } else { proxy.fault(what) }
        })?
    }

    /// Asks and judges; the deadline covers request, answer and body.
    async fn ask(&mut self, line: Line, newer: bool) -> Result<Outcome, Trouble> {
        let (task, target, left) = (self.task, self.target, self.left());
        // A proxy that may look inside is told the whole address.
        let open_to = self.proxy.filter(|_| target.url.scheme() == "http");
        let form = match (newer, open_to) {
            (true, _) => Form::Newer,
            (false, Some(proxy)) => Form::ToProxy(proxy),
            (false, None) => Form::Plain,
        };
        let seen = &mut self.seen;
        let before = task.now();
        let exchange = |number| async move {
            let request = request(task, target, &form, number)?;
            let first = |headers: &HeaderMap| {
                let now = task.now();
                seen.stages.first_byte = Some(Millis(now.mono - before.mono));
                seen.ahead = date(headers).map(|date| skew::offset(before.utc, now.utc, date));
            };
            let answer = match newer {
                true => Box::pin(http2(line, request, first)).await?,
                false => Box::pin(http1(line, request, first)).await?,
            };
            match (open_to, answer.code) {
                (Some(proxy), 407 | 502..=504) => {
                    Err(proxy.refusal(answer.code, &host_and_port(target), &format!("status {}", answer.code)))
                }
                _ => judge(task, target, open_to, &answer),
            }
        };
        task.request(left, exchange).await.map_err(|late| Trouble::new(Failure::NoAnswer, late))?
    }
}

/// The trust to use for https, none for http; refuses what must not be asked.
fn allowed<'t>(target: &'t Target, proxy: Option<&Proxy>) -> Result<Option<&'t Tls>, Trouble> {
    let refuse = |why: &str| Err(Trouble::new(Failure::NotAsked, why));
    match target.url.scheme() {
        "https" => match &target.tls {
            Some(tls) => Ok(Some(tls)),
            None => refuse("https needs a trust store, and the target has none"),
        },
        "http" if matches!(target.credential, Credential::None) || (is_loopback(target) && proxy.is_none()) => Ok(None),
        "http" => refuse("a key or token never goes over plain http, except to this computer"),
        _ => refuse("only http and https addresses can be probed"),
    }
}

fn is_loopback(target: &Target) -> bool {
    match target.url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
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

/// TLS over a line. A refused certificate comes with the trouble.
async fn handshake(
    config: &Arc<ClientConfig>,
    name: &str,
    line: Line,
) -> Result<TlsStream<Line>, (Trouble, Option<Certificate>)> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|e| (Trouble::new(Failure::NotAsked, format!("{name}: {e}")), None))?;
    TlsConnector::from(Arc::clone(config)).connect(server, line).await.map_err(|e| {
        let cause = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(refused) = cause.and_then(NotTrusted::of) {
            return (Trouble::new(Failure::Certificate, refused), refused.shown.clone());
        }
        let failure = match cause {
            Some(rustls::Error::InvalidCertificate(_)) => Failure::Certificate,
            None if e.kind() == std::io::ErrorKind::ConnectionReset => Failure::Reset,
            None => on_the_line(&e).unwrap_or(Failure::Tls),
            _ => Failure::Tls,
        };
        (Trouble::new(failure, e), None)
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

/// What is connected to, as a proxy wants to be told.
fn host_and_port(target: &Target) -> String {
    let port = target.url.port_or_known_default().unwrap_or(443);
    format!("{}:{port}", target.url.host_str().unwrap_or_default())
}

/// How a request names what it asks for.
enum Form<'a> {
    /// A path, and the host in a header.
    Plain,
    /// The whole address, for a proxy that looks inside.
    ToProxy(&'a Proxy),
    /// HTTP/2 takes it apart by itself.
    Newer,
}

fn request(task: &Task, target: &Target, form: &Form<'_>, number: u64) -> Result<Request<Bytes>, Trouble> {
    let bad = |what: &str| Trouble::new(Failure::NotAsked, format!("{what} cannot be sent in a header"));
    let secret = |text: String| {
        let mut value = HeaderValue::try_from(text).map_err(|_| bad("the key or token"))?;
        value.set_sensitive(true);
        Ok::<_, Trouble>(value)
    };
    let path = &target.url[Position::BeforePath..Position::AfterQuery];
    let address = &target.url[Position::BeforeHost..Position::AfterPort];
    let host = target.authority.as_deref().unwrap_or(address);
    let mut request = Request::builder()
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
    request = match form {
        Form::Newer => request.version(Version::HTTP_2).uri(format!("https://{host}{path}")),
        Form::Plain => request.uri(path),
        Form::ToProxy(_) => request.uri(format!("http://{address}{path}")),
    };
    if !matches!(form, Form::Newer) {
        request = request.header(header::HOST, host).header(header::CONNECTION, "close");
    }
    if let Form::ToProxy(proxy) = form
        && let Some(authorization) = proxy.authorization()
    {
        request = request.header(header::PROXY_AUTHORIZATION, secret(authorization)?);
    }
    if task.clock().is_scenario() {
        request = request.header(WORK_HEADER, number);
    }
    request = match &target.credential {
        Credential::None => request,
        Credential::Bearer(t) => request.header(header::AUTHORIZATION, secret(format!("Bearer {}", t.expose()))?),
        Credential::ApiKey(k) => request.header("api-key", secret(k.expose().to_owned())?),
    };
    let built = match &target.body {
        None => request.method(Method::GET).body(Bytes::new()),
        Some(json) => request
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(json.clone())),
    };
    built.map_err(|_| bad("the host or path"))
}

fn judge(task: &Task, target: &Target, proxy: Option<&Proxy>, answer: &Answer) -> Result<Outcome, Trouble> {
    let retry_after = retry_after(&answer.headers, task.now().utc);
    match target.expect.judge(answer.code, &answer.body, answer.complete, retry_after) {
        Outcome::Answered => Ok(Outcome::Answered),
        Outcome::Failed(failure) => {
            let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no type");
            let body = String::from_utf8_lossy(&answer.body);
            let body = match &target.credential {
                Credential::None => body.into_owned(),
                // Who was sent it may echo it.
                Credential::Bearer(secret) | Credential::ApiKey(secret) => secret.struck_from_body(&body),
            };
            let body = proxy.map_or_else(|| body.clone(), |p| p.struck_from(&body));
            let start = |text: &str, most| visible(&text.chars().take(most).collect::<String>());
            let (kind, body) = (start(kind, KIND_MAX), start(&body, DETAIL_MAX));
            Err(Trouble::new(failure, format!("status {}, {kind}: {body}", answer.code)))
        }
    }
}

/// Characters of an unexpected answer that are kept as its cause.
const DETAIL_MAX: usize = 300;
/// Characters of its type.
const KIND_MAX: usize = 80;

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
