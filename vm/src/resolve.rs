//! The rows of a program as the interpreter reads them: names looked up, constants and
//! columns found, functions prepared, so that a tick follows no chain of tables.

use std::ops::Range;

use crate::Escape;
use crate::link::{CallFn, CheckFn, ExtractFn, Inputs, LinkError, Prepare, Tables};
use crate::program::{
    CheckRow, ConstId, ExtractRow, Many, OperandId, OperandKind, OperandRow, Program, SlotId,
    SlotKind, SlotRow, SourceId, ValueId, VarId,
};
use crate::reply::FaultClass;
use crate::value::Value;

/// Where the value of an operand comes from.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A constant that has no bytes.
    Plain(Value<'static>),
    /// Constant text, by its place in the pool.
    Text(Range<u32>),
    /// A constant array or object, by its place in the pool.
    Json(Range<u32>),
    /// The value of a slot.
    Slot(SlotId),
    /// Text rendered before.
    Part(u8),
    /// An array or object rendered before.
    JsonPart(u8),
}

impl Operand {
    pub(crate) fn of(row: &OperandRow, program: &Program) -> Self {
        let part = u8::try_from(row.index).unwrap_or(u8::MAX);
        match row.kind {
            OperandKind::Value => Self::constant(ValueId(row.index), program),
            OperandKind::Slot => Self::Slot(SlotId(row.index)),
            OperandKind::Part => Self::Part(part),
            OperandKind::Json => Self::JsonPart(part),
        }
    }

    fn constant(id: ValueId, program: &Program) -> Self {
        let Some(row) = program.tables.values.get(id.index()) else {
            return Self::Plain(Value::Unset);
        };
        let range = || program.consts.range(ConstId(u32::try_from(row.bits).unwrap_or(u32::MAX)));
        match program.value(id) {
            Value::Text(_) => Self::Text(range()),
            Value::Json(_) => Self::Json(range()),
            Value::Unset => Self::Plain(Value::Unset),
            Value::Null => Self::Plain(Value::Null),
            Value::Bool(flag) => Self::Plain(Value::Bool(flag)),
            Value::Int(number) => Self::Plain(Value::Int(number)),
            Value::Float(number) => Self::Plain(Value::Float(number)),
        }
    }
}

/// A hole of a template.
pub(crate) struct Slot {
    pub(crate) origin: Origin,
    pub(crate) escape: Escape,
    /// The place in the pool of the placeholder as written.
    pub(crate) text: Range<u32>,
    /// It is a call that may give what was made of a secret.
    pub(crate) is_of_secret: bool,
}

/// Where the value of a slot comes from.
pub(crate) enum Origin {
    /// A variable of the user.
    Var(VarId),
    /// A cell of the row in a row register.
    Cell { register: usize, source: SourceId, column: u32 },
    /// An environment variable or a secret.
    Given(Box<[u8]>),
    /// The result of a function.
    Call(Calling),
    /// An environment variable or secret that is not set, or a column that is not in the file.
    Nowhere,
}

/// A function and what it is called with.
pub(crate) struct Calling {
    pub(crate) function: CallFn,
    pub(crate) operands: Many<OperandId>,
    /// Some operand is a call itself.
    pub(crate) nests: bool,
}

impl Slot {
    pub(crate) fn link(
        row: &SlotRow,
        program: &Program,
        tables: &Tables,
        inputs: &Inputs<'_>,
        is_tainted: bool,
    ) -> Result<Self, LinkError> {
        let index = row.index as usize;
        let side = &program.tables;
        let text = |name| program.consts.text(name);
        let origin = match row.kind {
            SlotKind::Var => Some(Origin::Var(VarId(row.index))),
            SlotKind::Cell => side.columns.get(index).and_then(|column| {
                let source = column.source;
                let column = (inputs.column)(source, text(column.name))?;
                Some(Origin::Cell { register: row.register as usize, source, column })
            }),
            SlotKind::Env => side.envs.get(index).and_then(|env| {
                Some(Origin::Given((inputs.env)(text(env.name))?.into_boxed_slice()))
            }),
            SlotKind::Secret => side.secrets.get(index).and_then(|secret| {
                Some(Origin::Given((inputs.secret)(text(secret.name))?.into_boxed_slice()))
            }),
            SlotKind::Call => {
                let name = side.functions.get(index).map_or("", |row| text(row.name));
                let prepare = (tables.function)(name);
                let function = prepared("function", name, prepare, row.operands, program)?;
                let mut operands = Program::rows(&side.operands, row.operands).iter();
                let nests = operands.any(|operand| is_call(operand, program));
                Some(Origin::Call(Calling { function, operands: row.operands, nests }))
            }
        };
        Ok(Self {
            origin: origin.unwrap_or(Origin::Nowhere),
            escape: Escape::from_number(row.escape).unwrap_or(Escape::Raw),
            text: program.consts.range(row.text),
            is_of_secret: is_tainted && row.kind == SlotKind::Call,
        })
    }
}

fn is_call(operand: &OperandRow, program: &Program) -> bool {
    let slot = program.tables.slots.get(operand.index as usize);
    operand.kind == OperandKind::Slot && slot.is_some_and(|slot| slot.kind == SlotKind::Call)
}

/// A check, ready to be made.
pub(crate) struct Check {
    pub(crate) check: CheckFn,
    /// What a failure is counted as.
    pub(crate) class: FaultClass,
    pub(crate) operands: Many<OperandId>,
    /// It only counts and does not fail the request.
    pub(crate) is_soft: bool,
    /// Its text must not show what it compares with.
    pub(crate) is_secret: bool,
    /// The status decides, and nothing else of the reply.
    pub(crate) is_of_status: bool,
}

impl Check {
    pub(crate) fn link(
        row: &CheckRow,
        program: &Program,
        tables: &Tables,
    ) -> Result<Self, LinkError> {
        let named = program.tables.assertions.get(row.assertion.index());
        let name = named.map_or("", |named| program.consts.text(named.name));
        let assertion = (tables.assertion)(name);
        let prepare = assertion.map(|assertion| assertion.prepare);
        let check = prepared("assertion", name, prepare, row.operands, program)?;
        let class = assertion.map_or(FaultClass::Assertion, |assertion| assertion.class);
        let is_of_status = assertion.is_some_and(|assertion| assertion.is_of_status);
        Ok(Self {
            check,
            class,
            operands: row.operands,
            is_soft: row.soft != 0,
            is_secret: row.secret != 0,
            is_of_status,
        })
    }
}

/// An extract, ready to be made.
pub(crate) struct Extract {
    pub(crate) extract: ExtractFn,
    /// What takes the value.
    pub(crate) var: VarId,
    pub(crate) operands: Many<OperandId>,
    /// What the variable becomes when there is no value.
    pub(crate) default: Option<ValueId>,
    /// The variable's place in the pool, when the request fails without a value.
    pub(crate) required: Option<Range<u32>>,
    /// One of its operands may hold a secret.
    pub(crate) is_secret: bool,
}

impl Extract {
    pub(crate) fn link(
        row: &ExtractRow,
        program: &Program,
        tables: &Tables,
    ) -> Result<Self, LinkError> {
        let named = program.tables.extractors.get(row.extractor.index());
        let name = named.map_or("", |named| program.consts.text(named.name));
        let prepare = (tables.extractor)(name);
        let extract = prepared("extractor", name, prepare, row.operands, program)?;
        let var = program.tables.vars.get(row.var.index()).filter(|_| row.required != 0);
        let required = var.map(|var| program.consts.range(var.name));
        Ok(Self {
            extract,
            var: row.var,
            operands: row.operands,
            default: row.default.0,
            required,
            is_secret: row.secret != 0,
        })
    }
}

/// What is called by a row of the program, made out of the operands known before the run.
fn prepared<F>(
    kind: &'static str,
    name: &str,
    prepare: Option<Prepare<F>>,
    operands: Many<OperandId>,
    program: &Program,
) -> Result<F, LinkError> {
    let Some(prepare) = prepare else {
        return Err(LinkError::Missing(vec![(kind, name.to_owned())]));
    };
    let operands = Program::rows(&program.tables.operands, operands).iter();
    let constants = operands.map(|operand| match operand.kind {
        OperandKind::Value => program.value(ValueId(operand.index)),
        OperandKind::Slot | OperandKind::Part | OperandKind::Json => Value::Unset,
    });
    let constants: Vec<Value<'_>> = constants.collect();
    prepare(&constants).map_err(|why| LinkError::Operands { kind, name: name.to_owned(), why })
}
