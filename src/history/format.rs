//! The bytes of a file of observations, pure: a line that says what it is, then blocks, each with a checksum of its own.
//!
//! ```text
//! lifeboat observations 1\n
//! block:   kind u8 · length u32 · first 8 bytes of SHA-256 over kind, length and payload · payload
//! names    (1): number u16 · length u16 · UTF-8, repeated; numbers are good for this file only
//! points   (2): base i64, then 18 bytes each: number u16 · code u16 · ms since base u32 · 5 stages u16
//! minutes  (3): 26 bytes each: number u16 · minute u32 · calls, answered, failed, throttled u16 · 5 means u16 · slowest u16
//! ```
//! Numbers are little-endian. Reading ends at the first byte that cannot be right: what stands before it is kept.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::point::{Bucket, Point, STAGES};

/// First line of a file.
pub const HEADER: &[u8] = b"lifeboat observations 1\n";
/// What every version begins with.
const FAMILY: &[u8] = b"lifeboat observations ";
/// Payload of a block at most; longer ones are split when they are written, and are damage when they are read.
pub const MOST: usize = 256 * 1024;
/// Bytes before the payload.
const FRONT: usize = 1 + 4 + 8;
/// Bytes of a point.
const POINT: usize = 18;
/// Bytes of a minute.
const BUCKET: usize = 26;
/// Letters of a name at most; a longer one is no name of an endpoint.
pub const NAME: usize = 256;

const NAMES: u8 = 1;
const POINTS: u8 = 2;
const MINUTES: u8 = 3;

/// One thing read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// An observation.
    Point(Point),
    /// A minute.
    Minute(Bucket),
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it was written.
    Whole,
    /// In the middle of a block, as after a crash.
    Torn,
    /// In bytes that were not written so.
    Damaged,
    /// Of a later version; nothing of it was read.
    Newer,
}

fn sum(kind: u8, payload: &[u8]) -> [u8; 8] {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let whole = Sha256::new().chain_update([kind]).chain_update(length.to_le_bytes()).chain_update(payload).finalize();
    let mut out = [0; 8];
    out.copy_from_slice(&whole[..8]);
    out
}

fn block(kind: u8, payload: &[u8], out: &mut Vec<u8>) {
    if payload.is_empty() {
        return;
    }
    out.push(kind);
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&sum(kind, payload));
    out.extend_from_slice(payload);
}

/// Names that a file does not know yet.
pub fn put_names(names: &[(u16, Arc<str>)], out: &mut Vec<u8>) {
    for part in names.chunks(MOST / (NAME + 4)) {
        let mut payload = Vec::new();
        for (number, name) in part {
            payload.extend_from_slice(&number.to_le_bytes());
            payload.extend_from_slice(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
            payload.extend_from_slice(name.as_bytes());
        }
        block(NAMES, &payload, out);
    }
}

/// Points, with the numbers of their endpoints.
pub fn put_points(points: &[(u16, Point)], out: &mut Vec<u8>) {
    for part in points.chunks((MOST - 8) / POINT) {
        let mut from = 0;
        // A point too far from the first one to be said in 32 bits (a clock that was set) begins a block of its own.
        while let Some(base) = part.get(from).map(|_| part[from..].iter().map(|p| p.1.at).min().unwrap_or(0)) {
            let fits = |p: &(u16, Point)| u32::try_from(p.1.at.saturating_sub(base)).is_ok();
            let run = part[from..].iter().take_while(|p| fits(p)).count();
            let (base, run) = if run == 0 { (part[from].1.at, 1) } else { (base, run) };
            let mut payload = base.to_le_bytes().to_vec();
            for (number, p) in &part[from..from + run] {
                payload.extend_from_slice(&number.to_le_bytes());
                payload.extend_from_slice(&p.code.to_le_bytes());
                payload.extend_from_slice(&u32::try_from(p.at.saturating_sub(base)).unwrap_or(0).to_le_bytes());
                p.stages.iter().for_each(|s| payload.extend_from_slice(&s.to_le_bytes()));
            }
            block(POINTS, &payload, out);
            from += run;
        }
    }
}

/// Minutes, with the numbers of their endpoints.
pub fn put_minutes(minutes: &[(u16, Bucket)], out: &mut Vec<u8>) {
    for part in minutes.chunks(MOST / BUCKET) {
        let mut payload = Vec::with_capacity(part.len() * BUCKET);
        for (number, b) in part {
            payload.extend_from_slice(&number.to_le_bytes());
            payload.extend_from_slice(&b.minute.to_le_bytes());
            for n in [b.calls, b.answered, b.failed, b.throttled] {
                payload.extend_from_slice(&n.to_le_bytes());
            }
            b.mean.iter().for_each(|s| payload.extend_from_slice(&s.to_le_bytes()));
            payload.extend_from_slice(&b.slowest.to_le_bytes());
        }
        block(MINUTES, &payload, out);
    }
}

/// Takes numbers from the front of bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(front)
    }
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    fn u16(&mut self) -> Option<u16> {
        self.number().map(u16::from_le_bytes)
    }
    fn u32(&mut self) -> Option<u32> {
        self.number().map(u32::from_le_bytes)
    }
    fn stages(&mut self) -> Option<[u16; STAGES]> {
        let mut out = [0; STAGES];
        for s in &mut out {
            *s = self.u16()?;
        }
        Some(out)
    }
}

/// Reads a file: tells everything in it up to the first byte that cannot be right, and how it ends. Gives the numbers of
/// its names as well.
pub fn read(bytes: &[u8], told: &mut impl FnMut(&Arc<str>, Kept)) -> (End, HashMap<u16, Arc<str>>) {
    let mut names = HashMap::new();
    let Some(rest) = bytes.strip_prefix(HEADER) else {
        let newer = bytes.strip_prefix(FAMILY).is_some_and(|rest| {
            let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
            rest.len() > line.len() && !line.is_empty() && line.iter().all(u8::is_ascii_digit)
        });
        let end = match () {
            () if newer => End::Newer,
            () if HEADER.starts_with(bytes) => End::Torn,
            () => End::Damaged,
        };
        return (end, names);
    };
    let mut c = Cursor(rest);
    while !c.0.is_empty() {
        // A file that grew and was never filled, as some file systems leave it after a power cut.
        if c.0.iter().take(FRONT).all(|b| *b == 0) {
            return (End::Torn, names);
        }
        let front = c.number::<1>().zip(c.u32()).zip(c.number::<8>());
        let Some((([kind], length), checksum)) = front else { return (End::Torn, names) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MOST {
            return (End::Damaged, names);
        }
        let Some(payload) = c.take(length) else { return (End::Torn, names) };
        if sum(kind, payload) != checksum || tell(kind, payload, &mut names, told).is_none() {
            return (End::Damaged, names);
        }
    }
    (End::Whole, names)
}

/// One block whose checksum is right; none when it is not made as it should be all the same.
fn tell(
    kind: u8,
    payload: &[u8],
    names: &mut HashMap<u16, Arc<str>>,
    told: &mut impl FnMut(&Arc<str>, Kept),
) -> Option<()> {
    let mut c = Cursor(payload);
    match kind {
        NAMES => {
            while !c.0.is_empty() {
                let (number, length) = (c.u16()?, c.u16()?);
                let name = std::str::from_utf8(c.take(usize::from(length))?).ok()?;
                names.insert(number, Arc::from(name));
            }
        }
        POINTS => {
            let base = c.number().map(i64::from_le_bytes)?;
            while !c.0.is_empty() {
                let (number, code, after) = (c.u16()?, c.u16()?, c.u32()?);
                let p = Point { at: base.checked_add(i64::from(after))?, code, stages: c.stages()? };
                // What a code of a later version means is not known here.
                if let Some(name) = names.get(&number).filter(|_| p.outcome().is_some()) {
                    told(name, Kept::Point(p));
                }
            }
        }
        MINUTES => {
            while !c.0.is_empty() {
                let (number, minute) = (c.u16()?, c.u32()?);
                let [calls, answered, failed, throttled] = [c.u16()?, c.u16()?, c.u16()?, c.u16()?];
                let (mean, slowest) = (c.stages()?, c.u16()?);
                let b = Bucket { minute, calls, answered, failed, throttled, mean, slowest };
                if let Some(name) = names.get(&number) {
                    told(name, Kept::Minute(b));
                }
            }
        }
        // A kind that a later version of the same schema may add.
        _ => {}
    }
    Some(())
}
