//! What a fuzzer runs: every operation of this module on arbitrary bytes.

use ld_vm::{Value, Var};

use super::{Count, Found, Path, Query, REPR_LIMIT, equal, find};

/// Text with its numbers as a tree has them: it keeps no difference between `-0`, which is whole, and
/// `-0.0`, and has a number of more than 64 bits as the nearest float.
fn as_in_tree(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, number) = rest.split_at(start);
        let (number, after) = number.split_at(number.find(|c| !is_part(c)).unwrap_or(number.len()));
        out.push_str(before);
        match number.parse::<f64>() {
            Ok(float) => out.push_str(&format!("{:?}", float + 0.0)),
            Err(_) => out.push_str(number),
        }
        rest = after;
    }
    out + rest
}

/// Takes the bytes up to the first line end as a path and the rest as a document, and
/// stops the program when results contradict each other.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let (Some(path), Some(document)) = (parts.next(), parts.next()) else {
        return;
    };
    let whole = find(document, b"");
    let found = find(document, path);
    assert_eq!(Path::new(path).find(document), found, "a prepared path leads to the same");
    if path.iter().all(|&byte| byte == b'.') {
        assert_eq!(found, whole, "empty segments do not count");
    }
    for found in [whole, found] {
        let mut text = String::new();
        found.repr(&mut text);
        assert!(text.chars().count() <= REPR_LIMIT + 1, "the notation is bounded");

        let mut var = Var::default();
        found.store(&mut var);
        let value = var.value();
        assert_eq!(value.is_missing(), matches!(found, Found::Missing | Found::Null));
        assert!(found.equals(value), "a value equals its copy: {found:?}");
        assert!(equal(value, value), "a value equals itself: {found:?}");
        if let Value::Json(json) = value {
            assert_eq!(find(json, b""), found, "what is found is JSON");
        }
    }
}

/// Takes the bytes up to the first line end as a path in either notation and the rest as a
/// document; stops the program when following the path and looking in a tree contradict each
/// other.
pub fn run_query(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let (Some(path), Some(document)) = (parts.next(), parts.next()) else {
        return;
    };
    let Ok(query) = Query::new(path) else { return };
    let shown = |query: &Query| {
        query.first(document, |found, count| {
            let mut text = String::new();
            found.repr(&mut text);
            (text, count)
        })
    };
    let (found, count) = shown(&query);
    let is_valid = serde_json::from_slice::<serde_json::Value>(document).is_ok();
    match (&query, str::from_utf8(path).map(serde_json_path::JsonPath::parse)) {
        // In a document that is broken the scanner may find what a parser does not get to.
        (Query::One(_), Ok(Ok(tree)))
            if is_valid && super::is_jsonpath(&String::from_utf8_lossy(path)) =>
        {
            let by_tree = shown(&Query::Many(tree)).0;
            assert_eq!(as_in_tree(&by_tree), as_in_tree(&found), "both ways lead to the same");
        }
        (Query::Many(_), _) => assert!(is_valid || count == Count::Of(0), "{found}"),
        _ => {}
    }
}
