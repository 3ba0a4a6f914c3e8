//! The picture for the front ends, made new after every change; and the parts of it that come from the disk.

use std::sync::{Arc, PoisonError};

use crate::clock::Clock;
use crate::health::{DetectorState, Role, State, skew};
use crate::plan::readiness::{Subject, readiness};
use crate::rehearsal::scenario::Choice;
use crate::run::event::Mode;

use super::Options;
use super::executor::World;
use super::past::Here;
use super::snapshot;
use super::snapshot::{Audit, Band, DecisionView, Lamp, Library, Score, Settings, Situation, Snapshot};
use super::supervisor::{Desk, Open};
use super::view::cards::Cards;
use super::view::{audit, green, run, situation};

impl Desk {
    /// The picture before anything is known.
    pub(super) fn first(options: &Options) -> Snapshot {
        Snapshot {
            revision: 0,
            band: Band { mode: None, text: "Starting".to_owned(), run: String::new() },
            clock: Clock::system(),
            ladder: Arc::new(Vec::new()),
            situation: Arc::new(Situation::default()),
            run: None,
            open_runs: Arc::default(),
            checkpoint: None,
            approvals: Arc::default(),
            facilitator: None,
            trends: Arc::default(),
            library: Arc::new(Library::default()),
            recovery: Arc::default(),
            comparisons: Arc::default(),
            audit: Arc::new(Audit::default()),
            settings: Arc::new(settings(options, &options.operator, Default::default(), Default::default())),
            activity: Arc::new(Vec::new()),
            notice: None,
            busy: Some("Starting".to_owned()),
        }
    }

    /// Publishes and wakes the front end.
    pub(super) fn publish(&mut self) {
        self.revision += 1;
        self.published = std::time::Instant::now();
        let (ladder, mut situation, clock) = self.health();
        situation.chart = self.charted(&situation);
        situation.share = self.sharing.text();
        self.tell_turns(&situation);
        let mut settings = settings(&self.options, &self.operator, self.credentials.view(), self.sign_in_view());
        let run = self.open.as_deref_mut().and_then(run_view);
        if let Some(green) = run.as_ref().and_then(|r| r.green.as_ref()) {
            situation.reasons.insert(0, green.reason(clock.now().utc));
        }
        let ahead = self.watched().and_then(|w| w.monitor.lock().ahead(clock.now().utc));
        settings.hooks = self.hooks_view();
        settings.anchors.clone_from(&self.anchoring.settings);
        settings.watch.clone_from(&self.watching.settings);
        settings.cloud.extend(ahead.and_then(skew::sentence).map(|text| ("Clock".to_owned(), text)));
        let snapshot = Snapshot {
            revision: self.revision,
            band: self.band(),
            clock,
            ladder: Arc::new(ladder),
            situation: Arc::new(situation),
            run: run.map(Arc::new),
            open_runs: Arc::new(self.open_runs()),
            checkpoint: self.checkpoint_view(),
            approvals: Arc::new(self.approvals_view()),
            facilitator: self.facilitator_view().map(Arc::new),
            trends: self.trends.clone(),
            library: self.library.clone(),
            recovery: self.recovery.clone(),
            comparisons: self.comparisons.clone(),
            audit: self.audit.clone(),
            settings: Arc::new(settings),
            activity: Arc::new(self.activity.iter().cloned().collect()),
            notice: self.notice.clone(),
            busy: self.busy.clone(),
        };
        self.snapshots.send_replace(Arc::new(snapshot));
        if let Some(wake) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            wake();
        }
    }

    /// Where the watch is: in the open run, or idle.
    pub(super) fn watched(&self) -> Option<&World> {
        match (&self.open, &self.idle) {
            (Some(o), _) => o.world.as_ref(),
            (None, Some(i)) => Some(&i.world),
            (None, None) => None,
        }
    }

    pub(super) fn health(&self) -> (Vec<Lamp>, Situation, Clock) {
        let clock = self.clock().clone();
        let now = clock.now().utc;
        match self.watched() {
            Some(world) => {
                let w = world.monitor.lock();
                let a = situation::assessment(&w, now);
                let plan = self.open.is_none().then_some(world.plan.id.as_str());
                (situation::ladder(&w, now), situation::view(&w, &a, plan, now), clock)
            }
            None => (Vec::new(), Situation::default(), clock),
        }
    }

    fn band(&self) -> Band {
        let who = self.identity().map_or_else(String::new, |i| format!(" · as {}", i.display()));
        let Some(o) = self.open.as_deref() else {
            let none = match self.past.open() {
                0 => "no run open".to_owned(),
                1 => "no run on show, 1 is open".to_owned(),
                n => format!("no run on show, {n} are open"),
            };
            let environment = match &self.idle {
                Some(i) => format!("{} · {none}{who}", i.world.plan.environment),
                None => none.replacen('n', "N", 1),
            };
            return Band { mode: None, text: environment, run: "on call".to_owned() };
        };
        let start = o.session.run.start.as_ref();
        let environment = start.map_or("", |s| s.environment.as_str());
        let text = match o.session.mode {
            Mode::Live => format!("LIVE · changes real resources in {environment}{who}"),
            Mode::DryRun => format!("DRY RUN · reads {environment}, changes nothing{who}"),
            Mode::Rehearsal => "REHEARSAL · simulated Azure, nothing real changes".to_owned(),
            Mode::Tabletop => "TABLETOP · people only, no Azure at all".to_owned(),
        };
        let plan = o.session.run.plan.as_ref().map_or("", |p| p.id.as_str());
        Band { mode: Some(o.session.mode), text, run: format!("{plan} · run {}", run::short(&o.session.id)) }
    }

    /// Takes in what runs were begun or went on, and what that says about the plans of the library.
    pub(super) fn refresh_runs(&mut self) {
        let here: Vec<Here> = self.runs().filter(|o| o.session.run.open()).filter_map(here).collect();
        self.past.refresh_beside(self.options.disk.as_ref(), &self.options.home, &self.catalog, &here);
        self.refresh_audit();
        self.trends = Arc::new(self.past.trends());
        let (past, now) = (self.past.runs(), self.system_clock.now().utc);
        let mut library = (*self.library).clone();
        for row in &mut library.plans {
            row.readiness =
                readiness(Subject { plan: &row.id, strategy: row.strategy, digest: &row.digest }, &past, now);
        }
        if let Some(p) = library.preview.as_mut().map(Arc::make_mut) {
            p.readiness = readiness(Subject { plan: &p.plan, strategy: p.strategy, digest: &p.digest }, &past, now);
        }
        self.library = Arc::new(library);
    }
}

/// What is known of a run that is open here, without reading its record.
fn here(o: &Open) -> Option<Here> {
    let (start, plan) = (o.session.run.start.as_ref()?, o.session.run.plan.as_ref()?);
    let row = snapshot::RunRow {
        id: o.session.id.clone(),
        short: run::short(&o.session.id),
        title: format!("{}, {}", start.title, start.strategy.display()),
        mode: audit::mode_word(start.mode).to_owned(),
        started: o.session.began,
        outcome: "open".to_owned(),
        open: true,
        ..snapshot::RunRow::default()
    };
    Some(Here { id: o.session.id.clone(), row, plan: plan.id.clone(), scenario: start.scenario.is_some() })
}

fn run_view(o: &mut Open) -> Option<super::snapshot::RunView> {
    let now = o.session.clock.now().utc;
    let decision = decision(o, now);
    let mut drawn = std::mem::take(&mut o.drawn);
    let view = run_view_with(o, &mut drawn, decision, now);
    o.drawn = drawn;
    o.session.previews.values_mut().for_each(|p| p.shown = true);
    view
}

fn run_view_with(o: &Open, drawn: &mut Cards, decision: DecisionView, now: i64) -> Option<super::snapshot::RunView> {
    let picture = run::RunPicture {
        id: &o.session.id,
        run: &o.session.run,
        previews: &o.session.previews,
        progress: &o.session.progress,
        live: &o.session.live,
        problems: &o.session.problems,
        scenario: o.session.scenario.as_ref().map(|s| s.title.as_str()),
        read_only: o.session.read_only(),
        weak: o.session.weak(),
        score: o.score.as_ref().map(Score::from),
        journal: o.session.dir.display().to_string(),
        records: o.session.records(),
        decision,
        now,
        can_jump: o.session.epoch.is_some() && !o.jumping,
        rights: o.rights.as_ref().map(|r| &r.1),
        touched: &o.session.touched,
        taking_back: o.taking_back.as_ref().map_or(&[], |t| &t.left),
        rehearsed: o.rehearsed,
        serving: o.world.as_ref().and_then(|w| serving(w, now)),
    };
    run::view(&picture, drawn)
}

/// What is believed of the region users were led to.
fn serving(world: &World, now: i64) -> Option<green::Serving> {
    let w = world.monitor.lock();
    let a = situation::assessment(&w, now);
    let v = a.regions.iter().find(|r| r.role == Role::Secondary)?;
    let ok = match v.state {
        State::Ok => Some(true),
        State::Unknown | State::Blind => None,
        _ => Some(false),
    };
    let well = w.region(&v.region).filter(|d| d.state(now) == DetectorState::Ok);
    let since = well.and_then(|d| d.since(now));
    Some(green::Serving { region: v.region.display(), ok, since, sentence: v.sentence.clone() })
}

fn decision(o: &Open, now: i64) -> DecisionView {
    let loss = o.session.run.plan.as_deref().map(|p| {
        let all: Vec<&str> = p.steps.iter().filter_map(|s| s.may_lose.as_deref()).collect();
        all.first().map_or_else(|| "none expected".to_owned(), |l| (*l).to_owned())
    });
    let Some(world) = o.world.as_ref() else {
        return DecisionView { arithmetic: String::new(), recommends: None, loss_draft: loss.unwrap_or_default() };
    };
    let a = situation::assessment(&world.monitor.lock(), now);
    let arithmetic = a.recommend.sentence.clone();
    use crate::health::Advice;
    let recommends = match a.recommend.advice {
        Advice::FailOver => Some(Choice::FailOver),
        Advice::MovePart => Some(Choice::Partial),
        Advice::Wait | Advice::Watch | Advice::BackOff => Some(Choice::Wait),
        Advice::LookAtYourNetwork | Advice::NowhereToGo => Some(Choice::Abort),
        Advice::Nothing | Advice::Confirm => None,
    };
    DecisionView { arithmetic, recommends, loss_draft: loss.unwrap_or_default() }
}

fn settings(
    options: &Options,
    operator: &str,
    credentials: snapshot::Credentials,
    sign_in: snapshot::SignIn,
) -> Settings {
    let cloud = match &options.cloud {
        Some(c) if c.is_simulated() => vec![
            ("Connected".to_owned(), format!("simulated Azure “{}”", c.name)),
            ("Resource Manager".to_owned(), c.arm.to_string()),
            ("Subscription".to_owned(), c.subscription.clone()),
        ],
        Some(c) => vec![("Connected".to_owned(), c.name.clone()), ("Resource Manager".to_owned(), c.arm.to_string())],
        None => vec![
            ("Connected".to_owned(), "no; rehearsals need no Azure".to_owned()),
            (
                "To connect".to_owned(),
                format!(
                    "sign in with az login, put a plan of your own into {}, and start Lifeboat again",
                    options.home.plans().display()
                ),
            ),
        ],
    };
    Settings {
        operator: operator.to_owned(),
        home: options.home.dir().display().to_string(),
        credentials,
        sign_in,
        cloud,
        hooks: Vec::new(),
        anchors: Default::default(),
        watch: Arc::default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
