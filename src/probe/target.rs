//! What to ask, as whom, and how long to wait.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, crypto::CryptoProvider};
use url::Url;

use super::proxy::Proxy;
use super::trust::Witness;

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
pub struct Tls {
    /// To an endpoint: HTTP/2 if it likes, else HTTP/1.1.
    pub(super) endpoint: Arc<ClientConfig>,
    /// To a proxy, which is spoken to by HTTP/1.1.
    pub(super) proxy: Arc<ClientConfig>,
}

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
        let crypto = rustls::crypto::aws_lc_rs::default_provider();
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::new(crypto.clone()))
            .map_err(ProbeError::Trust)?;
        Self::config(crypto, verifier).map_err(ProbeError::Trust)
    }

    fn config(mut crypto: CryptoProvider, verifier: rustls_platform_verifier::Verifier) -> Result<Self, rustls::Error> {
        // Every service speaks it, and nothing said here is worth reading in twenty years: the exchange that withstands
        // quantum computers, which costs several times as much, stays on offer for who insists.
        crypto.kx_groups.sort_by_key(|group| group.name() != rustls::NamedGroup::X25519);
        let mut config = ClientConfig::builder_with_provider(Arc::new(crypto))
            .with_safe_default_protocol_versions()?
            // "Dangerous" because any verifier could be put here; this one asks the platform's.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witness(Arc::new(verifier))))
            .with_no_client_auth();
        // A resumed session skips the handshake that is to be measured.
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let proxy = Arc::new(config.clone());
        config.alpn_protocols.insert(0, HTTP2.to_vec());
        Ok(Self { endpoint: Arc::new(config), proxy })
    }
}

/// What a server that chooses HTTP/2 says in the handshake.
pub(super) const HTTP2: &[u8] = b"h2";

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
    /// For the name, the connection and TLS, each: 5 s.
    pub connect_timeout: Millis,
    /// For everything: 10 s.
    pub total_timeout: Millis,
    /// Whom to trust; needed for https only.
    pub tls: Option<Tls>,
    /// The proxy to go through; none: straight. A rehearsal uses none in any case.
    pub proxy: Option<Proxy>,
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
            proxy: None,
        }
    }
}
