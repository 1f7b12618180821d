//! The `.ldb` file: reading it is total, writing it is deterministic.
//!
//! | bytes | content |
//! |---|---|
//! | 0–3 | magic `LDB` and a newline that text transfers would damage |
//! | 4–7 | format version |
//! | 8–11 | CRC-32 of everything after byte 16 |
//! | 12–15 | length of everything after byte 16 |
//! | 16– | sections: code, constants, side tables, file name, source, how it was compiled |
//!
//! All numbers are little-endian. A section is a count and its rows; a row has a fixed
//! size, so a count that the remaining bytes cannot hold is refused before anything is
//! allocated.

use std::fmt;

use crate::program::{Consts, Program, SideTables};

const MAGIC: [u8; 4] = *b"LDB\n";
const HEADER: usize = 16;

/// The version this build writes and reads. It changes when the layout of the file or
/// the meaning of a number changes; appending an instruction does not change it.
pub const VERSION: u32 = 5;

/// Why bytes are not a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The magic number is missing.
    NotAProgram,
    /// The file was written by a build with another format.
    Version(u32),
    /// There are fewer or more bytes than the header says.
    Length {
        /// What the header says.
        expected: u64,
        /// What there is.
        actual: u64,
    },
    /// The checksum does not match.
    Checksum,
    /// A section ends early or holds a number without meaning.
    Damaged(&'static str),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAProgram => f.write_str("this is not a compiled plan (.ldb)"),
            Self::Version(version) => write!(
                f,
                "this .ldb has format {version}, this build reads format {VERSION}: compile the plan again"
            ),
            Self::Length { expected, actual } => {
                write!(f, "this .ldb is damaged: {actual} bytes where {expected} were written")
            }
            Self::Checksum => f.write_str("this .ldb is damaged: its checksum does not match"),
            Self::Damaged(section) => {
                write!(f, "this .ldb is damaged: its section `{section}` cannot be read")
            }
        }
    }
}

impl std::error::Error for FormatError {}

/// Whether bytes begin like a program, to tell an `.ldb` from a plan.
#[must_use]
pub fn is_program(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Reads a program. It is not verified yet.
///
/// # Errors
/// Whatever is wrong with the bytes; no input panics, and nothing larger than a small
/// multiple of the input is allocated.
pub fn read(bytes: &[u8]) -> Result<Program, FormatError> {
    if !is_program(bytes) {
        return Err(FormatError::NotAProgram);
    }
    let mut header = Reader { bytes: bytes.get(MAGIC.len()..).unwrap_or_default() };
    let damaged = || FormatError::Damaged("header");
    let version = u32::read(&mut header).ok_or_else(damaged)?;
    if version != VERSION {
        return Err(FormatError::Version(version));
    }
    let checksum = u32::read(&mut header).ok_or_else(damaged)?;
    let length = u32::read(&mut header).ok_or_else(damaged)?;
    let mut body = header;
    if body.bytes.len() != length as usize {
        return Err(FormatError::Length {
            expected: u64::from(length) + HEADER as u64,
            actual: bytes.len() as u64,
        });
    }
    if crc32fast::hash(body.bytes) != checksum {
        return Err(FormatError::Checksum);
    }
    let code = body.table().ok_or(FormatError::Damaged("code"))?;
    let consts = read_consts(&mut body).ok_or(FormatError::Damaged("constants"))?;
    let tables = SideTables::read(&mut body).ok_or(FormatError::Damaged("tables"))?;
    let file = body.text().ok_or(FormatError::Damaged("file name"))?;
    let source = body.text().ok_or(FormatError::Damaged("source"))?;
    let strict_compat = match u32::read(&mut body) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(FormatError::Damaged("how it was compiled")),
    };
    if !body.bytes.is_empty() {
        return Err(FormatError::Damaged("end"));
    }
    Ok(Program { code, consts, tables, file, source, strict_compat })
}

/// Writes a program; the same program always gives the same bytes.
#[must_use]
pub fn write(program: &Program) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::new() };
    writer.bytes.extend_from_slice(&MAGIC);
    writer.bytes.resize(HEADER, 0);
    writer.table(&program.code);
    writer.table(&program.consts.ends);
    writer.blob(&program.consts.bytes);
    program.tables.write(&mut writer);
    writer.blob(program.file.as_bytes());
    writer.blob(program.source.as_bytes());
    u32::from(program.strict_compat).write(&mut writer);

    let mut bytes = writer.bytes;
    if let Some((header, body)) = bytes.split_at_mut_checked(HEADER) {
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        for (place, number) in
            header.chunks_exact_mut(4).skip(1).zip([VERSION, crc32fast::hash(body), length])
        {
            place.copy_from_slice(&number.to_le_bytes());
        }
    }
    bytes
}

fn read_consts(reader: &mut Reader<'_>) -> Option<Consts> {
    let ends: Vec<u32> = reader.table()?;
    let bytes = reader.blob()?.to_vec();
    let ascending = ends.is_sorted();
    let covers = ends.last().map_or(0, |&end| end as usize) == bytes.len();
    (ascending && covers).then_some(Consts { ends, bytes })
}

/// A value with a fixed size in the file.
pub trait Column: Sized {
    /// Its size in bytes.
    const BYTES: usize;
    /// Reads it; `None` at the end of the bytes or for a number without meaning.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
    /// Writes it.
    fn write(&self, writer: &mut Writer);
    /// Whether every id in it lies inside its table.
    fn in_bounds(&self, _bounds: &crate::program::Bounds) -> bool {
        true
    }
}

/// Bytes being read.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk()?;
        self.bytes = tail;
        Some(*head)
    }

    pub(crate) fn table<R: Column>(&mut self) -> Option<Vec<R>> {
        let count = u32::read(self)? as usize;
        if count.checked_mul(R::BYTES)? > self.bytes.len() {
            return None;
        }
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            rows.push(R::read(self)?);
        }
        Some(rows)
    }

    fn blob(&mut self) -> Option<&'a [u8]> {
        let length = u32::read(self)? as usize;
        let (head, tail) = self.bytes.split_at_checked(length)?;
        self.bytes = tail;
        Some(head)
    }

    fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.blob()?).ok().map(str::to_owned)
    }
}

/// Bytes being written.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn table<R: Column>(&mut self, rows: &[R]) {
        u32::try_from(rows.len()).unwrap_or(u32::MAX).write(self);
        self.bytes.reserve(rows.len() * R::BYTES);
        for row in rows {
            row.write(self);
        }
    }

    fn blob(&mut self, bytes: &[u8]) {
        u32::try_from(bytes.len()).unwrap_or(u32::MAX).write(self);
        self.bytes.extend_from_slice(bytes);
    }
}

macro_rules! number_columns {
    ($($number:ty)*) => {
        $(impl Column for $number {
            const BYTES: usize = size_of::<$number>();

            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                reader.array().map(<$number>::from_le_bytes)
            }

            fn write(&self, writer: &mut Writer) {
                writer.bytes.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

number_columns! { u32 u64 i64 f64 }
