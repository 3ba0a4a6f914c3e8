//! Checkpoints that leave by themselves: into a container of a storage account, each as a blob of its own that is never
//! written over; and to a time-stamp authority, which signs that it existed then.
//!
//! A container with a locked immutability policy, in another subscription and region than what fails over, keeps them from
//! whoever controls this computer. Only runs that work on the Azure that is connected send any: a dry run changes nothing
//! anywhere, and nobody holds the rehearsal of a scenario to its record. Where that Azure is a simulated one, nothing else is
//! reached either. What is sent is durable in the record before it leaves, and what came of it is a second record.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Anchoring, Leaving};
use crate::azure::blob::put_new;
use crate::desk::board::{keep, kept};
use crate::desk::mailbox::Mail;
use crate::desk::supervisor::Desk;
use crate::desk::{DeskError, Options};
use crate::notify::stamp;
use crate::record::{Checkpoint, Question};
use crate::run::event::Mode;

/// Nobody waits for it; but what hangs must not hang for ever, signing in included.
const WITHIN: Duration = Duration::from_secs(45);

/// Where checkpoints go by themselves.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of a container; empty: none.
    #[serde(default)]
    pub container: String,
    /// Address of a time-stamp authority (RFC 3161); empty: none.
    #[serde(default)]
    pub authority: String,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // As it was typed, before anybody looked at it: a secret may stand behind the question mark.
        let shown = |text: &str| text.split(['?', '#', '@']).next().unwrap_or_default().to_owned();
        write!(f, "Settings {{ {:?}, {:?} }}", shown(&self.container), shown(&self.authority))
    }
}

/// What came of one.
#[derive(Debug)]
pub struct Came {
    /// `blob` or `tsa`.
    to: &'static str,
    /// The blob, or the authority.
    place: String,
    /// What was to be in it.
    note: Checkpoint,
    /// It was sent before.
    again: bool,
    /// Whether it is there, or why not; and the authority's answer.
    came: Result<Vec<u8>, String>,
}

impl Anchoring {
    /// Reads the file. One that cannot be used is left as it is, and nothing leaves by itself.
    pub fn read(options: &Options) -> Self {
        let path = options.home.anchors();
        let read = kept::<Settings>(options.disk.as_ref(), &path).map(Option::unwrap_or_default);
        let good = |s: Settings| match (container(&s.container), authority(&s.authority)) {
            (Ok(_), Ok(_)) => Ok(s),
            (Err(e), _) | (_, Err(e)) => Err(e.to_string()),
        };
        match read.and_then(good) {
            Ok(settings) => Self { drawn: None, settings, trouble: None },
            Err(why) => {
                let trouble = Some(DeskError::AnchorsFile { path, why });
                Self { drawn: None, settings: Settings::default(), trouble }
            }
        }
    }
}

/// The address of a container and of nothing else: what stands behind a question mark may be a secret, and none is kept here.
fn container(text: &str) -> Result<Option<Url>, DeskError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|_| DeskError::NoContainer("this is no address"))?;
    let names = || url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).count();
    match () {
        () if url.scheme() != "https" => Err(DeskError::NoContainer("checkpoints go out over https only")),
        () if url.query().is_some() || url.fragment().is_some() => {
            Err(DeskError::NoContainer("what stands behind the container's name may be a secret, and is not kept here"))
        }
        () if !url.username().is_empty() || url.password().is_some() || url.port().is_some() => {
            Err(DeskError::NoContainer("an address of a container has no user and no port"))
        }
        () if names() != 1 => Err(DeskError::NoContainer("this is not the address of one container")),
        () => Ok(Some(url)),
    }
}

/// The address of an authority. Most are asked over http: what they answer is signed.
fn authority(text: &str) -> Result<Option<Url>, DeskError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    let url = url.filter(|u| u.has_host() && u.username().is_empty() && u.password().is_none());
    // What stands behind a question mark may be a secret, and the address goes into the record.
    let url = url.filter(|u| u.query().is_none() && u.fragment().is_none());
    url.map(Some).ok_or(DeskError::NoAuthority)
}

/// A name that no other checkpoint has.
fn blob(container: &Url, c: &Checkpoint) -> Option<Url> {
    let mut url = container.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(&c.log).push(&format!("{}.txt", c.size));
    Some(url)
}

impl Desk {
    /// Where checkpoints go from now on.
    pub(in super::super) fn set_anchors(&mut self, to: &Settings) -> Result<(), DeskError> {
        let settings =
            Settings { container: to.container.trim().to_owned(), authority: to.authority.trim().to_owned() };
        container(&settings.container)?;
        authority(&settings.authority)?;
        keep(&self.options, &self.options.home.anchors(), &settings)?;
        self.say("where the checkpoints of live runs go is set".to_owned());
        self.anchoring.settings = settings;
        self.notice = None;
        Ok(())
    }

    /// Sends what may leave of the run that is worked on, and once more what did not arrive the last time.
    pub(in super::super) fn send_checkpoints(&mut self) {
        let Some(o) = self.open.as_deref_mut().filter(|o| !o.session.leaving.is_empty()) else { return };
        let new = std::mem::take(&mut o.session.leaving);
        let old = std::mem::take(&mut o.session.unheld);
        let settings = &self.anchoring.settings;
        let (Ok(container), Ok(authority)) = (container(&settings.container), authority(&settings.authority)) else {
            return;
        };
        let acts = o.session.epoch.is_none() && matches!(o.session.mode, Mode::Live | Mode::Rehearsal);
        let Some(world) = o.world.as_ref().filter(|_| acts) else { return };
        for note in new.iter().filter(|_| authority.is_some()) {
            let Some(to) = authority.clone() else { continue };
            let (note, mail) = (note.clone(), world.mail.clone());
            let cloud = world.azure.cloud();
            let way = if cloud.is_simulated() { cloud.resolve(&to).map_err(|e| e.to_string()) } else { Ok(to.clone()) };
            self.hooks.outgoing.more();
            tokio::spawn(async move {
                let came = match way {
                    Ok(way) => stamped(&way, &note).await,
                    Err(why) => Err(why),
                };
                let came = Came { to: "tsa", place: to.to_string(), note, again: true, came };
                mail.send(Mail::Came(Box::new(came)));
            });
        }
        let Some(to) = container else { return };
        for (note, again) in old.into_iter().map(|c| (c, true)).chain(new.into_iter().map(|c| (c, false))) {
            let Some(url) = blob(&to, &note) else { continue };
            let (azure, task, mail) = (world.azure.clone(), world.clock.task(), world.mail.clone());
            self.hooks.outgoing.more();
            tokio::spawn(async move {
                let text = note.to_string();
                let put = tokio::time::timeout(WITHIN, put_new(&azure, &task, &url, &text)).await;
                let came = match put {
                    Ok(put) => put.map(|()| Vec::new()).map_err(|e| e.to_string()),
                    Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
                };
                let came = Came { to: "blob", place: url.to_string(), note, again, came };
                mail.send(Mail::Came(Box::new(came)));
            });
        }
    }

    /// One arrived, or did not: in the record of the run that is worked on.
    pub(in super::super) fn came(&mut self, came: Came) {
        let Came { to, place, note, again, came } = came;
        let (mut proof, mut came) = (None, came);
        if let Ok(answer) = &came
            && !answer.is_empty()
        {
            // The text that was stamped goes beside: whoever checks the stamp needs it byte for byte.
            let name = format!("checkpoint-{}", note.size);
            let kept = self.keep_proof(note.to_string().as_bytes(), &format!("{name}.txt"));
            match kept.and_then(|_| self.keep_proof(answer, &format!("{name}.tsr"))) {
                Ok(kept) => proof = Some(kept),
                Err(e) => came = Err(format!("its answer could not be kept: {e}")),
            }
        }
        let came = came.map(drop).map_err(|why| super::witness::short(&why));
        if let Err(why) = &came {
            self.say(format!("the checkpoint over {} records is not at {place}: {why}", note.size));
        }
        let failed = came.is_err();
        self.left(&Leaving { to, place: &place, note: &note, came, proof });
        let Some(o) = self.open.as_deref_mut() else { return };
        if failed && !again {
            o.session.unheld.push(note);
        }
        // The record was sealed for good; what it says since is covered too.
        if o.sealed {
            o.session.seal();
        }
    }
}

/// The authority's answer to a question about this checkpoint, as it stands in a file.
async fn stamped(authority: &Url, note: &Checkpoint) -> Result<Vec<u8>, String> {
    let mut nonce = [0u8; 8];
    getrandom::fill(&mut nonce).map_err(|e| e.to_string())?;
    let question = Question::of(&note.to_string(), nonce);
    let answer = stamp::ask(authority, question.bytes()).await?;
    question.answered(&answer).map_err(|e| e.to_string())?;
    Ok(answer)
}
