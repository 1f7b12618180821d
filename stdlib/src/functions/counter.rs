//! `${counter(name)}`: a number that grows with each call.

use ld_vm::Value;

use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "counter",
    parameters: &[argument::COUNTER],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "How often this user has come by a counter of this name, from 1.",
    examples: &[
        Example { call: "${counter()}", result: "1" },
        Example { call: "${counter(orders)}", result: "1" },
    ],
    prepare: |arguments| {
        let name = argument::counter_name(arguments)?;
        Ok(Box::new(move |call, result| {
            let number = call.counts.of_user(&name);
            result.set(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        }))
    },
};
