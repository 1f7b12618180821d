//! Bodies of requests in gzip and deflate: the same bytes for the same text, before the run and
//! while it goes on.

use flate2::{Compress, Compression, FlushCompress, Status};

/// A content coding for requests (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950).
    Deflate,
}

impl Coding {
    /// The word in `Content-Encoding`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

/// `bytes` in a content coding.
#[must_use]
pub fn compress(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
    if coding == Coding::Gzip {
        // No name, no time, an unknown system (RFC 1952 §2.3): nothing that could vary.
        out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    }
    let mut deflate = Compress::new(Compression::default(), coding == Coding::Deflate);
    loop {
        let consumed = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(consumed..).unwrap_or_default();
        match deflate.compress_vec(rest, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) | Err(_) => break,
            Ok(_) => out.reserve(out.len().max(64)),
        }
    }
    if coding == Coding::Gzip {
        out.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        // The length modulo 2^32 (§2.3.1).
        out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    fn inflate(bytes: &[u8], zlib: bool, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(len + 1);
        let outcome =
            Decompress::new(zlib).decompress_vec(bytes, &mut out, FlushDecompress::Finish);
        assert!(matches!(outcome, Ok(Status::StreamEnd)), "{outcome:?}");
        out
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for sample in [String::new(), "a".to_owned(), "a plan ".repeat(50_000)] {
            let sample = sample.as_bytes();
            let coded = compress(Coding::Deflate, sample);
            assert_eq!(inflate(&coded, true, sample.len()), sample);
            let coded = compress(Coding::Gzip, sample);
            let (deflated, trailer) = coded[10..].split_at(coded.len() - 18);
            assert_eq!(inflate(deflated, false, sample.len()), sample);
            assert_eq!(trailer[..4], crc32fast::hash(sample).to_le_bytes());
            assert_eq!(trailer[4..], (sample.len() as u32).to_le_bytes());
        }
    }
}
