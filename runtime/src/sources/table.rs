//! The rows of one data source, compact and read-only.

use std::{error::Error, fmt, fs::File, io, path::Path, str};

use ld_vm::Value;

/// As many columns as a source may have whose rows name them. More are hardly columns: names that
/// differ from row to row are data.
const MOST_COLUMNS: u32 = 4096;

/// A table: all cells in one run of bytes, so that a row costs its bytes and four more
/// per cell and per row, and reading it follows two indices. Where rows leave columns out, a cell
/// costs four more and is searched for in its row.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<Box<str>>,
    bytes: Vec<u8>,
    /// Where each cell ends in `bytes`; it begins where the one before ends.
    ends: Vec<u32>,
    /// What each cell is; empty where all are text.
    kinds: Vec<Kind>,
    /// The column of each cell, rising in a row; empty where the cells of every row are those of the
    /// first columns.
    places: Vec<u32>,
    /// Where each row ends in `ends`. Rows may have fewer cells than there are columns.
    rows: Vec<u32>,
}

/// What the bytes of a cell are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    False,
    True,
    /// Its eight bytes, the lowest first.
    Int,
    /// Those of a double.
    Float,
    Text,
    Json,
}

/// A cell on its way into a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Absent,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// An array, an object, or a number that is neither of the above.
    Json(String),
}

impl Cell {
    /// A value of a JSON document; `null` is no value.
    pub(super) fn of(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Absent,
            Json::Bool(flag) => Self::Bool(flag),
            Json::String(text) => Self::Text(text),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Self::Int(whole),
                (None, Some(float)) if number.is_f64() => Self::Float(float),
                _ => Self::Json(number.to_string()),
            },
            json @ (Json::Array(_) | Json::Object(_)) => Self::Json(json.to_string()),
        }
    }
}

impl Table {
    /// Reads a CSV file: UTF-8 with or without a byte-order mark, commas, double quotes, line
    /// breaks inside quotes; blank lines do not count. The first row names the columns.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8 or holds more than 4 GiB.
    pub fn from_csv_file(path: &Path) -> Result<Self, TableError> {
        Self::from_csv(File::open(path)?)
    }

    /// The same for a file that is laid out as a program says: an object with the names of its
    /// `columns`, whether to pass over its first row for them (`skip_header`), and its
    /// `delimiter`.
    ///
    /// # Errors
    /// As there.
    pub fn from_csv_file_as(path: &Path, layout: &str) -> Result<Self, TableError> {
        let layout: serde_json::Value = serde_json::from_str(layout).unwrap_or_default();
        let member = |name: &str| layout.get(name);
        let delimiter = member("delimiter").and_then(|text| text.as_str()?.bytes().next());
        let columns = member("columns")
            .and_then(serde_json::Value::as_array)
            .map(|columns| columns.iter().filter_map(|name| Some(name.as_str()?.into())).collect());
        let skips = member("skip_header").and_then(serde_json::Value::as_bool).unwrap_or(false);
        Self::read_csv(File::open(path)?, delimiter.unwrap_or(b','), columns, skips)
    }

    /// Reads CSV text as [`Self::from_csv_file`] does.
    ///
    /// # Errors
    /// As there.
    pub fn from_csv(text: impl io::Read) -> Result<Self, TableError> {
        Self::read_csv(text, b',', None, false)
    }

    fn read_csv(
        text: impl io::Read,
        delimiter: u8,
        columns: Option<Vec<Box<str>>>,
        skip_header: bool,
    ) -> Result<Self, TableError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        let mut record = csv::ByteRecord::new();
        let mut table = Self::default();
        if let Some(columns) = columns {
            table.columns = columns;
            if skip_header {
                reader.read_byte_record(&mut record)?;
            }
        } else if reader.read_byte_record(&mut record)? {
            for name in &record {
                table.columns.push(checked(name, &record)?.into());
            }
        }
        while reader.read_byte_record(&mut record)? {
            table.push(&record)?;
        }
        table.bytes.shrink_to_fit();
        table.ends.shrink_to_fit();
        table.rows.shrink_to_fit();
        Ok(table)
    }

    /// The columns' names, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(AsRef::as_ref)
    }

    /// The position of a column; of several with the same name, the last, as in the reference.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<u32> {
        let position = self.columns.iter().rposition(|column| **column == *name)?;
        u32::try_from(position).ok()
    }

    /// How many rows there are, the one with the names not counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A cell; [`Value::Unset`] when the row is too short to have it, or there is no such row.
    #[must_use]
    pub fn cell(&self, row: u64, column: u32) -> Value<'_> {
        self.typed(row, column).unwrap_or(Value::Unset)
    }

    fn typed(&self, row: u64, column: u32) -> Option<Value<'_>> {
        let row = usize::try_from(row).ok()?;
        let (first, end) = (end_before(&self.rows, row)?, *self.rows.get(row)? as usize);
        let within = match self.places.get(first..end) {
            Some(places) if !places.is_empty() => places.binary_search(&column).ok()?,
            _ => column as usize,
        };
        let cell = first.checked_add(within).filter(|cell| *cell < end)?;
        let bytes =
            self.bytes.get(end_before(&self.ends, cell)?..*self.ends.get(cell)? as usize)?;
        Some(match self.kinds.get(cell).copied().unwrap_or(Kind::Text) {
            Kind::Absent => return None,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Int => Value::Int(i64::from_le_bytes(bytes.try_into().ok()?)),
            Kind::Float => Value::Float(f64::from_le_bytes(bytes.try_into().ok()?)),
            Kind::Text => Value::Text(bytes),
            Kind::Json => Value::Json(bytes),
        })
    }

    /// Bytes of its cells and of what tells where they are.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        let numbers = self.ends.len() + self.places.len() + self.rows.len();
        self.bytes.len() + self.kinds.len() + numbers * size_of::<u32>()
    }

    /// Adds a column of a new name, and says where it is.
    pub(super) fn add_column(&mut self, name: &str) -> Result<u32, TableError> {
        let place = small(self.columns.len())?;
        if place >= MOST_COLUMNS {
            return Err(TableError::TooManyColumns { name: name.to_owned() });
        }
        self.columns.push(name.into());
        Ok(place)
    }

    /// Adds a row of some columns' cells, in the order of the columns.
    pub(super) fn push_some(&mut self, row: &[(u32, Cell)]) -> Result<(), TableError> {
        let is_whole = row.iter().zip(0..).all(|((place, _), nth)| *place == nth);
        if self.places.is_empty() && !is_whole {
            // From here on it counts which columns a row has; those before have the first ones.
            let mut first = 0;
            for &end in &self.rows {
                self.places.extend(0..end - first);
                first = end;
            }
        }
        if !is_whole || !self.places.is_empty() {
            self.places.extend(row.iter().map(|(place, _)| *place));
        }
        self.push_cells(row.iter().map(|(_, cell)| cell))
    }

    /// Adds a row of cells of any type.
    pub(super) fn push_cells<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c Cell>,
    ) -> Result<(), TableError> {
        for cell in cells {
            let kind = match cell {
                Cell::Absent => Kind::Absent,
                Cell::Bool(false) => Kind::False,
                Cell::Bool(true) => Kind::True,
                Cell::Int(number) => {
                    self.bytes.extend_from_slice(&number.to_le_bytes());
                    Kind::Int
                }
                Cell::Float(number) => {
                    self.bytes.extend_from_slice(&number.to_le_bytes());
                    Kind::Float
                }
                Cell::Text(text) => {
                    self.bytes.extend_from_slice(text.as_bytes());
                    Kind::Text
                }
                Cell::Json(text) => {
                    self.bytes.extend_from_slice(text.as_bytes());
                    Kind::Json
                }
            };
            self.kinds.push(kind);
            self.ends.push(small(self.bytes.len())?);
        }
        self.rows.push(small(self.ends.len())?);
        Ok(())
    }

    fn push(&mut self, record: &csv::ByteRecord) -> Result<(), TableError> {
        for cell in record.iter().take(self.columns.len()) {
            self.bytes.extend_from_slice(checked(cell, record)?.as_bytes());
            self.ends.push(small(self.bytes.len())?);
        }
        self.rows.push(small(self.ends.len())?);
        Ok(())
    }
}

/// Where the entry before `index` ends, which is where `index` begins.
fn end_before(ends: &[u32], index: usize) -> Option<usize> {
    match index.checked_sub(1) {
        Some(before) => ends.get(before).map(|&end| end as usize),
        None => Some(0),
    }
}

fn small(size: usize) -> Result<u32, TableError> {
    u32::try_from(size).map_err(|_| TableError::TooLarge)
}

fn checked<'c>(cell: &'c [u8], record: &csv::ByteRecord) -> Result<&'c str, TableError> {
    let line = record.position().map_or(0, csv::Position::line);
    str::from_utf8(cell).map_err(|_| TableError::NotUtf8 { line })
}

/// Why a table could not be read.
#[derive(Debug)]
pub enum TableError {
    /// The file could not be opened or read.
    Io(io::Error),
    /// The file is not text.
    NotUtf8 {
        /// Where, from 1.
        line: u64,
    },
    /// More than a table can hold.
    TooLarge,
    /// The rows name more columns than a table may have.
    TooManyColumns {
        /// The first for which there was no room.
        name: String,
    },
    /// The plan reads columns that the rows of its query do not have.
    NoColumns {
        /// What is read in vain.
        missing: Vec<Box<str>>,
        /// The columns there are.
        known: Vec<Box<str>>,
    },
    /// The file is not JSON of the right form; the text says where and why.
    BadJson(String),
    /// The database gives no rows; the text says why.
    Database(String),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotUtf8 { line } => {
                write!(f, "line {line} is not UTF-8; save the file as UTF-8")
            }
            Self::BadJson(why) | Self::Database(why) => f.write_str(why),
            Self::TooManyColumns { name } => write!(
                f,
                "more than {MOST_COLUMNS} columns, with `{name}`; objects are rows, and their \
                 members have the same names in all of them"
            ),
            Self::NoColumns { missing, known } => {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let missing = missing.join("`, `");
                write!(f, "the query gives no column `{missing}`; its columns are: {known}")
            }
            Self::TooLarge => f.write_str("more than 4 GiB of text; split the file"),
        }
    }
}

impl Error for TableError {}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<csv::Error> for TableError {
    fn from(error: csv::Error) -> Self {
        // Rows of any length and any bytes are let pass, so only reading itself can fail.
        Self::Io(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: impl AsRef<[u8]>) -> Table {
        Table::from_csv(text.as_ref()).unwrap()
    }

    /// The cells of every row as text, `-` for a missing one.
    fn cells(table: &Table) -> Vec<Vec<&str>> {
        let width = table.columns().count() as u32;
        let cell = |row, column| match table.cell(row, column) {
            Value::Text(bytes) => str::from_utf8(bytes).unwrap(),
            _ => "-",
        };
        (0..table.len()).map(|row| (0..width).map(|at| cell(row, at)).collect()).collect()
    }

    #[test]
    fn reads_quotes_commas_and_line_breaks_inside_cells() {
        let table = table("name,note\r\n\"O\"\"Hara\",\"a,\nb\"\r\nplain, kept as is \r\n");
        assert_eq!(cells(&table), [["O\"Hara", "a,\nb"], ["plain", " kept as is "]]);
    }

    #[test]
    fn names_and_delimiter_may_be_given() {
        let columns = || Some(vec!["name".into(), "note".into()]);
        let text = "a;b\n\"O;H\";1\n".as_bytes();
        let table = Table::read_csv(text, b';', columns(), false).unwrap();
        assert_eq!(cells(&table), [["a", "b"], ["O;H", "1"]]);
        let table = Table::read_csv(text, b';', columns(), true).unwrap();
        assert_eq!((cells(&table), table.column("note")), (vec![vec!["O;H", "1"]], Some(1)));
    }

    #[test]
    fn drops_the_byte_order_mark() {
        assert_eq!(table("\u{feff}id,name\n1,a").column("id"), Some(0));
    }

    #[test]
    fn skips_blank_lines_but_not_empty_cells() {
        let table = table("a,b\n\n1,2\n\r\n\n,\n\"\"\n");
        assert_eq!(cells(&table), [["1", "2"], ["", ""], ["", "-"]]);
    }

    #[test]
    fn short_rows_miss_cells_and_long_rows_lose_the_surplus() {
        let table = table("a,b,c\n1\n1,2,3,4,5\n9,8");
        assert_eq!(cells(&table), [["1", "-", "-"], ["1", "2", "3"], ["9", "8", "-"]]);
        assert_eq!(table.cell(1, 3), Value::Unset);
    }

    #[test]
    fn the_last_of_two_equal_columns_counts() {
        let table = table("a,b,a\n1,2,3");
        assert_eq!(table.column("a"), Some(2));
        assert_eq!(table.column("A"), None);
    }

    #[test]
    fn nothing_and_a_header_alone_have_no_rows() {
        for text in ["", "\n\n", "a,b", "a,b\n"] {
            assert!(table(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn any_position_may_be_asked_for() {
        let table = table("a\n1\n");
        for (row, column) in [(0, 1), (1, 0), (u64::MAX, u32::MAX), (0, u32::MAX)] {
            assert_eq!(table.cell(row, column), Value::Unset);
        }
    }

    #[test]
    fn says_where_the_text_is_not_utf8() {
        let error = Table::from_csv(&b"a,b\n1,2\n3,\xff\n"[..]).unwrap_err();
        assert_eq!(error.to_string(), "line 3 is not UTF-8; save the file as UTF-8");
        assert!(Table::from_csv(&b"\xe9\n"[..]).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_says_so() {
        let error = Table::from_csv_file(Path::new("/nowhere/users.csv")).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}
