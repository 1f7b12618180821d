//! Against real peers on loopback.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use ld_stdlib::protocols::websocket::PROTOCOL;
use ld_stdlib::{Span, Tree, TreeKind, template::Member};
use ld_vm::FaultClass;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::WebSocket;
use crate::driver::Driver as _;
use crate::testing::tasks::{Outcome, User, text};

type Server = WebSocketStream<TcpStream>;

/// What a server noted down.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// Waits until a line has been noted.
    async fn has(&self, line: &str) {
        while !self.lines().iter().any(|noted| noted == line) {
            tokio::task::yield_now().await;
        }
    }
}

fn run<T: Future<Output = ()>>(test: impl FnOnce(User<WebSocket>) -> T) {
    crate::testing::tasks::run(&PROTOCOL, test);
}

/// A server that treats each connection as `serve` says; its address.
async fn raw_server<T: Future<Output = ()>>(serve: impl Fn(TcpStream) -> T + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Rc::new(serve);
    tokio::task::spawn_local(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let serve = Rc::clone(&serve);
            tokio::task::spawn_local(async move { serve(tcp).await });
        }
    });
    address.to_string()
}

/// The same for connections that speak WebSocket; its URL.
async fn server<T: Future<Output = ()>>(serve: impl Fn(Server) -> T + 'static) -> String {
    let serve = Rc::new(serve);
    let address = raw_server(move |tcp| {
        let serve = Rc::clone(&serve);
        async move { serve(tokio_tungstenite::accept_async(tcp).await.unwrap()).await }
    });
    format!("ws://{}/", address.await)
}

/// Answers each message with itself, and notes what comes.
async fn echo(mut socket: Server, log: Log) {
    log.note("open");
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(_) | Message::Binary(_) => {
                log.note(format!("{message:?}"));
                socket.send(message).await.unwrap();
            }
            Message::Close(_) => log.note("goodbye"),
            _ => {}
        }
    }
    log.note("end");
}

async fn echo_server() -> (String, Log) {
    let log = Log::default();
    let noted = log.clone();
    (server(move |socket| echo(socket, noted.clone())).await, log)
}

/// A server that says these messages to each connection and then reads to its end.
async fn saying(messages: Vec<Message>) -> String {
    server(move |mut socket| {
        let messages = messages.clone();
        async move {
            for message in messages {
                socket.send(message).await.unwrap();
            }
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await
}

async fn task(user: &mut User<WebSocket>, method: &str, more: &[(&'static str, &str)]) -> Outcome {
    let mut fields = vec![("method", text(method))];
    fields.extend(more.iter().map(|(name, value)| (*name, text(value))));
    user.run(&fields).await
}

/// A limit that is waited for in full.
fn soon() -> (&'static str, TreeKind) {
    ("timeout", TreeKind::Float(0.05))
}

/// The same where something must have happened before, on a busy machine, too.
fn later() -> (&'static str, TreeKind) {
    ("timeout", TreeKind::Float(0.5))
}

#[test]
fn a_user_keeps_its_connection_from_task_to_task() {
    run(|mut user| async move {
        let (url, log) = echo_server().await;
        let outcome =
            task(&mut user, "sendrecv", &[("request_url", &url), ("payload", "one")]).await;
        assert_eq!(outcome.text(), "one");
        let stamps = outcome.stamps;
        assert!(stamps.connect_ns > 0 && stamps.bytes_in > 100 && stamps.bytes_out > 100);
        assert!(stamps.sent_ns <= stamps.first_byte_ns && stamps.first_byte_ns <= stamps.done_ns);

        let outcome = task(&mut user, "sendrecv", &[("payload", "two")]).await;
        assert_eq!(outcome.text(), "two");
        // Two bytes of frame header, four of mask on the way out, three of text.
        assert_eq!((outcome.stamps.bytes_out, outcome.stamps.bytes_in), (9, 5));
        assert_eq!(outcome.stamps.connect_ns, 0);
        assert_eq!(task(&mut user, "connect", &[("request_url", &url)]).await.text(), "");
        assert_eq!(log.lines(), ["open", "Text(Utf8Bytes(b\"one\"))", "Text(Utf8Bytes(b\"two\"))"]);
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn another_url_replaces_the_connection() {
    run(|mut user| async move {
        let (first, log) = echo_server().await;
        let (second, _) = echo_server().await;
        task(&mut user, "connect", &[("request_url", &first)]).await.text();
        task(&mut user, "connect", &[("request_url", &second)]).await.text();
        log.has("goodbye").await;
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 0));
    });
}

#[test]
fn text_and_binary_are_sent_as_such() {
    run(|mut user| async move {
        let (url, log) = echo_server().await;
        let fields = [
            ("method", text("sendrecv")),
            ("request_url", text(&url)),
            ("payload", text("hex:00ff")),
            ("binary", TreeKind::Bool(true)),
        ];
        let outcome = user.run(&fields).await;
        assert_eq!((outcome.fault, outcome.payload), (None, vec![0, 0xff]));
        assert_eq!(log.lines()[1], r#"Binary(b"\0\xff")"#);
        let fields = [("method", text("send")), ("payload", text([0xff]))];
        let outcome = user.run(&fields).await;
        assert_eq!(outcome.fault().0, FaultClass::Plan);
        assert!(outcome.fault().1.contains("not UTF-8"));
    });
}

#[test]
fn messages_that_came_unasked_are_received_in_order() {
    run(|mut user| async move {
        let url = saying(["one", "two", "three"].map(Message::text).to_vec()).await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        assert_eq!(task(&mut user, "recv", &[]).await.text(), "one");
        assert_eq!(task(&mut user, "recv", &[("expect", "hre")]).await.text(), "three");
    });
}

#[test]
fn an_expected_text_that_does_not_come_fails_and_leaves_the_connection() {
    run(|mut user| async move {
        let (url, _) = echo_server().await;
        let expect = [
            ("method", text("sendrecv")),
            ("request_url", text(&url)),
            ("payload", text("no")),
            ("expect", text("yes")),
            later(),
        ];
        let outcome = user.run(&expect).await;
        assert_eq!(outcome.fault(), (FaultClass::Assertion, "expected 'yes' in response"));
        for (expect, what) in
            [("", "timed out waiting for a message"), ("x", "timed out waiting for 'x'")]
        {
            let fields = [("method", text("recv")), ("expect", text(expect)), soon()];
            assert_eq!(user.run(&fields).await.fault(), (FaultClass::Timeout, what));
        }
        assert_eq!(task(&mut user, "sendrecv", &[("payload", "on")]).await.text(), "on");
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn receiving_needs_a_connection() {
    run(|mut user| async move {
        let outcome = task(&mut user, "recv", &[]).await;
        assert_eq!(outcome.fault(), (FaultClass::Plan, "websocket connection not established"));
        let outcome = task(&mut user, "send", &[]).await;
        assert!(outcome.fault().1.starts_with("there is no URL to connect to"));
    });
}

#[test]
fn a_servers_goodbye_is_told_once_and_the_next_task_connects_again() {
    run(|mut user| async move {
        let reason = "bedtime".into();
        let goodbye = Message::Close(Some(CloseFrame { code: CloseCode::Away, reason }));
        let url = saying(vec![Message::text("last words"), goodbye]).await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        assert_eq!(task(&mut user, "recv", &[]).await.text(), "last words");
        let outcome = task(&mut user, "recv", &[]).await;
        let told = "the server closed the connection with 1001: bedtime";
        assert_eq!(outcome.fault(), (FaultClass::Closed, told));
        let outcome = task(&mut user, "recv", &[]).await;
        assert_eq!(outcome.fault(), (FaultClass::Closed, "websocket connection not established"));

        task(&mut user, "connect", &[]).await.text();
        // The server has gone again by the time the user wants to send.
        let connection = user.session.connection.as_ref().unwrap();
        connection.end().await;
        task(&mut user, "send", &[]).await.text();
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (3, 1));
    });
}

#[test]
fn a_server_that_vanishes_is_not_a_goodbye() {
    run(|mut user| async move {
        let url = server(|socket| async move { drop(socket) }).await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        let outcome = task(&mut user, "recv", &[]).await;
        assert_eq!(outcome.fault().0, FaultClass::Closed);
        assert!(outcome.fault().1.contains("without a goodbye"));
    });
}

#[test]
fn pings_are_answered_while_the_user_does_something_else() {
    run(|mut user| async move {
        let log = Log::default();
        let noted = log.clone();
        let url = server(move |mut socket| {
            let log = noted.clone();
            async move {
                socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
                if let Some(Ok(Message::Pong(data))) = socket.next().await {
                    log.note(String::from_utf8_lossy(&data));
                }
                while let Some(Ok(_)) = socket.next().await {}
            }
        })
        .await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        log.has("there?").await;
    });
}

#[test]
fn of_the_messages_nobody_reads_the_oldest_are_dropped() {
    run(|mut user| async move {
        let mut messages: Vec<_> = (0..300).map(|n| Message::text(n.to_string())).collect();
        messages.push(Message::Close(None));
        let url = saying(messages).await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        user.session.connection.as_ref().unwrap().end().await;
        assert_eq!(task(&mut user, "recv", &[]).await.text(), "44");
        assert_eq!(user.net.counters.dropped(), 44);

        let large = Message::binary(vec![b'x'; 200 << 10]);
        let url = saying(vec![Message::text("small"), large.clone(), large, Message::Close(None)]);
        task(&mut user, "connect", &[("request_url", &url.await)]).await.text();
        user.session.connection.as_ref().unwrap().end().await;
        assert_eq!(user.net.counters.dropped(), 46);
        assert_eq!(task(&mut user, "recv", &[]).await.text().len(), 200 << 10);
        assert_eq!(task(&mut user, "recv", &[]).await.fault().0, FaultClass::Closed);
    });
}

#[test]
fn closing_waits_for_the_servers_goodbye() {
    run(|mut user| async move {
        let (url, log) = echo_server().await;
        assert_eq!(task(&mut user, "close", &[]).await.text(), "");
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        let outcome = task(&mut user, "close", &[]).await;
        assert_eq!(outcome.text(), "");
        // Two bytes of head, four of mask, two of code (RFC 6455 §5.2, §5.5.1).
        assert_eq!(outcome.stamps.bytes_out, 8);
        log.has("end").await;
        assert!(log.lines().contains(&"goodbye".to_owned()));

        // One that never reads does not say it.
        let url = server(|socket| async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
        .await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        let outcome = user.run(&[("method", text("close")), soon()]).await;
        let what = "timed out waiting for the server to say goodbye";
        assert_eq!(outcome.fault(), (FaultClass::Timeout, what));
    });
}

#[test]
fn a_user_that_stops_says_goodbye_and_one_that_is_cut_off_hangs_up() {
    run(|mut user| async move {
        let (url, log) = echo_server().await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        let fresh = user.driver.session(1);
        user.driver.close(std::mem::replace(&mut user.session, fresh)).await;
        log.has("goodbye").await;

        let (url, log) = echo_server().await;
        task(&mut user, "connect", &[("request_url", &url)]).await.text();
        let fresh = user.driver.session(2);
        drop(std::mem::replace(&mut user.session, fresh));
        log.has("end").await;
        assert_eq!(log.lines(), ["open", "end"]);
    });
}

/// A server that takes or refuses the handshake as the request's headers say.
async fn choosy_server() -> String {
    let address = raw_server(|tcp| async {
        #[expect(clippy::result_large_err, reason = "the callback's type is the crate's")]
        let choose = |request: &Request, mut response: Response| {
            let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
            if header("X-Tenant") != Some("acme") {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::FORBIDDEN;
                return Err(refusal);
            }
            if header("Sec-WebSocket-Protocol").is_some_and(|offer| offer.contains("chat")) {
                let chosen = HeaderValue::from_static("chat");
                response.headers_mut().insert("Sec-WebSocket-Protocol", chosen);
            }
            Ok(response)
        };
        if let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(tcp, choose).await {
            while let Some(Ok(_)) = socket.next().await {}
        }
    });
    format!("ws://{}/chat?room=1", address.await)
}

#[test]
fn headers_and_subprotocols_are_part_of_the_handshake() {
    run(|mut user| async move {
        let url = choosy_server().await;
        let tenant = |name: &str| {
            let value = Tree { span: Span::default(), kind: text(name) };
            let member = Member { name: "X-Tenant".into(), name_span: Span::default(), value };
            ("headers", TreeKind::Map(vec![member]))
        };
        let connect = |subprotocols: &str, name: &str| {
            let subprotocols = ("subprotocols", text(subprotocols));
            [("method", text("connect")), ("request_url", text(&url)), subprotocols, tenant(name)]
        };
        let outcome = user.run(&connect("", "other")).await;
        let refused = "the server answered the WebSocket handshake with 403 Forbidden";
        assert_eq!(outcome.fault(), (FaultClass::Status, refused));
        assert!(outcome.stamps.bytes_in > 0);
        let outcome = user.run(&connect("mqtt", "acme")).await;
        let refused = "the server took none of the subprotocols";
        assert_eq!(outcome.fault(), (FaultClass::Protocol, refused));
        user.run(&connect("mqtt, chat", "acme")).await.text();
    });
}

#[test]
fn a_handshake_that_fails_says_how() {
    run(|mut user| async move {
        let garbage = raw_server(|mut tcp| async move {
            let _ = tcp.read(&mut [0; 1024]).await;
            let _ = tcp.write_all(b"220 mail.example ESMTP\r\n\r\n").await;
        })
        .await;
        let closes = raw_server(|mut tcp| async move {
            let _ = tcp.read(&mut [0; 1024]).await;
        })
        .await;
        let silent = raw_server(|tcp| async move {
            std::future::pending::<()>().await;
            drop(tcp);
        })
        .await;
        for (address, class, what) in [
            (garbage, FaultClass::Protocol, "the WebSocket handshake failed"),
            (closes, FaultClass::Closed, "during the WebSocket handshake"),
            (silent, FaultClass::Timeout, "timed out in the WebSocket handshake with 127.0.0.1"),
        ] {
            let url = format!("ws://{address}");
            let fields = [("method", text("connect")), ("request_url", text(url)), later()];
            let outcome = user.run(&fields).await;
            assert_eq!(outcome.fault().0, class, "{outcome:?}");
            assert!(outcome.fault().1.contains(what), "{outcome:?}");
        }
    });
}

#[test]
fn frames_that_break_the_protocol_end_the_connection() {
    run(|mut user| async move {
        for (frame, what) in [
            (&b"\x81\x81\0\0\0\0a"[..], "masked frame from server"),
            (b"\x83\x00", "Encountered invalid opcode"),
            (b"\x81\x01\xff", "not UTF-8"),
            (b"\x82\x7f\0\0\0\0\x7f\0\0\0", "larger than 16 MiB"),
        ] {
            let url = server(move |mut socket| async move {
                socket.get_mut().write_all(frame).await.unwrap();
                while let Some(Ok(_)) = socket.next().await {}
            })
            .await;
            task(&mut user, "connect", &[("request_url", &url)]).await.text();
            let outcome = task(&mut user, "recv", &[]).await;
            assert_eq!(outcome.fault().0, FaultClass::Protocol);
            assert!(outcome.fault().1.contains(what), "{outcome:?}");
            assert!(user.session.connection.is_none());
        }
    });
}

#[test]
fn tls_is_spoken_and_verified() {
    run(|mut user| async move {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let address = raw_server(move |tcp| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(tls) = acceptor.accept(tcp).await else { return };
                let mut socket = tokio_tungstenite::accept_async(tls).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    let _ = socket.send(message).await;
                }
            }
        })
        .await;
        let port = address.rsplit(':').next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, made.cert.pem()).unwrap();
        let mut fields = vec![
            ("method", text("sendrecv")),
            ("request_url", text(format!("wss://localhost:{port}/"))),
            ("payload", text("secret")),
        ];
        fields.push(("verify", text(ca.to_str().unwrap())));
        let outcome = user.run(&fields).await;
        assert_eq!(outcome.text(), "secret");
        assert!(outcome.stamps.tls_ns > 0);

        user.session = user.driver.session(1);
        let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap();
        std::fs::write(folder.path().join("other.pem"), other.cert.pem()).unwrap();
        let other = folder.path().join("other.pem");
        fields[3] = ("verify", text(other.to_str().unwrap()));
        assert_eq!(user.run(&fields).await.fault().0, FaultClass::Tls);
        fields[3] = ("verify", TreeKind::Bool(false));
        assert_eq!(user.run(&fields).await.text(), "secret");
    });
}
