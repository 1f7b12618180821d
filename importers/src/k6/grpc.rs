//! gRPC: clients, what they call, and streams whose messages are known.

use std::rc::Rc;

use oxc_span::Span;
use regex::Regex;
use serde_json::{Map, Value as Json, json};

use super::load::seconds;
use super::machine::{Machine, Node, Sent};
use super::modules::joined;
use super::value::{Part, Value, What};
use crate::draft::Task;

/// The user type of the tasks.
const USER: &str = "grpc_user";

/// The time limit of calls that say none, in seconds; streams of k6 have none.
const CALL_SECONDS: u32 = 60;

/// The clients and streams of a script.
#[derive(Default)]
pub(super) struct State<'a> {
    clients: Vec<Client>,
    streams: Vec<Stream<'a>>,
}

/// `new grpc.Client()`.
#[derive(Default)]
struct Client {
    imports: Vec<String>,
    protos: Vec<String>,
    sets: Vec<String>,
    /// What `connect` says, as fields of tasks; nothing before it.
    connection: Option<Map<String, Json>>,
}

/// `new grpc.Stream(…)`: a call whose messages are written later.
struct Stream<'a> {
    request: usize,
    /// How many conditional blocks it stands in.
    depth: usize,
    handlers: Vec<(String, Value<'a>)>,
    kind: Option<&'static str>,
    is_placed: bool,
    is_over: bool,
}

impl<'a> Machine<'a, '_> {
    /// `new grpc.Client()`, `new grpc.Stream(client, method, params)`.
    pub(super) fn new_grpc(
        &mut self,
        path: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        if path == "grpc.Client" {
            self.grpc.clients.push(Client::default());
            return Value::native(&format!("grpc.client.{}", self.grpc.clients.len() - 1));
        }
        let client = match argument(0) {
            Value::Native(path) => numbered(&path, "grpc.client."),
            _ => None,
        };
        let Some(mut task) =
            client.and_then(|client| self.called(client, &argument(1), &argument(2), span))
        else {
            self.todo("open this stream", span);
            return Value::unknown("a stream that is not opened");
        };
        let kind = client.and_then(|client| self.kind(client, &task.method));
        if let Some(kind) = kind {
            task.fields.insert("rpc".to_owned(), json!(kind));
        }
        task.fields.insert("payload".to_owned(), json!([]));
        self.notes.keep_request();
        let request = self.requests.len();
        self.requests.push(Sent { task, ..Sent::default() });
        self.grpc.streams.push(Stream {
            request,
            depth: self.depth,
            handlers: Vec::new(),
            kind,
            is_placed: false,
            is_over: false,
        });
        Value::native(&format!("grpc.stream.{}", self.grpc.streams.len() - 1))
    }

    /// A function of a client or stream: `grpc.client.0.invoke`.
    pub(super) fn grpc(&mut self, path: &str, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        let function = path.rsplit('.').next().unwrap_or(path);
        if let Some(number) = numbered(path, "grpc.client.") {
            return self.grpc_client(number, function, arguments, span);
        }
        if let Some(number) = numbered(path, "grpc.stream.") {
            self.grpc_stream(number, function, arguments, span);
            return Value::Undefined;
        }
        self.todo("do by gRPC what the script does", span);
        Value::Unknown(Rc::from(self.words(span)))
    }

    fn grpc_client(
        &mut self,
        number: usize,
        function: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        match function {
            "load" => self.load_protos(number, arguments, span),
            "loadProtoset" => match argument(0).to_text() {
                Some(file) => {
                    let set = joined(&self.folder, &file);
                    if let Some(client) = self.grpc.clients.get_mut(number) {
                        client.sets.push(set);
                    }
                }
                None => self.drop(span, "which file this is cannot be decided"),
            },
            "connect" => {
                let connection = self.connection(&argument(0), &argument(1), span);
                if connection.is_none() {
                    self.drop(span, "where this goes cannot be decided");
                }
                if let Some(client) = self.grpc.clients.get_mut(number) {
                    client.connection = connection;
                }
            }
            "invoke" | "asyncInvoke" => {
                let Some(mut task) = self.called(number, &argument(0), &argument(2), span) else {
                    self.todo("make this call", span);
                    return Value::Unknown(Rc::from(self.words(span)));
                };
                let payload = self.json_of(&argument(1), span);
                if payload.as_object().is_none_or(|members| !members.is_empty()) {
                    task.fields.insert("payload".to_owned(), payload);
                }
                self.notes.keep_request();
                let request = self.requests.len();
                let is_in_loop = self.loops.iter().any(|around| around.is_live);
                self.requests.push(Sent { task, is_in_loop, ..Sent::default() });
                self.steps.push(Node::Request(request));
                return Value::Reply(Rc::new(Part { request, what: What::Whole, hint: None }));
            }
            "close" => {
                self.remark(span, "users keep their channels; another target opens another one");
            }
            _ => {
                self.todo("do by gRPC what the script does", span);
                return Value::Unknown(Rc::from(self.words(span)));
            }
        }
        Value::Undefined
    }

    /// `client.load(importPaths, ...files)`.
    fn load_protos(&mut self, number: usize, arguments: &[Value<'a>], span: Span) {
        let folders = arguments.first().and_then(Value::items).unwrap_or_default();
        let folders: Vec<String> = folders.iter().filter_map(Value::to_text).collect();
        let folders: Vec<String> =
            folders.iter().map(|folder| joined(&self.folder, folder)).collect();
        let mut protos = Vec::new();
        for file in arguments.iter().skip(1) {
            let Some(file) = file.to_text() else {
                self.drop(span, "which file this is cannot be decided");
                continue;
            };
            let places = if folders.is_empty() {
                vec![joined(&self.folder, &file)]
            } else {
                folders.iter().map(|folder| joined(folder, &file)).collect()
            };
            let there = places.iter().find(|place| self.source.sibling(place).is_some());
            protos.extend(there.or(places.first()).cloned());
        }
        let Some(client) = self.grpc.clients.get_mut(number) else { return };
        for folder in folders {
            // Where the script itself is.
            let folder = if folder.is_empty() { ".".to_owned() } else { folder };
            if !client.imports.contains(&folder) {
                client.imports.push(folder);
            }
        }
        if client.imports.is_empty() && protos.iter().any(|proto| proto.contains('/')) {
            client.imports.push(".".to_owned());
        }
        client.protos.extend(protos);
    }

    /// What `connect` says, as fields of tasks.
    fn connection(
        &mut self,
        address: &Value<'a>,
        params: &Value<'a>,
        span: Span,
    ) -> Option<Map<String, Json>> {
        let address = self.text_of(address, span)?;
        let mut fields = Map::new();
        let is_plain = params.member("plaintext").and_then(|plain| plain.truth()).unwrap_or(false);
        let target = if is_plain { address } else { format!("grpcs://{address}") };
        fields.insert("target".to_owned(), json!(target));
        fields.insert("timeout".to_owned(), json!(CALL_SECONDS));
        for (name, value) in params.members() {
            match &*name {
                "plaintext" => {}
                "reflect" => {
                    if value.truth() == Some(true) {
                        fields.insert("reflection".to_owned(), json!(true));
                    }
                }
                "maxReceiveSize" => match value.to_json() {
                    Some(bytes @ Json::Number(_)) => {
                        fields.insert("max_message_bytes".to_owned(), bytes);
                    }
                    _ => self.drop(span, "the most bytes of a message cannot be decided"),
                },
                "tls" => self.certificates(&value, &mut fields, span),
                "timeout" => self.remark(span, "connecting is part of a call's time limit"),
                other => {
                    let place = self.place(span);
                    self.notes.drop(&place, other, "a task has nothing like it");
                }
            }
        }
        Some(fields)
    }

    /// Certificates that the script reads from files.
    fn certificates(&mut self, tls: &Value<'a>, fields: &mut Map<String, Json>, span: Span) {
        if tls.member("insecureSkipVerify").and_then(|skips| skips.truth()) == Some(true) {
            fields.insert("verify".to_owned(), json!(false));
        }
        let mut file = |name: &str| {
            let value = tls.member(name)?;
            let value = value.items().and_then(|items| items.first().cloned()).unwrap_or(value);
            let text = value.to_text()?;
            let path = self.opened.iter().find(|(known, _)| **known == *text);
            let path = path.map(|(_, path)| path.clone());
            if path.is_none() {
                let place = self.place(span);
                self.notes.drop(&place, name, "a plan names the file that a certificate is in");
            }
            path
        };
        if let Some(path) = file("cacerts") {
            fields.insert("verify".to_owned(), json!(path));
        }
        if let (Some(cert), Some(key)) = (file("cert"), file("key")) {
            fields.insert("cert".to_owned(), json!([cert, key]));
        }
    }

    /// Whether a reply is that of a call.
    pub(super) fn is_call(&self, part: &Part) -> bool {
        self.requests.get(part.request).is_some_and(|sent| sent.task.user == Some(USER))
    }

    /// The task of a call, without its message; nothing where the method or the server is not known.
    fn called(
        &mut self,
        number: usize,
        method: &Value<'a>,
        params: &Value<'a>,
        span: Span,
    ) -> Option<Task> {
        let method = self.text_of(method, span)?.trim_start_matches('/').to_owned();
        let client = self.grpc.clients.get(number)?;
        let mut fields = client.connection.clone()?;
        let list = |paths: &[String]| match paths {
            [path] => json!(path),
            paths => json!(paths),
        };
        if !client.protos.is_empty() {
            fields.insert("proto".to_owned(), list(&client.protos));
            if !client.imports.is_empty() {
                fields.insert("import_paths".to_owned(), list(&client.imports));
            }
        } else if !client.sets.is_empty() {
            fields.insert("descriptor_set".to_owned(), list(&client.sets));
        }
        let place = self.place(span);
        let name = Some(method.replace("${", "$ {"));
        let mut task = Task { place, user: Some(USER), name, method, fields, ..Task::default() };
        self.call_params(&mut task, params, span);
        Some(task)
    }

    fn call_params(&mut self, task: &mut Task, params: &Value<'a>, span: Span) {
        let place = self.place(span);
        for (name, value) in params.members() {
            match &*name {
                "metadata" => {
                    let metadata = self.metadata(&value, span);
                    task.fields.insert("metadata".to_owned(), Json::Object(metadata));
                }
                "tags" => {
                    for (tag, value) in value.members() {
                        if &*tag == "name" {
                            task.name = self.text_of(&value, span);
                        } else {
                            let why = "figures are kept by the names of requests and groups only";
                            self.notes.approximate(&place, &format!("tag {tag}"), why);
                        }
                    }
                }
                "timeout" => match seconds(&value) {
                    Some(seconds) => {
                        task.fields.insert("timeout".to_owned(), seconds);
                    }
                    None => self.notes.drop(&place, "timeout", "its value cannot be decided"),
                },
                "discardResponseMessage" => {
                    self.notes.remark(&place, &name, "what nobody asks for is not read");
                }
                other => self.notes.drop(&place, other, "a task has nothing like it"),
            }
        }
    }

    fn metadata(&mut self, value: &Value<'a>, span: Span) -> Map<String, Json> {
        let mut metadata = Map::new();
        for (key, value) in value.members() {
            let text = if key.ends_with("-bin") { None } else { self.text_of(&value, span) };
            match text {
                Some(text) => {
                    metadata.insert(key.to_ascii_lowercase(), json!(text));
                }
                None => {
                    let place = self.place(span);
                    let why = "its value cannot be decided";
                    self.notes.drop(&place, &format!("metadata {key}"), why);
                }
            }
        }
        metadata
    }

    /// What kind of method it is, where the files that say so are at hand.
    fn kind(&self, number: usize, method: &str) -> Option<&'static str> {
        let name = method.rsplit('/').next().unwrap_or(method);
        let pattern = format!(
            r"\brpc\s+{}\s*\(\s*(stream\s+)?[\w.]+\s*\)\s*returns\s*\(\s*(stream\s)?",
            regex::escape(name)
        );
        let pattern = Regex::new(&pattern).ok()?;
        let client = self.grpc.clients.get(number)?;
        client.protos.iter().find_map(|proto| {
            let text = String::from_utf8(self.source.sibling(proto)?).ok()?;
            let found = pattern.captures(&text)?;
            Some(match (found.get(1), found.get(2)) {
                (None, None) => "unary",
                (None, Some(_)) => "server_stream",
                (Some(_), None) => "client_stream",
                (Some(_), Some(_)) => "bidi",
            })
        })
    }

    fn grpc_stream(&mut self, number: usize, function: &str, arguments: &[Value<'a>], span: Span) {
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        let is_live = self.loops.iter().any(|around| around.is_live);
        let depth = self.depth;
        let Some(stream) = self.grpc.streams.get_mut(number) else { return };
        match function {
            "on" => {
                if let Some(event) = first.to_text() {
                    stream.handlers.push((event, arguments.get(1).cloned().unwrap_or(first)));
                }
            }
            "write" if stream.is_over => {
                self.todo("answer a message of the stream", span);
            }
            "write" if is_live || stream.depth != depth => {
                self.todo("write this to the stream; how often is known in the run only", span);
            }
            "write" => {
                let request = stream.request;
                let message = self.json_of(&first, span);
                let sent = self.requests.get_mut(request);
                let payload = sent.and_then(|sent| sent.task.fields.get_mut("payload"));
                if let Some(Json::Array(messages)) = payload {
                    messages.push(message);
                }
            }
            "end" => self.place_stream(number),
            _ => self.todo("do with the stream what the script does", span),
        }
    }

    /// All that is written to a stream stands in one task.
    fn place_stream(&mut self, number: usize) {
        let Some(stream) = self.grpc.streams.get_mut(number) else { return };
        if stream.is_placed {
            return;
        }
        (stream.is_placed, stream.is_over) = (true, true);
        self.steps.push(Node::Request(stream.request));
        let is_single = matches!(stream.kind, Some("unary" | "server_stream"));
        let fields = self.requests.get_mut(stream.request).map(|sent| &mut sent.task.fields);
        let payload = fields.and_then(|fields| fields.get_mut("payload"));
        if let (true, Some(payload)) = (is_single, payload)
            && let Json::Array(messages) = payload
            && let [message] = messages.as_mut_slice()
        {
            *payload = message.take();
        }
    }

    /// What a script does when messages come and when streams end.
    pub(super) fn run_streams(&mut self, span: Span) {
        for number in 0..self.grpc.streams.len() {
            let Some(stream) = self.grpc.streams.get_mut(number) else { return };
            let (request, kind) = (stream.request, stream.kind);
            let handlers = std::mem::take(&mut stream.handlers);
            self.place_stream(number);
            let path = if kind == Some("client_stream") { "" } else { "0" };
            for (event, function) in handlers {
                let made = self.steps.len();
                match event.as_str() {
                    "data" => {
                        let what = What::Json(path.to_owned());
                        let message = Part { request, what, hint: None };
                        self.call(&function, vec![Value::Reply(Rc::new(message))], span);
                        if self.steps.len() > made && !path.is_empty() {
                            let place = self.place(span);
                            let why = "done once, for the first message that comes";
                            self.notes.approximate(&place, "what is done with messages", why);
                        }
                    }
                    "end" => {
                        self.call(&function, Vec::new(), span);
                    }
                    _ => {}
                }
            }
        }
        self.grpc.streams.clear();
    }
}

/// The number behind the beginning of a path.
fn numbered(path: &str, begin: &str) -> Option<usize> {
    path.strip_prefix(begin)?.split('.').next()?.parse().ok()
}

/// A number of a status: `StatusNotFound`.
pub(super) fn status(name: &str) -> Option<f64> {
    let name = name.strip_prefix("Status")?;
    let names = [
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ];
    names.iter().position(|known| *known == name).map(|number| number as f64)
}

/// A check that a call fails in a certain way says how it is to end.
pub(super) fn settle(task: &mut Task) {
    if task.user != Some(USER) {
        return;
    }
    let expected = |check: &Json| {
        let is_status = check.get("type") == Some(&json!("status_code"));
        let is_equal = check.get("op").is_none_or(|op| op == "eq");
        check.get("value").filter(|_| is_status && is_equal).and_then(Json::as_i64)
    };
    let Some(status) = task.assertions.iter().find_map(expected).filter(|status| *status > 0)
    else {
        return;
    };
    task.assertions.retain(|check| expected(check) != Some(status));
    task.fields.insert("expect_status".to_owned(), json!(status));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::notes::Notes;
    use crate::options::Options;
    use crate::source::Source;

    /// The draft and the notes of a script with this default function, as texts.
    fn told(loads: &str, body: &str) -> (String, String) {
        let text = format!(
            "import grpc from 'k6/net/grpc';\nimport http from 'k6/http';\n\
             const client = new grpc.Client();\n{loads}\n\
             export default function () {{\n{body}\n}}"
        );
        let source = Source::new("script.js", text.as_bytes(), Path::new("")).unwrap();
        let mut notes = Notes::default();
        let draft = super::super::read(&[source], &Options::default(), &mut notes).unwrap();
        (format!("{:?}", draft.scenarios), format!("{:?}", notes.list()))
    }

    const CONNECT: &str = "client.connect('a.example:1', {plaintext: true});";

    #[test]
    fn descriptors_and_tls_are_as_the_script_says() {
        let call = "client.connect('a.example:1'); client.invoke('a.B/C', {});";
        let (draft, notes) = told("client.loadProtoset('./all.protoset');", call);
        for part in ["\"descriptor_set\": String(\"all.protoset\")", "grpcs://a.example:1"] {
            assert!(draft.contains(part), "{draft}");
        }
        assert_eq!(notes, "[]");
    }

    #[test]
    fn what_a_plan_cannot_do_is_to_be_written_or_noted() {
        let stream = "const s = new grpc.Stream(client, 'a.B/C');";
        for (body, why) in [
            ("client.invoke('a.B/C', {});".to_owned(), "make this call"),
            (
                format!(
                    "{CONNECT} {stream} if (http.get('http://a.example/').json('x')) s.write({{}});"
                ),
                "how often is known in the run only",
            ),
            (
                format!("{CONNECT} {stream} s.on('data', m => s.write({{}})); s.end();"),
                "answer a message of the stream",
            ),
            (
                format!("{CONNECT} client.invoke('a.B/C', {{}}, {{metadata: {{'k-bin': 'x'}}}});"),
                "metadata k-bin",
            ),
            (format!("{CONNECT} client.healthCheck();"), "do by gRPC"),
        ] {
            let (_, notes) = told("", &body);
            assert!(notes.contains(why), "{body}: {notes}");
        }
    }
}
