//! Harnesses for tests that need the world: servers that misbehave, a real nginx, servers in
//! Python, the programs; and for those that do without it: scripted replies, cases in files.
//!
//! The tests themselves stand in `tests/tests`, what they feed on in `tests/cases`. Everything
//! here listens on the loopback address, on ports of its own, and ends when its value is dropped.

mod acceptor;
pub mod cases;
pub mod certificates;
pub mod command;
pub mod database;
pub mod fault;
pub mod generate;
pub mod jmeter;
pub mod nginx;
pub mod node;
pub mod plans;
pub mod proxy;
pub mod python;
pub mod recorder;
pub mod redis;
pub mod runs;
pub mod script;
pub mod stall;
mod wire;
pub mod witness;
