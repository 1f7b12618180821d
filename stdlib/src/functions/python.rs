//! `${python(value)}`: a value in the notation of Python.

use ld_vm::{Value, Var};

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};
use crate::json;

pub(super) const FUNCTION: Function = Function {
    name: "python",
    parameters: &[Parameter { name: "value", kind: ParameterKind::Any, doc: "Any value." }],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text that Python's `str` makes of a value: `True`, `[1, None]`. With \
          `--strict-compat` every placeholder is written like this.",
    examples: &[
        Example { call: "${python(true)}", result: "True" },
        Example { call: r#"${python({"a": [1, null, "b"]})}"#, result: "{'a': [1, None, 'b']}" },
        Example { call: "${python(1e20)}", result: "1e+20" },
    ],
    prepare: |_| Ok(Box::new(|call, result| store(argument::at(call.arguments, 0), result))),
};

/// Stores the text; nothing when the value is missing.
fn store(value: Value<'_>, result: &mut Var) {
    match value {
        Value::Unset | Value::Null => {}
        Value::Bool(flag) => {
            result.text_mut().extend_from_slice(if flag { b"True" } else { b"False" });
        }
        Value::Json(json) => {
            let out = result.text_mut();
            // The buffer changes its type and not its place.
            let mut text = String::from_utf8(std::mem::take(out)).unwrap_or_default();
            json::literal(json, &mut text);
            *out = text.into_bytes();
        }
        other => other.write_text(result.text_mut()),
    }
}
