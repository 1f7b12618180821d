//! Methods of constant texts and lists.

use std::rc::Rc;

use oxc_span::Span;

use super::machine::Machine;
use super::operators::equal;
use super::value::{Array, Test, Value};

/// Lists grow up to this length.
const LONGEST: usize = 100_000;

impl<'a> Machine<'a, '_> {
    pub(super) fn text_method(
        &mut self,
        text: &str,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let chars: Vec<char> = text.chars().collect();
        let argument = |number: usize| arguments.get(number).and_then(Value::to_text);
        let first = argument(0);
        if !arguments.iter().all(|argument| argument.is_known()) {
            return match (name, arguments.first()) {
                ("concat", Some(other)) => self.binary("+", Value::text(text), other.clone(), span),
                ("includes", Some(other)) => {
                    Value::test(Test::Contains(Value::text(text), other.clone()))
                }
                ("replace" | "replaceAll", Some(Value::Text(from))) => {
                    let (before, after) = text.split_once(&**from).unwrap_or((text, ""));
                    let with = arguments.get(1).cloned().unwrap_or(Value::Undefined);
                    let joined = self.binary("+", Value::text(before), with, span);
                    self.binary("+", joined, Value::text(after), span)
                }
                _ => Value::Unknown(Rc::from(self.words(span))),
            };
        }
        let clamp = |number: f64| {
            let count = chars.len() as f64;
            let at = if number < 0.0 { (count + number).max(0.0) } else { number.min(count) };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to the text"
            )]
            let at = at as usize;
            at
        };
        let at = |number: usize, default: f64| {
            clamp(arguments.get(number).and_then(Value::to_number).unwrap_or(default))
        };
        let part = |from: usize, to: usize| -> Value<'a> {
            let part: String = chars.get(from..to.max(from)).unwrap_or_default().iter().collect();
            Value::text(&part)
        };
        let end = chars.len() as f64;
        match (name, first) {
            ("toString" | "valueOf" | "normalize", _) => Value::text(text),
            ("trim", _) => Value::text(text.trim()),
            ("trimStart", _) => Value::text(text.trim_start()),
            ("trimEnd", _) => Value::text(text.trim_end()),
            ("toLowerCase", _) => Value::text(&text.to_lowercase()),
            ("toUpperCase", _) => Value::text(&text.to_uppercase()),
            ("includes", Some(part)) => Value::Bool(text.contains(&part)),
            ("startsWith", Some(part)) => Value::Bool(text.starts_with(&part)),
            ("endsWith", Some(part)) => Value::Bool(text.ends_with(&part)),
            ("indexOf", Some(part)) => Value::Number(
                text.find(&part)
                    .map_or(-1.0, |at| text.get(..at).unwrap_or("").chars().count() as f64),
            ),
            ("slice", _) => part(at(0, 0.0), at(1, end)),
            ("substring", _) => {
                let (one, other) = (at(0, 0.0), at(1, end));
                part(one.min(other), one.max(other))
            }
            ("substr", _) => {
                let from = at(0, 0.0);
                let length = arguments.get(1).and_then(Value::to_number).unwrap_or(end);
                part(from, clamp(from as f64 + length.max(0.0)))
            }
            ("charAt", _) => part(at(0, 0.0), at(0, 0.0) + usize::from(at(0, 0.0) < chars.len())),
            ("charCodeAt", _) => {
                let char = chars.get(at(0, 0.0));
                Value::Number(char.map_or(f64::NAN, |&char| f64::from(u32::from(char))))
            }
            ("repeat", _) => {
                let times = at(0, 0.0).max(arguments.first().and_then(Value::to_number).map_or(
                    0,
                    |times| {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "clamped"
                        )]
                        let times = times.clamp(0.0, 1e6) as usize;
                        times
                    },
                ));
                if text.len().saturating_mul(times) > 1 << 20 {
                    return Value::unknown("a very long text");
                }
                Value::text(&text.repeat(times))
            }
            ("padStart" | "padEnd", _) => {
                let wanted =
                    arguments.first().and_then(Value::to_number).unwrap_or(0.0).min(10_000.0);
                let with =
                    argument(1).filter(|with| !with.is_empty()).unwrap_or_else(|| " ".to_owned());
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "bounded above"
                )]
                let missing = (wanted as usize).saturating_sub(chars.len());
                let padding: String = with.chars().cycle().take(missing).collect();
                let padded =
                    if name == "padStart" { padding + text } else { text.to_owned() + &padding };
                Value::text(&padded)
            }
            ("concat", _) => {
                let rest: String = arguments.iter().filter_map(Value::to_text).collect();
                Value::text(&(text.to_owned() + &rest))
            }
            ("split", None) => Value::array(vec![Value::text(text)]),
            ("split", Some(sign)) => {
                let pieces = match arguments.first() {
                    Some(Value::Regex(pattern)) => match regex::Regex::new(pattern) {
                        Ok(regex) => regex.split(text).map(Value::text).collect(),
                        Err(_) => return Value::unknown("a regular expression"),
                    },
                    _ if sign.is_empty() => {
                        chars.iter().map(|char| Value::text(&char.to_string())).collect()
                    }
                    _ => text.split(&sign).map(Value::text).collect(),
                };
                Value::array(pieces)
            }
            ("replace" | "replaceAll", Some(from)) => {
                let Some(with) = argument(1) else {
                    return Value::Unknown(Rc::from(self.words(span)));
                };
                match arguments.first() {
                    Some(Value::Regex(pattern)) => match regex::Regex::new(pattern) {
                        Ok(regex) => Value::text(&regex.replace_all(text, with.as_str())),
                        Err(_) => Value::unknown("a regular expression"),
                    },
                    _ if name == "replace" => Value::text(&text.replacen(&from, &with, 1)),
                    _ => Value::text(&text.replace(&from, &with)),
                }
            }
            ("match", Some(_)) => match arguments.first() {
                Some(Value::Regex(pattern)) => match regex::Regex::new(pattern) {
                    Ok(regex) => match regex.captures(text) {
                        Some(groups) => Value::array(
                            groups
                                .iter()
                                .map(|group| Value::text(group.map_or("", |group| group.as_str())))
                                .collect(),
                        ),
                        None => Value::Null,
                    },
                    Err(_) => Value::unknown("a regular expression"),
                },
                _ => Value::Null,
            },
            _ => Value::Unknown(Rc::from(self.words(span))),
        }
    }

    pub(super) fn array_method(
        &mut self,
        object: &Value<'a>,
        array: &Rc<Array<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        let changes = ["push", "unshift", "pop", "shift", "reverse", "sort", "fill", "splice"];
        if changes.contains(&name) && self.is_conditional(array.made) {
            self.changed_list(array, span);
            return Value::unknown("a list that is changed on a condition");
        }
        if changes.contains(&name) {
            self.touched_list(array, span);
        }
        let items: Vec<Value<'a>> = array.items.borrow().clone();
        // Each call takes all items up.
        self.fuel = self.fuel.saturating_sub(items.len() / 16);
        if items.len() > LONGEST && ["concat", "push", "unshift"].contains(&name) {
            self.drop(span, "this list grows too long");
            return Value::unknown("a very long list");
        }
        let each = |machine: &mut Self, item: &Value<'a>, number: usize| {
            machine.call(
                &first,
                vec![item.clone(), Value::Number(number as f64), object.clone()],
                span,
            )
        };
        let index = |value: Option<&Value<'a>>, default: usize| {
            let number = value.and_then(Value::to_number).unwrap_or(default as f64);
            let count = items.len() as f64;
            let at = if number < 0.0 { (count + number).max(0.0) } else { number.min(count) };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to the list"
            )]
            let at = at as usize;
            at
        };
        match name {
            "push" => {
                array.items.borrow_mut().extend(arguments.iter().cloned());
                Value::Number((items.len() + arguments.len()) as f64)
            }
            "unshift" => {
                array.items.borrow_mut().splice(0..0, arguments.iter().cloned());
                Value::Undefined
            }
            "pop" => array.items.borrow_mut().pop().unwrap_or(Value::Undefined),
            "shift" => {
                let mut items = array.items.borrow_mut();
                if items.is_empty() { Value::Undefined } else { items.remove(0) }
            }
            "slice" => {
                let (from, to) =
                    (index(arguments.first(), 0), index(arguments.get(1), items.len()));
                Value::array(items.get(from..to.max(from)).unwrap_or_default().to_vec())
            }
            "concat" => {
                let mut all = items;
                for argument in arguments {
                    match argument.items() {
                        Some(more) => all.extend(more),
                        None => all.push(argument.clone()),
                    }
                }
                Value::array(all)
            }
            "join" => {
                let sign = match &first {
                    Value::Undefined => ",".to_owned(),
                    other => other.to_text().unwrap_or_default(),
                };
                let mut text = Value::text("");
                for (number, item) in items.into_iter().enumerate() {
                    if number > 0 {
                        text = self.binary("+", text, Value::text(&sign), span);
                    }
                    text = self.binary("+", text, item, span);
                }
                text
            }
            "reverse" => {
                array.items.borrow_mut().reverse();
                object.clone()
            }
            "includes" | "indexOf" => {
                let is_test = name == "includes";
                if !first.is_known() {
                    return Value::test(Test::Contains(object.clone(), first));
                }
                let at = items.iter().position(|item| equal(item, &first, true) == Some(true));
                if is_test {
                    Value::Bool(at.is_some())
                } else {
                    Value::Number(at.map_or(-1.0, |at| at as f64))
                }
            }
            "at" => match first.to_number() {
                Some(_) => items.get(index(Some(&first), 0)).cloned().unwrap_or(Value::Undefined),
                None => self.item(object, &first, span),
            },
            "forEach" => {
                self.for_each(span, object, &first);
                Value::Undefined
            }
            "map" | "flatMap" => {
                let mut made = Vec::new();
                for (number, item) in items.iter().enumerate() {
                    let value = each(self, item, number);
                    match (name, value.items()) {
                        ("flatMap", Some(more)) => made.extend(more),
                        _ => made.push(value),
                    }
                    if !self.burn() {
                        break;
                    }
                }
                Value::array(made)
            }
            "filter" | "find" | "findIndex" | "some" | "every" => {
                let mut kept = Vec::new();
                for (number, item) in items.iter().enumerate() {
                    let Some(holds) = each(self, item, number).truth() else {
                        return Value::Unknown(Rc::from(self.words(span)));
                    };
                    match (name, holds) {
                        ("filter", true) => kept.push(item.clone()),
                        ("find", true) => return item.clone(),
                        ("findIndex", true) => return Value::Number(number as f64),
                        ("some", true) => return Value::Bool(true),
                        ("every", false) => return Value::Bool(false),
                        _ => {}
                    }
                }
                match name {
                    "filter" => Value::array(kept),
                    "find" => Value::Undefined,
                    "findIndex" => Value::Number(-1.0),
                    other => Value::Bool(other == "every"),
                }
            }
            "reduce" => {
                let mut rest = items.iter().enumerate();
                let mut sum = match arguments.get(1) {
                    Some(start) => start.clone(),
                    None => rest.next().map_or(Value::Undefined, |(_, item)| item.clone()),
                };
                for (number, item) in rest {
                    let arguments = vec![sum, item.clone(), Value::Number(number as f64)];
                    sum = self.call(&first, arguments, span);
                }
                sum
            }
            "sort" => self.sorted(object, array, arguments.first(), span),
            "splice" => self.spliced(array, arguments, span),
            "fill" => {
                array.items.borrow_mut().iter_mut().for_each(|item| *item = first.clone());
                object.clone()
            }
            "flat" => {
                let flat =
                    items.into_iter().flat_map(|item| item.items().unwrap_or_else(|| vec![item]));
                Value::array(flat.collect())
            }
            "entries" => Value::array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(number, item)| Value::array(vec![Value::Number(number as f64), item]))
                    .collect(),
            ),
            "keys" => {
                Value::array((0..items.len()).map(|number| Value::Number(number as f64)).collect())
            }
            "values" => Value::array(items),
            "toString" => object.to_text().map_or(Value::Undefined, |text| Value::text(&text)),
            _ => Value::Unknown(Rc::from(self.words(span))),
        }
    }
}
