//! Operators, of values that are known or stand for something in the reply.

use oxc_ast::ast::{BinaryExpression, BinaryOperator, UnaryOperator};
use serde_json::{Value as Json, json};

use super::check::{self, Op};
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
            // A number that a variable holds.
            (Val::Expression(left), right) if right.as_number().is_some() => {
                let right = right.as_number().map(number).unwrap_or_default();
                return Val::Expression(format!("{left} + {right}"));
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
            (UnaryOperator::LogicalNot, value) => match value.truth() {
                Some(truth) => Val::Const(json!(!truth)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryNegation, value) => match value.as_number() {
                Some(value) => Val::Const(number(-value)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryPlus, Val::Now) => Val::Text("${timestamp_ms()}".to_owned()),
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
            BinaryOperator::Subtraction => return minus(left, &right),
            BinaryOperator::Multiplication => return times(left, right),
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
            (Val::Reply(left), Val::Reply(right)) if left == right => {
                return Val::Const(json!(op == Op::Eq));
            }
            (Val::Reply(part), value) => (part, value, op),
            (value, Val::Reply(part)) => (part, value, op.mirrored()),
            (Val::Const(left), Val::Const(right)) if matches!(op, Op::Eq | Op::Ne) => {
                return Val::Const(json!((left == right) == (op == Op::Eq)));
            }
            (Val::Holds(assertions), value) if matches!(op, Op::Eq | Op::Ne) => {
                return match (value.truth(), op) {
                    (Some(true), Op::Eq) | (Some(false), Op::Ne) => Val::Holds(assertions),
                    (Some(_), _) => self.unary(UnaryOperator::LogicalNot, Val::Holds(assertions)),
                    _ => Val::Unknown,
                };
            }
            _ => return Val::Unknown,
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
}

pub(super) fn and(left: Val, right: Val) -> Val {
    match (left, right) {
        (Val::Holds(mut left), Val::Holds(right)) => {
            left.extend(right);
            Val::Holds(left)
        }
        // That there is something to look into.
        (Val::Reply(_), right) => right,
        (left, right) => match left.truth() {
            Some(true) => right,
            Some(false) => left,
            None => Val::Unknown,
        },
    }
}

pub(super) fn or(left: Val, right: Val) -> Val {
    match left.truth() {
        Some(true) => left,
        Some(false) => right,
        // What follows stands for a reply without it.
        None if matches!(left, Val::Reply(_) | Val::Text(_)) => left,
        None => Val::Unknown,
    }
}

fn minus(left: Val, right: &Val) -> Val {
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
