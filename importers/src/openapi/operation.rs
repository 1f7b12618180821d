//! Tasks of operations, in groups.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::chain::{self, Chain, placeholders};
use super::generate::Generator;
use super::model::{Api, Operation, Parameter, Place};
use super::names::{plain_name, words};
use super::style::{Style, encoded, plain};
use super::{body, expect, security, servers, style};
use crate::draft::{Draft, Step, Task, is_framing};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;
use crate::text;

/// Headers that parameters do not describe: others things do (OpenAPI 3.1, Parameter Object).
const NOT_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];

/// Adds the tasks of operations to a draft.
pub(super) fn add(
    api: Api<'_>,
    operations: &[Operation<'_>],
    source: &Source,
    options: &Options,
    draft: &mut Draft,
    notes: &mut Notes,
) {
    let mut generator = Generator::new(options.optional);
    let chain = chain::chain(api, operations, &mut generator, &draft.variables, notes);
    let mut writer = Writer {
        api,
        source,
        all_parameters: options.optional,
        generator,
        chain: &chain,
        notes,
        names: HashSet::new(),
        extracted: HashMap::new(),
        left_out: 0,
        bases: Vec::new(),
        secrets: std::mem::take(&mut draft.secrets),
    };
    let mut variables = chain.variables.clone();
    let mut groups: Vec<(Option<&str>, Vec<Step>)> = Vec::new();
    for &number in &chain.order {
        let Some(operation) = operations.get(number) else { continue };
        let task = writer.task(number, operation);
        for (_, pointer, variable) in chain.members.iter().filter(|(of, _, _)| *of == number) {
            let value = task.fields.get("json").and_then(|body| body.pointer(pointer));
            if let Some(value @ (Value::String(_) | Value::Number(_))) = value {
                variables.insert(variable.clone(), value.clone());
            }
        }
        match groups.last_mut() {
            Some((tag, steps)) if *tag == operation.tag() => steps.push(task.into()),
            _ => groups.push((operation.tag(), vec![task.into()])),
        }
    }
    if writer.left_out > 0 {
        let what = format!("{} optional parameters", writer.left_out);
        let why = "the source has no values for them, so they are not sent; add the ones you need, or \
                   import with --optional";
        writer.notes.remark(&source.name, &what, why);
    }
    draft.secrets = writer.secrets;
    for base in writer.bases {
        if !draft.bases.contains(&base) {
            draft.bases.push(base);
        }
    }
    draft.variables.extend(variables);
    if let Some(scenario) = draft.scenarios.first_mut() {
        scenario.steps.extend(grouped(groups));
    }
}

/// Groups of the names of tags. One that comes back says what it comes back for.
fn grouped(groups: Vec<(Option<&str>, Vec<Step>)>) -> Vec<Step> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut steps = Vec::new();
    for (tag, tasks) in groups {
        let Some(tag) = tag else {
            steps.extend(tasks);
            continue;
        };
        let removes = |step: &Step| matches!(step, Step::Task(task) if task.method == "DELETE");
        let mut name = tag.to_owned();
        if seen.contains(&name) && tasks.iter().all(removes) {
            name = format!("{tag}: clean up");
        }
        let mut number = 2;
        while !seen.insert(name.clone()) {
            name = format!("{tag} {number}");
            number += 1;
        }
        steps.push(Step::group(&name, tasks));
    }
    steps
}

struct Writer<'w, 'd> {
    api: Api<'d>,
    source: &'w Source,
    all_parameters: bool,
    generator: Generator,
    chain: &'w Chain,
    notes: &'w mut Notes,
    names: HashSet<String>,
    /// Variables that earlier tasks extract, by their plain names.
    extracted: HashMap<String, String>,
    /// Optional parameters that are not sent.
    left_out: usize,
    bases: Vec<String>,
    secrets: Vec<crate::Secret>,
}

impl<'d> Writer<'_, 'd> {
    fn task(&mut self, number: usize, operation: &Operation<'d>) -> Task {
        let extracts = self.chain.extracts.get(&number).cloned().unwrap_or_default();
        let base = servers::base(self.api, operation, self.source, self.notes);
        let mut task = Task {
            place: operation.place.clone(),
            name: Some(self.name(operation)),
            method: operation.method.clone(),
            url: base.clone(),
            ..Task::default()
        };
        self.unknown(operation);
        self.path(number, operation, &mut task);
        self.query(number, operation, &mut task);
        self.headers(number, operation, &mut task);
        self.cookies(number, operation, &mut task);
        security::add(self.api, operation, &base, &mut task, &mut self.secrets, self.notes);
        body::add(self.api, operation, &mut self.generator, &mut task, self.notes);
        if let Some(body) = self.chain.bodies.get(&number) {
            self.linked_body(body, &mut task);
        }
        self.use_extracted(&mut task);
        expect::add(&expect::good(self.api, operation), &mut task);
        for extract in &extracts {
            let Some(variable) = extract.get("var").and_then(Value::as_str) else { continue };
            // What is taken out of a header is a text.
            let is_text = extract.get("from").is_some();
            if is_text && self.chain.variables.get(variable).is_some_and(Value::is_number) {
                continue;
            }
            let known = self.extracted.entry(plain_name(variable));
            known.or_insert_with(|| variable.to_owned());
        }
        task.extract = extracts;
        for misfit in std::mem::take(&mut self.generator.misfits) {
            let why = "it does not fit its schema; another value is sent";
            self.notes.approximate(&operation.place, &format!("example {misfit}"), why);
        }
        if let Some(callbacks) = operation.node.get("callbacks") {
            let names: Vec<&str> = callbacks.members().map(|(name, _)| name).collect();
            let why = "the server sends these; nothing of a plan is asked for";
            self.notes.remark(&operation.place, &format!("callbacks {}", names.join(", ")), why);
        }
        if !self.bases.contains(&base) {
            self.bases.push(base);
        }
        self.notes.keep_request();
        task
    }

    /// Tells the parameters that are none, or of another version.
    fn unknown(&mut self, operation: &Operation<'d>) {
        let lists =
            [operation.item, operation.node].into_iter().filter_map(|it| it.get("parameters"));
        for node in lists.flat_map(|list| list.items().collect::<Vec<_>>()) {
            let place = node.text("in").unwrap_or_default();
            let old = ["body", "formData"].contains(&place);
            let is_known = Parameter::of(node).is_some() && (self.api.is_v2 || !old);
            if !is_known {
                let name = node.text("name").unwrap_or("without a name");
                let why = match place {
                    "" => "it does not say where it stands".to_owned(),
                    place if old => {
                        format!("`in: {place}` is of Swagger 2.0; there are request bodies")
                    }
                    place => format!("it has no name, or there is no place `{place}`"),
                };
                self.notes.drop(&operation.place, &format!("parameter {name}"), &why);
            }
        }
    }

    /// Gives a task the body that a link says.
    fn linked_body(&mut self, body: &Value, task: &mut Task) {
        if let Some(own) = task.fields.get_mut("json") {
            own.clone_from(body);
            self.notes.keep();
        } else {
            let why = "a body is taken over as JSON alone, and the operation takes none";
            self.notes.drop(&task.place, "the body that a link says", why);
        }
    }

    /// Puts the ids that earlier tasks extract where a body or query asks for them by name.
    fn use_extracted(&self, task: &mut Task) {
        for field in ["json", "data", "params"] {
            let members = task.fields.get_mut(field).and_then(Value::as_object_mut);
            for (name, value) in members.into_iter().flatten() {
                if words(name).len() < 2 {
                    continue;
                }
                let Some(variable) = self.extracted.get(&plain_name(name)) else { continue };
                let known = self.chain.variables.get(variable);
                let same_type = known.is_some_and(|known| {
                    (known.is_string() && value.is_string())
                        || (known.is_number() && (value.is_number() || field != "json"))
                });
                if same_type {
                    *value = json!(format!("${{{variable}}}"));
                }
            }
        }
    }

    /// A name that no other task has.
    fn name(&mut self, operation: &Operation<'_>) -> String {
        let by_path = || format!("{} {}", operation.method, operation.path);
        let numbered = (2..).map(|number| format!("{} {number}", by_path()));
        let mut names = [operation.name(), by_path()].into_iter().chain(numbered);
        names.find(|name| self.names.insert(name.clone())).unwrap_or_default()
    }

    /// The placeholder of the variable a parameter has, if it has one.
    fn variable(&self, number: usize, name: &str) -> Option<String> {
        let variable = self.chain.uses.get(&(number, name.to_owned()))?;
        Some(format!("${{{variable}}}"))
    }

    /// What to send for a parameter.
    fn value(
        &mut self,
        number: usize,
        operation: &Operation<'_>,
        parameter: &Parameter<'_>,
    ) -> Option<Value> {
        if let Some(constant) = self.chain.constants.get(&(number, parameter.name.to_owned())) {
            self.notes.keep();
            return Some(constant.clone());
        }
        let schema = parameter.schema();
        let given = self.generator.example(&schema, parameter.examples(), parameter.name);
        let value = given.or_else(|| self.generator.value(&schema, parameter.name));
        let Some(value) = value else {
            let why = "no value was found that fits its schema; write one";
            self.notes.drop(&operation.place, &format!("parameter {}", parameter.name), why);
            return None;
        };
        self.notes.keep();
        match parameter.content {
            Some((media_type, _)) if !value.is_string() || super::model::is_json(media_type) => {
                Some(Value::String(value.to_string()))
            }
            _ => Some(value),
        }
    }

    /// The parameters of a place that are sent.
    fn sent<'o>(
        &mut self,
        number: usize,
        operation: &'o Operation<'d>,
        place: Place,
    ) -> Vec<&'o Parameter<'d>> {
        let mut sent = Vec::new();
        for parameter in operation.at(place) {
            let key = (number, parameter.name.to_owned());
            let is_linked =
                self.chain.uses.contains_key(&key) || self.chain.constants.contains_key(&key);
            let is_sent = parameter.required
                || is_linked
                || self.all_parameters
                || (parameter.has_value() && !parameter.is_deprecated());
            if is_sent {
                sent.push(parameter);
            } else {
                self.left_out += 1;
            }
        }
        sent
    }

    fn path(&mut self, number: usize, operation: &Operation<'d>, task: &mut Task) {
        let mut rest = operation.path;
        let mut offset = 0;
        for (at, name) in placeholders(operation.path) {
            task.url.push_str(&literal(rest.get(..at - offset).unwrap_or_default()));
            offset = at + name.len() + 2;
            rest = operation.path.get(offset..).unwrap_or_default();
            if let Some(variable) = self.variable(number, name) {
                // A slash in it would make two segments of one.
                let known = self.chain.uses.get(&(number, name.to_owned()));
                let value = known.and_then(|known| self.chain.variables.get(known)).map(plain);
                let is_odd = value.is_some_and(|value| encoded(&value) != value);
                let variable =
                    if is_odd { format!("${{url_encode({variable})}}") } else { variable };
                task.url.push_str(&variable);
                self.notes.keep();
                continue;
            }
            let Some(parameter) = operation.at(Place::Path).find(|known| known.name == name) else {
                continue;
            };
            if let Some(value) = self.value(number, operation, parameter) {
                task.url.push_str(&parameter.written().in_path(name, &value));
            }
        }
        task.url.push_str(&literal(rest));
    }

    fn query(&mut self, number: usize, operation: &Operation<'d>, task: &mut Task) {
        for parameter in operation.at(Place::Querystring) {
            let why = "a parameter that is the whole query is not understood";
            self.notes.drop(&operation.place, &format!("parameter {}", parameter.name), why);
        }
        let mut params = Map::new();
        for parameter in self.sent(number, operation, Place::Query) {
            if let Some(variable) = self.variable(number, parameter.name) {
                params.insert(parameter.name.to_owned(), json!(variable));
                self.notes.keep();
                continue;
            }
            let Some(value) = self.value(number, operation, parameter) else { continue };
            let written = parameter.written();
            let items_are_plain =
                |items: &[Value]| !items.iter().any(|i| i.is_object() || i.is_array());
            let is_plain = match &value {
                Value::Array(items) => {
                    written.explode && written.style == Style::Form && items_are_plain(items)
                }
                Value::Object(_) => false,
                _ => !written.reserved,
            };
            if is_plain {
                params.insert(parameter.name.to_owned(), style::literal(value));
                continue;
            }
            for (name, value) in written.pairs(parameter.name, &value) {
                let sign = if task.url.contains('?') { '&' } else { '?' };
                task.url.push_str(&format!("{sign}{name}={value}"));
            }
        }
        if !params.is_empty() {
            task.fields.insert("params".to_owned(), Value::Object(params));
        }
    }

    fn headers(&mut self, number: usize, operation: &Operation<'d>, task: &mut Task) {
        for parameter in self.sent(number, operation, Place::Header) {
            let name = parameter.name;
            if NOT_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                // Swagger 2.0 has no such rule, and no way to describe tokens.
                if self.api.is_v2
                    && name.eq_ignore_ascii_case("authorization")
                    && !security::is_asked(self.api, operation)
                {
                    task.headers.push((name.to_owned(), self.token(operation)));
                    continue;
                }
                let why = "the media types and `security` say what this header is";
                self.notes.remark(&operation.place, &format!("header {name}"), why);
                continue;
            }
            if is_framing(name) {
                let why = "the client says how long a body is";
                self.notes.remark(&operation.place, &format!("header {name}"), why);
                continue;
            }
            if let Some(variable) = self.variable(number, name) {
                task.headers.push((name.to_owned(), variable));
                continue;
            }
            let Some(value) = self.value(number, operation, parameter) else { continue };
            let text = text::literal(&parameter.written().in_header(&value));
            task.headers.push((name.to_owned(), text));
        }
    }

    /// The placeholder for what a specification only calls a header `Authorization`.
    fn token(&mut self, operation: &Operation<'_>) -> String {
        let name = "AUTHORIZATION";
        if !self.secrets.iter().any(|known| known.name == name) {
            let used = format!("the header Authorization of {}", operation.name());
            let (name, value) = (name.to_owned(), String::new());
            self.secrets.push(crate::Secret { name, value, used });
        }
        self.notes.keep();
        format!("${{secret.{name}}}")
    }

    fn cookies(&mut self, number: usize, operation: &Operation<'d>, task: &mut Task) {
        let mut cookies = Map::new();
        for parameter in self.sent(usize::MAX, operation, Place::Cookie) {
            let Some(value) = self.value(number, operation, parameter) else { continue };
            let written = parameter.written();
            let pairs = match &value {
                Value::Array(_) | Value::Object(_) => written.pairs(parameter.name, &value),
                value => vec![(parameter.name.to_owned(), plain(value))],
            };
            // Pairs of one value have `&` between them, also in a cookie.
            let mut pairs = pairs.into_iter();
            let Some((name, mut text)) = pairs.next() else { continue };
            pairs.for_each(|(name, value)| text.push_str(&format!("&{name}={value}")));
            cookies.insert(name, json!(text::literal(&text)));
        }
        if !cookies.is_empty() {
            task.fields.insert("cookies".to_owned(), Value::Object(cookies));
        }
    }
}

/// The fixed text of a path, with what may not stand there encoded.
fn literal(path: &str) -> String {
    let is_fine =
        |char: char| char.is_ascii_alphanumeric() || "-._~/:@!$&'()*+,;=%?#".contains(char);
    let mut written = String::with_capacity(path.len());
    for char in path.chars() {
        if is_fine(char) {
            written.push(char);
        } else {
            written.push_str(&encoded(char.encode_utf8(&mut [0; 4])));
        }
    }
    written
}
