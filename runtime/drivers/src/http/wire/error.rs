//! What can be wrong with the bytes of a reply.

use std::fmt;

use ld_vm::{Fault, FaultClass};

/// Why the bytes of a reply are not a reply that can be used.
///
/// The text is kept free of numbers that vary from one reply to the next, because
/// failures are grouped by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The first bytes are not those of an HTTP/1 reply.
    NotHttp,
    /// The first bytes are a TLS record.
    Tls,
    /// The first bytes are an HTTP/2 frame, or the reply names that version.
    Http2,
    /// An HTTP version that is neither 1.0 nor 1.1.
    Version,
    /// The status line is broken.
    StatusLine,
    /// A status number below 100.
    Status,
    /// A header line without a name, or with one of characters that no name has.
    FieldName,
    /// A header value with control characters.
    FieldValue,
    /// A line of the head that ends with neither CR LF nor LF.
    LineEnd,
    /// More bytes of head, interim replies included, than the limit in bytes.
    HeadTooLarge(usize),
    /// A `Content-Length` that is not a number below 2^64.
    ContentLength,
    /// Two `Content-Length` values that differ (RFC 9112 §6.3, rule 5).
    ContentLengthConflict,
    /// A `Transfer-Encoding` other than `chunked` (RFC 9112 §6.1).
    TransferEncoding,
    /// A chunk whose size is not a hexadecimal number.
    ChunkSize,
    /// A line with the size of a chunk that does not end with CR LF.
    ChunkLine,
    /// A chunk size of more than 64 bits.
    ChunkSizeTooLarge,
    /// A chunk whose extensions are longer than the limit in bytes.
    ChunkExtension(usize),
    /// Chunk data not followed by CR LF.
    ChunkEnd,
    /// A trailer line without a colon.
    Trailer,
    /// More trailers than the limit in bytes.
    TrailersTooLarge(usize),
    /// A body that is to be kept and is larger than the limit in bytes.
    BodyTooLarge(usize),
    /// Bytes after the end of the reply, which nobody asked for.
    Surplus,
    /// The end of the stream before the first byte.
    ClosedBeforeReply,
    /// The end of the stream within the head.
    ClosedInHead,
    /// The end of the stream before `Content-Length` bytes had come.
    ClosedInBody(u64),
    /// The end of the stream before the last chunk.
    ClosedInChunks,
}

impl WireError {
    /// The class it is counted under.
    #[must_use]
    pub const fn class(self) -> FaultClass {
        match self {
            Self::ClosedBeforeReply
            | Self::ClosedInHead
            | Self::ClosedInBody(_)
            | Self::ClosedInChunks => FaultClass::Closed,
            _ => FaultClass::Protocol,
        }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::NotHttp => {
                "the server does not answer with HTTP: its first bytes are not `HTTP/1.`"
            }
            Self::Tls => "the server answers with TLS; ask for https:// at this address",
            Self::Http2 => "the server answers with HTTP/2, which was not asked for",
            Self::Version => "the server answers with an HTTP version other than 1.0 and 1.1",
            Self::StatusLine => "the status line of the reply is malformed",
            Self::Status => "the status of the reply is not a number from 100 to 999",
            Self::FieldName => "a header line of the reply has no valid name",
            Self::FieldValue => "a header value of the reply holds control characters",
            Self::LineEnd => "a header line of the reply does not end with CR LF",
            Self::HeadTooLarge(limit) => {
                return write!(
                    f,
                    "the head of the reply is larger than the limit of {}",
                    Size(limit)
                );
            }
            Self::ContentLength => "the Content-Length of the reply is not a number below 2^64",
            Self::ContentLengthConflict => {
                "the reply has several Content-Length values that differ"
            }
            Self::TransferEncoding => {
                "the reply has a Transfer-Encoding other than `chunked`, which was not asked for"
            }
            Self::ChunkSize => "a chunk of the reply has a size that is not a hexadecimal number",
            Self::ChunkLine => "a chunk size of the reply does not end its line with CR LF",
            Self::ChunkSizeTooLarge => "a chunk of the reply has a size of more than 64 bits",
            Self::ChunkExtension(limit) => {
                return write!(
                    f,
                    "a chunk of the reply has extensions beyond the limit of {}",
                    Size(limit)
                );
            }
            Self::ChunkEnd => "a chunk of the reply is not followed by CR LF: its size is wrong",
            Self::Trailer => "a trailer line of the reply has no name",
            Self::TrailersTooLarge(limit) => {
                return write!(
                    f,
                    "the trailers of the reply are beyond the limit of {}",
                    Size(limit)
                );
            }
            Self::BodyTooLarge(limit) => {
                return write!(
                    f,
                    "the body of the reply is beyond the limit of {} for bodies that the plan reads",
                    Size(limit)
                );
            }
            Self::Surplus => {
                "the server sent more bytes than its reply has: the length it gave is wrong"
            }
            Self::ClosedBeforeReply => "the server closed the connection without a reply",
            Self::ClosedInHead => "the server closed the connection within the head of its reply",
            Self::ClosedInBody(expected) => {
                return write!(
                    f,
                    "the server closed the connection before the end of its reply of {expected} bytes"
                );
            }
            Self::ClosedInChunks => {
                "the server closed the connection before the last chunk of its reply"
            }
        };
        f.write_str(text)
    }
}

impl std::error::Error for WireError {}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Self::new(error.class(), error.to_string())
    }
}

/// A limit in bytes, as people write it.
pub(crate) struct Size(pub(crate) usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KIB: usize = 1 << 10;
        const MIB: usize = 1 << 20;
        match self.0 {
            bytes if bytes >= MIB && bytes % MIB == 0 => write!(f, "{} MiB", bytes / MIB),
            bytes if bytes >= KIB && bytes % KIB == 0 => write!(f, "{} KiB", bytes / KIB),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}
