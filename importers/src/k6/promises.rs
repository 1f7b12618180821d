//! Promises: what follows one is done where it is awaited, or at the end of the iteration.

use std::cell::Cell;
use std::rc::Rc;

use oxc_span::Span;
use serde_json::Map;

use super::machine::{Machine, Node};
use super::value::{Object, Part, Value, What};

/// What is done once something is there.
#[derive(Clone)]
pub(super) struct Pending<'a> {
    source: Value<'a>,
    function: Value<'a>,
    /// `finally` is told nothing and changes nothing.
    is_last: bool,
    span: Span,
    value: Option<Value<'a>>,
}

impl<'a> Machine<'a, '_> {
    /// `then`, `catch` and `finally`.
    pub(super) fn promised(
        &mut self,
        source: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let function = arguments.first().cloned().unwrap_or(Value::Undefined);
        if name == "catch" || !matches!(function, Value::Function(_) | Value::Native(_)) {
            if name == "catch" || arguments.len() > 1 {
                self.approximate(
                    span,
                    "a request that fails ends nothing, so that this is not done",
                );
            }
            return source.clone();
        }
        let (source, is_last) = (source.clone(), name == "finally");
        let pending = Pending { source, function, is_last, span, value: None };
        let number = self.promises.len();
        self.promises.push(pending);
        if self.depth > 0 {
            // What comes at the end of the iteration stands outside of the condition.
            self.approximate(span, "it is done here, and what follows comes after it");
            return self.done(number);
        }
        let object = Object { kind: Cell::new("promise"), ..Object::default() };
        #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
        object.set("number", Value::Number(number as f64));
        Value::Object(Rc::new(object))
    }

    /// What is awaited. Whatever else is under way is done by then.
    pub(super) fn awaited(&mut self, value: &Value<'a>) -> Value<'a> {
        self.settle();
        self.value_of(value)
    }

    /// The value of a promise, or the value itself.
    fn value_of(&mut self, value: &Value<'a>) -> Value<'a> {
        match value {
            Value::Object(object) if object.kind.get() == "promise" => {
                let number = value.member("number").and_then(|number| number.to_number());
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it was a count"
                )]
                let number = number.unwrap_or_default() as usize;
                self.done(number)
            }
            other => other.clone(),
        }
    }

    /// Does all that is still to be done, in the order in which it was asked for.
    pub(super) fn settle(&mut self) {
        let mut number = 0;
        while number < self.promises.len() && self.burn() {
            self.done(number);
            number += 1;
        }
    }

    fn done(&mut self, number: usize) -> Value<'a> {
        let Some(pending) = self.promises.get(number).cloned() else { return Value::Undefined };
        if let Some(value) = pending.value {
            return value;
        }
        let source = self.value_of(&pending.source);
        if let Some(pending) = self.promises.get_mut(number) {
            pending.value = Some(source.clone());
        }
        let arguments = if pending.is_last { Vec::new() } else { vec![source.clone()] };
        let value = self.call(&pending.function, arguments, pending.span);
        let value = if pending.is_last { source } else { self.value_of(&value) };
        if let Some(pending) = self.promises.get_mut(number) {
            pending.value = Some(value.clone());
        }
        value
    }

    /// `Promise.all(list)`: requests that were begun one right after the other are made at once.
    pub(super) fn all_settled(&mut self, list: &Value<'a>, span: Span) -> Value<'a> {
        let Some(items) = list.items() else {
            self.drop(span, "what is awaited here is not known");
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let begun = |item: &Value<'a>| match item {
            Value::Reply(part) => match &**part {
                Part { request, what: What::Whole, .. } => Some(Node::Request(*request)),
                _ => None,
            },
            _ => None,
        };
        let requests: Option<Vec<Node>> = items.iter().map(begun).collect();
        if let Some(requests) = requests
            && requests.len() > 1
            && self.steps.ends_with(&requests)
        {
            self.steps.truncate(self.steps.len() - requests.len());
            self.steps.push(Node::Block { head: Map::new(), lists: vec![("parallel", requests)] });
        }
        if items.iter().filter(|item| self.is_of_redis(item)).count() > 1 {
            self.approximate(span, "the plan sends these commands one after the other");
        }
        Value::array(items.iter().map(|item| self.awaited(item)).collect())
    }
}
