//! Against peers that say what a test wants, byte by byte.

use ld_stdlib::protocols::redis::PROTOCOL;
use ld_stdlib::{Span, Tree, TreeKind};
use ld_vm::FaultClass;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Redis;
use crate::testing::tasks::{Outcome, User, text};

fn run<T: Future<Output = ()>>(test: impl FnOnce(User<Redis>) -> T) {
    crate::testing::tasks::run(&PROTOCOL, test);
}

/// A server that treats its connections, one after the other, as `serve` says; its URL.
async fn server<T: Future<Output = ()>>(serve: impl Fn(TcpStream) -> T + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream).await;
        }
    });
    url
}

/// Reads as much as `asked` and checks that it is that, then sends `answer`.
async fn talk(stream: &mut TcpStream, asked: &[u8], answer: &[u8]) {
    let mut room = vec![0; asked.len()];
    stream.read_exact(&mut room).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&room), String::from_utf8_lossy(asked));
    stream.write_all(answer).await.unwrap();
}

/// Waits until the other side is gone.
async fn gone(mut stream: TcpStream) {
    let _ = stream.read(&mut [0]).await;
}

const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

async fn get(user: &mut User<Redis>, url: &str) -> Outcome {
    user.run(&[("method", text("get")), ("key", text("k")), ("url", text(url))]).await
}

/// What comes of a `GET` that a server answers like this.
fn answered(answer: &'static [u8], assert: impl FnOnce(Outcome)) {
    run(|mut user| async move {
        let url = server(move |mut stream| async move {
            talk(&mut stream, GET, answer).await;
        })
        .await;
        assert(get(&mut user, &url).await);
    });
}

#[test]
fn a_connection_is_kept_and_errors_of_the_server_leave_it_open() {
    run(|mut user| async move {
        let url = server(|mut stream| async move {
            talk(&mut stream, GET, b"$2\r\nhi\r\n").await;
            talk(&mut stream, GET, b"-WRONGTYPE Operation\r\n").await;
            talk(&mut stream, GET, b"$-1\r\n").await;
            gone(stream).await;
        })
        .await;
        let outcome = get(&mut user, &url).await;
        assert_eq!(outcome.text(), "hi");
        let stamps = outcome.stamps;
        assert_eq!((stamps.bytes_out, stamps.bytes_in), (20, 8));
        assert!(stamps.connect_ns > 0);
        assert!(stamps.sent_ns <= stamps.first_byte_ns && stamps.first_byte_ns <= stamps.done_ns);
        let outcome = get(&mut user, &url).await;
        assert_eq!(outcome.fault(), (FaultClass::Status, "WRONGTYPE Operation"));
        assert_eq!(outcome.stamps.connect_ns, 0);
        assert_eq!(get(&mut user, &url).await.text(), "");
        assert_eq!(user.net.counters.opened(), 1);
    });
}

#[test]
fn replies_are_put_together_from_any_pieces() {
    run(|mut user| async move {
        let url = server(|mut stream| async move {
            talk(&mut stream, GET, b"").await;
            for byte in b"*2\r\n$1\r\n\n\r\n:1\r\n" {
                stream.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            gone(stream).await;
        })
        .await;
        assert_eq!(get(&mut user, &url).await.text(), "[\"\\n\",1]");
    });
}

#[test]
fn what_is_no_redis_is_told() {
    answered(b"HTTP/1.1 400 Bad Request\r\n\r\n", |outcome| {
        let (class, why) = outcome.fault();
        assert_eq!(class, FaultClass::Protocol);
        assert!(why.contains("this is not Redis"), "{why}");
    });
    answered(b"*1000000000\r\n", |outcome| {
        let (class, why) = outcome.fault();
        assert_eq!(class, FaultClass::Protocol);
        assert!(why.contains("the reply is too large"), "{why}");
    });
    answered(b"$5\r\nab", |outcome| assert_eq!(outcome.fault().0, FaultClass::Closed));
}

#[test]
fn time_runs_out_and_the_late_reply_is_not_taken_for_the_next() {
    run(|mut user| async move {
        let url = server(|stream| async move {
            tokio::task::spawn_local(async move {
                let mut stream = stream;
                let mut asked = vec![0; GET.len()];
                stream.read_exact(&mut asked).await.unwrap();
                gone(stream).await;
            });
        })
        .await;
        let mut fields = vec![("method", text("get")), ("key", text("k")), ("url", text(&url))];
        fields.push(("timeout", TreeKind::Float(0.05)));
        let outcome = user.run(&fields).await;
        assert_eq!(
            outcome.fault(),
            (FaultClass::Timeout, "timed out waiting for the reply to GET")
        );
        assert_eq!(user.run(&fields).await.fault().0, FaultClass::Timeout);
        assert_eq!(user.net.counters.opened(), 2);
    });
}

#[test]
fn who_one_is_and_which_database_one_wants_is_said_first() {
    run(|mut user| async move {
        let auth = b"*3\r\n$4\r\nAUTH\r\n$3\r\nada\r\n$3\r\np@s\r\n";
        let select = b"*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n";
        let url = server(move |mut stream| async move {
            talk(&mut stream, auth, b"+OK\r\n").await;
            talk(&mut stream, select, b"+OK\r\n").await;
            talk(&mut stream, GET, b"+a\r\n").await;
            gone(stream).await;
        })
        .await;
        let url = url.replace("//", "//ada:p%40s@") + "/7";
        assert_eq!(get(&mut user, &url).await.text(), "a");
    });
    run(|mut user| async move {
        let auth = b"*2\r\n$4\r\nAUTH\r\n$3\r\np@s\r\n";
        let url = server(move |mut stream| async move {
            talk(&mut stream, auth, b"-WRONGPASS invalid username-password pair\r\n").await;
            gone(stream).await;
        })
        .await;
        let fields = [("method", text("ping")), ("url", text(&url)), ("password", text("p@s"))];
        let outcome = user.run(&fields).await;
        let expected = "logging in: WRONGPASS invalid username-password pair";
        assert_eq!(outcome.fault(), (FaultClass::Status, expected));
    });
}

#[test]
fn another_server_and_one_that_has_gone_get_a_new_connection() {
    run(|mut user| async move {
        let once = |mut stream: TcpStream| async move {
            talk(&mut stream, GET, b"+a\r\n").await;
        };
        let (one, other) = (server(once).await, server(once).await);
        for url in [&one, &other, &other] {
            assert_eq!(get(&mut user, url).await.text(), "a");
            // Lets the server's goodbye arrive.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(user.net.counters.opened(), 3);
    });
}

fn list(items: &[&[&str]]) -> TreeKind {
    let tree = |kind| Tree { span: Span::default(), kind };
    let list =
        |words: &&[&str]| tree(TreeKind::List(words.iter().map(|word| tree(text(word))).collect()));
    TreeKind::List(items.iter().map(list).collect())
}

/// What comes of a transaction of two commands.
fn transaction(answer: &'static [u8], assert: impl FnOnce(Outcome)) {
    run(|mut user| async move {
        let asked = b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*2\r\n$7\r\nHGETALL\r\n\
                      $1\r\nh\r\n*1\r\n$4\r\nEXEC\r\n";
        let url = server(move |mut stream| async move {
            talk(&mut stream, asked, answer).await;
            gone(stream).await;
        })
        .await;
        let fields = [
            ("method", text("pipeline")),
            ("commands", list(&[&["INCR", "a"], &["HGETALL", "h"]])),
            ("transaction", TreeKind::Bool(true)),
            ("url", text(&url)),
        ];
        assert(user.run(&fields).await);
    });
}

#[test]
fn a_transactions_results_are_those_of_its_commands() {
    let answer = b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n";
    transaction(answer, |outcome| assert_eq!(outcome.text(), r#"[2,{"f":"v"}]"#));
    let answer = b"+OK\r\n+QUEUED\r\n-ERR no such\r\n-EXECABORT discarded\r\n";
    transaction(answer, |outcome| {
        assert_eq!(outcome.fault(), (FaultClass::Status, "command 2 (HGETALL): ERR no such"));
    });
    let answer = b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-ERR not an integer\r\n*0\r\n";
    transaction(answer, |outcome| {
        assert_eq!(outcome.fault(), (FaultClass::Status, "command 1 (INCR): ERR not an integer"));
    });
    transaction(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n", |outcome| {
        let (class, text) = outcome.fault();
        assert_eq!(class, FaultClass::Status);
        assert!(text.contains("a watched key has changed"), "{text}");
    });
}

#[test]
fn results_are_compared_as_text_with_what_is_expected() {
    for (method, answer, expected, failure) in [
        ("set", &b"+OK\r\n"[..], "True", None),
        ("set", b"+OK\r\n", "OK", None),
        ("set", b"+OK\r\n", "no", Some("redis expected 'no', got 'True'")),
        ("get", b":7\r\n", "7", None),
        ("get", b"$-1\r\n", "", None),
        ("get", b"$-1\r\n", "x", Some("redis expected 'x', got ''")),
        ("get", b"$1\r\ny\r\n", "", Some("redis expected '', got 'y'")),
    ] {
        run(|mut user| async move {
            let url = server(move |mut stream| async move {
                let _ = stream.read(&mut [0; 64]).await;
                stream.write_all(answer).await.unwrap();
                gone(stream).await;
            })
            .await;
            let fields = [
                ("method", text(method)),
                ("key", text("k")),
                ("expect", text(expected)),
                ("url", text(&url)),
            ];
            let outcome = user.run(&fields).await;
            let fault = outcome.fault.map(|(class, text)| {
                assert_eq!(class, FaultClass::Assertion);
                text
            });
            assert_eq!(fault.as_deref(), failure);
        });
    }
}

#[test]
fn bytes_that_nobody_asked_for_cost_the_connection() {
    run(|mut user| async move {
        let url = server(|mut stream| async move {
            talk(&mut stream, GET, b"+a\r\n+b\r\n").await;
            gone(stream).await;
        })
        .await;
        assert_eq!(get(&mut user, &url).await.text(), "a");
        assert_eq!(get(&mut user, &url).await.text(), "a");
        assert_eq!(user.net.counters.opened(), 2);
    });
}
