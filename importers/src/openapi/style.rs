//! How parameters are written: the styles of RFC 6570 that OpenAPI knows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::document::Node;
use crate::text;

/// All but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same, but for what RFC 3986 reserves, unless it would end the query or a pair in it.
const RESERVED_KEPT: &AsciiSet = &ENCODED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';');

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    Spaces,
    Pipes,
    Tabs,
    Deep,
}

/// How a parameter is written, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) style: Style,
    pub(super) explode: bool,
    pub(super) reserved: bool,
}

impl Written {
    /// What a parameter, or the encoding of a form's field, says, with `style` where it does not.
    pub(super) fn of(node: Node<'_>, style: Style) -> Self {
        // Swagger 2.0.
        if let Some(format) = node.text("collectionFormat") {
            let style = match format {
                "ssv" => Style::Spaces,
                "tsv" => Style::Tabs,
                "pipes" => Style::Pipes,
                _ => style,
            };
            return Self { style, explode: format == "multi", reserved: false };
        }
        if node.raw("type").is_some() && node.raw("schema").is_none() {
            return Self { style, explode: false, reserved: false };
        }
        let style = match node.text("style") {
            Some("simple") => Style::Simple,
            Some("label") => Style::Label,
            Some("matrix") => Style::Matrix,
            Some("form") => Style::Form,
            Some("spaceDelimited") => Style::Spaces,
            Some("pipeDelimited") => Style::Pipes,
            Some("deepObject") => Style::Deep,
            _ => style,
        };
        Self {
            style,
            explode: node.flag("explode").unwrap_or(style == Style::Form),
            reserved: node.flag("allowReserved").unwrap_or(false),
        }
    }

    /// The pairs that a query or form has for a value; encoded and with their separators, so
    /// that they only need `=` and `&`.
    pub(super) fn pairs(self, name: &str, value: &Value) -> Vec<(String, String)> {
        self.separated(name, value, self.separator(), ["[", "]"])
    }

    /// The same for the body of a form, where nothing but unreserved characters is left as it is.
    pub(super) fn form_pairs(self, name: &str, value: &Value) -> Vec<(String, String)> {
        let separator = match self.separator() {
            "," => "%2C",
            encoded => encoded,
        };
        self.separated(name, value, separator, ["%5B", "%5D"])
    }

    fn separated(
        self,
        name: &str,
        value: &Value,
        separator: &str,
        brackets: [&str; 2],
    ) -> Vec<(String, String)> {
        let key = encoded(name);
        let one = |value: &Value| self.encode(&plain(value));
        match (value, self.style, self.explode) {
            (Value::Array(items), Style::Deep, _) => {
                let mut pairs = Vec::new();
                for (number, item) in items.iter().enumerate() {
                    let key = within(&key, &number.to_string(), brackets);
                    self.deep(&key, item, 0, brackets, &mut pairs);
                }
                pairs
            }
            (Value::Array(items), Style::Form, true) => {
                items.iter().map(|item| (key.clone(), one(item))).collect()
            }
            (Value::Array(items), _, true) if self.style != Style::Simple => {
                items.iter().map(|item| (key.clone(), one(item))).collect()
            }
            (Value::Object(members), Style::Deep, _) => {
                let mut pairs = Vec::new();
                for (name, value) in members {
                    self.deep(&within(&key, name, brackets), value, 0, brackets, &mut pairs);
                }
                pairs
            }
            (Value::Object(members), _, true) => {
                let spread = members.iter().flat_map(|(name, value)| {
                    // Nothing says how lists in it are written; this is what most servers read.
                    let values = match value {
                        Value::Array(items) => items.iter().map(&one).collect(),
                        value => vec![one(value)],
                    };
                    values.into_iter().map(move |value| (encoded(name), value))
                });
                spread.collect()
            }
            _ => vec![(key, self.joined(value, separator))],
        }
    }

    /// `deepObject` says nothing of what is nested deeper; this is what most servers read.
    fn deep(
        self,
        key: &str,
        value: &Value,
        depth: usize,
        brackets: [&str; 2],
        pairs: &mut Vec<(String, String)>,
    ) {
        match value {
            Value::Object(members) if depth < 16 => {
                for (name, value) in members {
                    self.deep(&within(key, name, brackets), value, depth + 1, brackets, pairs);
                }
            }
            Value::Array(items) if depth < 16 && items.iter().any(Value::is_object) => {
                for (number, item) in items.iter().enumerate() {
                    let key = within(key, &number.to_string(), brackets);
                    self.deep(&key, item, depth + 1, brackets, pairs);
                }
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.encode(&plain(item)));
                pairs.extend(items.map(|item| (key.to_owned(), item)));
            }
            _ => pairs.push((key.to_owned(), self.encode(&plain(value)))),
        }
    }

    /// What stands in a path, encoded.
    pub(super) fn in_path(self, name: &str, value: &Value) -> String {
        let key = encoded(name);
        let one = |value: &Value| self.encode(&plain(value));
        let pair = |(name, value): (&String, &Value)| format!("{}={}", encoded(name), one(value));
        match (self.style, value) {
            (Style::Label, Value::Array(items)) if self.explode => {
                items.iter().map(|item| format!(".{}", one(item))).collect()
            }
            (Style::Label, Value::Object(members)) if self.explode => {
                members.iter().map(|member| format!(".{}", pair(member))).collect()
            }
            (Style::Label, _) => format!(".{}", self.joined(value, ",")),
            (Style::Matrix, Value::Array(items)) if self.explode => {
                items.iter().map(|item| format!(";{key}={}", one(item))).collect()
            }
            (Style::Matrix, Value::Object(members)) if self.explode => {
                members.iter().map(|member| format!(";{}", pair(member))).collect()
            }
            (Style::Matrix, _) => format!(";{key}={}", self.joined(value, ",")),
            (_, Value::Object(members)) if self.explode => {
                members.iter().map(pair).collect::<Vec<_>>().join(",")
            }
            _ => self.joined(value, self.separator()),
        }
    }

    /// What a header says: nothing is encoded there.
    pub(super) fn in_header(self, value: &Value) -> String {
        match value {
            Value::Array(items) => {
                let between = match self.style {
                    Style::Spaces => " ",
                    Style::Pipes => "|",
                    Style::Tabs => "\t",
                    _ => ",",
                };
                items.iter().map(plain).collect::<Vec<_>>().join(between)
            }
            Value::Object(members) => {
                let between = if self.explode { "=" } else { "," };
                let pairs =
                    members.iter().map(|(name, value)| format!("{name}{between}{}", plain(value)));
                pairs.collect::<Vec<_>>().join(",")
            }
            _ => plain(value),
        }
    }

    fn separator(self) -> &'static str {
        match self.style {
            Style::Spaces => "%20",
            Style::Pipes => "%7C",
            Style::Tabs => "%09",
            _ => ",",
        }
    }

    /// Items, or names and values in turn, with a separator between them.
    fn joined(self, value: &Value, separator: &str) -> String {
        let all: Vec<String> = match value {
            Value::Array(items) => items.iter().map(|item| self.encode(&plain(item))).collect(),
            Value::Object(members) => members
                .iter()
                .flat_map(|(name, value)| [encoded(name), self.encode(&plain(value))])
                .collect(),
            _ => vec![self.encode(&plain(value))],
        };
        all.join(separator)
    }

    fn encode(self, text: &str) -> String {
        let kept = if self.reserved { RESERVED_KEPT } else { ENCODED };
        utf8_percent_encode(text, kept).to_string()
    }
}

/// The key of a member of what another key is of.
fn within(key: &str, name: &str, [open, close]: [&str; 2]) -> String {
    format!("{key}{open}{}{close}", encoded(name))
}

/// A text with all but unreserved characters encoded.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A value whose texts are meant as they stand in a plan, whatever they look like.
pub(super) fn literal(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text::literal(&text)),
        Value::Array(items) => items.into_iter().map(literal).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, literal(value))).collect()
        }
        value => value,
    }
}

/// A value as text: what is no text is written as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The table of the specification, "Style Examples".
    #[test]
    fn values_are_written_as_the_table_of_the_specification_has_them() {
        let (empty, string) = (json!(""), json!("blue"));
        let (array, object) = (json!(["blue", "black"]), json!({"R": 100, "G": 200}));
        let path = |style, explode, value| {
            Written { style, explode, reserved: false }.in_path("color", value)
        };
        for (style, explode, expected) in [
            (
                Style::Matrix,
                false,
                [";color=", ";color=blue", ";color=blue,black", ";color=R,100,G,200"],
            ),
            (
                Style::Matrix,
                true,
                [";color=", ";color=blue", ";color=blue;color=black", ";R=100;G=200"],
            ),
            (Style::Label, false, [".", ".blue", ".blue,black", ".R,100,G,200"]),
            (Style::Label, true, [".", ".blue", ".blue.black", ".R=100.G=200"]),
            (Style::Simple, false, ["", "blue", "blue,black", "R,100,G,200"]),
            (Style::Simple, true, ["", "blue", "blue,black", "R=100,G=200"]),
        ] {
            let written =
                [&empty, &string, &array, &object].map(|value| path(style, explode, value));
            assert_eq!(written, expected, "{style:?} {explode}");
        }
        let query = |style, explode, value| {
            let written = Written { style, explode, reserved: false };
            let pairs = written.pairs("color", value);
            pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
        };
        for (style, explode, value, expected) in [
            (Style::Form, false, &array, "color=blue,black"),
            (Style::Form, false, &object, "color=R,100,G,200"),
            (Style::Form, true, &array, "color=blue&color=black"),
            (Style::Form, true, &object, "R=100&G=200"),
            (Style::Spaces, false, &array, "color=blue%20black"),
            (Style::Pipes, false, &array, "color=blue%7Cblack"),
            (Style::Pipes, false, &object, "color=R%7C100%7CG%7C200"),
            (Style::Deep, true, &object, "color[R]=100&color[G]=200"),
        ] {
            assert_eq!(query(style, explode, value), expected, "{style:?} {explode}");
        }
    }

    #[test]
    fn delimiters_are_encoded_in_forms() {
        let (array, object) = (json!(["blue", "black"]), json!({"R": 100}));
        for (style, value, expected) in [
            (Style::Form, &array, ["color", "blue%2Cblack"]),
            (Style::Form, &object, ["color", "R%2C100"]),
            (Style::Spaces, &array, ["color", "blue%20black"]),
            (Style::Pipes, &array, ["color", "blue%7Cblack"]),
            (Style::Deep, &object, ["color%5BR%5D", "100"]),
        ] {
            let written = Written { style, explode: false, reserved: false };
            let [key, text] = expected.map(ToOwned::to_owned);
            assert_eq!(written.form_pairs("color", value), [(key, text)], "{style:?}");
        }
    }

    #[test]
    fn reserved_characters_are_kept_where_that_is_allowed() {
        let pairs = |reserved| {
            let written = Written { style: Style::Form, explode: true, reserved };
            written.pairs("path", &json!("/a b?c=d&e"))
        };
        assert_eq!(pairs(false), [("path".to_owned(), "%2Fa%20b%3Fc%3Dd%26e".to_owned())]);
        assert_eq!(pairs(true), [("path".to_owned(), "/a%20b?c%3Dd%26e".to_owned())]);
    }
}
