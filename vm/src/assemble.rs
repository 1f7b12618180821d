//! The assembler: puts a [`listing`](crate::listing) together again, for tests that drive
//! the machine without the compiler.
//!
//! It trusts its input no more than a reader of files does: the program it makes still has
//! to pass the verifier.

mod runs;
mod words;

use std::collections::HashMap;
use std::fmt;

use crate::build::{Builder, push};
use crate::escape::Escape;
use crate::isa::{Instruction, Opcode};
use crate::program::{
    Addr, AssertionRow, BranchRow, CheckRow, ChoiceRow, ColumnRow, EnvRow, ExtractRow,
    ExtractorRow, ForkRow, FunctionRow, Id, LaneRow, Many, Maybe, OperandId, OperandKind, PauseId,
    Program, ProtocolRow, RequestRow, RetryId, RetryRow, SecretRow, SeriesKind, SeriesRow, SetRow,
    SlotId, SlotKind, SlotRow, TestRow, ThrottleId, ThrottleRow, VarRow,
};
use crate::reply::Needs;
use crate::value::Value;

use self::words::Words;

/// What is wrong with a listing, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembleError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

impl std::error::Error for AssembleError {}

/// Puts a program together from its listing.
///
/// # Errors
/// The first line that is not one of a listing.
pub fn assemble(text: &str) -> Result<Program, AssembleError> {
    let mut assembler = Assembler { builder: Builder::new("", "", true), names: HashMap::new() };
    let mut lines: Vec<(usize, &str)> =
        text.lines().enumerate().map(|(number, line)| (number + 1, line)).collect();
    // Sources are numbered in their own order, before anything refers to them.
    lines.sort_by_key(|(_, line)| !line.starts_with("source "));
    for (line, text) in lines {
        assembler.line(text).map_err(|expected| AssembleError { line, expected })?;
    }
    Ok(assembler.builder.finish())
}

type Parsed<T> = Result<T, &'static str>;

/// The tables whose rows are found again by a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Assertion,
    Column(u32),
    Env,
    Extractor,
    Function,
    Group,
    Protocol,
    Secret,
    Series,
    Source(Option<u32>),
    Var(u32),
}

struct Assembler {
    builder: Builder,
    names: HashMap<(Named, Vec<u8>), u32>,
}

impl Assembler {
    fn line(&mut self, line: &str) -> Parsed<()> {
        let mut words = Words::new(line);
        if words.is_empty() || line.starts_with("task ") {
            return Ok(());
        }
        match words.word()? {
            "source" => self.source(&mut words)?,
            "run" => self.run(&mut words)?,
            "init" => self.init(&mut words)?,
            word @ ("scenario" | "setup" | "teardown") => self.scenario(word, &mut words)?,
            "stage" => self.stage(&mut words)?,
            address => {
                let address: u32 = address.parse().map_err(|_| "an address")?;
                if address != self.builder.here().0 {
                    return Err("the address of the next instruction");
                }
                self.instruction(&mut words)?;
            }
        }
        if words.is_empty() { Ok(()) } else { Err("the end of the line") }
    }

    fn instruction(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        let mnemonic = words.word()?;
        let op = Opcode::ALL.iter().copied().find(|op| op.mnemonic() == mnemonic);
        let op = op.ok_or("an instruction")?;
        let x = match op {
            Opcode::End | Opcode::Sample | Opcode::Join | Opcode::Forget => 0,
            Opcode::Jump => words.prefixed('@')?,
            Opcode::Pick => self.choice(words)?,
            Opcode::Row => {
                let register = words.prefixed('r')?;
                let source = self.known_source(words)?;
                let source = u16::try_from(source).map_err(|_| "fewer sources")?;
                self.builder.emit(Instruction::pair(op, register, source));
                return Ok(());
            }
            Opcode::Part => words.prefixed('p')?,
            Opcode::Lit => self.builder.constant(&words.text()?).0,
            Opcode::Put => self.put(words)?.0,
            Opcode::Request => self.request(words)?,
            Opcode::Check => {
                let mut assertion = words.word()?;
                let soft = u32::from(assertion == "soft");
                if soft == 1 {
                    assertion = words.word()?;
                }
                let secret = u32::from(assertion == "secret");
                if secret == 1 {
                    assertion = words.word()?;
                }
                let operands = self.operands(words)?;
                let assertion =
                    self.named(Named::Assertion, assertion.as_bytes(), |program, name| {
                        push(&mut program.tables.assertions, AssertionRow { name })
                    });
                let checks = &mut self.builder.program_mut().tables.checks;
                push::<_, crate::program::CheckId>(
                    checks,
                    CheckRow { assertion, operands, soft, secret },
                )
                .0
            }
            Opcode::Extract => {
                let var = self.var(words)?;
                let mut extractor = words.word()?;
                let required = u32::from(extractor == "required");
                if required == 1 {
                    extractor = words.word()?;
                }
                let secret = u32::from(extractor == "secret");
                if secret == 1 {
                    extractor = words.word()?;
                }
                let mut default = Maybe(None);
                if extractor == "default" {
                    default = Maybe(Some(self.value(words)?));
                    extractor = words.word()?;
                }
                let operands = self.operands(words)?;
                let extractor =
                    self.named(Named::Extractor, extractor.as_bytes(), |program, name| {
                        push(&mut program.tables.extractors, ExtractorRow { name })
                    });
                let extracts = &mut self.builder.program_mut().tables.extracts;
                let row = ExtractRow { extractor, var, operands, default, required, secret };
                push::<_, crate::program::ExtractId>(extracts, row).0
            }
            Opcode::Pause => self.pause(words)?.0,
            Opcode::Throttle => self.throttle(words)?.0,
            Opcode::Unless => {
                let slot = self.operand_slot(words)?;
                words.expect("else")?;
                let otherwise = Addr(words.prefixed('@')?);
                let rows = &mut self.builder.program_mut().tables.tests;
                push::<_, crate::program::TestId>(rows, TestRow { slot, otherwise }).0
            }
            Opcode::Set => {
                let var = self.var(words)?;
                let slot = self.operand_slot(words)?;
                let rows = &mut self.builder.program_mut().tables.sets;
                push::<_, crate::program::SetId>(rows, SetRow { var, slot }).0
            }
            Opcode::Loop => words.prefixed('@')?,
            Opcode::Retry => self.retry(words)?.0,
            Opcode::Enter | Opcode::Leave => self.group(&words.text()?),
            Opcode::Log => words.prefixed('p')?,
            Opcode::Fork => {
                let most = words.number()?;
                words.expect("after")?;
                let after = Addr(words.prefixed('@')?);
                let mut lanes = Many::default();
                while !words.is_empty() {
                    let entry = Addr(words.prefixed('@')?);
                    let rows = &mut self.builder.program_mut().tables.lanes;
                    extend(&mut lanes, push(rows, LaneRow { entry }));
                }
                let rows = &mut self.builder.program_mut().tables.forks;
                push::<_, crate::program::ForkId>(rows, ForkRow { lanes, most, after }).0
            }
            Opcode::Stop => match words.word()? {
                "user" => 0,
                "run" => 1,
                _ => return Err("`user` or `run`"),
            },
        };
        self.builder.emit(Instruction::wide(op, x));
        Ok(())
    }

    fn choice(&mut self, words: &mut Words<'_>) -> Parsed<u32> {
        const EXPECTED: &str = "branches as `@here:threshold:@other`";
        let mut branches = Many::default();
        while !words.is_empty() {
            let word = words.word()?;
            let mut fields = word.split(':');
            let mut field = || fields.next().ok_or(EXPECTED);
            let address = |text: &str| {
                let digits = text.strip_prefix('@').ok_or(EXPECTED)?;
                digits.parse().map(Addr).map_err(|_| EXPECTED)
            };
            let here = address(field()?)?;
            let threshold = field()?.parse().map_err(|_| EXPECTED)?;
            let other = address(field()?)?;
            let rows = &mut self.builder.program_mut().tables.branches;
            extend(&mut branches, push(rows, BranchRow { here, other, threshold }));
        }
        let rows = &mut self.builder.program_mut().tables.choices;
        Ok(push::<_, crate::program::ChoiceId>(rows, ChoiceRow { branches }).0)
    }

    fn put(&mut self, words: &mut Words<'_>) -> Parsed<SlotId> {
        let slot = self.slot(words)?;
        let name = words.word()?;
        let escape = Escape::ALL.iter().copied().find(|escape| escape.name() == name);
        let escape = escape.ok_or("an escape")?;
        let text = words.text()?;
        Ok(self.slot_row(slot, escape, &text))
    }

    /// The series of a group.
    fn group(&mut self, name: &[u8]) -> u32 {
        let text = self.builder.constant(name);
        let nothing = self.builder.constant(b"");
        let id: crate::program::SeriesId = self.named(Named::Group, name, |program, _| {
            let (method, target, scenario) = (nothing, nothing, nothing);
            let row = SeriesRow { name: text, method, target, scenario, kind: SeriesKind::Group };
            push(&mut program.tables.series, row)
        });
        id.0
    }

    /// A slot among operands, with its text.
    fn operand_slot(&mut self, words: &mut Words<'_>) -> Parsed<SlotId> {
        let slot = self.slot(words)?;
        let text = words.text()?;
        Ok(self.slot_row(slot, Escape::Raw, &text))
    }

    fn slot_row(&mut self, slot: SlotRow, escape: Escape, text: &[u8]) -> SlotId {
        let text = self.builder.constant(text);
        let row = SlotRow { escape: escape as u32, text, ..slot };
        push(&mut self.builder.program_mut().tables.slots, row)
    }

    /// A slot in braces; its escape and text come behind.
    fn slot(&mut self, words: &mut Words<'_>) -> Parsed<SlotRow> {
        if !words.symbol('{') {
            return Err("a slot in braces");
        }
        let mut register = 0;
        let mut operands = Many::default();
        let (kind, index) = match words.word()? {
            "var" => (SlotKind::Var, self.var(words)?.0),
            "env" => {
                let name = words.text()?;
                let id: crate::program::EnvId = self.named(Named::Env, &name, |program, name| {
                    push(&mut program.tables.envs, EnvRow { name })
                });
                (SlotKind::Env, id.0)
            }
            "secret" => {
                let name = words.text()?;
                let id: crate::program::SecretId =
                    self.named(Named::Secret, &name, |program, name| {
                        push(&mut program.tables.secrets, SecretRow { name })
                    });
                (SlotKind::Secret, id.0)
            }
            "cell" => {
                register = words.prefixed('r')?;
                let source = self.known_source(words)?;
                let name = words.text()?;
                let source_id = crate::program::SourceId(source);
                let id: crate::program::ColumnId =
                    self.named(Named::Column(source), &name, |program, name| {
                        push(&mut program.tables.columns, ColumnRow { source: source_id, name })
                    });
                (SlotKind::Cell, id.0)
            }
            "call" => {
                let name = words.word()?;
                let id: crate::program::FunctionId =
                    self.named(Named::Function, name.as_bytes(), |program, name| {
                        push(&mut program.tables.functions, FunctionRow { name })
                    });
                operands = self.operands(words)?;
                (SlotKind::Call, id.0)
            }
            _ => return Err("`var`, `cell`, `env`, `secret` or `call`"),
        };
        if !words.symbol('}') {
            return Err("the brace that closes the slot");
        }
        let text = self.builder.constant(b"");
        Ok(SlotRow { kind, index, register, operands, escape: 0, text })
    }

    fn request(&mut self, words: &mut Words<'_>) -> Parsed<u32> {
        let protocol = self.protocol(words.word()?);
        let (name, method, target) = (words.text()?, words.text()?, words.text()?);
        let mut kind = SeriesKind::Request;
        if words.rest.starts_with("apart ") {
            words.expect("apart")?;
            kind = SeriesKind::Apart;
        }
        let mut scenario = Vec::new();
        if words.rest.starts_with("of ") {
            words.expect("of")?;
            scenario = words.text()?;
        }
        words.expect("needs")?;
        let mut needs = Needs::NONE;
        for word in words.word()?.split('+').filter(|word| *word != "nothing") {
            let named = Needs::NAMED.iter().find(|(_, name)| *name == word);
            needs |= named.ok_or("what is needed of the reply")?.0;
        }
        words.expect("parts")?;
        let mut parts = Vec::new();
        while !words.rest.starts_with("options") {
            parts.push(if words.symbol('_') {
                None
            } else {
                Some(self.builder.constant(&words.text()?))
            });
        }
        words.expect("options")?;
        let mut options = Vec::new();
        while !words.is_empty() {
            options.push(words.number()?);
        }
        let parts = self.builder.parts(&parts);
        let options = self.builder.options(&options);
        let ids = (self.builder.constant(&method), self.builder.constant(&target));
        let key =
            [name.as_slice(), b"\0", &method, b"\0", &scenario, kind.name().as_bytes()].concat();
        let name = self.builder.constant(&name);
        let scenario = self.builder.constant(&scenario);
        let series = self.named(Named::Series, &key, |program, _| {
            let (method, target) = ids;
            push(&mut program.tables.series, SeriesRow { name, method, target, scenario, kind })
        });
        let row = RequestRow { protocol, series, parts, options, needs: needs.bits() };
        let requests = &mut self.builder.program_mut().tables.requests;
        Ok(push::<_, crate::program::RequestId>(requests, row).0)
    }

    fn operands(&mut self, words: &mut Words<'_>) -> Parsed<Many<OperandId>> {
        let mut rows = Vec::new();
        while !words.is_empty() && !words.rest.starts_with('}') {
            if words.rest.starts_with('{') {
                rows.push((OperandKind::Slot, self.operand_slot(words)?.0));
            } else if is_part(words.rest) {
                rows.push((OperandKind::Part, words.prefixed('p')?));
            } else if words.rest.strip_prefix("json ").is_some_and(is_part) {
                words.expect("json")?;
                rows.push((OperandKind::Json, words.prefixed('p')?));
            } else {
                rows.push((OperandKind::Value, self.value(words)?.0));
            }
        }
        Ok(self.builder.operands(&rows))
    }

    fn value(&mut self, words: &mut Words<'_>) -> Parsed<crate::program::ValueId> {
        if words.rest.starts_with('"') {
            let text = words.text()?;
            return Ok(self.builder.value(Value::Text(&text)));
        }
        let json;
        let value = match words.word()? {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "json" => {
                json = words.text()?;
                Value::Json(&json)
            }
            number => match number.parse() {
                Ok(whole) => Value::Int(whole),
                Err(_) => Value::Float(number.parse().map_err(|_| "a value")?),
            },
        };
        Ok(self.builder.value(value))
    }

    fn throttle(&mut self, words: &mut Words<'_>) -> Parsed<ThrottleId> {
        let key = self.builder.constant(&words.text()?);
        words.expect("every")?;
        let interval_ns = time(words.word()?)?;
        words.expect("burst")?;
        let burst = words.number()?;
        let rows = &mut self.builder.program_mut().tables.throttles;
        Ok(push(rows, ThrottleRow { key, interval_ns, burst }))
    }

    fn retry(&mut self, words: &mut Words<'_>) -> Parsed<RetryId> {
        let again = Addr(words.prefixed('@')?);
        let mut budget = |name| words.expect(name).and_then(|()| words.number());
        let (transient, flaky, permanent) =
            (budget("transient")?, budget("flaky")?, budget("permanent")?);
        words.expect("after")?;
        let base_ns = time(words.word()?)?;
        words.expect("to")?;
        let max_ns = time(words.word()?)?;
        words.expect("factor")?;
        let factor = words.number()?;
        words.expect("jitter")?;
        let jitter = words.number()?;
        words.expect("on")?;
        let mut statuses = Vec::new();
        while !words.is_empty() {
            statuses.push(words.number()?);
        }
        let statuses = self.builder.options(&statuses);
        let rows = &mut self.builder.program_mut().tables.retries;
        Ok(push(
            rows,
            RetryRow {
                transient,
                flaky,
                permanent,
                base_ns,
                max_ns,
                factor,
                jitter,
                statuses,
                again,
            },
        ))
    }

    fn pause(&mut self, words: &mut Words<'_>) -> Parsed<PauseId> {
        let word = words.word()?;
        let (min, max) = word.split_once("..").unwrap_or((word, word));
        Ok(self.builder.pause(time(min)?, time(max)?))
    }

    fn var(&mut self, words: &mut Words<'_>) -> Parsed<crate::program::VarId> {
        let mut session = 0;
        if let Some(rest) = words.rest.strip_prefix("session.") {
            words.rest = rest;
            session = 1;
        }
        let name = words.name()?;
        let id = self.builder.constant(name.as_bytes());
        Ok(self.named(Named::Var(session), name.as_bytes(), |program, _| {
            push(&mut program.tables.vars, VarRow { name: id, session })
        }))
    }

    fn protocol(&mut self, name: &str) -> crate::program::ProtocolId {
        self.named(Named::Protocol, name.as_bytes(), |program, name| {
            push(&mut program.tables.protocols, ProtocolRow { name })
        })
    }

    fn known_source(&self, words: &mut Words<'_>) -> Parsed<u32> {
        let (name, number) = words.source()?;
        let key = (Named::Source(number), name.into_bytes());
        self.names.get(&key).copied().ok_or("a source of the listing")
    }

    /// The row of a name, added by `add` when it is new.
    fn named<I: Id>(
        &mut self,
        table: Named,
        name: &[u8],
        add: impl FnOnce(&mut Program, crate::program::ConstId) -> I,
    ) -> I {
        if let Some(&number) = self.names.get(&(table, name.to_vec())) {
            return I::from_number(number);
        }
        let constant = self.builder.constant(name);
        let id = add(self.builder.program_mut(), constant);
        self.names.insert((table, name.to_vec()), id.number());
        id
    }
}

/// Whether a text begins with the number of a part.
fn is_part(text: &str) -> bool {
    text.strip_prefix('p').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// Makes a run of rows one longer.
fn extend<I: Id>(many: &mut Many<I>, id: I) {
    if many.count == 0 {
        many.first = id;
    }
    many.count += 1;
}

fn time(text: &str) -> Parsed<u64> {
    const EXPECTED: &str = "a time such as 200ms";
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(EXPECTED)?;
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit {
        "ns" => 1,
        "us" => 1000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return Err(EXPECTED),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or(EXPECTED)
}
