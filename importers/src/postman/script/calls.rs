//! Calls of what scripts are given: `pm.…`, `Math.…`, lodash, moment and so on.

use oxc_ast::ast::{CallExpression, NewExpression};
use serde_json::Value as Json;

use super::check;
use super::value::{Part, Val, number};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn new_value(&mut self, new: &NewExpression<'_>) -> Val {
        match self.eval(&new.callee) {
            Val::Given(name) if name == "Date" && new.arguments.is_empty() => Val::Now,
            _ => Val::Unknown,
        }
    }

    pub(super) fn called(&mut self, call: &CallExpression<'_>) -> Val {
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            let Some(argument) = argument.as_expression() else { return Val::Unknown };
            arguments.push(self.eval(argument));
        }
        let callee = call.callee.without_parentheses();
        if let Some(member) = callee.as_member_expression()
            && let Some(name) = member.static_property_name()
        {
            let name = name.to_string();
            let object = self.eval(member.object());
            if let Val::Given(given) = &object {
                return self.call_given(&format!("{given}.{name}"), &arguments);
            }
            return self.method(object, &name, &arguments);
        }
        match self.eval(callee) {
            Val::Given(name) => self.call_given(&name, &arguments),
            _ => Val::Unknown,
        }
    }

    /// A call of something that scripts are given.
    fn call_given(&mut self, name: &str, arguments: &[Val]) -> Val {
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let call = |function: &str| Val::Text(format!("${{{function}}}"));
        match name {
            "pm.response.json" => Val::Reply(Part::Json(Vec::new())),
            "pm.response.text" => Val::Reply(Part::Body),
            "pm.response.size" => Val::Unknown,
            "pm.sendRequest" => {
                let why = "only statements and what is waited for become tasks; write it as one";
                self.notes.drop(self.place, name, why);
                Val::Unknown
            }
            "JSON.parse" => match first {
                Val::Reply(Part::Body) => Val::Reply(Part::Json(Vec::new())),
                Val::Const(Json::String(text)) => {
                    serde_json::from_str(&text).map_or(Val::Unknown, Val::Const)
                }
                _ => Val::Unknown,
            },
            "JSON.stringify" => match first {
                Val::Const(value) => Val::text(&value.to_string()),
                Val::Tree(value) => Val::Text(value.to_string()),
                _ => Val::Unknown,
            },
            "pm.environment.get"
            | "pm.globals.get"
            | "pm.collectionVariables.get"
            | "pm.variables.get"
            | "pm.iterationData.get"
            | "postman.getEnvironmentVariable"
            | "postman.getGlobalVariable" => match first.as_text() {
                Some(name) => match self.variable(name) {
                    // Somebody has to give it a value.
                    Val::Undefined => Val::Text(self.variables.placeholder(name)),
                    value => value,
                },
                None => Val::Unknown,
            },
            "pm.variables.replaceIn" => match first {
                Val::Const(Json::String(text)) => Val::Text(self.variables.text(&text)),
                value => value,
            },
            "postman.getResponseHeader" => match first.as_text() {
                Some(name) => Val::Reply(Part::Header(name.to_owned())),
                None => Val::Unknown,
            },
            "postman.getResponseCookie" => match first.as_text() {
                Some(name) => Val::Reply(Part::Cookie(name.to_owned())),
                None => Val::Unknown,
            },
            "Date.now" | "moment.valueOf" => call("timestamp_ms()"),
            "Math.random" => Val::Random { from: 0.0, span: 1.0 },
            "Math.floor" | "Math.trunc" | "Math.round" | "Math.ceil" | "parseInt"
            | "_.parseInt" => match first {
                Val::Random { from, span } if from.fract() == 0.0 && span >= 1.0 => {
                    let from = if name == "Math.ceil" { from + 1.0 } else { from };
                    call(&format!(
                        "randint({}, {})",
                        number(from),
                        number(from + span.floor() - 1.0)
                    ))
                }
                Val::Text(text) => match plain_variable(&text) {
                    Some(variable) => Val::Expression(variable.to_owned()),
                    None => Val::Text(text),
                },
                Val::Const(Json::String(text)) => text
                    .trim()
                    .parse::<f64>()
                    .map_or(Val::Unknown, |value| Val::Const(number(value.trunc()))),
                value => value.as_number().map_or(Val::Unknown, |value| {
                    Val::Const(number(match name {
                        "Math.ceil" => value.ceil(),
                        "Math.round" => value.round(),
                        _ => value.floor(),
                    }))
                }),
            },
            "Number" | "String" | "parseFloat" | "decodeURIComponent" => match first {
                Val::Text(text) if name == "Number" => match plain_variable(&text) {
                    Some(variable) => Val::Expression(variable.to_owned()),
                    None => Val::Text(text),
                },
                Val::Const(value) if name == "String" => {
                    Val::text(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                }
                value => value,
            },
            "_.random" => match (first.as_number(), arguments.get(1).and_then(Val::as_number)) {
                (Some(from), Some(to)) => {
                    call(&format!("randint({}, {})", number(from), number(to)))
                }
                (Some(to), None) => call(&format!("randint(0, {})", number(to))),
                _ => Val::Unknown,
            },
            "uuid" | "uuid.v4" | "uuidv4" | "crypto.randomUUID" | "pm.uuid" => call("uuid()"),
            "moment" if arguments.is_empty() => Val::Now,
            "require" => match first.as_text() {
                Some(module @ ("uuid" | "moment" | "lodash" | "crypto-js" | "atob" | "btoa")) => {
                    Val::Given(if module == "lodash" { "_".to_owned() } else { module.to_owned() })
                }
                _ => Val::Unknown,
            },
            "btoa" => self.function_of("base64", &first),
            "atob" => self.function_of("base64_decode", &first),
            "encodeURIComponent" => self.function_of("url_encode", &first),
            "Array.isArray" => kind_of(first, "array"),
            "Number.isInteger" | "_.isNumber" => kind_of(first, "number"),
            "_.isString" => kind_of(first, "string"),
            "_.isArray" => kind_of(first, "array"),
            "_.has" => match (first, arguments.get(1).and_then(Val::as_text)) {
                (Val::Reply(Part::Json(mut outer)), Some(path)) => {
                    outer.extend(super::value::segments(path));
                    Val::Holds(vec![check::truthy(&outer)])
                }
                _ => Val::Unknown,
            },
            "_.get" => match (first, arguments.get(1).and_then(Val::as_text)) {
                (Val::Reply(Part::Json(mut outer)), Some(path)) => {
                    outer.extend(super::value::segments(path));
                    Val::Reply(Part::Json(outer))
                }
                _ => Val::Unknown,
            },
            _ => Val::Unknown,
        }
    }

    /// A function of the plan language, of one text.
    fn function_of(&mut self, name: &str, argument: &Val) -> Val {
        match self.text(argument) {
            Some(text) if !text.contains('\'') => Val::Text(format!("${{{name}('{text}')}}")),
            _ => Val::Unknown,
        }
    }
}

fn kind_of(value: Val, name: &str) -> Val {
    match value {
        Val::Reply(part) => {
            check::kind(&part, name, false).map_or(Val::Unknown, |one| Val::Holds(vec![one]))
        }
        _ => Val::Unknown,
    }
}

/// The variable that a text is, when it is nothing else.
fn plain_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_').then_some(name)
}
