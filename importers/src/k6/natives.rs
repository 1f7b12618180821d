//! What the language and k6 give to scripts, by path: `Math.floor`, `http.get`, `check`.

use std::rc::Rc;

use oxc_span::Span;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::code::Code;
use super::grpc;
use super::machine::Machine;
use super::value::{Part, Test, Value, What, json_number};

/// What `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What `encodeURI` encodes.
const WHOLE: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#');

impl<'a> Machine<'a, '_> {
    pub(super) fn native_member(&mut self, path: &str, name: &str) -> Value<'a> {
        match (path, name) {
            ("__ENV", name) => self.environment(name),
            ("Math", "PI") => Value::Number(std::f64::consts::PI),
            ("Math", "E") => Value::Number(std::f64::consts::E),
            ("Number", "MAX_SAFE_INTEGER") => Value::Number(9_007_199_254_740_991.0),
            ("k6", name) => Value::native(name),
            ("http.default", name) => Value::native(&format!("http.{name}")),
            ("exec.vu", "idInTest" | "idInInstance") => {
                Value::live(Code::op("+", Code::Call("user_id", vec![]), Code::Const(json!(1))))
            }
            ("exec.vu", "iterationInScenario" | "iterationInInstance") => {
                Value::live(Code::Call("iteration", vec![]))
            }
            ("exec.scenario", "iterationInTest" | "iterationInInstance") => {
                let counter = Code::Call("run_counter", vec![Code::text("iterations")]);
                Value::live(Code::op("-", counter, Code::Const(json!(1))))
            }
            ("ws.client", "status") => Value::Number(101.0),
            ("exec.scenario", "name") => Value::text(&self.scenario),
            ("grpc", name) if grpc::status(name).is_some() => {
                grpc::status(name).map_or(Value::Undefined, Value::Number)
            }
            ("http", "expectedStatuses") | ("http", "setResponseCallback") => {
                Value::native(&format!("http.{name}"))
            }
            (_, "length") => Value::Undefined,
            (path, name) => {
                // Numbers that k6 has for versions, methods and so on.
                if path == "http" && name.starts_with(|first: char| first.is_ascii_uppercase()) {
                    if matches!(name, "FormData" | "CookieJar") {
                        return Value::native(&format!("http.{name}"));
                    }
                    return Value::text(name);
                }
                Value::native(&format!("{path}.{name}"))
            }
        }
    }

    /// A variable of the environment; that of the scenario goes before it.
    fn environment(&mut self, name: &str) -> Value<'a> {
        let own = self.of_scenario.iter().find(|(known, _)| known == name);
        match own {
            Some((_, value)) => value.clone(),
            None => Value::live(Code::Name(format!("env.{name}"))),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a list of uniform entries")]
    pub(super) fn call_native(
        &mut self,
        path: &str,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        let first = argument(0);
        let number = |at: usize| arguments.get(at).and_then(Value::to_number);
        let unknown = |machine: &Self| Value::Unknown(Rc::from(machine.words(span)));
        if let Some(method) = path.strip_prefix("http.") {
            return self.http(method, arguments, span);
        }
        if path.starts_with("sql.") {
            return self.sql(path, &arguments, span);
        }
        if path.starts_with("ws.") || path.starts_with("websockets.") {
            return self.socket(path, &arguments, span);
        }
        if path.starts_with("grpc.") {
            return self.grpc(path, &arguments, span);
        }
        match path {
            "check" => self.check(&arguments, span),
            "utils.checkStatus" => {
                let status = first.member("expectedStatus").unwrap_or(Value::Number(200.0));
                if let Some(Value::Reply(part)) = first.member("res")
                    && let Some(status) = status.to_json()
                    && let Some(sent) = self.requests.get_mut(part.request)
                {
                    let check = json!({"type": "status_code", "value": status, "soft": true});
                    sent.task.assertions.push(check);
                }
                Value::Undefined
            }
            "group" | "describe.describe" => {
                let outside = std::mem::take(&mut self.steps);
                let value = self.call(&argument(1), Vec::new(), span);
                let steps = std::mem::replace(&mut self.steps, outside);
                let name = self.text_of(&first, span).unwrap_or_else(|| "group".to_owned());
                self.groups.insert(name.clone());
                if !steps.is_empty() {
                    self.steps.push(Self::block("group", json!(name), vec![("tasks", steps)]));
                }
                value
            }
            "sleep" => {
                self.sleep(&first, span);
                Value::Undefined
            }
            "fail" | "exec.test.abort" | "exec.test.fail" => {
                if path == "exec.test.abort" && self.depth > 0 {
                    self.steps.push(Self::block("stop_run", json!(true), Vec::new()));
                }
                self.throw(first);
                Value::Undefined
            }
            "randomSeed" => Value::Undefined,
            "Math.random" => Value::Range(0.0, 1.0, false),
            "Math.floor" | "Math.round" | "Math.ceil" | "Math.trunc" | "parseInt" => match &first {
                Value::Range(_, _, true) => first,
                Value::Range(min, max, false) => match path {
                    "Math.ceil" => Value::Range(min.floor() + 1.0, max.ceil(), true),
                    "Math.round" => Value::Range(min.round(), max.round(), true),
                    _ => Value::Range(min.floor(), (max.ceil() - 1.0).max(min.floor()), true),
                },
                Value::Live(_) | Value::Reply(_) | Value::Row(_) | Value::Test(_)
                    if path == "parseInt" && matches!(number(1), None | Some(0.0 | 10.0)) =>
                {
                    first
                }
                _ if path == "parseInt" => match (first.to_text(), arguments.get(1)) {
                    (Some(text), None | Some(Value::Undefined)) => {
                        Value::Number(whole_number(&text, 0.0))
                    }
                    (Some(text), Some(radix)) if radix.to_number().is_some() => {
                        Value::Number(whole_number(&text, radix.to_number().unwrap_or(0.0)))
                    }
                    _ => {
                        self.drop(span, "what this number is cannot be computed by a plan");
                        unknown(self)
                    }
                },
                Value::Live(code) if super::dates::seconds(code).is_some() => {
                    super::dates::seconds(code).map_or_else(|| unknown(self), Value::live)
                }
                Value::Live(code) if path != "Math.ceil" && number_below(code).is_some() => {
                    // Any number of those below another one.
                    let below = number_below(code).cloned().unwrap_or(Code::Const(json!(1)));
                    let last = Code::op("-", below, Code::Const(json!(1)));
                    Value::live(Code::Call("randint", vec![Code::Const(json!(0)), last]))
                }
                _ => match first.to_number() {
                    Some(value) => Value::Number(match path {
                        "Math.ceil" => value.ceil(),
                        "Math.round" => (value + 0.5).floor(),
                        "Math.floor" => value.floor(),
                        _ => value.trunc(),
                    }),
                    None => unknown(self),
                },
            },
            "parseFloat" | "Number.parseFloat" if first.is_constant() => {
                let text = first.to_text().unwrap_or_default();
                Value::Number(leading_number(text.trim()))
            }
            "Number" | "parseFloat" | "Number.parseFloat" => match (&first, first.to_number()) {
                (_, Some(value)) => Value::Number(value),
                _ => first,
            },
            "Number.parseInt" => self.call_native("parseInt", arguments, span),
            "String" => match &first {
                Value::Live(_) | Value::Reply(_) | Value::Row(_) | Value::Range(..) => first,
                other => other.to_text().map_or_else(|| unknown(self), |text| Value::text(&text)),
            },
            "Boolean" => match first.truth() {
                Some(holds) => Value::Bool(holds),
                None => first,
            },
            "isNaN" => first
                .to_number()
                .map_or_else(|| unknown(self), |number| Value::Bool(number.is_nan())),
            "Math.min" | "Math.max" | "Math.abs" | "Math.pow" | "Math.sqrt" => {
                let numbers: Option<Vec<f64>> = arguments.iter().map(Value::to_number).collect();
                let Some(numbers) = numbers else { return unknown(self) };
                let at = |number: usize| numbers.get(number).copied().unwrap_or(f64::NAN);
                Value::Number(match path {
                    "Math.min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
                    "Math.max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    "Math.abs" => at(0).abs(),
                    "Math.pow" => at(0).powf(at(1)),
                    _ => at(0).sqrt(),
                })
            }
            "Date.now" => Value::live(Code::Call("timestamp_ms", vec![])),
            "Date" => Value::live(Code::Call("now", vec![])),
            "utils.uuidv4" | "uuidv4" | "crypto.randomUUID" | "uuid.v4" => {
                Value::live(Code::Call("uuid", vec![]))
            }
            "utils.randomIntBetween" | "randomIntBetween" => match (number(0), number(1)) {
                (Some(min), Some(max)) => Value::Range(min, max, true),
                _ => match (self.code(&first, span), self.code(&argument(1), span)) {
                    (Some(min), Some(max)) => Value::live(Code::Call("randint", vec![min, max])),
                    _ => unknown(self),
                },
            },
            "utils.randomItem" | "randomItem" => {
                let last = first.items().map_or(0.0, |items| items.len() as f64 - 1.0);
                match &first {
                    Value::Array(_) => self.item(&first, &Value::Range(0.0, last, true), span),
                    other => match self.code(other, span) {
                        Some(code) => Value::live(Code::Call("random_choice", vec![code])),
                        None => unknown(self),
                    },
                }
            }
            "utils.randomString" | "randomString" => {
                let length = Code::Const(json_number(number(0).unwrap_or(10.0)));
                let alphabet = argument(1).to_text().filter(|_| arguments.len() > 1);
                let alphabet = alphabet.unwrap_or_else(|| "abcdefghijklmnopqrstuvwxyz".to_owned());
                Value::live(Code::Call("random_string", vec![length, Code::text(&alphabet)]))
            }
            "utils.findBetween" => match (&first, argument(1).to_text(), argument(2).to_text()) {
                (Value::Reply(part), Some(left), Some(right)) if part.what == What::Body => {
                    let what = What::Boundary(left, right);
                    Value::Reply(Rc::new(Part { request: part.request, what, hint: None }))
                }
                _ => unknown(self),
            },
            "JSON.stringify" => match first.to_json() {
                Some(Json::Null) if matches!(first, Value::Undefined) => Value::Undefined,
                Some(json) => {
                    let spaces = number(2).unwrap_or(0.0) > 0.0;
                    let text = if spaces {
                        serde_json::to_string_pretty(&json).unwrap_or_default()
                    } else {
                        json.to_string()
                    };
                    Value::text(&text)
                }
                None => match &first {
                    Value::Array(_) | Value::Object(_) => Value::Json(Rc::new(first)),
                    _ => first,
                },
            },
            "JSON.parse" => match &first {
                Value::Text(text) => match serde_json::from_str::<Json>(text) {
                    Ok(json) => {
                        let value = Value::from_json(&json);
                        self.of_file(&value, text, "json");
                        value
                    }
                    Err(_) => {
                        let message = Value::text("this is not JSON");
                        self.throw(Value::object(vec![(Rc::from("message"), message)]));
                        unknown(self)
                    }
                },
                Value::Reply(part) if part.what == What::Body => {
                    let what = What::Json(String::new());
                    Value::Reply(Rc::new(Part { request: part.request, what, hint: None }))
                }
                Value::Json(inner) => (**inner).clone(),
                _ => first,
            },
            "encodeURIComponent" | "encodeURI" => match first.to_text() {
                Some(text) => {
                    let set = if path == "encodeURI" { WHOLE } else { COMPONENT };
                    Value::text(&utf8_percent_encode(&text, set).to_string())
                }
                None => match self.code(&first, span) {
                    Some(code) => Value::live(Code::Call("url_encode", vec![code])),
                    None => unknown(self),
                },
            },
            "decodeURIComponent" | "decodeURI" => match first.to_text() {
                Some(text) => {
                    Value::text(&percent_encoding::percent_decode_str(&text).decode_utf8_lossy())
                }
                None => first,
            },
            "encoding.b64encode" | "btoa" => self.base64(&first, &argument(1), span),
            "encoding.b64decode" | "atob" => self.base64_decoded(&first, span),
            "crypto.md5" | "crypto.sha1" | "crypto.sha256" | "crypto.sha384" | "crypto.sha512" => {
                let algorithm = path.strip_prefix("crypto.").unwrap_or(path);
                self.digest(algorithm, None, &first, &argument(1), span)
            }
            "crypto.hmac" => {
                let algorithm = first.to_text().unwrap_or_default();
                self.digest(&algorithm, Some(&argument(1)), &argument(2), &argument(3), span)
            }
            "crypto.createHash" => self.hasher(&first, None),
            "crypto.createHMAC" => self.hasher(&first, Some(argument(1))),
            "Object.keys" => Value::array(
                self.members_of(&first).into_iter().map(|(name, _)| Value::Text(name)).collect(),
            ),
            "Object.values" => {
                Value::array(self.members_of(&first).into_iter().map(|(_, value)| value).collect())
            }
            "Object.entries" => Value::array(
                self.members_of(&first)
                    .into_iter()
                    .map(|(name, value)| Value::array(vec![Value::Text(name), value]))
                    .collect(),
            ),
            "Object.assign" => {
                if let Value::Object(object) = &first {
                    for source in arguments.iter().skip(1) {
                        for (name, value) in self.members_of(source) {
                            object.set(&name, value);
                        }
                    }
                }
                first
            }
            "Object.freeze" => first,
            "Object.fromEntries" => {
                let pairs = first.items().unwrap_or_default();
                let members = pairs.iter().filter_map(|pair| {
                    let pair = pair.items()?;
                    Some((Rc::from(pair.first()?.to_text()?), pair.get(1)?.clone()))
                });
                Value::object(members.collect())
            }
            "Array.isArray" => match &first {
                Value::Reply(_) => Value::test(Test::Is(first, "array")),
                other => Value::Bool(matches!(other, Value::Array(_))),
            },
            "Array.from" => {
                let length = first.member("length").and_then(|length| length.to_number());
                let items = match (first.items(), length) {
                    (Some(items), _) => items,
                    (None, Some(length)) => {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "clamped"
                        )]
                        let length = length.clamp(0.0, 10_000.0) as usize;
                        vec![Value::Undefined; length]
                    }
                    (None, None) => return unknown(self),
                };
                match arguments.get(1) {
                    Some(function) => {
                        let mut made = Vec::new();
                        for (number, item) in items.into_iter().enumerate() {
                            made.push(self.call(
                                function,
                                vec![item, Value::Number(number as f64)],
                                span,
                            ));
                        }
                        Value::array(made)
                    }
                    None => Value::array(items),
                }
            }
            "Array" if !matches!(arguments.as_slice(), [Value::Number(_)]) => {
                Value::array(arguments)
            }
            "Array" => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped"
                )]
                let length = number(0).unwrap_or(0.0).clamp(0.0, 10_000.0) as usize;
                Value::array(vec![Value::Undefined; length])
            }
            "open" => self.open(&first, span),
            "papaparse.parse" => self.csv(&first, &argument(1), span),
            "html.parseHTML" => match &first {
                Value::Reply(part) if part.what == What::Body => {
                    let what = What::Html;
                    Value::Reply(Rc::new(Part { request: part.request, what, hint: None }))
                }
                _ => unknown(self),
            },
            "Promise.all" => self.all_settled(&first, span),
            "Promise.allSettled" => match self.all_settled(&first, span) {
                Value::Array(array) => {
                    let items = array.items.borrow();
                    let settled = items.iter().map(|value| {
                        let status = Value::text("fulfilled");
                        Value::object(vec![
                            (Rc::from("status"), status),
                            (Rc::from("value"), value.clone()),
                        ])
                    });
                    Value::array(settled.collect())
                }
                other => other,
            },
            "Promise.race" | "Promise.any" => {
                self.approximate(
                    span,
                    "the first one that is named is taken to be the first one done",
                );
                let all = self.all_settled(&first, span);
                self.get(&all, "0", span)
            }
            "resolve" => {
                self.resolved = Some(first);
                Value::Undefined
            }
            "reject" => {
                self.throw(first);
                Value::Undefined
            }
            "setTimeout" => {
                let seconds = self.binary("/", argument(1), Value::Number(1000.0), span);
                self.sleep(&seconds, span);
                self.call(&first, Vec::new(), span)
            }
            "clearTimeout" | "clearInterval" => Value::Undefined,
            "Promise.resolve" => first,
            "Error" | "url.URLSearchParams" | "URLSearchParams" | "url.URL" | "URL" => {
                self.construct(&Value::native(path), arguments, span)
            }
            "require" => match first.to_text() {
                Some(source) => self.namespace(&source, span),
                None => unknown(self),
            },
            _ if path.starts_with("console.") => {
                if path != "console.log" || self.depth == 0 {
                    return Value::Undefined;
                }
                Value::Undefined
            }
            _ => {
                let root = path.split('.').next().unwrap_or(path);
                let protocol = [
                    ("redis", "Redis"),
                    ("browser", "a browser"),
                    ("kafka", "Kafka"),
                    ("mqtt", "MQTT"),
                ];
                if let Some((_, name)) = protocol.iter().find(|(known, _)| *known == root) {
                    if !self.loading {
                        self.todo(&format!("do by {name} what the script does"), span);
                    }
                } else if !self.loading {
                    self.drop(span, "this function is not known");
                }
                unknown(self)
            }
        }
    }
}

/// What a number between 0 and 1 was multiplied with.
fn number_below(code: &Code) -> Option<&Code> {
    let Code::Op("*", one, other) = code else { return None };
    let is_drawn = |code: &Code| {
        matches!(code, Code::Op("/", drawn, _) if matches!(&**drawn, Code::Call("randint", bounds)
            if bounds.first() == Some(&Code::Const(json!(0)))))
    };
    match (is_drawn(one), is_drawn(other)) {
        (true, false) => Some(other),
        (false, true) => Some(one),
        _ => None,
    }
}

/// `parseInt`: the whole number that a text begins with.
fn whole_number(text: &str, radix: f64) -> f64 {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let radix = if radix.is_nan() { 0.0 } else { radix.trunc() };
    let (radix, digits) = match hex {
        Some(hex) if matches!(radix, 0.0 | 16.0) => (16.0, hex),
        _ if radix.abs() < 1.0 => (10.0, digits),
        _ => (radix, digits),
    };
    if !(2.0..=36.0).contains(&radix) {
        return f64::NAN;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 2 to 36")]
    let values = digits.chars().map_while(|char| char.to_digit(radix as u32));
    let number = values.fold(None, |number: Option<f64>, digit| {
        Some(number.unwrap_or(0.0) * radix + f64::from(digit))
    });
    number.map_or(f64::NAN, |number| sign * number)
}

/// `parseFloat`: the number that a text begins with.
fn leading_number(text: &str) -> f64 {
    for start in ["Infinity", "+Infinity", "-Infinity"] {
        if text.starts_with(start) {
            return super::value::number_of(start);
        }
    }
    let ends = text.char_indices().map(|(at, char)| at + char.len_utf8()).take(40);
    let starts =
        ends.filter_map(|end| text.get(..end)).filter(|start| !start.ends_with(['x', 'X']));
    let numbers = starts.filter_map(|start| {
        let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        start.bytes().all(is_plain).then(|| start.parse::<f64>().ok()).flatten()
    });
    numbers.last().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{leading_number, whole_number};

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for (text, radix, number) in [
            ("42px", 0.0, 42.0),
            ("-7", 10.0, -7.0),
            ("ff", 16.0, 255.0),
            ("0x1F", 0.0, 31.0),
            ("0x1F", 10.0, 0.0),
            ("101", 2.0, 5.0),
            (" 12.9", 0.0, 12.0),
        ] {
            assert!((whole_number(text, radix) - number).abs() < 1e-9, "{text}");
        }
        assert!(whole_number("x", 0.0).is_nan() && whole_number("1", 1.0).is_nan());
        assert!((leading_number("2.5kg") - 2.5).abs() < 1e-9);
        assert!((leading_number("-1e3") + 1000.0).abs() < 1e-9);
        assert!(leading_number("kg").is_nan());
    }
}
