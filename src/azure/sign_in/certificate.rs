//! An application's certificate: read from PEM, and the short statement that is signed with it instead of a secret.
//!
//! No OpenSSL: the key signs through aws-lc-rs, which is in the program for TLS anyway. Of the certificate only three
//! things matter here (its bytes, its key, its dates), so they are read by hand.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::AzureError;
use super::super::client::random_id;
use super::super::error::SignIn;
use crate::units::{Now, Secret, utc_text};

/// A statement is good for so long; Entra takes up to a day, and minutes are enough.
const VALID_S: i64 = 600;
/// It is dated back by so much, for clocks that are a little behind.
const BACK_S: i64 = 60;
/// Entra's smallest.
const LEAST_BITS: usize = 2_048;

/// A certificate with its key.
pub struct Certificate {
    key: KeyPair,
    thumbprint: String,
    /// Unix seconds.
    from: i64,
    /// Unix seconds.
    until: i64,
}

/// Without the key.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a certificate and its private key from one PEM text.
    pub fn from_pem(pem: &Secret) -> Result<Self, AzureError> {
        let bad = |why: &str| AzureError::Setup(format!("the client certificate: {why}"));
        let text = pem.expose();
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(bad(
                "its private key is encrypted with a passphrase; decrypt it (openssl pkey -in key.pem -out plain.pem) \
                 and keep the result in the keyring, or in a file that only you can read",
            ));
        }
        let all: Vec<CertificateDer> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| bad("the text is damaged PEM; export it again"))?;
        if all.is_empty() {
            return Err(bad(
                "there is no certificate in it (BEGIN CERTIFICATE); export it as PEM, certificate and key in one file",
            ));
        }
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
            bad("there is no private key in it (BEGIN PRIVATE KEY); put certificate and key into one file")
        })?;
        let not_rsa = || bad("its key is not RSA; Entra takes RSA keys only. Make another certificate with an RSA key");
        let key = match &key {
            PrivateKeyDer::Pkcs1(k) => KeyPair::from_der(k.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(k) => KeyPair::from_pkcs8(k.secret_pkcs8_der()),
            _ => return Err(not_rsa()),
        };
        // What cannot be read as RSA is another kind, or too small for the library, or broken: the first is usual.
        let key = key.map_err(|_| not_rsa())?;
        if key.public_modulus_len() * 8 < LEAST_BITS {
            return Err(bad("its RSA key is shorter than 2048 bits, which Entra refuses"));
        }
        let public: PublicKeyX509Der = key.public_key().as_der().map_err(|_| bad("its key cannot be used"))?;
        let parts = |der: &CertificateDer<'_>| {
            let found = Parts::of(der)?;
            Some((found.key == public.as_ref(), found.from?, found.until?, der.as_ref().to_vec()))
        };
        let read: Option<Vec<_>> = all.iter().map(parts).collect();
        let read = read.ok_or_else(|| bad("a certificate in it cannot be read; export it again"))?;
        let own = read.into_iter().find(|(same, ..)| *same);
        let (_, from, until, der) =
            own.ok_or_else(|| bad("certificate and private key do not belong together; take both from one export"))?;
        Ok(Self { key, thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&der)), from, until })
    }

    /// When it ends, UTC milliseconds.
    pub fn until(&self) -> i64 {
        self.until.saturating_mul(1_000)
    }

    /// Why it cannot be used at this instant (UTC milliseconds).
    pub fn refused_at(&self, utc: i64) -> Option<String> {
        let says = |at: i64| utc_text(at.saturating_mul(1_000));
        if utc / 1_000 > self.until {
            return Some(format!(
                "the client certificate expired on {}; upload a new one and set it",
                says(self.until)
            ));
        }
        (utc / 1_000 < self.from).then(|| {
            format!("the client certificate is not valid before {}; is this computer's clock right?", says(self.from))
        })
    }

    /// The signed statement of one sign-in.
    pub(super) fn assertion(&self, audience: &str, client: &str, now: Now) -> Result<Assertion, SignIn> {
        let refused = |text: String| SignIn { error: "certificate".into(), ..SignIn::saying(text) };
        if let Some(why) = self.refused_at(now.utc) {
            return Err(refused(why));
        }
        let at = now.utc / 1_000;
        let part = |v: serde_json::Value| URL_SAFE_NO_PAD.encode(v.to_string());
        let head = part(json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": self.thumbprint }));
        let claims = part(json!({
            "aud": audience, "iss": client, "sub": client, "jti": random_id(),
            "nbf": at - BACK_S, "iat": at, "exp": at + VALID_S,
        }));
        let text = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| refused("the client certificate's key cannot sign".into()))?;
        Ok(Assertion(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))))
    }
}

/// A statement made for one request.
#[derive(Debug)]
pub struct Assertion(Secret);

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose().to_owned())
    }
}

/// What matters of a certificate.
struct Parts<'a> {
    key: &'a [u8],
    from: Option<i64>,
    until: Option<i64>,
}

impl<'a> Parts<'a> {
    /// Certificate → its signed part → version?, serial, algorithm, issuer, dates, subject, key.
    fn of(der: &'a [u8]) -> Option<Self> {
        const VERSION: u8 = 0xa0;
        let certificate = Element::first(der)?.inside;
        let mut fields = Element::first(certificate)?.all();
        let mut next = fields.next()?;
        if next.tag == VERSION {
            next = fields.next()?;
        }
        let _serial = next;
        let _algorithm = fields.next()?;
        let _issuer = fields.next()?;
        let mut dates = fields.next()?.all();
        let _subject = fields.next()?;
        let key = fields.next()?.whole;
        let mut date = || dates.next().and_then(|d| seconds(d.tag, d.inside));
        Some(Self { from: date(), until: date(), key })
    }
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    inside: &'a [u8],
    whole: &'a [u8],
    after: &'a [u8],
}

impl<'a> Element<'a> {
    fn first(der: &'a [u8]) -> Option<Self> {
        let (&tag, rest) = der.split_first()?;
        let (&length, rest) = rest.split_first()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(length), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                (bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (inside, after) = rest.split_at_checked(length)?;
        Some(Self { tag, inside, whole: &der[..der.len() - after.len()], after })
    }

    fn all(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut rest = self.inside;
        std::iter::from_fn(move || {
            let next = Element::first(rest)?;
            rest = next.after;
            Some(next)
        })
    }
}

/// UTCTime (two digits of the year, up to 2049) or GeneralizedTime, as Unix seconds.
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    const UTC_TIME: u8 = 0x17;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let century = match (tag, text.get(..2)?.parse::<u8>().ok()?) {
        (UTC_TIME, 0..50) => "20",
        (UTC_TIME, _) => "19",
        _ => "",
    };
    let whole = format!("{century}{text}");
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", whole).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
