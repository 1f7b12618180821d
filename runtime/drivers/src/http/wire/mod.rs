//! The HTTP/1.1 codec: bytes of replies in, where their parts lie out.
//!
//! A [`ReplyReader`] is fed the [`Buffer`] of a connection each time bytes have
//! arrived, and says when one reply is complete. The head stays in front of the
//! buffer, so that header fields are read from it only when somebody asks; a body
//! that the plan does not read is counted and dropped as it streams by.
//!
//! The common case, a whole reply in one read with a `Content-Length`, is one pass
//! of `httparse`, one look at each header's length and one subtraction.
//! Nothing here allocates but the buffer when it grows.

mod body;
mod buffer;
mod chunked;
mod error;
mod head;
mod probe;
mod reader;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod hostile;

pub use body::{Coding, Codings};
pub use buffer::Buffer;
pub(crate) use error::Size;
pub use error::WireError;
pub use head::{Fields, Head};
pub use probe::probe_reply;
pub use reader::{Expect, Limits, Progress, ReplyReader};
