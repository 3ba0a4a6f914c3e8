//! In-app help of each screen: what it is for, what its shapes mean, and the keys to begin with. The rest of the help sheet is
//! the table of intents, by where each key does something.

use super::intent::{Intent, Row, TABLE, find};
use super::view::Screen;

/// What a person needs to know of a screen.
pub struct Help {
    /// What it is for.
    pub what: &'static str,
    /// What is seen on it.
    pub shapes: &'static str,
    /// The keys to begin with.
    pub keys: &'static [Intent],
}

const MARKS: &str = "A disc is ok, half a disc suspect, a cross down, a triangle degraded, a dashed ring unknown, a ring with \
                     a bar blind: this laptop cannot tell.";
const STEPS: &str = "A tick is done, a ring to do, a dash left out, an arrow the step that is next, a cross failed.";

/// The help of a screen.
pub fn of(screen: Screen) -> Help {
    let (what, shapes, keys): (_, _, &'static [Intent]) = match screen {
        Screen::Situation => (
            "Says what is wrong, since when, how that is known, and which plan is recommended. It only reads.",
            MARKS,
            &[Intent::Confirm, Intent::NextRegion, Intent::Filter],
        ),
        Screen::Run => (
            "Leads through the plan one step at a time. The step on show says what it changes before it is done; the \
             record is written as you go.",
            STEPS,
            &[Intent::Change, Intent::Confirm, Intent::ByHand, Intent::Timeline],
        ),
        Screen::Runbooks => (
            "Holds runbooks and the plans made from them. A plan is looked at, checked, tried dry, and started here.",
            "Counts beside a name are errors and warnings in its text.",
            &[Intent::Confirm, Intent::Change, Intent::OpenPath],
        ),
        Screen::Recovery => (
            "Lists what was deleted and can still come back, the nearest deadline first, with what blocks it.",
            "The bar is the time that is left until it is gone for good.",
            &[Intent::Confirm, Intent::StepDown, Intent::ReadDeleted],
        ),
        Screen::Rehearse => (
            "Plays scenarios on a simulated Azure: nothing real is touched. Score and trend show what to train.",
            "Bars are the parts of a rehearsal's time, each with its pattern; the line is the RTO.",
            &[Intent::Confirm, Intent::StepDown, Intent::NextRegion],
        ),
        Screen::Audit => (
            "Keeps the record of each run: to read, search, verify, compare, export, and to keep as long as is needed.",
            "The badge says whether the record is as it was written.",
            &[Intent::Filter, Intent::StepDown, Intent::NextRegion],
        ),
        Screen::Settings => (
            "Sets who you are, what is watched, who is told, which credentials there are, and the look.",
            MARKS,
            &[Intent::Palette, Intent::PageDown],
        ),
        Screen::Approve => (
            "Shows the second person everything that a colleague asks them to agree to, and signs exactly that.",
            "The mode of the request stands above it: LIVE is real.",
            &[Intent::Change, Intent::Refuse, Intent::OpenPictures],
        ),
        Screen::Commander => (
            "Says from afar what happens, who is waited for and what comes next. Nothing on it can be pressed.",
            MARKS,
            &[Intent::Projector],
        ),
    };
    Help { what, shapes, keys }
}

/// Where a key does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On each screen, whatever is going on.
    Everywhere,
    /// On each screen, while a run is open.
    InARun,
    /// On these screens.
    On(&'static [Screen]),
}

/// Where a line of the table can be used: now, or when a step or what is on show allows it.
pub fn place(intent: Intent) -> Place {
    use Screen::{Approve, Audit, Recovery, Rehearse, Run, Runbooks, Situation};
    match intent {
        Intent::Change => Place::On(&[Run, Runbooks, Approve]),
        Intent::Confirm => Place::On(&[Situation, Run, Runbooks, Recovery, Rehearse, Audit]),
        Intent::StepUp | Intent::StepDown => Place::On(&[Situation, Run, Recovery, Rehearse, Audit]),
        Intent::StepCurrent => Place::On(&[Situation, Run]),
        Intent::NextRegion | Intent::RegionBefore => Place::On(&[Situation, Rehearse, Audit]),
        Intent::Filter => Place::On(&[Situation, Recovery, Rehearse, Audit]),
        Intent::Pin | Intent::Order | Intent::LookBack(_) | Intent::Sighting | Intent::Share => Place::On(&[Situation]),
        Intent::OpenPlan => Place::Everywhere,
        Intent::ByHand
        | Intent::Skip
        | Intent::Retry
        | Intent::Undo
        | Intent::Preview
        | Intent::Check
        | Intent::SecondPerson
        | Intent::Nth(_)
        | Intent::CopyByHand
        | Intent::DegradedStep
        | Intent::BreakGlass
        | Intent::TakeBackTo
        | Intent::Papers
        | Intent::Timeline
        | Intent::TakeAnswer
        | Intent::Pictures
        | Intent::SameDevice
        | Intent::Withdraw => Place::On(&[Run]),
        Intent::CopyRequest => Place::On(&[Run, Approve]),
        Intent::Refuse | Intent::PutAway => Place::On(&[Approve]),
        Intent::Audit(_) => Place::On(&[Audit]),
        Intent::Trust => Place::On(&[Runbooks]),
        // On the board it says why it cannot be done.
        Intent::Freeze => Place::InARun,
        Intent::Note
        | Intent::Jump
        | Intent::Faster
        | Intent::Slower
        | Intent::StepClock(_)
        | Intent::Facilitator
        | Intent::Impact
        | Intent::Degraded
        | Intent::Pause
        | Intent::Close
        | Intent::Abort
        | Intent::Leave
        | Intent::RetryJournal
        | Intent::Ledger
        | Intent::Loss
        | Intent::EvidenceText
        | Intent::EvidenceFile
        | Intent::Finding
        | Intent::Corrective
        | Intent::SignOff
        | Intent::Post
        | Intent::Tell
        | Intent::Declare
        | Intent::Rate
        | Intent::Vouch
        | Intent::StopTakingBack
        | Intent::HandOver
        | Intent::TakeRunBack
        | Intent::NextRun => Place::InARun,
        Intent::Go(_)
        | Intent::TakeOver
        | Intent::OpenPictures
        | Intent::Projector
        | Intent::TryRehearsal
        | Intent::ReadDeleted
        | Intent::OpenPath
        | Intent::Language
        | Intent::PageUp
        | Intent::PageDown
        | Intent::Looks(_)
        | Intent::Palette
        | Intent::Help
        | Intent::Back => Place::Everywhere,
    }
}

/// Whether it can be used on this screen beside what works everywhere. The Run screen has all that a run wants.
pub fn belongs(intent: Intent, screen: Screen) -> bool {
    match place(intent) {
        Place::Everywhere => false,
        Place::InARun => screen == Screen::Run,
        Place::On(screens) => screens.contains(&screen),
    }
}

/// The keys of the sheet of a screen, group by group, each of them once: this screen's, those of a run, what works
/// everywhere, and the other screens'.
pub fn groups(screen: Screen) -> Vec<(String, Vec<&'static Row>)> {
    let first = of(screen).keys;
    let mut rest: Vec<&Row> = TABLE.iter().filter(|r| r.key.is_some() && !first.contains(&r.intent)).collect();
    let mut take = |wanted: &dyn Fn(Intent) -> bool| -> Vec<&'static Row> {
        let (taken, left) = std::mem::take(&mut rest).into_iter().partition(|r| wanted(r.intent));
        rest = left;
        taken
    };
    let mut here: Vec<&Row> = first.iter().filter_map(|i| find(*i)).collect();
    here.extend(take(&|i| belongs(i, screen)));
    let mut out = vec![("On this screen".to_owned(), here)];
    let everywhere = take(&|i| place(i) == Place::Everywhere);
    out.push(("While a run is open".to_owned(), take(&|i| place(i) == Place::InARun)));
    out.push(("Everywhere".to_owned(), everywhere));
    for other in Screen::ALL {
        out.push((format!("On the {} screen", other.name()), take(&|i| belongs(i, other))));
    }
    out.retain(|(_, rows)| !rows.is_empty());
    out
}
