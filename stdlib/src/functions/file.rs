//! `${file(path)}`: the contents of a file.

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

/// The most bytes of a file.
pub const LARGEST_FILE: u64 = 16 << 20;

pub(super) const FUNCTION: Function = Function {
    name: "file",
    parameters: &[Parameter {
        name: "path",
        kind: ParameterKind::File,
        doc: "A file of 16 MiB at most, seen from the working directory or else from the plan's \
              folder.",
    }],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The contents of a file, as they are when the plan is compiled.",
    examples: &[Example { call: "${file(queries/orders.sql)}", result: "SELECT 1" }],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            argument::with_text(argument::at(call.arguments, 0), |contents| {
                result.text_mut().extend_from_slice(contents);
            });
        }))
    },
};
