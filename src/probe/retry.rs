//! One probe, retried before anybody calls it an outage: after 1, 2, 4, 8 and 16 s with jitter.

use super::http::probe;
use super::target::Target;
use crate::clock::Task;
use crate::health::{Failure, Observation};
use crate::units::{Millis, splitmix};

/// Seconds before each retry.
pub const BACK_OFF: [u64; 5] = [1, 2, 4, 8, 16];
/// A service that asks for more than this is not asked again.
pub const LONGEST_WAIT: Millis = Millis::from_secs(60);
/// Jitter, in percent of the wait, to either side: clients that fail together must not come back together.
const JITTER_PERCENT: u64 = 20;

/// The waits for a seed, without what the service asks for.
pub fn waits(jitter_seed: u64) -> [Millis; BACK_OFF.len()] {
    let mut seed = jitter_seed;
    BACK_OFF.map(|s| {
        let whole = s * 1_000;
        let spread = whole * JITTER_PERCENT / 100;
        Millis(whole - spread + splitmix(&mut seed) % (2 * spread + 1))
    })
}

/// Probes until the first answer, at most six times, never earlier than the service asks.
///
/// Stops early where asking again cannot help: a refused key stays refused.
pub async fn probe_with_retry(task: &Task, target: &Target, jitter_seed: u64) -> Vec<Observation> {
    let mut seen = vec![probe(task, target).await];
    for wait in waits(jitter_seed) {
        let Some(failure) = seen.last().and_then(|o| o.outcome.failure()).filter(|f| f.worth_retrying()) else { break };
        let wait = wait.max(Failure::retry_after(failure).unwrap_or_default());
        if wait > LONGEST_WAIT {
            break;
        }
        task.sleep(wait).await;
        seen.push(probe(task, target).await);
    }
    seen
}
