//! HAR files. What was recorded is what the plan has to send; a server answers with what
//! was recorded too.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::recorder::{Recorded, Recorder};
use ld_tests::witness::{Seen, reply};
use serde_json::{Value, json};

use crate::compare::{Body, Differences, Request, comparable};
use crate::corpus::copy_all;
use crate::{corpus, import, plans_are_as_expected, run_plan};

#[test]
fn plans_of_recordings_are_as_expected() {
    plans_are_as_expected(cases::files(&cases::folder("importers/har"), "har").unwrap(), |case| {
        let folder = Folder::new().unwrap();
        let name = case.file_name().unwrap().to_str().unwrap();
        fs::copy(case, folder.path().join(name)).unwrap();
        copy_attached(case, folder.path());
        import(&folder, name)
    });
}

#[test]
fn imported_recordings_send_what_was_recorded() {
    let mut differences = Differences::default();
    for case in cases::files(&cases::folder("importers/har"), "har").unwrap() {
        replay(&case, &[], &mut differences);
    }
    differences.at_most(0, 100);
}

#[test]
fn values_that_the_server_gives_anew_are_sent_back() {
    // What the server gives in place of what was recorded.
    let fresh = [
        ("kX93hfQ02lmZpT7v", "csrf/fresh+1=="),
        ("f0rm-6b1d8e22c9a4", "form-fresh-2"),
        ("x5r8f-1f0e9d8c7b6a", "xsrf-fresh-3"),
        ("c4rt9a8b7c6d5e4f", "cart-fresh-4"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NyJ9.q1w2e3r4t5y6u7i8o9p0", "fresh.jwt.5"),
        ("5f3a", "fresh6"),
        ("tk-9c8b7a6d5e4f3210", "ticket-fresh-7"),
        ("5a6b7c8d9e0f", "sig-fresh-8"),
        ("users/77", "users/5501"),
        (r#"\"id\":77"#, r#"\"id\":5501"#),
        ("1042", "990042"),
    ];
    let mut differences = Differences::default();
    replay(&cases::folder("importers/har").join("own-shop.har"), &fresh, &mut differences);
    differences.at_most(0, 12);
}

#[test]
fn values_that_redirects_give_anew_are_sent_back() {
    let fresh = [
        ("A1B2C3D4E5F60718", "0F9E8D7C6B5A4321FE"),
        ("4%2F0AX4XfWhq7Zt", "4%2Ffresh%2Bcode%2F2"),
        ("Zq8+Rk2/Vw5Xy7Lm", "Fr3/sh+T0ken3=="),
        ("Zq8%2BRk2%2FVw5Xy7Lm", "Fr3%2Fsh%2BT0ken3%3D%3D"),
        ("884213", "7700421"),
    ];
    let mut differences = Differences::default();
    replay(&cases::folder("importers/har").join("own-redirects.har"), &fresh, &mut differences);
    differences.at_most(0, 14);
}

#[test]
fn recorded_messages_are_said_to_a_websocket_server() {
    let message = |kind: &str, opcode: u8, time: f64, data: &str| json!({"type": kind, "opcode": opcode, "time": time, "data": data});
    let recording = json!({"log": {"entries": [{
        "startedDateTime": "2026-03-02T10:00:00.000Z", "time": 100, "_resourceType": "websocket",
        "request": {"method": "GET", "url": "ws://chat.example/room?id=7", "headers": [
            {"name": "Sec-WebSocket-Protocol", "value": "chat"}, {"name": "X-User", "value": "ada"},
            {"name": "Upgrade", "value": "websocket"}, {"name": "Connection", "value": "Upgrade"},
            {"name": "Sec-WebSocket-Key", "value": "dGhlIHNhbXBsZSBub25jZQ=="}]},
        "response": {"status": 101, "headers": [{"name": "Upgrade", "value": "websocket"}]},
        "_webSocketMessages": [
            message("send", 1, 1.0, "hello ${you}"), message("receive", 1, 1.1, "hello ${you}"),
            message("send", 1, 1.2, "push 3"), message("receive", 1, 1.3, "push 1"),
            message("receive", 1, 1.4, "push 2"), message("receive", 1, 1.5, "push 3"),
            message("send", 2, 1.6, "AP+A"), message("receive", 2, 1.7, "AP+A"),
        ],
    }]}});
    let folder = Folder::new().unwrap();
    folder.write("chat.har", recording.to_string()).unwrap();
    import(&folder, "chat.har");
    let server = Python::start("websocket").unwrap();
    run_plan(&folder, &["--connect-to", &format!("::{}", server.addr())]);
    let seen = server.finish().unwrap();
    assert_eq!(seen["handshakes"], json!([["/room?id=7", "ada", "chat"]]));
    assert_eq!(seen["messages"], json!(["hello ${you}", "push 3", "00ff80"]));
    assert_eq!(seen["closes"], json!([1000]));
}

#[test]
fn the_recordings_of_the_corpus_send_what_was_recorded() {
    let Some(corpus) = corpus("har") else { return };
    let mut differences = Differences::default();
    for extension in ["har", "json"] {
        for file in cases::files(&corpus, extension).unwrap() {
            replay(&file, &[], &mut differences);
        }
    }
    differences.at_most(0, 1000);
}

/// Compares what a recording says with what its plan sends to a server that gives other values
/// than those recorded: the second of each pair of `fresh`.
fn replay(file: &Path, fresh: &[(&str, &str)], differences: &mut Differences) {
    let name = file.file_name().unwrap().to_str().unwrap();
    if name == "own-websocket.har" {
        // The server that answers speaks HTTP only.
        return;
    }
    let text = fs::read_to_string(file).unwrap();
    // Beside a recording may be what the server gives in place of what was recorded.
    let beside = fs::read_to_string(file.with_extension("fresh")).unwrap_or("[]".to_owned());
    let beside: Vec<(String, String)> = serde_json::from_str(&beside).unwrap();
    let of_file = beside.iter().map(|(recorded, other)| (recorded.as_str(), other.as_str()));
    let text = fresh
        .iter()
        .copied()
        .chain(of_file)
        .fold(text, |text, (recorded, other)| text.replace(recorded, other));
    let recording = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    let entries = entries(&recording, file.parent().unwrap());
    let recorder = answering(&entries);
    let folder = Folder::new().unwrap();
    fs::copy(file, folder.path().join(name)).unwrap();
    copy_attached(file, folder.path());
    import(&folder, name);
    run_plan(&folder, &["--connect-to", &recorder.connect_to(), "--insecure"]);

    let host = recorder.addr().to_string();
    let mut ours: Vec<Request> =
        recorder.recorded().iter().map(|recorded| of_both(recorded, &host)).collect();
    let mut theirs: Vec<Request> =
        entries.iter().map(|entry| of_both(&entry.recorded(), &host)).collect();
    // What a client asks for because it was sent on has the headers that it had before.
    let is_hop = |request: &Request| {
        entries.iter().any(|entry| {
            entry.is_hop
                && entry.method == request.method
                && comparable(&entry.recorded(), &host).target == request.target
        })
    };
    for request in ours.iter_mut().chain(&mut theirs) {
        if is_hop(request) {
            request.headers.clear();
        }
    }
    // Requests under way together come in any order.
    let key = |request: &Request| format!("{request:?}");
    ours.sort_by_cached_key(key);
    theirs.sort_by_cached_key(key);
    differences.between(name, &theirs, &ours);
}

/// Copies the files that have the contents of a recording's entries: those in the folder of
/// its name, which is what entries call them by.
fn copy_attached(file: &Path, folder: &Path) {
    let attached = file.with_extension("content");
    if attached.is_dir() {
        let inside = folder.join(attached.file_name().unwrap());
        fs::create_dir(&inside).unwrap();
        copy_all(&attached, &inside);
    }
}

/// A request as far as it is the plan's to say: neither what clients write themselves nor cookies,
/// and one `Accept` is as good as none when it accepts everything.
fn of_both(recorded: &Recorded, host: &str) -> Request {
    let mut request = comparable(recorded, host);
    request.headers.retain(|(name, value)| match name.as_str() {
        "accept" => value != "*/*",
        "accept-encoding" | "cookie" => false,
        "content-type" => !value.starts_with("multipart/form-data"),
        _ => true,
    });
    let Body::Text(text) = &mut request.body else { return request };
    if text.contains("=${") || text.contains("&${") {
        // A variable that no reply gave a value.
        *text = text.replace("${", "%24%7B").replace('}', "%7D");
    }
    if text.starts_with("--") {
        // Boundaries are drawn anew, and line ends are those of the client.
        let boundary = text.lines().next().unwrap_or_default().to_owned();
        *text = text.replace(&boundary, "--BOUNDARY").replace("\r\n", "\n");
    }
    request
}

/// An entry that a plan has to do something for.
struct Entry {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    location: Option<String>,
    /// Whether the entry before it led to it.
    is_hop: bool,
    answer: Vec<u8>,
}

impl Entry {
    fn recorded(&self) -> Recorded {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let scheme = if scheme == "https" { "https" } else { "http" };
        let port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
        let request = Seen {
            method: self.method.clone(),
            target,
            headers: self.headers.clone(),
            body: self.body.clone(),
            ..Seen::default()
        };
        Recorded { scheme, host, request }
    }
}

/// The entries of a recording that clients can send, with what they have to send.
fn entries(recording: &Value, folder: &Path) -> Vec<Entry> {
    let alone = [serde_json::json!({"request": recording})];
    let all = recording["log"]["entries"].as_array().map_or(&alone[..], Vec::as_slice);
    let status = |entry: &Value| entry["response"]["status"].as_i64().unwrap_or_default();
    let has_statuses = all.iter().any(|entry| status(entry) > 0);
    let mut entries: Vec<Entry> = Vec::new();
    for entry in all {
        let url = entry["request"]["url"].as_str().unwrap_or_default();
        let was_answered = !has_statuses || status(entry) > 0;
        if url.starts_with("http")
            && was_answered
            && entry["request"]["method"] != "CONNECT"
            && entry["_fromCache"].is_null()
            && entry["_webSocketMessages"].is_null()
        {
            entries.push(self::entry(entry, folder));
        }
    }
    for number in 0..entries.len() {
        let Some(location) = entries[number].location.clone() else { continue };
        let target = entries.iter().skip(number + 1).position(|next| next.url.ends_with(&location));
        if let Some(after) = target {
            entries[number + 1 + after].is_hop = true;
        }
    }
    entries
}

/// What is in the file that a body is in.
fn attached(body: &Value, folder: &Path) -> Option<String> {
    let name = body["_file"].as_str()?;
    Some(fs::read_to_string(folder.join(name)).unwrap())
}

fn entry(entry: &Value, folder: &Path) -> Entry {
    let (request, response) = (&entry["request"], &entry["response"]);
    let pairs = |value: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect()
    };
    let url = request["url"].as_str().unwrap().split('#').next().unwrap().to_owned();
    let query: Vec<String> = pairs(&request["queryString"])
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .filter(|(name, _)| {
            let known = |between: &str| url.contains(&format!("{between}{name}"));
            !known("?") && !known("&") && !url.contains(&format!("&{}", encoded(name)))
        })
        .map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)))
        .collect();
    let between = if url.contains('?') { "&" } else { "?" };
    let url = if query.is_empty() { url } else { format!("{url}{between}{}", query.join("&")) };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs(&request["headers"]) {
        let small = name.to_ascii_lowercase();
        let of_clients = small.starts_with("sec-")
            || small.contains([':', ' ', ';', '/'])
            || [
                "host",
                "cookie",
                "content-length",
                "connection",
                "proxy-connection",
                "dnt",
                "te",
                "upgrade-insecure-requests",
                "if-none-match",
                "if-modified-since",
                "x-client-data",
                "keep-alive",
                "priority",
            ]
            .contains(&small.as_str());
        if !of_clients && !headers.contains(&(name.clone(), value.clone())) {
            headers.push((name, value));
        }
    }
    let body = body(&request["postData"], folder, &mut headers);
    let status = response["status"].as_u64().filter(|status| *status > 0).unwrap_or(200);
    let location = response["redirectURL"].as_str().filter(|url| !url.is_empty());
    let location = location.filter(|_| (300..400).contains(&status)).map(str::to_owned);
    let mut lines: Vec<(String, String)> = vec![(
        "Content-Type".to_owned(),
        response["content"]["mimeType"].as_str().unwrap_or("text/plain").to_owned(),
    )];
    lines.extend(location.iter().map(|location| ("Location".to_owned(), location.clone())));
    for (name, value) in pairs(&response["headers"]) {
        let small = name.to_ascii_lowercase();
        let is_framing = small.starts_with("content-")
            || small.contains([':', ' ', '/'])
            || (small == "location" && location.is_some())
            || ["alt-svc", "connection", "keep-alive", "transfer-encoding", "upgrade"]
                .contains(&small.as_str());
        if !is_framing {
            lines.push((name, value.replace('\n', "; ")));
        }
    }
    let lines: Vec<(&str, &str)> = lines.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let content = &response["content"];
    let text = attached(content, folder).or(content["text"].as_str().map(str::to_owned));
    let text = text.unwrap_or("{}".to_owned());
    let content = match content["encoding"] == "base64" {
        true => BASE64.decode(&text).unwrap(),
        false => text.into_bytes(),
    };
    // Who has no cache is sent the content.
    let status = if status == 304 { 200 } else { u16::try_from(status).unwrap() };
    let content = if status == 204 { Vec::new() } else { content };
    Entry {
        method: request["method"].as_str().unwrap_or("GET").to_owned(),
        url,
        headers,
        body,
        location,
        is_hop: false,
        answer: reply(status, &lines, content),
    }
}

/// The body that was sent.
fn body(post: &Value, folder: &Path, headers: &mut Vec<(String, String)>) -> Vec<u8> {
    let attached = attached(post, folder);
    let text = attached.as_deref().or(post["text"].as_str()).unwrap_or_default();
    let mime = post["mimeType"].as_str().unwrap_or_default();
    let params = post["params"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let field = |param: &Value, name: &str| param[name].as_str().unwrap_or_default().to_owned();
    if text.is_empty() && !params.is_empty() && mime.starts_with("multipart/") {
        let mut body = String::new();
        for param in params {
            body += "--b\r\nContent-Disposition: form-data; name=\"";
            body += &field(param, "name");
            if let Some(file) = param["fileName"].as_str() {
                body += &format!("\"; filename=\"{file}");
            }
            body += "\"\r\n";
            if let Some(kind) = param["contentType"].as_str() {
                body += &format!("Content-Type: {kind}\r\n");
            }
            let value = field(param, "value");
            let coded = value.split_once(";base64,").map(|(_, coded)| BASE64.decode(coded));
            let content = match coded {
                Some(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
                _ => value,
            };
            body += &format!("\r\n{content}\r\n");
        }
        return format!("{body}--b--\r\n").into_bytes();
    }
    let (body, kind) = if text.is_empty() && !params.is_empty() {
        let is_encoded = params.iter().any(|param| field(param, "name").contains("%5B"));
        let write = |text: String| if is_encoded { text } else { encoded(&text) };
        let pairs: Vec<String> = params
            .iter()
            .map(|param| {
                format!("{}={}", write(field(param, "name")), write(field(param, "value")))
            })
            .collect();
        (pairs.join("&").into_bytes(), "application/x-www-form-urlencoded")
    } else if post["encoding"] == "base64" {
        (BASE64.decode(text).unwrap(), mime)
    } else {
        (text.as_bytes().to_vec(), mime)
    };
    if !has_type && !body.is_empty() && !kind.is_empty() {
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    body
}

/// A value as browsers write it in forms.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    if text.contains('%') && !text.contains(' ') {
        return text.to_owned();
    }
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => encoded.push(char::from(b)),
            b => encoded += &format!("%{b:02X}"),
        }
    }
    encoded
}

/// A server that answers each request as it was answered when it was recorded, again and again.
fn answering(entries: &[Entry]) -> Recorder {
    let mut answers: HashMap<String, VecDeque<Vec<u8>>> = HashMap::new();
    for entry in entries {
        let recorded = entry.recorded();
        let key = format!("{} {}", entry.method, alike(&recorded.url()));
        answers.entry(key).or_default().push_back(entry.answer.clone());
    }
    let answers = Mutex::new(answers);
    Recorder::start_with(move |recorded| {
        let key = format!("{} {}", recorded.request.method, alike(&recorded.url()));
        let mut answers = answers.lock().unwrap();
        let Some(waiting) = answers.get_mut(&key) else {
            return reply(404, &[], format!("{key} is not in the recording"));
        };
        let next = waiting.pop_front().unwrap();
        if waiting.is_empty() {
            waiting.push_back(next.clone());
        }
        next
    })
    .unwrap()
}

/// A URL in one of the ways there are to encode it.
fn alike(url: &str) -> String {
    let ways = [("%5B", "["), ("%5D", "]"), ("%7B", "{"), ("%7D", "}"), ("%7C", "|"), ("%5E", "^")];
    ways.iter().fold(url.to_owned(), |url, (encoded, plain)| url.replace(encoded, plain))
}
