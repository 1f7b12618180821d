//! `${iteration()}`: which tick this is.

use ld_vm::Value;

use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "iteration",
    parameters: &[],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "The number of the user's tick, from 0.",
    examples: &[Example { call: "${iteration()}", result: "0" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            result.set(Value::Int(i64::try_from(call.iteration).unwrap_or(i64::MAX)));
        }))
    },
};
