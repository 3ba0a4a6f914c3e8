//! The one task that reads the mailbox, and the handle the front ends hold.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::catalog::Catalog;
use crate::clock::{Clock, Speed, Task};
use crate::journal::JournalError;
use crate::rehearsal::score::Score;
use crate::rehearsal::script::Script;
use crate::rehearsal::things::Hand;
use crate::run::event::Actor;
use crate::run::state::{ChangeState, StepRun};
use crate::simulator::Simulator;

use super::executor::World;
use super::link::{Link, Waker};
use super::mailbox::{Envelope, Mail, Mailbox};
use super::past::Past;
use super::protocol::Command;
use super::session::Session;
use super::snapshot::{Activity, Audit, Library, Problem, Snapshot};
use super::watch::Watch;
use super::{DeskError, Options, chain};

/// Lines kept of the activity line.
const ACTIVITY_KEPT: usize = 200;
/// At full speed the picture is published this often at most; people cannot read faster.
const PUBLISH_EVERY: std::time::Duration = std::time::Duration::from_millis(40);
/// What the watch tells is published this often at most: a thousand endpoints tell something seventy times a second, and
/// their picture takes milliseconds to make.
const WATCH_EVERY: std::time::Duration = std::time::Duration::from_millis(200);

/// A desk that a script works at draws its library when nothing has come for so long: nobody looks at it meanwhile, and
/// reading every runbook takes longer than a short rehearsal.
const QUIET: std::time::Duration = std::time::Duration::from_millis(50);

/// A running desk.
pub struct Handle {
    commands: mpsc::UnboundedSender<Envelope>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    waker: Arc<Mutex<Option<Waker>>>,
    runtime: Option<tokio::runtime::Runtime>,
    outgoing: super::hooks::Outgoing,
}

impl Handle {
    /// A front end's connection.
    pub fn link(&self) -> Link {
        let (commands, waker) = (self.commands.clone(), self.waker.clone());
        Link {
            snapshots: self.snapshots.clone(),
            send: Arc::new(move |c| send(&commands, c)),
            on_wake: Box::new(move |w| {
                *waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(w);
            }),
        }
    }

    /// Sends a command; false when the desk is gone.
    pub fn send(&self, command: Command) -> bool {
        send(&self.commands, command)
    }

    /// The newest picture.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Waits until a picture fulfils `wanted`; `None` when the desk ended or `patience` is over.
    pub fn wait(
        &self,
        patience: std::time::Duration,
        mut wanted: impl FnMut(&Snapshot) -> bool,
    ) -> Option<Arc<Snapshot>> {
        let mut rx = self.snapshots.clone();
        let runtime = self.runtime.as_ref()?;
        runtime.block_on(async move {
            let found = rx.wait_for(|s| wanted(s));
            tokio::time::timeout(patience, found).await.ok()?.ok().map(|s| s.clone())
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // That a run was closed is said right before the program ends.
        self.outgoing.wait();
        // A thread that waits for a disk must not keep the program from ending.
        if let Some(r) = self.runtime.take() {
            r.shutdown_timeout(std::time::Duration::from_secs(2));
        }
    }
}

fn send(to: &mpsc::UnboundedSender<Envelope>, command: Command) -> bool {
    to.send(Envelope { session: 0, mail: Mail::Command(command), busy: None }).is_ok()
}

/// Starts a desk on threads of its own.
pub fn start(options: Options) -> Result<Handle, DeskError> {
    start_by(options, Clock::system())
}

/// Starts a desk that takes this for the computer's clock: that of a simulator in this process, so that both agree about
/// time and nobody has to wait for it.
pub fn start_by(options: Options, clock: Clock) -> Result<Handle, DeskError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("desk")
        .enable_all()
        .build()
        .map_err(DeskError::Runtime)?;
    let (to, from) = mpsc::unbounded_channel();
    let waker = Arc::new(Mutex::new(None));
    let catalog = Catalog::builtin();
    let mut desk = Desk {
        catalog,
        to: to.clone(),
        snapshots: watch::Sender::new(Arc::new(Desk::first(&options))),
        waker: waker.clone(),
        open: None,
        others: Vec::new(),
        aside: false,
        idle: None,
        sessions: 0,
        activity: VecDeque::new(),
        notice: None,
        busy: None,
        revision: 0,
        library: Arc::new(Library::default()),
        library_due: true,
        findings: Vec::new(),
        shelf: super::shelf::Shelf::default(),
        checks: super::checks::Asked::default(),
        recovering: super::recovery::Recovering::default(),
        recovery: Arc::default(),
        comparisons: Arc::default(),
        comparing: std::collections::BTreeSet::new(),
        audit: Arc::new(Audit::default()),
        auditing: super::auditing::Auditing::default(),
        past: Past::default(),
        trends: Arc::default(),
        published: std::time::Instant::now(),
        operator: options.operator.clone(),
        system_clock: clock,
        approving: super::approvals::Approving::new(&options.home),
        credentials: super::credentials::Credentials::new(&options.home),
        signing: None,
        connection: super::connecting::Connection::default(),
        clock_told: Default::default(),
        charting: super::board::Charting::default(),
        sharing: super::board::Sharing::default(),
        watching: super::board::Watching::read(&options),
        hooks: super::hooks::Hooks::read(&options),
        anchoring: super::anchors::Anchoring::read(&options),
        options,
    };
    let snapshots = desk.snapshots.subscribe();
    let outgoing = desk.hooks.outgoing.clone();
    runtime.spawn(async move {
        desk.begin().await;
        Box::pin(desk.run(from)).await;
    });
    Ok(Handle { commands: to, snapshots, waker, runtime: Some(runtime), outgoing })
}

/// A run that is open, with everything that works for it.
pub(super) struct Open {
    pub session: Session,
    pub number: u64,
    pub world: Option<World>,
    pub watch: Option<Watch>,
    pub simulator: Option<Simulator>,
    pub script: Option<Script>,
    /// What people do beside the program.
    pub hands: Vec<Hand>,
    pub moving: bool,
    /// Steps at which the scripted second person was asked.
    pub asked: std::collections::HashSet<crate::runbook::model::StepId>,
    /// Steps to which people around a table are about to answer.
    pub answering: std::collections::HashSet<crate::runbook::model::StepId>,
    /// Steps of the clock so far.
    pub steps: super::facilitate::Steps,
    /// Keeps its clock still while the desk is at work; only of the one on show.
    pub task: Option<Task>,
    pub pace: Speed,
    pub jumping: bool,
    /// Its record is closed for good.
    pub sealed: bool,
    pub verdicts: std::collections::HashMap<String, String>,
    /// Probes saw something since the last verdict.
    pub unjudged: bool,
    /// Since when this computer sees, by its witnesses.
    pub seeing_since: Option<i64>,
    /// What was told while nothing could be recorded.
    pub unsaved: Vec<Mail>,
    pub score: Option<Score>,
    pub timeline: Option<tokio::task::AbortHandle>,
    /// Which rights its steps have, once Azure was asked.
    pub rights: Option<(Option<crate::run::event::Identity>, Arc<crate::plan::rights::RightsReport>)>,
    /// Steps that are being taken back, one after another.
    pub taking_back: Option<super::undo::TakingBack>,
    /// How long moving the users took when its plan was last rehearsed.
    pub rehearsed: Option<crate::units::Millis>,
    /// Its cards as they were drawn last.
    pub drawn: super::view::cards::Cards,
    /// The score as it stood after so many entries, for the facilitator.
    pub scored: Option<(u64, Arc<super::snapshot::Score>)>,
    /// It was said that it needs the operator.
    pub called: bool,
    /// Why the last thing that its facilitator wanted was refused.
    pub not_led: Option<String>,
}

impl Open {
    /// A step with a request of this process on its way, whose answer has not come. One that came and could not be recorded
    /// is no such.
    pub fn on_its_way(&self) -> Option<&str> {
        let told = |id: &str| self.unsaved.iter().any(|m| matches!(m, Mail::Step(step, _) if step == id));
        let ours = |s: &StepRun| {
            let n = s.changes.iter().position(|c| c.state == ChangeState::Intended).and_then(|n| u32::try_from(n).ok());
            n.is_some_and(|n| self.session.request_id(&s.id, n).is_some())
        };
        self.session.run.on_its_way().filter(|s| ours(s)).map(|s| s.id.as_str()).find(|id| !told(id))
    }

    /// What a closed rehearsal came to.
    pub fn score(&mut self) {
        let run = &self.session.run;
        let expect =
            self.session.scenario.as_ref().zip(run.start.as_ref()).map(|(s, start)| s.expected(start.strategy));
        self.score = expect.map(|e| crate::rehearsal::score::score(run, e));
    }
}

/// The watch while no run is open.
pub(super) struct Idle {
    pub world: World,
    pub watch: Watch,
    pub number: u64,
}

pub(super) struct Desk {
    pub options: Options,
    pub catalog: Catalog,
    pub to: mpsc::UnboundedSender<Envelope>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    pub waker: Arc<Mutex<Option<Waker>>>,
    /// The run on show.
    pub open: Option<Box<Open>>,
    /// Runs that are open beside it, the one shown last at the end.
    pub others: Vec<Box<Open>>,
    /// What is worked on just now is one of those.
    pub aside: bool,
    pub idle: Option<Idle>,
    pub sessions: u64,
    pub activity: VecDeque<Activity>,
    pub notice: Option<Arc<Problem>>,
    pub busy: Option<String>,
    pub revision: u64,
    pub library: Arc<Library>,
    /// The library is still to be drawn.
    pub library_due: bool,
    pub findings: Vec<crate::runbook::Diagnostic>,
    pub shelf: super::shelf::Shelf,
    pub checks: super::checks::Asked,
    pub recovering: super::recovery::Recovering,
    pub recovery: Arc<super::snapshot::RecoveryView>,
    pub comparisons: Arc<super::reconciling::Comparisons>,
    /// Runs that are being compared: once is enough.
    pub comparing: std::collections::BTreeSet<String>,
    pub audit: Arc<Audit>,
    /// What the register says, and what is read beside the desk.
    pub auditing: super::auditing::Auditing,
    pub past: Past,
    /// How rehearsals went.
    pub trends: Arc<Vec<super::snapshot::Trend>>,
    pub published: std::time::Instant,
    pub operator: String,
    pub system_clock: Clock,
    pub credentials: super::credentials::Credentials,
    /// What signs the records made here, once it was wanted.
    pub signing: Option<crate::journal::Signs>,
    pub connection: super::connecting::Connection,
    /// The runs, or the watch, in which it was said that the clock is wrong.
    pub clock_told: std::collections::BTreeSet<u64>,
    /// What was observed, and the chart that is shown of it.
    pub charting: super::board::Charting,
    /// What colleagues are told, and the desktop.
    pub sharing: super::board::Sharing,
    /// What is asked of a second person, here and by colleagues.
    pub approving: super::approvals::Approving,
    /// How the watch is set.
    pub watching: super::board::Watching,
    /// Who outside is told of what.
    pub hooks: super::hooks::Hooks,
    /// Checkpoints that leave this computer.
    pub anchoring: super::anchors::Anchoring,
}

impl Desk {
    /// Clock of the open run, else the computer's.
    pub(super) fn clock(&self) -> &Clock {
        self.open.as_ref().map_or(&self.system_clock, |o| &o.session.clock)
    }

    pub(super) fn mailbox(&self, number: u64, clock: &Clock) -> Mailbox {
        Mailbox { to: self.to.clone(), session: number, clock: clock.clone() }
    }

    pub(super) fn me(&self) -> Actor {
        Actor::Operator(self.operator.clone())
    }

    async fn begin(&mut self) {
        self.fill_shelf();
        self.fill_checks();
        self.fill_recovery();
        self.read_register().await;
        self.refresh_runs();
        if self.options.script.is_none() {
            self.redraw_library(None, None);
        }
        if let Err(e) = super::trust::Book::read(self.options.disk.as_ref(), &self.options.home) {
            self.problem(&e.into());
        }
        if let Some(e) = self.watching.trouble.take() {
            self.problem(&e);
            self.watching.trouble = Some(e);
        }
        if let Some(e) = self.anchoring.trouble.take() {
            self.problem(&e);
        }
        if let Some(e) = self.hooks.trouble.take() {
            self.problem(&e);
            self.hooks.trouble = Some(e);
        }
        self.open_history();
        if let Err(e) = self.options.home.keeps() {
            self.say(e.to_string());
        }
        if let Err(e) = self.watch_idle().await {
            self.say(format!("not watching: {}", chain(&e)));
        }
        self.publish();
    }

    async fn run(&mut self, mut from: mpsc::UnboundedReceiver<Envelope>) {
        let mut owed = false;
        loop {
            let checkpoint = self.runs().filter_map(|o| o.session.checkpoint_due()).min();
            let until = match (owed, self.library_due) {
                (true, _) => Some(self.published + WATCH_EVERY),
                (false, true) => Some(std::time::Instant::now() + QUIET),
                (false, false) => checkpoint,
            };
            let next = async {
                match until {
                    Some(until) => tokio::time::timeout_at(until.into(), from.recv()).await.ok(),
                    None => Some(from.recv().await),
                }
            };
            let next = match self.open.as_ref().and_then(|o| o.task.as_ref()) {
                // While the desk waits for mail, the run's clock need not stand still.
                Some(task) => task.wait(next).await,
                None => next.await,
            };
            let Some(next) = next else {
                if owed {
                    self.judge_and_say();
                } else if self.library_due {
                    self.redraw_library(None, None);
                }
                self.each_run(Self::keep_rhythm);
                self.publish();
                owed = false;
                continue;
            };
            let Some(envelope) = next else { return };
            let mut kept = vec![envelope.busy];
            let mut asked = envelope.session == 0;
            let mut forced = self.handle(envelope.session, envelope.mail).await;
            while let Ok(more) = from.try_recv() {
                kept.push(more.busy);
                asked |= more.session == 0;
                forced |= self.handle(more.session, more.mail).await;
            }
            let fast =
                self.open.as_ref().is_some_and(|o| o.session.clock.speed() == Speed::Max && o.session.run.open());
            let every = if fast { PUBLISH_EVERY } else { WATCH_EVERY };
            let late = self.published.elapsed() >= every;
            let due = forced || late;
            if due {
                self.judge_and_say();
            }
            self.each_run(Self::follow_up);
            self.each_run(Self::keep_rhythm);
            self.each_run(Self::tell_outside);
            self.call();
            // Nobody can follow the steps of a run at full speed; what a front end asked for it sees at once.
            let shown = late || due && (asked || !fast);
            if shown {
                self.publish();
            }
            owed = !shown;
            // Only now may the clock go on.
            drop(kept);
        }
    }

    /// A checkpoint that is due is written.
    fn keep_rhythm(&mut self) {
        if let Some(o) = self.open.as_deref_mut()
            && o.session.checkpoint_due().is_some_and(|due| due <= std::time::Instant::now())
        {
            o.session.seal();
        }
    }

    fn judge_and_say(&mut self) {
        self.each_run(|desk| {
            if let Err(e) = desk.judge_probes() {
                tracing::info!(error = %e, "refused");
                desk.problem(&e);
            }
        });
    }

    /// One letter. True: the picture must be published.
    async fn handle(&mut self, session: u64, mail: Mail) -> bool {
        let forced = self.take(session, mail).await;
        self.each_run(Self::tell_outside);
        self.each_run(Self::send_checkpoints);
        forced
    }

    async fn take(&mut self, session: u64, mail: Mail) -> bool {
        if let Mail::Command(c) = mail {
            let what = format!("{c:?}");
            if let Err(e) = self.command(c).await {
                tracing::info!(command = what, error = %e, "refused");
                self.problem(&e);
            }
            return true;
        }
        match mail {
            Mail::Hook(told) => self.hook_told(*told),
            Mail::Sent(sent) => {
                self.note_sent(&sent);
                self.other_mail(session, Mail::Sent(sent));
                self.hooks.outgoing.less();
            }
            Mail::Came(came) => {
                self.other_mail(session, Mail::Came(came));
                self.hooks.outgoing.less();
            }
            Mail::Inventory(read) => self.inventory_came(read),
            Mail::DeletedProgress(done, of) => self.deleted_progress(done, of),
            Mail::Deleted(read) => self.deleted_came(*read),
            Mail::Compared(run, out) => {
                if let Err(e) = self.compared(run, *out) {
                    self.problem(&e);
                }
            }
            // What was asked on a plan's page belongs to no run.
            Mail::Sides(seen) => self.sides_came(seen.as_deref()),
            Mail::Rights(digest, who, report) if session == 0 => self.rights_came(digest, who, *report),
            Mail::Credential(told) => self.credential_came(told),
            Mail::Signed(signed) => {
                if let Err(e) = self.signed(*signed) {
                    self.problem(&e);
                }
            }
            Mail::Audit(told) => {
                if let Err(e) = self.audit_told(*told) {
                    self.problem(&e);
                }
            }
            Mail::Approval(told) => {
                if let Err(e) = self.approval_told(*told) {
                    self.problem(&e);
                }
            }
            Mail::Connected(came) => {
                if let Err(e) = self.connected_as(*came).await {
                    self.problem(&e);
                }
            }
            Mail::SignIn => self.each_run(|desk| {
                desk.forget_rights_of_others();
                if let Err(e) = desk.sign_in_changed() {
                    desk.problem(&e);
                }
            }),
            mail => return self.other_mail(session, mail),
        }
        true
    }

    /// A letter of a run, or of the watch.
    fn other_mail(&mut self, session: u64, mail: Mail) -> bool {
        if self.idle.as_ref().is_some_and(|i| i.number == session) {
            self.idle_mail(mail);
            return false;
        }
        if self.open.as_ref().is_some_and(|o| o.number == session) {
            return self.session_mail(mail);
        }
        match self.others.iter().position(|o| o.number == session) {
            Some(i) => self.behind(i, |desk| desk.session_mail(mail)).unwrap_or(false),
            // A letter of a run that was left.
            None => false,
        }
    }

    /// Something the operator has to know.
    pub(super) fn problem(&mut self, e: &DeskError) {
        let (means, next) = match e {
            DeskError::Journal(
                JournalError::NotARun(_)
                | JournalError::OtherRun { .. }
                | JournalError::Newer { .. }
                | JournalError::Record { .. },
            ) => ("Nothing was changed.", "Follow what it says, then try again."),
            DeskError::ReadOnly(_) | DeskError::Journal(_) => (
                "No action is executed while nothing can be recorded. Reading, health and by-hand commands go on.",
                "Make room or mend the disk, then choose “Try the journal again”; or go on by hand.",
            ),
            DeskError::Refused(_)
            | DeskError::OtherRun(_)
            | DeskError::Changed
            | DeskError::ChangedSince
            | DeskError::NotRead(_)
            | DeskError::AskLater { .. }
            | DeskError::OnItsWay(_) => ("Nothing was changed.", "Follow what it says, then try again."),
            DeskError::Restricted { .. } => (
                "It can be read, checked and rehearsed. Nothing real is called or changed for a file that nobody trusts.",
                "Read it; then trust it as it is: “Trust this plan…” on its page, or `lifeboat run` with --trust and the SHA-256.",
            ),
            DeskError::Passing(super::handover::PassingError::NotWritten { .. }) => (
                "The run is paused for everybody: here it is only read, and nobody else has it.",
                "Take it back, or make room and take it back; then hand it over again.",
            ),
            DeskError::AnchorsFile { .. } | DeskError::NoContainer(_) | DeskError::NoAuthority => {
                ("Checkpoints go where they went before, or nowhere.", "Follow what it says, then set it again.")
            }
            DeskError::Hook(_) | DeskError::HookAddress { .. } => {
                ("The messages are set as they were.", "Follow what it says, then set it again.")
            }
            DeskError::OtherText(_) => ("Nothing was changed.", "Read what it says now, then decide anew."),
            DeskError::Trust(_) => (
                "Plans from files can be read and rehearsed; a live or dry run of them has to wait.",
                "Follow what it says, then trust the plans that you need.",
            ),
            DeskError::Azure(_) | DeskError::Probe(_) => {
                ("Nothing was changed.", "Look at the ladder: what is reachable?")
            }
            _ => ("Nothing was changed.", "Mend what it names, then try again."),
        };
        self.notice = Some(Arc::new(Problem {
            what: format!("{}{e}", self.of_whom()),
            means: means.to_owned(),
            next: next.to_owned(),
            raw: chain(e),
        }));
    }

    /// Names the run that is worked on, where it is not the one on show.
    fn of_whom(&self) -> String {
        let short = self.open.as_deref().filter(|_| self.aside).map(|o| super::view::run::short(&o.session.id));
        short.map_or_else(String::new, |run| format!("Run {run}, beside this one: "))
    }

    /// A line for the activity line.
    pub(super) fn say(&mut self, text: String) {
        if self.activity.len() >= ACTIVITY_KEPT {
            self.activity.pop_front();
        }
        let text = format!("{}{text}", self.of_whom());
        self.activity.push_back(Activity { at: self.clock().now().utc, text });
    }
}
