//! Beginning and taking up runs: the plan, the journal, the simulated Azure, the watch.

use std::sync::Arc;

use crate::azure::{Azure, Cloud};
use crate::clock::{Clock, Speed};
use crate::plan::model::Plan;
use crate::plan::readiness::pace;
use crate::rehearsal::scenario::{Scenario, What};
use crate::rehearsal::schedule::Schedule;
use crate::rehearsal::script::Script;
use crate::run::command::Command;
use crate::run::effect;
use crate::run::event::{Actor, Mode, ScenarioRef, Start};
use crate::runbook::model::{Phase, Strategy};
use crate::simulator::{self, Simulator};
use crate::units::{Millis, sha256_hex};

use super::executor::World;
use super::happenings::schedule;
use super::monitor::Monitor;
use super::session::Session;
use super::snapshot::Problem;
use super::supervisor::{Desk, Idle, Open};
use super::tabletop::around_table;
use super::watch::{self, Targets, When};
use super::{DeskError, ScriptSource};

/// Name of the file in a rehearsal's folder that keeps the simulated world.
pub(super) const WORLD: &str = "world.json";
/// The scenario's name as an actor.
pub(super) const SCENARIO: &str = "scenario";
/// Phases of a run in an incident; preparation belongs before it.
const INCIDENT: [Phase; 6] =
    [Phase::Decide, Phase::FailOver, Phase::Verify, Phase::Operate, Phase::FailBack, Phase::Review];

impl Desk {
    /// Starts a rehearsal.
    pub(super) async fn start_rehearsal(
        &mut self,
        id: &str,
        strategy: Option<Strategy>,
        speed: Speed,
        seed: u64,
        tabletop: bool,
    ) -> Result<(), DeskError> {
        self.room(true)?;
        let scenario = self.catalog.scenario(id)?;
        let mode = if tabletop { Mode::Tabletop } else { Mode::Rehearsal };
        if tabletop && !scenario.tabletop.offered {
            return Err(DeskError::NoTabletop(scenario.id));
        }
        let strategy = match strategy {
            Some(s) if !scenario.strategies.contains(&s) => {
                let known: Vec<_> = scenario.strategies.iter().map(|s| s.display()).collect();
                return Err(DeskError::Strategy { scenario: scenario.id, asked: s.display(), known: known.join(", ") });
            }
            Some(s) => Some(s),
            None => scenario.strategies.first().copied(),
        };
        let plan = Arc::new(self.catalog.plan(&scenario.plan, strategy)?);
        // Nothing costs scenario time before the first record is durable.
        // From a whole minute on: meters count by the minute, and the same seed must give the same rehearsal.
        let epoch = Clock::system().now().wall / 60_000 * 60_000;
        let clock = Clock::scenario(epoch, Millis(0), Speed::Times(0));
        let signs = self.signs().await;
        let mut session = Session::create(
            self.options.disk.clone(),
            &self.options.home.runs(),
            mode,
            clock.clone(),
            Some(epoch),
            Some(scenario.clone()),
            signs,
        )?;
        session.run = crate::run::state::Run::of(plan.clone());
        let phases = if scenario.phases.is_empty() { INCIDENT.to_vec() } else { scenario.phases.clone() };
        let start = Start::of(
            &plan,
            mode,
            phases,
            Some(ScenarioRef {
                id: scenario.id.clone(),
                sha256: sha256_hex(self.catalog.scenario_file(&scenario.id)?.text.as_bytes()),
                seed,
                epoch,
            }),
        );
        let (me, name) = (self.me(), self.operator.clone());
        session.order(
            me,
            Command::Start { start: Box::new(start), texts: plan.texts.clone(), operator: name, key: None },
        )?;
        let (actor, order) = declaration(&scenario, plan.strategy, epoch);
        session.order(actor, order)?;
        Box::pin(self.bring_up(session, plan, seed, speed, false)).await
    }

    /// Starts a run on the connected Azure.
    pub(super) async fn start_run(
        &mut self,
        plan_name: &str,
        strategy: Option<Strategy>,
        dry_run: bool,
    ) -> Result<(), DeskError> {
        self.room(false)?;
        let cloud = self.cloud()?;
        self.catalog.reread();
        let plan = Arc::new(self.plan_named(plan_name, strategy)?);
        let trusted = self.trusted(&plan, &cloud)?;
        let beginning = self.beginning()?;
        self.no_live_run_of(&plan, cloud.is_simulated())?;
        let mode = match (dry_run, cloud.is_simulated()) {
            (true, _) => Mode::DryRun,
            (false, true) => Mode::Rehearsal,
            (false, false) => Mode::Live,
        };
        let clock = self.system_clock.clone();
        let signs = self.signs().await;
        let mut session =
            Session::create(self.options.disk.clone(), &self.options.home.runs(), mode, clock, None, None, signs)?;
        session.run = crate::run::state::Run::of(plan.clone());
        let start = Start::of(&plan, mode, INCIDENT.to_vec(), None);
        let (me, name) = (self.me(), self.operator.clone());
        session.order(
            me,
            Command::Start { start: Box::new(start), texts: plan.texts.clone(), operator: name, key: None },
        )?;
        drop(beginning);
        if let Some(t) = &trusted {
            let (by, order) = Self::trust_note(t);
            session.order(by, order)?;
        }
        Box::pin(self.bring_up(session, plan, 0, Speed::Times(1), false)).await
    }

    /// Takes a run up where it stood.
    pub(super) async fn open_run(&mut self, id: &str, speed: Speed) -> Result<(), DeskError> {
        let dir = self.find_run(id)?;
        let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if self.runs().any(|o| o.session.id == name && o.session.run.open()) {
            return self.focus(&name);
        }
        // Whether it is a rehearsal only its record says; nothing is appended to that before there is room.
        self.room(self.past.is_rehearsal(&name))?;
        let signs = self.signs().await;
        let mut session = Session::open(&self.options.disk, dir, self.past.open_as(&name), signs)?;
        let plan = session.run.plan.clone().ok_or(crate::run::state::ReplayError::NotStarted)?;
        let reference = session.run.start.as_ref().and_then(|s| s.scenario.clone());
        self.room(reference.is_some())?;
        if session.works() && reference.is_none() {
            if session.mode != Mode::DryRun {
                self.alone_with_its_plan(&plan, &session.id, session.mode)?;
            }
            // A folder that came from elsewhere is somebody else's file too.
            let cloud = self.cloud()?;
            let simulated = matches!(session.mode, Mode::Rehearsal);
            if session.mode != Mode::DryRun && simulated != cloud.is_simulated() {
                let (run, azure) = (super::view::run::short(&session.id), cloud.name);
                return Err(DeskError::OtherAzure { run, mode: session.mode.name(), azure });
            }
            self.trusted(&plan, &cloud)?;
        }
        // Tokens are kept by this clock's instants.
        session.clock = self.system_clock.clone();
        if let Some(reference) = &reference {
            session.scenario = Some(self.catalog.scenario(&reference.id)?);
            let kept = Simulator::kept(&session.dir.join(WORLD))?.map_or(Millis(0), |k| k.position);
            let reached = session.scenario_reached().unwrap_or_default().max(kept);
            session.clock = Clock::scenario(reference.epoch, reached, Speed::Times(0));
        }
        let seed = reference.map_or(0, |r| r.seed);
        let damage = session.damage.clone();
        Box::pin(self.bring_up(session, plan, seed, speed, true)).await?;
        if let Some(first) = damage.first() {
            self.notice = Some(Arc::new(damaged(first, damage.len())));
        }
        Ok(())
    }

    /// “Try the journal again”: what could not be recorded meanwhile is recorded now, in order. A run that another
    /// process held, or whose folder could not be written at all, is opened anew.
    pub(super) async fn retry_journal(&mut self) -> Result<(), DeskError> {
        self.notice = None;
        let mut all = Ok(());
        self.each_run(|desk| {
            if let Err(e) = desk.retry_held() {
                all = Err(e);
            }
        });
        all?;
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        if o.session.read_only().is_none() {
            return Ok(());
        }
        let (id, pace) = (o.session.id.clone(), o.pace);
        self.open = None;
        let opened = self.open_run(&id, pace).await;
        if opened.is_err()
            // Its watch ended with it; why the run cannot be opened is what has to be said.
            && let Err(e) = self.show_another().await
        {
            self.say(format!("not watching: {}", super::chain(&e)));
        }
        opened
    }

    /// What could not be recorded, where this process still holds the journal.
    fn retry_held(&mut self) -> Result<(), DeskError> {
        let held = |o: &&mut Open| o.session.read_only().is_some() && o.session.holds_journal();
        let Some(o) = self.open.as_deref_mut().filter(held) else { return Ok(()) };
        o.session.retry_journal()?;
        for mail in std::mem::take(&mut o.unsaved) {
            self.session_mail(mail);
        }
        Ok(())
    }

    /// The connected Azure.
    pub(super) fn cloud(&self) -> Result<Cloud, DeskError> {
        match &self.options.cloud {
            Some(c) => Ok(c.clone()),
            None if self.options.home.sign_in().exists() => Err(DeskError::NotConnected),
            None if self.options.home.plans().is_dir() => Ok(Cloud::public()?),
            None => Err(DeskError::NoCloud(self.options.home.plans())),
        }
    }

    /// A plan by id, or from its file.
    pub(super) fn plan_named(&self, name: &str, strategy: Option<Strategy>) -> Result<Plan, DeskError> {
        let path = std::path::Path::new(name);
        let mut catalog = self.catalog.clone();
        if path.is_file() {
            catalog = catalog.with(crate::catalog::read_path(path)?);
        }
        let Some(file) = catalog.plans().find(|f| f.name == name || f.path.as_deref() == Some(path)) else {
            if path.is_file() {
                return Err(DeskError::Plan { plan: name.to_owned(), first: "the file holds no plan".to_owned() });
            }
            return Ok(catalog.plan(name, strategy)?);
        };
        let (plan, found) = catalog.bind(file, strategy);
        plan.ok_or_else(|| DeskError::Plan {
            plan: name.to_owned(),
            first: found.iter().find(|d| d.is_error()).map_or_else(String::new, |d| d.message.clone()),
        })
    }

    /// The folder of a run, by id or by the four characters that people say.
    pub(super) fn find_run(&self, id: &str) -> Result<std::path::PathBuf, DeskError> {
        self.options.home.find_run(self.options.disk.as_ref(), id)
    }

    /// Everything that works for an open run.
    async fn bring_up(
        &mut self,
        session: Session,
        plan: Arc<Plan>,
        seed: u64,
        speed: Speed,
        again: bool,
    ) -> Result<(), DeskError> {
        self.sessions += 1;
        let number = self.sessions;
        let clock = session.clock.clone();
        let task = clock.task();
        let mut simulator = None;
        let ended = !session.works();
        let azure = match (&session.scenario, ended) {
            (_, true) => None,
            // People answer.
            _ if session.mode == Mode::Tabletop => None,
            // The simulated Azure belongs to whoever can write beside it: another process may be using it.
            (Some(_), false) if session.read_only().is_some() => None,
            (Some(scenario), false) => {
                let mut options = simulator::Options::new(scenario.clone(), clock.clone());
                options.strategy = Some(plan.strategy);
                options.seed = seed;
                options.state_file = Some(session.dir.join(WORLD));
                options.schedule = Some(Schedule::of(scenario, &session.run));
                let s = Simulator::start(options).await?;
                let line = serde_json::to_string(&s.connection()).unwrap_or_default();
                simulator = Some(s);
                Some(Azure::new(Cloud::from_line(&line)?)?)
            }
            (None, false) => Some(self.connected()?),
        };
        // Whatever can fail comes first: a run that cannot be opened does not end the watch.
        let world = azure.map(|a| self.world(a, plan.clone(), number, &clock, seed)).transpose()?;
        // What was seen of the same plan before the run began is evidence of it.
        let seen = self.idle.take().filter(|i| i.world.plan.digest == plan.digest && !clock.is_scenario());
        // A wrong way has its own answers, and its own deeds.
        let wrong = match (&self.options.script, &session.scenario) {
            (Some(ScriptSource::Wrong(id)), Some(s)) => s.gone_wrong(id),
            _ => None,
        };
        let played = wrong.as_ref().or(session.scenario.as_ref());
        let hands = played.map(|s| s.hands.clone()).unwrap_or_default();
        let script = match (&self.options.script, &session.scenario) {
            (Some(ScriptSource::Scenario), Some(s)) => Some(Script::new(s, plan.strategy)),
            (Some(ScriptSource::Answers(a)), Some(s)) => {
                Some(Script::new(&Scenario { answers: a.clone(), ..s.clone() }, plan.strategy))
            }
            (Some(ScriptSource::Wrong(_)), _) => wrong.as_ref().map(|s| Script::new(s, plan.strategy)),
            _ => None,
        };
        let rehearsed = pace(plan.subject(), &self.past.runs());
        let mut open = Box::new(Open {
            session,
            number,
            world: None,
            watch: None,
            simulator,
            script,
            hands,
            moving: false,
            asked: Default::default(),
            answering: Default::default(),
            steps: Default::default(),
            task: Some(task),
            pace: speed,
            jumping: false,
            sealed: false,
            verdicts: Default::default(),
            unjudged: false,
            seeing_since: None,
            unsaved: Vec::new(),
            score: None,
            timeline: None,
            rights: None,
            taking_back: None,
            rehearsed,
            drawn: Default::default(),
            scored: None,
            called: false,
            not_led: None,
        });
        if let Some(mut world) = world {
            match &seen {
                Some(idle) => world.monitor = idle.world.monitor.clone(),
                None => self.warm(&world),
            }
            {
                let mut watched = world.monitor.lock();
                watched.decision.t0 = open.session.run.clocks.t[0];
            }
            let azure = world.azure.clone();
            let early = clock.task();
            // Tokens are fetched early: sign-in may fail minutes later. What comes of it shows on the ladder.
            tokio::spawn(async move {
                let _ = azure.sign_in(&early).await;
            });
            open.watch = Some(watch::start(world.clone(), When::Run));
            open.world = Some(world);
        }
        let stands = open.world.is_none() && (!around_table(&open) || ended || open.session.read_only().is_some());
        if !stands {
            open.timeline = schedule(&open).map(|s| self.timeline(&open, &s));
        }
        if !open.session.run.open() {
            open.score();
        }
        self.put_aside();
        self.open = Some(open);
        self.ask_rights_of_run();
        if again {
            self.take_up()?;
        }
        // Who signed in before the run began; else it comes with the first token.
        self.sign_in_changed()?;
        self.run_at(if stands { Speed::Times(0) } else { speed });
        self.notice = None;
        self.refresh_runs();
        Ok(())
    }

    /// The speed of a rehearsal's own clock. The desk's clock belongs to no run.
    pub(super) fn run_at(&self, speed: Speed) {
        if let Some(o) = self.open.as_deref().filter(|o| o.session.epoch.is_some()) {
            o.session.clock.set_speed(speed);
        }
    }

    /// Azure, monitor and targets of a plan.
    fn world(&self, azure: Azure, plan: Arc<Plan>, number: u64, clock: &Clock, seed: u64) -> Result<World, DeskError> {
        let list = self.watch_list(&plan, &azure)?;
        // A rehearsal can be repeated; two laptops are out of step.
        let seed = if clock.is_scenario() { seed } else { self.watching.seed };
        let targets = Arc::new(Targets::new(list, &azure, seed)?);
        // Real keys stay out of rehearsals.
        if !clock.is_scenario() {
            self.hand_keys(&plan, &targets);
        }
        let monitor = Arc::new(Monitor::new(&plan, targets.list()));
        {
            let mut watched = monitor.lock();
            watched.pinned.clone_from(&self.watching.pinned);
            watched.decision.planned = Some(plan.until_moved());
            // A rehearsal does not learn from the ones before, so that it can be repeated.
            if !clock.is_scenario() && watched.decision.last_drill.is_none() {
                watched.decision.last_drill = pace(plan.subject(), &self.past.runs());
            }
        }
        Ok(World { azure, monitor, clock: clock.clone(), plan, mail: self.mailbox(number, clock), targets })
    }

    /// After a restart: what was at work is made honest, then what is owed is begun.
    fn take_up(&mut self) -> Result<(), DeskError> {
        let Some(o) = self.open.as_mut() else { return Ok(()) };
        if !o.session.run.open() || o.session.read_only().is_some() {
            return Ok(());
        }
        let scenario_ms = o.session.epoch.map(|_| o.session.clock.now().mono);
        // What the records of the opening demand is in the list of everything pending as well.
        o.session.order(Actor::System, Command::Open { scenario_ms })?;
        if o.session.run.clocks.t[0].is_none()
            && let Some(scenario) = o.session.scenario.clone()
        {
            // Cut short between its first two records.
            let strategy = plan_strategy(o);
            let (actor, order) = declaration(&scenario, strategy, o.session.epoch.unwrap_or(0));
            o.session.order(actor, order)?;
        }
        for e in effect::pending(&o.session.run) {
            self.begin_effect(e);
        }
        Ok(())
    }

    /// The plan asked for, or the first whose primary account this Azure knows; a team's own plans come first. What nobody
    /// trusts is not watched: its probes would go where the file says.
    fn plan_to_watch(&mut self, cloud: &Cloud) -> Result<Option<Plan>, DeskError> {
        if let Some(name) = &self.options.watch {
            let plan = self.plan_named(name, None)?;
            return self.trusted(&plan, cloud).map(|_| Some(plan));
        }
        let fits = |p: &Plan| {
            let host = super::watch::account(&p.primary).map(|a| cloud.openai_host(a.name()));
            host.is_some_and(|h| h.and_then(|h| cloud.resolve(&h)).is_ok())
        };
        // The built-in plans are made for simulated worlds.
        let known = self.catalog.plans().filter(|f| f.path.is_some() || cloud.is_simulated());
        let (trusted, restricted): (Vec<Plan>, Vec<Plan>) = known
            .filter_map(|f| self.catalog.bind(f, None).0)
            .filter(fits)
            .partition(|p| self.trusted(p, cloud).is_ok());
        let first = trusted.into_iter().next();
        if let (None, Some(p)) = (&first, restricted.first()) {
            self.say(format!("not watching {}: it is restricted until somebody trusts it", p.id));
        }
        Ok(first)
    }

    /// The watch while no run is open: what a plan depends on, when an Azure is connected.
    pub(super) async fn watch_idle(&mut self) -> Result<(), DeskError> {
        let home = &self.options.home;
        if self.options.cloud.is_none() && (home.sign_in().exists() || !home.plans().is_dir()) {
            return Ok(());
        }
        let cloud = self.cloud()?;
        let Some(plan) = self.plan_to_watch(&cloud)? else { return Ok(()) };
        let azure = self.connected()?;
        self.sessions += 1;
        let number = self.sessions;
        let clock = self.system_clock.clone();
        let world = self.world(azure, Arc::new(plan), number, &clock, 0)?;
        self.warm(&world);
        self.idle = Some(Idle { watch: watch::start(world.clone(), When::Idle), world, number });
        Ok(())
    }
}

fn plan_strategy(o: &Open) -> Strategy {
    o.session.run.start.as_ref().map_or(Strategy::HotWarm, |s| s.strategy)
}

/// T0 of a rehearsal.
fn declaration(scenario: &Scenario, strategy: Strategy, epoch: i64) -> (Actor, Command) {
    let impact = first_fault(scenario, strategy).unwrap_or(Millis(0));
    let order = Command::Declare {
        impact_start: epoch.saturating_add(i64::try_from(impact.0).unwrap_or(i64::MAX)),
        evidence: "the scenario's first fault".to_owned(),
    };
    (Actor::Scenario(SCENARIO.to_owned()), order)
}

/// Damage found on opening: the run can go on, and nobody may overlook it.
fn damaged(first: &str, all: usize) -> Problem {
    Problem {
        what: format!("The record of this run is damaged ({all} findings): {first}."),
        means: "The run can go on. The damaged part is left as it is, and the record goes on behind it.".to_owned(),
        next: "Keep a copy of the run's folder for whoever examines it; `lifeboat verify` names every finding."
            .to_owned(),
        raw: first.to_owned(),
    }
}

fn first_fault(scenario: &Scenario, strategy: Strategy) -> Option<Millis> {
    scenario
        .timeline
        .iter()
        .filter(|h| h.only_in.is_empty() || h.only_in.contains(&strategy))
        .filter(|h| matches!(h.what, What::Fault { .. }))
        .map(|h| h.at)
        .min()
}
