//! Operators, of values that are known or stand for something in the reply.

use oxc_ast::ast::{BinaryExpression, BinaryOperator, UnaryOperator};
use serde_json::{Value as Json, json};

use super::check::{self, Op};
use super::derive::is_variable;
use super::flow::negated;
use super::value::{Part, Segment, Val, number};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn add(&mut self, left: Val, right: Val) -> Val {
        if let (Some(left), Some(right)) = (left.as_number(), right.as_number()) {
            return Val::Const(number(left + right));
        }
        match (&left, &right) {
            (Val::Random { from, span }, value) | (value, Val::Random { from, span })
                if value.as_number().is_some() =>
            {
                return Val::Random { from: from + value.as_number().unwrap_or(0.0), span: *span };
            }
            (Val::Const(Json::String(left)), Val::Const(right)) => {
                let right = right.as_str().map_or_else(|| right.to_string(), str::to_owned);
                return Val::text(&format!("{left}{right}"));
            }
            (Val::Text(text), more)
                if drawn_between(text).is_some() && more.as_number().is_some() =>
            {
                let by = more.as_number().unwrap_or(0.0);
                let (from, to) = drawn_between(text).unwrap_or_default();
                let between = format!("{}, {}", number(from + by), number(to + by));
                return Val::Text(format!("${{randint({between})}}"));
            }
            (Val::Text(text), Val::Expression(_)) | (Val::Expression(_), Val::Text(text))
                if text.starts_with("${timestamp") || text.starts_with("${randint") =>
            {
                return self.computed(&left, '+', &right);
            }
            (Val::Text(text), more)
                if text == "${timestamp_ms()}" && more.as_number().is_some() =>
            {
                let more = more.as_number().unwrap_or(0.0);
                let sign = if more < 0.0 { '-' } else { '+' };
                return Val::Text(format!("${{timestamp_ms({sign}{}ms)}}", number(more.abs())));
            }
            // A number that a variable holds, or the reply.
            (Val::Expression(_), Val::Expression(_) | Val::Reply(_))
            | (Val::Reply(_), Val::Expression(_)) => return self.computed(&left, '+', &right),
            (Val::Expression(_) | Val::Reply(_), other)
            | (other, Val::Expression(_) | Val::Reply(_))
                if other.as_number().is_some() =>
            {
                return self.computed(&left, '+', &right);
            }
            _ => {}
        }
        match (self.text(&left), self.text(&right)) {
            (Some(left), Some(right)) => Val::Text(left + &right),
            _ => Val::Unknown,
        }
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, value: Val) -> Val {
        match (operator, value) {
            (UnaryOperator::LogicalNot, Val::Holds(assertions)) => match assertions.as_slice() {
                [alone] => check::negate(alone).map_or(Val::Unknown, |one| Val::Holds(vec![one])),
                _ => Val::Unknown,
            },
            (UnaryOperator::LogicalNot, Val::Reply(part)) => {
                check::exists(&part, false).map_or(Val::Unknown, |one| Val::Holds(vec![one]))
            }
            (UnaryOperator::LogicalNot, Val::Filter(filter) | Val::Item(filter)) => {
                Val::Filter(check::not(&filter))
            }
            (
                UnaryOperator::LogicalNot,
                value @ (Val::Condition(_) | Val::Text(_) | Val::Expression(_)),
            ) => match self.condition(&value) {
                Some(condition) => Val::Condition(negated(&condition)),
                None => Val::Unknown,
            },
            (UnaryOperator::LogicalNot, value) => match value.truth() {
                Some(truth) => Val::Const(json!(!truth)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryNegation, value) => match value.as_number() {
                Some(value) => Val::Const(number(-value)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryPlus, Val::Now(shift)) => {
                Val::Text(format!("${{timestamp_ms({shift})}}"))
            }
            (UnaryOperator::UnaryPlus, value) => value,
            (UnaryOperator::Typeof, Val::Reply(Part::Json(segments))) => {
                Val::Reply(Part::Type(segments))
            }
            (UnaryOperator::Void, _) => Val::Undefined,
            _ => Val::Unknown,
        }
    }

    pub(super) fn binary(&mut self, binary: &BinaryExpression<'_>) -> Val {
        let left = self.eval(&binary.left);
        let right = self.eval(&binary.right);
        let op = match binary.operator {
            BinaryOperator::Equality | BinaryOperator::StrictEquality => Op::Eq,
            BinaryOperator::Inequality | BinaryOperator::StrictInequality => Op::Ne,
            BinaryOperator::LessThan => Op::Lt,
            BinaryOperator::LessEqualThan => Op::Le,
            BinaryOperator::GreaterThan => Op::Gt,
            BinaryOperator::GreaterEqualThan => Op::Ge,
            BinaryOperator::Addition => return self.add(left, right),
            BinaryOperator::Subtraction => {
                return match (&left, &right) {
                    (Val::Text(_), less) if less.as_number().is_some() => {
                        self.add(left, Val::Const(number(-less.as_number().unwrap_or(0.0))))
                    }
                    (Val::Expression(_) | Val::Reply(_), Val::Reply(_) | Val::Expression(_))
                    | (Val::Reply(_), Val::Const(_)) => self.computed(&left, '-', &right),
                    _ => minus(left, &right),
                };
            }
            BinaryOperator::Multiplication => {
                return match (&left, &right) {
                    (Val::Expression(_) | Val::Reply(_), _)
                    | (_, Val::Expression(_) | Val::Reply(_)) => self.computed(&left, '*', &right),
                    _ => times(left, right),
                };
            }
            BinaryOperator::Division => {
                return match (&left, right.as_number()) {
                    (Val::Text(text), Some(1000.0)) if text == "${timestamp_ms()}" => {
                        Val::Text("${timestamp()}".to_owned())
                    }
                    (left, Some(right)) if left.as_number().is_some() => {
                        Val::Const(number(left.as_number().unwrap_or(0.0) / right))
                    }
                    _ => Val::Unknown,
                };
            }
            BinaryOperator::In => {
                return match (left.as_text(), right) {
                    (Some(name), Val::Reply(Part::Json(mut segments))) => {
                        segments.push(Segment::Name(name.to_owned()));
                        Val::Holds(vec![check::truthy(&segments)])
                    }
                    (Some(name), Val::Reply(Part::Headers)) => {
                        let header = Part::Header(name.to_owned());
                        check::exists(&header, true)
                            .map_or(Val::Unknown, |one| Val::Holds(vec![one]))
                    }
                    _ => Val::Unknown,
                };
            }
            _ => return Val::Unknown,
        };
        let (part, value, op) = match (left, right) {
            (Val::Item(item), value) => return filter(&item, op, &value),
            (value, Val::Item(item)) => return filter(&item, op.mirrored(), &value),
            (Val::Reply(left), Val::Reply(right)) if left == right => {
                return Val::Const(json!(op == Op::Eq));
            }
            (Val::Reply(part), value) => (part, value, op),
            (value, Val::Reply(part)) => (part, value, op.mirrored()),
            (Val::Const(left), Val::Const(right)) if matches!(op, Op::Eq | Op::Ne) => {
                return Val::Const(json!((left == right) == (op == Op::Eq)));
            }
            // Where a text is found in another.
            (Val::Holds(assertions), Val::Const(Json::Number(place))) => {
                return match (place.as_i64(), op) {
                    (Some(-1), Op::Ne | Op::Gt) | (Some(0), Op::Ge) => Val::Holds(assertions),
                    (Some(-1), Op::Eq) | (Some(0), Op::Lt) => {
                        self.unary(UnaryOperator::LogicalNot, Val::Holds(assertions))
                    }
                    _ => Val::Unknown,
                };
            }
            (Val::Holds(assertions), value) if matches!(op, Op::Eq | Op::Ne) => {
                return match (value.truth(), op) {
                    (Some(true), Op::Eq) | (Some(false), Op::Ne) => Val::Holds(assertions),
                    (Some(_), _) => self.unary(UnaryOperator::LogicalNot, Val::Holds(assertions)),
                    _ => Val::Unknown,
                };
            }
            (Val::Const(left), Val::Const(right)) => {
                return match (left.as_f64(), right.as_f64()) {
                    (Some(left), Some(right)) => Val::Const(json!(op.holds(left, right))),
                    _ => Val::Unknown,
                };
            }
            (left, right) => {
                return match (self.operand(&left), self.operand(&right)) {
                    (Some(left), Some(right)) => {
                        Val::Condition(format!("{left} {} {right}", op.sign()))
                    }
                    _ => Val::Unknown,
                };
            }
        };
        let assertion = match value {
            Val::Undefined => match op {
                Op::Eq => check::exists(&part, false),
                Op::Ne => check::exists(&part, true),
                _ => None,
            },
            value => self.json(&value).and_then(|value| check::compare(&part, op, &value)),
        };
        assertion.map_or(Val::Unknown, |one| Val::Holds(vec![one]))
    }

    pub(super) fn and(&mut self, left: Val, right: Val) -> Val {
        match (left, right) {
            (Val::Holds(mut left), Val::Holds(right)) => {
                left.extend(right);
                Val::Holds(left)
            }
            (Val::Filter(left) | Val::Item(left), Val::Filter(right) | Val::Item(right)) => {
                Val::Filter(format!("({left}) && ({right})"))
            }
            // That there is something to look into.
            (Val::Reply(_), right) => right,
            (left, right) => match left.truth() {
                Some(true) => right,
                Some(false) => left,
                None => self.both(&left, "and", &right),
            },
        }
    }

    pub(super) fn or(&mut self, left: Val, right: Val) -> Val {
        match (left.truth(), left) {
            (Some(true), left) => left,
            (Some(false), _) => right,
            // What follows stands for a reply without it.
            (None, left @ Val::Reply(_)) => left,
            (None, Val::Text(text)) => self.or_default(text, right),
            (None, Val::Filter(left) | Val::Item(left)) => match right {
                Val::Filter(right) | Val::Item(right) => {
                    Val::Filter(format!("({left}) || ({right})"))
                }
                _ => Val::Unknown,
            },
            (None, left) => self.both(&left, "or", &right),
        }
    }

    /// A variable, or something else where it has no value.
    fn or_default(&mut self, text: String, right: Val) -> Val {
        let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let Some(name) = name.filter(|name| is_variable(name)) else { return Val::Text(text) };
        if self.variables.is_unknown(name) {
            return right;
        }
        if !self.variables.may_be_nothing(name) {
            return Val::Text(text);
        }
        match right {
            Val::Condition(_) | Val::Holds(_) => self.both(&Val::Text(text), "or", &right),
            Val::Const(Json::String(empty)) if empty.is_empty() => {
                Val::Text(format!("${{default({text}, '')}}"))
            }
            right => match self.argument(&right) {
                Some(right) => Val::Text(format!("${{default({text}, {right})}}")),
                None => Val::Text(text),
            },
        }
    }

    fn both(&mut self, left: &Val, operator: &str, right: &Val) -> Val {
        match (self.condition(left), self.condition(right)) {
            (Some(left), Some(right)) => {
                let parted =
                    |text: String| if text.contains(' ') { format!("({text})") } else { text };
                Val::Condition(format!("{} {operator} {}", parted(left), parted(right)))
            }
            _ => Val::Unknown,
        }
    }

    fn computed(&mut self, left: &Val, operator: char, right: &Val) -> Val {
        match (self.operand(left), self.operand(right)) {
            (Some(left), Some(right)) => Val::Expression(format!("{left} {operator} {right}")),
            _ => Val::Unknown,
        }
    }
}

/// The bounds of a number that is drawn.
fn drawn_between(text: &str) -> Option<(f64, f64)> {
    let bounds = text.strip_prefix("${randint(")?.strip_suffix(")}")?;
    let (from, to) = bounds.split_once(", ")?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// That an item, or a part of it, compares with a known value.
fn filter(item: &str, op: Op, value: &Val) -> Val {
    match (value, op) {
        (Val::Undefined, Op::Eq) => Val::Filter(check::not(item)),
        (Val::Undefined, Op::Ne) => Val::Filter(item.to_owned()),
        (Val::Const(value), _) => match check::literal(value) {
            Some(value) => Val::Filter(format!("{item} {} {value}", op.sign())),
            None => Val::Unknown,
        },
        _ => Val::Unknown,
    }
}

pub(super) fn minus(left: Val, right: &Val) -> Val {
    match (left.as_number(), right.as_number(), left) {
        (Some(left), Some(right), _) => Val::Const(number(left - right)),
        (_, Some(right), Val::Random { from, span }) => Val::Random { from: from - right, span },
        (_, Some(right), Val::Expression(left)) => {
            Val::Expression(format!("{left} - {}", number(right)))
        }
        _ => Val::Unknown,
    }
}

fn times(left: Val, right: Val) -> Val {
    match (left.as_number(), right.as_number(), left, right) {
        (Some(left), Some(right), ..) => Val::Const(number(left * right)),
        (Some(by), _, _, Val::Random { from, span })
        | (_, Some(by), Val::Random { from, span }, _) => {
            Val::Random { from: from * by, span: span * by }
        }
        _ => Val::Unknown,
    }
}
