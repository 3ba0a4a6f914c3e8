//! What the operator says to the watch: which chart, what stays on top, what colleagues see, how it is set.

mod chart;
mod roster;
mod settings;
mod sighting;

pub use chart::Charting;
pub use roster::Roster;
pub use settings::{Watching, keep, kept};
pub(super) use sighting::Sharing;
pub use sighting::{Signed, notices_impossible};

use super::DeskError;
use super::protocol::WatchIntent;
use super::supervisor::Desk;

impl Desk {
    /// Something about the watch.
    pub(super) fn watch_intent(&mut self, intent: WatchIntent) -> Result<(), DeskError> {
        match intent {
            WatchIntent::Chart(endpoint, span) => self.choose_chart(endpoint, span),
            WatchIntent::Pin(endpoint, on) => self.pin(&endpoint, on),
            WatchIntent::TakeSighting(text) => self.take_sighting(&text),
            WatchIntent::ShareSighting => self.share_sighting(),
            WatchIntent::Set(settings) => self.set_watch(*settings),
            WatchIntent::Hidden(hidden) => self.window_hidden(hidden),
        }
    }
}
