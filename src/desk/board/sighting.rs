//! What colleagues see, and what this laptop tells them; and the notice on the desktop.
//!
//! The key that signs stays in the keyring: it is read for one block and forgotten. Without a keyring the block goes out
//! unsigned and says so. In a rehearsal nothing is signed: a real key stays out of it.

use std::sync::Arc;

use super::super::DeskError;
use super::super::approvals::device;
use super::super::executor::World;
use super::super::mailbox::{Envelope, Mail};
use super::super::snapshot::{Mark, Problem, Situation};
use super::super::supervisor::Desk;
use super::roster::Roster;
use crate::approval::new_colleague;
use crate::health::sighting::{Block, Colleague, Here, Line, merge, names_a_key, take};
use crate::health::{Sighting, Vouched, assess};
use crate::notify::{Desktop, Notice, Seen, Turns, impossible};
use crate::run::command::Command as Order;
use crate::run::event::{Mode, Observed};
use crate::secrets::{SecretError, Secrets};
use crate::units::{PublicKey, Region};

/// Keys of pasted blocks that a person may come to know; more are not compared on one call.
const HEARD: usize = 32;
/// Notices that may wait for the desktop; regions that turn at once.
const WAITING: usize = 16;

/// A block, and what came of signing it.
#[derive(Debug)]
pub struct Signed {
    block: Block,
    done: Result<(PublicKey, Vec<u8>), String>,
}

/// What the desk knows of colleagues, and of who looks.
#[derive(Default)]
pub(in super::super) struct Sharing {
    text: Option<Arc<str>>,
    asking: bool,
    heard: Vec<Colleague>,
    hidden: bool,
    turns: Turns,
    desktop: Option<tokio::sync::mpsc::Sender<Notice>>,
}

impl Sharing {
    /// The block for colleagues, once it was asked for.
    pub fn text(&self) -> Option<Arc<str>> {
        self.text.clone()
    }
}

/// Signs with this device's key, which is made with the first block.
async fn sign(secrets: &Secrets, message: &[u8]) -> Result<(PublicKey, Vec<u8>), SecretError> {
    let device = device(secrets).await?;
    Ok((device.public().clone(), device.sign(message)))
}

/// What of it is about some of these regions.
fn about(sightings: &[Sighting], regions: &[Region]) -> Vec<Sighting> {
    sightings.iter().filter(|s| regions.contains(&s.region)).cloned().collect()
}

/// In the block, for whoever reads it.
fn why_unsigned(e: &SecretError) -> &'static str {
    match e {
        SecretError::Absent(_) => "no keyring on that computer",
        SecretError::Locked(_) => "the keyring is locked",
        SecretError::NoAnswer(_) | SecretError::Busy => "the keyring gave no answer",
        _ => "the keyring gave no key",
    }
}

impl Desk {
    fn in_rehearsal(&self) -> bool {
        self.open.as_deref().is_some_and(|o| o.session.mode == Mode::Rehearsal)
    }

    /// Which Azure is watched, as blocks name it: a rehearsal's must not be taken for a real one's.
    fn azure_in_words(&self) -> String {
        match self.watched() {
            _ if self.in_rehearsal() => "a rehearsal".to_owned(),
            Some(w) if w.azure.cloud().is_simulated() => format!("simulated {}", w.azure.cloud().name),
            Some(w) => w.azure.cloud().name.clone(),
            None => String::new(),
        }
    }

    pub(super) fn take_sighting(&mut self, text: &str) -> Result<(), DeskError> {
        if let Some(colleague) = names_a_key(text, &self.sharing.heard) {
            return self.know(colleague?);
        }
        let mut remarks = Vec::new();
        // A list that cannot be read vouches for nobody, and keeps nobody from speaking.
        let roster = Roster::read(&self.options.home).unwrap_or_else(|e| {
            remarks.push(e.to_string());
            Roster::default()
        });
        let of = self.azure_in_words();
        let worlds = self.worlds();
        let shown = worlds.first().ok_or(DeskError::NotWatching)?;
        let regions = |w: &World| w.monitor.lock().regions().map(|r| r.0.clone()).collect::<Vec<_>>();
        let each: Vec<Vec<Region>> = worlds.iter().map(regions).collect();
        let watched: Vec<Region> = each.concat();
        let taken = take(
            text,
            &Here {
                now: shown.clock.now().utc,
                me: &self.operator,
                my_key: roster.mine.as_ref(),
                of: &of,
                known: &roster.colleagues,
                watched: &watched,
            },
        )?;
        for (world, regions) in worlds.iter().zip(&each) {
            remarks.extend(merge(&mut world.monitor.lock().colleagues, &about(&taken.sightings, regions)));
        }
        remarks.extend(taken.remarks);
        self.sharing.heard.extend(taken.keys);
        let many = self.sharing.heard.len().saturating_sub(HEARD);
        self.sharing.heard.drain(..many);
        for s in &taken.sightings {
            let word = if s.answers { "answers" } else { "does not answer" };
            self.say(format!("{}: {} {word}", s.voice(), s.region.display()));
            if let Vouched::OtherKey(print) = &s.vouched {
                remarks.push(format!(
                    "this came under the name of {}, signed with another key ({print}) than the one known here; it does not count",
                    s.who
                ));
            }
        }
        remarks.sort();
        remarks.dedup();
        if !remarks.is_empty() {
            self.notice = Some(Arc::new(Problem {
                what: remarks.join("; "),
                means: "What could be understood was taken; each line under Colleagues says what vouches for it."
                    .to_owned(),
                next: "Ask whoever it came from, where it matters.".to_owned(),
                raw: String::new(),
            }));
        }
        // Each run hears what concerns its regions, whichever is on show; what one cannot record keeps no other from it.
        let runs: Vec<String> = self.runs().filter(|o| o.world.is_some()).map(|o| o.session.id.clone()).collect();
        let record = |(run, regions): (&String, &Vec<Region>)| {
            let of_it = about(&taken.sightings, regions);
            self.in_run(run, |desk| desk.record_sightings(&of_it)).unwrap_or(Ok(()))
        };
        let recorded: Vec<_> = runs.iter().zip(&each).map(record).collect();
        recorded.into_iter().collect()
    }

    /// What is watched: for each open run, the one on show first; or for the board alone.
    fn worlds(&self) -> Vec<World> {
        match &self.open {
            Some(_) => self.runs().filter_map(|o| o.world.clone()).collect(),
            None => self.idle.iter().map(|i| i.world.clone()).collect(),
        }
    }

    /// A person's word for a key: from here on it vouches for this name.
    fn know(&mut self, colleague: Colleague) -> Result<(), DeskError> {
        let home = &self.options.home;
        let mut roster = Roster::read(home)?;
        if new_colleague(&mut roster.colleagues, self.approving.my_key(), colleague.clone())? {
            roster.save(home)?;
            self.reread_roster();
        }
        for world in self.worlds() {
            let print = colleague.key.fingerprint();
            for s in &mut world.monitor.lock().colleagues {
                let of_it = matches!(&s.vouched, Vouched::NewKey(p) | Vouched::OtherKey(p) if *p == print);
                if of_it && s.who.to_lowercase() == colleague.name.to_lowercase() {
                    s.vouched = Vouched::Known;
                }
            }
        }
        self.say(format!("the key {} of {} is known here from now on", colleague.key.fingerprint(), colleague.name));
        Ok(())
    }

    fn record_sightings(&mut self, sightings: &[Sighting]) -> Result<(), DeskError> {
        if !self.open.as_deref().is_some_and(|o| o.session.run.open()) {
            return Ok(());
        }
        for s in sightings {
            let word = if s.answers { "answers" } else { "does not answer" };
            let fact = Observed {
                text: format!("{}: {} {word}", s.voice(), s.region.display()),
                what: "colleague".to_owned(),
                region: Some(s.region.name().to_owned()),
                state: if s.answers { "ok" } else { "down" }.to_owned(),
                reasons: [s.mark(), s.note.as_str()].into_iter().filter(|r| !r.is_empty()).map(str::to_owned).collect(),
                picture: Vec::new(),
            };
            self.order_as(self.me(), Order::Observe(fact))?;
        }
        self.land();
        Ok(())
    }

    pub(super) fn share_sighting(&mut self) -> Result<(), DeskError> {
        if self.sharing.asking {
            return Ok(());
        }
        let roster = Roster::read(&self.options.home).unwrap_or_default();
        let world = self.watched().ok_or(DeskError::NotWatching)?;
        let now = world.clock.now().utc;
        let lines = {
            let w = world.monitor.lock();
            let inputs = w.inputs(now);
            Line::all(&inputs, &assess(&inputs))
        };
        let (who, of) = (self.operator.clone(), self.azure_in_words());
        let block = Block { who, at: now, from: roster.from, of, lines };
        let secrets = self.credentials.secrets();
        if self.in_rehearsal() || secrets.is_memory() {
            let why = if secrets.is_memory() { "no keyring on that computer" } else { "a rehearsal" };
            self.sharing.text = Some(block.unsigned(why).into());
            return Ok(());
        }
        self.sharing.asking = true;
        let to = self.to.clone();
        tokio::spawn(async move {
            let done = sign(&secrets, &block.signed_bytes()).await.map_err(|e| {
                tracing::info!("a sighting goes out unsigned: {e}");
                why_unsigned(&e).to_owned()
            });
            let mail = Mail::Signed(Box::new(Signed { block, done }));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        Ok(())
    }

    /// The block is signed, or cannot be.
    pub(in super::super) fn signed(&mut self, signed: Signed) -> Result<(), DeskError> {
        self.sharing.asking = false;
        match signed.done {
            Err(why) => {
                self.say(format!("what this laptop sees goes out unsigned: {why}"));
                self.sharing.text = Some(signed.block.unsigned(&why).into());
                Ok(())
            }
            Ok((key, signature)) => {
                self.sharing.text = Some(signed.block.signed(&key, &signature).into());
                let mut roster = Roster::read(&self.options.home)?;
                if roster.mine.as_ref() == Some(&key) {
                    return Ok(());
                }
                self.say(format!("this laptop signs what it sees with the key {}", key.fingerprint()));
                roster.mine = Some(key);
                roster.save(&self.options.home)?;
                self.reread_roster();
                Ok(())
            }
        }
    }

    pub(super) fn window_hidden(&mut self, hidden: bool) -> Result<(), DeskError> {
        self.sharing.hidden = hidden;
        Ok(())
    }

    /// Tells the desktop what turned while nobody looked.
    pub(in super::super) fn tell_turns(&mut self, situation: &Situation) {
        let away = self.sharing.hidden && self.watching.settings.desktop_notices && impossible().is_none();
        let word = |mark: Mark, word: &str| match mark {
            Mark::Down => "down, persistently".to_owned(),
            Mark::Degraded => word.to_owned(),
            mark => mark.word().to_owned(),
        };
        let seen: Vec<Seen> = situation
            .regions
            .iter()
            .map(|r| Seen {
                region: r.display.clone(),
                word: word(r.mark, &r.word),
                unknown: r.mark == Mark::Unknown,
                blind: r.mark == Mark::Blind,
            })
            .collect();
        let (rehearsal, now) = (self.in_rehearsal(), self.system_clock.now().mono);
        for notice in self.sharing.turns.take(&seen, &situation.headline, away, rehearsal, now) {
            let to = self.sharing.desktop.get_or_insert_with(desktop);
            // A desktop that does not keep up misses some; the board does not.
            let _ = to.try_send(notice);
        }
    }
}

/// Why this platform shows no notices, for the settings; none where it can.
pub fn notices_impossible() -> Option<&'static str> {
    impossible()
}

/// Shows notices one after the other, beside the desk.
fn desktop() -> tokio::sync::mpsc::Sender<Notice> {
    let (to, mut notices) = tokio::sync::mpsc::channel::<Notice>(WAITING);
    tokio::spawn(async move {
        let desktop = Desktop::default();
        while let Some(notice) = notices.recv().await {
            if let Err(e) = desktop.show(&notice).await {
                tracing::warn!("no notice of “{}”: {e}", notice.title);
            }
        }
    });
    to
}
