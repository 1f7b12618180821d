//! HTTP/2 (RFC 9113), for tasks that ask for it, by the `h2` crate.
//!
//! Requests are put together as for HTTP/1.1 and taken apart again, and replies are brought
//! into the form that HTTP/1.1 has them in, so that redirects, cookies, codings, checks and extracts
//! are those of all requests. That costs a copy, which is little beside frames and header
//! compression; requests over HTTP/1.1 pay nothing for it.

mod connection;
mod exchange;
mod failure;
mod form;

pub(super) use connection::{Connections, Link, Open};
pub(super) use exchange::{Exchange, Phase};
pub(super) use failure::Failure;
