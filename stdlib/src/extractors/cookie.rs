//! `cookie`: the value of a cookie that the reply sets.

use ld_vm::{Needs, Value};

use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, text};
use crate::field::{Field, Shape};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "cookie",
    fields: &[Field::new("name", Shape::Text, "The cookie's name.", r#""session""#).required()],
    needs: Needs::META,
    doc: "The value of a cookie that the reply sets in a `Set-Cookie` header.",
    examples: &[
        Example {
            plan: r#"{"var": "session", "from": "cookie", "name": "sid"}"#,
            reply: ExampleReply::headers(&[(
                "Set-Cookie",
                "lang=en; Expires=Thu, 01 Jan 2099 00:00:00 GMT, sid=a1; Path=/; HttpOnly",
            )]),
            found: Some(r#""a1""#),
        },
        Example {
            plan: r#"{"var": "session", "from": "cookie", "name": "id"}"#,
            reply: ExampleReply::headers(&[("Set-Cookie", "sid=a1; id=2")]),
            found: None,
        },
    ],
    prepare: |_| {
        Ok(Box::new(|operands, reply, _, result| {
            let name = text(operand(operands, 0));
            let header = reply.meta.value(b"Set-Cookie");
            if let Some(value) = header.as_deref().and_then(|header| find(header, &name)) {
                result.set(Value::Text(value));
            }
        }))
    },
};

/// The value of a cookie in `Set-Cookie` headers that were joined with `, `. Neither name nor
/// value of a cookie can have a comma or a blank in it (RFC 6265, section 4.1.1), so what
/// follows one is a cookie or the rest of a date. Of equal names the last counts.
fn find<'h>(headers: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let mut cookies = headers.split(|&byte| byte == b',').filter_map(|part| {
        let pair = part.split(|&byte| byte == b';').next()?.trim_ascii();
        let equals = memchr::memchr(b'=', pair)?;
        let (written, value) = pair.split_at_checked(equals)?;
        (written.trim_ascii_end() == name).then(|| value.get(1..).unwrap_or_default().trim_ascii())
    });
    cookies.next_back()
}
