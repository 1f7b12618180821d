//! `${timestamp_ms(shift)}`: the time in milliseconds.

use ld_vm::Value;

use super::time::{SHIFT, Shift};
use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "timestamp_ms",
    parameters: &[SHIFT],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "Whole milliseconds since 1970-01-01 00:00 UTC.",
    examples: &[
        Example { call: "${timestamp_ms()}", result: "1795383714999" },
        Example { call: "${timestamp_ms(-1d500ms)}", result: "1795297314499" },
    ],
    prepare: |arguments| {
        let shift = Shift::of(arguments, 0)?;
        Ok(Box::new(move |call, result| {
            if let Some(time) = shift.apply(call, 0) {
                result.set(Value::Int(time.timestamp().as_millisecond()));
            }
        }))
    },
};
