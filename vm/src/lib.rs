//! The machine: what a compiled plan is, how it is read and checked, and how
//! one virtual user runs it.
//!
//! Nothing here performs I/O. The machine renders request bytes, hands them out
//! as an [`Effect`] and is resumed with a borrowed [`Reply`]; time, randomness,
//! data rows and environment values are arguments. That is why the same program
//! runs under sockets, in a test with scripted replies and in a fuzzer alike.
//!
//! The crate knows no protocol, function, assertion or extractor: a program names
//! them, and [`link`](Linked::new) looks the names up in tables it is handed.

pub mod assemble;
pub mod build;
pub mod counts;
pub mod escape;
mod evaluate;
pub mod format;
pub mod isa;
pub mod kept;
pub mod link;
pub mod listing;
pub mod mask;
pub mod program;
pub mod reply;
mod resolve;
mod retry;
pub mod scratch;
mod taint;
pub mod user;
pub mod value;
pub mod verify;

pub use escape::Escape;
pub use isa::{Instruction, Opcode};
pub use kept::Kept;
pub use link::{Linked, Tables};
pub use program::Program;
pub use reply::{Fault, FaultClass, Meta, Needs, Reply};
pub use scratch::ScratchPool;
pub use user::bounds::MAX_VALUE;
pub use user::{Effect, Failure, Request, Resume, Sample, Scope, User, World};
pub use value::{Value, Var};
