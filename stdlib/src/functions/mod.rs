//! The functions a placeholder can call: `${uuid()}`, `${randint(1, 6)}`.
//!
//! A function writes its result into a variable whose buffer is kept from call to call,
//! so that calling it allocates nothing.

use ld_vm::Value;
use ld_vm::link::{CallFn, Prepare};

pub use crate::operators::Gives;

mod item;
mod len;
mod now;
mod randint;
mod uuid;

/// Every function, by name.
pub const FUNCTIONS: &[Function] =
    &[item::FUNCTION, len::FUNCTION, now::FUNCTION, randint::FUNCTION, uuid::FUNCTION];

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
    /// The values of the arguments written between the parentheses of a call.
    ///
    /// # Errors
    /// When there are too many or too few, one is not of its kind, or together they make
    /// no sense; the text says which, without naming the function.
    pub fn arguments<'t>(&self, written: &'t str) -> Result<Vec<Value<'t>>, String> {
        if self.ignores_arguments {
            return Ok(Vec::new());
        }
        let parts: Vec<&str> = match written.trim() {
            "" => Vec::new(),
            text => text.split(',').map(str::trim).collect(),
        };
        self.takes(parts.len())?;
        let last = self.parameters.last().into_iter().cycle();
        let parameters = self.parameters.iter().chain(last);
        let read = parameters.zip(parts).map(|(parameter, text)| parameter.read(text));
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
        if self.variadic && arguments > most {
            return Ok(());
        }
        let takes = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
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
    fn read<'t>(&self, text: &'t str) -> Result<Value<'t>, String> {
        match self.kind {
            ParameterKind::Text => Ok(Value::Text(unquoted(text).as_bytes())),
            ParameterKind::Any => Ok(typed(text)),
            ParameterKind::Number => match typed(text) {
                number @ (Value::Int(_) | Value::Float(_)) => Ok(number),
                _ => Err(format!("`{}` must be a number, not `{text}`", self.name)),
            },
            ParameterKind::Integer => text
                .parse()
                .map(Value::Int)
                .map_err(|_| format!("`{}` must be a whole number, not `{text}`", self.name)),
        }
    }
}

/// Text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
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
    use ld_vm::Var;
    use ld_vm::link::{Call, Clock, Wall};

    pub(crate) struct Evening;

    impl Clock for Evening {
        fn wall(&self) -> Wall {
            Wall { unix_seconds: 1_795_383_714, nanos: 999_999_999, offset_seconds: -3600 }
        }
    }

    /// The text of a call, for the tests of single functions too.
    pub(super) fn text(placeholder: &str, rng: &mut fastrand::Rng) -> String {
        let inside = placeholder.strip_prefix("${").unwrap().strip_suffix(")}").unwrap();
        let (name, arguments) = inside.split_once('(').unwrap();
        let function = find(name).unwrap();
        let arguments = function.arguments(arguments).unwrap();
        let mut result = Var::default();
        let mut call = Call { arguments: &arguments, rng, clock: &Evening, user: 0, iteration: 0 };
        (function.prepare)(call.arguments).unwrap()(&mut call, &mut result);
        let mut text = Vec::new();
        result.value().write_text(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn examples_are_true() {
        for example in FUNCTIONS.iter().flat_map(|function| function.examples) {
            let mut rng = fastrand::Rng::with_seed(1);
            assert_eq!(text(example.call, &mut rng), example.result, "{}", example.call);
        }
    }

    #[test]
    fn arguments_are_checked_before_the_run() {
        let complaint =
            |name: &str, arguments: &str| find(name).unwrap().arguments(arguments).unwrap_err();
        assert_eq!(complaint("now", "1"), "it takes no arguments, and 1 is written");
        assert_eq!(complaint("RandInt", ""), "it takes 2 arguments, and 0 are written");
        assert_eq!(complaint("randint", "1, x"), "`b` must be a whole number, not `x`");
        assert_eq!(complaint("randint", "2,1"), "`b` must not be less than `a`, and 1 < 2");
        assert!(find("uuid").unwrap().arguments("whatever, you like").unwrap().is_empty());
    }
}
