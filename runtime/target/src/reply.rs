//! What a handler answers: a status, header lines, and a body held or generated.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// Generated bodies repeat this line, so that any byte of them can be checked by its offset.
const FILLER_LINE: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-\n";

/// Generated bodies are written in pieces of up to this size.
pub(crate) const FILLER_BLOCK: usize = 16 * 1024;

/// What pieces are cut from: a line more than one needs, as a piece may begin anywhere in a line.
static FILLER: [u8; FILLER_BLOCK + FILLER_LINE.len()] = {
    let mut block = [0; FILLER_BLOCK + FILLER_LINE.len()];
    let (mut lines, _) = block.as_chunks_mut();
    while let Some((line, rest)) = lines.split_first_mut() {
        *line = *FILLER_LINE;
        lines = rest;
    }
    block
};

/// The piece of a generated body that begins `offset` bytes into it, `len` up to [`FILLER_BLOCK`].
pub(crate) fn filler(offset: u64, len: u64) -> &'static [u8] {
    let start = (offset % FILLER_LINE.len() as u64) as usize;
    let end = start.saturating_add(len.min(FILLER_BLOCK as u64) as usize);
    FILLER.get(start..end).unwrap_or_default()
}

/// A reply under construction, reused from request to request of a connection.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Header lines as they go out, framing headers excepted.
    pub(crate) headers: Vec<u8>,
    /// What [`Payload::Held`] sends.
    pub(crate) body: Vec<u8>,
    pub(crate) payload: Payload,
    /// Time to let pass before answering.
    pub(crate) delay: Duration,
    /// Whether the connection ends with this reply.
    pub(crate) close: bool,
}

/// Where the bytes of the body come from.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// They are in [`Reply::body`].
    #[default]
    Held,
    /// So many bytes of [`FILLER`], with a Content-Length.
    Filler { len: u64 },
    /// The same in chunks of `size` bytes, with a trailer that repeats the length.
    FillerChunks { len: u64, size: usize },
    /// So many chunks of one JSON line each, a pause before each but the first.
    Lines { count: u64, pause: Duration },
}

impl Reply {
    pub(crate) fn clear(&mut self) {
        self.status = 200;
        self.headers.clear();
        self.body.clear();
        self.payload = Payload::Held;
        self.delay = Duration::ZERO;
        self.close = false;
    }

    /// Adds a header. A value that a header cannot carry is left out, line breaks first of all.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return;
        }
        self.headers.extend_from_slice(name.as_bytes());
        self.headers.extend_from_slice(b": ");
        self.headers.extend_from_slice(value.as_bytes());
        self.headers.extend_from_slice(b"\r\n");
    }

    /// Sets a body that is there already.
    pub(crate) fn content(&mut self, content_type: &str, body: &[u8]) {
        self.header("Content-Type", content_type);
        self.body.extend_from_slice(body);
    }

    pub(crate) fn json(&mut self, status: u16, value: &Value) {
        self.status = status;
        self.header("Content-Type", "application/json");
        // Writing to memory cannot fail, and a `Value` has no keys that are not text.
        let _ = serde_json::to_writer(&mut self.body, value);
        self.body.push(b'\n');
    }

    /// The one shape all errors have.
    pub(crate) fn error(&mut self, status: u16, message: &str) {
        self.json(status, &json!({"error": {"status": status, "message": message}}));
    }

    /// Whether a reply of this status has a body at all (RFC 9110 §6.4.1).
    pub(crate) fn may_have_body(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }

    /// Writes the head to `out`. `chunked` says how generated chunks are framed.
    pub(crate) fn write_head(&self, out: &mut Vec<u8>, keep_alive: bool, http10: bool) {
        let length = match self.payload {
            Payload::Held => Some(self.body.len() as u64),
            Payload::Filler { len } => Some(len),
            Payload::FillerChunks { .. } | Payload::Lines { .. } => None,
        };
        // Writing to a `Vec` cannot fail.
        let _ = write!(out, "HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        out.extend_from_slice(b"Server: ldvm-target\r\n");
        out.extend_from_slice(&self.headers);
        match length {
            _ if !self.may_have_body() => {}
            Some(length) => {
                let _ = write!(out, "Content-Length: {length}\r\n");
            }
            None if http10 => {}
            None => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        }
        match (keep_alive, http10) {
            (false, _) => out.extend_from_slice(b"Connection: close\r\n"),
            (true, true) => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            (true, false) => {}
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// The customary phrase of a status; empty, as RFC 9112 §4 allows, for the rarer ones.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_value_cannot_smuggle_another_header_in() {
        let mut reply = Reply::default();
        reply.header("Location", "/a\r\nSet-Cookie: stolen=1");
        assert!(reply.headers.is_empty());
        reply.header("Location", "/a b\tc");
        assert_eq!(reply.headers, b"Location: /a b\tc\r\n");
    }

    #[test]
    fn clearing_leaves_nothing_of_the_reply_before() {
        let mut reply = Reply::default();
        reply.error(404, "no");
        reply.payload = Payload::Filler { len: 3 };
        reply.close = true;
        reply.clear();
        let mut head = Vec::new();
        reply.write_head(&mut head, true, false);
        let head = String::from_utf8(head).unwrap();
        assert_eq!(head, "HTTP/1.1 200 OK\r\nServer: ldvm-target\r\nContent-Length: 0\r\n\r\n");
    }

    #[test]
    fn a_status_without_body_has_no_length() {
        for status in [204, 304] {
            let mut reply = Reply { status, ..Reply::default() };
            reply.body.extend_from_slice(b"never sent");
            let mut head = Vec::new();
            reply.write_head(&mut head, true, false);
            assert!(!String::from_utf8(head).unwrap().contains("Content-Length"), "{status}");
        }
    }
}
