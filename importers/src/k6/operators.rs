//! Operators on values.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::Machine;
use super::value::{Test, Value, json_number};

/// Texts are put together up to this length.
const LONGEST: usize = 1 << 20;

/// Whether two values are equal, where that is known.
pub(super) fn equal<'a>(left: &Value<'a>, right: &Value<'a>, strictly: bool) -> Option<bool> {
    Some(match (left, right) {
        (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
        (Value::Undefined, Value::Null) | (Value::Null, Value::Undefined) => !strictly,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => (left - right).abs() < f64::EPSILON,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Live(left), Value::Live(right)) if left == right && left.is_stable() => true,
        (Value::Array(left), Value::Array(right)) => Rc::ptr_eq(left, right),
        (Value::Object(left), Value::Object(right)) => Rc::ptr_eq(left, right),
        (left, right) if left.is_known() && right.is_known() => {
            !strictly
                && left.is_constant()
                && right.is_constant()
                && !matches!(
                    (left, right),
                    (Value::Undefined | Value::Null, _) | (_, Value::Undefined | Value::Null)
                )
                && match (left.to_number(), right.to_number()) {
                    (Some(left), Some(right)) => (left - right).abs() < f64::EPSILON,
                    _ => false,
                }
        }
        _ => return None,
    })
}

impl<'a> Machine<'a, '_> {
    /// `left op right` for the operators that both have values of.
    pub(super) fn binary(
        &mut self,
        op: &str,
        left: Value<'a>,
        right: Value<'a>,
        span: Span,
    ) -> Value<'a> {
        match op {
            "===" | "==" | "!==" | "!=" => {
                let is_positive = op.starts_with('=');
                let nothing = |value: &Value<'_>| matches!(value, Value::Undefined | Value::Null);
                let known = match (&left, &right) {
                    (Value::Live(code), other) | (other, Value::Live(code))
                        if nothing(other) && self.is_there(code) =>
                    {
                        Some(false)
                    }
                    (left, right) => equal(left, right, op.len() == 3),
                };
                match known {
                    Some(equal) => Value::Bool(equal == is_positive),
                    None => Value::test(Test::Compare(
                        if is_positive { "==" } else { "!=" },
                        left,
                        right,
                    )),
                }
            }
            "<" | "<=" | ">" | ">=" => {
                if let (Value::Text(left), Value::Text(right)) = (&left, &right) {
                    return Value::Bool(ordered(op, left.cmp(right)));
                }
                match (left.to_number(), right.to_number()) {
                    (Some(left), Some(right)) => Value::Bool(
                        left.partial_cmp(&right).is_some_and(|order| ordered(op, order)),
                    ),
                    _ if left.is_known() && right.is_known() => Value::Bool(false),
                    _ => {
                        let op = match op {
                            "<" => "<",
                            "<=" => "<=",
                            ">" => ">",
                            _ => ">=",
                        };
                        Value::test(Test::Compare(op, left, right))
                    }
                }
            }
            "in" => match (&left.to_text(), &right) {
                (Some(name), object @ Value::Object(_)) => {
                    Value::Bool(object.member(name).is_some())
                }
                _ => Value::test(Test::Contains(right, left)),
            },
            "instanceof" => Value::unknown("instanceof"),
            "+" => {
                let (left, right) = (self.as_text(&left, span), self.as_text(&right, span));
                self.arithmetic(op, left, right, span)
            }
            _ => {
                let (left, right) = (self.as_number(left, span), self.as_number(right, span));
                self.arithmetic(op, left, right, span)
            }
        }
    }

    /// The milliseconds of a date; any other value as it is.
    fn as_number(&mut self, value: Value<'a>, span: Span) -> Value<'a> {
        match &value {
            Value::Object(object) if object.kind.get() == "date" => {
                self.date_method(object, "getTime", &[], span)
            }
            _ => value,
        }
    }

    fn arithmetic(&mut self, op: &str, left: Value<'a>, right: Value<'a>, span: Span) -> Value<'a> {
        if op == "+" {
            let is_number = |value: &Value<'_>| {
                matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null | Value::Undefined)
            };
            if left.is_known() && right.is_known() && !(is_number(&left) && is_number(&right)) {
                return match (left.to_text(), right.to_text()) {
                    (Some(left), Some(right)) if left.len() + right.len() <= LONGEST => {
                        Value::text(&(left + &right))
                    }
                    (Some(_), Some(_)) => Value::unknown("a very long text"),
                    _ => Value::unknown("a text of something that has none"),
                };
            }
        }
        if let (Some(one), Some(other)) = (left.to_number(), right.to_number()) {
            return Value::Number(calculated(op, one, other));
        }
        match (&left, &right, op) {
            (Value::Range(min, max, whole), other, "+" | "-" | "*" | "/")
                if other.to_number().is_some() =>
            {
                let other = other.to_number().unwrap_or_default();
                let (one, two) = (calculated(op, *min, other), calculated(op, *max, other));
                let whole = *whole && other.fract() == 0.0 && matches!(op, "+" | "-");
                return Value::Range(one.min(two), one.max(two), whole);
            }
            (other, Value::Range(min, max, whole), "+" | "*")
                if matches!(other, Value::Number(_)) =>
            {
                let other = other.to_number().unwrap_or_default();
                let (one, two) = (calculated(op, *min, other), calculated(op, *max, other));
                let whole = *whole && other.fract() == 0.0 && op == "+";
                return Value::Range(one.min(two), one.max(two), whole);
            }
            (Value::Unknown(why), _, _) | (_, Value::Unknown(why), _) => {
                return Value::Unknown(Rc::clone(why));
            }
            _ => {}
        }
        let (Some(one), Some(other)) = (self.code(&left, span), self.code(&right, span)) else {
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let is_text = |value: &Value<'_>, code: &Code| {
            matches!(value, Value::Text(_))
                || matches!(code, Code::Call("default", _))
                || code.is_text()
        };
        Value::live(match op {
            "+" if is_text(&left, &one) || is_text(&right, &other) => Code::concat(one, other),
            "+" => Code::op("+", one, other),
            "-" => Code::op("-", one, other),
            "*" => Code::op("*", one, other),
            "/" => Code::op("/", one, other),
            "%" => Code::op("%", one, other),
            _ => return Value::Unknown(Rc::from(self.words(span))),
        })
    }

    pub(super) fn not(&self, value: Value<'a>) -> Value<'a> {
        match (value.truth(), value) {
            (Some(holds), _) => Value::Bool(!holds),
            (None, unknown @ Value::Unknown(_)) => unknown,
            (None, value) => Value::test(Test::Not(value)),
        }
    }

    /// A value for the plan: its parts of replies are extracted. Nothing when it cannot be said.
    pub(super) fn code(&mut self, value: &Value<'a>, span: Span) -> Option<Code> {
        Some(match value {
            Value::Live(code) => (**code).clone(),
            Value::Undefined | Value::Null => Code::Const(json!(null)),
            Value::Number(number) => Code::Const(json_number(*number)),
            Value::Range(min, max, true) => Code::Call(
                "randint",
                vec![Code::Const(json_number(*min)), Code::Const(json_number(*max))],
            ),
            Value::Range(min, max, false) => {
                let thousandth = |number: f64| Code::Const(json_number((number * 1000.0).round()));
                let drawn = Code::Call("randint", vec![thousandth(*min), thousandth(*max)]);
                Code::op("/", drawn, Code::Const(json!(1000)))
            }
            Value::Reply(part) => {
                if let Some(count) = self.counted(part, span) {
                    return Some(count);
                }
                Code::Name(self.extracted(part, span)?)
            }
            Value::Row(row) => self.column(row)?,
            Value::Test(test) => self.test_code(test, span)?,
            Value::Json(_) => {
                let text = self.text_of(value, span)?;
                self.hoist_text(&text)
            }
            Value::Unknown(_)
            | Value::Function(_)
            | Value::Class(_)
            | Value::Native(_)
            | Value::Regex(_) => {
                return None;
            }
            constant => Code::Const(constant.to_json()?),
        })
    }

    fn test_code(&mut self, test: &Test<'a>, span: Span) -> Option<Code> {
        Some(match test {
            Test::Compare(op, left, right) => {
                Code::op(op, self.code(left, span)?, self.code(right, span)?)
            }
            Test::All(parts) => self.joined("and", parts, span)?,
            Test::Any(parts) => self.joined("or", parts, span)?,
            Test::Not(inner) => self.code(inner, span)?.negated(),
            Test::Contains(all, part) => {
                Code::op("contains", self.code(all, span)?, self.code(part, span)?)
            }
            Test::Matches(text, pattern) => {
                Code::op("matches", self.code(text, span)?, Code::text(pattern))
            }
            Test::Is(value, "object" | "string" | "number") => {
                Code::op("!=", self.code(value, span)?, Code::Const(json!(null)))
            }
            Test::Is(..) => return None,
        })
    }

    fn joined(&mut self, op: &'static str, parts: &[Value<'a>], span: Span) -> Option<Code> {
        let mut all: Option<Code> = None;
        for part in parts {
            let code = self.code(part, span)?;
            all = Some(match all {
                Some(before) => Code::op(op, before, code),
                None => code,
            });
        }
        all
    }
}

/// The operator that says the same with the sides changed.
pub(super) fn turned(op: &str) -> &'static str {
    match op {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "!=" => "!=",
        _ => "==",
    }
}

fn ordered(op: &str, order: std::cmp::Ordering) -> bool {
    match op {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "JavaScript takes 32 bits as well"
)]
fn calculated(op: &str, left: f64, right: f64) -> f64 {
    let bits = |number: f64| number.trunc().rem_euclid(4_294_967_296.0) as u32 as i32;
    let shift = bits(right) as u32;
    match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        "**" => left.powf(right),
        "|" => f64::from(bits(left) | bits(right)),
        "&" => f64::from(bits(left) & bits(right)),
        "^" => f64::from(bits(left) ^ bits(right)),
        "<<" => f64::from(bits(left).wrapping_shl(shift)),
        ">>" => f64::from(bits(left).wrapping_shr(shift)),
        ">>>" => f64::from((bits(left) as u32).wrapping_shr(shift)),
        _ => f64::NAN,
    }
}
