//! Taking over a run from a colleague's file: unpacked beside the runs, held against its own record and against what is
//! here already, and only then given its place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::export::handover::{HandOverError, Key, MAX_BYTES, Manifest, Member, Parcel, Sink};
use crate::journal::{Disk, DiskFile, JournalError, is_run, parent, read_run, remove_all};
use crate::record::{Stored, Verdict};
use crate::run::state::Run;
use crate::simulator::Simulator;
use crate::units::{hex, visible};

use super::DeskError;
use super::evidence::FOLDER;
use super::examining::examined;
use super::handover::{PassingError, Place, first_break, of_a_run};
use super::opening::WORLD;
use super::session::replay;
use super::view::run::short;

/// Folder in that of the runs where one is unpacked. Nothing in it is a run until it was moved out.
const INCOMING: &str = ".incoming";
/// Held meanwhile, so that two processes do not unpack the same one.
const ALONE: &str = "taking-over.lock";
/// Folder in that of the runs for what was here of a run before it came back longer.
const EARLIER: &str = ".earlier";
/// What is read at once.
const PIECE: usize = 256 * 1024;
/// How often one run comes back; a person would have stopped long before.
const MOST_EARLIER: u32 = 1_000;
/// Largest simulated world; one that was rehearsed in for days has less than a tenth of it.
const MAX_WORLD: u64 = 16 << 20;
/// What the lock adds to what is locked, amply: a sixteenth of a hundredth, and its header.
const MAX_FILE: u64 = MAX_BYTES + MAX_BYTES / 1024;

/// A run that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Run id.
    pub run: String,
    /// Who handed it over.
    pub from: String,
    /// What is run.
    pub title: String,
    /// Its mode.
    pub mode: String,
    /// Whether it is a rehearsal on a simulated Azure of its own.
    pub rehearsed: bool,
    /// Steps that are not over.
    pub open: Vec<String>,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// How a record here stands to the same run's record in a file.
enum Standing {
    /// They say the same.
    Same,
    /// The file's goes on where the one here ends.
    Extends,
}

impl Place<'_> {
    /// Takes over the run in a file; it goes on here.
    pub fn take_over(&self, file: &Path, key: &Key<'_>) -> Result<Taken, DeskError> {
        self.home.keeps()?;
        let (file, sha256) = opened(file)?;
        let parcel = Parcel::open(file, key)?;
        let id = parcel.manifest().run.clone();
        if !good_id(&id) {
            return Err(PassingError::BadRecord(format!("`{}` is no run id", visible(&id))).into());
        }
        let incoming = self.home.runs().join(INCOMING);
        let new = incoming.join(&id);
        let made = |e| JournalError::Io { doing: "make", path: new.clone(), source: e };
        self.disk.create_dir_all(&incoming).map_err(made)?;
        let Some(_alone) = self.disk.try_lock(&self.home.runs().join(ALONE)).map_err(made)? else {
            return Err(PassingError::Busy.into());
        };
        // Left by a process that died at this.
        remove_all(self.disk.as_ref(), &new).map_err(made)?;
        let placed = self.unpack(parcel, &new).and_then(|manifest| {
            let run = self.sound(&new, &manifest)?;
            self.give_place(&new, &id)?;
            Ok((manifest, run))
        });
        // Gone from here, or not wanted.
        let _ = remove_all(self.disk.as_ref(), &new).and_then(|()| self.disk.remove_dir(&incoming));
        let (manifest, run) = placed?;
        self.take(self.home.run(&id), sha256.clone())?;
        Ok(Taken {
            run: id,
            from: manifest.from,
            title: manifest.title,
            mode: manifest.mode,
            rehearsed: run.start.as_ref().is_some_and(|s| s.scenario.is_some()),
            open: run.steps.iter().filter(|s| !s.own_state().over()).map(|s| s.id.clone()).collect(),
            sha256,
        })
    }

    fn unpack<R: Read>(&self, parcel: Parcel<R>, dir: &Path) -> Result<Manifest, DeskError> {
        if let Some(m) = parcel.manifest().members.iter().find(|m| !expected(&m.name)) {
            return Err(PassingError::NotOurs(visible(&m.name)).into());
        }
        // Read as a whole, and replayed: what a small file unpacks to must fit in memory.
        if let Some(m) = parcel.manifest().members.iter().find(|m| m.name == WORLD && m.bytes > MAX_WORLD) {
            let why = format!("`{}` has more than {} MiB", m.name, MAX_WORLD >> 20);
            return Err(HandOverError::Refused(why).into());
        }
        let evidence = dir.join(FOLDER);
        let doing = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| JournalError::Io { doing, path, source }
        };
        let some = parcel.manifest().members.iter().any(|m| m.name.starts_with(FOLDER));
        let deepest = if some { &evidence } else { dir };
        self.disk.create_dir_all(deepest).map_err(doing("make", deepest))?;
        let mut unpacking = Unpacking { disk: self.disk.as_ref(), dir, path: dir.to_owned(), file: None };
        let manifest = parcel.unpack(&mut unpacking)?;
        for synced in [deepest, dir, parent(dir)] {
            self.disk.sync_dir(synced).map_err(doing("sync", synced))?;
        }
        Ok(manifest)
    }

    /// The record holds, says that the run was handed over, and names what came beside it.
    fn sound(&self, dir: &Path, manifest: &Manifest) -> Result<Run, DeskError> {
        let bad = |why: String| Err(PassingError::BadRecord(why).into());
        let report = examined(self.disk.as_ref(), dir, &[])?;
        if report.verdict == Verdict::Broken || report.verdict == Verdict::Unverifiable {
            return bad(first_break(&report));
        }
        if report.log != manifest.run {
            return bad(format!("it is that of another run, {}", visible(&report.log)));
        }
        let run = replay(&read_run(self.disk.as_ref(), dir)?)?;
        let Some(start) = run.start.clone() else { return bad("the run never began".to_owned()) };
        if run.handed_over.is_none() || run.ended.is_some() {
            return Err(PassingError::GoesOnThere.into());
        }
        if start.mode.name() != manifest.mode {
            return bad(format!("it is {}, and the file says {}", start.mode.name(), visible(&manifest.mode)));
        }
        for m in &manifest.members {
            if let Some(file) = m.name.strip_prefix(FOLDER).and_then(|n| n.strip_prefix('/')) {
                let named = |e: &crate::run::event::Evidence| e.file.as_deref() == Some(file) && e.sha256 == m.sha256;
                if !run.evidence.iter().any(|(_, _, e)| named(e)) {
                    return Err(PassingError::NotOurs(m.name.clone()).into());
                }
            }
            if m.name == WORLD {
                let Some(scenario) = &start.scenario else { return Err(PassingError::NotOurs(m.name.clone()).into()) };
                if Simulator::kept(&dir.join(WORLD))?.is_some_and(|k| k.epoch != scenario.epoch) {
                    return bad("its simulated world is another rehearsal's".to_owned());
                }
            }
        }
        Ok(run)
    }

    /// Moves what was unpacked to where runs are. What is here of it already must be contained in it.
    fn give_place(&self, new: &Path, id: &str) -> Result<(), DeskError> {
        let (runs, place, disk) = (self.home.runs(), self.home.run(id), self.disk.as_ref());
        let moved = |e| JournalError::Io { doing: "move a run to", path: place.clone(), source: e };
        let there = disk.list(&runs).unwrap_or_default().into_iter().any(|e| e.name == id);
        if !there {
            disk.rename(new, &place).map_err(moved)?;
            return Ok(disk.sync_dir(&runs).map_err(moved)?);
        }
        if !is_run(disk, &place) {
            return Err(PassingError::Occupied(place).into());
        }
        let lock = disk.try_lock(&place.join("lock")).map_err(moved)?;
        let lock = lock.ok_or_else(|| JournalError::Locked(place.clone()))?;
        if matches!(standing(id, &read_run(disk, &place)?, &read_run(disk, new)?)?, Standing::Same) {
            return Ok(());
        }
        let earlier = runs.join(EARLIER);
        disk.create_dir_all(&earlier).map_err(moved)?;
        let taken: Vec<String> = disk.list(&earlier).map_err(moved)?.into_iter().map(|e| e.name).collect();
        let free = (1..=MOST_EARLIER).map(|n| format!("{id}-{n}")).find(|n| !taken.contains(n));
        let aside = earlier.join(free.ok_or_else(|| PassingError::Occupied(earlier.clone()))?);
        // Not every system moves a folder with an open file in it.
        drop(lock);
        disk.rename(&place, &aside).map_err(moved)?;
        if let Err(e) = disk.rename(new, &place) {
            let _ = disk.rename(&aside, &place);
            return Err(moved(e).into());
        }
        for synced in [&earlier, &runs] {
            disk.sync_dir(synced).map_err(moved)?;
        }
        Ok(())
    }
}

/// What a file may hold.
fn expected(name: &str) -> bool {
    match name.strip_prefix(FOLDER).and_then(|n| n.strip_prefix('/')) {
        Some(file) => super::evidence::is_kept(file),
        None => of_a_run(name),
    }
}

/// As journals take them; it becomes the name of a folder.
fn good_id(id: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (8..=64).contains(&id.len()) && id.bytes().all(good)
}

/// Records of the log about itself say nothing of the run: opening it to look leaves some.
fn own(r: &&Stored) -> bool {
    let kind = r.body.kind.as_str();
    !kind.starts_with("log.") && kind != "clock.jump"
}

fn standing(id: &str, here: &[Stored], there: &[Stored]) -> Result<Standing, PassingError> {
    let same = here.iter().zip(there).take_while(|(a, b)| a.h == b.h).count();
    let more = |of: &[Stored]| of[same..].iter().filter(own).count();
    match (more(here), more(there)) {
        (0, 0) => Ok(Standing::Same),
        (0, _) => Ok(Standing::Extends),
        (records, 0) => Err(PassingError::Further { run: short(id), records }),
        _ => Err(PassingError::Apart { run: short(id), at: here[same].body.seq }),
    }
}

/// The file, and its SHA-256.
fn opened(path: &Path) -> Result<(File, String), DeskError> {
    let cannot = || HandOverError::io(format!("read {}", path.display()));
    let about = std::fs::metadata(path).map_err(cannot())?;
    if !about.is_file() {
        return Err(HandOverError::Foreign.into());
    }
    if about.len() > MAX_FILE {
        return Err(HandOverError::Refused(format!("it has more than {} MiB", MAX_FILE >> 20)).into());
    }
    let mut file = File::open(path).map_err(cannot())?;
    let mut hash = Sha256::new();
    hash_into(&mut file.by_ref().take(MAX_FILE), &mut hash).map_err(cannot())?;
    file.seek(SeekFrom::Start(0)).map_err(cannot())?;
    Ok((file, hex(&hash.finalize())))
}

/// Reads to the end.
pub(super) fn hash_into(from: &mut dyn Read, hash: &mut Sha256) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => hash.update(&piece[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Writes members into a folder, each durable before the next begins.
struct Unpacking<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
}

impl Unpacking<'_> {
    fn failed(&self) -> impl FnOnce(io::Error) -> DeskError + use<> {
        let path = self.path.clone();
        move |source| JournalError::Io { doing: "write", path, source }.into()
    }
}

impl Sink for Unpacking<'_> {
    type Error = DeskError;

    fn begin(&mut self, member: &Member) -> Result<(), DeskError> {
        self.path = self.dir.join(&member.name);
        self.file = Some(self.disk.create_new(&self.path).map_err(self.failed())?);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), DeskError> {
        let failed = self.failed();
        self.file.as_mut().map_or(Ok(()), |f| f.write_all(bytes)).map_err(failed)
    }

    fn end(&mut self) -> Result<(), DeskError> {
        let failed = self.failed();
        self.file.take().map_or(Ok(()), |mut f| f.sync_all()).map_err(failed)
    }
}
