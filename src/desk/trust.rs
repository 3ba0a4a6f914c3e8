//! Restricted mode: what lies on a disk says which hosts are called and what is changed, so nobody's file does either on
//! a real Azure before a person has trusted exactly these bytes. What is in the binary needs nobody's word.
//!
//! Reading, checking, printing and rehearsing a file need no trust: none of them reaches further than this computer.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::azure::Cloud;
use crate::catalog::foreign;
use crate::journal::Disk;
use crate::plan::model::{Plan, Texts};
use crate::run::event::Actor;
use crate::runbook::model::Condition;
use crate::units::{ResourceId, misfit, utc_text, visible};

use super::DeskError;
use super::home::{Home, replace};
use super::supervisor::Desk;

/// Shape of the file.
const SCHEMA: u32 = 1;
/// A thousand texts are years of edits; of more, the oldest are asked for again.
const MOST: usize = 1_000;
/// A thousand entries are a quarter of this.
const MAX_BYTES: usize = 1024 * 1024;
/// Files set aside at most before a person has to look.
const MAX_ASIDE: u32 = 100;

/// What can go wrong with the file of trusted texts.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("{} cannot be read, so no file counts as trusted; check its rights", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not hold what it should.
    #[error("{} is damaged ({why}), so no file counts as trusted; it is kept as it is, and trusting a plan begins a new one", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In words.
        why: String,
    },
    /// It cannot be written.
    #[error("{} cannot be written, so nothing was trusted; check the disk and its rights", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else is at it.
    #[error("another Lifeboat is writing {}; try again", .0.display())]
    Busy(PathBuf),
}

/// One person's word for one set of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// SHA-256 over the texts.
    pub digest: String,
    /// Plan id.
    pub plan: String,
    /// Runbook id.
    pub runbook: String,
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: String,
}

#[derive(Serialize, Deserialize)]
struct Shape {
    schema: u32,
    trusted: Vec<Trusted>,
}

/// Where a plan's texts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of them are in the binary.
    BuiltIn,
    /// Somebody trusts exactly these.
    Trusted(Trusted),
    /// Nobody does; these are not in the binary (`plan`, `runbook`, or the path of a shared file).
    Restricted(Vec<String>),
}

/// Everything that is trusted here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book(Vec<Trusted>);

impl Book {
    /// Reads it; without a file nothing is trusted.
    pub fn read(disk: &dyn Disk, home: &Home) -> Result<Self, TrustError> {
        let path = home.trusted();
        let bytes = match disk.read(&path, 0, MAX_BYTES + 1) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(TrustError::Read { path, source }),
        };
        entries(&bytes).map(Self).map_err(|why| TrustError::Damaged { path, why })
    }

    /// Where these texts stand.
    pub fn standing(&self, texts: &Texts) -> Standing {
        let foreign = foreign(texts);
        if foreign.is_empty() {
            return Standing::BuiltIn;
        }
        let digest = texts.digest();
        match self.0.iter().find(|t| t.digest == digest) {
            Some(t) => Standing::Trusted(t.clone()),
            None => Standing::Restricted(foreign),
        }
    }

    /// Writes down that `by` trusts the texts of this plan. A damaged file is set aside, not written over.
    pub fn trust(disk: &dyn Disk, home: &Home, plan: &Plan, by: &str, now: i64) -> Result<(), TrustError> {
        let path = home.trusted();
        let failed = |source| TrustError::Write { path: path.clone(), source };
        disk.create_dir_all(home.dir()).map_err(failed)?;
        let lock = disk.try_lock(&home.dir().join("trusted.lock")).map_err(failed)?;
        let _lock = lock.ok_or_else(|| TrustError::Busy(path.clone()))?;
        let mut all = match Self::read(disk, home) {
            Ok(book) => book.0,
            Err(TrustError::Damaged { .. }) => {
                set_aside(disk, home, &path).map_err(failed)?;
                Vec::new()
            }
            Err(e) => return Err(e),
        };
        let digest = plan.texts.digest();
        all.retain(|t| t.digest != digest);
        all.push(Trusted {
            digest,
            plan: plan.id.clone(),
            runbook: plan.runbook_id.clone(),
            by: by.to_owned(),
            at: utc_text(now),
        });
        let trusted = all.split_off(all.len().saturating_sub(MOST));
        write(disk, &path, &Shape { schema: SCHEMA, trusted }).map_err(failed)
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Trusted>, String> {
    if bytes.len() > MAX_BYTES {
        return Err("it is too big".to_owned());
    }
    let shape: Shape = serde_json::from_slice(bytes).map_err(|e| misfit(&e))?;
    if shape.schema != SCHEMA {
        return Err(format!("it is written in schema {}; this Lifeboat reads schema {SCHEMA}", shape.schema));
    }
    Ok(shape.trusted)
}

/// Whole or not at all: a new file takes the place of the old one.
fn write(disk: &dyn Disk, path: &Path, shape: &Shape) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(shape).map_err(io::Error::other)?;
    replace(disk, path, &text)
}

fn set_aside(disk: &dyn Disk, home: &Home, path: &Path) -> io::Result<()> {
    let taken = disk.list(home.dir())?;
    let free = (1..=MAX_ASIDE).map(|n| format!("trusted-{n}.damaged")).find(|n| !taken.iter().any(|e| e.name == *n));
    let free = free.ok_or_else(|| io::Error::other("too many damaged files lie beside it"))?;
    disk.rename(path, &home.dir().join(free))
}

/// Hosts that a run of this plan calls, or asks the DNS for, on this Azure; sorted, sign-in and Resource Manager first.
pub fn hosts(plan: &Plan, cloud: &Cloud) -> Vec<String> {
    let mut found = BTreeSet::new();
    for step in &plan.steps {
        for c in &step.verify {
            if let Condition::DnsLeadsTo { name, target } = &c.condition {
                found.extend([visible(name), visible(target)]);
            }
        }
        // By way of JSON, so that no action or condition to come can be forgotten here.
        let bound = (&step.action, &step.verify, &step.guards, &step.undo);
        collect(&serde_json::to_value(bound).unwrap_or_default(), cloud, &mut found);
    }
    for side in plan.sides() {
        let texts = side.resource.iter().map(|r| r.as_str().to_owned()).chain(side.address.clone());
        texts.for_each(|t| collect(&t.into(), cloud, &mut found));
    }
    let always: Vec<String> = [&cloud.authority, &cloud.arm].iter().filter_map(|u| host(u)).collect();
    found.retain(|h| !always.contains(h));
    always.into_iter().chain(found).collect()
}

fn host(url: &url::Url) -> Option<String> {
    url.host_str().map(str::to_ascii_lowercase)
}

fn collect(value: &serde_json::Value, cloud: &Cloud, into: &mut BTreeSet<String>) {
    use serde_json::Value;
    match value {
        Value::Array(all) => all.iter().for_each(|v| collect(v, cloud, into)),
        Value::Object(all) => all.values().for_each(|v| collect(v, cloud, into)),
        Value::String(text) => {
            let url = text.parse::<url::Url>().ok().filter(|u| matches!(u.scheme(), "https" | "http"));
            let url = url.or_else(|| {
                let id = text.parse::<ResourceId>().ok()?;
                let kind = id.kind().to_ascii_lowercase();
                match kind.as_str() {
                    "microsoft.cognitiveservices/accounts" => cloud.openai_host(id.name()).ok(),
                    "microsoft.appconfiguration/configurationstores" => cloud.store(id.name()).ok(),
                    _ => None,
                }
            });
            into.extend(url.as_ref().and_then(host));
        }
        _ => {}
    }
}

impl Desk {
    /// Who trusts the texts of this plan; an error when nobody does and `cloud` is a real one.
    pub(super) fn trusted(&self, plan: &Plan, cloud: &Cloud) -> Result<Option<Trusted>, DeskError> {
        if cloud.is_simulated() {
            return Ok(None);
        }
        if foreign(&plan.texts).is_empty() {
            return Ok(None);
        }
        match Book::read(self.options.disk.as_ref(), &self.options.home)?.standing(&plan.texts) {
            Standing::BuiltIn => Ok(None),
            Standing::Trusted(t) => Ok(Some(t)),
            Standing::Restricted(foreign) => Err(DeskError::Restricted {
                plan: plan.id.clone(),
                digest: plan.texts.digest(),
                foreign: self.places(plan, &foreign).join(", "),
            }),
        }
    }

    /// Where the named texts of a plan lie, when it is the one in the library.
    pub(super) fn places(&self, plan: &Plan, what: &[String]) -> Vec<String> {
        let file = self.catalog.plan_file(&plan.id).ok().filter(|f| f.text == plan.texts.plan);
        let place = |w: &String| file.map_or_else(|| w.clone(), |f| self.catalog.place(f, w));
        what.iter().map(|w| visible(&place(w))).collect()
    }

    /// Somebody read the plan that has this digest, and trusts it.
    pub(super) async fn trust_plan(&mut self, id: &str, digest: &str) -> Result<(), DeskError> {
        self.catalog.reread();
        let plan = self.plan_named(id, None);
        let same = plan.as_ref().is_ok_and(|p| p.texts.digest() == digest);
        let done = match plan {
            Err(e) => Err(e),
            Ok(_) if !same => Err(DeskError::OtherText(id.to_owned())),
            Ok(plan) => {
                let (disk, now) = (self.options.disk.clone(), self.system_clock.now().utc);
                let written = Book::trust(disk.as_ref(), &self.options.home, &plan, &self.operator, now);
                written.map_err(DeskError::from)
            }
        };
        // What has changed is shown as it is now, so that it can be read before it is trusted.
        let strategy = self.library.preview.as_ref().filter(|p| p.name == id || p.plan == id).map(|p| p.strategy);
        let shown = self.show_plan(id, strategy);
        done.and(shown)?;
        self.say(format!("{} trusts {id}, texts {}", self.operator, digest.get(..16).unwrap_or(digest)));
        if self.open.is_none() && self.idle.is_none() {
            self.watch_idle().await?;
        }
        Ok(())
    }

    /// Goes into the record of a run: whose word it was that these texts are run.
    pub(super) fn trust_note(trusted: &Trusted) -> (Actor, crate::run::command::Command) {
        let text =
            format!("The plan's texts, SHA-256 {}, were trusted by {} at {}.", trusted.digest, trusted.by, trusted.at);
        (Actor::System, crate::run::command::Command::Note(text))
    }
}
