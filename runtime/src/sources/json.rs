//! Data sources in JSON: an array of objects, or an object in each line.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::table::{Cell, Table, TableError};

/// Reads a file with a JSON array of objects. The columns are the names of their members in the
/// order in which they come up; values keep their types.
pub(super) fn array(path: &Path) -> Result<Table, TableError> {
    read_array(BufReader::new(File::open(path)?))
}

/// Reads a file with a JSON object in each line; blank lines do not count.
pub(super) fn lines(path: &Path) -> Result<Table, TableError> {
    read_lines(BufReader::new(File::open(path)?))
}

fn read_array(text: impl Read) -> Result<Table, TableError> {
    let mut rows = Rows::default();
    let mut reader = serde_json::Deserializer::from_reader(without_mark(text)?);
    let read = (&mut rows).deserialize(&mut reader).and_then(|()| reader.end());
    if rows.failed.is_none() {
        read?;
    }
    rows.finish()
}

fn read_lines(text: impl BufRead) -> Result<Table, TableError> {
    let mut rows = Rows::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            let row = serde_json::from_str(line)
                .map_err(|why| TableError::BadJson(format!("line {number}: {}", reason(&why))))?;
            rows.push(row);
            if rows.failed.is_some() {
                break;
            }
        }
    }
    rows.finish()
}

/// The text behind a byte order mark.
fn without_mark(mut text: impl Read) -> Result<impl Read, TableError> {
    let mut start = Vec::new();
    text.by_ref().take(3).read_to_end(&mut start)?;
    if start == "\u{feff}".as_bytes() {
        start.clear();
    }
    Ok(std::io::Cursor::new(start).chain(text))
}

/// The rows read so far.
#[derive(Default)]
struct Rows {
    table: Table,
    /// Where the column of a name is.
    places: HashMap<String, u32>,
    failed: Option<TableError>,
    cells: Vec<(u32, Cell)>,
}

impl Rows {
    fn push(&mut self, row: Map<String, Value>) {
        if let Err(why) = self.try_push(row) {
            self.failed.get_or_insert(why);
        }
    }

    fn try_push(&mut self, row: Map<String, Value>) -> Result<(), TableError> {
        self.cells.clear();
        for (name, value) in row {
            let place = match self.places.get(&name) {
                Some(&place) => place,
                None => {
                    let place = self.table.add_column(&name)?;
                    self.places.insert(name, place);
                    place
                }
            };
            self.cells.push((place, Cell::of(value)));
        }
        self.cells.sort_unstable_by_key(|(place, _)| *place);
        self.table.push_some(&self.cells)
    }

    fn finish(self) -> Result<Table, TableError> {
        self.failed.map_or(Ok(self.table), Err)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Rows {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Rows {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        while self.failed.is_none() {
            match items.next_element::<Map<String, Value>>()? {
                Some(row) => self.push(row),
                None => return Ok(()),
            }
        }
        // Whatever the reader makes of it, it is said what failed.
        Err(S::Error::custom("more than a table can hold"))
    }
}

impl From<serde_json::Error> for TableError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            return Self::Io(error.into());
        }
        Self::BadJson(format!("line {}: {}", error.line(), reason(&error)))
    }
}

/// What is wrong, without the place in the text at hand.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ld_vm::Value as Typed;

    fn cells(table: &Table, row: u64) -> Vec<Typed<'_>> {
        (0..table.columns().count() as u32).map(|column| table.cell(row, column)).collect()
    }

    #[test]
    fn values_keep_their_types_and_members_that_are_not_there_are_unset() {
        let text = r#"[{"id": 1, "name": "a\"b", "rate": 0.5}, {"on": true, "tags": ["x", 1], "id": null}]"#;
        let table = read_array(text.as_bytes()).unwrap();
        assert_eq!(table.columns().collect::<Vec<_>>(), ["id", "name", "rate", "on", "tags"]);
        let (int, text) = (Typed::Int(1), Typed::Text(b"a\"b"));
        assert_eq!(cells(&table, 0), [int, text, Typed::Float(0.5), Typed::Unset, Typed::Unset]);
        let tags = Typed::Json(br#"["x",1]"#);
        let unset = Typed::Unset;
        assert_eq!(cells(&table, 1), [unset, unset, unset, Typed::Bool(true), tags]);
    }

    #[test]
    fn lines_are_rows_and_blank_ones_are_not() {
        let table =
            read_lines("\u{feff}{\"a\": 1}\n\n  {\"a\": 18446744073709551615}\r\n".as_bytes());
        let table = table.unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!(cells(&table, 1), [Typed::Json(b"18446744073709551615")]);
    }

    #[test]
    fn a_table_takes_no_more_than_its_text_whichever_columns_its_rows_have() {
        let names: Vec<_> = (0..4_000).map(|nth| format!("\"k{nth}\": {nth}")).collect();
        let mut text = format!("{{{}}}\n", names.join(", "));
        for nth in 0..12_000 {
            text.push_str(&format!("{{\"k{}\": \"{nth}\"}}\n", 3_999 - nth % 7));
        }
        let table = read_lines(text.as_bytes()).unwrap();
        assert!(table.size() < 4 * text.len(), "{} bytes of {}", table.size(), text.len());
        assert_eq!((table.cell(0, 0), table.cell(0, 3_999)), (Typed::Int(0), Typed::Int(3_999)));
        assert_eq!(table.cell(1, 3_999), Typed::Text(b"0"));
        assert_eq!((table.cell(2, 3_999), table.cell(2, 3_998)), (Typed::Unset, Typed::Text(b"1")));
        assert_eq!((table.cell(12_000, 0), table.cell(12_001, 0)), (Typed::Unset, Typed::Unset));
    }

    #[test]
    fn names_that_differ_in_every_row_are_no_columns() {
        let rows: Vec<_> = (0..12_000).map(|nth| format!("{{\"k{nth}\":1}}")).collect();
        let told = "more than 4096 columns, with `k4096`; objects are rows, and their members have the same names in all of them";
        for read in [
            read_lines(rows.join("\n").as_bytes()),
            read_array(format!("[{}]", rows.join(",")).as_bytes()),
        ] {
            assert_eq!(read.unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn what_is_no_table_says_where() {
        for (text, error) in [
            ("{\"a\": 1}", "line 1: invalid type: map, expected an array of objects"),
            ("[{}, 1]", "line 1: invalid type: integer `1`, expected a map"),
            ("[{}", "line 1: EOF while parsing a list"),
            ("[] x", "line 1: trailing characters"),
        ] {
            let found = read_array(text.as_bytes()).unwrap_err().to_string();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        let error = read_lines("{}\n[]".as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("line 2: invalid type: sequence"), "{error}");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read_array("\u{feff}[{}]".as_bytes()).unwrap().len(), 1);
        assert!(read_array("".as_bytes()).is_err());
    }
}
