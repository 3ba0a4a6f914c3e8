//! ARM's limits as token buckets, for those who ask for them.
//!
//! A bucket is full at first and fills up at a steady rate; who finds it empty is refused, and told when to come back; who
//! comes earlier is refused again. Time is the scenario's: at full speed it stands still between requests and no bucket
//! would ever fill, hence nobody is throttled unless it is asked for.

use std::collections::HashMap;

use hyper::Method;

use super::http::{Ask, Reply};
use super::others;

/// How much fits, and how much comes back a second.
#[derive(Debug, Clone, Copy)]
struct Limit {
    size: f64,
    a_second: f64,
}

/// Of a subscription, and of the tenant.
const READS: Limit = Limit { size: 250.0, a_second: 25.0 };
const WRITES: Limit = Limit { size: 200.0, a_second: 10.0 };
const DELETES: Limit = Limit { size: 200.0, a_second: 10.0 };
/// Microsoft.Storage: reads and lists in five minutes, writes in an hour.
const STORAGE_READS: Limit = Limit { size: 800.0, a_second: 800.0 / 300.0 };
const STORAGE_LISTS: Limit = Limit { size: 100.0, a_second: 100.0 / 300.0 };
const STORAGE_WRITES: Limit = Limit { size: 1_200.0, a_second: 1_200.0 / 3_600.0 };
/// Microsoft.Network: in five minutes.
const NETWORK_READS: Limit = Limit { size: 10_000.0, a_second: 10_000.0 / 300.0 };
const NETWORK_CHANGES: Limit = Limit { size: 1_000.0, a_second: 1_000.0 / 300.0 };

/// One bucket.
#[derive(Debug)]
struct Bucket {
    left: f64,
    /// When it was last filled up, in scenario time.
    at: i64,
    /// Refused until then.
    closed_until: i64,
}

/// All of them: subscription and what is counted.
#[derive(Debug, Default)]
pub struct Buckets {
    all: HashMap<(String, &'static str), Bucket>,
    refused: u64,
}

impl Buckets {
    /// Takes a token for this request: how many are left to the subscription, or the refusal.
    pub fn take(&mut self, ask: &Ask) -> Result<u64, Reply> {
        let subscription = others::named(ask).unwrap_or_default();
        let mut least = u64::MAX;
        for (name, limit) in counted(ask) {
            let bucket = self.all.entry((subscription.clone(), name)).or_insert(Bucket {
                left: limit.size,
                at: ask.at,
                closed_until: i64::MIN,
            });
            match bucket.take(limit, ask.at) {
                Ok(left) => least = least.min(left),
                Err(seconds) => {
                    self.refused += 1;
                    return Err(refusal(&subscription, seconds));
                }
            }
        }
        Ok(least)
    }

    /// How many requests were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Bucket {
    /// What is left, or in how many seconds to come back.
    fn take(&mut self, limit: Limit, now: i64) -> Result<u64, i64> {
        let passed = now.saturating_sub(self.at).max(0) as f64 / 1_000.0;
        self.left = (self.left + passed * limit.a_second).min(limit.size);
        self.at = now;
        if now < self.closed_until {
            return Err((self.closed_until - now + 999) / 1_000);
        }
        if self.left < 1.0 {
            let seconds = ((1.0 - self.left) / limit.a_second).ceil().max(1.0) as i64;
            self.closed_until = now + seconds * 1_000;
            return Err(seconds);
        }
        self.left -= 1.0;
        Ok(self.left as u64)
    }
}

/// What a request counts for.
fn counted(ask: &Ask) -> Vec<(&'static str, Limit)> {
    let lower: Vec<String> = ask.segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let provider = lower.iter().rposition(|s| s == "providers").and_then(|n| lower.get(n + 1..)).unwrap_or_default();
    let list = provider.len() % 2 == 0;
    let first = match ask.method {
        Method::GET | Method::HEAD => ("reads", READS),
        Method::DELETE => ("deletes", DELETES),
        _ => ("writes", WRITES),
    };
    let more = match (provider.first().map(String::as_str), first.0) {
        (Some("microsoft.storage"), "reads") if list => Some(("storage lists", STORAGE_LISTS)),
        (Some("microsoft.storage"), "reads") => Some(("storage reads", STORAGE_READS)),
        (Some("microsoft.storage"), _) => Some(("storage writes", STORAGE_WRITES)),
        (Some("microsoft.network"), "reads") => Some(("network reads", NETWORK_READS)),
        (Some("microsoft.network"), _) => Some(("network changes", NETWORK_CHANGES)),
        _ => None,
    };
    std::iter::once(first).chain(more).collect()
}

fn refusal(subscription: &str, seconds: i64) -> Reply {
    let (code, whom) = if subscription.is_empty() {
        ("TenantRequestsThrottled", "tenant".to_owned())
    } else {
        ("SubscriptionRequestsThrottled", format!("subscription '{subscription}'"))
    };
    let text = format!("Number of requests for {whom} exceeded the limit. Please try again after '{seconds}' seconds.");
    Reply::error(429, code, &text).with("retry-after", seconds.to_string())
}
