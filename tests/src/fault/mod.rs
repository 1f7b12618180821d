//! Servers that misbehave: one row for each fault, so that a test can walk through all of them.

mod bodies;
mod heads;
mod peer;
mod server;
mod transport;

pub use peer::Peer;
pub use server::FaultServer;

use std::io;

/// One way in which a server can fail its client.
#[derive(Debug)]
pub struct Fault {
    /// Its name in test output.
    pub name: &'static str,
    /// What the server does.
    pub doc: &'static str,
    /// What a client has to make of it.
    pub outcome: Outcome,
    conduct: Conduct,
}

/// What a client that works makes of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request succeeds all the same.
    Success,
    /// The request fails, in the failure class of this name.
    Failure(&'static str),
}

/// What a fault consists of.
#[derive(Debug, Clone, Copy)]
enum Conduct {
    /// Nobody listens at the port.
    Refuse,
    /// Somebody listens, but the queue of connections is full and stays so.
    NeverAccept,
    /// The client speaks plain HTTP, and each connection goes like this.
    Http(fn(&mut Peer<'_>) -> io::Result<()>),
    /// The client speaks TLS, the server does not.
    NoTls(fn(&mut Peer<'_>) -> io::Result<()>),
    /// The client speaks TLS, the server answers with this certificate, and then it goes like this.
    Tls(Shown, fn(&mut Peer<'_>) -> io::Result<()>),
    /// The client speaks plain HTTP, the server TLS.
    TlsUnasked,
}

/// The certificate a TLS server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Good,
    SelfSigned,
    UnknownRoot,
    Expired,
    WrongHost,
}

use Conduct::{Http, NeverAccept, NoTls, Refuse, Tls, TlsUnasked};
use Outcome::{Failure, Success};

/// Every fault, by where in an exchange it strikes.
#[rustfmt::skip]
pub static FAULTS: &[Fault] = &[
    Fault { name: "refused", doc: "nobody listens at the port", outcome: Failure("connect"), conduct: Refuse },
    Fault { name: "never-accepting", doc: "the queue of connections is full and stays so", outcome: Failure("timeout"), conduct: NeverAccept },

    Fault { name: "reset-before-reply", doc: "reads the request, then resets", outcome: Failure("reset"), conduct: Http(transport::reset_before_reply) },
    Fault { name: "reset-mid-head", doc: "resets within the reply head", outcome: Failure("reset"), conduct: Http(transport::reset_mid_head) },
    Fault { name: "reset-mid-body", doc: "resets within the reply body", outcome: Failure("reset"), conduct: Http(transport::reset_mid_body) },
    Fault { name: "close-before-reply", doc: "reads the request, then closes", outcome: Failure("closed"), conduct: Http(transport::close_before_reply) },
    Fault { name: "close-mid-head", doc: "closes within the reply head", outcome: Failure("closed"), conduct: Http(transport::close_mid_head) },
    Fault { name: "half-closed", doc: "ends its own direction without a reply and goes on reading", outcome: Failure("closed"), conduct: Http(transport::half_closed) },
    Fault { name: "half-closed-mid-body", doc: "ends its own direction within the body and goes on reading", outcome: Failure("closed"), conduct: Http(transport::half_closed_mid_body) },
    Fault { name: "idle-close", doc: "closes after every second reply without having said so", outcome: Success, conduct: Http(transport::idle_close) },
    Fault { name: "idle-reset", doc: "resets after every second reply", outcome: Success, conduct: Http(transport::idle_reset) },

    Fault { name: "slow-bytes", doc: "sends a good reply byte by byte", outcome: Success, conduct: Http(transport::slow_bytes) },
    Fault { name: "endless-drip", doc: "sends a byte of the body now and then, for ever", outcome: Failure("timeout"), conduct: Http(transport::endless_drip) },
    Fault { name: "stall-before-reply", doc: "reads the request and does nothing more", outcome: Failure("timeout"), conduct: Http(transport::stall_before_reply) },
    Fault { name: "stall-mid-head", doc: "stops within the reply head", outcome: Failure("timeout"), conduct: Http(transport::stall_mid_head) },
    Fault { name: "stall-mid-body", doc: "stops within the reply body", outcome: Failure("timeout"), conduct: Http(transport::stall_mid_body) },

    Fault { name: "garbage", doc: "answers with random bytes", outcome: Failure("protocol"), conduct: Http(heads::garbage) },
    Fault { name: "other-protocol", doc: "greets as an SMTP server does", outcome: Failure("protocol"), conduct: Http(heads::other_protocol) },
    Fault { name: "http2-frames", doc: "answers with HTTP/2 frames", outcome: Failure("protocol"), conduct: Http(heads::http2_frames) },
    Fault { name: "no-status", doc: "sends a status line without a number", outcome: Failure("protocol"), conduct: Http(heads::no_status) },
    Fault { name: "header-without-colon", doc: "sends a header line without a colon", outcome: Failure("protocol"), conduct: Http(heads::header_without_colon) },
    Fault { name: "oversized-header", doc: "sends a header of 2 MiB", outcome: Failure("protocol"), conduct: Http(heads::oversized_header) },
    Fault { name: "too-many-headers", doc: "sends 100 000 headers", outcome: Failure("protocol"), conduct: Http(heads::too_many_headers) },
    Fault { name: "endless-head", doc: "sends headers for ever", outcome: Failure("protocol"), conduct: Http(heads::endless_head) },
    Fault { name: "continue-first", doc: "sends 100 Continue unasked, then a good reply", outcome: Success, conduct: Http(heads::continue_first) },
    Fault { name: "early-hints-first", doc: "sends two 103 Early Hints, then a good reply", outcome: Success, conduct: Http(heads::early_hints_first) },
    Fault { name: "endless-interim", doc: "sends interim replies for ever", outcome: Failure("protocol"), conduct: Http(heads::endless_interim) },

    Fault { name: "length-too-long", doc: "announces more bytes than it sends, then closes", outcome: Failure("closed"), conduct: Http(bodies::length_too_long) },
    Fault { name: "length-too-short", doc: "announces fewer bytes than it sends", outcome: Failure("protocol"), conduct: Http(bodies::length_too_short) },
    Fault { name: "surplus-reply", doc: "sends two replies to one request", outcome: Failure("protocol"), conduct: Http(bodies::surplus_reply) },
    Fault { name: "conflicting-lengths", doc: "sends two Content-Length headers that differ", outcome: Failure("protocol"), conduct: Http(bodies::conflicting_lengths) },
    Fault { name: "no-number-length", doc: "sends a Content-Length that is no number", outcome: Failure("protocol"), conduct: Http(bodies::no_number_length) },
    Fault { name: "overflowing-length", doc: "sends a Content-Length beyond 64 bits", outcome: Failure("protocol"), conduct: Http(bodies::overflowing_length) },
    Fault { name: "bad-chunk", doc: "sends a chunk size that is no number", outcome: Failure("protocol"), conduct: Http(bodies::bad_chunk) },
    Fault { name: "overflowing-chunk", doc: "sends a chunk size beyond 64 bits", outcome: Failure("protocol"), conduct: Http(bodies::overflowing_chunk) },
    Fault { name: "unended-chunk", doc: "sends a chunk longer than its size", outcome: Failure("protocol"), conduct: Http(bodies::unended_chunk) },
    Fault { name: "missing-last-chunk", doc: "closes instead of sending the last chunk", outcome: Failure("closed"), conduct: Http(bodies::missing_last_chunk) },
    Fault { name: "truncated-gzip", doc: "sends half of a gzip body, framed as if whole", outcome: Failure("protocol"), conduct: Http(bodies::truncated_gzip) },
    Fault { name: "corrupt-gzip", doc: "sends a gzip body with bytes changed", outcome: Failure("protocol"), conduct: Http(bodies::corrupt_gzip) },
    Fault { name: "gzip-bomb", doc: "sends 1 MiB of gzip that unpacks to 1 GiB", outcome: Failure("protocol"), conduct: Http(bodies::gzip_bomb) },
    Fault { name: "redirect-loop", doc: "redirects to itself for ever", outcome: Failure("protocol"), conduct: Http(heads::redirect_loop) },
    Fault { name: "redirect-nowhere", doc: "redirects to something that is no address", outcome: Failure("protocol"), conduct: Http(heads::redirect_nowhere) },

    Fault { name: "tls-not-spoken", doc: "speaks plain HTTP where TLS is expected", outcome: Failure("tls"), conduct: NoTls(transport::plain_reply) },
    Fault { name: "tls-closed", doc: "closes when the handshake begins", outcome: Failure("tls"), conduct: NoTls(transport::close_in_handshake) },
    Fault { name: "tls-reset", doc: "resets when the handshake begins", outcome: Failure("tls"), conduct: NoTls(transport::reset_in_handshake) },
    Fault { name: "tls-alert", doc: "answers the handshake with a fatal alert", outcome: Failure("tls"), conduct: NoTls(transport::alert_in_handshake) },
    Fault { name: "tls-stalled", doc: "lets the handshake hang", outcome: Failure("timeout"), conduct: NoTls(transport::stall_in_handshake) },
    Fault { name: "tls-self-signed", doc: "shows a certificate that vouches for itself", outcome: Failure("tls"), conduct: Tls(Shown::SelfSigned, transport::serve) },
    Fault { name: "tls-unknown-root", doc: "shows a certificate of an unknown authority", outcome: Failure("tls"), conduct: Tls(Shown::UnknownRoot, transport::serve) },
    Fault { name: "tls-expired", doc: "shows a certificate that has expired", outcome: Failure("tls"), conduct: Tls(Shown::Expired, transport::serve) },
    Fault { name: "tls-wrong-host", doc: "shows a certificate for another host", outcome: Failure("tls"), conduct: Tls(Shown::WrongHost, transport::serve) },
    Fault { name: "tls-garbage", doc: "sends bytes that are no TLS record after the handshake", outcome: Failure("tls"), conduct: Tls(Shown::Good, transport::garbage_record) },
    Fault { name: "tls-cut-off", doc: "ends the TCP connection within the body, without closing TLS", outcome: Failure("closed"), conduct: Tls(Shown::Good, transport::cut_off) },
    Fault { name: "tls-unasked", doc: "speaks TLS where plain HTTP is expected", outcome: Failure("protocol"), conduct: TlsUnasked },
];

/// The row of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.name == name)
}

impl Fault {
    /// `http` or `https`: how the client is to speak to this server.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.conduct {
            Refuse | NeverAccept | Http(_) | TlsUnasked => "http",
            NoTls(_) | Tls(..) => "https",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_rows_documented() {
        let names: HashSet<_> = FAULTS.iter().map(|fault| fault.name).collect();
        assert_eq!(names.len(), FAULTS.len());
        assert!(FAULTS.iter().all(|fault| !fault.doc.is_empty()));
    }
}
