//! Reading replies off the wire: bytes that have arrived become a head and a body.

use std::hint::black_box;

use anyhow::{Result, ensure};
use ld_drivers::http::wire::{Buffer, Expect, Limits, Progress, ReplyReader};

use super::{Call, Stage};
use crate::nginx::JSON_ANSWER;

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "wire/get",
        doc: "reads the reply to a GET of the comparison, its body dropped",
        prepare: || reply(text("Hello, world!\n"), false, usize::MAX),
    },
    Stage {
        name: "wire/post",
        doc: "reads the JSON reply to the POST of the comparison, its body kept",
        prepare: || reply(text(JSON_ANSWER), true, usize::MAX),
    },
    Stage {
        name: "wire/chunked",
        doc: "reads the same reply in four chunks, its body kept",
        prepare: || reply(chunked(JSON_ANSWER), true, usize::MAX),
    },
    Stage {
        name: "wire/trickled",
        doc: "reads the reply to a GET that arrives 16 bytes at a time",
        prepare: || reply(text("Hello, world!\n"), false, 16),
    },
    Stage {
        name: "wire/100_kib",
        doc: "reads a reply of 100 KiB in reads of 16 KiB, its body dropped",
        prepare: || reply(text(&"x".repeat(100 << 10)), false, 16 << 10),
    },
];

const HEAD: &str = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\
    Date: Sun, 22 Nov 2026 20:41:54 GMT\r\nContent-Type: application/json\r\n";

fn text(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{HEAD}Content-Length: {length}\r\nConnection: keep-alive\r\n\r\n{body}").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    let mut bytes = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.as_bytes().chunks(body.len().div_ceil(4)) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Reads `bytes` as they come in reads of at most `read`.
fn reply(bytes: Vec<u8>, body: bool, read: usize) -> Result<Call> {
    let expect = Expect { to_head_request: false, body };
    let mut buffer = Buffer::default();
    let mut exchange = move || {
        buffer.clear();
        let mut reader = ReplyReader::new(black_box(expect), Limits::default());
        let mut progress = Ok(Progress::More);
        for arrived in bytes.chunks(read) {
            buffer.extend(black_box(arrived));
            progress = reader.feed(&mut buffer);
        }
        black_box(reader.body(&buffer));
        progress
    };
    ensure!(exchange() == Ok(Progress::Done), "the reply is not read to its end");
    Ok(Box::new(move || {
        let _ = black_box(exchange());
    }))
}
