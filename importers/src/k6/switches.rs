//! `switch`: the case that is known to be meant, or a chain of choices that the plan makes.

use std::rc::Rc;

use oxc_ast::ast::{SwitchCase, SwitchStatement};
use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::{Loop, Machine, Node};
use super::scope::Scope;
use super::statements::Flow;
use super::value::Value;

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    pub(super) fn switch(
        &mut self,
        value: &Value<'a>,
        statement: &'a SwitchStatement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let scope = Scope::within(scope);
        let is_known = |machine: &mut Self, case: &'a SwitchCase<'a>| {
            let Some(test) = &case.test else { return true };
            test.is_literal() || machine.expression(test, &scope).is_known()
        };
        if value.is_known() && statement.cases.iter().all(|case| is_known(self, case)) {
            return self.known_switch(value, statement, &scope);
        }
        let chain = |machine: &mut Self| machine.chain(value, statement, &scope);
        if self.gives_back(statement.span) {
            // What is given back is kept in a variable, whichever case it is of.
            self.followed(false, chain);
        } else {
            chain(self);
        }
        Flow::Normal
    }

    fn known_switch(
        &mut self,
        value: &Value<'a>,
        statement: &'a SwitchStatement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let default = statement.cases.iter().position(|case| case.test.is_none());
        let matching = statement.cases.iter().position(|case| {
            case.test.as_ref().is_some_and(|test| {
                let test = self.expression(test, scope);
                super::operators::equal(&test, value, true) == Some(true)
            })
        });
        let Some(first) = matching.or(default) else { return Flow::Normal };
        self.through(statement, first, scope)
    }

    /// The statements of a case, and of those after it as long as none ends.
    fn through(
        &mut self,
        statement: &'a SwitchStatement<'a>,
        first: usize,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        // A `break` within a condition ends no more than the `switch`.
        let around = Loop::known(self.depth, self.after.len());
        self.loops.push(Loop { is_of_items: true, is_switch: true, ..around });
        let (start, mut flow) = (self.steps.len(), Flow::Normal);
        let cases = statement.cases.get(first..).unwrap_or_default();
        for (number, case) in cases.iter().enumerate() {
            let is_last = number + 1 == cases.len();
            let run = |machine: &mut Self| machine.statements(&case.consequent, scope);
            flow = if is_last { run(self) } else { self.followed(false, run) };
            if !matches!(flow, Flow::Normal) {
                break;
            }
        }
        if let Some(flag) = self.loops.pop().and_then(|around| around.flag) {
            self.left.retain(|left| *left != flag);
            let off = Self::set(&flag, &Code::Const(json!(false)));
            self.steps.insert(start.min(self.steps.len()), off);
        }
        match flow {
            Flow::Break(None) => Flow::Normal,
            flow => flow,
        }
    }

    /// Choices in each other's other branch, the default innermost.
    fn chain(&mut self, value: &Value<'a>, statement: &'a SwitchStatement<'a>, scope: &Scoped<'a>) {
        // Several cases that do the same have one condition.
        let mut conditions: Vec<Code> = Vec::new();
        let mut is_default = false;
        let mut choices: Vec<(Code, Vec<Node>)> = Vec::new();
        let mut otherwise: Vec<Node> = Vec::new();
        let last = statement.cases.len().saturating_sub(1);
        for (number, case) in statement.cases.iter().enumerate() {
            match &case.test {
                None => is_default = true,
                Some(test) => {
                    let test = self.expression(test, scope);
                    match self.is_case(value, &test, case.span) {
                        Some(condition) => conditions.push(condition),
                        None => self.todo("decide here what the script decides", case.span),
                    }
                }
            }
            if case.consequent.is_empty() && number < last {
                continue;
            }
            let (before, steps) = self.speculate(|machine| {
                machine.apart(|machine| machine.through(statement, number, scope)).0
            });
            self.steps.extend(before);
            let mut all = std::mem::take(&mut conditions).into_iter();
            if let Some(first) = all.next() {
                let any = all.fold(first, |any, one| Code::op("or", any, one));
                choices.push((any, steps.clone()));
            }
            if std::mem::take(&mut is_default) {
                otherwise = steps;
            }
        }
        for (condition, steps) in choices.into_iter().rev() {
            if steps.is_empty() && otherwise.is_empty() {
                continue;
            }
            let mut lists = vec![("tasks", steps)];
            if !otherwise.is_empty() {
                lists.push(("else", otherwise));
            }
            otherwise = vec![Self::block("if", json!(condition.expression()), lists)];
        }
        self.steps.extend(otherwise);
    }

    /// Whether a value is that of a case; `switch (true)` chooses by conditions.
    fn is_case(&mut self, value: &Value<'a>, test: &Value<'a>, span: Span) -> Option<Code> {
        let (left, right) = (self.code(value, span)?, self.code(test, span)?);
        Some(match left {
            Code::Const(serde_json::Value::Bool(true)) => right,
            Code::Const(serde_json::Value::Bool(false)) => right.negated(),
            left => Code::op("==", left, right),
        })
    }

    /// Whether something is given back somewhere in a part of the source.
    fn gives_back(&self, span: Span) -> bool {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        text.match_indices("return").any(|(at, word)| {
            let behind = text.get(at + word.len()..).unwrap_or_default();
            behind.starts_with([' ', '('])
                && !behind.trim_start_matches(' ').starts_with(['\n', ';'])
        })
    }
}
