//! What a person types, and what they paste: told apart, because a paste is no series of commands.
//!
//! Lines that come faster than anybody types are one paste, and are handed on as one. A connection that ends, or a signal
//! that says so, is an input like any other: the run stays open, and the journal has all of it.

use std::collections::VecDeque;
use std::io::{BufRead, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Lines closer than this to one another came from no keyboard.
const PASTE: Duration = Duration::from_millis(80);
/// Nobody's line is longer; what is goes on as the next one.
const LONGEST: u64 = 1 << 20;
/// Evidence of this size is a file; more of one paste is not kept.
const MOST: usize = 8 << 20;

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// One line, or the lines of one paste.
    Lines(Vec<String>),
    /// There is a new picture.
    Changed,
    /// Nobody is there any more: the input ended, or a signal came.
    End,
}

/// What reaches the guide, before pastes are put together.
#[derive(Debug)]
pub enum Raw {
    /// A line.
    Line(String),
    /// There is a new picture.
    Changed,
    /// The end.
    End,
}

/// The guide's letterbox.
pub struct Inbox {
    rx: Receiver<Raw>,
    later: VecDeque<Input>,
}

impl Inbox {
    /// Of what this channel brings.
    pub fn new(rx: Receiver<Raw>) -> Self {
        Self { rx, later: VecDeque::new() }
    }

    /// The next thing that happened.
    pub fn wait(&mut self) -> Input {
        if let Some(kept) = self.later.pop_front() {
            return kept;
        }
        match self.rx.recv() {
            Ok(Raw::Line(line)) => self.paste(line),
            Ok(Raw::Changed) => Input::Changed,
            Ok(Raw::End) | Err(_) => Input::End,
        }
    }

    fn paste(&mut self, first: String) -> Input {
        let mut size = first.len();
        let mut lines = vec![first];
        let mut until = Instant::now() + PASTE;
        loop {
            match self.rx.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Raw::Line(line)) => {
                    until = Instant::now() + PASTE;
                    size += line.len();
                    if size <= MOST {
                        lines.push(line);
                    }
                }
                Ok(Raw::Changed) if self.later.is_empty() => self.later.push_back(Input::Changed),
                // Pictures must not hold up a paste's end for ever, nor be lost: one stands for all.
                Ok(Raw::Changed) => {}
                Ok(Raw::End) | Err(RecvTimeoutError::Disconnected) => {
                    self.later.push_back(Input::End);
                    return Input::Lines(lines);
                }
                Err(RecvTimeoutError::Timeout) => return Input::Lines(lines),
            }
        }
    }
}

/// Reads standard input for ever, on a thread of its own.
pub fn read(tx: Sender<Raw>) {
    std::thread::spawn(move || {
        let mut from = std::io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            match from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
                Ok(n) if n > 0 => {}
                _ => break,
            }
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            if tx.send(Raw::Line(line)).is_err() {
                return;
            }
        }
        let _ = tx.send(Raw::End);
    });
}

/// A connection that drops hangs up; who presses Ctrl+C or shuts down wants out. All of it leaves the run open.
pub fn hear_signals(tx: Sender<Raw>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(asked_to_end());
        let _ = tx.send(Raw::End);
    });
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let all = (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) = all else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = hangup.recv() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Shows what is typed, or not, where that is a terminal's to say. Whether it is as wished.
#[cfg(unix)]
pub fn echo(on: bool) -> bool {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let Ok(mut modes) = tcgetattr(&stdin) else { return true };
    modes.local_modes.set(LocalModes::ECHO, on);
    tcsetattr(&stdin, OptionalActions::Now, &modes).is_ok()
}

/// Shows what is typed, or not, where that is a terminal's to say. Whether it is as wished.
#[cfg(not(unix))]
pub fn echo(on: bool) -> bool {
    on || !std::io::IsTerminal::is_terminal(&std::io::stdin())
}
