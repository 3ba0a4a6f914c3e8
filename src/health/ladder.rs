//! The reachability ladder: one lamp for each thing a step may need.
//!
//! The control plane has a lamp of its own: a region serves its users while Azure Resource Manager is down, and the
//! other way round.

use serde::{Deserialize, Serialize};

use super::detector::Detector;
use super::eyes::Eyes;
use super::skew;
use super::verdict::{Inputs, RegionInput, RegionVerdict, Role, State, assess};
use super::view::{View, reason};
use crate::runbook::model::Rung;
use crate::units::{Millis, Region};

/// The six states that are drawn as six shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LampState {
    /// Answers.
    Ok,
    /// May be failing.
    Suspect,
    /// Does not answer.
    Down,
    /// Answers in part, slowly, or not steadily.
    Degraded,
    /// No news.
    Unknown,
    /// This laptop cannot see.
    Blind,
}

/// One rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lamp {
    /// What it is, e.g. `Entra ID`.
    pub name: String,
    /// How it is.
    pub state: LampState,
    /// Why, in a few words.
    pub text: String,
    /// Usual answer time, where it answers.
    pub latency: Option<Millis>,
    /// Since when it is so.
    pub since: Option<i64>,
    /// Age of the newest news.
    pub age: Option<Millis>,
}

/// All rungs, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// This laptop's network, by the witnesses.
    pub laptop: Lamp,
    /// Sign-in.
    pub entra: Lamp,
    /// Azure Resource Manager.
    pub arm: Lamp,
    /// Each region's data plane, in the order given.
    pub regions: Vec<(Region, Role, Lamp)>,
    /// The control plane of the regions where it is watched apart.
    pub controls: Vec<(Region, Role, Lamp)>,
}

impl Ladder {
    /// The lamp of what a step needs; none for a step that needs nothing, or a region that is not watched. Changes are
    /// made in the second region: where its own control plane is worse off than the whole, that is the lamp.
    pub fn rung(&self, rung: Rung) -> Option<&Lamp> {
        let region = |role| self.regions.iter().find(|r| r.1 == role).map(|r| &r.2);
        match rung {
            Rung::Nothing => None,
            Rung::Network => Some(&self.laptop),
            Rung::Entra => Some(&self.entra),
            Rung::Arm => {
                let there = self.controls.iter().find(|r| r.1 == Role::Secondary).map(|r| &r.2);
                Some(there.filter(|l| l.state.carries() < self.arm.state.carries()).unwrap_or(&self.arm))
            }
            Rung::PrimaryData => region(Role::Primary),
            Rung::SecondaryData => region(Role::Secondary),
        }
    }
    /// All lamps, lowest first.
    pub fn lamps(&self) -> impl Iterator<Item = &Lamp> {
        let below = [&self.laptop, &self.entra, &self.arm].into_iter().chain(self.controls.iter().map(|r| &r.2));
        below.chain(self.regions.iter().map(|r| &r.2))
    }
}

/// Builds the ladder.
pub fn climb(i: &Inputs<'_>) -> Ladder {
    let eyes = Eyes::look(i);
    let verdicts = assess(i).regions;
    let regions = i.regions.iter().zip(&verdicts);
    Ladder {
        laptop: laptop(i, &eyes),
        entra: service("Entra ID", i.entra, &eyes, i.now),
        arm: service("ARM", i.arm, &eyes, i.now),
        controls: i.regions.iter().filter_map(|r| control(r, &eyes, i.now)).collect(),
        regions: regions.map(|(r, v)| (r.region.clone(), r.role, region(v, r, i.now))).collect(),
    }
}

fn age(d: &Detector, now: i64) -> Option<Millis> {
    d.last().map(|p| Millis(u64::try_from(now - p.at).unwrap_or(0)))
}

fn laptop(i: &Inputs<'_>, eyes: &Eyes) -> Lamp {
    let (state, text) = match (&eyes.blind, eyes.answering, eyes.asked) {
        (Some(why), _, _) => (LampState::Down, why.clone()),
        (None, _, 0) => (LampState::Unknown, "no news from the witnesses".to_owned()),
        (None, n, of) if n == of => (LampState::Ok, format!("{n} of {of} witnesses answer")),
        (None, n, of) => (LampState::Degraded, format!("only {n} of {of} witnesses answer")),
    };
    // It may see well and still tell the wrong time.
    let (state, text) = match i.ahead.and_then(skew::sentence) {
        Some(clock) if state != LampState::Down => (LampState::Degraded, format!("{clock} Beside that, {text}")),
        Some(clock) => (state, format!("{text}. {clock}")),
        None => (state, text),
    };
    let steady = i.witnesses.iter().filter_map(|w| w.steady_since(i.now)).min();
    let failing = i.witnesses.iter().filter_map(|w| w.failing_since()).min();
    Lamp {
        name: "This laptop".to_owned(),
        state,
        text,
        latency: i.witnesses.iter().filter(|w| w.answers(i.now) == Some(true)).filter_map(|w| w.typical()).min(),
        since: if state == LampState::Ok { steady } else { failing },
        age: i.witnesses.iter().filter_map(|w| age(w, i.now)).min(),
    }
}

fn service(name: &str, d: Option<&Detector>, eyes: &Eyes, now: i64) -> Lamp {
    let Some(d) = d else {
        let text = "not watched".to_owned();
        return Lamp { name: name.to_owned(), state: LampState::Unknown, text, latency: None, since: None, age: None };
    };
    let view = View::of(d, eyes, now);
    // A service that refuses our question (401, 404) answers: the rung carries.
    let state = match view {
        _ if eyes.blind.is_some() && d.answers(now) == Some(false) => LampState::Blind,
        View::Refuses => LampState::Degraded,
        v => v.state().lamp(),
    };
    let text = reason(&d.into(), view, now).text;
    let since = d.since(now);
    Lamp { name: name.to_owned(), state, text, latency: answer_time(d, now), since, age: age(d, now) }
}

/// A region's own control plane, beside its data plane.
fn control(r: &RegionInput<'_>, eyes: &Eyes, now: i64) -> Option<(Region, Role, Lamp)> {
    let arm = r.arm?;
    let name = format!("{} ARM", r.region.display());
    Some((r.region.clone(), r.role, service(&name, Some(arm), eyes, now)))
}

fn answer_time(d: &Detector, now: i64) -> Option<Millis> {
    d.typical().filter(|_| d.answers(now) == Some(true))
}

fn region(v: &RegionVerdict, r: &RegionInput<'_>, now: i64) -> Lamp {
    Lamp {
        name: v.region.display(),
        state: v.state.lamp(),
        text: v.sentence.clone(),
        latency: r.deciding().filter_map(|d| answer_time(d, now)).max(),
        since: v.since,
        age: r.detectors().filter_map(|d| age(d, now)).min(),
    }
}

impl LampState {
    /// How far it carries: not at all, perhaps, nobody knows, well.
    fn carries(self) -> u8 {
        match self {
            Self::Down | Self::Blind => 0,
            Self::Suspect => 1,
            Self::Unknown => 2,
            Self::Degraded => 3,
            Self::Ok => 4,
        }
    }
}

impl State {
    /// In the record's and the shared block's words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Throttled => "throttled",
            Self::Unstable => "unstable",
            Self::Unknown => "unknown",
            Self::Blind => "blind",
        }
    }

    /// The shape it is drawn with.
    pub fn lamp(self) -> LampState {
        match self {
            Self::Ok => LampState::Ok,
            Self::Suspect => LampState::Suspect,
            Self::Down => LampState::Down,
            Self::Degraded | Self::Throttled | Self::Unstable => LampState::Degraded,
            Self::Unknown => LampState::Unknown,
            Self::Blind => LampState::Blind,
        }
    }
}
