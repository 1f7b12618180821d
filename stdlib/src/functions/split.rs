//! `${split(text, separator)}`: the parts of a text.

use ld_vm::{Escape, Value};

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "split",
    parameters: &[
        argument::TEXT,
        Parameter {
            name: "separator",
            kind: ParameterKind::Text,
            doc: "What stands between two parts; a comma when it is left out.",
        },
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: true,
    doc: "A list of the parts of a text, as texts; an empty separator leaves it whole.",
    examples: &[
        Example { call: "${split('a,b,,c')}", result: r#"["a","b","","c"]"# },
        Example { call: "${split(/orders/17, /)}", result: r#"["","orders","17"]"# },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let separator = match call.arguments.get(1) {
                None => Value::Text(b","),
                Some(&separator) => separator,
            };
            argument::with_text(argument::at(call.arguments, 0), |text| {
                argument::with_text(separator, |separator| {
                    parts(text, separator, result.json_mut());
                })
            });
        }))
    },
};

fn parts(text: &[u8], separator: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    let mut rest = text;
    while !separator.is_empty() {
        let Some(at) = memchr::memmem::find(rest, separator) else { break };
        let (part, after) = rest.split_at(at);
        Escape::JsonValue.write(Value::Text(part), out);
        out.push(b',');
        rest = after.get(separator.len()..).unwrap_or_default();
    }
    Escape::JsonValue.write(Value::Text(rest), out);
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_texts_whatever_is_in_them() {
        for (text, separator, expected) in [
            ("", ",", r#"[""]"#),
            ("a\"b,7", ",", r#"["a\"b","7"]"#),
            ("a--b-", "--", r#"["a","b-"]"#),
            ("ab", "", r#"["ab"]"#),
        ] {
            let mut out = Vec::new();
            parts(text.as_bytes(), separator.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text}");
        }
    }
}
