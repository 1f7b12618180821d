//! What expressions stand for, as far as it is known without running them.

use std::rc::Rc;

use serde_json::Value as Json;

/// A step of a path through JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Name(String),
    Position(i64),
    /// Each item.
    Each,
    /// The items for which a filter of JSONPath holds.
    Where(String),
}

/// A part of the reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Status,
    /// The words behind the status.
    Reason,
    /// Milliseconds.
    Time,
    /// Bytes.
    Size,
    Body,
    Json(Vec<Segment>),
    /// How many items or characters it has.
    Length(Vec<Segment>),
    /// The name of its type, as `typeof` gives it.
    Type(Vec<Segment>),
    Headers,
    Header(String),
    Cookies,
    Cookie(String),
}

/// What an expression stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    /// It cannot be told.
    Unknown,
    Undefined,
    /// Known when the script is read; a text may have `{{…}}` in it.
    Const(Json),
    /// A text with placeholders of the plan.
    Text(String),
    /// An object or list whose texts are of that kind.
    Tree(Json),
    /// An expression of the plan language.
    Expression(String),
    Reply(Part),
    /// Whether all these assertions hold.
    Holds(Vec<Json>),
    /// A pattern, with its flags in it.
    Pattern(String),
    /// An evenly drawn number between `from` and `from + span`, the latter excluded.
    Random {
        from: f64,
        span: f64,
    },
    /// Random letters and digits, and how many.
    Letters(Option<u64>),
    /// The present time, or one so far from it: `+1d`.
    Now(String),
    /// Whether this expression of the plan language holds.
    Condition(String),
    /// A function of the script's own, by its text.
    Function(Rc<str>),
    /// An item of a list in the reply, or a part of it, as a filter of JSONPath names it.
    Item(String),
    /// Whether this filter of JSONPath holds for such an item.
    Filter(String),
    /// A digest, by the call that gives it but for its last argument, which says how it is written.
    Digest(String),
    /// Something that scripts are given, by its name: `pm.environment`.
    Given(String),
}

impl Val {
    pub(super) fn text(text: &str) -> Self {
        Self::Const(Json::String(text.to_owned()))
    }

    /// A known text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Const(value) => value.as_str(),
            _ => None,
        }
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Const(value) => value.as_f64(),
            _ => None,
        }
    }

    /// Whether it is about a reply.
    pub(super) fn is_of_reply(&self) -> bool {
        matches!(self, Self::Reply(_) | Self::Holds(_))
            || *self == Self::Given("pm.response".to_owned())
    }

    /// Whether it counts as true, when that is known.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::Undefined | Self::Const(Json::Null) => false,
            Self::Const(Json::Bool(truth)) => *truth,
            Self::Const(Json::String(text)) => !text.is_empty(),
            Self::Const(Json::Number(number)) => number.as_f64() != Some(0.0),
            Self::Const(_) | Self::Tree(_) | Self::Given(_) => true,
            Self::Now(_) | Self::Pattern(_) | Self::Function(_) => true,
            _ => return None,
        })
    }
}

/// A value with each of its texts made another; names of members stay.
pub(super) fn with_texts(value: &Json, each: &mut impl FnMut(&str) -> String) -> Json {
    match value {
        Json::String(text) => Json::String(each(text)),
        Json::Array(items) => items.iter().map(|item| with_texts(item, each)).collect(),
        Json::Object(members) => {
            let members = members.iter();
            members.map(|(name, value)| (name.clone(), with_texts(value, each))).collect()
        }
        value => value.clone(),
    }
}

/// A number as it is written in JavaScript.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
pub(super) fn number(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        Json::from(value as i64)
    } else {
        Json::from(value)
    }
}

/// A path as plans have it; nothing for the whole of the JSON.
pub(super) fn path(segments: &[Segment]) -> String {
    let is_plain = |segment: &Segment| match segment {
        Segment::Name(name) => {
            !name.is_empty()
                && name
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
                && !name.chars().all(|char| char.is_ascii_digit() || char == '-')
        }
        Segment::Position(_) => true,
        Segment::Each | Segment::Where(_) => false,
    };
    if !segments.is_empty() && segments.iter().all(is_plain) {
        let parts: Vec<String> = segments
            .iter()
            .map(|segment| match segment {
                Segment::Name(name) => name.clone(),
                Segment::Position(position) => position.to_string(),
                Segment::Each | Segment::Where(_) => String::new(),
            })
            .collect();
        return parts.join(".");
    }
    let mut path = "$".to_owned();
    for segment in segments {
        match segment {
            Segment::Name(name) if is_word(name) => path.push_str(&format!(".{name}")),
            Segment::Each => path.push_str("[*]"),
            Segment::Where(filter) => path.push_str(&format!("[?{filter}]")),
            Segment::Name(name) => {
                let name = name.replace('\\', "\\\\").replace('\'', "\\'");
                path.push_str(&format!("['{name}']"));
            }
            Segment::Position(position) => path.push_str(&format!("[{position}]")),
        }
    }
    path
}

/// Whether a name needs no quotes in JSONPath.
fn is_word(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// The segments of a path as lodash and chai write it: `a.b[0].c`.
pub(super) fn segments(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in path.split(['.', '[']) {
        let part = part.trim_end_matches(']').trim_matches(['"', '\'']);
        if part.is_empty() {
            continue;
        }
        segments.push(match part.parse() {
            Ok(position) => Segment::Position(position),
            Err(_) => Segment::Name(part.to_owned()),
        });
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_dotted_where_names_are_plain() {
        assert_eq!(path(&segments("a.b[0].c-d")), "a.b.0.c-d");
        assert_eq!(path(&[Segment::Name("a.b".to_owned()), Segment::Position(1)]), "$['a.b'][1]");
        assert_eq!(path(&[]), "$");
    }
}
