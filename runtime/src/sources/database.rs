//! Data sources that are queries: the rows are fetched once, before the run.

use std::{future::Future, io, path::Path, time::Duration};

use futures_util::StreamExt as _;
use ld_drivers::database::{self, Address, Cells, encoded, file_of};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, MySql, Postgres, Row as _,
    SqlSafeStr as _, Sqlite, Statement as _, ValueRef as _, raw_sql,
};
use tokio::{runtime::Builder, time::timeout};

use super::table::{Cell, Table, TableError};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a query may take, its rows included.
const QUERY: Duration = Duration::from_secs(300);

/// The rows of a query.
pub(super) fn rows(
    url: &str,
    query: &str,
    fill: &dyn Fn(&str, &str) -> Option<String>,
) -> Result<Table, TableError> {
    let url = filled(url, fill);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let address = Address::parse(&url).map_err(TableError::Database)?;
    runtime.block_on(async {
        match address {
            Address::Postgres(options) => fetch::<Postgres, _>(options, query).await,
            Address::MySql(options) => fetch::<MySql, _>(options, query).await,
            Address::Sqlite(options) => {
                let path = file_of(&url);
                // A file that is not there is an empty database, which is not made a file by
                // looking at it.
                let options = if path.is_empty() || !Path::new(path).exists() {
                    options.in_memory(true)
                } else {
                    options.read_only(true)
                };
                fetch::<Sqlite, _>(options, query).await.map_err(|why| missing_file(path, why))
            }
        }
    })
}

/// A URL with its `${env.NAME}` and `${secret.NAME}`; what is only a part of it is encoded.
fn filled(url: &str, fill: &dyn Fn(&str, &str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((body, after)) = behind.split_once('}') else {
            filled.push_str("${");
            rest = behind;
            continue;
        };
        let value = body.trim().split_once('.');
        let value = value.and_then(|(prefix, name)| fill(&prefix.to_ascii_lowercase(), name));
        match value {
            Some(value) if before.is_empty() && filled.is_empty() => filled.push_str(&value),
            Some(value) => filled.extend(encoded(&value)),
            None => filled.extend(["${", body, "}"]),
        }
        rest = after;
    }
    filled + rest
}

/// Says of a query that failed for want of a file that there is none.
fn missing_file(path: &str, why: TableError) -> TableError {
    match why {
        TableError::Database(_) if !Path::new(path).exists() => {
            TableError::Io(io::Error::from(io::ErrorKind::NotFound))
        }
        why => why,
    }
}

/// A value of a row as a cell of a table.
fn cell(cell: database::Cell) -> Cell {
    use database::Cell as Value;
    match cell {
        Value::Bool(flag) => Cell::Bool(flag),
        Value::Int(number) => Cell::Int(number),
        Value::Float(number) => Cell::Float(number),
        Value::Text(text) => Cell::Text(text),
        Value::Number(text) => Cell::Json(text),
        Value::Json(text) => serde_json::from_str(&text).map_or(Cell::Text(text), Cell::of),
    }
}

async fn fetch<D, O>(options: O, query: &str) -> Result<Table, TableError>
where
    D: Cells,
    O: ConnectOptions<Connection = D::Connection>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    usize: sqlx::ColumnIndex<D::Row>,
{
    let options = options.disable_statement_logging();
    let mut connection =
        in_time(CONNECT, "connecting", async { options.connect().await.map_err(failed) }).await?;
    let table = in_time(QUERY, "the query", read::<D>(&mut connection, query)).await?;
    // What is read is read, whatever becomes of the farewell.
    let _ = timeout(CONNECT, connection.close()).await;
    Ok(table)
}

async fn read<D>(connection: &mut D::Connection, query: &str) -> Result<Table, TableError>
where
    D: Cells,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    usize: sqlx::ColumnIndex<D::Row>,
{
    let mut table = Table::default();
    let mut positions = Vec::new();
    let mut cells = Vec::new();
    let mut rows = raw_sql(AssertSqlSafe(query)).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let row = row.map_err(failed)?;
        if positions.is_empty() {
            positions = columns(row.columns(), &mut table)?;
        }
        cells.clear();
        cells.resize(positions.len(), Cell::Absent);
        for (column, position) in positions.iter().enumerate() {
            let value = row.try_get_raw(column).map_err(failed)?;
            if let Some(place) = cells.get_mut(*position as usize).filter(|_| !value.is_null()) {
                let value = D::cell(value);
                *place = cell(value.map_err(|why| TableError::Database(why.to_string()))?);
            }
        }
        table.push_cells(&cells)?;
    }
    drop(rows);
    if table.is_empty() {
        // Without a row nothing told its columns. Several statements at once cannot be asked for.
        if let Ok(statement) = connection.prepare(AssertSqlSafe(query).into_sql_str()).await {
            columns(statement.columns(), &mut table)?;
        }
    }
    Ok(table)
}

/// Adds columns to a table, and says where each of them is. Of two with one name the last counts.
fn columns<C: sqlx::Column>(columns: &[C], table: &mut Table) -> Result<Vec<u32>, TableError> {
    let position = |column: &C| match table.column(column.name()) {
        Some(position) => Ok(position),
        None => table.add_column(column.name()),
    };
    columns.iter().map(position).collect()
}

async fn in_time<T>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, TableError>>,
) -> Result<T, TableError> {
    let late = || TableError::Database(format!("{what} took longer than {} s", limit.as_secs()));
    timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}

fn failed(error: sqlx::Error) -> TableError {
    TableError::Database(match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Configuration(error) => format!("the URL cannot be used: {error}"),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_url_is_encoded_and_a_whole_one_is_not() {
        let fill = |prefix: &str, name: &str| match (prefix, name) {
            ("secret", "P") => Some("a/b@c".to_owned()),
            ("env", "URL") => Some("mysql://u:p@h/d".to_owned()),
            _ => None,
        };
        assert_eq!(filled("mysql://u:${secret.P}@h", &fill), "mysql://u:a%2Fb%40c@h");
        assert_eq!(filled("${ENV.URL}", &fill), "mysql://u:p@h/d");
        assert_eq!(filled("x${other}y${", &fill), "x${other}y${");
    }

    #[test]
    fn queries_of_sqlite_have_types() {
        let query = "select 1 as n, 1.5 as f, 'x' as t, x'ff00' as b, null as o, 2 as n \
                     union all select -7, 1e20, 'ü', x'61', 3, 4";
        let table = rows("sqlite://", query, &|_, _| None).unwrap();
        assert_eq!(table.columns().collect::<Vec<_>>(), ["n", "f", "t", "b", "o"]);
        let row = |row| -> Vec<String> {
            (0..5).map(|column| format!("{:?}", table.cell(row, column))).collect()
        };
        assert_eq!(table.len(), 2);
        assert_eq!(row(0)[0], "Int(2)", "of two columns with one name the last counts");
        assert_eq!(row(0)[1], "Float(1.5)");
        assert_eq!(table.cell(0, 3), ld_vm::Value::Text(b"\\xff00"));
        assert_eq!(table.cell(0, 4), ld_vm::Value::Unset);
        assert_eq!(table.cell(1, 2), ld_vm::Value::Text("ü".as_bytes()));
        assert_eq!(table.cell(1, 4), ld_vm::Value::Int(3));
    }

    #[test]
    fn a_query_without_rows_has_columns_all_the_same() {
        let columns = |query: &str| -> Vec<String> {
            let table = rows("sqlite://", query, &|_, _| None).unwrap();
            assert!(table.is_empty());
            table.columns().map(str::to_owned).collect()
        };
        assert_eq!(columns("select 1 as n, 'x' as t where 1 = 0"), ["n", "t"]);
    }

    #[test]
    fn a_sqlite_file_that_is_not_there_is_named_when_its_tables_are_asked_for() {
        let nowhere = "sqlite:////nowhere/at/all.db";
        let why = rows(nowhere, "select * from users", &|_, _| None).unwrap_err();
        assert!(matches!(why, TableError::Io(_)), "{why:?}");
        assert_eq!(rows(nowhere, "select 1 as x", &|_, _| None).unwrap().len(), 1);
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error() {
        let why = rows("postgresql://u:p@127.0.0.1:1/d", "select 1", &|_, _| None).unwrap_err();
        assert!(why.to_string().contains("refused"), "{why}");
    }
}
