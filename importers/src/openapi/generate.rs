//! Values that fit schemas: those the specification gives, or made-up ones, the same each time.

use serde_json::{Map, Number, Value, json};

use super::document::Node;
use super::fits::{self, Checker};
use super::schema::{Choice, Schema};
use super::{formats, pattern};

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

    /// A value by one of the alternatives, none if none of them has one; none of both when there
    /// are no alternatives.
    fn alternative(
        &mut self,
        schema: &Schema<'_>,
        name: &str,
        depth: usize,
    ) -> Option<Option<Value>> {
        if let Some((mapping, reference, target)) = mapped(schema) {
            let mut picked = schema.with(target, mapping);
            picked.call(reference, target);
            return Some(self.make(&picked, name, depth));
        }
        let Choice { list, .. } = schema.choices().first().copied()?;
        let mut made = Vec::new();
        let branches = list.raw_items().filter(|branch| !is_null(*branch));
        for branch in branches.take(MAX_BRANCHES) {
            let misfits = self.misfits.len();
            let value = self.make(&schema.with(branch, list), name, depth);
            if let Some(value) = value {
                if self.checker.fits(schema, &value) {
                    return Some(Some(value));
                }
                made.push((branch, value));
            }
            self.misfits.truncate(misfits);
        }
        // A discriminator says which one it is to all who read it.
        if schema.discriminator().is_none() {
            let apart = made
                .iter()
                .find_map(|(branch, value)| self.told_apart(schema, list, *branch, value.clone()));
            if apart.is_some() {
                return Some(apart);
            }
        }
        Some(made.into_iter().next().map(|(_, value)| value))
    }

    /// An object that fits several of some alternatives, with members that all but its own refuse:
    /// members that only these know, with values that they do not take.
    fn told_apart<'d>(
        &mut self,
        schema: &Schema<'d>,
        list: Node<'d>,
        own: Node<'d>,
        mut value: Value,
    ) -> Option<Value> {
        let odd = [json!({}), json!("other"), json!([])];
        let mine = schema.with(own, list);
        for other in list.raw_items().filter(|other| !other.is(own)).take(MAX_BRANCHES) {
            let theirs = Schema::of(other);
            if !self.checker.fits(&theirs, &value) {
                continue;
            }
            let members = value.as_object_mut()?;
            let unknown =
                |name: &&str| mine.property(name).is_none() && !members.contains_key(*name);
            let (name, refused) =
                theirs.properties().into_iter().filter(unknown).find_map(|name| {
                    let property = theirs.property(name)?;
                    let refused = odd.iter().find(|odd| !self.checker.fits(&property, odd))?;
                    Some((name, refused.clone()))
                })?;
            members.insert(name.to_owned(), refused);
        }
        self.checker.fits(schema, &value).then_some(value)
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
            _ => self.text(schema, name).map(Value::String),
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
                (None, Some(keys)) => self.text(keys, "key"),
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
        let wanted = least.max(schema.prefix_items()).max(usual).min(most).min(MAX_VALUES);
        let name = name.strip_suffix('s').unwrap_or(name);
        let unique = schema.flag("uniqueItems");
        let outer = self.number;
        let mut items: Vec<Value> = Vec::new();
        'items: for position in 0..wanted {
            let own = schema.item(position).unwrap_or_default();
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

    fn number(&mut self, schema: &Schema<'_>, whole: bool) -> Option<Value> {
        let (least, above) = fits::lower(schema);
        let (most, below) = fits::upper(schema);
        let step = schema.most("multipleOf").filter(|step| *step > 0.0);
        let grain = step.unwrap_or(if whole { 1.0 } else { 0.5 });
        let align = |value: f64| (value / grain).ceil() * grain;
        let first = match (least, most) {
            (Some(least), _) if least > 0.0 => {
                align(least) + if above && align(least) <= least { grain } else { 0.0 }
            }
            (_, Some(most)) if most < 1.0 => {
                let floor = (most / grain).floor() * grain;
                floor - if below && floor >= most { grain } else { 0.0 }
            }
            _ => align(1.0),
        };
        let middle = least.zip(most).map(|(least, most)| f64::midpoint(least, most));
        let candidates = [first + grain * self.number as f64, first, 0.0]
            .into_iter()
            .chain(least)
            .chain(most)
            .chain(middle);
        let found = candidates
            .filter(|value| !whole || value.fract() == 0.0)
            .find(|value| fits::is_in_range(schema, *value))?;
        Some(number(found))
    }

    fn text(&mut self, schema: &Schema<'_>, name: &str) -> Option<String> {
        let least = schema.most("minLength").map_or(0, |least| least as usize);
        let most = schema.least("maxLength").map_or(usize::MAX, |most| most as usize);
        if least > 1 << 20 {
            return None;
        }
        let number = self.number;
        let pattern = schema.text("pattern");
        let format = schema.text("format");
        let by_format = || formats::text(format?, number);
        // Two names are to have two texts.
        let seed =
            name.bytes().fold(number, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let by_pattern = || pattern::text(pattern?, least, most, seed);
        let by_encoding =
            || (schema.text("contentEncoding")? == "base64").then(|| "bG9hZA==".to_owned());
        let by_name = || {
            let base = if name.is_empty() { "text" } else { name };
            let numbered =
                if number == 0 { base.to_owned() } else { format!("{base}-{}", number + 1) };
            let cut: String = numbered.chars().take(most).collect();
            // Cut off, all would be the same.
            let cut = if number > 0 && cut.len() < numbered.len() {
                let digits = (number + 1).to_string();
                let kept: String = base.chars().take(most.saturating_sub(digits.len())).collect();
                kept + &digits
            } else {
                cut
            };
            let length = cut.chars().count();
            cut + &"x".repeat(least.saturating_sub(length))
        };
        let candidates =
            [by_format(), by_pattern(), by_encoding()].into_iter().flatten().chain([by_name()]);
        let candidates: Vec<String> = candidates.collect();
        let fitting = candidates.iter().find(|text| self.checker.text(schema, text));
        fitting.or(candidates.first()).cloned()
    }
}

/// The alternative that a discriminator's mapping names first, where nothing else says which
/// kind of value a base schema stands for; with the mapping.
fn mapped<'d>(schema: &Schema<'d>) -> Option<(Node<'d>, &'d str, Node<'d>)> {
    let (property, mapping) = schema.discriminator()?;
    let mapping = mapping?;
    let is_told = schema
        .property(property)
        .is_some_and(|own| own.all("const").next().is_some() || own.all("enum").next().is_some());
    if schema.has_decided(mapping) || !schema.choices().is_empty() || is_told {
        return None;
    }
    let is_named = |target: Node<'_>| schema.named().iter().any(|(_, known)| known.is(target));
    let targets: Vec<_> = mapping
        .raw_members()
        .filter_map(|(_, node)| {
            let reference = node.value.as_str()?;
            Some((reference, refer(mapping, reference)?))
        })
        .collect();
    let is_picked = targets.iter().any(|(_, target)| is_named(*target));
    targets.first().filter(|_| !is_picked).map(|(name, target)| (mapping, *name, *target))
}

/// The property that says which alternative a value is, and what it says of this one.
fn discriminator<'d>(schema: &Schema<'d>) -> Option<(&'d str, Value)> {
    let (property, mapping) = schema.discriminator()?;
    for (reference, target) in schema.named() {
        let by_mapping = mapping.into_iter().flat_map(Node::raw_members).find(|(_, node)| {
            node.value.as_str().and_then(|to| refer(*node, to)).is_some_and(|to| to.is(*target))
        });
        if let Some((name, _)) = by_mapping {
            return Some((property, json!(name)));
        }
        // The nearest that is no mere alias.
        if target.reference().is_none() {
            let name = reference.rsplit(['/', '#']).next().unwrap_or(reference);
            return Some((property, json!(name)));
        }
    }
    None
}

/// What a mapping refers to: a reference, or the name of a schema.
fn refer<'d>(from: Node<'d>, to: &str) -> Option<Node<'d>> {
    from.refer(to).or_else(|| from.refer(&format!("#/components/schemas/{to}")))
}

/// Whether one of the alternatives is that there is no value.
fn may_be_null(schema: &Schema<'_>) -> bool {
    schema.choices().iter().any(|choice| choice.list.raw_items().any(is_null))
}

/// Whether an alternative is that there is no value.
fn is_null(branch: Node<'_>) -> bool {
    let schema = Schema::of(branch);
    schema.is_nullable()
        && schema.types().is_none_or(|types| types.is_empty())
        && schema.all("type").next().is_some()
}

/// An example as it is sent: without the members that are only read.
fn to_send(schema: &Schema<'_>, example: &Value, depth: usize) -> Value {
    match example {
        _ if depth > MAX_DEPTH => example.clone(),
        Value::Object(members) if !schema.is_text() => members
            .iter()
            .filter_map(|(name, value)| match schema.property(name) {
                Some(own) if own.flag("readOnly") => None,
                Some(own) => Some((name.clone(), to_send(&own, value, depth + 1))),
                None => Some((name.clone(), value.clone())),
            })
            .collect(),
        Value::Array(items) if !schema.is_text() => items
            .iter()
            .enumerate()
            .map(|(position, value)| match schema.item(position) {
                Some(own) => to_send(&own, value, depth + 1),
                None => value.clone(),
            })
            .collect(),
        _ => nearest(schema, example.clone()),
    }
}

/// An example with the type the schema asks for, where YAML or a hasty author wrote another:
/// numbers in quotes and texts without them.
fn nearest(schema: &Schema<'_>, example: Value) -> Value {
    let types = schema.types().unwrap_or_default();
    match (&example, types.as_slice()) {
        (Value::Number(_) | Value::Bool(_) | Value::Object(_), ["string"]) => {
            Value::String(example.to_string())
        }
        (Value::String(text), ["integer" | "number" | "boolean"]) => {
            let read = serde_json::from_str::<Value>(text).ok();
            read.filter(|value| value.is_number() || value.is_boolean()).unwrap_or(example)
        }
        (Value::String(text), ["object" | "array"]) => {
            let read = serde_json::from_str::<Value>(text).ok();
            read.filter(|value| value.is_object() || value.is_array()).unwrap_or(example)
        }
        _ => example,
    }
}

/// A number without a fraction when it has none.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
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
