//! Redis: a connection for each user, kept across ticks.
//!
//! The library packs commands and reads replies; connections are this crate's own, so that
//! deadlines, names, `--connect-to` and counters are those of every protocol.

mod commands;
mod connection;
mod frame;
mod reply;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use ld_stdlib::json::repr;
use ld_stdlib::protocols::redis::{Address, is_database, option, part};
use ld_vm::{Fault, FaultClass, Needs, Reply, Request};
use redis::{Cmd, Value};

use self::commands::Commands;
use self::connection::{Connection, Traffic};
pub use self::reply::probe_reply;
use crate::driver::{Driver, Exchange, Stamps};
use crate::net::{Deadline, Idle, Net, TlsOptions};

/// Room for one read.
const CHUNK_BYTES: usize = 16 << 10;

/// A reply that took more memory than this is freed before the next one.
const KEPT_BYTES: usize = 4 << 10;

/// The parts of a request that say which connection it wants.
const WHERE: [u8; 7] =
    [part::URL, part::USERNAME, part::PASSWORD, part::DATABASE, part::CA, part::CERT, part::KEY];

/// Redis.
pub struct Redis {
    net: Rc<Net>,
    chunk: RefCell<Box<[u8]>>,
}

/// What a user keeps between requests.
#[derive(Debug)]
pub struct Session {
    deadline: Deadline,
    /// What the connection was opened with, also when it is closed again.
    opened_with: Option<Box<OpenedWith>>,
    connection: Option<Box<Connection>>,
    payload: Vec<u8>,
    fault: Option<Fault>,
}

/// The parts of the request that a connection was opened for, and whether it was verified.
#[derive(Debug)]
struct OpenedWith {
    parts: [Box<[u8]>; WHERE.len()],
    verify: i64,
}

impl OpenedWith {
    fn of(request: &Request<'_>) -> Box<Self> {
        let parts = WHERE.map(|part| request.part(part).into());
        Box::new(Self { parts, verify: request.option(option::VERIFY) })
    }

    fn suits(&self, request: &Request<'_>) -> bool {
        let parts = WHERE.iter().map(|&part| request.part(part));
        self.verify == request.option(option::VERIFY)
            && self.parts.iter().map(|part| &**part).eq(parts)
    }
}

impl Driver for Redis {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self { net, chunk: RefCell::new(vec![0; CHUNK_BYTES].into()) }
    }

    fn session(&self, _user: u32) -> Session {
        Session {
            deadline: self.net.deadline(),
            opened_with: None,
            connection: None,
            payload: Vec::new(),
            fault: None,
        }
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        session.payload.clear();
        session.payload.shrink_to(KEPT_BYTES);
        let begun_ns = self.net.now_ns();
        let until_ns = match u64::try_from(request.option(option::TIMEOUT_NS)) {
            Ok(limit_ns) if limit_ns > 0 => begun_ns.saturating_add(limit_ns),
            _ => u64::MAX,
        };
        let mut task =
            Task { driver: self, request: &request, until_ns, stamps: Stamps::default() };
        let outcome = task.carry_out(session).await;
        session.deadline.disarm();
        let mut stamps = task.stamps;
        stamps.done_ns = self.net.now_ns();
        if stamps.sent_ns == 0 {
            stamps.sent_ns = stamps.done_ns;
        }
        session.fault = outcome.err();
        let reply = match &session.fault {
            Some(fault) => Reply::fault(fault),
            None => Reply { payload: &session.payload, ..Reply::EMPTY },
        };
        Exchange { reply, stamps }
    }

    fn release(&self, session: &mut Session) {
        session.payload = Vec::new();
    }

    async fn close(&self, session: Session) {
        if let Some(connection) = session.connection {
            connection.stream.close();
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

/// A request being carried out.
struct Task<'t> {
    driver: &'t Redis,
    request: &'t Request<'t>,
    until_ns: u64,
    stamps: Stamps,
}

impl Task<'_> {
    async fn carry_out(&mut self, session: &mut Session) -> Result<(), Fault> {
        let is_transaction = self.request.option(option::TRANSACTION) != 0;
        let commands = Commands::read(self.request.part(part::COMMANDS), is_transaction)?;
        let mut connection = self.connection(session).await?;
        self.stamps.sent_ns = self.driver.net.now_ns();
        self.stamps.first_byte_ns = 0;
        session.deadline.arm(self.until_ns);
        let replies = connection.ask(
            &commands.packed,
            commands.replies(),
            &self.driver.chunk,
            Traffic { net: &self.driver.net, stamps: &mut self.stamps },
        );
        // Whatever goes wrong here leaves the connection out of step, so it is given up.
        let replies = session.deadline.within(replies).await.unwrap_or_else(|_| {
            let text = format!("timed out waiting for the reply to {}", commands.title());
            Err(Fault::new(FaultClass::Timeout, text))
        })?;
        // An error that the server replies is no fault of the connection.
        session.connection = connection.is_in_step().then_some(connection);
        let result = self.result(&commands, replies)?;
        self.check(&commands, &result, session)
    }

    /// The user's connection, opened if there is none of the kind.
    async fn connection(&mut self, session: &mut Session) -> Result<Box<Connection>, Fault> {
        let net = &self.driver.net;
        let suits = session.opened_with.as_ref().is_some_and(|with| with.suits(self.request));
        if let Some(mut connection) = session.connection.take() {
            if suits && connection.stream.idle() == Idle::Open {
                return Ok(connection);
            }
            connection.stream.close();
        }
        let address = self.address()?;
        let request = self.request;
        let tls = TlsOptions::of_task(
            request.option(option::VERIFY) != 0,
            [part::CA, part::CERT, part::KEY].map(|part| request.part(part)),
            &[],
        );
        let dialed = net.dial(&address.endpoint, &tls, &session.deadline, self.until_ns).await?;
        if suits {
            net.counters.count_reopened();
        }
        self.stamps.connect_ns = dialed.connect_ns;
        self.stamps.tls_ns = dialed.tls_ns;
        let mut connection = Box::new(Connection::new(dialed.stream));
        let greeted_ns = net.now_ns();
        session.deadline.arm(self.until_ns);
        let greeting = self.greet(&address, &mut connection);
        session.deadline.within(greeting).await.unwrap_or_else(|_| {
            let text = format!("timed out logging in at {}", address.endpoint);
            Err(Fault::new(FaultClass::Timeout, text))
        })?;
        // Saying who one is, and which database one wants, is part of connecting.
        let greeting_ns = net.now_ns().saturating_sub(greeted_ns);
        self.stamps.connect_ns = self.stamps.connect_ns.saturating_add(greeting_ns);
        session.opened_with = Some(OpenedWith::of(request));
        Ok(connection)
    }

    /// Where to connect, what the task says by itself included.
    fn address(&self) -> Result<Address, Fault> {
        let plan = |text: String| Fault::new(FaultClass::Plan, text);
        let url = String::from_utf8_lossy(self.request.part(part::URL));
        let mut address = Address::parse(&url)
            .map_err(|why| plan(format!("the URL is none of a Redis server: {why}")))?;
        for (part, own) in
            [(part::USERNAME, &mut address.username), (part::PASSWORD, &mut address.password)]
        {
            let said = self.request.part(part);
            if !said.is_empty() {
                *own = said.to_vec();
            }
        }
        let database = String::from_utf8_lossy(self.request.part(part::DATABASE));
        if !is_database(&database) {
            return Err(plan(format!("`{database}` is no number of a database")));
        }
        if !database.is_empty() {
            address.database = database.into_owned();
        }
        Ok(address)
    }

    /// Logs in and chooses the database, as far as there is something to say.
    async fn greet(&mut self, address: &Address, connection: &mut Connection) -> Result<(), Fault> {
        let mut commands = Vec::new();
        if !address.password.is_empty() {
            let mut auth = Cmd::new();
            auth.arg("AUTH");
            if !address.username.is_empty() {
                auth.arg(address.username.as_slice());
            }
            auth.arg(address.password.as_slice());
            commands.push(("logging in", auth));
        }
        if address.database.bytes().any(|digit| digit != b'0') {
            let mut select = Cmd::new();
            select.arg("SELECT").arg(address.database.as_bytes());
            commands.push(("choosing the database", select));
        }
        for (what, command) in commands {
            let traffic = Traffic { net: &self.driver.net, stamps: &mut self.stamps };
            let packed = command.get_packed_command();
            let replies = connection.ask(&packed, 1, &self.driver.chunk, traffic).await?;
            if let Some(error) = replies.first().and_then(reply::error) {
                let fault = reply::refused(error);
                return Err(Fault { text: format!("{what}: {}", fault.text), ..fault });
            }
        }
        Ok(())
    }

    /// What the replies come to.
    fn result(&self, commands: &Commands, mut replies: Vec<Value>) -> Result<Value, Fault> {
        let is_pipeline = self.request.option(option::PIPELINE) != 0;
        let told = |index: usize, fault: Fault| match is_pipeline {
            true => {
                let text =
                    format!("command {} ({}): {}", index + 1, commands.name(index), fault.text);
                Fault { text, ..fault }
            }
            false => fault,
        };
        let mut results = if replies.len() > commands.results() {
            // `MULTI` comes first; what is refused when it is queued says more than the `EXEC`
            // that is refused because of it.
            let queued = replies.iter().skip(1).take(commands.results()).enumerate();
            let refused = queued.filter_map(|(index, value)| Some((index, reply::error(value)?)));
            if let Some((index, error)) = refused.into_iter().next() {
                return Err(told(index, reply::refused(error)));
            }
            match replies.pop() {
                Some(Value::Array(results)) => results,
                Some(Value::ServerError(error)) => return Err(reply::refused(&error)),
                Some(Value::Nil) => {
                    let text = "the transaction was not carried out: a watched key has changed";
                    return Err(Fault::new(FaultClass::Status, text));
                }
                _ => return Err(reply::broken("EXEC gives no list")),
            }
        } else {
            replies
        };
        for (index, value) in results.iter_mut().enumerate() {
            if let Some(error) = reply::error(value) {
                return Err(told(index, reply::refused(error)));
            }
            if commands.name(index).eq_ignore_ascii_case("HGETALL") {
                *value = reply::paired(std::mem::take(value));
            }
        }
        match is_pipeline {
            true => Ok(Value::Array(results)),
            false => results.pop().ok_or_else(|| reply::broken("there is no reply")),
        }
    }

    /// Writes the payload, and compares it with what is expected.
    fn check(
        &self,
        commands: &Commands,
        result: &Value,
        session: &mut Session,
    ) -> Result<(), Fault> {
        let expects = self.request.option(option::EXPECTS) != 0;
        if expects || self.request.needs().contains(Needs::PAYLOAD) {
            reply::write(result, &mut session.payload);
        }
        let expected = self.request.part(part::EXPECT);
        if !expects || session.payload == expected {
            return Ok(());
        }
        // As in the reference, a value that was set is `True`.
        let is_set = *result == Value::Okay && commands.name(0).eq_ignore_ascii_case("SET");
        let got: &[u8] = if is_set { b"True" } else { &session.payload };
        if got == expected {
            return Ok(());
        }
        let mut text = String::from("redis expected ");
        repr(ld_vm::Value::Text(expected), &mut text);
        text.push_str(", got ");
        repr(ld_vm::Value::Text(got), &mut text);
        Err(Fault::new(FaultClass::Assertion, text))
    }
}

#[cfg(test)]
mod tests;
