//! The list of what is kept, in a file beside: keyrings differ too much in what they can list. It holds no secret.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Kind, Name, SecretError};
use crate::units::misfit;

/// Shape of the file.
const SCHEMA: u32 = 1;
/// A thousand entries are a fifth of this.
const MAX_BYTES: u64 = 1 << 20;
/// A secret that ends sooner is worth a word: time for a request to whoever renews it.
pub const EXPIRES_SOON: i32 = 14;
/// Another Lifeboat is done with the list long before.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// One thing that is kept, without what is secret about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its name.
    pub name: Name,
    /// Since when.
    pub stored: jiff::Timestamp,
    /// The day it ends, where that is known.
    pub expires: Option<Date>,
}

/// Whether a secret still holds, by what was said when it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Nobody said.
    Unknown,
    /// More days than [`EXPIRES_SOON`].
    Later,
    /// In so many days; zero: today.
    Soon(i32),
    /// Since so many days.
    Over(i32),
}

/// How it stands with the day a secret ends, at this instant. A day ends in UTC.
pub fn expiry(expires: Option<Date>, now: jiff::Timestamp) -> Expiry {
    let Some(day) = expires else { return Expiry::Unknown };
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    match today.until(day).map_or(i32::MAX, |span| span.get_days()) {
        left if left < 0 => Expiry::Over(-left),
        left if left <= EXPIRES_SOON => Expiry::Soon(left),
        _ => Expiry::Later,
    }
}

/// The day and how it stands with it, in words.
pub fn expiry_text(expires: Option<Date>, now: jiff::Timestamp) -> String {
    let Some(day) = expires else { return "no expiry known".to_owned() };
    match expiry(expires, now) {
        Expiry::Unknown | Expiry::Later => format!("expires {day}"),
        Expiry::Soon(0) => format!("expires soon: {day}, today"),
        Expiry::Soon(1) => format!("expires soon: {day}, tomorrow"),
        Expiry::Soon(n) => format!("expires soon: {day}, in {n} days"),
        Expiry::Over(1) => format!("expired: {day}, yesterday"),
        Expiry::Over(n) => format!("expired: {day}, {n} days ago"),
    }
}

#[derive(Serialize, Deserialize)]
struct Shape {
    schema: u32,
    credentials: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    kind: Kind,
    system: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    stored: jiff::Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Date>,
}

/// The list's file.
#[derive(Debug, Clone)]
pub struct Index(PathBuf);

impl Index {
    /// In this folder, which need not be there yet.
    pub fn in_folder(dir: &Path) -> Self {
        Self(dir.join("credentials.json"))
    }

    /// What it lists; nothing without the file.
    pub fn read(&self) -> Result<Vec<Credential>, SecretError> {
        let failed = |e: io::Error| SecretError::ListRead { path: self.0.clone(), why: e.to_string() };
        let mut bytes = Vec::new();
        match File::open(&self.0) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
            Ok(file) => file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?,
        };
        credentials(&bytes).map_err(|why| SecretError::ListDamaged { path: self.0.clone(), why })
    }

    /// Lists this, in the place of an older one of its name.
    pub fn put(&self, credential: Credential) -> Result<(), SecretError> {
        self.change(|all| {
            all.retain(|c| c.name != credential.name);
            all.push(credential);
        })
    }

    /// Takes it off the list; whether it was on it. A list that cannot be read stays as it is: there is more on it.
    pub fn remove(&self, name: &Name) -> Result<bool, SecretError> {
        if self.read()?.iter().all(|c| c.name != *name) {
            return Ok(false);
        }
        self.change(|all| all.retain(|c| c.name != *name)).map(|()| true)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Credential>)) -> Result<(), SecretError> {
        let failed = |e: io::Error| SecretError::ListWrite { path: self.0.clone(), why: e.to_string() };
        let _lock = self.lock().map_err(failed)?;
        let mut all = match self.read() {
            // Kept to be looked at; what it listed is in the keyring still.
            Err(SecretError::ListDamaged { .. }) => {
                std::fs::rename(&self.0, self.0.with_extension("damaged")).map_err(failed)?;
                Vec::new()
            }
            read => read?,
        };
        change(&mut all);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let row = |c: &Credential| Row {
            kind: c.name.kind(),
            system: c.name.system().to_owned(),
            region: c.name.region().map(|r| r.name().to_owned()),
            stored: c.stored,
            expires: c.expires,
        };
        let shape = Shape { schema: SCHEMA, credentials: all.iter().map(row).collect() };
        let text = serde_json::to_vec_pretty(&shape).map_err(io::Error::other).map_err(failed)?;
        self.replace(&text).map_err(failed)
    }

    /// Held until it is dropped; the system frees it when the program dies.
    fn lock(&self) -> io::Result<File> {
        if let Some(dir) = self.0.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.0.with_extension("lock"))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(e)) => return Err(e),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            }
        }
        Err(io::Error::other("another Lifeboat is writing it; try again"))
    }

    /// Whole or not at all, and durable before it has its name.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let beside = self.0.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.0)
    }
}

fn credentials(bytes: &[u8]) -> Result<Vec<Credential>, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err("it is too big".to_owned());
    }
    let shape: Shape = serde_json::from_slice(bytes).map_err(|e| misfit(&e))?;
    if shape.schema != SCHEMA {
        return Err(format!("it is written in schema {}; this Lifeboat reads schema {SCHEMA}", shape.schema));
    }
    let one = |r: Row| {
        let name = Name::kept(r.kind, &r.system, r.region.as_deref()).map_err(|e| e.to_string())?;
        Ok(Credential { name, stored: r.stored, expires: r.expires })
    };
    shape.credentials.into_iter().map(one).collect()
}
