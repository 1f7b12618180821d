//! HTTP/2 (RFC 9113), for tasks that ask for it, by the `h2` crate.
//!
//! Requests are put together as for HTTP/1.1 and taken apart again, and replies are brought
//! into the form that HTTP/1.1 has them in, so that redirects, cookies, codings, checks and extracts
//! are those of all requests. That costs a copy, which is little beside frames and header
//! compression; requests over HTTP/1.1 pay nothing for it.

mod connection;
mod exchange;
mod form;

pub(super) use connection::{Connections, Link};
pub(super) use exchange::{Exchange, Phase};

use super::wire::WireError;
pub(super) use crate::h2::{Failure, Open};

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        ld_vm::Fault::from(error).into()
    }
}
