//! `${base64(text)}`: a text in Base64.

use super::encoding::Encoding;
use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "base64",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The bytes of a text in Base64 (RFC 4648), with padding.",
    examples: &[
        Example { call: "${base64(ada:secret)}", result: "YWRhOnNlY3JldA==" },
        Example { call: "${base64('')}", result: "" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                Encoding::Base64.write(text, result);
            });
        }))
    },
};
