//! Which operation creates, or lists, what paths ask for, and where its reply has the id.

use std::collections::HashMap;

use serde_json::json;

use super::super::model::{Parameter, Place, is_json};
use super::super::names::{plain_name, words};
use super::super::schema::Schema;
use super::super::style::plain;
use super::{Maker, Resource, trimmed};

impl<'d> Maker<'_, 'd> {
    /// Finds the operations whose replies have the ids that paths ask for: those that create,
    /// or else those that list.
    pub(super) fn find_creators(&mut self) {
        let mut by_path: HashMap<(&str, &str), usize> = HashMap::new();
        for (number, operation) in self.operations.iter().enumerate() {
            by_path.entry((&operation.method, trimmed(operation.path))).or_insert(number);
        }
        let by_path = &by_path;
        for at in 0..self.resources.len() {
            let Some((name, resource)) = self.resources.get(at) else { continue };
            let (name, schema) = (name.clone(), resource.schema.clone());
            let wanted = wanted(resource.parameter, &name);
            let at_collection = |method: &'static str| {
                let paths = resource.collections.iter();
                paths.filter_map(move |path| by_path.get(&(method, trimmed(path))).copied())
            };
            let mut creators: Vec<usize> =
                at_collection("POST").chain(at_collection("PUT")).collect();
            if creators.is_empty() {
                creators.extend(self.apart(resource));
            }
            creators.extend(at_collection("GET"));
            let users = resource.users.clone();
            let creator = self.created(&creators, &name, &schema, &wanted, at);
            if let Some(creator) = creator {
                users.into_iter().for_each(|user| self.before(creator, user));
            }
        }
    }

    /// Finds out which of some operations gives a variable its value, and how.
    fn created(
        &mut self,
        creators: &[usize],
        name: &str,
        schema: &Schema<'d>,
        wanted: &[String],
        resource: usize,
    ) -> Option<usize> {
        for &creator in creators {
            let is_list = self.operations.get(creator).is_some_and(|o| o.method == "GET");
            if let Some(path) = self.id(creator, wanted, schema, is_list) {
                self.extract(creator, name, json!({"var": name, "path": path}));
                return Some(creator);
            }
        }
        let &creator = creators.first()?;
        if let Some(pointer) = self.member(creator, name, resource) {
            self.chain.members.push((creator, pointer, name.to_owned()));
            return Some(creator);
        }
        let left = self.location(creator)?;
        let extract = json!({
            "var": name, "from": "header", "name": "Location", "left": left, "right": "/",
        });
        self.extract(creator, name, extract);
        Some(creator)
    }

    /// The one operation that creates what a path identifies where the path does not begin with
    /// its own: `/issues/{number}/comments` for `/issues/comments/{comment_id}`.
    fn apart(&self, resource: &Resource<'d>) -> Option<usize> {
        let fixed = |path: &'d str| -> Vec<&'d str> {
            let segments = trimmed(path).split('/');
            segments.filter(|segment| !segment.is_empty() && !segment.contains('{')).collect()
        };
        let [collection] = resource.collections.as_slice() else { return None };
        let wanted = fixed(collection);
        if wanted.is_empty() {
            return None;
        }
        let mut same = self.operations.iter().enumerate().filter(|(_, operation)| {
            let path = trimmed(operation.path);
            operation.method == "POST" && !path.ends_with('}') && fixed(path) == wanted
        });
        let (first, _) = same.next()?;
        same.next().is_none().then_some(first)
    }

    /// What stands before the id in the `Location` that an operation says it replies with.
    fn location(&self, creator: usize) -> Option<String> {
        let operation = self.operations.get(creator).filter(|known| known.method != "GET")?;
        let mut headers = self.good.get(creator)?.iter().filter_map(|it| it.node.get("headers"));
        headers
            .any(|list| list.raw_members().any(|(name, _)| name.eq_ignore_ascii_case("location")))
            .then_some(())?;
        let last = trimmed(operation.path).rsplit('/').next()?;
        (!last.is_empty() && !last.contains('{')).then(|| format!("/{last}/"))
    }

    /// The pointer to the member of an operation's body that is what identifies what it creates.
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
        let name = names.find(|name| {
            let own = schema.property(name);
            wanted.contains(&plain_name(name)) && !own.is_some_and(|own| own.flag("readOnly"))
        })?;
        Some(format!("/{}", name.replace('~', "~0").replace('/', "~1")))
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
        // A reply may be the id and nothing else.
        if !in_list && matches!(body.main_type(), Some("integer" | "string")) {
            found.push((String::new(), body.clone()));
        }
        ways(&body, wanted, "", in_list, 0, &mut found);
        let fitting = found.into_iter().find(|(_, own)| {
            let misfits = self.generator.misfits.len();
            let value = self.generator.value(own, "id");
            self.generator.misfits.truncate(misfits);
            value.is_some_and(|value| {
                let as_text = json!(plain(&value));
                let is_scalar = !value.is_object() && !value.is_array() && !value.is_null();
                is_scalar
                    && (self.generator.checker.fits(schema, &value)
                        || (value.is_number() && self.generator.checker.fits(schema, &as_text)))
            })
        });
        fitting.map(|(way, _)| way)
    }
}

/// Names, in small letters and without anything else, that the id of a resource may have.
fn wanted(parameter: &str, variable: &str) -> Vec<String> {
    let last = words(parameter).pop().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for name in [parameter, variable, &last, "id", "uuid", "guid"] {
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
