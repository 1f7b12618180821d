//! JSONPath (RFC 9535) beside the dotted language. A query of names and positions only is
//! followed by scanning; any other one needs a tree of the document.

use ld_vm::Escape;
use serde_json::Value as Tree;
use serde_json_path::{JsonPath, ParseError};

use super::path::Kind;
use super::{Found, Path, find};
use crate::late::Written;

/// A path in either notation, taken apart.
#[derive(Clone, Debug)]
pub(crate) enum Query {
    /// A dotted path: at most one value, found by scanning.
    Dotted(Path),
    /// JSONPath that leads to one place: at most one value, found by scanning.
    One(Path),
    /// Any number of values.
    Many(JsonPath),
}

/// Whether a path is JSONPath and not dotted. A `$` that begins a name is part of it.
pub(crate) fn is_jsonpath(path: &str) -> bool {
    path.strip_prefix('$').is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Query {
    /// Reads a path. The error says what is wrong with one in JSONPath.
    pub(crate) fn new(path: &[u8]) -> Result<Self, String> {
        let written = str::from_utf8(path).unwrap_or_default();
        if !is_jsonpath(written) {
            return Ok(Self::Dotted(Path::new(path)));
        }
        let parsed = JsonPath::parse(written)
            .map_err(|error| format!("`{written}` is not JSONPath {}", at(written, &error)))?;
        Ok(match steps(written) {
            Some(steps) => {
                Self::One(Path::of(steps.iter().map(|(name, kind)| (name.as_bytes(), *kind))))
            }
            None => Self::Many(parsed),
        })
    }

    /// Calls `then` with the values at the path: the one at `wanted`, counted from 0, and how
    /// many there are. Of a dotted path that is the number of items or members at its place.
    /// Without `wanted` the value is an array of all.
    pub(crate) fn look<R>(
        &self,
        document: &[u8],
        wanted: impl FnOnce(usize) -> Option<usize>,
        then: impl FnOnce(Found<'_>, Count) -> R,
    ) -> R {
        let query = match self {
            Self::Dotted(path) => {
                return one_of(path.find(document), wanted, |found| then(found, Count::Inside));
            }
            Self::One(path) => {
                let found = path.find(document);
                let count = Count::Of(u64::from(found != Found::Missing));
                return one_of(found, wanted, |found| then(found, count));
            }
            Self::Many(query) => query,
        };
        let document = document.strip_prefix("\u{feff}".as_bytes()).unwrap_or(document);
        let Ok(tree) = serde_json::from_slice::<Tree>(document) else {
            return then(Found::Missing, Count::Of(0));
        };
        let found = query.query(&tree).all();
        let written = match wanted(found.len()) {
            Some(wanted) => match found.get(wanted) {
                Some(value) => serde_json::to_vec(value),
                None => return then(Found::Missing, Count::Of(found.len() as u64)),
            },
            None => serde_json::to_vec(&found),
        };
        let written = written.unwrap_or_default();
        then(find(&written, b""), Count::Of(found.len() as u64))
    }

    /// [`Self::look`] at the first value.
    pub(crate) fn first<R>(&self, document: &[u8], then: impl FnOnce(Found<'_>, Count) -> R) -> R {
        self.look(document, |_| Some(0), then)
    }
}

/// Calls `then` with what is wanted of at most one value: itself, nothing, or an array of it.
fn one_of<R>(
    found: Found<'_>,
    wanted: impl FnOnce(usize) -> Option<usize>,
    then: impl FnOnce(Found<'_>) -> R,
) -> R {
    if found == Found::Missing {
        // As a choice among none is made.
        wanted(0);
        return then(found);
    }
    match wanted(1) {
        Some(0) => then(found),
        Some(_) => then(Found::Missing),
        None => {
            let mut list = b"[".to_vec();
            found.with_value(|value| Escape::JsonValue.write(value, &mut list));
            list.push(b']');
            then(find(&list, b""))
        }
    }
}

impl Written for Query {
    fn read(text: &str) -> Result<Self, String> {
        Self::new(text.as_bytes())
    }
}

/// How much was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// As many items or members as the value has.
    Inside,
    /// So many values.
    Of(u64),
}

/// Where a path stops being JSONPath. The parser's own messages name its parts.
fn at(path: &str, error: &ParseError) -> String {
    let rest = path.get(error.position().saturating_sub(1)..).unwrap_or_default();
    if rest.is_empty() { "at its end".to_owned() } else { format!("from `{rest}` on") }
}

/// The steps of a query that has only names and positions; `None` for any other one. The query
/// is known to be JSONPath.
fn steps(path: &str) -> Option<Vec<(String, Kind)>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at_checked(end)?;
            // Blank space is allowed around names; queries that use it go the slower way.
            let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric() || !c.is_ascii();
            if name.is_empty() || !name.chars().all(is_name) {
                return None;
            }
            steps.push((name.to_owned(), Kind::Name));
            rest = after;
            continue;
        }
        let inside = rest.strip_prefix('[')?;
        let quote = inside.chars().next()?;
        if matches!(quote, '\'' | '"') {
            let (name, after) = inside.get(1..)?.split_once(quote)?;
            if name.contains('\\') {
                return None;
            }
            steps.push((name.to_owned(), Kind::Name));
            rest = after.strip_prefix(']')?;
        } else {
            let (position, after) = inside.split_once(']')?;
            position.parse::<i64>().ok()?;
            steps.push((position.to_owned(), Kind::Position));
            rest = after;
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ld_vm::{Value, Var};

    const STORE: &str = r#"{"store": {"a.b": 1, "": 2, "books": [
        {"id": 7, "price": 5, "tags": ["x"]}, {"id": 8, "price": 12}, {"id": null}]}, "0": "zero"}"#;

    fn first(path: &str) -> (String, Count) {
        Query::new(path.as_bytes()).unwrap().first(STORE.as_bytes(), |found, count| {
            let mut text = String::new();
            found.repr(&mut text);
            (text, count)
        })
    }

    #[test]
    fn names_and_positions_are_followed_by_scanning() {
        for (path, expected) in [
            ("$.store.books[0].id", "7"),
            ("$['store'][\"a.b\"]", "1"),
            ("$.store['']", "2"),
            ("$.store.books[-2].price", "12"),
            ("$['0']", "'zero'"),
            ("$[0]", "None"),
            ("$.store.books['0']", "None"),
            ("$.store.books[9]", "None"),
        ] {
            let query = Query::new(path.as_bytes()).unwrap();
            assert!(matches!(query, Query::One(_)), "{path}");
            let count = Count::Of(u64::from(expected != "None"));
            assert_eq!(first(path), (expected.to_owned(), count), "{path}");
        }
    }

    #[test]
    fn other_queries_find_any_number_of_values() {
        for (path, expected, count) in [
            ("$..price", "5", 2),
            ("$.store.books[*].id", "7", 3),
            ("$.store.books[?@.price > 10].id", "8", 1),
            ("$.store.books[?@.price > 100]", "None", 0),
            ("$.store.books[0:2].price", "5", 2),
            (
                "$.store['books', 'a.b']",
                "[{'id': 7, 'price': 5, 'tags': ['x']}, {'id': 8, 'price': 12}, {'id': None}]",
                2,
            ),
        ] {
            assert_eq!(first(path), (expected.to_owned(), Count::Of(count)), "{path}");
        }
        let all = Query::new(b"$..price").unwrap();
        all.look(
            STORE.as_bytes(),
            |_| None,
            |found, _| {
                let mut var = Var::default();
                found.store(&mut var);
                assert_eq!(var.value(), Value::Json(b"[5,12]"));
            },
        );
    }

    #[test]
    fn both_ways_agree_where_both_can_go() {
        for path in ["$", "$.store", "$.store.books[1].id", "$['0']", "$[0]", "$.store.books[-1]"] {
            let tree = Query::Many(JsonPath::parse(path).unwrap());
            let Ok(scan @ Query::One(_)) = Query::new(path.as_bytes()) else { panic!("{path}") };
            for document in [STORE, "[[1], {\"0\": 2}]", "null", "{", ""] {
                let store = |found: Found<'_>, _| {
                    let mut var = Var::default();
                    found.store(&mut var);
                    match var.value() {
                        Value::Json(json) => serde_json::from_slice(json).unwrap(),
                        other => Tree::String(format!("{other:?}")),
                    }
                };
                let scanned = scan.first(document.as_bytes(), store);
                assert_eq!(tree.first(document.as_bytes(), store), scanned, "{path} {document}");
            }
        }
    }

    #[test]
    fn of_one_place_there_is_a_first_value_a_list_and_no_second() {
        for path in ["n", "$.n", "$..n"] {
            let query = Query::new(path.as_bytes()).unwrap();
            let look = |document: &[u8], wanted: Option<usize>| {
                query.look(
                    document,
                    |_| wanted,
                    |found, _| {
                        let mut text = String::new();
                        found.repr(&mut text);
                        text
                    },
                )
            };
            let document = br#"{"n": "a\"b"}"#;
            assert_eq!(look(document, Some(0)), "'a\"b'", "{path}");
            assert_eq!(look(document, Some(1)), "None", "{path}");
            assert_eq!(look(document, None), "['a\"b']", "{path}");
        }
    }

    #[test]
    fn what_is_not_jsonpath_is_refused_and_other_dollars_are_names() {
        for path in ["$.", "$.a[", "$.a[?]", "$[a]", "$. a b"] {
            let Err(why) = Query::new(path.as_bytes()) else { panic!("{path}") };
            assert!(why.starts_with(&format!("`{path}` is not JSONPath from `")), "{why}");
        }
        let document = br#"{"$id": {"x": 1}}"#;
        let query = Query::new(b"$id.x").unwrap();
        query.first(document, |found, _| assert_eq!(found, Found::Int(1)));
    }
}
