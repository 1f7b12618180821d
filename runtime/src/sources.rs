//! Data sources: tables whose rows the users' placeholders read.
//!
//! A source is read once, before the run, into a compact table that all shards share read-only:
//! a row is then two index look-ups away, and no user waits for a disk. The memory it takes is
//! that of the file, whatever the number of shards; pages of a file read in the middle of a run
//! would take as much in the system's cache. Each shard goes through the rows with cursors of
//! its own, so taking a row touches nothing that others touch.

mod cursor;
mod database;
mod json;
mod table;

use std::{
    error::Error,
    fmt,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
};

use ld_vm::{
    Program, Scope, Value,
    program::{SourceEnd, SourceFormat, SourceId, SourceMode},
    user::{Fetch, Fetched, RowNumber, Rows},
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
    mode: SourceMode,
    on_end: SourceEnd,
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
    /// Reads every source of a program. Relative paths start at the process's directory. `fill`
    /// gives what stands for `${PREFIX.NAME}` in the URLs of databases.
    ///
    /// # Errors
    /// All sources that cannot be read, or whose query lacks a column that the program reads, each
    /// with its reason.
    pub fn load(
        program: &Program,
        fill: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Result<Self, Vec<SourceError>> {
        let mut failed = Vec::new();
        let mut sources = Vec::new();
        for (row, id) in program.tables.sources.iter().zip((0..).map(SourceId)) {
            let mut path = PathBuf::from(program.consts.text(row.path));
            let table = match row.format {
                SourceFormat::Csv => match row.query.0 {
                    Some(layout) => Table::from_csv_file_as(&path, program.consts.text(layout)),
                    None => Table::from_csv_file(&path),
                },
                SourceFormat::Json => json::array(&path),
                SourceFormat::Ndjson => json::lines(&path),
                SourceFormat::Database => {
                    let query = row.query.0.map_or("", |query| program.consts.text(query));
                    let url = program.consts.text(row.path);
                    path = ld_stdlib::protocols::sql::shown(url).into();
                    let table = database::rows(url, query, fill);
                    table.and_then(|table| has_columns(table, &read_of(program, id)))
                }
            };
            match table {
                Ok(table) => sources.push(Source::new(table, row.mode, row.on_end)),
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
        let sources = self.sources.iter().map(|source| ShardSource {
            table: Arc::clone(&source.table),
            mode: source.mode,
            on_end: source.on_end,
            cursor: cursor(source),
        });
        ShardRows { sources: sources.collect() }
    }
}

/// The columns of a source that a program reads.
fn read_of(program: &Program, source: SourceId) -> Vec<&str> {
    let columns = program.tables.columns.iter().filter(|column| column.source == source);
    columns.map(|column| program.consts.text(column.name)).collect()
}

/// A query's rows, if they have the columns that are read. What columns a query has is not known
/// before it is made, so no compiler looks at them.
fn has_columns(table: Table, read: &[&str]) -> Result<Table, TableError> {
    let missing = read.iter().filter(|name| table.column(name).is_none());
    let missing: Vec<Box<str>> = missing.map(|name| Box::from(*name)).collect();
    if missing.is_empty() {
        return Ok(table);
    }
    let known = table.columns().map(Box::from).collect();
    Err(TableError::NoColumns { missing, known })
}

impl Source {
    fn new(table: Table, mode: SourceMode, on_end: SourceEnd) -> Self {
        let usage = if on_end == SourceEnd::Cycle || mode != SourceMode::Shared {
            Usage::Cycle(Arc::default())
        } else {
            Usage::Once(Arc::new(UsedOnce::new(table.len())))
        };
        Self { table: Arc::new(table), mode, on_end, usage }
    }
}

/// The data sources as one shard sees them.
#[derive(Debug)]
pub struct ShardRows {
    sources: Vec<ShardSource>,
}

#[derive(Debug)]
struct ShardSource {
    table: Arc<Table>,
    mode: SourceMode,
    on_end: SourceEnd,
    /// The way through the rows in mode `shared`.
    cursor: Cursor,
}

impl ShardSource {
    fn fetch(&mut self, fetch: Fetch<'_>) -> Fetched {
        let rows = self.table.len();
        let row = match self.mode {
            SourceMode::Shared => self.cursor.next(),
            SourceMode::Random => (rows > 0).then(|| fetch.rng.u64(..rows)),
            SourceMode::PerUser => {
                let next = fetch.before.map_or(0, |row| row.0.saturating_add(1));
                self.turned(next)
            }
            SourceMode::Unique => self.turned(u64::from(fetch.user)),
        };
        match (row, self.on_end) {
            (Some(row), _) => Fetched::Row(RowNumber(row)),
            (None, SourceEnd::StopUser) => Fetched::Stop(Scope::User),
            (None, SourceEnd::StopRun) => Fetched::Stop(Scope::Run),
            // A user that goes through the rows by itself has to remember that it is through.
            (None, SourceEnd::Once) if self.mode == SourceMode::PerUser => {
                Fetched::Row(RowNumber(rows))
            }
            (None, SourceEnd::Once | SourceEnd::Cycle) => Fetched::Nothing,
        }
    }

    /// The row of a number, from the first on again where rows repeat.
    fn turned(&self, number: u64) -> Option<u64> {
        let rows = self.table.len();
        match self.on_end {
            SourceEnd::Cycle => number.checked_rem(rows),
            _ => (number < rows).then_some(number),
        }
    }
}

impl Rows for ShardRows {
    fn next(&mut self, source: SourceId, fetch: Fetch<'_>) -> Fetched {
        match self.sources.get_mut(source.index()) {
            Some(source) => source.fetch(fetch),
            None => Fetched::Nothing,
        }
    }

    fn cell(&self, source: SourceId, row: RowNumber, column: u32) -> Value<'_> {
        let source = self.sources.get(source.index());
        source.map_or(Value::Unset, |source| source.table.cell(row.0, column))
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
        write!(f, "data source `{name}`: {}: {why}", path.display())
    }
}

impl Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: SourceId = SourceId(0);

    fn source(mode: SourceMode, on_end: SourceEnd) -> Sources {
        let table = Table::from_csv(&b"id,name\n1,ann\n2,bob\n3,cid\n"[..]).unwrap();
        Sources { sources: vec![Source::new(table, mode, on_end)] }
    }

    fn sources(cycle: bool) -> Sources {
        let on_end = if cycle { SourceEnd::Cycle } else { SourceEnd::Once };
        source(SourceMode::Shared, on_end)
    }

    /// What a user gets that had `before`.
    fn fetch(rows: &mut ShardRows, user: u32, before: Option<RowNumber>) -> Fetched {
        let rng = &mut fastrand::Rng::with_seed(u64::from(user));
        rows.next(USERS, Fetch { user, before, rng })
    }

    fn name(rows: &ShardRows, row: RowNumber) -> String {
        match rows.cell(USERS, row, 1) {
            Value::Text(cell) => String::from_utf8(cell.to_vec()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    /// Up to `most` names, as a user of the shard would get them.
    fn names(rows: &mut ShardRows, most: usize) -> Vec<String> {
        names_of(rows, 0, most)
    }

    fn names_of(rows: &mut ShardRows, user: u32, most: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut before = None;
        while names.len() < most
            && let Fetched::Row(row) = fetch(rows, user, before)
        {
            names.push(name(rows, row));
            before = Some(row);
        }
        names
    }

    #[test]
    fn each_user_goes_through_all_rows_by_itself() {
        let mut rows = source(SourceMode::PerUser, SourceEnd::Cycle).for_shard(0, 2);
        assert_eq!(names_of(&mut rows, 0, 4), ["ann", "bob", "cid", "ann"]);
        assert_eq!(names_of(&mut rows, 1, 2), ["ann", "bob"]);
        let mut rows = source(SourceMode::PerUser, SourceEnd::Once).for_shard(0, 2);
        assert_eq!(names_of(&mut rows, 0, 5), ["ann", "bob", "cid", "Unset", "Unset"]);
    }

    #[test]
    fn a_unique_row_is_the_users_for_good() {
        let mut rows = source(SourceMode::Unique, SourceEnd::StopUser).for_shard(1, 2);
        assert_eq!(names_of(&mut rows, 1, 3), ["bob", "bob", "bob"]);
        assert_eq!(fetch(&mut rows, 3, None), Fetched::Stop(Scope::User));
        let mut rows = source(SourceMode::Unique, SourceEnd::Cycle).for_shard(1, 2);
        assert_eq!(names_of(&mut rows, 3, 1), ["ann"]);
    }

    #[test]
    fn random_rows_are_all_rows() {
        let mut rows = source(SourceMode::Random, SourceEnd::Cycle).for_shard(0, 1);
        let seen: std::collections::BTreeSet<_> =
            (0..50).flat_map(|user| names_of(&mut rows, user, 1)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["ann", "bob", "cid"]);
    }

    #[test]
    fn the_end_of_the_rows_is_what_the_plan_makes_of_it() {
        for (on_end, expected) in [
            (SourceEnd::Once, Fetched::Nothing),
            (SourceEnd::StopUser, Fetched::Stop(Scope::User)),
            (SourceEnd::StopRun, Fetched::Stop(Scope::Run)),
        ] {
            let mut rows = source(SourceMode::Shared, on_end).for_shard(0, 1);
            assert_eq!(names(&mut rows, 9), ["ann", "bob", "cid"]);
            assert_eq!(fetch(&mut rows, 0, None), expected);
        }
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
        let rng = &mut fastrand::Rng::with_seed(0);
        let fetch = Fetch { user: 0, before: None, rng };
        assert_eq!(rows.next(SourceId(1), fetch), Fetched::Nothing);
        assert_eq!(rows.cell(SourceId(1), RowNumber(0), 0), Value::Unset);
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
            "data source `users`: users.csv: line 7 is not UTF-8; save the file as UTF-8"
        );
    }
}
