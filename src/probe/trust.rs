//! Whom to trust over TLS: the platform decides; what it refuses is kept, and the reason said in plain words.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::certificate::certificate;
use crate::health::Certificate;
use crate::units::visible;

/// The platform's judgement, with the certificate kept in its refusals: rustls itself forgets it.
#[derive(Debug)]
pub(super) struct Witness(pub(super) Arc<dyn ServerCertVerifier>);

/// A refusal, as it travels inside rustls' error.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct NotTrusted {
    /// Who showed itself, as far as it could be read.
    pub(super) shown: Option<Certificate>,
    /// Why it is not believed.
    pub(super) why: String,
}

impl NotTrusted {
    /// The refusal in an error of the handshake, if it is one.
    pub(super) fn of(e: &Error) -> Option<&Self> {
        match e {
            Error::InvalidCertificate(CertificateError::Other(OtherError(e))) => e.downcast_ref(),
            _ => None,
        }
    }
}

fn keep<T>(judged: Result<T, Error>, end: &CertificateDer<'_>) -> Result<T, Error> {
    judged.map_err(|e| match e {
        Error::InvalidCertificate(cause) => {
            let shown = certificate(end);
            let why = words(&cause, shown.as_ref());
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(NotTrusted { shown, why }))))
        }
        other => other,
    })
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        keep(self.0.verify_server_cert(end, between, name, ocsp, now), end)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        end: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        keep(self.0.verify_tls12_signature(message, end, signed), end)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        end: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        keep(self.0.verify_tls13_signature(message, end, signed), end)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Why a certificate is not believed, and where to look.
fn words(cause: &CertificateError, shown: Option<&Certificate>) -> String {
    let subject = shown.map_or("it", |c| c.subject.as_str());
    match cause {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the certificate of {subject} expired on {}, and by this computer's clock it is {}: if that is the right \
             time, the service let its certificate run out; if not, set the clock",
            date(*not_after),
            date(*time)
        ),
        CertificateError::Expired => {
            format!("the certificate of {subject} has expired, or this computer's clock is wrong")
        }
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the certificate of {subject} is not valid before {}, and by this computer's clock it is {}: the clock is \
             probably slow; set it",
            date(*not_before),
            date(*time)
        ),
        CertificateError::NotValidYet => {
            format!("the certificate of {subject} is not valid yet: this computer's clock is probably slow; set it")
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let few: Vec<_> = presented.iter().take(NAMES_SHOWN).map(|n| visible(n)).collect();
            let for_whom = if few.is_empty() { subject.to_owned() } else { few.join(", ") };
            format!(
                "the certificate is for another name: not for {}, but for {for_whom}. Somebody else answers at this \
                 address",
                expected.to_str()
            )
        }
        CertificateError::NotValidForName => {
            format!("the certificate is for another name: {subject}. Somebody else answers at this address")
        }
        CertificateError::UnknownIssuer if shown.is_some_and(|c| c.issuer == c.subject) => {
            format!("the certificate of {subject} is signed by nobody but itself, and this computer does not know it")
        }
        CertificateError::UnknownIssuer => format!(
            "the certificate of {subject} is issued by {}, whom this computer does not trust: somebody in between opens \
             TLS, or a company's own authority is missing here",
            shown.map_or("somebody", |c| c.issuer.as_str())
        ),
        CertificateError::Revoked => format!("the certificate of {subject} was revoked by who issued it"),
        other => format!("the certificate of {subject} cannot be trusted: {other}"),
    }
}

/// Names of a certificate that a sentence lists; some have hundreds.
const NAMES_SHOWN: usize = 4;

fn date(t: UnixTime) -> String {
    let at = i64::try_from(t.as_secs()).ok().and_then(|s| Timestamp::from_second(s).ok());
    at.map_or_else(|| "a date out of range".to_owned(), |t| t.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
