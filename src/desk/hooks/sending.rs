//! The tasks that send: one for each message that is set, so that one that hangs holds no other back, and what it sends
//! arrives in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::desk::mailbox::{Envelope, Mail};
use crate::notify::hook::{Address, Hook, HookKind, Limits, Message, Moment, Outcome, bodies, deliver};
use crate::secrets::{Name, Secrets};

/// Messages that wait for one listener. A run has some ten moments; who is further behind than this is told no more news.
const WAITING: usize = 32;
/// The program's end waits so long for messages that are on their way; a person who closes the window will not wait longer.
const FAREWELL: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(10);

/// How many messages are on their way.
#[derive(Clone, Default)]
pub struct Outgoing(Arc<AtomicUsize>);

impl Outgoing {
    /// One more is on its way.
    pub fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One came to its end.
    pub fn less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits until none is on its way, but not for long.
    pub fn wait(&self) {
        let began = Instant::now();
        while self.0.load(Ordering::Relaxed) > 0 && began.elapsed() < FAREWELL {
            std::thread::sleep(LOOK);
        }
    }
}

/// What is to be sent.
pub struct Letter {
    /// To whom.
    pub hook: Hook,
    /// What.
    pub message: Message,
    /// What is recorded of it.
    pub text: String,
    /// Who keeps the address.
    pub secrets: Secrets,
    /// The open run it belongs to; 0: none.
    pub session: u64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// Which, in the run.
    pub id: String,
    /// Which moment; none: a test.
    pub moment: Option<Moment>,
    /// What it says.
    pub text: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// The tasks, by the name of the message that is set.
#[derive(Default)]
pub struct Lanes {
    all: HashMap<String, mpsc::Sender<Letter>>,
    /// How many letters are on their way.
    pub outgoing: Outgoing,
}

impl Lanes {
    /// Hands a letter to its task; at once what came of it, where there is no room.
    pub fn send(&mut self, letter: Letter, to: &mpsc::UnboundedSender<Envelope>) -> Option<Outcome> {
        let lane = self.all.entry(letter.hook.name.clone()).or_insert_with(|| {
            let (sender, letters) = mpsc::channel(WAITING);
            tokio::spawn(carry(letters, to.clone()));
            sender
        });
        self.outgoing.more();
        let full = lane.try_send(letter).err()?;
        self.outgoing.less();
        Some(Outcome::Failed(match full {
            mpsc::error::TrySendError::Full(_) => format!("{WAITING} messages to it are waiting already"),
            mpsc::error::TrySendError::Closed(_) => "the task that sends has ended; start Lifeboat again".to_owned(),
        }))
    }

    /// No more for this one, after what is on its way.
    pub fn close(&mut self, name: &str) {
        self.all.remove(name);
    }
}

async fn carry(mut letters: mpsc::Receiver<Letter>, to: mpsc::UnboundedSender<Envelope>) {
    while let Some(letter) = letters.recv().await {
        let outcome = sent(&letter).await;
        let Letter { hook, message, text, session, .. } = letter;
        let sent = Sent { to: hook.name, id: message.id, moment: message.moment, text, outcome };
        let _ = to.send(Envelope { session, mail: Mail::Sent(Box::new(sent)), busy: None });
    }
}

async fn sent(letter: &Letter) -> Outcome {
    let secret = match Name::credential(&letter.hook.filed(), None) {
        Ok(name) => letter.secrets.read(&name).await,
        Err(e) => Err(e),
    };
    let address = match secret {
        Ok(secret) => Address::of(letter.hook.kind, &secret).map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    match address {
        Ok(address) => {
            let bodies = bodies(&letter.hook, &letter.message, &address);
            // Alerts of one run are one alert to PagerDuty, however often they come.
            let known = letter.hook.kind == HookKind::PagerDuty;
            deliver(&address, &bodies, known, &Limits::default()).await
        }
        Err(why) => Outcome::Failed(why),
    }
}
