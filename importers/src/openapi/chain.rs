//! What one operation gives another: ids of what was created, and what `links` say. From that
//! follows the order in which operations are called.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::expect::{self, Response};
use super::generate::Generator;
use super::model::{Api, Operation, Parameter, Place, is_json};
use super::names::{is_short_for, plain_name, variable, words};
use super::schema::Schema;
use super::style::{Style, literal};
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
    /// Variables that are what a member of an operation's body is.
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
    let order = order(operations, &maker.after);
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

    /// Finds the operations whose replies have the ids that paths ask for: those that create,
    /// or else those that list.
    fn find_creators(&mut self) {
        let mut by_path: HashMap<(&str, &str), usize> = HashMap::new();
        for (number, operation) in self.operations.iter().enumerate() {
            by_path.entry((&operation.method, trimmed(operation.path))).or_insert(number);
        }
        for at in 0..self.resources.len() {
            let Some((name, resource)) = self.resources.get(at) else { continue };
            let (name, schema) = (name.clone(), resource.schema.clone());
            let wanted = wanted(resource.parameter, &name);
            let creators: Vec<usize> = ["POST", "PUT", "GET"]
                .iter()
                .flat_map(|method| {
                    resource
                        .collections
                        .iter()
                        .filter_map(|path| by_path.get(&(*method, trimmed(path))).copied())
                })
                .collect();
            let mut found = false;
            for &creator in &creators {
                let is_list = self.operations.get(creator).is_some_and(|o| o.method == "GET");
                let Some(path) = self.id(creator, &wanted, &schema, is_list) else { continue };
                self.extract(creator, &name, json!({"var": name, "path": path}));
                let users = self.resources.get(at).map(|(_, r)| r.users.clone());
                for user in users.unwrap_or_default() {
                    self.before(creator, user);
                }
                found = true;
                break;
            }
            let creator = creators.first().filter(|_| !found);
            if let Some(&creator) = creator
                && let Some(member) = self.member(creator, &name, at)
            {
                self.chain.members.push((creator, member, name));
                let users = self.resources.get(at).map(|(_, r)| r.users.clone());
                users.unwrap_or_default().into_iter().for_each(|user| self.before(creator, user));
            }
        }
    }

    /// The member of an operation's body that is what identifies what it creates.
    fn member(&self, operation: usize, variable: &str, resource: usize) -> Option<String> {
        let (_, resource) = self.resources.get(resource)?;
        let operation = self.operations.get(operation).filter(|known| known.method != "GET")?;
        let contents = operation.node.get("requestBody").and_then(|body| body.get("content"));
        let of_v3 = contents
            .into_iter()
            .flat_map(|list| list.members().collect::<Vec<_>>())
            .find_map(|(name, content)| content.raw("schema").filter(|_| is_json(name)))
            .map(Schema::of);
        let schema = of_v3.or_else(|| operation.at(Place::Body).next().map(Parameter::schema))?;
        let wanted = [plain_name(resource.parameter), plain_name(variable)];
        let mut names = schema.properties().into_iter();
        names.find(|name| wanted.contains(&plain_name(name))).map(ToOwned::to_owned)
    }

    /// The way to the id in an operation's reply.
    fn id(
        &mut self,
        operation: usize,
        wanted: &[String],
        schema: &Schema<'d>,
        in_list: bool,
    ) -> Option<String> {
        let responses = self.good.get(operation)?;
        let body = responses
            .iter()
            .flat_map(|response| &response.contents)
            .find_map(|(name, schema)| schema.as_ref().filter(|_| is_json(name)))?
            .clone();
        let mut found = Vec::new();
        ways(&body, wanted, "", in_list, 0, &mut found);
        let fitting = found.into_iter().find(|(_, own)| {
            let misfits = self.generator.misfits.len();
            let value = self.generator.value(own, "id");
            self.generator.misfits.truncate(misfits);
            value.is_some_and(|value| {
                let as_text = json!(super::style::plain(&value));
                let is_scalar = !value.is_object() && !value.is_array() && !value.is_null();
                is_scalar
                    && (self.generator.checker.fits(schema, &value)
                        || (value.is_number() && self.generator.checker.fits(schema, &as_text)))
            })
        });
        fitting.map(|(way, _)| way)
    }

    /// Does what the `links` of replies say.
    fn follow_links(&mut self) {
        for number in 0..self.operations.len() {
            let responses = self.good.get(number).cloned().unwrap_or_default();
            let links = responses.iter().filter_map(|response| response.node.get("links"));
            for (name, link) in links.flat_map(|links| links.members().collect::<Vec<_>>()) {
                self.link(number, name, link);
            }
        }
    }

    fn link(&mut self, from: usize, name: &str, link: super::document::Node<'d>) {
        let Some(operation) = self.operations.get(from) else { return };
        let what = format!("link `{name}`");
        let target = self.operations.iter().position(|target| {
            link.text("operationId").is_some_and(|id| target.id() == Some(id))
                || link
                    .text("operationRef")
                    .and_then(|reference| link.refer(reference))
                    .is_some_and(|node| node.is(target.node))
        });
        let Some(target) = target else {
            self.notes.drop(&operation.place, &what, "it leads to no operation of the plan");
            return;
        };
        if let Some(body) = link.raw("requestBody") {
            self.linked_body(from, target, &what, body.value);
        }
        for (parameter, value) in
            link.get("parameters").into_iter().flat_map(|list| list.raw_members())
        {
            let parameter = parameter.split_once('.').map_or(parameter, |(_, name)| name);
            let Some(expression) = value.value.as_str().filter(|text| text.starts_with('$')) else {
                let known = self.operations.get(target).map(|target| &target.parameters);
                if known.is_some_and(|known| known.iter().any(|known| known.name == parameter)) {
                    let key = (target, parameter.to_owned());
                    self.give_up(&key);
                    self.chain.constants.insert(key, value.value.clone());
                    self.before(from, target);
                    self.notes.keep();
                } else {
                    let why = format!("its operation has no parameter `{parameter}`");
                    self.notes.drop(&operation.place, &what, &why);
                }
                continue;
            };
            let taken = taken_from(expression);
            if expression.starts_with("$request.") {
                // Where both have the parameter of the same name, it has the same variable.
                self.notes.keep();
                continue;
            }
            let Some(taken) = taken else {
                self.notes.drop(&operation.place, &what, &format!("`{expression}` is not known"));
                continue;
            };
            let variable = self.variable_of(target, parameter);
            let Some(variable) = variable else {
                let why = format!("its operation has no plain parameter `{parameter}`");
                self.notes.drop(&operation.place, &what, &why);
                continue;
            };
            let mut extract = Map::new();
            extract.insert("var".to_owned(), json!(variable));
            extract.extend(taken);
            self.extract(from, &variable, Value::Object(extract));
            self.before(from, target);
            self.notes.keep();
        }
    }

    /// Takes the variable from a parameter, and away when nothing else has to do with it.
    fn give_up(&mut self, parameter: &(usize, String)) {
        let Some(variable) = self.chain.uses.remove(parameter) else { return };
        let gives =
            |extract: &Value| extract.get("var").and_then(Value::as_str) == Some(variable.as_str());
        let is_used = self.chain.uses.values().any(|known| *known == variable)
            || self.chain.members.iter().any(|(_, _, known)| *known == variable)
            || self.chain.extracts.values().flatten().any(gives);
        if !is_used {
            self.chain.variables.shift_remove(&variable);
        }
    }

    /// Takes over the body that a link says: a constant, or what is taken out of the reply.
    fn linked_body(&mut self, from: usize, target: usize, what: &str, body: &Value) {
        let expression = body.as_str().filter(|text| text.starts_with('$'));
        let Some(expression) = expression else {
            self.chain.bodies.insert(target, literal(body.clone()));
            self.before(from, target);
            return;
        };
        let Some(taken) = taken_from(expression) else {
            let place = self.operations.get(from).map(|from| from.place.as_str());
            let why = format!("`{expression}` is not known");
            self.notes.drop(place.unwrap_or_default(), what, &why);
            return;
        };
        let last = expression.rsplit(['/', '.']).next().unwrap_or_default();
        let variable = self.named(&variable("", last), &Schema::default(), json!(""));
        let mut extract = Map::new();
        extract.insert("var".to_owned(), json!(variable));
        extract.extend(taken);
        self.extract(from, &variable, Value::Object(extract));
        self.chain.bodies.insert(target, json!(format!("${{{variable}}}")));
        self.before(from, target);
    }

    /// The variable of a parameter; one of the query gets one when it is linked to.
    fn variable_of(&mut self, operation: usize, name: &str) -> Option<String> {
        if let Some(known) = self.chain.uses.get(&(operation, name.to_owned())) {
            return Some(known.clone());
        }
        let parameter =
            self.operations.get(operation)?.parameters.iter().find(|known| known.name == name)?;
        if !matches!(parameter.place, Place::Query | Place::Header) {
            return None;
        }
        let schema = parameter.schema();
        let value = self.generator.value(&schema, name)?;
        let wanted = variable("", name);
        let variable = self.named(&wanted, &schema, value);
        self.chain.uses.insert((operation, name.to_owned()), variable.clone());
        Some(variable)
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

/// Names, in small letters and without anything else, that the id of a resource may have.
fn wanted(parameter: &str, variable: &str) -> Vec<String> {
    let last = words(parameter).pop().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for name in [parameter, variable, "id", &last, "uuid", "guid"] {
        let name = plain_name(name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Ways to members of these names: at the top, or in one object or list that wraps all.
fn ways<'d>(
    schema: &Schema<'d>,
    wanted: &[String],
    before: &str,
    in_list: bool,
    depth: usize,
    found: &mut Vec<(String, Schema<'d>)>,
) {
    if depth > 2 || found.len() > 8 {
        return;
    }
    if schema.main_type() == Some("array") {
        if in_list && let Some(item) = schema.item(0) {
            ways(&item, wanted, &format!("{before}0."), false, depth, found);
        }
        return;
    }
    let branch = schema
        .choices()
        .first()
        .and_then(|choice| Some(schema.with(choice.list.raw_items().next()?, choice.list)));
    let schema = branch.as_ref().unwrap_or(schema);
    let names = schema.properties();
    if !in_list {
        for name in wanted {
            let own = names.iter().find(|known| plain_name(known) == *name);
            if let Some(own) = own
                && let Some(schema) = schema.property(own)
                && !own.contains('.')
            {
                found.push((format!("{before}{own}"), schema));
            }
        }
    }
    for name in names.into_iter().take(40).filter(|name| !name.contains('.')) {
        let Some(own) = schema.property(name) else { continue };
        let goes_on = match own.main_type() {
            Some("array") => in_list,
            Some("object") => true,
            _ => false,
        };
        if goes_on {
            ways(&own, wanted, &format!("{before}{name}."), in_list, depth + 1, found);
        }
    }
}

/// What a runtime expression about a reply is as an extract.
fn taken_from(expression: &str) -> Option<Map<String, Value>> {
    let mut extract = Map::new();
    if let Some(pointer) = expression.strip_prefix("$response.body#/") {
        let path: Vec<String> =
            pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        if path.iter().any(|part| part.is_empty() || part.contains('.')) {
            return None;
        }
        extract.insert("path".to_owned(), json!(path.join(".")));
    } else if let Some(name) = expression.strip_prefix("$response.header.") {
        extract.insert("from".to_owned(), json!("header"));
        extract.insert("name".to_owned(), json!(name));
    } else {
        return None;
    }
    Some(extract)
}

/// An order in which what is needed comes before what needs it; apart from that operations of
/// a tag stay together, and all as in the source.
fn order(operations: &[Operation<'_>], after: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut groups: HashMap<&str, usize> = HashMap::new();
    let group: Vec<usize> = operations
        .iter()
        .map(|operation| {
            let next = groups.len() + 1;
            operation.tag().map_or(0, |tag| *groups.entry(tag).or_insert(next))
        })
        .collect();
    let group_of = |number: usize| group.get(number).copied().unwrap_or(0);
    let mut missing: Vec<usize> = after.iter().map(BTreeSet::len).collect();
    let mut then: Vec<Vec<usize>> = vec![Vec::new(); operations.len()];
    for (number, before) in after.iter().enumerate() {
        for &first in before {
            if let Some(then) = then.get_mut(first) {
                then.push(number);
            }
        }
    }
    let mut waiting: BTreeSet<(usize, usize)> =
        (0..operations.len()).map(|n| (group_of(n), n)).collect();
    let is_ready = |number: usize, missing: &[usize]| missing.get(number) == Some(&0);
    let mut ready: BTreeSet<(usize, usize)> =
        waiting.iter().filter(|(_, number)| is_ready(*number, &missing)).copied().collect();
    let mut order = Vec::with_capacity(operations.len());
    let mut current = 0;
    while !waiting.is_empty() {
        let in_group = ready.range((current, 0)..(current + 1, 0)).next();
        // In a circle the first one has to begin.
        let next = in_group.or_else(|| ready.first()).or_else(|| waiting.first()).copied();
        let Some(next) = next else { break };
        waiting.remove(&next);
        ready.remove(&next);
        current = next.0;
        order.push(next.1);
        for &freed in then.get(next.1).into_iter().flatten() {
            if let Some(count) = missing.get_mut(freed) {
                *count = count.saturating_sub(1);
                if *count == 0 && waiting.contains(&(group_of(freed), freed)) {
                    ready.insert((group_of(freed), freed));
                }
            }
        }
    }
    order
}
