//! Text for people: pure functions from figures to strings. Who prints them, and where the cursor
//! is, is not decided here.

mod junit;
mod progress;
mod summary;
mod text;
pub mod units;

pub use junit::junit;
pub use progress::{SPARK_SECONDS, plain_line, progress_lines};
pub use summary::summary;
