//! From what is watched to what is asked: addresses let out to the network, trust, and the credential of the moment.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::azure::Azure;
use crate::clock::Task;
use crate::health::{Expectation, Failure, Observation, Outcome};
use crate::probe::{Credential, Proxies, Target, Tls, probe};
use crate::units::Secret;

use super::super::DeskError;
use super::list::{As, Item, List, Question, Subject};

/// Version of the calls.
const CALL: &str = "api-version=2024-10-21";
/// The least that a model can be asked; the second is for those that think before they speak, the third for those that
/// give numbers.
const SHAPES: [(&str, &str, &str); 3] = [
    ("chat/completions", r#"{"messages":[{"role":"user","content":"ping"}],"max_tokens":1}"#, "choices"),
    ("chat/completions", r#"{"messages":[{"role":"user","content":"ping"}],"max_completion_tokens":16}"#, "choices"),
    ("embeddings", r#"{"input":"ping"}"#, "data"),
];
/// Azure's words where a model thought until its limit and had no word left: that is an answer.
const LIMIT_REACHED: &str = "model output limit was reached";

/// Everything that is probed.
#[derive(Debug)]
pub struct Targets {
    list: List,
    tls: Option<Tls>,
    /// Keys of accounts by endpoint, for while sign-in gives no token.
    keys: Mutex<BTreeMap<String, Secret>>,
    /// Which of [`SHAPES`] each model takes, by number of the item.
    shapes: Vec<AtomicU8>,
    /// Rung when everything is to be asked anew.
    again: Notify,
    /// Then within seconds, not over a whole interval.
    soon: AtomicBool,
    /// Which way out each address takes; a simulated Azure is on this computer.
    proxies: Option<Proxies>,
    /// Where in the interval the turns lie: another place in each installation, the same in each rehearsal of a seed.
    pub seed: u64,
}

impl Targets {
    /// What is to be asked, and whom to trust.
    pub fn new(list: List, azure: &Azure, seed: u64) -> Result<Self, DeskError> {
        let tls = match azure.cloud().simulated.as_ref().map(|s| s.ca.clone()) {
            Some(Some(ca)) => {
                let pem = std::fs::read(&ca).map_err(|e| DeskError::Address(format!("{}: {e}", ca.display())))?;
                Some(Tls::with_extra_ca(&pem)?)
            }
            Some(None) => None,
            None => Some(Tls::platform()?),
        };
        let proxies = (!azure.cloud().is_simulated()).then(Proxies::system);
        let takes = |url: &url::Url| proxies.as_ref().is_some_and(|p| p.proxy_for(url).is_some());
        let list = list.with_roads(takes);
        let shapes = list.items.iter().map(|_| AtomicU8::new(0)).collect();
        let (keys, again, soon) = (Mutex::default(), Notify::new(), AtomicBool::new(false));
        Ok(Self { list, tls, keys, shapes, again, soon, proxies, seed })
    }

    /// Everything watched.
    pub fn list(&self) -> &List {
        &self.list
    }

    /// From now on the probe of this endpoint has a key to fall back on, or none.
    pub fn set_key(&self, endpoint: String, key: Option<Secret>) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            Some(key) => keys.insert(endpoint, key),
            None => keys.remove(&endpoint),
        };
    }

    /// Everything is to be asked anew: within seconds, or spread over a whole interval.
    pub fn ask_anew(&self, soon: bool) {
        self.soon.store(soon, Ordering::Relaxed);
        self.again.notify_one();
    }

    /// Waits until everything is to be asked anew; whether soon.
    pub async fn asked_anew(&self) -> bool {
        self.again.notified().await;
        self.soon.load(Ordering::Relaxed)
    }

    /// The probe of an endpoint, with the credential that is at hand.
    pub async fn target(&self, azure: &Azure, task: &Task, id: &str) -> Option<Target> {
        let n = self.list.items.iter().position(|i| i.id.0 == id)?;
        self.ready(azure, task, n).await
    }

    /// Asks an endpoint once; none where it must not be asked.
    pub async fn ask(&self, azure: &Azure, task: &Task, n: usize) -> Option<Observation> {
        let target = self.ready(azure, task, n).await?;
        let mut seen = probe(task, &target).await;
        let model = self.list.items.get(n).is_some_and(|i| i.question == Question::Model);
        for _ in 0..SHAPES.len() {
            if !model || !self.learns(n, &seen) {
                break;
            }
            let Some(target) = self.ready(azure, task, n).await else { break };
            seen = probe(task, &target).await;
        }
        if model && said(&seen, LIMIT_REACHED) {
            (seen.outcome, seen.detail) = (Outcome::Answered, None);
        }
        let own_pace = azure.cloud().simulated.as_ref().is_some_and(|s| s.own_pace);
        seen.ahead = seen.ahead.filter(|_| !own_pace);
        Some(seen)
    }

    /// Whether a model's refusal tells in which other shape it wants to be asked.
    fn learns(&self, n: usize, seen: &Observation) -> bool {
        let shape = if said(seen, "max_completion_tokens") {
            1
        } else if said(seen, "does not work with the specified model") || said(seen, "OperationNotSupported") {
            2
        } else {
            return false;
        };
        self.shapes.get(n).is_some_and(|s| s.swap(shape, Ordering::Relaxed) != shape)
    }

    async fn ready(&self, azure: &Azure, task: &Task, n: usize) -> Option<Target> {
        let item = self.list.items.get(n)?;
        let (public, expect, body) = self.question(n, item);
        // An address that a rehearsal may not reach, or that must not get a token, is not probed.
        let cloud = azure.cloud();
        let url = match item.asker {
            As::Identity => cloud.resolve(&public).ok()?,
            As::Nobody if is_here(&public) && !cloud.is_simulated() => public.clone(),
            As::Nobody => cloud.resolve_open(&public).ok()?,
        };
        let mut t = Target::get(item.id.clone(), url, expect);
        t.authority = public.host_str().map(str::to_owned).filter(|h| Some(h.as_str()) != t.url.host_str());
        t.tls.clone_from(&self.tls);
        t.body = body;
        t.total_timeout = item.patience();
        t.connect_timeout = t.connect_timeout.min(t.total_timeout);
        if !matches!(item.subject, Subject::Past(..)) {
            t.proxy = self.proxies.as_ref().and_then(|p| p.proxy_for(&public));
        }
        if item.asker == As::Identity {
            t.credential = match azure.token_for(task, &public).await {
                Some(token) => Credential::Bearer(token),
                None => self.key(item).map_or(Credential::None, Credential::ApiKey),
            };
        }
        Some(t)
    }

    fn question(&self, n: usize, item: &Item) -> (url::Url, Expectation, Option<String>) {
        if item.question == Question::Get {
            return (item.public.clone(), item.expect.clone(), None);
        }
        let shape = self.shapes.get(n).map_or(0, |s| s.load(Ordering::Relaxed));
        let (path, body, key) = SHAPES[usize::from(shape) % SHAPES.len()];
        let mut public = item.public.clone();
        public.set_path(&format!("{}/{path}", item.public.path()));
        public.set_query(Some(CALL));
        (public, Expectation::JsonWith(key.to_owned()), Some(body.to_owned()))
    }

    /// The key of the account at this very host.
    fn key(&self, item: &Item) -> Option<Secret> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |i: &&Item| i.public.host() == item.public.host() && keys.contains_key(&i.id.0);
        keys.get(&self.list.items.iter().find(same)?.id.0).cloned()
    }
}

/// Whether the service refused with these words.
fn said(seen: &Observation, words: &str) -> bool {
    matches!(seen.outcome, Outcome::Failed(Failure::Status { code: 400, .. }))
        && seen.detail.as_deref().is_some_and(|d| d.contains(words))
}

/// Plain http goes no further than this computer.
fn is_here(url: &url::Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
}
