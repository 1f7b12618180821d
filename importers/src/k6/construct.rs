//! What scripts make with `new`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oxc_span::Span;

use super::machine::Machine;
use super::value::{Object, Value};

impl<'a> Machine<'a, '_> {
    /// `new …` of anything.
    pub(super) fn construct(
        &mut self,
        callee: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let made = |kind: &'static str, members| {
            let members = RefCell::new(members);
            Value::Object(Rc::new(Object { members, kind: Cell::new(kind), ..Object::default() }))
        };
        let path = match callee {
            Value::Class(class) => return self.instance(class, arguments, span),
            Value::Native(path) => Rc::clone(path),
            _ => return Value::Unknown(Rc::from(self.words(span))),
        };
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        match &*path {
            "Date" => self.date(&arguments, span),
            "data.SharedArray" => {
                let list = match arguments.get(1) {
                    Some(function @ Value::Function(_)) => self.call(function, Vec::new(), span),
                    _ => Value::Unknown(Rc::from(self.words(span))),
                };
                if let (Value::Array(array), Some(name)) = (&list, first.to_text()) {
                    let name = name.replace(|char: char| !char.is_ascii_alphanumeric(), "_");
                    array.name.borrow_mut().get_or_insert(name);
                }
                list
            }
            "FormData" | "http.FormData" => made("form", Vec::new()),
            "URLSearchParams" | "url.URLSearchParams" => self.search_params(&first, span),
            "URL" | "url.URL" => {
                let base = arguments.get(1).cloned().unwrap_or(Value::Undefined);
                self.url(&first, &base, span)
            }
            "http.CookieJar" => made("own jar", Vec::new()),
            "Promise" if matches!(first, Value::Function(_)) => {
                let outside = self.resolved.take();
                let given = vec![Value::native("resolve"), Value::native("reject")];
                self.call(&first, given, span);
                std::mem::replace(&mut self.resolved, outside).unwrap_or(Value::Undefined)
            }
            "Array" => self.call_native("Array", arguments, span),
            "Set" | "WeakSet" => self.collection("set", &first, span),
            "Map" | "WeakMap" => self.collection("map", &first, span),
            "Error" | "TypeError" | "RangeError" => Value::object(vec![
                (Rc::from("name"), Value::text(&path)),
                (Rc::from("message"), first),
            ]),
            path if path.starts_with("metrics.") => {
                let name = first.to_text().unwrap_or_default();
                let place = self.place(span);
                let why = "a plan has no figures of its own; replies, groups and soft assertions are counted";
                self.notes.drop(&place, &format!("metric `{name}`"), why);
                made("metric", Vec::new())
            }
            "RegExp" => match first.to_text() {
                Some(pattern) => Value::Regex(Rc::from(pattern)),
                None => Value::Unknown(Rc::from(self.words(span))),
            },
            "redis.Client" => self.redis_client(&first, span),
            path if path.starts_with("websockets.") => self.socket(path, &arguments, span),
            "grpc.Client" | "grpc.Stream" => self.new_grpc(&path, &arguments, span),
            path => {
                // Clients of other protocols: what is called on them is told where it is called.
                let root = path.split('.').next().unwrap_or(path);
                if !path.contains('.') {
                    self.drop(span, "what this makes is not known");
                    return Value::Unknown(Rc::from(self.words(span)));
                }
                Value::native(&format!("{root}.client"))
            }
        }
    }
}
