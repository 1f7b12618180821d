//! Against real peers on loopback.

use std::net::Ipv6Addr;

use ld_stdlib::protocols::socket::{PROTOCOL, option, part};
use ld_stdlib::{Template, TreeKind};
use ld_vm::FaultClass;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::Socket;
use crate::testing::tasks::{Outcome, User, text};

fn run<T: Future<Output = ()>>(test: impl FnOnce(User<Socket>) -> T) {
    crate::testing::tasks::run(&PROTOCOL, test);
}

/// A TCP server that treats one connection as `serve` says; its address.
async fn tcp<T: Future<Output = ()>>(serve: impl FnOnce(TcpStream) -> T + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::task::spawn_local(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    address
}

/// A UDP server that answers each datagram with what `answer` makes of it.
async fn udp(local: &str, answer: impl Fn(&[u8]) -> Vec<Vec<u8>> + 'static) -> String {
    let socket = UdpSocket::bind(local).await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::task::spawn_local(async move {
        let mut room = vec![0; 1 << 16];
        loop {
            let (count, from) = socket.recv_from(&mut room).await.unwrap();
            for datagram in answer(&room[..count]) {
                socket.send_to(&datagram, from).await.unwrap();
            }
        }
    });
    address
}

/// Reads one byte after the other until `end`, then says `words` and waits for the close.
async fn answer(mut stream: TcpStream, end: u8, words: &[&[u8]]) {
    while stream.read_u8().await.unwrap() != end {}
    for word in words {
        stream.write_all(word).await.unwrap();
        // Each word in a segment of its own, so that the client reads them apart.
        tokio::task::yield_now().await;
    }
    let _ = stream.read_u8().await;
}

async fn exchange(
    user: &mut User<Socket>,
    target: &str,
    more: &[(&'static str, TreeKind)],
) -> Outcome {
    let mut fields = vec![("target", text(target)), ("payload", text("ping\n"))];
    fields.extend_from_slice(more);
    user.run(&fields).await
}

#[test]
fn tcp_sends_and_reads_as_many_bytes_as_expected() {
    run(|mut user| async move {
        let target = tcp(|stream| answer(stream, b'\n', &[b"pong and more"])).await;
        let outcome = exchange(&mut user, &target, &[("expect_bytes", TreeKind::Int(4))]).await;
        assert_eq!(outcome.text(), "pong");
        let stamps = outcome.stamps;
        assert_eq!((stamps.bytes_out, stamps.bytes_in), (5, 4));
        assert!(stamps.connect_ns > 0);
        assert!(stamps.sent_ns <= stamps.first_byte_ns && stamps.first_byte_ns <= stamps.done_ns);
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn a_peer_that_closes_early_ends_the_reading_without_failure() {
    run(|mut user| async move {
        let target = tcp(|mut stream| async move {
            let mut request = [0; 5];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(b"po").await.unwrap();
        })
        .await;
        let outcome = exchange(&mut user, &target, &[("expect_bytes", TreeKind::Int(4))]).await;
        assert_eq!(outcome.text(), "po");
    });
}

#[test]
fn nothing_is_read_when_nothing_is_expected() {
    run(|mut user| async move {
        let target = tcp(|stream| answer(stream, b'\n', &[b"pong"])).await;
        let outcome = exchange(&mut user, &target, &[]).await;
        assert_eq!(outcome.text(), "");
        assert_eq!((outcome.stamps.bytes_in, outcome.stamps.first_byte_ns), (0, 0));
    });
}

#[test]
fn an_expected_text_is_read_up_to_even_across_segments() {
    run(|mut user| async move {
        let target = tcp(|stream| answer(stream, b'\n', &[b"... PO", b"NG"])).await;
        let outcome = exchange(&mut user, &target, &[("expect_substring", text("PONG"))]).await;
        assert_eq!(outcome.text(), "... PONG");
    });
}

#[test]
fn a_text_that_does_not_come_before_the_end_fails_the_check() {
    run(|mut user| async move {
        let target = tcp(|mut stream| async move {
            let mut request = [0; 5];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(b"no").await.unwrap();
        })
        .await;
        let outcome = exchange(&mut user, &target, &[("expect_substring", text("PONG"))]).await;
        assert_eq!(outcome.fault(), (FaultClass::Assertion, "expected 'PONG' in response"));

        let target = tcp(|stream| answer(stream, b'\n', &[b"PONG"])).await;
        let expect = [("expect_substring", text("ONG")), ("expect_bytes", TreeKind::Int(3))];
        let outcome = exchange(&mut user, &target, &expect).await;
        assert_eq!(outcome.fault(), (FaultClass::Assertion, "expected 'ONG' in response"));
    });
}

#[test]
fn silence_times_out() {
    run(|mut user| async move {
        for (name, value, what) in [
            ("expect_bytes", TreeKind::Int(1), "timed out waiting for the response"),
            ("expect_substring", text("x"), "timed out waiting for 'x'"),
        ] {
            let target = tcp(|stream| answer(stream, b'\n', &[])).await;
            let more = [("timeout", TreeKind::Float(0.05)), (name, value)];
            let outcome = exchange(&mut user, &target, &more).await;
            assert_eq!(outcome.fault(), (FaultClass::Timeout, what));
            let stamps = outcome.stamps;
            assert!(stamps.done_ns - stamps.sent_ns >= 40_000_000, "{stamps:?}");
        }
    });
}

#[test]
fn a_refused_connection_is_a_connect_fault_on_both_protocols() {
    run(|mut user| async move {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let target = format!("127.0.0.1:{port}");
        let outcome = exchange(&mut user, &target, &[]).await;
        assert_eq!(outcome.fault().0, FaultClass::Connect);
        assert_eq!(outcome.stamps.sent_ns, outcome.stamps.done_ns);

        let port = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let target = format!("127.0.0.1:{port}");
        let more = [("protocol", text("udp")), ("expect_bytes", TreeKind::Int(1))];
        let outcome = exchange(&mut user, &target, &more).await;
        assert_eq!(outcome.fault(), (FaultClass::Connect, "connection refused"));
    });
}

#[test]
fn a_reset_is_told_as_such() {
    run(|mut user| async move {
        let target = tcp(|mut stream| async move {
            let mut request = [0; 5];
            stream.read_exact(&mut request).await.unwrap();
            stream.set_zero_linger().unwrap();
        })
        .await;
        let outcome = exchange(&mut user, &target, &[("expect_bytes", TreeKind::Int(1))]).await;
        assert_eq!(outcome.fault().0, FaultClass::Reset);
    });
}

#[test]
fn a_payload_larger_than_the_socket_takes_at_once_is_sent_whole() {
    run(|mut user| async move {
        let size = 8 << 20;
        let target = tcp(move |mut stream| async move {
            let mut count = 0;
            let mut room = vec![0; 1 << 16];
            while count < size {
                count += stream.read(&mut room).await.unwrap();
            }
            stream.write_all(format!("{count}").as_bytes()).await.unwrap();
        })
        .await;
        let fields = [
            ("target", text(&target)),
            ("payload", text(vec![b'x'; size])),
            ("expect_bytes", TreeKind::Int(100)),
        ];
        let outcome = user.run(&fields).await;
        assert_eq!(outcome.text(), size.to_string());
        assert_eq!(outcome.stamps.bytes_out, size as u64);
    });
}

#[test]
fn udp_reads_one_datagram_cut_to_what_is_expected() {
    run(|mut user| async move {
        let target = udp("127.0.0.1:0", |data| vec![[b"re: ", data].concat(), b"two".into()]).await;
        let more = [("protocol", text("udp")), ("expect_bytes", TreeKind::Int(6))];
        let outcome = exchange(&mut user, &target, &more).await;
        assert_eq!(outcome.text(), "re: pi");
        assert_eq!((outcome.stamps.bytes_out, outcome.stamps.bytes_in), (5, 9));
        assert_eq!(user.net.counters.opened(), 0, "a datagram opens no connection");
    });
}

#[test]
fn udp_reads_datagrams_until_the_expected_text() {
    run(|mut user| async move {
        let answers = || vec![b"one".to_vec(), Vec::new(), b"two".to_vec(), b"three".to_vec()];
        let target = udp("127.0.0.1:0", move |_| answers()).await;
        let more = [("protocol", text("udp")), ("expect_substring", text("two"))];
        assert_eq!(exchange(&mut user, &target, &more).await.text(), "onetwo");
    });
}

#[test]
fn both_protocols_reach_ipv6() {
    run(|mut user| async move {
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        tokio::task::spawn_local(async move {
            answer(listener.accept().await.unwrap().0, b'\n', &[b"six"]).await;
        });
        let more = [("expect_bytes", TreeKind::Int(3))];
        assert_eq!(exchange(&mut user, &target, &more).await.text(), "six");

        let target = udp("[::1]:0", |data| vec![data.to_vec()]).await;
        let more = [("protocol", text("udp")), ("expect_bytes", TreeKind::Int(4))];
        assert_eq!(exchange(&mut user, &target, &more).await.text(), "ping");
    });
}

#[test]
fn what_varies_is_checked_when_it_is_known() {
    run(|mut user| async move {
        let target = udp("127.0.0.1:0", |data| vec![data.to_vec()]).await;
        let fields = [
            ("target", text(target)),
            ("protocol", text("udp")),
            ("expect_bytes", TreeKind::Int(9)),
        ];
        let mut prepared = user.prepare(&fields);
        prepared.options[usize::from(option::HEX)] = 1;
        for (payload, expected) in [("hex:6869", "hi"), ("plain", "plain")] {
            prepared.parts[usize::from(part::PAYLOAD)] = Template::text(payload);
            assert_eq!(user.carry_out(&prepared).await.text(), expected);
        }
        prepared.parts[usize::from(part::PAYLOAD)] = Template::text("hex:6");
        let outcome = user.carry_out(&prepared).await;
        let text = "the payload is not hexadecimal: the last pair has one digit only";
        assert_eq!(outcome.fault(), (FaultClass::Plan, text));

        prepared.parts[usize::from(part::TARGET)] = Template::text("localhost");
        let outcome = user.carry_out(&prepared).await;
        let text = "`localhost` is no target: the port is missing";
        assert_eq!(outcome.fault(), (FaultClass::Plan, text));
    });
}
