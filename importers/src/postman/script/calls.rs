//! Calls of what scripts are given: `pm.…`, `Math.…`, lodash, moment and so on.

use oxc_ast::ast::{CallExpression, Expression, NewExpression};
use serde_json::{Value as Json, json};

use super::value::{Part, Val, number};
use super::walk::Walk;
use super::{check, lists};
use crate::postman::text_of;

impl Walk<'_> {
    pub(super) fn new_value(&mut self, new: &NewExpression<'_>) -> Val {
        match self.eval(&new.callee) {
            Val::Given(name) if name == "ajv" || name == "Ajv" => Val::Given("ajv".to_owned()),
            Val::Given(name) if name == "Date" && new.arguments.is_empty() => {
                Val::Now(String::new())
            }
            Val::Given(name) if name == "Date" => {
                let time = new.arguments.first().and_then(|one| one.as_expression());
                match time.map(|time| self.eval(time)) {
                    Some(Val::Text(text)) => shift_of(&text).map_or(Val::Unknown, Val::Now),
                    Some(now @ Val::Now(_)) => now,
                    _ => Val::Unknown,
                }
            }
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
            if let ("push", Expression::Identifier(list)) = (name.as_str(), member.object()) {
                let Some(mut items) = lists::items(&object) else { return Val::Unknown };
                items.extend(arguments);
                let made = self.tree(items, Json::Array);
                self.names.insert(list.name.to_string(), made);
                return Val::Undefined;
            }
            if let Val::Given(given) = &object {
                return self.call_given(&format!("{given}.{name}"), &arguments);
            }
            return self.method(object, &name, &arguments);
        }
        match self.eval(callee) {
            Val::Function(function) => self.call_function(&function, &arguments),
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
            "pm.request.body.toString" | "pm.request.url.toString" | "pm.request.url.getPath" => {
                self.sent_text(name)
            }
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
                // What stands for JSON, and looks the same as text.
                Val::Text(text) => Val::Text(text),
                _ => Val::Unknown,
            },
            "JSON.stringify" => match first {
                reply @ Val::Reply(Part::Json(_)) => reply,
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
                    Val::Undefined if !self.names.contains_key(&format!("variable {name}")) => {
                        Val::Text(self.variables.placeholder(name))
                    }
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
            "pm.environment.has"
            | "pm.globals.has"
            | "pm.collectionVariables.has"
            | "pm.variables.has" => match first.as_text() {
                Some(name) => match self.variable(name) {
                    Val::Undefined => Val::Const(Json::Bool(false)),
                    value => self
                        .operand(&value)
                        .map_or(Val::Unknown, |name| Val::Condition(format!("{name} != null"))),
                },
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
                Val::Text(_) | Val::Reply(_) if name.ends_with("parseInt") => self.numeric(first),
                value @ (Val::Text(_) | Val::Expression(_)) => value,
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
                Val::Text(_) | Val::Reply(_) if name == "Number" || name == "parseFloat" => {
                    self.numeric(first)
                }
                Val::Const(Json::String(text)) if name == "Number" || name == "parseFloat" => text
                    .trim()
                    .parse::<f64>()
                    .map_or(Val::Unknown, |value| Val::Const(number(value))),
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
            "_.sample" | "_.sampleSize" => match lists::items(&first) {
                Some(items) if name == "_.sample" => self.one_of(&items),
                _ => Val::Unknown,
            },
            "_.forEach" | "_.each" | "_.map" | "_.filter" | "_.find" | "_.some" | "_.every" => {
                let method = match name.strip_prefix("_.").unwrap_or(name) {
                    "each" => "forEach",
                    method => method,
                };
                self.method(first, method, arguments.get(1..).unwrap_or_default())
            }
            "Object.keys" | "Object.values" => match &first {
                Val::Const(Json::Object(members)) if name == "Object.keys" => {
                    Val::Const(members.keys().cloned().collect())
                }
                Val::Const(Json::Object(members)) => {
                    Val::Const(members.values().cloned().collect())
                }
                _ => Val::Unknown,
            },
            "ajv.validate" => match arguments.get(1) {
                Some(of) => self.valid(&of.clone(), Some(&first)),
                None => Val::Unknown,
            },
            "tv4.validate" | "tv4.validateResult" => self.valid(&first, arguments.get(1)),
            "moment" | "moment.utc" if arguments.is_empty() => Val::Now(String::new()),
            "require" => match first.as_text() {
                Some(
                    module @ ("uuid" | "moment" | "lodash" | "crypto-js" | "atob" | "btoa" | "tv4"
                    | "ajv"),
                ) => {
                    Val::Given(if module == "lodash" { "_".to_owned() } else { module.to_owned() })
                }
                _ => Val::Unknown,
            },
            "btoa" => self.function_of("base64", &first),
            "atob" => self.function_of("base64_decode", &first),
            "encodeURIComponent" => self.function_of("url_encode", &first),
            "CryptoJS.MD5" | "CryptoJS.SHA1" | "CryptoJS.SHA256" | "CryptoJS.HmacSHA256" => {
                self.crypto(name.trim_start_matches("CryptoJS."), arguments)
            }
            name if name.starts_with("CryptoJS.enc.") => {
                self.crypto(name.trim_start_matches("CryptoJS."), arguments)
            }
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

    /// A value as a number in expressions.
    fn numeric(&mut self, value: Val) -> Val {
        match (self.operand(&value), value) {
            (Some(name), _) => Val::Expression(name),
            (None, value) => value,
        }
    }

    /// Something of the request as it is written in the collection.
    fn sent_text(&mut self, name: &str) -> Val {
        let request = self.item.get("request").unwrap_or(&Json::Null);
        let url = request.get("url").unwrap_or(&Json::Null);
        let url = text_of(Some(url)).or_else(|| text_of(url.get("raw")));
        let text = match name {
            "pm.request.url.toString" => url,
            "pm.request.url.getPath" => url.map(|url| {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
                path.split(['?', '#']).next().unwrap_or_default().to_owned()
            }),
            _ => text_of(request.pointer("/body/raw")),
        };
        text.map_or(Val::Unknown, |text| Val::text(&text))
    }

    /// Whether the reply is as a schema says.
    fn valid(&mut self, of: &Val, schema: Option<&Val>) -> Val {
        match (of, schema.and_then(|schema| self.json(schema))) {
            (Val::Reply(Part::Json(path)), Some(schema))
                if path.is_empty() && schema.is_object() =>
            {
                Val::Holds(vec![json!({"type": "json_schema", "schema": schema})])
            }
            _ => Val::Unknown,
        }
    }

    /// A function of the plan language, of one text.
    pub(super) fn function_of(&mut self, name: &str, argument: &Val) -> Val {
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

/// How far from now a time in milliseconds is.
fn shift_of(text: &str) -> Option<String> {
    let shift = text.strip_prefix("${timestamp_ms(")?.strip_suffix(")}")?;
    Some(shift.to_owned())
}
