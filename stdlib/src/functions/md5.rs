//! `${md5(text)}`: the MD5 digest of a text.

use super::encoding::ENCODING;
use super::{Example, Function, Gives, Parameter, ParameterKind, digest};

pub(super) const FUNCTION: Function = Function {
    name: "md5",
    parameters: &[
        Parameter { name: "text", kind: ParameterKind::Text, doc: "What is digested." },
        ENCODING,
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The MD5 digest (RFC 1321) of a text.",
    examples: &[
        Example { call: "${md5(abc)}", result: "900150983cd24fb0d6963f7d28e17f72" },
        Example { call: "${md5(abc, base64)}", result: "kAFQmDzST7DWlj99KOF/cg==" },
    ],
    prepare: digest::prepare::<md5::Md5>,
};
