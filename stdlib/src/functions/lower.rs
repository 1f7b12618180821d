//! `${lower(text)}`: a text in lower case.

use super::case::changed;
use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "lower",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text in lower case.",
    examples: &[
        Example { call: "${lower(Ada@Example.COM)}", result: "ada@example.com" },
        Example { call: "${lower(ÄÖÜ)}", result: "äöü" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                changed(text, result.text_mut(), u8::to_ascii_lowercase, char::to_lowercase);
            });
        }))
    },
};
