//! Changes of objects and lists in a block of the plan that may not run.

use std::rc::Rc;

use oxc_span::Span;

use super::code::Code;
use super::machine::{Machine, Node};
use super::value::{Array, Made, Object, Value, is_plain};

/// An object or list of a module as it was when an iteration began.
pub(super) enum Before<'a> {
    Object(Rc<Object<'a>>, Vec<(Rc<str>, Value<'a>)>),
    List(Rc<Array<'a>>, Vec<Value<'a>>),
}

/// Why what a module keeps is not in the plan.
pub(super) const KEPT_ON: &str =
    "k6 keeps this from one iteration to the next; the plan starts anew";

impl<'a> Machine<'a, '_> {
    /// Something that is changed: what a module has made outlives the iteration.
    pub(super) fn touched(&mut self, made: Made, span: Span) {
        if !self.loading && made < self.loaded {
            self.drop(span, KEPT_ON);
        }
    }

    /// A list that is changed in its place.
    pub(super) fn touched_list(&mut self, array: &Rc<Array<'a>>, span: Span) {
        if !self.loading && array.made < self.loaded {
            let items = array.items.borrow().clone();
            self.before.push(Before::List(Rc::clone(array), items));
            self.touched(array.made, span);
        }
    }

    /// A member that is read.
    pub(super) fn read_member(&mut self, of: &Rc<Object<'a>>, name: &str) {
        if !self.loading && of.made < self.loaded {
            self.members_kept.entry((of.made, name.to_owned())).or_insert(true);
        }
    }

    /// Makes objects and lists of modules what they were before the iteration.
    pub(super) fn restore(&mut self) {
        while let Some(before) = self.before.pop() {
            match before {
                Before::Object(object, members) => *object.members.borrow_mut() = members,
                Before::List(array, items) => *array.items.borrow_mut() = items,
            }
        }
    }

    /// Whether what was made then is changed only on a condition.
    pub(super) fn is_conditional(&self, made: Made) -> bool {
        self.within.iter().flatten().any(|within| made < *within)
    }

    /// Sets a member; on a condition its value is a variable of the plan.
    pub(super) fn set_member(
        &mut self,
        object: &Rc<Object<'a>>,
        name: &str,
        value: Value<'a>,
        span: Span,
    ) {
        if !self.loading && object.made < self.loaded {
            let members = object.members.borrow().clone();
            self.before.push(Before::Object(Rc::clone(object), members));
            // Read before it is changed: what the iteration before left there counts.
            let key = (object.made, name.to_owned());
            if self.members_kept.insert(key, false) == Some(true) {
                self.drop(span, KEPT_ON);
            }
        }
        let depth = self.within.iter().position(|w| w.is_some_and(|within| object.made < within));
        let Some(depth) = depth else {
            object.set(name, value);
            return;
        };
        let before = Value::Object(Rc::clone(object)).member(name).unwrap_or(Value::Undefined);
        if let Value::Live(code) = &before
            && let Code::Name(variable) = &**code
            && self.of_members.contains(variable)
        {
            let variable = variable.clone();
            match self.code(&value, span) {
                Some(code) => self.push(Self::set(&variable, &code)),
                None => self.drop(span, "the value cannot be computed by a plan"),
            }
            return;
        }
        if before.truth() == Some(false) && matches!(value, Value::Reply(_)) {
            // Such as `if (res.status === 200) { user.token = res.json('token') }`.
            self.approximate(span, "it is changed on a condition; the plan takes it to hold");
            object.set(name, value);
            return;
        }
        let codes = match before {
            Value::Undefined => None,
            _ => self.code(&before, span).zip(self.code(&value, span)),
        };
        let Some((before, after)) = codes else {
            self.drop(span, "it is changed on a condition, and what it is then is not known");
            object.set(name, Value::unknown("what is changed on a condition"));
            return;
        };
        let variable = self.fresh(name);
        self.of_members.insert(variable.clone());
        self.pending.push((depth, variable.clone(), Self::set(&variable, &before)));
        self.push(Self::set(&variable, &after));
        object.set(name, Value::live(Code::Name(variable)));
    }

    /// One of two objects, by what the plan decides: each member is that of one or the other. What
    /// only one of them has is taken to be there.
    pub(super) fn joined_objects(
        &mut self,
        one: &Value<'a>,
        then: &mut Vec<Node>,
        other: &Value<'a>,
        otherwise: &mut Vec<Node>,
        span: Span,
    ) -> Option<Value<'a>> {
        if !is_plain(one)
            || !is_plain(other)
            || one.to_json().zip(other.to_json()).is_some_and(|(a, b)| a == b)
        {
            return None;
        }
        let mut members = one.members();
        let is_known = |name: &str| one.member(name).is_some();
        members.extend(other.members().into_iter().filter(|(name, _)| !is_known(name)));
        let mut is_less = false;
        let joined = members.into_iter().map(|(name, value)| {
            let value = match (one.member(&name), other.member(&name)) {
                (Some(one), Some(other)) => self.merged(one, then, other, otherwise, span),
                _ => {
                    is_less = true;
                    value
                }
            };
            (name, value)
        });
        let joined = joined.collect();
        if is_less {
            self.approximate(span, "it is there on a condition; the plan takes it to be there");
        }
        Some(Value::object(joined))
    }

    /// A list is changed on a condition: nobody knows what is in it.
    pub(super) fn changed_list(&mut self, array: &Array<'a>, span: Span) {
        self.drop(span, "the list is changed on a condition, and what it is then is not known");
        let why = "a list that is changed on a condition";
        *array.items.borrow_mut() = vec![Value::unknown(why)];
        *array.file.borrow_mut() = None;
    }
}
