//! What went wrong at a database, in classes and words of the plan's author.

use ld_vm::{Fault, FaultClass};
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::sqlite::SqliteError;

use crate::net::io_fault;

/// Errors of MySQL and MariaDB behind which the server closes the connection: it is ending, the
/// packet was too large or broken, the connection was killed or idle for too long.
const LAST_WORDS: &[u16] = &[1053, 1077, 1079, 1153, 1158, 1159, 1160, 1161, 1927, 4031];

/// The fault for an error of an open connection, and whether the connection can be used again.
pub(super) fn of(error: Error) -> (Fault, bool) {
    match error {
        Error::Database(error) => {
            let is_usable = !is_last_word(error.as_ref());
            let class = if is_usable { FaultClass::Status } else { FaultClass::Closed };
            (Fault::new(class, said(error.as_ref())), is_usable)
        }
        Error::Io(error) => (io_fault(&error), false),
        Error::Tls(error) => (Fault::new(FaultClass::Tls, error.to_string()), false),
        Error::Encode(error) => {
            (Fault::new(FaultClass::Plan, format!("a value cannot be sent: {error}")), true)
        }
        Error::InvalidArgument(text) => (Fault::new(FaultClass::Plan, text), true),
        Error::Decode(error) | Error::ColumnDecode { source: error, .. } => {
            let text = format!("a value of a row cannot be read: {error}");
            (Fault::new(FaultClass::Protocol, text), false)
        }
        other => (Fault::new(FaultClass::Protocol, other.to_string()), false),
    }
}

/// The fault for an error while a connection is being opened, other than one of the network.
pub(super) fn of_opening(error: Error, place: &str) -> Fault {
    match error {
        Error::Database(error) => {
            let text = format!("{place} refused the connection: {}", said(error.as_ref()));
            Fault::new(FaultClass::Connect, text)
        }
        other => of(other).0,
    }
}

/// What a database said, with its number for it.
fn said(error: &dyn DatabaseError) -> String {
    let code = error.code().unwrap_or_default();
    let code = if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        format!("error {}, SQLSTATE {code}", error.number())
    } else if error.try_downcast_ref::<SqliteError>().is_some() {
        format!("SQLite {code}")
    } else {
        format!("SQLSTATE {code}")
    };
    format!("{} ({code})", error.message())
}

/// Whether the server closes the connection behind an error.
fn is_last_word(error: &dyn DatabaseError) -> bool {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic);
    }
    let error = error.try_downcast_ref::<MySqlDatabaseError>();
    error.is_some_and(|error| LAST_WORDS.contains(&error.number()))
}
