//! Comparison with `serde_json` on made-up documents, and hostile ones.

use ld_vm::{Value as VmValue, Var};
use proptest::prelude::*;
use serde_json::Value;

use super::{Found, equal, find, fuzz};

/// A document, and a way of writing it down that JSON allows.
#[derive(Debug, Clone)]
struct Document {
    value: Value,
    text: String,
}

/// Names that repeat, contain each other, and need or look like escapes.
const NAMES: [&str; 9] = ["a", "b", "aa", "id", "é", "a\"", "a/b", "\\u0061", "0"];

fn document() -> impl Strategy<Value = Document> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-20..20i64).prop_map(Value::from),
        // Few enough digits that both sides must read the same double.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 64.0)),
        "[a-c\"\\\\/\u{1}\n é€😀]{0,20}".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(4, 40, 6, |inner| {
        let name = prop::sample::select(&NAMES[..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    });
    (value, any::<u64>()).prop_map(|(value, seed)| {
        let mut text = String::new();
        write(&value, &mut fastrand::Rng::with_seed(seed), &mut text);
        Document { value, text }
    })
}

/// Writes a value with random layout, escapes and members that later ones override.
fn write(value: &Value, rng: &mut fastrand::Rng, out: &mut String) {
    space(rng, out);
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(item, rng, out);
            }
            space(rng, out);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                if rng.u8(..) < 40 {
                    write_string(name, rng, out);
                    out.push_str(": [{\"a\": 0}],");
                }
                space(rng, out);
                write_string(name, rng, out);
                space(rng, out);
                out.push(':');
                write(value, rng, out);
            }
            space(rng, out);
            out.push('}');
        }
        Value::String(text) => write_string(text, rng, out),
        other => out.push_str(&other.to_string()),
    }
    space(rng, out);
}

fn space(rng: &mut fastrand::Rng, out: &mut String) {
    while rng.u8(..) < 40 {
        out.push(rng.choice([' ', '\n', '\t', '\r']).unwrap());
    }
}

fn write_string(text: &str, rng: &mut fastrand::Rng, out: &mut String) {
    if rng.bool() {
        out.push_str(&Value::from(text).to_string());
        return;
    }
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\' | ..' ') || rng.u8(..) < 40 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04X}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

/// What the path means, by the rules of the language, on a tree.
fn walk<'v>(mut value: &'v Value, path: &str) -> Option<&'v Value> {
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        value = match value {
            Value::Object(members) => members.get(segment)?,
            Value::Array(items) => {
                let position: i64 = segment.parse().ok()?;
                let back = position.unsigned_abs() as usize;
                let at = if position < 0 { items.len().checked_sub(back)? } else { back };
                items.get(at)?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// A value that was found, as a tree.
fn tree(found: Found<'_>) -> Value {
    let mut var = Var::default();
    found.store(&mut var);
    match var.value() {
        VmValue::Unset | VmValue::Null => Value::Null,
        VmValue::Bool(flag) => Value::from(flag),
        VmValue::Int(number) => Value::from(number),
        VmValue::Float(number) => Value::from(number),
        VmValue::Text(text) => Value::from(str::from_utf8(text).unwrap()),
        VmValue::Json(json) => serde_json::from_slice(json).unwrap(),
    }
}

/// Equality of trees in the reference's sense.
fn python_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| python_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, _)| b.get(name).is_some_and(|b| python_equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b || matches!((as_double(a), as_double(b)), (Some(a), Some(b)) if a == b),
    }
}

/// The double a value equals exactly.
fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => {
            let double = number.as_f64()?;
            let is_exact = number.as_i64().is_none_or(|int| double as i128 == i128::from(int));
            is_exact.then_some(double)
        }
        _ => None,
    }
}

proptest! {
    #[test]
    fn the_whole_document_is_read_as_by_a_parser(document in document()) {
        prop_assert_eq!(tree(find(document.text.as_bytes(), "")), document.value);
    }

    #[test]
    fn paths_lead_where_they_lead_in_a_tree(
        document in document(),
        path in prop::collection::vec(
            prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
                        (-4..4i64).prop_map(|n| n.to_string()),
                        Just(String::new())],
            0..5,
        ),
    ) {
        let path = path.join(".");
        let expected = walk(&document.value, &path).unwrap_or(&Value::Null);
        prop_assert_eq!(&tree(find(document.text.as_bytes(), &path)), expected, "{}", path);
    }

    #[test]
    fn equality_does_not_depend_on_how_values_are_written(document in document(), seed: u64) {
        let mut other = String::new();
        write(&document.value, &mut fastrand::Rng::with_seed(seed), &mut other);
        let (a, b) = (document.text.as_bytes(), other.as_bytes());
        prop_assert!(equal(VmValue::Json(a), VmValue::Json(b)), "{}", other);
    }

    #[test]
    fn equality_is_that_of_trees(a in document(), b in document()) {
        let found = equal(VmValue::Json(a.text.as_bytes()), VmValue::Json(b.text.as_bytes()));
        prop_assert_eq!(found, python_equal(&a.value, &b.value));
    }

    #[test]
    fn a_broken_document_is_none(document in document(), at: prop::sample::Index, byte: u8) {
        // Only ASCII, as strings are not checked to be UTF-8.
        let mut text = document.text.into_bytes();
        text.retain(u8::is_ascii);
        if !text.is_empty() {
            let at = at.index(text.len());
            text[at] = byte & 0x7f;
        }
        let parsed = serde_json::from_slice::<Value>(&text);
        // A parser stops early where the grammar is kept and there is still no value.
        let gave_up = parsed.as_ref().is_err_and(|error| {
            let why = error.to_string();
            ["surrogate", "hex escape", "out of range"].iter().any(|limit| why.contains(limit))
        });
        prop_assume!(!gave_up);
        let found = find(&text, "");
        prop_assert_eq!(found != Found::Missing, parsed.is_ok(), "{}", String::from_utf8_lossy(&text));
    }
}

const SEEDS: &[&str] = &[
    r#"{"status":"ok","items":[{"id":1,"tags":["a","b"]},{"id":2.5e-3,"tags":[]}],"next":null}"#,
    r#" [ -0 , 1e5, "\ud83d\ude00\u0000\"\\" , {"" : {"a.b" : [ [ [ ] ] ]} }, true ] "#,
    r#"{"a":{"a":{"a":1},"a":{"a":2}},"\u0061":{"a":{"a":3}}}"#,
    "\u{feff}18446744073709551616",
];

/// Tries documents one to a few changes away from the seeds, with paths that fit them.
#[test]
fn changed_documents_contradict_nothing() {
    let mut rng = fastrand::Rng::with_seed(0x6a73_6f6e);
    let paths = ["", "items.-1.id", "a.a.a", "3..a.b.0", "items.0.tags.1", "\u{0}.\"", "-9.9"];
    for round in 0..30_000 {
        let seed = SEEDS[round % SEEDS.len()];
        let mut data = format!("{}\n{seed}", rng.choice(paths).unwrap()).into_bytes();
        for _ in 0..rng.usize(0..4) {
            let at = rng.usize(..data.len());
            match rng.u8(..5) {
                0 => data.truncate(at + 1),
                1 => data[at] ^= 1 << rng.u8(..8),
                2 => data.insert(at, rng.choice(*b"\"\\{}[],:0-.eu\0\xff").unwrap()),
                3 => drop(data.remove(at)),
                _ => data.extend_from_within(at..),
            }
            if data.is_empty() {
                break;
            }
        }
        fuzz::run(&data);
    }
}

#[test]
fn every_beginning_of_a_document_is_none() {
    for seed in &SEEDS[..3] {
        let text = seed.trim_end().as_bytes();
        assert_ne!(find(text, ""), Found::Missing);
        for end in 0..text.len() {
            assert_eq!(find(&text[..end], ""), Found::Missing, "{end} bytes of {seed}");
        }
    }
}
