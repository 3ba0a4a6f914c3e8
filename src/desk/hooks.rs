//! Messages to people outside at the moments they chose. A message that fails is a line in the record, and holds nothing up.
//!
//! That a message goes out is durable before it leaves, and what came of it is a second record. Moments come from what this
//! process records, never from a record that is read again; so a run that is taken up tells nobody twice. Of a message that
//! was on its way when Lifeboat ended nobody knows whether it arrived, and the record says that.

mod moments;
mod sending;

use std::collections::HashMap;

use super::board::{keep, kept};
use super::mailbox::{Envelope, Mail};
use super::protocol::HookIntent;
use super::snapshot::HookView;
use super::supervisor::{Desk, Open};
use super::view::run::short;
use super::{DeskError, Options};
use crate::notify::hook::{Address, Hook, HookError, MOST, Message, Mode, Moment, Outcome, headline, text};
use crate::run::command::Command as Order;
use crate::run::event::{Actor, Mode as RunMode};
use crate::run::state::Run;
use crate::secrets::{Name, SecretError};
use crate::units::{Secret, utc_clock};

pub use moments::{Before, Happened};
use sending::{Lanes, Letter};
pub use sending::{Outgoing, Sent};

/// What the record says of a message before anything came of it.
const ON_ITS_WAY: &str = "on its way";

/// What the keyring said of an address.
#[derive(Debug)]
pub enum Told {
    /// Kept, or not: then the message is not set.
    Kept(Hook, Result<(), DeskError>),
    /// Forgotten, or not.
    Forgotten(String, Result<(), SecretError>),
}

/// Who outside is told of what.
pub(super) struct Hooks {
    all: Vec<Hook>,
    lanes: Lanes,
    /// What came of the newest message to each.
    last: HashMap<String, String>,
    /// Letters on their way.
    pub outgoing: Outgoing,
    /// Why the file is not used.
    pub trouble: Option<DeskError>,
}

impl Hooks {
    /// Reads the file. One that cannot be used is left as it is, and nobody is told.
    pub fn read(options: &Options) -> Self {
        let path = options.home.hooks();
        let read = kept::<Vec<Hook>>(options.disk.as_ref(), &path).and_then(|all| good(all.unwrap_or_default()));
        let (all, trouble) = match read {
            Ok(all) => (all, None),
            Err(why) => (Vec::new(), Some(DeskError::HooksFile { path, why })),
        };
        let lanes = Lanes::default();
        Self { all, outgoing: lanes.outgoing.clone(), lanes, last: HashMap::new(), trouble }
    }

    fn named(&self, name: &str) -> Result<&Hook, HookError> {
        self.all.iter().find(|h| h.name == name).ok_or_else(|| HookError::Unknown(name.to_owned()))
    }
}

/// What somebody may have written by hand.
fn good(all: Vec<Hook>) -> Result<Vec<Hook>, String> {
    if all.len() > MOST {
        return Err(HookError::TooMany.to_string());
    }
    for (n, hook) in all.iter().enumerate() {
        hook.check().map_err(|e| e.to_string())?;
        if all.iter().take(n).any(|h| h.filed() == hook.filed()) {
            return Err(HookError::Alike(hook.name.clone()).to_string());
        }
    }
    Ok(all)
}

fn secret_of(hook: &Hook) -> Result<Name, DeskError> {
    Name::credential(&hook.filed(), None).map_err(|why| DeskError::HookAddress { name: hook.name.clone(), why })
}

fn mode(mode: RunMode) -> Mode {
    match mode {
        RunMode::Live => Mode::Live,
        RunMode::DryRun => Mode::DryRun,
        RunMode::Rehearsal => Mode::Rehearsal,
        RunMode::Tabletop => Mode::Tabletop,
    }
}

/// What is left of the agreed time; over is over when users are served again.
fn left(run: &Run, now: i64) -> Option<i64> {
    let agreed = i64::try_from(run.start.as_ref()?.rto_ms).ok()?;
    let away = run.clocks.over().unwrap_or(now).saturating_sub(run.clocks.t[0]?);
    Some(agreed.saturating_sub(away))
}

impl Desk {
    /// Something about messages to people outside.
    pub(super) fn hook_intent(&mut self, intent: HookIntent) -> Result<(), DeskError> {
        match intent {
            HookIntent::Set { hook, address } => self.set_hook(hook, address),
            HookIntent::Test(name) => self.test_hook(&name),
            HookIntent::Delete(name) => self.delete_hook(&name),
        }
    }

    /// Everything is looked at before anything is kept, the address before the message.
    fn set_hook(&mut self, hook: Hook, address: Option<Secret>) -> Result<(), DeskError> {
        hook.check()?;
        let (before, name) = (self.hooks.named(&hook.name).ok().cloned(), secret_of(&hook)?);
        if before.is_none() {
            if self.hooks.all.len() >= MOST {
                return Err(HookError::TooMany.into());
            }
            if let Some(other) = self.hooks.all.iter().find(|h| h.filed() == hook.filed()) {
                return Err(HookError::Alike(other.name.clone()).into());
            }
        }
        let address = address.map(|a| Secret::new(a.expose().trim()));
        match (&address, before) {
            (Some(a), _) => Address::of(hook.kind, a)?.apart_from(&hook)?,
            (None, Some(h)) if h.kind != hook.kind => return Err(HookError::OtherKind.into()),
            (None, Some(_)) if !self.credentials.has(&name) => {
                return Err(HookError::NoAddress(hook.kind.whose()).into());
            }
            (None, None) => return Err(HookError::NoAddress(hook.kind.whose()).into()),
            (None, Some(_)) if hook.template.is_empty() => return self.keep_hook(hook),
            // Somebody may write into the words what is kept; only the keyring knows.
            (None, Some(_)) => {}
        }
        let (secrets, to) = (self.credentials.secrets(), self.to.clone());
        tokio::spawn(async move {
            let done = match address {
                Some(address) => secrets.store(&name, address, jiff::Timestamp::now(), None).await.map_err(Ok),
                None => match secrets.read(&name).await {
                    Ok(kept) => Address::of(hook.kind, &kept).and_then(|a| a.apart_from(&hook)).map_err(Err),
                    Err(e) => Err(Ok(e)),
                },
            };
            let done = done.map_err(|why| match why {
                Ok(why) => DeskError::HookAddress { name: hook.name.clone(), why },
                Err(e) => e.into(),
            });
            let mail = Mail::Hook(Box::new(Told::Kept(hook, done)));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        Ok(())
    }

    fn keep_hook(&mut self, hook: Hook) -> Result<(), DeskError> {
        let mut all = self.hooks.all.clone();
        match all.iter_mut().find(|h| h.name == hook.name) {
            Some(h) => *h = hook,
            None => all.push(hook),
        }
        self.keep_hooks(all)
    }

    fn keep_hooks(&mut self, all: Vec<Hook>) -> Result<(), DeskError> {
        let path = self.options.home.hooks();
        if self.hooks.trouble.take().is_some() {
            // Somebody wrote it by hand: it is kept beside.
            let _ = self.options.disk.rename(&path, &path.with_extension("damaged.json"));
        }
        keep(&self.options, &path, &all)?;
        self.hooks.all = all;
        self.notice = None;
        Ok(())
    }

    fn delete_hook(&mut self, name: &str) -> Result<(), DeskError> {
        let gone = self.hooks.named(name)?.clone();
        let secret = secret_of(&gone)?;
        self.keep_hooks(self.hooks.all.iter().filter(|h| h.name != name).cloned().collect())?;
        self.hooks.lanes.close(name);
        self.hooks.last.remove(name);
        if !self.credentials.has(&secret) {
            return Ok(());
        }
        let (secrets, to) = (self.credentials.secrets(), self.to.clone());
        tokio::spawn(async move {
            let done = secrets.delete(&secret).await;
            let mail = Mail::Hook(Box::new(Told::Forgotten(gone.name, done)));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        Ok(())
    }

    /// What the keyring said.
    pub(super) fn hook_told(&mut self, told: Told) {
        self.credentials.reread();
        let done = match told {
            Told::Kept(hook, Ok(())) => {
                let name = hook.name.clone();
                self.keep_hook(hook).map(|()| format!("message {name} set"))
            }
            // There was none.
            Told::Forgotten(name, Ok(()) | Err(SecretError::NotThere(_))) => Ok(format!("message {name} deleted")),
            Told::Kept(_, Err(e)) => Err(e),
            Told::Forgotten(name, Err(why)) => Err(DeskError::HookAddress { name, why }),
        };
        match done {
            Ok(text) => self.say(text),
            Err(e) => self.problem(&e),
        }
    }

    fn test_hook(&mut self, name: &str) -> Result<(), DeskError> {
        let hook = self.hooks.named(name)?.clone();
        let at = self.system_clock.now().wall;
        let message = Message::test(format!("test-{at}"), at);
        let text = text(&hook, &message);
        if let Some(outcome) = self.send_outside(hook, message, text.clone(), 0) {
            self.note_sent(&Sent { to: name.to_owned(), id: String::new(), moment: None, text, outcome });
        }
        Ok(())
    }

    /// Tells people outside what happened in the run on show.
    pub(super) fn tell_outside(&mut self) {
        let Some(o) = self.open.as_deref_mut().filter(|o| !o.session.happened.is_empty()) else { return };
        let happened = std::mem::take(&mut o.session.happened);
        let (mode, number) = (mode(o.session.mode), o.number);
        for h in happened {
            let wanting: Vec<Hook> = self.hooks.all.iter().filter(|x| x.wants(h.moment, mode)).cloned().collect();
            for hook in wanting {
                let Some(message) = self.message(&h, mode) else { return };
                let (to, text) = (hook.name.clone(), format!("{}: {}", headline(&message), text(&hook, &message)));
                let id = format!("{}-{}", h.moment.name(), h.entry);
                if let Err(e) = self.record_message(&to, &id, &text, ON_ITS_WAY.to_owned()) {
                    self.say(format!("no message to {to}, as nothing can be recorded: {e}"));
                    continue;
                }
                if let Some(outcome) = self.send_outside(hook, message, text.clone(), number) {
                    let sent = Sent { to, id, moment: Some(h.moment), text, outcome };
                    self.note_sent(&sent);
                    if let Err(e) = self.record_sent(sent) {
                        self.problem(&e);
                    }
                }
            }
        }
    }

    fn message(&self, h: &Happened, mode: Mode) -> Option<Message> {
        let o = self.open.as_deref()?;
        let run = &o.session.run;
        Some(Message {
            moment: Some(h.moment),
            id: format!("{}/{}-{}", o.session.id, h.moment.name(), h.entry),
            plan: run.start.as_ref()?.title.clone(),
            what: h.what.clone(),
            run_id: o.session.id.clone(),
            run: short(&o.session.id),
            mode,
            left: left(run, o.session.clock.now().utc),
            at: self.system_clock.now().wall,
        })
    }

    /// Hands a message to whoever sends it; at once what came of it, where that is nothing.
    fn send_outside(&mut self, hook: Hook, message: Message, text: String, session: u64) -> Option<Outcome> {
        let letter = Letter { hook, message, text, secrets: self.credentials.secrets(), session };
        let (name, what) = (letter.hook.name.clone(), words(letter.message.moment));
        let refused = self.hooks.lanes.send(letter, &self.to);
        if refused.is_none() {
            self.remember(&name, &format!("{what}: {ON_ITS_WAY}"));
        }
        refused
    }

    fn remember(&mut self, name: &str, text: &str) {
        let at = utc_clock(self.system_clock.now().wall);
        self.hooks.last.insert(name.to_owned(), format!("{} {text}", at.get(..5).unwrap_or_default()));
    }

    /// What came of a message, for whoever looks at the settings.
    pub(super) fn note_sent(&mut self, sent: &Sent) {
        if self.hooks.named(&sent.to).is_ok() {
            self.remember(&sent.to, &format!("{}: {}", words(sent.moment), sent.outcome));
        }
        self.say(format!("message to {} ({}): {}", sent.to, words(sent.moment), sent.outcome));
    }

    /// What came of a message, in the record of the run on show.
    pub(super) fn record_sent(&mut self, sent: Sent) -> Result<(), DeskError> {
        // The message's own id names the run as well, which its record need not.
        let id = sent.id.rsplit('/').next().unwrap_or_default().to_owned();
        match self.record_message(&sent.to, &id, &sent.text, sent.outcome.to_string()) {
            // It is recorded when there is room again.
            Err(e @ DeskError::ReadOnly(_)) => Err(e),
            Err(e) => {
                self.say(format!("what came of the message to {} is not recorded: {e}", sent.to));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn record_message(&mut self, to: &str, id: &str, text: &str, outcome: String) -> Result<(), DeskError> {
        let o: &mut Open = self.opened()?;
        let (to, text, id) = (to.to_owned(), text.to_owned(), Some(id.to_owned()));
        o.session.order(Actor::System, Order::Comms { to, text, outcome, id })?;
        if o.sealed {
            o.session.seal();
        }
        Ok(())
    }

    /// As they are set.
    pub(super) fn hooks_view(&self) -> Vec<HookView> {
        let view = |hook: &Hook| HookView {
            hook: hook.clone(),
            address: secret_of(hook).ok().map(|name| self.credentials.has(&name)),
            last: self.hooks.last.get(&hook.name).cloned(),
        };
        self.hooks.all.iter().map(view).collect()
    }
}

fn words(moment: Option<Moment>) -> &'static str {
    moment.map_or("a test", Moment::words)
}
