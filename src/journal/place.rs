//! Where a record may be kept: not where another computer keeps the files, or where a program copies them elsewhere.
//!
//! There a sync proves little, a lock may hold nobody off, and a second copy can come back in the place of the first. What
//! cannot be told is not refused, but for a FUSE file system of an unknown kind, which answers syncs as it likes.

use std::fmt;
use std::path::{Component, Path, PathBuf};

/// Why a folder is no place for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsafe {
    /// Another computer has the files; the type of the file system.
    Network(String),
    /// A program answers for the files, and it is not known how; the type of the file system.
    Unknown(String),
    /// A program copies them elsewhere, and back.
    Synced(&'static str),
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(kind) => write!(f, "it is on another computer's disk ({})", crate::units::visible(kind)),
            Self::Unknown(kind) => {
                write!(
                    f,
                    "it is on a file system of which it is not known whether it saves ({})",
                    crate::units::visible(kind)
                )
            }
            Self::Synced(by) => write!(f, "{by} copies what is in it elsewhere, and back"),
        }
    }
}

/// What is known of a folder that may not be there yet.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its whole path, without links.
    pub path: PathBuf,
    /// Type of the file system that it is on, as the mount table has it (`ext4`, `fuse.sshfs`).
    pub mount: Option<String>,
    /// Names found in the folders on the way to it; folders end in `/`.
    pub markers: Vec<String>,
    /// Folders that this computer says are copied elsewhere.
    pub synced: Vec<(PathBuf, &'static str)>,
}

/// File systems whose files another computer has, the host of a virtual machine among them.
const NETWORK: [&str; 24] = [
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "drvfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncp",
    "ncpfs",
    "nfs",
    "nfs4",
    "orangefs",
    "prl_fs",
    "pvfs2",
    "smb2",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
];
/// Programs behind FUSE that do the same.
const FUSE_NETWORK: [&str; 24] = [
    "afuse",
    "blobfuse",
    "blobfuse2",
    "ceph-fuse",
    "curlftpfs",
    "davfs",
    "gcsfuse",
    "glusterfs",
    "goofys",
    "google-drive-ocamlfuse",
    "gvfsd-fuse",
    "hubicfuse",
    "juicefs",
    "kio-fuse",
    "mount-s3",
    "onedriver",
    "pcloud",
    "portal",
    "rclone",
    "s3fs",
    "seadrive",
    "smbnetfs",
    "sshfs",
    "vmhgfs-fuse",
];
/// Programs behind FUSE that keep files on a disk of this computer.
const FUSE_LOCAL: [&str; 12] = [
    "bindfs",
    "cryfs",
    "encfs",
    "exfat",
    "ext2",
    "ext4",
    "fuse-overlayfs",
    "gocryptfs",
    "lxcfs",
    "ntfs",
    "ntfs-3g",
    "securefs",
];
/// Names of folders that programs copy elsewhere, whole or before ` (`, ` - ` and `-`, where those programs add whose it is.
const NAMES: [(&str, &str); 14] = [
    ("OneDrive", "OneDrive"),
    ("Dropbox", "Dropbox"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
    ("iCloudDrive", "iCloud Drive"),
    ("iCloud Drive", "iCloud Drive"),
    ("com~apple~CloudDocs", "iCloud Drive"),
    ("Nextcloud", "Nextcloud"),
    ("ownCloud", "ownCloud"),
    ("MEGAsync", "MEGA"),
    ("pCloudDrive", "pCloud"),
    ("Box Sync", "Box"),
    ("Seafile", "Seafile"),
    ("Syncthing", "Syncthing"),
];
/// What such programs leave in the folder that they copy; those that end in `*` begin so.
const MARKERS: [(&str, &str); 11] = [
    (".stfolder/", "Syncthing"),
    (".stfolder", "Syncthing"),
    // A folder of this name is the program's own, in a person's home.
    (".dropbox", "Dropbox"),
    (".dropbox.cache/", "Dropbox"),
    (".tmp.driveupload/", "Google Drive"),
    (".tmp.drivedownload/", "Google Drive"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"),
    (".sync_*", "Nextcloud"),
    ("._sync_*", "ownCloud"),
    (".seafile-data/", "Seafile"),
];

impl Place {
    /// What speaks against keeping a record there.
    pub fn verdict(&self) -> Option<Unsafe> {
        self.of_mount().or_else(|| self.of_path()).or_else(|| self.of_markers())
    }

    fn of_mount(&self) -> Option<Unsafe> {
        let kind = self.mount.as_deref()?;
        let (network, unknown) = (|| Some(Unsafe::Network(kind.to_owned())), || Some(Unsafe::Unknown(kind.to_owned())));
        match kind.strip_prefix("fuse.") {
            None if NETWORK.contains(&kind) => network(),
            // Nothing is said of the program. (`fuseblk` is a disk of this computer.)
            None if kind == "fuse" => unknown(),
            None => None,
            Some(program) if FUSE_NETWORK.contains(&program) || NETWORK.contains(&program) => network(),
            Some(program) if FUSE_LOCAL.contains(&program) => None,
            Some(_) => unknown(),
        }
    }

    fn of_path(&self) -> Option<Unsafe> {
        // `\\server\share`, and what a drive letter may stand for.
        let text = self.path.to_string_lossy();
        let shared = text
            .strip_prefix(r"\\?\UNC\")
            .or_else(|| text.strip_prefix(r"\\").filter(|rest| !rest.starts_with(['?', '.'])));
        if shared.is_some() {
            return Some(Unsafe::Network("a shared folder".to_owned()));
        }
        if let Some((_, by)) = self.synced.iter().find(|(dir, _)| self.path.starts_with(dir)) {
            return Some(Unsafe::Synced(by));
        }
        let names: Vec<&str> = self.path.components().filter_map(name).collect();
        let inside = |two: [&str; 2]| names.windows(2).any(|w| w == two);
        if inside(["Library", "Mobile Documents"]) {
            return Some(Unsafe::Synced("iCloud Drive"));
        }
        if inside(["Library", "CloudStorage"]) {
            return Some(Unsafe::Synced("a cloud storage program"));
        }
        let is = |name: &str, known: &str| {
            let rest = name.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || [" (", " - ", "-"].iter().any(|s| rest.starts_with(s)))
        };
        let by = NAMES.iter().find(|(known, _)| names.iter().any(|name| is(name, known)));
        by.map(|(_, by)| Unsafe::Synced(by))
    }

    fn of_markers(&self) -> Option<Unsafe> {
        let is = |marker: &str, known: &str| match known.strip_suffix('*') {
            Some(begins) => marker.starts_with(begins) && marker.ends_with(".db"),
            None => marker == known,
        };
        let by = MARKERS.iter().find(|(known, _)| self.markers.iter().any(|m| is(m, known)));
        by.map(|(_, by)| Unsafe::Synced(by))
    }

    /// What this computer says of a folder, or of the one that it would be made in.
    pub fn look(dir: &Path) -> Self {
        let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
        let there = whole.ancestors().find_map(|d| Some((d.canonicalize().ok()?, whole.strip_prefix(d).ok()?)));
        let (path, there) = match there {
            Some((there, rest)) => (there.join(rest), there),
            None => (whole.clone(), whole),
        };
        let markers = there.ancestors().flat_map(hidden).collect();
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self { mount: mounted(&table, &there), markers, synced: said_synced(), path }
    }
}

fn name(c: Component<'_>) -> Option<&str> {
    match c {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

/// Names in a folder that begin with a point; folders end in `/`.
fn hidden(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| {
        let name = e.file_name().into_string().ok().filter(|n| n.starts_with('.'))?;
        Some(if e.file_type().ok()?.is_dir() { name + "/" } else { name })
    });
    names.collect()
}

/// Where OneDrive keeps its copies, as Windows tells every program.
fn said_synced() -> Vec<(PathBuf, &'static str)> {
    let names = ["OneDrive", "OneDriveCommercial", "OneDriveConsumer"];
    let dirs = names.iter().filter_map(std::env::var_os).map(PathBuf::from);
    dirs.filter(|d| d.is_absolute()).map(|d| (d, "OneDrive")).collect()
}

/// The type of the file system that a path is on, by a mount table (`/proc/self/mountinfo`): the longest mount point, and of
/// several the last.
pub fn mounted(table: &str, path: &Path) -> Option<String> {
    let entries = table.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        Some((PathBuf::from(unescaped(mount.split(' ').nth(4)?)), kind.split(' ').next()?))
    });
    let on = entries.filter(|(at, _)| path.starts_with(at));
    on.max_by_key(|(at, _)| at.components().count()).map(|(_, kind)| kind.to_owned())
}

/// A space is `\040` there.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..3).and_then(|octal| u8::from_str_radix(octal, 8).ok()) {
            Some(byte) => out.push(byte),
            None => out.extend(b"\\".iter().chain(part.as_bytes().iter().take(3))),
        }
        out.extend(part.bytes().skip(3));
    }
    String::from_utf8_lossy(&out).into_owned()
}
