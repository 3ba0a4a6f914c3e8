//! What to do about a verdict: never a failover on one pair of eyes, and always with the arithmetic.
//!
//! The rule: fail over when what is left of the RTO is no more than one and a half times the last drill, or when the
//! threshold has passed and nobody has given a credible time of repair.

use serde::{Deserialize, Serialize};

use super::detector::ms;
use super::eyes::Eyes;
use super::parts::Scene;
use super::verdict::{Inputs, Notice, RegionInput, RegionVerdict, Role, Sighting, State, Vouched, list};
use super::view::span;
use crate::runbook::model::Tier;
use crate::units::{Millis, utc_clock};

/// Older than this, what a colleague saw says nothing about now.
pub const COLLEAGUE_FRESH: Millis = Millis::from_mins(15);
/// Throttling that lasts so long is answered by moving a part of the load.
pub const SPILL_AFTER: Millis = Millis::from_mins(10);
/// What cannot be taken back is not begun before it has failed for so long, whatever the thresholds are.
const NO_WAY_BACK_AFTER: Millis = Millis::from_mins(30);

/// What a decision is measured by.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// The plan's detector tier.
    pub tier: Option<Tier>,
    /// Agreed RTO.
    pub rto: Option<Millis>,
    /// Impact start; none: the first failure seen.
    pub t0: Option<i64>,
    /// Duration of the last drill.
    pub last_drill: Option<Millis>,
    /// Planned duration, for when no drill was ever run.
    pub planned: Option<Millis>,
    /// When somebody credible says it will be repaired.
    pub eta: Option<i64>,
    /// The recorded reason for deciding without a second vantage point.
    pub override_reason: Option<String>,
}

/// What is recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Advice {
    /// Nothing.
    Nothing,
    /// Keep looking; it is not clear enough.
    Watch,
    /// The fault is likely here.
    LookAtYourNetwork,
    /// Slow down; not a failover case.
    BackOff,
    /// Throttled for long: move a part of the load.
    MovePart,
    /// It looks like a failover; something is missing.
    Confirm,
    /// A credible repair comes in time.
    Wait,
    /// Fail over now.
    FailOver,
    /// The other side does not answer either.
    NowhereToGo,
}

/// RTO left against the time a failover takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// Agreed.
    pub rto: Millis,
    /// Since impact start.
    pub elapsed: Millis,
    /// RTO less elapsed, in milliseconds; below zero it is breached.
    pub left: i64,
    /// One and a half times the last drill, or the plan's time.
    pub needed: Millis,
    /// Whether a drill stands behind it.
    pub rehearsed: bool,
    /// Whether what is left is no more than what is needed.
    pub due: bool,
    /// With the numbers.
    pub sentence: String,
}

/// What to do, why, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// In one word.
    pub advice: Advice,
    /// In one or two sentences.
    pub sentence: String,
    /// What is missing before a failover may be recommended.
    pub missing: Vec<String>,
    /// The numbers, where a failover is at stake and an RTO is known.
    pub arithmetic: Option<Arithmetic>,
}

impl Arithmetic {
    /// Line by line: what, and how much.
    pub fn rows(&self) -> Vec<(String, String)> {
        let whole = |ms: i64| span(ms.saturating_abs()).to_string();
        let left = match self.left {
            left if left < 0 => ("RTO passed", format!("{} ago", whole(left))),
            left => ("Left of the RTO", whole(left)),
        };
        let pace = if self.rehearsed { "Needed (1.5 × the last drill)" } else { "Needed (1.5 × the plan)" };
        let decide = if self.due { "none".to_owned() } else { whole(self.left - ms(self.needed)) };
        let rows = [
            ("Agreed RTO", self.rto.to_string()),
            ("Since it began", whole(ms(self.elapsed))),
            left,
            (pace, self.needed.to_string()),
            ("Time left to decide", decide),
        ];
        rows.into_iter().map(|(what, much)| (what.to_owned(), much)).collect()
    }
}

impl Recommendation {
    fn plain(advice: Advice, sentence: impl Into<String>) -> Self {
        Self { advice, sentence: sentence.into(), missing: Vec::new(), arithmetic: None }
    }
}

pub(super) fn advise(i: &Inputs<'_>, regions: &[RegionVerdict], eyes: &Eyes) -> Recommendation {
    let primary = regions.iter().find(|r| r.role == Role::Primary).or(regions.first());
    let Some(p) = primary else {
        return Recommendation::plain(Advice::Nothing, "No region is watched.");
    };
    if eyes.blind.is_some() {
        return Recommendation::plain(
            Advice::LookAtYourNetwork,
            "Do not fail over from here: repair this laptop's network, or look from another one.",
        );
    }
    match p.state {
        State::Down => down(i, p, regions, eyes),
        State::Throttled => throttled(i, p, regions),
        State::Degraded => degraded(i, p, regions, eyes),
        State::Ok => Recommendation::plain(Advice::Nothing, "No failover is called for."),
        State::Suspect => {
            let region = watched(i, p);
            if region.is_some_and(|r| Scene::look(r, i, eyes).fails()) {
                return not_enough(
                    "not all that users call there is known to fail. Mend the watch, or ask a colleague.",
                );
            }
            let rule = region.and_then(|r| r.deciding().next()).map(|d| d.thresholds().rule());
            let rule = rule.map_or_else(String::new, |r| format!(" ({r})"));
            not_enough(format!("the threshold has not passed{rule}. Ask a colleague to look meanwhile."))
        }
        State::Unstable => {
            not_enough("it comes and goes, and users who are moved may meet it coming back. Keep looking.")
        }
        State::Unknown | State::Blind => {
            not_enough(format!("{}, and the unknown is no outage. Mend the watch, or ask a colleague.", p.sentence))
        }
    }
}

fn not_enough(why: impl AsRef<str>) -> Recommendation {
    Recommendation::plain(Advice::Watch, format!("Not enough for a failover: {}", why.as_ref()))
}

/// What is watched of a region.
fn watched<'a>(i: &'a Inputs<'a>, p: &RegionVerdict) -> Option<&'a RegionInput<'a>> {
    i.regions.iter().find(|r| r.region == p.region)
}

/// The second region, or why it cannot take any load.
fn elsewhere(regions: &[RegionVerdict]) -> Result<&RegionVerdict, String> {
    let secondary = regions.iter().find(|r| r.role == Role::Secondary);
    let secondary = secondary.ok_or_else(|| "no second region is watched".to_owned())?;
    if secondary.state == State::Ok { Ok(secondary) } else { Err(secondary.sentence.clone()) }
}

/// The region serves: what does not may be moved by itself, and the rest is mended where it is.
fn degraded(i: &Inputs<'_>, p: &RegionVerdict, regions: &[RegionVerdict], eyes: &Eyes) -> Recommendation {
    let scene = watched(i, p).map(|r| Scene::look(r, i, eyes));
    if scene.as_ref().is_some_and(Scene::past_proxy) {
        let text = "Do not fail over from here: it is the proxy, not the region. Repair the proxy, or go past it.";
        return Recommendation::plain(Advice::LookAtYourNetwork, text);
    }
    let lost = scene.as_ref().map(Scene::lost_deployments).unwrap_or_default();
    if lost.is_empty() {
        return not_enough(format!("{}. Keep looking, and ask a colleague to look.", p.sentence));
    }
    let what = list(&lost);
    match elsewhere(regions) {
        Ok(s) => {
            let to = s.region.display();
            let text = format!("Move the calls of {what} to {to}, and only those: the region itself answers.");
            Recommendation::plain(Advice::MovePart, text)
        }
        Err(why) => not_enough(format!("the region itself answers; the calls of {what} cannot move either: {why}.")),
    }
}

fn throttled(i: &Inputs<'_>, p: &RegionVerdict, regions: &[RegionVerdict]) -> Recommendation {
    const BACK_OFF: &str = "Throttling is no outage: back off and read the headers. Failed calls use up the limit too.";
    let lasted = span(i.now - p.since.unwrap_or(i.now));
    if lasted < SPILL_AFTER {
        let text = format!("{BACK_OFF} If it lasts {SPILL_AFTER}, move a part of the load; so far: {lasted}.");
        return Recommendation::plain(Advice::BackOff, text);
    }
    match elsewhere(regions) {
        Ok(s) => {
            let text = format!(
                "Throttled for {lasted}: move a part of the load to {}. A full failover would overload it.",
                s.region.display()
            );
            Recommendation::plain(Advice::MovePart, text)
        }
        Err(why) => {
            let text = format!("{BACK_OFF} It has lasted {lasted}, and nobody can take a part of the load: {why}.");
            Recommendation::plain(Advice::BackOff, text)
        }
    }
}

fn down(i: &Inputs<'_>, p: &RegionVerdict, regions: &[RegionVerdict], eyes: &Eyes) -> Recommendation {
    let arithmetic = arithmetic(i, p);
    let secondary = regions.iter().find(|r| r.role == Role::Secondary);
    if let Some(s) = secondary.filter(|s| s.state == State::Down) {
        let text = format!(
            "Do not fail over: {} does not answer either. Both at once is usually sign-in, VPN, DNS or a change of ours.",
            s.region.display()
        );
        return Recommendation { arithmetic, ..Recommendation::plain(Advice::NowhereToGo, text) };
    }
    let missing = missing(i, p, secondary, eyes);
    let numbers = arithmetic.as_ref().map_or_else(String::new, |a| format!(" {}", a.sentence));
    let (advice, sentence) = if missing.is_empty() {
        let (advice, sentence) = decide(i, p, arithmetic.as_ref(), &format!("{}{numbers}", owners_word(i)));
        (advice, format!("{sentence}{}", rests_on(i, p)))
    } else {
        (Advice::Confirm, format!("It looks like a failover; first: {}.{numbers}", missing.join("; ")))
    };
    Recommendation { advice, sentence, missing, arithmetic }
}

fn decide(i: &Inputs<'_>, p: &RegionVerdict, a: Option<&Arithmetic>, numbers: &str) -> (Advice, String) {
    let start = t0(i, p);
    // A time of repair in the past, or after the RTO, is no reason to wait.
    let eta = i.decision.eta.filter(|e| *e > i.now && i.decision.rto.is_none_or(|rto| e - start <= ms(rto)));
    match (eta, a) {
        (_, Some(a)) if a.due => (Advice::FailOver, format!("Fail over.{numbers}")),
        (Some(e), _) => (Advice::Wait, format!("Wait: repair is announced for {} UTC.{numbers}", utc_clock(e))),
        (None, _) => (
            Advice::FailOver,
            format!("Fail over: the threshold has passed and no repair is announced in time.{numbers}"),
        ),
    }
}

/// What colleagues see of a region, as far as it counts and is fresh.
fn second<'a>(i: &'a Inputs<'_>, p: &'a RegionVerdict) -> impl Iterator<Item = &'a Sighting> {
    i.colleagues.iter().filter(|c| c.region == p.region && c.fresh(i.now) && c.counts())
}

/// Whose word stands beside this laptop's, and what vouches for it.
fn rests_on(i: &Inputs<'_>, p: &RegionVerdict) -> String {
    let voices: Vec<String> = second(i, p).filter(|c| !c.answers).map(Sighting::voice).collect();
    let mut out = if voices.is_empty() { String::new() } else { format!(" Second vantage point: {}.", list(&voices)) };
    if let Some(n) = confirmed(i, p).filter(|_| i.decision.tier == Some(Tier::T3)) {
        out.push_str(&format!(" Confirmed by Microsoft: {}.", n.text.trim_end_matches('.')));
    }
    out
}

/// The incident in this region that Microsoft confirms and has not ended; the newest.
fn confirmed<'a>(i: &'a Inputs<'_>, p: &RegionVerdict) -> Option<&'a Notice> {
    i.notices.iter().filter(|n| n.confirms && n.active() && n.names(&p.region)).max_by_key(|n| n.at)
}

/// What the recommendation cannot know, and the run asks for.
fn owners_word(i: &Inputs<'_>) -> &'static str {
    match i.decision.tier {
        Some(Tier::T3) => " It cannot be taken back: the owner must accept the loss, and a second person agree.",
        _ => "",
    }
}

fn missing(i: &Inputs<'_>, p: &RegionVerdict, secondary: Option<&RegionVerdict>, eyes: &Eyes) -> Vec<String> {
    let mut out = Vec::new();
    if !eyes.open() {
        out.push("hear a witness or the sign-in service, to know that it is not this laptop".to_owned());
    }
    match secondary {
        None => out.push("name a second region and watch it".to_owned()),
        Some(s) if s.state != State::Ok => {
            out.push(format!("see {} answer; now: {}", s.region.display(), s.sentence));
        }
        Some(_) => {}
    }
    let seen = || second(i, p);
    if i.decision.override_reason.as_ref().is_none_or(|r| r.trim().is_empty()) {
        if let Some(c) = seen().find(|c| c.answers) {
            out.push(format!("find out why {} reaches {} and this laptop does not", c.who, p.region.display()));
        } else if seen().next().is_none() {
            let text = "a second vantage point (a colleague on another network), or a recorded reason to do without";
            out.push(text.to_owned());
            // Somebody spoke, and it does not count.
            let doubtful = |c: &&Sighting| c.region == p.region && c.fresh(i.now) && !c.counts();
            let doubtful = i.colleagues.iter().find(doubtful);
            out.extend(doubtful.map(|c| match c.vouched {
                Vouched::NotSigned => format!("ask {} themselves what they see: that block is not signed", c.who),
                _ => format!("ask {} whether that key is theirs", c.who),
            }));
        }
    }
    if i.decision.tier == Some(Tier::T3) {
        if confirmed(i, p).is_none() {
            out.push("an incident confirmed by Microsoft, because this cannot be taken back".to_owned());
        }
        let lasted = span(p.since.map_or(0, |s| i.now - s));
        if lasted < NO_WAY_BACK_AFTER {
            out.push(format!("wait until it has failed for {NO_WAY_BACK_AFTER} (now {lasted}), for the same reason"));
        }
    }
    out
}

fn t0(i: &Inputs<'_>, p: &RegionVerdict) -> i64 {
    i.decision.t0.or(p.since).unwrap_or(i.now)
}

fn arithmetic(i: &Inputs<'_>, p: &RegionVerdict) -> Option<Arithmetic> {
    let rto = i.decision.rto?;
    let (pace, rehearsed) = match (i.decision.last_drill, i.decision.planned) {
        (Some(d), _) => (d, true),
        (None, planned) => (planned?, false),
    };
    let elapsed = Millis(u64::try_from(i.now - t0(i, p)).unwrap_or(0));
    let left = ms(rto) - ms(elapsed);
    let needed = Millis(pace.0.saturating_mul(3) / 2);
    let due = left <= ms(needed);
    let measure =
        if rehearsed { format!("the last drill ({pace})") } else { format!("the planned {pace} (unrehearsed)") };
    let sentence = if left < 0 {
        format!("The RTO of {rto} passed {} ago.", span(-left))
    } else {
        let left_text = if left == 0 { Millis(0) } else { span(left) };
        let end =
            if due { "no time is left to wait".to_owned() } else { format!("{} to decide", span(left - ms(needed))) };
        format!("{left_text} of the {rto} RTO are left; 1.5 times {measure} is {needed}: {end}.")
    };
    Some(Arithmetic { rto, elapsed, left, needed, rehearsed, due, sentence })
}
