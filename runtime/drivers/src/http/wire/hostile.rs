//! Replies made to break a reader: too much of everything, and a seeded mutator over the
//! recorded cases.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::buffer::Buffer;
use super::error::WireError;
use super::probe::{probe_reply, replay};
use super::reader::{Expect, Limits, Progress, ReplyReader};
use crate::http::decode::DecodeError;

const LIMITS: Limits = Limits { head: 4096, body: 10_000 };
const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Feeds a beginning, then the same bytes again and again, until the reader has enough of
/// it; the error and the memory it took to get there.
fn endless(start: &str, repeated: &[u8], body: bool) -> (WireError, usize) {
    let mut reader = ReplyReader::new(Expect { body, ..Expect::default() }, LIMITS);
    let mut buffer = Buffer::default();
    buffer.extend(start.as_bytes());
    for _ in 0..100_000 {
        match reader.feed(&mut buffer) {
            Ok(Progress::More) => buffer.extend(repeated),
            Ok(Progress::Done) => panic!("done"),
            Err(error) => return (error, buffer.capacity()),
        }
    }
    panic!("no end after {} bytes", start.len() + repeated.len() * 100_000);
}

fn keep(reply: &[u8]) -> Result<Result<Vec<u8>, DecodeError>, WireError> {
    let expect = Expect { body: true, ..Expect::default() };
    replay([reply], expect, LIMITS, &mut Buffer::default()).map(|outcome| outcome.body)
}

#[test]
fn endless_heads_end_at_the_limit() {
    let too_large = WireError::HeadTooLarge(LIMITS.head);
    for (start, repeated) in [
        ("HTTP/1.1 200 ", "OK "),
        (OK, "X-Field: value\r\n"),
        (OK, "a:\n"),
        ("HTTP/1.1 200 OK\r\nX: ", "value"),
        ("HTTP/1.1 200 OK\r\n", "X"),
        ("HTTP/1.1 200 OK\r\nX: y\r\n", " folded\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"),
    ] {
        let (error, memory) = endless(start, repeated.as_bytes(), true);
        assert_eq!(error, too_large, "{start:?} {repeated:?}");
        assert_eq!(memory, 16 * 1024, "{start:?} {repeated:?}");
    }
}

#[test]
fn a_large_head_in_one_piece_ends_at_the_limit() {
    let head = format!("{OK}X: {}\r\nContent-Length: 0\r\n\r\n", "v".repeat(LIMITS.head));
    assert_eq!(keep(head.as_bytes()), Err(WireError::HeadTooLarge(LIMITS.head)));
}

#[test]
fn endless_bodies_end_at_the_limit_when_they_are_kept() {
    let until_close = format!("{OK}\r\n");
    for (start, repeated) in
        [(until_close.as_str(), b"some of it".as_slice()), (CHUNKED, b"2\r\nab\r\n")]
    {
        let (error, memory) = endless(start, repeated, true);
        assert_eq!(error, WireError::BodyTooLarge(LIMITS.body));
        assert_eq!(memory, 16 * 1024);
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_the_body_comes() {
    let reply = format!("{OK}Content-Length: 10001\r\n\r\n");
    assert_eq!(keep(reply.as_bytes()), Err(WireError::BodyTooLarge(LIMITS.body)));
}

#[test]
fn endless_chunk_extensions_and_trailers_end_at_their_limits() {
    let extension = format!("{CHUNKED}5;");
    let (error, memory) = endless(&extension, b"name=value;", false);
    assert_eq!(error, WireError::ChunkExtension(16 * 1024));
    assert_eq!(memory, 16 * 1024);
    let trailers = format!("{CHUNKED}0\r\n");
    let (error, memory) = endless(&trailers, b"X-Field: value\r\n", false);
    assert_eq!(error, WireError::TrailersTooLarge(LIMITS.head));
    assert_eq!(memory, 16 * 1024);
}

#[test]
fn garbage_without_line_ends_is_refused_before_the_limit() {
    let (error, _) = endless(OK, b"\x01\x02\x03", false);
    assert_eq!(error, WireError::FieldName);
}

#[test]
fn a_bomb_decodes_to_no_more_than_the_limit() {
    let mut coder = GzEncoder::new(Vec::new(), Compression::best());
    coder.write_all(&vec![0; LIMITS.body + 1]).unwrap();
    let bomb = coder.finish().unwrap();
    let mut reply = format!("{OK}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len())
        .into_bytes();
    reply.extend_from_slice(&bomb);
    assert_eq!(keep(&reply), Ok(Err(DecodeError::TooLarge(LIMITS.body))));

    let mut coder = GzEncoder::new(Vec::new(), Compression::best());
    coder.write_all(&vec![0; LIMITS.body]).unwrap();
    let largest = coder.finish().unwrap();
    let mut reply =
        format!("{OK}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", largest.len())
            .into_bytes();
    reply.extend_from_slice(&largest);
    assert_eq!(keep(&reply), Ok(Ok(vec![0; LIMITS.body])));
}

#[test]
fn every_coding_stops_at_the_limit() {
    for name in ["node-br", "node-deflate", "node-deflate-without-zlib", "node-zstd"] {
        let reply = case(name);
        let limits = Limits { body: 100, ..LIMITS };
        let expect = Expect { body: true, ..Expect::default() };
        let outcome = replay([reply.as_slice()], expect, limits, &mut Buffer::default()).unwrap();
        assert_eq!(outcome.body, Err(DecodeError::TooLarge(100)), "{name}");
    }
}

#[test]
fn mutated_replies_never_panic_and_never_depend_on_how_they_are_cut() {
    let seeds: Vec<Vec<u8>> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "reply"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    let rounds = std::env::var("MUTATIONS").map_or(5_000, |count| count.parse().unwrap());
    let mut rng = fastrand::Rng::with_seed(0x5eed);
    for _ in 0..rounds {
        let mut data = vec![rng.u8(..)];
        data.extend_from_slice(rng.choice(&seeds).unwrap());
        for _ in 0..rng.usize(1..6) {
            mutate(&mut data, &seeds, &mut rng);
        }
        probe_reply(&data);
    }
}

fn mutate(data: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut fastrand::Rng) {
    const TOKENS: &[&[u8]] = &[
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"\0",
        b" ",
        b":",
        b";",
        b"0\r\n",
        b"ffffffffffffffff",
        b"-1",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: zstd\r\n",
        b"Content-Encoding: br\r\n",
        b"Content-Encoding: deflate\r\n",
        b"Connection: close\r\n",
        b"HTTP/1.1 100 \r\n\r\n",
    ];
    let at = rng.usize(..=data.len());
    match rng.u8(..6) {
        0 => {
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
        1 => data.truncate(at),
        2 => {
            let end = (at + rng.usize(..20)).min(data.len());
            data.drain(at..end);
        }
        3 => {
            let token = rng.choice(TOKENS).unwrap();
            data.splice(at..at, token.iter().copied());
        }
        4 => {
            let seed = rng.choice(seeds).unwrap();
            data.extend_from_slice(&seed[rng.usize(..=seed.len())..]);
        }
        _ => {
            if let Some(byte) = data.get_mut(at) {
                *byte = rng.u8(..);
            }
        }
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/wire"))
}

fn case(name: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension("reply")).unwrap()
}
