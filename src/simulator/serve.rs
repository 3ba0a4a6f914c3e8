//! Sockets, faults and latency around the handlers: everything that waits is here, and waits on the scenario's clock.
//!
//! Connections are accepted in [`listen`]. A change is applied before its latency is waited for, so a client that hangs up meanwhile has changed the world all the same.

mod listen;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use listen::{Reset, accept};

use super::body::Body;
use super::connection::Connection;
use super::crash::{self, Crash};
use super::facts::Facts;
use super::grants::Grants;
use super::hosts::{Host, chain, hosts, site};
use super::http::{Ask, Reply, changes, http_date};
use super::noted::Noted;
use super::throttle::Buckets;
use super::tls::Tls;
use super::world::{World, dice};
use super::{Options, SimulatorError, appconfig, arm, blob, dns, entra, openai, vault};
use crate::clock::{Clock, Speed, WORK_HEADER};
use crate::rehearsal::scenario::{How, Place};
use crate::rehearsal::schedule::Schedule;
use crate::units::{Millis, Region};

/// Larger bodies are refused; Azure's own limit for ARM.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Open connections; probes and a client's pool need a few dozen.
const MAX_CONNECTIONS: usize = 512;
/// A black hole is looked at again after this, so that no timer lies unboundedly far away.
const BLACK_HOLE_STEP: i64 = 3_600_000;
/// How often, and how long apart, a kept port is tried again: the process before may just be ending.
const BIND_TRIES: u32 = 8;
const BIND_PAUSE: Duration = Duration::from_millis(250);
/// Usual answer times in milliseconds: ARM's reads and changes, sign-in, stores, witnesses, the resolver.
const ARM_READ_MS: u64 = 80;
const ARM_CHANGE_MS: u64 = 200;
const ENTRA_MS: u64 = 120;
const STORE_MS: u64 = 25;
const WITNESS_MS: u64 = 30;
const DNS_MS: u64 = 15;
const VAULT_MS: u64 = 40;

/// Everything the listeners share.
pub struct Shared {
    facts: Facts,
    clock: Clock,
    world: Mutex<World>,
    grants: Mutex<Grants>,
    state_file: Option<PathBuf>,
    listen: IpAddr,
    tls: Option<Tls>,
    tasks: Mutex<JoinSet<()>>,
    stopped: AtomicBool,
    connections: Arc<Semaphore>,
    crash: Option<Crash>,
    latency: Option<Millis>,
    buckets: Option<Mutex<Buckets>>,
    requests: AtomicU64,
    pub changes: Noted,
    /// Happenings come at other times from now on.
    moved: watch::Sender<u64>,
}

/// Builds the world, binds the ports, begins to accept.
pub async fn start(options: Options) -> Result<Arc<Shared>, SimulatorError> {
    let Options { scenario, strategy, seed, clock, state_file, only_looks, listen, https, latency, throttle, schedule } =
        options;
    let crash = crash::from_environment()?;
    if let Some(s) = strategy
        && !scenario.strategies.contains(&s)
    {
        let known: Vec<_> = scenario.strategies.iter().map(|s| s.display()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(SimulatorError::Strategy { scenario: scenario.id, strategy: s.display(), known });
    }
    let strategy = strategy.or_else(|| scenario.strategies.first().copied());
    let now = clock.now();
    let epoch = now.utc.saturating_sub(i64::try_from(now.mono).unwrap_or(0));
    let mut world = match &state_file {
        Some(path) => match World::load(path)? {
            Some(w) if w.scenario != scenario.id || w.strategy != strategy => {
                return Err(SimulatorError::OtherState { path: path.clone(), found: w.scenario });
            }
            Some(w) => w.brought_up(World::new(&scenario, strategy, epoch)),
            None => World::new(&scenario, strategy, epoch),
        },
        None => World::new(&scenario, strategy, epoch),
    };
    world.epoch = epoch;
    let mut facts = Facts::new(scenario, strategy, seed, epoch);
    if let Some(schedule) = schedule {
        facts.follow(&schedule);
    }
    let mut listeners = Vec::new();
    for host in hosts(&facts, &world) {
        let listener = bind(&mut world, listen, &host).await?;
        listeners.push((host, listener));
    }
    let port = |w: &World, h: &Host| w.ports.get(&h.name()).copied().unwrap_or(0);
    let names = || listeners.iter().map(|(h, _): &(Host, _)| h.name()).collect();
    let tls = if https { Some(super::tls::make(listen, port(&world, &Host::Arm), names())?) } else { None };
    facts.live_at(address(listen, port(&world, &Host::Arm), https), address(listen, port(&world, &Host::Entra), https));
    let shared = Arc::new(Shared {
        facts,
        clock,
        world: Mutex::new(world),
        grants: Mutex::default(),
        state_file: state_file.filter(|_| !only_looks),
        listen,
        tls,
        tasks: Mutex::new(JoinSet::new()),
        stopped: AtomicBool::new(false),
        connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        crash,
        latency,
        buckets: throttle.then(Mutex::default),
        requests: AtomicU64::new(0),
        changes: Noted::default(),
        moved: watch::Sender::new(0),
    });
    shared.keep()?;
    for (host, listener) in listeners {
        shared.spawn(accept(shared.clone(), listener, host));
    }
    Ok(shared)
}

fn address(listen: IpAddr, port: u16, https: bool) -> String {
    let ip = if listen.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen };
    format!("{}://{}", if https { "https" } else { "http" }, SocketAddr::new(ip, port))
}

/// Listens on the host's kept port, or on a free one that is kept from now on. A kept port that another program took
/// meanwhile is given up: a rehearsal that cannot be continued is worse than a new address, which clients are told.
async fn bind(world: &mut World, listen: IpAddr, host: &Host) -> Result<TcpListener, SimulatorError> {
    let kept = world.ports.get(&host.name()).copied();
    let mut address = SocketAddr::new(listen, kept.unwrap_or(0));
    let mut tries = if kept.is_some() { BIND_TRIES } else { 1 };
    loop {
        match bind_once(world, host, address) {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                tries -= 1;
                if tries == 0 && address.port() != 0 && source.kind() == io::ErrorKind::AddrInUse {
                    (address, tries) = (SocketAddr::new(listen, 0), 1);
                    continue;
                }
                if tries == 0 {
                    return Err(SimulatorError::Listen { host: host.name(), address, source });
                }
                tokio::time::sleep(BIND_PAUSE).await;
            }
        }
    }
}

/// The standard library sets `SO_REUSEADDR` where that means what we need: on Unix.
fn bind_once(world: &mut World, host: &Host, address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    world.ports.insert(host.name(), listener.local_addr()?.port());
    TcpListener::from_std(listener)
}

impl Shared {
    /// The world.
    pub fn locked(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What does not change.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Scenario time, in milliseconds.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().mono).unwrap_or(i64::MAX)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        if self.stopped.load(Ordering::Acquire) {
            return;
        }
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Happenings that are yet to come, come as this says.
    pub fn follow(&self, schedule: &Schedule) {
        self.facts.follow(schedule);
        self.moved.send_modify(|n| *n += 1);
    }

    /// Ends every task without waiting.
    pub fn abort(&self) {
        self.stopped.store(true, Ordering::Release);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Ends every task and waits until the sockets are closed.
    pub async fn stop(&self) {
        self.abort();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    /// Writes the world to its file.
    pub fn keep(&self) -> Result<(), SimulatorError> {
        let position = self.clock.now().mono;
        match &self.state_file {
            Some(path) => self.locked().save(path, position),
            None => Ok(()),
        }
    }

    /// Requests that arrived so far.
    pub fn asked(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }

    /// Requests refused because a limit was reached.
    pub fn throttled(&self) -> u64 {
        self.buckets().map_or(0, |b| b.refused())
    }

    fn buckets(&self) -> Option<MutexGuard<'_, Buckets>> {
        self.buckets.as_ref().map(|b| b.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How long an answer takes that usually takes so many milliseconds.
    fn latency(&self, host: &Host, usual: u64) -> Millis {
        match self.latency {
            Some(set) if matches!(host, Host::Arm | Host::Entra) => set,
            _ => Millis(usual),
        }
    }

    fn addresses(&self, world: &World) -> BTreeMap<String, String> {
        let here =
            |h: &Host| world.ports.get(&h.name()).map(|p| (h.name(), address(self.listen, *p, self.tls.is_some())));
        hosts(&self.facts, world).iter().filter_map(here).collect()
    }

    /// Where everything is.
    pub fn connection(&self) -> Connection {
        let world = self.locked();
        let script = &self.facts.scenario.world;
        let hosts = self.addresses(&world);
        let at = |host: &Host| hosts.get(&host.name()).cloned();
        let openai =
            world.accounts.iter().filter_map(|a| Some((a.name.clone(), at(&Host::Account(a.subdomain()))?))).collect();
        let stores = world.stores.iter().map(|s| &s.name);
        let appconfig = stores.filter_map(|n| Some((n.clone(), at(&Host::Store(n.clone()))?))).collect();
        Connection {
            lifeboat: 1,
            scenario: self.facts.scenario.id.clone(),
            strategy: world.strategy.map(|s| s.display().to_owned()).unwrap_or_default(),
            arm: self.facts.arm.clone(),
            authority: self.facts.authority.clone(),
            tenant: script.tenant.clone(),
            client_id: script.client_id.clone(),
            client_secret: script.client_secret.clone(),
            subscription: script.subscription.clone(),
            subscriptions: std::iter::once(&script.subscription)
                .chain(script.more_subscriptions.iter().map(|m| &m.id))
                .cloned()
                .collect(),
            openai,
            appconfig,
            hosts,
            witnesses: script.witnesses.clone(),
            ca: self.tls.as_ref().map(|t| t.ca().display().to_string()),
            epoch: self.facts.epoch,
            speed: match self.clock.speed() {
                Speed::Times(n) => n.to_string(),
                Speed::Max => "max".to_owned(),
            },
        }
    }

    /// Where a fault strikes what this host is asked; without a question, whoever asks it.
    fn places(&self, host: &Host, ask: Option<&Ask>) -> Vec<Place> {
        let world = self.locked();
        match host {
            Host::Arm => ask.map_or_else(|| vec![Place::Network, Place::Arm], |ask| arm::places(&world, ask)),
            Host::Entra => vec![Place::Network, Place::Entra],
            Host::Account(name) => {
                let account = world.serving(name);
                let region = account.map(|a| Place::DataPlane(Region::new(&a.region)));
                let called = account.and_then(|a| {
                    let name = openai::deployment(ask?)?;
                    Some(Place::Deployment { account: a.name.clone(), name })
                });
                std::iter::once(Place::Network).chain(region).chain(called).collect()
            }
            Host::Store(_) => vec![Place::Network, Place::AppConfiguration],
            Host::Vault(name) => {
                let host = host.name();
                // A vault that was failed over is served from elsewhere; the scenario says it as it does of any address.
                let region = site(&self.facts, &host)
                    .map(|s| s.region.clone())
                    .or_else(|| world.named("Microsoft.KeyVault/vaults", name).map(|t| Region::new(t.location())));
                [Place::Network, Place::Site(host)].into_iter().chain(region.map(Place::DataPlane)).collect()
            }
            Host::Blobs(name) => {
                let region = world.named("Microsoft.Storage/storageAccounts", name).map(|t| Region::new(t.location()));
                std::iter::once(Place::Network).chain(region.map(Place::DataPlane)).collect()
            }
            Host::Site(name) => {
                let region = site(&self.facts, name).map(|s| Place::DataPlane(s.region.clone()));
                [Place::Network, Place::Site(host.name())].into_iter().chain(region).collect()
            }
            Host::Witness(name) => vec![Place::Network, Place::Witness(name.clone())],
            Host::Name(_) | Host::Resolver => vec![Place::Network],
        }
    }

    /// What strikes a connection to this host before anything is asked.
    fn struck_at_once(&self, host: &Host) -> Option<How> {
        let at = i64::try_from(self.clock.now().mono).unwrap_or(i64::MAX);
        let host = self.played(host, at)?;
        Some(self.facts.timeline().strike(at, &self.places(&host, None))?.how)
    }

    /// The host that a name leads to at this moment; any other host is itself.
    fn played(&self, host: &Host, at: i64) -> Option<Host> {
        match host {
            Host::Name(name) => Some(chain(&self.facts, &self.locked(), name, at)?.pop()?.1),
            other => Some(other.clone()),
        }
    }

    /// Applies a request; gives the answer and its usual latency in milliseconds.
    fn apply(self: &Arc<Self>, host: &Host, ask: &Ask) -> (Reply, u64) {
        let mut world = self.locked();
        world.settle(ask.at);
        let (reply, latency) = match host {
            Host::Arm => {
                let read = matches!(ask.method, Method::GET | Method::HEAD);
                (arm::answer(&self.facts, &mut world, ask), if read { ARM_READ_MS } else { ARM_CHANGE_MS })
            }
            Host::Entra => (entra::answer(&self.facts, &mut self.grants(), ask), ENTRA_MS),
            Host::Account(name) => {
                let usual = world.serving(name).map_or(WITNESS_MS, |a| a.latency);
                let jitter = 85 + dice(self.facts.seed, &format!("jitter/{name}/{}/{}", ask.at, ask.path), 31);
                (openai::answer(&self.facts, &mut world, name, ask), usual * jitter / 100)
            }
            Host::Store(name) => (appconfig::answer(&self.facts, &mut world, name, ask), STORE_MS),
            Host::Blobs(name) => (blob::answer(&self.facts, &mut world, name, ask), STORE_MS),
            Host::Vault(name) => (vault::answer(&self.facts, &mut world, name, ask), VAULT_MS),
            Host::Site(name) => match (&ask.method, site(&self.facts, name)) {
                (&Method::GET | &Method::HEAD, Some(s)) => (Reply::ok(&s.json), s.latency.0),
                // A webhook takes what it is sent.
                (&Method::POST, Some(s)) => (Reply::empty(202), s.latency.0),
                (_, Some(s)) => (Reply::error(405, "MethodNotAllowed", "This address is only read."), s.latency.0),
                (_, None) => (Reply::no_route(ask), WITNESS_MS),
            },
            Host::Resolver => (dns::answer(&self.facts, &world, ask), DNS_MS),
            Host::Name(_) => (Reply::error(503, "NoAddress", "This name leads nowhere now."), WITNESS_MS),
            Host::Witness(_) => {
                let page = ("text/html; charset=utf-8", "<!doctype html><title>witness</title>".to_owned());
                (Reply { status: 200, headers: Vec::new(), body: Some(page) }, WITNESS_MS)
            }
        };
        match self.settle_change(&mut world) {
            Ok(()) => (reply, latency),
            Err(e) => (Reply::error(500, "InternalServerError", &e.to_string()), latency),
        }
    }

    /// After a change: a new account gets its listener, and the world is kept.
    pub fn settle_change(self: &Arc<Self>, world: &mut World) -> Result<(), SimulatorError> {
        if !world.changed {
            return Ok(());
        }
        for host in hosts(&self.facts, world) {
            if !world.ports.contains_key(&host.name()) {
                let address = SocketAddr::new(self.listen, 0);
                let listener = bind_once(world, &host, address).map_err(|source| SimulatorError::Listen {
                    host: host.name(),
                    address,
                    source,
                })?;
                self.spawn(accept(self.clone(), listener, host));
            }
        }
        match &self.state_file {
            Some(path) => world.save(path, self.clock.now().mono),
            None => {
                world.changed = false;
                Ok(())
            }
        }
    }
}

async fn handle(shared: &Arc<Shared>, host: &Host, request: Request<Incoming>, reset: &Reset) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let own = *host == Host::Arm && parts.uri.path().starts_with("/lifeboat/");
    let number = if own { 0 } else { shared.requests.fetch_add(1, Ordering::AcqRel) + 1 };
    let hook = matches!(host, Host::Site(_)) && parts.method == Method::POST;
    let changing = !own && (hook || changes(&parts.method, parts.uri.path()));
    let change = if changing { shared.changes.add(&parts.method, parts.uri.path()) } else { 0 };
    let die = |at: [Crash; 2]| at.into_iter().for_each(|at| Crash::perhaps(shared.crash, at));
    die([Crash::Before(number), Crash::BeforeChange(change)]);
    let work = parts.headers.get(WORK_HEADER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or(0);
    let now = || i64::try_from(shared.clock.now().mono).unwrap_or(i64::MAX);
    let date = || http_date(shared.facts.utc(now()));
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        let ask = Ask::new(parts.method, &parts.uri, parts.headers, bytes::Bytes::new(), now());
        let reply = Reply::error(413, "RequestEntityTooLarge", "The request content size exceeds 4 MB.");
        let reply = if *host == Host::Arm { arm::marks(&shared.facts, &ask, number, reply) } else { reply };
        return reply.into_response(&date());
    };
    let mut ask = Ask::new(parts.method, &parts.uri, parts.headers, body.to_bytes(), now());
    if own {
        return extension(shared, &ask).into_response(&date());
    }
    // Whoever asks under a name asks the host that it leads to.
    let host = &shared.played(host, ask.at).unwrap_or_else(|| host.clone());
    let (extra, cut) = match struck(shared, host, &mut ask, work, reset).await {
        Ok(suffered) => suffered,
        Err(reply) => {
            die([Crash::After(number), Crash::AfterChange(change)]);
            return reply.into_response(&date());
        }
    };
    let left = match shared.buckets().filter(|_| *host == Host::Arm).map(|mut b| b.take(&ask)) {
        Some(Err(refusal)) => return arm::marks(&shared.facts, &ask, number, refusal).into_response(&date()),
        Some(Ok(left)) => Some(left),
        None => None,
    };
    let (mut reply, latency) = shared.apply(host, &ask);
    if let Some(left) = left {
        reply.tell_left(left);
    }
    die([Crash::After(number), Crash::AfterChange(change)]);
    shared.clock.serve_sleep(work, shared.latency(host, latency) + extra).await;
    let response = reply.into_response(&date());
    if cut { response.map(Body::cut) } else { response }
}

/// Suffers the faults of the moment: `Ok` with a delay and whether the answer breaks off, or the answer of a fault instead.
async fn struck(
    shared: &Shared,
    host: &Host,
    ask: &mut Ask,
    work: u64,
    reset: &Reset,
) -> Result<(Millis, bool), Box<Reply>> {
    loop {
        ask.at = i64::try_from(shared.clock.now().mono).unwrap_or(i64::MAX);
        let places = shared.places(host, Some(ask));
        let Some(strike) = shared.facts.timeline().strike(ask.at, &places) else { return Ok((Millis(0), false)) };
        match strike.how {
            How::Slow(more) => return Ok((more, false)),
            How::Cut => return Ok((Millis(0), true)),
            How::Page | How::BadCertificate => return Err(Box::new(Reply::page())),
            How::Status(status) => return Err(Box::new(refused(shared, host, ask, status))),
            How::Throttle { retry_after } => return Err(Box::new(throttled(shared, host, ask, retry_after))),
            How::BlackHole => {
                let rest = strike.until.saturating_sub(ask.at).clamp(1, BLACK_HOLE_STEP);
                shared.clock.serve_sleep(work, Millis(u64::try_from(rest).unwrap_or(1))).await;
            }
            How::Reset | How::Refuse | How::NoHandshake => {
                reset.asked.store(true, Ordering::Release);
                reset.wake.notify_one();
                // The connection ends around us.
                std::future::pending::<()>().await;
            }
            // Strikes work, not requests.
            How::FailsLate(_) => return Ok((Millis(0), false)),
        }
    }
}

/// A fault's status in the host's own envelope.
fn refused(shared: &Shared, host: &Host, ask: &Ask, status: u16) -> Reply {
    let (code, text) = match status {
        401 => ("Unauthorized", "Access is denied."),
        403 => ("Forbidden", "Access is denied due to the network rules of the resource."),
        408 => ("RequestTimeout", "The operation timed out."),
        429 => ("TooManyRequests", "Too many requests."),
        500 => ("InternalServerError", "An internal server error occurred. Please retry the request."),
        502 => ("BadGateway", "The gateway received an invalid answer."),
        503 => ("ServiceUnavailable", "The service is temporarily unavailable. Please retry the request."),
        504 => ("GatewayTimeout", "The gateway did not receive an answer in time."),
        _ => ("Error", "The request could not be served."),
    };
    match host {
        Host::Arm => arm::marks(&shared.facts, ask, shared.locked().number(), Reply::error(status, code, text)),
        Host::Entra => Reply::json(
            status,
            &json!({ "error": "temporarily_unavailable", "error_description": format!("AADSTS90033: {text}"), "error_codes": [90033] }),
        ),
        _ => Reply::error(status, code, text),
    }
}

fn throttled(shared: &Shared, host: &Host, ask: &Ask, retry_after: Millis) -> Reply {
    if let Host::Account(_) = host {
        return openai::throttled(retry_after);
    }
    refused(shared, host, ask, 429)
        .with("retry-after", retry_after.0.div_ceil(1_000).to_string())
        .with("retry-after-ms", retry_after.0.to_string())
}

/// The simulator's own addresses.
fn extension(shared: &Arc<Shared>, ask: &Ask) -> Reply {
    if let (&Method::POST, Some(what)) = (&ask.method, ask.path.strip_prefix("/lifeboat/"))
        && let Some(reply) = shared.grants().extension(ask, what)
    {
        return reply;
    }
    let mut world = shared.locked();
    match (&ask.method, ask.path.as_str()) {
        (&Method::GET, "/lifeboat/hosts") => Reply::ok(&json!(shared.addresses(&world))),
        (&Method::GET, "/lifeboat/counts") => Reply::ok(&json!(world.counts)),
        (&Method::POST, "/lifeboat/portal/recover") => {
            world.settle(ask.at);
            let reply = arm::by_portal(&mut world, ask);
            match shared.settle_change(&mut world) {
                Ok(()) => reply,
                Err(e) => Reply::error(500, "InternalServerError", &e.to_string()),
            }
        }
        _ => Reply::no_route(ask),
    }
}
