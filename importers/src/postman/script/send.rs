//! Requests that a script makes itself: `pm.sendRequest`.

use std::cell::RefCell;
use std::rc::Rc;

use oxc_ast::ast::{BindingPattern, Expression};
use oxc_span::{GetSpan as _, Span};
use serde_json::{Value as Json, json};

use super::Did;
use super::value::{Val, with_texts};
use super::walk::Walk;
use crate::draft::Task;
use crate::postman::items::{Inherited, Reader};
use crate::postman::request;

impl Walk<'_> {
    /// Makes a task of a request, and looks at its reply as the callback does.
    pub(super) fn send(
        &mut self,
        request: Option<&Expression<'_>>,
        callback: Option<&Expression<'_>>,
        span: Span,
    ) -> Option<Rc<RefCell<Task>>> {
        let made = match request.map(|request| self.eval(request)) {
            Some(request) => self.source_value(&request),
            None => None,
        };
        let Some(made) = made.and_then(as_request) else {
            let why = "a request that a script makes of what only it knows; write it as a task";
            self.drop(span, why);
            let source = self.slice(span).to_owned();
            let what = "make the request of this script".to_owned();
            self.compiled.did.push(Did::Todo(what, source));
            return None;
        };
        self.notes.keep_request();
        let place = format!("{}, pm.sendRequest", self.place);
        let mut reader = Reader::new(self.source, self.variables, self.notes);
        let task = request::task(&mut reader, &made, &Inherited::default(), &place);
        let task = Rc::new(RefCell::new(task));
        self.compiled.did.push(Did::Sent(Rc::clone(&task)));
        if let Some(callback) = callback {
            let (names, outer) = (self.names.clone(), self.sent.take());
            self.look_at(Rc::clone(&task));
            self.callback(callback);
            self.sent = outer;
            let inner = std::mem::replace(&mut self.names, names);
            let set = inner.into_iter().filter(|(name, _)| name.starts_with("variable "));
            for (name, value) in set {
                let value = if value.is_of_reply() { Val::Unknown } else { value };
                self.names.insert(name, value);
            }
        }
        Some(task)
    }

    /// A value that gets a name: the reply of a request that is waited for is looked at from there on.
    pub(super) fn assigned(&mut self, value: &Expression<'_>) -> Val {
        if let Expression::AwaitExpression(awaited) = value.without_parentheses()
            && let Some(links) = self.links(&awaited.argument)
            && links.name() == "pm.sendRequest"
        {
            let request = links.arguments().first().copied();
            return match self.send(request, None, value.span()) {
                Some(task) => {
                    self.look_at(task);
                    Val::Given("pm.response".to_owned())
                }
                None => Val::Unknown,
            };
        }
        self.eval(value)
    }

    /// Looks at the reply of a request of the script's own.
    fn look_at(&mut self, task: Rc<RefCell<Task>>) {
        self.sent = Some(task);
        // What is known of another reply is not known of this one.
        for value in self.names.values_mut().filter(|value| value.is_of_reply()) {
            *value = Val::Unknown;
        }
    }

    /// The statements of a function of an error and a reply, or of a reply alone.
    fn callback(&mut self, callback: &Expression<'_>) {
        let parameters = match callback.without_parentheses() {
            Expression::FunctionExpression(function) => &function.params,
            Expression::ArrowFunctionExpression(function) => &function.params,
            other => {
                self.drop(other.span(), "the function is not written here");
                return;
            }
        };
        let patterns: Vec<&BindingPattern<'_>> =
            parameters.items.iter().map(|parameter| &parameter.pattern).collect();
        let reply = Val::Given("pm.response".to_owned());
        match patterns.as_slice() {
            [error, response, ..] => {
                self.bind(error, Val::Const(Json::Null));
                self.bind(response, reply);
            }
            [response] => self.bind(response, reply),
            [] => {}
        }
        self.function(callback);
    }

    /// A value as a collection would have it.
    fn source_value(&mut self, value: &Val) -> Option<Json> {
        match value {
            Val::Const(value) => Some(value.clone()),
            Val::Tree(value) => Some(self.requoted(value)),
            value => {
                let text = self.text(value)?;
                Some(json!(self.variables.quote(&text)))
            }
        }
    }

    /// A value with the texts of the plan in it as a collection would refer to them.
    fn requoted(&mut self, value: &Json) -> Json {
        with_texts(value, &mut |text| self.variables.quote(text))
    }
}

/// What `pm.sendRequest` takes, as the request of an item.
fn as_request(given: Json) -> Option<Json> {
    match given {
        Json::String(url) => Some(json!({"url": url, "method": "GET"})),
        Json::Object(mut members) => {
            members.get("url")?;
            if let Some(headers) = members.get("headers").or_else(|| members.get("header")).cloned()
            {
                members.insert("header".to_owned(), as_headers(headers));
            }
            Some(Json::Object(members))
        }
        _ => None,
    }
}

/// Headers as a list; an object of names and values is taken as well.
fn as_headers(headers: Json) -> Json {
    match headers {
        Json::Object(members) if !members.contains_key("key") => {
            members.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
        }
        one @ Json::Object(_) => json!([one]),
        other => other,
    }
}
