//! What stands for the errors in a GraphQL reply, whose status is 200 whatever happened.

use ld_vm::{FaultClass, Kept, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply};
use crate::json::{Found, RawText, find};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "graphql_errors",
    fields: &[],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The reply to a GraphQL query has no errors in it.",
    examples: &[
        Example {
            plan: "{}",
            reply: ExampleReply::body(r#"{"data": {"errors": [1]}, "errors": []}"#),
            failure: None,
        },
        Example {
            plan: "{}",
            reply: ExampleReply::body(r#"{"data": null, "errors": [{"message": "no such user"}]}"#),
            failure: Some("GraphQL: no such user"),
        },
        Example {
            plan: "{}",
            reply: ExampleReply::body(r#"{"errors": {}}"#),
            failure: Some("GraphQL: an error without a message"),
        },
        Example {
            plan: "{}",
            reply: ExampleReply::body("<html>"),
            failure: Some("GraphQL: the reply is not a JSON object with `data` or `errors`"),
        },
    ],
    prepare: |_| Ok(Box::new(check)),
    internal: true,
};

/// The most of an error's message that is told, in bytes.
const MESSAGE_LIMIT: usize = 1000;

fn check(_: &[Value<'_>], reply: &Reply<'_>, _: &mut Kept, failure: &mut String) -> bool {
    let what = match find(reply.payload, "errors") {
        Found::Missing if matches!(find(reply.payload, "data"), Found::Missing) => {
            "the reply is not a JSON object with `data` or `errors`"
        }
        Found::Missing | Found::Null | Found::Json(b"[]") => return true,
        Found::Json(errors) => match find(errors, "0.message") {
            Found::Text(text) => return fail(text, failure),
            Found::Missing if find(errors, "0") == Found::Missing && errors.starts_with(b"[") => {
                return true;
            }
            _ => "an error without a message",
        },
        _ => "an error without a message",
    };
    failure.push_str("GraphQL: ");
    failure.push_str(what);
    false
}

fn fail(message: RawText<'_>, failure: &mut String) -> bool {
    let mut text = Vec::new();
    message.decode(&mut text);
    text.truncate(MESSAGE_LIMIT);
    failure.push_str("GraphQL: ");
    failure.push_str(&String::from_utf8_lossy(&text));
    false
}
