//! The leaves of a JSON text with the way to each, without building a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A step on the way to a value.
#[derive(Clone, Debug)]
pub(super) enum Part<'a> {
    Name(Cow<'a, str>),
    Position(usize),
}

/// Shows `visit` each text and number; whether the whole text was JSON.
pub(super) fn leaves<'a>(text: &'a str, visit: &mut impl FnMut(&[Part<'a>], &str, bool)) -> bool {
    let mut way = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Leaves { way: &mut way, visit }.deserialize(&mut deserializer).is_ok()
}

/// The way as extracts have it: names and positions with points between them, or JSONPath
/// where a name has other characters in it.
pub(super) fn path(way: &[Part<'_>]) -> String {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            && !name.bytes().all(|byte| byte.is_ascii_digit())
    };
    let all_plain = way.iter().all(|part| match part {
        Part::Name(name) => is_plain(name),
        Part::Position(_) => true,
    });
    if all_plain {
        let parts: Vec<String> = way
            .iter()
            .map(|part| match part {
                Part::Name(name) => name.to_string(),
                Part::Position(at) => at.to_string(),
            })
            .collect();
        return parts.join(".");
    }
    way.iter().fold("$".to_owned(), |path, part| match part {
        Part::Name(name) => {
            let name = name.replace('\\', "\\\\").replace('\'', "\\'");
            format!("{path}['{name}']")
        }
        Part::Position(at) => format!("{path}[{at}]"),
    })
}

struct Leaves<'w, 'a, F> {
    way: &'w mut Vec<Part<'a>>,
    visit: &'w mut F,
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a, F: FnMut(&[Part<'a>], &str, bool)> DeserializeSeed<'a> for Leaves<'_, 'a, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, F: FnMut(&[Part<'a>], &str, bool)> Visitor<'a> for Leaves<'_, 'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(Key(name)) = map.next_key()? {
            self.way.push(Part::Name(name));
            map.next_value_seed(Leaves { way: self.way, visit: self.visit })?;
            self.way.pop();
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<(), S::Error> {
        for position in 0.. {
            self.way.push(Part::Position(position));
            let next = list.next_element_seed(Leaves { way: self.way, visit: self.visit })?;
            self.way.pop();
            if next.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        (self.visit)(self.way, text, false);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        (self.visit)(self.way, &number.to_string(), true);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_the_way_that_extracts_follow() {
        let text = r#"{"a": [1, {"b c": "x", "d": null}], "e": {"f": "y\u0031"}}"#;
        let mut found = Vec::new();
        assert!(leaves(text, &mut |way, value, _| found.push((path(way), value.to_owned()))));
        let expected = [("a.0", "1"), ("$['a'][1]['b c']", "x"), ("e.f", "y1")];
        let expected = expected.map(|(path, value)| (path.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
        assert!(!leaves("{\"a\":", &mut |_, _, _| {}));
        assert!(!leaves(&"[".repeat(100_000), &mut |_, _, _| {}));
    }
}
