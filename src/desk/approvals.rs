//! The second person, on both laptops: what is asked goes out whole, what comes back is checked before the run hears it.
//!
//! The key of this device stays in the keyring: it is read for one signature, in a task of its own, and forgotten. In a
//! rehearsal it may sign as well, unlike a sighting: a request says which run and mode it is of, so that an answer to a
//! rehearsal is good for nothing else, and the way is the one that people have to practise.

mod answering;
mod asking;
mod device;
mod view;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use answering::plan_of;
pub use device::{device, draw, has_key, replace};

use crate::approval::phone::Challenge;
use crate::approval::{self, ANSWER_WITHIN, Here, Request, Signed};
use crate::health::sighting::Colleague;
use crate::plan::model::Plan;
use crate::run::command::Ticket;
use crate::run::event::{Mode, Proof};
use crate::runbook::model::StepId;
use crate::units::{PublicKey, hex, sha256_hex};

use super::board::Roster;
use super::home::{Home, write_whole};
use super::mailbox::{Envelope, Mail};
use super::protocol::ApprovalIntent;
use super::snapshot::{Qr, RequestView};
use super::supervisor::Desk;
use super::{DeskError, chain};

/// Questions that are remembered; a run asks one or two at a time.
const ASKED_KEPT: usize = 64;

/// What the desk knows of approvals.
#[derive(Default)]
pub(super) struct Approving {
    roster: Roster,
    /// This device's key and line, once the keyring gave it.
    mine: Option<(PublicKey, String)>,
    cannot_sign: Option<String>,
    /// Questions of this laptop, by number.
    asked: HashMap<String, Question>,
    /// A colleague's, on the screen.
    shown: Option<Shown>,
}

/// A question that went out.
struct Question {
    signed: Signed<Request>,
    block: Arc<str>,
    pictures: Vec<Qr>,
    challenge: String,
    /// Codes of the phone that were not the right one.
    wrong: u32,
}

/// A colleague's request that is being looked at.
struct Shown {
    what: Pending,
    view: Arc<RequestView>,
}

#[derive(Clone)]
enum Pending {
    Whole(Box<Signed<Request>>),
    Phone(Challenge, Arc<Plan>, Colleague),
}

impl Pending {
    /// What makes it one of a kind.
    fn id(&self) -> String {
        match self {
            Self::Whole(signed) => signed.hash(),
            Self::Phone(challenge, ..) => challenge.text(),
        }
    }
}

/// What a task came back with, and the key it used.
#[derive(Debug)]
pub struct Told {
    mine: Option<(PublicKey, String)>,
    what: Result<What, DeskError>,
}

/// What was done beside the desk.
#[derive(Debug)]
enum What {
    /// The key is there.
    Key,
    /// A question is signed.
    Asked(Box<Ready>),
    /// The second person's word, as it goes into the record.
    Agreed { nonce: String, proof: Box<Proof>, method: &'static str, label: String },
    /// A code of the phone was wrong.
    WrongCode(String, approval::ApprovalError),
    /// A colleague's request was answered: its number, what was said, the answer as a block.
    Answered(String, approval::Verdict, String),
    /// The code to say.
    Code(Challenge, String),
    /// What pictures said.
    Read(String),
    /// Pictures were written.
    Saved(Vec<PathBuf>),
}

/// A signed question in all its forms.
#[derive(Debug)]
struct Ready {
    signed: Signed<Request>,
    block: String,
    pictures: Vec<Qr>,
}

impl Approving {
    pub(super) fn new(home: &Home) -> Self {
        Self { roster: Roster::read(home).unwrap_or_default(), ..Self::default() }
    }

    /// This device's key, if it ever signed.
    pub(super) fn my_key(&self) -> Option<&PublicKey> {
        self.mine.as_ref().map(|m| &m.0).or(self.roster.mine.as_ref())
    }

    fn here(&self, now: i64) -> Here<'_> {
        Here { now, mine: self.my_key(), known: &self.roster.colleagues }
    }
}

/// What a person answered is kept beside: it holds the run's record to what they saw of it.
pub fn keep_answer(home: &Home, request: &Request, block: &str, answer: &str) -> Result<PathBuf, DeskError> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
    let path = home.dir().join("answered").join(format!("{}-{}.txt", plain(&request.run), plain(&request.nonce)));
    write_whole(&path, format!("{block}\n{answer}").as_bytes())?;
    Ok(path)
}

impl Desk {
    /// Something about the second person.
    pub(super) fn approval_intent(&mut self, intent: ApprovalIntent) -> Result<(), DeskError> {
        match intent {
            ApprovalIntent::TakeAnswer(text) => self.take_answer(&text),
            ApprovalIntent::TakeCode { step, nonce, approver, code } => {
                self.still_asked(&step, &nonce)?;
                self.take_code(&step, &approver, code)
            }
            ApprovalIntent::SameDevice { step, nonce, name } => {
                self.still_asked(&step, &nonce)?;
                self.same_device(&step, &name)
            }
            ApprovalIntent::AskAnother { step, name } => self.ask_another(&step, &name),
            ApprovalIntent::Withdraw { step, nonce } => {
                self.still_asked(&step, &nonce)?;
                self.withdraw(&step)
            }
            ApprovalIntent::SavePicture { step, file } => self.save_pictures(&step, file),
            ApprovalIntent::Read(text) => self.read_request(&text),
            ApprovalIntent::ReadPictures(files) => self.read_pictures(files),
            ApprovalIntent::Approve { request, typed } => self.approve(&request, typed),
            ApprovalIntent::Refuse(reason) => self.refuse_request(reason),
            ApprovalIntent::PutAway => {
                self.approving.shown = None;
                Ok(())
            }
            ApprovalIntent::MakeKey => {
                self.with_key(|_| Ok(What::Key));
                Ok(())
            }
            ApprovalIntent::Know(line) => self.know_line(&line),
            ApprovalIntent::Forget(who) => self.forget_key(&who),
        }
    }

    /// What makes the next question one of a kind. In a rehearsal that nobody watches, or where nobody could answer, the
    /// script stands in for the second person, and needs none.
    pub(super) fn ticket(&self) -> Result<Ticket, DeskError> {
        let Some(o) = self.open.as_deref() else { return Err(DeskError::NoRun) };
        let alone = self.options.script.is_some() || self.approving.roster.colleagues.is_empty();
        if matches!(o.session.mode, Mode::Rehearsal | Mode::Tabletop) && alone {
            return Ok(Ticket::default());
        }
        let mut nonce = [0u8; 16];
        getrandom::fill(&mut nonce).map_err(|e| DeskError::NoKey(e.to_string()))?;
        let now = o.session.clock.now().utc;
        let until = now.saturating_add(i64::try_from(ANSWER_WITHIN.0).unwrap_or(i64::MAX));
        Ok(Ticket { nonce: hex(&nonce), until: Some(until) })
    }

    /// The roster was written by somebody else of the desk.
    pub(super) fn reread_roster(&mut self) {
        self.approving.roster = Roster::read(&self.options.home).unwrap_or_default();
    }

    fn know_line(&mut self, line: &str) -> Result<(), DeskError> {
        let new = approval::known(line)?;
        let mut roster = Roster::read(&self.options.home)?;
        let mine = self.approving.my_key().cloned();
        let text = format!("the key {} of {} is known here from now on", new.key.fingerprint(), new.name);
        if approval::new_colleague(&mut roster.colleagues, mine.as_ref(), new)? {
            roster.save(&self.options.home)?;
            self.say(text);
        }
        self.approving.roster = roster;
        self.show_again();
        Ok(())
    }

    fn forget_key(&mut self, who: &str) -> Result<(), DeskError> {
        let mut roster = Roster::read(&self.options.home)?;
        let is = |c: &Colleague| c.key.to_string().eq_ignore_ascii_case(who.trim()) || c.name == who.trim();
        let before = roster.colleagues.len();
        roster.colleagues.retain(|c| !is(c));
        if roster.colleagues.len() == before {
            return Err(DeskError::NoColleague(who.to_owned()));
        }
        roster.save(&self.options.home)?;
        self.approving.roster = roster;
        self.show_again();
        self.say(format!("the key of {who} is forgotten; what it signed is not believed from now on"));
        Ok(())
    }

    /// Does something with this device's key, which is made when there is none, beside the desk.
    fn with_key(&self, work: impl FnOnce(&approval::Device) -> Result<What, DeskError> + Send + 'static) {
        let (secrets, to, name) = (self.credentials.secrets(), self.to.clone(), self.operator.clone());
        tokio::spawn(async move {
            let told = match device(&secrets).await {
                Ok(device) => {
                    let mine = Some((device.public().clone(), device.line(&name)));
                    Told { mine, what: work(&device) }
                }
                Err(e) => Told { mine: None, what: Err(DeskError::NoKey(chain(&e))) },
            };
            let _ = to.send(Envelope { session: 0, mail: Mail::Approval(Box::new(told)), busy: None });
        });
    }

    /// Does something with files, beside the desk.
    fn with_files(&self, work: impl FnOnce() -> Result<What, DeskError> + Send + 'static) {
        let to = self.to.clone();
        tokio::task::spawn_blocking(move || {
            let told = Told { mine: None, what: work() };
            let _ = to.send(Envelope { session: 0, mail: Mail::Approval(Box::new(told)), busy: None });
        });
    }

    /// A task came back.
    pub(super) fn approval_told(&mut self, told: Told) -> Result<(), DeskError> {
        if let Some((key, line)) = told.mine {
            self.approving.cannot_sign = None;
            self.keep_my_key(&key)?;
            self.approving.mine = Some((key, line));
        }
        match told.what {
            Ok(What::Key) => {
                self.sign_what_waits();
                Ok(())
            }
            Ok(What::Asked(ready)) => self.went_out(*ready),
            Ok(What::Agreed { nonce, proof, method, label }) => self.agreed_by(&nonce, proof, method, label),
            Ok(What::WrongCode(nonce, e)) => self.wrong_code(&nonce, e),
            Ok(What::Answered(nonce, verdict, answer)) => {
                self.answered(&nonce, verdict, answer);
                Ok(())
            }
            Ok(What::Code(challenge, code)) => {
                self.code_made(challenge, code);
                Ok(())
            }
            Ok(What::Read(text)) => self.read_request(&text),
            Ok(What::Saved(files)) => {
                let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
                self.say(format!("written: {}", names.join(", ")));
                Ok(())
            }
            Err(e) => {
                if let DeskError::NoKey(why) = &e {
                    self.approving.cannot_sign = Some(why.clone());
                }
                Err(e)
            }
        }
    }

    /// This device's own block is known again. A key in memory is another one tomorrow.
    pub(super) fn keep_my_key(&mut self, key: &PublicKey) -> Result<(), DeskError> {
        if self.credentials.secrets().is_memory() || self.approving.roster.mine.as_ref() == Some(key) {
            return Ok(());
        }
        let mut roster = Roster::read(&self.options.home)?;
        roster.mine = Some(key.clone());
        roster.save(&self.options.home)?;
        self.approving.roster = roster;
        self.say(format!("this laptop signs with the key {}", key.fingerprint()));
        Ok(())
    }
}

/// Where a question of a run is kept, so that it can be answered after a restart: all that is in it is public.
fn kept_at(dir: &Path, nonce: &str) -> PathBuf {
    // A number that came with somebody else's record may be anything.
    dir.join(format!("asked-{}.txt", sha256_hex(nonce.as_bytes())))
}

/// The step, as people say it.
fn nothing_asked(step: &str) -> DeskError {
    DeskError::NothingAsked(StepId::from(step))
}
