//! Where Lifeboat keeps its data: runs, plans, settings.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::DeskError;
use crate::catalog::{Catalog, CatalogError, read_path};
use crate::journal::{Disk, Place, Unsafe};
use crate::plan::inventory::Inventory;

/// The data folder.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
    despite: Option<String>,
}

impl Home {
    /// The folder asked for, or the platform's.
    pub fn find(asked: Option<&Path>) -> Result<Self, DeskError> {
        if let Some(dir) = asked {
            return Ok(Self { dir: dir.to_path_buf(), despite: None });
        }
        directories::ProjectDirs::from("", "", "lifeboat")
            .map(|d| Self { dir: d.data_dir().to_path_buf(), despite: None })
            .ok_or(DeskError::NoHome)
    }

    /// Runs are kept there whatever speaks against it, for this reason.
    pub fn despite(self, reason: Option<&str>) -> Self {
        let despite = reason.map(str::trim).filter(|r| !r.is_empty()).map(str::to_owned);
        Self { despite, ..self }
    }

    /// Whether runs may be kept there: not, or in spite of this and for this reason, or nothing speaks against it. Reading
    /// them is always allowed.
    pub(super) fn keeps(&self) -> Result<Option<(Unsafe, &str)>, DeskError> {
        match (Place::look(&self.runs()).verdict(), &self.despite) {
            (None, _) => Ok(None),
            (Some(why), Some(reason)) => Ok(Some((why, reason))),
            (Some(why), None) => Err(DeskError::UnsafeHome { path: self.runs(), why }),
        }
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the runs are.
    pub fn runs(&self) -> PathBuf {
        self.dir.join("runs")
    }

    /// One run's folder.
    pub fn run(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// The folder of a run, by id or by the four characters that people say.
    pub fn find_run(&self, disk: &dyn Disk, id: &str) -> Result<PathBuf, DeskError> {
        let runs = self.runs();
        let names = disk.list(&runs).unwrap_or_default();
        let found: Vec<_> = names
            .iter()
            .filter(|e| e.dir && (e.name == id || e.name.to_ascii_uppercase().ends_with(&id.to_ascii_uppercase())))
            .collect();
        match found.as_slice() {
            [one] if id.len() >= 4 => Ok(runs.join(&one.name)),
            _ => Err(DeskError::NoSuchRun { run: id.to_owned(), dir: runs }),
        }
    }

    /// What concerns no single run: a log of its own.
    pub fn register(&self) -> PathBuf {
        self.dir.join(super::keeping::REGISTER)
    }

    /// Runs that are being disposed of.
    pub fn disposing(&self) -> PathBuf {
        self.dir.join("disposing")
    }

    /// Which texts of other people's plans somebody here trusts.
    pub fn trusted(&self) -> PathBuf {
        self.dir.join("trusted.json")
    }

    /// Whose keys are known here, by a person's word; public ones only.
    pub fn colleagues(&self) -> PathBuf {
        self.dir.join("colleagues.json")
    }

    /// How this device's keys followed one another; public halves and signatures only.
    pub fn rotations(&self) -> PathBuf {
        self.dir.join("key-rotations.json")
    }

    /// How to sign in to Azure; without secrets.
    pub fn sign_in(&self) -> PathBuf {
        self.dir.join("sign-in.json")
    }

    /// The name that was set for whoever works here.
    pub fn operator(&self) -> Option<String> {
        let name = std::fs::read_to_string(self.operator_file()).ok()?;
        Some(name.trim().to_owned()).filter(|n| !n.is_empty())
    }

    /// Where it stands.
    pub(super) fn operator_file(&self) -> PathBuf {
        self.dir.join("operator.txt")
    }

    /// What is known of past runs, so that not all of them are read again; may be deleted.
    pub fn past(&self) -> PathBuf {
        self.dir.join("past.json")
    }

    /// What was last read of the subscription.
    pub fn inventory(&self) -> PathBuf {
        self.dir.join("inventory.json")
    }

    /// The inventory, if there is one that can be read; it can be had again.
    pub fn known(&self) -> Option<Inventory> {
        std::fs::read(self.inventory()).ok().and_then(|b| serde_json::from_slice(&b).ok())
    }

    /// What was last read of both sides of plans, to compare them.
    pub fn drift(&self) -> PathBuf {
        self.dir.join("drift.json")
    }

    /// How the watch is set.
    pub fn watch(&self) -> PathBuf {
        self.dir.join("watch.json")
    }

    /// Who outside is told of what; without addresses.
    pub fn hooks(&self) -> PathBuf {
        self.dir.join("hooks.json")
    }

    /// Where checkpoints of records go; without secrets.
    pub fn anchors(&self) -> PathBuf {
        self.dir.join("anchors.json")
    }

    /// Which endpoints stay at the top of the list.
    pub fn pins(&self) -> PathBuf {
        self.dir.join("pins.json")
    }

    /// What was observed; may be deleted.
    pub fn observations(&self) -> PathBuf {
        self.dir.join("observations")
    }

    /// What was last read of soft delete.
    pub fn recoverable(&self) -> PathBuf {
        self.dir.join("recoverable.json")
    }

    /// What is built in, and the team's own runbooks and plans before it.
    pub fn catalog(&self) -> Result<Catalog, CatalogError> {
        let own = self.plans();
        let files = if own.is_dir() { read_path(&own)? } else { Vec::new() };
        Ok(Catalog::builtin().with(files))
    }

    /// Where a team's own runbooks and plans are.
    pub fn plans(&self) -> PathBuf {
        self.dir.join("plans")
    }
}

/// Writes a file whole or not at all; it is durable before it has its name.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DeskError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        // The name is durable when its folder is; Windows has no such call.
        #[cfg(unix)]
        std::fs::File::open(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            .sync_all()?;
        Ok(())
    };
    write().map_err(|source| {
        let _ = std::fs::remove_file(&beside);
        DeskError::Save { path: path.to_owned(), source }
    })
}

/// Writes a file where a person wants it, whole or not at all: what is there already is theirs, and stays.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), DeskError> {
    write_new_with(path, |file| file.write_all(bytes))
}

/// The same, of what is made on the way.
pub fn write_new_with(path: &Path, write: impl FnOnce(&mut std::fs::File) -> io::Result<()>) -> Result<(), DeskError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let failed = |taken: &Path, source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => DeskError::Exists(taken.to_owned()),
        _ => DeskError::Save { path: path.to_owned(), source },
    };
    // Where the folder should be lies a file: that is said to be there as well, and is not what has the name.
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.map_err(|source| DeskError::Save { path: path.to_owned(), source })?;
    let mut file = std::fs::File::create_new(&beside).map_err(|e| failed(&beside, e))?;
    let written = write(&mut file).and_then(|()| file.sync_all()).and_then(|()| take_name(&beside, path));
    written.map_err(|e| {
        let _ = std::fs::remove_file(&beside);
        failed(path, e)
    })
}

/// Gives a whole file a name that nobody has: a rename alone would take another's.
pub(super) fn take_name(beside: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(beside, path) {
        Ok(()) => {
            // It has its name: whatever keeps the other one there is no loss.
            let _ = std::fs::remove_file(beside);
            Ok(())
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
        // A stick knows no second name of a file: the name is taken first, empty.
        Err(_) => {
            std::fs::File::create_new(path)?;
            std::fs::rename(beside, path).inspect_err(|_| drop(std::fs::remove_file(path)))
        }
    }
}

/// Writes a file beside, makes it durable, and gives it the name.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    match disk.remove(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => disk.write_new(&beside, bytes)?,
    }
    disk.rename(&beside, path)?;
    disk.sync_dir(crate::journal::parent(path))
}
