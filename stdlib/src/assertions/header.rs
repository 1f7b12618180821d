//! `header`: a header has exactly this value.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::expect::{Actual, EXISTS, Expect, Otherwise, Places};
use super::{Assertion, Example, ExampleReply, operand, text};
use crate::compare::OP;
use crate::field::{Field, Shape};
use crate::json::{Count, Found, RawText};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "header",
    fields: &[
        Field::new("name", Shape::Text, "The header's name, in any case.", r#""Content-Type""#)
            .required(),
        Field::new(
            "value",
            Shape::Any,
            "The value, exactly as it must arrive; only text ever equals a header. `null` for \
             a header that must be absent.",
            r#""application/json""#,
        )
        .default("null"),
        OP,
        EXISTS,
    ],
    needs: Needs::META,
    class: FaultClass::Assertion,
    doc: "The header has exactly this value, or one that compares as `op` says; repeated headers \
          are joined with `, `.",
    examples: &[
        Example {
            plan: r#"{"type": "header", "name": "content-type", "value": "text/plain"}"#,
            reply: ExampleReply::headers(&[("Content-Type", "text/plain")]),
            failure: None,
        },
        Example {
            plan: r#"{"type": "header", "name": "X-Cache", "value": "HIT"}"#,
            reply: ExampleReply::headers(&[("X-Cache", "hit")]),
            failure: Some("header X-Cache expected 'HIT', got 'hit'"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Age", "value": 5}"#,
            reply: ExampleReply::headers(&[("Age", "5")]),
            failure: Some("header Age expected 5, got '5'"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Server"}"#,
            reply: ExampleReply::headers(&[("Date", "Sun, 22 Nov 2026 20:41:54 GMT")]),
            failure: None,
        },
        Example {
            plan: r#"{"type": "header", "name": "Server", "value": "nginx"}"#,
            reply: ExampleReply::headers(&[("Date", "Sun, 22 Nov 2026 20:41:54 GMT")]),
            failure: Some("header Server expected 'nginx', got None"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Content-Type", "op": "matches", "value": "^text/"}"#,
            reply: ExampleReply::headers(&[("content-type", "application/json")]),
            failure: Some("header Content-Type expected to match '^text/', got 'application/json'"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Age", "op": "lt", "value": 60}"#,
            reply: ExampleReply::headers(&[("Age", "9")]),
            failure: None,
        },
        Example {
            plan: r#"{"type": "header", "name": "ETag", "exists": true}"#,
            reply: ExampleReply::headers(&[("Age", "9")]),
            failure: Some("header ETag expected to exist"),
        },
    ],
    prepare,
    internal: false,
};

const PLACES: Places = Places { value: 1, op: 2, exists: 3, count: None, value_type: None };

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let expect = Expect::new(operands, PLACES, Otherwise::Null)?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let name = text(operand(operands, 0));
        let value = reply.meta.value(&name);
        let found = value.as_deref().map_or(Found::Missing, |v| Found::Text(RawText::plain(v)));
        let actual = Actual { kind: "header", place: &name, found, count: Count::Inside };
        expect.check(operands, &actual, kept, failure)
    }))
}
