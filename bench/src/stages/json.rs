//! Finding values in a dense JSON document of 2 KB, wherever they stand in it.

use std::fmt::Write as _;
use std::hint::black_box;

use anyhow::{Result, ensure};
use ld_stdlib::json::{Found, Path};

use super::{Call, Stage};

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "json/first",
        doc: "the first member of a document of 2 KB without spaces",
        prepare: || json("first"),
    },
    Stage {
        name: "json/middle",
        doc: "a member of an item in the middle of it",
        prepare: || json("items.15.sku"),
    },
    Stage {
        name: "json/from_end",
        doc: "a member of its last item, counted from the end",
        prepare: || json("items.-1.sku"),
    },
    Stage { name: "json/last", doc: "its last member", prepare: || json("last") },
    Stage { name: "json/whole", doc: "all of it, checked", prepare: || json("") },
];

fn json(path: &str) -> Result<Call> {
    let document = document()?;
    let path = Path::new(path.as_bytes());
    ensure!(path.find(document.as_bytes()) != Found::Missing, "the value is there");
    Ok(Box::new(move || {
        black_box(path.find(black_box(document.as_bytes())));
    }))
}

fn document() -> Result<String> {
    let mut text = r#"{"first":1,"items":["#.to_owned();
    for item in 0..31 {
        let comma = if item == 0 { "" } else { "," };
        let (id, sku, price) = (item * 37, 1000 + item, item * 3);
        write!(text, r#"{comma}{{"id":{id},"sku":"A-{sku}","price":{price}.5,"#)?;
        text.push_str(r#""tags":["a","b"],"ok":true}"#);
    }
    text.push_str(r#"],"last":"x"}"#);
    Ok(text)
}
