//! A value as a Python literal, which is how the reference's result maps name actions.

use ld_stdlib::python::{Value, quoted};

use super::{Kind, Node};

/// The notation of a value: `['LD_summary', {'a': [1.0, None, True]}]`.
pub(crate) fn literal(node: &Node<'_>) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node<'_>, out: &mut String) {
    match &node.kind {
        Kind::Invalid | Kind::Null => out.push_str("None"),
        Kind::Bool(true) => out.push_str("True"),
        Kind::Bool(false) => out.push_str("False"),
        Kind::Number(number) if number.is_integer() => out.push_str(&number.text()),
        Kind::Number(number) => out.push_str(&Value::Float(number.as_f64()).to_string()),
        Kind::String(text) => out.push_str(&quoted(text)),
        Kind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
        }
        Kind::Object(members) => {
            out.push('{');
            for (at, member) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(&quoted(&member.key.text));
                out.push_str(": ");
                write(&member.value, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_as_python_would_show_it() {
        let text =
            r#"["LD_x", {"a": [1, 1.50, 1e20, -0, null], "it's": {"b": [true, false, "\n"]}}]"#;
        let node = crate::json::parse(text, &mut Vec::new());
        let expected =
            r#"['LD_x', {'a': [1, 1.5, 1e+20, -0, None], "it's": {'b': [True, False, '\n']}}]"#;
        assert_eq!(literal(&node), expected);
    }
}
