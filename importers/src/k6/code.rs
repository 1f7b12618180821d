//! What a script computes while it runs, in the terms of the plan language: as a placeholder in a text
//! or as an expression.

use serde_json::Value as Json;

/// Something that is known when the plan runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Code {
    /// A variable, or a prefixed name such as `env.TOKEN`.
    Name(String),
    Const(Json),
    /// A call of a function of the language.
    Call(&'static str, Vec<Code>),
    /// Texts one after the other.
    Concat(Vec<Code>),
    /// An operator between two values.
    Op(&'static str, Box<Code>, Box<Code>),
    Not(Box<Code>),
}

/// Words of expressions that are no names.
const RESERVED: &[&str] =
    &["and", "contains", "false", "in", "matches", "none", "not", "null", "or", "true"];

impl Code {
    pub(super) fn name(name: &str) -> Self {
        Self::Name(name.to_owned())
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Const(Json::String(text.to_owned()))
    }

    pub(super) fn op(op: &'static str, left: Self, right: Self) -> Self {
        // `(month - 1) + 1`
        if let ("+", Self::Op("-", inner, less), Self::Const(more)) = (op, &left, &right)
            && **less == Self::Const(more.clone())
        {
            return (**inner).clone();
        }
        Self::Op(op, Box::new(left), Box::new(right))
    }

    /// Whether this does not hold.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Op("==", left, right) => Self::Op("!=", left, right),
            Self::Op("!=", left, right) => Self::Op("==", left, right),
            Self::Not(inner) => *inner,
            code => Self::Not(Box::new(code)),
        }
    }

    /// The two texts one after the other, with neighbouring constants joined.
    pub(super) fn concat(left: Self, right: Self) -> Self {
        let mut parts: Vec<Self> = Vec::new();
        for part in [left, right] {
            let inner = match part {
                Self::Concat(inner) => inner,
                other => vec![other],
            };
            for part in inner {
                match (parts.last_mut(), part) {
                    (Some(Self::Const(Json::String(before))), Self::Const(after)) => {
                        before.push_str(&plain(&after));
                    }
                    (_, Self::Const(constant)) if plain(&constant).is_empty() => {}
                    (_, Self::Const(constant)) => parts.push(Self::text(&plain(&constant))),
                    (_, part) => parts.push(part),
                }
            }
        }
        Self::Concat(parts)
    }

    /// Whether asking twice gives the same, as long as no variable changes.
    pub(super) fn is_stable(&self) -> bool {
        match self {
            Self::Name(name) => !name.starts_with("data.") && !name.starts_with("csv."),
            Self::Const(_) => true,
            // A day is the same for as long as an iteration takes.
            Self::Call("date", arguments) => arguments.first().is_some_and(|format| match format {
                Self::Const(Json::String(format)) => {
                    !format.contains(['H', 'M', 'S', 'I', 'T', 'f', 's'])
                }
                _ => false,
            }),
            Self::Call(name, arguments) => {
                let drawn = ["counter", "faker", "now", "randint", "random_choice"];
                let drawn = drawn.contains(name)
                    || ["random_string", "timestamp", "timestamp_ms", "uuid", "date"]
                        .contains(name);
                !drawn && arguments.iter().all(Self::is_stable)
            }
            Self::Concat(parts) => parts.iter().all(Self::is_stable),
            Self::Op(_, left, right) => left.is_stable() && right.is_stable(),
            Self::Not(inner) => inner.is_stable(),
        }
    }

    /// Whether this is a text, whatever is in it.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Name(name) => name.starts_with("env."),
            Self::Const(value) => value.is_string(),
            Self::Concat(_) => true,
            // Numbers of days, months and so on.
            Self::Call("date", arguments) => !matches!(arguments.first(),
                Some(Self::Const(Json::String(format))) if format.len() <= 3),
            Self::Call(name, _) => [
                "base64",
                "base64_decode",
                "hmac_sha256",
                "join",
                "lower",
                "md5",
                "now",
                "random_string",
                "replace",
                "sha1",
                "sha256",
                "substr",
                "trim",
                "upper",
                "url_encode",
                "uuid",
            ]
            .contains(name),
            Self::Op(..) | Self::Not(_) => false,
        }
    }

    /// As a text with placeholders; nothing when it can only be said by an expression.
    pub(super) fn template(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(format!("${{{name}}}")),
            Self::Const(value) => Some(literal(&plain(value))),
            Self::Call(name, arguments) => {
                let arguments: Option<Vec<String>> = arguments.iter().map(Self::argument).collect();
                Some(format!("${{{name}({})}}", arguments?.join(", ")))
            }
            Self::Concat(parts) => parts.iter().map(Self::template).collect(),
            Self::Op(..) | Self::Not(_) => None,
        }
    }

    fn argument(&self) -> Option<String> {
        let text = match self {
            Self::Const(Json::Number(number)) => return Some(number.to_string()),
            Self::Const(value) => plain(value),
            Self::Concat(_) => self.template()?,
            _ => return self.template(),
        };
        if text.contains('\'') {
            return (!text.contains('"')).then(|| format!("\"{text}\""));
        }
        let plain = !text.is_empty()
            && text.trim() == text
            && !text.contains([',', '(', ')', '{', '}', '"', '[', ']']);
        Some(if plain { text } else { format!("'{text}'") })
    }

    /// As an expression.
    pub(super) fn expression(&self) -> String {
        match self {
            Self::Name(name) if name.contains('.') || RESERVED.contains(&name.as_str()) => {
                format!("${{{name}}}")
            }
            Self::Name(name) => name.clone(),
            Self::Const(value) => constant(value),
            Self::Call(name, arguments) => format!("{name}({})", list(arguments)),
            Self::Concat(parts) => format!("concat({})", list(parts)),
            Self::Op(op, left, right) => {
                format!("{} {op} {}", left.operand(op, false), right.operand(op, true))
            }
            Self::Not(inner) => format!("not {}", inner.operand("not", true)),
        }
    }

    /// As a part of an expression with this operator.
    fn operand(&self, around: &str, right: bool) -> String {
        let text = self.expression();
        match self {
            Self::Op(op, ..)
                if strength(op) < strength(around)
                    || (right && *op == around && !["and", "or"].contains(op))
                    || (right && strength(op) == strength(around) && *op != around) =>
            {
                format!("({text})")
            }
            _ => text,
        }
    }
}

fn strength(op: &str) -> u8 {
    match op {
        "or" => 1,
        "and" => 2,
        "not" => 3,
        "+" | "-" => 5,
        "*" | "/" | "%" => 6,
        _ => 4,
    }
}

fn list(codes: &[Code]) -> String {
    codes.iter().map(Code::expression).collect::<Vec<_>>().join(", ")
}

fn constant(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            let escaped = escaped.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
            format!("'{escaped}'")
        }
        Json::Array(items) => {
            format!("[{}]", items.iter().map(constant).collect::<Vec<_>>().join(", "))
        }
        Json::Object(_) => {
            format!("'{}'", value.to_string().replace('\\', "\\\\").replace('\'', "\\'"))
        }
        other => other.to_string(),
    }
}

/// A constant as text.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text of the source in which nothing is to be taken for a placeholder.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${concat($, '{')}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_texts_and_as_expressions() {
        let number = |value: i64| Code::Const(json!(value));
        let draw = Code::Call("randint", vec![number(1), number(6)]);
        let text = Code::concat(Code::text("/a?n="), draw.clone());
        assert_eq!(text.template().unwrap(), "/a?n=${randint(1, 6)}");
        assert_eq!(text.expression(), "concat('/a?n=', randint(1, 6))");
        let sum = Code::op("*", Code::op("+", Code::name("n"), number(1)), number(2));
        assert_eq!(sum.template(), None);
        assert_eq!(sum.expression(), "(n + 1) * 2");
        let minus = Code::op("-", number(5), Code::op("-", Code::name("a"), number(1)));
        assert_eq!(minus.expression(), "5 - (a - 1)");
        let item = Code::Call("item", vec![Code::name("user"), Code::text("a, b")]);
        assert_eq!(item.template().unwrap(), "${item(${user}, 'a, b')}");
        assert!(!draw.is_stable() && item.is_stable());
    }

    #[test]
    fn texts_of_the_source_are_no_placeholders() {
        assert_eq!(Code::text("a ${b}").template().unwrap(), "a ${concat($, '{')}b}");
        assert_eq!(Code::name("env.X").expression(), "${env.X}");
    }
}
