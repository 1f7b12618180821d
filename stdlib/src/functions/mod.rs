//! The functions a placeholder can call: `${uuid()}`, `${randint(1, 6)}`.
//!
//! A function writes its result into a variable whose buffer is kept from call to call,
//! so that calling it allocates nothing.

use ld_vm::Value;
use ld_vm::link::{CallFn, Prepare};
use ld_vm::verify::MAX_OPERANDS;

use self::written::{Written, unquoted};
use crate::operators::is_number;

pub use self::file::LARGEST_FILE;
pub use crate::operators::Gives;

mod argument;
mod base64;
mod base64_decode;
mod case;
mod concat;
mod counter;
mod date;
mod default;
mod digest;
mod encoding;
mod faker;
mod file;
mod hex;
mod hmac_sha256;
mod item;
mod iteration;
mod join;
mod json;
mod len;
mod lower;
mod md5;
mod now;
mod python;
mod randint;
mod random_choice;
mod random_string;
mod replace;
mod run_counter;
mod sha1;
mod sha256;
mod shard;
mod split;
mod substr;
mod time;
mod timestamp;
mod timestamp_ms;
mod trim;
mod upper;
mod url_decode;
mod url_encode;
mod user_id;
mod uuid;
pub mod written;

/// Every function, by name.
pub const FUNCTIONS: &[Function] = &[
    base64::FUNCTION,
    base64_decode::FUNCTION,
    concat::FUNCTION,
    counter::FUNCTION,
    date::FUNCTION,
    default::FUNCTION,
    faker::FUNCTION,
    file::FUNCTION,
    hex::FUNCTION,
    hmac_sha256::FUNCTION,
    item::FUNCTION,
    iteration::FUNCTION,
    join::FUNCTION,
    json::FUNCTION,
    len::FUNCTION,
    lower::FUNCTION,
    md5::FUNCTION,
    now::FUNCTION,
    python::FUNCTION,
    randint::FUNCTION,
    random_choice::FUNCTION,
    random_string::FUNCTION,
    replace::FUNCTION,
    run_counter::FUNCTION,
    sha1::FUNCTION,
    sha256::FUNCTION,
    shard::FUNCTION,
    split::FUNCTION,
    substr::FUNCTION,
    timestamp::FUNCTION,
    timestamp_ms::FUNCTION,
    trim::FUNCTION,
    upper::FUNCTION,
    url_decode::FUNCTION,
    url_encode::FUNCTION,
    user_id::FUNCTION,
    uuid::FUNCTION,
];

/// A function of placeholders.
#[derive(Debug)]
pub struct Function {
    /// The name; plans may write it in any case.
    pub name: &'static str,
    /// What it is called with.
    pub parameters: &'static [Parameter],
    /// How many of the parameters, counted from the end, may be left out.
    pub optional: usize,
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    /// Whether anything may be written between the parentheses, without any effect.
    pub ignores_arguments: bool,
    /// The type of what it gives.
    pub gives: Gives,
    /// Whether the result depends on the arguments alone: it is computed before the run
    /// when they are known.
    pub is_pure: bool,
    /// What it gives, as a sentence.
    pub doc: &'static str,
    /// Calls and what they give.
    pub examples: &'static [Example],
    /// Makes what computes it out of the constant arguments. Called with arguments that it
    /// would have refused here, it leaves its result unset.
    pub prepare: Prepare<CallFn>,
}

/// A parameter of a function.
#[derive(Debug)]
pub struct Parameter {
    /// The name in messages and in the reference.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParameterKind,
    /// What it means, as a sentence.
    pub doc: &'static str,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Anything, as text.
    Text,
    /// Anything, with its type.
    Any,
    /// The path of a file, which the function is called with the contents of.
    File,
}

/// A call with its result.
#[derive(Debug)]
pub struct Example {
    /// The placeholder as written in a plan.
    pub call: &'static str,
    /// Its text at 2026-11-22 20:41:54 local time with the random numbers of seed 1.
    pub result: &'static str,
}

impl Function {
    /// The values of the arguments of a call. Those that only the run can tell are
    /// [`Value::Unset`].
    ///
    /// # Errors
    /// When there are too many or too few, one is not of its kind, or together they make
    /// no sense; the text says which, without naming the function.
    pub fn arguments<'t>(&self, written: &[Written<'t>]) -> Result<Vec<Value<'t>>, String> {
        if self.ignores_arguments {
            return Ok(Vec::new());
        }
        self.takes(written.len())?;
        let last = self.parameters.last().into_iter().cycle();
        let parameters = self.parameters.iter().chain(last);
        let read = parameters.zip(written).map(|(parameter, written)| match *written {
            Written::Text(text) => parameter.read(text),
            Written::Value(value) => parameter.convert(value),
        });
        let values = read.collect::<Result<Vec<_>, _>>()?;
        (self.prepare)(&values).map(|_| values)
    }

    /// Whether it can be called with so many arguments.
    ///
    /// # Errors
    /// When there are too many or too few; the text says how many it takes.
    pub fn takes(&self, arguments: usize) -> Result<(), String> {
        let most = self.parameters.len();
        let least = most - self.optional.min(most);
        if self.ignores_arguments || (least..=most).contains(&arguments) {
            return Ok(());
        }
        if self.variadic && (most..=MAX_OPERANDS).contains(&arguments) {
            return Ok(());
        }
        let takes = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
            _ if self.variadic && arguments > MAX_OPERANDS => {
                format!("at most {MAX_OPERANDS} arguments")
            }
            (1, _) if self.variadic => "at least 1 argument".to_owned(),
            _ if self.variadic => format!("at least {least} arguments"),
            (1, 1) => "1 argument".to_owned(),
            _ if least == most => format!("{most} arguments"),
            _ => format!("{least} to {most} arguments"),
        };
        let written = match arguments {
            1 => "1 is written".to_owned(),
            count => format!("{count} are written"),
        };
        Err(format!("it takes {takes}, and {written}"))
    }

    /// The call as the reference shows it: `randint(a, b)`.
    #[must_use]
    pub fn signature(&self) -> String {
        let fixed = self.parameters.len() - self.optional.min(self.parameters.len());
        let names = self.parameters.iter().zip(0..).map(|(parameter, position)| {
            if position < fixed {
                parameter.name.to_owned()
            } else {
                format!("[{}]", parameter.name)
            }
        });
        let more = if self.variadic { ", …" } else { "" };
        format!("{}({}{more})", self.name, names.collect::<Vec<_>>().join(", "))
    }
}

impl Parameter {
    /// A value known from elsewhere as this parameter takes it.
    fn convert<'t>(&self, value: Value<'t>) -> Result<Value<'t>, String> {
        let fits = match self.kind {
            ParameterKind::Integer => argument::whole(value).is_some(),
            ParameterKind::Number => is_number(value),
            ParameterKind::Text | ParameterKind::Any | ParameterKind::File => true,
        };
        if fits || value.is_missing() {
            return Ok(value);
        }
        let mut text = Vec::new();
        value.write_text(&mut text);
        Err(self.wrong(&String::from_utf8_lossy(&text)))
    }

    /// What is wrong with a text that is no number.
    fn wrong(&self, text: &str) -> String {
        let kind = if self.kind == ParameterKind::Integer { "a whole number" } else { "a number" };
        format!("`{}` must be {kind}, not `{text}`", self.name)
    }

    fn read<'t>(&self, text: &'t str) -> Result<Value<'t>, String> {
        match self.kind {
            ParameterKind::Text | ParameterKind::File => Ok(Value::Text(unquoted(text).as_bytes())),
            ParameterKind::Any => Ok(typed(text)),
            ParameterKind::Number => match typed(text) {
                number @ (Value::Int(_) | Value::Float(_)) => Ok(number),
                _ => Err(self.wrong(text)),
            },
            ParameterKind::Integer => text.parse().map(Value::Int).map_err(|_| self.wrong(text)),
        }
    }
}

/// What an argument says when any type will do: quoted text is text.
fn typed(text: &str) -> Value<'_> {
    let float = || text.parse().ok().filter(|number: &f64| number.is_finite());
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ if text.starts_with(['[', '{']) => Value::Json(text.as_bytes()),
        _ => match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => float().map_or(Value::Text(unquoted(text).as_bytes()), Value::Float),
        },
    }
}

/// The function of this name, in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ld_vm::counts::NoCounts;
    use ld_vm::link::{Call, Clock, Wall};
    use ld_vm::{Kept, Var};

    pub(crate) struct Evening;

    impl Clock for Evening {
        fn wall(&self) -> Wall {
            Wall { unix_seconds: 1_795_383_714, nanos: 999_999_999, offset_seconds: -3600 }
        }
    }

    /// The text of a call, for the tests of single functions too.
    pub(super) fn text(placeholder: &str, rng: &mut fastrand::Rng) -> String {
        let (function, arguments) = called(placeholder);
        let arguments = function.arguments(&arguments).unwrap();
        let mut result = Var::default();
        let mut call = Call {
            arguments: &arguments,
            rng,
            clock: &Evening,
            user: 0,
            iteration: 0,
            counts: &mut NoCounts,
            kept: &mut Kept::default(),
        };
        (function.prepare)(call.arguments).unwrap()(&mut call, &mut result);
        let mut text = Vec::new();
        result.value().write_text(&mut text);
        String::from_utf8(text).unwrap()
    }

    /// Why a call makes no sense.
    pub(super) fn complaint(placeholder: &str) -> String {
        let (function, arguments) = called(placeholder);
        function.arguments(&arguments).unwrap_err()
    }

    fn called(placeholder: &str) -> (&'static Function, Vec<Written<'_>>) {
        let call = written::call(placeholder, 0).unwrap();
        let function = find(&placeholder[call.name]).unwrap();
        let written = |range: std::ops::Range<usize>| match function.parameters.first() {
            Some(Parameter { kind: ParameterKind::File, .. }) => Written::Text("SELECT 1"),
            _ => Written::Text(&placeholder[range]),
        };
        (function, call.arguments.into_iter().map(written).collect())
    }

    #[test]
    fn examples_are_true() {
        let examples = FUNCTIONS.iter().flat_map(|function| function.examples);
        let wrong = examples.filter_map(|example| {
            let given = text(example.call, &mut fastrand::Rng::with_seed(1));
            (given != example.result).then_some((example.call, given))
        });
        assert_eq!(wrong.collect::<Vec<_>>(), []);
    }

    #[test]
    fn arguments_are_checked_before_the_run() {
        let too_many = format!("${{concat({}1)}}", "1,".repeat(64));
        for (call, error) in [
            ("${now(1)}", "it takes no arguments, and 1 is written"),
            ("${RandInt()}", "it takes 2 arguments, and 0 are written"),
            ("${substr(a)}", "it takes 2 to 3 arguments, and 1 is written"),
            ("${concat()}", "it takes at least 1 argument, and 0 are written"),
            (&too_many, "it takes at most 64 arguments, and 65 are written"),
            ("${randint(1, x)}", "`b` must be a whole number, not `x`"),
            ("${randint(2,1)}", "`b` must not be less than `a`, and 1 < 2"),
        ] {
            assert_eq!(complaint(call), error, "{call}");
        }
        assert!(find("uuid").unwrap().arguments(&[Written::Text("any")]).unwrap().is_empty());
    }

    #[test]
    fn values_from_elsewhere_are_checked_too_when_they_are_known() {
        let arguments = |value| {
            let written = [Written::Text("1"), Written::Value(value)];
            find("randint").unwrap().arguments(&written).map(|values| values[1])
        };
        assert_eq!(arguments(Value::Text(b"6")), Ok(Value::Text(b"6")));
        assert_eq!(arguments(Value::Unset), Ok(Value::Unset));
        let error = arguments(Value::Text(b"six")).unwrap_err();
        assert_eq!(error, "`b` must be a whole number, not `six`");
    }
}
