//! Text for people: pure functions from figures to strings. Who prints them, and where the cursor
//! is, is not decided here.

pub mod units;
