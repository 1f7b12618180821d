//! Conditions and loops of scripts.

use std::collections::HashMap;

use oxc_ast::ast::{
    Expression, ForOfStatement, ForStatement, ForStatementInit, ForStatementLeft, IfStatement,
    SimpleAssignmentTarget, Statement, UpdateExpression,
};
use oxc_span::{GetSpan as _, Span};
use serde_json::{Value as Json, json};

use super::lists::{self, MOST_ITEMS};
use super::value::{Part, Segment, Val};
use super::walk::{Walk, shown};
use super::{Did, Jump, Next};

/// A condition that is known only when the script runs.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    value: Val,
    negated: bool,
}

/// What of a loop is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    Round,
    Loop,
}

/// How much was found out before a branch.
#[derive(Clone, Copy, PartialEq)]
struct Found {
    assertions: usize,
    extracts: usize,
}

impl Walk<'_> {
    pub(super) fn if_statement(&mut self, branch: &IfStatement<'_>) {
        let condition = self.eval(&branch.test);
        match condition.truth() {
            Some(true) => self.statement(&branch.consequent),
            Some(false) => {
                if let Some(otherwise) = &branch.alternate {
                    self.statement(otherwise);
                }
            }
            None => {
                let otherwise = branch.alternate.as_ref();
                self.branches(
                    &condition,
                    branch.test.span(),
                    |walk| walk.statement(&branch.consequent),
                    otherwise,
                );
            }
        }
    }

    /// `condition && effect()`.
    pub(super) fn guarded(&mut self, test: &Expression<'_>, effect: &Expression<'_>) {
        let condition = self.eval(test);
        match condition.truth() {
            Some(true) => self.expression(effect),
            Some(false) => {}
            None => self.branches(&condition, test.span(), |walk| walk.expression(effect), None),
        }
    }

    /// What is done under a condition that is known only when the script runs, and what else.
    fn branches(
        &mut self,
        condition: &Val,
        test: Span,
        then: impl FnOnce(&mut Self),
        otherwise: Option<&Statement<'_>>,
    ) {
        let before = self.found();
        let names = self.names.clone();
        let then_did = self.within(condition, false, then);
        let then_found = self.found();
        let then_names = std::mem::replace(&mut self.names, names);
        let mut else_did = Vec::new();
        if let Some(otherwise) = otherwise {
            let asserted = then_found.assertions > before.assertions;
            let skips = self.skips_assertions;
            self.skips_assertions |= asserted;
            let had = std::mem::take(&mut self.left_out);
            else_did = self.within(condition, true, |walk| walk.statement(otherwise));
            if self.left_out {
                self.drop(otherwise.span(), "what is checked else is left out");
            }
            self.left_out = had;
            self.skips_assertions = skips;
        }
        self.merge(then_names, condition);
        // That a reply is as expected before it is looked into is what the assertions say anyway.
        let is_about_reply = matches!(condition, Val::Holds(_) | Val::Reply(_));
        let is_noted = self.found() != before && !is_about_reply;
        let mut is_done_anyway = false;
        if !then_did.is_empty() || !else_did.is_empty() {
            match self.condition(condition) {
                Some(expression) => {
                    self.variables.declare_known(&json!(expression));
                    self.compiled.did.push(Did::If(expression, then_did, else_did));
                }
                None => {
                    self.compiled.did.extend(then_did);
                    is_done_anyway = true;
                    if let Some(otherwise) = otherwise.filter(|_| !else_did.is_empty()) {
                        self.drop(otherwise.span(), "what is done else is left out");
                    }
                }
            }
        }
        if is_noted || is_done_anyway {
            let what = format!("if ({})", shown(self.slice(test)));
            self.notes.approximate(self.place, &what, "it is done whether this holds or not");
        }
    }

    fn found(&self) -> Found {
        let (assertions, extracts) = match &self.sent {
            Some(task) => (task.borrow().assertions.len(), task.borrow().extract.len()),
            None => (self.compiled.assertions.len(), self.compiled.extract.len()),
        };
        Found { assertions, extracts }
    }

    /// What is done under a condition.
    fn within(&mut self, condition: &Val, negated: bool, run: impl FnOnce(&mut Self)) -> Vec<Did> {
        let outer = std::mem::take(&mut self.compiled.did);
        self.path.push(Condition { value: condition.clone(), negated });
        run(self);
        self.path.pop();
        std::mem::replace(&mut self.compiled.did, outer)
    }

    /// Takes over what names stand for behind a branch, where it is the same in both.
    fn merge(&mut self, mut then: HashMap<String, Val>, condition: &Val) {
        let is_about_reply = matches!(condition, Val::Holds(_) | Val::Reply(_));
        let known: Vec<String> = self.names.keys().chain(then.keys()).cloned().collect();
        for name in known {
            let (of_then, of_else) = (then.remove(&name), self.names.get(&name));
            if of_then.as_ref() == of_else {
                continue;
            }
            let merged = match (name.strip_prefix("variable "), of_then, of_else) {
                // It is taken out of the reply whether the condition holds or not.
                (Some(_), Some(value @ Val::Reply(_)), _) => value,
                (Some(variable), ..) => Val::Text(self.variables.placeholder(variable)),
                // What is left empty when the reply is not as expected.
                (None, Some(value), Some(Val::Undefined | Val::Const(_))) if is_about_reply => {
                    value
                }
                (None, None, Some(value)) => value.clone(),
                _ => Val::Unknown,
            };
            self.names.insert(name, merged);
        }
    }

    /// All conditions that the statement is under as one; `None` when one of them is not known.
    pub(super) fn path_condition(&mut self) -> Option<String> {
        let path = self.path.clone();
        let mut all = Vec::new();
        for condition in &path {
            let expression = self.condition(&condition.value)?;
            all.push(if condition.negated { negated(&expression) } else { expression });
        }
        let all = match all.as_slice() {
            [alone] => alone.clone(),
            all => {
                let all: Vec<String> = all.iter().map(|one| format!("({one})")).collect();
                all.join(" and ")
            }
        };
        self.variables.declare_known(&json!(all));
        Some(all)
    }

    /// Takes in where the run goes on.
    pub(super) fn jump(&mut self, next: Option<Next>, span: Span) {
        match next {
            Some(next) if self.path.is_empty() => {
                self.compiled.jumps.clear();
                self.compiled.next = Some(next);
            }
            Some(next) => match self.path_condition() {
                Some(when) => self.compiled.jumps.push(Jump { when, next }),
                None => self.drop(span, "it depends on what only the script knows"),
            },
            None => self.drop(span, "which request is meant is known only to the script"),
        }
    }

    /// A loop that counts.
    pub(super) fn for_statement(&mut self, counted: &ForStatement<'_>) {
        match &counted.init {
            Some(ForStatementInit::VariableDeclaration(declaration)) => {
                self.declaration(declaration);
            }
            Some(init) => {
                if let Some(expression) = init.as_expression() {
                    self.expression(expression);
                }
            }
            None => {}
        }
        let Some(test) = &counted.test else {
            return self.drop(counted.span, "only a script could do this");
        };
        for _ in 0..MOST_ITEMS {
            let goes_on = match self.eval(test).truth() {
                Some(true) => self.round(&counted.body, counted.span),
                Some(false) => return,
                None => return self.each_position(counted, test),
            };
            if !goes_on {
                return;
            }
            if let Some(update) = &counted.update {
                self.expression(update);
            }
        }
        self.drop(counted.span, "it goes round too often");
    }

    /// One round of a loop; whether there is another. What cannot be done in one round cannot be
    /// done in the others.
    fn round(&mut self, body: &Statement<'_>, span: Span) -> bool {
        let drops = self.drops;
        self.statement(body);
        let leaves = self.leaves.take();
        if self.drops != drops {
            let what = shown(self.slice(span));
            self.notes.approximate(self.place, &what, "one round of the loop is looked at");
        }
        self.drops == drops && self.returned.is_none() && leaves != Some(Leave::Loop)
    }

    /// `continue` and `break`.
    pub(super) fn leave(&mut self, leaves: Leave, span: Span) {
        if self.path.len() == self.base {
            self.leaves = Some(leaves);
        } else {
            self.drop(span, "it depends on what only the script knows");
        }
    }

    /// A loop over the positions of a list in the reply: `i < items.length`.
    fn each_position(&mut self, counted: &ForStatement<'_>, test: &Expression<'_>) {
        let Expression::BinaryExpression(binary) = test.without_parentheses() else {
            return self.drop(counted.span, "only a script could do this");
        };
        match (&binary.left, self.eval(&binary.right)) {
            (Expression::Identifier(name), Val::Reply(Part::Length(_))) => {
                self.names.insert(name.name.to_string(), Val::Given("[*]".to_owned()));
                self.statement(&counted.body);
            }
            _ => self.drop(counted.span, "only a script could do this"),
        }
    }

    /// A loop over items.
    pub(super) fn for_of_statement(&mut self, each: &ForOfStatement<'_>) {
        let list = self.eval(&each.right);
        let ForStatementLeft::VariableDeclaration(declaration) = &each.left else {
            return self.drop(each.span, "only a script could do this");
        };
        let Some(pattern) = declaration.declarations.first().map(|one| &one.id) else { return };
        match (lists::items(&list), list) {
            (Some(items), _) => {
                for item in items {
                    self.declare(pattern, item);
                    if !self.round(&each.body, each.span) {
                        return;
                    }
                }
            }
            (None, Val::Reply(Part::Json(mut segments))) => {
                segments.push(Segment::Each);
                self.declare(pattern, Val::Reply(Part::Json(segments)));
                self.statement(&each.body);
            }
            _ => self.drop(each.span, "only a script could do this"),
        }
    }

    /// `count++`.
    pub(super) fn update(&mut self, update: &UpdateExpression<'_>) {
        let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = &update.argument else {
            return self.drop(update.span, "only a script could do this");
        };
        let name = name.name.to_string();
        let value = self.names.get(&name).cloned().unwrap_or(Val::Unknown);
        let by = if update.operator.as_str() == "++" { 1 } else { -1 };
        let value = self.sum(value, Val::Const(json!(by)));
        self.names.insert(name, value);
    }

    /// The sum of a number and something that counts as one.
    fn sum(&mut self, value: Val, more: Val) -> Val {
        let value = match value {
            Val::Text(_) | Val::Reply(_) => {
                self.operand(&value).map_or(Val::Unknown, Val::Expression)
            }
            Val::Const(Json::String(text)) => text
                .parse::<f64>()
                .map_or(Val::Unknown, |value| Val::Const(super::value::number(value))),
            value => value,
        };
        match more.as_number() {
            Some(less) if less < 0.0 => {
                super::operators::minus(value, &Val::Const(super::value::number(-less)))
            }
            _ => self.add(value, more),
        }
    }
}

/// An expression that holds when another does not.
pub(in crate::postman) fn negated(expression: &str) -> String {
    if let Some(inner) =
        expression.strip_prefix("not ").filter(|inner| super::derive::is_variable(inner))
    {
        return inner.to_owned();
    }
    if super::derive::is_variable(expression) {
        return format!("not {expression}");
    }
    let is_alone = ![" and ", " or ", "not ", "("].iter().any(|word| expression.contains(word));
    for (sign, opposite) in [(" == ", " != "), (" != ", " == ")] {
        if is_alone && expression.matches(sign).count() == 1 {
            return expression.replace(sign, opposite);
        }
    }
    format!("not ({expression})")
}
