//! Where a record was found: a run's folder, a file of it, a bundle, packed or unpacked. It is read where it lies.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::with_causes;
use crate::desk::evidence;
use crate::export::archive::{Archive, manifest_in};
use crate::journal::{CHECKPOINT_FILE, Disk, OnDisk, RealDisk, Source, files, is_run, segment_number, verify_files};
use crate::record::{Against, Checkpoint, Files, MAX_BODY, Report, Verdict};
use crate::units::visible;

/// The folder of the record in a bundle.
pub const RECORD: &str = "record";
const EVIDENCE: &str = "evidence";
/// How a packed file begins that is not empty.
const PACKED: &[u8] = b"PK\x03\x04";

/// A log, and what lies around it.
pub struct Found {
    files: Vec<Box<dyn Source>>,
    beside: Option<Checkpoint>,
    around: Around,
}

/// What lies around a log.
enum Around {
    /// Nothing that is known: it is one file.
    Nothing,
    /// The folder of the run.
    Run(PathBuf),
    /// An unpacked bundle.
    Unpacked(PathBuf),
    /// A packed one.
    Packed(Archive),
}

impl Found {
    /// What lies there. The reason why it cannot be read is in words.
    pub fn at(path: &Path) -> Result<Self, String> {
        if !path.is_dir() {
            let named = path.extension().is_some_and(|x| x.eq_ignore_ascii_case("zip"));
            let packed = named || RealDisk.read(path, 0, PACKED.len()).is_ok_and(|start| start == PACKED);
            return if packed { Self::packed(path) } else { Self::file(path) };
        }
        let unpacked = !is_run(&RealDisk, path) && is_run(&RealDisk, &path.join(RECORD));
        let record = if unpacked { path.join(RECORD) } else { path.to_path_buf() };
        let (files, beside) = files(&RealDisk, &record).map_err(|e| with_causes(&e))?;
        let around = if unpacked { Around::Unpacked } else { Around::Run };
        let files = files.into_iter().map(|f| Box::new(f) as Box<dyn Source>).collect();
        Ok(Self { files, beside, around: around(path.to_path_buf()) })
    }

    fn file(path: &Path) -> Result<Self, String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = OnDisk::of(&RealDisk, path, segment_number(&name).unwrap_or(1)).map_err(|e| with_causes(&e))?;
        Ok(Self { files: vec![Box::new(file)], beside: None, around: Around::Nothing })
    }

    fn packed(path: &Path) -> Result<Self, String> {
        let archive = Archive::open(path)?;
        let in_record = |(name, place): (&str, &Range<u64>)| {
            let number = segment_number(name.strip_prefix(RECORD)?.strip_prefix('/')?)?;
            Some(Packed { path: path.to_path_buf(), place: place.clone(), number })
        };
        let mut files: Vec<Packed> = archive.members().filter_map(in_record).collect();
        if files.is_empty() {
            return Err("there is no record of a run in it".to_owned());
        }
        files.sort_by_key(|f| f.number);
        let text = archive.text(&format!("{RECORD}/{CHECKPOINT_FILE}"), MAX_BODY as u64);
        let beside = text.and_then(|t| String::from_utf8(t).ok()?.parse().ok());
        let files = files.into_iter().map(|f| Box::new(f) as Box<dyn Source>).collect();
        Ok(Self { files, beside, around: Around::Packed(archive) })
    }

    /// The report on the log, and what the list of files says of what lies around it.
    pub fn examine(&self, against: Against<'_>) -> Result<(Report, Option<Files>), String> {
        let sources: Vec<&dyn Source> = self.files.iter().map(|f| &**f).collect();
        let whole = !matches!(self.around, Around::Nothing);
        let mut report = verify_files(&sources, Against { beside: self.beside.as_ref(), whole, ..against })?;
        let listed = match &self.around {
            Around::Nothing => {
                report.not_held();
                None
            }
            Around::Run(dir) => {
                report.hold(|file| evidence::sha256_of(dir, file));
                None
            }
            Around::Unpacked(dir) => {
                report.hold(|file| evidence::sha256_of(dir, file));
                manifest_in(dir)
            }
            Around::Packed(archive) => {
                let named = |file: &str| Some(format!("{EVIDENCE}/{file}")).filter(|_| evidence::is_kept(file));
                report.hold(|file| archive.hash(&named(file)?).map(|(_, sha256)| sha256));
                archive.manifest()
            }
        };
        if listed.as_ref().is_some_and(|l| !l.missing.is_empty() || !l.altered.is_empty()) {
            // What the record itself says counts for more; a list shows accidents.
            report.verdict = report.verdict.max(Verdict::Limited);
        }
        Ok((report, listed))
    }
}

/// A file of a log in an archive.
struct Packed {
    path: PathBuf,
    place: Range<u64>,
    number: u64,
}

impl Source for Packed {
    fn number(&self) -> u64 {
        self.number
    }
    fn len(&self) -> u64 {
        self.place.end - self.place.start
    }
    fn read(&self, from: u64, max: usize) -> Result<Vec<u8>, String> {
        let most = usize::try_from(self.len().saturating_sub(from)).unwrap_or(usize::MAX).min(max);
        let at = self.place.start.saturating_add(from);
        RealDisk.read(&self.path, at, most).map_err(|e| format!("{} cannot be read: {e}", self.path.display()))
    }
}

/// What a list of files says of them.
pub fn in_words(f: &Files) -> String {
    let names = |what: &str, of: &[String]| {
        let shown: Vec<String> = of.iter().take(10).map(|n| visible(n)).collect();
        if of.is_empty() { String::new() } else { format!("; {} {what}: {}", of.len(), shown.join(", ")) }
    };
    format!("{} files as it says{}{}", f.same, names("missing", &f.missing), names("NOT as it says", &f.altered))
}
