//! A certificate authority for one start of the simulator: Microsoft's clients refuse plain http.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::SimulatorError;

/// Hosts of these services may be made later.
const LATER: [&str; 4] = ["*.openai.azure.com", "*.azconfig.io", "*.vault.azure.net", "*.blob.core.windows.net"];

/// Ready to accept, and the authority's file that makes clients trust it; the file goes when this does.
pub struct Tls {
    /// For the listeners.
    pub acceptor: TlsAcceptor,
    /// The same names, by an authority that nobody knows.
    pub stranger: TlsAcceptor,
    file: PathBuf,
}

impl Tls {
    /// The authority's PEM file.
    pub fn ca(&self) -> &Path {
        &self.file
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // A leftover in the temporary directory harms nobody: it is a public certificate.
        let _ = std::fs::remove_file(&self.file);
    }
}

fn failed(what: impl std::fmt::Display) -> SimulatorError {
    SimulatorError::Tls { what: what.to_string() }
}

/// Makes an authority and a certificate for loopback, the address listened on, and these hosts.
pub fn make(listen: IpAddr, port: u16, hosts: Vec<String>) -> Result<Tls, SimulatorError> {
    let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    if !listen.is_unspecified() && !names.contains(&listen.to_string()) {
        names.push(listen.to_string());
    }
    names.extend(hosts);
    names.extend(LATER.map(str::to_owned));
    let (root, acceptor) = trusted_by("Lifeboat simulator", names.clone())?;
    let (_, stranger) = trusted_by("Somebody in between", names)?;
    // Process and port together are unique on this computer while the simulator runs.
    let file = std::env::temp_dir().join(format!("lifeboat-ca-{}-{port}.pem", std::process::id()));
    std::fs::write(&file, root).map_err(|e| failed(format_args!("{}: {e}", file.display())))?;
    Ok(Tls { acceptor, stranger, file })
}

/// A new authority's PEM text, and who listens with its certificate for these names.
fn trusted_by(authority: &str, names: Vec<String>) -> Result<(String, TlsAcceptor), SimulatorError> {
    let mut params = CertificateParams::new(Vec::<String>::new()).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, authority);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().map_err(failed)?;
    let root = params.self_signed(&key).map_err(failed)?;
    let issuer = Issuer::new(params, key);

    let mut leaf = CertificateParams::new(names).map_err(failed)?;
    leaf.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate().map_err(failed)?;
    let leaf = leaf.signed_by(&leaf_key, &issuer).map_err(failed)?;

    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], secret)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((root.pem(), TlsAcceptor::from(Arc::new(config))))
}
