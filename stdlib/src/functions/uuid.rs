//! `${uuid()}`: a random UUID.

use ld_vm::Var;
use ld_vm::link::Call;
use uuid::Builder;
use uuid::fmt::Hyphenated;

use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "uuid",
    parameters: &[],
    optional: 0,
    variadic: false,
    ignores_arguments: true,
    gives: Gives::Text,
    is_pure: false,
    doc: "A random UUID, version 4, in lower case with dashes.",
    examples: &[Example { call: "${uuid()}", result: "3dfeb5aa-e597-4c88-b1be-d1b6cdbd33a8" }],
    prepare: |_| Ok(Box::new(call)),
};

fn call(call: &mut Call<'_>, result: &mut Var) {
    let id = Builder::from_random_bytes(call.rng.u128(..).to_le_bytes()).into_uuid();
    // All digits at once; the crate of UUIDs writes one after the other.
    let mut digits = [0; 32];
    let _ = const_hex::encode_to_slice(id.as_bytes(), &mut digits);
    let mut text = [b'-'; Hyphenated::LENGTH];
    let mut group = |to: usize, from: usize, length: usize| {
        if let (Some(to), Some(from)) =
            (text.get_mut(to..to + length), digits.get(from..from + length))
        {
            to.copy_from_slice(from);
        }
    };
    group(0, 0, 8);
    group(9, 8, 4);
    group(14, 12, 4);
    group(19, 16, 4);
    group(24, 20, 12);
    result.text_mut().extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use crate::functions::tests::text;

    #[test]
    fn every_call_gives_another_valid_version_4() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let text = text("${uuid()}", &mut rng);
            let id = uuid::Uuid::try_parse(&text).unwrap();
            assert_eq!(id.get_version_num(), 4);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(text, id.hyphenated().to_string());
            assert!(seen.insert(text));
        }
    }
}
