//! `${randint(a, b)}`: a random whole number.

use ld_vm::link::{Call, CallFn};
use ld_vm::{Value, Var};

use super::argument::whole;
use super::{Example, Function, Gives, Parameter, ParameterKind};

pub(super) const FUNCTION: Function = Function {
    name: "randint",
    parameters: &[
        Parameter { name: "a", kind: ParameterKind::Integer, doc: "The least number it can give." },
        Parameter {
            name: "b",
            kind: ParameterKind::Integer,
            doc: "The greatest number it can give.",
        },
    ],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Number,
    is_pure: false,
    doc: "A whole number between `a` and `b`, both included, each equally likely.",
    examples: &[
        Example { call: "${randint(1, 6)}", result: "4" },
        Example { call: "${randint(-3, -3)}", result: "-3" },
    ],
    prepare,
};

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    match bounds(arguments) {
        Some((a, b)) if b < a => Err(format!("`b` must not be less than `a`, and {b} < {a}")),
        _ => Ok(Box::new(call)),
    }
}

fn call(call: &mut Call<'_>, result: &mut Var) {
    if let Some((a, b)) = bounds(call.arguments)
        && a <= b
    {
        result.set(Value::Int(call.rng.i64(a..=b)));
    }
}

fn bounds(arguments: &[Value<'_>]) -> Option<(i64, i64)> {
    let [a, b] = *arguments else {
        return None;
    };
    Some((whole(a)?, whole(b)?))
}

#[cfg(test)]
mod tests {
    use crate::functions::tests::text;

    #[test]
    fn both_bounds_are_reached_and_never_left() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut counts = [0; 3];
        for _ in 0..3000 {
            let number: i64 = text("${randint( -1 ,1)}", &mut rng).parse().unwrap();
            counts[usize::try_from(number + 1).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_whole_range_of_numbers_is_allowed() {
        let mut rng = fastrand::Rng::with_seed(3);
        text("${randint(-9223372036854775808, 9223372036854775807)}", &mut rng);
    }
}
