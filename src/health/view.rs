//! One endpoint as the verdict sees it: the detector's state, sharpened by what kind of trouble it is.

use super::detector::{Detector, DetectorState, ms};
use super::eyes::Eyes;
use super::signal::Failure;
use super::verdict::{Endpoint, Reason, State};
use crate::units::Millis;

/// What one endpoint shows now, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Ok,
    Slow,
    Recovering,
    Unstable,
    Throttled,
    Suspect,
    Persistent,
    /// Alive, but it refuses our question: no judgement.
    Refuses,
    /// It fails through the proxy and answers past it.
    PastProxy,
    /// Nothing that could be judged.
    Unknown,
}

impl View {
    pub(super) fn of(d: &Detector, eyes: &Eyes, now: i64) -> Self {
        match d.state(now) {
            DetectorState::Persistent | DetectorState::Suspect if eyes.just_opened(d) => Self::Suspect,
            DetectorState::Persistent => Self::Persistent,
            DetectorState::Suspect => Self::Suspect,
            _ if d.throttled_since(now).is_some() => Self::Throttled,
            _ if d.unstable(now) => Self::Unstable,
            DetectorState::Recovering => Self::Recovering,
            DetectorState::Ok if d.slow(now) => Self::Slow,
            DetectorState::Ok => Self::Ok,
            DetectorState::Unknown if d.unjudged(now).is_some_and(Failure::proves_life) => Self::Refuses,
            DetectorState::Unknown => Self::Unknown,
        }
    }

    /// An endpoint on the road that clients take, and past the proxy. The direct road alone failing is how networks
    /// with a proxy usually are.
    pub(super) fn through(e: &Endpoint<'_>, eyes: &Eyes, now: i64) -> Self {
        let road = Self::of(e.detector, eyes, now);
        let fails = matches!(road, Self::Persistent | Self::Suspect | Self::Refuses | Self::Unknown);
        let past = |d: &Detector| d.state(now) == DetectorState::Ok && d.answers(now) == Some(true);
        if fails && e.detector.answers(now) == Some(false) && e.direct.is_some_and(past) {
            Self::PastProxy
        } else {
            road
        }
    }

    /// Whether the endpoint itself was heard, well or badly.
    pub(super) fn alive(self) -> bool {
        self.serves() || self == Self::Refuses
    }

    /// Whether it answers those who may ask.
    pub(super) fn serves(self) -> bool {
        use View::{Ok, PastProxy, Recovering, Slow, Throttled, Unstable};
        matches!(self, Ok | Slow | Recovering | Unstable | Throttled | PastProxy)
    }

    /// Whether something behind a region that serves deserves a word.
    pub(super) fn ails(self) -> bool {
        use View::{PastProxy, Persistent, Recovering, Suspect, Throttled, Unstable};
        matches!(self, Persistent | Suspect | Throttled | Unstable | Recovering | PastProxy)
    }

    pub(super) fn state(self) -> State {
        match self {
            Self::Ok => State::Ok,
            Self::Slow | Self::Recovering | Self::PastProxy => State::Degraded,
            Self::Unstable => State::Unstable,
            Self::Throttled => State::Throttled,
            Self::Suspect => State::Suspect,
            Self::Persistent => State::Down,
            Self::Refuses | Self::Unknown => State::Unknown,
        }
    }
}

/// `oai-prod-eastus: no answer in time, 9 of 9`, with the moment it was seen.
pub(super) fn reason(e: &Endpoint<'_>, view: View, now: i64) -> Reason {
    let d = e.detector;
    let last = d.last();
    let past = |answers: bool| e.direct.is_some_and(|d| d.answers(now) == Some(answers));
    let road = match view {
        View::Persistent | View::Suspect if past(false) => "; past the proxy it fails too",
        View::Ok | View::Slow if past(false) => "; past the proxy it does not answer",
        _ => "",
    };
    let text = match view {
        View::Persistent | View::Suspect => {
            let from = d.failing_since().unwrap_or(now).max(now - ms(d.thresholds().window));
            let t = d.tally(from);
            format!("{}, {} of {}", commonest(d, from), t.failed, t.calls)
        }
        View::Throttled => {
            let from = d.throttled_since(now).unwrap_or(now);
            let t = d.tally(from);
            format!("throttled (429), {} of {} calls in {}", t.throttled, t.calls, span(now - from))
        }
        View::Unstable => {
            format!("comes and goes: {} bouts of failure in {}", d.bouts(now), d.thresholds().unstable_window)
        }
        View::Recovering => format!("answers again, {} in a row", d.consecutive_successes()),
        View::Slow => format!("answers slowly, in {}", d.typical().unwrap_or_default()),
        View::Ok => {
            let t = d.tally(now - ms(d.thresholds().window));
            let time = d.typical().map(|t| format!(" in {t}")).unwrap_or_default();
            format!("answers{time}, {} of {}", t.answered, t.calls)
        }
        View::PastProxy => {
            let why = last.map_or_else(String::new, |p| p.outcome.text());
            // Some failures say it themselves.
            let why = why.trim_end_matches(" through the proxy");
            format!("{why} through the proxy; past it, it answers: it is the proxy, not the region")
        }
        View::Refuses | View::Unknown => match (d.news(now), last) {
            (Some(p), _) => format!("{}: cannot be judged", p.outcome.text()),
            (None, Some(p)) => format!("no news for {}; then it said: {}", span(now - p.at), p.outcome.text()),
            (None, None) => "not asked yet".to_owned(),
        },
    };
    Reason { state: view.state(), text: format!("{}: {text}{road}", d.id()), at: last.map_or(now, |p| p.at) }
}

/// The text of the failure seen most often since `from`; the newest of equals.
pub(super) fn commonest(d: &Detector, from: i64) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for p in d.history().rev().take_while(|p| p.at >= from).filter(|p| p.outcome.counts()) {
        let text = p.outcome.text();
        match counts.iter_mut().find(|c| c.0 == text) {
            Some(c) => c.1 += 1,
            None => counts.push((text, 1)),
        }
    }
    let most = counts.iter().map(|c| c.1).max();
    counts.into_iter().find(|c| Some(c.1) == most).map_or_else(|| "fails".to_owned(), |c| c.0)
}

/// A difference of instants as people say it; never negative.
pub(super) fn span(millis: i64) -> Millis {
    let whole = u64::try_from(millis).unwrap_or(0);
    // Fractions of seconds are noise in a sentence.
    Millis(if whole < 1_000 { whole } else { whole / 1_000 * 1_000 })
}
