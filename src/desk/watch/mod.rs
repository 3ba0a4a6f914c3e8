//! The watch: what is probed, how often, and what else is read beside (notices, the accounts' state, who serves users).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;

use crate::azure::{Azure, reading};
use crate::clock::Task;
use crate::health::{EndpointId, Expectation, Notice, Provisioning};
use crate::plan::model::{Plan, Side};
use crate::probe::{Credential, Target, Tls, probe};
use crate::runbook::model::Condition;
use crate::units::{Millis, Region, ResourceId, Secret};

use super::DeskError;
use super::executor::World;
use super::mailbox::Mail;
use super::monitor::{ARM, ENTRA};

/// Between two rounds of probes.
pub const INTERVAL: Millis = Millis::from_secs(15);
/// Between two looks at Service Health, Resource Health and the accounts.
const NOTICES: Millis = Millis::from_mins(1);
/// Between two looks at who serves the users.
const SERVED: Millis = Millis::from_secs(30);
/// Source of announcements, as notices name it.
const SERVICE_HEALTH: &str = "Service Health";
/// Share of requests that counts as served: T8.
const SERVED_PERCENT: u32 = 95;
/// Kind of the accounts whose own address shows whether they serve.
const ACCOUNT: &str = "Microsoft.CognitiveServices/accounts";
/// Version of the models list that probes ask for.
const MODELS: &str = "/openai/models?api-version=2024-10-21";

/// One address to probe, without the credential, which changes.
#[derive(Debug, Clone)]
struct Address {
    id: String,
    public: url::Url,
    expect: Expectation,
    signed_in: bool,
}

/// Everything that is probed.
#[derive(Debug)]
pub struct Targets {
    all: Vec<Address>,
    tls: Option<Tls>,
    /// Keys of accounts by endpoint, for while sign-in gives no token.
    keys: Mutex<BTreeMap<String, Secret>>,
}

impl Targets {
    /// What a plan depends on, with witnesses, sign-in and ARM.
    pub fn new(plan: &Plan, azure: &Azure, witnesses: &[String]) -> Result<Self, DeskError> {
        let cloud = azure.cloud();
        let mut all = Vec::new();
        for side in plan.sides() {
            all.extend(data_plane(side, azure)?);
        }
        for w in witnesses {
            let public = format!("https://{w}/").parse().map_err(|_| DeskError::Address(w.clone()))?;
            all.push(Address { id: w.clone(), public, expect: Expectation::Reachable, signed_in: false });
        }
        let tenant = if cloud.tenant.is_empty() { "organizations" } else { &cloud.tenant };
        let entra = cloud.authority.join(&format!("/{tenant}/v2.0/.well-known/openid-configuration"));
        let arm = cloud.arm.join("/metadata/endpoints?api-version=2022-09-01");
        let address = |id: &str, public: Result<url::Url, url::ParseError>, expect| {
            public
                .map(|public| Address { id: id.to_owned(), public, expect, signed_in: false })
                .map_err(|e| DeskError::Address(e.to_string()))
        };
        all.push(address(ENTRA, entra, Expectation::JsonWith("issuer".to_owned()))?);
        all.push(address(ARM, arm, Expectation::Reachable)?);
        let tls = match cloud.simulated.as_ref().map(|s| s.ca.clone()) {
            Some(Some(ca)) => {
                let pem = std::fs::read(&ca).map_err(|e| DeskError::Address(format!("{}: {e}", ca.display())))?;
                Some(Tls::with_extra_ca(&pem)?)
            }
            Some(None) => None,
            None => Some(Tls::platform()?),
        };
        Ok(Self { all, tls, keys: Mutex::default() })
    }

    /// From now on the probe of this endpoint has a key to fall back on, or none.
    pub fn set_key(&self, endpoint: String, key: Option<Secret>) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            Some(key) => keys.insert(endpoint, key),
            None => keys.remove(&endpoint),
        };
    }

    /// The probe of an endpoint, with the credential that is at hand.
    pub async fn target(&self, azure: &Azure, task: &Task, id: &str) -> Option<Target> {
        let a = self.all.iter().find(|a| a.id == id)?;
        self.ready(azure, task, a).await
    }

    async fn ready(&self, azure: &Azure, task: &Task, a: &Address) -> Option<Target> {
        // An address that a rehearsal may not reach, or that must not get a token, is not probed.
        let cloud = azure.cloud();
        let url = if a.signed_in { cloud.resolve(&a.public) } else { cloud.resolve_open(&a.public) }.ok()?;
        let mut t = Target::get(EndpointId(a.id.clone()), url, a.expect.clone());
        t.authority = a.public.host_str().map(str::to_owned).filter(|h| Some(h.as_str()) != t.url.host_str());
        t.tls.clone_from(&self.tls);
        if a.signed_in {
            let key = || self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&a.id).cloned();
            t.credential = match azure.data_token(task).await {
                Some(token) => Credential::Bearer(token),
                None => key().map_or(Credential::None, Credential::ApiKey),
            };
        }
        Some(t)
    }

    /// One round: every endpoint once, at the same time; each is told as soon as it is known.
    async fn round(&self, world: &World, task: &Task) {
        let own_pace = world.azure.cloud().simulated.as_ref().is_some_and(|s| s.own_pace);
        let asks = self.all.iter().map(|a| {
            let child = task.clock().task();
            async move {
                if let Some(t) = self.ready(&world.azure, &child, a).await {
                    let mut seen = probe(&child, &t).await;
                    seen.ahead = seen.ahead.filter(|_| !own_pace);
                    world.mail.send(Mail::Probed(seen));
                }
            }
        });
        task.wait(join_all(asks)).await;
    }
}

/// What shows whether a side serves: the address its plan names, else an Azure OpenAI account's own; else nothing does.
fn data_plane(side: &Side, azure: &Azure) -> Result<Option<Address>, DeskError> {
    let bad = |e: url::ParseError| DeskError::Address(e.to_string());
    let id = endpoint(side);
    if let Some(address) = &side.address {
        let public = address.parse().map_err(bad)?;
        return Ok(Some(Address { id, public, expect: Expectation::Reachable, signed_in: false }));
    }
    let Some(account) = account(side) else { return Ok(None) };
    let public = azure.cloud().openai_host(account.name())?.join(MODELS).map_err(bad)?;
    Ok(Some(Address { id, public, expect: Expectation::JsonWith("data".to_owned()), signed_in: true }))
}

/// The Azure AI account of a side, if that is what serves there.
pub fn account(side: &Side) -> Option<&ResourceId> {
    side.resource.as_ref().filter(|r| r.kind().eq_ignore_ascii_case(ACCOUNT))
}

/// What a side's endpoint is called: by its resource, else by its region.
pub fn endpoint(side: &Side) -> String {
    side.resource.as_ref().map_or(side.region.name(), |r| r.name()).to_owned()
}

/// Starts the watch; it ends when the returned handle is dropped.
pub fn start(world: World) -> Watch {
    let spawn = |f: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| tokio::spawn(f).abort_handle();
    Watch(vec![
        spawn(Box::pin(rounds(world.clone(), world.clock.task()))),
        spawn(Box::pin(notices(world.clone(), world.clock.task()))),
        spawn(Box::pin(served(world.clone(), world.clock.task()))),
    ])
}

/// The watch's tasks.
pub struct Watch(Vec<tokio::task::AbortHandle>);

impl Drop for Watch {
    fn drop(&mut self) {
        for t in &self.0 {
            t.abort();
        }
    }
}

async fn rounds(world: World, task: Task) {
    loop {
        let began = task.now().mono;
        world.targets.round(&world, &task).await;
        let took = task.now().mono.saturating_sub(began);
        task.sleep(Millis(INTERVAL.0.saturating_sub(took).max(1_000))).await;
    }
}

async fn notices(world: World, task: Task) {
    loop {
        let mut said = Vec::new();
        let mut states = Vec::new();
        let mut announced = true;
        for (region, account) in resources(&world.plan) {
            let list = reading::platform_notices(&world.azure, &task, &region, account).await;
            announced &= !list.iter().any(|n| n.unread && n.source == SERVICE_HEALTH);
            let read = list.into_iter().filter(|n| !n.unread);
            said.extend(read.map(|n| notice(n, &region, account, task.now().utc)));
            if let Ok(Some(a)) = crate::azure::cognitive::account(&world.azure, &task, account).await {
                states.push((region.clone(), Provisioning { text: a.state, at: task.now().utc }));
            }
        }
        world.mail.send(Mail::Notices { said, states, announced });
        task.sleep(NOTICES).await;
    }
}

fn resources(plan: &Plan) -> impl Iterator<Item = (Region, &str)> {
    plan.sides().filter_map(|s| Some((s.region.clone(), s.resource.as_ref()?.as_str())))
}

fn account_state(account: &str, title: &str) -> String {
    format!("{} is {}", account.rsplit('/').next().unwrap_or(account), title.to_lowercase())
}

fn notice(n: crate::azure::health::Notice, region: &Region, account: &str, now: i64) -> Notice {
    Notice {
        text: if n.source == "Resource Health" { account_state(account, &n.title) } else { n.title },
        source: n.source,
        status: n.status,
        region: Some(region.clone()),
        at: n.updated.or(n.since).unwrap_or(now),
    }
}

/// By metrics, whether the secondary serves the users: T8 is the first minute of it.
async fn served(world: World, task: Task) {
    let accounts = |s: &Side| account(s).map(|a| a.as_str().to_owned());
    let (Some(other), Some(account)) =
        (accounts(&world.plan.primary), world.plan.secondary.as_ref().and_then(accounts))
    else {
        return;
    };
    let condition = Condition::ShareOfRequests { account, other, at_least_percent: SERVED_PERCENT };
    loop {
        task.sleep(SERVED).await;
        let facts = super::executor::Facts::default();
        let readings = super::conditions::read(&world, &task, &condition, &facts).await;
        if !readings.is_empty() && readings.iter().all(|r| r.ok == Some(true)) {
            world.mail.send(Mail::Served(SERVED_PERCENT, task.now().utc));
        }
    }
}
