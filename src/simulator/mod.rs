//! The embedded Azure: a tenant in memory that speaks Azure's own REST over loopback sockets.
//!
//! A rehearsal drives the same engine and the same HTTP client as a live run, so what stands here must be an Azure and not a
//! mock: sign-in, ARM with long-running operations and quota, App Configuration with ETags, inference, metrics of a modelled
//! population of clients, Service Health that speaks late. It shares no type with `azure`, so that a mistake in one shows in
//! the other.
//!
//! What the scenario lists changes as Azure's does: resources of any type, groups, locks, roles, soft delete. A resource is
//! the document that ARM shows (`things`); what a service adds lies in one file a service under `arm`.
//!
//! Everything that happens is a function of the scenario, the strategy, the seed and the scenario's clock. What requests
//! change is kept in a file beside the run before the change is answered; started again on that file the simulator has the
//! same world, and the same ports unless another program took them meanwhile.
//!
//! Each host has a port of its own: ARM, the Entra authority, every account, store, storage account with a container, site and witness, every name that leads
//! to one of them, and the resolver (`resolver.lifeboat.example`), which says where names lead now. Some addresses are
//! the simulator's own: `GET {arm}/lifeboat/hosts` (where each host is now) and `GET {arm}/lifeboat/counts` (changing
//! requests by client request id). They know no token, no fault and no latency. Under `POST {arm}/lifeboat/` a test plays the
//! administrator and the person that sign-in needs (`grants`), and `portal/recover?id=…` stands for a hand in the portal: it
//! brings back what no API does, a machine learning workspace or a storage account.
//!
//! # Crash rehearsals
//! With `LIFEBOAT_CRASH=before:N` in the environment the process kills itself when the N-th request arrives, with
//! `after:N` when it was applied and kept, or refused, but not yet answered. The process is the one that embeds the simulator: this is how
//! it is tried what a run makes of a laptop that dies at the worst moment. `before-change:N` and `after-change:N` count only
//! requests that may change something. Requests to `/lifeboat/…` do not count.

mod appconfig;
mod arm;
mod blob;
mod body;
mod clients;
mod connection;
mod crash;
mod dns;
mod entra;
mod facts;
mod faults;
mod grants;
mod hands;
mod hosts;
mod http;
mod noted;
mod openai;
mod others;
mod rollout;
mod serve;
mod things;
mod throttle;
mod tls;
mod traffic;
mod vault;
mod world;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use connection::Connection;

use crate::clock::Clock;
use crate::rehearsal::scenario::Scenario;
use crate::rehearsal::schedule::Schedule;
use crate::rehearsal::things::Deed;
use crate::runbook::model::Strategy;
use crate::units::Millis;

/// What a simulator is started with.
pub struct Options {
    /// The scenario.
    pub scenario: Scenario,
    /// Strategy whose world is built; `None`: the scenario's first, if it has any.
    pub strategy: Option<Strategy>,
    /// Source of everything that looks random.
    pub seed: u64,
    /// The scenario's clock.
    pub clock: Clock,
    /// Where the world is kept; `None`: in memory only.
    pub state_file: Option<PathBuf>,
    /// The world is taken up from there to be looked at: nothing is written back.
    pub only_looks: bool,
    /// Address listened on.
    pub listen: IpAddr,
    /// Whether to speak https, with a certificate authority of its own.
    pub https: bool,
    /// How long ARM and sign-in take to answer, in scenario time; `None`: as long as each usually takes.
    pub latency: Option<Millis>,
    /// Whether ARM throttles as the real one does. Not at full speed, where no time passes between requests.
    pub throttle: bool,
    /// When happenings come, where a facilitator has moved them before.
    pub schedule: Option<Schedule>,
}

impl Options {
    /// On loopback, plain http, nothing kept, seed 1.
    pub fn new(scenario: Scenario, clock: Clock) -> Self {
        Self {
            scenario,
            strategy: None,
            seed: 1,
            clock,
            state_file: None,
            only_looks: false,
            listen: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            https: false,
            latency: None,
            throttle: false,
            schedule: None,
        }
    }
}

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The scenario has no such strategy.
    #[error("scenario `{scenario}` has no world for {strategy}; it can be run with {known}")]
    Strategy {
        /// Scenario.
        scenario: String,
        /// Asked for.
        strategy: &'static str,
        /// There are.
        known: String,
    },
    /// A port cannot be had.
    #[error("cannot listen on {address} for {host}; check that this address exists here and may be listened on")]
    Listen {
        /// Host served there.
        host: String,
        /// Address.
        address: std::net::SocketAddr,
        /// Cause.
        source: std::io::Error,
    },
    /// No certificate can be made or kept.
    #[error("cannot set up https: {what}")]
    Tls {
        /// What went wrong.
        what: String,
    },
    /// The state file cannot be read.
    #[error("cannot read the rehearsal's world from {path}")]
    ReadState {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The state file cannot be written.
    #[error("cannot keep the rehearsal's world in {path}")]
    WriteState {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The state file is damaged.
    #[error("the rehearsal's world in {path} cannot be understood; start a new rehearsal")]
    BadState {
        /// File.
        path: PathBuf,
        /// Cause.
        source: serde_json::Error,
    },
    /// The state file was written by another version.
    #[error(
        "the rehearsal's world in {path} has format {found}, which this version does not know; start a new rehearsal"
    )]
    StateVersion {
        /// File.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The state file belongs to another rehearsal.
    #[error(
        "{path} keeps the world of scenario `{found}`, not of the one to be started with this strategy; use another file"
    )]
    OtherState {
        /// File.
        path: PathBuf,
        /// Scenario in the file.
        found: String,
    },
    /// `LIFEBOAT_CRASH` is nonsense.
    #[error(
        "LIFEBOAT_CRASH=`{0}` is not understood; write before:N, after:N, before-change:N or after-change:N with a whole number from 1 on"
    )]
    Crash(String),
}

/// Where a kept world's clock stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Scenario time zero, in milliseconds since the Unix epoch.
    pub epoch: i64,
    /// Scenario time at the last change.
    pub position: Millis,
}

/// A running simulator. Dropped, it stops answering.
pub struct Simulator {
    shared: Arc<serve::Shared>,
}

impl Simulator {
    /// Builds or takes up the world and begins to answer. Runs on the caller's tokio runtime.
    pub async fn start(options: Options) -> Result<Self, SimulatorError> {
        Ok(Self { shared: serve::start(options).await? })
    }

    /// Clock of a world kept in this file, to go on where it stood; `None` without the file.
    pub fn kept(state_file: &Path) -> Result<Option<Kept>, SimulatorError> {
        let world = world::World::load(state_file)?;
        Ok(world.map(|w| Kept { epoch: w.epoch, position: Millis(w.position) }))
    }

    /// Where everything can be reached now.
    pub fn connection(&self) -> Connection {
        self.shared.connection()
    }

    /// Changing requests seen so far, by `x-ms-client-request-id`.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.shared.locked().counts.clone()
    }

    /// Requests so far that may change something, whatever was answered: method and path, in order.
    pub fn changing(&self) -> Vec<String> {
        self.shared.changes.lines()
    }

    /// What a person does in the portal or with `az`, past every fault: they have all day, and another road. What Azure
    /// refused, in its words.
    pub fn by_hand(&self, deeds: &[Deed]) -> Result<Vec<String>, SimulatorError> {
        self.shared.by_hand(deeds)
    }

    /// Requests that may change something, as they arrived, whatever became of them.
    pub fn changes(&self) -> u64 {
        self.shared.changes.count()
    }

    /// Requests refused so far because a limit was reached.
    pub fn throttled(&self) -> u64 {
        self.shared.throttled()
    }

    /// Happenings that are yet to come, come as this says; what has happened stays as it was.
    pub fn follow(&self, schedule: &Schedule) {
        self.shared.follow(schedule);
    }

    /// Stops answering, waits for the listeners to close, and keeps the world.
    pub async fn shutdown(self) -> Result<(), SimulatorError> {
        self.shared.stop().await;
        self.shared.keep()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        tracing::info!(requests = self.shared.asked(), "the simulated Azure ends");
        self.shared.abort();
    }
}
