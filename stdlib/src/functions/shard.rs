//! `${shard()}`: which thread this is.

use ld_vm::Value;

use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "shard",
    parameters: &[],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "The number of the thread that runs the user, from 0.",
    examples: &[Example { call: "${shard()}", result: "0" }],
    prepare: |_| Ok(Box::new(|call, result| result.set(Value::Int(call.counts.shard().into())))),
};
