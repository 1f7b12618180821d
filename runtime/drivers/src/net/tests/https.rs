//! TLS, against servers with certificates made for the test.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use ld_vm::FaultClass;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::super::clock::NS_PER_S;
use super::super::{
    Clock, Endpoint, Identity, Idle, Net, NetOptions, Stream, TlsOptions, Verify, io_fault,
};
use super::{closed_port, dial, listener, run, run_with};

/// An authority, and a folder with its certificate and whatever else a test needs.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// A certificate with its key.
struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    pem: String,
    key_pem: String,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certified {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    /// Options that trust this authority.
    fn trusted(&self) -> TlsOptions {
        TlsOptions { verify: Verify::Authorities(self.path("ca.pem")), ..TlsOptions::default() }
    }
}

fn server(certified: Certified) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certified.chain, certified.key)
        .unwrap()
}

/// A server on a free port that says `hello` on each connection and reads to its end.
/// Keeps, for each, the name that was asked for.
async fn serve(config: ServerConfig) -> (u16, Rc<RefCell<Vec<Option<String>>>>) {
    let (listener, address) = listener().await;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let names = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&names);
    tokio::task::spawn_local(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), Rc::clone(&seen));
            tokio::task::spawn_local(async move {
                // What a client refuses fails here as well; the client's side is the test.
                let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                let name = stream.get_ref().1.server_name().map(str::to_owned);
                seen.borrow_mut().push(name);
                let _ = stream.write_all(b"hello").await;
                let _ = stream.flush().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    (address.port(), names)
}

/// Dials a server with this configuration at `localhost` and hands out the fault.
async fn refused(net: &Net, config: ServerConfig, options: &TlsOptions) -> String {
    let (port, _) = serve(config).await;
    let fault = dial(net, &format!("localhost:{port}"), Some(options)).await.unwrap_err();
    assert_eq!(fault.class, FaultClass::Tls);
    let begin = format!("TLS with localhost:{port}: ");
    fault.text.strip_prefix(&begin).expect("where it happened").to_owned()
}

async fn read_hello(stream: &mut Stream) {
    let mut room = [0; 5];
    stream.read_exact(&mut room).await.unwrap();
    assert_eq!(&room, b"hello");
}

#[test]
fn a_named_authority_is_trusted_and_the_name_is_sent() {
    run(|net| async move {
        let authority = Authority::new();
        let config = server(authority.issue(&["localhost"], |_| {}));
        let (port, names) = serve(config).await;
        let target = format!("localhost:{port}");
        let mut dialed = dial(&net, &target, Some(&authority.trusted())).await.unwrap();
        assert!(dialed.connect_ns > 0 && dialed.tls_ns > 0);
        read_hello(&mut dialed.stream).await;
        assert_eq!(*names.borrow(), [Some("localhost".to_owned())]);
    });
}

#[test]
fn a_folder_of_authorities_is_trusted() {
    run(|net| async move {
        let authority = Authority::new();
        authority.write("README", "no certificate");
        let (port, _) = serve(server(authority.issue(&["localhost"], |_| {}))).await;
        let verify = Verify::Authorities(authority.folder.path().to_owned());
        let options = TlsOptions { verify, ..TlsOptions::default() };
        assert!(dial(&net, &format!("localhost:{port}"), Some(&options)).await.is_ok());
    });
}

#[test]
fn an_ip_address_is_verified_as_such_and_not_sent_as_a_name() {
    run(|net| async move {
        let authority = Authority::new();
        let (port, names) = serve(server(authority.issue(&["127.0.0.1"], |_| {}))).await;
        let target = format!("127.0.0.1:{port}");
        let mut dialed = dial(&net, &target, Some(&authority.trusted())).await.unwrap();
        read_hello(&mut dialed.stream).await;
        assert_eq!(*names.borrow(), [None]);
    });
}

#[test]
fn an_authority_nobody_trusts_is_refused_with_the_cure() {
    run(|net| async move {
        let (authority, other) = (Authority::new(), Authority::named("other"));
        let config = server(authority.issue(&["localhost"], |_| {}));
        let text = refused(&net, config, &other.trusted()).await;
        assert!(text.contains("not trusted") && text.contains("`verify`: false"), "{text}");
    });
}

#[test]
fn a_certificate_for_another_name_is_refused_with_both_names() {
    run(|net| async move {
        let authority = Authority::new();
        let config = server(authority.issue(&["shop.example"], |_| {}));
        let text = refused(&net, config, &authority.trusted()).await;
        assert_eq!(text, "the server's certificate is not for localhost but for shop.example");
    });
}

#[test]
fn an_expired_or_future_certificate_is_refused() {
    run(|net| async move {
        let authority = Authority::new();
        let config = server(authority.issue(&["localhost"], |params| {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        }));
        let text = refused(&net, config, &authority.trusted()).await;
        assert_eq!(text, "the server's certificate has expired");
        let config = server(authority.issue(&["localhost"], |params| {
            params.not_before = rcgen::date_time_ymd(2400, 1, 1);
            params.not_after = rcgen::date_time_ymd(2401, 1, 1);
        }));
        let text = refused(&net, config, &authority.trusted()).await;
        assert_eq!(text, "the server's certificate is not valid yet");
    });
}

#[test]
fn a_self_signed_server_is_trusted_when_its_own_certificate_is_named() {
    run(|net| async move {
        // As `openssl req -x509` makes them: at once an authority and a server.
        let own = |folder: &Authority, name: &str, year| {
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
            let key = KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap();
            let path = folder.write("own.pem", &certificate.pem());
            let config = server(Certified {
                chain: vec![certificate.der().clone()],
                key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
                pem: String::new(),
                key_pem: String::new(),
            });
            (config, TlsOptions { verify: Verify::Authorities(path), ..TlsOptions::default() })
        };
        let folder = Authority::new();
        let (config, options) = own(&folder, "localhost", 2400);
        let (port, _) = serve(config).await;
        assert!(dial(&net, &format!("localhost:{port}"), Some(&options)).await.is_ok());

        let folder = Authority::new();
        let (config, options) = own(&folder, "shop.example", 2400);
        assert!(refused(&net, config, &options).await.contains("not for localhost"));

        let folder = Authority::new();
        let (config, options) = own(&folder, "localhost", 2000);
        assert!(refused(&net, config, &options).await.contains("expired"));

        let (config, _) = own(&Authority::new(), "localhost", 2400);
        let (_, other) = own(&folder, "localhost", 2400);
        assert!(refused(&net, config, &other).await.contains("signed by itself"));
    });
}

#[test]
fn anything_is_accepted_where_the_plan_or_the_command_line_says_so() {
    let expired = |authority: &Authority| {
        server(authority.issue(&["shop.example"], |params| {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        }))
    };
    run(|net| async move {
        let (port, _) = serve(expired(&Authority::new())).await;
        let options = TlsOptions { verify: Verify::Nothing, ..TlsOptions::default() };
        assert!(dial(&net, &format!("localhost:{port}"), Some(&options)).await.is_ok());
    });
    let mut insecure = NetOptions::new(Clock::starting_now());
    insecure.insecure = true;
    run_with(insecure, |net| async move {
        let (port, _) = serve(expired(&Authority::new())).await;
        let options = TlsOptions::default();
        assert!(dial(&net, &format!("localhost:{port}"), Some(&options)).await.is_ok());
    });
}

#[test]
fn the_second_connection_resumes_the_session_of_the_first() {
    run(|net| async move {
        let authority = Authority::new();
        let (port, _) = serve(server(authority.issue(&["localhost"], |_| {}))).await;
        let target = format!("localhost:{port}");
        let mut resumed = Vec::new();
        for _ in 0..2 {
            let mut stream = dial(&net, &target, Some(&authority.trusted())).await.unwrap().stream;
            resumed.push(stream.resumed());
            // The ticket comes in front of the first bytes.
            read_hello(&mut stream).await;
            assert_eq!(stream.idle(), Idle::Open);
            stream.close();
        }
        assert_eq!(resumed, [Some(false), Some(true)]);
    });
}

#[test]
fn an_application_protocol_is_agreed_on() {
    run(|net| async move {
        let authority = Authority::new();
        for (served, outcome) in [(&b"http/1.1"[..], true), (b"h2", false)] {
            let mut config = server(authority.issue(&["localhost"], |_| {}));
            config.alpn_protocols = vec![served.to_vec()];
            let (port, _) = serve(config).await;
            let options = TlsOptions { alpn: vec![b"http/1.1".to_vec()], ..authority.trusted() };
            match dial(&net, &format!("localhost:{port}"), Some(&options)).await {
                Ok(dialed) => assert_eq!(dialed.stream.alpn(), outcome.then_some(served)),
                Err(fault) => {
                    assert!(!outcome);
                    assert!(fault.text.contains("none of the offered application protocols"));
                }
            }
        }
    });
}

#[test]
fn a_client_certificate_is_shown_when_the_server_wants_one() {
    run(|net| async move {
        let authority = Authority::new();
        let client = authority.issue(&[], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        let apart = Identity {
            certificate: authority.write("client.pem", &client.pem),
            key: Some(authority.write("client.key", &client.key_pem)),
        };
        let together = Identity {
            certificate: authority.write("both.pem", &(client.key_pem + &client.pem)),
            key: None,
        };
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let wants = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let served = authority.issue(&["localhost"], |_| {});
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(wants.build().unwrap())
            .with_single_cert(served.chain, served.key)
            .unwrap();
        let (port, _) = serve(config).await;
        let target = format!("localhost:{port}");
        for identity in [apart, together] {
            let options = TlsOptions { identity: Some(identity), ..authority.trusted() };
            let mut stream = dial(&net, &target, Some(&options)).await.unwrap().stream;
            read_hello(&mut stream).await;
        }
        // With TLS 1.3 the refusal arrives with the first read.
        let mut stream = dial(&net, &target, Some(&authority.trusted())).await.unwrap().stream;
        let error = stream.read_u8().await.unwrap_err();
        let fault = io_fault(&error);
        assert_eq!(fault.class, FaultClass::Tls);
        assert_eq!(fault.text, "the server refused: it wants a client certificate (`cert`)");
    });
}

#[test]
fn plain_text_on_the_port_is_recognised() {
    run(|net| async move {
        let (listener, address) = listener().await;
        tokio::task::spawn_local(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let _ = tcp.read(&mut [0; 1024]).await;
            let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        });
        let options = TlsOptions { verify: Verify::Nothing, ..TlsOptions::default() };
        let fault = dial(&net, &address.to_string(), Some(&options)).await.unwrap_err();
        assert_eq!(fault.class, FaultClass::Tls);
        assert!(fault.text.contains("is not TLS"), "{}", fault.text);
    });
}

#[test]
fn a_server_that_hangs_up_or_falls_silent_in_the_handshake_is_told_apart() {
    run(|net| async move {
        let options = TlsOptions { verify: Verify::Nothing, ..TlsOptions::default() };
        let (listener, address) = listener().await;
        let target = address.to_string();
        let hang_up = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let _ = tcp.read(&mut [0; 1024]).await;
        };
        let (dialed, ()) = tokio::join!(dial(&net, &target, Some(&options)), hang_up);
        let fault = dialed.unwrap_err();
        assert_eq!(fault.class, FaultClass::Tls);
        assert!(fault.text.contains("during the handshake"), "{}", fault.text);

        // Accepted by the system, and never answered.
        let endpoint = Endpoint::parse(&target, None, true).unwrap();
        let until_ns = net.now_ns() + NS_PER_S / 20;
        let dialed = net.dial(&endpoint, &options, &net.deadline(), until_ns).await;
        let fault = dialed.unwrap_err();
        assert_eq!(fault.class, FaultClass::Timeout);
        assert_eq!(fault.text, format!("timed out in the TLS handshake with {target}"));
    });
}

#[test]
fn files_that_are_missing_or_hold_something_else_fail_before_connecting() {
    run(|net| async move {
        let folder = Authority::new();
        let text = folder.write("notes.txt", "nothing to see");
        let target = format!("localhost:{}", closed_port().await);
        let verify = |path: PathBuf| TlsOptions {
            verify: Verify::Authorities(path),
            ..TlsOptions::default()
        };
        let identity = |certificate, key| TlsOptions {
            identity: Some(Identity { certificate, key }),
            ..TlsOptions::default()
        };
        for (options, what) in [
            (verify(folder.path("missing.pem")), "missing.pem cannot be read"),
            (verify(text.clone()), "notes.txt has no certificate"),
            (identity(text, None), "notes.txt has no certificate"),
            (identity(folder.path("ca.pem"), None), "ca.pem has no unencrypted private key"),
        ] {
            let fault = dial(&net, &target, Some(&options)).await.unwrap_err();
            assert_eq!(fault.class, FaultClass::Plan);
            assert!(fault.text.contains(what), "{}", fault.text);
        }
        let fault = dial(&net, "a..b:443", Some(&folder.trusted())).await.unwrap_err();
        assert_eq!(fault.class, FaultClass::Plan);
    });
}
