//! Members and methods of values.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::{Machine, Node, Taker};
use super::reply::dotted;
use super::value::{Array, Body, Closure, Row, Test, Value, json_number, number_text};

impl<'a> Machine<'a, '_> {
    /// A member of a value, by its name.
    pub(super) fn get(&mut self, object: &Value<'a>, name: &str, span: Span) -> Value<'a> {
        match object {
            Value::Object(of) if of.kind.get() == "url" => self.url_member(object, name, span),
            Value::Object(of)
                if name == "size" && matches!(of.kind.get(), "set" | "map" | "params") =>
            {
                let count = object.items().map_or(0, |items| items.len());
                Value::Number(count as f64)
            }
            Value::Object(of) if of.kind.get() == "params" => Value::Undefined,
            Value::Object(of) if of.kind.get() == "mapped" => {
                self.mapped_member(object, name, span)
            }
            Value::Object(of) => {
                self.read_member(of, name);
                if let Some(value) = object.member(name) {
                    return value;
                }
                if let Some(getter) = of.accessor(name, true) {
                    let getter = Self::of_object(getter, object);
                    return self.call(&getter, Vec::new(), span);
                }
                if let Some(class) = &of.class
                    && let Some((function, scope, is_getter)) = self.method_of(class, name, false)
                {
                    return self.bound(function, scope, object, is_getter, span);
                }
                Value::Undefined
            }
            Value::Class(class) => match self.method_of(class, name, true) {
                Some((function, scope, is_getter)) => {
                    self.bound(function, scope, object, is_getter, span)
                }
                None => self.static_member(class, name),
            },
            Value::Array(array) => {
                let items = array.items.borrow();
                if name == "length" {
                    return Value::Number(items.len() as f64);
                }
                match name.parse::<usize>() {
                    Ok(number) => items.get(number).cloned().unwrap_or(Value::Undefined),
                    Err(_) => Value::Undefined,
                }
            }
            Value::Text(text) => match name {
                "length" => Value::Number(text.encode_utf16().count() as f64),
                _ => match name.parse::<usize>() {
                    Ok(number) => match text.chars().nth(number) {
                        Some(char) => Value::text(&char.to_string()),
                        None => Value::Undefined,
                    },
                    Err(_) => Value::Undefined,
                },
            },
            Value::Reply(part) => self.part_member(part, name),
            Value::Row(row) => {
                Value::Row(Rc::new(Row { taker: row.taker, path: dotted(&row.path, name) }))
            }
            Value::Native(path) => self.native_member(path, name),
            Value::Live(code) if name == "length" => {
                Value::live(Code::Call("len", vec![(**code).clone()]))
            }
            Value::Live(code) => match &**code {
                Code::Call("item", arguments) => {
                    if let [of, Code::Const(path)] = arguments.as_slice() {
                        let path = dotted(&super::code::plain(path), name);
                        return Value::live(Code::Call(
                            "item",
                            vec![of.clone(), Code::text(&path)],
                        ));
                    }
                    let code = self.hoist("item", code);
                    Value::live(Code::Call("item", vec![code, Code::text(name)]))
                }
                code => Value::live(Code::Call("item", vec![code.clone(), Code::text(name)])),
            },
            Value::Unknown(why) => Value::Unknown(Rc::clone(why)),
            _ => Value::Undefined,
        }
    }

    /// A member of the class above the one whose method is evaluated.
    pub(super) fn member_above(
        &mut self,
        name: &str,
        scope: &Rc<super::scope::Scope<'a>>,
        span: Span,
    ) -> Value<'a> {
        let this = scope.find("this").map_or(Value::Undefined, |this| this.value);
        let is_static = matches!(this, Value::Class(_));
        let Some(parent) = Self::parent_here(scope) else { return Value::Undefined };
        match self.method_of(&parent, name, is_static) {
            Some((function, scope, is_getter)) => {
                self.bound(function, scope, &this, is_getter, span)
            }
            None => Value::Undefined,
        }
    }

    fn bound(
        &mut self,
        function: &'a oxc_ast::ast::Function<'a>,
        scope: Rc<super::scope::Scope<'a>>,
        this: &Value<'a>,
        is_getter: bool,
        span: Span,
    ) -> Value<'a> {
        let closure = Closure { body: Body::Function(function), scope, this: Some(this.clone()) };
        let function = Value::Function(Rc::new(closure));
        if is_getter { self.call(&function, Vec::new(), span) } else { function }
    }

    fn static_member(&mut self, class: &Rc<super::value::ClassValue<'a>>, name: &str) -> Value<'a> {
        self.read_member(&class.statics, name);
        let own = Value::Object(Rc::clone(&class.statics)).member(name);
        match (own, &class.parent) {
            (Some(value), _) => value,
            (None, Some(parent)) => self.static_member(parent, name),
            (None, None) if name == "name" => {
                let id = class.class.id.as_ref();
                id.map_or(Value::Undefined, |id| Value::text(&id.name))
            }
            (None, None) => Value::Undefined,
        }
    }

    /// The item of a list at a position that is known when the plan runs.
    pub(super) fn item(&mut self, object: &Value<'a>, index: &Value<'a>, span: Span) -> Value<'a> {
        match object {
            Value::Array(array) => self.item_of(array, index, span),
            Value::Unknown(_) => object.clone(),
            _ => match (self.code(object, span), self.code(index, span)) {
                (Some(list), Some(index)) if is_any_below(&index, &list) => {
                    Value::live(Code::Call("random_choice", vec![list]))
                }
                (Some(list), Some(index)) => Value::live(Code::Call("item", vec![list, index])),
                _ => Value::Unknown(Rc::from(self.words(span))),
            },
        }
    }

    fn item_of(&mut self, array: &Array<'a>, index: &Value<'a>, span: Span) -> Value<'a> {
        let count = array.items.borrow().len() as f64;
        let is_any = match index {
            Value::Range(min, max, true) => *min <= 0.0 && *max >= count - 1.0,
            _ => false,
        };
        let file = array.file.borrow().clone();
        if let Some(file) = file {
            let index = self.code(index, span).map(|code| code.expression()).unwrap_or_default();
            let mode = if is_any || index.contains("randint") || index.contains("random_choice") {
                "random"
            } else if index.contains("user_id") {
                "unique"
            } else if index.contains("run_counter") {
                "shared"
            } else if index.contains("iteration") {
                "per_user"
            } else {
                ""
            };
            if !mode.is_empty() {
                return self.row(array, &file, mode);
            }
        }
        let Some(variable) = self.list_variable(array) else {
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let list = Code::Name(variable);
        if is_any {
            return Value::live(Code::Call("random_choice", vec![list]));
        }
        match self.code(index, span) {
            Some(index) => Value::live(Code::Call("item", vec![list, index])),
            None => Value::Unknown(Rc::from(self.words(span))),
        }
    }

    /// A row of a data source, taken here.
    fn row(
        &mut self,
        array: &Array<'a>,
        file: &super::value::DataFile,
        mode: &'static str,
    ) -> Value<'a> {
        let known = self.sources.iter().find(|(_, known, how)| known == file && *how == mode);
        let source = match known {
            Some((name, ..)) => name.clone(),
            None => {
                let wanted = array.name.borrow().clone().unwrap_or_else(|| "rows".to_owned());
                let taken: Vec<&str> =
                    self.sources.iter().map(|(name, ..)| name.as_str()).collect();
                let wanted = wanted.replace(|char: char| !char.is_ascii_alphanumeric(), "_");
                let name = crate::passes::unique(&wanted.to_ascii_lowercase(), |name| {
                    taken.contains(&name)
                });
                self.sources.push((name.clone(), file.clone(), mode));
                name
            }
        };
        let taker = self.takers.len();
        let first = array.items.borrow().first().cloned();
        let names = first.map(|first| first.members()).unwrap_or_default();
        let names = names.into_iter().map(|(name, _)| name).collect();
        self.takers.push(Taker { source, hint: None, columns: Vec::new(), names });
        self.push(Node::Take(taker));
        Value::Row(Rc::new(Row { taker, path: String::new() }))
    }

    /// The members of an object, or the columns of a row.
    pub(super) fn members_of(&self, value: &Value<'a>) -> Vec<(Rc<str>, Value<'a>)> {
        let Value::Row(row) = value else { return value.members() };
        let names = self.takers.get(row.taker).filter(|_| row.path.is_empty());
        let names = names.map(|taker| taker.names.clone()).unwrap_or_default();
        let of_row = |name: Rc<str>| {
            let path = name.to_string();
            (name, Value::Row(Rc::new(Row { taker: row.taker, path })))
        };
        names.into_iter().map(of_row).collect()
    }

    /// A method of a value.
    pub(super) fn method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let is_own = |name| object.member(name).is_some();
        if matches!(name, "then" | "catch" | "finally") && !is_own(name) {
            return self.promised(object, name, arguments, span);
        }
        match object {
            Value::Text(text) => self.text_method(&Rc::clone(text), name, arguments, span),
            Value::Array(array) => self.array_method(object, array, name, arguments, span),
            Value::Number(number) => match name {
                "toFixed" => {
                    let digits = arguments.first().and_then(Value::to_number).unwrap_or(0.0);
                    let digits = digits.clamp(0.0, 20.0);
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "clamped above"
                    )]
                    let digits = digits as usize;
                    Value::text(&format!("{number:.digits$}"))
                }
                "toString"
                    if arguments.first().is_some_and(|radix| radix.to_number() != Some(10.0)) =>
                {
                    let radix = arguments.first().and_then(Value::to_number).unwrap_or_default();
                    match in_radix(*number, radix) {
                        Some(text) => Value::text(&text),
                        None => Value::Unknown(Rc::from(self.words(span))),
                    }
                }
                _ => Value::text(&number_text(*number)),
            },
            Value::Reply(part) => self.part_method(&Rc::clone(part), name, arguments, span),
            Value::Regex(pattern) if name == "test" => match arguments.first() {
                Some(Value::Text(text)) => match regex::Regex::new(pattern) {
                    Ok(regex) => Value::Bool(regex.is_match(text)),
                    Err(_) => Value::unknown("a regular expression"),
                },
                Some(other) => Value::test(Test::Matches(other.clone(), Rc::clone(pattern))),
                None => Value::Bool(false),
            },
            Value::Regex(pattern) if name == "exec" => match arguments.first() {
                Some(subject) => {
                    self.method(subject, "match", &[Value::Regex(Rc::clone(pattern))], span)
                }
                None => Value::Null,
            },
            Value::Object(of) => self.object_method(object, of.kind.get(), name, arguments, span),
            Value::Function(closure) => {
                self.function_method(&Rc::clone(closure), name, arguments, span)
            }
            Value::Unknown(why) => {
                let why = Rc::clone(why);
                if !self.loading
                    && matches!(name, "get" | "post" | "put" | "send" | "query" | "invoke")
                {
                    self.todo("call what the script calls here", span);
                }
                // What is given as a function is called by what nobody knows.
                Value::Unknown(why)
            }
            Value::Undefined | Value::Null => Value::Undefined,
            other => self.method_of_code(&other.clone(), name, arguments, span),
        }
    }

    fn object_method(
        &mut self,
        object: &Value<'a>,
        kind: &str,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let Value::Object(of) = object else { return Value::Undefined };
        match (kind, name, arguments) {
            ("metric", ..) => Value::Undefined,
            ("redis", ..) => self.redis_command(object, name, arguments, span),
            ("form", "append" | "set", [field, value, ..]) => {
                if let Some(field) = field.to_text() {
                    of.members.borrow_mut().push((Rc::from(field), value.clone()));
                }
                Value::Undefined
            }
            ("form", "body", _) => object.clone(),
            ("mapped", ..) => self.mapped_method(object, name, arguments, span),
            ("date", ..) => self.date_method(of, name, arguments, span),
            ("hasher", ..) => self.hasher_method(of, name, arguments, span),
            ("params", ..) => self.params_method(of, name, arguments, span),
            ("set" | "map", ..) => self.collection_method(of, name, arguments, span),
            ("jar" | "own jar", ..) => self.jar_method(of, name, arguments, span),
            ("url", ..) => self.url_member(object, name, span),
            (_, "hasOwnProperty", [member]) => {
                Value::Bool(member.to_text().is_some_and(|name| object.member(&name).is_some()))
            }
            (_, "toString", _) => Value::text("[object Object]"),
            _ => Value::Undefined,
        }
    }

    /// A method of something that is known when the plan runs.
    pub(super) fn method_of_code(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let unknown = || Value::unknown(name);
        match name {
            "toString" | "valueOf" | "toFixed" => return object.clone(),
            "includes" | "contains" => {
                if let Value::Live(code) = object
                    && let Some(value) = self.by_known_part(code, name, arguments, span)
                {
                    return value;
                }
                let what = arguments.first().cloned().unwrap_or(Value::Undefined);
                return Value::test(Test::Contains(object.clone(), what));
            }
            "forEach" => {
                if let Some(function) = arguments.first() {
                    self.for_each(span, object, function);
                }
                return Value::Undefined;
            }
            _ => {}
        }
        let Some(code) = self.code(object, span) else { return unknown() };
        if let Some(value) = self.by_known_part(&code, name, arguments, span) {
            return value;
        }
        let text = |value: Option<&Value<'_>>| value.and_then(Value::to_text);
        let number = |value: Option<&Value<'_>>| value.and_then(Value::to_number);
        match name {
            "trim" => Value::live(Code::Call("trim", vec![code])),
            "toLowerCase" => Value::live(Code::Call("lower", vec![code])),
            "toUpperCase" => Value::live(Code::Call("upper", vec![code])),
            "substring" | "substr" | "slice" => {
                let Some(start) = number(arguments.first()) else { return unknown() };
                let mut call = vec![code, Code::Const(json_number(start))];
                if let Some(end) = number(arguments.get(1)) {
                    if end < 0.0 {
                        return unknown();
                    }
                    let length = if name == "substr" { end } else { end - start };
                    call.push(Code::Const(json_number(length)));
                }
                Value::live(Code::Call("substr", call))
            }
            "concat" => {
                let mut text = Value::live(code);
                for argument in arguments {
                    text = self.binary("+", text, argument.clone(), span);
                }
                text
            }
            "at" => match number(arguments.first()) {
                Some(at) => {
                    Value::live(Code::Call("item", vec![code, Code::Const(json_number(at))]))
                }
                None => unknown(),
            },
            "split" => match (&code, text(arguments.first())) {
                // The day of a time.
                (Code::Call("date", parts), Some(sign)) if sign == "T" => {
                    let format = parts.first().and_then(|format| format.template());
                    let shift = parts.get(1).cloned();
                    let day = format.filter(|format| format.starts_with("%Y-%m-%dT"));
                    let Some(_) = day else { return unknown() };
                    let of = |format: &str| {
                        let parts = std::iter::once(Code::text(format)).chain(shift.clone());
                        Value::live(Code::Call("date", parts.collect()))
                    };
                    Value::array(vec![of("%Y-%m-%d"), of("%H:%M:%S.000%:z")])
                }
                (_, Some(sign)) if !sign.is_empty() => {
                    Value::live(Code::Call("split", vec![code, Code::text(&sign)]))
                }
                _ => Value::Unknown(Rc::from(self.words(span))),
            },
            "pop" | "shift" => {
                let at = if name == "pop" { -1 } else { 0 };
                Value::live(Code::Call("item", vec![code, Code::Const(json!(at))]))
            }
            "join" => {
                let sign = text(arguments.first()).unwrap_or_else(|| ",".to_owned());
                Value::live(Code::Call("join", vec![code, Code::text(&sign)]))
            }
            "replace" | "replaceAll" => match (arguments.first(), arguments.get(1)) {
                (Some(Value::Text(from)), Some(to)) => {
                    let Some(to) = self.code(to, span) else { return unknown() };
                    if name == "replace" {
                        self.remark(span, "all occurrences are replaced, not only the first");
                    }
                    Value::live(Code::Call("replace", vec![code, Code::text(from), to]))
                }
                _ => Value::Unknown(Rc::from(self.words(span))),
            },
            "startsWith" | "endsWith" => match text(arguments.first()) {
                Some(text) => {
                    let text = regex::escape(&text);
                    let pattern =
                        if name == "startsWith" { format!("^{text}") } else { format!("{text}$") };
                    Value::test(Test::Matches(Value::live(code), Rc::from(pattern)))
                }
                None => unknown(),
            },
            "padStart" => {
                match super::dates::padded(&code, number(arguments.first()), text(arguments.get(1)))
                {
                    Some(code) => Value::live(code),
                    None => Value::Unknown(Rc::from(self.words(span))),
                }
            }
            "match" | "toISOString" | "map" | "filter" | "find" | "getTime" => {
                Value::Unknown(Rc::from(self.words(span)))
            }
            _ => unknown(),
        }
    }
}

/// Whether a position is that of any item of a list.
fn is_any_below(index: &Code, list: &Code) -> bool {
    let Code::Call("randint", bounds) = index else { return false };
    let [first, Code::Op("-", count, one)] = bounds.as_slice() else { return false };
    *first == Code::Const(json!(0))
        && **one == Code::Const(json!(1))
        && **count == Code::Call("len", vec![list.clone()])
}

/// A whole number with the digits of a radix, as `toString(16)` writes it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small")]
fn in_radix(number: f64, radix: f64) -> Option<String> {
    let fits = number.fract() == 0.0 && number.abs() < 9e15 && (2.0..=36.0).contains(&radix);
    let (mut rest, radix) = if fits { (number.abs() as u64, radix as u32) } else { return None };
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % u64::from(radix)).ok()?;
        digits.push(char::from_digit(digit, radix)?);
        rest /= u64::from(radix);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    Some(sign.chars().chain(digits.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use super::in_radix;

    #[test]
    fn numbers_are_written_in_any_radix() {
        assert_eq!(in_radix(255.0, 16.0).unwrap(), "ff");
        assert_eq!(in_radix(-5.0, 2.0).unwrap(), "-101");
        assert_eq!(in_radix(0.0, 36.0).unwrap(), "0");
        assert_eq!(in_radix(0.5, 2.0), None);
        assert_eq!(in_radix(1.0, 1.0), None);
    }
}
