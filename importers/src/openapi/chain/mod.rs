//! What one operation gives another: ids of what was created, and what `links` say. From that
//! follows the order in which operations are called.

mod creators;
mod links;
mod order;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::expect::{self, Response};
use super::generate::Generator;
use super::model::{Api, Operation, Parameter, Place};
use super::names::{is_short_for, variable};
use super::schema::Schema;
use super::style::Style;
use crate::notes::Notes;

/// What operations give each other.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Variables and what they are at first.
    pub(super) variables: Map<String, Value>,
    /// The variable for a parameter of an operation.
    pub(super) uses: HashMap<(usize, String), String>,
    /// What links say that a parameter of an operation is.
    pub(super) constants: HashMap<(usize, String), Value>,
    /// What links say that the body of an operation is, in terms of a plan.
    pub(super) bodies: HashMap<usize, Value>,
    /// What operations extract.
    pub(super) extracts: BTreeMap<usize, Vec<Value>>,
    /// Variables that are what stands at a JSON pointer of an operation's body.
    pub(super) members: Vec<(usize, String, String)>,
    /// The operations in the order in which they are called.
    pub(super) order: Vec<usize>,
}

/// A variable for parameters of paths.
struct Resource<'d> {
    parameter: &'d str,
    schema: Schema<'d>,
    /// The paths before the parameter, such as `/pets`.
    collections: Vec<&'d str>,
    /// Operations that have it in their paths.
    users: Vec<usize>,
    /// Those that remove what it identifies.
    removers: Vec<usize>,
}

/// Finds what operations give each other, and orders them.
pub(super) fn chain(
    api: Api<'_>,
    operations: &[Operation<'_>],
    generator: &mut Generator,
    taken: &Map<String, Value>,
    notes: &mut Notes,
) -> Chain {
    let good: Vec<_> = operations.iter().map(|operation| expect::good(api, operation)).collect();
    let mut maker = Maker {
        operations,
        good,
        generator,
        taken,
        notes,
        chain: Chain::default(),
        resources: Vec::new(),
        after: vec![BTreeSet::new(); operations.len()],
    };
    maker.find_resources();
    maker.find_creators();
    maker.follow_links();
    maker.order_uses();
    let order = order::order(operations, &maker.after);
    Chain { order, ..maker.chain }
}

struct Maker<'m, 'd> {
    operations: &'m [Operation<'d>],
    good: Vec<Vec<Response<'d>>>,
    generator: &'m mut Generator,
    taken: &'m Map<String, Value>,
    notes: &'m mut Notes,
    chain: Chain,
    resources: Vec<(String, Resource<'d>)>,
    /// Operations that come before each.
    after: Vec<BTreeSet<usize>>,
}

impl<'d> Maker<'_, 'd> {
    /// Gives parameters of paths their variables.
    fn find_resources(&mut self) {
        // What the parameters at the same place in paths are called.
        let mut called: HashMap<&str, Vec<&str>> = HashMap::new();
        for operation in self.operations {
            for (at, name) in placeholders(operation.path) {
                let names = called.entry(operation.path.get(..at).unwrap_or_default()).or_default();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        for (number, operation) in self.operations.iter().enumerate() {
            let path = operation.path;
            for (at, name) in placeholders(path) {
                let parameter = operation.at(Place::Path).find(|known| known.name == name);
                let schema = parameter.map(Parameter::schema).unwrap_or_default();
                if parameter.is_some_and(|known| !is_plain(known))
                    || schema.all("enum").next().is_some()
                    || schema.all("const").next().is_some()
                {
                    continue;
                }
                let before = path.get(..at).unwrap_or_default();
                let behind = path.get(at + name.len() + 2..).unwrap_or_default();
                let examples = parameter.map(Parameter::examples).unwrap_or_default();
                let misfits = self.generator.misfits.len();
                let given = self.generator.example(&schema, examples, name);
                let made = given.or_else(|| self.generator.value(&schema, name));
                // They are told when the operation is written.
                self.generator.misfits.truncate(misfits);
                let value = match made {
                    Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => value,
                    _ => json!("1"),
                };
                let mut others = called.get(before).into_iter().flatten();
                let longer = others.find(|other| is_short_for(name, other));
                let wanted = variable(before, longer.unwrap_or(&name));
                let name_of_it = self.named(&wanted, &schema, value);
                let resource = match self.resources.iter_mut().find(|(n, _)| *n == name_of_it) {
                    Some((_, resource)) => resource,
                    None => {
                        let resource = Resource {
                            parameter: name,
                            schema,
                            collections: Vec::new(),
                            users: Vec::new(),
                            removers: Vec::new(),
                        };
                        self.resources.push((name_of_it.clone(), resource));
                        let Some((_, last)) = self.resources.last_mut() else { continue };
                        last
                    }
                };
                if let Some(collection) = before.strip_suffix('/')
                    && !resource.collections.contains(&collection)
                {
                    resource.collections.push(collection);
                }
                resource.users.push(number);
                if operation.method == "DELETE" && matches!(behind, "" | "/" | ".json") {
                    resource.removers.push(number);
                }
                self.chain.uses.insert((number, name.to_owned()), name_of_it);
            }
        }
    }

    /// The variable of this name, or another one where its value does not fit.
    fn named(&mut self, wanted: &str, schema: &Schema<'_>, value: Value) -> String {
        for number in 1..1000 {
            let name = if number == 1 { wanted.to_owned() } else { format!("{wanted}_{number}") };
            match self.chain.variables.get(&name) {
                Some(known) if *known == value || self.generator.checker.fits(schema, known) => {
                    return name;
                }
                Some(_) => {}
                None if self.taken.contains_key(&name) || name == "base_url" => {}
                None => {
                    self.chain.variables.insert(name.clone(), value);
                    return name;
                }
            }
        }
        wanted.to_owned()
    }

    /// Lets an operation extract a variable, in place of what it extracted it from so far.
    fn extract(&mut self, operation: usize, variable: &str, extract: Value) {
        let extracts = self.chain.extracts.entry(operation).or_default();
        extracts.retain(|known| known.get("var").and_then(Value::as_str) != Some(variable));
        extracts.push(extract);
    }

    fn before(&mut self, first: usize, second: usize) {
        if first != second
            && let Some(after) = self.after.get_mut(second)
        {
            after.insert(first);
        }
    }

    /// What is removed is removed last, and what is changed is read before.
    fn order_uses(&mut self) {
        let resources = std::mem::take(&mut self.resources);
        for (_, resource) in &resources {
            let removers: BTreeSet<usize> = resource.removers.iter().copied().collect();
            for &remover in &removers {
                for &user in resource.users.iter().filter(|user| !removers.contains(user)) {
                    self.before(user, remover);
                }
            }
        }
        let mut before: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, operation) in self.operations.iter().enumerate() {
            let creates = operation.method == "POST" && !operation.path.ends_with('}');
            if operation.method == "GET" || creates {
                before.entry(operation.path).or_default().push(number);
            }
        }
        for number in 0..self.operations.len() {
            let Some(operation) = self.operations.get(number) else { continue };
            if matches!(operation.method.as_str(), "PUT" | "PATCH")
                && let Some(before) = before.get(operation.path)
            {
                before.iter().for_each(|first| self.before(*first, number));
            }
        }
    }
}

/// The names in braces of a path, with their places.
pub(super) fn placeholders(path: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = path.get(from..).and_then(|rest| rest.find('{')) {
        let start = from + open;
        let Some(length) = path.get(start..).and_then(|rest| rest.find('}')) else { break };
        found.extend(path.get(start + 1..start + length).map(|name| (start, name)));
        from = start + length + 1;
    }
    found
}

/// A path without what makes no difference at its end.
fn trimmed(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_suffix(".json").unwrap_or(path)
}

/// Whether a parameter is written as its value alone.
fn is_plain(parameter: &Parameter<'_>) -> bool {
    parameter.written().style == Style::Simple
        && parameter.content.is_none()
        && !matches!(parameter.schema().main_type(), Some("object" | "array"))
}
