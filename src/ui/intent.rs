//! Everything the operator can want, in one table: it gives the keys, the palette, the help sheet and the hints.
//! A test proves that no two keys clash.

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

pub use super::keys::{held, key_text};
use super::memory::Looks;
use super::papers;
use super::screens::audit;
use super::view::{Screen, View};
use crate::desk::protocol::StepIntent;
use crate::desk::snapshot::{ActionView, AskedView, RequestView, Snapshot, Span, StepCard, StepState};

/// Something the operator can want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Show a screen.
    Go(Screen),
    /// The primary action, when it changes Azure.
    Change,
    /// The primary action, when it only reads or gives a word.
    Confirm,
    /// The step above.
    StepUp,
    /// The step below.
    StepDown,
    /// Back to the current step.
    StepCurrent,
    /// Done by hand.
    ByHand,
    /// Leave the step out.
    Skip,
    /// Try the step again.
    Retry,
    /// Take the step back.
    Undo,
    /// Read what the step would change.
    Preview,
    /// Run its verification.
    Check,
    /// Ask the second person.
    SecondPerson,
    /// One of several ways or choices of the step, counted from one.
    Nth(u8),
    /// Copy the command of the step.
    CopyByHand,
    /// Add a note.
    Note,
    /// Let a rehearsal's clock run to the next event.
    Jump,
    /// A rehearsal's clock goes faster.
    Faster,
    /// A rehearsal's clock goes slower.
    Slower,
    /// A rehearsal's clock goes on by so many minutes, and stands still again.
    StepClock(u8),
    /// The facilitator's window, or no longer.
    Facilitator,
    /// Say when the impact began.
    Impact,
    /// Freeze the picture of health into the record.
    Freeze,
    /// Normal or degraded instructions.
    Degraded,
    /// Those of the step on show alone.
    DegradedStep,
    /// Pause, or go on.
    Pause,
    /// Close the run.
    Close,
    /// Give the run up.
    Abort,
    /// Leave the run open on disk, and look at something else.
    Leave,
    /// Try to write the journal again.
    RetryJournal,
    /// What people keep beside the steps.
    Papers,
    /// Where the time of the run goes.
    Timeline,
    /// A line of the divergence ledger.
    Ledger,
    /// A line of the loss register.
    Loss,
    /// A text as evidence.
    EvidenceText,
    /// A file as evidence.
    EvidenceFile,
    /// Something to put right.
    Finding,
    /// How it is put right.
    Corrective,
    /// A signature.
    SignOff,
    /// A checkpoint is put outside this computer.
    Post,
    /// Something else for the record.
    Tell,
    /// Who declared the incident.
    Declare,
    /// How grave a finding is.
    Rate,
    /// That a finding is over.
    Vouch,
    /// Set a guard aside.
    BreakGlass,
    /// Take back this step and everything after it.
    TakeBackTo,
    /// No more of that.
    StopTakingBack,
    /// Hand the run over.
    HandOver,
    /// Take back a run that was handed over.
    TakeRunBack,
    /// Take over a colleague's run.
    TakeOver,
    /// The next of the open runs.
    NextRun,
    /// Copy the request, or the answer to one.
    CopyRequest,
    /// Take the second person's answer.
    TakeAnswer,
    /// The request's pictures, as large as they go.
    Pictures,
    /// The second person answers on this device.
    SameDevice,
    /// Withdraw the question.
    Withdraw,
    /// As the second person: open the pictures of a request.
    OpenPictures,
    /// As the second person: no.
    Refuse,
    /// As the second person: put the request away.
    PutAway,
    /// The commander's window.
    Projector,
    /// The endpoints of the next region alone.
    NextRegion,
    /// The endpoints of the region before alone.
    RegionBefore,
    /// Keep the chosen endpoint on top, or no longer.
    Pin,
    /// Endpoints: worst first, or as listed.
    Order,
    /// How far back the chart goes.
    LookBack(Span),
    /// Paste what a colleague sees.
    Sighting,
    /// Copy what this laptop sees.
    Share,
    /// The recommended plan.
    OpenPlan,
    /// A first rehearsal.
    TryRehearsal,
    /// Read what was deleted.
    ReadDeleted,
    /// Open a file or folder.
    OpenPath,
    /// The page on the language of runbooks.
    Language,
    /// Trust the plan on show.
    Trust,
    /// Filter the record.
    Filter,
    /// Something of the Audit screen.
    Audit(audit::Key),
    /// Scroll the main column up.
    PageUp,
    /// Scroll the main column down.
    PageDown,
    /// Dark, light or as the system.
    Looks(Looks),
    /// The palette.
    Palette,
    /// The help sheet.
    Help,
    /// Close what lies over the screen, or read the notice.
    Back,
}

/// One line of the table.
pub struct Row {
    /// What.
    pub intent: Intent,
    /// In the palette and the help sheet.
    pub label: &'static str,
    /// Key.
    pub key: Option<KeyboardShortcut>,
    /// One line of help.
    pub help: &'static str,
}

const fn ctrl(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}
const fn plain(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}
const fn row(intent: Intent, label: &'static str, key: Option<KeyboardShortcut>, help: &'static str) -> Row {
    Row { intent, label, key, help }
}

/// All of it, in the order of the help sheet.
pub const TABLE: &[Row] = &[
    row(Intent::Change, "Do the step", ctrl(Key::Enter), "The primary action, when it changes Azure"),
    row(
        Intent::Confirm,
        "Do what is proposed",
        plain(Key::Enter),
        "The primary action, when it only reads or records a word",
    ),
    row(Intent::StepUp, "Step above", plain(Key::ArrowUp), "Also the entry or the endpoint above"),
    row(Intent::StepDown, "Step below", plain(Key::ArrowDown), "Also the entry or the endpoint below"),
    row(
        Intent::StepCurrent,
        "Current step",
        plain(Key::Home),
        "Back to the step that is next; Situation: back to all regions",
    ),
    row(Intent::Preview, "Read what would change", plain(Key::P), "Reads Azure, changes nothing"),
    row(Intent::Check, "Check the step", plain(Key::V), "Runs its verification"),
    row(Intent::ByHand, "Done by hand…", plain(Key::H), "Your word, with evidence, that it is done"),
    row(Intent::Skip, "Skip the step…", plain(Key::S), "Leaves it out, with a reason"),
    row(Intent::Retry, "Try the step again", plain(Key::R), "After a failure"),
    row(Intent::Undo, "Look at taking the step back", plain(Key::U), "Shows what that would change; sends nothing"),
    row(Intent::SecondPerson, "Ask the second person", plain(Key::A), "Where the runbook wants two"),
    row(Intent::Nth(1), "First choice", plain(Key::Num1), "Where a step offers several"),
    row(Intent::Nth(2), "Second choice", plain(Key::Num2), "Where a step offers several"),
    row(Intent::Nth(3), "Third choice", plain(Key::Num3), "Where a step offers several"),
    row(Intent::Nth(4), "Fourth choice", plain(Key::Num4), "Where a step offers several"),
    row(Intent::CopyByHand, "Copy the command", plain(Key::C), "The same by hand, ready to paste"),
    row(Intent::Note, "Add a note…", plain(Key::N), "Into the record"),
    row(Intent::Jump, "Jump to the next event", plain(Key::J), "Rehearsal: skip a long wait"),
    row(Intent::Faster, "Clock faster", plain(Key::Plus), "Rehearsal"),
    row(Intent::Slower, "Clock slower", plain(Key::Minus), "Rehearsal"),
    row(Intent::StepClock(1), "Clock on by 1 min", plain(Key::Period), "Rehearsal whose clock stands still"),
    row(Intent::StepClock(5), "Clock on by 5 min", plain(Key::Comma), "Rehearsal whose clock stands still"),
    row(Intent::Facilitator, "Facilitator's window", plain(Key::F10), "Rehearsal: opens it, or closes it"),
    row(Intent::Impact, "Impact began earlier…", plain(Key::T), "Sets the start of the clock to the RTO"),
    row(Intent::Freeze, "Freeze health as evidence", plain(Key::F), "The present picture goes into the record"),
    row(
        Intent::Degraded,
        "Degraded instructions",
        plain(Key::D),
        "For when portal, ARM or sign-in is down too; again: normal ones",
    ),
    row(
        Intent::DegradedStep,
        "Degraded instructions of this step",
        plain(Key::F11),
        "This step alone; again: normal ones",
    ),
    row(Intent::Pause, "Pause or go on", ctrl(Key::P), "Nothing is started while paused"),
    row(Intent::Close, "Close the run…", ctrl(Key::L), "With its outcome"),
    row(Intent::Abort, "Give the run up…", None, "With a reason"),
    row(Intent::Leave, "Leave the run", ctrl(Key::W), "It stays open on disk"),
    row(Intent::RetryJournal, "Write the journal again", None, "After its disk failed"),
    row(Intent::NextRun, "Next open run", ctrl(Key::N), "Where several are open"),
    row(
        Intent::Papers,
        "Papers of the run",
        plain(Key::G),
        "Ledger, losses, evidence, findings; again: back to the clocks",
    ),
    row(Intent::Timeline, "Timeline of the run", ctrl(Key::H), "Planned, at work, waiting; again: back to the step"),
    row(Intent::Ledger, "Add to the ledger…", plain(Key::L), "What was created or changed in the secondary"),
    row(Intent::Loss, "Add to the loss register…", plain(Key::X), "Lost, unavailable for now, or there twice"),
    row(
        Intent::EvidenceText,
        "Paste evidence…",
        ctrl(Key::E),
        "A text that proves something, of the step or of the run",
    ),
    row(Intent::EvidenceFile, "Add a file as evidence…", ctrl(Key::B), "Or drop it onto the window"),
    row(Intent::Finding, "Add a finding…", plain(Key::I), "Something to put right afterwards"),
    row(
        Intent::Corrective,
        "Say how it is put right…",
        ctrl(Key::I),
        "Of the oldest open finding: what, who, until when",
    ),
    row(Intent::Rate, "Rate the finding…", None, "The oldest one: how grave, and why it came about"),
    row(Intent::Vouch, "Vouch for a finding…", None, "Another person says that it is put right, or bears the risk"),
    row(Intent::Declare, "Declare the incident…", None, "Who activated it, on whose authority, what triggered it"),
    row(Intent::Tell, "Tell for the record…", plain(Key::F12), "Who came, what was checked, who was told, the report"),
    row(Intent::SignOff, "Sign off…", ctrl(Key::S), "A person stands for the record"),
    row(Intent::Post, "Put a checkpoint outside…", None, "Into a ticket or a chat, so that a record made anew shows"),
    row(Intent::BreakGlass, "Break the glass…", plain(Key::B), "Sets aside a guard that refuses, with a second person"),
    row(Intent::TakeBackTo, "Take back to here…", plain(Key::F5), "This step and all after it, one by one"),
    row(Intent::StopTakingBack, "Stop taking back", ctrl(Key::J), "What is left stays as it is"),
    row(Intent::HandOver, "Hand the run over…", plain(Key::F2), "One encrypted file for a colleague"),
    row(
        Intent::TakeRunBack,
        "Take the run back…",
        ctrl(Key::U),
        "After it was handed over: nobody has the file, or nobody goes on with it",
    ),
    row(Intent::TakeOver, "Take over a run…", plain(Key::F3), "From a colleague's file"),
    row(
        Intent::CopyRequest,
        "Copy the request or the answer",
        plain(Key::Q),
        "Between the operator and the second person",
    ),
    row(Intent::TakeAnswer, "Type in the second person's answer", ctrl(Key::G), "Goes to its field"),
    row(Intent::Pictures, "Request as large pictures", plain(Key::F4), "To be photographed"),
    row(
        Intent::SameDevice,
        "They agree on this device…",
        ctrl(Key::M),
        "The second person stands here; the weaker way",
    ),
    row(Intent::Withdraw, "Withdraw the question", ctrl(Key::D), "The second person is no longer asked"),
    row(Intent::OpenPictures, "Open pictures of a request…", plain(Key::F7), "As the second person"),
    row(Intent::Refuse, "Refuse the request…", plain(Key::F8), "As the second person, with a reason"),
    row(Intent::PutAway, "Put the request away", plain(Key::F6), "As the second person"),
    row(Intent::Projector, "Commander's window", plain(Key::F9), "To look on from afar; again: close it"),
    row(Intent::Go(Screen::Situation), "Situation", ctrl(Key::Num1), "What is wrong, and where"),
    row(Intent::Go(Screen::Run), "Run", ctrl(Key::Num2), "The checklist and the step"),
    row(Intent::Go(Screen::Runbooks), "Runbooks", ctrl(Key::Num3), "The library and its plans"),
    row(Intent::Go(Screen::Recovery), "Recovery", ctrl(Key::Num4), "What was deleted and can still come back"),
    row(Intent::Go(Screen::Rehearse), "Rehearse", ctrl(Key::Num5), "Scenarios on a simulated Azure"),
    row(Intent::Go(Screen::Audit), "Audit", ctrl(Key::Num6), "Runs and their records"),
    row(Intent::Go(Screen::Settings), "Settings", ctrl(Key::Num7), "Operator, look, thresholds"),
    row(Intent::Go(Screen::Approve), "Approve", ctrl(Key::Num8), "A colleague's request; your key and theirs"),
    row(Intent::Go(Screen::Commander), "Commander", ctrl(Key::Num9), "What is happening, to look on from afar"),
    row(
        Intent::NextRegion,
        "Next region or part",
        plain(Key::ArrowRight),
        "Situation: its endpoints; Rehearse and Audit: their parts",
    ),
    row(
        Intent::RegionBefore,
        "Region or part before",
        plain(Key::ArrowLeft),
        "Situation: its endpoints; Rehearse and Audit: their parts",
    ),
    row(Intent::Pin, "Keep on top, or no longer", plain(Key::K), "Situation: the chosen endpoint"),
    row(Intent::Order, "Worst first, or as listed", plain(Key::W), "Situation: the order of the endpoints"),
    row(Intent::LookBack(Span::Hour), "Chart of the last hour", plain(Key::O), "Situation"),
    row(Intent::LookBack(Span::Day), "Chart of the last day", plain(Key::Y), "Situation"),
    row(Intent::LookBack(Span::SinceT0), "Chart since T0", plain(Key::Z), "Situation: since just before the impact"),
    row(Intent::Sighting, "Paste what a colleague sees…", plain(Key::M), "Their block of text, or their words"),
    row(Intent::Share, "Copy what this laptop sees", plain(Key::E), "As a block of text for colleagues"),
    row(Intent::OpenPlan, "Open the recommended plan", None, "What the situation recommends"),
    row(Intent::TryRehearsal, "Try a rehearsal", None, "A lost region, on a simulated Azure"),
    row(Intent::ReadDeleted, "Read what was deleted", ctrl(Key::R), "In all subscriptions; changes nothing"),
    row(Intent::OpenPath, "Open a file or folder…", ctrl(Key::O), "Runbooks or plans"),
    row(Intent::Language, "How to write a runbook", None, "The language of runbooks, on one page"),
    row(Intent::Trust, "Trust this plan…", ctrl(Key::T), "Lets a restricted plan call real addresses, as it is now"),
    row(Intent::Filter, "Filter the list", ctrl(Key::F), "On the Situation, Recovery, Rehearse and Audit screens"),
    row(Intent::Audit(audit::Key::Find), "Find in the record", plain(Key::Slash), "Audit: words, a hash, a step"),
    row(Intent::Audit(audit::Key::Export), "Export the run…", plain(Key::Num5), "Audit: into a file, in seven forms"),
    row(Intent::Audit(audit::Key::Compare), "Compare with another run…", plain(Key::Num6), "Audit: side by side"),
    row(
        Intent::Audit(audit::Key::Verify),
        "Verify the record again",
        plain(Key::Num7),
        "Audit: as `lifeboat verify` does",
    ),
    row(Intent::Audit(audit::Key::Keep), "Keep the run for…", plain(Key::Num8), "Audit: its retention class"),
    row(Intent::Audit(audit::Key::Hold), "Legal hold…", plain(Key::Num9), "Audit: sets it, or lifts it"),
    row(
        Intent::Audit(audit::Key::Dispose),
        "Dispose of the run…",
        plain(Key::Num0),
        "Audit: when its retention is over",
    ),
    row(Intent::PageUp, "Scroll up", plain(Key::PageUp), "The main column"),
    row(Intent::PageDown, "Scroll down", plain(Key::PageDown), "The main column"),
    row(Intent::Looks(Looks::Dark), "Dark look", None, "For the night"),
    row(Intent::Looks(Looks::Light), "Light look", None, "For the day"),
    row(Intent::Looks(Looks::System), "Look as the system", None, "Follows the desktop"),
    row(Intent::Palette, "Commands", ctrl(Key::K), "Find any of these by name"),
    row(Intent::Help, "Help", plain(Key::F1), "This sheet"),
    row(Intent::Back, "Close, or dismiss", plain(Key::Escape), "Always safe: changes nothing"),
];

/// The table's line of an intent.
pub fn find(intent: Intent) -> Option<&'static Row> {
    TABLE.iter().find(|r| r.intent == intent)
}

/// The place of the step's action that this intent means.
pub fn action_index(intent: Intent, snap: &Snapshot, view: &View) -> Option<usize> {
    let run = snap.run.as_ref()?;
    let actions = &view.card(run)?.actions;
    let first = actions.first()?;
    match intent {
        Intent::Change => (first.changes_azure && primary(first)).then_some(0),
        Intent::Confirm => (!first.changes_azure && primary(first)).then_some(0),
        // What changes Azure has no key but Ctrl+Enter, and that only as the first action.
        _ => actions
            .iter()
            .enumerate()
            .position(|(i, a)| i > 0 && !a.changes_azure && intent_of(i, &a.intent) == intent)
            .or_else(|| {
                // The first action keeps its letter beside Enter.
                (!first.changes_azure && intent_of(0, &first.intent) == intent).then_some(0)
            }),
    }
}

/// Leaving a step out is never what Enter means, nor going to or from a look at taking it back, even where it is all that
/// can be done.
pub fn primary(a: &ActionView) -> bool {
    !matches!(a.intent, StepIntent::Skip { .. } | StepIntent::Undo | StepIntent::Keep)
}

/// The intent that stands for an action of a step.
pub fn intent_of(index: usize, step: &StepIntent) -> Intent {
    match step {
        StepIntent::Preview { .. } => Intent::Preview,
        StepIntent::Check => Intent::Check,
        StepIntent::AskSecondPerson => Intent::SecondPerson,
        StepIntent::Confirm { .. } => Intent::ByHand,
        StepIntent::Skip { .. } => Intent::Skip,
        StepIntent::Retry { .. } => Intent::Retry,
        StepIntent::Undo => Intent::Undo,
        StepIntent::Perform { .. } | StepIntent::TakeBack { .. } | StepIntent::Keep | StepIntent::Decide { .. } => {
            Intent::Nth(u8::try_from(index + 1).unwrap_or(u8::MAX))
        }
    }
}

/// What the second person is asked about the step on show.
pub fn on_run_asked<'a>(snap: &'a Snapshot, view: &View) -> Option<&'a AskedView> {
    let card = view.card(snap.run.as_deref()?).filter(|_| view.screen == Screen::Run)?;
    snap.approvals.asked.iter().find(|a| a.step == card.id)
}

/// Whether it can be wanted now.
pub fn available(intent: Intent, snap: &Snapshot, view: &View) -> bool {
    let run = snap.run.as_deref();
    let open = run.is_some_and(|r| r.closed.is_none());
    let writable = open && run.is_some_and(|r| r.papers.handed_over.is_none());
    let card = || run.and_then(|r| view.card(r));
    let asked = on_run_asked(snap, view);
    let on_run = view.screen == Screen::Run;
    // While it is paused nothing begins, and nothing is asked that would.
    let begins = on_run && writable && run.is_some_and(|r| r.paused.is_none());
    let on_board = view.screen == Screen::Situation && snap.situation.watching;
    let can_start = super::screens::cannot_start(snap).is_none();
    match intent {
        Intent::Change if view.screen == Screen::Runbooks => can_start && snap.library.preview.is_some(),
        Intent::Change if view.screen == Screen::Approve => {
            let open = |r: &RequestView| r.refused.is_none() && r.answer.is_none() && r.code.is_none();
            snap.approvals.request.as_deref().is_some_and(open)
        }
        Intent::Change => on_run && action_index(intent, snap, view).is_some(),
        Intent::Confirm => match view.screen {
            Screen::Run => action_index(intent, snap, view).is_some(),
            Screen::Situation => {
                use super::screens::{situation, start};
                situation::offers_plan(snap) || start::wanted(snap) || situation::unfinished(snap).is_some()
            }
            Screen::Runbooks => can_start && snap.library.preview.is_some(),
            Screen::Rehearse => super::screens::rehearse::can_confirm(&view.rehearse, snap),
            Screen::Recovery => {
                let row = super::screens::recovery::chosen(&view.board, snap);
                row.is_some_and(|r| r.runbook.is_some()) || snap.recovery.read_at.is_none()
            }
            Screen::Audit => audit::can_confirm(&view.audit, snap),
            Screen::Settings | Screen::Approve | Screen::Commander => false,
        },
        Intent::StepUp | Intent::StepDown => {
            on_run && run.is_some()
                || view.screen == Screen::Audit && snap.audit.shown.is_some() && view.audit.part == audit::Part::Entries
                || view.screen == Screen::Recovery && !snap.recovery.rows.is_empty()
                || view.screen == Screen::Rehearse && !snap.library.scenarios.is_empty()
                || on_board && !snap.situation.endpoints.is_empty()
        }
        Intent::StepCurrent => on_run && run.is_some() || on_board && view.situation.selected.is_some(),
        Intent::NextRegion | Intent::RegionBefore => {
            on_board && !snap.situation.regions.is_empty()
                || view.screen == Screen::Rehearse
                || view.screen == Screen::Audit && snap.audit.shown.is_some()
        }
        Intent::Pin => on_board && view.situation.shown(&snap.situation).is_some(),
        Intent::Order | Intent::LookBack(_) | Intent::Sighting | Intent::Share => on_board,
        // Where its button stands, it says why it cannot be done.
        Intent::Freeze if on_board => true,
        Intent::ByHand
        | Intent::Skip
        | Intent::Retry
        | Intent::Undo
        | Intent::Preview
        | Intent::Check
        | Intent::SecondPerson
        | Intent::Nth(_) => on_run && action_index(intent, snap, view).is_some(),
        Intent::CopyByHand => {
            on_run
                && run.and_then(|r| view.card(r)).is_some_and(|c| !(c.by_hand.is_empty() && c.by_hand_now.is_empty()))
        }
        Intent::Jump => open && run.is_some_and(|r| r.long_wait.is_some()),
        Intent::Faster | Intent::Slower => open && snap.clock.is_scenario(),
        Intent::StepClock(_) => open && snap.clock.is_scenario() && snap.clock.speed() == crate::clock::Speed::Times(0),
        Intent::Facilitator => snap.facilitator.is_some(),
        Intent::Note
        | Intent::Impact
        | Intent::Freeze
        | Intent::Degraded
        | Intent::Pause
        | Intent::Close
        | Intent::Abort
        | Intent::Ledger
        | Intent::Loss
        | Intent::EvidenceText
        | Intent::EvidenceFile
        | Intent::Finding
        | Intent::SignOff
        | Intent::Tell
        | Intent::HandOver => writable,
        Intent::Post => writable && snap.checkpoint.is_some(),
        Intent::Declare => writable && run.is_some_and(|r| r.clocks.t[0].is_some()),
        Intent::Rate => writable && run.and_then(papers::unrated_finding).is_some(),
        Intent::Vouch => writable && run.and_then(papers::unvouched_finding).is_some(),
        Intent::DegradedStep => on_run && writable && card().is_some_and(|c| c.degraded.is_some()),
        Intent::Corrective => writable && run.and_then(papers::open_finding).is_some(),
        Intent::BreakGlass => begins && card().is_some_and(|c| papers::refused_guard(c).is_some()),
        Intent::TakeBackTo => {
            let done = |c: &StepCard| matches!(c.state, StepState::DoneByApp | StepState::DoneByHand);
            let none = run.is_some_and(|r| r.taking_back.is_empty());
            begins && none && card().is_some_and(|c| done(c))
        }
        Intent::TakeRunBack => open && !writable,
        Intent::StopTakingBack => run.is_some_and(|r| !r.taking_back.is_empty()),
        Intent::Papers | Intent::Timeline => on_run && run.is_some(),
        Intent::NextRun => snap.open_runs.len() > 1,
        Intent::Withdraw => asked.is_some(),
        Intent::TakeAnswer | Intent::Pictures | Intent::SameDevice => asked.is_some_and(|a| !a.nonce.is_empty()),
        Intent::CopyRequest => {
            let answer = snap.approvals.request.as_ref().is_some_and(|r| r.answer.is_some());
            asked.is_some() || view.screen == Screen::Approve && answer
        }
        Intent::Refuse => {
            view.screen == Screen::Approve
                && snap.approvals.request.as_ref().is_some_and(|r| r.answer.is_none() && r.code.is_none())
        }
        Intent::PutAway => view.screen == Screen::Approve && snap.approvals.request.is_some(),
        Intent::Leave => run.is_some(),
        Intent::RetryJournal => run.is_some_and(|r| r.read_only.is_some()),
        Intent::OpenPlan => super::screens::situation::offers_plan(snap),
        Intent::TryRehearsal => run.is_none(),
        Intent::Trust => {
            let preview = snap.library.preview.as_ref().filter(|_| view.screen == Screen::Runbooks);
            preview.is_some_and(|p| super::screens::runbooks::trust::restricted(p))
        }
        Intent::Filter => match view.screen {
            Screen::Audit => snap.audit.shown.is_some(),
            Screen::Recovery => snap.recovery.read_at.is_some(),
            Screen::Rehearse => !snap.library.scenarios.is_empty(),
            Screen::Situation => on_board,
            _ => false,
        },
        Intent::Audit(key) => audit::can(key, snap, view),
        Intent::ReadDeleted => snap.recovery.progress.is_none(),
        Intent::Go(_)
        | Intent::TakeOver
        | Intent::OpenPictures
        | Intent::Projector
        | Intent::OpenPath
        | Intent::Language
        | Intent::PageUp
        | Intent::PageDown
        | Intent::Looks(_)
        | Intent::Palette
        | Intent::Help
        | Intent::Back => true,
    }
}
