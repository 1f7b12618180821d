//! What servers do wrong.

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};

use super::ask::Ask;
use super::peer::{Peer, Step, reply};
use super::*;

async fn fault_of(user: &mut User, script: Vec<Step>) -> (FaultClass, String) {
    let peer = Peer::new(vec![script]).await;
    let answer = user.ask(&Ask::get(&peer.origin, "/").within_ms(5_000)).await;
    assert_eq!(answer.status, None);
    assert!(answer.stamps.done_ns >= answer.stamps.sent_ns);
    answer.fault.expect("a fault")
}

fn says(bytes: &[u8]) -> Vec<Step> {
    vec![Step::Answer(bytes.to_vec())]
}

#[test]
fn broken_replies_have_their_class_and_text() {
    run(|mut user| async move {
        for (script, class, text) in [
            (says(b"\0\xff"), FaultClass::Protocol, "the server does not answer with HTTP"),
            (says(b"HTTP/1.1 200 OK\r\nContent-"), FaultClass::Closed, "within the head"),
            (
                says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
                FaultClass::Closed,
                "before the end of its reply of 9 bytes",
            ),
            (
                says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"),
                FaultClass::Protocol,
                "sent more bytes than its reply has",
            ),
            (vec![Step::Listen], FaultClass::Closed, "without a reply"),
            (vec![Step::Listen, Step::Reset], FaultClass::Reset, "reset the connection"),
        ] {
            let (found, found_text) = fault_of(&mut user, script).await;
            assert_eq!(found, class, "{found_text}");
            assert!(found_text.contains(text), "{found_text}");
        }
        assert_eq!(user.net.counters.reopened(), 0);
    });
}

#[test]
fn an_oversized_head_is_a_fault_and_no_memory() {
    run(|mut user| async move {
        let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
        let mut script = says(head.as_bytes());
        script.push(Step::Wait);
        let peer = Peer::new(vec![script]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/")).await;
        let text = "the head of the reply is larger than the limit of 256 KiB";
        assert_eq!(answer.fault(), (FaultClass::Protocol, text));
    });
}

#[test]
fn time_limits_say_what_was_waited_for() {
    run(|mut user| async move {
        let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        for (script, text) in [
            (
                vec![Step::Listen, Step::Wait],
                "timed out waiting for the reply to begin (limit 0.05 s)",
            ),
            (
                vec![Step::Answer(begun.to_vec()), Step::Wait],
                "timed out in the middle of the reply (limit 0.05 s)",
            ),
        ] {
            let peer = Peer::new(vec![script]).await;
            let answer = user.ask(&Ask::get(&peer.origin, "/").within_ms(50)).await;
            assert_eq!(answer.fault(), (FaultClass::Timeout, text));
            let waited_ns = answer.stamps.done_ns - answer.stamps.sent_ns;
            assert!((45_000_000..2_000_000_000).contains(&waited_ns), "{waited_ns}");
        }
    });
}

/// More than a connection to [`narrow_listener`] holds while nobody reads it.
const LARGE: usize = 6 << 20;

/// A listener whose connections take in little that nobody reads.
fn narrow_listener() -> (TcpListener, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(8).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

#[test]
fn a_request_that_nobody_reads_times_out_while_it_is_sent() {
    run(|mut user| async move {
        let (_listener, origin) = narrow_listener();
        let ask = Ask::post(&origin, "/", &"x".repeat(LARGE));
        let answer = user.ask(&ask.within_ms(50)).await;
        let text = "timed out sending the request (limit 0.05 s)";
        assert_eq!(answer.fault(), (FaultClass::Timeout, text));
    });
}

#[test]
fn a_request_refused_while_it_is_sent_has_its_reply() {
    run(|mut user| async move {
        let (listener, origin) = narrow_listener();
        let refusal = reply("413 Content Too Large", "", "no");
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(refusal.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        });
        let ask = Ask::post(&origin, "/", &"x".repeat(LARGE)).needs(Needs::PAYLOAD);
        let answer = user.ask(&ask).await;
        assert_eq!((answer.status, answer.body.as_str()), (Some(413), "no"));
        assert!(answer.stamps.bytes_out < LARGE as u64);
    });
}

#[test]
fn nobody_there_is_a_fault_of_connecting() {
    run(|mut user| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let answer = user.ask(&Ask::get(&format!("http://{address}"), "/")).await;
        let (class, text) = answer.fault();
        assert_eq!(class, FaultClass::Connect);
        assert_eq!(text, format!("cannot connect to {address}: connection refused"));
        assert_eq!(answer.stamps.bytes_out, 0);
    });
}

#[test]
fn a_user_goes_on_after_a_fault() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let scripts = vec![says(b"garbage"), says(ok.as_bytes())];
        let peer = Peer::new(scripts).await;
        let ask = Ask::get(&peer.origin, "/");
        assert!(user.ask(&ask).await.fault.is_some());
        assert_eq!(user.ask(&ask).await.status, Some(200));
    });
}
