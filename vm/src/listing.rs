//! The listing: a program as text, complete and readable, one instruction a line.
//!
//! ```text
//! source users "users.csv" cycle
//! run 60s iterations 0
//! init tenant "acme"
//! scenario fast_http_user http @0000 users 50 rate 10 wait 100ms..200ms
//!
//! task "login"  http  checkout.json:7                        needs: status body
//!   0000  row r0 users
//!   0001  part p2                          ; body
//!   0002  lit "{\"user\": \""
//!   0003  put {cell r0 users "name"} json "${csv.users.name}"
//!   0004  lit "\"}"
//!   0005  request http "login" "POST" "/login" needs status+body parts "http://…" "POST …" _ options 0 30
//!   0006  check status_code 200
//!   0007  extract token json_path "data.token"
//!   0008  sample
//!   0009  pause 200ms
//!   0010  end
//! ```
//!
//! What stands behind `;` and lines that begin with `task` are for the reader. The rest can
//! be put together again by [`assemble`](crate::assemble::assemble); texts are written as in
//! JSON.

mod text;

use std::cell::Cell;
use std::fmt::Write as _;

use crate::escape::Escape;
use crate::isa::{Instruction, Opcode};
use crate::program::{
    Addr, CheckId, ChoiceId, ConstId, ExtractId, LoadKind, Many, Maybe, OperandId, OperandKind,
    PauseId, Program, RequestId, RequestRow, RetryRow, ScenarioRow, SeriesKind, SlotId, SlotKind,
    SlotRow, SourceFormat, SourceId, SourceMode, StageRow, ThrottleId, ThrottleRow, ValueId, VarId,
};
use crate::value::Value;

use self::text::{needs, quote, time, word};

/// The names of a protocol's parts and options, for comments.
pub type PartNames = fn(&str) -> &'static [&'static str];

/// Writes a program down. `parts` names a protocol's parts.
#[must_use]
pub fn listing(program: &Program, parts: PartNames) -> String {
    let mut listing = Listing { program, parts, out: String::new(), left: Cell::new(0) };
    listing.headers();
    listing.code();
    listing.totals();
    listing.out
}

/// Where the comment of an instruction begins.
const COMMENT_COLUMN: usize = 64;

/// How many slots of one instruction are written out, those of calls in calls included.
const MOST_SLOTS: usize = 512;

struct Listing<'p> {
    program: &'p Program,
    parts: PartNames,
    out: String,
    /// How many more slots may be written out for this instruction.
    left: Cell<usize>,
}

impl Listing<'_> {
    fn headers(&mut self) {
        let tables = &self.program.tables;
        for (source, number) in tables.sources.iter().zip(0..) {
            let name = self.source(SourceId(number));
            let (path, on_end) = (self.quoted(source.path), source.on_end.name());
            let mut line = format!("source {name} {path} {on_end}");
            let is_usual = source.mode == SourceMode::Shared && source.format == SourceFormat::Csv;
            if !is_usual || source.query.0.is_some() {
                let _ = write!(line, " {} {}", source.mode.name(), source.format.name());
            }
            if let Some(query) = source.query.0 {
                let _ = write!(line, " {}", self.quoted(query));
            }
            self.push(&line);
        }
        for run in &tables.runs {
            let duration = match run.duration_ns {
                u64::MAX => "unlimited".to_owned(),
                ns => time(ns),
            };
            let mut line = format!("run {duration} iterations {}", run.iterations);
            for (word, ns) in [("warmup", run.warmup_ns), ("stop", run.stop_timeout_ns)] {
                if ns > 0 {
                    let _ = write!(line, " {word} {}", time(ns));
                }
            }
            self.push(&line);
            for init in Program::rows(&tables.inits, run.inits) {
                let line = format!("init {} {}", self.var(init.var), self.value(init.value));
                self.push(&line);
            }
            for scenario in Program::rows(&tables.scenarios, run.scenarios) {
                self.scenario("scenario", scenario);
            }
            for (word, id) in [("setup", run.setup), ("teardown", run.teardown)] {
                if let Some(row) = id.0.and_then(|id| tables.scenarios.get(id.index())) {
                    self.scenario(word, row);
                }
            }
        }
    }

    fn scenario(&mut self, word: &str, scenario: &ScenarioRow) {
        let tables = &self.program.tables;
        let entry = |name: &str, address: Maybe<Addr>| {
            address.0.map_or(String::new(), |address| format!(" {name} @{:04}", address.0))
        };
        let protocol = tables.protocols.get(scenario.protocol.index());
        let mut line = format!(
            "{word} {} {} @{:04}{}{} users {} rate {} wait {}",
            self.name(scenario.user),
            protocol.map_or("?", |row| self.name(row.name)),
            scenario.entry.0,
            entry("on_start", scenario.on_start),
            entry("on_stop", scenario.on_stop),
            scenario.users,
            scenario.spawn_rate,
            self.pause(scenario.wait),
        );
        if scenario.paced != 0 {
            line.push_str(" paced");
        }
        if scenario.start_after_ns > 0 {
            let _ = write!(line, " after {}", time(scenario.start_after_ns));
        }
        if scenario.load != LoadKind::Batches {
            let _ = write!(line, " load {}", scenario.load.name());
        }
        if scenario.iterations > 0 {
            let _ = write!(line, " iterations {}", scenario.iterations);
        }
        if !self.name(scenario.name).is_empty() {
            let _ = write!(line, " as {}", self.quoted(scenario.name));
        }
        self.push(&line);
        for stage in Program::rows(&tables.stages, scenario.stages) {
            let StageRow { duration_ns, from, to, spawn_rate } = stage;
            let duration = time(*duration_ns);
            self.push(&format!("stage {duration} from {from} to {to} rate {spawn_rate}"));
        }
    }

    fn code(&mut self) {
        let mut begins = true;
        for (address, &word) in self.program.code.iter().enumerate() {
            let Some(instruction) = Instruction::decode(word) else {
                self.push(&format!("  {address:04}  ?{word:08x}"));
                continue;
            };
            if begins {
                self.task(address);
            }
            // A pause and the end of a tick belong to the task before them.
            let next =
                self.program.code.get(address + 1).and_then(|&word| Instruction::decode(word));
            begins = next
                .is_some_and(|next| !matches!(next.op, Opcode::Pause | Opcode::End | Opcode::Join));
            begins &= matches!(
                instruction.op,
                Opcode::Sample
                    | Opcode::Pick
                    | Opcode::Pause
                    | Opcode::End
                    | Opcode::Fork
                    | Opcode::Join
            );

            let text = self.instruction(instruction);
            let comment = self.comment(instruction, address);
            let mut line = format!("  {address:04}  {text}");
            if !comment.is_empty() {
                let pad = COMMENT_COLUMN.saturating_sub(line.chars().count()).max(1);
                let _ = write!(line, "{:pad$}; {comment}", "");
            }
            self.push(&line);
        }
    }

    /// The heading of a task: the request it makes and where it stands in the plan.
    fn task(&mut self, address: usize) {
        let words =
            self.program.code.iter().skip(address).map_while(|&word| Instruction::decode(word));
        let mut own = words.take_while(|instruction| {
            !matches!(
                instruction.op,
                Opcode::Sample
                    | Opcode::End
                    | Opcode::Jump
                    | Opcode::Pick
                    | Opcode::Fork
                    | Opcode::Join
            )
        });
        let request = own.find(|instruction| instruction.op == Opcode::Request);
        let row = request.and_then(|i| self.program.tables.requests.get(RequestId(i.x).index()));
        let Some(row) = row else {
            self.push("");
            return;
        };
        let tables = &self.program.tables;
        let name =
            tables.series.get(row.series.index()).map_or(String::new(), |s| self.quoted(s.name));
        let protocol =
            tables.protocols.get(row.protocol.index()).map_or("?", |p| self.name(p.name));
        let place = self.place(address);
        let head = format!("task {name}  {protocol}  {place}");
        let pad = COMMENT_COLUMN.saturating_sub(head.chars().count()).max(2);
        let heading = format!("\n{head}{:pad$}needs: {}", "", needs(row).replace('+', ", "));
        self.push(&heading);
    }

    fn place(&self, address: usize) -> String {
        let address = Addr(u32::try_from(address).unwrap_or(u32::MAX));
        let file = self.program.file.as_str();
        self.program
            .line_of(address)
            .map_or(String::new(), |line| format!("{file}:{}:{}", line.line, line.column))
    }

    fn instruction(&self, instruction: Instruction) -> String {
        self.left.set(MOST_SLOTS);
        let tables = &self.program.tables;
        let x = instruction.x;
        let operands = match instruction.op {
            Opcode::End | Opcode::Sample | Opcode::Join | Opcode::Forget => String::new(),
            Opcode::Jump => format!(" @{x:04}"),
            Opcode::Pick => self.choice(ChoiceId(x)),
            Opcode::Row => {
                format!(" r{} {}", instruction.a(), self.source(SourceId(instruction.b().into())))
            }
            Opcode::Part => format!(" p{x}"),
            Opcode::Lit => format!(" {}", self.quoted(ConstId(x))),
            Opcode::Put => match tables.slots.get(SlotId(x).index()) {
                Some(slot) => {
                    let escape = Escape::from_number(slot.escape).map_or("?", Escape::name);
                    format!(" {} {escape} {}", self.slot(slot), self.quoted(slot.text))
                }
                None => " ?".to_owned(),
            },
            Opcode::Request => tables
                .requests
                .get(RequestId(x).index())
                .map_or(" ?".to_owned(), |row| self.request(row)),
            Opcode::Check => match tables.checks.get(CheckId(x).index()) {
                Some(row) => {
                    let name = tables.assertions.get(row.assertion.index());
                    let name = name.map_or("?", |row| self.name(row.name));
                    let soft = if row.soft == 0 { "" } else { " soft" };
                    let secret = if row.secret == 0 { "" } else { " secret" };
                    format!("{soft}{secret} {name}{}", self.operands(row.operands))
                }
                None => " ?".to_owned(),
            },
            Opcode::Extract => match tables.extracts.get(ExtractId(x).index()) {
                Some(row) => {
                    let name = tables.extractors.get(row.extractor.index());
                    let name = name.map_or("?", |row| self.name(row.name));
                    let required = if row.required == 0 { "" } else { " required" };
                    let secret = if row.secret == 0 { "" } else { " secret" };
                    let default = row
                        .default
                        .0
                        .map_or(String::new(), |value| format!(" default {}", self.value(value)));
                    let (var, operands) = (self.var(row.var), self.operands(row.operands));
                    format!(" {var}{required}{secret}{default} {name}{operands}")
                }
                None => " ?".to_owned(),
            },
            Opcode::Pause => format!(" {}", self.pause(PauseId(x))),
            Opcode::Throttle => match tables.throttles.get(ThrottleId(x).index()) {
                Some(ThrottleRow { key, interval_ns, burst }) => {
                    format!(" {} every {} burst {burst}", self.quoted(*key), time(*interval_ns))
                }
                None => " ?".to_owned(),
            },
            Opcode::Unless => match tables.tests.get(x as usize) {
                Some(row) => {
                    format!(" {} else @{:04}", self.operand_slot(row.slot), row.otherwise.0)
                }
                None => " ?".to_owned(),
            },
            Opcode::Set => match tables.sets.get(x as usize) {
                Some(row) => format!(" {} {}", self.var(row.var), self.operand_slot(row.slot)),
                None => " ?".to_owned(),
            },
            Opcode::Loop => format!(" @{x:04}"),
            Opcode::Enter | Opcode::Leave => {
                let series = tables.series.get(x as usize);
                series.map_or(" ?".to_owned(), |row| format!(" {}", self.quoted(row.name)))
            }
            Opcode::Log => format!(" p{x}"),
            Opcode::Retry => match tables.retries.get(x as usize) {
                Some(row) => self.retry(row),
                None => " ?".to_owned(),
            },
            Opcode::Fork => match tables.forks.get(x as usize) {
                Some(row) => {
                    let mut text = format!(" {} after @{:04}", row.most, row.after.0);
                    for lane in Program::rows(&tables.lanes, row.lanes) {
                        let _ = write!(text, " @{:04}", lane.entry.0);
                    }
                    text
                }
                None => " ?".to_owned(),
            },
            Opcode::Stop => if x == 0 { " user" } else { " run" }.to_owned(),
        };
        format!("{}{operands}", instruction.op.mnemonic())
    }

    /// What a reader would have to look up: where the instruction comes from, if that is not
    /// where the task stands, and what a number means.
    fn comment(&self, instruction: Instruction, address: usize) -> String {
        match instruction.op {
            Opcode::Check | Opcode::Extract => self.place(address),
            Opcode::Part => {
                let words = self.program.code.iter().skip(address);
                let mut words = words.map_while(|&word| Instruction::decode(word));
                let request =
                    words.find(|next| next.op == Opcode::Request || next.op == Opcode::Sample);
                let row = request
                    .filter(|request| request.op == Opcode::Request)
                    .and_then(|r| self.program.tables.requests.get(RequestId(r.x).index()));
                let protocol =
                    row.and_then(|r| self.program.tables.protocols.get(r.protocol.index()));
                let names =
                    protocol.map(|row| (self.parts)(self.name(row.name))).unwrap_or_default();
                names
                    .get(instruction.x as usize)
                    .map_or("operand".to_owned(), |name| (*name).to_owned())
            }
            _ => String::new(),
        }
    }

    fn request(&self, row: &RequestRow) -> String {
        let tables = &self.program.tables;
        let mut text = String::new();
        let protocol =
            tables.protocols.get(row.protocol.index()).map_or("?", |p| self.name(p.name));
        if let Some(series) = tables.series.get(row.series.index()) {
            let _ = write!(
                text,
                " {protocol} {} {} {}",
                self.quoted(series.name),
                self.quoted(series.method),
                self.quoted(series.target)
            );
            if series.kind == SeriesKind::Apart {
                text.push_str(" apart");
            }
            if !self.name(series.scenario).is_empty() {
                let _ = write!(text, " of {}", self.quoted(series.scenario));
            }
        }
        let _ = write!(text, " needs {} parts", needs(row));
        for part in Program::rows(&tables.parts, row.parts) {
            text.push(' ');
            text.push_str(&part.constant.0.map_or("_".to_owned(), |id| self.quoted(id)));
        }
        text.push_str(" options");
        for option in Program::rows(&tables.options, row.options) {
            let _ = write!(text, " {}", option.value);
        }
        text
    }

    fn retry(&self, row: &RetryRow) -> String {
        let RetryRow { transient, flaky, permanent, factor, jitter, .. } = row;
        let mut text = format!(
            " @{:04} transient {transient} flaky {flaky} permanent {permanent} after {} to {} \
             factor {factor} jitter {jitter}",
            row.again.0,
            time(row.base_ns),
            time(row.max_ns),
        );
        text.push_str(" on");
        for status in Program::rows(&self.program.tables.options, row.statuses) {
            let _ = write!(text, " {}", status.value);
        }
        text
    }

    fn operands(&self, many: Many<OperandId>) -> String {
        let mut text = String::new();
        for operand in Program::rows(&self.program.tables.operands, many) {
            text.push(' ');
            text.push_str(&match operand.kind {
                OperandKind::Value => self.value(ValueId(operand.index)),
                OperandKind::Part => format!("p{}", operand.index),
                OperandKind::Json => format!("json p{}", operand.index),
                OperandKind::Slot => self.operand_slot(SlotId(operand.index)),
            });
        }
        text
    }

    /// A slot with its text. A program that was not verified may be listed, too; where a
    /// call in it is its own operand the listing stops.
    fn operand_slot(&self, id: SlotId) -> String {
        let left = self.left.get();
        match self.program.tables.slots.get(id.index()) {
            Some(slot) if left > 0 => {
                self.left.set(left - 1);
                format!("{} {}", self.slot(slot), self.quoted(slot.text))
            }
            _ => "?".to_owned(),
        }
    }

    fn slot(&self, slot: &SlotRow) -> String {
        let tables = &self.program.tables;
        match slot.kind {
            SlotKind::Var => format!("{{var {}}}", self.var(VarId(slot.index))),
            SlotKind::Env => {
                let name = tables
                    .envs
                    .get(slot.index as usize)
                    .map_or("\"\"".to_owned(), |e| self.quoted(e.name));
                format!("{{env {name}}}")
            }
            SlotKind::Secret => {
                let secret = tables.secrets.get(slot.index as usize);
                let name = secret.map_or("\"\"".to_owned(), |secret| self.quoted(secret.name));
                format!("{{secret {name}}}")
            }
            SlotKind::Cell => match tables.columns.get(slot.index as usize) {
                Some(column) => format!(
                    "{{cell r{} {} {}}}",
                    slot.register,
                    self.source(column.source),
                    self.quoted(column.name)
                ),
                None => "?".to_owned(),
            },
            SlotKind::Call => {
                let name =
                    tables.functions.get(slot.index as usize).map_or("?", |f| self.name(f.name));
                format!("{{call {name}{}}}", self.operands(slot.operands))
            }
        }
    }

    fn choice(&self, id: ChoiceId) -> String {
        let tables = &self.program.tables;
        let branches = tables.choices.get(id.index()).map(|row| row.branches).unwrap_or_default();
        let mut text = String::new();
        for branch in Program::rows(&tables.branches, branches) {
            let _ =
                write!(text, " @{:04}:{}:@{:04}", branch.here.0, branch.threshold, branch.other.0);
        }
        text
    }

    fn pause(&self, id: PauseId) -> String {
        match self.program.tables.pauses.get(id.index()) {
            Some(row) if row.min_ns == row.max_ns => time(row.min_ns),
            Some(row) => format!("{}..{}", time(row.min_ns), time(row.max_ns)),
            None => "?".to_owned(),
        }
    }

    fn var(&self, id: VarId) -> String {
        match self.program.tables.vars.get(id.index()) {
            Some(row) => {
                let scope = if row.session == 0 { "" } else { "session." };
                format!("{scope}{}", word(self.name(row.name)))
            }
            None => "?".to_owned(),
        }
    }

    /// The name of a source; where an earlier one has the same, with its number.
    fn source(&self, id: SourceId) -> String {
        let sources = &self.program.tables.sources;
        let Some(row) = sources.get(id.index()) else {
            return "?".to_owned();
        };
        let name = self.name(row.name);
        let mut earlier = sources.iter().take(id.index());
        let taken = earlier.any(|earlier| self.name(earlier.name) == name);
        if taken { format!("{}#{}", word(name), id.0) } else { word(name) }
    }

    fn value(&self, id: ValueId) -> String {
        match self.program.value(id) {
            Value::Unset | Value::Null => "null".to_owned(),
            Value::Text(bytes) => quote(bytes),
            Value::Json(bytes) => format!("json {}", quote(bytes)),
            value => {
                let mut text = Vec::new();
                value.write_text(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            }
        }
    }

    fn name(&self, id: ConstId) -> &str {
        self.program.consts.text(id)
    }

    fn quoted(&self, id: ConstId) -> String {
        quote(self.program.consts.bytes(id))
    }

    fn totals(&mut self) {
        let tables = &self.program.tables;
        let line = format!(
            "\n; {} words · {} constants, {} B · {} slots · {} requests · {} series",
            self.program.code.len(),
            self.program.consts.len(),
            self.program.consts.bytes.len(),
            tables.slots.len(),
            tables.requests.len(),
            tables.series.len(),
        );
        self.push(&line);
    }

    fn push(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, push};
    use crate::isa::Instruction;
    use crate::program::{FunctionRow, OperandRow};

    #[test]
    fn a_call_that_is_its_own_operand_does_not_make_the_listing_endless() {
        let mut builder = Builder::new("", "", true);
        let name = builder.constant(b"f");
        let tables = &mut builder.program_mut().tables;
        tables.functions.push(FunctionRow { name });
        let itself = OperandRow { kind: OperandKind::Slot, index: 0 };
        let operands = Many { first: push(&mut tables.operands, itself), count: 1 };
        let (kind, text) = (SlotKind::Call, name);
        tables.slots.push(SlotRow { kind, index: 0, register: 0, operands, escape: 0, text });
        builder.emit(Instruction::wide(Opcode::Put, 0));
        let listing = listing(&builder.finish(), |_| &[]);
        assert!(listing.contains(r#"{call f ?} "f""#), "{listing}");
    }
}
