//! What the compiler needs to make slots of texts with holes and of constants; nobody
//! writes these.

use ld_vm::Value;

use super::{Gives, Operator, Takes, operand};

pub(super) const CONCAT: Operator = Operator {
    name: "concat",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Text,
    doc: "The texts of both, one after the other: `a ${b}`.",
    examples: &[],
    prepare: computed!(|call, result| {
        let (first, second) = (operand(call.arguments, 0), operand(call.arguments, 1));
        let text = result.text_mut();
        first.write_text(text);
        second.write_text(text);
    }),
};

pub(super) const VALUE: Operator = Operator {
    name: "value",
    operands: 1,
    takes: Takes::Anything,
    gives: Gives::Anything,
    doc: "The operand itself.",
    examples: &[],
    prepare: computed!(|call, result| {
        let value: Value<'_> = operand(call.arguments, 0);
        result.set(value);
    }),
};
