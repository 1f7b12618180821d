//! Conditions: `run_if` and `skip_if` in the forms of the language, and expressions.

use ld_stdlib::{Piece, Span, Template, Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Const};
use crate::json::{Kind, Member, Node};
use crate::lower::{Lower, constant};

/// The operators of condition objects.
const OPERATORS: [&str; 5] = ["equals", "not_equals", "in", "truthy", "expr"];

impl Lower<'_> {
    /// Whether a step runs, by its `run_if` and `skip_if`.
    pub(crate) fn runs(
        &mut self,
        run_if: Option<&Node<'_>>,
        skip_if: Option<&Node<'_>>,
    ) -> Condition {
        let given = |node: Option<&Node<'_>>| node.filter(|node| !node.is_null()).is_some();
        let run = run_if.filter(|_| given(run_if)).map(|node| self.condition(node));
        let skip = skip_if.filter(|_| given(skip_if)).map(|node| {
            let condition = self.condition(node);
            self.apply("not", vec![condition], "not", node.span)
        });
        let both = match (run, skip) {
            (Some(run), Some(skip)) => {
                let span = run_if.map_or(Span::default(), |node| node.span);
                self.apply("and", vec![run, skip], "and", span)
            }
            (one, other) => match one.or(other) {
                Some(condition) => condition,
                None => return Condition::Always,
            },
        };
        decided(&both)
    }

    /// The condition of a block: an expression, or an object as in `run_if`.
    pub(crate) fn block_condition(&mut self, node: &Node<'_>) -> Condition {
        let value = match node.as_str() {
            Some(text) => {
                self.expression(text, node.span).map_or(Argument::Const(Const::Null), |t| t.value)
            }
            None => self.condition(node),
        };
        decided(&value)
    }

    fn condition(&mut self, node: &Node<'_>) -> Argument {
        match &node.kind {
            Kind::Object(members) => self.predicate(node, members),
            Kind::Array(_) => {
                let problem = Diagnostic::new(Code::WrongType, "a condition is no list")
                    .label(node.span, "expected a text, a value or an object")
                    .help(r#"write `{"equals": ["${a}", "b"]}` or `{"expr": "a == 'b'"}`"#);
                self.report(problem);
                Argument::Const(Const::Null)
            }
            _ => self.value_of(node),
        }
    }

    /// `{"equals": [a, b]}` and the like.
    fn predicate(&mut self, node: &Node<'_>, members: &[Member<'_>]) -> Argument {
        let nothing = Argument::Const(Const::Null);
        let [Member { key, value }] = members else {
            let problem = Diagnostic::new(Code::WrongType, "a condition object has one member")
                .label(node.span, format!("one of {}", OPERATORS.join(", ")));
            self.report(problem);
            return nothing;
        };
        let name = key.text.to_ascii_lowercase();
        match name.as_str() {
            "truthy" => self.value_of(value),
            "expr" => match value.as_str() {
                Some(text) => {
                    self.expression(text, value.span).map_or(nothing, |typed| typed.value)
                }
                None => {
                    let problem = Diagnostic::new(Code::WrongType, "`expr` must be text")
                        .label(value.span, "expected an expression as text");
                    self.report(problem);
                    nothing
                }
            },
            "equals" | "not_equals" | "in" => {
                let Some([first, second]) = value.as_array() else {
                    let message = format!("`{}` compares two values", key.text);
                    let problem = Diagnostic::new(Code::WrongType, message)
                        .label(value.span, "expected a list of two");
                    self.report(problem);
                    return nothing;
                };
                let operator = match name.as_str() {
                    "equals" => "==",
                    "not_equals" => "!=",
                    _ => "in",
                };
                let operands = [self.value_of(first), self.value_of(second)];
                let operands = match (operator, operands) {
                    (_, operands) if !self.pythonic => operands,
                    ("in", [needle, list]) => [needle.clone(), only_texts(&needle, list)],
                    // What is filled in is text, which equals nothing else.
                    (_, [a, b]) if is_text(&a) != is_text(&b) => {
                        return Argument::Const(Const::Bool(operator == "!="));
                    }
                    (_, operands) => operands,
                };
                self.apply(operator, operands.into(), operator, value.span)
            }
            _ => {
                let problem = Diagnostic::new(
                    Code::UnknownValue,
                    format!("unknown condition `{}`", key.text),
                )
                .label(key.span, format!("known: {}", OPERATORS.join(", ")))
                .did_you_mean(&name, OPERATORS);
                self.report(problem);
                nothing
            }
        }
    }

    /// Any value of the plan as an argument of a call, in which values keep their types.
    pub(crate) fn typed_value_of(&mut self, node: &Node<'_>) -> Argument {
        let pythonic = std::mem::replace(&mut self.pythonic, false);
        let value = self.value_of(node);
        self.pythonic = pythonic;
        value
    }

    /// Any value of the plan as an argument of a call.
    ///
    /// What stands in a list or object is folded whatever is asked for, because there is no
    /// other way to know it.
    pub(crate) fn value_of(&mut self, node: &Node<'_>) -> Argument {
        let several = matches!(node.kind, Kind::Array(_) | Kind::Object(_));
        let fold = self.fold;
        self.fold |= several;
        let value = self.value(node, &ld_stdlib::Shape::Any, "this value");
        self.fold = fold;
        match value {
            Some(tree) => self.argument_of(&tree),
            None => Argument::Const(Const::Null),
        }
    }

    fn argument_of(&mut self, tree: &Tree) -> Argument {
        if let Some(value) = constant(tree) {
            return Argument::Const(value);
        }
        match &tree.kind {
            TreeKind::Text(template) => self.template_argument(template, tree.span),
            _ => {
                let message = "a list or object with placeholders cannot stand here";
                let problem = Diagnostic::new(Code::BadExpression, message)
                    .label(tree.span, "its value is known only while it runs")
                    .help("compare with its items one by one");
                self.report(problem);
                Argument::Const(Const::Null)
            }
        }
    }

    /// A text with holes: its only slot, or its pieces put together.
    fn template_argument(&mut self, template: &Template, span: Span) -> Argument {
        if let Some(slot) = template.single_slot() {
            return Argument::Slot(slot);
        }
        let mut whole = Argument::Const(Const::Text(Vec::new()));
        for piece in &template.pieces {
            let piece = match piece {
                Piece::Text(bytes) => Argument::Const(Const::Text(bytes.clone())),
                Piece::Slot { slot, .. } => Argument::Slot(*slot),
            };
            whole = match whole {
                Argument::Const(Const::Text(text)) if text.is_empty() => piece,
                whole => self.apply("concat", vec![whole, piece], "text", span),
            };
        }
        whole
    }
}

/// Whether the value is text where placeholders stand for nothing else.
const fn is_text(value: &Argument) -> bool {
    matches!(value, Argument::Slot(_) | Argument::Const(Const::Text(_)))
}

/// A list that a text is looked for in, without what is no text.
fn only_texts(needle: &Argument, list: Argument) -> Argument {
    match list {
        Argument::Const(Const::Json(list)) if is_text(needle) => {
            let texts = match serde_json::from_slice(&list) {
                Ok(serde_json::Value::Array(mut items)) => {
                    items.retain(serde_json::Value::is_string);
                    serde_json::to_vec(&items).unwrap_or(list)
                }
                _ => list,
            };
            Argument::Const(Const::Json(texts))
        }
        other => other,
    }
}

/// A condition whose value may be known.
pub(crate) fn decided(value: &Argument) -> Condition {
    match value {
        Argument::Slot(slot) => Condition::Slot(*slot),
        Argument::Const(value) if value.value().is_truthy() => Condition::Always,
        Argument::Const(_) => Condition::Never,
    }
}
