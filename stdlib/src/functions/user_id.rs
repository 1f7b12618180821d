//! `${user_id()}`: which user this is.

use ld_vm::Value;

use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "user_id",
    parameters: &[],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "The number of the user in its run, from 0.",
    examples: &[Example { call: "${user_id()}", result: "0" }],
    prepare: |_| Ok(Box::new(|call, result| result.set(Value::Int(i64::from(call.user))))),
};
