//! Connecting, and what becomes of idle connections.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::net::{Ipv6Addr, SocketAddr, TcpStream as StdStream};
use std::pin::Pin;
use std::time::Duration;

use ld_vm::FaultClass;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use super::super::clock::NS_PER_S;
use super::super::{Clock, Endpoint, Exhausted, Idle, NetOptions, TlsOptions};
use super::{closed_port, dial, listener, run, run_with};

/// A listener whose queue of connections is full: the system drops further ones unanswered,
/// as a firewall would. The connections that fill it are to be kept.
async fn full_listener() -> (TcpListener, SocketAddr, Vec<StdStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    loop {
        match StdStream::connect_timeout(&address, Duration::from_millis(200)) {
            Ok(stream) => filling.push(stream),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                return (listener, address, filling);
            }
        }
    }
}

#[test]
fn an_attempt_that_is_dropped_was_abandoned_and_one_that_fails_was_not() {
    run(|net| async move {
        let (_listener, full, _filling) = full_listener().await;
        let full = full.to_string();
        let attempt = dial(&net, &full, None);
        let moment = Duration::from_millis(1);
        assert!(tokio::time::timeout(moment, attempt).await.is_err());
        assert_eq!(net.counters.abandoned(), 1);
        let nobody = format!("127.0.0.1:{}", closed_port().await);
        dial(&net, &nobody, None).await.unwrap_err();
        assert_eq!((net.counters.abandoned(), net.counters.opened()), (1, 0));
    });
}

#[test]
fn a_connection_is_opened_stamped_and_counted() {
    run(|net| async move {
        let (listener, address) = listener().await;
        let target = address.to_string();
        let (dialed, accepted) = tokio::join!(dial(&net, &target, None), listener.accept());
        let (mut dialed, (mut peer, _)) = (dialed.unwrap(), accepted.unwrap());
        assert!(dialed.connect_ns > 0);
        assert_eq!(dialed.tls_ns, 0);
        assert_eq!(dialed.stream.peer_addr().unwrap(), address);
        assert_eq!(dialed.stream.resumed(), None);
        assert_eq!(net.counters.opened(), 1);

        peer.write_all(b"hello").await.unwrap();
        let mut room = [0; 16];
        let count = poll_fn(|cx| dialed.stream.poll_read_into(cx, &mut room)).await.unwrap();
        assert_eq!(&room[..count], b"hello");
        let slices = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        let stream = &mut dialed.stream;
        let written = poll_fn(|cx| Pin::new(&mut *stream).poll_write_vectored(cx, &slices)).await;
        assert_eq!(written.unwrap(), 8);
        let mut sent = [0; 8];
        peer.read_exact(&mut sent).await.unwrap();
        assert_eq!(&sent, b"headbody");
    });
}

#[test]
fn a_refused_connection_is_a_connect_fault() {
    run(|net| async move {
        let port = closed_port().await;
        let fault = dial(&net, &format!("127.0.0.1:{port}"), None).await.unwrap_err();
        assert_eq!(fault.class, FaultClass::Connect);
        assert_eq!(fault.text, format!("cannot connect to 127.0.0.1:{port}: connection refused"));
        assert_eq!((net.counters.opened(), net.counters.exhausted()), (0, Exhausted::default()));
    });
}

#[test]
fn a_host_that_does_not_answer_times_out() {
    run(|net| async move {
        let (_listener, address, _filling) = full_listener().await;
        let endpoint = Endpoint::parse(&address.to_string(), None, false).unwrap();
        let deadline = net.deadline();
        let until_ns = net.now_ns() + NS_PER_S / 20;
        let options = TlsOptions::default();
        let fault = net.dial(&endpoint, &options, &deadline, until_ns).await.unwrap_err();
        assert!(net.now_ns() >= until_ns);
        assert_eq!(fault.class, FaultClass::Timeout);
        assert_eq!(fault.text, format!("timed out connecting to {address}"));
        assert!(!deadline.expired(), "left disarmed");
    });
}

#[test]
fn each_address_of_a_name_is_tried_before_giving_up() {
    run(|net| async move {
        // localhost is an IPv6 and an IPv4 address, or IPv4 alone; IPv4 must be reached.
        let (listener, address) = listener().await;
        let dialed = dial(&net, &format!("localhost:{}", address.port()), None).await.unwrap();
        assert_eq!(dialed.stream.peer_addr().unwrap(), address);
        drop(listener);
    });
}

#[test]
fn ipv6_is_spoken() {
    run(|net| async move {
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let dialed = dial(&net, &format!("[::1]:{port}"), None).await.unwrap();
        assert!(dialed.stream.peer_addr().unwrap().is_ipv6());
    });
}

#[test]
fn connect_to_sends_connections_elsewhere() {
    let mut options = NetOptions::new(Clock::starting_now());
    options.connect_to = vec!["other.example::127.0.0.1:1".parse().unwrap()];
    let (listener, address) = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    };
    for rule in [&format!("shop.example:80:{address}"), "shop.example::127.0.0.1:1"] {
        options.connect_to.push(rule.parse().unwrap());
    }
    run_with(options, |net| async move {
        let dialed = dial(&net, "shop.example:80", None).await.unwrap();
        assert_eq!(dialed.stream.peer_addr().unwrap(), address);
        drop(listener);
    });
}

#[test]
fn an_idle_connection_tells_when_it_can_not_be_used_again() {
    run(|net| async move {
        let (listener, address) = listener().await;
        for (last_words, expected) in [(&b""[..], Idle::Closed), (b"408", Idle::Unsolicited)] {
            let target = address.to_string();
            let (dialed, accepted) = tokio::join!(dial(&net, &target, None), listener.accept());
            let (mut stream, (mut peer, _)) = (dialed.unwrap().stream, accepted.unwrap());
            assert_eq!(stream.idle(), Idle::Open);
            peer.write_all(last_words).await.unwrap();
            drop(peer);
            // Until the reactor has been asked, it cannot know.
            let found = loop {
                match stream.idle() {
                    Idle::Open => tokio::task::yield_now().await,
                    found => break found,
                }
            };
            assert_eq!(found, expected);
        }
    });
}
