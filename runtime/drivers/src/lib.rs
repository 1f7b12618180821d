//! Protocol drivers: one per protocol, all behind the [`Driver`] trait.
//!
//! A driver is half of a protocol. The other half, what a plan can say, is its row in
//! `ld_stdlib::protocols`; the two meet in the request's parts and options, whose
//! positions the row declares.

#[cfg(feature = "database")]
pub mod database;
mod driver;
#[cfg(any(feature = "socket", feature = "websocket"))]
mod expect;
#[cfg(feature = "grpc")]
pub mod grpc;
#[cfg(any(feature = "grpc", feature = "http"))]
mod h2;
#[cfg(feature = "http")]
pub mod http;
mod mixed;
pub mod net;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "socket")]
pub mod socket;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(test)]
mod testing;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use driver::{DRIVERS, Driver, Exchange, Stamps, Visitor, visit};
