//! What a statement gives, as JSON: a list of row objects, or how many rows it changed.

use std::fmt::Write as _;
use std::io::Write as _;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::{Either, Row, ValueRef as _};

use crate::database::{Cell, Cells};
use crate::net::Clock;

/// As many bytes of JSON are kept.
const MOST_BYTES: usize = 16 << 20;

/// The rows of a task, or what its statements changed.
#[derive(Debug)]
pub(super) struct Rows {
    /// The rows so far: `[{…},{…}`.
    json: Vec<u8>,
    /// Whether they are wanted at all.
    is_wanted: bool,
    /// How many are kept at most.
    most: u64,
    /// How many came.
    count: u64,
    /// Whether a row had no room any more.
    is_full: bool,
    changed: u64,
    last_id: Option<i64>,
    /// The columns of the row before.
    columns: Vec<Column>,
    clock: Clock,
    /// When the first of it came; 0 for not yet.
    first_ns: u64,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// The name as JSON with a colon; `None` where a later column has the name.
    key: Option<String>,
}

impl Rows {
    /// Room for `most` rows, if they are wanted; uses the memory of `json`.
    pub(super) fn new(mut json: Vec<u8>, is_wanted: bool, most: u64, clock: Clock) -> Self {
        json.clear();
        Self {
            json,
            is_wanted,
            most,
            count: 0,
            is_full: false,
            changed: 0,
            last_id: None,
            columns: Vec::new(),
            clock,
            first_ns: 0,
        }
    }

    /// When the first of what came back was there; 0 when nothing came.
    pub(super) const fn first_ns(&self) -> u64 {
        self.first_ns
    }

    /// Reads all that a statement gives.
    pub(super) async fn read<D: Cells>(
        &mut self,
        mut stream: BoxStream<'_, sqlx::Result<Either<D::QueryResult, D::Row>>>,
    ) -> sqlx::Result<()>
    where
        usize: sqlx::ColumnIndex<D::Row>,
    {
        while let Some(one) = stream.next().await {
            if self.first_ns == 0 {
                self.first_ns = self.clock.now_ns();
            }
            match one? {
                Either::Left(result) => {
                    let (changed, last_id) = D::changed(&result);
                    self.changed = self.changed.saturating_add(changed);
                    self.last_id = last_id.filter(|&id| id != 0);
                }
                Either::Right(row) => self.take::<D>(&row)?,
            }
        }
        Ok(())
    }

    fn take<D: Cells>(&mut self, row: &D::Row) -> sqlx::Result<()>
    where
        usize: sqlx::ColumnIndex<D::Row>,
    {
        self.count += 1;
        if !self.is_wanted || self.is_full || self.count > self.most {
            return Ok(());
        }
        self.name_columns(row.columns());
        let before = self.json.len();
        self.json.extend_from_slice(if self.json.is_empty() { b"[" } else { b"," });
        let mut open = '{';
        for (number, column) in self.columns.iter().enumerate() {
            let Some(key) = &column.key else { continue };
            write!(self.json, "{open}{key}")?;
            open = ',';
            let value = row.try_get_raw(number)?;
            if value.is_null() {
                self.json.extend_from_slice(b"null");
                continue;
            }
            write_cell(&D::cell(value).map_err(sqlx::Error::Decode)?, &mut self.json)?;
        }
        self.json.extend_from_slice(if open == '{' { b"{}" } else { b"}" });
        if self.json.len() > MOST_BYTES {
            self.json.truncate(before);
            self.is_full = true;
        }
        Ok(())
    }

    /// Takes the names of columns over, unless they are those of the row before.
    fn name_columns<C: sqlx::Column>(&mut self, columns: &[C]) {
        let is_same = columns.len() == self.columns.len()
            && columns.iter().zip(&self.columns).all(|(new, old)| new.name() == old.name);
        if is_same {
            return;
        }
        let names: Vec<&str> = columns.iter().map(sqlx::Column::name).collect();
        self.columns.clear();
        for (number, name) in names.iter().enumerate() {
            let is_last = !names.get(number + 1..).unwrap_or_default().contains(name);
            let key = is_last.then(|| format!("{}:", serde_json::Value::from(*name)));
            self.columns.push(Column { name: (*name).to_owned(), key });
        }
    }

    /// How many rows came, or were changed by statements that `give_rows` not.
    pub(super) const fn count(&self, give_rows: bool) -> u64 {
        if give_rows || self.count > 0 { self.count } else { self.changed }
    }

    /// The reply. `is_insert` says that the number of what was added means something.
    pub(super) fn finish(mut self, give_rows: bool, is_insert: bool) -> Vec<u8> {
        if !self.is_wanted {
            return self.json;
        }
        if give_rows || self.count > 0 {
            self.json.extend_from_slice(if self.json.is_empty() { b"[]" } else { b"]" });
            return self.json;
        }
        let mut text = format!("{{\"rows_affected\":{}", self.changed);
        if let Some(id) = self.last_id.filter(|_| is_insert) {
            // Writing into a text cannot fail.
            let _ = write!(text, ",\"last_insert_id\":{id}");
        }
        text.push('}');
        self.json.extend_from_slice(text.as_bytes());
        self.json
    }
}

fn write_cell(cell: &Cell, out: &mut Vec<u8>) -> std::io::Result<()> {
    match cell {
        Cell::Bool(flag) => write!(out, "{flag}"),
        Cell::Int(number) => write!(out, "{number}"),
        Cell::Float(number) => Ok(serde_json::to_writer(out, number)?),
        Cell::Text(text) => Ok(serde_json::to_writer(out, text)?),
        Cell::Number(text) | Cell::Json(text) => out.write_all(text.as_bytes()),
    }
}
