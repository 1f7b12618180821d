//! Values that fit schemas: those the specification gives, or made-up ones, the same each time.

mod choose;
mod scalars;
mod sending;

use serde_json::{Map, Value, json};

use self::choose::{discriminator, may_be_null};
use self::sending::to_send;
use super::document::Node;
use super::fits::Checker;
use super::pattern;
use super::schema::Schema;

/// A value has at most so many values in it …
const MAX_VALUES: usize = 4000;
/// … and is nested so deeply at most.
const MAX_DEPTH: usize = 24;
/// Members that need not be there are left out from this depth on.
const OPTIONAL_DEPTH: usize = 4;
/// An object that may have more members than this gets those alone that must be there, or that
/// have an example.
const MANY_MEMBERS: usize = 12;
/// So many alternatives are tried.
const MAX_BRANCHES: usize = 12;

/// Makes values.
#[derive(Debug, Default)]
pub(super) struct Generator {
    pub(super) checker: Checker,
    /// Whether objects get all members they may have, and not those alone that matter.
    all_members: bool,
    /// Whether the value is for a form, where a list with one item looks like no list.
    pub(super) for_form: bool,
    values: usize,
    /// The schemas of objects that are being made, as the parts that name members.
    open: Vec<Vec<usize>>,
    /// Tells several values of one schema apart.
    number: u64,
    /// Examples that do not fit their schemas, as they were met.
    pub(super) misfits: Vec<String>,
}

impl Generator {
    /// One that gives objects all their members, or those alone that matter.
    pub(super) fn new(all_members: bool) -> Self {
        Self { all_members, ..Self::default() }
    }

    /// A value to send for a schema. `name` is what it is the value of. None when there is none
    /// that fits, as far as we can tell.
    pub(super) fn value(&mut self, schema: &Schema<'_>, name: &str) -> Option<Value> {
        self.values = 0;
        self.open.clear();
        self.number = 0;
        self.make(schema, name, 0)
    }

    /// The first of some examples that fits, without what is only read.
    pub(super) fn example<'v>(
        &mut self,
        schema: &Schema<'_>,
        examples: impl IntoIterator<Item = &'v Value>,
        name: &str,
    ) -> Option<Value> {
        let mut misfit = None;
        for example in examples {
            let example = to_send(schema, example, 0);
            if self.checker.fits(schema, &example) {
                return Some(example);
            }
            misfit.get_or_insert(example);
        }
        self.misfits.extend(misfit.map(|value| format!("{name}: {}", short(&value))));
        None
    }

    fn make(&mut self, schema: &Schema<'_>, name: &str, depth: usize) -> Option<Value> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES || schema.is_never() {
            return None;
        }
        if self.number == 0
            && let Some(example) = self.example(schema, schema.examples(), name)
        {
            return Some(example);
        }
        if let Some(value) = self.told(schema) {
            return Some(value);
        }
        let made = match self.alternative(schema, name, depth) {
            Some(made) => made,
            None => self.plain(schema, name, depth),
        };
        let made = made.map(|value| self.repaired(schema, value, name, depth));
        // What would go on without end is ended where that is possible.
        made.or_else(|| (schema.is_nullable() || may_be_null(schema)).then_some(Value::Null))
    }

    /// What `const`, `enum` and `default` say.
    fn told(&mut self, schema: &Schema<'_>) -> Option<Value> {
        let number = self.number;
        let constant = schema.all("const").map(|node| node.value);
        let default = schema.all("default").map(|node| node.value).filter(|_| number == 0);
        let listed: Vec<&Value> =
            schema.all("enum").flat_map(Node::raw_items).map(|node| node.value).collect();
        let turned = listed.iter().cycle().skip(number as usize % listed.len().max(1));
        let enumerated = turned.take(listed.len()).copied().filter(|value| !value.is_null());
        let all: Vec<&Value> = constant.chain(default).chain(enumerated).take(64).collect();
        all.into_iter().find(|value| self.checker.fits(schema, value)).cloned()
    }

    fn plain(&mut self, schema: &Schema<'_>, name: &str, depth: usize) -> Option<Value> {
        if schema.types().is_some_and(|types| types.is_empty()) {
            return schema.is_nullable().then_some(Value::Null);
        }
        let types = schema.types().unwrap_or_default();
        if types.len() > 1 {
            let mut first = None;
            for kind in types {
                let Some(value) = self.of_type(kind, schema, name, depth) else { continue };
                if self.checker.fits(schema, &value) {
                    return Some(value);
                }
                first.get_or_insert(value);
            }
            return first;
        }
        self.of_type(schema.main_type().unwrap_or("string"), schema, name, depth)
    }

    fn of_type(
        &mut self,
        kind: &str,
        schema: &Schema<'_>,
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "integer" => self.number(schema, true),
            "number" => self.number(schema, false),
            "boolean" => Some(json!(self.number.is_multiple_of(2))),
            _ => self.text(schema, name, depth).map(Value::String),
        }
    }

    fn object(&mut self, schema: &Schema<'_>, depth: usize) -> Option<Value> {
        let own = schema.parts().iter().filter(|part| part.raw("properties").is_some());
        let own: Vec<usize> = own.map(|part| part.id()).collect();
        let is_named = !own.is_empty();
        let nested = self.open.iter().filter(|open| is_named && **open == own).count();
        // What stands in itself is left out, or empty, unless all there may be is asked for.
        if nested > usize::from(self.all_members) {
            return None;
        }
        self.open.push(own);
        let made = self.members(schema, depth, nested > 0);
        self.open.pop();
        made
    }

    fn members(&mut self, schema: &Schema<'_>, depth: usize, again: bool) -> Option<Value> {
        let required = schema.required();
        let mut names = schema.properties();
        names.extend(required.iter().filter(|name| schema.property(name).is_none()).copied());
        let optional = names.iter().filter(|name| !required.contains(name)).count();
        let sparing = again || depth >= OPTIONAL_DEPTH;
        let most = schema.least("maxProperties").map_or(usize::MAX, |most| most as usize);
        let least = schema.most("minProperties").map_or(0, |least| least as usize);
        let mut members = Map::new();
        let mut left_out = Vec::new();
        let discriminator = discriminator(schema);
        for name in names {
            let own = schema.property(name).or_else(|| schema.additional()).unwrap_or_default();
            if own.flag("readOnly") {
                continue;
            }
            let must = required.contains(&name);
            let wanted = must
                || (!own.flag("deprecated")
                    && !sparing
                    && (self.all_members || optional <= MANY_MEMBERS || own.has_example()));
            if !wanted {
                left_out.push((name, own));
                continue;
            }
            let told = discriminator.as_ref().filter(|(property, _)| *property == name);
            let value = match told {
                Some((_, value)) if self.checker.fits(&own, value) => Some(value.clone()),
                _ => self.make(&own, name, depth + 1),
            };
            match value {
                // One that fits no single alternative, say, is better left out.
                Some(value) if must || self.checker.fits(&own, &value) => {
                    members.insert(name.to_owned(), value);
                }
                None if must => return None,
                _ => {}
            }
        }
        for (name, own) in left_out {
            if members.len() >= least {
                break;
            }
            members.extend(self.make(&own, name, depth + 1).map(|value| (name.to_owned(), value)));
        }
        self.more_members(schema, &mut members, least, depth);
        while members.len() > most {
            let name =
                members.keys().rev().find(|name| !required.contains(&name.as_str()))?.clone();
            members.shift_remove(&name);
        }
        self.dependent(schema, &mut members, depth);
        Some(Value::Object(members))
    }

    /// Members with names of our own, where some must be there or there are no others.
    fn more_members(
        &mut self,
        schema: &Schema<'_>,
        members: &mut Map<String, Value>,
        least: usize,
        depth: usize,
    ) {
        let additional = schema.additional();
        let is_map = additional.is_some() && schema.properties().is_empty();
        let wanted = least.max(usize::from(is_map && depth < OPTIONAL_DEPTH));
        let by_pattern = schema.all("patternProperties").flat_map(Node::raw_members).next();
        let keys = schema.all("propertyNames").next().map(Schema::of);
        for number in 1..=wanted.min(50) {
            if members.len() >= wanted {
                return;
            }
            let own = match (&additional, by_pattern) {
                (None, Some((_, node))) => Schema::of(node),
                (additional, _) => additional.clone().unwrap_or_default(),
            };
            let key = match (by_pattern, &keys) {
                (Some((pattern, _)), _) => pattern::text(pattern, 0, 100, number as u64),
                (None, Some(keys)) => {
                    let outer = std::mem::replace(&mut self.number, number as u64 - 1);
                    let key = self.make(keys, "key", depth + 1);
                    self.number = outer;
                    key.and_then(|key| key.as_str().map(ToOwned::to_owned))
                }
                (None, None) => None,
            };
            let key = key.unwrap_or_else(|| format!("key{number}"));
            members.extend(self.make(&own, "value", depth + 1).map(|value| (key, value)));
        }
    }

    /// What must be there because something else is.
    fn dependent(&mut self, schema: &Schema<'_>, members: &mut Map<String, Value>, depth: usize) {
        let lists = schema.all("dependentRequired").flat_map(Node::raw_members);
        for (name, needed) in lists {
            for needed in needed.raw_items().filter_map(|node| node.value.as_str()) {
                if members.contains_key(name) && !members.contains_key(needed) {
                    let own = schema.property(needed).unwrap_or_default();
                    let value = self.make(&own, needed, depth + 1);
                    members.extend(value.map(|value| (needed.to_owned(), value)));
                }
            }
        }
    }

    fn array(&mut self, schema: &Schema<'_>, name: &str, depth: usize) -> Option<Value> {
        let least = schema.most("minItems").map_or(0, |least| least as usize);
        let most = schema.least("maxItems").map_or(usize::MAX, |most| most as usize);
        let usual = if self.for_form && depth <= 1 { 2 } else { 1 };
        let before = schema.prefix_items();
        let contained = schema.all("contains").next();
        let certain = contained.map_or(0, |_| schema.most("minContains").unwrap_or(1.0) as usize);
        let wanted = least.max(before + certain).max(usual).min(most).min(MAX_VALUES);
        let name = name.strip_suffix('s').unwrap_or(name);
        let unique = schema.flag("uniqueItems");
        let outer = self.number;
        let mut items: Vec<Value> = Vec::new();
        'items: for position in 0..wanted {
            let mut own = schema.item(position).unwrap_or_default();
            if let Some(contained) = contained.filter(|_| position >= before) {
                own = own.with(contained, contained);
            }
            for attempt in 0..30 {
                self.number = outer + position as u64 + attempt;
                match self.make(&own, name, depth + 1) {
                    Some(item) if unique && items.contains(&item) => {}
                    Some(item) => {
                        items.push(item);
                        continue 'items;
                    }
                    None => break 'items,
                }
            }
            break;
        }
        self.number = outer;
        (items.len() >= least).then_some(Value::Array(items))
    }
}

/// The beginning of a value, to tell which it is.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
