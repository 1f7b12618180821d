//! Runs a verified program: users on shards, due times, sources, progress and results.

pub mod affinity;
pub mod health;
mod pacer;
mod schedule;
mod signals;
mod sources;
mod terminal;

pub use pacer::{Pacer, Spin, Until};
pub use schedule::Ramp;
pub use signals::Stop;
pub use sources::{ShardRows, SourceError, Sources, Table, TableError};
pub use terminal::Live;
