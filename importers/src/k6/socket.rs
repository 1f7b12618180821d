//! WebSockets: what handlers send when the connection opens, and that they wait for messages.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::json;

use super::load::seconds;
use super::machine::{Machine, Node, Sent};
use super::value::Value;
use crate::draft::Task;

impl<'a> Machine<'a, '_> {
    /// A function of `k6/ws` or `k6/websockets`, or of a connection.
    pub(super) fn socket(&mut self, path: &str, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        let function = path.rsplit('.').next().unwrap_or(path);
        match function {
            "connect" | "WebSocket" => {
                let (protocols, params, handler) = match (function, argument(1), argument(2)) {
                    ("WebSocket", protocols, params) => (protocols, params, Value::Undefined),
                    (_, handler @ Value::Function(_), _) => {
                        (Value::Undefined, Value::Undefined, handler)
                    }
                    (_, params, handler) => (Value::Undefined, params, handler),
                };
                let Some(url) = self.text_of(&argument(0), span) else {
                    self.todo("connect here as the script does", span);
                    return Value::native("ws.client");
                };
                let mut task = self.message("connect", span);
                task.url = url;
                let names: Vec<String> = match &protocols {
                    Value::Array(_) => {
                        let names = protocols.items().unwrap_or_default();
                        names.iter().filter_map(|name| self.text_of(name, span)).collect()
                    }
                    Value::Undefined | Value::Null => Vec::new(),
                    name => self.text_of(name, span).into_iter().collect(),
                };
                if !names.is_empty() {
                    offered(&mut task, names.iter().map(String::as_str));
                }
                let headers = params.member("headers").map(|headers| headers.members());
                for (name, value) in headers.unwrap_or_default() {
                    if let Some(text) = self.text_of(&value, span) {
                        if name.eq_ignore_ascii_case("Sec-WebSocket-Protocol") {
                            offered(&mut task, text.split(',').map(str::trim));
                        } else {
                            task.headers.push((name.to_string(), text));
                        }
                    }
                }
                self.sent(task);
                if function == "connect" {
                    let outside = std::mem::take(&mut self.handlers);
                    self.call(&handler, vec![Value::native("ws.client")], span);
                    self.run_handlers(span);
                    self.handlers = outside;
                }
                Value::native("ws.client")
            }
            "on" | "addEventListener" => {
                if let Some(event) = argument(0).to_text() {
                    self.handlers.push((event, argument(1)));
                }
                Value::Undefined
            }
            "send" | "sendBinary" => {
                let mut task = self.message("send", span);
                match self.text_of(&argument(0), span) {
                    Some(text) => {
                        task.fields.insert("payload".to_owned(), json!(text));
                    }
                    None => self.drop(span, "what is sent cannot be decided"),
                }
                self.sent(task);
                Value::Undefined
            }
            "close" => {
                let task = self.message("close", span);
                self.sent(task);
                Value::Undefined
            }
            "setTimeout" | "setInterval" => {
                let (function, delay) = (argument(0), argument(1));
                let outside = std::mem::take(&mut self.steps);
                self.call(&function, Vec::new(), span);
                let steps = std::mem::replace(&mut self.steps, outside);
                if super::sends(&steps) {
                    if let Some(delay) = seconds(&delay) {
                        self.late.push(Self::block("pause", delay, Vec::new()));
                    }
                    self.late.extend(steps);
                    if function_repeats(path) {
                        self.approximate(span, "done once here, and not again and again");
                    }
                }
                Value::Undefined
            }
            "ping" | "setPingInterval" => {
                self.remark(span, "pings are answered; none are sent");
                Value::Undefined
            }
            _ => Value::Undefined,
        }
    }

    /// What happens on a connection: it opens, messages come, it closes.
    pub(super) fn run_handlers(&mut self, span: Span) {
        let handlers = std::mem::take(&mut self.handlers);
        if handlers.is_empty() && self.late.is_empty() {
            return;
        }
        let of = |event: &str| {
            let known = handlers.iter().filter(|(known, _)| known == event);
            known.map(|(_, function)| function.clone()).collect::<Vec<_>>()
        };
        for function in of("open") {
            self.call(&function, vec![Value::unknown("the event")], span);
        }
        // Of the connection that was opened last.
        let closes = |nodes: &[Node], machine: &Self| {
            let is = |node: &Node, method: &str| match node {
                Node::Request(number) => {
                    machine.requests.get(*number).is_some_and(|sent| sent.task.method == method)
                }
                _ => false,
            };
            let opened = nodes.iter().rposition(|node| is(node, "connect")).unwrap_or_default();
            let behind = nodes.get(opened..).unwrap_or_default();
            behind.iter().position(|node| is(node, "close")).map(|at| opened + at)
        };
        let mut steps = std::mem::take(&mut self.steps);
        let close = closes(&steps, self).map(|at| steps.remove(at));
        self.steps = steps;
        let messages = of("message");
        if !messages.is_empty() {
            let task = self.message("recv", span);
            self.sent(task);
            for function in messages {
                let outside = std::mem::take(&mut self.steps);
                self.call(&function, vec![Value::unknown("the message")], span);
                let steps = std::mem::replace(&mut self.steps, outside);
                let answers = steps.into_iter().filter(
                    |node| !matches!(node, Node::Block { head, .. } if head.contains_key("todo")),
                );
                self.steps.extend(answers);
            }
        }
        let late = std::mem::take(&mut self.late);
        self.steps.extend(late);
        if let Some(close) = close
            && closes(&self.steps, self).is_none()
        {
            self.steps.push(close);
        }
    }

    fn message(&self, method: &str, span: Span) -> Task {
        Task {
            place: self.place(span),
            user: Some("websocket_user"),
            name: Some(method.to_owned()),
            method: method.to_owned(),
            ..Task::default()
        }
    }

    fn sent(&mut self, task: Task) {
        self.notes.keep_request();
        let number = self.requests.len();
        self.requests.push(Sent { task, ..Sent::default() });
        self.steps.push(Node::Request(number));
    }
}

/// The subprotocols that the handshake offers.
fn offered<'t>(task: &mut Task, names: impl Iterator<Item = &'t str>) {
    task.fields.insert("subprotocols".to_owned(), names.collect());
}

fn function_repeats(path: &str) -> bool {
    path.ends_with("setInterval")
}

/// Keeps handlers that are assigned: `socket.onmessage = …`.
pub(super) fn event_of(name: &str) -> Option<Rc<str>> {
    name.strip_prefix("on").map(Rc::from)
}
