//! TLS (RFC 3261 section 26.2, RFC 5922): who we are, and whom we believe.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use offhook_sip::message::Host;
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// Who the relay is over TLS, and whom it believes.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// What it shows: to all that connect, and to servers that ask for it (mutual TLS).
    pub identity: Option<Identity>,
    /// Whose word on servers counts; the system's authorities when absent.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    /// Who connects must show a certificate of one of these, where there are any.
    pub client_authorities: Option<Vec<CertificateDer<'static>>>,
    /// Whether servers' certificates are looked at. Without, anybody on the way can listen and speak.
    pub verify: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self { identity: None, authorities: None, client_authorities: None, verify: true }
    }
}

/// A certificate, with those that lead to its authority, and its key.
pub struct Identity {
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads both from PEM files.
    ///
    /// # Errors
    /// A sentence, for the first file that cannot be used.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let certificates = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| format!("{}: no private key in PEM can be read ({error})", key.display()))?;
        Ok(Self { certificates, key })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { certificates: self.certificates.clone(), key: self.key.clone_key() }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.certificates.len()).finish_non_exhaustive()
    }
}

/// The certificates of a PEM file, one at least.
///
/// # Errors
/// A sentence.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))?.collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unreadable(&"there is no certificate in PEM in it")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Both sides of TLS, ready to be used.
#[derive(Clone)]
pub(super) struct Tls {
    client: TlsConnector,
    server: Option<TlsAcceptor>,
}

impl TlsConfig {
    /// Whether certificate, key and authorities can be used together.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self) -> Result<(), String> {
        Tls::new(self).map(drop)
    }
}

impl Tls {
    pub(super) fn new(config: &TlsConfig) -> Result<Self, String> {
        // Named here and nowhere else: what the process has for a default does not matter.
        let provider = Arc::new(ring::default_provider());
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let client = match config.verify {
            true => client.with_root_certificates(roots(config.authorities.as_deref())?),
            false => client
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody { provider: Arc::clone(&provider) })),
        };
        let client = match &config.identity {
            None => client.with_no_client_auth(),
            Some(Identity { certificates, key }) => client
                .with_client_auth_cert(certificates.clone(), key.clone_key())
                .map_err(|error| format!("certificate and key do not go together ({error})"))?,
        };
        let server = config.identity.as_ref().map(|identity| server(config, identity, &provider)).transpose()?;
        Ok(Self { client: TlsConnector::from(Arc::new(client)), server })
    }

    /// Whether we have a certificate to show to those who connect.
    pub(super) fn can_serve(&self) -> bool {
        self.server.is_some()
    }

    /// Greets a server, whose certificate must name this host.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        host: Option<&Host>,
        address: IpAddr,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let name = match host {
            Some(Host::Name(name)) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
            Some(Host::Ip(ip)) => ServerName::from(*ip),
            None => ServerName::from(address),
        };
        self.client.connect(name, stream).await
    }

    /// Greets somebody who has connected.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        match &self.server {
            Some(server) => server.accept(stream).await,
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server", &self.server.is_some()).finish_non_exhaustive()
    }
}

fn server(config: &TlsConfig, identity: &Identity, provider: &Arc<CryptoProvider>) -> Result<TlsAcceptor, String> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match &config.client_authorities {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let roots = Arc::new(roots(Some(authorities))?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))
                .build()
                .map_err(|error| format!("the authorities of clients cannot be used ({error})"))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let server = builder
        .with_single_cert(identity.certificates.clone(), identity.key.clone_key())
        .map_err(|error| format!("certificate and key do not go together ({error})"))?;
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn roots(authorities: Option<&[CertificateDer<'static>]>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(authorities) => {
            for authority in authorities {
                let added = roots.add(authority.clone());
                added.map_err(|error| format!("a certificate is no authority's ({error})"))?;
            }
        }
        None => {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
            if roots.is_empty() {
                tracing::warn!("this system trusts no certificate authority: SIP over TLS needs sip.tls_ca");
            }
        }
    }
    Ok(roots)
}

/// Believes any certificate, as `sip.tls_verify = false` asks; that its owner has the key is still checked.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
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
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
