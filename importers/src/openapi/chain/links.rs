//! What the `links` of replies say.

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::super::model::Place;
use super::super::names::variable;
use super::super::schema::Schema;
use super::super::style::literal;
use super::Maker;

/// What a runtime expression stands for.
enum Meant {
    /// What an extract of the reply gives.
    Reply(Map<String, Value>),
    /// A value that is known before.
    Constant(Value),
    /// A variable that there is already.
    Variable(String),
    /// What stands at a JSON pointer of the body that was sent.
    Sent(String),
}

impl<'d> Maker<'_, 'd> {
    /// Does what the `links` of replies say.
    pub(super) fn follow_links(&mut self) {
        for number in 0..self.operations.len() {
            let responses = self.good.get(number).cloned().unwrap_or_default();
            let links = responses.iter().filter_map(|response| response.node.get("links"));
            for (name, link) in links.flat_map(|links| links.members().collect::<Vec<_>>()) {
                self.link(number, name, link);
            }
        }
    }

    fn link(&mut self, from: usize, name: &str, link: Node<'d>) {
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
            let body = self.linked_body(from, &what, body.value);
            self.chain.bodies.insert(target, body);
            self.before(from, target);
        }
        for (parameter, value) in
            link.get("parameters").into_iter().flat_map(|list| list.raw_members())
        {
            let parameter = parameter.split_once('.').map_or(parameter, |(_, name)| name);
            match self.linked_parameter(from, target, parameter, value.value) {
                Ok(()) => {
                    self.before(from, target);
                    self.notes.keep();
                }
                Err(why) => self.notes.drop(&operation.place, &what, &why),
            }
        }
    }

    /// Gives a parameter what a link says it is; the error says why not.
    fn linked_parameter(
        &mut self,
        from: usize,
        target: usize,
        parameter: &str,
        value: &Value,
    ) -> Result<(), String> {
        let expression = value.as_str().filter(|text| text.starts_with('$'));
        let meant = match expression {
            Some(text) => self.meant(from, text).ok_or_else(|| format!("`{text}` is not known"))?,
            None => Meant::Constant(value.clone()),
        };
        let known = self.operations.get(target).map(|target| &target.parameters);
        if !known.is_some_and(|known| known.iter().any(|known| known.name == parameter)) {
            return Err(format!("its operation has no parameter `{parameter}`"));
        }
        let key = (target, parameter.to_owned());
        match meant {
            Meant::Constant(value) => {
                self.give_up(&key);
                self.chain.constants.insert(key, value);
                return Ok(());
            }
            Meant::Variable(variable) => {
                if self.chain.uses.get(&key) != Some(&variable) {
                    self.give_up(&key);
                    self.chain.uses.insert(key, variable);
                }
                return Ok(());
            }
            Meant::Reply(_) | Meant::Sent(_) => {}
        }
        let variable = self
            .variable_of(target, parameter)
            .ok_or_else(|| format!("its operation has no plain parameter `{parameter}`"))?;
        match meant {
            Meant::Reply(taken) => self.take(from, &variable, taken),
            Meant::Sent(pointer) => self.chain.members.push((from, pointer, variable)),
            Meant::Constant(_) | Meant::Variable(_) => {}
        }
        Ok(())
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

    /// The body that a link says, with placeholders where it has expressions.
    fn linked_body(&mut self, from: usize, what: &str, body: &Value) -> Value {
        match body {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.linked_body(from, what, value)))
                .collect(),
            Value::Array(items) => {
                items.iter().map(|item| self.linked_body(from, what, item)).collect()
            }
            Value::String(text) if text.starts_with('$') => self.placeholder(from, what, text),
            Value::String(text) if text.contains("{$") => self.filled(from, what, text),
            _ => literal(body.clone()),
        }
    }

    /// A text with the expressions in its braces as placeholders; as JSON where it is that.
    fn filled(&mut self, from: usize, what: &str, text: &str) -> Value {
        let (mut bare, mut quoted) = (String::new(), String::new());
        let mut rest = text;
        while let Some((before, (expression, behind))) =
            rest.split_once("{$").and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
        {
            let value = self.placeholder(from, what, &format!("${expression}"));
            let before = crate::text::literal(before);
            let plain = super::super::style::plain(&value);
            bare.push_str(&format!("{before}{plain}"));
            quoted.push_str(&format!("{before}{value}"));
            rest = behind;
        }
        let rest = crate::text::literal(rest);
        bare.push_str(&rest);
        quoted.push_str(&rest);
        let as_json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let is_json = |value: &Value| value.is_object() || value.is_array();
        as_json(&quoted)
            .or_else(|| as_json(&bare))
            .filter(is_json)
            .unwrap_or_else(|| Value::String(bare))
    }

    /// What stands for an expression in a body.
    fn placeholder(&mut self, from: usize, what: &str, expression: &str) -> Value {
        let Some(meant) = self.meant(from, expression) else {
            let place = self.operations.get(from).map(|from| from.place.as_str());
            let why = format!("`{expression}` is not known");
            self.notes.drop(place.unwrap_or_default(), what, &why);
            return literal(json!(expression));
        };
        self.notes.keep();
        let last = expression.rsplit(['/', '.', '$']).next().unwrap_or_default();
        let variable = match meant {
            Meant::Constant(value) => return literal(value),
            Meant::Variable(variable) => variable,
            Meant::Reply(taken) => match self.taken_as(from, &taken) {
                Some(variable) => variable,
                None => {
                    let variable = self.fresh(last);
                    self.take(from, &variable, taken);
                    variable
                }
            },
            Meant::Sent(pointer) => {
                let variable = self.fresh(last);
                self.chain.members.push((from, pointer, variable.clone()));
                variable
            }
        };
        json!(format!("${{{variable}}}"))
    }

    /// A variable for what is not known before the run.
    fn fresh(&mut self, wanted: &str) -> String {
        self.named(&variable("", wanted), &Schema::default(), json!(""))
    }

    /// The variable that an operation extracts the same into.
    fn taken_as(&self, operation: usize, taken: &Map<String, Value>) -> Option<String> {
        let extracts = self.chain.extracts.get(&operation)?;
        let same = extracts.iter().find(|known| {
            taken.iter().all(|(key, value)| known.get(key) == Some(value))
                && known.as_object().is_some_and(|known| known.len() == taken.len() + 1)
        });
        same?.get("var")?.as_str().map(ToOwned::to_owned)
    }

    fn take(&mut self, operation: usize, variable: &str, taken: Map<String, Value>) {
        let mut extract = Map::new();
        extract.insert("var".to_owned(), json!(variable));
        extract.extend(taken);
        self.extract(operation, variable, Value::Object(extract));
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

    /// What a runtime expression about an operation, its request or its reply stands for.
    fn meant(&mut self, from: usize, expression: &str) -> Option<Meant> {
        let (source, rest) = expression.split_once('.').unwrap_or((expression, ""));
        match (source, rest) {
            ("$method", "") => Some(Meant::Constant(json!(self.operations.get(from)?.method))),
            ("$statusCode", "") => Some(Meant::Reply(reply(&[("from", "status_code")]))),
            ("$response", "body") => Some(Meant::Reply(reply(&[("path", "")]))),
            ("$response", rest) => {
                if let Some(name) = rest.strip_prefix("header.") {
                    return Some(Meant::Reply(reply(&[("from", "header"), ("name", name)])));
                }
                let parts: Vec<String> = rest
                    .strip_prefix("body#/")?
                    .split('/')
                    .map(|part| part.replace("~1", "/").replace("~0", "~"))
                    .collect();
                let is_plain = !parts.iter().any(|part| part.is_empty() || part.contains('.'));
                is_plain.then(|| Meant::Reply(reply(&[("path", &parts.join("."))])))
            }
            ("$request", rest) => {
                if let Some(pointer) = rest.strip_prefix("body#") {
                    return Some(Meant::Sent(pointer.to_owned()));
                }
                let (_, name) = rest.split_once('.')?;
                if let Some(variable) = self.chain.uses.get(&(from, name.to_owned())) {
                    return Some(Meant::Variable(variable.clone()));
                }
                let operation = self.operations.get(from)?;
                let parameter = operation.parameters.iter().find(|known| known.name == name)?;
                let schema = parameter.schema();
                let given = self.generator.example(&schema, parameter.examples(), name);
                let value = given.or_else(|| self.generator.value(&schema, name))?;
                Some(Meant::Constant(value))
            }
            _ => None,
        }
    }
}

fn reply(members: &[(&str, &str)]) -> Map<String, Value> {
    members.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}
