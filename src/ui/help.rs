//! In-app help of each screen: what it is for, what its shapes mean, and the keys to begin with. The rest of the help sheet is
//! the table of intents.

use super::intent::Intent;
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
