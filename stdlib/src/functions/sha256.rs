//! `${sha256(text)}`: the SHA-256 digest of a text.

use super::encoding::ENCODING;
use super::{Example, Function, Gives, Parameter, ParameterKind, digest};

pub(super) const FUNCTION: Function = Function {
    name: "sha256",
    parameters: &[
        Parameter { name: "text", kind: ParameterKind::Text, doc: "What is digested." },
        ENCODING,
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The SHA-256 digest (FIPS 180-4) of a text.",
    examples: &[Example {
        call: "${sha256(abc)}",
        result: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }],
    prepare: digest::prepare::<sha2::Sha256>,
};
