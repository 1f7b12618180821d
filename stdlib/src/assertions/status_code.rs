//! `status_code`: the reply has this status.

use std::fmt::Write as _;

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Kept, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply, operand, text};
use crate::compare::{Comparison, OP};
use crate::field::{Field, Shape};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "status_code",
    fields: &[
        Field::new(
            "value",
            Shape::Either(&[
                Shape::Number { min: 0.0, max: 999.0 },
                Shape::Text,
                Shape::List(&Shape::Any),
            ]),
            "The status; a number written as text is as good, and a fraction is cut off.",
            "200",
        )
        .required(),
        OP,
    ],
    needs: Needs::STATUS,
    class: FaultClass::Assertion,
    doc: "The reply has this status, or one that compares as `op` says.",
    examples: &[
        Example {
            plan: r#"{"type": "status_code", "value": 201}"#,
            reply: ExampleReply::status(201),
            failure: None,
        },
        Example {
            plan: r#"{"type": "status_code", "value": "404"}"#,
            reply: ExampleReply::status(404),
            failure: None,
        },
        Example {
            plan: r#"{"type": "status_code", "value": 200}"#,
            reply: ExampleReply::status(503),
            failure: Some("status_code expected 200, got 503"),
        },
        Example {
            plan: r#"{"type": "status_code", "op": "in", "value": [200, 204]}"#,
            reply: ExampleReply::status(404),
            failure: Some("status_code expected one of [200, 204], got 404"),
        },
        Example {
            plan: r#"{"type": "status_code", "op": "in", "value": ["200", "201"]}"#,
            reply: ExampleReply::status(201),
            failure: None,
        },
        Example {
            plan: r#"{"type": "status_code", "op": "lt", "value": 300}"#,
            reply: ExampleReply::status(201),
            failure: None,
        },
        Example {
            plan: r#"{"type": "status_code", "op": "matches", "value": "^[23]"}"#,
            reply: ExampleReply::status(404),
            failure: Some("status_code expected to match '^[23]', got 404"),
        },
    ],
    prepare,
    internal: false,
};

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let value = operand(operands, 0);
    let comparison = Comparison::new(operand(operands, 1), value)?;
    if !comparison.is_equality() {
        return Ok(Box::new(move |operands, reply, kept, failure| {
            compare(&comparison, operand(operands, 0), reply, kept, failure)
        }));
    }
    if value == Value::Unset {
        return Ok(Box::new(|operands, reply, _, failure| {
            let expected = operand(operands, 0);
            check(integer(expected), expected, reply, failure)
        }));
    }
    let status = integer(value).filter(|status| (0..1000).contains(status));
    let Some(status) = status else {
        return Err("`value` must be a status, like 200".to_owned());
    };
    Ok(Box::new(move |operands, reply, _, failure| {
        check(Some(status), operand(operands, 0), reply, failure)
    }))
}

/// `expected` is the status that `written` stands for.
fn check(
    expected: Option<i64>,
    written: Value<'_>,
    reply: &Reply<'_>,
    failure: &mut String,
) -> bool {
    // Without a status there was no reply that had one; the reference calls that 0.
    let actual = reply.status.unwrap_or(0);
    let holds = expected == Some(actual);
    if !holds {
        failure.push_str("status_code expected ");
        // Writing to a string cannot fail.
        let _ = match written {
            Value::Int(expected) => write!(failure, "{expected}"),
            _ => write!(failure, "{}", String::from_utf8_lossy(&text(written))),
        };
        let _ = write!(failure, ", got {actual}");
    }
    holds
}

/// Any comparison but that of equal numbers.
fn compare(
    comparison: &Comparison,
    expected: Value<'_>,
    reply: &Reply<'_>,
    kept: &mut Kept,
    failure: &mut String,
) -> bool {
    let actual = reply.status.unwrap_or(0);
    // A status as text is as good as a number, also for being unequal.
    let number = match expected {
        Value::Text(_) if !comparison.is_pattern() => integer(expected).map(Value::Int),
        _ => None,
    };
    let read = |text: Value<'_>| integer(text).map(Value::Int);
    let holds = comparison.holds_number(actual, expected, kept, read);
    if !holds {
        failure.push_str("status_code");
        comparison.describe(number.unwrap_or(expected), failure);
        // Writing to a string cannot fail.
        let _ = write!(failure, ", got {actual}");
    }
    holds
}

/// The whole number that a value stands for, fractions cut off.
fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(number),
        Value::Float(number) if number.is_finite() => Some(number as i64),
        Value::Text(bytes) => {
            let text = str::from_utf8(bytes).ok()?.trim();
            text.parse().ok().or_else(|| integer(Value::Float(text.parse().ok()?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_cut_off_and_other_text_is_no_status() {
        for (value, expected) in [
            (Value::Float(200.9), Some(200)),
            (Value::Text(b" 200 "), Some(200)),
            (Value::Text(b"200.9"), Some(200)),
            (Value::Text(b"nan"), None),
            (Value::Text(b"ok"), None),
            (Value::Text(b""), None),
            (Value::Bool(true), None),
            (Value::Null, None),
        ] {
            assert_eq!(integer(value), expected, "{value:?}");
            assert_eq!(prepare(&[value]).is_ok(), expected.is_some());
        }
    }

    #[test]
    fn a_value_that_turns_out_to_be_no_status_fails_the_request() {
        let check = prepare(&[Value::Unset]).unwrap();
        let mut text = String::new();
        assert!(!check(
            &[Value::Text(b"ok")],
            &ExampleReply::status(200).reply(),
            &mut Kept::default(),
            &mut text
        ));
        assert_eq!(text, "status_code expected ok, got 200");
    }
}
