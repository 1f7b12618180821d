//! `${now()}`: the local time.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use ld_vm::Var;
use ld_vm::link::Call;

use super::{Example, Function, Gives};

pub(super) const FUNCTION: Function = Function {
    name: "now",
    parameters: &[],
    optional: 0,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: false,
    doc: "The local date and time in ISO 8601, to the second and without a zone.",
    examples: &[Example { call: "${now()}", result: "2026-11-22T20:41:54" }],
    prepare: |_| Ok(Box::new(call)),
};

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

fn call(call: &mut Call<'_>, result: &mut Var) {
    let wall = call.clock.wall();
    let local = wall.unix_seconds.saturating_add(i64::from(wall.offset_seconds));
    // A clock set to a year beyond 9999 has no such text; the placeholder stays then.
    if let Ok(local) = Timestamp::from_second(local) {
        let local = Offset::UTC.to_datetime(local);
        let _ = PRINTER.print_datetime(&local, result.text_mut());
    }
}

#[cfg(test)]
mod tests {
    use ld_vm::counts::NoCounts;
    use ld_vm::link::{Clock, Wall};
    use ld_vm::{Kept, Value, Var};

    struct At(i64, i32);

    impl Clock for At {
        fn wall(&self) -> Wall {
            Wall { unix_seconds: self.0, nanos: 999_999_999, offset_seconds: self.1 }
        }
    }

    fn now(clock: &At) -> Var {
        let mut result = Var::default();
        let mut rng = fastrand::Rng::with_seed(0);
        let mut call = super::Call {
            arguments: &[],
            rng: &mut rng,
            clock,
            user: 0,
            iteration: 0,
            counts: &mut NoCounts,
            kept: &mut Kept::default(),
        };
        super::call(&mut call, &mut result);
        result
    }

    #[test]
    fn the_offset_can_change_the_day_and_fractions_are_cut_off() {
        assert_eq!(now(&At(0, -1)).value(), Value::Text(b"1969-12-31T23:59:59"));
        assert_eq!(now(&At(951_782_399, 3600)).value(), Value::Text(b"2000-02-29T00:59:59"));
    }

    #[test]
    fn a_time_without_a_text_is_unset() {
        assert_eq!(now(&At(i64::MAX, 1)).value(), Value::Unset);
    }
}
