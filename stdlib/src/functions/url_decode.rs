//! `${url_decode(text)}`: what a part of a URL says.

use percent_encoding::percent_decode;

use super::{Example, Function, Gives, argument};

pub(super) const FUNCTION: Function = Function {
    name: "url_decode",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text with what is percent-encoded in it decoded (RFC 3986); `+` stays as it is.",
    examples: &[Example { call: "${url_decode('a%20b%26c+%C3%A4%zz')}", result: "a b&c+ä%zz" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                result.text_mut().extend(percent_decode(text));
            });
        }))
    },
};
