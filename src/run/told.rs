//! What people tell for the record because auditors ask for it: who declared the incident, who took part, what was checked,
//! who was told, how grave a finding is, and who saw that it was put right.

use serde::{Deserialize, Serialize};

use crate::runbook::model::StepId;
use crate::units::{Millis, sha256_hex};

use super::clocks::POINT;
use super::decide::{Draft, Refusal, text};
use super::event::{Actor, Entry, Event, Evidence, Observed};
use super::state::{Finding, Note, Run};

/// Evidence whose name begins so says that what was moved works, and who confirmed it.
pub const FUNCTION: &str = "Functional check";
/// The same, that the data is whole.
pub const DATA: &str = "Data integrity check";
/// What an observation is about that tells the state of security during the disruption.
pub const SECURITY: &str = "security";
/// The same, that everything is back to normal.
pub const NORMAL: &str = "normal";
/// Sign-offs in this role tell the version and the readers of the report; nobody signs by them.
pub const REPORT: &str = "report";

/// What can be told in one form: what about, who, what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Somebody takes part.
    Attends,
    /// Somebody who is expected does not.
    Absent,
    /// What was moved works.
    Function,
    /// The data is whole.
    Data,
    /// How old the newest data was that was recovered.
    DataAge,
    /// Logging, access, emergency accounts.
    Security,
    /// Colleagues were told.
    Colleagues,
    /// Customers were told.
    Customers,
    /// An authority was told.
    Authority,
    /// Something was done otherwise than planned.
    Deviation,
    /// Everything is back to normal.
    Normal,
    /// Version and readers of the report.
    Report,
}

impl About {
    /// All, as they are offered.
    pub const ALL: [(Self, &str); 12] = [
        (Self::Attends, "Takes part"),
        (Self::Absent, "Cannot take part"),
        (Self::Function, "Functional check"),
        (Self::Data, "Data integrity check"),
        (Self::DataAge, "Newest data recovered"),
        (Self::Security, "Security"),
        (Self::Colleagues, "Colleagues told"),
        (Self::Customers, "Customers told"),
        (Self::Authority, "Authority told"),
        (Self::Deviation, "Deviation"),
        (Self::Normal, "Back to normal"),
        (Self::Report, "Report"),
    ];
}

/// Who declared the incident. What is not known stays empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Declaration {
    /// Who activated the plan.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// On whose authority.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// What triggered it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trigger: String,
    /// When and how it was detected, where the watch did not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detected: String,
    /// Where people work from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location: String,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The plan does not work with it.
    Critical,
    /// An objective is missed with it.
    High,
    /// It costs time.
    Medium,
    /// It should be better.
    Low,
}

impl Severity {
    /// All, as they are offered.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// How grave an earlier finding is; the text beside it says why it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Which finding, from 1.
    pub finding: u32,
    /// How grave.
    pub severity: Severity,
}

/// That a finding is put right, or borne. The owner beside it is who vouches for that; until when: an accepted risk alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Which finding, from 1.
    pub finding: u32,
    /// It is not put right: the risk is accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// The run or the ticket in which it was tried again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub retest: String,
}

/// What was told, as far as the run does not keep it elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Who declared it.
    pub declaration: Option<Declaration>,
    /// All that people told in this way, in order.
    pub heard: Vec<Entry>,
    /// Who is there at the start is not told but known.
    started: bool,
    /// On what evidence the beginning of the impact is believed.
    pub impact: String,
    /// What was done otherwise than planned.
    pub deviations: Vec<Note>,
    /// The state of security.
    pub security: Vec<Note>,
    /// That it is back to normal.
    pub normal: Vec<Note>,
    /// Version and readers of the report.
    pub report: Option<Note>,
    /// Questions to the second person.
    pub asked: u32,
    /// Steps they agreed to, as often as they did.
    pub agreed: Vec<StepId>,
    /// Those they refused.
    pub refused: u32,
}

impl Told {
    pub(super) fn apply(&mut self, entry: &Entry) {
        let note = |text: &str| Note { at: entry.at, who: entry.actor.display().to_owned(), text: text.to_owned() };
        if self.started && person_tells(entry) {
            self.heard.push(entry.clone());
        }
        match &entry.event {
            Event::Started(_) => self.started = true,
            Event::Declared { declaration, evidence, .. } => {
                match declaration {
                    Some(d) => self.declaration = Some((**d).clone()),
                    None => self.impact.clone_from(evidence),
                };
            }
            Event::Deviation { rule, reason } => self.deviations.push(note(&format!("{rule}: {reason}"))),
            Event::Observed(o) if o.what == SECURITY => self.security.push(note(&o.text)),
            Event::Observed(o) if o.what == NORMAL => self.normal.push(note(&o.text)),
            Event::SignedOff { role, statement } if role == REPORT => self.report = Some(note(statement)),
            Event::ApprovalRequested { .. } => self.asked += 1,
            Event::Approved { .. } => self.agreed.extend(entry.step.clone()),
            Event::Denied { .. } => self.refused += 1,
            _ => {}
        }
    }
}

/// Whether it is one of those that only people know, and that are kept in no list of their own.
fn person_tells(entry: &Entry) -> bool {
    let told = match &entry.event {
        Event::Participant { .. }
        | Event::Declared { declaration: Some(_), .. }
        | Event::Finding { rates: Some(_), .. }
        | Event::Corrective { closes: Some(_), .. }
        | Event::Measured { .. }
        | Event::Deviation { .. } => entry.step.is_none(),
        Event::Observed(o) => o.what == SECURITY || o.what == NORMAL,
        Event::SignedOff { role, .. } => role == REPORT,
        _ => false,
    };
    told && matches!(entry.actor, Actor::Operator(_))
}

impl Finding {
    pub(super) fn found(all: &mut Vec<Self>, note: Note, rates: Option<Rating>) {
        match rates {
            None => all.push(Self { found: note, corrective: None, severity: None, closed: None }),
            Some(r) => {
                if let Some(f) = Self::at(all, r.finding) {
                    f.severity = Some((r.severity, note.text));
                }
            }
        }
    }

    pub(super) fn put_right(all: &mut [Self], note: Note, owner: &str, due: &str, closes: Option<&Closure>) {
        match closes {
            None => {
                if let Some(open) = all.iter_mut().find(|f| f.corrective.is_none()) {
                    open.corrective = Some((note.text, owner.to_owned(), due.to_owned()));
                }
            }
            Some(c) => {
                if let Some(f) = Self::at(all, c.finding) {
                    f.closed = Some((Note { who: owner.to_owned(), ..note }, due.to_owned(), c.clone()));
                }
            }
        }
    }

    /// Its number among all, as closures and ratings name it.
    fn at(all: &mut [Self], n: u32) -> Option<&mut Self> {
        all.get_mut(usize::try_from(n).ok()?.checked_sub(1)?)
    }
}

/// The first finding of which this holds, with its number.
fn first(run: &Run, is: impl Fn(&Finding) -> bool) -> Option<(u32, &Finding)> {
    let n = run.findings.iter().position(is)?;
    Some((u32::try_from(n + 1).unwrap_or(u32::MAX), &run.findings[n]))
}

fn short(what: &'static str, t: &str) -> Result<String, Refusal> {
    if t.trim().is_empty() { Ok(String::new()) } else { text(what, t) }
}

/// Who declared the incident. When the impact began stands already: the declaration is not what says it.
pub(super) fn declare(run: &Run, d: &Declaration) -> Result<Event, Refusal> {
    let Some(impact_start) = run.clocks.t[0] else { return Err(Refusal::NoImpact) };
    let told = Declaration {
        by: short("who activated it", &d.by)?,
        authority: short("on whose authority", &d.authority)?,
        trigger: short("what triggered it", &d.trigger)?,
        detected: short("when it was detected", &d.detected)?,
        location: short("where people work from", &d.location)?,
    };
    if told == Declaration::default() {
        return Err(Refusal::Empty("the declaration"));
    }
    Ok(Event::Declared { impact_start, evidence: run.said.impact.clone(), declaration: Some(Box::new(told)) })
}

/// How grave the oldest finding is that nobody has rated.
pub(super) fn rate(run: &Run, severity: Severity, cause: &str) -> Result<Event, Refusal> {
    let (finding, _) = first(run, |f| f.severity.is_none()).ok_or(Refusal::NothingToRate)?;
    let rates = Some(Rating { finding, severity });
    Ok(Event::Finding { text: text("the root cause", cause)?, rates })
}

/// That the oldest finding for which it was said how is put right, or borne. Nobody vouches for their own work.
pub(super) fn close(run: &Run, said: &Vouched) -> Result<Event, Refusal> {
    let (finding, f) =
        first(run, |f| f.closed.is_none() && f.corrective.is_some()).ok_or(Refusal::NothingToVouchFor)?;
    let by = text("who vouches for it", &said.by)?;
    let owner = f.corrective.as_ref().map_or("", |(_, owner, _)| owner.as_str());
    if same(owner, &by) {
        return Err(Refusal::OwnWork(by));
    }
    let due = if said.accepted { text("until when the risk is accepted", &said.until)? } else { String::new() };
    let retest = short("the retest", &said.retest)?;
    let closes = Some(Closure { finding, accepted: said.accepted, retest });
    Ok(Event::Corrective { text: text("what was seen", &said.seen)?, owner: by, due, closes })
}

/// Two names of one person.
pub(super) fn same(a: &str, b: &str) -> bool {
    let plain = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(a) == plain(b)
}

/// What is said about a finding that is over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouched {
    /// It is not put right: the risk is accepted.
    pub accepted: bool,
    /// What was seen, or why it is borne.
    pub seen: String,
    /// Who vouches for it.
    pub by: String,
    /// The run or the ticket in which it was tried again.
    pub retest: String,
    /// Until when the risk is accepted.
    pub until: String,
}

/// The one form for the rest.
pub(super) fn tell(run: &Run, actor: &Actor, about: About, who: &str, what: &str) -> Result<Draft, Refusal> {
    let said = || text("what is told", what);
    let named = || text("who it is", who);
    let by = |head: &str| Ok::<_, Refusal>(format!("{head}, {}", named()?));
    let observed = |what: &str| -> Result<Event, Refusal> {
        let (text, what, state) = (format!("{} ({})", said()?, named()?), what.to_owned(), "said".to_owned());
        Ok(Event::Observed(Box::new(Observed { text, what, state, ..Observed::default() })))
    };
    let checked = |head: &str| -> Result<Event, Refusal> {
        let (name, text) = (format!("{head}, confirmed by {}", named()?), said()?);
        let (bytes, sha256) = (text.len() as u64, sha256_hex(text.as_bytes()));
        Ok(Event::Evidence(Evidence { name, sha256, text, bytes, file: None }))
    };
    let message = |head: &str| -> Result<Event, Refusal> {
        let outcome = "told by people, not sent by Lifeboat".to_owned();
        Ok(Event::Comms { to: by(head)?, text: said()?, outcome, id: None })
    };
    let event = match about {
        About::Attends | About::Absent => {
            Event::Participant { name: named()?, role: said()?, key: None, absent: about == About::Absent }
        }
        About::Function => checked(FUNCTION)?,
        About::Data => checked(DATA)?,
        About::DataAge => age(run, &format!("{POINT} {}", named()?), &said()?)?,
        About::Security => observed(SECURITY)?,
        About::Colleagues => message("colleagues")?,
        About::Customers => message("customers")?,
        About::Authority => message("authority")?,
        About::Deviation => Event::Deviation { rule: by("told")?, reason: said()? },
        About::Normal => observed(NORMAL)?,
        About::Report => {
            Event::SignedOff { role: REPORT.to_owned(), statement: format!("version {}, for {}", said()?, named()?) }
        }
    };
    Ok(Draft { actor: actor.clone(), step: None, event })
}

/// `41m, from the backup`: the newest data that is there, as old as that when the impact began.
fn age(run: &Run, name: &str, said: &str) -> Result<Event, Refusal> {
    let t0 = run.clocks.t[0].ok_or(Refusal::NoImpact)?;
    let (age, how) = said.split_once([',', ' ']).unwrap_or((said, ""));
    let Ok(age) = age.trim().parse::<Millis>() else { return Err(Refusal::NoAge(said.to_owned())) };
    let value = Some(t0.saturating_sub(i64::try_from(age.0).unwrap_or(i64::MAX)));
    let how = if how.trim().is_empty() { "told by the operator" } else { how.trim() };
    Ok(Event::Measured { name: name.to_owned(), value, how: how.to_owned() })
}
