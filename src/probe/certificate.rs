//! What a person wants to know of a certificate: whose, by whom, until when, and its fingerprint.
//!
//! Only those four are read, from whatever a stranger sends: anything that is not as it should be ends the reading.
//! Nothing here decides about trust.

use jiff::civil::DateTime;
use sha2::{Digest, Sha256};

use crate::health::Certificate;
use crate::units::visible;

/// Characters of a name that are kept.
const NAME_MAX: usize = 120;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const OCTETS: u8 = 0x04;
const BOOLEAN: u8 = 0x01;
const BMP_STRING: u8 = 0x1e;
const UTC_TIME: u8 = 0x17;
/// The version's own tag, which the oldest certificates lack.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// A DNS name among alternative names.
const DNS_NAME: u8 = 0x82;

/// Object identifiers, as they are encoded.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const UNIT: &[u8] = &[0x55, 4, 11];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];

/// Reads a certificate; none if it is none.
pub(super) fn certificate(der: &[u8]) -> Option<Certificate> {
    let mut all = Der(Der(der).expect(SEQUENCE)?).expect(SEQUENCE).map(Der)?;
    if all.peek() == Some(VERSION) {
        all.next()?;
    }
    let _serial_number = all.next()?;
    let _signature = all.next()?;
    let issuer = name(all.expect(SEQUENCE)?);
    let mut validity = Der(all.expect(SEQUENCE)?);
    let _from = validity.next()?;
    let until = validity.next().and_then(|(tag, text)| time(tag, text))?;
    let subject = name(all.expect(SEQUENCE)?);
    let _public_key = all.next()?;
    let subject = subject.or_else(|| alternative(all)).unwrap_or_else(|| "nobody by name".to_owned());
    let sha256 = Sha256::digest(der).iter().map(|b| format!("{b:02x}")).collect();
    Some(Certificate { subject, issuer: issuer.unwrap_or_else(|| "nobody by name".to_owned()), until, sha256 })
}

/// A reader of tags, lengths and contents.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next tag and its contents.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, short], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match short {
            0..=0x7f => (usize::from(short), rest),
            // Up to three bytes of length: sixteen million is more than any handshake carries.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
                (bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The contents of the next tag, if it is this one.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(t, _)| *t == tag).map(|(_, contents)| contents)
    }
}

/// The best part of a name: the common name, else the organization or its unit.
fn name(contents: &[u8]) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    let mut sets = Der(contents);
    while let Some(set) = sets.expect(SET) {
        let mut parts = Der(set);
        while let Some(part) = parts.expect(SEQUENCE) {
            let mut part = Der(part);
            let kind = part.expect(OBJECT)?;
            let (tag, value) = part.next()?;
            let Some(rank) = [COMMON_NAME, ORGANIZATION, UNIT].iter().position(|k| *k == kind) else { continue };
            if best.as_ref().is_none_or(|(b, _)| rank < *b) {
                best = Some((rank, text(tag, value)));
            }
        }
    }
    best.map(|(_, text)| text).filter(|t| !t.is_empty())
}

/// The first DNS name among the alternative names.
fn alternative(mut rest: Der<'_>) -> Option<String> {
    let extensions = loop {
        let (tag, contents) = rest.next()?;
        if tag == EXTENSIONS {
            break contents;
        }
    };
    let mut all = Der(Der(extensions).expect(SEQUENCE)?);
    while let Some(one) = all.expect(SEQUENCE) {
        let mut one = Der(one);
        if one.expect(OBJECT)? != ALTERNATIVE_NAMES {
            continue;
        }
        if one.peek() == Some(BOOLEAN) {
            one.next()?;
        }
        let mut names = Der(Der(one.expect(OCTETS)?).expect(SEQUENCE)?);
        while let Some((tag, value)) = names.next() {
            if tag == DNS_NAME {
                return Some(text(tag, value));
            }
        }
    }
    None
}

fn text(tag: u8, bytes: &[u8]) -> String {
    let text = if tag == BMP_STRING {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    visible(&text.chars().take(NAME_MAX).collect::<String>())
}

/// `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` from then on; UTC milliseconds.
fn time(tag: u8, bytes: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let (year, rest) = digits.split_at_checked(if tag == UTC_TIME { 2 } else { 4 })?;
    let mut year: i16 = year.parse().ok()?;
    if tag == UTC_TIME {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let two = |n: usize| rest.get(2 * n..2 * n + 2)?.parse::<i8>().ok();
    let at = DateTime::new(year, two(0)?, two(1)?, two(2)?, two(3)?, two(4)?, 0).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
