//! When users and ticks start, and on which shard they run: pure arithmetic.
//!
//! Every shard works out its own part from the plan alone. What is due at which time never depends on
//! what happened before it, so nothing is accumulated and no shard asks another.

mod arrivals;
mod batches;
mod levels;

pub use self::{
    arrivals::{Arrivals, Starts},
    batches::Ramp,
    levels::{Levels, Life},
};
