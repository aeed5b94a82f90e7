//! TLS from two PEM files.

use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::options::TlsOptions;

/// Reads certificate and key. The message of an error says which file, and what is wrong with it.
pub fn acceptor(options: &TlsOptions) -> Result<TlsAcceptor, String> {
    let TlsOptions { cert, key } = options;
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("the certificate {cert} cannot be read: {error}"))?;
    if chain.is_empty() {
        return Err(format!("{cert} holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("the private key {key} cannot be read: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        })
        .map_err(|error| format!("{cert} and {key} do not make a certificate: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
