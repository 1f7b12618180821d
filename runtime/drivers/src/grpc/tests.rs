//! Against servers on loopback that do what servers should not.

use std::fs;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Response};
use ld_stdlib::TreeKind;
use ld_stdlib::protocols::grpc::PROTOCOL;
use ld_vm::FaultClass;
use tokio::net::{TcpListener, TcpStream};

use super::Grpc;
use crate::testing::tasks::{Outcome, User, text};

const PROTO: &str = r#"
    syntax = "proto3";
    package t;
    message M { string a = 1; int64 n = 2; }
    service S { rpc Say(M) returns (M); rpc Tell(M) returns (stream M); }
"#;

/// `{"a": "x"}` as it comes over a stream.
const MESSAGE: &[u8] = b"\0\0\0\0\x03\x0a\x01x";

/// What a server does about a call.
#[derive(Clone, Copy)]
enum Act {
    /// These bytes, then this status.
    Say(&'static [u8], &'static str),
    /// A status alone, with its message.
    Fail(&'static str, &'static str),
    /// A reply of something that does not speak gRPC.
    Http(u16, &'static str),
    /// No trailers.
    Unfinished,
    Reset(Reason),
    Silence,
    /// A message, and the last of the connection.
    Last,
    /// The end of the connection instead of an answer.
    Cut,
}

const OK: Act = Act::Say(MESSAGE, "0");

/// A server that does this on each connection; its address.
async fn server(connections: Vec<Vec<Act>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::task::spawn_local(async move {
        for acts in connections {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(serve(stream, acts));
        }
    });
    address
}

async fn serve(stream: TcpStream, acts: Vec<Act>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut silent = Vec::new();
    for act in acts {
        let Some(Ok((request, mut respond))) = connection.accept().await else { return };
        assert_eq!(request.headers()["te"], "trailers");
        match act {
            Act::Say(bytes, status) => say(&mut respond, bytes, Some(status)),
            Act::Unfinished => say(&mut respond, MESSAGE, None),
            Act::Fail(status, message) => {
                let reply = head(200, "application/grpc")
                    .header("grpc-status", status)
                    .header("grpc-message", message);
                respond.send_response(reply.body(()).unwrap(), true).unwrap();
            }
            Act::Http(status, kind) => {
                let reply = head(status, kind).body(()).unwrap();
                respond.send_response(reply, true).unwrap();
            }
            Act::Reset(reason) => respond.send_reset(reason),
            Act::Silence => silent.push((request, respond)),
            Act::Last => {
                say(&mut respond, MESSAGE, Some("0"));
                connection.graceful_shutdown();
            }
            Act::Cut => return,
        }
    }
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
}

fn head(status: u16, kind: &str) -> http::response::Builder {
    Response::builder().status(status).header("content-type", kind)
}

fn say(respond: &mut SendResponse<Bytes>, bytes: &'static [u8], status: Option<&'static str>) {
    let reply = head(200, "application/grpc+proto").body(()).unwrap();
    let mut stream = respond.send_response(reply, false).unwrap();
    stream.send_data(bytes.into(), status.is_none()).unwrap();
    if let Some(status) = status {
        let status = HeaderValue::from_static(status);
        stream
            .send_trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), status)]))
            .unwrap();
    }
}

/// A user of a server that does this, and where its messages are described.
fn with(connections: Vec<Vec<Act>>, test: impl AsyncFnOnce(User<Grpc>, Caller)) {
    crate::testing::tasks::run(&PROTOCOL, |user| async move {
        let folder = tempfile::tempdir().unwrap();
        let proto = folder.path().join("t.proto");
        fs::write(&proto, PROTO).unwrap();
        let target = server(connections).await;
        test(user, Caller { target, proto: proto.to_str().unwrap().to_owned() }).await;
    });
}

struct Caller {
    target: String,
    proto: String,
}

impl Caller {
    async fn call(&self, user: &mut User<Grpc>, method: &str, payload: &str) -> Outcome {
        let fields = [
            ("target", text(&self.target)),
            ("proto", text(&self.proto)),
            ("method", text(method)),
            ("payload", text(payload)),
            ("timeout", TreeKind::Float(0.3)),
        ];
        user.run(&fields).await
    }

    async fn say(&self, user: &mut User<Grpc>) -> Outcome {
        self.call(user, "t.S/Say", "{}").await
    }
}

#[test]
fn whatever_a_call_comes_to_is_told_and_the_channel_stays() {
    const TWO: &[u8] = b"\0\0\0\0\0\0\0\0\0\0";
    let cases = [
        (Act::Unfinished, FaultClass::Protocol, "without a status"),
        (Act::Say(b"\0\0\0", "0"), FaultClass::Protocol, "in the middle of a message"),
        (Act::Say(b"\0\0\0\0\x01\xff", "0"), FaultClass::Protocol, "a message is not a `t.M`"),
        (Act::Say(b"\x01\0\0\0\x01a", "0"), FaultClass::Protocol, "was not offered"),
        (Act::Say(b"\0\xff\xff\xff\xff", "0"), FaultClass::Protocol, "larger than the 4194304"),
        (Act::Say(b"", "0"), FaultClass::Protocol, "without a message"),
        (Act::Say(TWO, "0"), FaultClass::Protocol, "several messages"),
        (Act::Http(200, "text/html"), FaultClass::Protocol, "another content type"),
        (Act::Reset(Reason::INTERNAL_ERROR), FaultClass::Reset, "INTERNAL_ERROR"),
        (Act::Fail("4", "upstream"), FaultClass::Timeout, "DEADLINE_EXCEEDED: upstream"),
    ];
    let acts = cases.iter().flat_map(|(act, ..)| [*act, OK]).collect();
    with(vec![acts], async |mut user, caller| {
        for (_, class, words) in cases {
            let outcome = caller.say(&mut user).await;
            let (told, why) = outcome.fault();
            assert!(told == class && why.contains(words), "{words}: {told:?} {why}");
            assert_eq!(caller.say(&mut user).await.text(), r#"{"a":"x","n":"0"}"#);
        }
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn statuses_are_replies_whose_message_can_be_read() {
    let acts = vec![
        Act::Fail("5", "50%25 %C3%A4 gone"),
        Act::Fail("x", ""),
        Act::Http(503, "text/html"),
        Act::Say(b"", "0"),
    ];
    with(vec![acts], async |mut user, caller| {
        for error in [
            r#"{"code":5,"status":"NOT_FOUND","message":"50% ä gone"}"#,
            r#"{"code":2,"status":"UNKNOWN","message":""}"#,
            r#"{"code":14,"status":"UNAVAILABLE","message":"HTTP 503"}"#,
        ] {
            assert_eq!(caller.say(&mut user).await.text(), error);
        }
        assert_eq!(caller.call(&mut user, "t.S/Tell", "[{}]").await.text(), "[]");
    });
}

#[test]
fn a_call_that_the_server_did_nothing_about_is_made_again() {
    let connections = vec![
        vec![Act::Reset(Reason::REFUSED_STREAM), OK, Act::Last],
        vec![OK, Act::Reset(Reason::REFUSED_STREAM), Act::Reset(Reason::REFUSED_STREAM), Act::Cut],
        vec![OK],
    ];
    with(connections, async |mut user, caller| {
        for opened in [1, 1, 2] {
            assert_eq!(caller.say(&mut user).await.text(), r#"{"a":"x","n":"0"}"#);
            assert_eq!(user.net.counters.opened(), opened);
        }
        assert_eq!(user.net.counters.reopened(), 1);
        let refused = caller.say(&mut user).await;
        assert_eq!(refused.fault().0, FaultClass::Reset);
        let cut = caller.say(&mut user).await;
        assert!(matches!(cut.fault().0, FaultClass::Closed | FaultClass::Reset), "{cut:?}");
        assert_eq!(caller.say(&mut user).await.text(), r#"{"a":"x","n":"0"}"#);
        assert_eq!(user.net.counters.opened(), 3);
    });
}

#[test]
fn a_server_that_stays_silent_is_connected_to_anew() {
    let connections = vec![vec![OK, Act::Silence, Act::Silence], vec![OK]];
    with(connections, async |mut user, caller| {
        caller.say(&mut user).await.text();
        for _ in 0..2 {
            let outcome = caller.say(&mut user).await;
            assert_eq!(
                outcome.fault(),
                (FaultClass::Timeout, "DEADLINE_EXCEEDED: no reply within 0.3 s")
            );
        }
        caller.say(&mut user).await.text();
        assert_eq!(user.net.counters.opened(), 2);
    });
}

#[test]
fn what_cannot_be_called_is_told_before_anything_is_sent() {
    with(vec![], async |mut user, caller| {
        for (method, payload, words) in [
            ("t.T/Say", "{}", "the descriptors have no service `t.T`; they have t.S"),
            ("t.S/Say", "{\"b\": 1}", "the payload is not a `t.M`: "),
            ("t.S/Say", "{", "the payload is not a `t.M`: "),
            ("t.S/Say", "{} {}", "the payload is not a `t.M`: "),
            ("t.S/Say", "[{}, {}]", "/t.S/Say takes one message"),
        ] {
            let outcome = caller.call(&mut user, method, payload).await;
            let (class, why) = outcome.fault();
            assert!(class == FaultClass::Plan && why.starts_with(words), "{why}");
        }
        let nowhere = Caller { proto: "/nowhere/at/all.proto".to_owned(), ..caller };
        let outcome = nowhere.say(&mut user).await;
        assert!(outcome.fault().1.contains("/nowhere/at/all.proto"), "{outcome:?}");
        assert_eq!(user.net.counters.opened(), 0);
    });
}
