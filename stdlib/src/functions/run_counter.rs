//! `${run_counter(name)}`: a number that nobody else gets.

use ld_vm::Value;

use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "run_counter",
    parameters: &[argument::COUNTER],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "A number from 1 that no other call with this name gives in the run; each thread hands out every n-th, so that they come in order on one thread only.",
    examples: &[
        Example { call: "${run_counter()}", result: "1" },
        Example { call: "${run_counter(orders)}", result: "1" },
    ],
    prepare: |arguments| {
        let name = argument::counter_name(arguments)?;
        Ok(Box::new(move |call, result| {
            let number = call.counts.of_run(&name);
            result.set(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        }))
    },
};
