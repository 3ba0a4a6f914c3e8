//! First lines of the requests that may change something: what was asked of this Azure, whatever was answered. Counts by
//! client request id tell whether something was sent twice; this tells what else was sent.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::Method;

/// Lines that are kept; a rehearsal makes a few dozen.
const MOST: usize = 4_096;

/// The lines so far, the newest of very many, and how many there were.
#[derive(Default)]
pub struct Noted(Mutex<(u64, VecDeque<String>)>);

impl Noted {
    fn locked(&self) -> MutexGuard<'_, (u64, VecDeque<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; gives its number.
    pub fn add(&self, method: &Method, path: &str) -> u64 {
        let mut noted = self.locked();
        if noted.1.len() >= MOST {
            noted.1.pop_front();
        }
        noted.1.push_back(format!("{method} {path}"));
        noted.0 += 1;
        noted.0
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.locked().0
    }

    /// Method and path of each, in order.
    pub fn lines(&self) -> Vec<String> {
        self.locked().1.iter().cloned().collect()
    }
}
