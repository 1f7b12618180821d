//! Where two outcomes differ.

use std::fmt;

use serde_json::{Map, Value};

/// A place where the reference and `ldvm` differ, and what each has there; null is nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// A JSON pointer (RFC 6901) into both outcomes.
    pub(crate) at: String,
    pub(crate) reference: Value,
    pub(crate) ldvm: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, reference, ldvm } = self;
        write!(f, "  at {at:?}\n    reference: {reference}\n    ldvm:      {ldvm}")
    }
}

/// The differences, the smallest values that hold them, in the order of their places. Lists of
/// different length differ as a whole, and so does everything when `ldvm` refused the plan.
pub(crate) fn between(reference: &Value, ldvm: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    if ldvm.get("refused").is_some() {
        let at = String::new();
        return vec![Difference { at, reference: reference.clone(), ldvm: ldvm.clone() }];
    }
    collect("", reference, ldvm, &mut found);
    found.sort_by(|one, other| one.at.cmp(&other.at));
    found
}

fn collect(at: &str, reference: &Value, ldvm: &Value, found: &mut Vec<Difference>) {
    match (reference, ldvm) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for key in keys(theirs, ours) {
                let of = |object: &Map<String, Value>| object.get(key).cloned().unwrap_or_default();
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(&format!("{at}/{key}"), &of(theirs), &of(ours), found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                collect(&format!("{at}/{index}"), theirs, ours, found);
            }
        }
        _ if reference == ldvm => {}
        _ => found.push(Difference {
            at: at.to_owned(),
            reference: reference.clone(),
            ldvm: ldvm.clone(),
        }),
    }
}

fn keys<'a>(one: &'a Map<String, Value>, other: &'a Map<String, Value>) -> Vec<&'a String> {
    let more = other.keys().filter(|key| !one.contains_key(*key));
    one.keys().chain(more).collect()
}
