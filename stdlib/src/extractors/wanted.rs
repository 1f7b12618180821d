//! Which of several matches an extractor takes.

use ld_vm::Value;

use crate::field::{Field, Shape};

/// Which match is taken.
pub(super) const MATCH: Field = Field::new(
    "match",
    Shape::Integer { min: -1, max: i64::MAX },
    "Which match: 1 for the first, 2 for the second and so on, 0 for one at random, -1 for a list \
     of all.",
    "0",
)
.default("1");

/// The position, from 0, of the match that is asked for out of `count`; `None` for all of them.
pub(super) fn position(asked: Value<'_>, count: usize, rng: &mut fastrand::Rng) -> Option<usize> {
    let number = match asked {
        Value::Int(number) => number,
        Value::Text(text) => {
            str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1)
        }
        _ => 1,
    };
    match number {
        ..0 => None,
        0 if count > 1 => Some(rng.usize(..count)),
        0 => Some(0),
        _ => Some(usize::try_from(number - 1).unwrap_or(usize::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_match_can_be_drawn_and_drawing_depends_on_the_seed_only() {
        let draw = |seed| {
            let mut rng = fastrand::Rng::with_seed(seed);
            let draws = (0..100).map(|_| position(Value::Int(0), 3, &mut rng).unwrap());
            draws.collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert!((0..3).all(|at| draw(1).contains(&at)));
    }

    #[test]
    fn one_match_is_not_drawn() {
        let mut rng = fastrand::Rng::with_seed(1);
        for count in [0, 1] {
            assert_eq!(position(Value::Int(0), count, &mut rng), Some(0));
        }
        assert_eq!(rng.u64(..), fastrand::Rng::with_seed(1).u64(..), "nothing was drawn");
    }
}
