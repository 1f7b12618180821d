//! `${trim(text)}`: a text without the blanks around it.

use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "trim",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text without blanks, tabs and ends of lines before and after it.",
    examples: &[
        Example { call: "${trim(' Rome  ')}", result: "Rome" },
        Example { call: "${trim(Rome)}", result: "Rome" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                result.text_mut().extend_from_slice(text.trim_ascii());
            });
        }))
    },
};
