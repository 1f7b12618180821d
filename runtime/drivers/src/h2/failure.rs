//! What can go wrong with a request over HTTP/2.

use std::fmt::Display;

use h2::Reason;
use ld_vm::{Fault, FaultClass};

use crate::net::io_fault;

/// Why there is no reply.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    /// The server has said that it did nothing about the request (RFC 9113 §8.7).
    pub(crate) is_unprocessed: bool,
    /// The connection ended, by the server's will or because it broke.
    pub(crate) is_cut: bool,
}

impl Failure {
    /// A request that HTTP/2 has no form for.
    pub(crate) fn unsendable(what: impl Display) -> Self {
        Fault::new(FaultClass::Plan, format!("this cannot be sent over HTTP/2: {what}")).into()
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, is_unprocessed: false, is_cut: false }
    }
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        if let Some(error) = error.get_io() {
            let fault = io_fault(error);
            let is_cut = matches!(fault.class, FaultClass::Closed | FaultClass::Reset);
            return Self { fault, is_unprocessed: false, is_cut };
        }
        let reason = error.reason().unwrap_or(Reason::NO_ERROR);
        let name = name(reason);
        let is_theirs = error.is_remote();
        let (class, text) = if is_theirs && error.is_go_away() {
            (FaultClass::Closed, format!("the server ended the HTTP/2 connection ({name})"))
        } else if is_theirs && error.is_reset() {
            (FaultClass::Reset, format!("the server reset the HTTP/2 stream ({name})"))
        } else if error.reason().is_some() {
            (FaultClass::Protocol, format!("the server does not keep to HTTP/2 ({name})"))
        } else {
            return Self::unsendable(error);
        };
        let is_cut = is_theirs && error.is_go_away();
        let is_unprocessed =
            is_theirs && reason == Reason::REFUSED_STREAM || is_cut && reason == Reason::NO_ERROR;
        Self { fault: Fault::new(class, text), is_unprocessed, is_cut }
    }
}

/// The name of a reason (RFC 9113 §7). Failures are grouped by their text, so a number that no
/// RFC names is not part of it.
const fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::NO_ERROR => "NO_ERROR",
        Reason::PROTOCOL_ERROR => "PROTOCOL_ERROR",
        Reason::INTERNAL_ERROR => "INTERNAL_ERROR",
        Reason::FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
        Reason::SETTINGS_TIMEOUT => "SETTINGS_TIMEOUT",
        Reason::STREAM_CLOSED => "STREAM_CLOSED",
        Reason::FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
        Reason::REFUSED_STREAM => "REFUSED_STREAM",
        Reason::CANCEL => "CANCEL",
        Reason::COMPRESSION_ERROR => "COMPRESSION_ERROR",
        Reason::CONNECT_ERROR => "CONNECT_ERROR",
        Reason::ENHANCE_YOUR_CALM => "ENHANCE_YOUR_CALM",
        Reason::INADEQUATE_SECURITY => "INADEQUATE_SECURITY",
        Reason::HTTP_1_1_REQUIRED => "HTTP_1_1_REQUIRED",
        _ => "a reason of its own",
    }
}
