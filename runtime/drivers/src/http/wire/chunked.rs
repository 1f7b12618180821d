//! The chunked transfer coding (RFC 9112 §7.1), one step at a time.

use super::error::WireError;

/// The bytes of extensions one chunk may carry; nobody reads them.
const EXTENSION_LIMIT: u32 = 16 * 1024;

/// What the next bytes of a chunked body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This many bytes around the data.
    Around(usize),
    /// This many bytes of data.
    Data(usize),
    /// This many bytes, and with them the body ends.
    End(usize),
}

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunks {
    at: At,
    /// Of the size being read, or of the data still to come.
    size: u64,
    /// Bytes of the extension, or of all trailers.
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first digit of a size.
    Size,
    /// After a digit.
    Digits,
    /// In the white space and extensions after a size.
    Extension,
    /// At the LF after a size.
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the first byte of a trailer line.
    Trailers,
    /// In a trailer line whose colon has not come yet.
    TrailerName,
    TrailerValue,
    /// At the LF of the empty line.
    LastLf,
}

impl Chunks {
    pub(super) const START: Self = Self { at: At::Size, size: 0, count: 0 };

    /// Consumes the beginning of `bytes`, which are not empty.
    pub(super) fn step(&mut self, bytes: &[u8], trailer_limit: usize) -> Result<Step, WireError> {
        if self.at == At::Data {
            return Ok(Step::Data(self.take_data(bytes.len())));
        }
        for (index, &byte) in bytes.iter().enumerate() {
            match self.at {
                At::Data => return Ok(Step::Around(index)),
                At::Size | At::Digits => self.size_byte(byte)?,
                At::Extension => self.extension_byte(byte)?,
                At::SizeLf => {
                    if byte != b'\n' {
                        return Err(WireError::ChunkLine);
                    }
                    self.count = 0;
                    self.at = if self.size == 0 { At::Trailers } else { At::Data };
                }
                At::DataCr if byte == b'\r' => self.at = At::DataLf,
                At::DataLf if byte == b'\n' => *self = Self::START,
                At::DataCr | At::DataLf => return Err(WireError::ChunkEnd),
                At::LastLf if byte == b'\n' => return Ok(Step::End(index + 1)),
                At::LastLf => return Err(WireError::Trailer),
                At::Trailers if byte == b'\n' => return Ok(Step::End(index + 1)),
                At::Trailers | At::TrailerName | At::TrailerValue => {
                    self.trailer_byte(byte, trailer_limit)?;
                }
            }
        }
        Ok(Step::Around(bytes.len()))
    }

    fn take_data(&mut self, available: usize) -> usize {
        let count = usize::try_from(self.size).map_or(available, |size| size.min(available));
        self.size -= count as u64;
        if self.size == 0 {
            self.at = At::DataCr;
        }
        count
    }

    fn size_byte(&mut self, byte: u8) -> Result<(), WireError> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            if self.size >> 60 != 0 {
                return Err(WireError::ChunkSizeTooLarge);
            }
            self.size = self.size << 4 | u64::from(digit);
            self.at = At::Digits;
            return Ok(());
        }
        if self.at == At::Size {
            return Err(WireError::ChunkSize);
        }
        self.at = match byte {
            b'\r' => At::SizeLf,
            b';' | b' ' | b'\t' => At::Extension,
            b'\n' => return Err(WireError::ChunkLine),
            _ => return Err(WireError::ChunkSize),
        };
        Ok(())
    }

    fn extension_byte(&mut self, byte: u8) -> Result<(), WireError> {
        self.count += 1;
        match byte {
            b'\r' => self.at = At::SizeLf,
            // A bare LF would let two readers of the same bytes see different chunks.
            b'\n' | 0 => return Err(WireError::ChunkLine),
            _ if self.count > EXTENSION_LIMIT => {
                return Err(WireError::ChunkExtension(EXTENSION_LIMIT as usize));
            }
            _ => {}
        }
        Ok(())
    }

    fn trailer_byte(&mut self, byte: u8, limit: usize) -> Result<(), WireError> {
        self.count = self.count.saturating_add(1);
        if self.count as usize > limit {
            return Err(WireError::TrailersTooLarge(limit));
        }
        self.at = match (self.at, byte) {
            (At::Trailers, b'\r') => At::LastLf,
            (At::Trailers, b':') | (At::TrailerName, b'\n' | 0) | (At::TrailerValue, 0) => {
                return Err(WireError::Trailer);
            }
            (At::TrailerName, b':') => At::TrailerValue,
            (At::TrailerValue, b'\n') => At::Trailers,
            (At::Trailers, _) => At::TrailerName,
            (at, _) => at,
        };
        Ok(())
    }
}
