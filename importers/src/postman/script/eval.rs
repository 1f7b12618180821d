//! What expressions stand for.

use oxc_ast::ast::{
    ArrayExpressionElement, BinaryExpression, BinaryOperator, CallExpression, ChainElement,
    Expression, MemberExpression, NewExpression, ObjectPropertyKind, TemplateLiteral,
    UnaryOperator,
};
use serde_json::{Map, Value as Json, json};

use super::check::{self, Op};
use super::value::{Part, Segment, Val, number};
use super::walk::Walk;
use crate::text;

/// Expressions in expressions; deeper than this they are not looked at.
const MAX_DEPTH: usize = 200;

impl Walk<'_> {
    pub(super) fn eval(&mut self, expression: &Expression<'_>) -> Val {
        if self.depth >= MAX_DEPTH {
            return Val::Unknown;
        }
        self.depth += 1;
        let value = self.eval_inner(expression);
        self.depth -= 1;
        value
    }

    fn eval_inner(&mut self, expression: &Expression<'_>) -> Val {
        match expression.without_parentheses() {
            Expression::BooleanLiteral(literal) => Val::Const(json!(literal.value)),
            Expression::NullLiteral(_) => Val::Const(Json::Null),
            Expression::NumericLiteral(literal) => Val::Const(number(literal.value)),
            Expression::StringLiteral(literal) => Val::text(literal.value.as_str()),
            Expression::RegExpLiteral(literal) => {
                let mut flags = String::new();
                for char in literal.regex.flags.to_string().chars() {
                    // Those that change what matches; `s`, `i` and `m` mean the same here.
                    if "ims".contains(char) {
                        flags.push(char);
                    }
                }
                let text = literal.regex.pattern.text.as_str().replace("\\/", "/");
                Val::Pattern(if flags.is_empty() { text } else { format!("(?{flags}){text}") })
            }
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::Identifier(name) => match self.names.get(name.name.as_str()) {
                Some(value) => value.clone(),
                None => given(name.name.as_str()),
            },
            Expression::ArrayExpression(array) => {
                let mut items = Vec::new();
                for element in &array.elements {
                    let item = match element {
                        ArrayExpressionElement::SpreadElement(_) => return Val::Unknown,
                        element => match element.as_expression() {
                            Some(item) => self.eval(item),
                            None => Val::Const(Json::Null),
                        },
                    };
                    items.push(item);
                }
                self.tree(items, Json::Array)
            }
            Expression::ObjectExpression(object) => {
                let (mut names, mut values) = (Vec::new(), Vec::new());
                for property in &object.properties {
                    let ObjectPropertyKind::ObjectProperty(property) = property else {
                        return Val::Unknown;
                    };
                    let Some(name) = property.key.static_name() else { return Val::Unknown };
                    names.push(name.into_owned());
                    values.push(self.eval(&property.value));
                }
                self.tree(values, |values| {
                    Json::Object(names.into_iter().zip(values).collect::<Map<_, _>>())
                })
            }
            Expression::AwaitExpression(awaited) => self.eval(&awaited.argument),
            Expression::UnaryExpression(unary) => {
                let value = self.eval(&unary.argument);
                self.unary(unary.operator, value)
            }
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::LogicalExpression(both) => {
                let left = self.eval(&both.left);
                let right = self.eval(&both.right);
                if both.operator.is_and() { and(left, right) } else { or(left, right) }
            }
            Expression::ConditionalExpression(branch) => match self.eval(&branch.test).truth() {
                Some(true) => self.eval(&branch.consequent),
                Some(false) => self.eval(&branch.alternate),
                None => Val::Unknown,
            },
            Expression::CallExpression(call) => self.called(call),
            Expression::NewExpression(new) => self.new_value(new),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.called(call),
                element => match element.as_member_expression() {
                    Some(member) => self.member_expression(member),
                    None => Val::Unknown,
                },
            },
            other => match other.as_member_expression() {
                Some(member) => self.member_expression(member),
                None => Val::Unknown,
            },
        }
    }

    fn member_expression(&mut self, member: &MemberExpression<'_>) -> Val {
        if let MemberExpression::ComputedMemberExpression(computed) = member {
            if let Expression::Identifier(name) = &computed.object
                && name.name == "tests"
            {
                let target = self.slice(computed.span).to_owned();
                return self.names.get(&target).cloned().unwrap_or(Val::Unknown);
            }
            let object = self.eval(&computed.object);
            let segment = match self.eval(&computed.expression) {
                Val::Const(Json::String(name)) => Segment::Name(name),
                Val::Const(Json::Number(position)) => match position.as_i64() {
                    Some(position) => Segment::Position(position),
                    None => return Val::Unknown,
                },
                _ => return Val::Unknown,
            };
            return self.member(object, &segment);
        }
        let Some(name) = member.static_property_name() else { return Val::Unknown };
        let name = name.to_string();
        let object = self.eval(member.object());
        self.member(object, &Segment::Name(name))
    }

    /// A member of a value.
    pub(super) fn member(&mut self, of: Val, segment: &Segment) -> Val {
        let name = match segment {
            Segment::Name(name) => name.as_str(),
            Segment::Position(_) => "",
        };
        match of {
            Val::Reply(Part::Json(segments)) if name == "length" => {
                Val::Reply(Part::Length(segments))
            }
            Val::Reply(Part::Json(mut segments)) => {
                segments.push(segment.clone());
                Val::Reply(Part::Json(segments))
            }
            Val::Reply(Part::Body) if name == "length" => Val::Reply(Part::Size),
            Val::Reply(Part::Headers) if !name.is_empty() => {
                Val::Reply(Part::Header(name.to_owned()))
            }
            Val::Reply(Part::Cookies) if !name.is_empty() => {
                Val::Reply(Part::Cookie(name.to_owned()))
            }
            Val::Reply(cookie @ Part::Cookie(_)) if name == "value" => Val::Reply(cookie),
            Val::Const(Json::Object(members)) => {
                members.get(name).cloned().map_or(Val::Undefined, Val::Const)
            }
            Val::Const(Json::Array(items)) => match segment {
                Segment::Position(at) => {
                    let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                    item.cloned().map_or(Val::Undefined, Val::Const)
                }
                Segment::Name(name) if name == "length" => Val::Const(json!(items.len())),
                Segment::Name(_) => Val::Unknown,
            },
            Val::Given(given) if given == "environment" || given == "globals" => {
                self.variable(name)
            }
            Val::Given(given) => member_of_given(&given, name),
            _ => Val::Unknown,
        }
    }

    /// A variable that a script reads.
    fn variable(&mut self, name: &str) -> Val {
        if let Some(value) = self.names.get(&format!("variable {name}")) {
            return value.clone();
        }
        if !self.variables.is_set(name) && self.variables.value(name).is_none() {
            return Val::Undefined;
        }
        Val::Text(self.variables.placeholder(name))
    }

    fn template(&mut self, template: &TemplateLiteral<'_>) -> Val {
        let mut text = Val::text("");
        let mut expressions = template.expressions.iter();
        for quasi in &template.quasis {
            let cooked = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
            text = self.add(text, Val::text(cooked));
            if let Some(expression) = expressions.next() {
                let value = self.eval(expression);
                text = self.add(text, value);
            }
        }
        text
    }

    /// A list or object of values: known, or with placeholders in it.
    fn tree(&mut self, values: Vec<Val>, build: impl FnOnce(Vec<Json>) -> Json) -> Val {
        let all_known = values.iter().all(|value| matches!(value, Val::Const(_)));
        let values: Option<Vec<Json>> = values
            .iter()
            .map(|value| match value {
                Val::Const(value) if all_known => Some(value.clone()),
                Val::Const(Json::Number(_) | Json::Bool(_) | Json::Null) | Val::Tree(_) => {
                    self.json(value)
                }
                value => self.text(value).map(Json::String),
            })
            .collect();
        match values {
            Some(values) if all_known => Val::Const(build(values)),
            Some(values) => Val::Tree(build(values)),
            None => Val::Unknown,
        }
    }

    /// A value as a text of the plan; nothing when it is not known before the run.
    pub(super) fn text(&mut self, value: &Val) -> Option<String> {
        Some(match value {
            Val::Const(Json::String(text)) => self.variables.text(text),
            Val::Const(Json::Null) => String::new(),
            Val::Const(value) => text::literal(&value.to_string()),
            Val::Text(text) => text.clone(),
            Val::Now => "${date('%Y-%m-%dT%H:%M:%S%:z')}".to_owned(),
            Val::Letters(count) => {
                let alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
                format!("${{random_string({}, {alphabet})}}", count.unwrap_or(11))
            }
            _ => return None,
        })
    }

    /// A value to compare with.
    pub(super) fn json(&mut self, value: &Val) -> Option<Json> {
        match value {
            Val::Const(value) => Some(literal(value)),
            Val::Tree(value) => Some(value.clone()),
            Val::Text(text) => Some(json!(text)),
            _ => None,
        }
    }

    fn add(&mut self, left: Val, right: Val) -> Val {
        if let (Some(left), Some(right)) = (left.as_number(), right.as_number()) {
            return Val::Const(number(left + right));
        }
        match (&left, &right) {
            (Val::Random { from, span }, value) | (value, Val::Random { from, span })
                if value.as_number().is_some() =>
            {
                return Val::Random { from: from + value.as_number().unwrap_or(0.0), span: *span };
            }
            (Val::Const(Json::String(left)), Val::Const(right)) => {
                let right = right.as_str().map_or_else(|| right.to_string(), str::to_owned);
                return Val::text(&format!("{left}{right}"));
            }
            // A number that a variable holds.
            (Val::Expression(left), right) if right.as_number().is_some() => {
                let right = right.as_number().map(number).unwrap_or_default();
                return Val::Expression(format!("{left} + {right}"));
            }
            _ => {}
        }
        match (self.text(&left), self.text(&right)) {
            (Some(left), Some(right)) => Val::Text(left + &right),
            _ => Val::Unknown,
        }
    }

    fn unary(&mut self, operator: UnaryOperator, value: Val) -> Val {
        match (operator, value) {
            (UnaryOperator::LogicalNot, Val::Holds(assertions)) => match assertions.as_slice() {
                [alone] => check::negate(alone).map_or(Val::Unknown, |one| Val::Holds(vec![one])),
                _ => Val::Unknown,
            },
            (UnaryOperator::LogicalNot, Val::Reply(part)) => {
                check::exists(&part, false).map_or(Val::Unknown, |one| Val::Holds(vec![one]))
            }
            (UnaryOperator::LogicalNot, value) => match value.truth() {
                Some(truth) => Val::Const(json!(!truth)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryNegation, value) => match value.as_number() {
                Some(value) => Val::Const(number(-value)),
                None => Val::Unknown,
            },
            (UnaryOperator::UnaryPlus, Val::Now) => Val::Text("${timestamp_ms()}".to_owned()),
            (UnaryOperator::UnaryPlus, value) => value,
            (UnaryOperator::Typeof, Val::Reply(Part::Json(segments))) => {
                Val::Reply(Part::Type(segments))
            }
            (UnaryOperator::Void, _) => Val::Undefined,
            _ => Val::Unknown,
        }
    }

    fn binary(&mut self, binary: &BinaryExpression<'_>) -> Val {
        let left = self.eval(&binary.left);
        let right = self.eval(&binary.right);
        let op = match binary.operator {
            BinaryOperator::Equality | BinaryOperator::StrictEquality => Op::Eq,
            BinaryOperator::Inequality | BinaryOperator::StrictInequality => Op::Ne,
            BinaryOperator::LessThan => Op::Lt,
            BinaryOperator::LessEqualThan => Op::Le,
            BinaryOperator::GreaterThan => Op::Gt,
            BinaryOperator::GreaterEqualThan => Op::Ge,
            BinaryOperator::Addition => return self.add(left, right),
            BinaryOperator::Subtraction => return minus(left, &right),
            BinaryOperator::Multiplication => return times(left, right),
            BinaryOperator::Division => {
                return match (&left, right.as_number()) {
                    (Val::Text(text), Some(1000.0)) if text == "${timestamp_ms()}" => {
                        Val::Text("${timestamp()}".to_owned())
                    }
                    (left, Some(right)) if left.as_number().is_some() => {
                        Val::Const(number(left.as_number().unwrap_or(0.0) / right))
                    }
                    _ => Val::Unknown,
                };
            }
            BinaryOperator::In => {
                return match (left.as_text(), right) {
                    (Some(name), Val::Reply(Part::Json(mut segments))) => {
                        segments.push(Segment::Name(name.to_owned()));
                        Val::Holds(vec![check::truthy(&segments)])
                    }
                    (Some(name), Val::Reply(Part::Headers)) => {
                        let header = Part::Header(name.to_owned());
                        check::exists(&header, true)
                            .map_or(Val::Unknown, |one| Val::Holds(vec![one]))
                    }
                    _ => Val::Unknown,
                };
            }
            _ => return Val::Unknown,
        };
        let (part, value, op) = match (left, right) {
            (Val::Reply(left), Val::Reply(right)) if left == right => {
                return Val::Const(json!(op == Op::Eq));
            }
            (Val::Reply(part), value) => (part, value, op),
            (value, Val::Reply(part)) => (part, value, op.mirrored()),
            (Val::Const(left), Val::Const(right)) if matches!(op, Op::Eq | Op::Ne) => {
                return Val::Const(json!((left == right) == (op == Op::Eq)));
            }
            (Val::Holds(assertions), value) if matches!(op, Op::Eq | Op::Ne) => {
                return match (value.truth(), op) {
                    (Some(true), Op::Eq) | (Some(false), Op::Ne) => Val::Holds(assertions),
                    (Some(_), _) => self.unary(UnaryOperator::LogicalNot, Val::Holds(assertions)),
                    _ => Val::Unknown,
                };
            }
            _ => return Val::Unknown,
        };
        let assertion = match value {
            Val::Undefined => match op {
                Op::Eq => check::exists(&part, false),
                Op::Ne => check::exists(&part, true),
                _ => None,
            },
            value => self.json(&value).and_then(|value| check::compare(&part, op, &value)),
        };
        assertion.map_or(Val::Unknown, |one| Val::Holds(vec![one]))
    }

    fn new_value(&mut self, new: &NewExpression<'_>) -> Val {
        match self.eval(&new.callee) {
            Val::Given(name) if name == "Date" && new.arguments.is_empty() => Val::Now,
            _ => Val::Unknown,
        }
    }

    fn called(&mut self, call: &CallExpression<'_>) -> Val {
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
                    Val::Undefined => Val::Unknown,
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

    /// A method of a value.
    fn method(&mut self, of: Val, name: &str, arguments: &[Val]) -> Val {
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let holds =
            |assertion: Option<Json>| assertion.map_or(Val::Unknown, |one| Val::Holds(vec![one]));
        match (of, name) {
            (Val::Now, "getTime" | "valueOf") => Val::Text("${timestamp_ms()}".to_owned()),
            (Val::Now, "unix") => Val::Text("${timestamp()}".to_owned()),
            (Val::Now, "toISOString" | "toJSON") => Val::Now,
            (Val::Now, "format") if arguments.is_empty() => Val::Now,
            (Val::Now, "format") => match first.as_text().and_then(strftime) {
                Some(format) => Val::Text(format!("${{date('{format}')}}")),
                None => Val::Unknown,
            },
            (Val::Random { .. }, "toString")
                if first.as_number().is_some_and(|base| base > 10.0) =>
            {
                Val::Letters(None)
            }
            (Val::Letters(count), "substring" | "substr" | "slice") => {
                let (from, to) = (first.as_number(), arguments.get(1).and_then(Val::as_number));
                match (from, to) {
                    (Some(_), None) => Val::Letters(count),
                    (Some(_), Some(length)) if name == "substr" => Val::Letters(whole(length)),
                    (Some(from), Some(to)) => Val::Letters(whole(to - from)),
                    _ => Val::Unknown,
                }
            }
            (Val::Reply(Part::Headers), "get" | "one") => match first.as_text() {
                Some(name) => Val::Reply(Part::Header(name.to_owned())),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Headers), "has") => match first.as_text() {
                Some(name) => holds(check::exists(&Part::Header(name.to_owned()), true)),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Cookies), "get") => match first.as_text() {
                Some(name) => Val::Reply(Part::Cookie(name.to_owned())),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Json(mut segments)), "hasOwnProperty") => match first.as_text() {
                Some(name) => {
                    segments.push(Segment::Name(name.to_owned()));
                    Val::Holds(vec![check::truthy(&segments)])
                }
                None => Val::Unknown,
            },
            (Val::Reply(part @ (Part::Json(_) | Part::Body | Part::Header(_))), name) => match name
            {
                "has" | "includes" | "contains" => match self.json(&first) {
                    Some(text) => holds(check::contains(&part, &text, false)),
                    None => Val::Unknown,
                },
                // `indexOf` is nearly always compared with -1; see `binary`.
                "match" | "search" => match &first {
                    Val::Pattern(pattern) => holds(check::matches(&part, pattern, false)),
                    _ => Val::Unknown,
                },
                "startsWith" => match first.as_text() {
                    Some(text) => {
                        holds(check::matches(&part, &format!("\\A{}", regex::escape(text)), false))
                    }
                    None => Val::Unknown,
                },
                "toString" | "trim" | "valueOf" => Val::Reply(part),
                _ => Val::Unknown,
            },
            (Val::Pattern(pattern), "test") => match first {
                Val::Reply(part) => holds(check::matches(&part, &pattern, false)),
                _ => Val::Unknown,
            },
            (value @ (Val::Text(_) | Val::Letters(_)), "toString" | "trim") => value,
            (Val::Const(value), "toString") => {
                Val::text(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            }
            (Val::Text(text), "toUpperCase" | "toLowerCase") if !text.contains(['\'', ',']) => {
                let function = if name == "toUpperCase" { "upper" } else { "lower" };
                Val::Text(format!("${{{function}('{text}')}}"))
            }
            _ => Val::Unknown,
        }
    }
}

/// A known value, its texts to be taken as they are.
fn literal(value: &Json) -> Json {
    match value {
        Json::String(text) => json!(text::literal(text)),
        Json::Array(items) => items.iter().map(literal).collect(),
        Json::Object(members) => {
            let members = members.iter();
            members.map(|(name, value)| (name.clone(), literal(value))).collect()
        }
        value => value.clone(),
    }
}

/// A name that scripts are given.
fn given(name: &str) -> Val {
    match name {
        "undefined" => Val::Undefined,
        "responseBody" => Val::Reply(Part::Body),
        "responseTime" => Val::Reply(Part::Time),
        "responseHeaders" => Val::Reply(Part::Headers),
        "responseCookies" => Val::Unknown,
        name => Val::Given(name.to_owned()),
    }
}

fn member_of_given(given: &str, name: &str) -> Val {
    match (given, name) {
        ("pm.response", "code") | ("responseCode", "code") => Val::Reply(Part::Status),
        ("pm.response", "status" | "reason") | ("responseCode", "name") => Val::Reply(Part::Reason),
        ("pm.response", "responseTime") => Val::Reply(Part::Time),
        ("pm.response", "responseSize") => Val::Reply(Part::Size),
        ("pm.response", "headers") => Val::Reply(Part::Headers),
        ("pm", "cookies") => Val::Reply(Part::Cookies),
        _ if name.is_empty() => Val::Unknown,
        _ => Val::Given(format!("{given}.{name}")),
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

fn and(left: Val, right: Val) -> Val {
    match (left, right) {
        (Val::Holds(mut left), Val::Holds(right)) => {
            left.extend(right);
            Val::Holds(left)
        }
        // That there is something to look into.
        (Val::Reply(_), right) => right,
        (left, right) => match left.truth() {
            Some(true) => right,
            Some(false) => left,
            None => Val::Unknown,
        },
    }
}

fn or(left: Val, right: Val) -> Val {
    match left.truth() {
        Some(true) => left,
        Some(false) => right,
        // What follows stands for a reply without it.
        None if matches!(left, Val::Reply(_) | Val::Text(_)) => left,
        None => Val::Unknown,
    }
}

fn minus(left: Val, right: &Val) -> Val {
    match (left.as_number(), right.as_number(), left) {
        (Some(left), Some(right), _) => Val::Const(number(left - right)),
        (_, Some(right), Val::Random { from, span }) => Val::Random { from: from - right, span },
        (_, Some(right), Val::Expression(left)) => {
            Val::Expression(format!("{left} - {}", number(right)))
        }
        _ => Val::Unknown,
    }
}

fn times(left: Val, right: Val) -> Val {
    match (left.as_number(), right.as_number(), left, right) {
        (Some(left), Some(right), ..) => Val::Const(number(left * right)),
        (Some(by), _, _, Val::Random { from, span })
        | (_, Some(by), Val::Random { from, span }, _) => {
            Val::Random { from: from * by, span: span * by }
        }
        _ => Val::Unknown,
    }
}

/// The variable that a text is, when it is nothing else.
fn plain_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_').then_some(name)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small")]
fn whole(value: f64) -> Option<u64> {
    (1.0..=1024.0).contains(&value).then_some(value as u64)
}

/// A format of moment as `date` has it; nothing when it has words that are not known.
fn strftime(format: &str) -> Option<String> {
    let known = [
        ("YYYY", "%Y"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("Z", "%:z"),
        ("[T]", "T"),
    ];
    let mut written = String::new();
    let mut rest = format;
    while let Some(char) = rest.chars().next() {
        if let Some((word, code)) = known.iter().find(|(word, _)| rest.starts_with(word)) {
            written.push_str(code);
            rest = rest.get(word.len()..).unwrap_or_default();
        } else if char.is_ascii_alphabetic() && char != 'T' || char == '\'' {
            return None;
        } else {
            written.push(char);
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
        }
    }
    Some(written)
}
