//! Undoes the content codings of a body (RFC 9110 §8.4.1), for plans that read it.
//!
//! A body has been received whole when it comes here. What undoing takes is kept from
//! one body to the next, so that gzip, deflate and zstd allocate nothing once warm.

use std::fmt;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use ld_vm::{Fault, FaultClass};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::wire::{Coding, Codings, Size};

/// The first room for output, in bytes; it doubles from there.
const FIRST_ROOM: usize = 16 * 1024;

/// How far back zstd may refer, in bytes: what senders must keep to in HTTP (RFC 9659 §3).
const ZSTD_WINDOW: usize = 8 << 20;

/// The most that zstd decodes at once before the limit is looked at, in bytes.
const ZSTD_STEP: usize = 128 * 1024;

/// Why a body cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A coding that is not known here.
    Unknown,
    /// Bytes that are not of the coding named.
    Malformed(&'static str),
    /// The body ends within its coding named.
    Truncated(&'static str),
    /// A zstd body that refers back further than RFC 9659 allows.
    Window,
    /// The decoded body is larger than the limit in bytes.
    TooLarge(usize),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unknown => f.write_str(
                "the body of the reply has a Content-Encoding other than gzip, deflate, br and zstd",
            ),
            Self::Malformed(coding) => write!(f, "the body of the reply is not valid {coding}"),
            Self::Truncated(coding) => {
                write!(f, "the body of the reply ends before its {coding} coding does")
            }
            Self::Window => write!(
                f,
                "the body of the reply needs a zstd window beyond the {} that HTTP allows",
                Size(ZSTD_WINDOW)
            ),
            Self::TooLarge(limit) => write!(
                f,
                "the body of the reply decodes to more than the limit of {}",
                Size(limit)
            ),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::new(FaultClass::Protocol, error.to_string())
    }
}

/// Undoes content codings.
#[derive(Default)]
pub struct Decoder {
    inflate: Option<Decompress>,
    zstd: Option<Box<FrameDecoder>>,
    /// What one coding gives the next, when there are several.
    between: Vec<u8>,
}

impl Decoder {
    /// Writes the decoded `body` into `out`, which is cleared first; there must be a coding
    /// to undo. An empty body is empty in every coding, as replies without content are.
    ///
    /// # Errors
    /// The body is not what its codings say, or decodes to more than `limit` bytes.
    pub fn decode(
        &mut self,
        codings: Codings,
        body: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        out.clear();
        let mut between = std::mem::take(&mut self.between);
        let mut outcome = Ok(());
        for (index, coding) in codings.to_undo().enumerate() {
            let input = if index == 0 {
                body
            } else {
                std::mem::swap(&mut between, out);
                out.clear();
                between.as_slice()
            };
            outcome = self.undo(coding, input, &mut Out { bytes: out, limit });
            if outcome.is_err() {
                break;
            }
        }
        between.clear();
        self.between = between;
        outcome
    }

    fn undo(&mut self, coding: Coding, body: &[u8], out: &mut Out<'_>) -> Result<(), DecodeError> {
        if body.is_empty() {
            return Ok(());
        }
        match coding {
            Coding::Gzip => self.gunzip(body, out),
            Coding::Deflate => self.inflate_body(body, out),
            Coding::Brotli => unbrotli(body, out),
            Coding::Zstd => self.unzstd(body, out),
            Coding::Unknown => Err(DecodeError::Unknown),
        }
    }

    /// One gzip member after the other (RFC 1952 §2.2).
    fn gunzip(&mut self, mut body: &[u8], out: &mut Out<'_>) -> Result<(), DecodeError> {
        const NAME: &str = "gzip";
        while !body.is_empty() {
            skip_gzip_header(&mut body)?;
            let start = out.bytes.len();
            self.inflate(NAME, false, &mut body, out)?;
            let (trailer, rest) = body.split_at_checked(8).ok_or(DecodeError::Truncated(NAME))?;
            let member = out.bytes.get(start..).unwrap_or_default();
            // CRC32 and ISIZE (§2.3.1).
            let mut expected = [0; 8];
            let (crc, size) = expected.split_at_mut(4);
            crc.copy_from_slice(&crc32fast::hash(member).to_le_bytes());
            size.copy_from_slice(&(member.len() as u32).to_le_bytes());
            if trailer != expected {
                return Err(DecodeError::Malformed(NAME));
            }
            // Some servers fill up blocks; gzip(1) and curl look away as well.
            body = if rest.iter().all(|&byte| byte == 0) { &[] } else { rest };
        }
        Ok(())
    }

    /// `deflate` is the zlib format (RFC 9110 §8.4.1.2); servers that leave its frame
    /// away are told by their first two bytes (RFC 1950 §2.2).
    fn inflate_body(&mut self, mut body: &[u8], out: &mut Out<'_>) -> Result<(), DecodeError> {
        const NAME: &str = "deflate";
        let is_zlib = matches!(*body, [method, flags, ..]
            if method & 0x0f == 8 && u16::from_be_bytes([method, flags]) % 31 == 0);
        self.inflate(NAME, is_zlib, &mut body, out)?;
        if body.is_empty() { Ok(()) } else { Err(DecodeError::Malformed(NAME)) }
    }

    /// Inflates up to the end of the stream; `input` is what follows it then.
    fn inflate(
        &mut self,
        name: &'static str,
        zlib: bool,
        input: &mut &[u8],
        out: &mut Out<'_>,
    ) -> Result<(), DecodeError> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(zlib));
        inflate.reset(zlib);
        loop {
            out.make_room()?;
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate
                .decompress_vec(input, out.bytes, FlushDecompress::None)
                .map_err(|_| DecodeError::Malformed(name))?;
            let consumed = usize::try_from(inflate.total_in() - before.0).unwrap_or(usize::MAX);
            *input = input.get(consumed..).unwrap_or_default();
            if status == Status::StreamEnd {
                return out.check();
            }
            if before == (inflate.total_in(), inflate.total_out()) {
                return Err(DecodeError::Truncated(name));
            }
        }
    }

    /// One zstd frame after the other, skippable ones skipped (RFC 8878 §3.1).
    fn unzstd(&mut self, mut body: &[u8], out: &mut Out<'_>) -> Result<(), DecodeError> {
        let decoder = self.zstd.get_or_insert_with(|| {
            let mut decoder = Box::new(FrameDecoder::new());
            decoder.set_max_window_size(ZSTD_WINDOW as u64);
            decoder
        });
        while !body.is_empty() {
            match decoder.reset(&mut body) {
                Ok(()) => unzstd_frame(decoder, &mut body, out)?,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => body = body.get(length as usize..).ok_or(DecodeError::Truncated("zstd"))?,
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(DecodeError::Window),
                Err(_) => return Err(DecodeError::Malformed("zstd")),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("inflate", &self.inflate.is_some())
            .field("zstd", &self.zstd.is_some())
            .finish_non_exhaustive()
    }
}

/// Where decoded bytes go, never more than the limit.
struct Out<'o> {
    bytes: &'o mut Vec<u8>,
    limit: usize,
}

impl Out<'_> {
    /// Makes sure that there is room for at least a byte more.
    fn make_room(&mut self) -> Result<(), DecodeError> {
        self.check()?;
        if self.bytes.len() == self.bytes.capacity() {
            // A byte beyond the limit tells a body of just that size from a larger one.
            let most = (self.limit - self.bytes.len()).saturating_add(1);
            self.bytes.reserve_exact(self.bytes.len().max(FIRST_ROOM).min(most));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self.bytes.len() > self.limit {
            return Err(DecodeError::TooLarge(self.limit));
        }
        Ok(())
    }
}

/// RFC 1952 §2.3.
fn skip_gzip_header(body: &mut &[u8]) -> Result<(), DecodeError> {
    const NAME: &str = "gzip";
    const HEADER_CRC: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const FILE_NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const RESERVED: u8 = 0b1110_0000;
    const TRUNCATED: DecodeError = DecodeError::Truncated(NAME);

    let [first, second, method, flags, ..] = **body else {
        return Err(if b"\x1f\x8b\x08".starts_with(body) {
            TRUNCATED
        } else {
            DecodeError::Malformed(NAME)
        });
    };
    if [first, second, method] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
        return Err(DecodeError::Malformed(NAME));
    }
    let mut rest = body.get(10..).ok_or(TRUNCATED)?;
    if flags & EXTRA != 0 {
        let [low, high, ..] = *rest else { return Err(TRUNCATED) };
        rest = rest.get(2 + usize::from(u16::from_le_bytes([low, high]))..).ok_or(TRUNCATED)?;
    }
    for text in [FILE_NAME, COMMENT] {
        if flags & text != 0 {
            let end = memchr::memchr(0, rest).ok_or(TRUNCATED)?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    if flags & HEADER_CRC != 0 {
        rest = rest.get(2..).ok_or(TRUNCATED)?;
    }
    *body = rest;
    Ok(())
}

fn unbrotli(body: &[u8], out: &mut Out<'_>) -> Result<(), DecodeError> {
    const NAME: &str = "br";
    let alloc = StandardAlloc::default();
    // Strict: without the extension whose windows take up to a gigabyte.
    let mut state = BrotliState::new_strict(alloc, alloc, alloc);
    let (mut left, mut offset) = (body.len(), 0);
    let mut total = 0;
    loop {
        out.make_room()?;
        let start = out.bytes.len();
        out.bytes.resize(out.bytes.capacity(), 0);
        let room = out.bytes.get_mut(start..).unwrap_or_default();
        let (mut room_left, mut written) = (room.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut offset,
            body,
            &mut room_left,
            &mut written,
            room,
            &mut total,
            &mut state,
        );
        out.bytes.truncate(start + written);
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Err(DecodeError::Truncated(NAME)),
            BrotliResult::ResultSuccess if left == 0 => return out.check(),
            BrotliResult::ResultSuccess | BrotliResult::ResultFailure => {
                return Err(DecodeError::Malformed(NAME));
            }
        }
    }
}

/// The blocks and the checksum of a frame whose header has been read.
fn unzstd_frame(
    decoder: &mut FrameDecoder,
    body: &mut &[u8],
    out: &mut Out<'_>,
) -> Result<(), DecodeError> {
    const NAME: &str = "zstd";
    loop {
        let is_last = decoder
            .decode_blocks(&mut *body, BlockDecodingStrategy::UptoBytes(ZSTD_STEP))
            .map_err(|_| {
                if body.is_empty() {
                    DecodeError::Truncated(NAME)
                } else {
                    DecodeError::Malformed(NAME)
                }
            })?;
        if out.bytes.len().saturating_add(decoder.can_collect()) > out.limit {
            return Err(DecodeError::TooLarge(out.limit));
        }
        decoder.collect_to_writer(&mut *out.bytes).map_err(|_| DecodeError::Malformed(NAME))?;
        if is_last {
            break;
        }
    }
    match decoder.get_checksum_from_data() {
        Some(sum) if decoder.get_calculated_checksum() != Some(sum) => {
            Err(DecodeError::Malformed(NAME))
        }
        _ => Ok(()),
    }
}
