//! `xpath`: a node of an XML body, or what an expression computes of it.

use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::wanted::{MATCH, position};
use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, LateXPath, XPATH};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "xpath",
    fields: &[XPATH, MATCH],
    needs: Needs::PAYLOAD,
    doc: "The text of a node of an XML body, or the value of an expression. A body of more than 8 \
          MiB, 100000 nodes or 256 levels, or with a document type, is not searched; entities are \
          not expanded.",
    examples: &[
        Example {
            plan: r#"{"var": "id", "from": "xpath", "path": "//item[price > 10]/@id"}"#,
            reply: ExampleReply::body(
                "<r><item id='7'><price>5</price></item><item id='8'><price>12</price></item></r>",
            ),
            found: Some(r#""8""#),
        },
        Example {
            plan: r#"{"var": "count", "from": "xpath", "path": "count(//item)"}"#,
            reply: ExampleReply::body("<r><item/><item/></r>"),
            found: Some("2"),
        },
        Example {
            plan: r#"{"var": "name", "from": "xpath", "path": "//name"}"#,
            reply: ExampleReply::body("{}"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let path = LateXPath::new(operands)?;
    Ok(Box::new(move |operands, reply, rng, result| {
        // A path that turns out to be none finds nothing.
        let _ = path.with(operands, |path| {
            let found = path.find(reply.payload);
            found.store(position(operand(operands, 1), found.count(), rng), result);
        });
    }))
}
