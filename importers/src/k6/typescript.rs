//! What TypeScript has and JavaScript has not: enumerations and namespaces.

use std::cell::RefCell;
use std::rc::Rc;

use oxc_ast::ast::{
    TSEnumDeclaration, TSEnumMemberName, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
};

use super::machine::Machine;
use super::scope::Scope;
use super::value::{Value, number_text};

impl<'a> Machine<'a, '_> {
    /// An enumeration: an object from names to values, and from numbers back to names.
    pub(super) fn enumeration(
        &mut self,
        declaration: &'a TSEnumDeclaration<'a>,
        scope: &Rc<Scope<'a>>,
    ) {
        let object = Value::object(Vec::new());
        let within = Scope::within(scope);
        let mut next = Some(0.0);
        for member in &declaration.body.members {
            let name = match &member.id {
                TSEnumMemberName::Identifier(id) => id.name.to_string(),
                TSEnumMemberName::String(text) | TSEnumMemberName::ComputedString(text) => {
                    text.value.to_string()
                }
                TSEnumMemberName::ComputedTemplateString(_) => {
                    self.drop(member.span, "the name of this member is not known");
                    continue;
                }
            };
            let value = match (&member.initializer, next) {
                (Some(value), _) => self.expression(value, &within),
                (None, Some(number)) => Value::Number(number),
                (None, None) => Value::Undefined,
            };
            next = match &value {
                Value::Number(number) => Some(number + 1.0),
                _ => None,
            };
            within.declare(&name, value.clone(), self.depth);
            if let Value::Object(object) = &object {
                if let Value::Number(number) = &value {
                    object.set(&number_text(*number), Value::text(&name));
                }
                object.set(&name, value);
            }
        }
        scope.declare(&declaration.id.name, object, self.depth);
    }

    /// A namespace: an object with what it exports.
    pub(super) fn own_namespace(
        &mut self,
        declaration: &'a TSNamespaceDeclaration<'a>,
        scope: &Rc<Scope<'a>>,
    ) {
        let within = Scope::within(scope);
        let exports = Rc::new(RefCell::new(Vec::new()));
        match &declaration.body {
            TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                self.run_body(&block.body, &within, &exports);
            }
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                self.own_namespace(inner, &within);
                let value = within.find(&inner.id.name).map_or(Value::Undefined, |b| b.value);
                exports.borrow_mut().push((inner.id.name.to_string(), value));
            }
        }
        let members = exports.borrow().clone().into_iter();
        let members = members.map(|(name, value)| (Rc::from(name), value));
        scope.declare(&declaration.id.name, Value::object(members.collect()), self.depth);
    }
}
