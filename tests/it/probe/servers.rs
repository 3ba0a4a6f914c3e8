//! Servers that do one thing to whoever connects.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::{head, models};

/// A server that does this to every connection; its port, and how many have come. It ends with the test's runtime.
pub async fn serve<F, Fut>(act: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(act(stream));
        }
    });
    (port, count)
}

/// A certificate for `oai.test` that vouches for itself.
pub fn certificate() -> (rcgen::Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["oai.test".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap(), key)
}

/// Who shows this certificate, whatever it is, and speaks these protocols.
pub fn acceptor(der: CertificateDer<'static>, key: &rcgen::KeyPair, protocols: &[&[u8]]) -> TlsAcceptor {
    let key = any_supported_type(&PrivateKeyDer::try_from(key.serialize_der()).unwrap()).unwrap();
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![der], key));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = protocols.iter().map(|p| p.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A TLS server with this certificate that answers with the list of models.
pub async fn tls_server(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> u16 {
    tls_server_of(certificate.der().clone(), key).await
}

/// The same with any bytes for a certificate.
pub async fn tls_server_of(der: CertificateDer<'static>, key: &rcgen::KeyPair) -> u16 {
    let acceptor = acceptor(der, key, &[]);
    let answer = move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut s) = acceptor.accept(stream).await else { return };
            head(&mut s).await;
            s.write_all(models().as_bytes()).await.unwrap_or_default();
            s.shutdown().await.unwrap_or_default();
        }
    };
    serve(answer).await.0
}
