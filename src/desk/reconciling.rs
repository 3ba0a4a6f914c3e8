//! A run held against Azure's Activity Log, at any time while Azure still has it. Nothing waits for it: what could not be read
//! is told. Of an open run the result goes into its record; of a closed one it is only shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::exporting::{Source, unrecorded};
use super::mailbox::{Envelope, Mail};
use super::opening::WORLD;
use super::record::entry_read;
use super::supervisor::Desk;
use super::{DeskError, chain};
use crate::azure::{Azure, Cloud, activity};
use crate::catalog::Catalog;
use crate::clock::{Clock, Speed, Task};
use crate::journal::{Disk, read_into};
use crate::record::{Corr, Kind, Read, RecordError, Target, client_request_id};
use crate::run::command::Command as Order;
use crate::run::event::{Correlation, Event, Found, Mode, Observed};
use crate::run::reconcile::{ACTIVITY_LOG, LAG, Logged, MARGIN, Reconciled, Sent, reconcile, window};
use crate::run::state::Run;
use crate::simulator::{Options, Simulator};
use crate::units::{ResourceId, visible};

/// What a run sent, and what it is about.
#[derive(Default)]
pub struct Asked {
    sent: Vec<Sent>,
    about: BTreeSet<String>,
    first: Option<i64>,
    last: i64,
    epoch: Option<i64>,
    run: Run,
    /// Whether all of it can be read by this version.
    trouble: Option<String>,
    mode: Option<Mode>,
    dir: PathBuf,
}

#[derive(serde::Deserialize)]
struct Rest {
    #[serde(default)]
    tgt: Option<Target>,
    #[serde(default)]
    corr: Option<Corr>,
}

impl Asked {
    /// Reads the record of a run.
    pub fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, DeskError> {
        let mut all: Self = read_into(disk, dir, Self::take)?;
        let values = all.run.plan.iter().flat_map(|p| p.values.values());
        let named = values.filter_map(|v| v.parse::<ResourceId>().ok()).map(|id| id.as_str().to_owned());
        let named: Vec<String> = named.chain(all.sent.iter().filter(|s| s.logged).map(|s| s.target.clone())).collect();
        all.about.extend(named);
        all.mode = all.run.start.as_ref().map(|s| s.mode);
        all.dir = dir.to_path_buf();
        Ok(all)
    }

    /// Whether it ran on a simulated Azure of its own, which its folder keeps.
    pub fn has_its_own(&self) -> bool {
        self.run.start.as_ref().is_some_and(|s| s.scenario.is_some())
    }

    /// The same of the Azure that the run was on: the connected one, if it can be that; a rehearsal's own where none is.
    pub async fn compare_where_it_ran(
        self,
        catalog: &Catalog,
        connected: Option<(&Azure, &Task)>,
    ) -> Result<Reconciled, DeskError> {
        let simulated =
            connected.and_then(|(azure, task)| Some((azure, task, azure.cloud().simulated.as_ref()?.epoch)));
        match (simulated, connected) {
            // A simulated Azure is known by the instant at which its time began.
            (Some((azure, task, began)), _) if self.epoch.map_or(self.first >= Some(began), |own| own == began) => {
                self.compare(azure, task).await
            }
            (None, _) if self.has_its_own() => Box::pin(self.compare_with_its_own(catalog)).await,
            (None, Some((azure, task))) if self.mode != Some(Mode::Rehearsal) => self.compare(azure, task).await,
            _ => Err(DeskError::Rehearsed),
        }
    }

    /// Brings up what the folder keeps, asks it, and lets it end; nothing is written there.
    async fn compare_with_its_own(self, catalog: &Catalog) -> Result<Reconciled, DeskError> {
        let file = self.dir.join(WORLD);
        let start = self.run.start.as_ref().ok_or(DeskError::Rehearsed)?;
        let reference = start.scenario.as_ref().ok_or(DeskError::Rehearsed)?;
        let kept = Simulator::kept(&file)?.ok_or(DeskError::Rehearsed)?;
        // At full speed: an answer takes none of the time that has passed there.
        let clock = Clock::scenario(kept.epoch, kept.position, Speed::Max);
        let mut options = Options::new(catalog.scenario(&reference.id)?, clock.clone());
        (options.strategy, options.seed) = (Some(start.strategy), reference.seed);
        (options.state_file, options.only_looks) = (Some(file), true);
        let simulator = Simulator::start(options).await?;
        let line = serde_json::to_string(&simulator.connection()).unwrap_or_default();
        let out = match Cloud::from_line(&line).and_then(Azure::new) {
            Ok(azure) => self.compare(&azure, &clock.task()).await,
            Err(e) => Err(e.into()),
        };
        simulator.shutdown().await?;
        out
    }

    fn take(&mut self, read: &Read<'_>) -> Result<(), RecordError> {
        let rest: Rest = serde_json::from_slice(read.body).map_err(|source| RecordError::Json { source })?;
        let entry = match entry_read(&read.envelope, self.epoch) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(()),
            Err(e) => {
                self.trouble.get_or_insert_with(|| format!("record {}: {e}", read.envelope.seq));
                return Ok(());
            }
        };
        self.first.get_or_insert(entry.at);
        let step = entry.step.clone().unwrap_or_default();
        match &entry.event {
            Event::Started(s) => self.epoch = s.scenario.as_ref().map(|s| s.epoch),
            Event::ActionIntended { n, url, .. } => self.sent.push(Sent {
                seq: read.envelope.seq,
                step,
                n: *n,
                at: entry.at,
                target: rest.tgt.map(|t| t.id).unwrap_or_default(),
                ids: vec![client_request_id(read.hex)],
                taken: false,
                logged: to_resource_manager(url),
            }),
            Event::ActionAccepted { n, corr, .. } => self.answered(&step, *n, true, corr, rest.corr),
            Event::ActionFinished { n, corr, failure } => self.answered(&step, *n, failure.is_none(), corr, rest.corr),
            Event::ActionReconciled { n, found: Found::Applied, .. } => {
                self.answered(&step, *n, true, &Correlation::default(), None);
            }
            _ => {}
        }
        // Looking again at an old run does not make it longer.
        if !matches!(&entry.event, Event::Observed(o) if o.what == ACTIVITY_LOG) {
            self.last = self.last.max(entry.at);
        }
        if self.trouble.is_none()
            && let Err(e) = self.run.apply(&entry)
        {
            self.trouble = Some(e.to_string());
        }
        Ok(())
    }

    /// Azure answered the newest request of this step and number.
    fn answered(&mut self, step: &str, n: u32, taken: bool, said: &Correlation, frame: Option<Corr>) {
        let Some(s) = self.sent.iter_mut().rev().find(|s| s.step == step && s.n == n) else { return };
        s.taken |= taken;
        let frame = frame.unwrap_or_default();
        let ids = [said.request_id.clone(), said.correlation_id.clone(), frame.request, frame.correlation];
        s.ids.extend(ids.into_iter().flatten());
    }

    fn subscriptions(&self) -> BTreeSet<String> {
        let of = |id: &String| id.parse::<ResourceId>().ok().map(|r| r.subscription().to_owned());
        self.about.iter().filter_map(of).collect()
    }

    /// Reads the logs of all subscriptions and compares. What cannot be read is told, and blocks nothing.
    pub async fn compare(self, azure: &Azure, task: &Task) -> Result<Reconciled, DeskError> {
        let Some(first) = self.first else { return Err(DeskError::NothingToCompare("it holds no event of a run")) };
        // A rehearsal's time is its own, and its log does not lag.
        let rehearsed = self.epoch.map(|_| self.last.saturating_add(i64::try_from((MARGIN + LAG).0).unwrap_or(0)));
        let now = rehearsed.unwrap_or(i64::MIN).max(task.now().utc);
        let Some((from, to)) = window(first, self.last.max(first), now) else {
            return Err(DeskError::NothingToCompare("Azure keeps its log for 90 days, and the run is older"));
        };
        let (mut logged, mut unread) = (Vec::new(), Vec::new());
        for subscription in self.subscriptions() {
            match activity::between(azure, task, &subscription, from, to).await {
                Ok(events) => logged.extend(events.into_iter().map(told)),
                Err(e) => unread.push(format!("subscription {}: {}", visible(&subscription), chain(&e))),
            }
        }
        if window(first, first, now).is_none_or(|(begin, _)| begin > first) {
            unread.push("Azure keeps its log for 90 days, and the run is older in part".to_owned());
        }
        unread.extend(self.trouble.map(|why| format!("the record, in part: {why}")));
        let about: Vec<String> = self.about.into_iter().collect();
        let out = reconcile(&self.sent, &logged, &about, (from, to), now);
        Ok(Reconciled { unread, ..out })
    }
}

/// Changes of data go to hosts of their own.
fn to_resource_manager(url: &str) -> bool {
    url.strip_prefix("https://management.").is_some()
}

fn told(e: activity::Event) -> Logged {
    let failed = e.status.eq_ignore_ascii_case("Failed");
    let ids = [e.client_request_id.unwrap_or_default(), e.correlation.clone(), e.operation_id];
    Logged {
        at: e.at,
        target: e.resource,
        operation: e.operation,
        caller: e.caller,
        ids: ids.into_iter().filter(|i| !i.is_empty()).collect(),
        request: e.correlation,
        failed,
    }
}

/// As the record has it.
fn observed(r: &Reconciled) -> Observed {
    Observed {
        text: r.text(),
        what: ACTIVITY_LOG.to_owned(),
        state: r.state().to_owned(),
        reasons: r.lines(),
        ..Observed::default()
    }
}

impl Source<'_> {
    /// Compares a run, and records it where the run is open. What could not be recorded is said beside.
    pub async fn reconcile(
        &self,
        run: &str,
        connected: Option<(&Azure, &Task)>,
    ) -> Result<(Reconciled, Option<String>), DeskError> {
        let dir = self.home.find_run(self.disk.as_ref(), run)?;
        let asked = Asked::read(self.disk.as_ref(), &dir)?;
        let out = asked.compare_where_it_ran(&self.home.catalog()?, connected).await?;
        let d: Value = json!(observed(&out));
        let noted = self.note(&dir, Kind::Observe, d);
        Ok((out, noted.err().map(|e| unrecorded("comparison with the Activity Log", &e))))
    }
}

/// Comparisons of this session, by run id.
pub type Comparisons = BTreeMap<String, Result<Reconciled, String>>;

impl Desk {
    /// Begins to compare a run with the Activity Log of the connected Azure; the answer is in the snapshot.
    pub(super) fn compare_with_activity(&mut self, run: &str) -> Result<(), DeskError> {
        let disk = self.options.disk.clone();
        let dir = self.options.home.find_run(disk.as_ref(), run)?;
        let id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let own = self.runs().find(|o| o.session.id == id);
        // A run that is worked on has a time of its own; any other is looked at now.
        let connected = match own.and_then(|o| o.world.as_ref()) {
            Some(world) => Ok((world.azure.clone(), world.clock.task())),
            None => self.connected().map(|azure| (azure, self.system_clock.task())),
        };
        let catalog = self.catalog.clone();
        if !self.comparing.insert(id.clone()) {
            return Ok(());
        }
        let to = self.to.clone();
        tokio::spawn(async move {
            let read = tokio::task::spawn_blocking(move || Asked::read(disk.as_ref(), &dir)).await;
            let out = match read {
                Ok(Ok(asked)) => match &connected {
                    Err(e) if !asked.has_its_own() => Err(chain(e)),
                    connected => {
                        let connected = connected.as_ref().ok().map(|(azure, task)| (azure, task));
                        asked.compare_where_it_ran(&catalog, connected).await.map_err(|e| chain(&e))
                    }
                },
                Ok(Err(e)) => Err(chain(&e)),
                Err(e) => Err(e.to_string()),
            };
            let mail = Mail::Compared(id, Box::new(out));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        Ok(())
    }

    /// It goes into the record of the run if that is open here.
    pub(super) fn compared(&mut self, run: String, out: Result<Reconciled, String>) -> Result<(), DeskError> {
        self.say(match &out {
            Ok(r) => format!("Activity Log: {}", r.text()),
            Err(why) => format!("the run could not be compared with the Activity Log: {why}"),
        });
        let works = |o: &super::supervisor::Open| o.session.id == run && o.session.works();
        let (shown, other) = (self.open.as_deref().is_some_and(works), self.others.iter().position(|o| works(o)));
        let fact = out.as_ref().ok().map(observed);
        self.comparing.remove(&run);
        std::sync::Arc::make_mut(&mut self.comparisons).insert(run, out);
        let Some(fact) = fact else { return Ok(()) };
        let note = |desk: &mut Self| desk.order_as(desk.me(), Order::Observe(fact));
        match other {
            _ if shown => note(self),
            Some(i) => self.behind(i, note).unwrap_or(Ok(())),
            None => Ok(()),
        }
    }
}
