//! Databases: a connection that a user keeps.
//!
//! The clients open their sockets themselves, so the bytes that go over them are not counted.

mod connection;
mod fault;
mod rows;
mod values;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use ld_stdlib::protocols::sql::{Dialect, Statement, Style, option, part};
use ld_vm::{Fault, FaultClass, Needs, Reply, Request};

use self::connection::{Connection, Job, Target};
use self::rows::Rows;
use self::values::Values;
use crate::database::{Address, encoded};
use crate::driver::{Driver, Exchange, Stamps};
use crate::net::{Deadline, Net};

/// How many databases a user is connected to at once; the one that was used longest ago goes.
const MOST_CONNECTIONS: usize = 8;

/// How many connection strings and statements a shard remembers; then it forgets all of them.
const MOST_KNOWN: usize = 1000;

/// A reply that took more memory than this is freed before the next one.
const KEPT_BYTES: usize = 1 << 12;

/// How long a goodbye may take, in nanoseconds.
const GOODBYE_NS: u64 = 1_000_000_000;

/// Databases.
pub struct Sql {
    net: Rc<Net>,
    targets: RefCell<HashMap<Vec<u8>, Rc<Target>>>,
    statements: RefCell<HashMap<Written, Rc<[Statement]>>>,
}

/// Statements as they were written, and for whom.
type Written = (String, Dialect, Style);

/// What a user keeps between requests.
#[derive(Debug)]
pub struct Session {
    deadline: Deadline,
    /// The one used last stands last.
    connections: Vec<Connection>,
    reply: Vec<u8>,
    fault: Option<Fault>,
}

impl Driver for Sql {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self { net, targets: RefCell::default(), statements: RefCell::default() }
    }

    fn session(&self, _user: u32) -> Session {
        Session {
            deadline: self.net.deadline(),
            connections: Vec::new(),
            reply: Vec::new(),
            fault: None,
        }
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        session.reply.clear();
        session.reply.shrink_to(KEPT_BYTES);
        let mut stamps = Stamps::default();
        // Large, and needed only while the request is under way.
        let outcome = Box::pin(self.carry_out(&request, session, &mut stamps)).await;
        session.deadline.disarm();
        stamps.done_ns = self.net.now_ns();
        if stamps.sent_ns == 0 {
            stamps.sent_ns = stamps.done_ns;
        }
        session.fault = outcome.err();
        let reply = match &session.fault {
            Some(fault) => Reply::fault(fault),
            None => Reply { payload: &session.reply, ..Reply::EMPTY },
        };
        Exchange { reply, stamps }
    }

    fn release(&self, session: &mut Session) {
        session.reply = Vec::new();
    }

    async fn close(&self, session: Session) {
        session.deadline.arm(self.net.now_ns().saturating_add(GOODBYE_NS));
        for connection in session.connections {
            let _ = session.deadline.within(connection.close()).await;
        }
    }
}

impl Sql {
    async fn carry_out(
        &self,
        request: &Request<'_>,
        session: &mut Session,
        stamps: &mut Stamps,
    ) -> Result<(), Fault> {
        let plan = |why: String| Fault::new(FaultClass::Plan, why);
        let target = self.target(request.part(part::CONNECTION)).map_err(plan)?;
        let sql = str::from_utf8(request.part(part::SQL))
            .map_err(|_| plan("the statement is no text".to_owned()))?;
        let values = match request.part(part::PARAMS) {
            b"" => None,
            params => Some(Values::parse(params).map_err(plan)?),
        };
        let style = match values {
            Some(Values::Numbered(_)) => Style::Numbered,
            _ => Style::Named,
        };
        let statements = self.statements(sql, target.address.dialect(), style);
        let job = Job {
            sql,
            statements: &statements,
            values: values.as_ref(),
            transaction: request.option(option::TRANSACTION),
        };
        let begun_ns = self.net.now_ns();
        let until_ns = match u64::try_from(request.option(option::TIMEOUT_NS)) {
            Ok(limit_ns) if limit_ns > 0 => begun_ns.saturating_add(limit_ns),
            _ => u64::MAX,
        };
        // Out of the session, so that a connection is gone with whatever happens to it.
        let mut connection = match session.take(&target) {
            Some(connection) => connection,
            None => {
                let deadline = &session.deadline;
                let opened = Connection::open(&target, &self.net, deadline, until_ns).await?;
                stamps.connect_ns = self.net.now_ns().saturating_sub(begun_ns).max(1);
                opened
            }
        };
        session.deadline.arm(until_ns);
        stamps.sent_ns = self.net.now_ns();
        let most = u64::try_from(request.option(option::MAX_ROWS)).unwrap_or_default();
        let is_wanted = request.needs().contains(Needs::PAYLOAD);
        let reply = std::mem::take(&mut session.reply);
        let mut rows = Rows::new(reply, is_wanted, most, self.net.clock);
        let outcome = session.deadline.within(connection.run(&job, &mut rows)).await;
        stamps.first_byte_ns = rows.first_ns();
        match outcome {
            Ok(Ok(())) => session.keep(connection),
            Ok(Err(failure)) => {
                if failure.is_usable {
                    session.keep(connection);
                }
                return Err(failure.fault);
            }
            Err(_) => {
                return Err(Fault::new(FaultClass::Timeout, "timed out waiting for the database"));
            }
        }
        let last = statements.last();
        let gives_rows = last.is_some_and(Statement::gives_rows);
        if let Ok(wanted) = u64::try_from(request.option(option::EXPECT_ROWS)) {
            let count = rows.count(gives_rows);
            if count != wanted {
                let text = format!("expected {wanted} rows, got {count}");
                return Err(Fault::new(FaultClass::Assertion, text));
            }
        }
        let is_insert = last.is_some_and(|last| matches!(last.verb.as_str(), "insert" | "replace"));
        session.reply = rows.finish(gives_rows, is_insert);
        Ok(())
    }

    /// The database of a connection string, which comes as a list of texts and of values that
    /// stand between them.
    fn target(&self, pieces: &[u8]) -> Result<Rc<Target>, String> {
        if let Some(target) = self.targets.borrow().get(pieces) {
            return Ok(Rc::clone(target));
        }
        let list: Vec<String> = serde_json::from_slice(pieces)
            .map_err(|_| "the connection string is no text".to_owned())?;
        let url: String = match list.as_slice() {
            [text, whole] if text.is_empty() => whole.clone(),
            list => {
                let piece = |(number, piece): (usize, &String)| {
                    if number % 2 == 0 { piece.clone() } else { encoded(piece).collect() }
                };
                list.iter().enumerate().map(piece).collect()
            }
        };
        let address = Address::parse(&url)?;
        let target = Rc::new(Target { address, url });
        let mut targets = self.targets.borrow_mut();
        if targets.len() >= MOST_KNOWN {
            targets.clear();
        }
        targets.insert(pieces.to_vec(), Rc::clone(&target));
        Ok(target)
    }

    /// A text's statements one by one.
    fn statements(&self, sql: &str, dialect: Dialect, style: Style) -> Rc<[Statement]> {
        let key = (sql.to_owned(), dialect, style);
        if let Some(statements) = self.statements.borrow().get(&key) {
            return Rc::clone(statements);
        }
        let statements: Rc<[Statement]> = Statement::all(sql, dialect, style).into();
        let mut known = self.statements.borrow_mut();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(key, Rc::clone(&statements));
        statements
    }
}

impl Session {
    /// The connection to a database, if there is one.
    fn take(&mut self, target: &Rc<Target>) -> Option<Connection> {
        let is_it = |connection: &Connection| {
            Rc::ptr_eq(&connection.target, target) || connection.target.url == target.url
        };
        let at = self.connections.iter().position(is_it)?;
        Some(self.connections.remove(at))
    }

    fn keep(&mut self, connection: Connection) {
        if self.connections.len() >= MOST_CONNECTIONS {
            self.connections.remove(0);
        }
        self.connections.push(connection);
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sql").finish_non_exhaustive()
    }
}
