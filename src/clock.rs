//! Time as a handle: the computer's clock, or a rehearsal's.
//!
//! Everything that waits (retry, polling, probes, deadlines, the simulator's latencies) waits here, so that a rehearsal
//! can run at any speed, and at [`Speed::Max`] without real waiting at all: time then jumps to the next timer as soon as
//! every piece of work in progress is itself waiting for time.
//!
//! To know that, the clock counts work. A [`Task`] is one thread of work; [`Task::request`] is one question it puts to the
//! simulator over a socket. The request carries its number in the header [`WORK_HEADER`]; when the simulator is itself
//! waiting on behalf of that number (latency, a black hole), it says so through [`Clock::serve_sleep`], and the clock
//! knows that nobody is busy. A message is work too: whoever sends one lets a [`Task`] travel with it, so that time stands
//! still until it is read; and a [`Task`] sleeps once at a time. On the computer's clock all this bookkeeping does nothing.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{oneshot, watch};

use crate::units::{Millis, Now};

/// Carries the number of a [`Task::request`] to the simulator.
pub const WORK_HEADER: &str = "x-lifeboat-work";

/// How fast a rehearsal's clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many scenario seconds a real second; 0 stands still.
    Times(u32),
    /// As fast as the work allows.
    Max,
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Times(n) => write!(f, "{n}×"),
            Self::Max => f.write_str("max"),
        }
    }
}

impl std::str::FromStr for Speed {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        if s == "max" {
            return Ok(Self::Max);
        }
        match s.parse() {
            Ok(n @ 1..=1_000) => Ok(Self::Times(n)),
            _ => Err(format!("`{s}` is not a speed; give a whole number from 1 to 1000, or `max`")),
        }
    }
}

/// The deadline passed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0}")]
pub struct Elapsed(pub Millis);

/// A cheap handle; clones show the same time.
#[derive(Clone)]
pub struct Clock(Arc<Kind>);

enum Kind {
    System { start: Instant },
    Scenario(Scenario),
}

struct Scenario {
    /// UTC milliseconds of scenario time zero.
    epoch: i64,
    inner: Mutex<Inner>,
    /// Bumped when speed or base change, so that real timers look again.
    changed: watch::Sender<u64>,
}

struct Inner {
    speed: Speed,
    base_mono: u64,
    base_real: Instant,
    next_id: u64,
    /// Work in progress, by number: `true` while it only waits for time.
    work: HashMap<u64, bool>,
    timers: BTreeMap<(u64, u64), Timer>,
}

struct Timer {
    work: u64,
    fire: oneshot::Sender<()>,
}

impl Inner {
    fn now(&self) -> u64 {
        match self.speed {
            Speed::Max => self.base_mono,
            Speed::Times(n) => {
                let real = u64::try_from(self.base_real.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.base_mono.saturating_add(real.saturating_mul(u64::from(n)))
            }
        }
    }

    fn rebase(&mut self, mono: u64) {
        self.base_mono = mono;
        self.base_real = Instant::now();
    }

    /// At full speed and with nobody busy, time jumps to the next timer and its owner becomes busy.
    fn advance(&mut self) {
        while self.speed == Speed::Max && self.work.values().all(|waiting| *waiting) {
            // A server that still waits for a client who gave up fires on the way, but is no reason to go there.
            let wanted = |t: &Timer| t.work == 0 || self.work.contains_key(&t.work);
            if !self.timers.values().any(wanted) {
                return;
            }
            let Some((&key, _)) = self.timers.first_key_value() else { return };
            let Some(timer) = self.timers.remove(&key) else { return };
            if key.0 > self.base_mono {
                self.base_mono = key.0;
            }
            if let Some(waiting) = self.work.get_mut(&timer.work) {
                *waiting = false;
            }
            // A dropped receiver was a cancelled wait: its owner is busy again by its own doing.
            let _ = timer.fire.send(());
        }
    }
}

fn locked(m: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Self(Arc::new(Kind::System { start: Instant::now() }))
    }

    /// A rehearsal's clock: scenario time zero is `epoch` (UTC ms), and it stands at `mono` now.
    pub fn scenario(epoch: i64, mono: Millis, speed: Speed) -> Self {
        let inner = Inner {
            speed,
            base_mono: mono.0,
            base_real: Instant::now(),
            next_id: 1,
            work: HashMap::new(),
            timers: BTreeMap::new(),
        };
        Self(Arc::new(Kind::Scenario(Scenario { epoch, inner: Mutex::new(inner), changed: watch::Sender::new(0) })))
    }

    /// The instant it is.
    pub fn now(&self) -> Now {
        let wall = jiff::Timestamp::now().as_millisecond();
        match &*self.0 {
            Kind::System { start } => {
                Now { utc: wall, mono: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX), wall }
            }
            Kind::Scenario(s) => {
                let mono = locked(&s.inner).now();
                Now { utc: s.epoch.saturating_add(i64::try_from(mono).unwrap_or(i64::MAX / 2)), mono, wall }
            }
        }
    }

    /// Whether this is a rehearsal's clock.
    pub fn is_scenario(&self) -> bool {
        matches!(&*self.0, Kind::Scenario(_))
    }

    /// The speed; the computer's clock runs at 1×.
    pub fn speed(&self) -> Speed {
        match &*self.0 {
            Kind::System { .. } => Speed::Times(1),
            Kind::Scenario(s) => locked(&s.inner).speed,
        }
    }

    /// Changes a rehearsal's speed from now on.
    pub fn set_speed(&self, speed: Speed) {
        if let Kind::Scenario(s) = &*self.0 {
            let mut i = locked(&s.inner);
            let now = i.now();
            i.rebase(now);
            i.speed = speed;
            i.advance();
            drop(i);
            s.changed.send_modify(|n| *n += 1);
        }
    }

    /// Registers a thread of work. While one is busy, [`Speed::Max`] holds time still.
    pub fn task(&self) -> Task {
        Task { id: self.register(), clock: self.clone() }
    }

    /// The simulator's waits: sleeps `d` on behalf of the request with this number (0 when it carried none).
    pub async fn serve_sleep(&self, request: u64, d: Millis) {
        self.sleep_until(request, self.now().mono.saturating_add(d.0), true).await;
    }

    fn register(&self) -> u64 {
        match &*self.0 {
            Kind::System { .. } => 0,
            Kind::Scenario(s) => {
                let mut i = locked(&s.inner);
                let id = i.next_id;
                i.next_id += 1;
                i.work.insert(id, false);
                id
            }
        }
    }

    fn release(&self, id: u64) {
        if let Kind::Scenario(s) = &*self.0 {
            let mut i = locked(&s.inner);
            i.work.remove(&id);
            i.advance();
        }
    }

    fn set_waiting(&self, id: u64, waiting: bool) {
        if let Kind::Scenario(s) = &*self.0 {
            let mut i = locked(&s.inner);
            if let Some(w) = i.work.get_mut(&id) {
                *w = waiting;
            }
            i.advance();
        }
    }

    /// Waits until `mono`, then makes `work` busy; `idle` marks it as waiting meanwhile.
    async fn sleep_until(&self, work: u64, mono: u64, idle: bool) {
        let s = match &*self.0 {
            Kind::System { start } => {
                tokio::time::sleep_until((*start + Millis(mono).to_std()).into()).await;
                return;
            }
            Kind::Scenario(s) => s,
        };
        let (fire, mut fired) = oneshot::channel();
        let mut changed = s.changed.subscribe();
        let key = {
            let mut i = locked(&s.inner);
            let key = (mono, i.next_id);
            i.next_id += 1;
            i.timers.insert(key, Timer { work, fire });
            if idle && let Some(w) = i.work.get_mut(&work) {
                *w = true;
            }
            i.advance();
            key
        };
        let _cancel = Cancel { clock: self, key, work };
        loop {
            let real = {
                let i = locked(&s.inner);
                match i.speed {
                    Speed::Max | Speed::Times(0) => None,
                    Speed::Times(n) => {
                        Some(std::time::Duration::from_millis(mono.saturating_sub(i.now()).div_ceil(u64::from(n))))
                    }
                }
            };
            let timer = async {
                match real {
                    Some(d) => tokio::time::sleep(d).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = &mut fired => return,
                () = timer => {
                    if locked(&s.inner).now() >= mono {
                        return;
                    }
                }
                _ = changed.changed() => {}
            }
        }
    }
}

/// Takes a finished or abandoned timer off the clock and makes its owner busy again.
struct Cancel<'a> {
    clock: &'a Clock,
    key: (u64, u64),
    work: u64,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        if let Kind::Scenario(s) = &*self.clock.0 {
            let mut i = locked(&s.inner);
            i.timers.remove(&self.key);
            if let Some(w) = i.work.get_mut(&self.work) {
                *w = false;
            }
        }
    }
}

/// One thread of work; busy until it sleeps, waits or is dropped.
pub struct Task {
    id: u64,
    clock: Clock,
}

impl Task {
    /// The clock it runs on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The instant it is.
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// Waits for time to pass.
    pub async fn sleep(&self, d: Millis) {
        self.clock.sleep_until(self.id, self.now().mono.saturating_add(d.0), true).await;
    }

    /// Waits for something that is *not* time and that other tasks bring about (a message, a child task).
    pub async fn wait<F: Future>(&self, f: F) -> F::Output {
        self.clock.set_waiting(self.id, true);
        let _busy = Busy { clock: &self.clock, id: self.id };
        f.await
    }

    /// Puts one question to a server: `ask` gets the request's number for [`WORK_HEADER`], and the deadline is on this
    /// clock. A server that is silent past it costs scenario time only.
    pub async fn request<F, Fut>(&self, deadline: Millis, ask: F) -> Result<Fut::Output, Elapsed>
    where
        F: FnOnce(u64) -> Fut,
        Fut: Future,
    {
        let request = self.clock.task();
        let at = self.now().mono.saturating_add(deadline.0);
        let answer = ask(request.id);
        self.wait(async {
            // The deadline does not make the request look idle: only the server knows that it is. It is set before the
            // question is put, or a quick server's wait could be the only timer there is, and time would jump past it.
            tokio::select! {
                biased;
                () = self.clock.sleep_until(request.id, at, false) => Err(Elapsed(deadline)),
                a = answer => Ok(a),
            }
        })
        .await
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.clock.release(self.id);
    }
}

struct Busy<'a> {
    clock: &'a Clock,
    id: u64,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.clock.set_waiting(self.id, false);
    }
}
