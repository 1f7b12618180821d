//! `and`, `or`, `not`. Values that are not `true` or `false` count as what they look like,
//! see [`Value::is_truthy`].

use ld_vm::Value;

use super::{Gives, Operator, Takes, operand};

pub(super) const AND: Operator = Operator {
    name: "and",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether both are true. Also written `&&`.",
    examples: &[("true and 1", "true"), ("true && ''", "false")],
    prepare: computed!(|call, result| {
        result.set(Value::Bool(call.arguments.iter().all(Value::is_truthy)));
    }),
};

pub(super) const OR: Operator = Operator {
    name: "or",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether one of them is true. Also written `||`.",
    examples: &[("false or 'yes'", "true"), ("0 || null", "false")],
    prepare: computed!(|call, result| {
        result.set(Value::Bool(call.arguments.iter().any(Value::is_truthy)));
    }),
};

pub(super) const NOT: Operator = Operator {
    name: "not",
    operands: 1,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether it is not true. Also written `!`.",
    examples: &[("not false", "true"), ("!'no'", "true"), ("not [1]", "false")],
    prepare: computed!(|call, result| {
        result.set(Value::Bool(!operand(call.arguments, 0).is_truthy()));
    }),
};
