//! Values where a schema leaves a choice: one of several alternatives, what a condition asks for,
//! what a discriminator names.

use serde_json::{Value, json};

use super::super::document::Node;
use super::super::schema::{Choice, Schema};
use super::{Generator, MAX_BRANCHES};

impl Generator {
    /// A value by one of the alternatives, none if none of them has one; none of both when there
    /// are no alternatives.
    pub(super) fn alternative(
        &mut self,
        schema: &Schema<'_>,
        name: &str,
        depth: usize,
    ) -> Option<Option<Value>> {
        if let Some(made) = self.conditional(schema, name, depth) {
            return Some(Some(made));
        }
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

    /// A value for which the first condition holds, with what follows from that; or else one for
    /// which it does not.
    fn conditional(&mut self, schema: &Schema<'_>, name: &str, depth: usize) -> Option<Value> {
        let ways = schema.condition()?;
        let misfits = self.misfits.len();
        for way in ways {
            if let Some(value) = self.make(&way, name, depth)
                && self.checker.fits(schema, &value)
            {
                return Some(value);
            }
            self.misfits.truncate(misfits);
        }
        None
    }

    /// A value that the keywords which compare schemas refuse, changed until it fits: without
    /// one of the members that need not be there, or another text or number. The value itself
    /// when nothing helps.
    pub(super) fn repaired(
        &mut self,
        schema: &Schema<'_>,
        value: Value,
        name: &str,
        depth: usize,
    ) -> Value {
        let compares = |keyword: &&str| schema.all(keyword).next().is_some();
        let all = ["not", "oneOf", "anyOf", "if", "dependentSchemas", "dependentRequired"];
        if !all.iter().any(compares) || self.checker.fits(schema, &value) {
            return value;
        }
        if let Value::Object(members) = &value {
            let required = schema.required();
            let spare: Vec<&String> =
                members.keys().rev().filter(|name| !required.contains(&name.as_str())).collect();
            for name in spare {
                let mut fewer = members.clone();
                fewer.shift_remove(name);
                let fewer = Value::Object(fewer);
                if self.checker.fits(schema, &fewer) {
                    return fewer;
                }
            }
            return value;
        }
        let outer = self.number;
        for number in 1..=MAX_BRANCHES as u64 {
            self.number = outer + number;
            let other = self.plain(schema, name, depth);
            self.number = outer;
            if let Some(other) = other.filter(|other| self.checker.fits(schema, other)) {
                return other;
            }
        }
        value
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
}

/// The alternative that a discriminator's mapping names first, where nothing else says which
/// kind of value a base schema stands for; with the mapping.
fn mapped<'d>(schema: &Schema<'d>) -> Option<(Node<'d>, &'d str, Node<'d>)> {
    let (property, mapping) = schema.discriminator()?;
    let mapping = mapping?;
    let is_told = schema.property(property).is_some_and(|own| {
        // A base schema lists all values there are, and each that is made of it its own.
        let is_one = |list: Node<'_>| list.raw_items().count() == 1;
        own.all("const").next().is_some() || own.all("enum").any(is_one)
    });
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
pub(super) fn discriminator<'d>(schema: &Schema<'d>) -> Option<(&'d str, Value)> {
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
pub(super) fn may_be_null(schema: &Schema<'_>) -> bool {
    schema.choices().iter().any(|choice| choice.list.raw_items().any(is_null))
}

/// Whether an alternative is that there is no value.
fn is_null(branch: Node<'_>) -> bool {
    let schema = Schema::of(branch);
    schema.is_nullable()
        && schema.types().is_none_or(|types| types.is_empty())
        && schema.all("type").next().is_some()
}
