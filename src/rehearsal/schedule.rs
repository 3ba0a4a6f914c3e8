//! When the happenings of a scenario come: as they are written, and as the facilitator moved them. Worked out anew from the
//! record whenever it is needed, so that a run that is taken up goes on with the same times.

use super::scenario::{Scenario, What};
use crate::run::event::Facilitated;
use crate::run::state::Run;
use crate::runbook::model::Strategy;
use crate::units::Millis;

/// Numbers of what the facilitator said themselves begin here; a timeline is shorter.
pub const OWN_WORDS: u32 = 1_000_000;

/// When each happening comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    due: Vec<Option<Millis>>,
    /// Since when happenings are held back.
    pub held: Option<Millis>,
}

impl Schedule {
    /// As the scenario is written.
    pub fn plain(scenario: &Scenario, strategy: Option<Strategy>) -> Self {
        let applies = |only: &[Strategy]| only.is_empty() || strategy.is_some_and(|s| only.contains(&s));
        let due = scenario.timeline.iter().map(|h| applies(&h.only_in).then_some(h.at)).collect();
        Self { due, held: None }
    }

    /// As it became by what the facilitator did, each at its scenario time. While happenings are held, their time stands
    /// still: let go, they come as far apart as they were written.
    pub fn moved(self, did: impl IntoIterator<Item = (Millis, Facilitated)>) -> Self {
        let mut written = self.due;
        let mut fixed: Vec<Option<Millis>> = vec![None; written.len()];
        let mut held: Option<Millis> = None;
        for (at, what) in did {
            match what {
                Facilitated::Held if held.is_none() => {
                    held = Some(at);
                    for (fixed, due) in fixed.iter_mut().zip(&written) {
                        *fixed = fixed.or(due.filter(|d| *d <= at));
                    }
                }
                Facilitated::LetGo => {
                    let Some(since) = held.take() else { continue };
                    written.iter_mut().flatten().for_each(|due| *due = *due + at.saturating_sub(since));
                }
                Facilitated::Now(n) => {
                    let Some(due) = written.get(n as usize).copied().flatten() else { continue };
                    let Some(fixed) = fixed.get_mut(n as usize).filter(|f| f.is_none()) else { continue };
                    *fixed = Some(if held.is_none() { due.min(at) } else { at });
                }
                _ => {}
            }
        }
        let when = |(fixed, due): (Option<Millis>, Option<Millis>)| fixed.or(due.filter(|_| held.is_none()));
        Self { due: fixed.into_iter().zip(written).map(when).collect(), held }
    }

    /// The schedule of a run.
    pub fn of(scenario: &Scenario, run: &Run) -> Self {
        let (strategy, epoch) = run.start.as_ref().map_or((None, run.started_at), |s| {
            (Some(s.strategy), s.scenario.as_ref().map_or(run.started_at, |r| r.epoch))
        });
        let since = |at: i64| Millis(u64::try_from(at.saturating_sub(epoch)).unwrap_or(0));
        Self::plain(scenario, strategy).moved(run.facilitated.iter().map(|(at, f)| (since(*at), f.clone())))
    }

    /// When a happening comes; none when it is held back, or is none of this strategy.
    pub fn due(&self, n: u32) -> Option<Millis> {
        self.due.get(n as usize).copied().flatten()
    }

    /// All that come, by time; of equal times in the order they are written.
    pub fn all(&self) -> Vec<(u32, Millis)> {
        let numbered = self.due.iter().zip(0u32..);
        let mut all: Vec<(u32, Millis)> = numbered.filter_map(|(due, n)| Some((n, (*due)?))).collect();
        all.sort_by_key(|(_, at)| *at);
        all
    }
}

/// People who cannot be reached now.
pub fn away(run: &Run) -> Vec<&str> {
    let mut away: Vec<&str> = Vec::new();
    for (_, did) in &run.facilitated {
        if let Facilitated::Unavailable(who, gone) = did {
            away.retain(|a| a != who);
            if *gone {
                away.push(who);
            }
        }
    }
    away
}

/// A happening in words: what the author wrote of it, else what can be said.
pub fn words(scenario: &Scenario, h: &super::scenario::Happening) -> String {
    if let Some(seen) = &h.seen {
        return seen.clone();
    }
    match &h.what {
        What::Fault { on, how, .. } => format!("{}: {}", place(on), effect(how)),
        What::Clear(id) => {
            let struck = scenario.timeline.iter().find_map(|h| match &h.what {
                What::Fault { id: of, on, .. } if of == id => Some(place(on)),
                _ => None,
            });
            format!("{}: as before", struck.as_deref().unwrap_or(id))
        }
        What::ServiceHealth { title, summary, region, status, .. } => {
            format!("Service Health, {} ({status}): {title}. {summary}", region.display())
        }
        What::ResourceHealth { account, state, summary, .. } => {
            format!("Resource Health, {account}: {state}. {summary}")
        }
        What::SetQuota { region, model, limit } => {
            format!("Quota of {model} in {} is {limit} units now", region.display())
        }
        What::Inject(text) => text.clone(),
        What::Colleague { who, text, .. } => format!("{who}: {text}"),
        What::Away(who) => format!("{who} cannot be reached"),
        What::Back(who) => format!("{who} can be reached again"),
    }
}

fn place(p: &super::scenario::Place) -> String {
    use super::scenario::Place as P;
    match p {
        P::DataPlane(r) => format!("What answers users in {}", r.display()),
        P::Deployment { account, name } => format!("Model deployment {name} of {account}"),
        P::Arm => "Azure Resource Manager".to_owned(),
        P::ArmChanges => "Changes by Azure Resource Manager".to_owned(),
        P::ArmIn(r) => format!("Azure Resource Manager, for {}", r.display()),
        P::Entra => "Sign-in".to_owned(),
        P::AppConfiguration => "App Configuration".to_owned(),
        P::Network => "This laptop's network".to_owned(),
        P::Witness(host) | P::Site(host) => host.clone(),
        P::Probes(profile) => format!("Traffic Manager's probes of {profile}"),
    }
}

fn effect(h: &super::scenario::How) -> String {
    use super::scenario::How as H;
    match h {
        H::Refuse => "nobody listens".to_owned(),
        H::BlackHole => "no answer, calls time out".to_owned(),
        H::Reset => "connections are reset".to_owned(),
        H::NoHandshake => "the TLS handshake breaks off".to_owned(),
        H::BadCertificate => "a certificate that nobody trusts".to_owned(),
        H::Status(code) => format!("answers {code}"),
        H::Throttle { retry_after } => format!("answers 429, come back in {retry_after}"),
        H::Page => "a sign-in page answers in its place".to_owned(),
        H::Cut => "the answer breaks off".to_owned(),
        H::Slow(by) => format!("answers, {by} later than usual"),
        H::FailsLate(code) => format!("takes work and fails in the end with {code}"),
    }
}
