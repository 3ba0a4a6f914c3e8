//! Time stamps (RFC 3161): the question for a checkpoint, and whether an answer is one to it.
//!
//! An answer is read as far as that takes. Whether its signature and certificates are to be believed is for
//! `openssl ts -verify`, for which the whole answer is kept.

use sha2::{Digest, Sha256};

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const TEXT: u8 = 0x0c;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INSIDE: u8 = 0xa0;
/// SHA-256, 2.16.840.1.101.3.4.2.1.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// Signed data, 1.2.840.113549.1.7.2.
const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// What a time stamp says, 1.2.840.113549.1.9.16.1.4.
const STAMP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// Why an answer is no time stamp of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Not the shape of an answer.
    #[error("the answer is no time stamp that can be read here")]
    Shape,
    /// The authority said no.
    #[error("the authority refused (status {status}): {why}")]
    Refused {
        /// `PKIStatus`.
        status: u8,
        /// Its words.
        why: String,
    },
    /// Of something else.
    #[error("the answer is a time stamp of something else")]
    Other,
    /// To another question.
    #[error("the answer is one to another question: its number is not the one that was sent")]
    Nonce,
}

/// A question that is asked once: the number must be another one each time.
pub struct Question {
    hash: [u8; 32],
    nonce: [u8; 8],
}

impl Question {
    /// About this text.
    pub fn of(text: &str, mut nonce: [u8; 8]) -> Self {
        // A positive number of just these bytes.
        nonce[0] = nonce[0] & 0x3f | 0x40;
        Self { hash: Sha256::digest(text).into(), nonce }
    }

    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let algorithm = tlv(SEQUENCE, &[tlv(OID, SHA256), tlv(0x05, &[])].concat());
        let imprint = tlv(SEQUENCE, &[algorithm, tlv(OCTETS, &self.hash)].concat());
        // With the certificates, so that nobody has to look for them years later.
        let rest = [tlv(INTEGER, &self.nonce), tlv(0x01, &[0xff])].concat();
        tlv(SEQUENCE, &[tlv(INTEGER, &[1]), imprint, rest].concat())
    }

    /// When the authority says it was, as it writes it (`20261122085442Z`), if this is its answer to the question.
    pub fn answered(&self, answer: &[u8]) -> Result<String, StampError> {
        let mut answer = Der(answer).inside(SEQUENCE).ok_or(StampError::Shape)?;
        let mut status = answer.inside(SEQUENCE).ok_or(StampError::Shape)?;
        match status.want(INTEGER).ok_or(StampError::Shape)? {
            [0 | 1] => {}
            said => {
                let why = status.inside(SEQUENCE).and_then(|mut words| words.want(TEXT)).unwrap_or_default();
                let why = String::from_utf8_lossy(why).into_owned();
                return Err(StampError::Refused { status: said.last().copied().unwrap_or(u8::MAX), why });
            }
        }
        self.in_token(answer).ok_or(StampError::Shape)?
    }

    fn in_token(&self, mut answer: Der<'_>) -> Option<Result<String, StampError>> {
        let mut token = answer.inside(SEQUENCE)?;
        let mut signed = token.named(SIGNED)?.inside(SEQUENCE)?;
        signed.want(INTEGER)?;
        signed.want(SET)?;
        let mut info = signed.inside(SEQUENCE)?.named(STAMP)?.inside(OCTETS)?.inside(SEQUENCE)?;
        info.want(INTEGER).filter(|v| *v == [1])?;
        info.want(OID)?;
        let mut imprint = info.inside(SEQUENCE)?;
        let algorithm = imprint.inside(SEQUENCE)?.want(OID)?;
        if (algorithm, imprint.want(OCTETS)?) != (SHA256, &self.hash[..]) {
            return Some(Err(StampError::Other));
        }
        info.want(INTEGER)?;
        let at = std::str::from_utf8(info.want(TIME)?).ok()?;
        // Behind it may stand how exact it is and whether stamps are in order, then the number.
        let nonce = std::iter::from_fn(|| info.next()).find(|(tag, _)| *tag == INTEGER);
        let same = nonce.is_some_and(|(_, n)| n == self.nonce);
        Some(if same { Ok(at.to_owned()) } else { Err(StampError::Nonce) })
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap_or(u8::MAX);
    debug_assert!(len < 0x80, "nothing that is asked is longer");
    [[tag, len].as_slice(), content].concat()
}

/// Distinguished encoding, read from the front. What is not that is not read.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut len = usize::from(first);
        if first >= 0x80 {
            let (digits, behind) =
                rest.split_at_checked(usize::from(first & 0x7f)).filter(|(d, _)| (1..=4).contains(&d.len()))?;
            len = digits.iter().fold(0, |n, d| n << 8 | usize::from(*d));
            rest = behind;
        }
        let (content, behind) = rest.split_at_checked(len)?;
        self.0 = behind;
        Some((tag, content))
    }

    fn want(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn inside(&mut self, tag: u8) -> Option<Self> {
        self.want(tag).map(Self)
    }

    /// What stands behind this name.
    fn named(&mut self, name: &[u8]) -> Option<Self> {
        self.want(OID).filter(|found| *found == name)?;
        self.inside(INSIDE)
    }
}
