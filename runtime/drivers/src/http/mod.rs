//! HTTP/1.1 as a client speaks it.
//!
//! [`wire`] is the codec: bytes in, bytes out, no sockets and no clock. [`decode`]
//! undoes the content codings of a body that the plan reads.

pub mod decode;
pub mod wire;
