//! Databases: connection strings and the values of rows, for statements of users and for data
//! sources.

mod address;
mod cells;

pub use address::{Address, encoded, file_of};
pub use cells::{Cell, Cells, hex};
