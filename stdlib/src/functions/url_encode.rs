//! `${url_encode(text)}`: a text as a part of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{Example, Function, Gives, argument};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const FUNCTION: Function = Function {
    name: "url_encode",
    parameters: &[argument::TEXT],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text with all but letters, digits and `-._~` percent-encoded (RFC 3986).",
    examples: &[Example { call: "${url_encode('a b&c=ä/~')}", result: "a%20b%26c%3D%C3%A4%2F~" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |text| {
                let out = result.text_mut();
                percent_encode(text, RESERVED)
                    .for_each(|piece| out.extend_from_slice(piece.as_bytes()));
            });
        }))
    },
};
