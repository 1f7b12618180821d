//! `${faker(method)}`, mostly written `${faker.method}`: made-up data.

use ld_vm::link::CallFn;
use ld_vm::{Value, Var};

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};
use crate::faker;

pub(super) const FUNCTION: Function = Function {
    name: "faker",
    parameters: &[Parameter {
        name: "method",
        kind: ParameterKind::Text,
        doc: "The name of a [provider](faker.md), known before the run.",
    }],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Anything,
    is_pure: false,
    doc: "Made-up data, as `${faker.METHOD}` gives it.",
    examples: &[Example { call: "${faker(first_name)}", result: "Madonna" }],
    prepare,
};

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    let Some(name) = argument::constant_text(arguments, 0) else {
        return Err("`method` must be known before the run".to_owned());
    };
    let Some(provider) = faker::find(name) else {
        return Err(format!("there is no provider `{name}`"));
    };
    Ok(Box::new(|call, result: &mut Var| provider.make(call, result)))
}
