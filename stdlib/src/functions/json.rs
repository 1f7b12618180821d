//! `${json(text, path)}`: a value out of JSON.

use ld_vm::Value;
use ld_vm::link::CallFn;

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};
use crate::json::{Path, find};

pub(super) const FUNCTION: Function = Function {
    name: "json",
    parameters: &[
        Parameter { name: "text", kind: ParameterKind::Text, doc: "JSON." },
        Parameter {
            name: "path",
            kind: ParameterKind::Text,
            doc: "Names and positions with dots between them, as in `json_path`.",
        },
    ],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: true,
    doc: "The value at a path of a JSON text, with its type; nothing when there is none.",
    examples: &[
        Example { call: r#"${json({"id": [7, 8]}, id.-1)}"#, result: "8" },
        Example { call: r#"${json('["a", "b"]', 0)}"#, result: "a" },
    ],
    prepare,
};

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    let known = argument::with_text(argument::at(arguments, 1), Path::new);
    Ok(Box::new(move |call, result| {
        let [text, path] = *call.arguments else {
            return;
        };
        let Some(text) = text.bytes() else {
            return;
        };
        match &known {
            Some(path) => path.find(text).store(result),
            None => {
                argument::with_text(path, |path| find(text, path).store(result));
            }
        }
    }))
}
