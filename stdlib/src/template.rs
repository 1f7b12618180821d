//! Text with holes, and the JSON-like values a plan is made of once its placeholders are
//! resolved: what the compiler hands to a protocol and gets back.

use ld_vm::{Escape, Value};

use crate::span::Span;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Constant bytes.
    Text(Vec<u8>),
    /// A slot: filled in when the request is made.
    Slot {
        /// Which one, in the compiler's list.
        slot: u32,
        /// How its value is written.
        escape: Escape,
    },
}

/// Text with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Template {
    /// The pieces in order. Neighbouring texts are not merged here: that is an
    /// optimisation, and the unoptimised program does without.
    pub pieces: Vec<Piece>,
}

impl Template {
    /// A template without holes.
    #[must_use]
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        let mut template = Self::default();
        template.push_text(text);
        template
    }

    /// Appends constant text.
    pub fn push_text(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if !text.is_empty() {
            self.pieces.push(Piece::Text(text.to_vec()));
        }
    }

    /// Appends a slot.
    pub fn push_slot(&mut self, slot: u32, escape: Escape) {
        self.pieces.push(Piece::Slot { slot, escape });
    }

    /// Appends another template as it is.
    pub fn push(&mut self, other: &Self) {
        self.pieces.extend_from_slice(&other.pieces);
    }

    /// Appends another template in the form its place needs: its text now, its slots when
    /// they are filled.
    pub fn push_escaped(&mut self, other: &Self, escape: Escape) {
        for piece in &other.pieces {
            match piece {
                Piece::Text(text) => {
                    let mut escaped = Vec::with_capacity(text.len());
                    escape.write_bytes(text, &mut escaped);
                    self.push_text(escaped);
                }
                Piece::Slot { slot, escape: inner } => self.push_slot(*slot, inner.inside(escape)),
            }
        }
    }

    /// The whole text, when there is no hole.
    #[must_use]
    pub fn constant(&self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for piece in &self.pieces {
            let Piece::Text(bytes) = piece else {
                return None;
            };
            text.extend_from_slice(bytes);
        }
        Some(text)
    }

    /// The text before the first hole.
    #[must_use]
    pub fn prefix(&self) -> Vec<u8> {
        let texts = self.pieces.iter().map_while(|piece| match piece {
            Piece::Text(bytes) => Some(bytes.as_slice()),
            Piece::Slot { .. } => None,
        });
        texts.flatten().copied().collect()
    }

    /// Whether the template is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The slot, when the template is exactly one: its value then keeps its type where
    /// types matter.
    #[must_use]
    pub fn single_slot(&self) -> Option<u32> {
        match self.pieces.as_slice() {
            [Piece::Slot { slot, .. }] => Some(*slot),
            _ => None,
        }
    }

    /// Cuts the first `count` bytes off. They must lie in the [`Self::prefix`].
    pub fn cut(&mut self, mut count: usize) {
        while count > 0 {
            match self.pieces.first_mut() {
                Some(Piece::Text(text)) if text.len() > count => {
                    text.drain(..count);
                    return;
                }
                Some(Piece::Text(text)) => {
                    count -= text.len();
                    self.pieces.remove(0);
                }
                _ => return,
            }
        }
    }
}

/// A value of the plan with the place it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Where it stands in the plan.
    pub span: Span,
    /// What it is.
    pub kind: TreeKind,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum TreeKind {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// JSON text taken over as it is: a number that fits neither, or the array or object a
    /// variable holds.
    Json(String),
    /// Text, perhaps with placeholders.
    Text(Template),
    /// An array.
    List(Vec<Tree>),
    /// An object, in the order of the plan. Names are never expanded.
    Map(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The value.
    pub value: Tree,
}

impl Tree {
    /// The member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        let TreeKind::Map(members) = &self.kind else {
            return None;
        };
        members.iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The text form as a template: text as it is, numbers and booleans written out, nothing
    /// for `null`; arrays and objects as JSON.
    #[must_use]
    pub fn to_text(&self) -> Template {
        match &self.kind {
            TreeKind::Null => Template::default(),
            TreeKind::Text(template) => template.clone(),
            TreeKind::List(_) | TreeKind::Map(_) => self.to_json(),
            TreeKind::Json(text) => Template::text(text),
            TreeKind::Bool(flag) => scalar(Value::Bool(*flag)),
            TreeKind::Int(number) => scalar(Value::Int(*number)),
            TreeKind::Float(number) => scalar(Value::Float(*number)),
        }
    }

    /// The value as a JSON document in the reference's layout: `, ` and `: ` between
    /// tokens, characters beyond ASCII escaped. A text that is exactly one placeholder
    /// keeps the type of its value.
    #[must_use]
    pub fn to_json(&self) -> Template {
        let mut template = Template::default();
        self.write_json(&mut template);
        template
    }

    fn write_json(&self, out: &mut Template) {
        match &self.kind {
            TreeKind::Null => out.push_text("null"),
            TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Float(_) | TreeKind::Json(_) => {
                out.push(&self.to_text());
            }
            TreeKind::Text(template) => match template.single_slot() {
                Some(slot) => out.push_slot(slot, Escape::JsonValue),
                None => {
                    out.push_text("\"");
                    out.push_escaped(template, Escape::JsonText);
                    out.push_text("\"");
                }
            },
            TreeKind::List(items) => {
                out.push_text("[");
                for (index, item) in items.iter().enumerate() {
                    out.push_text(if index == 0 { "" } else { ", " });
                    item.write_json(out);
                }
                out.push_text("]");
            }
            TreeKind::Map(members) => {
                out.push_text("{");
                for (index, member) in members.iter().enumerate() {
                    out.push_text(if index == 0 { "\"" } else { ", \"" });
                    out.push_escaped(&Template::text(&member.name), Escape::JsonText);
                    out.push_text("\": ");
                    member.value.write_json(out);
                }
                out.push_text("}");
            }
        }
    }
}

fn scalar(value: Value<'_>) -> Template {
    let mut text = Vec::new();
    value.write_text(&mut text);
    Template::text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(kind: TreeKind) -> Tree {
        Tree { span: Span::default(), kind }
    }

    #[test]
    fn json_keeps_the_type_of_a_lone_placeholder() {
        let mut lone = Template::default();
        lone.push_slot(7, Escape::Raw);
        let mut inside = Template::text("a\"");
        inside.push_slot(8, Escape::Raw);
        let list = tree(TreeKind::List(vec![
            tree(TreeKind::Text(lone)),
            tree(TreeKind::Text(inside)),
            tree(TreeKind::Int(1)),
        ]));
        let mut expected = Template::text("[");
        expected.push_slot(7, Escape::JsonValue);
        for text in [", ", "\"", "a\\\""] {
            expected.push_text(text);
        }
        expected.push_slot(8, Escape::JsonText);
        for text in ["\"", ", ", "1", "]"] {
            expected.push_text(text);
        }
        assert_eq!(list.to_json(), expected);
    }

    #[test]
    fn cutting_removes_whole_and_partial_pieces() {
        let mut template = Template::text("ab");
        template.push_text("cd");
        template.push_slot(0, Escape::Raw);
        template.cut(3);
        assert_eq!(template.prefix(), b"d");
    }
}
