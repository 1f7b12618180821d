//! Runs a verified program: users on shards, due times, sources, progress and results.

pub mod affinity;
mod clock;
mod pacer;
mod schedule;
mod sources;

pub use clock::{Clock, NS_PER_S};
pub use pacer::{Pacer, Spin, Until};
pub use schedule::Ramp;
pub use sources::{ShardRows, SourceError, Sources, Table, TableError};
