//! Linking: the names a program uses meet the tables of this build and the world's
//! values, once, before the run.

use std::fmt;
use std::ops::Range;

use crate::isa::{Instruction, Opcode};
use crate::program::{Addr, ColumnId, EnvId, Program, SlotKind, SourceId};
use crate::reply::{FaultClass, Reply};
use crate::value::{Value, Var};
use crate::verify::{VerifyError, verify};

/// Wall-clock time, as functions need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wall {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub unix_seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
    /// Seconds that local time is ahead of UTC.
    pub offset_seconds: i32,
}

/// Tells the wall-clock time when a function asks for it.
pub trait Clock {
    /// The time now.
    fn wall(&self) -> Wall;
}

/// What a function is called with.
pub struct Call<'c> {
    /// The arguments, as many as the program passes.
    pub arguments: &'c [Value<'c>],
    /// The user's random numbers.
    pub rng: &'c mut fastrand::Rng,
    /// The time.
    pub clock: &'c dyn Clock,
    /// The user's number in the run, from 0.
    pub user: u32,
    /// The user's tick, from 0.
    pub iteration: u64,
}

/// A function: writes its result, or leaves it unset when it has none.
pub type CallFn = fn(&mut Call<'_>, &mut Var);

/// An assertion: whether it holds; when not, the failure's text goes to the string.
pub type CheckFn = fn(&[Value<'_>], &Reply<'_>, &mut String) -> bool;

/// An extractor: writes the value it finds, or leaves it unset.
pub type ExtractFn = fn(&[Value<'_>], &Reply<'_>, &mut Var);

/// The tables of a build, as lookups by name.
#[derive(Clone, Copy)]
pub struct Tables {
    /// Functions.
    pub function: fn(&str) -> Option<CallFn>,
    /// Assertions, with the class their failures are counted under.
    pub assertion: fn(&str) -> Option<(CheckFn, FaultClass)>,
    /// Extractors.
    pub extractor: fn(&str) -> Option<ExtractFn>,
    /// Whether a protocol's driver is in this build.
    pub protocol: fn(&str) -> bool,
}

/// The world's values that are fixed for a run.
pub struct Inputs<'i> {
    /// The value of an environment variable.
    pub env: &'i dyn Fn(&str) -> Option<Vec<u8>>,
    /// The position of a source's column.
    pub column: &'i dyn Fn(SourceId, &str) -> Option<u32>,
}

/// Why a program cannot run on this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It breaks a rule of the machine.
    Verify(VerifyError),
    /// It uses what this build does not have: what kind of thing, and its name.
    Missing(Vec<(&'static str, String)>),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verify(error) => error.fmt(f),
            Self::Missing(names) => {
                f.write_str("this build lacks what the program uses: ")?;
                for (index, (kind, name)) in names.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{kind} `{name}`")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// A verified program, ready to run: shared by all users of a run and never changed.
pub struct Linked {
    pub(crate) program: Program,
    /// The code, decoded once.
    code: Vec<Instruction>,
    /// Where each part of a request lies in the pool; `None` for one that is rendered.
    pub(crate) parts: Vec<Option<Range<u32>>>,
    pub(crate) functions: Vec<CallFn>,
    pub(crate) assertions: Vec<(CheckFn, FaultClass)>,
    pub(crate) extractors: Vec<ExtractFn>,
    envs: Vec<Option<Vec<u8>>>,
    columns: Vec<Option<u32>>,
    pub(crate) registers: usize,
}

impl Linked {
    /// Verifies a program and looks up everything it names.
    ///
    /// # Errors
    /// When the program does not verify, or this build lacks something it uses; all
    /// that is missing is named at once.
    pub fn new(program: Program, tables: &Tables, inputs: &Inputs<'_>) -> Result<Self, LinkError> {
        verify(&program).map_err(LinkError::Verify)?;
        let mut missing = Vec::new();
        let side = &program.tables;
        let name = |id| program.consts.text(id);

        let functions = lookup(
            "function",
            side.functions.iter().map(|row| name(row.name)),
            tables.function,
            &mut missing,
        );
        let assertions = lookup(
            "assertion",
            side.assertions.iter().map(|row| name(row.name)),
            tables.assertion,
            &mut missing,
        );
        let extractors = lookup(
            "extractor",
            side.extractors.iter().map(|row| name(row.name)),
            tables.extractor,
            &mut missing,
        );
        for row in &side.protocols {
            if !(tables.protocol)(name(row.name)) {
                missing.push(("protocol", name(row.name).to_owned()));
            }
        }
        if !missing.is_empty() {
            return Err(LinkError::Missing(missing));
        }
        let envs = side.envs.iter().map(|row| (inputs.env)(name(row.name))).collect();
        let columns =
            side.columns.iter().map(|row| (inputs.column)(row.source, name(row.name))).collect();
        // Of other slots than cells the register means nothing and was not verified.
        let cells = side.slots.iter().filter(|slot| slot.kind == SlotKind::Cell);
        let registers = cells.map(|slot| slot.register as usize + 1).max().unwrap_or(0);
        let code = program.code.iter().filter_map(|&word| Instruction::decode(word)).collect();
        let parts = side.parts.iter().map(|part| Some(program.consts.range(part.constant.0?)));
        let parts = parts.collect();
        Ok(Self {
            code,
            parts,
            functions,
            assertions,
            extractors,
            envs,
            columns,
            registers,
            program,
        })
    }

    /// The program.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The instruction at an address. A verified program never leaves its code; if it did,
    /// the tick would end.
    #[inline]
    pub(crate) fn instruction(&self, address: Addr) -> Instruction {
        const END: Instruction = Instruction::wide(Opcode::End, 0);
        self.code.get(address.index()).copied().unwrap_or(END)
    }

    pub(crate) fn env(&self, id: EnvId) -> Option<&[u8]> {
        self.envs.get(id.index())?.as_deref()
    }

    pub(crate) fn column(&self, id: ColumnId) -> Option<(SourceId, u32)> {
        let source = self.program.tables.columns.get(id.index())?.source;
        Some((source, (*self.columns.get(id.index())?)?))
    }
}

fn lookup<'n, T>(
    kind: &'static str,
    names: impl Iterator<Item = &'n str>,
    find: fn(&str) -> Option<T>,
    missing: &mut Vec<(&'static str, String)>,
) -> Vec<T> {
    names
        .filter_map(|name| {
            let found = find(name);
            if found.is_none() {
                missing.push((kind, name.to_owned()));
            }
            found
        })
        .collect()
}
