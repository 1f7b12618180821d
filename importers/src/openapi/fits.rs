//! Whether a value fits a schema: examples in specifications often do not.

use std::collections::HashMap;

use regex::Regex;
use serde_json::Value;

use super::document::Node;
use super::formats;
use super::pattern;
use super::schema::Schema;

/// Checks values; what takes too long to look at passes.
#[derive(Debug, Default)]
pub(super) struct Checker {
    /// Regular expressions by their text; none where ours cannot read it.
    patterns: HashMap<String, Option<Regex>>,
    steps: usize,
}

/// A value is looked at in so many steps.
const MAX_STEPS: usize = 20_000;
/// Alternatives in alternatives are followed so far.
const MAX_DEPTH: usize = 64;

impl Checker {
    /// Whether a value can be sent where the schema holds: members that are only read are not
    /// asked for.
    pub(super) fn fits(&mut self, schema: &Schema<'_>, value: &Value) -> bool {
        self.steps = 0;
        self.check(schema, value, 0)
    }

    fn check(&mut self, schema: &Schema<'_>, value: &Value, depth: usize) -> bool {
        self.steps += 1 + schema.parts().len() / 8;
        if self.steps > MAX_STEPS || depth > MAX_DEPTH {
            return true;
        }
        if schema.is_never() {
            return false;
        }
        if value.is_null() && schema.is_nullable() {
            return true;
        }
        if value.is_null() && schema.types().is_some() {
            return false;
        }
        if let Some(types) = schema.types()
            && !types.iter().any(|name| is_of(value, name))
        {
            return false;
        }
        let one_of = |node: Node<'_>| node.raw_items().any(|item| same(item.value, value));
        if !schema.all("enum").all(one_of)
            || !schema.all("const").all(|node| same(node.value, value))
        {
            return false;
        }
        let by_kind = match value {
            Value::Number(number) => is_in_range(schema, number.as_f64().unwrap_or_default()),
            Value::String(text) => self.text(schema, text),
            Value::Array(items) => self.list(schema, items, depth),
            Value::Object(_) => self.object(schema, value, depth),
            _ => true,
        };
        by_kind && self.alternatives(schema, value, depth)
    }

    fn alternatives(&mut self, schema: &Schema<'_>, value: &Value, depth: usize) -> bool {
        for choice in schema.choices() {
            let mut fitting = 0;
            for branch in choice.list.raw_items() {
                fitting += usize::from(self.check(&Schema::of(branch), value, depth + 1));
                if fitting > usize::from(choice.exclusive) {
                    break;
                }
            }
            if fitting == 0 || (choice.exclusive && fitting > 1) {
                return false;
            }
        }
        schema.all("not").all(|node| {
            // A schema that asks for nothing we look at is not known to fit.
            !self.check(&Schema::of(node), value, depth + 1)
        }) && self.conditions(schema, value, depth)
    }

    /// Whether what `if` and `dependentSchemas` ask for of this value holds.
    fn conditions(&mut self, schema: &Schema<'_>, value: &Value, depth: usize) -> bool {
        for part in schema.parts() {
            if let Some(condition) = part.raw("if") {
                let holds = self.check(&Schema::of(condition), value, depth + 1);
                let then = part.raw(if holds { "then" } else { "else" });
                if then.is_some_and(|then| !self.check(&Schema::of(then), value, depth + 1)) {
                    return false;
                }
            }
        }
        let mut dependent = schema.all("dependentSchemas").flat_map(Node::raw_members);
        dependent.all(|(name, node)| {
            value.get(name).is_none() || self.check(&Schema::of(node), value, depth + 1)
        })
    }

    /// Whether a text has the length, the pattern and the format.
    pub(super) fn text(&mut self, schema: &Schema<'_>, text: &str) -> bool {
        let length = text.chars().count() as f64;
        schema.most("minLength").is_none_or(|least| length >= least)
            && schema.least("maxLength").is_none_or(|most| length <= most)
            && schema
                .all("pattern")
                .all(|node| node.value.as_str().is_none_or(|p| self.matches(p, text)))
            && schema
                .all("format")
                .all(|node| node.value.as_str().is_none_or(|name| formats::is(name, text)))
    }

    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let known =
            self.patterns.entry(pattern.to_owned()).or_insert_with(|| pattern::regex(pattern));
        known.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    fn list(&mut self, schema: &Schema<'_>, items: &[Value], depth: usize) -> bool {
        let count = items.len() as f64;
        if schema.most("minItems").is_some_and(|least| count < least)
            || schema.least("maxItems").is_some_and(|most| count > most)
        {
            return false;
        }
        let is_double = |(at, item): (usize, &Value)| items.iter().take(at).any(|old| old == item);
        if schema.flag("uniqueItems")
            && items.len() < 200
            && items.iter().enumerate().any(is_double)
        {
            return false;
        }
        let all_fit = items.iter().enumerate().all(|(position, item)| {
            schema.item(position).is_none_or(|schema| self.check(&schema, item, depth + 1))
        });
        let least = schema.most("minContains").unwrap_or(1.0);
        let most = schema.least("maxContains");
        all_fit
            && schema.all("contains").all(|node| {
                let wanted = Schema::of(node);
                let found =
                    items.iter().filter(|item| self.check(&wanted, item, depth + 1)).count() as f64;
                found >= least && most.is_none_or(|most| found <= most)
            })
    }

    fn object(&mut self, schema: &Schema<'_>, value: &Value, depth: usize) -> bool {
        let Value::Object(members) = value else { return true };
        let count = members.len() as f64;
        if schema.most("minProperties").is_some_and(|least| count < least)
            || schema.least("maxProperties").is_some_and(|most| count > most)
        {
            return false;
        }
        let is_missing = |name: &&str| {
            !members.contains_key(*name)
                && !schema.property(name).is_some_and(|schema| schema.flag("readOnly"))
        };
        if schema.required().iter().any(is_missing) {
            return false;
        }
        for part in schema.parts() {
            // Each part closes what it says itself.
            if part.flag("additionalProperties") == Some(false)
                && members.keys().any(|name| !self.is_said(*part, name))
            {
                return false;
            }
        }
        let asked = schema.all("dependentRequired").flat_map(Node::raw_members);
        let is_there = |node: Node<'_>| node.value.as_str().is_none_or(|n| members.contains_key(n));
        if !asked
            .filter(|(name, _)| members.contains_key(*name))
            .all(|(_, n)| n.raw_items().all(is_there))
        {
            return false;
        }
        let mut names = schema.all("propertyNames").map(Schema::of);
        if !names.all(|own| {
            members.keys().all(|n| self.check(&own, &Value::from(n.as_str()), depth + 1))
        }) {
            return false;
        }
        let additional = schema.additional();
        members.iter().all(|(name, value)| {
            let patterned: Vec<Schema<'_>> = schema
                .all("patternProperties")
                .flat_map(Node::raw_members)
                .filter(|(pattern, _)| self.matches(pattern, name))
                .map(|(_, node)| Schema::of(node))
                .collect();
            let own = schema.property(name);
            let rest = additional.as_ref().filter(|_| own.is_none() && patterned.is_empty());
            own.iter().chain(&patterned).chain(rest).all(|own| self.check(own, value, depth + 1))
        })
    }

    /// Whether a part knows a member, or may by a pattern.
    fn is_said(&mut self, part: Node<'_>, name: &str) -> bool {
        let mut patterns = part.raw("patternProperties").into_iter().flat_map(Node::raw_members);
        part.raw("properties").is_some_and(|list| list.raw(name).is_some())
            || patterns.any(|(pattern, _)| self.matches(pattern, name))
    }
}

/// Whether a value is of a type of JSON Schema.
fn is_of(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("string", Value::String(_))
        | ("number", Value::Number(_))
        | ("boolean", Value::Bool(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_))
        | ("file", Value::String(_)) => true,
        ("integer", Value::Number(number)) => {
            number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => false,
    }
}

/// Whether two values are equal, 1 and 1.0 being so.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// The limits of a number: `exclusive…` is a flag in 3.0 and a number in 3.1.
pub(super) fn is_in_range(schema: &Schema<'_>, number: f64) -> bool {
    let (least, above) = lower(schema);
    let (most, below) = upper(schema);
    least.is_none_or(|least| if above { number > least } else { number >= least })
        && most.is_none_or(|most| if below { number < most } else { number <= most })
        && schema.all("multipleOf").filter_map(|node| node.value.as_f64()).all(|step| {
            let times = number / step;
            step == 0.0 || (times - times.round()).abs() < 1e-9
        })
}

/// The lower limit, and whether it is excluded itself.
pub(super) fn lower(schema: &Schema<'_>) -> (Option<f64>, bool) {
    limit(
        schema.most("minimum"),
        schema.most("exclusiveMinimum"),
        schema.flag("exclusiveMinimum"),
        f64::ge,
    )
}

/// The upper limit, and whether it is excluded itself.
pub(super) fn upper(schema: &Schema<'_>) -> (Option<f64>, bool) {
    limit(
        schema.least("maximum"),
        schema.least("exclusiveMaximum"),
        schema.flag("exclusiveMaximum"),
        f64::le,
    )
}

fn limit(
    with: Option<f64>,
    without: Option<f64>,
    excluded: bool,
    goes_before: fn(&f64, &f64) -> bool,
) -> (Option<f64>, bool) {
    match (with, without) {
        (Some(with), Some(without)) if goes_before(&without, &with) => (Some(without), true),
        (Some(with), _) => (Some(with), excluded),
        (None, Some(without)) => (Some(without), true),
        (None, None) => (None, false),
    }
}
