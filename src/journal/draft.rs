//! What the caller hands to the journal, and what comes back.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::record::{Actor, App, Corr, Kept, Kind, Mode, PlanRef, Rotation, Signer, Target};
use crate::units::{Now, hex};

/// A write and its sync that take longer count as failed: a disk that hangs cannot be told from one that is gone.
pub const SLOW: Duration = Duration::from_secs(5);
/// Given back when the disk is full, so that a run can be closed in order.
pub const BALLAST: u64 = 16 * 1024 * 1024;
/// Where `ts` (`wall`) and `mono` come from.
pub type TimeSource = Arc<dyn Fn() -> Now + Send + Sync>;

/// What signs a log's checkpoints.
#[derive(Clone)]
pub struct Signs {
    /// The key.
    pub by: Arc<dyn Signer>,
    /// Where its secret half is.
    pub kept: Kept,
    /// How this key took the place of the device's last one, if it did.
    pub rotation: Option<Rotation>,
}

/// What every record of a run has in common, and the journal's limits.
#[derive(Clone)]
pub struct Header {
    /// Run id and log id.
    pub run: String,
    /// Which Azure.
    pub mode: Mode,
    /// Which program; [`this_app`].
    pub app: App,
    /// Which device.
    pub dev: String,
    /// What signs its checkpoints; none: nothing does.
    pub signs: Option<Signs>,
    /// [`SLOW`].
    pub slow: Duration,
    /// [`BALLAST`]; 0 for none.
    pub ballast: u64,
    /// The computer's clock.
    pub time: TimeSource,
}

impl Header {
    /// With the usual limits and the computer's clock.
    pub fn new(run: impl Into<String>, mode: Mode, app: App, dev: impl Into<String>) -> Self {
        // One clock a process: `mono` must not go back when a second run is opened.
        static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::system);
        let time: TimeSource = Arc::new(|| CLOCK.now());
        Self { run: run.into(), mode, app, dev: dev.into(), signs: None, slow: SLOW, ballast: BALLAST, time }
    }
}

/// This program: its version and, where it can be read, the SHA-256 of its binary.
pub fn this_app() -> App {
    static APP: OnceLock<App> = OnceLock::new();
    let make = || App {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: std::env::current_exe().and_then(|path| hash_of(&path)).ok(),
    };
    APP.get_or_init(make).clone()
}

/// In pieces: a binary has a hundred megabytes.
fn hash_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&piece[..n]),
        }
    }
}

/// A record to be; the journal fills in the rest.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is about.
    pub kind: Kind,
    /// Step.
    pub step: Option<String>,
    /// Which Azure.
    pub mode: Mode,
    /// Who.
    pub actor: Actor,
    /// Under which plan.
    pub plan: Option<PlanRef>,
    /// On what.
    pub tgt: Option<Target>,
    /// Azure's ids.
    pub corr: Option<Corr>,
    /// Payload. Of `log.checkpoint` the journal makes it itself.
    pub d: Value,
    /// In a rehearsal: scenario milliseconds since the scenario began.
    pub at: Option<u64>,
    /// Paths redacted in `d`.
    pub red: Vec<String>,
}

impl Draft {
    /// With everything optional left out.
    pub fn new(kind: Kind, mode: Mode, actor: Actor, d: Value) -> Self {
        Self { kind, step: None, mode, actor, plan: None, tgt: None, corr: None, d, at: None, red: Vec::new() }
    }
}

/// A record that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub seq: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}
