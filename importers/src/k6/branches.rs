//! Choices that only the plan can make: both ways become steps, with what each of them changes.

use std::collections::HashSet;
use std::rc::Rc;

use oxc_ast::ast::{Expression, Statement};
use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::{Machine, Node};
use super::scope::Scope;
use super::statements::Flow;
use super::value::{Made, Value};

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
        if self.is_too_deep(span) {
            return Flow::Normal;
        }
        let Some(code) = self.code(test, span) else {
            self.todo("decide here what the script decides", span);
            return self.go_on(rest, scope);
        };
        self.may_be_missing(&code);
        let condition = code.expression();
        let (before, (mut then, left, mut otherwise, right, went_on)) = self.speculate(|machine| {
            let outer = std::mem::take(&mut machine.left);
            let (then, left) = machine.branch(Some(yes), rest, scope);
            let after_then = std::mem::take(&mut machine.left);
            let (otherwise, right) = machine.branch(no, rest, scope);
            let after_otherwise = std::mem::take(&mut machine.left);
            let leaves = !matches!(left, Flow::Normal);
            for flag in outer.iter().chain(&after_then).chain(&after_otherwise) {
                machine.may_be_set(flag);
            }
            if leaves == matches!(right, Flow::Normal) && !rest.is_empty() {
                // One of them leaves: the other one goes on.
                let before = if leaves { &after_otherwise } else { &after_then };
                let (more, end) = machine.apart_with_rest(|machine| {
                    machine.left.clone_from(before);
                    machine.go_on(rest, scope)
                });
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
        let is_awaited = !self.left.is_empty();
        let flow = match (left, right) {
            (Flow::Return(one), Flow::Return(other)) => {
                Flow::Return(self.merged(one, &mut then, other, &mut otherwise, span))
            }
            // What is left on a condition goes on in the other branch, which is at its end.
            (Flow::Return(value), Flow::Normal) | (Flow::Normal, Flow::Return(value))
                if value.truth() != Some(false) && !is_awaited =>
            {
                Flow::Return(value)
            }
            (_, Flow::Normal) | (Flow::Normal, _) => Flow::Normal,
            // What throws goes no further.
            (Flow::Throw, other) | (other, Flow::Throw) => other,
            (Flow::Continue(label), _) | (_, Flow::Continue(label)) => Flow::Continue(label),
            (Flow::Break(label), _) | (_, Flow::Break(label)) => Flow::Break(label),
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
            Flow::Normal if !went_on => self.go_on(rest, scope),
            flow => flow,
        }
    }

    /// A branch of a choice that statements follow.
    fn branch(
        &mut self,
        branch: Option<&'a Statement<'a>>,
        rest: &'a [Statement<'a>],
        scope: &Scoped<'a>,
    ) -> (Vec<Node>, Flow<'a>) {
        let run = |machine: &mut Self| {
            machine.apart(|machine| {
                branch.map_or(Flow::Normal, |branch| machine.statement(branch, scope))
            })
        };
        if rest.is_empty() { run(self) } else { self.followed(true, run) }
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
        if let Some(joined) = self.joined_replies(&one, &other, span) {
            return joined;
        }
        if let Some(joined) = self.joined_objects(&one, then, &other, otherwise, span) {
            return joined;
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
        self.block_of(Some(Made::default()), run)
    }

    /// The same for a block that all that follows is in.
    pub(super) fn apart_with_rest<R>(
        &mut self,
        run: impl FnOnce(&mut Self) -> R,
    ) -> (Vec<Node>, R) {
        self.block_of(None, run)
    }

    fn block_of<R>(
        &mut self,
        within: Option<Made>,
        run: impl FnOnce(&mut Self) -> R,
    ) -> (Vec<Node>, R) {
        self.within.push(within);
        let outside = std::mem::take(&mut self.steps);
        let left = std::mem::take(&mut self.left);
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        self.within.pop();
        // What is thrown here is thrown on a condition.
        self.thrown = None;
        for flag in left {
            self.may_be_set(&flag);
        }
        (std::mem::replace(&mut self.steps, outside), result)
    }

    /// Runs what becomes a conditional block. Names that it changes become variables before it, and it is
    /// run again with these.
    pub(super) fn speculate<R>(&mut self, run: impl Fn(&mut Self) -> R) -> (Vec<Node>, R) {
        let mut before = Vec::new();
        let mark = self.pending.len();
        for _ in 0..6 {
            let notes = self.notes.clone();
            let requests = self.requests.len();
            let taken = self.taken.clone();
            let left = self.left.clone();
            let (steps, journal) = (self.steps.len(), self.journal.len());
            let read = (self.kept_on.clone(), self.members_kept.clone());
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
            // What was extracted from requests before is read by what comes before.
            self.requests.truncate(requests);
            self.retake(taken);
            self.taken.extend(names);
            self.left = left;
            self.steps.truncate(steps);
            self.undo_values(journal);
            (self.kept_on, self.members_kept) = read;
        }
        let result = run(self);
        (before, result)
    }

    /// Gives names free that only steps took that are not done after all.
    pub(super) fn retake(&mut self, taken: HashSet<String>) {
        let extracted = self.requests.iter().flat_map(|sent| &sent.variables);
        self.taken = extracted.map(|(_, name)| name.clone()).collect();
        self.taken.extend(taken);
    }

    /// `ready && http.get(…)` as a statement.
    pub(super) fn step_of_short_circuit(
        &mut self,
        expression: &'a Expression<'a>,
        scope: &Scoped<'a>,
    ) -> bool {
        let Expression::LogicalExpression(both) = expression else { return false };
        let test = self.expression(&both.left, scope);
        match test.truth() {
            Some(holds) => {
                if holds == (both.operator.as_str() == "&&") {
                    self.expression(&both.right, scope);
                }
            }
            None => {
                self.right_side(both.operator.as_str(), &test, &both.right, scope, both.span);
            }
        }
        true
    }
}
