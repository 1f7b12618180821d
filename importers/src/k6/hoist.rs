//! `var`: names that belong to the whole function, wherever they are declared.

use std::rc::Rc;

use oxc_ast::ast::{
    ForStatementInit, ForStatementLeft, Statement, VariableDeclaration, VariableDeclarationKind,
};
use oxc_span::{GetSpan as _, Span};

use super::machine::Machine;
use super::scope::Scope;
use super::value::Value;

/// A name that `var` declares, and the block it stands in.
type Declared<'a> = (&'a str, Option<Span>);

impl<'a> Machine<'a, '_> {
    /// Declares the names of a function that are used outside of the block they are declared in.
    /// Others are as if `let` had declared them.
    pub(super) fn hoist_names(&self, body: &'a [Statement<'a>], scope: &Rc<Scope<'a>>) {
        let mut declared: Vec<Declared<'a>> = Vec::new();
        body.iter().for_each(|statement| of_statement(statement, None, &mut declared));
        let whole = match (body.first(), body.last()) {
            (Some(first), Some(last)) => Span::new(first.span().start, last.span().end),
            _ => Span::default(),
        };
        let mut hoisted: Vec<String> = Vec::new();
        for (number, (name, block)) in declared.iter().enumerate() {
            let Some(block) = block else { continue };
            let again = declared.iter().enumerate().any(|(other, (known, within))| {
                other != number && known == name && *within != Some(*block)
            });
            let is_known = hoisted.iter().any(|known| known == name);
            if !is_known && (again || self.is_used_outside(name, whole, *block)) {
                hoisted.push((*name).to_owned());
            }
        }
        for name in &hoisted {
            if !scope.has(name) {
                scope.declare(name, Value::Undefined, self.depth);
            }
        }
        scope.hoist(hoisted);
    }

    /// Whether a word stands in a part of the source, but not only in a part of that.
    fn is_used_outside(&self, name: &str, whole: Span, block: Span) -> bool {
        let part =
            |from: u32, to: u32| self.text.get(from as usize..to as usize).unwrap_or_default();
        let texts = [part(whole.start, block.start), part(block.end, whole.end)];
        texts.iter().any(|text| super::mentions(text, name))
    }
}

fn of_declaration<'a>(
    declaration: &'a VariableDeclaration<'a>,
    block: Option<Span>,
    found: &mut Vec<Declared<'a>>,
) {
    if declaration.kind == VariableDeclarationKind::Var {
        for declarator in &declaration.declarations {
            let names = declarator.id.get_binding_identifiers();
            found.extend(names.into_iter().map(|id| (id.name.as_str(), block)));
        }
    }
}

fn of_statement<'a>(
    statement: &'a Statement<'a>,
    block: Option<Span>,
    found: &mut Vec<Declared<'a>>,
) {
    let list = |list: &'a [Statement<'a>], span: Span, found: &mut Vec<Declared<'a>>| {
        list.iter().for_each(|statement| of_statement(statement, Some(span), found));
    };
    match statement {
        Statement::VariableDeclaration(declaration) => of_declaration(declaration, block, found),
        Statement::BlockStatement(inner) => list(&inner.body, inner.span, found),
        Statement::IfStatement(choice) => {
            of_statement(&choice.consequent, Some(choice.consequent.span()), found);
            if let Some(other) = &choice.alternate {
                of_statement(other, Some(other.span()), found);
            }
        }
        Statement::ForStatement(around) => {
            if let Some(ForStatementInit::VariableDeclaration(declaration)) = &around.init {
                of_declaration(declaration, Some(around.span), found);
            }
            of_statement(&around.body, Some(around.span), found);
        }
        Statement::ForOfStatement(around) => {
            if let ForStatementLeft::VariableDeclaration(declaration) = &around.left {
                of_declaration(declaration, Some(around.span), found);
            }
            of_statement(&around.body, Some(around.span), found);
        }
        Statement::ForInStatement(around) => {
            if let ForStatementLeft::VariableDeclaration(declaration) = &around.left {
                of_declaration(declaration, Some(around.span), found);
            }
            of_statement(&around.body, Some(around.span), found);
        }
        Statement::WhileStatement(around) => of_statement(&around.body, Some(around.span), found),
        Statement::DoWhileStatement(around) => {
            of_statement(&around.body, Some(around.span), found);
        }
        Statement::LabeledStatement(inner) => of_statement(&inner.body, block, found),
        Statement::SwitchStatement(choice) => {
            for case in &choice.cases {
                list(&case.consequent, choice.span, found);
            }
        }
        Statement::TryStatement(attempt) => {
            list(&attempt.block.body, attempt.block.span, found);
            if let Some(handler) = &attempt.handler {
                list(&handler.body.body, handler.span, found);
            }
            if let Some(last) = &attempt.finalizer {
                list(&last.body, last.span, found);
            }
        }
        _ => {}
    }
}
