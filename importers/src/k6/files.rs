//! Files that scripts open, and what is in them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oxc_span::Span;

use super::machine::Machine;
use super::value::{DataFile, Object, Value};

impl<'a> Machine<'a, '_> {
    /// The text of a file that the script opens.
    pub(super) fn open(&mut self, path: &Value<'a>, span: Span) -> Value<'a> {
        let Some(path) = path.to_text() else {
            self.drop(span, "which file this opens is not known");
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let path = super::modules::joined(&self.folder, &path);
        let Some(bytes) = self.source.sibling(&path) else {
            self.remark(span, "the file is not here; where it is needed, the plan names it");
            return Value::Object(Rc::new(Object {
                members: RefCell::new(vec![(Rc::from("path"), Value::text(&path))]),
                kind: Cell::new("opened"),
                ..Object::default()
            }));
        };
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text: Rc<str> = Rc::from(text.trim_start_matches('\u{feff}'));
                self.opened.push((Rc::clone(&text), path));
                Value::Text(text)
            }
            Err(_) => Value::Object(Rc::new(Object {
                members: RefCell::new(vec![(Rc::from("path"), Value::text(&path))]),
                kind: Cell::new("opened"),
                ..Object::default()
            })),
        }
    }

    /// Tells a list of objects which file it is all of.
    pub(super) fn of_file(&self, value: &Value<'a>, text: &Rc<str>, format: &'static str) {
        let path = self.opened.iter().find(|(known, _)| Rc::ptr_eq(known, text));
        if let (Value::Array(array), Some((_, path))) = (value, path) {
            let items = array.items.borrow();
            if !items.is_empty() && items.iter().all(|item| matches!(item, Value::Object(_))) {
                *array.file.borrow_mut() = Some(DataFile { path: path.clone(), format });
            }
        }
    }

    /// `papaparse.parse(text, {header: true})`.
    pub(super) fn csv(&mut self, text: &Value<'a>, settings: &Value<'a>, span: Span) -> Value<'a> {
        let Value::Text(text) = text else { return Value::Unknown(Rc::from(self.words(span))) };
        let with_header = settings.member("header").and_then(|header| header.truth()) == Some(true);
        let mut rows = super::data::rows(text);
        let names = if with_header && !rows.is_empty() { Some(rows.remove(0)) } else { None };
        let items = rows
            .into_iter()
            .map(|row| match &names {
                Some(names) => Value::object(
                    names
                        .iter()
                        .zip(row)
                        .map(|(name, cell)| (Rc::from(name.as_str()), Value::text(&cell)))
                        .collect(),
                ),
                None => Value::array(row.iter().map(|cell| Value::text(cell)).collect()),
            })
            .collect();
        let list = Value::array(items);
        self.of_file(&list, text, "csv");
        Value::object(vec![(Rc::from("data"), list)])
    }
}
