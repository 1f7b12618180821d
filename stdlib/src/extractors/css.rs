//! `css`: an element of an HTML body.

use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::wanted::{MATCH, position};
use super::{Example, Extractor, operand};
use crate::assertions::{ATTRIBUTE, ExampleReply, LateCss, SELECTOR};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "css",
    fields: &[SELECTOR, ATTRIBUTE, MATCH],
    needs: Needs::PAYLOAD,
    doc: "The text or an attribute of an element of an HTML body. A body of more than 4 MiB, 50000 \
          tags or 512 levels is not searched.",
    examples: &[
        Example {
            plan: r#"{"var": "token", "from": "css", "selector": "input[name=csrf]", "attribute": "value"}"#,
            reply: ExampleReply::body("<form><input type=hidden name=csrf value='a&amp;1'></form>"),
            found: Some(r#""a&1""#),
        },
        Example {
            plan: r#"{"var": "names", "from": "css", "selector": "li", "match": -1}"#,
            reply: ExampleReply::body("<ul><li>Lamp <b>new</b><li>Cable</ul>"),
            found: Some(r#"["Lamp new","Cable"]"#),
        },
        Example {
            plan: r#"{"var": "name", "from": "css", "selector": "li", "match": 3}"#,
            reply: ExampleReply::body("<ul><li>Lamp<li>Cable</ul>"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let css = LateCss::new(operands)?;
    Ok(Box::new(move |operands, reply, rng, result| {
        // A selector that turns out to be none finds nothing.
        let _ = css.with(operands, |css| {
            let found = css.find(reply.payload);
            found.store(position(operand(operands, 2), found.count(), rng), result);
        });
    }))
}
