//! The items of arrays and the members of objects, one after the other.

use ld_vm::Value;

use super::Found;
use super::scan::Scanner;

/// The items of an array; `None` when the document is none. What is not JSON ends them.
pub(crate) fn items(document: &[u8]) -> Option<Items<'_>> {
    let mut place = Scanner::new(document);
    (place.token()? == b'[').then_some(Items { place, next: Next::First })
}

/// See [`items`].
pub(crate) struct Items<'b> {
    place: Scanner<'b>,
    next: Next,
}

#[derive(PartialEq)]
enum Next {
    First,
    Other,
    None,
}

impl<'b> Iterator for Items<'b> {
    type Item = Found<'b>;

    fn next(&mut self) -> Option<Found<'b>> {
        let more = match self.next {
            Next::First => self.place.peek()? != b']',
            Next::Other => self.place.token()? == b',',
            Next::None => false,
        };
        self.next = Next::None;
        if !more {
            return None;
        }
        let found = self.place.value()?;
        self.next = Next::Other;
        Some(found)
    }
}

/// Whether an object has a member of this name.
pub(crate) fn has_member(document: &[u8], name: &[u8]) -> bool {
    names(document).is_some_and(|mut names| names.any(|other| other.is(name)))
}

/// How many items or members there are; `None` when it is neither an array nor an object.
pub(crate) fn len(document: &[u8]) -> Option<usize> {
    match items(document) {
        Some(items) => Some(items.count()),
        None => names(document).map(Iterator::count),
    }
}

fn names(document: &[u8]) -> Option<impl Iterator<Item = super::RawText<'_>>> {
    let mut place = Scanner::new(document);
    let is_object = place.token()? == b'{';
    let mut more = is_object && place.peek()? != b'}';
    let names = std::iter::from_fn(move || {
        if !std::mem::take(&mut more) {
            return None;
        }
        let name = place.name()?;
        place.skip()?;
        more = place.token() == Some(b',');
        Some(name)
    });
    is_object.then_some(names)
}

impl Found<'_> {
    /// Lets `look` see the value as such; text with escapes is decoded for it.
    pub(crate) fn with_value<T>(self, look: impl FnOnce(Value<'_>) -> T) -> T {
        match self {
            Self::Missing => look(Value::Unset),
            Self::Null => look(Value::Null),
            Self::Bool(flag) => look(Value::Bool(flag)),
            Self::Int(number) => look(Value::Int(number)),
            Self::Float(number) => look(Value::Float(number)),
            Self::BigInt(raw) | Self::Json(raw) => look(Value::Json(raw)),
            Self::Text(text) => match text.as_plain() {
                Some(bytes) => look(Value::Text(bytes)),
                None => {
                    let mut decoded = Vec::new();
                    text.decode(&mut decoded);
                    look(Value::Text(&decoded))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_order_and_end_where_json_ends() {
        let all = |json: &'static str| items(json.as_bytes()).map(Iterator::collect::<Vec<_>>);
        assert_eq!(all("[]"), Some(vec![]));
        assert_eq!(
            all(r#" [1, {"a": [2]}, null] "#),
            Some(vec![Found::Int(1), Found::Json(br#"{"a": [2]}"#), Found::Null])
        );
        assert_eq!(all("[1, x, 2]"), Some(vec![Found::Int(1)]));
        assert_eq!(all("[1 2]"), Some(vec![Found::Int(1)]));
        assert_eq!(all("{}"), None);
        assert_eq!(all(""), None);
    }

    #[test]
    fn members_are_counted_and_found_by_name() {
        let json = br#"{"a": 1, "b\u0063": [2, 3]}"#;
        assert_eq!(
            (len(json), len(b"[1, [2]]"), len(b"{}"), len(b"7")),
            (Some(2), Some(2), Some(0), None)
        );
        assert!(has_member(json, b"bc") && has_member(json, b"a") && !has_member(json, b"b"));
    }
}
