//! Faults of reply bodies: their length, chunks and coding.

use std::io::{self, Write as _};
use std::sync::LazyLock;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress};

use super::Peer;
use super::transport::REPLY;

/// Sends one reply and closes.
fn once(peer: &mut Peer<'_>, bytes: &[u8]) -> io::Result<()> {
    if peer.request()? { peer.send(bytes) } else { Ok(()) }
}

/// Sends one reply and leaves the connection to the client.
fn once_and_stay(peer: &mut Peer<'_>, bytes: &[u8]) -> io::Result<()> {
    once(peer, bytes)?;
    peer.stall()
}

/// Answers every request with the same reply: its framing is good, so the connection goes on.
fn always(peer: &mut Peer<'_>, bytes: &[u8]) -> io::Result<()> {
    while peer.request()? {
        peer.send(bytes)?;
    }
    Ok(())
}

pub(super) fn length_too_long(peer: &mut Peer<'_>) -> io::Result<()> {
    once(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":true}")
}

pub(super) fn length_too_short(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(
        peer,
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true} and on it goes",
    )
}

pub(super) fn surplus_reply(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, &[REPLY, REPLY].concat())
}

pub(super) fn conflicting_lengths(peer: &mut Peer<'_>) -> io::Result<()> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 12\r\n\r\n";
    once_and_stay(peer, &[head.as_slice(), b"{\"ok\":true}"].concat())
}

pub(super) fn no_number_length(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, b"HTTP/1.1 200 OK\r\nContent-Length: eleven\r\n\r\n{\"ok\":true}")
}

pub(super) fn overflowing_length(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551627\r\n\r\n{}")
}

/// A chunked reply with these chunks.
fn chunked(chunks: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks].concat()
}

pub(super) fn bad_chunk(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, &chunked(b"b\r\n{\"ok\":true}\r\nlast\r\n\r\n"))
}

pub(super) fn overflowing_chunk(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, &chunked(b"1000000000000000b\r\n{\"ok\":true}\r\n0\r\n\r\n"))
}

pub(super) fn unended_chunk(peer: &mut Peer<'_>) -> io::Result<()> {
    once_and_stay(peer, &chunked(b"5\r\n{\"ok\":true}\r\n0\r\n\r\n"))
}

pub(super) fn missing_last_chunk(peer: &mut Peer<'_>) -> io::Result<()> {
    once(peer, &chunked(b"b\r\n{\"ok\":true}\r\n"))
}

/// A reply whose gzip body is framed as it should be, whatever it holds.
fn gzipped(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

pub(super) fn truncated_gzip(peer: &mut Peer<'_>) -> io::Result<()> {
    let mut body = gzip(br#"{"ok":true,"list":[1,2,3,5,8,13,21,34,55,89]}"#)?;
    body.truncate(body.len() / 2);
    always(peer, &gzipped(&body))
}

pub(super) fn corrupt_gzip(peer: &mut Peer<'_>) -> io::Result<()> {
    let mut body = gzip(br#"{"ok":true}"#)?;
    // The last eight bytes are checksum and length: the text unpacks, but cannot be trusted.
    for byte in body.iter_mut().rev().take(8) {
        *byte ^= 0x55;
    }
    always(peer, &gzipped(&body))
}

pub(super) fn gzip_bomb(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, &gzipped(&BOMB))
}

/// A valid gzip file of 1 GiB of zeros: one block of 1 MiB, compressed once, repeated.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    const BLOCK: usize = 1 << 20;
    const BLOCKS: u32 = 1 << 10;
    let zeros = vec![0; BLOCK];
    let mut block = Vec::with_capacity(BLOCK / 100);
    // Flushed fully, a block ends on a byte and does not look back: it can stand anywhere. There
    // is room for it, so compressing cannot fail; if it did, no bomb would go off in the test.
    let _ = Compress::new(Compression::best(), false).compress_vec(
        &zeros,
        &mut block,
        FlushCompress::Full,
    );
    let mut crc = Crc::new();
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for _ in 0..BLOCKS {
        bomb.extend_from_slice(&block);
    }
    let mut of_block = Crc::new();
    of_block.update(&zeros);
    for _ in 0..BLOCKS {
        crc.combine(&of_block);
    }
    bomb.extend_from_slice(&[3, 0]); // a last, empty block
    bomb.extend_from_slice(&crc.sum().to_le_bytes());
    bomb.extend_from_slice(&crc.amount().to_le_bytes());
    bomb
});
