//! Members and methods of values.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::{Machine, Node, Taker};
use super::reply::dotted;
use super::statements::Flow;
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
            Value::Object(of) => {
                self.read_member(of, name);
                if let Some(value) = object.member(name) {
                    return value;
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
        let scope = Rc::clone(&class.scope);
        for element in &class.class.body.body {
            if let oxc_ast::ast::ClassElement::PropertyDefinition(property) = element
                && property.r#static
                && property.key.static_name().as_deref() == Some(name)
                && let Some(value) = &property.value
            {
                return self.expression(value, &scope);
            }
        }
        Value::Undefined
    }

    /// The item of a list at a position that is known when the plan runs.
    pub(super) fn item(&mut self, object: &Value<'a>, index: &Value<'a>, span: Span) -> Value<'a> {
        match object {
            Value::Array(array) => self.item_of(array, index, span),
            Value::Unknown(_) => object.clone(),
            _ => match (self.code(object, span), self.code(index, span)) {
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
        self.takers.push(Taker { source, hint: None, columns: Vec::new() });
        self.push(Node::Take(taker));
        Value::Row(Rc::new(Row { taker, path: String::new() }))
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
            ("form", "append" | "set", [field, value, ..]) => {
                if let Some(field) = field.to_text() {
                    of.members.borrow_mut().push((Rc::from(field), value.clone()));
                }
                Value::Undefined
            }
            ("form", "body", _) => object.clone(),
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
            "toString" | "trim" | "valueOf" | "toFixed" => return object.clone(),
            "includes" | "contains" => {
                let what = arguments.first().cloned().unwrap_or(Value::Undefined);
                return Value::test(Test::Contains(object.clone(), what));
            }
            "forEach" => {
                if let Some(function) = arguments.first().cloned() {
                    self.for_items(span, object, &|machine, item| {
                        machine.call(&function, vec![item], span);
                        Flow::Normal
                    });
                }
                return Value::Undefined;
            }
            _ => {}
        }
        let Some(code) = self.code(object, span) else { return unknown() };
        let number = |value: Option<&Value<'_>>| value.and_then(Value::to_number);
        match name {
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
            "match" | "replace" | "split" | "toISOString" | "map" | "filter" | "find" | "join"
            | "padStart" | "getTime" => Value::Unknown(Rc::from(self.words(span))),
            _ => {
                let _ = json!(null);
                unknown()
            }
        }
    }
}
