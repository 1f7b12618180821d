//! The same over TLS.

use std::io::Write as _;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::ask::Ask;
use super::peer::reply;
use super::*;

/// A certificate of a server's own making in PEM, and how that server is set up.
pub(super) fn config() -> (String, ServerConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (pem, config)
}

/// A server with a certificate of its own making; each connection gets these replies and
/// is then cut without a goodbye. The origin, and the certificate in PEM.
async fn server(connections: Vec<Vec<String>>) -> (String, String) {
    let (pem, config) = config();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::task::spawn_local(async move {
        for replies in connections {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(serve(acceptor.clone(), stream, replies));
        }
    });
    (origin, pem)
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, replies: Vec<String>) {
    // A client that does not trust the certificate goes away.
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = [0; 4096];
    for reply in replies {
        if matches!(stream.read(&mut request).await, Ok(0) | Err(_)) {
            return;
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "hello");
        let (origin, _) = server(vec![vec![ok.clone(), ok]]).await;
        let ask = Ask::get(&origin, "/").with_option(option::VERIFY, 0).needs(Needs::PAYLOAD);
        let first = user.ask(&ask).await;
        assert_eq!(first.body, "hello", "{:?}", first.fault);
        assert!(first.stamps.tls_ns > 0);
        let second = user.ask(&ask).await;
        assert_eq!((second.body.as_str(), second.stamps.tls_ns), ("hello", 0));
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn certificates_are_judged_as_each_request_says() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let (origin, pem) = server(vec![vec![ok; 2]; 3]).await;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        let ask = Ask::get(&origin, "/");
        let trusting = ask.clone().with(part::CA, file.path().to_str().unwrap());
        let any = ask.clone().with_option(option::VERIFY, 0);
        assert_eq!(user.ask(&trusting).await.status, Some(200));
        assert_eq!(user.ask(&any).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.fault().0, FaultClass::Tls, "nobody vouches for it");
        assert_eq!(user.ask(&trusting).await.status, Some(200));
        assert_eq!(user.net.counters.opened(), 2, "a connection for each way to judge");
    });
}

#[test]
fn an_end_without_goodbye_ends_a_body_that_ends_so() {
    run(|mut user| async move {
        let until_close = "HTTP/1.1 200 OK\r\n\r\nall of it".to_owned();
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall".to_owned();
        let (origin, _) = server(vec![vec![until_close], vec![cut]]).await;
        let ask = Ask::get(&origin, "/").with_option(option::VERIFY, 0).needs(Needs::PAYLOAD);
        assert_eq!(user.ask(&ask).await.body, "all of it");
        assert_eq!(user.ask(&ask).await.fault().0, FaultClass::Closed);
    });
}

#[test]
fn an_idle_connection_that_was_closed_is_replaced() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let (origin, _) = server(vec![vec![ok.clone()], vec![ok]]).await;
        let ask = Ask::get(&origin, "/").with_option(option::VERIFY, 0);
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 1));
    });
}
