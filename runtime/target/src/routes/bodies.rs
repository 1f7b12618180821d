//! Routes about the body of the reply: its size, framing and coding.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::Call;
use crate::reply::{Payload, Reply};

/// Largest generated body: enough to fill any buffer, made without holding it.
const MAX_BYTES: u64 = 1 << 30;

/// Largest chunk; beyond it lies nothing a smaller one does not show.
const MAX_CHUNK: u64 = 1 << 20;

/// The document of `/json`, also sent compressed.
const DOCUMENT: &[u8] = include_bytes!("document.json");

/// The coded forms; should coding fail, the reply would be empty and every reader would notice.
static GZIP: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(DOCUMENT).and_then(|()| encoder.finish()).unwrap_or_default()
});
static ZLIB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(DOCUMENT).and_then(|()| encoder.finish()).unwrap_or_default()
});

pub(super) fn json(_: &Call<'_>, reply: &mut Reply) {
    reply.content("application/json", DOCUMENT);
}

pub(super) fn gzip(_: &Call<'_>, reply: &mut Reply) {
    coded("gzip", &GZIP, reply);
}

pub(super) fn deflate(_: &Call<'_>, reply: &mut Reply) {
    coded("deflate", &ZLIB, reply);
}

/// Sent coded whatever the client accepts: the route is asked for by name.
fn coded(coding: &str, body: &[u8], reply: &mut Reply) {
    reply.header("Content-Encoding", coding);
    reply.content("application/json", body);
}

pub(super) fn bytes(call: &Call<'_>, reply: &mut Reply) {
    let Some(len) = call.number(MAX_BYTES, reply) else { return };
    reply.content("text/plain", b"");
    reply.payload = Payload::Filler { len };
}

pub(super) fn chunked(call: &Call<'_>, reply: &mut Reply) {
    let Some(len) = call.number(MAX_BYTES, reply) else { return };
    let Some(size) = call.option("size", 1024, MAX_CHUNK, reply) else { return };
    let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else {
        return reply.error(400, "a chunk has at least one byte");
    };
    reply.header("Trailer", "X-Length");
    reply.content("text/plain", b"");
    reply.payload = Payload::FillerChunks { len, size };
}
