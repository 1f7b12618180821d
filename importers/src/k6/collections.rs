//! `Set` and `Map`.

use std::cell::Cell;
use std::rc::Rc;

use oxc_span::Span;

use super::machine::Machine;
use super::operators::equal;
use super::statements::Flow;
use super::value::{Object, Test, Value};

/// Where a key is among the entries; an error when that is not known.
type Place = Result<Option<usize>, ()>;

impl<'a> Machine<'a, '_> {
    /// `new Set(items)`, `new Map(pairs)`.
    pub(super) fn collection(
        &mut self,
        kind: &'static str,
        from: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        let object = Rc::new(Object { kind: Cell::new(kind), ..Object::default() });
        let items = match from {
            Value::Undefined | Value::Null => Vec::new(),
            Value::Text(text) => text.chars().map(|char| Value::text(&char.to_string())).collect(),
            other => match other.items() {
                Some(items) => items,
                None => {
                    self.drop(span, "what is in this collection is not known");
                    return Value::Unknown(Rc::from(self.words(span)));
                }
            },
        };
        for item in items {
            let (name, arguments) = match kind {
                "set" => ("add", vec![item]),
                _ => ("set", item.items().unwrap_or_else(|| vec![item])),
            };
            self.collection_method(&object, name, &arguments, span);
        }
        Value::Object(object)
    }

    /// A method of a set or map.
    pub(super) fn collection_method(
        &mut self,
        of: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let key = arguments.first().cloned().unwrap_or(Value::Undefined);
        let entries = of.entries.borrow().clone();
        let keys = || entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let pairs = || {
            let pair = |(key, value): &(Value<'a>, Value<'a>)| {
                Value::array(vec![key.clone(), value.clone()])
            };
            Value::array(entries.iter().map(pair).collect())
        };
        if matches!(name, "add" | "set" | "delete" | "clear") {
            self.touched(of.made, span);
            let place = place(&entries, &key);
            if self.is_conditional(of.made) || (place.is_err() && name != "clear") {
                self.drop(span, "the collection is changed, and what is in it then is not known");
                let why = Value::unknown("what is in a collection");
                *of.entries.borrow_mut() = vec![(why.clone(), why)];
                return Value::Object(Rc::clone(of));
            }
            let place = place.unwrap_or_default();
            let mut entries = of.entries.borrow_mut();
            return match (name, place) {
                ("clear", _) => {
                    entries.clear();
                    Value::Undefined
                }
                ("delete", Some(at)) => {
                    entries.remove(at);
                    Value::Bool(true)
                }
                ("delete", None) => Value::Bool(false),
                (_, place) => {
                    let value = match name {
                        "add" => key.clone(),
                        _ => arguments.get(1).cloned().unwrap_or(Value::Undefined),
                    };
                    match place.and_then(|at| entries.get_mut(at)) {
                        Some((_, known)) => *known = value,
                        None => entries.push((key, value)),
                    }
                    Value::Object(Rc::clone(of))
                }
            };
        }
        match name {
            "has" => match place(&entries, &key) {
                Ok(place) => Value::Bool(place.is_some()),
                Err(()) if keys().iter().any(|key| matches!(key, Value::Unknown(_))) => {
                    Value::unknown("what is in a collection")
                }
                Err(()) => Value::test(Test::Contains(Value::array(keys()), key)),
            },
            "get" => match place(&entries, &key) {
                Ok(Some(at)) => {
                    entries.get(at).map_or(Value::Undefined, |(_, value)| value.clone())
                }
                Ok(None) => Value::Undefined,
                Err(()) => Value::Unknown(Rc::from(self.words(span))),
            },
            "keys" => Value::array(keys()),
            "values" => Value::array(entries.iter().map(|(_, value)| value.clone()).collect()),
            "entries" => pairs(),
            "forEach" => {
                self.for_items(span, &pairs(), &|machine, pair| {
                    let (key, value) =
                        (machine.get(&pair, "0", span), machine.get(&pair, "1", span));
                    machine.call(
                        &arguments.first().cloned().unwrap_or(Value::Undefined),
                        vec![value, key],
                        span,
                    );
                    Flow::Normal
                });
                Value::Undefined
            }
            _ => {
                self.drop(span, "this method of a collection is not known");
                Value::Unknown(Rc::from(self.words(span)))
            }
        }
    }
}

/// Where a key is; nothing is equal for certain to what only the plan knows.
fn place<'a>(entries: &[(Value<'a>, Value<'a>)], key: &Value<'a>) -> Place {
    let mut is_known = true;
    for (at, (known, _)) in entries.iter().enumerate() {
        let is_nan = |value: &Value<'_>| matches!(value, Value::Number(number) if number.is_nan());
        match equal(known, key, true) {
            Some(true) => return Ok(Some(at)),
            Some(false) if is_nan(known) && is_nan(key) => return Ok(Some(at)),
            Some(false) => {}
            None => is_known = false,
        }
    }
    if is_known { Ok(None) } else { Err(()) }
}
