//! HTTP as a client speaks it.
//!
//! [`wire`] is the codec of HTTP/1.1: bytes in, bytes out, no sockets and no clock. `h2` carries
//! over to HTTP/2 what asks for it. [`decode`]
//! undoes the content codings of a body that the plan reads. [`Http`] is the driver that
//! puts both on connections.
//!
//! On an open connection a request costs one write and one read, and touches no lock and
//! no allocator: a request that the plan decides wholly is written from the program's own
//! constants, and a reply is read into a buffer that goes back to the shard at once when
//! nothing of it is to be read. What happens seldom (opening connections, redirects,
//! cookies that change) stands apart, boxed, so that a user's future stays small.

mod auth;
mod buffers;
mod cookies;
pub mod decode;
mod driver;
mod extra;
mod h2;
mod message;
mod received;
mod redirect;
mod route;
mod session;
mod target;
mod trip;
pub mod wire;

#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use auth::probe_challenge;
pub use driver::Http;
pub use session::Session;
