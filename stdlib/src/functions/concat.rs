//! `${concat(a, b, …)}`: texts one after the other.

use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "concat",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: true,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The texts one after the other; nothing when one of them has no value. An argument like \
          `user-${id}` is written for it.",
    examples: &[Example { call: "${concat(a, ' b', 3)}", result: "a b3" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            if call.arguments.iter().all(|value| !value.is_missing()) {
                let out = result.text_mut();
                call.arguments.iter().for_each(|value| value.write_text(out));
            }
        }))
    },
};
