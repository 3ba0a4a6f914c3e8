//! Every built-in runbook, in each of its strategies, cut short and gone wrong at every step.
//!
//! A run is lived from its first step to its closed end against [`super::model`], on every [`Road`] that a request can
//! take, with the real journal on a disk in memory. At each record of a step it is forked: the computer dies before the
//! record, in the middle of it, and when it is durable and nothing has followed from it. Each fork is taken up from the
//! bytes that are left and lived to its end.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use lifeboat::catalog::{Catalog, File};
use lifeboat::desk::{entry_of, line_of};
use lifeboat::journal::{Disk, Header, Journal, MemoryDisk, segment_name};
use lifeboat::plan::model::{Plan, PlannedStep, Texts};
use lifeboat::record::{App, Mode as RecordMode, client_request_id};
use lifeboat::rehearsal::scenario::{Choice, Outcome};
use lifeboat::run::approval::{guard_name, of_changes};
use lifeboat::run::command::{Command, Order, StepCommand, Ticket};
use lifeboat::run::decide::{Draft, decide};
use lifeboat::run::effect::{self, Effect};
use lifeboat::run::event::{Actor, Change, Entry, Event, Found, Mode, Reading, ScenarioRef, Start, StepState};
use lifeboat::run::guards_undo;
use lifeboat::run::state::Run;
use lifeboat::runbook::Kind;
use lifeboat::runbook::model::{Guard, Phase, StepId, Strategy, Undo};
use lifeboat::units::Now;

use super::model::{Model, Road, kind_of, requests};
use super::{all, each};

const EPOCH: i64 = 1_790_000_000_000;
const RUN: &str = "matrix";
/// Orders after which a run that is not closed goes round in circles.
const ENDLESS: usize = 4_000;

/// When the computer dies, of one write to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dies {
    Before,
    Within,
    /// It is durable, and nothing that follows from it has begun.
    After,
}

/// Whether it is about requests, or about agreeing to them.
fn sends(kind: &str) -> bool {
    kind.starts_with("action.") || kind.starts_with("gate.")
}

/// Where nothing is sent, dying before a record is dying after the one before it.
fn moments(sends: bool) -> &'static [Dies] {
    if sends { &[Dies::Before, Dies::Within, Dies::After] } else { &[Dies::Within, Dies::After] }
}

/// What struck which step: runbook, strategy, step → faults.
type Tally = Mutex<BTreeMap<(String, Strategy, StepId), BTreeMap<String, u32>>>;

/// A run as it is lived.
struct Life<'a> {
    plan: Arc<Plan>,
    road: Road,
    run: Run,
    disk: MemoryDisk,
    /// None: the rest of a fork, where nothing dies any more.
    journal: Option<Journal>,
    entries: Vec<Entry>,
    azure: Model,
    queue: VecDeque<Effect>,
    ids: HashMap<(StepId, u32), String>,
    at: u64,
    /// Forks are counted here; a fork itself is not forked.
    tally: Option<(&'a Tally, &'a BTreeSet<StepId>)>,
    /// Entries there were when it was taken up.
    opened: usize,
}

fn dir() -> PathBuf {
    PathBuf::from("runs").join(RUN)
}

fn header() -> Header {
    let app = App { version: "0".to_owned(), sha256: None };
    let time = Arc::new(|| Now { utc: EPOCH, mono: 0, wall: EPOCH });
    Header { ballast: 0, time, ..Header::new(RUN, RecordMode::Rehearsal, app, "device") }
}

fn operator() -> Actor {
    Actor::Operator("Ada".to_owned())
}

impl<'a> Life<'a> {
    fn begin(of: &'a Bound, road: Road, tally: &'a Tally) -> Self {
        let plan = of.plan.clone();
        let disk = MemoryDisk::new();
        let journal = Some(Journal::create(Arc::new(disk.clone()), dir(), header()).unwrap());
        let mut life = Self {
            run: Run::of(plan.clone()),
            azure: Model::new(road),
            tally: Some((tally, &of.fresh)),
            opened: 0,
            entries: Vec::new(),
            queue: VecDeque::new(),
            ids: HashMap::new(),
            at: 0,
            plan,
            road,
            disk,
            journal,
        };
        let plan = &life.plan;
        let scenario = ScenarioRef { id: RUN.to_owned(), sha256: String::new(), seed: 1, epoch: EPOCH };
        let start = Box::new(Start::of(plan, Mode::Rehearsal, Phase::ALL.to_vec(), Some(scenario)));
        // The plan is at hand. With its texts in the record, reading them again would be most of the work.
        let (texts, operator_name) = (Texts::default(), "Ada".to_owned());
        life.order(operator(), Command::Start { start, texts, operator: operator_name, key: None });
        life
    }

    fn what(&self) -> String {
        format!("{} {:?} on the road {:?}", self.plan.id, self.plan.strategy, self.road)
    }

    /// Decided, made durable, applied; and cut short at each of these moments.
    fn order(&mut self, actor: Actor, command: Command) {
        self.at += 1_000;
        let order = Order { actor, command, now: EPOCH + self.at as i64 };
        let drafts = decide(&self.run, &order).unwrap_or_else(|e| panic!("{}: {e}: {order:?}", self.what()));
        let about = drafts.iter().find_map(|d| d.step.clone()).filter(|step| self.is_watched(step, &drafts));
        let before = about.as_ref().map(|_| self.length());
        let mut states: Vec<Run> = about.iter().map(|_| self.run.clone()).collect();
        let kinds: BTreeSet<String> = drafts.iter().map(|d| d.event.kind()).collect();
        for (d, hash) in self.record(drafts) {
            let entry = Entry { at: order.now, actor: d.actor, step: d.step, event: d.event };
            if let (Event::ActionIntended { n, .. }, Some(step)) = (&entry.event, &entry.step) {
                self.ids.insert((step.clone(), *n), client_request_id(&hash));
            }
            self.run.apply(&entry).unwrap();
            self.queue.extend(effect::of(&self.run, &entry));
            self.entries.push(entry);
            if about.is_some() {
                states.push(self.run.clone());
            }
        }
        if let (Some(step), Some(before)) = (about, before) {
            for dies in moments(kinds.iter().any(|k| sends(k))) {
                self.die(&step, &kinds, *dies, before, &states);
            }
        }
    }

    fn record(&mut self, drafts: Vec<Draft>) -> Vec<(Draft, String)> {
        let Some(journal) = &mut self.journal else {
            let name = |n: usize| format!("unrecorded {n}");
            let from = self.entries.len();
            return drafts.into_iter().enumerate().map(|(n, d)| (d, name(from + n))).collect();
        };
        let plan = Some((self.plan.id.as_str(), self.plan.digest.as_str()));
        let line = |d| line_of(d, Mode::Rehearsal, plan, None, Some(self.at));
        let lines: Vec<_> = drafts.iter().map(line).collect();
        let written = journal.append(&lines).unwrap();
        drafts.into_iter().zip(written.into_iter().map(|w| w.hash)).collect()
    }

    fn length(&self) -> u64 {
        self.disk.len(&dir().join(segment_name(1))).unwrap()
    }

    /// Whether the run is forked here: everywhere on the smooth road, where the others leave it on them.
    fn is_watched(&self, step: &str, drafts: &[Draft]) -> bool {
        let any = |kinds: &[&str]| drafts.iter().any(|d| kinds.contains(&d.event.kind().as_str()));
        let undoing = || {
            self.run.step(step).is_some_and(|s| s.undoing && !s.own_state().over())
                || drafts.iter().any(|d| {
                    matches!(
                        d.event,
                        Event::StepStarted { undo: true, .. } | Event::ApprovalRequested { undo: true, .. }
                    )
                })
        };
        self.tally.is_some_and(|(_, steps)| steps.contains(step))
            && match self.road {
                Road::Smooth => true,
                Road::Slow => any(&["action.accepted", "action.result"]),
                Road::TakenBack => undoing(),
                _ => {
                    const GONE_WRONG: [&str; 6] = [
                        "action.indeterminate",
                        "action.reconciled",
                        "action.result",
                        "step.failed",
                        "step.reopened",
                        "gate.denied",
                    ];
                    self.azure.struck.contains(step) && any(&GONE_WRONG)
                }
            }
    }

    /// The computer dies, is started again, and the run is taken up from what the disk has kept.
    fn die(&self, step: &str, kinds: &BTreeSet<String>, dies: Dies, before: u64, states: &[Run]) {
        let what = format!("{}: {step}, {dies:?} {kinds:?}", self.what());
        let disk = self.disk.crash(0);
        let file = dir().join(segment_name(1));
        let durable = disk.len(&file).unwrap();
        assert_eq!(durable, self.length(), "{what}: called durable, and it is not");
        // Somewhere else in each: the torn end may hold whole records, or none.
        let cut = (durable - before) * (1 + self.at / 1_000 % 7) / 8;
        let (len, lived) = match dies {
            Dies::Before => (before, &states[..1]),
            Dies::Within => (before + cut, states),
            Dies::After => (durable, &states[states.len() - 1..]),
        };
        disk.tamper(&file, |bytes| bytes.truncate(len as usize)).unwrap();
        let mut life = self.taken_up(disk, lived, &what);
        life.go_on(&what, |run| run.step(step).is_none_or(|s| s.own_state().over()));
        // From here on nothing dies, and the core alone goes on; whether the record was there or is made again, the same way.
        if dies == Dies::After || all() {
            life.journal = None;
            life.go_on(&what, |_| false);
            life.audit(&what);
        }
        let Some((tally, _)) = self.tally else { return };
        let key = (self.plan.runbook_id.clone(), self.plan.strategy, step.to_owned());
        let mut tally = tally.lock().unwrap();
        let struck = tally.entry(key).or_default();
        for kind in kinds {
            *struck.entry(format!("{dies:?} {kind}")).or_default() += 1;
        }
        *struck.entry("cases".to_owned()).or_default() += 1;
    }

    /// Replays what is there, holds it against what was lived, and begins what is owed.
    fn taken_up(&self, disk: MemoryDisk, lived: &[Run], what: &str) -> Life<'static> {
        let opened = Journal::open(Arc::new(disk.clone()), dir(), header(), None).unwrap();
        assert!(opened.damage.is_empty(), "{what}: {:?}", opened.damage);
        let read = |r: &lifeboat::record::Stored| entry_of(&r.body, Some(EPOCH)).unwrap();
        let entries: Vec<Entry> = opened.records.iter().filter_map(read).collect();
        let mut run = Run::of(self.plan.clone());
        entries.iter().for_each(|e| run.apply(e).unwrap());
        let lived = lived.iter().find(|s| s.entries == run.entries);
        let lived = lived.unwrap_or_else(|| panic!("{what}: {} entries are left", run.entries));
        assert!(run == *lived, "{what}: what is replayed is not what was lived");
        let intended = opened.records.iter().filter(|r| super::is(r, "action.intent"));
        let intended: BTreeSet<String> = intended.map(|r| client_request_id(&r.h.to_string())).collect();
        let received = self.azure.received.keys();
        received.for_each(|id| assert!(intended.contains(id), "{what}: Azure was asked, and no record says so"));
        let mut life = Life {
            plan: self.plan.clone(),
            road: self.road,
            azure: self.azure.clone(),
            queue: VecDeque::new(),
            ids: HashMap::new(),
            at: self.at,
            tally: None,
            opened: 0,
            journal: Some(opened.journal),
            run,
            disk,
            entries,
        };
        let from = life.entries.len();
        life.order(Actor::System, Command::Open { scenario_ms: Some(self.at) });
        let opening = &life.entries[from..];
        assert!(!opening.iter().any(|e| matches!(e.event, Event::ActionIntended { .. })), "{what}: sent by a restart");
        life.queue = effect::pending(&life.run).into();
        life.owes(from, what);
        life.opened = from;
        life
    }

    /// By the record: what was on its way is asked about, what Azure works on is followed, and nothing is sent.
    fn owes(&self, records: usize, what: &str) {
        assert!(!self.queue.iter().any(|e| matches!(e, Effect::Send(..))), "{what}: sent by a restart");
        let mut fates: BTreeMap<(&str, u32), Option<&str>> = BTreeMap::new();
        for e in &self.entries[..records] {
            let Some(step) = e.step.as_deref() else { continue };
            match &e.event {
                Event::ActionIntended { n, .. } | Event::ActionIndeterminate { n, .. } => {
                    fates.insert((step, *n), None);
                }
                Event::ActionAccepted { n, operation, .. } => {
                    fates.insert((step, *n), Some(operation));
                }
                Event::ActionFinished { n, .. }
                | Event::ActionReconciled { n, found: Found::Applied | Found::NotApplied, .. } => {
                    fates.remove(&(step, *n));
                }
                Event::StepReopened { .. } | Event::StepDoneByHand { .. } => fates.retain(|(s, _), _| *s != step),
                _ => {}
            }
        }
        for ((step, n), operation) in fates {
            let here = |s: &str, m: u32| s == step && m == n;
            let asked = self.queue.iter().any(|e| matches!(e, Effect::ReadBack(s, m, _) if here(s, *m)));
            let follows = |e: &Effect, op: &str| matches!(e, Effect::Follow(s, m, _, o) if here(s, *m) && o == op);
            match operation {
                Some(op) => {
                    assert!(self.queue.iter().any(|e| follows(e, op)), "{what}: {op} of {step} goes on unseen");
                    assert!(!asked, "{what}: an accepted request of {step} is doubted");
                }
                None => {
                    let unclear = self.run.step(step).is_some_and(|s| s.own_state() == StepState::Indeterminate);
                    assert!(unclear && asked, "{what}: nobody asks what became of request {n} of {step}");
                }
            }
        }
    }

    fn go_on(&mut self, what: &str, until: impl Fn(&Run) -> bool) {
        for _ in 0..ENDLESS {
            if !self.run.open() || until(&self.run) {
                return;
            }
            self.turn(what);
        }
        panic!("{what}: without end at {:?}", self.run.current().map(|i| &self.run.steps[i]));
    }

    fn turn(&mut self, what: &str) {
        if let Some(e) = self.queue.pop_front() {
            let (id, last) = match &e {
                Effect::Send(step, n, _) => {
                    let of = self.run.step(step).map_or(0, |s| s.changes.len());
                    (self.ids.get(&(step.clone(), *n)).cloned(), *n as usize + 1 == of)
                }
                _ => (None, false),
            };
            let (step, command, again) = self.azure.answer(&e, id.as_deref(), last);
            let asked = matches!(e, Effect::Ask(..));
            let actor = if asked { Actor::Approver("Grace".to_owned()) } else { Actor::System };
            self.order(actor, Command::Step(step, command));
            self.queue.extend(again.then_some(e));
        } else if let Some(id) = self.run.automatic().first().cloned() {
            self.order(Actor::System, Command::Step(id, StepCommand::Check));
        } else {
            let command = self.next(what);
            self.order(operator(), command);
        }
    }

    /// What the operator does next.
    fn next(&self, what: &str) -> Command {
        if let Some((step, back)) = self.to_take_back() {
            return Command::Step(step.id.clone(), self.changing(step, back, true));
        }
        let Some(i) = self.run.current() else {
            let (role, statement) = ("service owner".to_owned(), "so it was".to_owned());
            return match self.run.signoffs.is_empty() {
                true => Command::SignOff { role, statement },
                false => Command::Close { outcome: Outcome::Recovered, summary: "over".to_owned() },
            };
        };
        let s = &self.run.steps[i];
        let planned = self.run.planned(&s.id).unwrap();
        let (word, anew) = ("I saw it".to_owned(), "once more".to_owned());
        let command = match self.run.state(i) {
            StepState::Ready | StepState::Undone if planned.decision => StepCommand::Decide {
                choice: Choice::FailOver,
                reason: "it is gone".to_owned(),
                expected_loss: "requests in flight".to_owned(),
                information: Vec::new(),
            },
            StepState::Ready | StepState::Undone if self.run.waits_for_word(i) => {
                StepCommand::Confirm { evidence: word }
            }
            StepState::Ready | StepState::Undone if planned.action.is_some() => {
                self.changing(planned, self.azure.missing(planned), false)
            }
            StepState::Ready | StepState::Undone => StepCommand::Check,
            StepState::Failed => StepCommand::Reopen { reason: anew },
            // Whoever received it is asked by telephone.
            StepState::Indeterminate if s.never_known() => {
                match requests(planned).iter().all(|c| self.azure.shows(c)) {
                    true => StepCommand::Confirm { evidence: word },
                    false => StepCommand::Reopen { reason: anew },
                }
            }
            state => panic!("{what}: {} is {state:?}, and nobody does anything about it", s.id),
        };
        Command::Step(s.id.clone(), command)
    }

    /// Changes are agreed to first, where that is asked.
    fn changing(&self, step: &PlannedStep, changes: Vec<Change>, undo: bool) -> StepCommand {
        let given = self.run.step(&step.id).and_then(|s| s.in_force()).map(|a| a.digest.clone());
        let agreed = given == Some(of_changes(&self.plan.digest, &step.id, &changes));
        if step.second_person.is_some() && !agreed && !changes.is_empty() {
            return StepCommand::AskSecondPerson { changes, undo, ticket: Ticket::default() };
        }
        let typed = step.typed_name().map(str::to_owned);
        let read = |g: &Guard| Reading {
            name: guard_name(g).to_owned(),
            value: "so".to_owned(),
            ok: Some(true),
            source: "model".to_owned(),
            at_utc: EPOCH,
            latency: None,
            raw: None,
        };
        let guards = step.guards.iter().filter(|g| !undo || guards_undo(g)).map(read).collect();
        match undo {
            true => StepCommand::Undo { changes, left: Vec::new(), guards, typed },
            false => StepCommand::Perform { changes, guards, option: None, typed },
        }
    }

    /// On the road on which everything is taken back once: what was done last.
    fn to_take_back(&self) -> Option<(&PlannedStep, Vec<Change>)> {
        if self.road != Road::TakenBack {
            return None;
        }
        let undone = |id: &str| {
            let is = |e: &Entry| matches!(e.event, Event::StepUndone) && e.step.as_deref() == Some(id);
            self.entries.iter().any(is)
        };
        self.run.steps.iter().find_map(|s| {
            let planned = self.run.planned(&s.id)?;
            let can = matches!(planned.undo, Undo::RestorePrevious | Undo::DeleteCreated)
                && s.own_state() == StepState::DoneByApp
                && !s.applied.is_empty()
                && self.run.holds_up(&s.id).is_none()
                && !undone(&s.id);
            can.then(|| (planned, self.azure.back(&s.applied)))
        })
    }

    /// The record of a whole life: closed, every step over, every request known to its end before the next.
    fn audit(&self, what: &str) {
        assert!(self.run.ended.as_ref().is_some_and(|e| e.outcome.is_some()), "{what}: not closed");
        assert_eq!(self.run.progress().0, self.run.steps.len(), "{what}: steps are left open");
        let mut open: HashMap<&str, u32> = HashMap::new();
        let mut begun: HashMap<&str, (usize, &[Change])> = HashMap::new();
        for (i, e) in self.entries.iter().enumerate() {
            let Some(step) = e.step.as_deref() else { continue };
            match &e.event {
                Event::StepStarted { changes, .. } => drop(begun.insert(step, (i, changes))),
                Event::ActionIntended { n, .. } => {
                    let by_itself = begun[step].0 < self.opened && i >= self.opened;
                    assert!(!by_itself, "{what}: after a restart {step} was gone on with by itself");
                    assert_eq!(open.insert(step, *n), None, "{what}: {step} sends while one of it is open");
                }
                Event::ActionFinished { n, .. }
                | Event::ActionReconciled { n, found: Found::Applied | Found::NotApplied, .. } => {
                    assert_eq!(open.remove(step), Some(*n), "{what}: {step} has an answer to nothing");
                }
                Event::StepReopened { .. } | Event::StepDoneByHand { .. } => {
                    if let Some(n) = open.remove(step) {
                        let shown = begun[step].1[n as usize].can_be_read_back();
                        assert!(!shown, "{what}: a person's word stands for a look at {step}");
                    }
                }
                _ => {}
            }
        }
        assert!(open.is_empty(), "{what}: left open: {open:?}");
    }
}

/// One life, forked at every step of this road.
fn live(of: &Bound, road: Road, tally: &Tally) {
    let plan = &of.plan;
    let mut life = Life::begin(of, road, tally);
    let what = life.what();
    life.go_on(&what, |_| false);
    life.audit(&what);
    let mut tally = tally.lock().unwrap();
    for s in plan.steps.iter().filter(|s| of.fresh.contains(&s.id)) {
        let undone = || life.run.step(&s.id).is_some_and(|r| r.attempts > 2);
        if life.azure.struck.contains(&s.id) || (road == Road::TakenBack && undone()) {
            let struck = tally.entry((plan.runbook_id.clone(), plan.strategy, s.id.clone())).or_default();
            *struck.entry(format!("{road:?}")).or_default() += 1;
            *struck.entry("cases".to_owned()).or_default() += 1;
        }
    }
}

/// What has to have struck a step of this kind.
fn owed(s: &PlannedStep) -> Vec<String> {
    let mut kinds: Vec<&str> = Vec::new();
    let mut roads = Vec::new();
    let undoable = matches!(s.undo, Undo::RestorePrevious | Undo::DeleteCreated);
    if s.action.is_some() {
        kinds.extend(["action.intent", "action.accepted", "action.result", "action.indeterminate"]);
        kinds.extend(["action.reconciled", "step.verified", "step.failed"]);
        roads.extend([Road::Refused, Road::Fails, Road::LostDone, Road::LostNever, Road::LostLate, Road::Silence]);
        roads.extend(undoable.then_some(Road::TakenBack));
    } else if s.asks_a_person() {
        kinds.push("step.done_by_hand");
        kinds.extend(s.decision.then_some("decision"));
    } else {
        kinds.extend(["step.started", "step.failed", "step.reopened"]);
        kinds.push(if s.must_hold && !s.asks_a_word_too() { "step.already_true" } else { "step.verified" });
        roads.push(Road::NotVerified);
    }
    if s.second_person.is_some() && (s.action.is_some() || s.asks_a_person()) {
        kinds.extend(["gate.requested", "gate.approved", "gate.denied"]);
        roads.push(Road::Denied);
    }
    let at = |kind: &&'static str| {
        let kind = *kind;
        moments(sends(kind)).iter().map(move |d| format!("{d:?} {kind}"))
    };
    kinds.iter().flat_map(at).chain(roads.iter().map(|r| format!("{r:?}"))).collect()
}

/// A plan, and the steps of it that no plan before it has.
struct Bound {
    plan: Arc<Plan>,
    fresh: BTreeSet<StepId>,
}

/// Every built-in runbook in each of its strategies, as its built-in plan binds it; and where a step is in only when
/// something else was chosen, that plan with that choice.
fn bound(catalog: &Catalog) -> Vec<Bound> {
    let mut out = Vec::new();
    for id in catalog.ids(Kind::Runbook) {
        let book = catalog.runbook(&id).unwrap();
        let choices: BTreeSet<_> = book.steps.iter().map(|s| &s.when).collect();
        for strategy in book.objectives.keys() {
            let of = |f: &File| catalog.bind(f, Some(*strategy)).0.filter(|p| p.runbook_id == id);
            let (file, plan) =
                catalog.plans().find_map(|f| Some((f, of(f)?))).unwrap_or_else(|| panic!("{id}: no plan"));
            let mut known = BTreeSet::new();
            let chosen = choices.iter().filter_map(|when| {
                let text = when.iter().fold(file.text.clone(), |text, (name, value)| chosen(&text, name, value));
                of(&File { text, ..file.clone() })
            });
            for plan in std::iter::once(plan.clone()).chain(chosen) {
                let steps = plan.steps.iter().map(|s| s.id.clone());
                let fresh: BTreeSet<StepId> = steps.filter(|s| known.insert(s.clone())).collect();
                if !fresh.is_empty() {
                    out.push(Bound { plan: Arc::new(plan), fresh });
                }
            }
        }
    }
    out
}

/// A plan's text with another choice in it.
fn chosen(text: &str, name: &str, value: &str) -> String {
    let key = format!("\"{name}\": \"");
    match text.split_once(&key) {
        Some((before, rest)) => format!("{before}{key}{value}{}", &rest[rest.find('"').unwrap()..]),
        None => text.replacen("values: {", &format!("values: {{ {key}{value}\","), 1),
    }
}

#[test]
fn every_fault_at_every_step_of_every_runbook() {
    let began = Instant::now();
    let catalog = Catalog::builtin();
    let plans = bound(&catalog);
    let tally = Tally::default();
    let lives: Vec<(usize, Road)> = Road::ALL.iter().flat_map(|r| (0..plans.len()).map(|p| (p, *r))).collect();
    each(lives.len(), |n| live(&plans[lives[n].0], lives[n].1, &tally));

    let tally = tally.into_inner().unwrap();
    let (mut cases, mut different, mut kinds) = (0, 0, BTreeMap::<&str, u32>::new());
    for Bound { plan, fresh } in &plans {
        for s in plan.steps.iter().filter(|s| fresh.contains(&s.id)) {
            let struck = tally.get(&(plan.runbook_id.clone(), plan.strategy, s.id.clone()));
            let struck = struck.unwrap_or_else(|| panic!("nothing struck {} of {} {:?}", s.id, plan.id, plan.strategy));
            let missing: Vec<_> = owed(s).into_iter().filter(|f| !struck.contains_key(f)).collect();
            assert_eq!(missing, [""; 0], "never struck {} of {} {:?}: {struck:?}", s.id, plan.id, plan.strategy);
            cases += struck["cases"];
            different += struck.len() - 1;
            *kinds.entry(kind_of(s)).or_default() += struck["cases"];
        }
    }
    for id in catalog.ids(Kind::Runbook) {
        assert!(plans.iter().any(|b| b.plan.runbook_id == id), "{id}");
        for s in catalog.runbook(&id).unwrap().steps {
            let name = s.action.as_ref().map(|a| a.traits().name);
            assert!(name.is_none_or(|n| kinds.contains_key(n)), "{id}: nothing struck {name:?}");
        }
    }
    // The points of the action protocol: before, within and behind each of its records.
    let points = |faults: &BTreeMap<String, u32>| faults.keys().filter(|f| f.contains("action.")).count();
    let actions: Vec<usize> = tally.values().map(points).filter(|n| *n >= 7).collect();
    let cut: usize = actions.iter().sum();
    assert!(actions.len() >= 20 && cut >= 140, "{} actions, {cut} points", actions.len());
    crate::figure(&format!("T10 cut short: {} actions, {cut} points of their protocol, 0 sent twice", actions.len()));
    let steps: usize = plans.iter().map(|b| b.fresh.len()).sum();
    println!(
        "{cases} lives, {different} different (runbook, strategy, step, fault), {} plans, {steps} steps, in {:.1} s: {kinds:?}",
        plans.len(),
        began.elapsed().as_secs_f64()
    );
}
