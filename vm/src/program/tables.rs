//! The tables of a program.
//!
//! They are declared once, in the `tables!` call below. Each row is a plain struct whose columns
//! are numbers or typed ids; reading, writing and the check that every id lies inside its table
//! come from that declaration.

use super::*;
use crate::format::{Column, Reader, Writer};

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
        /// Of a database, the query. Of a CSV file that has no names of its columns in its first
        /// row, or another sign between its values, what it has instead, as a JSON object.
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
        /// 1 when one of its operands may hold a secret, so that no text may show them.
        secret: u32,
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
