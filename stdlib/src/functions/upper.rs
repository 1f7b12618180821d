//! `${upper(text)}`: a text in upper case.

use super::case::changed;
use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "upper",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text in upper case.",
    examples: &[
        Example { call: "${upper(order-7a)}", result: "ORDER-7A" },
        Example { call: "${upper('größe')}", result: "GRÖSSE" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                changed(text, result.text_mut(), u8::to_ascii_uppercase, char::to_uppercase);
            });
        }))
    },
};
