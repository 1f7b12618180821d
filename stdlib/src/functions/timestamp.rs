//! `${timestamp(shift)}`: the time in seconds.

use ld_vm::Value;

use super::time::{SHIFT, Shift};
use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "timestamp",
    parameters: &[SHIFT],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "Whole seconds since 1970-01-01 00:00 UTC.",
    examples: &[
        Example { call: "${timestamp()}", result: "1795383714" },
        Example { call: "${timestamp(+1h)}", result: "1795387314" },
    ],
    prepare: |arguments| {
        let shift = Shift::of(arguments, 0)?;
        Ok(Box::new(move |call, result| {
            if let Some(time) = shift.apply(call, 0) {
                result.set(Value::Int(time.timestamp().as_second()));
            }
        }))
    },
};
