//! Data sources: CSV files whose rows the users' placeholders read.
//!
//! A file is read once, before the run, and shared read-only by all shards. Each shard goes
//! through the rows with cursors of its own, so taking a row touches nothing that others touch.

mod cursor;
mod table;

use std::{
    error::Error,
    fmt,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
};

use ld_vm::{
    Program,
    program::SourceId,
    user::{RowNumber, Rows},
};

use self::cursor::{Cursor, UsedOnce};
pub use self::table::{Table, TableError};

/// The data sources of a program, by number.
#[derive(Debug, Default)]
pub struct Sources {
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    table: Arc<Table>,
    usage: Usage,
}

/// How often rows are used. How far the users came is kept from run to run.
#[derive(Debug)]
enum Usage {
    /// Over and over; how many rows the runs before went through.
    Cycle(Arc<AtomicU64>),
    Once(Arc<UsedOnce>),
}

impl Sources {
    /// Reads every source of a program. Relative paths start at the process's directory.
    ///
    /// # Errors
    /// All sources that cannot be read, each with its reason.
    pub fn load(program: &Program) -> Result<Self, Vec<SourceError>> {
        let mut failed = Vec::new();
        let mut sources = Vec::new();
        for row in &program.tables.sources {
            let path = PathBuf::from(program.consts.text(row.path));
            match Table::from_csv_file(&path) {
                Ok(table) => sources.push(Source::new(table, row.cycle != 0)),
                Err(why) => {
                    let name = program.consts.text(row.name).to_owned();
                    failed.push(SourceError { name, path, why });
                }
            }
        }
        if failed.is_empty() { Ok(Self { sources }) } else { Err(failed) }
    }

    /// The position of a source's column, for linking.
    #[must_use]
    pub fn column(&self, source: SourceId, name: &str) -> Option<u32> {
        self.sources.get(source.index())?.table.column(name)
    }

    /// The rows of shard `shard` of `shards`. All shards of a run get theirs before any of them
    /// gives its own back, so that they start from the same row.
    #[must_use]
    pub fn for_shard(&self, shard: u32, shards: u32) -> ShardRows {
        let (shard, shards) = (u64::from(shard), u64::from(shards));
        let cursor = |source: &Source| match &source.usage {
            Usage::Cycle(begun) => Cursor::cycle(source.table.len(), shard, shards, begun),
            Usage::Once(rows) => Cursor::once(rows),
        };
        let sources = self.sources.iter().map(|source| (Arc::clone(&source.table), cursor(source)));
        ShardRows { sources: sources.collect() }
    }
}

impl Source {
    fn new(table: Table, cycle: bool) -> Self {
        let usage = if cycle {
            Usage::Cycle(Arc::default())
        } else {
            Usage::Once(Arc::new(UsedOnce::new(table.len())))
        };
        Self { table: Arc::new(table), usage }
    }
}

/// The data sources as one shard sees them.
#[derive(Debug)]
pub struct ShardRows {
    sources: Vec<(Arc<Table>, Cursor)>,
}

impl Rows for ShardRows {
    fn next(&mut self, source: SourceId) -> Option<RowNumber> {
        let (_, cursor) = self.sources.get_mut(source.index())?;
        cursor.next().map(RowNumber)
    }

    fn cell(&self, source: SourceId, row: RowNumber, column: u32) -> Option<&[u8]> {
        let (table, _) = self.sources.get(source.index())?;
        table.cell(row.0, column)
    }
}

/// A source that cannot be read.
#[derive(Debug)]
pub struct SourceError {
    /// The name placeholders use.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: TableError,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, path, why } = self;
        write!(f, "csv source `{name}`: {}: {why}", path.display())
    }
}

impl Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: SourceId = SourceId(0);

    fn sources(cycle: bool) -> Sources {
        let table = Table::from_csv(&b"id,name\n1,ann\n2,bob\n3,cid\n"[..]).unwrap();
        Sources { sources: vec![Source::new(table, cycle)] }
    }

    /// Up to `most` names, as a user of the shard would get them.
    fn names(rows: &mut ShardRows, most: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < most
            && let Some(row) = rows.next(USERS)
        {
            let cell = rows.cell(USERS, row, 1).unwrap();
            names.push(String::from_utf8(cell.to_vec()).unwrap());
        }
        names
    }

    #[test]
    fn rows_repeat_unless_the_source_is_to_be_used_once() {
        assert_eq!(names(&mut sources(true).for_shard(0, 1), 4), ["ann", "bob", "cid", "ann"]);
        assert_eq!(names(&mut sources(false).for_shard(0, 1), 4), ["ann", "bob", "cid"]);
    }

    #[test]
    fn what_one_run_used_up_is_gone_for_the_next() {
        let sources = sources(false);
        assert_eq!(names(&mut sources.for_shard(0, 1), 2), ["ann", "bob"]);
        assert_eq!(names(&mut sources.for_shard(0, 1), 4), ["cid"]);
    }

    #[test]
    fn a_run_goes_on_where_the_one_before_left_off() {
        let sources = sources(true);
        assert_eq!(names(&mut sources.for_shard(0, 1), 1), ["ann"]);
        assert_eq!(names(&mut sources.for_shard(0, 1), 4), ["bob", "cid", "ann", "bob"]);
        assert_eq!(names(&mut sources.for_shard(0, 1), 1), ["cid"]);
        assert_eq!(names(&mut sources.for_shard(0, 1), 1), ["ann"]);
    }

    #[test]
    fn an_unknown_source_has_no_columns_and_no_rows() {
        let sources = sources(true);
        assert_eq!(sources.column(USERS, "name"), Some(1));
        assert_eq!(sources.column(USERS, "nmae"), None);
        assert_eq!(sources.column(SourceId(1), "name"), None);
        let mut rows = sources.for_shard(0, 1);
        assert_eq!(rows.next(SourceId(1)), None);
        assert_eq!(rows.cell(SourceId(1), RowNumber(0), 0), None);
    }

    #[test]
    fn the_message_names_source_file_and_reason() {
        let error = SourceError {
            name: "users".into(),
            path: "users.csv".into(),
            why: TableError::NotUtf8 { line: 7 },
        };
        assert_eq!(
            error.to_string(),
            "csv source `users`: users.csv: line 7 is not UTF-8; save the file as UTF-8"
        );
    }
}
