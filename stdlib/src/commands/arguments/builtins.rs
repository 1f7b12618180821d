//! Arguments of the builtins: those of the Python functions they are named after.

use super::LIST;
use crate::field::{Field, Shape};

const ITEMS: Shape = Shape::Either(&[LIST, Shape::Map(&Shape::Any), Shape::ConstantText]);
const NUMBER: Shape = Shape::Either(&[
    Shape::Bool,
    Shape::Integer { min: i64::MIN, max: i64::MAX },
    Shape::Number { min: f64::MIN, max: f64::MAX },
]);
const WHOLE: Shape = Shape::Either(&[Shape::Bool, Shape::Integer { min: i64::MIN, max: i64::MAX }]);

/// Any value.
pub(in crate::commands) const VALUE: &[Field] =
    &[Field::new("value", Shape::Any, "The value.", "[1, 2]").required()];

/// Something that has items.
pub(in crate::commands) const ITERABLE: &[Field] =
    &[Field::new("iterable", ITEMS, "What to look through.", "[3, 1]").required()];

/// One number.
pub(in crate::commands) const ONE_NUMBER: &[Field] =
    &[Field::new("number", NUMBER, "The number.", "-3").required()];

/// One whole number.
pub(in crate::commands) const ONE_WHOLE: &[Field] =
    &[Field::new("number", WHOLE, "The number.", "255").required()];

#[rustfmt::skip]
pub(in crate::commands) const CHR: &[Field] = &[
    Field::new("code", Shape::Integer { min: 0, max: 0x10_ffff }, "The code of the character.", "97").required(),
];

#[rustfmt::skip]
pub(in crate::commands) const ORD: &[Field] = &[
    Field::new("character", Shape::ConstantText, "A text of one character.", r#""a""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const DIVMOD: &[Field] = &[
    Field::new("a", NUMBER, "What is divided.", "7").required(),
    Field::new("b", NUMBER, "What it is divided by.", "2").required(),
];

#[rustfmt::skip]
pub(in crate::commands) const POW: &[Field] = &[
    Field::new("base", NUMBER, "The base.", "2").required(),
    Field::new("exp", NUMBER, "The exponent.", "10").required(),
    Field::new("mod", WHOLE, "What the result is divided by to keep the remainder.", "7").default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const ROUND: &[Field] = &[
    Field::new("number", NUMBER, "The number.", "2.675").required(),
    Field::new("ndigits", Shape::Integer { min: -400, max: 400 }, "Digits after the point; without it the result is a whole number.", "2").default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const FORMAT: &[Field] = &[
    Field::new("value", Shape::Any, "The value.", "3.14159").required(),
    Field::new("format_spec", Shape::ConstantText, "How: fill, alignment, sign, `#`, `0`, width, `,` or `_`, precision and type, as in Python.", r#"".2f""#).default(r#""""#),
];

#[rustfmt::skip]
pub(in crate::commands) const LEN: &[Field] = &[
    Field::new("obj", ITEMS, "A text, array or object.", "[1, 2]").required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SUM: &[Field] = &[
    Field::new("iterable", LIST, "The numbers.", "[1, 2]").required(),
    Field::new("start", NUMBER, "What to begin with.", "10").default("0"),
];

#[rustfmt::skip]
pub(in crate::commands) const SORTED: &[Field] = &[
    Field::new("iterable", ITEMS, "The items.", "[3, 1]").required(),
    Field::new("reverse", Shape::Bool, "Whether the greatest comes first.", "true").default("false"),
];

#[rustfmt::skip]
pub(in crate::commands) const PRINT: &[Field] = &[
    Field::new("values", LIST, "What to print; as positions, every item is one of them.", r#"["a", 1]"#).default("[]"),
    Field::new("sep", Shape::ConstantText, "What stands between the values; only by name.", r#"", ""#).default(r#"" ""#),
    Field::new("end", Shape::ConstantText, "What follows the last; only by name.", r#""""#).default(r#""\n""#),
];

/// One array of values to compare, or the values themselves.
#[rustfmt::skip]
pub(in crate::commands) const COMPARED: &[Field] = &[
    Field::new("values", Shape::Any, "One array of values, or the values as positions.", "[3, 1]").required(),
];
