//! `format`: Python's format specification, for numbers and texts.

use super::{Arguments, type_error};
use crate::python::{Exception, Value};

/// More digits or columns than anybody reads.
const MOST: usize = 10_000;

/// `[[fill]align][sign][#][0][width][,_][.precision][type]`
#[derive(Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    prefix: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

pub(super) fn format(arguments: &Arguments) -> Result<Value, Exception> {
    let value = arguments.value("value");
    let text = arguments.text("format_spec").unwrap_or_default();
    if text.is_empty() {
        return Ok(Value::Str(value.text()));
    }
    let spec = Spec::parse(text).ok_or_else(|| {
        let kind = value.type_name();
        let message = format!("Invalid format specifier '{text}' for object of type '{kind}'");
        Exception::new("ValueError", message)
    })?;
    let unknown = |kind: char| {
        let message =
            format!("Unknown format code '{kind}' for object of type '{}'", value.type_name());
        Exception::new("ValueError", message)
    };
    match value {
        Value::Str(text) => match spec.kind {
            None | Some('s') => Ok(Value::Str(spec.text(text))),
            Some(kind) => Err(unknown(kind)),
        },
        Value::Bool(flag) if spec.kind.is_none() => {
            Ok(Value::Str(spec.text(if *flag { "True" } else { "False" })))
        }
        Value::Bool(flag) => spec.whole((*flag).into()).map(Value::Str).map_err(unknown),
        Value::Int(number) => spec.whole(*number).map(Value::Str).map_err(unknown),
        Value::Float(number) => spec.float(*number).map(Value::Str).map_err(unknown),
        other => {
            let kind = other.type_name();
            Err(type_error(format!("unsupported format string passed to {kind}.__format__")))
        }
    }
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        let mut spec = Self::default();
        let characters: Vec<char> = text.chars().collect();
        let mut rest = characters.as_slice();
        let is_align = |c: &char| "<>=^".contains(*c);
        match rest {
            [fill, align, after @ ..] if is_align(align) => {
                (spec.fill, spec.align, rest) = (Some(*fill), Some(*align), after);
            }
            [align, after @ ..] if is_align(align) => (spec.align, rest) = (Some(*align), after),
            _ => {}
        }
        let mut take = |wanted: &str| match rest {
            [first, after @ ..] if wanted.contains(*first) => {
                rest = after;
                Some(*first)
            }
            _ => None,
        };
        spec.sign = take("+- ");
        spec.prefix = take("#").is_some();
        if take("0").is_some() {
            spec.fill = spec.fill.or(Some('0'));
            spec.align = spec.align.or(Some('='));
        }
        let number = |take: &mut dyn FnMut(&str) -> Option<char>| {
            let mut number = None;
            while let Some(digit) = take("0123456789") {
                let value = number.unwrap_or(0_usize) * 10 + digit.to_digit(10)? as usize;
                number = Some(value.min(MOST));
            }
            number
        };
        spec.width = number(&mut take).unwrap_or(0);
        spec.group = take(",_");
        if take(".").is_some() {
            spec.precision = Some(number(&mut take)?);
        }
        spec.kind = take("bcdeEfFgGnosxX%");
        rest.is_empty().then_some(spec)
    }

    fn text(&self, text: &str) -> String {
        let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.pad("", &text, '<')
    }

    fn whole(&self, number: i128) -> Result<String, char> {
        let size = number.unsigned_abs();
        let (prefix, digits, every) = match self.kind {
            None | Some('d' | 'n') => ("", size.to_string(), 3),
            Some('b') => ("0b", format!("{size:b}"), 4),
            Some('o') => ("0o", format!("{size:o}"), 4),
            Some('x') => ("0x", format!("{size:x}"), 4),
            Some('X') => ("0X", format!("{size:X}"), 4),
            Some('c') => {
                let character = u32::try_from(number).ok().and_then(char::from_u32);
                return Ok(self.pad("", &character.ok_or('c')?.to_string(), '<'));
            }
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return self.float(number as f64),
            Some(kind) => return Err(kind),
        };
        let prefix = if self.prefix { prefix } else { "" };
        let head = format!("{}{prefix}", self.sign_of(number < 0));
        Ok(self.pad(&head, &self.grouped(&digits, every), '>'))
    }

    fn float(&self, number: f64) -> Result<String, char> {
        let size = number.abs();
        let precision = self.precision.unwrap_or(6);
        let digits = match self.kind {
            None if self.precision.is_none() => Value::Float(size).to_string(),
            None => general(size, precision, true),
            Some('f' | 'F') => format!("{size:.precision$}"),
            Some('e') => exponent(size, precision),
            Some('E') => exponent(size, precision).to_uppercase(),
            Some('g' | 'n') => general(size, precision, false),
            Some('G') => general(size, precision, false).to_uppercase(),
            Some('%') => format!("{:.precision$}%", size * 100.0),
            Some(kind) => return Err(kind),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (whole, rest) = digits.split_at(end);
        let digits = self.grouped(whole, 3) + rest;
        Ok(self.pad(self.sign_of(number.is_sign_negative()), &digits, '>'))
    }

    fn sign_of(&self, is_negative: bool) -> &'static str {
        match (is_negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            (false, _) => "",
        }
    }

    fn grouped(&self, digits: &str, every: usize) -> String {
        let Some(mark) = self.group else { return digits.to_owned() };
        let mut out = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(every) {
                out.push(mark);
            }
            out.push(digit);
        }
        out
    }

    /// `head` is what stays in front of the padding of `=`.
    fn pad(&self, head: &str, text: &str, usual: char) -> String {
        let length = head.chars().count() + text.chars().count();
        let missing = self.width.saturating_sub(length);
        let fill = |count: usize| self.fill.unwrap_or(' ').to_string().repeat(count);
        match self.align.unwrap_or(usual) {
            '<' => format!("{head}{text}{}", fill(missing)),
            '^' => format!("{}{head}{text}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{head}{}{text}", fill(missing)),
            _ => format!("{}{head}{text}", fill(missing)),
        }
    }
}

/// `1.5e+03`
fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, power)) => {
            let power: i32 = power.parse().unwrap_or(0);
            let sign = if power < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", power.abs())
        }
        None => text,
    }
}

/// With `precision` significant digits, trailing zeros cut. `as_float` keeps one digit after
/// the point, as formatting without a type does.
fn general(number: f64, precision: usize, as_float: bool) -> String {
    let precision = precision.max(1);
    if number == 0.0 {
        return if as_float { "0.0" } else { "0" }.to_owned();
    }
    let scientific = exponent(number, precision - 1);
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let limit = precision as i64 - i64::from(as_float);
    if power < -4 || power >= limit.max(1) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), power.abs());
    }
    let decimals = usize::try_from(precision as i64 - 1 - power).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    let text = trimmed(&text);
    if as_float && !text.contains('.') { format!("{text}.0") } else { text.to_owned() }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
