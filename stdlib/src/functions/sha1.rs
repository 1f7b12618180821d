//! `${sha1(text)}`: the SHA-1 digest of a text.

use super::encoding::ENCODING;
use super::{Example, Function, Gives, Parameter, ParameterKind, digest};

pub(super) const FUNCTION: Function = Function {
    name: "sha1",
    parameters: &[
        Parameter { name: "text", kind: ParameterKind::Text, doc: "What is digested." },
        ENCODING,
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The SHA-1 digest (FIPS 180-4) of a text.",
    examples: &[Example {
        call: "${sha1(abc)}",
        result: "a9993e364706816aba3e25717850c26c9cd0d89d",
    }],
    prepare: digest::prepare::<sha1::Sha1>,
};
