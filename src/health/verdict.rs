//! What may be believed of each region, and why.
//!
//! Never green for want of news; never red from a laptop that cannot see. The control plane is reported beside the
//! data plane, not mixed with it: users are served by the data plane.

use serde::{Deserialize, Serialize};

use super::advice::{Decision, Recommendation, advise};
use super::detector::{Detector, DetectorState, ms};
use super::eyes::Eyes;
use super::parts::Scene;
use super::signal::Failure;
use super::view::{reason, span};
use crate::units::Region;

/// What a region looks like from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// It answers.
    Ok,
    /// It may be failing.
    Suspect,
    /// It fails persistently.
    Down,
    /// It answers in part, slowly, or has only just come back.
    Degraded,
    /// It throttles us; no outage.
    Throttled,
    /// It comes and goes.
    Unstable,
    /// Nothing can be said.
    Unknown,
    /// This laptop cannot see.
    Blind,
}

/// What a region is to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Users are served here today.
    Primary,
    /// Where they would go.
    Secondary,
    /// Looked at, not used.
    Watched,
}

/// What Azure Resource Manager says of a region's resource. Fed beside the probes, never instead of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// E.g. `Succeeded`.
    pub text: String,
    /// When it was read.
    pub at: i64,
}

/// What an endpoint is to the users of its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// What users call: it decides whether the region serves.
    Front,
    /// One model deployment behind it: its failure alone is no failure of the region.
    Deployment,
    /// What the service needs: its key vault, its storage, its registry.
    Dependency,
}

/// One address that is asked.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    /// What is known of it, on the road that clients take.
    pub detector: &'a Detector,
    /// What it is to the region.
    pub part: Part,
    /// The same past the configured proxy, where there is one.
    pub direct: Option<&'a Detector>,
}

impl<'a> From<&'a Detector> for Endpoint<'a> {
    fn from(detector: &'a Detector) -> Self {
        Self { detector, part: Part::Front, direct: None }
    }
}

/// One region and who looks at it.
#[derive(Debug, Clone)]
pub struct RegionInput<'a> {
    /// Which.
    pub region: Region,
    /// What it is to the plan.
    pub role: Role,
    /// What is asked there, an entry an address or deployment.
    pub endpoints: Vec<Endpoint<'a>>,
    /// ARM calls on resources in this region, when they are watched apart.
    pub arm: Option<&'a Detector>,
    /// What ARM says of its resource.
    pub provisioning: Option<Provisioning>,
}

impl<'a> RegionInput<'a> {
    /// What is known of each endpoint.
    pub fn detectors(&self) -> impl Iterator<Item = &'a Detector> {
        self.endpoints.iter().map(|e| e.detector)
    }
    /// The same, with what is known past the proxy.
    pub(super) fn roads(&self) -> impl Iterator<Item = &'a Detector> {
        self.endpoints.iter().flat_map(|e| std::iter::once(e.detector).chain(e.direct))
    }
    /// What tells whether the region serves.
    pub(super) fn deciding(&self) -> impl Iterator<Item = &'a Detector> {
        self.endpoints.iter().filter(|e| self.decides(e.part)).map(|e| e.detector)
    }
    /// Whether this part tells it: what users call; where nothing of that is watched, everything.
    pub(super) fn decides(&self, part: Part) -> bool {
        part == Part::Front || !self.fronted()
    }
    /// Whether anything that users call is watched.
    pub(super) fn fronted(&self) -> bool {
        self.endpoints.iter().any(|e| e.part == Part::Front)
    }
}

/// Something the platform posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `Service Health`, `Resource Health`.
    pub source: String,
    /// Title or summary.
    pub text: String,
    /// As the platform writes it: `Active`, `Resolved`, `Unavailable`, `Available` …
    pub status: String,
    /// Region it names; none: all.
    pub region: Option<Region>,
    /// When it was posted or last updated.
    pub at: i64,
    /// An incident that Microsoft confirms: a Service Health event of type `ServiceIssue`. Maintenance, a word of
    /// Resource Health on one account and a meter are evidence, and confirm none.
    pub confirms: bool,
}

impl Notice {
    /// Whether it speaks of trouble that lasts.
    pub fn active(&self) -> bool {
        ["active", "unavailable", "degraded"].iter().any(|s| self.status.eq_ignore_ascii_case(s))
    }
    pub(super) fn names(&self, region: &Region) -> bool {
        self.region.as_ref().is_none_or(|r| r == region)
    }
}

/// What vouches for a colleague's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Vouched {
    /// Nothing but whoever passed it on.
    #[default]
    Unsigned,
    /// Their key, which is known here.
    Known,
    /// A key that nobody here knows: its fingerprint.
    NewKey(String),
    /// A key that is not the one known here under this name: its fingerprint.
    OtherKey(String),
    /// A block without a signature, under a name whose key is known here.
    NotSigned,
}

/// What a colleague on another network sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Who.
    pub who: String,
    /// Region spoken of.
    pub region: Region,
    /// Whether it answers them.
    pub answers: bool,
    /// When they looked.
    pub at: i64,
    /// What vouches for it.
    pub vouched: Vouched,
    /// From where; may be empty.
    pub from: String,
    /// What their Lifeboat says of it, in short; may be empty.
    pub note: String,
}

/// Everything a verdict is made of.
#[derive(Debug, Clone, Default)]
pub struct Inputs<'a> {
    /// The time it is.
    pub now: i64,
    /// Name of what users use, e.g. `prod-chat`; may be empty.
    pub workload: &'a str,
    /// Regions, the primary first.
    pub regions: Vec<RegionInput<'a>>,
    /// Hosts unrelated to Azure's regions.
    pub witnesses: Vec<&'a Detector>,
    /// Sign-in.
    pub entra: Option<&'a Detector>,
    /// Azure Resource Manager, global.
    pub arm: Option<&'a Detector>,
    /// What the platform posted.
    pub notices: Vec<Notice>,
    /// When Service Health was last read; none: never.
    pub notices_read: Option<i64>,
    /// What colleagues see.
    pub colleagues: Vec<Sighting>,
    /// What the decision is measured by.
    pub decision: Decision,
    /// By how much Azure's clock is ahead of ours, in milliseconds.
    pub ahead: Option<i64>,
}

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// How it bears on the region.
    pub state: State,
    /// In words.
    pub text: String,
    /// When it was seen.
    pub at: i64,
}

/// What may be believed of one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionVerdict {
    /// Which.
    pub region: Region,
    /// What it is to the plan.
    pub role: Role,
    /// In one word.
    pub state: State,
    /// In one sentence.
    pub sentence: String,
    /// Since when.
    pub since: Option<i64>,
    /// Evidence, strongest first.
    pub reasons: Vec<Reason>,
    /// Sources contradict each other.
    pub disagreement: bool,
}

/// What may be believed of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// When it was made.
    pub at: i64,
    /// The one sentence to read.
    pub headline: String,
    /// Is it the region, or us?
    pub explanation: String,
    /// One a region, in the order given.
    pub regions: Vec<RegionVerdict>,
    /// Why this laptop cannot see.
    pub blind: Option<String>,
    /// Something unrelated to the regions answers, so that this laptop does see; without news nobody knows.
    pub sees: bool,
    /// What to do about it.
    pub recommend: Recommendation,
}

/// Judges everything.
pub fn assess(i: &Inputs<'_>) -> Assessment {
    let eyes = Eyes::look(i);
    let regions: Vec<RegionVerdict> = i.regions.iter().map(|r| judge(r, i, &eyes)).collect();
    let recommend = advise(i, &regions, &eyes);
    let (headline, explanation) = summary(i, &regions, &eyes);
    let sees = eyes.open();
    Assessment { at: i.now, headline, explanation, regions, blind: eyes.blind, sees, recommend }
}

fn judge(r: &RegionInput<'_>, i: &Inputs<'_>, eyes: &Eyes) -> RegionVerdict {
    let scene = Scene::look(r, i, eyes);
    let state = scene.state(i, eyes);
    let since = scene.since(state);
    let (reasons, disagreement) = evidence(r, &scene, state, i, eyes);
    let sentence = scene.sentence(state, since);
    RegionVerdict { region: r.region.clone(), role: r.role, state, sentence, since, reasons, disagreement }
}

pub(super) fn unknown(name: &str, r: &RegionInput<'_>, now: i64) -> String {
    let judged = r.detectors().any(|d| d.state(now) != DetectorState::Unknown);
    if let Some((d, f)) = r.detectors().find_map(|d| Some((d, d.unjudged(now)?))) {
        return match judged {
            true => format!("{name} is known in part only: {} cannot be judged: {}", d.id(), f.text()),
            false => format!("{name} cannot be judged: {}", f.text()),
        };
    }
    // The quietest endpoint is the one that leaves the region unknown.
    match r.detectors().map(|d| d.last()).min_by_key(|p| p.map_or(i64::MIN, |p| p.at)).flatten() {
        Some(p) if r.detectors().all(|d| d.news(now).is_none()) => {
            format!("No news of {name} for {}; what it was then proves nothing now", span(now - p.at))
        }
        Some(_) if r.detectors().any(|d| d.news(now).is_none()) => {
            format!("{name} is known in part only: some of its endpoints were not heard lately")
        }
        Some(_) => {
            let tallies = r.detectors().map(|d| d.tally(now - ms(d.thresholds().window)));
            match tallies.fold((0, 0), |a, t| (a.0 + t.failed, a.1 + t.calls)) {
                (failed, calls) if failed > 0 && failed == calls => {
                    format!("{name} does not answer ({failed} of {calls}); not judged yet")
                }
                _ => format!("{name} has not been heard often enough to judge"),
            }
        }
        None if r.detectors().any(|d| d.last().is_some()) => {
            format!("{name} is known in part only: some of its endpoints were not heard yet")
        }
        None => format!("Nothing is known of {name} yet"),
    }
}

/// The evidence, strongest first, and whether it contradicts itself.
fn evidence(r: &RegionInput<'_>, scene: &Scene<'_>, state: State, i: &Inputs<'_>, eyes: &Eyes) -> (Vec<Reason>, bool) {
    let mut seen: Vec<Reason> = scene.seen.iter().map(|s| reason(&s.endpoint, s.view, i.now)).collect();
    seen.sort_by_key(|x| severity(x.state));
    seen.extend(elsewhere(r, i, eyes));
    let failing = matches!(state, State::Down | State::Suspect | State::Blind);
    let mut disagreement = false;
    for c in i.colleagues.iter().filter(|c| c.region == r.region && c.fresh(i.now)) {
        let (word, how) = if c.answers { ("reaches", State::Ok) } else { ("does not reach", State::Down) };
        disagreement |= c.counts()
            && c.answers == failing
            && matches!(state, State::Ok | State::Down | State::Suspect | State::Blind);
        seen.push(Reason { state: how, text: format!("{} {word} {}", c.voice(), r.region.display()), at: c.at });
    }
    if let Some(d) = r.arm.or(i.arm) {
        seen.extend(control_plane(d, r.arm.is_some(), state, i.now));
    }
    if let Some(p) = &r.provisioning {
        let note = if failing { "; that is the control plane, not what users call" } else { "" };
        seen.push(Reason { state: State::Unknown, text: format!("ARM says {}{note}", p.text), at: p.at });
    }
    disagreement |= notices(r, state, i, &mut seen);
    (seen, disagreement)
}

/// What else answers from here, or that nothing does.
fn elsewhere(r: &RegionInput<'_>, i: &Inputs<'_>, eyes: &Eyes) -> Option<Reason> {
    if let Some(why) = &eyes.blind {
        return Some(Reason { state: State::Blind, text: format!("This laptop cannot see: {why}"), at: i.now });
    }
    let mut who: Vec<String> = others_answering(r, i);
    who.extend(eyes.subjects());
    let at = i.witnesses.iter().copied().chain(i.entra).filter_map(|d| d.last_success()).max().unwrap_or(i.now);
    (!who.is_empty()).then(|| Reason { state: State::Ok, text: format!("From this laptop, {}", answering(&who)), at })
}

fn others_answering(r: &RegionInput<'_>, i: &Inputs<'_>) -> Vec<String> {
    i.regions
        .iter()
        .filter(|o| o.region != r.region && o.deciding().any(|d| d.state(i.now) == DetectorState::Ok))
        .map(|o| o.region.display())
        .collect()
}

fn control_plane(d: &Detector, regional: bool, state: State, now: i64) -> Option<Reason> {
    let down = matches!(d.state(now), DetectorState::Persistent | DetectorState::Suspect);
    if !down {
        return None;
    }
    let place = if regional { "in this region" } else { "anywhere" };
    let calls = if state == State::Ok || state == State::Degraded { "; calls to the service still answer" } else { "" };
    let text = format!("Azure Resource Manager does not answer {place}{calls}");
    Some(Reason { state: State::Degraded, text, at: d.last().map_or(now, |p| p.at) })
}

/// Adds what the platform posted, or its silence; true when it contradicts what is seen.
fn notices(r: &RegionInput<'_>, state: State, i: &Inputs<'_>, seen: &mut Vec<Reason>) -> bool {
    let mine = || i.notices.iter().filter(|n| n.names(&r.region));
    for n in mine() {
        let how = if n.active() { State::Degraded } else { State::Unknown };
        seen.push(Reason { state: how, text: format!("{}: {} ({})", n.source, n.text, n.status), at: n.at });
    }
    let active = mine().any(Notice::active);
    if !active {
        let name = r.region.display();
        let (text, at) = match i.notices_read {
            Some(at) => (format!("Service Health: nothing posted yet for {name} (it usually lags 10 to 60 min)"), at),
            None => ("Service Health has not been read".to_owned(), i.now),
        };
        seen.push(Reason { state: State::Unknown, text, at });
    }
    active && state == State::Ok
}

/// For sorting: what people must see first.
fn severity(s: State) -> u8 {
    match s {
        State::Down => 0,
        State::Suspect => 1,
        State::Blind => 2,
        State::Unstable => 3,
        State::Degraded => 4,
        State::Throttled => 5,
        State::Unknown => 6,
        State::Ok => 7,
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn summary(i: &Inputs<'_>, regions: &[RegionVerdict], eyes: &Eyes) -> (String, String) {
    let names =
        |s: State| -> Vec<String> { regions.iter().filter(|r| r.state == s).map(|r| r.region.display()).collect() };
    if let Some(why) = &eyes.blind {
        let text = format!("{}. Nothing here is evidence against a region.", capital(why));
        return ("This laptop cannot see: no verdict on any region".to_owned(), text);
    }
    let down = names(State::Down);
    if down.len() > 1 {
        let text = "Regions rarely fail together: look for what they share (sign-in, VPN, DNS, a change of ours).";
        return (format!("{} fail at once", list(&down)), text.to_owned());
    }
    let Some(worst) = regions.iter().min_by_key(|r| (severity(r.state), r.role != Role::Primary)) else {
        return ("No region is watched".to_owned(), "Open a plan, or add a region to watch.".to_owned());
    };
    match worst.state {
        State::Ok => {
            let (headline, text) = all_well(&names(State::Ok), i);
            match regions.iter().find(|r| r.disagreement) {
                Some(r) => {
                    (headline, format!("Sources disagree about {}: read the reasons. {text}", r.region.display()))
                }
                None => (headline, text),
            }
        }
        State::Down => {
            let since = span(i.now - worst.since.unwrap_or(i.now));
            // Another region does not serve the workload today.
            let whom = match worst.role {
                Role::Primary if !i.workload.is_empty() => format!(" for {}", i.workload),
                _ => String::new(),
            };
            (
                format!("{} is down{whom}, persistently, for {since}", worst.region.display()),
                whose_fault(worst, i, eyes),
            )
        }
        _ => (worst.sentence.clone(), first_reason(worst)),
    }
}

/// Users are served; what operators need may be missing all the same.
fn all_well(names: &[String], i: &Inputs<'_>) -> (String, String) {
    let fails = |d: Option<&Detector>| {
        d.is_some_and(|d| matches!(d.state(i.now), DetectorState::Persistent | DetectorState::Suspect))
    };
    let (headline, sign_in, arm) = (answering(names), fails(i.entra), fails(i.arm));
    let token = "Users are served. Nobody can sign in anew: what holds a token works until it ends.";
    match (sign_in, arm) {
        (true, _) => (format!("{headline}; sign-in does not"), token.to_owned()),
        (false, true) => (
            format!("{headline}; Azure Resource Manager does not"),
            "Users are served. Nothing can be changed in Azure meanwhile; that is no reason to move them.".to_owned(),
        ),
        (false, false) => (headline, "Nothing to do.".to_owned()),
    }
}

/// `West Europe answers`, `all 3 witnesses and the sign-in service answer`.
fn answering(who: &[String]) -> String {
    let many = who.len() > 1 || who.iter().any(|w| w.ends_with("witnesses"));
    format!("{} {}", list(who), if many { "answer" } else { "answers" })
}

fn first_reason(v: &RegionVerdict) -> String {
    let text = v.reasons.first().map_or_else(String::new, |r| format!("{}.", r.text));
    if v.disagreement { format!("{text} Sources disagree.") } else { text }
}

fn whose_fault(v: &RegionVerdict, i: &Inputs<'_>, eyes: &Eyes) -> String {
    let mut who: Vec<String> =
        i.regions.iter().find(|r| r.region == v.region).map(|r| others_answering(r, i)).unwrap_or_default();
    who.extend(eyes.subjects());
    if !eyes.open() {
        return format!(
            "Whether it is the region or us cannot be told: neither a witness nor the sign-in service was heard{}.",
            if who.is_empty() { String::new() } else { format!("; {}", answering(&who)) }
        );
    }
    let region = i.regions.iter().find(|r| r.region == v.region);
    let unresolved = |d: &Detector| d.news(i.now).and_then(|p| p.outcome.failure()) == Some(&Failure::Dns);
    let but = if v.disagreement {
        " But sources disagree: see the reasons."
    } else if region.is_some_and(|r| r.deciding().all(unresolved)) {
        " But only its name does not resolve: that may be your own DNS, so ask another resolver."
    } else {
        ""
    };
    format!("It is the region, not us: {} from this laptop.{but}", answering(&who))
}

/// The text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
