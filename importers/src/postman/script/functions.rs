//! Functions of the script's own, looked at where they are called.

use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_ast::ast::{ArrowFunctionBody, BindingPattern, Expression, FormalParameters, Statement};
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::value::Val;
use super::walk::Walk;

/// Functions in functions; deeper than this they are not looked into.
const MOST_DEPTH: usize = 12;

/// A script calls at most this many functions of its own.
const MOST_CALLS: usize = 2000;

impl Walk<'_> {
    /// What a function gives for these arguments; what it does is done.
    pub(super) fn call_function(&mut self, function: &Rc<str>, arguments: &[Val]) -> Val {
        if self.calls >= MOST_CALLS || self.call_depth >= MOST_DEPTH {
            return Val::Unknown;
        }
        self.calls += 1;
        self.call_depth += 1;
        let allocator = Allocator::default();
        let code: Rc<str> = format!("({function})").into();
        let parsed = Parser::new(&allocator, &code, SourceType::mjs()).parse();
        let outer_code = std::mem::replace(&mut self.code, Rc::clone(&code));
        let result = match parsed.program.body.as_slice() {
            [Statement::ExpressionStatement(statement)] => {
                self.call_parsed(&statement.expression, arguments)
            }
            _ => Val::Unknown,
        };
        self.code = outer_code;
        self.call_depth -= 1;
        result
    }

    fn call_parsed(&mut self, function: &Expression<'_>, arguments: &[Val]) -> Val {
        let outer_names = self.names.clone();
        let outer_locals = std::mem::take(&mut self.locals);
        let outer_returned = self.returned.take();
        let outer_base = std::mem::replace(&mut self.base, self.path.len());
        let outer_may = std::mem::take(&mut self.may_return);
        let result = match function.without_parentheses() {
            Expression::ArrowFunctionExpression(arrow) => {
                self.parameters(&arrow.params, arguments);
                match &arrow.body {
                    ArrowFunctionBody::FunctionBody(body) => self.result_of(&body.statements),
                    body => match body.as_expression() {
                        Some(expression) if is_effect(expression) => {
                            self.expression(expression);
                            Val::Undefined
                        }
                        Some(expression) => self.eval(expression),
                        None => Val::Unknown,
                    },
                }
            }
            Expression::FunctionExpression(function) => {
                self.parameters(&function.params, arguments);
                match &function.body {
                    Some(body) => self.result_of(&body.statements),
                    None => Val::Unknown,
                }
            }
            _ => Val::Unknown,
        };
        let locals = std::mem::replace(&mut self.locals, outer_locals);
        let inner = std::mem::replace(&mut self.names, outer_names);
        for (name, value) in inner {
            let is_outer = self.names.contains_key(&name) && !locals.contains(&name);
            if is_outer || name.starts_with("variable ") {
                self.names.insert(name, value);
            }
        }
        self.returned = outer_returned;
        self.base = outer_base;
        self.may_return = outer_may;
        result
    }

    fn result_of(&mut self, statements: &[Statement<'_>]) -> Val {
        self.statements(statements);
        match (self.returned.take(), self.may_return) {
            (_, true) => Val::Unknown,
            (value, false) => value.unwrap_or(Val::Undefined),
        }
    }

    fn parameters(&mut self, parameters: &FormalParameters<'_>, arguments: &[Val]) {
        for (at, parameter) in parameters.items.iter().enumerate() {
            let given = arguments.get(at).cloned().filter(|value| *value != Val::Undefined);
            let value = match (given, &parameter.initializer) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default),
                (None, None) => Val::Undefined,
            };
            self.declare(&parameter.pattern, value);
        }
    }

    /// Binds names that are known only within the function that is looked at.
    pub(super) fn declare(&mut self, pattern: &BindingPattern<'_>, value: Val) {
        for name in pattern.get_binding_identifiers() {
            self.locals.insert(name.name.to_string());
        }
        self.bind(pattern, value);
    }
}

/// Whether an expression does something, besides having a value.
fn is_effect(expression: &Expression<'_>) -> bool {
    match expression.without_parentheses() {
        Expression::AssignmentExpression(_) | Expression::UpdateExpression(_) => true,
        Expression::CallExpression(call) => {
            let callee = call.callee.without_parentheses();
            let is_statement = |root: &Expression<'_>| match root {
                Expression::Identifier(name) => {
                    matches!(name.name.as_str(), "pm" | "postman" | "expect")
                }
                _ => false,
            };
            let mut root = callee;
            loop {
                root = match root.without_parentheses() {
                    Expression::CallExpression(inner) => &inner.callee,
                    other => match other.as_member_expression() {
                        Some(member) => member.object(),
                        None => return is_statement(other) && !reads(callee),
                    },
                };
            }
        }
        _ => false,
    }
}

/// Whether a call only reads: `pm.environment.get`.
fn reads(callee: &Expression<'_>) -> bool {
    let member = callee.as_member_expression();
    let name = member.and_then(|member| member.static_property_name()).map(|name| name.to_string());
    name.is_some_and(|name| {
        matches!(&*name, "get" | "has" | "json" | "text" | "replaceIn" | "toObject")
    })
}
