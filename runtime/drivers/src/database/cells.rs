//! Values of rows.
//!
//! PostgreSQL is asked by its simple protocol only, which gives every value as text: what there is
//! of types is in the columns' names of them. So decimals and dates are as the database writes
//! them. MySQL gives text too, but for prepared statements.

use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlQueryResult, MySqlValueRef};
use sqlx::postgres::{PgQueryResult, PgValueRef};
use sqlx::sqlite::{SqliteQueryResult, SqliteValueRef};
use sqlx::{Database, Decode, MySql, Postgres, Sqlite, TypeInfo as _, ValueRef as _};

/// A value that is not `null`.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number; finite.
    Float(f64),
    /// Text; bytes that are none are written as [`hex`] does.
    Text(String),
    /// A number that is neither of the above, as JSON.
    Number(String),
    /// The JSON of a column of that type.
    Json(String),
}

/// A database whose values can be cells.
pub trait Cells: Database {
    /// A value that is not `null`.
    ///
    /// # Errors
    /// When its bytes are not what its type says.
    fn cell(value: Self::ValueRef<'_>) -> Result<Cell, BoxDynError>;

    /// How many rows a statement changed, and the number that it gave to the last one that it
    /// added.
    fn changed(result: &Self::QueryResult) -> (u64, Option<i64>);
}

impl Cells for Postgres {
    fn cell(value: PgValueRef<'_>) -> Result<Cell, BoxDynError> {
        let text = value.as_str()?;
        Ok(match value.type_info().name() {
            "BOOL" => Cell::Bool(text == "t"),
            "INT2" | "INT4" | "INT8" | "OID" => whole(text),
            "FLOAT4" | "FLOAT8" => float(text),
            "JSON" | "JSONB" => json(text),
            _ => Cell::Text(text.to_owned()),
        })
    }

    fn changed(result: &PgQueryResult) -> (u64, Option<i64>) {
        (result.rows_affected(), None)
    }
}

impl Cells for MySql {
    fn cell(value: MySqlValueRef<'_>) -> Result<Cell, BoxDynError> {
        let info = value.type_info().into_owned();
        match info.name() {
            // As short as the text would be.
            "FLOAT" => return Ok(float(&<f32 as Decode<Self>>::decode(value)?.to_string())),
            "DOUBLE" => return Ok(float(&<f64 as Decode<Self>>::decode(value)?.to_string())),
            "YEAR" => return Ok(Cell::Int(year(<&[u8] as Decode<Self>>::decode(value)?)?)),
            name if name.ends_with("INT UNSIGNED") => {
                return Ok(whole(&<u64 as Decode<Self>>::decode(value)?.to_string()));
            }
            name if name == "BOOLEAN" || name.ends_with("INT") => {
                return Ok(Cell::Int(<i64 as Decode<Self>>::decode(value)?));
            }
            _ => {}
        }
        let bytes = <&[u8] as Decode<Self>>::decode(value)?;
        if matches!(info.name(), "DATE" | "DATETIME" | "TIMESTAMP" | "TIME")
            && bytes.first().is_none_or(|&first| first < b'-')
        {
            return Ok(Cell::Text(moment(bytes, info.name())));
        }
        let Ok(text) = str::from_utf8(bytes) else {
            return Ok(Cell::Text(hex(bytes)));
        };
        Ok(match info.name() {
            "JSON" => json(text),
            _ => Cell::Text(text.to_owned()),
        })
    }

    fn changed(result: &MySqlQueryResult) -> (u64, Option<i64>) {
        (result.rows_affected(), i64::try_from(result.last_insert_id()).ok())
    }
}

impl Cells for Sqlite {
    fn cell(value: SqliteValueRef<'_>) -> Result<Cell, BoxDynError> {
        let info = value.type_info().into_owned();
        Ok(match info.name() {
            "INTEGER" => Cell::Int(<i64 as Decode<Self>>::decode(value)?),
            "REAL" => {
                let number = <f64 as Decode<Self>>::decode(value)?;
                if number.is_finite() { Cell::Float(number) } else { float(&number.to_string()) }
            }
            _ => {
                let bytes = <Vec<u8> as Decode<Self>>::decode(value)?;
                let text = String::from_utf8(bytes);
                Cell::Text(text.unwrap_or_else(|bytes| hex(bytes.as_bytes())))
            }
        })
    }

    fn changed(result: &SqliteQueryResult) -> (u64, Option<i64>) {
        (result.rows_affected(), Some(result.last_insert_rowid()))
    }
}

fn whole(text: &str) -> Cell {
    // Beyond 64 bits it is a number all the same.
    text.parse().map_or_else(|_| Cell::Number(text.to_owned()), Cell::Int)
}

fn float(text: &str) -> Cell {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::Float(number),
        _ => Cell::Text(text.to_owned()),
    }
}

fn json(text: &str) -> Cell {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Cell::Json(text.to_owned()),
        Err(_) => Cell::Text(text.to_owned()),
    }
}

/// Bytes that are no text, as PostgreSQL writes them.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", const_hex::encode(bytes))
}

/// A year of MySQL: four digits, or two bytes from a prepared statement.
fn year(bytes: &[u8]) -> Result<i64, BoxDynError> {
    if let [low, high] = *bytes {
        return Ok(i64::from(u16::from_le_bytes([low, high])));
    }
    Ok(str::from_utf8(bytes)?.parse()?)
}

/// A date or time of a prepared statement of MySQL as its text would be: a byte that says how many
/// follow, and the parts of it, the smallest of which are left out when they are 0.
fn moment(bytes: &[u8], name: &str) -> String {
    let byte = |at: usize| bytes.get(at).copied().map_or(0, u32::from);
    let wide = |at: usize| byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    let fraction = |at: usize| match wide(at) {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    if name == "TIME" {
        let sign = if byte(1) == 1 { "-" } else { "" };
        let hours = u64::from(wide(2)) * 24 + u64::from(byte(6));
        return format!("{sign}{hours:02}:{:02}:{:02}{}", byte(7), byte(8), fraction(9));
    }
    let date = format!("{:04}-{:02}-{:02}", byte(1) | byte(2) << 8, byte(3), byte(4));
    if name == "DATE" {
        return date;
    }
    format!("{date} {:02}:{:02}:{:02}{}", byte(5), byte(6), byte(7), fraction(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_prepared_statements_are_written_as_text_has_them() {
        for (bytes, name, expected) in [
            (&[4, 0xea, 7, 1, 2][..], "DATE", "2026-01-02"),
            (&[0], "DATETIME", "0000-00-00 00:00:00"),
            (&[4, 0xea, 7, 1, 2], "TIMESTAMP", "2026-01-02 00:00:00"),
            (&[7, 0xea, 7, 1, 2, 3, 4, 5], "DATETIME", "2026-01-02 03:04:05"),
            (
                &[11, 0xea, 7, 1, 2, 3, 4, 5, 0x20, 0xa1, 7, 0],
                "DATETIME",
                "2026-01-02 03:04:05.500000",
            ),
            (&[8, 1, 2, 0, 0, 0, 3, 4, 5], "TIME", "-51:04:05"),
            (&[0], "TIME", "00:00:00"),
            (&[], "DATE", "0000-00-00"),
        ] {
            assert_eq!(moment(bytes, name), expected);
        }
    }

    #[test]
    fn numbers_keep_their_type_and_what_is_none_is_text() {
        assert_eq!(whole("-7"), Cell::Int(-7));
        assert_eq!(whole("18446744073709551615"), Cell::Number("18446744073709551615".to_owned()));
        assert_eq!(float("NaN"), Cell::Text("NaN".to_owned()));
        assert_eq!(json("{\"a\": 1}"), Cell::Json("{\"a\": 1}".to_owned()));
        assert_eq!(json("{"), Cell::Text("{".to_owned()));
        assert_eq!(hex(b"\xff\0"), "\\xff00");
    }
}
