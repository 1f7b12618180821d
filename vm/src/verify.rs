//! The verifier: nothing runs that did not pass it.
//!
//! A program that passes cannot make the interpreter leave its tables, run forever
//! without reaching the world, read a reply that is not there or send a part that was
//! not rendered:
//!
//! - every id lies inside its table, every kind is known, every name is text;
//! - jumps go forward but for `loop`, which is counted while the program runs, and code does
//!   not run past its end, so a tick ends;
//! - `request` comes after all its rendered parts, `check` and `extract` stand between
//!   `request` and `sample`, and code is entered only between requests.

mod lanes;

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::isa::{Instruction, Opcode, Operand, Shape};
use crate::program::{
    Addr, Bounds, CheckId, ChoiceId, ConstId, ExtractId, Many, Maybe, OperandId, OperandKind,
    Program, RequestId, SlotKind, SourceFormat, ValueKind,
};
use crate::scratch::MAX_PARTS;
use crate::{Escape, Needs};
use lanes::Lanes;

/// The most operands a check, extract or call may have.
pub const MAX_OPERANDS: usize = 64;

/// How often a request may be sent again after failures of one kind.
pub const MAX_RETRIES: u32 = 80;

/// The most row registers a program may use.
pub const MAX_REGISTERS: usize = 64;

/// The first reason found why a program may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// A row of a side table breaks a rule.
    Row {
        /// The table.
        table: &'static str,
        /// The row's number.
        row: usize,
        /// The rule.
        rule: &'static str,
    },
    /// An instruction breaks a rule.
    Code {
        /// Its address.
        address: usize,
        /// The rule.
        rule: &'static str,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this program does not verify: ")?;
        match self {
            Self::Row { table, row, rule } => write!(f, "row {row} of table `{table}`: {rule}"),
            Self::Code { address, rule } => write!(f, "instruction {address:04}: {rule}"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Checks a whole program.
///
/// # Errors
/// The first rule that is broken.
pub fn verify(program: &Program) -> Result<(), VerifyError> {
    let bounds = program.tables.bounds(program.code.len(), program.consts.len());
    if let Some((table, row)) = program.tables.out_of_bounds(&bounds) {
        return Err(VerifyError::Row { table, row, rule: "an id lies outside its table" });
    }
    verify_rows(program, &bounds)?;
    verify_text(program)?;
    verify_code(program, &bounds)
}

fn check_rows<R>(
    table: &'static str,
    rows: &[R],
    rule: &'static str,
    mut holds: impl FnMut(&R) -> bool,
) -> Result<(), VerifyError> {
    match rows.iter().position(|row| !holds(row)) {
        Some(row) => Err(VerifyError::Row { table, row, rule }),
        None => Ok(()),
    }
}

fn verify_rows(program: &Program, bounds: &Bounds) -> Result<(), VerifyError> {
    let tables = &program.tables;
    check_rows("values", &tables.values, "the bits do not fit the kind", |row| match row.kind {
        ValueKind::Null => row.bits == 0,
        ValueKind::Bool => row.bits <= 1,
        ValueKind::Int => true,
        ValueKind::Float => f64::from_bits(row.bits).is_finite(),
        ValueKind::Text | ValueKind::Json => row.bits < u64::from(bounds.consts),
    })?;
    check_rows("operands", &tables.operands, "the index lies outside its table", |row| match row
        .kind
    {
        OperandKind::Value => row.index < bounds.values,
        OperandKind::Slot => row.index < bounds.slots,
        OperandKind::Part | OperandKind::Json => (row.index as usize) < MAX_PARTS,
    })?;
    check_rows("slots", &tables.slots, "the index lies outside its table", |row| match row.kind {
        SlotKind::Var => row.index < bounds.vars,
        SlotKind::Cell => row.index < bounds.columns && (row.register as usize) < MAX_REGISTERS,
        SlotKind::Env => row.index < bounds.envs,
        SlotKind::Call => row.index < bounds.functions,
        SlotKind::Secret => row.index < bounds.secrets,
    })?;
    check_rows("slots", &tables.slots, "the escape is unknown", |row| {
        Escape::from_number(row.escape).is_some()
    })?;
    let few = |many: Many<OperandId>| many.count as usize <= MAX_OPERANDS;
    check_rows("slots", &tables.slots, "it has too many operands", |row| few(row.operands))?;
    check_rows("checks", &tables.checks, "it has too many operands", |row| few(row.operands))?;
    check_rows("extracts", &tables.extracts, "it has too many operands", |row| few(row.operands))?;
    let plain = |many: Many<OperandId>, rendered_allowed: bool| {
        Program::rows(&tables.operands, many).iter().all(|operand| match operand.kind {
            OperandKind::Value => true,
            OperandKind::Part | OperandKind::Json => rendered_allowed,
            OperandKind::Slot => tables
                .slots
                .get(operand.index as usize)
                .is_some_and(|slot| slot.kind != SlotKind::Call),
        })
    };
    let rule = "its operands are not plain values";
    verify_calls(program)?;
    check_rows("checks", &tables.checks, rule, |row| plain(row.operands, true))?;
    check_rows("extracts", &tables.extracts, rule, |row| plain(row.operands, true))?;
    check_rows("requests", &tables.requests, "it has too many parts", |row| {
        (row.parts.count as usize) < MAX_PARTS
    })?;
    check_rows("requests", &tables.requests, "it needs something unknown", |row| {
        Needs::from_bits(row.needs).is_some()
    })?;
    check_rows("choices", &tables.choices, "a choice has no branch", |row| row.branches.count > 0)?;
    // Else a small file could make the verifier look at the same branches again and again.
    let apart = tables.choices.is_sorted_by(|a, b| {
        a.branches
            .first
            .0
            .checked_add(a.branches.count)
            .is_some_and(|end| end <= b.branches.first.0)
    });
    check_rows("choices", &tables.choices, "choices share branches or are out of order", |_| {
        apart
    })?;
    check_rows("pauses", &tables.pauses, "the longest is below the shortest", |row| {
        row.min_ns <= row.max_ns
    })?;
    check_rows("scenarios", &tables.scenarios, "the spawn rate is not above zero", |row| {
        row.spawn_rate.is_finite() && row.spawn_rate > 0.0
    })?;
    check_rows("scenarios", &tables.scenarios, "`paced` is neither 0 nor 1", |row| row.paced <= 1)?;
    check_rows("stages", &tables.stages, "a level or rate is not a number that can be", |row| {
        let level = |level: f64| level.is_finite() && level >= 0.0;
        let rate = row.spawn_rate;
        level(row.from) && level(row.to) && rate.is_finite() && rate > 0.0
    })?;
    check_rows("throttles", &tables.throttles, "it gives no turns", |row| {
        row.interval_ns > 0 && row.burst > 0
    })?;
    check_rows("retries", &tables.retries, "a budget or pause is not one that can be", |row| {
        let budgets = [row.transient, row.flaky, row.permanent];
        let plain = |number: f64| number.is_finite() && number >= 0.0;
        budgets.iter().all(|budget| *budget <= MAX_RETRIES)
            && plain(row.factor)
            && plain(row.jitter)
    })?;
    let ascending = tables.lines.is_sorted_by(|a, b| a.address < b.address);
    check_rows("lines", &tables.lines, "the addresses do not ascend", |_| ascending)
}

/// The deepest nesting of calls.
const MAX_CALL_DEPTH: u16 = 128;

/// The most slots that filling one in may look at, those of calls in calls counted each time.
const MAX_CALL_COST: usize = 512;

/// Calls may have calls as operands, each standing before what uses it, so that evaluating
/// them ends.
fn verify_calls(program: &Program) -> Result<(), VerifyError> {
    let tables = &program.tables;
    // Depth and cost of each slot.
    let mut seen: Vec<(u16, usize)> = Vec::with_capacity(tables.slots.len());
    for (row, slot) in tables.slots.iter().enumerate() {
        let fail = |rule| Err(VerifyError::Row { table: "slots", row, rule });
        let (mut depth, mut cost) = (0, 1);
        if slot.kind == SlotKind::Call {
            for operand in Program::rows(&tables.operands, slot.operands) {
                match operand.kind {
                    OperandKind::Value => {}
                    OperandKind::Part | OperandKind::Json => {
                        return fail("its operands are not plain values");
                    }
                    OperandKind::Slot => match seen.get(operand.index as usize) {
                        Some(&(below, inner)) => {
                            depth = depth.max(below);
                            cost += inner;
                        }
                        None => return fail("an operand does not stand before it"),
                    },
                }
            }
            depth += 1;
        }
        if depth > MAX_CALL_DEPTH || cost > MAX_CALL_COST {
            return fail("calls are nested too deep");
        }
        seen.push((depth, cost));
    }
    Ok(())
}

fn verify_text(program: &Program) -> Result<(), VerifyError> {
    let tables = &program.tables;
    let rule = "a name is not UTF-8 text";
    let text = |id: ConstId| std::str::from_utf8(program.consts.bytes(id)).is_ok();
    check_rows("functions", &tables.functions, rule, |row| text(row.name))?;
    check_rows("assertions", &tables.assertions, rule, |row| text(row.name))?;
    check_rows("extractors", &tables.extractors, rule, |row| text(row.name))?;
    check_rows("protocols", &tables.protocols, rule, |row| text(row.name))?;
    check_rows("envs", &tables.envs, rule, |row| text(row.name))?;
    check_rows("secrets", &tables.secrets, rule, |row| text(row.name))?;
    check_rows("sources", &tables.sources, rule, |row| {
        text(row.name) && text(row.path) && row.query.0.is_none_or(text)
    })?;
    let rule = "databases have queries, and files of JSON have none";
    check_rows("sources", &tables.sources, rule, |row| match row.format {
        SourceFormat::Database => row.query.0.is_some(),
        SourceFormat::Csv => true,
        SourceFormat::Json | SourceFormat::Ndjson => row.query.0.is_none(),
    })?;
    let rule = "a name is not UTF-8 text";
    check_rows("columns", &tables.columns, rule, |row| text(row.name))?;
    check_rows("vars", &tables.vars, rule, |row| text(row.name))?;
    check_rows("series", &tables.series, rule, |row| {
        text(row.name) && text(row.method) && text(row.target) && text(row.scenario)
    })?;
    check_rows("scenarios", &tables.scenarios, rule, |row| text(row.name) && text(row.user))?;
    let optional = |id: Maybe<ConstId>| id.0.is_none_or(text);
    check_rows("actions", &tables.actions, rule, |row| {
        text(row.command) && optional(row.file) && optional(row.written)
    })?;
    let mut deepest = 0;
    check_rows("actions", &tables.actions, "an action stands inside of nothing", |row| {
        let fits = row.depth <= deepest;
        deepest = row.depth.saturating_add(1);
        fits
    })?;
    check_rows("metadata", &tables.metadata, rule, |row| text(row.name))?;
    check_rows("throttles", &tables.throttles, rule, |row| text(row.key))?;
    check_rows("arguments", &tables.arguments, rule, |row| text(row.name))
}

/// What is known about the machine between two instructions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    /// A reply is there: between `request` and `sample`.
    replied: bool,
    /// A part is being rendered.
    open: bool,
    /// The parts rendered since the last sample, one bit each.
    rendered: u64,
}

impl State {
    fn has(self, part: u32) -> bool {
        1_u64.checked_shl(part).is_some_and(|bit| self.rendered & bit != 0)
    }
}

fn verify_code(program: &Program, bounds: &Bounds) -> Result<(), VerifyError> {
    let entries = program.tables.scenarios.iter();
    let entries = entries.flat_map(|row| [Some(row.entry), row.on_start.0, row.on_stop.0]);
    let first_entries: Vec<Addr> = entries.flatten().collect();
    let mut entered: HashSet<u32> = first_entries.iter().map(|entry| entry.0).collect();
    // Where a loop may go back to: addresses that stand between requests.
    let mut between = Vec::with_capacity(program.code.len());
    // From where on there is nothing but what sends one request and looks at its reply.
    let mut sending = 0;
    // The lowest address each choice met so far can go to.
    let mut lowest_of = HashMap::new();
    let mut lanes = Lanes::new(program.code.len());
    let mut state = State::default();
    let mut falls_through = false;
    for (address, &word) in program.code.iter().enumerate() {
        let fail = |rule| Err(VerifyError::Code { address, rule });
        let Some(instruction) = Instruction::decode(word) else {
            return fail("unknown instruction: this .ldb was written by a newer build");
        };
        if !operands_in_bounds(instruction, bounds) {
            return fail("an operand lies outside its table");
        }
        let here = u32::try_from(address).unwrap_or(u32::MAX);
        between.push(state == State::default());
        if entered.contains(&here) && state != State::default() {
            return fail("code is entered in the middle of a request");
        }
        if let Some(rule) = broken_rule(program, instruction, &mut state) {
            return fail(rule);
        }
        if let Err(rule) = lanes.see(program, here, instruction, &mut entered) {
            return fail(rule);
        }
        falls_through = !matches!(
            instruction.op,
            Opcode::End
                | Opcode::Fork
                | Opcode::Join
                | Opcode::Jump
                | Opcode::Pick
                | Opcode::Loop
                | Opcode::Stop
        );
        let lowest = match instruction.op {
            Opcode::Jump => {
                entered.insert(instruction.x);
                lanes.jump(here, instruction.x);
                instruction.x
            }
            Opcode::Pick => *lowest_of.entry(instruction.x).or_insert_with(|| {
                let targets = targets(program, ChoiceId(instruction.x));
                targets
                    .inspect(|target| {
                        entered.insert(target.0);
                        lanes.jump(here, target.0);
                    })
                    .min()
                    .unwrap_or_default()
                    .0
            }),
            Opcode::Unless => {
                let test = program.tables.tests.get(instruction.x as usize);
                let otherwise = test.map_or(0, |row| row.otherwise.0);
                entered.insert(otherwise);
                lanes.jump(here, otherwise);
                otherwise
            }
            Opcode::Loop => {
                if !between.get(instruction.x as usize).is_some_and(|between| *between) {
                    return fail("a loop does not go back to a place between requests");
                }
                lanes.jump(here, instruction.x);
                u32::MAX
            }
            Opcode::Retry => {
                let row = program.tables.retries.get(instruction.x as usize);
                let again = row.map_or(usize::MAX, |row| row.again.index());
                lanes.jump(here, u32::try_from(again).unwrap_or(u32::MAX));
                let first = program.code.get(again).and_then(|&word| Instruction::decode(word));
                let first = first.map(|first| first.op);
                let sends = matches!(first, Some(Opcode::Request | Opcode::Throttle));
                if again < sending || again > address || !sends {
                    return fail("it does not go back to where its request is sent");
                }
                u32::MAX
            }
            _ => u32::MAX,
        };
        if lowest <= here {
            return fail("a jump goes backward");
        }
        if !matches!(
            instruction.op,
            Opcode::Throttle | Opcode::Request | Opcode::Check | Opcode::Extract | Opcode::Retry
        ) {
            sending = address + 1;
        }
    }
    lanes.jumps_stay(&first_entries)?;
    if falls_through {
        return Err(VerifyError::Code {
            address: program.code.len(),
            rule: "the code ends without `end`",
        });
    }
    Ok(())
}

fn operands_in_bounds(instruction: Instruction, bounds: &Bounds) -> bool {
    let within = |operand: Operand, number: u32| match operand {
        Operand::None => number == 0,
        Operand::Addr => number < bounds.code,
        Operand::Choice => number < bounds.choices,
        Operand::Const => number < bounds.consts,
        Operand::Check => number < bounds.checks,
        Operand::Extract => number < bounds.extracts,
        Operand::Part => (number as usize) < MAX_PARTS,
        Operand::Pause => number < bounds.pauses,
        Operand::Request => number < bounds.requests,
        Operand::Row => (number as usize) < MAX_REGISTERS,
        Operand::Slot => number < bounds.slots,
        Operand::Source => number < bounds.sources,
        Operand::Throttle => number < bounds.throttles,
        Operand::Series => number < bounds.series,
        Operand::Set => number < bounds.sets,
        Operand::Test => number < bounds.tests,
        Operand::Fork => number < bounds.forks,
        Operand::Retry => number < bounds.retries,
        Operand::Scope => number <= 1,
    };
    match instruction.op.shape() {
        Shape::Plain => instruction.x == 0,
        Shape::Wide(operand) => within(operand, instruction.x),
        Shape::Pair(first, second) => {
            within(first, u32::from(instruction.a())) && within(second, u32::from(instruction.b()))
        }
    }
}

/// Applies an instruction to the state; names the rule it breaks, if it breaks one.
fn broken_rule(
    program: &Program,
    instruction: Instruction,
    state: &mut State,
) -> Option<&'static str> {
    let tables = &program.tables;
    let reads_reply = |many: Many<OperandId>, state: State| {
        let mut operands = Program::rows(&tables.operands, many).iter();
        let rendered = operands.all(|operand| match operand.kind {
            OperandKind::Part | OperandKind::Json => state.has(operand.index),
            OperandKind::Value | OperandKind::Slot => true,
        });
        match (state.replied, rendered) {
            (false, _) => Some("there is no reply to read"),
            (true, false) => Some("an operand is not rendered"),
            (true, true) => None,
        }
    };
    match instruction.op {
        Opcode::End
        | Opcode::Fork
        | Opcode::Join
        | Opcode::Jump
        | Opcode::Pick
        | Opcode::Pause
        | Opcode::Unless
        | Opcode::Set
        | Opcode::Loop
        | Opcode::Enter
        | Opcode::Leave
        | Opcode::Forget
        | Opcode::Stop => {
            (*state != State::default()).then_some("it stands in the middle of a request")
        }
        Opcode::Row => state.replied.then_some("it stands between a request and its sample"),
        Opcode::Throttle => {
            state.open = false;
            state.replied.then_some("it stands between a request and its sample")
        }
        Opcode::Part => {
            if state.has(instruction.x) {
                return Some("the part is rendered twice");
            }
            state.rendered |= 1_u64.checked_shl(instruction.x).unwrap_or(0);
            state.open = true;
            None
        }
        Opcode::Lit | Opcode::Put => (!state.open).then_some("no part is being rendered"),
        Opcode::Request => {
            if state.replied {
                return Some("the request before it has no sample");
            }
            let request = tables.requests.get(RequestId(instruction.x).index())?;
            let missing = Program::rows(&tables.parts, request.parts)
                .iter()
                .zip(0..)
                .any(|(part, number)| part.constant.0.is_none() && !state.has(number));
            *state = State { replied: true, open: false, ..*state };
            missing.then_some("a part of the request is not rendered")
        }
        Opcode::Check => {
            let check = tables.checks.get(CheckId(instruction.x).index())?;
            reads_reply(check.operands, *state)
        }
        Opcode::Extract => {
            let extract = tables.extracts.get(ExtractId(instruction.x).index())?;
            reads_reply(extract.operands, *state)
        }
        Opcode::Retry => (!state.replied).then_some("there is no request to send again"),
        Opcode::Log => {
            let ready = state.has(instruction.x) && !state.replied;
            *state = State::default();
            (!ready).then_some("the text is not rendered")
        }
        Opcode::Sample => {
            let replied = state.replied;
            *state = State::default();
            (!replied).then_some("there is no request to end")
        }
    }
}

/// Where a choice can go.
fn targets(program: &Program, choice: ChoiceId) -> impl Iterator<Item = Addr> {
    let choice = program.tables.choices.get(choice.index());
    let branches = choice.map(|row| Program::rows(&program.tables.branches, row.branches));
    branches.unwrap_or_default().iter().flat_map(|branch| [branch.here, branch.other])
}
