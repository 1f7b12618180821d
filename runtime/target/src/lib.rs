//! The embedded target: an HTTP/1.1 server to aim plans at.
//!
//! `ldvm target`, the demo, the tests and the examples of the manual run against it, so that
//! none of them needs anything installed. What it answers is one table, [`ROUTES`]; what it
//! was asked is counted exactly, so that a test can compare both ends of a run.
//!
//! It listens on the loopback address unless told otherwise, and treats its clients as
//! hostile: heads, bodies and connections are bounded in size and in time.

mod connection;
mod counts;
mod reply;
mod request;
mod routes;
mod server;
mod shop;
mod watchdog;

pub use counts::RouteCount;
pub use routes::{Methods, ROUTES, Route, routes_text};
pub use server::{Target, TargetOptions};
