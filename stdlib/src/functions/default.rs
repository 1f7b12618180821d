//! `${default(value, fallback, …)}`: the first value that there is.

use ld_vm::Value;

use super::{Example, Function, Gives, Parameter, ParameterKind};

pub(super) const FUNCTION: Function = Function {
    name: "default",
    parameters: &[Parameter {
        name: "value",
        kind: ParameterKind::Any,
        doc: "What it can give, the most wanted first.",
    }],
    optional: 0,
    variadic: true,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: true,
    doc: "The first of the values that there is and that is not empty, with its type; nothing when \
          there is none.",
    examples: &[
        Example {
            call: "${default('', 'http://127.0.0.1:8080')}",
            result: "http://127.0.0.1:8080",
        },
        Example { call: "${default(7, 8)}", result: "7" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let is_there =
                |value: &&Value<'_>| !value.is_missing() && !matches!(value, Value::Text(b""));
            if let Some(value) = call.arguments.iter().find(is_there) {
                result.set(*value);
            }
        }))
    },
};
