//! Choices that only the plan can make: both ways become steps, with what each of them changes.

use std::rc::Rc;

use oxc_ast::ast::{Expression, Statement, SwitchStatement};
use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::{Loop, Machine, Node};
use super::scope::Scope;
use super::statements::Flow;
use super::value::Value;

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    /// An `if` that the plan decides, with what comes after it.
    pub(super) fn either(
        &mut self,
        span: Span,
        test: &Value<'a>,
        yes: &'a Statement<'a>,
        no: Option<&'a Statement<'a>>,
        rest: &'a [Statement<'a>],
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let Some(code) = self.code(test, span) else {
            self.todo("decide here what the script decides", span);
            return self.statements(rest, scope);
        };
        let condition = code.expression();
        let (before, (mut then, left, mut otherwise, right, went_on)) = self.speculate(|machine| {
            let (then, left) = machine.apart(|machine| machine.statement(yes, scope));
            let (otherwise, right) =
                machine.apart(|machine| no.map_or(Flow::Normal, |no| machine.statement(no, scope)));
            let leaves = !matches!(left, Flow::Normal);
            if leaves == matches!(right, Flow::Normal) && !rest.is_empty() {
                // One of them leaves: the other one goes on.
                let (more, end) = machine.apart(|machine| machine.statements(rest, scope));
                let mut list = if leaves { otherwise.clone() } else { then.clone() };
                list.extend(more);
                return if leaves {
                    (then, left, list, end, true)
                } else {
                    (list, end, otherwise, right, true)
                };
            }
            (then, left, otherwise, right, false)
        });
        self.steps.extend(before);
        let flow = match (left, right) {
            (Flow::Return(one), Flow::Return(other)) => {
                Flow::Return(self.merged(one, &mut then, other, &mut otherwise, span))
            }
            // What is left on a condition goes on in the other branch, which is at its end.
            (Flow::Return(value), Flow::Normal) | (Flow::Normal, Flow::Return(value))
                if value.truth() != Some(false) =>
            {
                Flow::Return(value)
            }
            (_, Flow::Normal) | (Flow::Normal, _) => Flow::Normal,
            (one, _) => one,
        };
        match (then.is_empty(), otherwise.is_empty()) {
            (true, true) => {}
            (false, true) => {
                self.steps.push(Self::block("if", json!(condition), vec![("tasks", then)]));
            }
            (true, false) => {
                let condition = code.negated().expression();
                self.steps.push(Self::block("if", json!(condition), vec![("tasks", otherwise)]));
            }
            (false, false) => {
                let lists = vec![("tasks", then), ("else", otherwise)];
                self.steps.push(Self::block("if", json!(condition), lists));
            }
        }
        match flow {
            Flow::Normal if !went_on => self.statements(rest, scope),
            flow => flow,
        }
    }

    /// One of two values, by the branch that was taken.
    pub(super) fn merged(
        &mut self,
        one: Value<'a>,
        then: &mut Vec<Node>,
        other: Value<'a>,
        otherwise: &mut Vec<Node>,
        span: Span,
    ) -> Value<'a> {
        if let (Some(left), Some(right)) = (one.to_json(), other.to_json())
            && left == right
        {
            return one;
        }
        match (one.truth(), other.truth()) {
            // What a script gives back when something went wrong says nothing more.
            (Some(false), None) | (Some(false), Some(true)) => return other,
            (None, Some(false)) | (Some(true), Some(false)) if !matches!(one, Value::Bool(_)) => {
                return one;
            }
            _ => {}
        }
        let codes = (self.code(&one, span), self.code(&other, span));
        let (Some(one), Some(other)) = codes else {
            return Value::unknown("its value depends on a condition");
        };
        let name = self.fresh("result");
        then.push(Self::set(&name, &one));
        otherwise.push(Self::set(&name, &other));
        Value::live(Code::Name(name))
    }

    /// What `run` does as steps of their own, in a block that may not run.
    pub(super) fn apart<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> (Vec<Node>, R) {
        let outside = std::mem::take(&mut self.steps);
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        (std::mem::replace(&mut self.steps, outside), result)
    }

    /// Runs what becomes a conditional block. Names that it changes become variables before it, and it is
    /// run again with these.
    pub(super) fn speculate<R>(&mut self, run: impl Fn(&mut Self) -> R) -> (Vec<Node>, R) {
        let mut before = Vec::new();
        let mark = self.pending.len();
        for _ in 0..6 {
            let notes = self.notes.clone();
            let requests = self.requests.clone();
            let taken = self.taken.clone();
            let steps = self.steps.len();
            let result = run(self);
            let (mine, outer): (Vec<_>, Vec<_>) = self
                .pending
                .split_off(mark)
                .into_iter()
                .partition(|(depth, ..)| *depth == self.depth);
            let is_done = mine.is_empty();
            self.pending.extend(outer);
            let names: Vec<String> = mine.iter().map(|(_, name, _)| name.clone()).collect();
            before.extend(mine.into_iter().map(|(.., node)| node));
            if is_done || !self.burn() {
                return (before, result);
            }
            *self.notes = notes;
            self.requests = requests;
            self.taken = taken;
            self.taken.extend(names);
            self.steps.truncate(steps);
        }
        let result = run(self);
        (before, result)
    }

    /// `ready && http.get(…)` as a statement.
    pub(super) fn step_of_short_circuit(
        &mut self,
        expression: &'a Expression<'a>,
        scope: &Scoped<'a>,
    ) -> bool {
        let Expression::LogicalExpression(both) = expression else { return false };
        let test = self.expression(&both.left, scope);
        let is_and = both.operator.as_str() == "&&";
        match test.truth() {
            Some(holds) => {
                if holds == is_and {
                    self.expression(&both.right, scope);
                }
            }
            None => {
                let (before, (steps, _)) = self.speculate(|machine| {
                    machine.apart(|machine| machine.expression(&both.right, scope))
                });
                self.steps.extend(before);
                if !steps.is_empty()
                    && let Some(code) = self.code(&test, both.span)
                {
                    let code = if is_and { code } else { code.negated() };
                    let lists = vec![("tasks", steps)];
                    self.steps.push(Self::block("if", json!(code.expression()), lists));
                }
            }
        }
        true
    }

    pub(super) fn switch(
        &mut self,
        value: &Value<'a>,
        statement: &'a SwitchStatement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let scope = Scope::within(scope);
        if value.is_known() {
            let mut running = false;
            let default = statement.cases.iter().position(|case| case.test.is_none());
            let matching = statement.cases.iter().position(|case| {
                case.test.as_ref().is_some_and(|test| {
                    let test = self.expression(test, &scope);
                    super::operators::equal(&test, value, true) == Some(true)
                })
            });
            for (number, case) in statement.cases.iter().enumerate() {
                running |= matching.or(default) == Some(number);
                if running {
                    match self.statements(&case.consequent, &scope) {
                        Flow::Normal => {}
                        Flow::Break => return Flow::Normal,
                        flow => return flow,
                    }
                }
            }
            return Flow::Normal;
        }
        // Nested choices, the last case innermost; a case ends with `break` or `return`.
        let mut otherwise: Vec<Node> = Vec::new();
        for case in statement.cases.iter().rev() {
            let (before, steps) = self.speculate(|machine| {
                machine
                    .apart(|machine| {
                        machine.loops.push(Loop {
                            depth: usize::MAX - 1,
                            flag: None,
                            is_live: false,
                            needs_live: false,
                        });
                        machine.statements(&case.consequent, &scope);
                        machine.loops.pop();
                    })
                    .0
            });
            self.steps.extend(before);
            let Some(test) = &case.test else {
                otherwise = steps;
                continue;
            };
            let test = self.expression(test, &scope);
            let (Some(left), Some(right)) =
                (self.code(value, case.span), self.code(&test, case.span))
            else {
                self.todo("decide here what the script decides", case.span);
                continue;
            };
            let condition = Code::op("==", left, right).expression();
            let mut lists = vec![("tasks", steps)];
            if !otherwise.is_empty() {
                lists.push(("else", otherwise));
            }
            otherwise = vec![Self::block("if", json!(condition), lists)];
        }
        self.steps.extend(otherwise);
        Flow::Normal
    }
}
