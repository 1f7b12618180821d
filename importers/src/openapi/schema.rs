//! A schema as what it asks for all in all: itself, what it refers to, and what `allOf` adds.

use serde_json::Value;

use super::document::Node;

/// Of so many parts a schema is made; more are not looked at.
const MAX_PARTS: usize = 400;
/// So many members of an object are looked at.
const MAX_MEMBERS: usize = 2000;

/// Schemas that must all hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema<'d> {
    /// Without references, and without `allOf` within `allOf`.
    parts: Vec<Node<'d>>,
    /// The schemas that were referred to: the way there as it is written, the nearest first.
    named: Vec<(&'d str, Node<'d>)>,
    /// Lists of alternatives of which one is among the parts already.
    decided: Vec<usize>,
}

/// Alternatives, one of which is to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'d> {
    pub(super) list: Node<'d>,
    /// Whether no other may hold as well.
    pub(super) exclusive: bool,
}

impl<'d> Schema<'d> {
    pub(super) fn of(node: Node<'d>) -> Self {
        let mut schema = Self::default();
        schema.add(node);
        schema
    }

    /// The same with another part, and the list from which that was picked.
    pub(super) fn with(&self, part: Node<'d>, list: Node<'d>) -> Self {
        let mut schema = Self { decided: self.decided.clone(), ..Self::default() };
        schema.decided.push(list.id());
        // What it is called counts before what the parts so far are called.
        let mut picked = Self::of(part);
        schema.named.append(&mut picked.named);
        schema.named.extend(self.named.iter().copied());
        schema.parts.clone_from(&self.parts);
        picked.parts.retain(|part| !schema.parts.iter().any(|known| known.is(*part)));
        schema.parts.append(&mut picked.parts);
        schema
    }

    /// Says what the schema is called before all else.
    pub(super) fn call(&mut self, reference: &'d str, target: Node<'d>) {
        self.named.insert(0, (reference, target));
    }

    fn add(&mut self, node: Node<'d>) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            let is_known = self.parts.iter().any(|known| known.is(node));
            if is_known || self.parts.len() >= MAX_PARTS {
                continue;
            }
            self.parts.push(node);
            if let (Some(reference), Some(target)) = (node.reference(), node.target()) {
                self.named.push((reference, target));
                waiting.push(target);
            }
            if let Some(all) = node.raw("allOf") {
                let mut parts: Vec<_> = all.raw_items().collect();
                parts.reverse();
                waiting.append(&mut parts);
            }
        }
    }

    pub(super) fn parts(&self) -> &[Node<'d>] {
        &self.parts
    }

    /// The references that led here, the nearest first, and their targets.
    pub(super) fn named(&self) -> &[(&'d str, Node<'d>)] {
        &self.named
    }

    /// What the parts say under a keyword.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = Node<'d>> {
        self.parts.iter().filter_map(move |part| part.raw(keyword))
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'d str> {
        self.all(keyword).find_map(|node| node.value.as_str())
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.all(keyword).any(|node| node.value.as_bool() == Some(true))
    }

    /// The largest number the parts say under a keyword.
    pub(super) fn most(&self, keyword: &str) -> Option<f64> {
        self.all(keyword).filter_map(|node| node.value.as_f64()).reduce(f64::max)
    }

    /// The smallest number the parts say under a keyword.
    pub(super) fn least(&self, keyword: &str) -> Option<f64> {
        self.all(keyword).filter_map(|node| node.value.as_f64()).reduce(f64::min)
    }

    /// Whether there is nothing that fits.
    pub(super) fn is_never(&self) -> bool {
        self.parts.iter().any(|part| part.value == &Value::Bool(false))
    }

    /// The types that all parts allow, without `null`; none when nothing is said.
    pub(super) fn types(&self) -> Option<Vec<&'d str>> {
        let mut types: Option<Vec<&'d str>> = None;
        for node in self.all("type") {
            let said: Vec<&str> = match node.value {
                Value::String(one) => vec![one.as_str()],
                Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            types = Some(match types {
                None => said,
                // Whole numbers are numbers, too.
                Some(known) => known
                    .into_iter()
                    .filter_map(|name| match name {
                        _ if said.contains(&name) => Some(name),
                        "integer" if said.contains(&"number") => Some("integer"),
                        "number" if said.contains(&"integer") => Some("integer"),
                        _ => None,
                    })
                    .collect(),
            });
        }
        types.map(|types| types.into_iter().filter(|name| *name != "null").collect())
    }

    /// Whether texts alone fit.
    pub(super) fn is_text(&self) -> bool {
        self.types().is_some_and(|types| types == ["string"])
    }

    /// Whether `null` fits.
    pub(super) fn is_nullable(&self) -> bool {
        let by_type = self.all("type").all(|node| match node.value {
            Value::Array(several) => several.iter().any(|name| name == "null"),
            Value::String(one) => one == "null",
            _ => true,
        });
        let says = self.all("type").next().is_some();
        (says && by_type) || self.flag("nullable") || self.flag("x-nullable")
    }

    /// The type to make a value of: what is said, or what the keywords are about.
    pub(super) fn main_type(&self) -> Option<&'d str> {
        if let Some(types) = self.types() {
            return types.first().copied();
        }
        let about = [
            ("object", ["properties", "additionalProperties", "required", "minProperties"]),
            ("array", ["items", "prefixItems", "minItems", "uniqueItems"]),
            ("string", ["pattern", "minLength", "maxLength", "format"]),
            ("number", ["minimum", "maximum", "multipleOf", "exclusiveMinimum"]),
        ];
        let told = about.iter().find(|(_, keywords)| {
            keywords.iter().any(|keyword| match *keyword {
                // Of a Swagger 2.0 parameter it is a flag.
                "required" => self.all(keyword).any(|node| node.value.is_array()),
                keyword => self.all(keyword).next().is_some(),
            })
        });
        told.map(|(name, _)| *name)
    }

    /// Values that the parts give as examples, those of the outermost first.
    pub(super) fn examples(&self) -> impl Iterator<Item = &'d Value> {
        self.parts.iter().flat_map(|part| {
            let one = part.raw("example").or_else(|| part.raw("x-example"));
            let several = part.raw("examples").into_iter().flat_map(Node::raw_items);
            one.into_iter().chain(several).map(|node| node.value)
        })
    }

    /// Whether the schema itself, not one it stands in, says what values to use.
    pub(super) fn has_example(&self) -> bool {
        self.examples().next().is_some()
            || self.all("const").next().is_some()
            || self.all("default").next().is_some()
    }

    /// The names of properties, in order.
    pub(super) fn properties(&self) -> Vec<&'d str> {
        let mut names: Vec<&str> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for list in self.all("properties") {
            let members = list.value.as_object().into_iter().flatten();
            names.extend(members.map(|(name, _)| name.as_str()).filter(|name| seen.insert(*name)));
        }
        names.truncate(MAX_MEMBERS);
        names
    }

    /// The schema of a property, also of one without a name of its own; none when it must not
    /// be there, or nothing is said of it.
    pub(super) fn property(&self, name: &str) -> Option<Self> {
        let mut schema = Self::default();
        for part in &self.parts {
            if let Some(own) = part.raw("properties").and_then(|list| list.raw(name)) {
                schema.add(own);
            }
        }
        (!schema.parts.is_empty()).then_some(schema)
    }

    /// The schema of members that have none of their own.
    pub(super) fn additional(&self) -> Option<Self> {
        let mut schema = Self::default();
        self.all("additionalProperties")
            .filter(|n| n.value.is_object())
            .for_each(|n| schema.add(n));
        (!schema.parts.is_empty()).then_some(schema)
    }

    /// Names that must be there.
    pub(super) fn required(&self) -> Vec<&'d str> {
        let mut names: Vec<&str> = Vec::new();
        for node in self.all("required").flat_map(Node::raw_items).take(MAX_MEMBERS) {
            match node.value.as_str() {
                Some(name) if !names.contains(&name) => names.push(name),
                _ => {}
            }
        }
        names
    }

    /// The schema of an item of a list.
    pub(super) fn item(&self, position: usize) -> Option<Self> {
        let mut schema = Self::default();
        for part in &self.parts {
            let before = part.raw("prefixItems").or_else(|| part.raw("items"));
            let own = before.and_then(|list| list.raw_items().nth(position));
            let rest = part.raw("items").filter(|items| items.value.is_object());
            if let Some(node) = own.or(rest) {
                schema.add(node);
            }
        }
        (!schema.parts.is_empty()).then_some(schema)
    }

    /// How many items have a schema of their own.
    pub(super) fn prefix_items(&self) -> usize {
        self.all("prefixItems").map(|list| list.raw_items().count()).max().unwrap_or(0)
    }

    /// Alternatives of which none has been picked.
    pub(super) fn choices(&self) -> Vec<Choice<'d>> {
        let mut choices = Vec::new();
        for (keyword, exclusive) in [("oneOf", true), ("anyOf", false)] {
            for list in self.all(keyword) {
                if list.raw_items().next().is_some() && !self.decided.contains(&list.id()) {
                    choices.push(Choice { list, exclusive });
                }
            }
        }
        choices
    }

    /// What the first condition that has not been looked at leads to: the schema with what follows
    /// where it holds, and with what follows where it does not.
    pub(super) fn condition(&self) -> Option<Vec<Self>> {
        let is_new = |node: &Node<'_>| !self.decided.contains(&node.id());
        let by_if =
            self.parts.iter().find_map(|part| Some((*part, part.raw("if").filter(is_new)?)));
        if let Some((part, condition)) = by_if {
            let holds = self.with(condition, condition);
            let holds = part.raw("then").map_or(holds.clone(), |then| holds.with(then, condition));
            let not = part.raw("else").map(|not| self.with(not, condition));
            return Some([Some(holds), not].into_iter().flatten().collect());
        }
        let mut with = self.clone();
        for (_, node) in
            self.all("dependentSchemas").flat_map(Node::raw_members).filter(|(_, n)| is_new(n))
        {
            with = with.with(node, node);
        }
        (with.decided.len() > self.decided.len()).then(|| vec![with])
    }

    /// Whether a list of alternatives, or a mapping, has been used.
    pub(super) fn has_decided(&self, list: Node<'d>) -> bool {
        self.decided.contains(&list.id())
    }

    /// The property that says which alternative a value is, and what its values stand for.
    pub(super) fn discriminator(&self) -> Option<(&'d str, Option<Node<'d>>)> {
        self.all("discriminator").find_map(|node| match node.value {
            // Swagger 2.0.
            Value::String(name) => Some((name.as_str(), None)),
            _ => Some((node.text("propertyName")?, node.raw("mapping"))),
        })
    }
}
