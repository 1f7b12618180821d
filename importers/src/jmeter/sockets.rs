//! TCP samplers, and the WebSocket samplers of Peter Doornbosch's plugin.

use serde_json::{Value, json};

use super::functions;
use super::managers;
use super::processors;
use super::reader::Reader;
use super::steps::Scope;
use super::timers::seconds;
use super::tree::Element;
use crate::draft::{Step, Task};

/// The samplers that are tasks here.
const WEBSOCKETS: &[&str] = &[
    "OpenWebSocketSampler",
    "RequestResponseWebSocketSampler",
    "SingleReadWebSocketSampler",
    "SingleWriteWebSocketSampler",
    "CloseWebSocketSampler",
];

/// As much as is read where JMeter reads until the server closes the connection.
const UNTIL_CLOSED: u64 = 1 << 20;

/// What a check or extract of something other than the body is of.
const BODILESS: &[&str] = &["status_code", "header", "cookie"];

/// Whether a sampler of this class is a task of a socket.
pub(super) fn is_known(class: &str) -> bool {
    class == "TCPSampler" || WEBSOCKETS.contains(&class)
}

/// What a sampler does, or a step to be written.
pub(super) fn step<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Step {
    let made = match element.class.as_str() {
        "TCPSampler" => tcp(reader, element, scope),
        _ => websocket(reader, element, scope),
    };
    match made {
        Ok(task) => {
            reader.notes.keep_request();
            task.into()
        }
        Err(why) => {
            let class = &element.class;
            reader.notes.drop_request(&reader.place, class, why);
            let name = element.name.replace("${", "$");
            Step::todo(&format!("do what `{name}` ({class}) does"), &processors::said(element))
        }
    }
}

fn named(reader: &Reader<'_>, element: &Element, user: &'static str, method: &str) -> Task {
    Task {
        place: reader.place.clone(),
        user: Some(user),
        name: Some(element.name.clone()).filter(|name| !name.trim().is_empty()),
        method: method.to_owned(),
        ..Task::default()
    }
}

fn tcp<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
) -> Result<Task, &'static str> {
    let is_tcp = |element: &&Element| element.gui.to_ascii_lowercase().starts_with("tcp");
    let defaults: Vec<&Element> = scope
        .inner_first("ConfigTestElement")
        .filter(is_tcp)
        .chain(scope.inner_first("TCPConfig"))
        .collect();
    let text = |key: &str| {
        let all = std::iter::once(element).chain(defaults.iter().copied());
        all.map(|one| one.text(key)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let host = reader.text(text("TCPSampler.server").trim());
    let port = reader.text(text("TCPSampler.port").trim());
    if host.is_empty() || port.is_empty() {
        return Err("it says no server, or no port");
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let mut task = named(reader, element, "socket_user", "");
    task.fields.insert("target".to_owned(), json!(format!("{host}:{port}")));
    let request = text("TCPSampler.request");
    let client = text("TCPSampler.classname");
    let client = client.rsplit('.').next().unwrap_or(client);
    let payload = match client {
        "" | "TCPClientImpl" => {
            let payload = reader.text(request);
            if payload.starts_with("hex:") { hex_of(payload.as_bytes()) } else { payload }
        }
        "BinaryTCPClientImpl" => bytes(&reader.text(request)),
        "LengthPrefixedBinaryTCPClientImpl" if !request.contains("${") => {
            let digits = bytes(request);
            let digits = digits.trim_start_matches("hex:");
            format!("hex:{:04x}{digits}", digits.len() / 2)
        }
        _ => return Err("the client that it names cannot be told here"),
    };
    task.fields.insert("payload".to_owned(), json!(payload));
    let end = text("TCPSampler.EolByte").trim();
    let end = reader.number(end).filter(|end| (0.0..128.0).contains(end));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 128")]
    let end = end.map(|end| char::from(end as u8));
    match (client, end) {
        ("LengthPrefixedBinaryTCPClientImpl", _) => {
            reader.approximate("a reply with its length", "two bytes of it are awaited");
            task.fields.insert("expect_bytes".to_owned(), json!(2));
        }
        (_, Some(end)) => {
            task.fields.insert("expect_substring".to_owned(), json!(end.to_string()));
        }
        _ => {
            reader.remark("the whole reply", "it is read until the server closes the connection");
            task.fields.insert("expect_bytes".to_owned(), json!(UNTIL_CLOSED));
        }
    }
    let limits = [text("TCPSampler.ctimeout"), text("TCPSampler.timeout")];
    limit(reader, &mut task, limits);
    if element.flag("TCPSampler.reUseConnection", true)
        && !element.flag("TCPSampler.closeConnection", false)
    {
        let why = "each task has a connection of its own";
        reader.approximate("a connection that is used again", why);
    }
    if !text("ConfigTestElement.username").is_empty() {
        reader.drop("a user name for TCP", "JMeter sends none either");
    }
    Ok(task)
}

fn websocket<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
) -> Result<Task, &'static str> {
    let (method, opens) = match element.class.as_str() {
        "OpenWebSocketSampler" => ("connect", true),
        "CloseWebSocketSampler" => ("close", false),
        "SingleReadWebSocketSampler" => ("recv", element.flag("createNewConnection", false)),
        "SingleWriteWebSocketSampler" => ("send", element.flag("createNewConnection", false)),
        _ => ("sendrecv", element.flag("createNewConnection", false)),
    };
    let mut task = named(reader, element, "websocket_user", method);
    if opens {
        let server = reader.text(element.text("server").trim());
        if server.is_empty() {
            return Err("it says no server");
        }
        let is_secure = element.flag("TLS", false);
        let scheme = if is_secure { "wss" } else { "ws" };
        let port = reader.text(element.text("port").trim());
        let is_default =
            matches!((is_secure, port.as_str()), (_, "") | (false, "80") | (true, "443"));
        let port = if is_default { String::new() } else { format!(":{port}") };
        let path = reader.text(element.text("path").trim());
        let slash = if path.starts_with('/') { "" } else { "/" };
        task.url = format!("{scheme}://{server}{port}{slash}{path}");
        managers::headers(reader, scope, &mut task);
        let why = "a connection to the same URL that is still open is used again";
        if method == "connect" {
            reader.remark("a connection", why);
        } else {
            reader.approximate("a connection of its own", why);
        }
        if method == "recv" {
            return Err("put a `connect` before it: it opens a connection and waits for a message");
        }
    }
    if matches!(method, "send" | "sendrecv") {
        payload(reader, element, &mut task)?;
    }
    if method == "recv" && element.flag("optional", false) {
        reader.approximate("a message that may not come", "the task fails when none comes in time");
    }
    if !matches!(element.text("statusCode").trim(), "" | "1000") {
        reader.approximate("the status that it closes with", "it closes with 1000");
    }
    let limits = [
        if opens { element.text("connectTimeout") } else { "" },
        if method == "send" { "" } else { element.text("readTimeout") },
    ];
    limit(reader, &mut task, limits);
    Ok(task)
}

fn payload(
    reader: &mut Reader<'_>,
    element: &Element,
    task: &mut Task,
) -> Result<(), &'static str> {
    let is_binary = element.text("payloadType") == "Binary" || element.flag("binaryPayload", false);
    let text = if element.flag("loadDataFromFile", false) {
        let path = element.text("dataFile").trim();
        let is_here = !path.contains("${") && reader.source.sibling(path).is_some();
        let argument = functions::argument(path).filter(|_| is_here && !is_binary);
        format!("${{file({})}}", argument.ok_or("the file with its message is not here")?)
    } else {
        reader.text(element.text("requestData"))
    };
    if is_binary {
        task.fields.insert("payload".to_owned(), json!(bytes(&text)));
        task.fields.insert("binary".to_owned(), json!(true));
    } else {
        task.fields.insert("payload".to_owned(), json!(text));
    }
    Ok(())
}

/// One time limit for all that a task does, of milliseconds.
fn limit(reader: &mut Reader<'_>, task: &mut Task, limits: [&str; 2]) {
    let all: f64 = limits.iter().filter_map(|text| reader.number(text)).filter(|n| *n > 0.0).sum();
    if all > 0.0 {
        task.fields.insert("timeout".to_owned(), seconds(all / 1000.0));
    }
}

/// Bytes that are written in hexadecimal digits, perhaps with `0x` and blanks.
fn bytes(text: &str) -> String {
    let text = text.replace("0x", "").replace("0X", "");
    let digits: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    format!("hex:{digits}")
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold("hex:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Takes out of a task what asks for more of a reply than a socket's has.
pub(super) fn without_heads(reader: &mut Reader<'_>, task: &mut Task) {
    let mut left = Vec::new();
    let mut keeps = |value: &Value, key: &str| {
        let kind = value.get(key).and_then(Value::as_str).unwrap_or_default();
        let keeps = !BODILESS.contains(&kind);
        if !keeps {
            left.push(kind.to_owned());
        }
        keeps
    };
    task.assertions.retain(|check| keeps(check, "type"));
    task.extract.retain(|extract| keeps(extract, "from"));
    for kind in left {
        let what = kind.replace('_', " ");
        reader.drop(&what, "what a socket receives has nothing but a body");
    }
}
