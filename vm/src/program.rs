//! A compiled plan: code, constants and side tables.
//!
//! The tables are declared once, in the `tables!` call below. Each row is a
//! plain struct whose columns are numbers or typed ids; reading, writing and the check
//! that every id lies inside its table come from that declaration.

use std::ops::Range;

use crate::format::{Column, Reader, Writer};

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident => $table:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $id(pub u32);

            impl $id {
                /// The number as an index.
                #[must_use]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }
            }

            impl Column for $id {
                fn read(reader: &mut Reader<'_>) -> Option<Self> {
                    u32::read(reader).map(Self)
                }
                fn write(&self, writer: &mut Writer) {
                    self.0.write(writer);
                }
                const BYTES: usize = 4;
                fn in_bounds(&self, bounds: &Bounds) -> bool {
                    self.0 < bounds.$table
                }
            }
        )*
    };
}

ids! {
    /// A word of the code.
    Addr => code;
    /// A constant: bytes in the pool.
    ConstId => consts;
    /// A typed constant.
    ValueId => values;
    /// An operand of a check, an extract or a function call.
    OperandId => operands;
    /// A function the program calls.
    FunctionId => functions;
    /// An assertion the program makes.
    AssertionId => assertions;
    /// An extractor the program uses.
    ExtractorId => extractors;
    /// A protocol the program speaks.
    ProtocolId => protocols;
    /// An environment variable the program reads.
    EnvId => envs;
    /// A secret the program reads.
    SecretId => secrets;
    /// A data source.
    SourceId => sources;
    /// A column of a data source.
    ColumnId => columns;
    /// A variable of a user.
    VarId => vars;
    /// A slot: a hole in a template.
    SlotId => slots;
    /// A part of a request.
    PartId => parts;
    /// A number of a request.
    OptionId => options;
    /// A series of samples.
    SeriesId => series;
    /// A request.
    RequestId => requests;
    /// A check.
    CheckId => checks;
    /// An extract.
    ExtractId => extracts;
    /// One branch of a weighted choice.
    BranchId => branches;
    /// A weighted choice.
    ChoiceId => choices;
    /// A think time.
    PauseId => pauses;
    /// A scenario: one kind of user and what it does in a tick.
    ScenarioId => scenarios;
    /// A variable's value at the start of a run.
    InitId => inits;
    /// A run: the scenarios of one `LD_start_test`.
    RunId => runs;
    /// An argument of an action.
    ArgumentId => arguments;
    /// A stage of a scenario's load.
    StageId => stages;
    /// A rate that requests are held to.
    ThrottleId => throttles;
    /// A condition and where to go when it does not hold.
    TestId => tests;
    /// An assignment.
    SetId => sets;
    /// Where a user does several things at once.
    ForkId => forks;
    /// One of the things a user does at once.
    LaneId => lanes;
    /// How often a request that failed is sent again.
    RetryId => retries;
}

/// A run of consecutive rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Many<Id> {
    /// The first row.
    pub first: Id,
    /// How many rows.
    pub count: u32,
}

/// An id that may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Maybe<Id>(pub Option<Id>);

/// How to make an id from a number, for tables addressed by position.
pub trait Id: Copy + Column {
    /// The id of row `number`.
    fn from_number(number: u32) -> Self;
    /// The row's number.
    fn number(self) -> u32;
}

macro_rules! id_numbers {
    ($($id:ident)*) => {
        $(impl Id for $id {
            fn from_number(number: u32) -> Self {
                Self(number)
            }
            fn number(self) -> u32 {
                self.0
            }
        })*
    };
}

id_numbers! {
    Addr ConstId ValueId OperandId FunctionId AssertionId ExtractorId ProtocolId EnvId SourceId
    ColumnId VarId SlotId PartId OptionId SeriesId RequestId CheckId ExtractId BranchId ChoiceId
    PauseId ScenarioId InitId RunId ArgumentId StageId ThrottleId TestId SetId SecretId
    RetryId ForkId LaneId
}

impl<I: Id> Column for Many<I> {
    const BYTES: usize = 8;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { first: I::read(reader)?, count: u32::read(reader)? })
    }

    fn write(&self, writer: &mut Writer) {
        self.first.write(writer);
        self.count.write(writer);
    }

    fn in_bounds(&self, bounds: &Bounds) -> bool {
        if self.count == 0 {
            return true;
        }
        let last = self.first.number().checked_add(self.count - 1);
        last.is_some_and(|last| I::from_number(last).in_bounds(bounds))
    }
}

impl<I: Id> Column for Maybe<I> {
    const BYTES: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let number = u32::read(reader)?;
        Some(Self((number != u32::MAX).then(|| I::from_number(number))))
    }

    fn write(&self, writer: &mut Writer) {
        self.0.map_or(u32::MAX, Id::number).write(writer);
    }

    fn in_bounds(&self, bounds: &Bounds) -> bool {
        self.0.is_none_or(|id| id.in_bounds(bounds))
    }
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($number:literal $variant:ident $label:literal $variant_doc:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $variant_doc] $variant,)*
        }

        impl $name {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in listings.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }

        impl Column for $name {
            const BYTES: usize = 4;

            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                match u32::read(reader)? {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn write(&self, writer: &mut Writer) {
                let number: u32 = match self { $(Self::$variant => $number,)* };
                number.write(writer);
            }
        }
    };
}

kinds! {
    /// The type of a constant in the value table.
    ValueKind {
        0 Null "null" "JSON null; `bits` is 0.";
        1 Bool "bool" "A boolean; `bits` is 0 or 1.";
        2 Int "int" "A whole number; `bits` is its two's complement.";
        3 Float "float" "A double; `bits` are its bits.";
        4 Text "text" "Text; `bits` is a row of the constant pool.";
        5 Json "json" "A JSON array or object as text; `bits` is a row of the constant pool.";
    }
}

kinds! {
    /// Where the value of an operand comes from.
    OperandKind {
        0 Value "value" "A constant: a row of the value table.";
        1 Slot "slot" "The typed value of a slot.";
        2 Part "part" "Text rendered before, as a part numbered after those of the request.";
        3 Json "json" "A JSON array or object rendered before, as such a part.";
    }
}

kinds! {
    /// Where the value of a slot comes from.
    SlotKind {
        0 Var "var" "A variable of the user: a row of the variable table.";
        1 Cell "cell" "A cell of the row held in row register `register`: a row of the column table.";
        2 Env "env" "An environment variable, read once before the run: a row of the environment table.";
        3 Call "call" "The result of a function: a row of the function table, with operands.";
        4 Secret "secret" "A secret, known only to the run: a row of the secret table.";
    }
}

kinds! {
    /// What a data source is read from.
    SourceFormat {
        0 Csv "csv" "A CSV file.";
        1 Json "json" "A file with a JSON array of objects.";
        2 Ndjson "ndjson" "A file with a JSON object in each line.";
        3 Database "database" "The rows of a query.";
    }
}

kinds! {
    /// Which rows of a data source a user gets.
    SourceMode {
        0 Shared "shared" "The next that no user has had in this pass.";
        1 PerUser "per_user" "All of them, in order, each user for itself.";
        2 Random "random" "Any, drawn anew each time.";
        3 Unique "unique" "One of its own, always the same.";
    }
}

kinds! {
    /// What happens when a data source has no more rows.
    SourceEnd {
        0 Once "once" "Its placeholders stay as written.";
        1 Cycle "cycle" "The rows start over.";
        2 StopUser "stop_user" "The user that wanted one ends.";
        3 StopRun "error" "The run ends, as a failure.";
    }
}

kinds! {
    /// What starts and stops the users of a scenario.
    LoadKind {
        0 Batches "batches" "`users` users, as many at a time as start in a second; no stages.";
        1 Levels "levels" "The number of users follows the stages' levels.";
        2 Uniform "uniform" "Ticks start at the stages' rates, evenly, each with a free user of at most `users`.";
        3 Poisson "poisson" "The same, at times drawn at random.";
    }
}

kinds! {
    /// What the samples of a series are.
    SeriesKind {
        0 Request "request" "Requests.";
        1 Group "group" "Whole groups, whose requests are counted under their own names.";
        2 Apart "apart" "Requests of a run's setup or teardown, which are in no statistics.";
    }
}

macro_rules! tables {
    ($(
        $(#[$doc:meta])*
        $table:ident: $row:ident { $($(#[$column_doc:meta])* $column:ident: $type:ty,)* }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct $row {
                $($(#[$column_doc])* pub $column: $type,)*
            }

            impl Column for $row {
                const BYTES: usize = 0 $(+ <$type as Column>::BYTES)*;

                fn read(reader: &mut Reader<'_>) -> Option<Self> {
                    Some(Self { $($column: <$type as Column>::read(reader)?,)* })
                }

                fn write(&self, writer: &mut Writer) {
                    $(self.$column.write(writer);)*
                }

                fn in_bounds(&self, bounds: &Bounds) -> bool {
                    true $(&& self.$column.in_bounds(bounds))*
                }
            }
        )*

        /// The side tables of a program.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct SideTables {
            $($(#[$doc])* pub $table: Vec<$row>,)*
        }

        impl SideTables {
            /// The tables' names, in the order of the file.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($table),)*];

            /// Reads every table; `None` when the bytes end early or hold an unknown kind.
            pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($table: reader.table()?,)* })
            }

            pub(crate) fn write(&self, writer: &mut Writer) {
                $(writer.table(&self.$table);)*
            }

            pub(crate) fn bounds(&self, code: usize, consts: usize) -> Bounds {
                let len = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
                Bounds { code: len(code), consts: len(consts), $($table: len(self.$table.len()),)* }
            }

            /// The first table and row with an id outside its table.
            pub(crate) fn out_of_bounds(&self, bounds: &Bounds) -> Option<(&'static str, usize)> {
                $(
                    if let Some(at) = self.$table.iter().position(|row| !row.in_bounds(bounds)) {
                        return Some((stringify!($table), at));
                    }
                )*
                None
            }
        }

        /// The number of rows of everything an id can point into.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Bounds {
            /// Words of code.
            pub code: u32,
            /// Constants.
            pub consts: u32,
            $($(#[$doc])* pub $table: u32,)*
        }
    };
}

tables! {
    /// Typed constants.
    values: ValueRow {
        /// The type.
        kind: ValueKind,
        /// The value itself or a row of the constant pool; see [`ValueKind`].
        bits: u64,
    }
    /// Operands of checks, extracts and calls.
    operands: OperandRow {
        /// Where the value comes from.
        kind: OperandKind,
        /// The row or part; see [`OperandKind`].
        index: u32,
    }
    /// Functions by name.
    functions: FunctionRow {
        /// The name in the function table.
        name: ConstId,
    }
    /// Assertions by name.
    assertions: AssertionRow {
        /// The name in the assertion table.
        name: ConstId,
    }
    /// Extractors by name.
    extractors: ExtractorRow {
        /// The name in the extractor table.
        name: ConstId,
    }
    /// Protocols by name.
    protocols: ProtocolRow {
        /// The name in the protocol table.
        name: ConstId,
    }
    /// Environment variables, read once before a run.
    envs: EnvRow {
        /// The variable's name.
        name: ConstId,
    }
    /// Data sources.
    sources: SourceRow {
        /// The name placeholders use.
        name: ConstId,
        /// The file's path as the plan gives it; of a database, its URL, whose `${env.NAME}` and
        /// `${secret.NAME}` are filled when the run starts.
        path: ConstId,
        /// What it is read from.
        format: SourceFormat,
        /// Which rows a user gets.
        mode: SourceMode,
        /// What happens after the last row.
        on_end: SourceEnd,
        /// Of a database, the query.
        query: Maybe<ConstId>,
    }
    /// Columns of data sources, by name.
    columns: ColumnRow {
        /// The source.
        source: SourceId,
        /// The column's name in the source's header.
        name: ConstId,
    }
    /// Variables every user has.
    vars: VarRow {
        /// The name, without its scope.
        name: ConstId,
        /// 0 for `var`, 1 for `session`.
        session: u32,
    }
    /// Slots: the holes of templates.
    slots: SlotRow {
        /// Where the value comes from.
        kind: SlotKind,
        /// The variable, column, environment variable or function; see [`SlotKind`].
        index: u32,
        /// The row register of a cell.
        register: u32,
        /// The arguments of a call.
        operands: Many<OperandId>,
        /// The [`Escape`](crate::Escape) of the place, by number.
        escape: u32,
        /// The placeholder as written, which stands in when there is no value.
        text: ConstId,
    }
    /// The parts of requests, in the order of the protocol's part names.
    parts: PartRow {
        /// The constant bytes, or nothing when the part is rendered.
        constant: Maybe<ConstId>,
    }
    /// Numbers that go with requests, in the order of the protocol's option names.
    options: OptionRow {
        /// The number.
        value: i64,
    }
    /// Series of samples.
    series: SeriesRow {
        /// The name in reports.
        name: ConstId,
        /// The method in reports: `GET`, `TCP`.
        method: ConstId,
        /// The target in reports, as the plan writes it.
        target: ConstId,
        /// The scenario in reports; empty where the run's only scenario has no name.
        scenario: ConstId,
        /// What its samples are.
        kind: SeriesKind,
    }
    /// Requests.
    requests: RequestRow {
        /// The protocol that carries it.
        protocol: ProtocolId,
        /// The series its samples belong to.
        series: SeriesId,
        /// Its parts.
        parts: Many<PartId>,
        /// Its numbers.
        options: Many<OptionId>,
        /// What the task reads of the reply: [`Needs`](crate::Needs).
        needs: u32,
    }
    /// Checks.
    checks: CheckRow {
        /// The assertion.
        assertion: AssertionId,
        /// Its operands, in the order of the assertion's fields.
        operands: Many<OperandId>,
        /// 1 when it only counts and does not fail the request.
        soft: u32,
        /// 1 when one of its operands may hold a secret, so that its text must not show them.
        secret: u32,
    }
    /// Extracts.
    extracts: ExtractRow {
        /// The extractor.
        extractor: ExtractorId,
        /// The variable that takes the value.
        var: VarId,
        /// Its operands, in the order of the extractor's fields.
        operands: Many<OperandId>,
        /// What the variable becomes when there is no value.
        default: Maybe<ValueId>,
        /// 1 when the request fails without a value.
        required: u32,
    }
    /// Branches of weighted choices, one column of an alias table each.
    branches: BranchRow {
        /// Where to go on when the draw is below the threshold.
        here: Addr,
        /// Where to go on otherwise.
        other: Addr,
        /// The share of `here`, in units of 2⁻³²; `u32::MAX` counts as all.
        threshold: u32,
    }
    /// Weighted choices (Walker's alias method).
    choices: ChoiceRow {
        /// The columns; one is drawn uniformly, then its threshold decides.
        branches: Many<BranchId>,
    }
    /// Pauses, drawn uniformly.
    pauses: PauseRow {
        /// The shortest, in nanoseconds.
        min_ns: u64,
        /// The longest, in nanoseconds.
        max_ns: u64,
    }
    /// Scenarios: kinds of users.
    scenarios: ScenarioRow {
        /// The name in reports; empty for a run's only scenario without one.
        name: ConstId,
        /// The user key of the plan: `fast_http_user`.
        user: ConstId,
        /// The protocol its requests use.
        protocol: ProtocolId,
        /// Where a tick begins.
        entry: Addr,
        /// What a user does before its first tick.
        on_start: Maybe<Addr>,
        /// What a user does after its last tick.
        on_stop: Maybe<Addr>,
        /// How many users there are at most.
        users: u32,
        /// Users started per second.
        spawn_rate: f64,
        /// The pause between ticks, or their period.
        wait: PauseId,
        /// 1 if `wait` counts from when a tick was due instead of its end.
        paced: u32,
        /// What starts and stops users.
        load: LoadKind,
        /// How the load changes, for kinds that say so.
        stages: Many<StageId>,
        /// When the scenario begins, in nanoseconds after the run.
        start_after_ns: u64,
        /// Ticks per user; 0 means as many as the run says.
        iterations: u64,
    }
    /// Values of variables at the start of a run.
    inits: InitRow {
        /// The variable.
        var: VarId,
        /// Its value.
        value: ValueId,
    }
    /// Runs: what one `LD_start_test` does.
    runs: RunRow {
        /// The scenarios that run side by side.
        scenarios: Many<ScenarioId>,
        /// How long users run, in nanoseconds; `u64::MAX` means until they have ended by themselves.
        duration_ns: u64,
        /// Ticks per user; 0 means no limit.
        iterations: u64,
        /// The variables' values at the start.
        inits: Many<InitId>,
        /// What is due before this many nanoseconds have passed is left out of the statistics.
        warmup_ns: u64,
        /// How long requests under way at the end may take, in nanoseconds, before they are cut.
        stop_timeout_ns: u64,
        /// What is done once before the first user starts: a scenario whose one tick that is.
        setup: Maybe<ScenarioId>,
        /// The same for after the last user has ended.
        teardown: Maybe<ScenarioId>,
    }
    /// The document's actions, in order.
    actions: ActionRow {
        /// The command's name.
        command: ConstId,
        /// Its line in the plan, from 1.
        line: u32,
        /// The run of an `LD_start_test`.
        run: Maybe<RunId>,
        /// The arguments.
        arguments: Many<ArgumentId>,
        /// How many actions it stands inside of: `LD_execute_action` and `LD_execute_files` are
        /// followed by the actions they carry out, one deeper.
        depth: u32,
        /// The file it stands in, when that is another than the plan's.
        file: Maybe<ConstId>,
        /// Its notation as a Python literal, for result maps, when it was asked for.
        written: Maybe<ConstId>,
    }
    /// Arguments of actions.
    arguments: ArgumentRow {
        /// The name.
        name: ConstId,
        /// The value.
        value: ValueId,
    }
    /// What the document says about itself.
    metadata: MetadataRow {
        /// The name.
        name: ConstId,
        /// The value.
        value: ValueId,
    }
    /// Stages of loads.
    stages: StageRow {
        /// How long it lasts, in nanoseconds.
        duration_ns: u64,
        /// The level at its start: users, or ticks started per second.
        from: f64,
        /// The level at its end, reached linearly.
        to: f64,
        /// How many users per second may start or stop to follow the level.
        spawn_rate: f64,
    }
    /// Rates that requests are held to, shared by all users of a run.
    throttles: ThrottleRow {
        /// Its name in the plan; empty for that of a whole run.
        key: ConstId,
        /// The time between two turns, in nanoseconds.
        interval_ns: u64,
        /// How many turns may be taken at once after a pause.
        burst: u32,
    }
    /// Where instructions come from in the plan. Rows are in the order of their address;
    /// each holds until the next.
    lines: LineRow {
        /// The first instruction.
        address: Addr,
        /// Its line in the plan, from 1.
        line: u32,
        /// Its column in the plan, from 1.
        column: u32,
    }
    /// Conditions of `unless`.
    tests: TestRow {
        /// The value that decides.
        slot: SlotId,
        /// Where to go on when it does not hold.
        otherwise: Addr,
    }
    /// Assignments.
    sets: SetRow {
        /// The variable.
        var: VarId,
        /// Its new value.
        slot: SlotId,
    }
    /// Secrets: values that only the run knows and nothing shows.
    secrets: SecretRow {
        /// The secret's name.
        name: ConstId,
    }
    /// How often requests that failed are sent again, and when.
    retries: RetryRow {
        /// How often after failures that may be over the next time: of the network, by time.
        transient: u32,
        /// How often after replies that were not as expected.
        flaky: u32,
        /// How often after anything else.
        permanent: u32,
        /// The pause before the second attempt, in nanoseconds.
        base_ns: u64,
        /// The longest pause, in nanoseconds, jitter not counted.
        max_ns: u64,
        /// By how much each pause is longer than the one before.
        factor: f64,
        /// How much is added to a pause at most, as a share of it.
        jitter: f64,
        /// The statuses that count as transient where they are why the request failed.
        statuses: Many<OptionId>,
        /// Where the request begins that is sent again.
        again: Addr,
    }
    /// Where users do several things at once.
    forks: ForkRow {
        /// What is done at once, one after the other in the code.
        lanes: Many<LaneId>,
        /// How many requests to one host may be under way.
        most: u32,
        /// Where the user goes on once all lanes have ended: behind the last of them.
        after: Addr,
    }
    /// The lanes of forks.
    lanes: LaneRow {
        /// Where it begins; it ends with `join`.
        entry: Addr,
    }
}

/// A program, as read and not yet verified. [`verify`](crate::verify::verify) says
/// whether it may run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The instruction words.
    pub code: Vec<u32>,
    /// The constant pool.
    pub consts: Consts,
    /// Everything wider than an operand.
    pub tables: SideTables,
    /// The plan's file name, for messages.
    pub file: String,
    /// The plan's text, unless it was stripped. `ldvm run` compiles it again when the
    /// command line changes something that was folded into the code.
    pub source: String,
}

/// The constant pool: byte strings, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consts {
    /// The end of each constant in `bytes`; it begins where the one before ends.
    pub(crate) ends: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
}

impl Consts {
    /// How many constants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a constant; empty for an id outside the pool, which the verifier
    /// does not let pass.
    #[must_use]
    pub fn bytes(&self, id: ConstId) -> &[u8] {
        self.slice(&self.range(id))
    }

    /// Where a constant lies in the pool.
    pub(crate) fn range(&self, id: ConstId) -> Range<u32> {
        let end = |index: usize| self.ends.get(index).copied();
        let start = id.index().checked_sub(1).and_then(end).unwrap_or(0);
        start..end(id.index()).unwrap_or(start)
    }

    /// The bytes of a range of the pool.
    #[inline]
    pub(crate) fn slice(&self, range: &Range<u32>) -> &[u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// A constant as text; bytes that are not UTF-8 give an empty text, which the
    /// verifier does not let pass where text is expected.
    #[must_use]
    pub fn text(&self, id: ConstId) -> &str {
        std::str::from_utf8(self.bytes(id)).unwrap_or_default()
    }

    /// Appends a constant.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> ConstId {
        let id = ConstId(u32::try_from(self.ends.len()).unwrap_or(u32::MAX));
        self.bytes.extend_from_slice(bytes);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        id
    }
}

impl Program {
    /// The rows of a run of ids; empty when it lies outside the table, which the verifier
    /// does not let pass.
    #[must_use]
    pub fn rows<I: Id, R>(table: &[R], many: Many<I>) -> &[R] {
        let first = many.first.number() as usize;
        table.get(first..first.saturating_add(many.count as usize)).unwrap_or_default()
    }

    /// The value of a row of the value table.
    #[must_use]
    pub fn value(&self, id: ValueId) -> crate::Value<'_> {
        use crate::Value;
        let Some(row) = self.tables.values.get(id.index()) else {
            return Value::Unset;
        };
        let constant = || ConstId(u32::try_from(row.bits).unwrap_or(u32::MAX));
        match row.kind {
            ValueKind::Null => Value::Null,
            ValueKind::Bool => Value::Bool(row.bits != 0),
            ValueKind::Int => Value::Int(row.bits.cast_signed()),
            ValueKind::Float => Value::Float(f64::from_bits(row.bits)),
            ValueKind::Text => Value::Text(self.consts.bytes(constant())),
            ValueKind::Json => Value::Json(self.consts.bytes(constant())),
        }
    }

    /// The place in the plan that an instruction comes from.
    #[must_use]
    pub fn line_of(&self, address: Addr) -> Option<&LineRow> {
        let after = self.tables.lines.partition_point(|row| row.address <= address);
        self.tables.lines.get(after.checked_sub(1)?)
    }
}
