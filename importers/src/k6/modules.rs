//! Modules: what a script imports from k6, from its libraries and from files beside it.

use std::cell::RefCell;
use std::rc::Rc;

use oxc_ast::ast::{
    Declaration, ExportDefaultDeclarationKind, ImportDeclaration, ImportDeclarationSpecifier,
    Program, Statement,
};
use oxc_parser::Parser;
use oxc_span::{SourceType, Span};

use super::machine::{Machine, Module};
use super::scope::{Origin, Scope};
use super::value::Value;
use crate::source::Failure;

/// Levels of brackets that a script may have.
const BRACKETS: usize = 200;
/// Modules that are read at most.
const MODULES: usize = 200;

impl<'a> Machine<'a, '_> {
    /// Reads and runs a module of this name, whose own imports start from `folder`.
    pub(super) fn load_module(
        &mut self,
        name: &str,
        text: &str,
        folder: &str,
    ) -> Result<Module<'a>, Failure> {
        let text: &'a str = self.arena.alloc_str(text);
        if let Some(offset) = too_deep(text) {
            let place = format!("{name}:{}", line(text, offset));
            return Err(Failure::new(&place, "brackets are nested too deep here"));
        }
        let kind = if name.ends_with(".ts") { SourceType::ts() } else { SourceType::mjs() };
        let mut parsed = Parser::new(self.arena, text, kind).parse();
        if !parsed.diagnostics.is_empty() && !name.ends_with(".ts") {
            // TypeScript from standard input, and scripts that are no modules.
            for kind in [SourceType::ts(), SourceType::cjs()] {
                let again = Parser::new(self.arena, text, kind).parse();
                if again.diagnostics.is_empty() {
                    parsed = again;
                    break;
                }
            }
        }
        if let Some(error) = parsed.diagnostics.iter().next()
            && parsed.program.body.is_empty()
        {
            let offset = error.labels.iter().next().map_or(0, |label| label.offset() as usize);
            let place = format!("{name}:{}", line(text, offset));
            return Err(Failure::new(&place, format!("this is not JavaScript: {}", error.message)));
        }
        let program: &'a Program<'a> = self.arena.alloc(parsed.program);
        let file: Rc<str> = Rc::from(name);
        let scope = Scope::of_module(Origin { file: Rc::clone(&file), text });
        let exports = Rc::new(RefCell::new(Vec::new()));
        let module = Module { exports: Rc::clone(&exports) };
        self.modules.insert(name.to_owned(), module.clone());
        let outside = (
            std::mem::replace(&mut self.file, file),
            std::mem::replace(&mut self.text, text),
            std::mem::replace(&mut self.folder, folder.to_owned()),
        );
        self.run_module(program, &scope, &exports);
        (self.file, self.text, self.folder) = outside;
        Ok(module)
    }

    fn run_module(
        &mut self,
        program: &'a Program<'a>,
        scope: &Rc<Scope<'a>>,
        exports: &Rc<RefCell<Vec<(String, Value<'a>)>>>,
    ) {
        self.run_body(&program.body, scope, exports);
        // `exports.options = …`, `module.exports = …`
        if let Some(binding) = scope.find("exports") {
            exports.borrow_mut().extend(
                binding.value.members().into_iter().map(|(name, value)| (name.to_string(), value)),
            );
        }
    }

    /// Runs the statements of a module or namespace.
    pub(super) fn run_body(
        &mut self,
        body: &'a [Statement<'a>],
        scope: &Rc<Scope<'a>>,
        exports: &Rc<RefCell<Vec<(String, Value<'a>)>>>,
    ) {
        self.hoist_names(body, scope);
        for statement in body {
            match statement {
                Statement::ImportDeclaration(import) if !import.import_kind.is_type() => {
                    self.import(import, scope);
                }
                Statement::ExportDeclaration(export) => {
                    if let Declaration::FunctionDeclaration(function) = &export.declaration
                        && let Some(id) = &function.id
                    {
                        scope.declare(&id.name, Self::closure_of(function, scope), 0);
                    }
                }
                Statement::ExportDefaultDeclaration(export) => {
                    if let ExportDefaultDeclarationKind::FunctionDeclaration(function) =
                        &export.declaration
                        && let Some(id) = &function.id
                    {
                        scope.declare(&id.name, Self::closure_of(function, scope), 0);
                    }
                }
                _ => {}
            }
        }
        // Functions may be used before they are declared.
        for statement in body {
            if let Some(Declaration::FunctionDeclaration(function)) = statement.as_declaration()
                && let Some(id) = &function.id
            {
                scope.declare(&id.name, Self::closure_of(function, scope), 0);
            }
        }
        for statement in body {
            self.module_statement(statement, scope, exports);
        }
    }

    fn module_statement(
        &mut self,
        statement: &'a Statement<'a>,
        scope: &Rc<Scope<'a>>,
        exports: &Rc<RefCell<Vec<(String, Value<'a>)>>>,
    ) {
        let export = |name: &str| {
            let value = scope.find(name).map_or(Value::Undefined, |binding| binding.value);
            exports.borrow_mut().push((name.to_owned(), value));
        };
        match statement {
            Statement::ExportDeclaration(declaration) => match &declaration.declaration {
                Declaration::VariableDeclaration(variables) => {
                    self.declaration(variables, scope);
                    for declarator in &variables.declarations {
                        for id in declarator.id.get_binding_identifiers() {
                            export(&id.name);
                        }
                    }
                }
                Declaration::FunctionDeclaration(function) => {
                    if let Some(id) = &function.id {
                        export(&id.name);
                    }
                }
                Declaration::ClassDeclaration(class) => {
                    if let Some(id) = &class.id {
                        let value = self.class(class, scope);
                        scope.declare(&id.name, value, 0);
                        export(&id.name);
                    }
                }
                Declaration::TSEnumDeclaration(declaration) => {
                    self.enumeration(declaration, scope);
                    export(&declaration.id.name);
                }
                Declaration::TSNamespaceDeclaration(declaration) => {
                    self.own_namespace(declaration, scope);
                    export(&declaration.id.name);
                }
                _ => {}
            },
            Statement::ExportDefaultDeclaration(declaration) => {
                let value = match &declaration.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        Self::closure_of(function, scope)
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        self.class(class, scope)
                    }
                    other => match other.as_expression() {
                        Some(expression) => self.expression(expression, scope),
                        None => Value::Undefined,
                    },
                };
                exports.borrow_mut().push(("default".to_owned(), value));
            }
            Statement::ExportNamedDeclaration(list) => {
                for specifier in &list.specifiers {
                    let local = scope.find(&specifier.local.name());
                    let value = local.map_or(Value::Undefined, |binding| binding.value);
                    exports.borrow_mut().push((specifier.exported.name().to_string(), value));
                }
            }
            Statement::ExportFromDeclaration(list) => {
                let module = self.namespace(&list.source.value, list.span);
                for specifier in &list.specifiers {
                    let value = self.get(&module, &specifier.local.name(), list.span);
                    exports.borrow_mut().push((specifier.exported.name().to_string(), value));
                }
            }
            Statement::ExportAllDeclaration(all) => {
                let module = self.namespace(&all.source.value, all.span);
                let members = module.members().into_iter();
                let members = members.map(|(name, value)| (name.to_string(), value));
                exports.borrow_mut().extend(members.filter(|(name, _)| name != "default"));
            }
            Statement::ImportDeclaration(_) | Statement::FunctionDeclaration(_) => {}
            other => {
                self.statement(other, scope);
            }
        }
    }

    fn import(&mut self, import: &'a ImportDeclaration<'a>, scope: &Rc<Scope<'a>>) {
        let module = self.namespace(&import.source.value, import.span);
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    let name = one.imported.name();
                    let value = match (&*name, &module) {
                        ("FormData", Value::Native(_)) => Value::native("FormData"),
                        ("URL" | "URLSearchParams", Value::Native(_)) => Value::native(&name),
                        ("default", Value::Native(_)) => module.clone(),
                        _ => self.get(&module, &name, import.span),
                    };
                    scope.declare(&one.local.name, value, 0);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    let value = match &module {
                        Value::Native(_) => module.clone(),
                        other => self.get(other, "default", import.span),
                    };
                    scope.declare(&one.local.name, value, 0);
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    scope.declare(&one.local.name, module.clone(), 0);
                }
            }
        }
    }

    /// What `import * as x from source` gives.
    pub(super) fn namespace(&mut self, source: &str, span: Span) -> Value<'a> {
        let known = match source {
            "k6" => "k6",
            "k6/http" => "http",
            "k6/options" => "options",
            "k6/html" => "html",
            "k6/encoding" => "encoding",
            "k6/crypto" => "crypto",
            "k6/data" => "data",
            "k6/execution" => "exec",
            "k6/metrics" => "metrics",
            "k6/timers" => "timers",
            "k6/ws" => "ws",
            "k6/websockets" | "k6/experimental/websockets" => "websockets",
            "k6/net/grpc" | "k6/experimental/grpc" => "grpc",
            "k6/experimental/redis" | "k6/x/redis" => "redis",
            "k6/browser" | "k6/experimental/browser" | "k6/x/browser" => "browser",
            "k6/x/kafka" => "kafka",
            "k6/x/mqtt" => "mqtt",
            "k6/x/sql" => "sql",
            other if other.starts_with("k6/x/sql/driver/") => {
                let driver = other.rsplit('/').next().unwrap_or_default();
                return Value::native(&format!("sql.driver.{driver}"));
            }
            other => match LIBRARIES.iter().find(|(part, _)| other.contains(part)) {
                Some((_, name)) if other.contains("://") || !other.starts_with('.') => name,
                _ => return self.file_module(source, span),
            },
        };
        Value::native(known)
    }

    /// A module in a file beside the script.
    fn file_module(&mut self, source: &str, span: Span) -> Value<'a> {
        let unknown = || Value::Unknown(Rc::from(format!("import from {source}")));
        if source.contains("://") || source.starts_with("k6/") {
            self.drop(span, "this library is not known; what comes from it is to be written");
            return unknown();
        }
        let path = joined(&self.folder, source);
        if let Some(module) = self.modules.get(&path) {
            return as_object(module);
        }
        if self.modules.len() >= MODULES {
            self.drop(span, "there are too many modules");
            return unknown();
        }
        let found = ["", ".js", ".ts", "/index.js"].iter().find_map(|ending| {
            let path = format!("{path}{ending}");
            let bytes = self.source.sibling(&path)?;
            Some((path, String::from_utf8(bytes).ok()?))
        });
        let Some((path, text)) = found else {
            self.drop(span, "the file is not here, so what comes from it is to be written");
            return unknown();
        };
        if path.ends_with(".json") {
            return match serde_json::from_str(&text) {
                Ok(json) => Value::object(vec![(Rc::from("default"), Value::from_json(&json))]),
                Err(_) => unknown(),
            };
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        match self.load_module(&path, &text, &folder) {
            Ok(module) => as_object(&module),
            Err(failure) => {
                self.notes.drop(&failure.place, source, &failure.message);
                unknown()
            }
        }
    }
}

/// Libraries that are usually imported by URL, by a part of it.
const LIBRARIES: &[(&str, &str)] = &[
    ("k6-utils", "utils"),
    ("papaparse", "papaparse"),
    ("formdata", "formdata"),
    ("k6chaijs", "describe"),
    ("k6-summary", "summary"),
    ("k6-reporter", "summary"),
    ("k6-html-reporter", "summary"),
    ("functional", "describe"),
    ("uuid", "uuid"),
    ("jslib.k6.io/url", "url"),
];

fn as_object<'a>(module: &Module<'a>) -> Value<'a> {
    let exports = module.exports.borrow();
    Value::object(
        exports.iter().map(|(name, value)| (Rc::from(name.as_str()), value.clone())).collect(),
    )
}

/// A path as a module of `folder` says it, from the folder of the script.
pub(super) fn joined(folder: &str, path: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Where brackets are nested deeper than is followed.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS {
            return Some(offset);
        }
    }
    None
}

fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn paths_start_from_the_folder_of_their_module() {
        assert_eq!(joined("", "./data/users.json"), "data/users.json");
        assert_eq!(joined("lib", "../data/users.json"), "data/users.json");
        assert_eq!(joined("", "../x.js"), "../x.js");
        assert_eq!(joined("lib", "/abs/x.js"), "/abs/x.js");
    }
}
