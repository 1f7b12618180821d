//! Requests: `http.get(url, params)` and its like.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oxc_ast::ast::TemplateLiteral;
use oxc_span::Span;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json, json};

use super::load;
use super::machine::{Machine, Node, Sent};
use super::scope::Scope;
use super::statements::Flow;
use super::value::{Object, Part, Value, What};
use crate::body;
use crate::draft::Task;
use crate::text::placeholder_end;

impl<'a> Machine<'a, '_> {
    /// A function of `k6/http`.
    pub(super) fn http(
        &mut self,
        function: &str,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        let method = match function {
            "get" | "head" => {
                return self.request(function, &argument(0), &Value::Undefined, &argument(1), span);
            }
            "post" | "put" | "patch" | "options" => function.to_owned(),
            "del" | "delete" => "delete".to_owned(),
            "request" | "asyncRequest" => {
                let method = argument(0).to_text().unwrap_or_else(|| "GET".to_owned());
                return self.request(&method, &argument(1), &argument(2), &argument(3), span);
            }
            "batch" => return self.batch(&argument(0), span),
            "file" => {
                let members = [
                    ("data", argument(0)),
                    ("filename", argument(1)),
                    ("content_type", argument(2)),
                ];
                let members = members.into_iter().map(|(name, value)| (Rc::from(name), value));
                return Value::Object(Rc::new(Object {
                    members: RefCell::new(members.collect()),
                    kind: Cell::new("file"),
                    ..Object::default()
                }));
            }
            "url" => return argument(0),
            "cookieJar" => {
                let kind = Cell::new("jar");
                return Value::Object(Rc::new(Object { kind, ..Object::default() }));
            }
            "setResponseCallback" | "expectedStatuses" => {
                if function == "setResponseCallback" {
                    let why = "which statuses are expected is said by an assertion of each task";
                    self.drop(span, why);
                }
                return Value::Undefined;
            }
            _ => {
                self.drop(span, "this function of k6/http is not known");
                return Value::Unknown(Rc::from(self.words(span)));
            }
        };
        self.request(&method, &argument(0), &argument(1), &argument(2), span)
    }

    fn request(
        &mut self,
        method: &str,
        url: &Value<'a>,
        body: &Value<'a>,
        params: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        if self.loading {
            self.drop(span, "k6 makes no requests while it loads a script");
            return Value::Undefined;
        }
        let place = self.place(span);
        let words = self.words(span);
        let mut task =
            Task { place: place.clone(), method: method.to_ascii_uppercase(), ..Task::default() };
        let address = match url.member("url") {
            Some(inner) => {
                task.name = url
                    .member("name")
                    .and_then(|name| name.to_text())
                    .map(|name| format!("{} {name}", task.method));
                inner
            }
            None => url.clone(),
        };
        let Some(mut target) = self.text_of(&address, span) else {
            self.notes.drop_request(&place, &words, "its URL cannot be decided");
            self.todo_step("make this request", span);
            return Value::unknown(&words);
        };
        let user = taken_user(&mut target);
        task.url = target;
        if task.name.is_none() {
            task.name = plain_name(&task.method, &task.url);
        }
        self.params(&mut task, params, user, span);
        self.body(&mut task, body, span);
        // k6 says no type of a text; the client would.
        let is_text = task.fields.get("data").is_some_and(Json::is_string);
        if (is_text || task.fields.contains_key("json"))
            && body::header(&task, "content-type").is_none()
        {
            task.without.push("Content-Type".to_owned());
        }
        let cookies = match params.member("jar") {
            Some(Value::Object(jar)) if jar.kind.get() == "own jar" => {
                self.approximate(span, "cookies that the server sets are kept with all others");
                let entries = jar.entries.borrow().clone();
                let named = |(name, value): (Value<'a>, _)| Some((name.to_text()?, value));
                entries.into_iter().filter_map(named).collect()
            }
            _ => self.cookies_for(&task.url),
        };
        for (name, value) in cookies {
            let text = self.text_of(&value, span).unwrap_or_default();
            add_cookie(&mut task, &name, text);
        }
        self.notes.keep_request();
        let number = self.requests.len();
        let is_in_loop = self.loops.iter().any(|around| around.is_live);
        self.requests.push(Sent { task, is_in_loop, ..Sent::default() });
        self.steps.push(Node::Request(number));
        Value::Reply(Rc::new(Part { request: number, what: What::Whole, hint: None }))
    }

    fn params(
        &mut self,
        task: &mut Task,
        params: &Value<'a>,
        mut user: Option<(String, String)>,
        span: Span,
    ) {
        let place = self.place(span);
        let mut scheme = "basic".to_owned();
        for (name, value) in params.members() {
            match &*name {
                "headers" => {
                    for (header, value) in value.members() {
                        if matches!(value, Value::Undefined | Value::Null) {
                            continue;
                        }
                        match self.text_of(&value, span) {
                            Some(_) if header.eq_ignore_ascii_case("content-length") => {}
                            Some(text) => task.headers.push((header.to_string(), text)),
                            None => self.notes.drop(
                                &place,
                                &format!("header {header}"),
                                "its value cannot be decided",
                            ),
                        }
                    }
                }
                "cookies" => {
                    for (cookie, value) in value.members() {
                        let value = value.member("value").unwrap_or(value);
                        let text = self.text_of(&value, span).unwrap_or_default();
                        add_cookie(task, &cookie, text);
                    }
                }
                "tags" => {
                    for (tag, value) in value.members() {
                        if &*tag == "name" {
                            task.name = self.text_of(&value, span);
                        } else {
                            let what = format!("tag {tag}");
                            let why = "figures are kept by the names of requests and groups only";
                            self.notes.approximate(&place, &what, why);
                        }
                    }
                }
                "timeout" => match load::seconds(&value) {
                    Some(seconds) => {
                        task.fields.insert("timeout".to_owned(), seconds);
                    }
                    None => self.notes.drop(&place, "timeout", "its value cannot be decided"),
                },
                "auth" => scheme = value.to_text().unwrap_or(scheme),
                "redirects" => match value.to_number() {
                    Some(0.0) => {
                        task.fields.insert("allow_redirects".to_owned(), json!(false));
                    }
                    _ => self.notes.approximate(
                        &place,
                        "redirects",
                        "30 redirects are followed at most",
                    ),
                },
                "compression" => match value.to_text().as_deref() {
                    Some(how @ ("gzip" | "deflate")) => {
                        task.fields.insert("compress".to_owned(), json!(how));
                    }
                    _ => {
                        self.notes.drop(&place, "compression", "bodies are sent as gzip or deflate")
                    }
                },
                "jar" => {}
                "responseType" | "responseCallback" | "discardResponseBodies" => {
                    self.notes.remark(
                        &place,
                        &name,
                        "a plan does as much by itself, or not at all",
                    );
                }
                "throw" => {}
                other => self.notes.drop(&place, other, "a task has nothing like it"),
            }
        }
        if let Some((name, password)) = user.take()
            && body::header(task, "authorization").is_none()
        {
            let auth = match scheme.as_str() {
                "basic" | "digest" => {
                    json!({"type": scheme, "username": name, "password": password})
                }
                other => {
                    self.notes.drop(
                        &place,
                        &format!("auth {other}"),
                        "only basic and digest are spoken",
                    );
                    return;
                }
            };
            task.fields.insert("auth".to_owned(), auth);
        }
    }

    fn body(&mut self, task: &mut Task, body: &Value<'a>, span: Span) {
        match body {
            Value::Undefined | Value::Null => {}
            Value::Json(inner) => {
                let inner = Rc::clone(inner);
                let json = self.json_of(&inner, span);
                task.fields.insert("json".to_owned(), json);
            }
            Value::Object(object) if object.kind.get() == "opened" => {
                if let Some(path) = body.member("path").and_then(|path| path.to_text()) {
                    task.fields.insert("body_file".to_owned(), json!(path));
                }
            }
            Value::Object(object) if object.kind.get() == "params" => {
                let text = self.text_of(body, span).unwrap_or_default();
                task.fields.insert("data".to_owned(), json!(text));
            }
            Value::Object(object) => {
                let members = body.members();
                let is_file = |value: &Value<'_>| matches!(value, Value::Object(object) if object.kind.get() == "file");
                if object.kind.get() == "form" || members.iter().any(|(_, value)| is_file(value)) {
                    self.multipart(task, &members, span);
                    return;
                }
                let mut form = Map::new();
                for (name, value) in members {
                    let value = match (&value, self.text_of(&value, span)) {
                        (Value::Array(array), _) => {
                            let items = array.items.borrow().clone();
                            items.iter().filter_map(|item| self.text_of(item, span)).collect()
                        }
                        (_, Some(text)) => Json::String(text),
                        (_, None) => {
                            let place = self.place(span);
                            let what = format!("form field {name}");
                            self.notes.drop(&place, &what, "its value cannot be decided");
                            continue;
                        }
                    };
                    form.insert(name.to_string(), value);
                }
                // k6 sends the fields in the order of their names.
                form.sort_keys();
                if body::header(task, "content-type").is_none() {
                    task.headers.push(("Content-Type".to_owned(), body::FORM.to_owned()));
                }
                task.fields.insert("data".to_owned(), Json::Object(form));
            }
            Value::Array(_) => self.drop(span, "a list is no body"),
            other => match self.text_of(other, span) {
                Some(text) => {
                    let path = match other {
                        Value::Text(text) => {
                            self.opened.iter().find(|(known, _)| Rc::ptr_eq(known, text))
                        }
                        _ => None,
                    };
                    match path {
                        Some((_, path)) => {
                            task.fields.insert("body_file".to_owned(), json!(path));
                        }
                        None => {
                            let had_accept = body::header(task, "accept").is_some();
                            body::set_text(task, &text);
                            if !had_accept {
                                task.headers
                                    .retain(|(name, _)| !name.eq_ignore_ascii_case("accept"));
                            }
                        }
                    }
                }
                None => {
                    let place = self.place(span);
                    let words = self.words(span);
                    self.notes.drop(&place, &words, "its body cannot be decided");
                }
            },
        }
    }

    fn multipart(&mut self, task: &mut Task, members: &[(Rc<str>, Value<'a>)], span: Span) {
        // The boundary is the client's own.
        task.headers.retain(|(name, value)| {
            !(name.eq_ignore_ascii_case("content-type") && value.starts_with("multipart/form-data"))
        });
        let mut parts = Vec::new();
        for (name, value) in members {
            let mut part = Map::new();
            part.insert("field".to_owned(), json!(&**name));
            let Some(data) = value.member("data") else {
                let text = self.text_of(value, span).unwrap_or_default();
                part.insert("content".to_owned(), json!(text));
                part.insert("filename".to_owned(), Json::Null);
                parts.push(Json::Object(part));
                continue;
            };
            let opened = match &data {
                Value::Text(text) => {
                    let known = self.opened.iter().find(|(known, _)| Rc::ptr_eq(known, text));
                    known.map(|(_, path)| path.clone())
                }
                other => other.member("path").and_then(|path| path.to_text()),
            };
            match opened {
                Some(path) => part.insert("path".to_owned(), json!(path)),
                None => {
                    let text = self.text_of(&data, span).unwrap_or_default();
                    part.insert("content".to_owned(), json!(text))
                }
            };
            let filename = value.member("filename").and_then(|name| self.text_of(&name, span));
            if let Some(filename) = filename.filter(|name| name != "undefined") {
                part.insert("filename".to_owned(), json!(filename));
            }
            let kind = value.member("content_type").and_then(|kind| kind.to_text());
            let kind = kind.filter(|kind| kind != "undefined");
            let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
            part.insert("content_type".to_owned(), json!(kind));
            parts.push(Json::Object(part));
        }
        task.fields.insert("files".to_owned(), Json::Array(parts));
    }

    /// `http.batch`: requests at once.
    fn batch(&mut self, requests: &Value<'a>, span: Span) -> Value<'a> {
        if let Value::Object(of) = requests
            && of.kind.get() == "mapped"
        {
            self.approximate(
                span,
                "how many there are is known when the plan runs; it makes them one after the other",
            );
            self.for_items(span, requests, &|machine, request| {
                machine.batch(&Value::array(vec![request]), span);
                Flow::Normal
            });
            return Value::Unknown(Rc::from(self.words(span)));
        }
        let list: Vec<(Option<Rc<str>>, Value<'a>)> = match requests {
            Value::Array(array) => {
                array.items.borrow().iter().map(|item| (None, item.clone())).collect()
            }
            Value::Object(_) => {
                requests.members().into_iter().map(|(name, value)| (Some(name), value)).collect()
            }
            _ => {
                let (place, words) = (self.place(span), self.words(span));
                self.notes.drop_request(
                    &place,
                    &words,
                    "which requests these are cannot be decided",
                );
                self.todo_step("make these requests at once", span);
                return Value::unknown(&words);
            }
        };
        let outside = std::mem::take(&mut self.steps);
        let mut replies = Vec::new();
        for (name, request) in list {
            let parts = match &request {
                Value::Array(array) => array.items.borrow().clone(),
                Value::Object(_)
                    if request.member("url").is_some() && request.member("name").is_none() =>
                {
                    let part = |name: &str| request.member(name).unwrap_or(Value::Undefined);
                    let method = request.member("method").unwrap_or_else(|| Value::text("GET"));
                    vec![method, part("url"), part("body"), part("params")]
                }
                url => vec![Value::text("GET"), url.clone()],
            };
            let part = |number: usize| parts.get(number).cloned().unwrap_or(Value::Undefined);
            let method = part(0).to_text().unwrap_or_else(|| "GET".to_owned());
            let reply = self.request(&method, &part(1), &part(2), &part(3), span);
            replies.push((name, reply));
        }
        let made = std::mem::replace(&mut self.steps, outside);
        let (tasks, others): (Vec<Node>, Vec<Node>) =
            made.into_iter().partition(|node| matches!(node, Node::Request(_)));
        // What is computed for them comes before.
        self.steps.extend(others);
        if tasks.len() > 1 {
            self.steps.push(Node::Block { head: Map::new(), lists: vec![("parallel", tasks)] });
        } else {
            self.steps.extend(tasks);
        }
        if matches!(requests, Value::Object(_)) {
            let members = replies.into_iter().filter_map(|(name, reply)| Some((name?, reply)));
            Value::object(members.collect())
        } else {
            Value::array(replies.into_iter().map(|(_, reply)| reply).collect())
        }
    }

    /// http.url`…`: a URL, and a name for all that only differ in the values.
    pub(super) fn tagged_url(
        &mut self,
        template: &'a TemplateLiteral<'a>,
        scope: &Rc<Scope<'a>>,
        span: Span,
    ) -> Value<'a> {
        let mut url = Value::text("");
        let mut name = String::new();
        for (number, piece) in template.quasis.iter().enumerate() {
            let text = piece.value.cooked.as_ref().unwrap_or(&piece.value.raw);
            url = self.binary("+", url, Value::text(text), span);
            name.push_str(text);
            if let Some(inner) = template.expressions.get(number) {
                let value = self.expression(inner, scope);
                // The origin is the same for all of them.
                match value.to_text().filter(|text| text.contains("://")) {
                    Some(origin) => name.push_str(&origin),
                    None if number == 0 && name.is_empty() => {}
                    None => name.push_str("{}"),
                }
                url = self.binary("+", url, value, span);
            }
        }
        let path = match name.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => name.as_str(),
        };
        let path = path.split('?').next().unwrap_or(path);
        Value::object(vec![
            (Rc::from("url"), url),
            (Rc::from("name"), Value::text(if path.is_empty() { "/" } else { path })),
        ])
    }

    /// A step to be written; what is lost is noted already.
    pub(super) fn todo_step(&mut self, what: &str, span: Span) {
        let mut head = Map::new();
        head.insert("todo".to_owned(), format!("{what} ({})", self.place(span)).into());
        head.insert("source".to_owned(), self.source_text(span).replace("${", "$ {").into());
        self.steps.push(Node::Block { head, lists: Vec::new() });
    }
}

/// Takes `user:password@` out of a URL.
fn taken_user(url: &mut String) -> Option<(String, String)> {
    let start = url.find("://")? + 3;
    let rest = url.get(start..)?;
    let authority = rest.get(..rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let at = authority.rfind('@')?;
    let user = authority.get(..at)?.to_owned();
    url.replace_range(start..start + at + 1, "");
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, password) = user.split_once(':').unwrap_or((user.as_str(), ""));
    Some((decoded(name), decoded(password)))
}

/// A name for a request whose path has more in it than the names of variables.
fn plain_name(method: &str, url: &str) -> Option<String> {
    let url = super::load::path_of(url)?;
    let mut name = format!("{method} ");
    let mut rest = url.as_str();
    let mut has_call = false;
    while let Some((before, after)) = rest.split_once("${") {
        name.push_str(before);
        let end = placeholder_end(after);
        let inside = after.get(..end).unwrap_or_default();
        if let Some((function, arguments)) = inside.split_once('(') {
            has_call = true;
            let last = arguments.trim_end_matches(')').rsplit(", ").next().unwrap_or_default();
            let first = arguments.strip_prefix("${").and_then(|rest| rest.split('}').next());
            let word = match (function, first) {
                ("default" | "trim", Some(first)) if !first.contains('(') => first,
                ("item", _) if !last.contains(['$', '\'', '-']) => last,
                _ => function,
            };
            name.push_str(&format!("{{{word}}}"));
        } else {
            name.push_str(&format!("${{{inside}}}"));
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    name.push_str(rest);
    has_call.then_some(name)
}

fn add_cookie(task: &mut Task, name: &str, value: String) {
    let cookies = task.fields.entry("cookies").or_insert_with(|| json!({}));
    if let Some(cookies) = cookies.as_object_mut() {
        cookies.insert(name.to_owned(), json!(value));
    }
}
