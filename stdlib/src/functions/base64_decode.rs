//! `${base64_decode(text)}`: what a text in Base64 says.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ld_vm::Value;
use ld_vm::link::CallFn;

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "base64_decode",
    parameters: &[Parameter {
        name: "text",
        kind: ParameterKind::Text,
        doc: "Base64 in the standard or the URL-safe alphabet, with or without padding.",
    }],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "What a text in Base64 (RFC 4648) says; nothing when it is no Base64.",
    examples: &[
        Example { call: "${base64_decode(YWRhOnNlY3JldA==)}", result: "ada:secret" },
        Example { call: "${base64_decode(Pz8_)}", result: "???" },
    ],
    prepare,
};

const ENGINES: [GeneralPurpose; 2] = [engine(&STANDARD), engine(&URL_SAFE)];

const fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    let known = argument::with_text(argument::at(arguments, 0), |text| {
        decode(text, &mut Vec::new())
            .ok_or_else(|| format!("`{}` is no Base64", String::from_utf8_lossy(text)))
    });
    known.transpose()?;
    Ok(Box::new(|call, result| {
        let text = argument::at(call.arguments, 0);
        let decoded = argument::with_text(text, |text| decode(text, result.text_mut()));
        if decoded.flatten().is_none() {
            result.set(Value::Unset);
        }
    }))
}

fn decode(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let [standard, url_safe] = ENGINES;
    let is_url_safe = memchr::memchr2(b'-', b'_', text).is_some();
    let engine = if is_url_safe { url_safe } else { standard };
    engine.decode_vec(text.trim_ascii(), out).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::functions::tests::complaint;

    #[test]
    fn either_alphabet_is_read_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8", " -_8\n"] {
            let mut out = Vec::new();
            assert_eq!(decode(text.as_bytes(), &mut out), Some(()), "{text}");
            assert_eq!(out, [0xfb, 0xff], "{text}");
        }
    }

    #[test]
    fn what_is_known_to_be_none_is_refused() {
        assert_eq!(complaint("${base64_decode(a b c)}"), "`a b c` is no Base64");
    }
}
