//! What verification says of a run's folder, for everybody here who asks: held against the checkpoint beside it and the keys
//! that are known on this computer.

use std::path::Path;

use super::home::Home;
use crate::journal::{Contents, Disk, JournalError, contents};
use crate::record::{Against, Pin, Report, verify};

/// The keys that are known here. A list that cannot be read vouches for nobody.
pub fn pins(home: &Home) -> Vec<Pin> {
    let roster = super::Roster::read(home).unwrap_or_default();
    let mut pins = roster.pins();
    pins.extend(roster.mine.iter().flat_map(|mine| super::rotation::pins_before(home, mine)));
    pins
}

/// Verifies a run where it lies.
pub fn examined(disk: &dyn Disk, dir: &Path, pins: &[Pin]) -> Result<Report, JournalError> {
    Ok(examined_as(&contents(disk, dir)?, pins))
}

/// The same of what was read of a run's folder before.
pub fn examined_as(found: &Contents, pins: &[Pin]) -> Report {
    let beside = found.beside();
    let against = Against { beside: beside.as_ref(), whole: true, pins, ..Against::default() };
    verify(&found.segments(), against)
}

/// The same with the files of evidence beside it: all that can be said of a run where it lies.
pub fn held(disk: &dyn Disk, dir: &Path, pins: &[Pin]) -> Result<Report, JournalError> {
    let mut report = examined(disk, dir, pins)?;
    report.hold(|file| super::evidence::sha256_of(dir, file));
    Ok(report)
}
