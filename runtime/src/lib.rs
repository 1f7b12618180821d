//! Runs a verified program: users on shards, due times, sources, progress and results.

mod clock;
mod pacer;

pub use clock::{Clock, NS_PER_S};
pub use pacer::{Pacer, Spin, Until};
