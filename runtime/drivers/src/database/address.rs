//! Connection strings of SQLAlchemy, as the options of the clients here.

use std::path::Path;
use std::str::FromStr as _;

use ld_stdlib::protocols::sql::Dialect;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// What is encoded of a value that is a part of a URL: all but what stands in hosts and ports.
const PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A database, and how to connect to it.
#[derive(Clone, Debug)]
pub enum Address {
    /// A server of PostgreSQL.
    Postgres(PgConnectOptions),
    /// A server of MySQL or MariaDB.
    MySql(MySqlConnectOptions),
    /// A file of SQLite, or memory.
    Sqlite(SqliteConnectOptions),
}

impl Address {
    /// Reads a connection string: `postgresql+psycopg2://user:password@host/database`.
    ///
    /// # Errors
    /// When it is none or there is no client for it; the text does not repeat it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let dialect = Dialect::of(url).map_err(|_| "unsupported database URL scheme".to_owned())?;
        let rest = url.split_once(':').map_or("", |(_, rest)| rest);
        let failed = |error: sqlx::Error| match error {
            sqlx::Error::Configuration(error) => format!("the URL cannot be used: {error}"),
            error => format!("the URL cannot be used: {error}"),
        };
        Ok(match dialect {
            Dialect::Postgres => {
                let options = PgConnectOptions::from_str(&format!("postgresql:{rest}"));
                Self::Postgres(options.map_err(failed)?.disable_statement_logging())
            }
            Dialect::MySql => {
                let options = MySqlConnectOptions::from_str(&format!("mysql:{rest}"));
                // Users find the server as it is set up.
                let options = options.map_err(failed)?.pipes_as_concat(false);
                let options = options.no_engine_substitution(false).timezone(None);
                Self::MySql(options.disable_statement_logging())
            }
            Dialect::Sqlite => {
                let path = file_of(url);
                let options = SqliteConnectOptions::new().foreign_keys(false);
                let options = if matches!(path, "" | ":memory:") {
                    options.in_memory(true)
                } else {
                    options.filename(Path::new(path)).create_if_missing(true)
                };
                Self::Sqlite(options.disable_statement_logging())
            }
        })
    }

    /// Whose SQL it speaks.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }
}

/// The path in a connection string of SQLite: `sqlite:///FILE` is relative and `sqlite:////FILE`
/// absolute, as in SQLAlchemy. Empty for a database in memory.
#[must_use]
pub fn file_of(url: &str) -> &str {
    let rest = url.split_once(':').map_or("", |(_, rest)| rest);
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('?').next().unwrap_or_default()
}

/// A value as it stands in a part of a connection string.
pub fn encoded(value: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(value, PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_who() {
        let url = "postgresql+psycopg2://app:s3%2Fcr%40t@db.example:6432/shop";
        let Address::Postgres(options) = Address::parse(url).unwrap() else { panic!("{url}") };
        assert_eq!((options.get_host(), options.get_port()), ("db.example", 6432));
        assert_eq!((options.get_username(), options.get_database()), ("app", Some("shop")));
        let Address::MySql(options) = Address::parse("mariadb://h/d").unwrap() else { panic!() };
        assert_eq!((options.get_host(), options.get_port()), ("h", 3306));
    }

    #[test]
    fn files_are_relative_with_three_strokes_and_absolute_with_four() {
        for (url, file) in [
            ("sqlite:///a.db", "a.db"),
            ("sqlite+pysqlite:////tmp/a.db?timeout=3", "/tmp/a.db"),
            ("sqlite://", ""),
            ("sqlite:///:memory:", ":memory:"),
        ] {
            assert_eq!(file_of(url), file);
        }
    }

    #[test]
    fn what_is_no_url_is_told_without_repeating_it() {
        for url in ["postgresql://app:secret@h:port/d", "nothing", "mssql://app:secret@h/d"] {
            let why = Address::parse(url).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn parts_are_encoded_but_hosts_and_ports_stay() {
        let encoded = |text| super::encoded(text).collect::<String>();
        assert_eq!(encoded("a/b@c d"), "a%2Fb%40c%20d");
        assert_eq!(encoded("127.0.0.1:5432"), "127.0.0.1:5432");
    }
}
