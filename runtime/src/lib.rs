//! Runs a verified program: users on shards, due times, sources, progress and results.

pub mod actions;
pub mod affinity;
mod conditioner;
mod engine;
pub mod health;
mod pacer;
mod schedule;
mod secrets;
mod shard;
mod signals;
mod sources;
mod terminal;
mod throttle;
mod user;
mod wall;

pub use actions::{ActionError, ActionRecord, Outcome};
pub use conditioner::Conditioner;
pub use engine::{
    Engine, EngineError, FailureBudget, Judgement, Options, RunError, default_threads,
};
pub use ld_drivers::net;
pub use ld_stdlib::gate::Gate;
pub use pacer::{Pacer, Spin, Until};
pub use schedule::{Arrivals, Levels, Life, Ramp, Starts};
pub use secrets::{MissingSecrets, Secrets, SecretsError};
pub use signals::Stop;
pub use sources::{ShardRows, SourceError, Sources, Table, TableError};
pub use terminal::Live;
