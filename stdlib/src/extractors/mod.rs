//! Where values of a reply can be taken from: objects in a task's `extract`, whose `from`
//! is one of these names.

use ld_vm::Needs;
use ld_vm::link::{ExtractFn, Prepare};

use crate::assertions::{ExampleReply, operand};
use crate::field::{Field, Shape};

mod body;
mod boundary;
mod cookie;
mod css;
mod header;
mod jmespath;
mod json_path;
mod matches;
mod regex;
mod status_code;
mod wanted;
mod xpath;

/// Every extractor, by name.
pub const EXTRACTORS: &[Extractor] = &[
    body::EXTRACTOR,
    boundary::EXTRACTOR,
    cookie::EXTRACTOR,
    css::EXTRACTOR,
    header::EXTRACTOR,
    jmespath::EXTRACTOR,
    json_path::EXTRACTOR,
    regex::EXTRACTOR,
    status_code::EXTRACTOR,
    xpath::EXTRACTOR,
];

/// The fields of every entry of `extract`, besides those of its extractor.
pub const ENTRY_FIELDS: &[Field] = &[
    Field::new(
        "default",
        Shape::Any,
        "What the variable becomes when there is no such value; known before the run. With `null` it has \
         none then.",
        r#""none""#,
    ),
    Field::new(
        "from",
        Shape::Choice(&[
            "body",
            "boundary",
            "cookie",
            "css",
            "header",
            "jmespath",
            "json_path",
            "regex",
            "status_code",
            "xpath",
        ]),
        "What the value is taken from.",
        r#""json_path""#,
    )
    .default(r#""json_path""#),
    Field::new(
        "required",
        Shape::Bool,
        "Whether the request fails when there is neither such a value nor a default.",
        "true",
    )
    .default("false"),
    Field::new(
        "scope",
        Shape::Choice(&["session", "var"]),
        "Whether the variable is read as `${session.NAME}` or as `${var.NAME}`.",
        r#""session""#,
    )
    .default(r#""var""#),
    Field::new(
        "var",
        Shape::ConstantText,
        "The variable the value is kept in; it belongs to the user, and a missing value leaves \
         it as it was.",
        r#""token""#,
    )
    .required(),
];

/// The extractor that an entry without `from` means.
pub const DEFAULT: &str = "json_path";

/// A way to take a value out of a reply.
#[derive(Debug)]
pub struct Extractor {
    /// The name; plans may write it in any case.
    pub name: &'static str,
    /// The fields besides [`ENTRY_FIELDS`]. It gets their values as operands in this order,
    /// [`ld_vm::Value::Null`] for one that is absent.
    pub fields: &'static [Field],
    /// What it reads of the reply.
    pub needs: Needs,
    /// What it gives, as a sentence.
    pub doc: &'static str,
    /// Replies, and what is found in them.
    pub examples: &'static [Example],
    /// Makes what finds the value, or leaves the variable unset, out of the constant operands.
    pub prepare: Prepare<ExtractFn>,
}

/// An entry of `extract` and a reply.
#[derive(Debug)]
pub struct Example {
    /// The entry as a plan writes it.
    pub plan: &'static str,
    /// The reply it looks at.
    pub reply: ExampleReply,
    /// What is found, as JSON; `None` when there is nothing.
    pub found: Option<&'static str>,
}

/// The extractor of this name, in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Extractor> {
    EXTRACTORS.iter().find(|extractor| extractor.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assertions::tests::{operands, unknown};
    use crate::field;
    use ld_vm::link::Tools;
    use ld_vm::{Escape, Kept, Value, Var};

    #[test]
    fn examples_are_true() {
        for extractor in EXTRACTORS {
            for Example { plan, reply, found } in extractor.examples {
                let apart: Vec<_> = ENTRY_FIELDS.iter().map(|field| field.name).collect();
                let operands = operands(plan, extractor.fields, &apart);
                // Prepared for the operands, and for not knowing them before the run.
                for known in [operands.clone(), unknown(&operands, extractor.fields)] {
                    let extract = (extractor.prepare)(&known).expect(plan);
                    let mut var = Var::default();
                    let mut rng = fastrand::Rng::with_seed(1);
                    let tools = &mut Tools { rng: &mut rng, kept: &mut Kept::default() };
                    extract(&operands, &reply.reply(), tools, &mut var);
                    let mut json = Vec::new();
                    Escape::JsonValue.write(var.value(), &mut json);
                    let is_found = var.value() != Value::Unset;
                    let json = is_found.then(|| String::from_utf8(json).unwrap());
                    assert_eq!(json.as_deref(), *found, "{plan} {reply:?}");
                }
            }
        }
    }

    #[test]
    fn from_offers_exactly_the_table() {
        let Shape::Choice(words) = field::find(ENTRY_FIELDS, "from").unwrap().shape else {
            panic!("a choice");
        };
        assert!(words.iter().eq(EXTRACTORS.iter().map(|extractor| &extractor.name)));
        assert!(find(DEFAULT).is_some());
    }
}
