//! `${join(list, separator)}`: the items of a list in one text.

use ld_vm::{MAX_VALUE, Value};

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};
use crate::json;

pub(super) const FUNCTION: Function = Function {
    name: "join",
    parameters: &[
        Parameter { name: "list", kind: ParameterKind::Any, doc: "A list." },
        Parameter {
            name: "separator",
            kind: ParameterKind::Text,
            doc: "What stands between two items; a comma when it is left out.",
        },
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The items of a list as one text; nothing when it is no list.",
    examples: &[
        Example { call: "${join([7, 8, 9])}", result: "7,8,9" },
        Example { call: r#"${join(["a", "b"], ' + ')}"#, result: "a + b" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let Value::Json(list) = argument::at(call.arguments, 0) else { return };
            let Some(items) = json::items(list) else { return };
            let separator = match call.arguments.get(1) {
                None => Value::Text(b","),
                Some(&separator) => separator,
            };
            argument::with_text(separator, |separator| {
                let out = result.text_mut();
                for (number, item) in items.enumerate() {
                    if out.len() > MAX_VALUE {
                        return;
                    }
                    if number > 0 {
                        out.extend_from_slice(separator);
                    }
                    item.with_value(|value| value.write_text(out));
                }
            });
        }))
    },
};
