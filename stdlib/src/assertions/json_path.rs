//! `json_path`: a value of the body's JSON equals a value of the plan.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::expect::{Actual, COUNT, EXISTS, Expect, Otherwise, Places, TYPE};
use super::{Assertion, Example, ExampleReply, operand, text};
use crate::compare::OP;
use crate::field::{Field, Shape};
use crate::json::{Query, is_jsonpath};
use crate::late::Late;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "json_path",
    fields: &[
        PATH,
        Field::new(
            "value",
            Shape::Any,
            "The value. Numbers are compared by value, `true` and `false` as 1 and 0, arrays and \
             objects whatever the order of names; text equals only text; `null` also equals an \
             absent value.",
            r#""paid""#,
        )
        .default("null"),
        OP,
        EXISTS,
        COUNT,
        TYPE,
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is JSON, and the value at the path equals this one, or compares as `op` says.",
    examples: &[
        Example {
            plan: r#"{"type": "json_path", "path": "order.state", "value": "paid"}"#,
            reply: ExampleReply::body(r#"{"order": {"state": "paid"}}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "items.-1.id", "value": 7}"#,
            reply: ExampleReply::body(r#"{"items": [{"id": 3}, {"id": 7.0}]}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "id", "value": "5"}"#,
            reply: ExampleReply::body(r#"{"id": 5}"#),
            failure: Some("json_path id expected '5', got 5"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "user", "value": {"b": [1], "a": null}}"#,
            reply: ExampleReply::body(r#"{"user": {"a": null, "b": [true]}}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "ok", "value": true}"#,
            reply: ExampleReply::body("<html>"),
            failure: Some("json_path ok expected True, got None"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "total", "op": "ge", "value": 10}"#,
            reply: ExampleReply::body(r#"{"total": 9.5}"#),
            failure: Some("json_path total expected >= 10, got 9.5"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "state", "op": "in", "value": ["new", "paid"]}"#,
            reply: ExampleReply::body(r#"{"state": "paid"}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "error", "exists": false}"#,
            reply: ExampleReply::body(r#"{"error": null}"#),
            failure: Some("json_path error expected not to exist, got None"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "items", "count": 3}"#,
            reply: ExampleReply::body(r#"{"items": [1, 2]}"#),
            failure: Some("json_path items count expected 3, got 2"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "token", "op": "gt", "count": 3}"#,
            reply: ExampleReply::body(r#"{"token": "gr\u00fcn"}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "items", "value_type": "array"}"#,
            reply: ExampleReply::body(r#"{"items": {}}"#),
            failure: Some("json_path items expected type array, got {}"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "$.items[?@.price > 10]", "op": "gt", "count": 0}"#,
            reply: ExampleReply::body(r#"{"items": [{"price": 5}, {"price": 12}]}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "$.n", "count": 1}"#,
            reply: ExampleReply::body(r#"{"n": 5}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "$.zz", "count": 0}"#,
            reply: ExampleReply::body(r#"{"n": 5}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "$['a.b'][0]", "value": 1}"#,
            reply: ExampleReply::body(r#"{"a.b": [1]}"#),
            failure: None,
        },
    ],
    prepare,
    internal: false,
};

/// Where a value stands in a document; shared with the extractor of the same name.
pub(crate) const PATH: Field = Field::new(
    "path",
    Shape::Text,
    "Names and positions joined with points, positions from 0, negative ones from the end; \
     empty for the whole body. A path that begins with `$.` or `$[`, or is `$`, is JSONPath \
     (RFC 9535); of several values that it finds, the first counts.",
    r#""items.0.id""#,
)
.default(r#""""#)
.advice(plain_path);

/// The path that one with brackets and without `$` stands for.
fn plain_path(path: &str) -> Option<String> {
    (path.contains('[') && !is_jsonpath(path)).then(|| {
        let path = path.replace(['[', ']', '\'', '"'], ".");
        let segments: Vec<_> = path.split('.').filter(|segment| !segment.is_empty()).collect();
        segments.join(".")
    })
}

const PLACES: Places = Places { value: 1, op: 2, exists: 3, count: Some(4), value_type: Some(5) };

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let path = Late::<Query>::new(operand(operands, 0))?;
    let expect = Expect::new(operands, PLACES, Otherwise::Null)?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let place = operand(operands, 0);
        path.with(place, kept, |query, kept| {
            query.first(reply.payload, |found, count| {
                let actual = Actual { kind: "json_path", place: &text(place), found, count };
                expect.check(operands, &actual, kept, failure)
            })
        })
        .unwrap_or_else(|why| {
            failure.push_str(&why);
            false
        })
    }))
}
