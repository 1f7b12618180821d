//! `${len(value)}`: how much there is.

use ld_vm::Value;

use super::{Example, Function, Gives, Parameter, ParameterKind};
use crate::json;

pub(super) const FUNCTION: Function = Function {
    name: "len",
    parameters: &[Parameter {
        name: "value",
        kind: ParameterKind::Any,
        doc: "A list, an object or a text.",
    }],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: true,
    doc: "The number of items of a list, members of an object, or characters of anything else; \
          0 without a value.",
    examples: &[
        Example { call: "${len(hello)}", result: "5" },
        Example { call: "${len('größe')}", result: "5" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let length = match call.arguments.first().copied().unwrap_or(Value::Unset) {
                Value::Json(bytes) => json::len(bytes).unwrap_or(0),
                Value::Text(bytes) => characters(bytes),
                other => {
                    let mut text = Vec::new();
                    other.write_text(&mut text);
                    text.len()
                }
            };
            result.set(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)));
        }))
    },
};

/// Bytes that are not UTF-8 count as one character for each that would be shown.
fn characters(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ld_vm::counts::NoCounts;
    use ld_vm::link::Call;
    use ld_vm::{Kept, Var};

    #[test]
    fn lists_and_objects_are_counted() {
        let len = (FUNCTION.prepare)(&[Value::Unset]).unwrap();
        for (value, expected) in [
            (Value::Json(b"[1, [2, 3]]"), 2),
            (Value::Json(b"{}"), 0),
            (Value::Unset, 0),
            (Value::Int(-10), 3),
        ] {
            let mut result = Var::default();
            let mut rng = fastrand::Rng::with_seed(0);
            let clock = &crate::functions::tests::Evening;
            let mut call = Call {
                arguments: &[value],
                rng: &mut rng,
                clock,
                user: 0,
                iteration: 0,
                counts: &mut NoCounts,
                kept: &mut Kept::default(),
            };
            len(&mut call, &mut result);
            assert_eq!(result.value(), Value::Int(expected), "{value:?}");
        }
    }
}
