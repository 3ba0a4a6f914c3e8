//! Stretches in which nobody looked, told from clocks and roads: what was seen before them proves nothing about now.
//!
//! Three clocks part in their own ways. The one that counts the time this program could run stands still in sleep on some
//! systems; the one that counts since the computer started goes on; the one that people read can be set. Where the second
//! is not to be had, a jump of the third is named as what it is: one of two things.

use crate::units::Millis;

/// Less than this is the jitter of a busy computer, or a clock that is slewed.
const NOTICED: i64 = 5_000;
/// A look that comes later than this did not come late by itself: the process, or its machine, stood still.
const STOOD_STILL: i64 = 30_000;

/// The computer's clocks at one moment, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Never goes back; may stand still in sleep.
    pub mono: i64,
    /// What people read, UTC.
    pub utc: i64,
    /// Since the computer started, sleep included, where the system tells.
    pub boot: Option<i64>,
}

/// Nobody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// From, UTC.
    pub from: i64,
    /// To, UTC; the same as `from` where only the network changed.
    pub to: i64,
    /// In a few words.
    pub why: String,
    /// The clock that people read was set back: instants after `from` come a second time.
    pub back: bool,
}

impl Gap {
    /// When it was over: after a clock was set back, that is the earlier of the two.
    pub fn over(&self) -> i64 {
        if self.back { self.from } else { self.to }
    }
}

/// What happened between two looks that should lie `apart`; none: nothing.
pub fn between(before: Clocks, now: Clocks, apart: Millis) -> Option<Gap> {
    let ran = now.mono - before.mono;
    let read = now.utc - before.utc;
    let (slept, set) = match (before.boot, now.boot) {
        (Some(b), Some(n)) => (n - b - ran, read - (n - b)),
        _ => (0, read - ran),
    };
    let late = ran - i64::try_from(apart.0).unwrap_or(i64::MAX);
    let told = before.boot.is_some() && now.boot.is_some();
    let mut why = Vec::new();
    if slept > NOTICED {
        why.push(format!("this computer slept {}", Millis::whole_seconds(slept)));
    } else if late > STOOD_STILL {
        why.push(format!("Lifeboat, or the machine it runs on, stood still for {}", Millis::whole_seconds(late)));
    }
    match set {
        s if s > NOTICED && told => why.push(format!("the clock was set {} ahead", Millis::whole_seconds(s))),
        s if s > NOTICED => {
            why.push(format!("this computer slept, or its clock was set ahead: {}", Millis::whole_seconds(s)))
        }
        s if s < -NOTICED => why.push(format!("the clock was set {} back", Millis::whole_seconds(-s))),
        _ => {}
    }
    let back = set < -NOTICED;
    // A clock that was set back makes the end look earlier than the beginning.
    (!why.is_empty()).then(|| Gap {
        from: before.utc.min(now.utc),
        to: now.utc.max(before.utc),
        why: why.join("; "),
        back,
    })
}

/// Which of this computer's addresses leads out, of each family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roads {
    /// IPv4.
    pub v4: Option<[u8; 4]>,
    /// IPv6: the network's half, as the other half changes for privacy.
    pub v6: Option<[u16; 4]>,
}

impl Roads {
    /// From the source addresses that the system would use.
    pub fn of(v4: Option<[u8; 4]>, v6: Option<[u16; 8]>) -> Self {
        Self { v4, v6: v6.map(|[a, b, c, d, ..]| [a, b, c, d]) }
    }

    /// What is different, in a few words; none: nothing.
    pub fn changed(self, now: Self) -> Option<&'static str> {
        let out = |r: Self| r.v4.is_some() || r.v6.is_some();
        match (out(self), out(now)) {
            _ if self == now => None,
            (true, false) => Some("the network is gone"),
            (false, true) => Some("a network is there again"),
            _ => Some("another network"),
        }
    }
}
