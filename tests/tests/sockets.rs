//! TCP, UDP and WebSocket users against real peers.
#![cfg(test)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ld_tests::certificates::{Authority, Kind};
use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::runs::{self, Run};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::{Message, accept_hdr};

/// How long a peer may take to notice what has been sent to it.
const PATIENCE: Duration = Duration::from_secs(20);

fn run(folder: &Folder, plan: &str, args: &[&str]) -> Run {
    runs::bring(folder, plan).unwrap();
    runs::run(folder, plan, args).unwrap()
}

/// Requests of one name and how many of them failed.
fn of_name(run: &Run, name: &str) -> (u64, u64) {
    let figures = &run.summary["per_name"][name];
    let count = |key: &str| figures[key].as_u64().unwrap_or(u64::MAX);
    (count("requests"), count("failures"))
}

/// The failures of one name, all of one class and text.
fn failure(run: &Run, name: &str) -> (String, String) {
    let errors = run.summary["errors"].as_array().unwrap();
    let mut own = errors.iter().filter(|error| error["name"] == name);
    let error = own.next().unwrap_or_else(|| panic!("{name} did not fail: {errors:?}"));
    assert!(own.next().is_none(), "{name}: {errors:?}");
    (error["class"].as_str().unwrap().to_owned(), error["text"].as_str().unwrap().to_owned())
}

/// Sends back what comes, over TCP and over UDP at the same port; counts the datagrams.
fn echo() -> (SocketAddr, Arc<AtomicU64>) {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // The port may be taken for the other protocol.
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            break (listener, socket);
        }
    };
    let addr = listener.local_addr().unwrap();
    let datagrams = Arc::<AtomicU64>::default();
    let received = Arc::clone(&datagrams);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || -> io::Result<()> {
                let mut block = [0; 4096];
                loop {
                    let read = stream.read(&mut block)?;
                    if read == 0 {
                        return Ok(());
                    }
                    stream.write_all(&block[..read])?;
                }
            });
        }
    });
    thread::spawn(move || {
        let mut block = [0; 65_536];
        while let Ok((read, from)) = socket.recv_from(&mut block) {
            received.fetch_add(1, Ordering::SeqCst);
            // Who wanted no answer is gone.
            let _ = socket.send_to(&block[..read], from);
        }
    });
    (addr, datagrams)
}

#[test]
fn bytes_go_over_tcp_and_udp_and_come_back() {
    for threads in ["1", "2"] {
        let (addr, datagrams) = echo();
        let args = ["--host", &addr.to_string(), "--threads", threads];
        let run = run(&Folder::new().unwrap(), "socket.json", &args);
        for name in ["tcp", "tcp hex", "tcp text", "udp", "udp sent"] {
            assert_eq!(of_name(&run, name), (20, 0), "{name}: {:?}", run.failures());
        }
        for name in ["wrong text", "nobody"] {
            assert_eq!(of_name(&run, name), (20, 20), "{name}");
        }
        let (class, text) = failure(&run, "wrong text");
        assert_eq!((class.as_str(), text.as_str()), ("assertion", "expected 'bye' in response"));
        let (class, text) = failure(&run, "nobody");
        assert_eq!(class, "connect");
        assert!(text.contains("127.0.0.1:1: connection refused"), "{text}");
        // The last may still be on their way: nobody waits for an answer to them.
        let due = Instant::now() + PATIENCE;
        while datagrams.load(Ordering::SeqCst) < 40 && Instant::now() < due {
            thread::yield_now();
        }
        assert_eq!(datagrams.load(Ordering::SeqCst), 40);
        let bytes = |name: &str, way: &str| run.summary["per_name"][name]["bytes"][way].clone();
        assert_eq!((bytes("tcp", "out"), bytes("tcp", "in")), (180.into(), 180.into()));
        assert_eq!((bytes("udp", "out"), bytes("udp", "in")), (900.into(), 900.into()));
        assert_eq!(bytes("udp sent", "in"), 0);
    }
}

#[test]
fn a_peer_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = silent.local_addr().unwrap().to_string();
    let run = run(&Folder::new().unwrap(), "socket-silent.json", &["--host", &addr]);
    assert_eq!(of_name(&run, "silent"), (4, 4));
    let (class, text) = failure(&run, "silent");
    assert_eq!((class.as_str(), text.as_str()), ("timeout", "timed out waiting for the response"));
}

/// A WebSocket server, and what it has seen.
struct Peer {
    addr: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    connections: AtomicU64,
    goodbyes: AtomicU64,
    /// Path, the `X-User` header and the offered subprotocols of each handshake.
    handshakes: Mutex<Vec<[String; 3]>>,
    messages: Mutex<Vec<Message>>,
}

impl Peer {
    fn start(tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (state, tls) = (Arc::<State>::default(), tls.map(Arc::new));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, tls, stream) = (Arc::clone(&served), tls.clone(), stream.unwrap());
                thread::spawn(move || match tls {
                    None => serve(stream, &state),
                    Some(tls) => {
                        let session = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(session, stream), &state);
                    }
                });
            }
        });
        Self { addr, state }
    }

    fn count(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::SeqCst)
    }
}

/// Sends back each message, but for `push N` messages from 1 to N, and leaves at `leave`.
fn serve(stream: impl Read + Write, state: &State) {
    #[expect(clippy::result_large_err, reason = "the type is that of the library")]
    let greet = |request: &Request, mut response: Response| {
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let offered = header("Sec-WebSocket-Protocol");
        if !offered.is_empty() {
            response.headers_mut().insert("Sec-WebSocket-Protocol", offered.parse().unwrap());
        }
        let seen = [request.uri().to_string(), header("X-User"), offered];
        state.handshakes.lock().unwrap().push(seen);
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr(stream, greet) else { return };
    state.connections.fetch_add(1, Ordering::SeqCst);
    while let Ok(message) = socket.read() {
        let sent = match &message {
            Message::Close(_) => {
                state.goodbyes.fetch_add(1, Ordering::SeqCst);
                socket.flush()
            }
            Message::Text(text) if text.as_str() == "leave" => socket.close(None),
            Message::Text(text) => match text.strip_prefix("push ") {
                Some(count) => (1..=count.parse::<u32>().unwrap())
                    .try_for_each(|number| socket.send(Message::text(format!("push {number}")))),
                None => socket.send(message.clone()),
            },
            Message::Binary(_) => socket.send(message.clone()),
            _ => Ok(()),
        };
        state.messages.lock().unwrap().push(message);
        if sent.is_err() {
            return;
        }
    }
}

fn assert_conversation(run: &Run, peer: &Peer) {
    for name in ["/chat", "echo", "json", "binary", "ask", "pushed", "extracted"] {
        assert_eq!(of_name(run, name), (20, 0), "{name}: {:?}", run.failures());
    }
    // One connection for each user and all of its ticks.
    assert_eq!(Peer::count(&peer.state.connections), 4);
    assert_eq!(run.count("/connections/opened"), 4);
    let handshakes = peer.state.handshakes.lock().unwrap();
    assert!(handshakes.iter().all(|seen| *seen == ["/chat", "ada", "chat"]), "{handshakes:?}");
    let messages = peer.state.messages.lock().unwrap();
    let of = |wanted: &dyn Fn(&Message) -> bool| messages.iter().filter(|m| wanted(m)).count();
    assert_eq!(of(&|message| *message == Message::text("hello ada")), 20);
    assert_eq!(of(&|message| *message == Message::binary(vec![0x00, 0xff])), 20);
    let numbered = |message: &Message| match message {
        Message::Text(text) => {
            matches!(text.as_str().strip_prefix("n is "), Some("1" | "2" | "3" | "4" | "5" | "6"))
        }
        _ => false,
    };
    assert_eq!(of(&numbered), 20);
}

#[test]
fn a_websocket_user_keeps_its_connection_and_hears_what_comes_unasked() {
    for threads in ["1", "2"] {
        let peer = Peer::start(None);
        let host = format!("ws://{}", peer.addr);
        let args = ["--host", &host, "--threads", threads];
        assert_conversation(&run(&Folder::new().unwrap(), "websocket.json", &args), &peer);
    }
}

#[test]
fn an_independent_websocket_server_sees_the_same_conversation() {
    let peer = Python::start("websocket").unwrap();
    let host = format!("ws://{}", peer.addr());
    let run = run(&Folder::new().unwrap(), "websocket.json", &["--host", &host]);
    for name in ["/chat", "echo", "json", "binary", "ask", "pushed", "extracted"] {
        assert_eq!(of_name(&run, name), (20, 0), "{name}: {:?}", run.failures());
    }
    let seen = peer.finish().unwrap();
    let list = |key: &str| seen[key].as_array().unwrap().clone();
    assert_eq!(list("handshakes"), vec![serde_json::json!(["/chat", "ada", "chat"]); 4]);
    assert_eq!(list("closes"), [1000; 4], "every user says goodbye");
    let messages = list("messages");
    assert_eq!(messages.len(), 100);
    let of = |text: &str| messages.iter().filter(|message| *message == text).count();
    assert_eq!((of("hello ada"), of("00ff"), of("push 3")), (20, 20, 20));
}

#[test]
fn the_same_over_tls_when_the_server_is_trusted() {
    let authority = Authority::new().unwrap();
    let config = || authority.sign(Kind::Server).unwrap().server_config().unwrap();
    let peer = Peer::start(Some(config()));
    let host = format!("wss://{}", peer.addr);
    let folder = Folder::new().unwrap();
    let args = ["--host", host.as_str()];
    let refused = run(&folder, "websocket.json", &args);
    let (class, text) = failure(&refused, "/chat");
    assert_eq!(class, "tls");
    assert!(text.contains("an authority that is not trusted"), "{text}");
    assert_eq!(Peer::count(&peer.state.connections), 0);
    let args = [args.as_slice(), &["--insecure"]].concat();
    assert_conversation(&run(&folder, "websocket.json", &args), &peer);
}

#[test]
fn users_say_goodbye_and_come_back_after_the_server_has_left() {
    let peer = Peer::start(None);
    let host = format!("ws://{}", peer.addr);
    let run = run(&Folder::new().unwrap(), "websocket-ends.json", &["--host", &host]);
    for name in ["first", "close", "again"] {
        assert_eq!(of_name(&run, name), (6, 0), "{name}: {:?}", run.failures());
    }
    for name in ["server leaves", "silence"] {
        assert_eq!(of_name(&run, name), (6, 6), "{name}");
        assert_eq!(failure(&run, name).0, "closed", "{:?}", run.failures());
    }
    // Twice a tick: at its beginning and after its goodbye.
    assert_eq!(Peer::count(&peer.state.connections), 12);
}

#[test]
fn messages_for_which_there_is_no_room_are_counted() {
    let peer = Peer::start(None);
    let host = format!("ws://{}", peer.addr);
    let run = run(&Folder::new().unwrap(), "websocket-flood.json", &["--host", &host]);
    assert_eq!((of_name(&run, "ask"), of_name(&run, "close")), ((6, 0), (6, 0)));
    // Of 300, 256 may wait; the server's goodbye comes behind all of them.
    assert_eq!(run.count("/dropped_messages"), 6 * 44);
    let says = "264 messages dropped unread, because too many waited for their user";
    assert!(run.outcome.stdout.contains(says), "{}", run.outcome.stdout);
}

#[test]
fn a_websocket_user_tells_what_is_no_websocket_server() {
    let (addr, _) = echo();
    let host = format!("ws://{addr}");
    let run = run(&Folder::new().unwrap(), "websocket.json", &["--host", &host]);
    let (class, text) = failure(&run, "/chat");
    assert!(class == "protocol" && !text.is_empty(), "{class}: {text}");
    let counts = (run.count("/totals/requests"), run.count("/totals/successes"));
    assert_eq!(counts, (140, 0), "{:?}", run.failures());
}
