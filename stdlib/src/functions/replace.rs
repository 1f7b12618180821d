//! `${replace(text, from, to)}`: a text with a part of it changed.

use ld_vm::MAX_VALUE;

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "replace",
    parameters: &[
        argument::TEXT,
        Parameter {
            name: "from",
            kind: ParameterKind::Text,
            doc: "What is looked for, as it stands.",
        },
        Parameter {
            name: "to",
            kind: ParameterKind::Text,
            doc: "What stands in its place wherever it is found.",
        },
    ],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The text with every occurrence of a part replaced by another.",
    examples: &[
        Example { call: "${replace('Bearer abc', 'Bearer ', '')}", result: "abc" },
        Example { call: "${replace(2026-11-22, -, /)}", result: "2026/11/22" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let [text, from, to] = *call.arguments else { return };
            argument::with_text(text, |text| {
                argument::with_text(from, |from| {
                    argument::with_text(to, |to| {
                        replaced(text, from, to, result.text_mut());
                    })
                })
            });
        }))
    },
};

/// Nothing is found where nothing is looked for.
fn replaced(text: &[u8], from: &[u8], to: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while !from.is_empty() {
        let Some(at) = memchr::memmem::find(rest, from) else { break };
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(to);
        rest = after.get(from.len()..).unwrap_or_default();
        if out.len() > MAX_VALUE {
            return;
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUE, replaced};

    #[test]
    fn a_result_without_bounds_is_not_made() {
        let (text, to) = (vec![b'a'; 1 << 20], vec![b'b'; 1 << 20]);
        let mut out = Vec::new();
        replaced(&text, b"a", &to, &mut out);
        assert!(out.len() > MAX_VALUE && out.len() <= MAX_VALUE + to.len() + 1);
    }

    #[test]
    fn every_occurrence_is_replaced_and_none_of_what_was_put_in() {
        for (text, from, to, expected) in [
            ("aaa", "a", "aa", "aaaaaa"),
            ("abcabc", "bc", "", "aa"),
            ("abc", "", "x", "abc"),
            ("abc", "abcd", "x", "abc"),
        ] {
            let mut out = Vec::new();
            replaced(text.as_bytes(), from.as_bytes(), to.as_bytes(), &mut out);
            assert_eq!(out, expected.as_bytes(), "{text} {from}");
        }
    }
}
