//! Linking: the names a program uses meet the tables of this build and the world's
//! values, once, before the run.
//!
//! What is called in every tick is prepared here: a table's row makes, out of the operands
//! that are constant, the function that is called with all of them. A path is taken apart,
//! a search made ready and a pattern compiled once, and kept by the function.

use std::fmt;
use std::ops::Range;

use crate::counts::Counts;
use crate::isa::{Instruction, Opcode};
use crate::kept::Kept;
use crate::mask::Mask;
use crate::program::{Addr, ConstId, Program, SlotKind, SourceId, VarId};
use crate::reply::{FaultClass, Reply};
use crate::resolve::{Check, Extract, Operand, Slot};
use crate::taint::Taint;
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
    /// What is counted for the user and the run.
    pub counts: &'c mut dyn Counts,
    /// What was made of texts before.
    pub kept: &'c mut Kept,
}

/// What an extractor may use besides the reply.
pub struct Tools<'t> {
    /// The user's random numbers.
    pub rng: &'t mut fastrand::Rng,
    /// What was made of texts before.
    pub kept: &'t mut Kept,
}

/// A function: writes its result, or leaves it unset when it has none.
pub type CallFn = Box<dyn Fn(&mut Call<'_>, &mut Var) + Send + Sync>;

/// An assertion: whether it holds; when not, the failure's text goes to the string.
pub type CheckFn =
    Box<dyn Fn(&[Value<'_>], &Reply<'_>, &mut Kept, &mut String) -> bool + Send + Sync>;

/// An extractor: writes the value it finds, or leaves it unset.
pub type ExtractFn = Box<dyn Fn(&[Value<'_>], &Reply<'_>, &mut Tools<'_>, &mut Var) + Send + Sync>;

/// Makes what is called in every tick out of what is known before the run: the constant
/// operands, with [`Value::Unset`] for each that is not. It is called with all operands
/// nevertheless, so whatever needs no preparation need not keep any. An error says what is
/// wrong with operands that have the right shapes.
pub type Prepare<F> = fn(&[Value<'_>]) -> Result<F, String>;

/// An assertion of a build.
#[derive(Clone, Copy, Debug)]
pub struct Assertion {
    /// Makes the check.
    pub prepare: Prepare<CheckFn>,
    /// What its failures are counted as.
    pub class: FaultClass,
    /// Whether the status decides, and nothing else of the reply.
    pub is_of_status: bool,
}

/// The tables of a build, as lookups by name.
#[derive(Clone, Copy)]
pub struct Tables {
    /// Functions.
    pub function: fn(&str) -> Option<Prepare<CallFn>>,
    /// Assertions.
    pub assertion: fn(&str) -> Option<Assertion>,
    /// Extractors.
    pub extractor: fn(&str) -> Option<Prepare<ExtractFn>>,
    /// Whether a protocol's driver is in this build.
    pub protocol: fn(&str) -> bool,
    /// Whether users of a protocol can have several requests under way.
    pub at_once: fn(&str) -> bool,
}

/// The world's values that are fixed for a run.
pub struct Inputs<'i> {
    /// The value of an environment variable.
    pub env: &'i dyn Fn(&str) -> Option<Vec<u8>>,
    /// The value of a secret.
    pub secret: &'i dyn Fn(&str) -> Option<Vec<u8>>,
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
    /// It wants several requests at once of users of a protocol that cannot, by its name.
    NotAtOnce(String),
    /// It calls something with operands that make no sense.
    Operands {
        /// What kind of thing is called.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What is wrong with the operands.
        why: String,
    },
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
            Self::NotAtOnce(protocol) => {
                write!(f, "users of `{protocol}` cannot have several requests under way")
            }
            Self::Operands { kind, name, why } => {
                write!(f, "the {kind} `{name}` cannot be used as the program does: {why}")
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
    pub(crate) operands: Vec<Operand>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) checks: Vec<Check>,
    pub(crate) extracts: Vec<Extract>,
    pub(crate) registers: usize,
    pub(crate) mask: Mask,
    /// The variables that may hold what was made of a secret.
    pub(crate) of_secrets: Vec<VarId>,
}

impl Linked {
    /// Verifies a program and looks up everything it names.
    ///
    /// # Errors
    /// When the program does not verify, this build lacks something it uses (all that is
    /// missing is named at once), or something is called with operands it refuses.
    pub fn new(program: Program, tables: &Tables, inputs: &Inputs<'_>) -> Result<Self, LinkError> {
        verify(&program).map_err(LinkError::Verify)?;
        missing(&program, tables)?;
        can_fork(&program, tables)?;
        let side = &program.tables;
        let operands = side.operands.iter().map(|row| Operand::of(row, &program)).collect();
        let taint = Taint::of(&program);
        let slots = side
            .slots
            .iter()
            .enumerate()
            .map(|(at, row)| Slot::link(row, &program, tables, inputs, taint.has_slot(at)));
        let slots = slots.collect::<Result<_, _>>()?;
        let checks = side.checks.iter().map(|row| Check::link(row, &program, tables));
        let checks = checks.collect::<Result<_, _>>()?;
        let extracts = side.extracts.iter().map(|row| Extract::link(row, &program, tables));
        let extracts = extracts.collect::<Result<_, _>>()?;

        // Of other slots than cells the register means nothing and was not verified.
        let cells = side.slots.iter().filter(|slot| slot.kind == SlotKind::Cell);
        let registers = cells.map(|slot| slot.register as usize + 1).max().unwrap_or(0);
        let code = program.code.iter().filter_map(|&word| Instruction::decode(word)).collect();
        let parts = side.parts.iter().map(|part| Some(program.consts.range(part.constant.0?)));
        let parts = parts.collect();
        let secrets = side.secrets.iter().map(|row| program.consts.text(row.name));
        let mask = Mask::new(secrets.filter_map(inputs.secret));
        let of_secrets = taint.vars;
        Ok(Self {
            mask,
            of_secrets,
            code,
            parts,
            operands,
            slots,
            checks,
            extracts,
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
}

/// Refuses a program that uses what the build does not have.
fn missing(program: &Program, tables: &Tables) -> Result<(), LinkError> {
    let side = &program.tables;
    let name = |id: ConstId| program.consts.text(id);
    let functions = side.functions.iter().map(|row| ("function", name(row.name)));
    let assertions = side.assertions.iter().map(|row| ("assertion", name(row.name)));
    let extractors = side.extractors.iter().map(|row| ("extractor", name(row.name)));
    let protocols = side.protocols.iter().map(|row| ("protocol", name(row.name)));
    let missing: Vec<_> = (functions.filter(|(_, name)| (tables.function)(name).is_none()))
        .chain(assertions.filter(|(_, name)| (tables.assertion)(name).is_none()))
        .chain(extractors.filter(|(_, name)| (tables.extractor)(name).is_none()))
        .chain(protocols.filter(|(_, name)| !(tables.protocol)(name)))
        .map(|(kind, name)| (kind, name.to_owned()))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(LinkError::Missing(missing)) }
}

/// Refuses a program whose lanes make requests that cannot be under way beside others. Lanes
/// stand between their fork and what follows it, as the verifier has seen.
fn can_fork(program: &Program, tables: &Tables) -> Result<(), LinkError> {
    let side = &program.tables;
    for fork in &side.forks {
        let Some(first) = Program::rows(&side.lanes, fork.lanes).first() else { continue };
        let lanes = program.code.get(first.entry.index()..fork.after.index()).unwrap_or_default();
        let requests = lanes.iter().filter_map(|&word| match Instruction::decode(word)? {
            Instruction { op: Opcode::Request, x } => side.requests.get(x as usize),
            _ => None,
        });
        for request in requests {
            let row = side.protocols.get(request.protocol.index());
            let protocol = row.map_or("", |row| program.consts.text(row.name));
            if !(tables.at_once)(protocol) {
                return Err(LinkError::NotAtOnce(protocol.to_owned()));
            }
        }
    }
    Ok(())
}
