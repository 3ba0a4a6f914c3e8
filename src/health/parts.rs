//! What a region's endpoints say together: those that users call decide, and the others only colour the answer.
//!
//! A key vault that fails makes a region degraded and says which; it makes no outage while users are answered. A proxy
//! that fails is no region that fails.

use super::detector::{Detector, DetectorState};
use super::eyes::Eyes;
use super::verdict::{Endpoint, Inputs, Part, RegionInput, State, list, unknown};
use super::view::{View, commonest, span};

/// Names in one sentence; more are a number.
const NAMED: usize = 3;

/// One endpoint and what it shows.
pub(super) struct Seen<'a> {
    pub endpoint: Endpoint<'a>,
    pub view: View,
}

impl Seen<'_> {
    /// `its key vault kv-prod`, `oai-prod-eastus`.
    fn label(&self) -> String {
        let d = self.endpoint.detector;
        let kind = match (self.endpoint.part, d.kind()) {
            (Part::Front, _) => return d.id().to_string(),
            (Part::Deployment, "") => "deployment",
            (Part::Dependency, "") => "dependency",
            (_, kind) => kind,
        };
        format!("its {kind} {}", d.id())
    }
}

/// Everything that is asked in one region, at one moment.
pub(super) struct Scene<'a> {
    region: &'a RegionInput<'a>,
    pub seen: Vec<Seen<'a>>,
    now: i64,
}

impl<'a> Scene<'a> {
    pub(super) fn look(region: &'a RegionInput<'a>, i: &Inputs<'_>, eyes: &Eyes) -> Self {
        let seen = |e: &Endpoint<'a>| Seen { endpoint: *e, view: View::through(e, eyes, i.now) };
        Self { region, seen: region.endpoints.iter().map(seen).collect(), now: i.now }
    }

    fn fronted(&self) -> bool {
        self.region.fronted()
    }

    /// What tells whether the region serves.
    fn deciding(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(|s| self.region.decides(s.endpoint.part))
    }

    /// What stands behind it.
    fn beside(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.seen.iter().filter(|s| !self.region.decides(s.endpoint.part))
    }

    /// Whether this shows that something of the region lives that serves users. A key vault that answers does not serve
    /// them. What stands behind is asked more seldom: its last answer may be older than the outage, so its newest news
    /// must be no failure.
    fn alive(&self, s: &Seen<'_>) -> bool {
        let news = || s.endpoint.detector.news(self.now).is_some_and(|p| !p.outcome.counts());
        s.view.alive() && (self.region.decides(s.endpoint.part) || (s.endpoint.part == Part::Deployment && news()))
    }

    /// Whether something that users call fails persistently.
    pub(super) fn fails(&self) -> bool {
        self.has(View::Persistent)
    }

    fn deployments(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.beside().filter(|s| s.endpoint.part == Part::Deployment)
    }

    /// Whether every deployment shows this, and there is one.
    fn all_deployments(&self, view: View) -> bool {
        self.deployments().next().is_some() && self.deployments().all(|s| s.view == view)
    }

    /// The deployments that fail although the region answers.
    pub(super) fn lost_deployments(&self) -> Vec<String> {
        self.deployments()
            .filter(|s| s.view == View::Persistent)
            .map(|s| s.endpoint.detector.id().to_string())
            .collect()
    }

    /// Whether only the proxy keeps users from it.
    pub(super) fn past_proxy(&self) -> bool {
        self.deciding().any(|s| s.view == View::PastProxy)
    }

    fn has(&self, view: View) -> bool {
        self.deciding().any(|s| s.view == view)
    }

    pub(super) fn state(&self, i: &Inputs<'_>, eyes: &Eyes) -> State {
        let fresh = |answers: bool| self.region.roads().any(|d| d.answers(i.now) == Some(answers));
        let heard = self.region.roads().any(|d| d.last().is_some());
        let alive = self.seen.iter().any(|s| self.alive(s));
        let serves = self.deciding().any(|s| s.view.serves());
        let failing = |s: &Seen<'_>| matches!(s.view, View::Persistent | View::Suspect);
        let failing_arm = |d: &Detector| matches!(d.state(i.now), DetectorState::Persistent | DetectorState::Suspect);
        // Down everywhere it is no matter of this region, and has a lamp of its own.
        let arm_down = self.region.arm.is_some_and(|a| a.state(i.now) == DetectorState::Persistent)
            && !i.arm.is_some_and(failing_arm);
        match () {
            // The first answer after a cut ends it; what failed before is no evidence even then.
            () if eyes.blind.is_some() && heard && (!fresh(true) || self.seen.iter().any(failing)) => State::Blind,
            // One endpoint is not the region: something else there is alive.
            () if self.has(View::Persistent) && alive => State::Degraded,
            () if self.has(View::Persistent) && self.lost() => State::Down,
            () if self.has(View::Persistent) || self.has(View::Suspect) => State::Suspect,
            () if serves && self.beside().any(failing) => State::Degraded,
            () if self.has(View::PastProxy) => State::Degraded,
            () if self.has(View::Throttled) || (serves && self.all_deployments(View::Throttled)) => State::Throttled,
            () if self.has(View::Unstable) => State::Unstable,
            () if self.seen.is_empty() || self.known_in_part() => State::Unknown,
            () if self.has(View::Slow) || self.has(View::Recovering) || arm_down => State::Degraded,
            () if self.beside().any(|s| s.view.ails()) => State::Degraded,
            () => State::Ok,
        }
    }

    /// What users call is lost when none of it is known to do better; where only what stands behind it is watched, all of
    /// that must fail persistently.
    fn lost(&self) -> bool {
        let lost = |v| v == View::Persistent || (v == View::Suspect && self.fronted());
        self.deciding().all(|s| lost(s.view))
    }

    /// A dependency that refuses our question is alive, and that is all that is asked of it.
    fn known_in_part(&self) -> bool {
        let unknown = |s: &Seen<'_>| match s.view {
            View::Unknown => true,
            View::Refuses => !self.fronted() || s.endpoint.part != Part::Dependency,
            _ => false,
        };
        self.seen.iter().any(unknown)
    }

    pub(super) fn since(&self, state: State) -> Option<i64> {
        let now = self.now;
        let of = |v: View| self.deciding().filter(move |s| s.view == v).map(|s| s.endpoint.detector);
        let all = || self.seen.iter().map(|s| s.endpoint.detector);
        match state {
            State::Down => of(View::Persistent).filter_map(|d| d.since(now)).min(),
            State::Suspect => of(View::Suspect).chain(of(View::Persistent)).filter_map(|d| d.failing_since()).min(),
            State::Throttled => {
                let deployments = self.deployments().map(|s| s.endpoint.detector);
                of(View::Throttled).chain(deployments).filter_map(|d| d.throttled_since(now)).min()
            }
            State::Unknown | State::Blind => all().filter_map(|d| d.last_success()).max(),
            State::Ok => all().filter_map(|d| d.since(now)).max(),
            State::Degraded | State::Unstable => {
                let ailing = self.seen.iter().filter(|s| s.view.ails()).map(|s| s.endpoint.detector);
                ailing.filter_map(|d| d.since(now)).min().or_else(|| all().filter_map(|d| d.since(now)).min())
            }
        }
    }

    pub(super) fn sentence(&self, state: State, since: Option<i64>) -> String {
        let (name, now) = (self.region.region.display(), self.now);
        let first = |v: View| self.deciding().find(move |s| s.view == v).map(|s| s.endpoint.detector);
        match state {
            State::Down => {
                format!("{name} is down, persistently, for {}", since.map(|s| span(now - s)).unwrap_or_default())
            }
            State::Suspect => match first(View::Suspect).or(first(View::Persistent)) {
                Some(d) => {
                    let what = commonest(d, d.failing_since().unwrap_or(now));
                    format!("{name} may be failing: {what}, {} in a row", d.consecutive_failures())
                }
                None => format!("{name} may be failing"),
            },
            State::Degraded => self.degraded(&name),
            State::Throttled if self.has(View::Throttled) => {
                format!("{name} throttles our calls (429); that is no outage")
            }
            State::Throttled => {
                format!("{name} answers, but its deployments throttle our calls (429); that is no outage")
            }
            State::Unstable => format!("{name} is unstable: it comes and goes"),
            State::Blind => format!("{name} cannot be seen from this laptop"),
            State::Ok => match self.deciding().filter_map(|s| s.endpoint.detector.typical()).max() {
                Some(t) => format!("{name} answers in {t}"),
                None => format!("{name} answers"),
            },
            State::Unknown => unknown(&name, self.region, now),
        }
    }

    fn degraded(&self, name: &str) -> String {
        let deciding = |v: View| self.deciding().filter(move |s| s.view == v).map(Seen::label).collect::<Vec<_>>();
        let lost = deciding(View::Persistent);
        if !lost.is_empty() {
            let (n, all) = (lost.len(), self.deciding().count());
            let verb = if n == 1 { "fails" } else { "fail" };
            let alive = self.seen.iter().find(|s| s.endpoint.part == Part::Deployment && self.alive(s));
            return match alive {
                _ if !self.fronted() => format!("{name} answers in part: {} {}", named(&lost), do_not_answer(n)),
                Some(s) if n == all => {
                    format!("{name} answers in part: {} {}, but {} does", named(&lost), do_not_answer(n), s.label())
                }
                _ => format!("{name} answers in part: {n} of {all} endpoints {verb}, so it is not the whole region"),
            };
        }
        if let Some(text) = self.but() {
            return format!("{name} serves, but {text}");
        }
        if self.past_proxy() {
            return format!("{name} answers past the proxy and not through it: it is the proxy, not the region");
        }
        if !deciding(View::Recovering).is_empty() {
            return format!("{name} answers again; not yet for long");
        }
        if let Some(s) = self.deciding().find(|s| s.view == View::Slow) {
            return format!("{name} answers slowly, in {}", s.endpoint.detector.typical().unwrap_or_default());
        }
        match self.beside().find(|s| s.view.ails()) {
            Some(s) => {
                let how = match s.view {
                    View::Throttled => "throttles our calls (429)",
                    View::Unstable => "comes and goes",
                    View::Recovering => "answers again; not yet for long",
                    _ => "is not reached through the proxy",
                };
                format!("{name} serves, but {} {how}", s.label())
            }
            None => format!("{name} serves its users; only its control plane does not answer"),
        }
    }

    /// What fails behind a region that answers.
    fn but(&self) -> Option<String> {
        let of = |v: View| self.beside().filter(move |s| s.view == v).map(Seen::label).collect::<Vec<_>>();
        let (lost, suspect) = (of(View::Persistent), of(View::Suspect));
        let deployments = self.deployments().count();
        if deployments > 1 && self.all_deployments(View::Persistent) {
            return Some(format!("none of its {deployments} deployments answers"));
        }
        if !lost.is_empty() {
            return Some(format!("{} {}", named(&lost), do_not_answer(lost.len())));
        }
        (!suspect.is_empty()).then(|| format!("{} may be failing", named(&suspect)))
    }
}

fn do_not_answer(n: usize) -> &'static str {
    if n == 1 { "does not answer" } else { "do not answer" }
}

/// `a, b and c`, or `a, b, c and 4 more`.
fn named(all: &[String]) -> String {
    match all.split_at_checked(NAMED) {
        Some((first, rest)) if !rest.is_empty() => {
            let mut shown = first.to_vec();
            shown.push(format!("{} more", rest.len()));
            list(&shown)
        }
        _ => list(all),
    }
}
