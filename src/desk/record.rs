//! Between the run's entries and the journal's records: one shape each way.

use serde_json::value::RawValue;

use crate::journal::Draft as Line;
use crate::record::{
    Actor as RecordActor, Authn, Body, Corr, Envelope, Kind, Mode as RecordMode, Person, PlanRef, Target,
};
use crate::run::decide::Draft;
use crate::run::event::{Actor, Correlation, Entry, Event, Mode};

/// How the record tells a second person's and a scenario's word from the operator's.
const SECOND_PERSON: &str = "second-person";
const SCENARIO: &str = "scenario";
/// How the record says that nobody but the app did it.
const SYSTEM: &str = "\"system\"";

/// Mode as records say it.
pub fn mode(m: Mode) -> RecordMode {
    match m {
        Mode::Live => RecordMode::Live,
        Mode::DryRun => RecordMode::DryRun,
        Mode::Rehearsal => RecordMode::Rehearsal,
        Mode::Tabletop => RecordMode::Tabletop,
    }
}

fn person(name: &str, method: Option<&str>) -> RecordActor {
    RecordActor::Person(Person {
        name: name.to_owned(),
        authn: method.map(|m| Authn { method: m.to_owned(), auth_time: None, token_sha256: None }),
        ..Person::default()
    })
}

pub(super) fn actor(a: &Actor) -> RecordActor {
    match a {
        Actor::System => RecordActor::System,
        Actor::Operator(n) => person(n, None),
        Actor::Approver(n) => person(n, Some(SECOND_PERSON)),
        Actor::Scenario(n) => person(n, Some(SCENARIO)),
    }
}

fn actor_back(a: &RecordActor) -> Actor {
    match a {
        RecordActor::System => Actor::System,
        RecordActor::Person(p) => match p.authn.as_ref().map(|a| a.method.as_str()) {
            Some(SECOND_PERSON) => Actor::Approver(p.name.clone()),
            Some(SCENARIO) => Actor::Scenario(p.name.clone()),
            _ => Actor::Operator(p.name.clone()),
        },
    }
}

fn corr(event: &Event) -> Option<Corr> {
    let of = |c: &Correlation, operation: Option<&String>| {
        Some(Corr {
            request: c.request_id.clone(),
            correlation: c.correlation_id.clone(),
            client: None,
            operation: operation.cloned(),
            status: c.status,
            date: c.date.clone(),
        })
    };
    match event {
        Event::ActionAccepted { corr, operation, .. } => of(corr, Some(operation)),
        Event::ActionFinished { corr, .. } => of(corr, None),
        _ => None,
    }
}

/// The journal's line of a draft. `target` is the ARM id an action is about.
pub fn line(d: &Draft, m: Mode, plan: Option<(&str, &str)>, target: Option<&str>, at: Option<u64>) -> Line {
    let (kind, body) = d.event.to_parts();
    let mut line = Line::new(Kind::from_text(&kind), mode(m), actor(&d.actor), body);
    line.step.clone_from(&d.step);
    line.plan = plan.map(|(id, sha256)| PlanRef { id: id.to_owned(), version: None, sha256: sha256.to_owned() });
    line.tgt = target.map(|id| Target {
        id: id.to_owned(),
        subscription: id.parse::<crate::units::ResourceId>().ok().map(|r| r.subscription().to_owned()),
        region: None,
    });
    line.corr = corr(&d.event);
    line.at = at;
    line
}

/// The run's entry of a record; `None` for records that are about the log itself, or of a kind not known here.
/// `epoch` is scenario time zero, once the run's start has told it.
pub fn entry(body: &Body, epoch: Option<i64>) -> Result<Option<Entry>, serde_json::Error> {
    if body.kind == Kind::Unknown {
        return Ok(None);
    }
    let d = RawValue::from_string(body.d.to_string())?;
    let Some(event) = Event::from_parts(body.kind.as_str(), &d)? else { return Ok(None) };
    let at = instant(&event, epoch, body.at, body.ts);
    Ok(Some(Entry { at, actor: actor_back(&body.actor), step: body.step.clone(), event }))
}

/// The same of a line as it was read, without a copy of everything that a run does not need.
pub fn entry_read(e: &Envelope<'_>, epoch: Option<i64>) -> Result<Option<Entry>, serde_json::Error> {
    if Kind::from_text(&e.kind) == Kind::Unknown {
        return Ok(None);
    }
    let Some(event) = Event::from_parts(&e.kind, e.d)? else { return Ok(None) };
    let at = instant(&event, epoch, e.at, e.ts);
    let actor = match e.actor.map(RawValue::get) {
        Some(SYSTEM) => Actor::System,
        who => actor_back(&serde_json::from_str(who.unwrap_or_default())?),
    };
    Ok(Some(Entry { at, actor, step: e.step.as_deref().map(str::to_owned), event }))
}

/// When it was, by the run's clock.
fn instant(event: &Event, epoch: Option<i64>, at: Option<u64>, ts: i64) -> i64 {
    let epoch = match event {
        Event::Started(s) => s.scenario.as_ref().map(|s| s.epoch),
        _ => epoch,
    };
    match (epoch, at) {
        (Some(epoch), Some(at)) => epoch.saturating_add(i64::try_from(at).unwrap_or(i64::MAX)),
        _ => ts,
    }
}
