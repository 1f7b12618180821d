//! Methods that change lists in their places: `sort`, `splice`.

use std::cmp::Ordering;
use std::rc::Rc;

use oxc_span::Span;

use super::machine::Machine;
use super::value::{Array, Value};

impl<'a> Machine<'a, '_> {
    /// `sort`, with a function that compares or by text.
    pub(super) fn sorted(
        &mut self,
        list: &Value<'a>,
        array: &Rc<Array<'a>>,
        compare: Option<&Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let mut sorted: Vec<Value<'a>> = Vec::new();
        let items = array.items.borrow().clone();
        for item in items {
            // Where it goes among those before it, from the end: equal ones keep their order.
            let mut at = sorted.len();
            while let Some(before) = at.checked_sub(1).and_then(|at| sorted.get(at)).cloned() {
                let order = match compare {
                    Some(compare) => self
                        .call(compare, vec![before, item.clone()], span)
                        .to_number()
                        .and_then(|order| order.partial_cmp(&0.0)),
                    None => {
                        before.to_text().zip(item.to_text()).map(|(one, other)| one.cmp(&other))
                    }
                };
                match order {
                    _ if !self.burn() => {
                        self.changed_list(array, span);
                        return list.clone();
                    }
                    Some(Ordering::Greater) => at -= 1,
                    Some(_) => break,
                    None => {
                        self.changed_list(array, span);
                        return list.clone();
                    }
                }
            }
            sorted.insert(at, item);
        }
        *array.items.borrow_mut() = sorted;
        list.clone()
    }

    /// `splice(start, count, …items)`.
    pub(super) fn spliced(
        &mut self,
        array: &Rc<Array<'a>>,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let length = array.items.borrow().len();
        let number = |at: usize| arguments.get(at).map(Value::to_number);
        let (start, count) = match (number(0), number(1)) {
            (None, _) => return Value::array(Vec::new()),
            (Some(Some(start)), None) => (start, f64::INFINITY),
            (Some(Some(start)), Some(Some(count))) => (start, count),
            _ => {
                self.changed_list(array, span);
                return Value::Unknown(Rc::from(self.words(span)));
            }
        };
        let all = length as f64;
        let start = if start < 0.0 { (all + start).max(0.0) } else { start.min(all) };
        let end = start + count.clamp(0.0, all - start);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the list"
        )]
        let (start, end) = (start as usize, end as usize);
        let more = arguments.get(2..).unwrap_or_default().to_vec();
        let taken = array.items.borrow_mut().splice(start..end, more).collect();
        Value::array(taken)
    }
}
