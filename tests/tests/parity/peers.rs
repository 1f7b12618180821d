//! What a plan talks to: an HTTP server that answers by path, echoes over TCP, UDP and
//! WebSocket, and a port where nobody listens. Each keeps what it was sent.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ld_tests::witness::{Seen, Witness, reply};
use rustix::net;
use serde_json::{Value, json};
use tungstenite::{Message, accept};

/// The peers of one run.
pub(crate) struct Peers {
    http: Witness,
    sockets: Arc<Mutex<Vec<Value>>>,
    /// What a plan calls them, and what they are.
    places: Vec<(&'static str, String)>,
    /// Bound, and so nobody else's, but deaf: who connects is refused.
    _deaf: OwnedFd,
}

impl Peers {
    /// Starts them for a plan in `folder`. `replies` holds what the HTTP server answers: for a path (or `METHOD path`)
    /// `status`, `headers`, and `json` or `body` (`latin-1` if so encoded), or a list of such, one for each visit, of
    /// which the last stays; `close` closes the connection, `delay_ms` is waited for.
    /// `/status/N` answers with that status without being told, everything else with 200.
    pub(crate) fn start(replies: &Value, folder: &Path) -> io::Result<Self> {
        let sockets = Arc::<Mutex<Vec<Value>>>::default();
        let visits = Mutex::new(HashMap::<String, usize>::new());
        let replies = replies.clone();
        let http = Witness::start(move |seen| answer(&replies, &visits, seen))?;
        let (deaf, deaf_addr) = deaf_port()?;
        let (tcp, websocket) = (echo_tcp(&sockets)?, echo_websocket(&sockets)?);
        // The two protocols have their own ports; the same one twice would be one name too many.
        let udp = loop {
            let udp = echo_udp(&sockets)?;
            if ![http.addr(), tcp, websocket, deaf_addr].contains(&udp) {
                break udp;
            }
        };
        let places = vec![
            ("http://target", http.url()),
            ("tcp-target", tcp.to_string()),
            ("udp-target", udp.to_string()),
            ("ws://target", format!("ws://{websocket}")),
            ("deaf-target", deaf_addr.to_string()),
            ("/its/folder", folder.canonicalize()?.to_string_lossy().into_owned()),
        ];
        Ok(Self { http, sockets, places, _deaf: deaf })
    }

    /// Puts the addresses of the peers where a text names them.
    pub(crate) fn fill_in(&self, text: &str) -> String {
        let replaced = |text: String, (name, place): &(&str, String)| text.replace(name, place);
        self.places.iter().fold(text.to_owned(), replaced)
    }

    /// Puts the names of the peers where a text has their addresses.
    pub(crate) fn abstracted(&self, text: &str) -> String {
        let replaced = |text: String, (name, place): &(&str, String)| text.replace(place, name);
        let text = self.places.iter().fold(text.to_owned(), replaced);
        let text = text.replace(&self.http.addr().to_string(), "target");
        text.replace(&format!("port={}", self.http.addr().port()), "port=of-target")
    }

    /// What was sent to them.
    pub(crate) fn seen(&self) -> (Vec<Seen>, Vec<Value>) {
        (self.http.seen(), self.sockets.lock().unwrap().clone())
    }
}

fn answer(replies: &Value, visits: &Mutex<HashMap<String, usize>>, seen: &Seen) -> Vec<u8> {
    let with_method = format!("{} {}", seen.method, seen.path());
    let found = replies.get(&with_method).or_else(|| replies.get(seen.path()));
    let found = match found {
        Some(Value::Array(list)) => {
            let mut visits = visits.lock().unwrap();
            let visit = visits.entry(with_method).or_default();
            *visit += 1;
            list.get(*visit - 1).or(list.last()).cloned().unwrap_or_default()
        }
        Some(found) => found.clone(),
        None => match seen.path().strip_prefix("/status/") {
            Some(status) => json!({"status": status.parse::<u16>().unwrap()}),
            None => json!({}),
        },
    };
    if let Some(delay) = found["delay_ms"].as_u64() {
        thread::sleep(Duration::from_millis(delay));
    }
    if found["close"] == true {
        return Vec::new();
    }
    written(&found, seen)
}

fn written(reply_: &Value, seen: &Seen) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, values) in reply_["headers"].as_object().into_iter().flatten() {
        let list = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
        headers.extend(list.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
    }
    let body = match (&reply_["json"], &reply_["body"]) {
        (Value::Null, Value::Null) => "{\"ok\": true}".to_owned(),
        (Value::Null, body) => body.as_str().unwrap().to_owned(),
        (json, _) => json.to_string(),
    };
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if reply_["body"].is_null() && !has_type {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let status = reply_["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap());
    let body = if [204, 304].contains(&status) { String::new() } else { body };
    let bytes = match reply_["latin-1"].as_bool() {
        Some(true) => body.chars().map(|char| u8::try_from(char).unwrap()).collect(),
        _ => body.into_bytes(),
    };
    let mut reply = reply(status, &headers, &bytes);
    if seen.method == "HEAD" {
        reply.truncate(reply.len() - bytes.len());
    }
    reply
}

/// A port that is taken and where nobody listens: the system refuses connections to it.
fn deaf_port() -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None)?;
    net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let addr = SocketAddr::try_from(net::getsockname(&socket)?)?;
    Ok((socket, addr))
}

/// Sends back what comes, and leaves after `goodbye`.
fn echo_tcp(seen: &Arc<Mutex<Vec<Value>>>) -> io::Result<SocketAddr> {
    let (listener, seen) = (TcpListener::bind("127.0.0.1:0")?, Arc::clone(seen));
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        // One after the other: the order of what was sent is kept.
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut block = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut block) {
                let text = String::from_utf8_lossy(&block[..read]);
                seen.lock().unwrap().push(json!({ "tcp": text }));
                if stream.write_all(&block[..read]).is_err() || text.contains("goodbye") {
                    break;
                }
            }
        }
    });
    Ok(addr)
}

fn echo_udp(seen: &Arc<Mutex<Vec<Value>>>) -> io::Result<SocketAddr> {
    let (socket, seen) = (UdpSocket::bind("127.0.0.1:0")?, Arc::clone(seen));
    let addr = socket.local_addr()?;
    thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok((read, from)) = socket.recv_from(&mut block) {
            let text = String::from_utf8_lossy(&block[..read]);
            seen.lock().unwrap().push(json!({ "udp": text }));
            // Who wanted no answer is gone.
            let _ = socket.send_to(&block[..read], from);
        }
    });
    Ok(addr)
}

/// Sends messages back, and leaves at `leave`.
fn echo_websocket(seen: &Arc<Mutex<Vec<Value>>>) -> io::Result<SocketAddr> {
    let (listener, seen) = (TcpListener::bind("127.0.0.1:0")?, Arc::clone(seen));
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                let Ok(mut socket) = accept(stream) else { return };
                seen.lock().unwrap().push(json!({"websocket": "opened"}));
                while let Ok(message) = socket.read() {
                    let Message::Text(text) = message else { continue };
                    seen.lock().unwrap().push(json!({"message": text.as_str()}));
                    let sent = match text.as_str() {
                        "leave" => socket.close(None),
                        "silence" => Ok(()),
                        _ => socket.send(Message::Text(text)),
                    };
                    if sent.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(addr)
}
