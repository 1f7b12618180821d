//! Comparing what was found with what is expected: `op`, and the words for it in failures.

use std::cmp::Ordering;

use ld_vm::{Kept, Value};
use regex::bytes::Regex;

use crate::assertions::text;
use crate::field::{Field, Shape};
use crate::json::{self, Found};
use crate::late::Late;
use crate::operators::order;

macro_rules! ops {
    ($($name:ident $word:literal $sign:literal;)*) => {
        /// A way to compare.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Op { $($name,)* }

        const WORDS: &[&str] = &[$($word,)*];

        impl Op {
            fn find(word: &[u8]) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($word.as_bytes()) {
                    return Some(Self::$name);
                })*
                None
            }

            const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What stands before the expected value in the text of a failure.
            const fn sign(self) -> &'static str {
                match self { $(Self::$name => $sign,)* }
            }
        }
    };
}

ops! {
    Eq "eq" "";
    Ne "ne" "not ";
    Lt "lt" "< ";
    Le "le" "<= ";
    Gt "gt" "> ";
    Ge "ge" ">= ";
    Matches "matches" "to match ";
    In "in" "one of ";
}

/// How a value is compared.
pub(crate) const OP: Field = Field::new(
    "op",
    Shape::Choice(WORDS),
    "How it is compared: equal, unequal, less, at most, greater, at least, by a regular \
     expression that matches somewhere in the text, or with each value of a list. Text that is a \
     number is ordered as one beside a number.",
    r#""ge""#,
)
.default(r#""eq""#);

/// A comparison with a value of the plan, prepared as far as that is known.
pub(crate) struct Comparison {
    op: Op,
    pattern: Option<Late<Regex>>,
}

impl Comparison {
    /// Prepares the comparison by `op` (`eq` when it is missing) with `expected`, which is
    /// [`Value::Unset`] when it is not known yet.
    pub(crate) fn new(op: Value<'_>, expected: Value<'_>) -> Result<Self, String> {
        let op = match op {
            Value::Null => Op::Eq,
            Value::Text(word) => {
                Op::find(word).ok_or_else(|| format!("`op` is one of {}", WORDS.join(", ")))?
            }
            _ => return Err("`op` must be known before the run".to_owned()),
        };
        let fits = match op {
            Op::Eq | Op::Ne => true,
            Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                matches!(expected, Value::Unset | Value::Int(_) | Value::Float(_) | Value::Text(_))
            }
            Op::Matches => !matches!(expected, Value::Null | Value::Json(_)),
            Op::In => match expected {
                Value::Unset => true,
                Value::Json(list) => json::items(list).is_some(),
                _ => false,
            },
        };
        if !fits {
            let kind = match op {
                Op::In => "a list",
                Op::Matches => "a regular expression",
                _ => "a number or text",
            };
            return Err(format!("`{}` compares with {kind}", op.word()));
        }
        let pattern = (op == Op::Matches).then(|| Late::new(expected)).transpose()?;
        Ok(Self { op, pattern })
    }

    /// Whether this is plain equality.
    pub(crate) const fn is_equality(&self) -> bool {
        matches!(self.op, Op::Eq)
    }

    /// Whether a regular expression decides.
    pub(crate) const fn is_pattern(&self) -> bool {
        matches!(self.op, Op::Matches)
    }

    /// Whether what was found compares with `expected` as it should.
    #[inline]
    pub(crate) fn holds(&self, actual: Found<'_>, expected: Value<'_>, kept: &mut Kept) -> bool {
        match self.op {
            Op::Eq => actual.equals(expected),
            Op::Ne => !actual.equals(expected),
            Op::Lt => ordered(actual, expected, Ordering::is_lt),
            Op::Le => ordered(actual, expected, Ordering::is_le),
            Op::Gt => ordered(actual, expected, Ordering::is_gt),
            Op::Ge => ordered(actual, expected, Ordering::is_ge),
            Op::In => match expected {
                Value::Json(list) => actual.with_value(|actual| {
                    json::items(list).is_some_and(|mut items| items.any(|item| item.equals(actual)))
                }),
                _ => false,
            },
            Op::Matches => self.pattern.as_ref().is_some_and(|pattern| {
                actual.with_value(|actual| {
                    let matches = |regex: &Regex, _: &mut Kept| regex.is_match(&text(actual));
                    !actual.is_missing() && pattern.with(expected, kept, matches) == Ok(true)
                })
            }),
        }
    }

    /// Whether a number compares with `expected` as it should. Text that says a number is as good
    /// as one, also in a list; `read` makes it one.
    pub(crate) fn holds_number(
        &self,
        actual: i64,
        expected: Value<'_>,
        kept: &mut Kept,
        read: fn(Value<'_>) -> Option<Value<'static>>,
    ) -> bool {
        let said = |value: Value<'_>| match value {
            Value::Text(_) if self.op != Op::Matches => read(value),
            _ => None,
        };
        let number = Value::Int(actual);
        match (self.op, expected) {
            (Op::In, Value::Json(list)) => json::items(list).is_some_and(|mut items| {
                items.any(|item| {
                    item.equals(number)
                        || item.with_value(said).is_some_and(|said| Found::of(said).equals(number))
                })
            }),
            _ => self.holds(Found::Int(actual), said(expected).unwrap_or(expected), kept),
        }
    }

    /// Appends ` expected <what>`.
    pub(crate) fn describe(&self, expected: Value<'_>, out: &mut String) {
        out.push_str(" expected ");
        out.push_str(self.op.sign());
        json::repr(expected, out);
    }
}

/// Whether two values stand to each other as they should; in the same order as in expressions.
fn ordered(actual: Found<'_>, expected: Value<'_>, holds: fn(Ordering) -> bool) -> bool {
    actual.with_value(|actual| order(actual, expected).is_some_and(holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(op: &str, actual: Value<'_>, expected: Value<'_>) -> bool {
        let comparison = Comparison::new(Value::Text(op.as_bytes()), expected).unwrap();
        // What is known only at run time is compared in the same way.
        let late = Comparison::new(Value::Text(op.as_bytes()), Value::Unset).unwrap();
        let kept = &mut Kept::default();
        let holds = comparison.holds(Found::of(actual), expected, kept);
        assert_eq!(late.holds(Found::of(actual), expected, kept), holds);
        holds
    }

    const fn text(text: &str) -> Value<'_> {
        Value::Text(text.as_bytes())
    }

    #[test]
    fn numbers_are_ordered_as_numbers_also_beside_text() {
        assert!(holds("lt", Value::Int(9), Value::Int(10)));
        assert!(holds("lt", text("9"), Value::Int(10)));
        assert!(holds("ge", text("9.5"), Value::Int(9)));
        assert!(holds("gt", Value::Int(i64::MAX), Value::Int(i64::MAX - 1)));
        assert!(holds("le", Value::Float(0.5), text(" 0.5 ")));
        assert!(!holds("lt", Value::Float(f64::NAN), Value::Int(1)));
    }

    #[test]
    fn texts_are_ordered_as_texts_and_with_nothing_else() {
        assert!(holds("lt", text("abc"), text("abd")));
        assert!(holds("gt", text("b"), text("10")));
        for (actual, expected) in [
            (Value::Null, Value::Int(1)),
            (Value::Json(b"[1]"), Value::Int(0)),
            (text("a"), Value::Int(0)),
        ] {
            assert!(!holds("ge", actual, expected) && !holds("lt", actual, expected));
        }
    }

    #[test]
    fn a_list_has_what_equals_one_of_its_values() {
        let list = Value::Json(br#" [ 1, "a", null, {"b": [2]} ] "#);
        for inside in [Value::Float(1.0), text("a"), Value::Null, Value::Json(br#"{"b":[2.0]}"#)] {
            assert!(holds("in", inside, list), "{inside:?}");
        }
        for outside in [Value::Int(2), text("1"), Value::Json(b"[1]")] {
            assert!(!holds("in", outside, list), "{outside:?}");
        }
        assert!(!holds("in", Value::Null, Value::Json(b"[]")));
    }

    #[test]
    fn a_pattern_looks_at_the_text_form() {
        assert!(holds("matches", text("order 17"), text(r"\d+$")));
        assert!(holds("matches", Value::Int(204), text("^2..$")));
        assert!(holds("matches", Value::Json(br#"{"a":1}"#), text(r#""a":\s*1"#)));
        assert!(!holds("matches", Value::Null, text("")));
    }

    #[test]
    fn operands_that_make_no_sense_are_refused() {
        for (op, expected, why) in [
            ("in", Value::Int(1), "`in` compares with a list"),
            ("in", Value::Json(b"{}"), "`in` compares with a list"),
            ("lt", Value::Null, "`lt` compares with a number or text"),
            ("matches", Value::Null, "`matches` compares with a regular expression"),
            ("is", Value::Null, "`op` is one of eq, ne, lt, le, gt, ge, matches, in"),
        ] {
            let Err(error) = Comparison::new(text(op), expected) else {
                panic!("{op} {expected:?} passes");
            };
            assert_eq!(error, why);
        }
    }
}
