//! The files: who writes which, when a new one begins, which go first.
//!
//! `points-0-1790000000000.obs`: what is in it, the place of its writer, when it was begun. A writer has a place of its own
//! (`writer-0.lock`, held as long as the process lives), and writes only files of that place: two Lifeboats never write
//! the same file, and one that comes and goes (from cron) goes on in the last file of its place. Nothing is synced, and
//! nothing that was written is changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::{self, End, HEADER, Kept, NAME};
use super::point::{Bucket, Point};

/// Lifeboats that can write at once; more of them keep what they see in memory.
const PLACES: u8 = 8;
/// So long points are kept beside the minutes they went into, on disk and in memory.
pub const POINTS_FOR: i64 = 2 * 3_600_000;
/// So long minutes are kept, where there is room: longer than any run.
pub const MINUTES_FOR: i64 = 8 * 24 * 3_600_000;
/// A file of points is this old at most, so that it can go whole.
const POINTS_FILE: i64 = 3_600_000;
/// A file of minutes is this old at most.
const MINUTES_FILE: i64 = 24 * 3_600_000;
/// Bytes of a file at most: small against the room, so that the oldest ones can go.
const FILE_MOST: u64 = 4 * 1024 * 1024;
/// The room is at least so many files.
const FILES_LEAST: u64 = 8;
/// More bytes are not read of one file, whoever made it so long.
const READ_MOST: u64 = FILE_MOST + 4 * 1024 * 1024;
/// A damaged file is put aside under this ending, and nobody writes to it any more.
const ASIDE: &str = "damaged";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    Points,
    Minutes,
}

impl Holds {
    fn word(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Minutes => "minutes",
        }
    }
    fn lasts(self) -> i64 {
        match self {
            Self::Points => POINTS_FILE,
            Self::Minutes => MINUTES_FILE,
        }
    }
    fn kept_for(self) -> i64 {
        match self {
            Self::Points => POINTS_FOR,
            Self::Minutes => MINUTES_FOR,
        }
    }
}

/// A file in the folder; oldest first in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    began: i64,
    holds: Holds,
    place: u8,
    aside: bool,
    path: PathBuf,
    len: u64,
}

impl Name {
    fn parse(path: PathBuf, len: u64) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (whole, aside) = match name.strip_suffix(ASIDE).and_then(|n| n.strip_suffix('.')) {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let mut parts = whole.strip_suffix(".obs")?.split('-');
        let holds = match parts.next()? {
            "points" => Holds::Points,
            "minutes" => Holds::Minutes,
            _ => return None,
        };
        let (place, began) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { began, holds, place, aside, path, len })
    }

    /// Whether nothing in it is young enough to be shown.
    fn old(&self, now: i64) -> bool {
        self.began.saturating_add(self.holds.lasts() + self.holds.kept_for()) < now
    }
}

/// The files of a folder, oldest first; none when it cannot be read, as before anything was written.
fn files(dir: &Path) -> Vec<Name> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let entries = entries.filter_map(Result::ok).filter_map(|e| Some((e.path(), e.metadata().ok()?)));
    let mut out: Vec<Name> =
        entries.filter(|(_, m)| m.is_file()).filter_map(|(path, m)| Name::parse(path, m.len())).collect();
    out.sort();
    out
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(READ_MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn place(dir: &Path, number: u8) -> io::Result<Option<File>> {
    let path = dir.join(format!("writer-{number}.lock"));
    let lock = owner_only(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// Reads what is there, the newest files first, until `told` has enough. Gives what is to be said about damage.
pub fn read(dir: &Path, now: i64, told: &mut impl FnMut(&Arc<str>, Kept) -> bool) -> Vec<String> {
    let mut said = Vec::new();
    let mut enough = false;
    for f in files(dir).into_iter().rev() {
        if f.old(now) || enough {
            continue;
        }
        let Ok(bytes) = content(&f.path) else { continue };
        let (end, _) = format::read(&bytes, &mut |name, kept| enough |= !told(name, kept));
        match end {
            End::Damaged if !f.aside => said.push(put_aside(dir, &f)),
            End::Newer => said.push(format!("{} is of a later Lifeboat, and is not read", f.path.display())),
            End::Whole | End::Torn | End::Damaged => {}
        }
    }
    said
}

/// Puts a damaged file where nobody writes to it, unless somebody is at it now.
fn put_aside(dir: &Path, f: &Name) -> String {
    let aside = f.path.with_extension(format!("obs.{ASIDE}"));
    let free = place(dir, f.place).ok().flatten();
    let moved = free.is_some() && fs::rename(&f.path, &aside).is_ok();
    let kept = if moved { &aside } else { &f.path };
    format!("a file of observations is damaged; what stands before the damage is shown: {}", kept.display())
}

/// What is to be written.
#[derive(Debug, Default)]
pub struct Batch {
    /// By the clock of the observations.
    pub now: i64,
    /// Observations.
    pub points: Vec<(Arc<str>, Point)>,
    /// Minutes that are over.
    pub minutes: Vec<(Arc<str>, Bucket)>,
}

struct Writing {
    name: Name,
    file: File,
    numbers: HashMap<Arc<str>, u16>,
}

/// The writer's side.
pub struct Store {
    dir: PathBuf,
    keep: u64,
    place: Option<(u8, File)>,
    open: Vec<Writing>,
}

impl Store {
    /// Nothing is touched before something is to be written.
    pub fn new(dir: PathBuf, keep: u64) -> Self {
        Self { dir, keep, place: None, open: Vec::new() }
    }

    /// Room in bytes from now on.
    pub fn keep(&mut self, bytes: u64) {
        self.keep = bytes;
    }

    /// Writes a batch. What could not be written is lost to the disk; the next batch is tried anew.
    pub fn write(&mut self, b: &Batch) -> io::Result<()> {
        if self.keep == 0 {
            return Ok(());
        }
        let place = self.take_place()?;
        self.forget_old(b.now);
        let points = self.append(Holds::Points, place, b.now, &b.points, format::put_points);
        let minutes = self.append(Holds::Minutes, place, b.now, &b.minutes, format::put_minutes);
        let wrote = points.and(minutes);
        if wrote.is_err() {
            // The folder itself may be gone: everything is looked for anew.
            self.open.clear();
            self.place = None;
        }
        wrote
    }

    fn take_place(&mut self) -> io::Result<u8> {
        if let Some((number, _)) = &self.place {
            return Ok(*number);
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.dir)?;
        for number in 0..PLACES {
            if let Some(lock) = place(&self.dir, number)? {
                self.place = Some((number, lock));
                return Ok(number);
            }
        }
        Err(io::Error::other(format!("{PLACES} other Lifeboats are writing there")))
    }

    fn append<T: Copy>(
        &mut self,
        holds: Holds,
        place: u8,
        now: i64,
        what: &[(Arc<str>, T)],
        put: fn(&[(u16, T)], &mut Vec<u8>),
    ) -> io::Result<()> {
        if what.is_empty() {
            return Ok(());
        }
        let most = FILE_MOST.min(self.keep / FILES_LEAST);
        let fits = |n: &Name, len: u64| len < most && (0..holds.lasts()).contains(&now.saturating_sub(n.began));
        let mine = self.open.iter().position(|w| w.name.holds == holds).map(|i| self.open.swap_remove(i));
        // Somebody may have removed it: what is written to a file without a name is lost.
        let mut writing = match mine.filter(|w| fits(&w.name, w.name.len) && w.name.path.exists()).or_else(|| {
            let last = files(&self.dir).into_iter().rev().find(|n| n.holds == holds && n.place == place && !n.aside)?;
            go_on(last).filter(|w| fits(&w.name, w.name.len))
        }) {
            Some(w) => w,
            None => begin(&self.dir, holds, place, now)?,
        };
        let mut bytes = if writing.name.len == 0 { HEADER.to_vec() } else { Vec::new() };
        let mut new = Vec::new();
        let mut numbered = Vec::with_capacity(what.len());
        for (name, t) in what.iter().filter(|(name, _)| name.len() <= NAME) {
            let next = u16::try_from(writing.numbers.len());
            let number = match (writing.numbers.get(name), next) {
                (Some(n), _) => *n,
                (None, Ok(n)) => {
                    writing.numbers.insert(name.clone(), n);
                    new.push((n, name.clone()));
                    n
                }
                // More names than a file can number are not kept.
                (None, Err(_)) => continue,
            };
            numbered.push((number, *t));
        }
        format::put_names(&new, &mut bytes);
        put(&numbered, &mut bytes);
        self.make_room(bytes.len() as u64, &writing.name.path);
        match writing.file.write_all(&bytes) {
            Ok(()) => {
                writing.name.len += bytes.len() as u64;
                self.open.push(writing);
                Ok(())
            }
            Err(e) => {
                // What is half written is taken back, or left for good: reading ends before it.
                if writing.name.len == 0 {
                    let _ = fs::remove_file(&writing.name.path);
                } else {
                    let _ = writing.file.set_len(writing.name.len);
                }
                Err(e)
            }
        }
    }

    /// Nothing is kept that nobody can be shown. Where nothing else is young, this clock may be wrong, and nothing goes.
    fn forget_old(&self, now: i64) {
        let all = files(&self.dir);
        if all.iter().rfind(|f| !self.at_work(&f.path)).is_none_or(|newest| newest.old(now)) {
            return;
        }
        for f in all.iter().filter(|f| f.old(now) && !self.at_work(&f.path)) {
            let _ = fs::remove_file(&f.path);
        }
    }

    /// What other Lifeboats are writing: the newest file of each kind in every place that is held.
    fn written(&self, all: &[Name]) -> Vec<PathBuf> {
        let mut newest = BTreeMap::new();
        for f in all.iter().filter(|f| !f.aside) {
            newest.insert((f.place, f.holds), &f.path);
        }
        let held = |n: &u8| matches!(place(&self.dir, *n), Ok(None));
        let places: BTreeSet<u8> = newest.keys().map(|k| k.0).filter(|n| *n < PLACES).collect();
        let held: BTreeSet<u8> = places.into_iter().filter(held).collect();
        newest.into_iter().filter(|(k, _)| held.contains(&k.0)).map(|(_, path)| path.clone()).collect()
    }

    fn at_work(&self, path: &Path) -> bool {
        self.open.iter().any(|w| w.name.path == path)
    }

    /// The oldest files go first, whoever wrote them; never one that is written now.
    fn make_room(&self, need: u64, now: &Path) {
        let all = files(&self.dir);
        let mut len: u64 = all.iter().map(|f| f.len).sum();
        if len.saturating_add(need) <= self.keep {
            return;
        }
        let written = self.written(&all);
        for f in all.iter().filter(|f| f.path != now && !written.contains(&f.path)) {
            if len.saturating_add(need) <= self.keep {
                return;
            }
            if fs::remove_file(&f.path).is_ok() {
                len = len.saturating_sub(f.len);
            }
        }
    }
}

/// A file of this place that another process, or an earlier write, left in order.
fn go_on(name: Name) -> Option<Writing> {
    let bytes = content(&name.path).ok()?;
    let (end, names) = format::read(&bytes, &mut |_, _| {});
    if end != End::Whole || bytes.len() as u64 != name.len {
        return None;
    }
    let file = OpenOptions::new().append(true).open(&name.path).ok()?;
    Some(Writing { name, file, numbers: names.into_iter().map(|(n, name)| (name, n)).collect() })
}

fn begin(dir: &Path, holds: Holds, place: u8, now: i64) -> io::Result<Writing> {
    let mut began = now;
    loop {
        let path = dir.join(format!("{}-{place}-{began}.obs", holds.word()));
        match owner_only(OpenOptions::new().append(true).create_new(true)).open(&path) {
            Ok(file) => {
                let name = Name { began, holds, place, aside: false, path, len: 0 };
                return Ok(Writing { name, file, numbers: HashMap::new() });
            }
            // Begun in the same millisecond, as when the one before cannot be gone on with.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && began < now + 1_000 => began += 1,
            Err(e) => return Err(e),
        }
    }
}
