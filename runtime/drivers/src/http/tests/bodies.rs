//! What becomes of bodies and fields.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::ask::Ask;
use super::peer::{Peer, Step, reply};
use super::*;

fn gzip(text: &str) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
    coder.write_all(text.as_bytes()).unwrap();
    coder.finish().unwrap()
}

fn coded(coding: &str, body: &[u8]) -> Step {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Step::Answer([head.as_bytes(), body].concat())
}

#[test]
fn a_body_that_is_read_is_decoded() {
    run(|mut user| async move {
        let steps = vec![coded("gzip", &gzip("one")), coded("gzip", &gzip("two"))];
        let peer = Peer::new(vec![steps]).await;
        let ask = Ask::get(&peer.origin, "/").needs(Needs::PAYLOAD);
        assert_eq!(user.ask(&ask).await.body, "one");
        assert_eq!(user.ask(&ask).await.body, "two");
    });
}

#[test]
fn zeros_after_a_gzip_member_are_passed_over() {
    run(|mut user| async move {
        let padded = [gzip("one"), vec![0; 20]].concat();
        let spoilt = [gzip("one"), vec![0, 1]].concat();
        let peer = Peer::new(vec![vec![coded("gzip", &padded), coded("gzip", &spoilt)]]).await;
        let ask = Ask::get(&peer.origin, "/").needs(Needs::PAYLOAD);
        assert_eq!(user.ask(&ask).await.body, "one");
        assert_eq!(user.ask(&ask).await.fault().0, FaultClass::Protocol);
    });
}

#[test]
fn a_body_that_is_not_read_is_not_looked_at() {
    run(|mut user| async move {
        let peer = Peer::new(vec![vec![coded("gzip", b"not gzip"); 2]]).await;
        let ask = Ask::get(&peer.origin, "/");
        let answer = user.ask(&ask).await;
        assert_eq!((answer.status, answer.body.as_str()), (Some(200), ""));
        let answer = user.ask(&ask.needs(Needs::PAYLOAD)).await;
        assert_eq!(
            answer.fault(),
            (FaultClass::Protocol, "the body of the reply is not valid gzip")
        );
        assert_eq!(user.net.counters.opened(), 1, "the connection is none the worse for it");
    });
}

#[test]
fn fields_are_there_when_they_are_asked_for() {
    run(|mut user| async move {
        let marked = reply("200 OK", "X-Mark: a\r\nx-mark: b\r\n", "body");
        let peer = Peer::answering(&[&marked, &marked]).await;
        let ask = Ask::get(&peer.origin, "/").needs(Needs::META);
        let answer = user.ask(&ask).await;
        assert_eq!(answer.mark.as_deref(), Some("a, b"));
        assert_eq!(answer.body, "", "nobody asked for it");
    });
}

#[test]
fn no_buffer_is_held_longer_than_the_reply_is_used() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "text");
        let peer = Peer::answering(&[&ok, &ok]).await;
        user.ask(&Ask::get(&peer.origin, "/")).await;
        assert_eq!(user.session.received.buffer.capacity(), 0);
        let answer = user.ask(&Ask::get(&peer.origin, "/").needs(Needs::PAYLOAD)).await;
        assert_eq!(answer.body, "text");
        assert!(user.session.received.buffer.capacity() > 0);
        user.http.release(&mut user.session);
        assert_eq!(user.session.received.buffer.capacity(), 0);
    });
}

#[test]
fn replies_that_come_in_pieces_are_put_together() {
    run(|mut user| async move {
        let say = |text: &str| Step::Say(text.as_bytes().to_vec());
        let script = vec![
            Step::Answer(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 20".to_vec()),
            say("0 OK\r\nTransfer-Encoding: chunk"),
            say("ed\r\n\r\n5\r\nhel"),
            say("lo\r\n7\r\n, world\r\n0\r\nX-Sum: 1\r\n"),
            say("\r\n"),
        ];
        let peer = Peer::new(vec![script]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/").needs(Needs::PAYLOAD)).await;
        assert_eq!((answer.status, answer.body.as_str()), (Some(200), "hello, world"));
    });
}

#[test]
fn a_large_body_streams_through_a_small_buffer() {
    run(|mut user| async move {
        let body = "x".repeat(8 << 20);
        let peer = Peer::answering(&[&reply("200 OK", "", &body)]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/")).await;
        assert_eq!(answer.status, Some(200));
        assert!(answer.stamps.bytes_in > 8 << 20);
        let buffer = user.http.buffers.take();
        assert!(buffer.capacity() <= 128 << 10, "{}", buffer.capacity());
    });
}

#[test]
fn the_end_of_the_connection_may_be_the_end_of_the_body() {
    run(|mut user| async move {
        let peer = Peer::answering(&["HTTP/1.0 200 OK\r\n\r\nall of it"]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/").needs(Needs::PAYLOAD)).await;
        assert_eq!((answer.status, answer.body.as_str()), (Some(200), "all of it"));
    });
}

#[test]
fn a_reply_to_head_has_no_body_whatever_it_says() {
    run(|mut user| async move {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        let peer = Peer::answering(&[head, head]).await;
        let ask = Ask::new("HEAD", &peer.origin, "/", "", "");
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.net.counters.opened(), 1);
    });
}
