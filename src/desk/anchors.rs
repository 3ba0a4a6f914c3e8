//! Checkpoints that leave this computer, so that rewriting the record here shows there. Whether they arrive holds nothing up.

mod sending;
pub mod witness;

use std::sync::Arc;

use crate::approval::{Answer, Seen, Verdict};
use crate::export::qr;
use crate::record::Checkpoint;
use crate::run::event::Actor;

use super::DeskError;
use super::snapshot::{CheckpointView, Qr};
use super::supervisor::Desk;

pub use sending::{Came, Settings};

/// What the desk knows of checkpoints that leave.
pub(super) struct Anchoring {
    /// The newest one of the run on show, drawn once.
    drawn: Option<Arc<CheckpointView>>,
    /// Where they go by themselves.
    pub settings: Settings,
    /// Why the file of that is not used.
    pub trouble: Option<DeskError>,
}

/// A checkpoint on its way out.
pub struct Leaving<'a> {
    /// `witness`, `person`, `blob` or `tsa`.
    pub to: &'static str,
    /// Who, or where.
    pub place: &'a str,
    /// It, with what came back.
    pub note: &'a Checkpoint,
    /// Whether it is held there, or why not.
    pub came: Result<(), String>,
    /// What proves it, as a file of evidence.
    pub proof: Option<(String, String)>,
}

impl Desk {
    /// The second person agreed: what their device says of the checkpoint goes into the record.
    pub(super) fn witnessed(&mut self, asked: Option<&str>, answer: &Answer, name: &str) {
        let agreed = answer.verdict == Verdict::Agreed;
        let Some(mut note) = asked.filter(|_| agreed).and_then(|n| n.parse::<Checkpoint>().ok()) else { return };
        let came = match &answer.seen {
            Some(Seen::Signed(line)) if note.take(line, &answer.key) => Ok(()),
            Some(Seen::Signed(_)) => Err("the signature that came back does not hold".to_owned()),
            Some(Seen::Refused(why)) => Err(format!("their device did not sign it: {}", witness::short(why))),
            None => Err("the answer carries no signature of the checkpoint".to_owned()),
        };
        if let Err(why) = &came {
            self.say(format!("no witness for the record so far: {name}: {why}"));
        }
        self.left(&Leaving { to: "witness", place: name, note: &note, came, proof: None });
    }

    /// A person put a checkpoint somewhere, and says where.
    pub(super) fn posted(&mut self, note: &str, place: &str) -> Result<(), DeskError> {
        let (me, place) = (self.me(), witness::short(place.trim()));
        let note: Checkpoint = note.parse().map_err(|_| DeskError::ChangedSince)?;
        if place.is_empty() {
            return Err(DeskError::NoPlace);
        }
        let o = self.opened()?;
        if !o.session.made(&note) {
            return Err(DeskError::ChangedSince);
        }
        o.session.left(&me, &Leaving { to: "person", place: &place, note: &note, came: Ok(()), proof: None })?;
        self.say(format!("a checkpoint over {} records is outside this computer: {place}", note.size));
        Ok(())
    }

    /// The newest checkpoint of the run on show.
    pub(super) fn checkpoint_view(&mut self) -> Option<Arc<CheckpointView>> {
        let c = self.open.as_deref()?.session.checkpoint()?;
        let text = c.to_string();
        if self.anchoring.drawn.as_ref().is_none_or(|d| *d.text != *text) {
            let (width, dark) = qr::squares(&text).ok()?;
            let picture = Qr { width, dark: dark.into() };
            self.anchoring.drawn = Some(Arc::new(CheckpointView { records: c.size, text: text.into(), picture }));
        }
        self.anchoring.drawn.clone()
    }

    /// Into the record of the run that is worked on. That it could not be recorded is said, and holds nothing up.
    fn left(&mut self, leaving: &Leaving<'_>) {
        let done = self.opened().and_then(|o| o.session.left(&Actor::System, leaving));
        if let Err(e) = done {
            self.say(format!("what came of a checkpoint for {} is not recorded: {e}", leaving.place));
        }
    }
}
