//! What gives names to values: declarations, and patterns that take values apart.

use std::rc::Rc;

use oxc_ast::ast::{
    BindingPattern, PropertyKey, VariableDeclaration, VariableDeclarationKind, VariableDeclarator,
};
use oxc_span::Span;

use super::code::Code;
use super::machine::Machine;
use super::scope::Scope;
use super::value::{Value, What};

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    pub(super) fn declaration(
        &mut self,
        declaration: &'a VariableDeclaration<'a>,
        scope: &Scoped<'a>,
    ) {
        let is_var = declaration.kind == VariableDeclarationKind::Var;
        for declarator in &declaration.declarations {
            let value = match &declarator.init {
                Some(init) => self.expression(init, scope),
                // It stays what it is.
                None if is_var && self.has_hoisted(declarator, scope) => continue,
                None => Value::Undefined,
            };
            let outside = std::mem::replace(&mut self.is_var, is_var);
            self.bind(&declarator.id, value, scope, declarator.span);
            self.is_var = outside;
        }
    }

    fn has_hoisted(&self, declarator: &VariableDeclarator<'a>, scope: &Scoped<'a>) -> bool {
        let id = declarator.id.get_binding_identifier();
        id.is_some_and(|id| scope.is_hoisted(&id.name))
    }

    /// Gives names to a value, or to its parts.
    pub(super) fn bind(
        &mut self,
        pattern: &'a BindingPattern<'a>,
        value: Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                if self.is_var && scope.is_hoisted(&id.name) {
                    self.assign_name(&id.name, value, scope, span);
                    return;
                }
                if scope.is_of_module() && self.lasts(&id.name) {
                    self.lasting_name(&id.name, &value, scope, span);
                    return;
                }
                let value = self.named(&id.name, value, span);
                scope.declare(&id.name, value, self.depth);
            }
            BindingPattern::ObjectPattern(pattern) => {
                let mut seen = Vec::new();
                for property in &pattern.properties {
                    let Some(name) = self.key(&property.key, property.computed, scope) else {
                        continue;
                    };
                    let part = self.get(&value, &name, property.span);
                    self.bind(&property.value, part, scope, property.span);
                    seen.push(name);
                }
                if let Some(rest) = &pattern.rest {
                    let mut members = self.members_of(&value);
                    members.retain(|(name, _)| !seen.iter().any(|seen| seen == &**name));
                    self.bind(&rest.argument, Value::object(members), scope, span);
                }
            }
            BindingPattern::ArrayPattern(pattern) => {
                for (number, element) in pattern.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.get(&value, &number.to_string(), span);
                        self.bind(element, part, scope, span);
                    }
                }
                if let Some(rest) = &pattern.rest {
                    let items = value.items().unwrap_or_default();
                    let items = items.into_iter().skip(pattern.elements.len()).collect();
                    self.bind(&rest.argument, Value::array(items), scope, span);
                }
            }
            BindingPattern::AssignmentPattern(pattern) => {
                let value = match value {
                    Value::Undefined => self.expression(&pattern.right, scope),
                    // What may be missing, where a plain value stands for it.
                    value @ (Value::Reply(_) | Value::Row(_) | Value::Live(_)) => {
                        let right = self.expression(&pattern.right, scope);
                        let is_plain = right.is_constant() && !matches!(right, Value::Undefined);
                        let codes = is_plain.then(|| self.code(&value, span));
                        match (codes.flatten(), self.code(&right, span)) {
                            (Some(code), Some(right)) => {
                                Value::live(Code::Call("default", vec![code, right]))
                            }
                            _ => value,
                        }
                    }
                    value => value,
                };
                self.bind(&pattern.left, value, scope, span);
            }
        }
    }

    /// The name of a member.
    pub(super) fn key(
        &mut self,
        key: &'a PropertyKey<'a>,
        computed: bool,
        scope: &Scoped<'a>,
    ) -> Option<String> {
        match key {
            PropertyKey::StaticIdentifier(id) => Some(id.name.to_string()),
            PropertyKey::PrivateIdentifier(id) => Some(format!("#{}", id.name)),
            PropertyKey::StringLiteral(text) if !computed => Some(text.value.to_string()),
            other => {
                let value = other.as_expression().map(|key| self.expression(key, scope))?;
                value.to_text()
            }
        }
    }

    /// A value that gets a name: what is drawn or computed when the plan runs is computed once, here.
    pub(super) fn named(&mut self, name: &str, value: Value<'a>, span: Span) -> Value<'a> {
        match &value {
            Value::Live(code) if !matches!(**code, Code::Name(_)) => {
                if let Some(value) = self.of_environment(name, code) {
                    return value;
                }
                let is_template = code.template().is_some();
                if code.is_stable() && is_template && !self.may_change(code) {
                    return value;
                }
                self.hoisted_copy(name, code)
            }
            // What the variable has now.
            Value::Live(code) if self.may_change(code) => self.hoisted_copy(name, code),
            Value::Range(min, max, _) => match self.code(&value, span) {
                Some(code) => {
                    let code = self.hoist(name, &code);
                    self.ranges.insert(code.expression(), (*min, *max));
                    Value::live(code)
                }
                None => value,
            },
            Value::Reply(part) if part.what != What::Whole => {
                let mut part = (**part).clone();
                part.hint = Some(name.to_owned());
                Value::Reply(Rc::new(part))
            }
            Value::Row(row) => {
                if row.path.is_empty()
                    && let Some(taker) = self.takers.get_mut(row.taker)
                {
                    taker.hint.get_or_insert_with(|| name.to_owned());
                }
                value
            }
            Value::Array(array) => {
                array.name.borrow_mut().get_or_insert_with(|| name.to_owned());
                value
            }
            _ => value,
        }
    }

    /// A variable with what is computed here; it is there when its parts are.
    fn hoisted_copy(&mut self, name: &str, code: &Code) -> Value<'a> {
        let is_there = self.is_there(code);
        let copy = self.hoist(name, code);
        if let Code::Name(name) = &copy {
            if is_there {
                self.there.insert(name.clone());
            }
            self.computed.insert(name.clone(), code.clone());
        }
        Value::live(copy)
    }

    /// Whether a value is never missing.
    pub(super) fn is_there(&self, code: &Code) -> bool {
        match code {
            Code::Name(name) => self.there.contains(name),
            Code::Const(value) => !value.is_null(),
            Code::Call(name, _) => {
                ["randint", "uuid", "timestamp", "timestamp_ms", "random_string", "date", "now"]
                    .contains(name)
            }
            Code::Concat(_) | Code::Op(..) | Code::Not(_) => true,
        }
    }

    /// A constant of a module that the environment may say otherwise: a variable of the plan that
    /// is set once, before the run.
    pub(super) fn of_environment(&mut self, name: &str, code: &Code) -> Option<Value<'a>> {
        let Code::Call("default", arguments) = code else { return None };
        let [Code::Name(from), Code::Const(fallback)] = arguments.as_slice() else { return None };
        if !self.loading || !from.starts_with("env.") {
            return None;
        }
        let name = self.fresh(name);
        self.variables.insert(name.clone(), fallback.clone());
        self.of_environment.insert(name.clone());
        let code = Code::Call("default", vec![Code::name(from), Code::name(&name)]);
        self.setup.push(Self::set(&name, &code));
        Some(Value::live(Code::Name(name)))
    }
}
