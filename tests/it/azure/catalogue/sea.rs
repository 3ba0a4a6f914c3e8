//! The embedded Azure with something of every service that the catalogue changes, and the short ways to use it.

use lifeboat::azure::action::{Change, Preview, ReadBack, Sent, follow, preview, read_back, send};
use lifeboat::azure::{Azure, Cloud};
use lifeboat::clock::{Clock, Speed, Task};
use lifeboat::rehearsal::scenario::{Happening, How, Place, What, World};
use lifeboat::rehearsal::things::Resource;
use lifeboat::runbook::model::Action;
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;

use crate::simulator::busy::{SUB, busy};

const EPOCH: i64 = 1_795_144_440_000;
/// The request id of every change here.
pub const INTENT: &str = "11111111-1111-4111-8111-111111111111";
/// When whatever goes wrong goes wrong, and when it is over.
pub const WRONG: Millis = Millis::from_mins(20);
pub const RIGHT: Millis = Millis::from_mins(40);

pub struct Sea {
    pub azure: Azure,
    pub task: Task,
    simulator: Simulator,
}

/// The id of something in a group.
pub fn id(group: &str, rest: &str) -> String {
    format!("{SUB}/resourceGroups/{group}/providers/{rest}")
}

/// Parts of a scenario's world, as one is written.
pub fn written<T: serde::de::DeserializeOwned>(text: &str) -> T {
    let ron = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    ron.from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// What the busy world lacks.
fn completed(w: &mut World) {
    let more: Vec<Resource> = written(
        r#"[
            Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw/computes/runs", location: "eastus2",
                properties: { "computeType": "ComputeInstance", "properties": { "state": "Running" } }),
            Resource(id: "rg-r/Microsoft.Cdn/profiles/fd/originGroups/og/origins/west", properties: { "hostName": "west.example.net" }),
            Resource(id: "rg-r/Microsoft.Network/dnsZones/busy.example/TXT/proof", properties: {
                "TTL": 120, "TXTRecords": [{ "value": ["Abc"] }],
            }),
        ]"#,
    );
    w.resources.extend(more);
    let accounts = r#"[
        Account(name: "oai-full", group: "rg-a", region: "eastus", deployments: [
            Deployment(name: "chat", model: "gpt-4o", version: "1", capacity: 10)]),
        Account(name: "oai-bare", group: "rg-r", region: "eastus2"),
        Account(name: "oai-small", group: "rg-r", region: "eastus2", deployments: [
            Deployment(name: "chat", model: "gpt-4o", version: "1", capacity: 5)]),
    ]"#;
    w.accounts.extend(written::<Vec<_>>(accounts));
    let quota = |region: &str| format!(r#"Quota(region: "{region}", model: "gpt-4o", versions: ["1"], limit: 100)"#);
    w.quotas.extend([written(&quota("eastus")), written(&quota("eastus2"))]);
    w.stores.push(written(
        r#"Store(name: "appc", group: "rg-r", region: "eastus2", values: { "active-region": "eastus" })"#,
    ));
    w.sites.push(written(r#"Site(host: "hooks.example.com", region: "eastus2")"#));
    w.deleted
        .push(written(r#"Deleted(what: AIAccount, name: "oai-lost", group: "rg-r", region: "eastus2", ago: "30h")"#));
}

impl Sea {
    /// As it is when all is well.
    pub async fn new() -> Self {
        Self::with(None, |_| {}).await
    }

    /// With this going wrong from [`WRONG`] to [`RIGHT`], and the world as `spoil` leaves it.
    pub async fn with(fault: Option<(Place, How)>, spoil: impl FnOnce(&mut World)) -> Self {
        let mut scenario = busy();
        completed(&mut scenario.world);
        spoil(&mut scenario.world);
        let happening = |at, what| Happening { at, only_in: Vec::new(), what, hidden: false, seen: None };
        scenario.timeline = match fault {
            None => Vec::new(),
            Some((on, how)) => vec![
                happening(WRONG, What::Fault { id: "it".into(), on, how }),
                happening(RIGHT, What::Clear("it".into())),
            ],
        };
        let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
        let task = clock.task();
        let simulator = Simulator::start(Options::new(scenario, clock)).await.unwrap();
        let line = serde_json::to_string(&simulator.connection()).unwrap();
        let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
        Self { azure, task, simulator }
    }

    /// Requests that may change something, as they arrived at the simulator.
    pub fn sends(&self) -> u64 {
        self.simulator.changes()
    }

    /// Lets time pass until then.
    pub async fn until(&self, at: Millis) {
        self.task.sleep(at.saturating_sub(Millis(self.task.now().mono))).await;
    }

    pub async fn look(&self, action: &Action, created: &[String]) -> Result<Preview, String> {
        preview(&self.azure, &self.task, action, None, created).await.map_err(|e| e.to_string())
    }

    /// The one change that an action makes here.
    pub async fn change(&self, action: &Action, created: &[String]) -> Change {
        let before = self.sends();
        let p = self.look(action, created).await.unwrap_or_else(|e| panic!("{action:?}: {e}"));
        assert!(!p.already_true && p.changes.len() == 1, "{action:?}: {p:?}");
        assert_eq!(self.sends(), before, "{action:?}: a preview changes nothing");
        p.changes.into_iter().next().unwrap()
    }

    pub async fn send(&self, change: &Change) -> Sent {
        send(&self.azure, &self.task, change, INTENT).await
    }

    /// Another program that knows nothing but what the journal keeps.
    pub fn restarted(&self, change: &Change) -> (Azure, Change) {
        let text = serde_json::to_string(change).unwrap();
        (Azure::new(self.azure.cloud().clone()).unwrap(), serde_json::from_str(&text).unwrap())
    }

    /// Sends, and follows to the end.
    pub async fn perform(&self, change: &Change) -> Sent {
        match self.send(change).await {
            Sent::Accepted { operation, .. } => follow(&self.azure, &self.task, change, &operation, &mut |_| {}).await,
            other => other,
        }
    }

    /// Reads back until Azure shows it. Some things show a little later; a step's verification waits as well.
    pub async fn settled(&self, azure: &Azure, change: &Change) -> ReadBack {
        for _ in 0..400 {
            match read_back(azure, &self.task, change).await {
                ReadBack::NotApplied | ReadBack::Running { .. } => self.task.sleep(Millis::from_secs(15)).await,
                other => return other,
            }
        }
        read_back(azure, &self.task, change).await
    }
}
