//! TLS to a database: whose certificates are trusted, and how far they are checked.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::address::{Protection, Roots};
use crate::connect::ConnectError;

/// What makes connections of this kind.
pub(crate) fn connector(
    protection: Protection,
    roots: &Roots,
) -> Result<MakeRustlsConnect, ConnectError> {
    let verifier: Arc<dyn ServerCertVerifier> = match protection {
        Protection::Plain | Protection::Encrypted => Arc::new(Unchecked(provider())),
        Protection::Issuer => Arc::new(AnyName(known(roots)?)),
        Protection::Full => known(roots)?,
    };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Roots(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(ring::default_provider()));
    PROVIDER.clone()
}

/// Checks certificates against these roots, names included.
fn known(roots: &Roots) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
    let roots = match roots {
        Roots::System => SYSTEM.clone().ok_or(ConnectError::NoCertificates)?,
        // Read for each connection: a root that is replaced counts from then on.
        Roots::File(file) => Arc::new(from_file(file)?),
    };
    WebPkiServerVerifier::builder_with_provider(roots, provider())
        .build()
        .map_err(|error| ConnectError::Roots(error.to_string()))
}

static SYSTEM: LazyLock<Option<Arc<RootCertStore>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(errors = ?found.errors, "no root certificates");
        return None;
    }
    Some(Arc::new(roots))
});

fn from_file(file: &Path) -> Result<RootCertStore, ConnectError> {
    let refused = |reason: String| ConnectError::Roots(format!("{}: {reason}", file.display()));
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// What a person can do about a certificate that was refused.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let Error::InvalidCertificate(why) = error else {
        return None;
    };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "the database's certificate is signed by nobody this machine trusts: if it is your own \
             authority's, name its certificate in the address, sslrootcert=/path/to/ca.pem"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "the database's certificate is for another name ({why}): use that name as the host in \
                 the address, or sslmode=verify-ca if the authority signs your databases alone"
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the database's certificate has expired, renew it on the server ({why})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the database's certificate is not valid yet, look at both clocks ({why})")
        }
        other => format!("the database's certificate was refused: {other}"),
    })
}

/// `verify-ca`: everything but the name. The name is what is looked at last.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// `require`: whoever answers, as long as it holds its certificate's key.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
