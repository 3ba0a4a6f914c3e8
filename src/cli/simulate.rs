//! `lifeboat simulate`: the embedded Azure on its own, for az, Microsoft's SDKs and scripts to be pointed at.
//!
//! One line of JSON on standard output tells where everything is; then it serves until it is told to end.

use std::net::IpAddr;

use anyhow::Context;

use super::{FAILED, USAGE};
use crate::clock::{Clock, Speed};
use crate::rehearsal::scenario::Scenario;
use crate::runbook::model::Strategy;
use crate::simulator::{Options, Simulator, SimulatorError};
use crate::units::Millis;

/// How this Azure holds its clients up.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Limits {
    /// How long Resource Manager and sign-in take to answer, in real time: `50ms`
    #[arg(long, value_name = "TIME")]
    pub latency: Option<Millis>,
    /// How long what is new is missing from Resource Manager's reads and lists, in real time: `5s`
    #[arg(long, value_name = "TIME")]
    pub unseen: Option<Millis>,
    /// Throttle as the real Resource Manager does: 429 and Retry-After beyond its token buckets
    #[arg(long)]
    pub throttle: bool,
}

impl Limits {
    fn apply(self, options: &mut Options) {
        // The simulator waits on the scenario's clock; people mean their own.
        let pace = match options.clock.speed() {
            Speed::Times(n) => u64::from(n),
            Speed::Max => 1,
        };
        let scaled = |time: Millis| Millis(time.0.saturating_mul(pace));
        options.latency = self.latency.map(scaled);
        if let Some(time) = self.unseen {
            options.scenario.world.unseen = scaled(time);
        }
        options.throttle = self.throttle;
    }
}

/// Serves the scenario with this id and text until interrupted; gives the exit code. Without `listen` on loopback, without
/// `speed` in real time.
pub fn run(
    scenario: &str,
    text: &str,
    listen: Option<IpAddr>,
    https: bool,
    speed: Option<Speed>,
    strategy: Option<Strategy>,
    limits: Limits,
) -> u8 {
    let prepared = prepare(scenario, text, speed).map(|mut options| {
        options.listen = listen.unwrap_or(options.listen);
        options.https = https;
        options.strategy = strategy;
        limits.apply(&mut options);
        options
    });
    match prepared.and_then(serve) {
        Ok(()) => 0,
        Err(e) => {
            say!("lifeboat simulate: {e:#}");
            code(&e)
        }
    }
}

/// What was asked for cannot be, or it could not be done.
fn code(e: &anyhow::Error) -> u8 {
    let asked = matches!(e.downcast_ref(), Some(SimulatorError::Strategy { .. } | SimulatorError::Crash(_)));
    if asked || e.downcast_ref::<ron::error::SpannedError>().is_some() { USAGE } else { FAILED }
}

fn prepare(id: &str, text: &str, speed: Option<Speed>) -> anyhow::Result<Options> {
    let scenario: Scenario = ron::from_str(text).with_context(|| format!("scenario `{id}`"))?;
    let start = jiff::Timestamp::now().as_millisecond();
    Ok(Options::new(scenario, Clock::scenario(start, Millis(0), speed.unwrap_or(Speed::Times(1)))))
}

fn serve(options: Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        let simulator = Simulator::start(options).await?;
        print_line(&serde_json::to_string(&simulator.connection())?)?;
        interrupted().await?;
        Ok(simulator.shutdown().await?)
    })
}

/// Whoever started us waits for this line, so it must not stay in a buffer.
fn print_line(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        r = tokio::signal::ctrl_c() => r,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
