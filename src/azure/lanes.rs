//! Azure throttles by subscription and provider, and counts reads, writes and deletes apart: when one request is told to
//! wait, all that go the same way wait with it, instead of being refused one by one and drawing the time out. A wait is
//! never believed for long: after a while one request goes ahead and finds out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reqwest::Method;
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
/// However long Azure asks to be left alone, one request looks again after this.
const LOOK_AGAIN: Millis = Millis::from_mins(2);

/// Subscription, provider, and what Azure counts the request as.
type Lane = (String, String, &'static str);

/// A lane that Azure asked to leave alone, in monotonic ms.
struct Shut {
    /// So long Azure asked for.
    until: u64,
    /// From then on one request may look.
    look: u64,
}

/// The lanes of one client.
pub(super) struct Lanes {
    shut: Mutex<BTreeMap<Lane, Shut>>,
    slots: Semaphore,
}

/// That a request may go; the lane that it looks into for all others, if it does.
pub(super) struct Pass(Option<Lane>);

impl Lanes {
    pub(super) fn new() -> Self {
        Self { shut: Mutex::default(), slots: Semaphore::new(AT_ONCE) }
    }

    /// Waits until the lane of this request is open; refuses where that takes too long.
    pub(super) async fn wait(&self, task: &Task, method: &Method, url: &Url) -> Result<Pass, AzureError> {
        let Some(lane) = lane(method, url) else { return Ok(Pass(None)) };
        loop {
            let now = task.now().mono;
            let left = {
                let mut all = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
                match all.get_mut(&lane).filter(|s| now < s.until) {
                    None => return Ok(Pass(None)),
                    Some(s) if now >= s.look => {
                        s.look = now.saturating_add(LOOK_AGAIN.0);
                        return Ok(Pass(Some(lane)));
                    }
                    Some(s) => Millis(s.until.min(s.look) - now),
                }
            };
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
            task.sleep(left).await;
        }
    }

    /// Azure answered, and asked to wait or did not. Who looked tells all others.
    pub(super) fn told(&self, task: &Task, method: &Method, url: &Url, pass: &Pass, wait: Option<Millis>) {
        let (now, mut shut) = (task.now().mono, self.shut.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(lane) = &pass.0 {
            shut.remove(lane);
        }
        let (Some(lane), Some(wait)) = (lane(method, url), wait) else { return };
        shut.retain(|_, s| s.until > now);
        let s = shut.entry(lane).or_insert(Shut { until: 0, look: now.saturating_add(LOOK_AGAIN.0) });
        s.until = s.until.max(now.saturating_add(wait.0));
    }

    /// A place among the requests under way. In a rehearsal nobody queues: who is first would be chance.
    pub(super) async fn slot(&self, task: &Task) -> Option<SemaphorePermit<'_>> {
        if task.clock().is_scenario() {
            return None;
        }
        self.slots.acquire().await.ok()
    }
}

/// The lane of a request to Resource Manager; other hosts keep their own time.
fn lane(method: &Method, url: &Url) -> Option<Lane> {
    let path = url.path().to_ascii_lowercase();
    let rest = path.strip_prefix("/subscriptions/")?;
    let subscription = rest.split('/').next().unwrap_or_default().to_owned();
    let provider = rest.rsplit_once("/providers/").and_then(|(_, p)| p.split('/').next()).unwrap_or_default();
    let class = match *method {
        Method::GET => "reads",
        Method::DELETE => "deletes",
        _ => "writes",
    };
    Some((subscription, provider.to_owned(), class))
}
