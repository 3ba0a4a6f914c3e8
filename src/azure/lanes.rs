//! Azure throttles by subscription and provider: when one request is told to wait, all that go the same way wait with it,
//! instead of being refused one by one and drawing the time out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::AzureError;
use super::cloud::host_of;
use super::error::Refusal;
use crate::clock::Task;
use crate::units::Millis;

/// Requests under way at once. Azure refills 25 reads a second; more would only be refused.
const AT_ONCE: usize = 24;
/// A longer wait is told to the person instead of being slept through.
pub(super) const LONGEST_WAIT: Millis = Millis::from_secs(60);

/// Subscription and provider.
type Lane = (String, String);

/// The lanes of one client.
pub(super) struct Lanes {
    /// Until when (monotonic ms) a lane is shut.
    shut: Mutex<BTreeMap<Lane, u64>>,
    slots: Semaphore,
}

impl Lanes {
    pub(super) fn new() -> Self {
        Self { shut: Mutex::default(), slots: Semaphore::new(AT_ONCE) }
    }

    /// Waits until the lane of this address is open; refuses where that takes too long.
    pub(super) async fn wait(&self, task: &Task, url: &Url) -> Result<(), AzureError> {
        let Some(lane) = lane(url) else { return Ok(()) };
        let now = task.now().mono;
        let until = self.shut.lock().unwrap_or_else(PoisonError::into_inner).get(&lane).copied().unwrap_or(0);
        let left = Millis(until.saturating_sub(now));
        if left > LONGEST_WAIT {
            return Err(AzureError::Refused(Box::new(Refusal {
                host: host_of(url),
                status: 429,
                code: "TooManyRequests".into(),
                message: format!("it asked a moment ago to be left alone for another {left}; nothing was sent"),
                retry_after: Some(left),
                ..Refusal::default()
            })));
        }
        if left.0 > 0 {
            task.sleep(left).await;
        }
        Ok(())
    }

    /// Azure asked to wait.
    pub(super) fn told(&self, task: &Task, url: &Url, wait: Millis) {
        let Some(lane) = lane(url) else { return };
        let (now, mut shut) = (task.now().mono, self.shut.lock().unwrap_or_else(PoisonError::into_inner));
        shut.retain(|_, until| *until > now);
        let until = shut.entry(lane).or_default();
        *until = (*until).max(now.saturating_add(wait.0));
    }

    /// A place among the requests under way. In a rehearsal nobody queues: who is first would be chance.
    pub(super) async fn slot(&self, task: &Task) -> Option<SemaphorePermit<'_>> {
        if task.clock().is_scenario() {
            return None;
        }
        self.slots.acquire().await.ok()
    }
}

/// The lane of an address of Resource Manager; other hosts keep their own time.
fn lane(url: &Url) -> Option<Lane> {
    let path = url.path().to_ascii_lowercase();
    let rest = path.strip_prefix("/subscriptions/")?;
    let subscription = rest.split('/').next().unwrap_or_default().to_owned();
    let provider = rest.rsplit_once("/providers/").and_then(|(_, p)| p.split('/').next()).unwrap_or_default();
    Some((subscription, provider.to_owned()))
}
