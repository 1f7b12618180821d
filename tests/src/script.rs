//! Runs programs without sockets: data from memory, a clock that stands still, and replies
//! from a script. What a user wanted of the world meanwhile is kept as a list of events.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use ld_vm::link::{Clock, Inputs, LinkError, Wall};
use ld_vm::program::{
    ForkId, Id as _, LaneId, RunId, ScenarioId, SeriesId, SourceEnd, SourceFormat, SourceId,
    ThrottleId, VarId,
};
use ld_vm::user::{Fetch, Fetched, RowNumber, Rows};
use ld_vm::value::Value;
use ld_vm::{
    Effect, Fault, FaultClass, Linked, Meta, Needs, Program, Reply, Resume, Scope, ScratchPool,
    User, World,
};

/// Links a program to the tables of the standard library; every protocol counts as built in.
/// `columns` knows where a source's columns are, `env` are the environment's variables,
/// and the secrets as `secret.NAME`.
///
/// # Errors
/// When the program does not verify or names what the standard library does not have.
pub fn link(program: Program, data: &Data, env: &[(String, String)]) -> Result<Linked, LinkError> {
    let find = |name: &str| {
        let found = env.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone().into_bytes())
    };
    let secret = |name: &str| find(&format!("secret.{name}"));
    let column = |source: SourceId, name: &str| data.column(source, name);
    Linked::new(
        program,
        &ld_stdlib::tables(|_| true),
        &Inputs { env: &find, secret: &secret, column: &column },
    )
}

/// A table of rows with named columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; one may be shorter than the columns are many.
    pub rows: Vec<Vec<Vec<u8>>>,
}

/// The data sources of a program, by number.
#[derive(Clone, Debug, Default)]
pub struct Data {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    table: Table,
    on_end: SourceEnd,
    next: usize,
}

impl Data {
    /// The sources of a program, with the table that `table` has for each name.
    pub fn of(program: &Program, mut table: impl FnMut(&str) -> Table) -> Self {
        let rows = program.tables.sources.iter();
        let sources = rows.map(|row| Source {
            table: table(program.consts.text(row.name)),
            on_end: row.on_end,
            next: 0,
        });
        Self { sources: sources.collect() }
    }

    /// The sources of a program, read from the files it names; relative paths begin at
    /// `folder`. A database is not asked: it has two rows that say where they are from.
    ///
    /// # Errors
    /// What the file system or the CSV reader says.
    pub fn read(program: &Program, folder: &Path) -> io::Result<Self> {
        let mut sources = Vec::new();
        for (number, row) in program.tables.sources.iter().enumerate() {
            if row.format == SourceFormat::Database {
                let table = made_up(program, number);
                sources.push(Source { table, on_end: row.on_end, next: 0 });
                continue;
            }
            let path = folder.join(program.consts.text(row.path));
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path)?;
            let columns = reader.headers()?.iter().map(str::to_owned).collect();
            let mut rows = Vec::new();
            for record in reader.byte_records() {
                rows.push(record?.iter().map(<[u8]>::to_vec).collect());
            }
            sources.push(Source { table: Table { columns, rows }, on_end: row.on_end, next: 0 });
        }
        Ok(Self { sources })
    }

    fn column(&self, source: SourceId, name: &str) -> Option<u32> {
        let columns = &self.sources.get(source.index())?.table.columns;
        columns.iter().position(|column| column == name).and_then(|at| u32::try_from(at).ok())
    }
}

/// Rows for the columns that a program reads of a source.
fn made_up(program: &Program, source: usize) -> Table {
    let of_source = program.tables.columns.iter().filter(|column| column.source.index() == source);
    let columns: Vec<String> =
        of_source.map(|column| program.consts.text(column.name).to_owned()).collect();
    let row = |row: u8| columns.iter().map(|name| format!("{name} {row}").into_bytes()).collect();
    Table { rows: vec![row(1), row(2)], columns }
}

impl Rows for Data {
    fn next(&mut self, source: SourceId, _fetch: Fetch<'_>) -> Fetched {
        let Some(source) = self.sources.get_mut(source.index()) else {
            return Fetched::Nothing;
        };
        let count = source.table.rows.len();
        if count == 0 || (source.on_end != SourceEnd::Cycle && source.next >= count) {
            return match source.on_end {
                SourceEnd::StopUser => Fetched::Stop(Scope::User),
                SourceEnd::StopRun => Fetched::Stop(Scope::Run),
                SourceEnd::Cycle | SourceEnd::Once => Fetched::Nothing,
            };
        }
        let row = source.next % count;
        source.next += 1;
        Fetched::Row(RowNumber(row as u64))
    }

    fn cell(&self, source: SourceId, row: RowNumber, column: u32) -> Value<'_> {
        let source = self.sources.get(source.index());
        let row = source.and_then(|source| source.table.rows.get(row.0 as usize));
        let cell = row.and_then(|row| row.get(column as usize));
        cell.map_or(Value::Unset, |cell| Value::Text(cell))
    }
}

/// A clock that always shows 2026-11-22 20:41:54.5, one hour ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub struct Standing;

impl Clock for Standing {
    fn wall(&self) -> Wall {
        Wall { unix_seconds: 1_795_376_514, nanos: 500_000_000, offset_seconds: 3600 }
    }
}

/// What the peer is made to answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The fault that happens instead of an answer.
    pub fault: Option<Fault>,
    /// The status, where the protocol has one.
    pub status: Option<i64>,
    /// The headers, repeated names allowed.
    pub headers: Headers,
    /// The payload.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with a status and a body.
    #[must_use]
    pub fn new(status: i64, body: impl Into<Vec<u8>>) -> Self {
        Self { status: Some(status), body: body.into(), ..Self::default() }
    }

    /// A fault in place of an answer.
    #[must_use]
    pub fn fault(class: FaultClass, text: &str) -> Self {
        Self { fault: Some(Fault::new(class, text)), ..Self::default() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The reply as a driver would hand it over that drops all that is not needed.
    #[must_use]
    pub fn reply(&self, needs: Needs) -> Reply<'_> {
        let mut reply = Reply { fault: self.fault.as_ref(), ..Reply::EMPTY };
        if needs.contains(Needs::STATUS) {
            reply.status = self.status;
        }
        if needs.contains(Needs::META) {
            reply.meta = &self.headers;
        }
        if needs.contains(Needs::PAYLOAD) {
            reply.payload = &self.body;
        }
        reply
    }
}

/// The headers of an answer.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl Meta for Headers {
    fn value(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        let same = |(other, _): &&(String, String)| other.as_bytes().eq_ignore_ascii_case(name);
        let values: Vec<&str> =
            self.0.iter().filter(same).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| Cow::Owned(values.join(", ").into_bytes()))
    }
}

/// Everything a user needs besides its program.
#[derive(Debug, Default)]
pub struct Stage {
    data: Data,
    pool: ScratchPool,
}

impl Stage {
    /// A stage with these data sources.
    #[must_use]
    pub fn new(data: Data) -> Self {
        Self { data, pool: ScratchPool::default() }
    }

    /// The world as a step sees it.
    pub fn world(&mut self) -> World<'_> {
        World { rows: &mut self.data, clock: &Standing, scratch: &mut self.pool }
    }
}

/// What a user wanted of the world, kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request.
    Request(Sent),
    /// The outcome of a request.
    Sample {
        /// The series it belongs to.
        series: SeriesId,
        /// Class and text of the failure, if it failed.
        failure: Option<(FaultClass, String)>,
        /// Placeholders sent as written.
        unresolved: u32,
    },
    /// An attempt that failed was recorded, and the next is due after a pause.
    Retry {
        /// The series of the attempt.
        series: SeriesId,
        /// Why it failed.
        failure: Option<(FaultClass, String)>,
        /// How many attempts there were before.
        attempt: u8,
        /// The pause, in nanoseconds.
        pause_ns: u64,
    },
    /// A pause, in nanoseconds.
    Wait(u64),
    /// A turn of a throttle.
    Throttle(ThrottleId),
    /// The end of a tick, and the pause until the next, in nanoseconds.
    End(u64),
    /// The beginning of a group.
    Enter(SeriesId),
    /// The end of a group.
    Leave,
    /// The cookies are forgotten.
    Forget,
    /// A text of the plan.
    Log(String),
    /// The end of the user or the run.
    Stop(Scope),
    /// The beginning of lanes.
    Fork(ForkId),
    /// The end of a lane.
    Join,
    /// The end of a tick that looped and did nothing.
    Stuck,
    /// A data source that must not has no more rows.
    UsedUp(SourceId),
}

/// A request that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The name of its protocol.
    pub protocol: String,
    /// The series its sample will belong to.
    pub series: SeriesId,
    /// The bytes of its parts, by position.
    pub parts: Vec<Vec<u8>>,
    /// The first eight of its options, by position; absent ones are 0.
    pub options: [i64; 8],
    /// What its task reads of the reply.
    pub needs: Needs,
}

/// Steps a user until it has ended `ticks` ticks; `answer` makes up the replies. Gives up
/// after a million steps, because a program that loops is no test.
pub fn play(
    linked: &Linked,
    user: &mut User,
    stage: &mut Stage,
    ticks: u64,
    mut answer: impl FnMut(&Sent) -> Answer,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut pending: Option<(Answer, Needs)> = None;
    let goal = user.iteration() + ticks;
    for _ in 0..1_000_000 {
        if user.iteration() >= goal {
            break;
        }
        let resume = match &pending {
            Some((answer, needs)) => Resume::Reply(answer.reply(*needs)),
            None => Resume::Go,
        };
        let event = event(user.step(linked, &mut stage.world(), resume));
        pending = match &event {
            Event::Request(sent) => Some((answer(sent), sent.needs)),
            _ => None,
        };
        let is_over = matches!(event, Event::Stop(_) | Event::UsedUp(_));
        let fork = if let Event::Fork(fork) = event { Some(fork) } else { None };
        events.push(event);
        if let Some(fork) = fork {
            play_lanes(linked, user, stage, fork, &mut answer, &mut events);
        }
        if is_over {
            break;
        }
    }
    events
}

/// Steps the lanes of a fork, one after the other, each to its end.
fn play_lanes(
    linked: &Linked,
    user: &mut User,
    stage: &mut Stage,
    fork: ForkId,
    answer: &mut impl FnMut(&Sent) -> Answer,
    events: &mut Vec<Event>,
) {
    let lanes = linked.program().tables.forks.get(fork.index()).map(|row| row.lanes);
    let first = lanes.unwrap_or_default().first.0;
    for lane in first..first + lanes.unwrap_or_default().count {
        let mut lane = user.lane(linked, LaneId(lane));
        let mut pending: Option<(Answer, Needs)> = None;
        loop {
            let resume = match &pending {
                Some((answer, needs)) => Resume::Reply(answer.reply(*needs)),
                None => Resume::Go,
            };
            let step = |lane: &mut User| event(lane.step(linked, &mut stage.world(), resume));
            let event = user.lend(&mut lane, step);
            pending = match &event {
                Event::Request(sent) => Some((answer(sent), sent.needs)),
                _ => None,
            };
            let has_joined = matches!(event, Event::Join);
            events.push(event);
            if has_joined {
                break;
            }
        }
    }
}

/// What a step said, kept.
fn event(effect: Effect<'_>) -> Event {
    match effect {
        Effect::Request(request) => Event::Request(Sent {
            protocol: request.protocol().to_owned(),
            series: request.series(),
            parts: (0..request.parts()).map(|part| request.part(part).to_vec()).collect(),
            options: [0, 1, 2, 3, 4, 5, 6, 7].map(|option| request.option(option)),
            needs: request.needs(),
        }),
        Effect::Sample(sample) => Event::Sample {
            series: sample.series,
            failure: sample.failure.map(|failure| (failure.class, failure.text.to_owned())),
            unresolved: sample.unresolved,
        },
        Effect::Retry(attempt, pause_ns) => Event::Retry {
            series: attempt.series,
            failure: attempt.failure.map(|failure| (failure.class, failure.text.to_owned())),
            attempt: attempt.attempt,
            pause_ns,
        },
        Effect::Wait(ns) => Event::Wait(ns),
        Effect::Throttle(throttle) => Event::Throttle(throttle),
        Effect::End(ns) => Event::End(ns),
        Effect::Enter(series) => Event::Enter(series),
        Effect::Leave => Event::Leave,
        Effect::Forget => Event::Forget,
        Effect::Log(text) => Event::Log(String::from_utf8_lossy(text).into_owned()),
        Effect::Stop(scope) => Event::Stop(scope),
        Effect::UsedUp(source) => Event::UsedUp(source),
        Effect::Fork(fork) => Event::Fork(fork),
        Effect::Join => Event::Join,
        Effect::Stuck => Event::Stuck,
    }
}

/// A user of the first scenario of a run.
#[must_use]
pub fn user(linked: &Linked, run: RunId, id: u32, seed: u64) -> User {
    let row = linked.program().tables.runs.get(run.index());
    let scenario = row.map_or(ScenarioId(0), |row| row.scenarios.first);
    User::new(linked, run, scenario, id, seed)
}

/// The variables of a user by name, `session.` before those of the session, as text with
/// their types.
#[must_use]
pub fn vars(linked: &Linked, user: &User) -> Vec<(String, String)> {
    let program = linked.program();
    let rows = program.tables.vars.iter().zip(0..);
    let text = |(row, number): (&ld_vm::program::VarRow, u32)| {
        let scope = if row.session == 0 { "" } else { "session." };
        let name = format!("{scope}{}", program.consts.text(row.name));
        (name, value(user.var(VarId::from_number(number))))
    };
    rows.map(text).collect()
}

fn value(value: Value<'_>) -> String {
    let mut text = Vec::new();
    value.write_text(&mut text);
    let text = String::from_utf8_lossy(&text);
    match value {
        Value::Unset | Value::Null => "unset".to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => text.into_owned(),
        Value::Text(_) => format!("text {text:?}"),
        Value::Json(_) => format!("json {text}"),
    }
}

/// Events as lines for people.
#[must_use]
pub fn transcript(linked: &Linked, events: &[Event]) -> String {
    let tables = &linked.program().tables;
    let name = |series: SeriesId| {
        let row = tables.series.get(series.index());
        row.map_or("?", |row| linked.program().consts.text(row.name))
    };
    let mut out = String::new();
    for event in events {
        // Writing to a string cannot fail.
        let _ = match event {
            Event::Request(sent) => {
                let _ = writeln!(out, "request {:?}", name(sent.series));
                for (number, part) in sent.parts.iter().enumerate() {
                    let part = String::from_utf8_lossy(part);
                    let _ = writeln!(out, "  p{number} {part:?}");
                }
                Ok(())
            }
            Event::Sample { series, failure, unresolved } => {
                let outcome = match failure {
                    None => "ok".to_owned(),
                    Some((class, text)) => format!("{}: {text}", class.name()),
                };
                let unresolved = match unresolved {
                    0 => String::new(),
                    count => format!(" ({count} unresolved)"),
                };
                writeln!(out, "sample {:?} {outcome}{unresolved}", name(*series))
            }
            Event::Retry { series, failure, attempt, pause_ns } => {
                let (class, text) = match failure {
                    Some((class, text)) => (class.name(), text.as_str()),
                    None => ("ok", ""),
                };
                let (name, wait) = (name(*series), milliseconds(*pause_ns));
                writeln!(out, "attempt {attempt} {name:?} {class}: {text}, again in {wait}")
            }
            Event::Wait(ns) => writeln!(out, "wait {}", milliseconds(*ns)),
            Event::Throttle(throttle) => writeln!(out, "turn of throttle {}", throttle.0),
            Event::End(ns) => writeln!(out, "end, wait {}", milliseconds(*ns)),
            Event::Enter(id) => writeln!(out, "enter {:?}", name(*id)),
            Event::Leave => writeln!(out, "leave"),
            Event::Forget => writeln!(out, "forget cookies"),
            Event::Log(text) => writeln!(out, "log {text:?}"),
            Event::Stop(Scope::User) => writeln!(out, "stop user"),
            Event::Stop(Scope::Run) => writeln!(out, "stop run"),
            Event::Fork(fork) => writeln!(out, "fork f{}", fork.0),
            Event::Join => writeln!(out, "join"),
            Event::Stuck => writeln!(out, "stuck"),
            Event::UsedUp(source) => writeln!(out, "used up: source {}", source.0),
        };
    }
    out
}

fn milliseconds(ns: u64) -> String {
    format!("{} ms", ns as f64 / 1e6)
}
