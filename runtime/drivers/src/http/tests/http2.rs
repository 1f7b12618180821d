//! The same over HTTP/2.

use std::sync::Arc;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::ask::Ask;
use super::peer::reply;
use super::*;

/// What a server does about a request.
#[derive(Clone, Copy)]
enum Act {
    /// Answers with this status, these fields and this body.
    Reply(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Answers with the request: its line, its fields, its body.
    Echo,
    Reset(Reason),
    /// Answers, and ends the stream before the body is what it should be.
    Short,
    Silence,
    /// Answers, and says that this was the last request of the connection.
    Last,
    /// Closes the connection instead of an answer.
    Cut,
    /// Answers after an interim reply.
    Early,
}

const OK: Act = Act::Reply(200, &[("x-mark", "seven")], "hello");

/// A server that does this on each connection; its origin.
async fn server(connections: Vec<Vec<Act>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        for acts in connections {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(serve(stream, acts));
        }
    });
    origin
}

/// A server over TLS that offers these protocols on each connection, and makes one reply on each;
/// its origin.
async fn tls_server(offers: Vec<Vec<&'static str>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::task::spawn_local(async move {
        for offers in offers {
            let mut config = super::tls::config().1;
            config.alpn_protocols = offers.iter().map(|name| name.as_bytes().to_vec()).collect();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                tokio::task::spawn_local(serve(stream, vec![OK]));
            } else {
                let _ = stream.read(&mut [0; 4096]).await;
                let reply = reply("200 OK", "Connection: close\r\n", "hello");
                let _ = stream.write_all(reply.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    origin
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, acts: Vec<Act>) {
    let mut connection: Connection<S, Bytes> = h2::server::handshake(stream).await.unwrap();
    let mut silent = Vec::new();
    for act in acts {
        let Some(Ok((request, mut respond))) = connection.accept().await else { return };
        match act {
            Act::Reply(status, fields, body) => answer(&mut respond, status, fields, body),
            Act::Echo => {
                tokio::task::spawn_local(echo(request, respond));
            }
            Act::Reset(reason) => respond.send_reset(reason),
            Act::Short => {
                let reply = http::Response::builder().header("content-length", "9");
                let mut body = respond.send_response(reply.body(()).unwrap(), false).unwrap();
                body.send_data("all".into(), true).unwrap();
            }
            Act::Silence => silent.push((request, respond)),
            Act::Last => {
                answer(&mut respond, 200, &[], "last");
                connection.graceful_shutdown();
            }
            Act::Cut => return,
            Act::Early => {
                let hints = http::Response::builder().status(103).header("link", "</a>");
                respond.send_informational(hints.body(()).unwrap()).unwrap();
                answer(&mut respond, 200, &[], "late");
            }
        }
    }
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
}

fn answer(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    fields: &[(&str, &str)],
    body: &'static str,
) {
    let mut reply = http::Response::builder().status(status);
    for (name, value) in fields {
        reply = reply.header(*name, *value);
    }
    let mut stream = respond.send_response(reply.body(()).unwrap(), body.is_empty()).unwrap();
    if !body.is_empty() {
        stream.send_data(body.into(), true).unwrap();
    }
}

async fn echo(request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let (head, mut body) = request.into_parts();
    let mut out = format!("{} {}\n", head.method, head.uri).into_bytes();
    for (name, value) in &head.headers {
        out.extend_from_slice(format!("{name}: {}\n", value.to_str().unwrap()).as_bytes());
    }
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        out.extend_from_slice(&data);
    }
    let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
    stream.send_data(out.into(), true).unwrap();
}

fn get(origin: &str, target: &str) -> Ask {
    Ask::get(origin, target).with_extra(extra::HTTP2)
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    run(|mut user| async move {
        let origin = server(vec![vec![OK, OK, Act::Reply(204, &[], "")]]).await;
        let ask = get(&origin, "/").needs(Needs::PAYLOAD.union(Needs::META));
        for _ in 0..2 {
            let answer = user.ask(&ask).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (Some(200), "hello"),
                "{:?}",
                answer.fault
            );
            assert_eq!(answer.mark.as_deref(), Some("seven"));
            let stamps = answer.stamps;
            assert!(stamps.bytes_in > 5 && stamps.bytes_out > 9, "{stamps:?}");
            assert!(
                stamps.sent_ns <= stamps.first_byte_ns && stamps.first_byte_ns <= stamps.done_ns
            );
        }
        let unread = user.ask(&get(&origin, "/")).await;
        assert_eq!(unread.status, Some(204));
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (1, 0));
    });
}

#[test]
fn a_request_arrives_as_it_was_prepared() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Echo; 3]]).await;
        let lines = "X-Tenant: acme\r\nConnection: keep-alive\r\n";
        let ask = Ask::new("POST", &origin, "/a?b=c%20d", lines, "hello").with_extra(extra::HTTP2);
        let seen = user.ask(&ask.clone().needs(Needs::PAYLOAD)).await;
        let expected = format!("POST {origin}/a?b=c%20d\nx-tenant: acme\ncontent-length: 5\nhello");
        assert_eq!(seen.body, expected, "{:?}", seen.fault);
        assert_eq!(user.ask(&ask.varying().needs(Needs::PAYLOAD)).await.body, expected);
        let url = format!("{origin}/v?w=1");
        let varying = get(&origin, "/").with_varying_url(&url).needs(Needs::PAYLOAD);
        assert_eq!(user.ask(&varying).await.body, format!("GET {url}\n"));
    });
}

#[test]
fn large_bodies_go_both_ways_beyond_what_may_be_sent_ahead() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Echo]]).await;
        let body = "0123456789abcdef".repeat(1 << 20);
        let ask = Ask::post(&origin, "/", &body).varying().with_extra(extra::HTTP2);
        let answer = user.ask(&ask.needs(Needs::PAYLOAD)).await;
        assert_eq!(answer.fault, None);
        assert!(answer.body.ends_with(&body));
    });
}

#[test]
fn what_a_user_does_at_once_shares_one_connection() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Echo; 3]]).await;
        let linked = get(&origin, "/").link();
        let mut state = testing::user(&linked);
        let request = testing::request(&linked, &mut state);
        let mut lanes: Vec<_> =
            (0..3).map(|_| user.http.beside(&mut user.session, 0, &request)).collect();
        let [first, second, third] = lanes.as_mut_slice() else { panic!() };
        let (first, second, third) = tokio::join!(
            user.http.exchange(first, request),
            user.http.exchange(second, request),
            user.http.exchange(third, request),
        );
        for exchange in [first, second, third] {
            assert_eq!(exchange.reply.status, Some(200));
        }
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn a_connection_that_the_server_ended_is_replaced() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Last], vec![OK]]).await;
        let post = Ask::post(&origin, "/", "x").with_extra(extra::HTTP2);
        assert_eq!(user.ask(&post).await.status, Some(200));
        let next = user.ask(&post).await;
        assert_eq!(next.status, Some(200), "{:?}", next.fault);
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 1));
    });
}

#[test]
fn a_refused_request_is_made_again_on_a_used_connection_alone() {
    run(|mut user| async move {
        let refused = Act::Reset(Reason::REFUSED_STREAM);
        let origin = server(vec![vec![refused, OK, refused, OK, refused, refused, OK]]).await;
        let post = Ask::post(&origin, "/", "x").with_extra(extra::HTTP2);
        let (class, text) =
            (FaultClass::Reset, "the server reset the HTTP/2 stream (REFUSED_STREAM)");
        assert_eq!(user.ask(&post).await.fault(), (class, text));
        assert_eq!(user.ask(&post).await.status, Some(200));
        assert_eq!(user.ask(&post).await.status, Some(200));
        assert_eq!(user.ask(&post).await.fault(), (class, text), "once, not for ever");
        assert_eq!(user.ask(&post).await.status, Some(200));
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn faults_of_the_server_have_their_class_and_text() {
    for (act, class, text) in [
        (
            Act::Reset(Reason::INTERNAL_ERROR),
            FaultClass::Reset,
            "the server reset the HTTP/2 stream (INTERNAL_ERROR)",
        ),
        (
            Act::Reset(Reason::from(4711)),
            FaultClass::Reset,
            "the server reset the HTTP/2 stream (a reason of its own)",
        ),
        (Act::Short, FaultClass::Protocol, "the server does not keep to HTTP/2 (PROTOCOL_ERROR)"),
        (
            Act::Silence,
            FaultClass::Timeout,
            "timed out waiting for the reply to begin (limit 0.05 s)",
        ),
    ] {
        run(|mut user| async move {
            let origin = server(vec![vec![act, OK]]).await;
            let ask = get(&origin, "/").needs(Needs::PAYLOAD);
            assert_eq!(user.ask(&ask.clone().within_ms(50)).await.fault(), (class, text));
            // What is wrong with one request does not concern the next.
            assert_eq!(user.ask(&ask).await.body, "hello");
            assert_eq!(user.net.counters.opened(), 1);
        });
    }
}

#[test]
fn a_connection_cut_under_a_request_is_told_and_replaced() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Cut], vec![OK, Act::Cut], vec![OK]]).await;
        let first = user.ask(&get(&origin, "/")).await;
        assert!(matches!(first.fault().0, FaultClass::Closed | FaultClass::Reset), "{first:?}");
        assert_eq!(user.ask(&get(&origin, "/")).await.status, Some(200));
        let again = user.ask(&get(&origin, "/")).await;
        assert_eq!(again.status, Some(200), "{:?}", again.fault);
        assert_eq!(user.net.counters.opened(), 3);
    });
}

#[test]
fn a_server_that_speaks_something_else_is_told() {
    run(|mut user| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await
                .unwrap();
            std::future::pending::<()>().await;
        });
        let answer = user.ask(&get(&origin, "/").within_ms(5_000)).await;
        assert_eq!(answer.fault().0, FaultClass::Protocol, "{answer:?}");
    });
}

#[test]
fn redirects_and_cookies_are_those_of_all_requests() {
    run(|mut user| async move {
        let away = Act::Reply(302, &[("location", "/there"), ("set-cookie", "a=1")], "");
        let origin = server(vec![vec![away, Act::Echo]]).await;
        let answer = user.ask(&get(&origin, "/here").needs(Needs::PAYLOAD)).await;
        assert_eq!(answer.body, format!("GET {origin}/there\ncookie: a=1\n"), "{:?}", answer.fault);
    });
}

#[test]
fn closing_means_a_connection_for_each_request() {
    run(|mut user| async move {
        let origin = server(vec![vec![OK], vec![OK]]).await;
        let ask = get(&origin, "/").with_extra(extra::CLOSE);
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.net.counters.opened(), 2);
    });
}

#[test]
fn interim_replies_are_passed_over() {
    run(|mut user| async move {
        let origin = server(vec![vec![Act::Early]]).await;
        let answer = user.ask(&get(&origin, "/").needs(Needs::PAYLOAD)).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (Some(200), "late"),
            "{:?}",
            answer.fault
        );
    });
}

#[test]
fn a_server_may_choose_anew_on_each_connection() {
    run(|mut user| async move {
        let origin =
            tls_server(vec![vec!["http/1.1"], vec!["h2", "http/1.1"], vec!["http/1.1"]]).await;
        let ask = Ask::get(&origin, "/").with_option(option::VERIFY, 0).needs(Needs::PAYLOAD);
        let ask = ask.with(part::ALPN, "h2,http/1.1").with_extra(extra::AGREED | extra::CLOSE);
        for opened in 1..=3 {
            let answer = user.ask(&ask).await;
            assert_eq!(answer.body, "hello", "{:?}", answer.fault);
            assert_eq!(user.net.counters.opened(), opened);
        }
    });
}

#[test]
fn a_server_that_does_not_agree_is_told() {
    run(|mut user| async move {
        let origin = tls_server(vec![vec![], vec!["http/1.1"]]).await;
        let ask = Ask::get(&origin, "/").with_option(option::VERIFY, 0);
        let ask = ask.with(part::ALPN, "h2").with_extra(extra::HTTP2);
        let text = "the server does not agree to HTTP/2";
        assert_eq!(user.ask(&ask).await.fault(), (FaultClass::Protocol, text));
        assert_eq!(user.ask(&ask).await.fault().0, FaultClass::Tls);
    });
}
