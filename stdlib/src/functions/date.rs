//! `${date(format, shift)}`: the local date and time in a format.

use jiff::fmt::strtime::BrokenDownTime;
use ld_vm::Value;
use ld_vm::link::CallFn;

use super::time::{SHIFT, Shift};
use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "date",
    parameters: &[
        Parameter {
            name: "format",
            kind: ParameterKind::Text,
            doc: "The format with the letters of `strftime`; `%Y-%m-%d` when it is left out.",
        },
        SHIFT,
    ],
    optional: 2,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: false,
    doc: "The local date and time in a format.",
    examples: &[
        Example { call: "${date()}", result: "2026-11-22" },
        Example { call: "${date('%d.%m.%Y %H:%M', +1d)}", result: "23.11.2026 20:41" },
        Example {
            call: "${date(%Y-%m-%dT%H:%M:%S%:z, -2h30m)}",
            result: "2026-11-22T18:11:54-01:00",
        },
        Example { call: "${date('%A, %B %-d', 1mo)}", result: "Tuesday, December 22" },
    ],
    prepare,
};

const DEFAULT: &[u8] = b"%Y-%m-%d";

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    if let Some(format) = argument::at(arguments, 0).bytes() {
        // Any time will do to learn what is wrong with a format.
        let time = BrokenDownTime::from(&jiff::Zoned::default());
        time.format(format, &mut Vec::new())
            .map_err(|why| format!("`{}`: {why}", String::from_utf8_lossy(format)))?;
    }
    let shift = Shift::of(arguments, 1)?;
    Ok(Box::new(move |call, result| {
        let format = match call.arguments.first() {
            None => DEFAULT,
            Some(format) => match format.bytes() {
                Some(format) => format,
                None => return,
            },
        };
        if let Some(time) = shift.apply(call, 1)
            && BrokenDownTime::from(&time).format(format, result.text_mut()).is_err()
        {
            result.set(Value::Unset);
        }
    }))
}

#[cfg(test)]
mod tests {
    use crate::functions::tests::complaint;

    #[test]
    fn formats_and_shifts_are_checked_before_the_run() {
        let error = complaint("${date('%Y %!')}");
        assert!(error.starts_with("`%Y %!`: "), "{error}");
        let error = complaint("${date(%Y, tomorrow)}");
        assert!(error.starts_with("`shift` must be a time like `+1d` or `-2h30m`"), "{error}");
    }
}
