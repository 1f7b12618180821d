//! Assignments: to names, to members, and to several names at once.

use std::rc::Rc;

use oxc_ast::ast::{AssignmentExpression, AssignmentTarget, Expression, SimpleAssignmentTarget};
use oxc_span::Span;

use super::code::Code;
use super::machine::Machine;
use super::scope::Scope;
use super::value::{Value, is_plain};

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    pub(super) fn assignment(
        &mut self,
        assignment: &'a AssignmentExpression<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        let span = assignment.span;
        let op = assignment.operator.as_str();
        let op = op.strip_suffix('=').unwrap_or(op);
        let Some(target) = assignment.left.as_simple_assignment_target() else {
            let value = self.expression(&assignment.right, scope);
            self.destructure(&assignment.left, &value, scope, span);
            return value;
        };
        let value = if op.is_empty() {
            self.expression(&assignment.right, scope)
        } else {
            let before = self.target_value(target, scope);
            match op {
                "||" | "&&" | "??" => self.logical(op, before, &assignment.right, scope, span),
                _ => {
                    let right = self.expression(&assignment.right, scope);
                    self.binary(op, before, right, span)
                }
            }
        };
        self.assign(target, value.clone(), scope, span);
        value
    }

    pub(super) fn destructure(
        &mut self,
        target: &'a AssignmentTarget<'a>,
        value: &Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        if let AssignmentTarget::ArrayAssignmentTarget(array) = target {
            for (number, element) in array.elements.iter().enumerate() {
                let target = element.as_ref().and_then(|element| element.as_assignment_target());
                if let Some(target) = target.and_then(|target| target.as_simple_assignment_target())
                {
                    let part = self.get(value, &number.to_string(), span);
                    self.assign(target, part, scope, span);
                }
            }
        } else {
            self.drop(span, "this assignment to several names is not followed");
        }
    }

    /// What a target of an assignment is before.
    pub(super) fn target_value(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.identifier(&id.name, scope)
            }
            other => match other.as_member_expression() {
                Some(member) => self.member(member, scope).1,
                None => Value::Undefined,
            },
        }
    }

    pub(super) fn assign(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        value: Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.assign_name(&id.name, value, scope, span);
            }
            other => {
                let Some(member) = other.as_member_expression() else { return };
                let (object, name) = self.object_and_name(member, scope);
                let name = name.unwrap_or_default();
                if self.set_by_class(&object, &name, &value, span) {
                    return;
                }
                match &object {
                    Value::Object(object) if object.kind.get() == "url" => {
                        self.set_url_member(object, &name, &value, span);
                    }
                    Value::Object(object) => self.set_member(object, &name, value, span),
                    Value::Class(class) => {
                        let statics = Rc::clone(&class.statics);
                        self.set_member(&statics, &name, value, span);
                    }
                    Value::Array(array) if self.is_conditional(array.made) => {
                        self.changed_list(array, span);
                    }
                    Value::Array(array) => {
                        if let Ok(number) = name.parse::<usize>() {
                            let mut items = array.items.borrow_mut();
                            if number < 100_000 {
                                while items.len() <= number {
                                    items.push(Value::Undefined);
                                }
                            }
                            if let Some(item) = items.get_mut(number) {
                                *item = value;
                            }
                        }
                    }
                    Value::Native(path) if path.starts_with("ws.") => {
                        if let Some(event) = super::socket::event_of(&name) {
                            self.handlers.push((event.to_string(), value));
                        }
                    }
                    // `module.exports = …` is what is exported.
                    Value::Native(path) if &**path == "module" => {
                        scope.declare("exports", value, 0)
                    }
                    _ => self.drop(span, "what this changes is not known"),
                }
            }
        }
    }

    /// `delete object.name`.
    pub(super) fn delete(
        &mut self,
        target: &'a Expression<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        let Some(member) = target.as_member_expression() else { return Value::Bool(true) };
        let (object, name) = self.object_and_name(member, scope);
        match (&object, name) {
            (Value::Object(object), Some(name)) if !self.is_conditional(object.made) => {
                object.members.borrow_mut().retain(|(known, _)| **known != *name);
            }
            _ => self.drop(span, "what this takes away is not known; it is still sent"),
        }
        Value::Bool(true)
    }

    pub(super) fn assign_name(
        &mut self,
        name: &str,
        value: Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        let Some(binding) = scope.find(name) else { return };
        if binding.is_of_module && !self.loading {
            // Read before it is changed: what the iteration before left there counts.
            let was_read = self.kept_on.insert(name.to_owned(), false) == Some(true);
            if was_read && binding.variable.is_none() {
                let key = self.lasting_key(name);
                let is_constant = binding.value.is_constant();
                if !is_constant || !self.found_lasting.insert(key) || value.is_unknown() {
                    self.drop(span, super::changes::KEPT_ON);
                }
            }
        }
        let is_of_module = binding.is_of_module && !self.loading;
        if !self.loops.is_empty() || !self.pending.is_empty() || self.depth > 0 || is_of_module {
            self.journal.push((Rc::clone(scope), name.to_owned(), binding.clone()));
        }
        if let Some(variable) = &binding.variable {
            match self.code(&value, span) {
                Some(code) if code != Code::name(variable) => {
                    if !self.is_there(&code) {
                        self.there.remove(variable);
                    }
                    let set = Self::set(variable, &code);
                    self.push_unless_left(set);
                }
                Some(_) => {}
                None => self.drop(span, "the value cannot be computed by a plan"),
            }
            return;
        }
        if binding.depth >= self.depth {
            let value = self.named(name, value, span);
            scope.change(name, |binding| binding.value = value);
            return;
        }
        if self.joined_replies(&binding.value, &value, span).is_some() {
            return;
        }
        if let (Value::Object(object), Value::Object(_)) = (&binding.value, &value)
            && [&binding.value, &value].iter().all(|value| is_plain(value))
        {
            // Its members are what the other one's are.
            for (name, value) in value.members() {
                self.set_member(object, &name, value, span);
            }
            return;
        }
        // It is changed only on a condition: the plan has to keep it.
        let (Some(before), Some(after)) =
            (self.code(&binding.value, span), self.code(&value, span))
        else {
            if binding.value.truth() == Some(false) {
                // Such as `let res; if (…) { res = http.get(…) }`.
                scope.change(name, |binding| binding.value = value);
            } else {
                self.drop(span, "the value depends on a condition that only the script knows");
            }
            return;
        };
        let variable = self.fresh(name);
        if self.is_there(&before) && self.is_there(&after) {
            self.there.insert(variable.clone());
        }
        self.changing.insert(variable.clone());
        self.pending.push((binding.depth, variable.clone(), Self::set(&variable, &before)));
        let set = Self::set(&variable, &after);
        self.push_unless_left(set);
        scope.change(name, |binding| {
            binding.value = Value::live(Code::name(&variable));
            binding.variable = Some(variable);
        });
    }

    /// Whether a name of a module keeps its value from one iteration to the next.
    pub(super) fn lasts(&self, name: &str) -> bool {
        self.loading && self.lasting.contains(&self.lasting_key(name))
    }

    fn lasting_key(&self, name: &str) -> String {
        format!("{}:{name}", self.file)
    }

    /// A name of a module whose value each user keeps in a variable of the plan.
    pub(super) fn lasting_name(
        &mut self,
        name: &str,
        value: &Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        let Some(code) = self.code(value, span) else {
            scope.declare(name, value.clone(), self.depth);
            return;
        };
        let variable = self.fresh(name);
        self.changing.insert(variable.clone());
        self.push(Self::set(&variable, &code));
        let value = Value::live(Code::name(&variable));
        scope.declare_variable(name, value, self.depth, Some(variable));
    }

    /// Whether a step may change what this is made of.
    pub(super) fn may_change(&self, code: &Code) -> bool {
        match code {
            Code::Name(name) => self.changing.contains(name),
            Code::Const(_) => false,
            Code::Call(_, parts) | Code::Concat(parts) => {
                parts.iter().any(|part| self.may_change(part))
            }
            Code::Op(_, left, right) => self.may_change(left) || self.may_change(right),
            Code::Not(inner) => self.may_change(inner),
        }
    }
}
