//! What to ask, as whom, and how long to wait.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, crypto::CryptoProvider};
use url::Url;

use crate::health::{EndpointId, Expectation};
use crate::units::{Millis, Secret};

/// Why no TLS could be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The trust store of the system, or an extra certificate, cannot be used.
    #[error(
        "TLS cannot be set up; check the system's certificate store (package ca-certificates) and the extra CA file"
    )]
    Trust(#[source] rustls::Error),
    /// The extra certificate is not PEM.
    #[error("the extra CA file is not PEM; it should hold -----BEGIN CERTIFICATE----- blocks")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// The extra file holds no certificate.
    #[error("the extra CA file holds no certificate")]
    Empty,
}

/// Whom to trust. Made once and shared: reading the system's certificates takes tens of milliseconds.
#[derive(Clone)]
pub struct Tls(pub(super) Arc<ClientConfig>);

impl Tls {
    /// The certificates that the system trusts.
    pub fn platform() -> Result<Self, ProbeError> {
        Self::trusting([])
    }

    /// Those, and the authorities in this PEM text (a company's own, or a test's).
    pub fn with_extra_ca(pem: &[u8]) -> Result<Self, ProbeError> {
        let extra: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(ProbeError::Pem)?;
        if extra.is_empty() {
            return Err(ProbeError::Empty);
        }
        Self::trusting(extra)
    }

    fn trusting(extra: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, ProbeError> {
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&crypto))
            .map_err(ProbeError::Trust)?;
        Self::config(crypto, Arc::new(verifier)).map_err(ProbeError::Trust)
    }

    fn config(
        crypto: Arc<CryptoProvider>,
        verifier: Arc<rustls_platform_verifier::Verifier>,
    ) -> Result<Self, rustls::Error> {
        let mut config = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            // "Dangerous" because any verifier could be put here; this one is the platform's.
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session skips the handshake that is to be measured.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// As whom to ask.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Nobody.
    #[default]
    None,
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `api-key`.
    ApiKey(Secret),
}

/// One thing to probe.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in observations.
    pub id: EndpointId,
    /// The address asked, path and query included; in a rehearsal the simulator's.
    pub url: Url,
    /// The public host name, where the address is another: goes into `Host` and TLS.
    pub authority: Option<String>,
    /// JSON to POST; none: GET.
    pub body: Option<String>,
    /// As whom.
    pub credential: Credential,
    /// What an answer must look like.
    pub expect: Expectation,
    /// For name and connection together, each: 5 s.
    pub connect_timeout: Millis,
    /// For everything: 10 s.
    pub total_timeout: Millis,
    /// Whom to trust; needed for https only.
    pub tls: Option<Tls>,
}

impl Target {
    /// A GET with the usual patience.
    pub fn get(id: impl Into<EndpointId>, url: Url, expect: Expectation) -> Self {
        Self {
            id: id.into(),
            url,
            authority: None,
            body: None,
            credential: Credential::None,
            expect,
            connect_timeout: Millis::from_secs(5),
            total_timeout: Millis::from_secs(10),
            tls: None,
        }
    }
}
