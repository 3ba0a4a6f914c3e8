//! Which verdicts turned, and which of that is worth a notice: not what somebody looks at, and of one region not more than
//! one a minute, however it flaps. The laptop's own sight is one thing more of which that holds: while it is lost no region
//! has turned.

use std::collections::BTreeMap;

use super::Notice;
use crate::units::Millis;

/// Of one region, and of this laptop's sight, at most one notice in this time.
pub const AT_MOST_EVERY: Millis = Millis::from_mins(1);

/// One region as it is believed to be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Portal name.
    pub region: String,
    /// `down, persistently`, `ok`.
    pub word: String,
    /// Nothing is known of it.
    pub unknown: bool,
    /// This laptop cannot see.
    pub blind: bool,
}

/// What is known by whoever reads the notices.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Of each region: the word that was last seen or told, and when it was told.
    known: BTreeMap<String, (String, Option<u64>)>,
    /// Whether this laptop cannot see, as last seen or told, and when it was told.
    blind: (bool, Option<u64>),
}

impl Turns {
    /// Takes in what is believed at `now` (milliseconds of any steady clock). `away`: nobody looks, and notices are wanted;
    /// else what is seen counts as known. `rehearsal` stands before every title.
    pub fn take(&mut self, seen: &[Seen], headline: &str, away: bool, rehearsal: bool, now: u64) -> Vec<Notice> {
        let notice = |title: String| Notice {
            title: if rehearsal { format!("Rehearsal: {title}") } else { title },
            text: headline.to_owned(),
        };
        self.known.retain(|region, _| seen.iter().any(|s| s.region == *region));
        let blind = if seen.is_empty() { self.blind.0 } else { seen.iter().all(|s| s.blind) };
        let mut out = Vec::new();
        let due = |told: Option<u64>| told.is_none_or(|at| now.saturating_sub(at) >= AT_MOST_EVERY.0);
        // A laptop that lost its network says so once, not once a region, and once that it has it again.
        if blind != self.blind.0 {
            if !away {
                self.blind.0 = blind;
            } else if due(self.blind.1) {
                let what = if blind { "cannot see any region" } else { "sees the regions again" };
                out.push(notice(format!("This laptop {what}")));
                self.blind = (blind, Some(now));
            }
        }
        if blind {
            return out;
        }
        for s in seen {
            let Some((word, told)) = self.known.get_mut(&s.region) else {
                // The beginning of a watch is no news, and neither is its first answer.
                if !s.unknown && !s.blind {
                    self.known.insert(s.region.clone(), (s.word.clone(), None));
                }
                continue;
            };
            if *word == s.word {
                continue;
            }
            if !away {
                s.word.clone_into(word);
            } else if due(*told) {
                out.push(notice(format!("{}: {} (was {word})", s.region, s.word)));
                *told = Some(now);
                s.word.clone_into(word);
            }
        }
        out
    }
}
