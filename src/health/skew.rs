//! Whether this computer's clock agrees with Azure's. Every answer says when it was made; that moment lies between the
//! question and the answer as we timed them, however slow the answer was.
//!
//! A wrong clock breaks sign-in by certificate, shifts every deadline, and looks like anything but a wrong clock.

use crate::units::Millis;

/// Sign-in itself allows so much; less is no news.
pub const TOLERATED: Millis = Millis::from_mins(5);
/// A `Date` has whole seconds.
const GRAIN_MS: i64 = 1_000;
/// Older news says nothing of a clock that may have been set since.
const FRESH_MS: i64 = 150_000;

/// By how much Azure's clock is ahead of ours, at the least; negative where ours is ahead, nothing where they may agree.
/// All in UTC milliseconds: when we asked, when the answer was there, and what it says of itself.
pub fn offset(asked: i64, answered: i64, date: i64) -> i64 {
    let ahead = date.saturating_sub(answered).max(0);
    let behind = asked.saturating_sub(date.saturating_add(GRAIN_MS)).max(0);
    ahead - behind
}

/// What several of Azure's services say, each with when it was heard: a clock is wrong only where all of them agree.
pub fn agreed(told: impl IntoIterator<Item = (i64, i64)>, now: i64) -> Option<i64> {
    let fresh = told.into_iter().filter(|(at, _)| now.saturating_sub(*at).abs() <= FRESH_MS);
    fresh.map(|(_, offset)| offset).min_by_key(|offset| offset.unsigned_abs())
}

/// What to say of it, if anything.
pub fn sentence(offset: i64) -> Option<String> {
    let off = Millis(offset.unsigned_abs());
    if off <= TOLERATED {
        return None;
    }
    let minutes = Millis::from_mins((off.0 + 30_000) / 60_000);
    let side = if offset > 0 { "behind" } else { "ahead of" };
    Some(format!(
        "This computer's clock is {minutes} {side} Azure's: sign-in may fail, and every deadline is off. Set it."
    ))
}
