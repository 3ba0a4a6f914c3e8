//! What was observed: in memory for the charts, and on disk so that it outlives a restart.
//!
//! This is evidence of comfort, not the audit journal. Nothing is synced, the last seconds before a crash may be missing,
//! and a disk that is full, read-only or slow disturbs nobody. What an auditor is to believe goes into the journal.
//!
//! Kept are the observations of the last two hours (18 bytes each on disk, 24 in memory), and of every endpoint a bucket
//! a minute (26 and 24 bytes): ten endpoints take 0.4 MB a day, a thousand 37 MB and 13 MB for the observations. No
//! secrets and no free text: names of endpoints, times, codes.

mod format;
mod point;
mod store;
mod writer;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use crate::health::{EndpointId, Observation, Outcome, Stages};

pub use point::{Bucket, MINUTE, Point, STAGES, TOTAL};

use format::{Kept, NAME};
use point::{Gathering, minute};
use store::{Batch, MINUTES_FOR, POINTS_FOR};
use writer::{Said, Writer};

/// Buckets in memory at most: a thousand endpoints for a day, and an hour beside. 36 MB.
const BUCKETS_MOST: usize = 1_000 * 25 * 60;
/// Observations in memory at most: a thousand endpoints every 15 s for two hours, with room. 14 MB.
const POINTS_MOST: usize = 600_000;
/// Observations of one endpoint at most: one a second.
const POINTS_EACH: usize = 7_200;
/// Endpoints at most; more are not kept.
const ENDPOINTS_MOST: usize = 4_096;
/// Between two batches for the disk.
const HAND_OVER: i64 = 10_000;
/// Observations that wait for it at most.
const WAITING_MOST: usize = 20_000;
/// A clock that goes back by less stands still; by more, it was set, and what came after was never so.
const SLACK: i64 = 60_000;
/// What is dated later than this after now was written under a wrong clock.
const AHEAD: i64 = 5 * 60_000;
/// The name of the mark that nobody looked; no endpoint is called so.
const UNSEEN: &str = "nobody looked";
/// Minutes of growth at once: less memory lies idle than by doubling.
const GROWTH: usize = 64;

/// One endpoint.
#[derive(Debug)]
struct Track {
    name: Arc<str>,
    points: VecDeque<Point>,
    minutes: VecDeque<Bucket>,
    gathering: Option<Gathering>,
}

impl Track {
    fn new(name: &str) -> Self {
        Self { name: Arc::from(name), points: VecDeque::new(), minutes: VecDeque::new(), gathering: None }
    }

    /// The instant at which an observation is filed.
    fn settle(&mut self, at: i64) -> i64 {
        let point = self.points.back().map(|p| p.at);
        let last = point.or_else(|| self.minutes.back().map(Bucket::at));
        let Some(last) = last.filter(|last| at < *last) else { return at };
        if last.saturating_sub(at) <= SLACK {
            return last;
        }
        while self.points.back().is_some_and(|p| p.at > at) {
            self.points.pop_back();
        }
        while self.minutes.back().is_some_and(|b| b.at() > at) {
            self.minutes.pop_back();
        }
        self.gathering = None;
        at
    }

    fn push_point(&mut self, p: Point) {
        reserve(&mut self.points);
        self.points.push_back(p);
        let oldest = p.at.saturating_sub(POINTS_FOR);
        while self.points.len() > POINTS_EACH || self.points.front().is_some_and(|p| p.at < oldest) {
            self.points.pop_front();
        }
    }

    fn push_minute(&mut self, b: Bucket) {
        match self.minutes.back_mut() {
            Some(last) if last.minute == b.minute => last.add(&b),
            _ => {
                reserve(&mut self.minutes);
                self.minutes.push_back(b);
            }
        }
        let oldest = b.at().saturating_sub(MINUTES_FOR);
        while self.minutes.front().is_some_and(|b| b.at() < oldest) {
            self.minutes.pop_front();
        }
    }

    /// The minute that is over, filed and given.
    fn close(&mut self, before: u32) -> Option<Bucket> {
        let b = self.gathering.take_if(|g| g.minute() < before)?.bucket()?;
        self.push_minute(b);
        Some(b)
    }
}

fn reserve<T>(q: &mut VecDeque<T>) {
    if q.len() == q.capacity() {
        q.reserve_exact(q.len().clamp(8, GROWTH));
    }
}

/// What was observed.
pub struct History {
    tracks: BTreeMap<Arc<str>, Track>,
    waiting: Batch,
    handed: i64,
    writer: Option<Writer>,
    on_disk: Option<(PathBuf, u64)>,
    said: Said,
    too_many: bool,
    revision: u64,
}

impl Default for History {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl History {
    /// For rehearsals: their time is not this computer's.
    pub fn in_memory() -> Self {
        Self {
            tracks: BTreeMap::new(),
            waiting: Batch::default(),
            handed: 0,
            writer: None,
            on_disk: None,
            said: Said::default(),
            too_many: false,
            revision: 0,
        }
    }

    /// With what is in this folder, as it is at `now`; what comes is written there, in `keep_mib` MiB at most.
    pub fn open(dir: PathBuf, keep_mib: u32, now: i64) -> Self {
        let mut new = Self::in_memory();
        let latest = now.saturating_add(AHEAD);
        let since = now.saturating_sub(POINTS_FOR);
        let first = now.saturating_sub(MINUTES_FOR);
        let (mut points, mut buckets) = (0, 0);
        let said = store::read(&dir, now, &mut |name, kept| {
            let Some(track) = new.track(name) else { return true };
            match kept {
                Kept::Point(p) if (since..=latest).contains(&p.at) && points < POINTS_MOST => {
                    points += 1;
                    reserve(&mut track.points);
                    track.points.push_back(p);
                }
                Kept::Minute(b) if (first..=latest).contains(&b.at()) => {
                    buckets += 1;
                    reserve(&mut track.minutes);
                    track.minutes.push_back(b);
                }
                _ => {}
            }
            buckets < BUCKETS_MOST
        });
        said.into_iter().for_each(|text| new.said.push(text));
        new.tracks.values_mut().for_each(in_order);
        new.tracks.retain(|_, t| !t.points.is_empty() || !t.minutes.is_empty());
        new.on_disk = Some((dir, u64::from(keep_mib) << 20));
        new
    }

    /// Room on disk from now on.
    pub fn keep(&mut self, mib: u32) {
        if let Some((_, keep)) = &mut self.on_disk {
            *keep = u64::from(mib) << 20;
            if let Some(w) = &self.writer {
                w.keep(*keep);
            }
        }
    }

    fn track(&mut self, name: &str) -> Option<&mut Track> {
        if !self.tracks.contains_key(name) {
            if name.is_empty() || name.len() > NAME {
                return None;
            }
            if self.tracks.len() >= ENDPOINTS_MOST {
                if !std::mem::replace(&mut self.too_many, true) {
                    self.said.push(format!("more than {ENDPOINTS_MOST} endpoints: not all of them have a chart"));
                }
                return None;
            }
            let new = Track::new(name);
            self.tracks.insert(new.name.clone(), new);
        }
        self.tracks.get_mut(name)
    }

    /// Takes an observation in. Costs no call of the system: what is due is handed to the thread that writes.
    pub fn take(&mut self, o: &Observation) {
        self.take_as(&o.endpoint.0, o);
    }

    /// The same, under this name.
    pub fn take_as(&mut self, name: &str, o: &Observation) {
        self.file(name, o.at, &Point::of(o));
    }

    /// Until this instant nobody looked: a mark among the observations, so that it outlives a restart as they do.
    pub fn gap(&mut self, until: i64) {
        let outcome = Outcome::Answered;
        let stages = Stages::default();
        let (peer, detail, certificate, ahead) = (None, None, None, None);
        let endpoint = EndpointId::from(UNSEEN);
        let mark =
            Observation { endpoint, at: until, outcome, stages, peer, via_proxy: false, certificate, detail, ahead };
        self.take(&mark);
    }

    /// Until when nobody looked last, of the last two hours.
    pub fn last_gap(&self) -> Option<i64> {
        self.tracks.get(UNSEEN)?.points.back().map(|p| p.at)
    }

    fn file(&mut self, name: &str, at: i64, p: &Point) {
        let on_disk = self.on_disk.is_some();
        let Some(track) = self.track(name) else { return };
        let at = track.settle(at);
        let Some(now) = minute(at) else { return };
        let p = Point { at, ..*p };
        let over = track.close(now);
        track.gathering.get_or_insert_with(|| Gathering::new(now)).add(&p);
        track.push_point(p);
        if on_disk {
            let name = track.name.clone();
            self.waiting.minutes.extend(over.map(|b| (name.clone(), b)));
            self.waiting.points.push((name, p));
        }
        self.revision += 1;
        let since = at.saturating_sub(self.handed);
        // What was asked before and answered slowly is no clock that was set back.
        if since < -SLACK {
            self.handed = at;
        }
        if !(-SLACK..HAND_OVER).contains(&since) || self.waiting.points.len() >= WAITING_MOST {
            self.hand_over(at, now);
        }
    }

    fn hand_over(&mut self, at: i64, before: u32) {
        self.handed = self.handed.max(at);
        self.waiting.now = self.handed;
        let (mut buckets, mut points) = (0, 0);
        for t in self.tracks.values_mut() {
            if let Some(b) = t.close(before).filter(|_| self.on_disk.is_some()) {
                self.waiting.minutes.push((t.name.clone(), b));
            }
            buckets += t.minutes.len();
            points += t.points.len();
        }
        self.bound(buckets, points);
        let Some((dir, keep)) = &self.on_disk else { return };
        if self.waiting.points.is_empty() && self.waiting.minutes.is_empty() {
            return;
        }
        if self.writer.is_none() {
            self.writer = Writer::start(dir.clone(), *keep, self.said.clone());
        }
        let batch = std::mem::take(&mut self.waiting);
        if let Some(back) = self.writer.as_mut().and_then(|w| w.write(batch)) {
            self.waiting = back;
            if self.waiting.points.len() >= WAITING_MOST {
                self.waiting = Batch::default();
                self.said.push("the disk is too slow for observations: some are kept in memory only".to_owned());
            }
        }
    }

    /// Memory has an end: the oldest minutes of all endpoints go first, an hour at a time.
    fn bound(&mut self, mut buckets: usize, mut points: usize) {
        while buckets > BUCKETS_MOST {
            let oldest = self.tracks.values().filter_map(|t| t.minutes.front()).map(|b| b.minute).min();
            let Some(until) = oldest.map(|m| m.saturating_add(60)) else { break };
            for t in self.tracks.values_mut() {
                while t.minutes.front().is_some_and(|b| b.minute < until) {
                    t.minutes.pop_front();
                    buckets -= 1;
                }
            }
        }
        while points > POINTS_MOST {
            let oldest = self.tracks.values().filter_map(|t| t.points.front()).map(|p| p.at).min();
            let Some(until) = oldest.map(|at| at.saturating_add(5 * MINUTE)) else { break };
            for t in self.tracks.values_mut() {
                while t.points.front().is_some_and(|p| p.at < until) {
                    t.points.pop_front();
                    points -= 1;
                }
            }
        }
        // An endpoint that is not asked any more, and of which nothing is left.
        self.tracks.retain(|_, t| !t.points.is_empty() || !t.minutes.is_empty() || t.gathering.is_some());
    }

    /// Grows with every observation.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The next sentence for the activity line: damage that was found, a disk that cannot be written, and can again.
    pub fn said(&self) -> Option<String> {
        self.said.next()
    }

    /// Observations of an endpoint from an instant on, oldest first; of the last two hours.
    pub fn points(&self, endpoint: &str, from: i64) -> impl Iterator<Item = &Point> {
        let points = self.tracks.get(endpoint).map(|t| &t.points);
        points.into_iter().flat_map(move |p| p.range(p.partition_point(|p| p.at < from)..))
    }

    /// Minutes of an endpoint from an instant on, oldest first; the present one as far as it came. One that was cut by a
    /// restart may come in two pieces.
    pub fn minutes(&self, endpoint: &str, from: i64) -> impl Iterator<Item = Bucket> {
        let track = self.tracks.get(endpoint);
        let over = track.into_iter().flat_map(move |t| {
            let m = &t.minutes;
            m.range(m.partition_point(|b| b.at() <= from.saturating_sub(MINUTE))..).copied()
        });
        let now = track.and_then(|t| t.gathering.as_ref()).and_then(Gathering::bucket);
        over.chain(now)
    }

    /// Everything of the last two hours once more, each endpoint's oldest first: what detectors are warmed with.
    pub fn recent(&self) -> impl Iterator<Item = Observation> {
        let seen = self.tracks.values().filter(|t| &*t.name != UNSEEN);
        seen.flat_map(|t| t.points.iter().filter_map(|p| p.observation(&t.name)))
    }

    /// Bytes of memory that it holds, as far as they are counted here.
    pub fn memory(&self) -> usize {
        let each = |t: &Track| {
            size_of::<Track>()
                + t.name.len()
                + t.points.capacity() * size_of::<Point>()
                + t.minutes.capacity() * size_of::<Bucket>()
        };
        let waiting = self.waiting.points.capacity() * size_of::<(Arc<str>, Point)>()
            + self.waiting.minutes.capacity() * size_of::<(Arc<str>, Bucket)>();
        self.tracks.values().map(each).sum::<usize>() + waiting
    }

    /// Writes what waits, the minute that is not over included, and waits for it; for two seconds at most.
    pub fn finish(&mut self) {
        if self.on_disk.is_some() {
            self.hand_over(self.handed, u32::MAX);
        }
        if let Some(w) = &self.writer {
            w.finish(std::mem::take(&mut self.waiting));
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Files were read newest first, and two writers may have filled the same minute.
fn in_order(t: &mut Track) {
    t.points.make_contiguous().sort_by_key(|p| p.at);
    while t.points.len() > POINTS_EACH {
        t.points.pop_front();
    }
    t.minutes.make_contiguous().sort_by_key(|b| b.minute);
    let mut last: Option<Bucket> = None;
    let mut out = VecDeque::with_capacity(t.minutes.len());
    for b in std::mem::take(&mut t.minutes) {
        match last.as_mut().filter(|l| l.minute == b.minute) {
            Some(l) => l.add(&b),
            None => out.extend(last.replace(b)),
        }
    }
    out.extend(last);
    t.minutes = out;
}
