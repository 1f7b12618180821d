//! `${hex(text)}`: the bytes of a text in hexadecimal.

use super::encoding::Encoding;
use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "hex",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The bytes of a text, each as two hexadecimal digits in lower case.",
    examples: &[Example { call: "${hex('a€')}", result: "61e282ac" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                Encoding::Hex.write(text, result);
            });
        }))
    },
};
