//! A scenario on disk: a world, what happens in it, what the operator is expected to do, and the scripted answers.
//!
//! Schema 1. The simulator reads `world` and `timeline`; the conductor reads the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::expect::{Expect, Fail, When, Where, Words};
use super::things::Hand;
pub use super::world::{Account, Clients, Deployment, MoreSubscription, Profile, Quota, Store, World};
use crate::run::event::LossKind;
use crate::runbook::model::{Phase, StepId, Strategy};
use crate::units::{Millis, Region};

/// One rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Format version; 1.
    pub schema: u32,
    /// Unique, kebab-case.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it teaches.
    pub about: String,
    /// Built-in plan it exercises; empty for a world without a plan (`sandbox`).
    #[serde(default)]
    pub plan: String,
    /// Strategies it can be run with.
    #[serde(default)]
    pub strategies: Vec<Strategy>,
    /// Phases of the runbook that the run covers.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// How long it takes a person at the keyboard, in minutes; 0: nobody has said.
    #[serde(default)]
    pub minutes: u32,
    /// Without any Azure.
    #[serde(default)]
    pub tabletop: Tabletop,
    /// People whom the scenario speaks of; the facilitator can make them unavailable.
    #[serde(default)]
    pub people: Vec<String>,
    /// Who of them agrees as second person, the one who is asked first being first. None: nobody in particular.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// How long the scripted second person takes to answer.
    #[serde(default = "second_person")]
    pub second_person: Millis,
    /// Scenario whose simulated Azure this one begins with; `world` then says what is different.
    #[serde(default)]
    pub world_of: Option<String>,
    /// The simulated Azure.
    #[serde(default)]
    pub world: World,
    /// What people do beside the program when they carry out a step by hand.
    #[serde(default)]
    pub hands: Vec<Hand>,
    /// What happens, by scenario time.
    #[serde(default)]
    pub timeline: Vec<Happening>,
    /// What is expected of the operator.
    #[serde(default)]
    pub expect: Expect,
    /// What is expected instead with one strategy.
    #[serde(default)]
    pub expect_in: BTreeMap<Strategy, Expect>,
    /// What the scripted operator does, in order of first match.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// Wrong ways to do it.
    #[serde(default)]
    pub wrong: Vec<Wrong>,
}

fn second_person() -> Millis {
    Millis::from_secs(40)
}

/// A rehearsal is over by then: what comes later is a mistake, and would not fit every clock.
pub const LONGEST: Millis = Millis::from_mins(60 * 1_000);
/// Happenings, resources, sites: each is drawn, or listens.
const MOST: usize = 1_000;

impl Scenario {
    /// What of it is more than a rehearsal can have, in words.
    pub fn beyond_limits(&self) -> Option<String> {
        let late = self.timeline.iter().map(|h| h.at).find(|at| *at > LONGEST);
        let w = &self.world;
        let many = [
            ("happenings", self.timeline.len()),
            ("resources", w.resources.len()),
            ("sites", w.sites.len()),
            ("accounts", w.accounts.len()),
            ("things in soft delete", w.deleted.len()),
        ];
        let many = many.into_iter().find(|(_, n)| *n > MOST);
        late.map(|at| format!("something happens after {at}; a rehearsal has {LONGEST} at most"))
            .or_else(|| many.map(|(what, n)| format!("{n} {what}; a scenario has {MOST} at most")))
    }

    /// What is expected with a strategy.
    pub fn expected(&self, strategy: Strategy) -> &Expect {
        self.expect_in.get(&strategy).unwrap_or(&self.expect)
    }

    /// The same with the answers of one of its wrong ways before its own, and with what is done by hand in that way instead
    /// of its own, step by step.
    pub fn gone_wrong(&self, id: &str) -> Option<Self> {
        let wrong = self.wrong.iter().find(|w| w.id == id)?;
        let answers = wrong.answers.iter().chain(&self.answers).cloned().collect();
        let instead = |step: &str| wrong.hands.iter().any(|h| h.step == step);
        let own = self.hands.iter().filter(|h| !instead(&h.step));
        let hands = wrong.hands.iter().chain(own).cloned().collect();
        Some(Self { answers, hands, ..self.clone() })
    }
}

/// How a scenario is rehearsed without any Azure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tabletop {
    /// It can be.
    #[serde(default = "yes")]
    pub offered: bool,
    /// What the systems answer, as people say it. A step without a line is answered by the operator's word.
    #[serde(default)]
    pub answers: Vec<Told>,
}

fn yes() -> bool {
    true
}

impl Default for Tabletop {
    fn default() -> Self {
        Self { offered: true, answers: Vec::new() }
    }
}

/// What a system answers to a step, as people say it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Step.
    pub step: StepId,
    /// Whether what it wants is so; silent: nobody can tell.
    #[serde(default)]
    pub ok: Option<bool>,
    /// What is seen.
    pub text: String,
}

/// A wrong way to do it: tests take it to see that its mistakes are scored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// Unique in the scenario, kebab-case.
    pub id: String,
    /// One line.
    pub about: String,
    /// Only with these strategies; empty: with all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// What the scripted operator does, before the answers of the scenario.
    pub answers: Vec<Answer>,
    /// What people do beside the program at steps by hand, in place of what the scenario says for those steps.
    #[serde(default)]
    pub hands: Vec<Hand>,
    /// Ids of the mistakes that must be scored then.
    pub fails: Vec<String>,
}

/// Something at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// Scenario time.
    pub at: Millis,
    /// Only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// What.
    pub what: What,
    /// The scenario does not tell it; the facilitator may.
    #[serde(default)]
    pub hidden: bool,
    /// What is seen of it, in words, where people play without Azure; silent: what Lifeboat can say of it.
    #[serde(default)]
    pub seen: Option<String>,
}

/// What can happen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum What {
    /// A fault begins.
    Fault {
        /// Its name, for [`What::Clear`].
        id: String,
        /// Where.
        on: Place,
        /// How it shows.
        how: How,
    },
    /// A fault ends.
    Clear(String),
    /// Service Health posts or updates an event.
    ServiceHealth {
        /// Tracking id; a second post under the same id updates it.
        tracking: String,
        /// Title.
        title: String,
        /// Text.
        summary: String,
        /// Region named.
        region: Region,
        /// `Active` or `Resolved`.
        status: String,
    },
    /// Resource Health changes its mind about an account.
    ResourceHealth {
        /// Account name.
        account: String,
        /// `Available`, `Unavailable`, `Degraded` or `Unknown`.
        state: String,
        /// Text.
        summary: String,
        /// The platform says that the customer caused it.
        #[serde(default)]
        by_customer: bool,
    },
    /// Somebody changes quota.
    SetQuota {
        /// Region.
        region: Region,
        /// Model.
        model: String,
        /// New limit.
        limit: u32,
    },
    /// A message to the operator.
    Inject(String),
    /// A colleague elsewhere reports what they see.
    Colleague {
        /// Who and from where.
        who: String,
        /// What they say.
        text: String,
        /// Region spoken of.
        region: Region,
        /// Whether it answers them.
        answers: bool,
    },
    /// Somebody cannot be reached from now on.
    Away(String),
    /// Somebody can be reached again.
    Back(String),
}

/// Where a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Inference of the accounts in a region.
    DataPlane(Region),
    /// Inference of one model deployment; what else its account answers is as ever.
    Deployment {
        /// Account name.
        account: String,
        /// Deployment name.
        name: String,
    },
    /// Azure Resource Manager, all of it.
    Arm,
    /// What is sent to ARM to change something; its reads answer.
    ArmChanges,
    /// ARM calls on resources in one region.
    ArmIn(Region),
    /// Sign-in.
    Entra,
    /// App Configuration data plane.
    AppConfiguration,
    /// This laptop's network: every address, witnesses included.
    Network,
    /// One witness alone.
    Witness(String),
    /// One of the world's sites alone, in lower case, or a vault's address.
    Site(String),
    /// The probes of a Traffic Manager profile: they fail everywhere, whoever else is served.
    Probes(String),
}

/// How a fault shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Nobody listens: connections are refused. Not for [`Place::ArmChanges`], [`Place::ArmIn`] and
    /// [`Place::Deployment`], which share their listener with others; there it resets.
    Refuse,
    /// Connected, then silent.
    BlackHole,
    /// The connection is reset.
    Reset,
    /// The TLS handshake breaks off; without TLS the connection does.
    NoHandshake,
    /// Somebody in between shows a certificate that nobody trusts; without TLS it shows its page.
    BadCertificate,
    /// This status with Azure's error envelope.
    Status(u16),
    /// 429 with `Retry-After`.
    Throttle {
        /// When to come back.
        retry_after: Millis,
    },
    /// A network's sign-in page answers with 200 in its place.
    Page,
    /// It is done, and the connection ends in the middle of the answer.
    Cut,
    /// Answers, but so much later.
    Slow(Millis),
    /// Long-running work is accepted and fails in the end, with this code.
    FailsLate(String),
}

/// What can be decided at the decision step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// Do nothing yet.
    Wait,
    /// Move a part of the traffic.
    Partial,
    /// Move users.
    FailOver,
    /// Not a failover case.
    Abort,
}

impl Choice {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::FailOver, Self::Partial, Self::Wait, Self::Abort];
    /// In words.
    pub fn display(self) -> &'static str {
        match self {
            Self::Wait => "Wait",
            Self::Partial => "Move a part",
            Self::FailOver => "Fail over",
            Self::Abort => "Do not fail over",
        }
    }
}

/// How a run ends. Scenario files may write the variant's name, as they do for every other choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Users are served, everything verified.
    #[serde(alias = "Recovered")]
    Recovered,
    /// Users are served, with findings.
    #[serde(alias = "RecoveredWithFindings")]
    RecoveredWithFindings,
    /// No outage of the region; nothing was moved.
    #[serde(alias = "FalseAlarm")]
    FalseAlarm,
    /// Users are not served.
    #[serde(alias = "NotRecovered")]
    NotRecovered,
    /// Cannot be told.
    #[serde(alias = "Inconclusive")]
    Inconclusive,
}

impl Outcome {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] =
        [Self::Recovered, Self::RecoveredWithFindings, Self::FalseAlarm, Self::NotRecovered, Self::Inconclusive];
    /// In words.
    pub fn display(self) -> &'static str {
        match self {
            Self::Recovered => "Recovered",
            Self::RecoveredWithFindings => "Recovered, with findings",
            Self::FalseAlarm => "False alarm",
            Self::NotRecovered => "Not recovered",
            Self::Inconclusive => "Inconclusive",
        }
    }
}

/// One line of the script.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Step it answers; `*` for any.
    pub step: String,
    /// Only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// In which situation of the step.
    #[serde(default)]
    pub when: Situation,
    /// What is done.
    pub answer: Reply,
    /// How long a person takes over it.
    #[serde(default = "thinking")]
    pub takes: Millis,
    /// Not before this scenario time.
    #[serde(default)]
    pub not_before: Option<Millis>,
}

fn thinking() -> Millis {
    Millis::from_secs(20)
}

/// The situations a script distinguishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Situation {
    /// The step can be begun.
    #[default]
    Ready,
    /// It failed.
    Failed,
    /// It failed a second time.
    FailedAgain,
    /// It was caught half way, and Azure does not show that it was applied.
    NotApplied,
    /// The second person was asked and cannot be reached.
    Unanswered,
}

/// What the scripted operator can do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// Let the app do it.
    Perform,
    /// Let the app do it with this option of the preview.
    PerformWith(String),
    /// Say that it was done or is so, with evidence.
    Confirm(String),
    /// Skip with a reason.
    Skip(String),
    /// Decide.
    Decide {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
        /// Expected loss.
        expected_loss: String,
    },
    /// Try again.
    Retry,
    /// Take it back.
    Undo,
    /// Ask this person, since the one who was asked cannot be reached.
    AskAnother(String),
    /// Set a guard aside, with the second person.
    BreakGlass {
        /// Guard, by its name.
        guard: String,
        /// Why.
        reason: String,
    },
    /// Write a note. Like what follows it is no end of the step: the next line for it comes after.
    Note(String),
    /// Write into the divergence ledger.
    Ledger(String),
    /// Write into the loss register.
    Loss(LossKind, String),
    /// Paste text as evidence of the step.
    Evidence(String),
    /// Something to put right.
    Finding(String),
    /// How the oldest open finding is put right.
    Corrective {
        /// What is done.
        text: String,
        /// Who does it.
        owner: String,
        /// Until when.
        due: String,
    },
    /// Sign for the record.
    SignOff {
        /// As what.
        role: String,
        /// What is stated.
        statement: String,
    },
    /// Show degraded instructions, or normal ones.
    Degraded(bool),
    /// Close the run.
    Close {
        /// How it ended.
        outcome: Outcome,
        /// In words.
        summary: String,
    },
}

impl Reply {
    /// It is written down beside the step, which waits on.
    pub fn beside(&self) -> bool {
        matches!(
            self,
            Self::Note(_)
                | Self::Ledger(_)
                | Self::Loss(..)
                | Self::Evidence(_)
                | Self::Finding(_)
                | Self::Corrective { .. }
                | Self::SignOff { .. }
                | Self::Degraded(_)
        )
    }
}
