//! TLS between two sets of sockets: who is believed, and what is told of who is not.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use super::*;
use crate::ua::transport::tls::{Identity, TlsConfig, certificates};
use offhook_sip::message::Host;

/// A certificate authority and a folder for what it vouches for.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("offhook-authority-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn identity(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str| self.folder.join(format!("{name}.{kind}"));
        std::fs::write(file("crt"), certificate.pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        Identity::read(&file("crt"), &file("key")).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
}

fn trusting(authority: &Path) -> TlsConfig {
    TlsConfig { authorities: Some(certificates(authority).unwrap()), ..TlsConfig::default() }
}

fn server(tls: TlsConfig) -> (Transports, mpsc::Receiver<TransportEvent>) {
    let (sender, receiver) = mpsc::channel(16);
    let listen = vec![(Protocol::Tls, loopback())];
    let config = TransportConfig { listen, tls, ..TransportConfig::default() };
    (Transports::bind(&config, sender, &Handle::current()).unwrap(), receiver)
}

/// What comes of a request to a server, which is asked for by this name.
async fn ask(server: &TlsConfig, client: TlsConfig, name: &str) -> Result<(), SendFault> {
    let (there, mut arrivals) = self::server(server.clone());
    let (sender, mut events) = mpsc::channel(16);
    let here =
        Transports::bind(&TransportConfig { tls: client, ..TransportConfig::default() }, sender, &Handle::current())
            .unwrap();
    let host = Host::parse(name).unwrap();
    let to = Destination::new(Transport::Tls, at(&there, Protocol::Tls)).named(host);
    here.send(transmit(to, OPTIONS.as_bytes(), Some(some_transaction())));
    let arrived = async {
        if let TransportEvent::Message { from, .. } = next(&mut arrivals).await {
            there.send(transmit(from, b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", None));
        }
        std::future::pending().await
    };
    tokio::select! {
        () = arrived => Ok(()),
        event = next(&mut events) => match event {
            TransportEvent::Failed { fault, .. } => Err(fault),
            TransportEvent::Message { from, .. } => {
                assert_eq!(from.transport, Transport::Tls);
                Ok(())
            }
            other => panic!("{other:?}"),
        },
    }
}

#[tokio::test]
async fn a_server_is_believed_whose_certificate_names_it_and_comes_from_a_trusted_authority() {
    let authority = Authority::new("trust");
    let server = TlsConfig { identity: Some(authority.identity("pbx.example", |_| {})), ..TlsConfig::default() };
    assert_eq!(ask(&server, trusting(&authority.file()), "pbx.example").await, Ok(()));
    assert_eq!(ask(&server, trusting(&authority.file()), "PBX.example.").await, Ok(()));
    assert_eq!(ask(&server, trusting(&authority.file()), "other.example").await, Err(SendFault::WrongName));
    assert_eq!(ask(&server, trusting(&authority.file()), "127.0.0.1").await, Err(SendFault::WrongName));
    let other = Authority::new("other");
    assert_eq!(ask(&server, trusting(&other.file()), "pbx.example").await, Err(SendFault::Untrusted));
    let anybody = TlsConfig { verify: false, ..trusting(&other.file()) };
    assert_eq!(ask(&server, anybody, "other.example").await, Ok(()));
}

#[tokio::test]
async fn an_expired_certificate_is_told_as_such() {
    let authority = Authority::new("expired");
    let expired = authority.identity("pbx.example", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let server = TlsConfig { identity: Some(expired), ..TlsConfig::default() };
    assert_eq!(ask(&server, trusting(&authority.file()), "pbx.example").await, Err(SendFault::Expired));
}

#[tokio::test]
async fn an_address_is_believed_that_the_certificate_names() {
    let authority = Authority::new("address");
    let server = TlsConfig { identity: Some(authority.identity("127.0.0.1", |_| {})), ..TlsConfig::default() };
    assert_eq!(ask(&server, trusting(&authority.file()), "127.0.0.1").await, Ok(()));
}

#[tokio::test]
async fn a_server_may_ask_who_we_are() {
    let authority = Authority::new("mutual");
    let server = TlsConfig {
        identity: Some(authority.identity("pbx.example", |_| {})),
        client_authorities: Some(certificates(&authority.file()).unwrap()),
        ..TlsConfig::default()
    };
    let nobody = trusting(&authority.file());
    assert_eq!(ask(&server, nobody.clone(), "pbx.example").await, Err(SendFault::CertificateRefused));
    let known = TlsConfig { identity: Some(authority.identity("relay.example", |_| {})), ..nobody.clone() };
    assert_eq!(ask(&server, known, "pbx.example").await, Ok(()));
    let other = Authority::new("stranger");
    let stranger = TlsConfig { identity: Some(other.identity("relay.example", |_| {})), ..nobody };
    assert_eq!(ask(&server, stranger, "pbx.example").await, Err(SendFault::CertificateRefused));
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_as_such() {
    let server = TcpListener::bind(loopback()).await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = server.accept().await {
            drop(stream.write_all(b"SIP/2.0 400 Bad Request\r\n\r\n").await);
        }
    });
    let (sender, mut events) = mpsc::channel(16);
    let here = Transports::bind(&TransportConfig::default(), sender, &Handle::current()).unwrap();
    here.send(transmit(Destination::new(Transport::Tls, address), b"x", Some(some_transaction())));
    match next(&mut events).await {
        TransportEvent::Failed { fault, .. } => assert_eq!(fault, SendFault::NoTls),
        other => panic!("not a failure: {other:?}"),
    }
}

/// The certificate was checked for one name, and is not taken for another's.
#[tokio::test]
async fn a_connection_to_one_host_is_not_used_for_another_at_the_same_address() {
    let authority = Authority::new("reuse");
    let (there, _arrivals) =
        server(TlsConfig { identity: Some(authority.identity("pbx.example", |_| {})), ..TlsConfig::default() });
    let (sender, mut events) = mpsc::channel(16);
    let config = TransportConfig { tls: trusting(&authority.file()), ..TransportConfig::default() };
    let here = Transports::bind(&config, sender, &Handle::current()).unwrap();
    let to = |name: &str| Destination::new(Transport::Tls, at(&there, Protocol::Tls)).named(Host::parse(name).unwrap());
    here.send(transmit(to("pbx.example"), OPTIONS.as_bytes(), None));
    here.send(transmit(to("PBX.example"), OPTIONS.as_bytes(), None));
    here.send(transmit(to("127.0.0.1"), OPTIONS.as_bytes(), None));
    assert_eq!(here.connections(), 1);
    here.send(transmit(to("evil.example"), OPTIONS.as_bytes(), Some(some_transaction())));
    match next(&mut events).await {
        TransportEvent::Failed { fault, .. } => assert_eq!(fault, SendFault::WrongName),
        other => panic!("not a failure: {other:?}"),
    }
}
