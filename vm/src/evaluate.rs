//! Filling slots in: variables, cells, and calls whose operands may be calls again.

use crate::counts::Counts;
use crate::kept::Kept;
use crate::link::{Call, CallFn, Clock, Linked};
use crate::program::{Many, OperandId, Program};
use crate::resolve::{Calling, Operand, Origin, Slot};
use crate::scratch::Scratch;
use crate::user::bounds::{MAX_VALUE, length};
use crate::user::{Memory, Rows};
use crate::value::{Value, Var};
use crate::verify::MAX_OPERANDS;

/// What slots and operands take their values from.
pub(crate) struct State<'v, 'w> {
    pub(crate) linked: &'v Linked,
    pub(crate) memory: &'v Memory,
    pub(crate) rows: &'v &'w mut dyn Rows,
    /// What operands were rendered into.
    pub(crate) rendered: Option<&'v Scratch>,
}

impl<'v> State<'v, '_> {
    /// The value of a slot that is not a call.
    pub(crate) fn slot(&self, slot: &'v Slot) -> Value<'v> {
        match &slot.origin {
            Origin::Var(id) => self.memory.vars.get(id.index()).map_or(Value::Unset, Var::value),
            Origin::Given(value) => Value::Text(value),
            Origin::Cell { register, source, column } => {
                let row = self.memory.rows.get(*register).copied().flatten();
                row.map_or(Value::Unset, |row| self.rows.cell(*source, row, *column))
            }
            Origin::Call(_) | Origin::Nowhere => Value::Unset,
        }
    }

    /// Calls with the operands' values; the verifier bounds how many there are. Nearly
    /// always they are so few that clearing room for all would cost more than the call.
    #[inline]
    pub(crate) fn operands<R>(
        &self,
        many: Many<OperandId>,
        call: impl FnOnce(&[Value<'v>]) -> R,
    ) -> R {
        match Program::rows(&self.linked.operands, many) {
            [] => call(&[]),
            [one] => call(&[self.operand(one)]),
            [one, two] => call(&[self.operand(one), self.operand(two)]),
            few if few.len() <= FEW => gathered::<FEW, _>(few, |one| self.operand(one), call),
            many => gathered::<MAX_OPERANDS, _>(many, |one| self.operand(one), call),
        }
    }

    fn operand(&self, operand: &Operand) -> Value<'v> {
        match self.argument(operand) {
            // What checks compare with is what would have been sent.
            Value::Unset => match operand {
                Operand::Slot(id) => {
                    self.linked.slots.get(id.index()).map_or(Value::Unset, |slot| {
                        Value::Text(self.linked.program.consts.slice(&slot.text))
                    })
                }
                _ => Value::Unset,
            },
            value => value,
        }
    }

    /// The value of an operand of a call: without one it is unset.
    fn argument(&self, operand: &Operand) -> Value<'v> {
        let constant = |place| self.linked.program.consts.slice(place);
        match operand {
            Operand::Plain(value) => *value,
            Operand::Text(place) => Value::Text(constant(place)),
            Operand::Json(place) => Value::Json(constant(place)),
            Operand::Slot(id) => {
                self.linked.slots.get(id.index()).map_or(Value::Unset, |slot| self.slot(slot))
            }
            Operand::Part(part) => Value::Text(rendered(*part, self.rendered)),
            Operand::JsonPart(part) => Value::Json(rendered(*part, self.rendered)),
        }
    }
}

/// So many operands find room without clearing that of all there may be.
const FEW: usize = 8;

/// Calls with the values of operands, of which there are `N` at most.
fn gathered<'v, const N: usize, R>(
    operands: &[Operand],
    value: impl Fn(&Operand) -> Value<'v>,
    call: impl FnOnce(&[Value<'v>]) -> R,
) -> R {
    let mut values = [Value::Unset; N];
    for (place, operand) in values.iter_mut().zip(operands) {
        *place = value(operand);
    }
    call(values.get(..operands.len()).unwrap_or_default())
}

/// The bytes of a part that was rendered for an operand.
fn rendered(part: u8, scratch: Option<&Scratch>) -> &[u8] {
    scratch.map_or(&[], |scratch| scratch.part(part))
}

/// What a call may use besides its operands.
pub(crate) struct Caller<'c> {
    pub(crate) rng: &'c mut fastrand::Rng,
    pub(crate) clock: &'c dyn Clock,
    pub(crate) user: u32,
    pub(crate) iteration: u64,
    /// How long the operands of all calls are together.
    pub(crate) length: usize,
    /// Some operands were too long for a call.
    pub(crate) too_long: bool,
    pub(crate) counts: &'c mut dyn Counts,
    pub(crate) kept: &'c mut Kept,
}

impl State<'_, '_> {
    /// Calls a function; its result goes to `result`, which is unset before. Results of calls
    /// among the operands stand in `spare` variables on the way. The verifier bounds how deep
    /// calls are nested.
    pub(crate) fn call(
        &self,
        calling: &Calling,
        caller: &mut Caller<'_>,
        spare: &mut Vec<Var>,
        result: &mut Var,
    ) {
        result.set(Value::Unset);
        let function = &calling.function;
        let rows = Program::rows(&self.linked.operands, calling.operands);
        if !calling.nests {
            return match rows {
                [] => apply(function, &[], caller, result),
                [one] => apply(function, &[self.argument(one)], caller, result),
                [one, two] => {
                    apply(function, &[self.argument(one), self.argument(two)], caller, result);
                }
                few if few.len() <= FEW => {
                    let call = |values: &[Value<'_>]| apply(function, values, caller, result);
                    gathered::<FEW, _>(few, |one| self.argument(one), call);
                }
                many => {
                    let call = |values: &[Value<'_>]| apply(function, values, caller, result);
                    gathered::<MAX_OPERANDS, _>(many, |one| self.argument(one), call);
                }
            };
        }
        if rows.len() <= FEW {
            self.call_with_calls::<FEW>((function, rows), caller, spare, result);
        } else {
            self.call_with_calls::<MAX_OPERANDS>((function, rows), caller, spare, result);
        }
    }

    /// Calls a function some of whose operands, `N` at most, are calls.
    fn call_with_calls<const N: usize>(
        &self,
        (function, rows): (&CallFn, &[Operand]),
        caller: &mut Caller<'_>,
        spare: &mut Vec<Var>,
        result: &mut Var,
    ) {
        let mut results: [Option<Var>; N] = [const { None }; N];
        for (slot, operand) in results.iter_mut().zip(rows) {
            if let Some(call) = self.nested(operand) {
                let mut var = spare.pop().unwrap_or_default();
                self.call(call, caller, spare, &mut var);
                *slot = Some(var);
            }
        }
        let mut values = [Value::Unset; N];
        for ((value, operand), result) in values.iter_mut().zip(rows).zip(&results) {
            *value = result.as_ref().map_or_else(|| self.argument(operand), Var::value);
        }
        apply(function, values.get(..rows.len()).unwrap_or_default(), caller, result);
        spare.extend(results.into_iter().flatten());
    }

    /// The call that gives an operand its value.
    fn nested(&self, operand: &Operand) -> Option<&Calling> {
        let Operand::Slot(id) = operand else {
            return None;
        };
        match &self.linked.slots.get(id.index())?.origin {
            Origin::Call(calling) => Some(calling),
            _ => None,
        }
    }
}

fn apply(function: &CallFn, arguments: &[Value<'_>], caller: &mut Caller<'_>, result: &mut Var) {
    let length = length(arguments);
    caller.length = caller.length.saturating_add(length);
    if length > MAX_VALUE {
        caller.too_long = true;
        return;
    }
    let Caller { rng, clock, user, iteration, counts, kept, .. } = caller;
    let (clock, user, iteration, counts) = (*clock, *user, *iteration, &mut **counts);
    function(&mut Call { arguments, rng, clock, user, iteration, counts, kept }, result);
}
