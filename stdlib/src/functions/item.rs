//! `${item(list, position)}`: one item of a list.

use ld_vm::Value;

use super::{Example, Function, Gives, Parameter, ParameterKind};
use crate::json;

pub(super) const FUNCTION: Function = Function {
    name: "item",
    parameters: &[
        Parameter { name: "list", kind: ParameterKind::Any, doc: "A list or object." },
        Parameter {
            name: "position",
            kind: ParameterKind::Any,
            doc: "A position from 0, negative ones from the end; a dotted path goes further in.",
        },
    ],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: true,
    doc: "The item at a position of a list, or the member of a name; nothing when there is none.",
    examples: &[
        Example { call: "${item([7], 0)}", result: "7" },
        Example { call: "${item([7, 8], -1)}", result: "8" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            if let [Value::Json(list), position] = call.arguments {
                let mut written = itoa::Buffer::new();
                let path = match *position {
                    Value::Int(number) => written.format(number).as_bytes(),
                    Value::Text(path) => path,
                    _ => return,
                };
                json::find(list, path).store(result);
            }
        }))
    },
};
