//! Faults of reply heads.

use std::io;

use super::Peer;
use super::transport::REPLY;

/// Answers every request with the same bytes.
fn always(peer: &mut Peer<'_>, bytes: &[u8]) -> io::Result<()> {
    while peer.request()? {
        peer.send(bytes)?;
    }
    Ok(())
}

/// Answers with `start`, then with `more` for as long as the client takes it.
fn for_ever(peer: &mut Peer<'_>, start: &[u8], more: &[u8]) -> io::Result<()> {
    if peer.request()? {
        peer.send(start)?;
        loop {
            peer.send(more)?;
        }
    }
    Ok(())
}

pub(super) fn garbage(peer: &mut Peer<'_>) -> io::Result<()> {
    // The same noise each time: a multiplicative sequence, never the start of a reply.
    let noise = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80;
    always(peer, &(1..2000).map(noise).collect::<Vec<u8>>())
}

pub(super) fn other_protocol(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, b"220 mail.example ESMTP ready\r\n")
}

pub(super) fn http2_frames(peer: &mut Peer<'_>) -> io::Result<()> {
    // An empty SETTINGS frame, then GOAWAY with PROTOCOL_ERROR.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    always(peer, &[settings.as_slice(), goaway.as_slice()].concat())
}

pub(super) fn no_status(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n")
}

pub(super) fn header_without_colon(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nthis is no header\r\n\r\n")
}

pub(super) fn oversized_header(peer: &mut Peer<'_>) -> io::Result<()> {
    let value = "x".repeat(2 << 20);
    always(peer, format!("HTTP/1.1 200 OK\r\nX: {value}\r\nContent-Length: 0\r\n\r\n").as_bytes())
}

pub(super) fn too_many_headers(peer: &mut Peer<'_>) -> io::Result<()> {
    let headers = "X: y\r\n".repeat(100_000);
    always(peer, format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n").as_bytes())
}

pub(super) fn endless_head(peer: &mut Peer<'_>) -> io::Result<()> {
    for_ever(peer, b"HTTP/1.1 200 OK\r\n", b"X-And-So: on\r\n")
}

pub(super) fn continue_first(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, &[b"HTTP/1.1 100 Continue\r\n\r\n", REPLY].concat())
}

pub(super) fn early_hints_first(peer: &mut Peer<'_>) -> io::Result<()> {
    let hints: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    always(peer, &[hints, hints, REPLY].concat())
}

pub(super) fn endless_interim(peer: &mut Peer<'_>) -> io::Result<()> {
    for_ever(peer, b"", b"HTTP/1.1 100 Continue\r\n\r\n")
}

pub(super) fn redirect_loop(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
}

pub(super) fn redirect_nowhere(peer: &mut Peer<'_>) -> io::Result<()> {
    always(peer, b"HTTP/1.1 302 Found\r\nLocation: http://[::bad\r\nContent-Length: 0\r\n\r\n")
}
