//! `try`: what is thrown for certain, or on a condition that the plan knows, runs the handler.

use std::rc::Rc;

use oxc_ast::ast::TryStatement;
use oxc_span::GetSpan as _;
use serde_json::json;

use super::machine::Machine;
use super::scope::Scope;
use super::statements::Flow;
use super::value::Value;

/// Calls that change nothing of what is sent.
const HARMLESS: &[&str] =
    &["console.", "JSON.", "String(", "check(", "fail(", "new Error(", "Error(", "Date.", "if ("];

impl<'a> Machine<'a, '_> {
    pub(super) fn attempt(
        &mut self,
        statement: &'a TryStatement<'a>,
        scope: &Rc<Scope<'a>>,
    ) -> Flow<'a> {
        let frame = self.frame();
        self.catches.push(frame);
        let within = Scope::within(scope);
        let has_handler =
            statement.handler.as_ref().is_some_and(|handler| !handler.body.body.is_empty());
        let run = |machine: &mut Self| machine.statements(&statement.block.body, &within);
        let mut flow = if has_handler || statement.finalizer.is_some() {
            self.followed(false, run)
        } else {
            run(self)
        };
        let frame = self.catches.pop();
        let error = self.thrown.take();
        let flag = frame.as_ref().and_then(|frame| frame.flag.clone());
        let may_throw = frame.as_ref().is_some_and(|frame| self.end(frame));
        match (&statement.handler, flag) {
            (Some(handler), _) if matches!(flow, Flow::Throw) => {
                let scope = Scope::within(scope);
                if let Some(parameter) = &handler.param {
                    let error = error.unwrap_or(Value::Undefined);
                    self.bind(&parameter.pattern, error, &scope, handler.span);
                }
                flow = self.statements(&handler.body.body, &scope);
            }
            (Some(handler), Some(flag)) if may_throw => {
                let scope = Scope::within(scope);
                if let Some(parameter) = &handler.param {
                    let error = Value::unknown("what was thrown");
                    self.bind(&parameter.pattern, error, &scope, handler.span);
                }
                let (before, (steps, _)) = self.speculate(|machine| {
                    machine.apart(|machine| machine.statements(&handler.body.body, &scope))
                });
                self.steps.extend(before);
                if !steps.is_empty() {
                    self.steps.push(Self::block("if", json!(flag), vec![("tasks", steps)]));
                }
            }
            (Some(handler), _) if self.may_send(handler.body.span()) => {
                self.drop(
                    handler.span,
                    "when the script would throw here is not known; the plan does nothing of this",
                );
            }
            _ => {}
        }
        if matches!(flow, Flow::Throw) && self.thrown.is_none() {
            flow = Flow::Normal;
        }
        let Some(last) = &statement.finalizer else { return flow };
        let thrown = self.thrown.take();
        let scope = Scope::within(scope);
        // It is done however what is before was left.
        let left = std::mem::take(&mut self.left);
        let end = self.statements(&last.body, &scope);
        for flag in left {
            self.may_be_set(&flag);
        }
        match end {
            Flow::Normal => {
                self.thrown = thrown;
                flow
            }
            left => left,
        }
    }

    /// Whether a part of the source calls anything that may send a request.
    fn may_send(&self, span: oxc_span::Span) -> bool {
        let mut text = self.source_text(span);
        for harmless in HARMLESS {
            text = text.replace(harmless, "");
        }
        let mut before = '(';
        let is_call = |before: char| before.is_ascii_alphanumeric() || before == '_';
        text.chars().any(|char| {
            let found = char == '(' && is_call(before);
            before = char;
            found
        })
    }
}
