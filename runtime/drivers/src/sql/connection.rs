//! One connection of a user: opening it, and carrying out statements on it.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ld_stdlib::protocols::sql::{Statement, shown, transaction};
use ld_vm::{Fault, FaultClass};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor as _, MySql, MySqlConnection,
    PgConnection, Postgres, Sqlite, SqliteConnection, query, raw_sql,
};

use super::fault;
use super::rows::Rows;
use super::values::{Values, bind_mysql, bind_sqlite, write_literal, written};
use crate::database::Address;
use crate::net::{Deadline, Endpoint, Net, Refusal};

/// How many prepared statements a connection keeps: as many as the clients of other databases do.
const MOST_PREPARED: usize = 100;

/// After how many of its steps SQLite looks whether anybody waits for it.
const STEPS: i32 = 10_000;

/// A database that users connect to.
pub(super) struct Target {
    /// How to connect.
    pub(super) address: Address,
    /// The connection string.
    pub(super) url: String,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a password in the rest.
        f.debug_struct("Target").field("url", &shown(&self.url)).finish_non_exhaustive()
    }
}

/// What a task does.
#[derive(Debug)]
pub(super) struct Job<'j> {
    /// The statements as they were written.
    pub(super) sql: &'j str,
    /// The same one by one.
    pub(super) statements: &'j [Statement],
    /// The values; without any, the statements are sent as they were written.
    pub(super) values: Option<&'j Values>,
    /// What becomes of it, as in [`transaction`].
    pub(super) transaction: i64,
}

/// A connection to a database.
#[derive(Debug)]
pub(super) struct Connection {
    /// Where it goes.
    pub(super) target: Rc<Target>,
    client: Client,
}

#[derive(Debug)]
enum Client {
    Postgres { connection: PgConnection, prepared: Prepared },
    MySql(MySqlConnection),
    Sqlite { connection: SqliteConnection, _wanted: Wanted },
}

/// The statements that are prepared on a connection to PostgreSQL.
#[derive(Debug, Default)]
struct Prepared {
    names: HashMap<String, u64>,
    /// How many there were.
    count: u64,
    /// Whether those that are there cannot be relied on any more.
    is_stale: bool,
}

/// Stops what SQLite is doing when nobody waits for it any more.
#[derive(Debug)]
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Why a task could not be carried out.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    /// Whether the connection can be used again.
    pub(super) is_usable: bool,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let (fault, is_usable) = fault::of(error);
        Self { fault, is_usable }
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { fault: Fault::new(FaultClass::Plan, text), is_usable: true }
    }
}

impl Connection {
    /// Opens a connection by `until_ns` of the run's clock.
    pub(super) async fn open(
        target: &Rc<Target>,
        net: &Net,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<Self, Fault> {
        let client = match &target.address {
            Address::Postgres(options) => {
                let connection = open_postgres(options, net, deadline, until_ns).await?;
                Client::Postgres { connection, prepared: Prepared::default() }
            }
            Address::MySql(options) => {
                Client::MySql(open_mysql(options, net, deadline, until_ns).await?)
            }
            Address::Sqlite(options) => {
                deadline.arm(until_ns);
                let opened = deadline.within(open_sqlite(options)).await;
                deadline.disarm();
                let late = |_| Fault::new(FaultClass::Timeout, "timed out opening the database");
                opened.map_err(late)?.map_err(|error| {
                    let (fault, _) = fault::of(error);
                    // A file that cannot be opened does not show its name.
                    let text = format!("cannot open {}: {}", shown(&target.url), fault.text);
                    Fault::new(FaultClass::Connect, text)
                })?
            }
        };
        Ok(Self { target: Rc::clone(target), client })
    }

    /// Carries out a task; what comes back goes to `rows`.
    pub(super) async fn run(&mut self, job: &Job<'_>, rows: &mut Rows) -> Result<(), Failure> {
        if job.transaction == transaction::NONE {
            return self.statements(job, rows).await;
        }
        self.command("BEGIN").await?;
        let done = self.statements(job, rows).await;
        let end = match &done {
            Ok(()) if job.transaction == transaction::COMMIT => "COMMIT",
            Err(failure) if !failure.is_usable => return done,
            _ => "ROLLBACK",
        };
        let ended = self.command(end).await;
        match done {
            Ok(()) => ended,
            Err(failure) => Err(Failure { is_usable: ended.is_ok(), ..failure }),
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        // The user is gone; nobody is left to hear how it went.
        let _ = match self.client {
            Client::Postgres { connection, .. } => connection.close().await,
            Client::MySql(connection) => connection.close().await,
            Client::Sqlite { connection, .. } => connection.close().await,
        };
    }

    async fn command(&mut self, sql: &'static str) -> Result<(), Failure> {
        match &mut self.client {
            Client::Postgres { connection, .. } => {
                connection.execute(raw_sql(sql)).await.map(drop)?;
            }
            Client::MySql(connection) => connection.execute(raw_sql(sql)).await.map(drop)?,
            Client::Sqlite { connection, .. } => {
                connection.execute(raw_sql(sql)).await.map(drop)?;
            }
        }
        Ok(())
    }

    async fn statements(&mut self, job: &Job<'_>, rows: &mut Rows) -> Result<(), Failure> {
        let Some(values) = job.values else {
            return self.plain(job.sql.to_owned(), rows).await;
        };
        for statement in job.statements {
            let all = values.of(statement)?;
            if all.is_empty() {
                self.plain(written(statement, |_, _| {}), rows).await?;
                continue;
            }
            match &mut self.client {
                Client::Postgres { connection, prepared } => {
                    let mut literals = Vec::new();
                    for value in all {
                        let mut literal = String::new();
                        write_literal(value, &mut literal)?;
                        literals.push(literal);
                    }
                    let asked = prepared.ask(connection, statement, &literals).await?;
                    let asked =
                        rows.read::<Postgres>(connection.fetch_many(raw_sql(AssertSqlSafe(asked))));
                    if let Err(error) = asked.await {
                        prepared.doubt(&error);
                        return Err(error.into());
                    }
                }
                Client::MySql(connection) => {
                    let text = written(statement, |_, out| out.push('?'));
                    let mut query = query::<MySql>(AssertSqlSafe(text));
                    for value in values.of_each(statement)? {
                        query = bind_mysql(query, value);
                    }
                    rows.read::<MySql>(connection.fetch_many(query)).await?;
                }
                Client::Sqlite { connection, .. } => {
                    let text =
                        written(statement, |number, out| *out += &format!("?{}", number + 1));
                    let mut query = query::<Sqlite>(AssertSqlSafe(text));
                    for value in all {
                        query = bind_sqlite(query, value);
                    }
                    rows.read::<Sqlite>(connection.fetch_many(query)).await?;
                }
            }
        }
        Ok(())
    }

    /// Sends SQL without values.
    async fn plain(&mut self, sql: String, rows: &mut Rows) -> Result<(), Failure> {
        let sql = raw_sql(AssertSqlSafe(sql));
        match &mut self.client {
            Client::Postgres { connection, .. } => {
                rows.read::<Postgres>(connection.fetch_many(sql)).await?;
            }
            Client::MySql(connection) => rows.read::<MySql>(connection.fetch_many(sql)).await?,
            Client::Sqlite { connection, .. } => {
                rows.read::<Sqlite>(connection.fetch_many(sql)).await?;
            }
        }
        Ok(())
    }
}

impl Prepared {
    /// What asks for a statement with these values; prepares it where that can be done.
    ///
    /// The client's own prepared statements need to know the types of values, and give rows in
    /// forms of their own. Those of SQL leave types to the place where values stand.
    async fn ask(
        &mut self,
        connection: &mut PgConnection,
        statement: &Statement,
        literals: &[String],
    ) -> Result<String, sqlx::Error> {
        let can_be = ["delete", "insert", "merge", "select", "update", "values", "with"];
        if !can_be.contains(&statement.verb.as_str()) {
            let literal = |number: usize| literals.get(number).map_or("", String::as_str);
            return Ok(written(statement, |number, out| *out += literal(number)));
        }
        let text = written(statement, |number, out| *out += &format!("${}", number + 1));
        if self.is_stale || self.names.len() >= MOST_PREPARED {
            connection.execute(raw_sql("DEALLOCATE ALL")).await?;
            self.names.clear();
            self.is_stale = false;
        }
        let number = match self.names.get(&text) {
            Some(number) => *number,
            None => {
                self.count += 1;
                let prepare = format!("PREPARE ld_{} AS {text}", self.count);
                connection.execute(raw_sql(AssertSqlSafe(prepare))).await?;
                self.names.insert(text, self.count);
                self.count
            }
        };
        Ok(format!("EXECUTE ld_{number}({})", literals.join(",")))
    }

    /// Notes an error that says that statements are gone or do not fit their tables any more.
    fn doubt(&mut self, error: &sqlx::Error) {
        let code = error.as_database_error().and_then(|error| error.code());
        self.is_stale |= matches!(code.as_deref(), Some("26000" | "0A000"));
    }
}

async fn open_postgres(
    options: &PgConnectOptions,
    net: &Net,
    deadline: &Deadline,
    until_ns: u64,
) -> Result<PgConnection, Fault> {
    let options = match options.get_ssl_mode() {
        PgSslMode::VerifyCa | PgSslMode::VerifyFull if net.tls.is_insecure() => {
            options.clone().ssl_mode(PgSslMode::Require)
        }
        _ => options.clone(),
    };
    let is_local = options.get_socket().is_some() || options.get_host().starts_with('/');
    let way = match (is_local, options.get_ssl_mode()) {
        (true, _) => Way::Local,
        (_, PgSslMode::VerifyFull) => Way::Name,
        _ => Way::Address,
    };
    let (host, port) = (options.get_host().to_owned(), options.get_port());
    let with = |host: &str, port| options.clone().host(host).port(port);
    connect(way, &host, port, with, net, deadline, until_ns).await
}

async fn open_mysql(
    options: &MySqlConnectOptions,
    net: &Net,
    deadline: &Deadline,
    until_ns: u64,
) -> Result<MySqlConnection, Fault> {
    let options = match options.get_ssl_mode() {
        MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity if net.tls.is_insecure() => {
            options.clone().ssl_mode(MySqlSslMode::Required)
        }
        _ => options.clone(),
    };
    let way = match (options.get_socket(), options.get_ssl_mode()) {
        (Some(_), _) => Way::Local,
        (_, MySqlSslMode::VerifyIdentity) => Way::Name,
        _ => Way::Address,
    };
    let (host, port) = (options.get_host().to_owned(), options.get_port());
    let with = |host: &str, port| options.clone().host(host).port(port);
    connect(way, &host, port, with, net, deadline, until_ns).await
}

/// How a client is told where to connect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a socket of this machine, as its options say.
    Local,
    /// By the name, because certificates are checked against it.
    Name,
    /// By an address that was looked up.
    Address,
}

async fn connect<O: ConnectOptions>(
    way: Way,
    host: &str,
    port: u16,
    with: impl Fn(&str, u16) -> O,
    net: &Net,
    deadline: &Deadline,
    until_ns: u64,
) -> Result<O::Connection, Fault>
where
    O::Connection: Sized,
{
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let endpoint = Endpoint { tls: false, host: bare.into(), port };
    let refusal = |error| match error {
        sqlx::Error::Io(error) => Refusal::Io(error),
        other => Refusal::Fault(fault::of_opening(other, &endpoint.to_string())),
    };
    if way == Way::Address {
        let open = async |address: std::net::SocketAddr| {
            let options = with(&address.ip().to_string(), address.port());
            options.connect().await.map_err(refusal)
        };
        return net.dial_by(&endpoint, deadline, until_ns, open).await;
    }
    let open = async |endpoint: &Endpoint| {
        let options = with(&endpoint.host, endpoint.port);
        options.connect().await.map_err(refusal)
    };
    net.dial_by_name(&endpoint, deadline, until_ns, open).await
}

async fn open_sqlite(options: &SqliteConnectOptions) -> Result<Client, sqlx::Error> {
    let mut connection = options.connect().await?;
    let wanted = Arc::new(AtomicBool::new(true));
    let is_wanted = Arc::clone(&wanted);
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(STEPS, move || is_wanted.load(Ordering::Relaxed));
    drop(handle);
    Ok(Client::Sqlite { connection, _wanted: Wanted(wanted) })
}
