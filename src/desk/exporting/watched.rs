//! An export that somebody waits for: how far it is, and that it is not wanted any more.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::ExportingError;

/// Bytes between two words about how far it is.
const STEP: u64 = 1 << 20;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The record is read, verified and rendered.
    Reading,
    /// So many bytes are written.
    Writing(u64),
}

/// Who waits.
#[derive(Default)]
pub struct Watched<'a> {
    /// Is told.
    pub tell: Option<&'a dyn Fn(Stage)>,
    /// Does not want it any more.
    pub stopped: Option<&'a AtomicBool>,
}

impl Watched<'_> {
    /// Tells, unless it is not wanted any more.
    pub(super) fn at(&self, stage: Stage) -> Result<(), ExportingError> {
        self.wanted()?;
        if let Some(tell) = self.tell {
            tell(stage);
        }
        Ok(())
    }

    /// Whether it is still wanted.
    pub(super) fn wanted(&self) -> Result<(), ExportingError> {
        let stopped = self.stopped.is_some_and(|s| s.load(Ordering::Relaxed));
        if stopped { Err(ExportingError::Stopped) } else { Ok(()) }
    }

    /// A file whose every piece is looked at.
    pub(super) fn write<W: Write>(&self, file: W) -> Writing<'_, W> {
        Writing { file, watched: self, bytes: 0, over: false }
    }
}

/// A file on its way.
pub(super) struct Writing<'a, W> {
    file: W,
    watched: &'a Watched<'a>,
    bytes: u64,
    /// It was said that nobody wants it: what an archive still writes to end itself goes nowhere.
    over: bool,
}

impl<W: Write> Write for Writing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.over {
            return Ok(bytes.len());
        }
        let n = self.file.write(bytes)?;
        let before = self.bytes / STEP;
        self.bytes += n as u64;
        let told = match self.bytes / STEP > before {
            true => self.watched.at(Stage::Writing(self.bytes)),
            false => self.watched.wanted(),
        };
        self.over = told.is_err();
        told.map(|()| n).map_err(io::Error::other)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<W: Seek> Seek for Writing<'_, W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
