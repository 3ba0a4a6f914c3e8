//! Messages to people outside, by webhook: at which moments, in which words. Nothing waits for them.
//!
//! A [`Hook`] is how somebody set it, a [`Message`] what happened; [`render`] makes of both the body that the service at
//! the other end wants, and [`deliver`] sends it. The address is a secret, since whoever has it can write there: it is kept
//! in the keyring, and is in no message, error or record.

mod address;
mod deliver;
mod render;
mod template;

use serde::{Deserialize, Serialize};

pub use address::Address;
pub use deliver::{Limits, Outcome, deliver};
pub use render::{Mode, bodies, headline, text};
pub use template::PLACEHOLDERS;

/// What people call something is shorter; a longer word is more likely an address or a key, given in the wrong place.
pub const LONGEST_NAME: usize = 40;
const LONGEST_WORD: usize = 24;
/// More is not read by anybody who has an outage.
pub const LONGEST_TEMPLATE: usize = 1_000;
/// Set at one time: a team has a channel or two.
pub const MOST: usize = 16;

/// What is wrong with how a message is set; Display says what, and what to do. None of these holds an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Not a name.
    #[error(
        "a message needs a name of at most {LONGEST_NAME} characters, without hidden ones, and no word in it longer than \
         {LONGEST_WORD}: names are shown and recorded, so an address or a key does not belong there"
    )]
    Name,
    /// It is never sent.
    #[error("choose at least one moment at which this message is sent")]
    NoMoment,
    /// A word in braces that stands for nothing.
    #[error("`{{{0}}}` stands for nothing in a message; there are {all}, and `{{{{` is a brace", all = template::known())]
    Placeholder(String),
    /// A brace too many.
    #[error("a `{{` in the words of the message is not closed; write `{{{{` for a brace")]
    Brace,
    /// A whole page.
    #[error("the words of a message have at most {LONGEST_TEMPLATE} characters")]
    TooLong,
    /// Where to is not said.
    #[error("the message has no address; give it the one that {0} shows")]
    NoAddress(&'static str),
    /// Not an address.
    #[error("that is no address: {0}; copy it anew, whole")]
    Address(&'static str),
    /// The retired kind.
    #[error(
        "that address belongs to an Office connector, which Microsoft has retired; make a workflow in Teams, “Send webhook \
         alerts to a channel”, and give its address"
    )]
    Retired,
    /// `PagerDuty` is known by a key.
    #[error(
        "PagerDuty wants the integration key of a service, 32 letters and digits; for another address than the usual one, \
         give the address, a blank, and the key"
    )]
    Key,
    /// It would be read by everybody.
    #[error(
        "the address, or a part of it, stands in the words or the name of the message; whoever reads it could write there"
    )]
    Spilled,
    /// What listens changed.
    #[error("something else listens now, so the address that is kept does not fit; give the new one as well")]
    OtherKind,
    /// As many as can be.
    #[error("{MOST} messages are set, which is as many as there can be; delete one first")]
    TooMany,
    /// Filed under the same name.
    #[error(
        "“{0}” is filed under the same name in the keyring; choose a name that differs in more than signs and blanks"
    )]
    Alike(String),
    /// No such message.
    #[error("no message “{0}” is set")]
    Unknown(String),
    /// The client.
    #[error("nothing can be sent from this computer: {0}")]
    Client(String),
}

/// What listens at the other end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookKind {
    /// Microsoft Teams, by a workflow.
    Teams,
    /// Slack, or what speaks like it.
    Slack,
    /// PagerDuty, an event.
    PagerDuty,
    /// Any other: one JSON object.
    #[default]
    Generic,
}

impl HookKind {
    /// Who shows the address.
    pub fn whose(self) -> &'static str {
        match self {
            Self::Teams => "the workflow in Teams",
            Self::Slack => "the Slack app",
            Self::PagerDuty => "the service in PagerDuty",
            Self::Generic => "whatever listens",
        }
    }
}

/// When a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The run began.
    Started,
    /// A verdict says that the primary is down.
    Down,
    /// It was decided.
    Decided,
    /// The second person is asked.
    Asked,
    /// A step failed.
    Failed,
    /// Users are served elsewhere.
    Moved,
    /// Users are back.
    Back,
    /// The run was closed or given up.
    Closed,
}

impl Moment {
    /// All, in the order in which they come.
    pub const ALL: [Self; 8] =
        [Self::Started, Self::Down, Self::Decided, Self::Asked, Self::Failed, Self::Moved, Self::Back, Self::Closed];

    /// As it follows “when”.
    pub fn words(self) -> &'static str {
        match self {
            Self::Started => "the run began",
            Self::Down => "the primary is down",
            Self::Decided => "it was decided",
            Self::Asked => "the second person is asked",
            Self::Failed => "a step failed",
            Self::Moved => "users are served elsewhere",
            Self::Back => "users are back",
            Self::Closed => "the run was closed",
        }
    }

    /// As settings and messages for programs say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Down => "down",
            Self::Decided => "decided",
            Self::Asked => "asked",
            Self::Failed => "failed",
            Self::Moved => "moved",
            Self::Back => "back",
            Self::Closed => "closed",
        }
    }
}

/// One way to tell people outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Name, for people; the secret with its address is filed under it.
    pub name: String,
    /// What listens.
    pub kind: HookKind,
    /// At these moments.
    #[serde(default)]
    pub moments: Vec<Moment>,
    /// Words of its own, with `{plan}`, `{what}`, `{run}`, `{mode}`, `{left}`; empty: the usual ones.
    #[serde(default)]
    pub template: String,
    /// Rehearsals are told as well.
    #[serde(default)]
    pub rehearsals: bool,
}

impl Hook {
    /// What is wrong with it first.
    pub fn check(&self) -> Result<(), HookError> {
        let name = &self.name;
        let long = name.chars().count() > LONGEST_NAME || name.split(' ').any(|w| w.chars().count() > LONGEST_WORD);
        let odd = |c: char| crate::units::hidden(c) || c == '\n' || c == '\t';
        if name.is_empty() || name.trim() != name || long || name.chars().any(odd) || name.contains("://") {
            return Err(HookError::Name);
        }
        if self.moments.is_empty() {
            return Err(HookError::NoMoment);
        }
        template::check(&self.template)
    }

    /// Whether it is told of this moment of such a run. Whatever is not live is practice.
    pub fn wants(&self, moment: Moment, mode: Mode) -> bool {
        self.moments.contains(&moment) && (mode == Mode::Live || self.rehearsals)
    }

    /// The system under which its address is kept with the credentials: `hook-war-room`. A name that does not fit, or says
    /// more than letters and digits can, has a few signs of its hash instead of the rest.
    pub fn filed(&self) -> String {
        /// What a system's name leaves beside `hook-`; with a hash, so much of the name stays.
        const ROOM: usize = 19;
        const BEGINNING: usize = 10;
        let words = self.name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
        let faithful = self.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
        if faithful && !slug.is_empty() && slug.len() <= ROOM {
            return format!("hook-{slug}");
        }
        let hash = crate::units::sha256_hex(self.name.as_bytes());
        let beginning = slug.get(..BEGINNING.min(slug.len())).unwrap_or_default().trim_end_matches('-');
        let dash = if beginning.is_empty() { "" } else { "-" };
        format!("hook-{beginning}{dash}{}", hash.get(..8).unwrap_or_default())
    }
}

/// What happened, for people outside. No reason, no address and nothing that Azure said is in it: a channel has more readers
/// than the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which moment; none: somebody tries whether it arrives.
    pub moment: Option<Moment>,
    /// Its number, the same however often it is sent: unique for run and moment.
    pub id: String,
    /// The plan's title.
    pub plan: String,
    /// What happened, as it follows a colon.
    pub what: String,
    /// Run id.
    pub run_id: String,
    /// The run, as people say it.
    pub run: String,
    /// How much of the world the run can touch.
    pub mode: Mode,
    /// What is left of the agreed time (ms), negative when it is over; none: not known.
    pub left: Option<i64>,
    /// When, by the computer's clock (UTC ms).
    pub at: i64,
}

impl Message {
    /// To try whether it arrives.
    pub fn test(id: String, at: i64) -> Self {
        Self {
            moment: None,
            id: id.clone(),
            plan: "Lifeboat".to_owned(),
            what: "this is a test; nothing happened, and nothing is to be done".to_owned(),
            run_id: id,
            run: "none".to_owned(),
            mode: Mode::Test,
            left: None,
            at,
        }
    }
}
