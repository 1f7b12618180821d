//! `${random_choice(a, b, …)}`: one of several values.

use ld_vm::Value;

use super::{Example, Function, Gives, Parameter, ParameterKind};
use crate::json;

pub(super) const FUNCTION: Function = Function {
    name: "random_choice",
    parameters: &[Parameter {
        name: "value",
        kind: ParameterKind::Any,
        doc: "What it can give; a list alone stands for its items.",
    }],
    optional: 0,
    variadic: true,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: false,
    doc: "One of the values, each equally likely, with its type.",
    examples: &[
        Example { call: "${random_choice(red, green, blue)}", result: "green" },
        Example { call: r#"${random_choice(["gold", 7, true])}"#, result: "7" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| match call.arguments {
            [Value::Json(list)] => {
                let items = json::len(list).unwrap_or(0);
                if items > 0 {
                    let mut written = itoa::Buffer::new();
                    let position = written.format(call.rng.usize(..items));
                    json::find(list, position).store(result);
                }
            }
            values => {
                if let Some(value) = call.rng.choice(values) {
                    result.set(*value);
                }
            }
        }))
    },
};
