//! HTTP/2 connections (RFC 9113), by the `h2` crate: for HTTP and for what is built on it.

mod connection;
mod failure;

pub(crate) use connection::Open;
pub(crate) use failure::Failure;
