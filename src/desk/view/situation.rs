//! The Situation screen and the ladder.

use crate::health::{
    Advice, Assessment, DetectorState, Lamp as HealthLamp, LampState, Role, State, assess, climb, skew,
};
use crate::units::{Millis, Region, known_region};

use super::super::monitor::Watched;
use super::super::snapshot::{Lamp, Mark, Reason, RegionRow, Situation};

/// Shape of a state.
pub fn mark(s: State) -> Mark {
    match s {
        State::Ok => Mark::Ok,
        State::Suspect => Mark::Suspect,
        State::Down => Mark::Down,
        State::Degraded | State::Throttled | State::Unstable => Mark::Degraded,
        State::Unknown => Mark::Unknown,
        State::Blind => Mark::Blind,
    }
}

fn lamp_mark(s: LampState) -> Mark {
    match s {
        LampState::Ok => Mark::Ok,
        LampState::Suspect => Mark::Suspect,
        LampState::Down => Mark::Down,
        LampState::Degraded => Mark::Degraded,
        LampState::Unknown => Mark::Unknown,
        LampState::Blind => Mark::Blind,
    }
}

/// Seconds matter in the first minutes; after that they only take room.
fn roughly(ms: i64) -> String {
    let t = Millis::whole_seconds(ms);
    if t < Millis::from_mins(10) { t.to_string() } else { Millis(t.0 / 60_000 * 60_000).to_string() }
}

fn lamp(l: &HealthLamp, now: i64) -> Lamp {
    let text = match (l.state, l.latency, l.since) {
        (LampState::Ok | LampState::Degraded, Some(t), _) => t.to_string(),
        (LampState::Down | LampState::Suspect | LampState::Blind, _, Some(since)) => roughly(now - since),
        _ => String::new(),
    };
    let m = lamp_mark(l.state);
    Lamp { name: l.name.clone(), mark: m, text, sentence: format!("{}: {}. {}", l.name, m.word(), l.text) }
}

/// The lamps, lowest rung first.
pub fn ladder(w: &Watched, now: i64) -> Vec<Lamp> {
    climb(&w.inputs(now)).lamps().map(|l| lamp(l, now)).collect()
}

/// What is believed now.
pub fn assessment(w: &Watched, now: i64) -> Assessment {
    assess(&w.inputs(now))
}

fn reason(r: &crate::health::Reason) -> Reason {
    Reason { mark: mark(r.state), text: r.text.clone(), at: r.at }
}

/// How bad, for choosing the worst.
pub fn weight(m: Mark) -> u8 {
    match m {
        Mark::Down => 5,
        Mark::Blind => 4,
        Mark::Suspect => 3,
        Mark::Degraded => 2,
        Mark::Unknown => 1,
        Mark::Ok => 0,
    }
}

/// Draws the screen's data. `open_plan`: the plan to open when a failover is at stake and no run is open.
pub fn view(w: &Watched, a: &Assessment, open_plan: Option<&str>, now: i64) -> Situation {
    let worst = a
        .regions
        .iter()
        .map(|r| mark(r.state))
        .chain(a.blind.is_some().then_some(Mark::Blind))
        .max_by_key(|m| weight(*m));
    // Of equals the one that is contradicted, then the primary.
    let shown = a.regions.iter().max_by_key(|r| (weight(mark(r.state)), r.disagreement, r.role == Role::Primary));
    let mut reasons: Vec<Reason> = shown.map(|r| r.reasons.iter().map(reason).collect()).unwrap_or_default();
    if shown.is_some_and(|r| r.disagreement) {
        // What contradicts must not be cut off.
        reasons.sort_by_key(|r| std::cmp::Reverse(weight(r.mark)));
    }
    // Every time in the other reasons is told by this clock.
    if let Some(text) = w.ahead(now).and_then(skew::sentence) {
        reasons.insert(0, Reason { mark: Mark::Degraded, text, at: now });
    }
    reasons.truncate(5);
    let advice = &a.recommend;
    Situation {
        mark: worst,
        headline: a.headline.clone(),
        explanation: a.explanation.clone(),
        reasons,
        recommendation: advice.sentence.clone(),
        open_plan: matches!(advice.advice, Advice::FailOver | Advice::Confirm | Advice::MovePart)
            .then(|| open_plan.map(str::to_owned))
            .flatten(),
        regions: a.regions.iter().zip(w.regions()).map(|(v, (_, role, d))| region_row(v, role, d, w, now)).collect(),
        endpoints: super::endpoints::rows(w, now),
        gaps: super::endpoints::gaps(w),
        posted: w.posted.clone(),
        arithmetic: advice.arithmetic.as_ref().map(|a| a.rows()).unwrap_or_default(),
        notices: notices(w),
        notices_read: w.notices_read,
        colleagues: w
            .colleagues
            .iter()
            .map(|c| Reason { mark: if c.answers { Mark::Ok } else { Mark::Down }, text: c.line(now), at: c.at })
            .collect(),
        watching: true,
        ..Situation::default()
    }
}

fn region_row(
    v: &crate::health::RegionVerdict,
    role: Role,
    d: &crate::health::Detector,
    w: &Watched,
    now: i64,
) -> RegionRow {
    let m = mark(v.state);
    let from = match v.state {
        State::Down | State::Suspect | State::Blind => d.failing_since().unwrap_or(now),
        _ => now - 15 * 60_000,
    };
    let t = d.tally(from);
    let figure = match (v.state, d.typical(), v.since) {
        (State::Ok | State::Degraded | State::Throttled, Some(time), _) => time.to_string(),
        (State::Down | State::Suspect | State::Blind, _, Some(since)) => Millis::whole_seconds(now - since).to_string(),
        _ => String::new(),
    };
    let calls = match v.state {
        State::Down | State::Suspect | State::Blind => format!("{} of {} fail", t.failed, t.calls),
        _ if d.last().is_none() => "not asked yet".to_owned(),
        _ if t.calls == 0 => "no news".to_owned(),
        _ => format!("{} of {}", t.answered, t.calls),
    };
    let word = match v.state {
        State::Ok => "answers",
        State::Suspect => "suspect",
        State::Down => "down, persistent",
        State::Degraded if d.state(now) == DetectorState::Recovering => "answers again",
        State::Degraded => "degraded",
        State::Throttled => "throttled, not down",
        State::Unstable => "comes and goes",
        State::Unknown => "unknown",
        State::Blind => "cannot be seen from here",
    };
    let facts = known_region(v.region.name());
    RegionRow {
        reasons: v.reasons.iter().take(5).map(reason).collect(),
        region: v.region.name().to_owned(),
        display: v.region.display(),
        position: facts.and_then(|f| Some((f.latitude?, f.longitude?))),
        mark: m,
        word: word.to_owned(),
        figure,
        calls,
        role: match role {
            Role::Primary => "primary",
            Role::Secondary => "secondary",
            Role::Watched => "",
        },
        control: control(w, &v.region, now),
    }
}

/// The control plane apart: whether it answers for this region, and what it says. It says `Succeeded` of what is down.
fn control(w: &Watched, region: &Region, now: i64) -> Option<(Mark, String)> {
    let says = w.provisioning.get(region).map(|p| {
        let good = p.text.eq_ignore_ascii_case("succeeded");
        (if good { Mark::Ok } else { Mark::Degraded }, format!("ARM says {}", p.text))
    });
    let Some(asked) = w.control(region) else { return says };
    match asked.state(now) {
        DetectorState::Persistent => Some((Mark::Down, "ARM does not answer for this region".to_owned())),
        DetectorState::Suspect => Some((Mark::Suspect, "ARM may be failing for this region".to_owned())),
        _ => says.or_else(|| (asked.answers(now) == Some(true)).then(|| (Mark::Ok, "ARM answers".to_owned()))),
    }
}

fn notices(w: &Watched) -> Vec<Reason> {
    w.notices
        .iter()
        .map(|n| Reason {
            mark: if n.active() { Mark::Down } else { Mark::Ok },
            text: if n.text.to_lowercase().contains(&n.status.to_lowercase()) {
                format!("{}: {}", n.source, n.text)
            } else {
                format!("{}: {} ({})", n.source, n.text, n.status)
            },
            at: n.at,
        })
        .collect()
}
