//! Rows of files that functions read: `${__CSVRead(file, column)}`.
//!
//! A thread has a row of each file: one that no other thread has, until it goes on to the next.

use serde_json::{Map, Value, json};

use super::config::{clean_name, header};
use super::reader::Reader;
use super::text::Call;
use crate::draft::Step;

/// No file has more columns than this that a call may name.
const MOST_COLUMNS: usize = 1000;

/// A file whose rows are read by calls.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// What calls name it by: its path, or an alias behind an asterisk.
    name: String,
    /// Of each column the variable that has its cell, and the cell.
    row: Map<String, Value>,
    /// Whether users of the thread group that is being read have a row.
    is_begun: bool,
    /// Whether the step that is being read goes on to the next row.
    goes_on: bool,
}

impl Reader<'_> {
    /// A call of `__CSVRead` as a text of ours.
    pub(super) fn csv_read(&mut self, call: &Call) -> Option<String> {
        let file = call.arguments.first().and_then(|parts| self.settled(parts))?;
        let file = file.trim().to_owned();
        let what = call.arguments.get(1).and_then(|parts| self.settled(parts))?;
        let what = what.trim();
        if file.is_empty() {
            return None;
        }
        if what.starts_with('*') {
            self.rows_of(what, &file)?;
            return Some(String::new());
        }
        let rows = self.rows_of(&file, &file)?;
        if what == "next" {
            rows.goes_on = true;
            return Some(String::new());
        }
        let column: usize = what.parse().ok()?;
        let (name, goes_on) = (rows.row.keys().nth(column)?.clone(), rows.goes_on);
        if goes_on {
            let why = "in this step it is still of the row before; read it in the next step";
            self.approximate(&call.source, why);
        }
        Some(format!("${{{name}}}"))
    }

    /// What has to be done after the step that was just read.
    pub(super) fn take_next_rows(&mut self) -> Vec<Step> {
        self.rows_where(|rows| std::mem::take(&mut rows.goes_on))
    }

    /// What users of the thread group that was read do first; those of the next have rows of
    /// their own.
    pub(super) fn take_first_rows(&mut self) -> Vec<Step> {
        self.rows_where(|rows| std::mem::take(&mut rows.is_begun))
    }

    /// Steps that take a row of each file for which this holds.
    fn rows_where(&mut self, mut is_meant: impl FnMut(&mut Rows) -> bool) -> Vec<Step> {
        let mut steps = Vec::new();
        for rows in &mut self.rows {
            if is_meant(rows) {
                steps.push(Step::simple("set", Value::Object(rows.row.clone())));
            }
        }
        steps
    }

    /// The rows of a file that calls name so, from now on read by users of the thread group.
    fn rows_of(&mut self, name: &str, file: &str) -> Option<&mut Rows> {
        let at = match self.rows.iter().position(|rows| rows.name == name) {
            Some(at) => at,
            None => {
                let row = self.open(file)?;
                let name = name.to_owned();
                self.rows.push(Rows { name, row, is_begun: false, goes_on: false });
                self.rows.len() - 1
            }
        };
        let rows = self.rows.get_mut(at)?;
        rows.is_begun = true;
        Some(rows)
    }

    /// Makes a source of a file: of each column the variable that has its cell, and the cell.
    fn open(&mut self, file: &str) -> Option<Map<String, Value>> {
        if file.starts_with('*') {
            return None;
        }
        let path = file.replace('\\', "/");
        let header = header(self, &path, ",");
        if header.is_none() {
            let what = format!("the data file `{path}`");
            self.remark(&what, "the file is not here; put it beside the plan before it is run");
        }
        let columns = header.map_or_else(|| self.columns_read(file), |columns| columns.len());
        let stem = path.rsplit('/').next().unwrap_or(&path);
        let stem = clean_name(stem.split('.').next().unwrap_or(stem));
        let source = self.fresh(&format!("{stem}_rows"));
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        self.sources.push(json!({"name": source, "file_path": path, "columns": names}));
        let row = names.iter().map(|column| {
            let variable = self.fresh(&format!("{stem}_{}", column.trim_start_matches('c')));
            (variable, json!(format!("${{csv.{source}.{column}}}")))
        });
        Some(row.collect())
    }

    /// How many columns calls read of a file that is not here.
    fn columns_read(&self, file: &str) -> usize {
        let calls = self.source.text.split("__CSVRead(").skip(1);
        let columns = calls.filter_map(|call| {
            let (named, rest) = call.split_once(',')?;
            let is_meant = named.trim() == file || named.trim().starts_with('*');
            let column = rest.split_once(')')?.0.trim().parse::<usize>().ok()?;
            is_meant.then_some(column + 1)
        });
        columns.max().unwrap_or(1).min(MOST_COLUMNS)
    }
}
