//! Conditions that calls to the models and the platform's count of them answer.

use std::collections::BTreeMap;

use super::control::named;
use super::{ARM, Look, METRICS, Reading};
use crate::azure::cognitive::{self, resource_name};
use crate::azure::{Answer, AzureError, monitor, openai, versions};
use crate::units::{Millis, utc_clock};

/// How far back the newest data is looked for: metrics come minutes late.
const METRICS_LAG: Millis = Millis::from_mins(5);
const MODELS: &str = "one-token call";
/// Of fewer requests a minute nobody can say that users made them: Lifeboat's own calls are counted as well.
const ENOUGH_REQUESTS: f64 = 20.0;

impl Look<'_> {
    pub(super) async fn planes(&self, primary: &str, secondary: &str) -> Vec<Reading> {
        let mut out = Vec::new();
        for id in [primary, secondary] {
            let name = resource_name(id);
            let url = match self.azure.arm(id, versions::COGNITIVE, &[]) {
                Ok(u) => u,
                Err(e) => return vec![Reading::unread(self.task, ARM, name, &e)],
            };
            let (took, control) = self.azure.get_timed(self.task, &url).await;
            out.push(self.plane(ARM, format!("{name}, control plane"), took, control));
            // The address follows from the name, so that a failing control plane does not hide the data plane.
            let (took, data) = match self.azure.cloud().openai(name) {
                Ok(endpoint) => openai::front_end(self.azure, self.task, &endpoint).await,
                Err(e) => (Millis(0), Err(e)),
            };
            out.push(self.plane("Azure OpenAI", format!("{name}, data plane"), took, data));
        }
        out
    }

    /// What counts is that the plane was asked: a dead one is an answer too. Where nothing left this computer, it is not.
    fn plane(&self, source: &str, name: String, took: Millis, outcome: Result<Answer, AzureError>) -> Reading {
        let mut out = match outcome {
            Ok(_) => Reading::new(self.task, source, name, Some(true), format!("answers in {took}")),
            Err(e) => {
                let asked = (!e.never_left() || matches!(e, AzureError::NotReached { .. })).then_some(true);
                Reading { raw: Some(e.what_to_do()), ..Reading::new(self.task, source, name, asked, e.to_string()) }
            }
        };
        out.latency = Some(took);
        out
    }

    pub(super) async fn deployments_answer(&self, account: &str) -> Vec<Reading> {
        let read = async {
            let a = cognitive::existing(self.azure, self.task, account).await?;
            Ok((a, cognitive::deployments(self.azure, self.task, account).await?))
        };
        let (a, all) = match read.await {
            Ok(r) => r,
            Err(e) => return vec![Reading::unread(self.task, ARM, "deployments", &e)],
        };
        let mut out = Vec::new();
        // Where nothing can be called, nothing was tried.
        let called = all.iter().any(|d| is_callable(&d.model)).then_some(true);
        for d in &all {
            let name = format!("deployment {}", d.name);
            if !is_callable(&d.model) {
                // One model of this kind must not keep the others' answers from counting: provisioned is all that shows.
                let ready = d.state.eq_ignore_ascii_case("Succeeded").then_some(called);
                let value = format!("{}; {} has no one-token call, try it by hand", d.state, d.model);
                out.push(Reading::new(self.task, ARM, name, ready.unwrap_or(Some(false)), value));
                continue;
            }
            let mut r = match openai::call(self.azure, self.task, &a, d).await {
                Ok(c) => {
                    let how = if c.by_key { ", with the account's key" } else { "" };
                    let value = format!("{} in {}{how}", c.status, c.took);
                    Reading { latency: Some(c.took), ..Reading::new(self.task, MODELS, name, Some(true), value) }
                }
                Err(e) => self.no_answer(name, &e),
            };
            r.raw = r.raw.or_else(|| Some(d.model_text()));
            out.push(r);
        }
        if out.is_empty() {
            let name = format!("deployments of {}", resource_name(account));
            out.push(Reading::new(self.task, ARM, name, Some(false), "there are none"));
        }
        out
    }

    /// Two refusals have a usual cause in a failover, worth naming.
    fn no_answer(&self, name: String, e: &AzureError) -> Reading {
        let (ok, hint) = match e {
            AzureError::Refused(r) => match r.status {
                401 => (Some(false), "401: the credential is not this account's, often another region's key"),
                403 => (Some(false), "403: a missing role, a network rule, or a blocked resource"),
                404 => {
                    (Some(false), "404: the data plane knows no deployment of this name, which may be new or misspelt")
                }
                429 => (Some(false), "429: throttled; the deployment is there, its capacity is not enough now"),
                _ => (Some(false), "the call was refused"),
            },
            // Without a token nothing is known of the deployment.
            AzureError::SignIn(_) => (None, "no token to ask with"),
            e if e.worth_repeating() => (Some(false), "no answer"),
            _ => (None, "could not be asked"),
        };
        let mut out = Reading::new(self.task, MODELS, name, ok, format!("{hint} — {e}"));
        out.raw = Some(e.what_to_do());
        out
    }

    pub(super) async fn capacity_at_least(&self, account: &str, like: &str) -> Vec<Reading> {
        let read = async {
            let a = cognitive::existing(self.azure, self.task, account).await?;
            let (there, measure) = self.both(account, like).await?;
            Ok((a, there, measure))
        };
        let (a, there, measure) = match read.await {
            Ok(b) => b,
            Err(e) => return vec![Reading::unread(self.task, ARM, "capacity", &e)],
        };
        let mut out = Vec::new();
        for m in &measure {
            let name = format!("capacity of {}", m.name);
            let Some(t) = named(&there, &m.name) else {
                out.push(Reading::new(self.task, ARM, name, Some(false), "the deployment is missing"));
                continue;
            };
            if t.is_provisioned() != m.is_provisioned() {
                let value = format!("{} of {} against {} of {}: other units", t.capacity, t.sku, m.capacity, m.sku);
                out.push(Reading::new(self.task, ARM, name, None, value));
                continue;
            }
            let mut value = format!("{}, needed {}", t.capacity, m.capacity);
            // What the data plane really grants can lag behind, or be cut for a while. Its unit per capacity differs by
            // model, hence it is told and not judged.
            if is_callable(&t.model)
                && let Ok(c) = openai::call(self.azure, self.task, &a, t).await
                && let Some(limit) = c.limit_tokens
            {
                value.push_str(&format!("; the data plane grants {limit} tokens a minute"));
            }
            out.push(Reading::new(self.task, ARM, name, Some(t.capacity >= m.capacity), value));
        }
        self.or_none(out, like)
    }

    pub(super) fn metric(&self, name: impl Into<String>, ok: Option<bool>, value: impl Into<String>) -> Reading {
        Reading::new(self.task, METRICS, name, ok, value)
    }

    /// Users who were moved show in a minute that began after the move; before it there may be nothing but the test calls
    /// of this run itself.
    pub(super) async fn share(&self, account: &str, other: &str, at_least: u32, moved: Option<i64>) -> Reading {
        let name = format!("share of requests at {}", resource_name(account));
        let read = async {
            let ours = monitor::requests(self.azure, self.task, account, METRICS_LAG).await?;
            Ok((ours, monitor::requests(self.azure, self.task, other, METRICS_LAG).await?))
        };
        let (ours, others) = match read.await {
            Ok(r) => r,
            Err(e) => return Reading::unread(self.task, METRICS, name, &e),
        };
        let by_minute = |all: &[monitor::Count]| {
            let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
            for c in all {
                *sums.entry(c.at).or_default() += c.calls;
            }
            sums
        };
        let (ours, others) = (by_minute(&ours), by_minute(&others));
        // The newest minute that has requests and is over: a running one would compare two halves.
        let now = self.task.now().utc;
        let over = |at: &&i64| **at + 60_000 <= now && moved.is_none_or(|moved| **at >= moved);
        let sum = |at: &i64| {
            let (a, b) = (ours.get(at).copied().unwrap_or(0.0), others.get(at).copied().unwrap_or(0.0));
            (a, a + b)
        };
        let newest = ours.keys().chain(others.keys()).filter(over).filter(|at| sum(at).1 > 0.0).max();
        let Some(at) = newest else {
            let since = moved.map_or_else(String::new, |at| format!(" of the time since {} UTC", utc_clock(at)));
            return self.metric(name, None, format!("no data yet{since}: metrics come a few minutes late"));
        };
        let (mine, all) = sum(at);
        let percent = 100.0 * mine / all;
        let minute = utc_clock(*at);
        let mut value =
            format!("{percent:.1} % of {all:.0} requests in the minute from {minute} UTC, needed {at_least} %");
        if all < ENOUGH_REQUESTS {
            let value = format!("{value}; fewer than {ENOUGH_REQUESTS:.0} may be nobody but this program");
            return self.metric(name, None, value);
        }
        // Silence of the other may be its metrics' lag: the reader should know.
        if let Some(last) = others.keys().max().filter(|last| *last < at) {
            value.push_str(&format!("; nothing counted at {} since {}", resource_name(other), utc_clock(*last)));
        }
        self.metric(name, Some(percent >= f64::from(at_least)), value)
    }

    pub(super) async fn error_rate(
        &self,
        account: &str,
        percent: u32,
        status: &str,
        over: Millis,
        min_calls: u32,
    ) -> Reading {
        let name = format!("{status} answers of {}", resource_name(account));
        let counts = match monitor::requests(self.azure, self.task, account, over).await {
            Ok(c) => c,
            Err(e) => return Reading::unread(self.task, METRICS, name, &e),
        };
        let all = total(&counts, |_| true);
        let bad = total(&counts, |c| is_status(&c.status, status));
        let split = counts.iter().any(|c| !c.status.is_empty());
        if counts.is_empty() {
            return self.metric(name, None, format!("no data in the last {over}: metrics come a few minutes late"));
        }
        if !split {
            return self.metric(name, None, "the platform does not split the requests by status");
        }
        let value = format!("{bad:.0} of {all:.0} requests in {over}");
        if all < f64::from(min_calls) {
            return self.metric(name, None, format!("{value}; fewer than {min_calls} prove nothing"));
        }
        let rate = 100.0 * bad / all;
        self.metric(name, Some(rate < f64::from(percent)), format!("{rate:.2} %, allowed below {percent} % ({value})"))
    }

    pub(super) async fn telemetry(&self, account: &str) -> Reading {
        let name = format!("requests counted at {}", resource_name(account));
        match monitor::requests(self.azure, self.task, account, METRICS_LAG).await {
            Err(e) => Reading::unread(self.task, METRICS, name, &e),
            Ok(counts) if counts.is_empty() => {
                self.metric(name, None, format!("no data in the last {METRICS_LAG}; metrics come a few minutes late"))
            }
            Ok(counts) => {
                let all = total(&counts, |_| true);
                self.metric(name, Some(all > 0.0), format!("{all:.0} in the last {METRICS_LAG}"))
            }
        }
    }
}

/// Images, speech and video take no call of one token.
fn is_callable(model: &str) -> bool {
    let m = model.to_ascii_lowercase();
    !["dall-e", "whisper", "tts", "sora", "image", "realtime", "audio", "transcribe"].iter().any(|w| m.contains(w))
}

/// Summed from plain zero: an empty sum of floats is minus zero.
fn total(counts: &[monitor::Count], which: impl Fn(&monitor::Count) -> bool) -> f64 {
    counts.iter().filter(|c| which(c)).fold(0.0, |sum, c| sum + c.calls)
}

/// `503` is a `5xx`.
fn is_status(status: &str, wanted: &str) -> bool {
    match wanted.strip_suffix("xx") {
        Some(class) => status.len() == 3 && status.starts_with(class) || status.eq_ignore_ascii_case(wanted),
        None => status == wanted,
    }
}
