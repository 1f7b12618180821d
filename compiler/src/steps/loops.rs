//! Loops: `repeat`, `while` and `foreach`.

use ld_stdlib::{Shape, Span, operators};

use super::Context;
use super::blocks::{Members, step, together};
use crate::condition::decided;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Const, StepKind, Var};
use crate::json::Node;
use crate::lower::Lower;
use crate::template;

/// Rounds of a `while` that does not say how many it may have.
pub(crate) const DEFAULT_ROUNDS: i64 = 1000;

impl Lower<'_> {
    /// `repeat`: the number, taken once, a counter, and a loop while there are rounds left.
    pub(super) fn repeat(
        &mut self,
        span: Span,
        times: &Node<'_>,
        members: &Members<'_, '_>,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let mut most = self.given(times).unwrap_or(Argument::Const(Const::Null));
        if let Argument::Const(value) = &most
            && !is_count(value)
        {
            let help = r#"write a number, a variable (`"${n}"`) or `{"expr": "n + 1"}`"#;
            self.cannot_loop(times, value, "repeat", "a whole number of at least 0", help);
        }
        let (counter, limit) = (self.hidden("repeat"), self.hidden("times"));
        let mut all = Vec::new();
        // What it reads may give something else each time, or change inside.
        if let Argument::Slot(_) = most {
            all.push(self.set(span, limit, most));
            most = self.read(limit, span);
        }
        let mut steps = self.inside(members, context);
        let next = self.next(counter, span);
        steps.push(self.set(span, counter, next));
        // Counted from 1, so that what a fraction has beyond a whole number makes no round.
        all.push(self.set(span, counter, Argument::Const(Const::Int(1))));
        let count = self.read(counter, span);
        let condition = self.apply("<=", vec![count, most], "repeat", span);
        let kind = StepKind::While { condition: decided(&condition), steps };
        all.push(step(span, kind));
        Some(together(all))
    }

    /// `while`: the condition, and a counter so that it ends.
    pub(super) fn repeat_while(
        &mut self,
        span: Span,
        condition: &Node<'_>,
        members: &Members<'_, '_>,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let most = members.get("max_iterations").and_then(|node| {
            let shape = Shape::Integer { min: 1, max: 1_000_000_000 };
            match self.value(node, &shape, "max_iterations")?.kind {
                ld_stdlib::TreeKind::Int(most) => Some(most),
                _ => None,
            }
        });
        let holds = match self.block_condition(condition) {
            Condition::Never => Argument::Const(Const::Bool(false)),
            Condition::Always => Argument::Const(Const::Bool(true)),
            Condition::Slot(slot) => Argument::Slot(slot),
        };
        let counter = self.hidden("while");
        let mut steps = self.inside(members, context);
        let next = self.next(counter, span);
        steps.push(self.set(span, counter, next));
        let count = self.read(counter, span);
        let most = Argument::Const(Const::Int(most.unwrap_or(DEFAULT_ROUNDS)));
        let bounded = self.apply("<", vec![count, most], "max_iterations", span);
        let both = self.apply("and", vec![bounded, holds], "while", span);
        let first = self.set(span, counter, Argument::Const(Const::Int(0)));
        let kind = StepKind::While { condition: decided(&both), steps };
        Some(together(vec![first, step(span, kind)]))
    }

    /// `foreach`: the list, a position in it, and a loop while there are items.
    pub(super) fn foreach(
        &mut self,
        span: Span,
        list: &Node<'_>,
        members: &Members<'_, '_>,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let given = self.given(list).unwrap_or(Argument::Const(Const::Null));
        let given = match given {
            Argument::Const(value) => {
                let items = items(&value);
                if items.is_none() {
                    let help = r#"write a list, a variable (`"${ids}"`) or `{"expr": "[1, 2]"}`"#;
                    self.cannot_loop(list, &value, "foreach", "a list", help);
                }
                Argument::Const(Const::Json(items.unwrap_or_else(|| b"[]".to_vec())))
            }
            slot => slot,
        };
        let name = match members.get("as") {
            Some(node) => {
                let tree = self.value(node, &Shape::ConstantText, "as")?;
                String::from_utf8(tree.to_text().constant()?).ok()?
            }
            None => "item".to_owned(),
        };
        let item = self.var(Var { name, session: false });
        let (items, position) = (self.hidden("foreach"), self.hidden("position"));
        let is_known = matches!(given, Argument::Const(_));
        let whole = || Argument::Const(Const::Text(Vec::new()));
        let given = if is_known {
            given
        } else {
            // Data files hold text, so JSON text counts. Of the rest no more than lists and
            // objects are left.
            let value = self.apply_function("json", vec![given, whole()], "list", span);
            self.apply_function("item", vec![value, whole()], "list", span)
        };
        let begin = self.set(span, items, given);
        let first = self.set(span, position, Argument::Const(Const::Int(0)));

        let (all, at) = (self.read(items, span), self.read(position, span));
        let current = self.apply_function("item", vec![all.clone(), at.clone()], "item", span);
        let mut steps = vec![self.set(span, item, current)];
        steps.extend(self.inside(members, context));
        let next = self.next(position, span);
        steps.push(self.set(span, position, next));
        let length = self.apply_function("len", vec![all.clone()], "len", span);
        let condition = self.apply("<", vec![at, length], "foreach", span);
        let kind = StepKind::While { condition: decided(&condition), steps };
        let rounds = step(span, kind);
        if is_known {
            return Some(together(vec![begin, first, rounds]));
        }
        let number = |number| Argument::Const(Const::Int(number));
        let bracket = self.apply_function("substr", vec![all, number(0), number(1)], "[", span);
        let is_list = vec![bracket, Argument::Const(Const::Text(b"[".to_vec()))];
        let condition = decided(&self.apply("==", is_list, "list", span));
        let kind = StepKind::Branch { condition, then: vec![first, rounds], otherwise: Vec::new() };
        Some(together(vec![begin, step(span, kind)]))
    }

    /// Reports a value that a block cannot loop by.
    fn cannot_loop(
        &mut self,
        node: &Node<'_>,
        value: &Const,
        block: &str,
        expected: &str,
        help: &str,
    ) {
        let what = match value {
            // Nothing is no round; where it was made of a mistake that has been reported.
            Const::Null => return,
            Const::Text(text) if template::has_placeholder(&String::from_utf8_lossy(text)) => {
                return;
            }
            Const::Text(text) if text.is_empty() => "an empty text".to_owned(),
            Const::Text(_) => "a text".to_owned(),
            Const::Json(json) if json.first() == Some(&b'[') => "a list".to_owned(),
            Const::Json(json) if json.first() == Some(&b'{') => "an object".to_owned(),
            Const::Bool(_) | Const::Int(_) | Const::Float(_) | Const::Json(_) => {
                let mut text = Vec::new();
                value.value().write_text(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            }
        };
        let problem =
            Diagnostic::new(Code::WrongType, format!("`{block}` must be {expected}, not {what}"))
                .label(node.span, format!("expected {expected}"));
        let variable = node.as_str().and_then(|text| self.variable_named(text));
        let problem = match variable {
            Some((var, placeholder)) => {
                // One slip is one problem: the variable that was meant is not unused.
                self.scope.read.insert(var);
                let problem = problem.help(format!("did you mean `{placeholder}`?"));
                if self.source.slice(node.span).starts_with('"') {
                    problem.replace(node.span, format!("\"{placeholder}\""))
                } else {
                    problem
                }
            }
            None => problem.help(help),
        };
        self.report(problem);
    }

    /// The variable of this name, and the placeholder it is read by.
    fn variable_named(&self, name: &str) -> Option<(Var, String)> {
        [false, true].into_iter().find_map(|session| {
            let var = Var { name: name.to_owned(), session };
            let is_there = self.scope.extracted.contains_key(&var)
                || (!session && self.scope.vars.contains_key(name));
            let prefix = if session { "session." } else { "" };
            is_there.then(|| (var, format!("${{{prefix}{name}}}")))
        })
    }
}

/// Whether a value says how often something is done.
fn is_count(value: &Const) -> bool {
    let is_whole = |number: f64| number >= 0.0 && number.fract() == 0.0;
    match value {
        Const::Int(number) => *number >= 0,
        Const::Float(number) => is_whole(*number),
        Const::Text(bytes) => {
            let number = str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
            operators::is_number(value.value()) && number.is_some_and(is_whole)
        }
        Const::Null | Const::Bool(_) | Const::Json(_) => false,
    }
}

/// The list that a value is, as JSON.
fn items(value: &Const) -> Option<Vec<u8>> {
    let (Const::Json(bytes) | Const::Text(bytes)) = value else {
        return None;
    };
    let is_list = matches!(serde_json::from_slice(bytes), Ok(serde_json::Value::Array(_)));
    is_list.then(|| bytes.trim_ascii().to_vec())
}
