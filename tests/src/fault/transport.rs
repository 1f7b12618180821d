//! Faults of connections and of time: ends, resets, stalls, TLS.

use std::io;
use std::thread;
use std::time::Duration;

use super::Peer;

/// A good reply, the one most faults begin.
pub(super) const REPLY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";

/// Bytes of [`REPLY`] that end within its head, and within its body.
const MID_HEAD: usize = 30;
const MID_BODY: usize = REPLY.len() - 5;

/// Between the bytes of a slow reply.
const SLOW: Duration = Duration::from_millis(1);

/// Between the bytes of a reply that has no end.
const DRIP: Duration = Duration::from_millis(20);

/// Answers every request as it should be.
pub(super) fn serve(peer: &mut Peer<'_>) -> io::Result<()> {
    while peer.request()? {
        peer.send(REPLY)?;
    }
    Ok(())
}

/// Sends the reply up to `end` and says whether there was a request for it.
fn begin(peer: &mut Peer<'_>, end: usize) -> io::Result<bool> {
    let asked = peer.request()?;
    if asked {
        peer.send(REPLY.get(..end).unwrap_or(REPLY))?;
    }
    Ok(asked)
}

pub(super) fn reset_before_reply(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, 0)?;
    peer.reset_at_end()
}

pub(super) fn reset_mid_head(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_HEAD)?;
    peer.reset_at_end()
}

pub(super) fn reset_mid_body(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_BODY)?;
    peer.reset_at_end()
}

pub(super) fn close_before_reply(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, 0).map(drop)
}

pub(super) fn close_mid_head(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_HEAD).map(drop)
}

pub(super) fn half_closed(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, 0)?;
    peer.end_sending()?;
    peer.stall()
}

pub(super) fn half_closed_mid_body(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_BODY)?;
    peer.end_sending()?;
    peer.stall()
}

pub(super) fn idle_close(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, REPLY.len())?;
    begin(peer, REPLY.len()).map(drop)
}

pub(super) fn idle_reset(peer: &mut Peer<'_>) -> io::Result<()> {
    idle_close(peer)?;
    // The second reply must have arrived before the reset, or this would be another fault.
    thread::sleep(DRIP);
    peer.reset_at_end()
}

pub(super) fn slow_bytes(peer: &mut Peer<'_>) -> io::Result<()> {
    while peer.request()? {
        for byte in REPLY.chunks(1) {
            peer.send(byte)?;
            thread::sleep(SLOW);
        }
    }
    Ok(())
}

pub(super) fn endless_drip(peer: &mut Peer<'_>) -> io::Result<()> {
    if peer.request()? {
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
        loop {
            peer.send(b".")?;
            thread::sleep(DRIP);
        }
    }
    Ok(())
}

pub(super) fn stall_before_reply(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, 0)?;
    peer.stall()
}

pub(super) fn stall_mid_head(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_HEAD)?;
    peer.stall()
}

pub(super) fn stall_mid_body(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_BODY)?;
    peer.stall()
}

pub(super) fn plain_reply(peer: &mut Peer<'_>) -> io::Result<()> {
    peer.read_some()?;
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

pub(super) fn close_in_handshake(peer: &mut Peer<'_>) -> io::Result<()> {
    peer.read_some().map(drop)
}

pub(super) fn reset_in_handshake(peer: &mut Peer<'_>) -> io::Result<()> {
    peer.read_some()?;
    peer.reset_at_end()
}

pub(super) fn alert_in_handshake(peer: &mut Peer<'_>) -> io::Result<()> {
    peer.read_some()?;
    // A record of type alert (21) that holds a fatal (2) handshake_failure (40).
    peer.send(&[21, 3, 3, 0, 2, 2, 40])
}

pub(super) fn stall_in_handshake(peer: &mut Peer<'_>) -> io::Result<()> {
    peer.stall()
}

pub(super) fn garbage_record(peer: &mut Peer<'_>) -> io::Result<()> {
    if peer.request()? {
        peer.send_raw(b"this is no TLS record")?;
    }
    peer.stall()
}

pub(super) fn cut_off(peer: &mut Peer<'_>) -> io::Result<()> {
    begin(peer, MID_BODY)?;
    peer.end_sending()
}
