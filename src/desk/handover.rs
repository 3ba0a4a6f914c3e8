//! A run from one laptop to another, in one encrypted file: the old place says so in its record and is only read from
//! then on, the new one goes on behind that record.
//!
//! That it was handed over is durable before the file is made, and is in the file: at no moment are there two places where
//! the run goes on. None of it needs Azure, a window or the other laptop, so that it works in the hour it is needed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::clock::{Clock, Speed};
use crate::export::handover::{self as parcel, HandOverError, Manifest, Member};
use crate::journal::{CHECKPOINT_FILE, Disk, JournalError, Signs, contents, segment_number, this_app};
use crate::record::{Against, Report, Verdict};
use crate::run::command::Command as Order;
use crate::run::decide::Refusal;
use crate::run::event::Actor;
use crate::run::state::Run;
use crate::secrets::Secrets;
use crate::simulator::Simulator;
use crate::units::{Millis, Secret, hex};

use super::approvals::device;
use super::board::Roster;
use super::evidence::FOLDER;
use super::home::take_name;
use super::opening::WORLD;
use super::protocol::Lock;
use super::session::Session;
use super::supervisor::Desk;
use super::{DeskError, Home, chain};

/// What is read of a run's file at once.
const PIECE: usize = 1024 * 1024;

/// Why a run does not go from one place to another.
#[derive(Debug, thiserror::Error)]
pub enum PassingError {
    /// The file's name is taken.
    #[error("{} is there already, and may be the only copy of another hand-over; choose another name", .0.display())]
    Exists(PathBuf),
    /// The record says that it was handed over, and nobody has it.
    #[error("the run is handed over in its record, and the file {} could not be written ({why}): take the run back, and hand it over anew", path.display())]
    NotWritten {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A colleague without a key.
    #[error("no key of {0} is known here to lock the file with; lock it with a passphrase, and tell it over the phone")]
    NoKey(String),
    /// This device has none.
    #[error(
        "the file is locked with the key of one device, and this device's cannot be had ({0}); have it locked with a passphrase"
    )]
    NoDeviceKey(String),
    /// A damaged record is refused at the other end.
    #[error("the record of this run is damaged ({0}), and a colleague's Lifeboat would refuse it; go on with it here")]
    Damaged(String),
    /// Something that no run has.
    #[error("the file is refused: it holds `{0}`, which is no part of this run; nothing of it was taken")]
    NotOurs(String),
    /// The record in the file does not hold.
    #[error("the record in the file is refused ({0}); nothing of it was taken: have the run handed over again")]
    BadRecord(String),
    /// It goes on where it was.
    #[error("the record in the file does not say that the run was handed over; it goes on where it was")]
    GoesOnThere,
    /// It was taken over before.
    #[error(
        "the run {run} is here already and went on since ({records} records more than in the file): open it here instead"
    )]
    Further {
        /// Four characters.
        run: String,
        /// How many more.
        records: usize,
    },
    /// Two places went on with it.
    #[error(
        "the run {run} went on here and elsewhere: from record {at} on the two are different, and nothing can make one of them. \
         Settle with your colleague which one goes on; nothing of the file was taken"
    )]
    Apart {
        /// Four characters.
        run: String,
        /// First record that differs.
        at: u64,
    },
    /// A folder of that name that is no run.
    #[error("{} is there and holds no run; move it away, then take over again", .0.display())]
    Occupied(PathBuf),
    /// Another process is at it.
    #[error("another Lifeboat is taking over a run here; wait for it, then try again")]
    Busy,
}

/// Where runs are kept, and who is there.
pub struct Place<'a> {
    /// The data folder.
    pub home: &'a Home,
    /// The disk its journals are on.
    pub disk: &'a Arc<dyn Disk>,
    /// The operator.
    pub operator: &'a str,
    /// Public key of their device, in hexadecimal.
    pub key: Option<String>,
    /// What signs records here.
    pub signs: Option<Signs>,
}

/// What came of handing over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Evidence that is not what the record says, and does not go along.
    pub left_out: Vec<String>,
}

impl Place<'_> {
    /// Writes a run that is open nowhere into a file for a colleague. Here it is only read afterwards.
    pub fn hand_over(&self, run: &str, file: &Path, to: &str, lock: &parcel::Lock<'_>) -> Result<Parted, DeskError> {
        let dir = self.home.find_run(self.disk.as_ref(), run)?;
        let whole = examined(self.disk.as_ref(), &dir)?;
        if whole.verdict == Verdict::Broken {
            return Err(PassingError::Damaged(first_break(&whole)).into());
        }
        let part = Part::begin(file)?;
        let mut session = Session::open(self.disk, dir, None, self.signs.clone())?;
        stand(&mut session)?;
        // What a process that died left open is made honest first: nobody waits for its answer here.
        let scenario_ms = session.epoch.map(|_| session.clock.now().mono);
        if session.works() {
            session.order(Actor::System, Order::Open { scenario_ms })?;
        }
        session.order(self.me(), Order::HandOver { to: to.to_owned() })?;
        session.seal();
        // The journal stays locked until the file is made.
        let packed = self.pack(&session, to, lock, part);
        packed.map_err(|e| PassingError::NotWritten { path: file.to_owned(), why: chain(&e) }.into())
    }

    /// Goes on here with a run that was handed over from here.
    pub fn take_back(&self, run: &str, reason: &str) -> Result<(), DeskError> {
        let dir = self.home.find_run(self.disk.as_ref(), run)?;
        self.take(dir, String::new())?.order(self.me(), Order::Note(format!("taken back: {}", reason.trim()))).map(drop)
    }

    /// The first record of whoever goes on with it.
    pub(super) fn take(&self, dir: PathBuf, sha256: String) -> Result<Session, DeskError> {
        let mut session = Session::taken(self.disk, dir, self.signs.clone())?;
        stand(&mut session)?;
        let (operator, key) = (self.operator.to_owned(), self.key.clone());
        session.order(self.me(), Order::TakeOver { operator, key, sha256 })?;
        Ok(session)
    }

    fn me(&self) -> Actor {
        Actor::Operator(self.operator.to_owned())
    }

    fn pack(&self, session: &Session, to: &str, lock: &parcel::Lock<'_>, part: Part) -> Result<Parted, DeskError> {
        let (members, left_out) = self.members(&session.dir, &session.run)?;
        let manifest = Manifest {
            hand_over: parcel::VERSION,
            run: session.id.clone(),
            mode: session.mode.name().to_owned(),
            title: session.run.start.as_ref().map_or_else(String::new, |s| s.title.clone()),
            from: self.operator.to_owned(),
            to: to.trim().to_owned(),
            at: Clock::system().now().wall,
            app: this_app().version,
            members,
        };
        let open = |m: &Member| -> io::Result<Box<dyn Read>> {
            Ok(Box::new(Pieces { disk: self.disk.clone(), path: session.dir.join(&m.name), at: 0 }))
        };
        let (bytes, sha256) = part.finish(|out| parcel::write(out, lock, &manifest, open))?;
        Ok(Parted { bytes, sha256, left_out })
    }

    /// Everything of a run that goes along: its record, its simulated world, and the evidence that the record names.
    fn members(&self, dir: &Path, run: &Run) -> Result<(Vec<Member>, Vec<String>), DeskError> {
        let (mut members, mut left_out) = (Vec::new(), Vec::new());
        let listed = self.disk.list(dir).map_err(HandOverError::io(format!("list {}", dir.display())))?;
        for name in listed.into_iter().filter(|e| !e.dir && of_a_run(&e.name)).map(|e| e.name) {
            let path = dir.join(&name);
            let (bytes, sha256) =
                hashed(self.disk, &path).map_err(HandOverError::io(format!("read {}", path.display())))?;
            members.push(Member { name, bytes, sha256 });
        }
        for (_, _, e) in &run.evidence {
            // The name came with the record, which may be somebody else's.
            let Some(file) = e.file.as_ref().filter(|f| super::evidence::is_kept(f)) else { continue };
            let name = format!("{FOLDER}/{file}");
            if members.iter().any(|m| m.name == name) {
                continue;
            }
            match hashed(self.disk, &dir.join(&name)) {
                Ok((bytes, sha256)) if sha256 == e.sha256 => members.push(Member { name, bytes, sha256 }),
                _ => left_out.push(e.name.clone()),
            }
        }
        Ok((members, left_out))
    }
}

/// Files that stand in a run's own folder.
pub(super) fn of_a_run(name: &str) -> bool {
    let torn = |n: &str| n.strip_suffix(".torn").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    segment_number(name).is_some() || name == CHECKPOINT_FILE || name == WORLD || torn(name)
}

/// What verification says of a run's folder.
pub(super) fn examined(disk: &dyn Disk, dir: &Path) -> Result<Report, JournalError> {
    let found = contents(disk, dir)?;
    let beside = found.beside();
    Ok(crate::record::verify(&found.segments(), Against { beside: beside.as_ref(), whole: true, ..Against::default() }))
}

pub(super) fn first_break(report: &Report) -> String {
    let anchored = || report.lines().into_iter().find(|l| l.0 == "Anchored").map_or_else(String::new, |l| l.1);
    report.breaks.first().cloned().unwrap_or_else(anchored)
}

/// Nobody is at work: the clock of a rehearsal stands where its record and its world came to.
fn stand(session: &mut Session) -> Result<(), DeskError> {
    if let Some(epoch) = session.epoch {
        let kept = Simulator::kept(&session.dir.join(WORLD))?.map_or(Millis(0), |k| k.position);
        let reached = session.scenario_reached().unwrap_or_default().max(kept);
        session.clock = Clock::scenario(epoch, reached, Speed::Times(0));
    }
    Ok(())
}

/// Size and SHA-256 of a file.
pub(super) fn hashed(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<(u64, String)> {
    let (mut hash, mut from) = (Sha256::new(), Pieces { disk: disk.clone(), path: path.to_owned(), at: 0 });
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok((from.at, hex(&hash.finalize()))),
            n => hash.update(&piece[..n]),
        }
    }
}

/// A file of the disk, piece by piece.
struct Pieces {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    at: u64,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.disk.read(&self.path, self.at, into.len())?;
        into[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

/// The file while it is written: under another name, and gone when it is not finished.
struct Part {
    file: Option<File>,
    beside: PathBuf,
    path: PathBuf,
}

impl Part {
    /// Takes the place before anything is recorded: most mistakes show here.
    fn begin(path: &Path) -> Result<Self, DeskError> {
        if path.symlink_metadata().is_ok() {
            return Err(PassingError::Exists(path.to_owned()).into());
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&beside);
        let file = opened.map_err(|source| match source.kind() {
            // Another hand-over writes it now, or it is a person's.
            io::ErrorKind::AlreadyExists => DeskError::from(PassingError::Exists(beside.clone())),
            _ => DeskError::Save { path: path.to_owned(), source },
        })?;
        Ok(Self { file: Some(file), beside, path: path.to_owned() })
    }

    /// Its size and SHA-256 when it is durable under its name.
    fn finish(
        mut self,
        write: impl FnOnce(Hashing<File>) -> Result<Hashing<File>, HandOverError>,
    ) -> Result<(u64, String), DeskError> {
        let failed = || HandOverError::io(format!("write {}", self.path.display()));
        let Some(file) = self.file.take() else { return Err(DeskError::NoRun) };
        let written = write(Hashing { inner: file, hash: Sha256::new(), bytes: 0 })?;
        written.inner.sync_all().map_err(failed())?;
        take_name(&self.beside, &self.path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => DeskError::from(PassingError::Exists(self.path.clone())),
            _ => failed()(e).into(),
        })?;
        // It may be on a stick, whose folders cannot all be synced; the file itself is.
        let _ = crate::journal::RealDisk.sync_dir(crate::journal::parent(&self.path));
        Ok((written.bytes, hex(&written.hash.finalize())))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.beside);
    }
}

struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The `age1…` key of a colleague of the roster.
pub fn key_of(home: &Home, name: &str) -> Result<String, DeskError> {
    let known = Roster::read(home)?.colleagues.into_iter().find(|c| c.name.eq_ignore_ascii_case(name.trim()));
    let pair = known.and_then(|c| c.pair).ok_or_else(|| PassingError::NoKey(name.trim().to_owned()))?;
    Ok(parcel::recipient_of(&pair.0))
}

/// This device's own `AGE-SECRET-KEY-1…`, for as long as one file is opened.
pub async fn own_key(secrets: &Secrets) -> Result<Secret, DeskError> {
    let device = device(secrets).await.map_err(|e| PassingError::NoDeviceKey(chain(&e)))?;
    let secret = device.pair_secret().ok_or_else(|| PassingError::NoDeviceKey("it cannot be used".to_owned()))?;
    Ok(parcel::identity_of(&secret))
}

impl Desk {
    fn place(&self) -> Place<'_> {
        let key = self.approving.my_key().cloned().map(String::from);
        Place {
            home: &self.options.home,
            disk: &self.options.disk,
            operator: &self.operator,
            key,
            signs: self.signing.clone(),
        }
    }

    /// Writes the run on show for a colleague.
    pub(super) async fn hand_over(&mut self, file: &Path, to: &str, lock: Lock) -> Result<(), DeskError> {
        self.nothing_on_its_way()?;
        let o = self.opened()?;
        match (o.session.read_only(), o.session.works()) {
            (_, false) if o.session.run.ended.is_some() => return Err(Refusal::Closed.into()),
            (Some(why), _) => return Err(DeskError::ReadOnly(why.to_owned())),
            _ => {}
        }
        // What is certain to fail later is refused while nothing has happened.
        let locked_for = match &lock {
            Lock::Passphrase(words) => parcel::good_passphrase(words).map(|()| String::new())?,
            Lock::Colleague(name) => key_of(&self.options.home, name)?,
        };
        drop(Part::begin(file)?);
        let o = self.opened()?;
        let (id, pace) = (o.session.id.clone(), o.pace);
        if let Some(s) = o.simulator.take() {
            // The world goes along as it is at this moment.
            s.shutdown().await?;
        }
        self.open = None;
        self.signs().await;
        let done = tokio::task::block_in_place(|| {
            let lock = match &lock {
                Lock::Passphrase(words) => parcel::Lock::Passphrase(words, parcel::WORK),
                Lock::Colleague(_) => parcel::Lock::Key(&locked_for),
            };
            self.place().hand_over(&id, file, to, &lock)
        });
        let shown = self.show_anew(&id, pace).await;
        let parted = done?;
        let mib = parted.bytes.div_ceil(1024 * 1024);
        self.say(format!("handed over to {to}: {} ({mib} MiB, SHA-256 {})", file.display(), parted.sha256));
        for name in parted.left_out {
            self.say(format!("the evidence “{name}” is not what the record says, and did not go along"));
        }
        shown
    }

    /// Takes up a colleague's run.
    pub(super) async fn take_over(&mut self, file: &Path, passphrase: Option<Secret>) -> Result<(), DeskError> {
        self.room(false)?;
        let secret = match &passphrase {
            Some(words) => words.clone(),
            None => own_key(&self.credentials.secrets()).await?,
        };
        let key = match passphrase {
            Some(_) => parcel::Key::Passphrase(&secret),
            None => parcel::Key::Device(&secret),
        };
        self.signs().await;
        let taken = tokio::task::block_in_place(|| self.place().take_over(file, &key))?;
        self.say(format!(
            "taken over from {}: the run {} goes on here",
            taken.from,
            super::view::run::short(&taken.run)
        ));
        // As it was here, it is shown no longer.
        self.open.take_if(|o| o.session.id == taken.run);
        self.others.retain(|o| o.session.id != taken.run);
        let pace = self.pace();
        self.show_anew(&taken.run, pace).await
    }

    /// Takes the run on show back.
    pub(super) async fn take_run_back(&mut self, reason: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        if o.session.run.handed_over.is_none() {
            return Err(Refusal::NotHandedOver.into());
        }
        let (id, pace) = (o.session.id.clone(), o.pace);
        self.open = None;
        self.signs().await;
        let done = tokio::task::block_in_place(|| self.place().take_back(&id, reason));
        let shown = self.show_anew(&id, pace).await;
        done?;
        shown
    }

    /// Opens a run as its record is now; where it cannot be, another is shown, or the watch goes on.
    async fn show_anew(&mut self, id: &str, pace: Speed) -> Result<(), DeskError> {
        self.refresh_runs();
        let opened = self.open_run(id, pace).await;
        if opened.is_err()
            && let Err(e) = self.show_another().await
        {
            self.say(format!("not watching: {}", chain(&e)));
        }
        opened
    }
}
