//! The target seen from outside: real sockets, bytes in, bytes out.
#![cfg(test)]

mod client;
mod counts;
mod protocol;
mod routes;
