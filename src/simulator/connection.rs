//! Where a running simulator can be reached: the one line of JSON that it prints, and what a rehearsal's client is given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything a client needs to speak to the simulator instead of Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Version of this line; 1. Also the mark by which the line is known.
    pub lifeboat: u32,
    /// Scenario id.
    pub scenario: String,
    /// Strategy the world was built for, e.g. `hot/warm`; empty for a world without one.
    pub strategy: String,
    /// Address of Azure Resource Manager, without a trailing slash.
    pub arm: String,
    /// Address of the Entra authority, without a trailing slash.
    pub authority: String,
    /// Tenant id.
    pub tenant: String,
    /// Application that may sign in.
    pub client_id: String,
    /// Its secret. It opens the simulator and nothing else, hence it may be printed.
    pub client_secret: String,
    /// Subscription id.
    pub subscription: String,
    /// Every subscription there is, that one first.
    pub subscriptions: Vec<String>,
    /// Azure's host name → the simulator's address. Later accounts: `GET {arm}/lifeboat/hosts`.
    pub hosts: BTreeMap<String, String>,
    /// Account → address of its inference.
    pub openai: BTreeMap<String, String>,
    /// App Configuration store → address of its keys.
    pub appconfig: BTreeMap<String, String>,
    /// Hosts that tell whether the observer is online.
    pub witnesses: Vec<String>,
    /// PEM file that makes the addresses trusted, when they are https.
    pub ca: Option<String>,
    /// Scenario time zero, in milliseconds since the Unix epoch.
    pub epoch: i64,
    /// Speed of the scenario's clock: a whole number, or `max`.
    pub speed: String,
}
