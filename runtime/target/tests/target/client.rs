//! A client that sends what it is given and reads replies byte by byte as framed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use ld_target::{Target, TargetOptions};
use serde_json::Value;

/// Longer than any test should ever wait: a hang becomes a failure.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn start() -> Target {
    Target::start(&TargetOptions::default()).unwrap()
}

pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).into_iter().next()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(|pair| pair.0.eq_ignore_ascii_case(name)).map(|pair| pair.1).collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// One GET on a connection of its own.
pub(crate) fn get(target: &Target, path: &str) -> Reply {
    Client::connect(target).ask("GET", path, "", "")
}

impl Client {
    pub(crate) fn connect(target: &Target) -> Self {
        let stream = TcpStream::connect(target.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends a request and reads its reply; `headers` are whole lines.
    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}{length}\r\n");
        self.send(format!("{head}{body}").as_bytes());
        self.reply(method == "HEAD")
    }

    pub(crate) fn reply(&mut self, head_only: bool) -> Reply {
        let head = self.lines();
        let status = head[9..12].parse().unwrap();
        let mut reply = Reply { status, head, body: Vec::new(), trailers: String::new() };
        if head_only || matches!(status, 100..=199 | 204 | 304) {
            return reply;
        }
        if let Some(length) = reply.header("content-length") {
            reply.body.resize(length.parse().unwrap(), 0);
            self.stream.read_exact(&mut reply.body).unwrap();
        } else if reply.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                reply.body.extend(chunk);
            }
            reply.trailers = self.lines();
        } else {
            self.stream.read_to_end(&mut reply.body).unwrap();
        }
        reply
    }

    /// The next chunk of a body; `None` for the last, whose trailers are left to read.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        if size == 0 {
            return None;
        }
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).unwrap();
        assert_eq!(chunk.split_off(size), b"\r\n");
        Some(chunk)
    }

    /// Lines up to and with the next empty one.
    pub(crate) fn lines(&mut self) -> String {
        let mut lines = String::new();
        while !lines.ends_with("\r\n\r\n") && lines != "\r\n" {
            let read = self.stream.read_line(&mut lines).unwrap();
            assert!(read > 0, "the connection ended within {lines:?}");
        }
        lines
    }

    /// Reads to the end, which must come, and returns what was there.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        rest
    }
}
