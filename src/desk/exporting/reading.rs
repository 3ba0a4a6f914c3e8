//! The records of a run become its dossier: one walk that verifies, one that reads.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::super::examining::examined_as;
use super::super::keeping::{Keeping, azure_time};
use super::super::record::entry_read;
use super::super::view::audit::{more, told, who as by};
use super::super::view::run::short;
use super::super::view::words;
use super::super::{DeskError, handover};
use super::story;
use crate::export::dossier::{Act, Chapter, Dossier, KeyLine, Outcome, People, Row, Told, Who};
use crate::journal::{Contents, Disk, JournalError, contents, fold_into};
use crate::record::{Checkpoint, Hash, Kind, Pin, Read, RecordError, Report, client_request_id};
use crate::run::event::{Actor, Change, Entry, Event, Found, Mode};
use crate::run::fields::{Beside, fields};
use crate::run::state::Run;
use crate::units::{sha256_hex, unhex};

/// What was read of a run.
pub(super) struct Reading {
    /// For the forms.
    pub dossier: Dossier,
    /// Who is named in it.
    pub people: People,
    /// Notes of the checkpoints in the record, in order.
    pub notes: Vec<String>,
    /// Checkpoints that the record fits, the last at the end.
    pub fitting: Vec<Checkpoint>,
    /// Files of evidence, by the number of the record that names each.
    pub named: HashMap<u64, String>,
    /// The bytes that all of it was read from.
    pub found: Contents,
}

/// The fields of a record that no run needs, and every export does.
#[derive(Deserialize)]
struct Rest<'a> {
    #[serde(borrow)]
    mode: &'a str,
    app: crate::record::App,
    #[serde(borrow)]
    dev: std::borrow::Cow<'a, str>,
    #[serde(default)]
    tgt: Option<crate::record::Target>,
    #[serde(default)]
    corr: Option<crate::record::Corr>,
    #[serde(default)]
    actor: Option<crate::record::Actor>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
    #[serde(default)]
    kept: String,
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

/// What is gathered on the way.
#[derive(Default)]
pub(super) struct Gathered {
    pub rows: Vec<Row>,
    pub run: Run,
    pub trouble: Option<String>,
    pub epoch: Option<i64>,
    pub told: story::Telling,
    words: BTreeSet<Arc<str>>,
    /// Requests of the present attempt, by step.
    changes: HashMap<String, Vec<Change>>,
    people: People,
    keys: Vec<KeyLine>,
    notes: Vec<String>,
    named: HashMap<u64, String>,
    over: bool,
    /// The latest instant that any of its clocks says (UTC ms).
    latest: i64,
    hidden: Vec<usize>,
}

/// Reads and verifies a run.
pub(super) fn read(disk: &dyn Disk, dir: &Path, pins: &[Pin], keeping: Option<&Keeping>) -> Result<Reading, DeskError> {
    // Read once: of a run that goes on, the verdict, the rows and the copy are then of the same moment.
    let found = contents(disk, dir)?;
    let (mut report, all): (Report, Result<Gathered, JournalError>) = std::thread::scope(|scope| {
        let verifying = scope.spawn(|| examined_as(&found, pins));
        let all = fold_into(&found, dir, Gathered::take);
        (verifying.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), all)
    });
    let mut all = all?;
    report.hold(|file| super::super::evidence::sha256_of(dir, file));
    let run_id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if !all.over {
        // What the facilitator does is not for the operator before the run is closed.
        for n in std::mem::take(&mut all.hidden) {
            if let Some(row) = all.rows.get_mut(n) {
                row.text = "not shown before the run is closed".to_owned();
                row.more.clear();
            }
        }
    }
    let fitting = fitting(&all, found.beside());
    let mode = all.run.start.as_ref().map_or_else(|| mode_of(&all.rows), |s| s.mode);
    // How long a record is kept is said where it is kept.
    let end = all.over.then_some(all.latest);
    let retention = keeping.map(|k| k.words(&run_id, end));
    let beside_it = Beside { integrity: Some(report.verdict.to_string()), retention };
    let fields = fields(&all.run, &beside_it);
    let story = match all.trouble.take() {
        Some(why) => Err(why),
        None => story::story(&all.run, std::mem::take(&mut all.told), all.rows.last().map_or(0, |r| r.at)),
    };
    let dossier = Dossier {
        short: short(&run_id),
        run: run_id,
        mode,
        story,
        fields,
        report,
        checkpoint: fitting.last().map_or_else(String::new, ToString::to_string),
        keys: all.keys,
        rows: all.rows,
        pseudonyms: false,
    };
    Ok(Reading { dossier, people: all.people, notes: all.notes, fitting, named: all.named, found })
}

/// The checkpoints, of those in the record and the one beside it, whose root is that of so many records; by size.
fn fitting(all: &Gathered, beside: Option<Checkpoint>) -> Vec<Checkpoint> {
    let mut known: Vec<Checkpoint> =
        all.notes.iter().filter_map(|n| n.parse().ok()).chain(beside).collect::<Vec<Checkpoint>>();
    known.sort_by_key(|c| c.size);
    let (mut tree, mut rest) = (crate::record::Tree::default(), all.rows.iter());
    known.retain(|c| {
        while tree.size() < c.size {
            let Some(row) = rest.next() else { return false };
            tree.push(row.h);
        }
        tree.size() == c.size && tree.root() == c.root
    });
    known
}

/// As the first record says it.
fn mode_of(rows: &[Row]) -> Mode {
    match rows.first().map(|r| &*r.mode) {
        Some("live") => Mode::Live,
        Some("dry_run") => Mode::DryRun,
        Some("tabletop") => Mode::Tabletop,
        _ => Mode::Rehearsal,
    }
}

impl Gathered {
    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.words.get(text) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(text);
        self.words.insert(new.clone());
        new
    }

    /// One record. Of what cannot be read as an event the frame is told all the same.
    fn take(&mut self, read: &Read<'_>) -> Result<(), RecordError> {
        let e = &read.envelope;
        let rest: Rest<'_> = serde_json::from_slice(read.body).map_err(|source| RecordError::Json { source })?;
        let entry = match entry_read(e, self.epoch) {
            Ok(entry) => entry,
            Err(why) => {
                self.trouble.get_or_insert_with(|| {
                    format!("record {} ({}) cannot be read by this version of Lifeboat: {why}", e.seq, e.kind)
                });
                None
            }
        };
        let azure = rest.corr.as_ref().filter(|_| rest.mode != "rehearsal").and_then(azure_time);
        self.latest = self.latest.max(e.ts).max(azure.unwrap_or(i64::MIN));
        let row = self.row(read, &rest, entry.as_ref());
        self.about_the_log(read);
        if let Some(entry) = entry {
            self.entry(&row, entry);
        }
        self.rows.push(row);
        Ok(())
    }

    fn row(&mut self, read: &Read<'_>, rest: &Rest<'_>, entry: Option<&Entry>) -> Row {
        let e = &read.envelope;
        let step = e.step.as_deref().unwrap_or_default();
        let (at, actor, text) = match entry {
            Some(x) => (x.at, x.actor.display().to_owned(), words::event(&x.event)),
            None => {
                let says = serde_json::from_str(e.d.get()).unwrap_or_default();
                // What is about the log itself has no time of the run: it stands where it was written, between two that have.
                let at = self.epoch.and_then(|_| self.rows.last()).map_or(e.ts, |before| before.at);
                (at, rest.actor.as_ref().map_or("Lifeboat".to_owned(), by), told(&e.kind, &says))
            }
        };
        let who = match &rest.actor {
            Some(crate::record::Actor::Person(p)) => {
                let text = |t: &Option<String>| t.clone().unwrap_or_default();
                self.people.person(&[&p.name, &text(&p.upn), &text(&p.oid)]);
                Some(Box::new(Who { tid: text(&p.tid), oid: text(&p.oid), upn: text(&p.upn) }))
            }
            _ => None,
        };
        self.people.device(&rest.dev);
        let n = entry.and_then(|x| request_of(&x.event));
        let change = n.and_then(|n| self.changes.get(step)?.get(n as usize));
        let act = match (change, entry.map(|x| &x.event)) {
            (Some(c), _) => Some(Box::new(Act { method: c.method.clone(), creates: c.creates() })),
            (None, Some(Event::ActionIntended { method, .. })) => {
                Some(Box::new(Act { method: method.clone(), creates: false }))
            }
            _ => None,
        };
        let own = rest.tgt.as_ref().map(|t| t.id.clone());
        let target = own.or_else(|| change.map(|c| c.target.clone())).unwrap_or_default();
        let corr = rest.corr.as_ref();
        let request = match entry.map(|x| &x.event) {
            Some(Event::ActionIntended { .. }) => client_request_id(read.hex),
            _ => corr.and_then(|c| c.request.clone().or_else(|| c.client.clone())).unwrap_or_default(),
        };
        Row {
            seq: e.seq,
            at,
            ts: e.ts,
            kind: self.word(&e.kind),
            mode: self.word(rest.mode),
            step: step.to_owned(),
            actor,
            who,
            text: text.replace('\n', " "),
            more: entry.map_or_else(Vec::new, |x| more(&x.event)),
            outcome: entry.map_or(Outcome::Unknown, |x| outcome(&x.event)),
            act,
            target,
            request,
            device: self.word(&rest.dev),
            app: self.word(&rest.app.version),
            prev: Hash::from_hex(e.prev).unwrap_or_default(),
            h: read.hash,
        }
    }

    fn about_the_log(&mut self, read: &Read<'_>) {
        let e = &read.envelope;
        match Kind::from_text(&e.kind) {
            Kind::LogKey => {
                if let Ok(k) = serde_json::from_str::<Key>(e.d.get()) {
                    self.keys.push(KeyLine { fingerprint: fingerprint(&k.key), key: k.key, kept: k.kept, from: e.seq });
                }
            }
            Kind::LogCheckpoint => {
                if let Ok(n) = serde_json::from_str::<Note>(e.d.get()) {
                    self.notes.push(n.note);
                }
            }
            Kind::RunEnd | Kind::RunAbort => self.over = true,
            Kind::Facilitate => self.hidden.push(self.rows.len()),
            _ => {}
        }
    }

    fn entry(&mut self, row: &Row, entry: Entry) {
        match &entry.event {
            Event::Started(s) => {
                self.epoch = s.scenario.as_ref().map(|s| s.epoch);
                // What made the run ready was before its clock began.
                let began = row.at;
                self.rows.iter_mut().filter(|_| s.scenario.is_some()).for_each(|r| r.at = began);
            }
            Event::StepStarted { changes, .. } => {
                if let Some(step) = &entry.step {
                    self.changes.insert(step.clone(), changes.clone());
                }
            }
            Event::Participant { name, .. } => self.people.person(&[name]),
            Event::SignedIn(who) => self.people.person(&[&who.name, &who.account, &who.object]),
            Event::Approved { proof: Some(p), .. } => self.people.person(&[&p.name]),
            Event::Corrective { owner, .. } => self.people.person(&[owner]),
            Event::HandedOver { to, .. } => self.people.person(&[to]),
            Event::TakenOver { operator, from, .. } => {
                self.people.person(&[operator]);
                self.people.person(&[from]);
            }
            Event::Facilitated { what: crate::run::event::Facilitated::Unavailable(who, _) } => {
                self.people.person(&[who])
            }
            Event::Evidence(e) => {
                if let Some(file) = &e.file {
                    self.named.insert(row.seq, file.clone());
                }
            }
            _ => {}
        }
        self.told.take(row, &entry);
        if self.trouble.is_none()
            && let Err(e) = self.run.apply(&entry)
        {
            self.trouble = Some(e.to_string());
        }
    }
}

/// First digits of a key's SHA-256, in groups, as people read them to each other.
fn fingerprint(key: &str) -> String {
    let Some(bytes) = unhex(key) else { return String::new() };
    let digits = sha256_hex(&bytes);
    let groups: Vec<&str> = (0..4).filter_map(|n| digits.get(n * 4..n * 4 + 4)).collect();
    groups.join("-")
}

/// Which request of its step an event tells of.
fn request_of(e: &Event) -> Option<u32> {
    match e {
        Event::ActionIntended { n, .. }
        | Event::ActionAccepted { n, .. }
        | Event::ActionFinished { n, .. }
        | Event::ActionIndeterminate { n, .. }
        | Event::ActionReconciled { n, .. } => Some(*n),
        _ => None,
    }
}

fn outcome(e: &Event) -> Outcome {
    match e {
        Event::ActionFinished { failure: None, .. }
        | Event::ActionReconciled { found: Found::Applied, .. }
        | Event::StepVerified { .. }
        | Event::StepDoneByApp
        | Event::StepDoneByHand { .. }
        | Event::StepAlreadyTrue { .. }
        | Event::StepUndone
        | Event::Approved { .. } => Outcome::Success,
        Event::ActionFinished { failure: Some(_), .. }
        | Event::ActionReconciled { found: Found::NotApplied, .. }
        | Event::StepFailed { .. }
        | Event::Denied { .. } => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

impl From<(&Row, &Actor)> for Told {
    fn from((r, actor): (&Row, &Actor)) -> Self {
        Self {
            seq: r.seq,
            at: r.at,
            who: actor.display().to_owned(),
            step: r.step.clone(),
            text: r.text.clone(),
            more: r.more.clone(),
        }
    }
}

/// An empty chapter.
pub(super) fn chapter(title: &str, none: &str) -> Chapter {
    Chapter { title: title.to_owned(), none: none.to_owned(), told: Vec::new() }
}

/// Whether the record may be rendered at all: what was altered is told as it stands, with the verdict.
pub(super) fn first_break(report: &Report) -> String {
    handover::first_break(report)
}
