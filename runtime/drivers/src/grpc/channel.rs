//! A user's connection to a server.

use std::fmt;

use ld_stdlib::protocols::grpc::{endpoint, option, part};
use ld_vm::{Fault, FaultClass, Request};

use super::methods::plan;
use crate::h2::Open;
use crate::net::{Deadline, Endpoint, Net, TlsOptions};

/// The protocol's name in TLS (RFC 9113 §3.2).
const ALPN: &[u8] = b"h2";

/// The most bytes of headers and of trailers.
const MOST_HEAD: u32 = 64 << 10;

/// So many calls in a row may run out of time without a byte from the server, until the connection
/// is taken for lost.
const MOST_SILENT: u8 = 2;

/// A channel.
pub(super) struct Channel {
    pub(super) open: Open,
    /// `scheme://authority`.
    pub(super) origin: String,
    place: Place,
    silent: u8,
}

/// What a channel is opened by.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    target: Box<[u8]>,
    tls: i64,
    verify: i64,
    files: [Box<[u8]>; 3],
}

const FILES: [u8; 3] = [part::CA, part::CERT, part::KEY];
const TLS: [u8; 2] = [option::TLS, option::VERIFY];

impl Channel {
    /// Opens a channel, and says how long connecting and TLS took, in nanoseconds.
    pub(super) async fn open(
        net: &Net,
        request: &Request<'_>,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<(Self, u64, u64), Fault> {
        let [tls, verify] = TLS.map(|number| request.option(number));
        let files = FILES.map(|number| request.part(number));
        let target = request.part(part::TARGET);
        let text = String::from_utf8_lossy(target);
        let endpoint = endpoint(&text, (tls >= 0).then_some(tls != 0))
            .map_err(|why| plan(format!("`{text}` is no target: {why}")))?;
        let options = TlsOptions::of_task(verify != 0, files, &[ALPN]);
        let dialed = net.dial(&endpoint, &options, deadline, until_ns).await?;
        if endpoint.tls && dialed.stream.alpn() != Some(ALPN) {
            let text = "the server does not agree to HTTP/2, which gRPC needs";
            return Err(Fault::new(FaultClass::Protocol, text));
        }
        deadline.arm(until_ns);
        let begun = deadline.within(Open::begin(dialed.stream, MOST_HEAD)).await;
        deadline.disarm();
        let open = match begun {
            Ok(begun) => begun.map_err(|failure| failure.fault)?,
            Err(_) => {
                let text = format!("timed out connecting to {endpoint}");
                return Err(Fault::new(FaultClass::Timeout, text));
            }
        };
        let place = Place { target: target.into(), tls, verify, files: files.map(Into::into) };
        let channel = Self { open, origin: origin(&endpoint), place, silent: 0 };
        Ok((channel, dialed.connect_ns, dialed.tls_ns))
    }

    /// Whether a request goes where this channel goes.
    pub(super) fn serves(&self, request: &Request<'_>) -> bool {
        let Place { target, tls, verify, files } = &self.place;
        **target == *request.part(part::TARGET)
            && [*tls, *verify] == TLS.map(|number| request.option(number))
            && files.iter().zip(FILES).all(|(file, number)| **file == *request.part(number))
    }

    /// Notes a call that ran out of time; whether the server seems to be gone.
    pub(super) fn stays_silent(&mut self, is_silent: bool) -> bool {
        self.silent = if is_silent { self.silent + 1 } else { 0 };
        self.silent >= MOST_SILENT
    }
}

fn origin(endpoint: &Endpoint) -> String {
    let scheme = if endpoint.tls { "https" } else { "http" };
    let Endpoint { host, port, .. } = endpoint;
    // A zone is between this machine and its interface.
    let host = host.split_once('%').map_or(&**host, |(address, _zone)| address);
    if host.contains(':') {
        format!("{scheme}://[{host}]:{port}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("place", &self.place).finish_non_exhaustive()
    }
}
