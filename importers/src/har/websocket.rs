//! WebSockets: what was said over them, as steps of users of their own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::context::Context;
use super::entry::Exchange;
use super::model::Message;
use crate::draft::{Step, Task};
use crate::notes::Fate;
use crate::options::ThinkTime;

/// The time limit of a task that says nothing of it, in seconds.
const TIMEOUT: f64 = 5.0;

/// The steps of one connection.
pub(super) fn steps(exchange: Exchange<'_>, context: &mut Context<'_>) -> Vec<Step> {
    let Exchange { task: handshake, messages, .. } = exchange;
    let path = handshake.url.split_once("://").map_or("/", |(_, rest)| {
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        path.split('?').next().unwrap_or(path)
    });
    let path = path.to_owned();
    let place = handshake.place.clone();
    let told = |method: &str| Task {
        place: place.clone(),
        user: Some("websocket_user"),
        name: Some(format!("{method} {path}")),
        method: method.to_owned(),
        ..Task::default()
    };
    let mut steps = vec![Step::from(connect(handshake, told("connect")))];
    let messages = messages.unwrap_or_default();
    let why = "messages are sent and awaited in the recorded order, whatever they say";
    context.tally.note(Fate::Approximated, &place, "a WebSocket", why);

    let mut waiting: Option<Task> = None;
    let mut said_at: Option<f64> = None;
    let mut received = 0_usize;
    for message in &messages {
        let is_sent = match message.direction.as_str() {
            "send" | "request" | "outgoing" => true,
            "receive" | "response" | "incoming" => false,
            other => {
                let what = format!("a message of the type `{other}`");
                context.tally.note(Fate::Dropped, &place, &what, "who said it is not known");
                steps.push(Step::todo(&what, message.data.as_str()));
                continue;
            }
        };
        let gap = message.time.0.zip(said_at).map(|(now, before)| (now - before).max(0.0));
        said_at = message.time.0.or(said_at);
        match (is_sent, waiting.take()) {
            (true, before) => {
                steps.extend(before.map(Step::from));
                again(&mut steps, &mut received, told("recv"));
                pause(&mut steps, gap, context.options.think_time);
                let mut task = told("send");
                payload(&mut task, message, context);
                waiting = Some(task);
            }
            (false, Some(mut task)) => {
                "sendrecv".clone_into(&mut task.method);
                task.name = Some(format!("sendrecv {path}"));
                limit(&mut task, gap);
                steps.push(task.into());
            }
            (false, None) if gap.is_some_and(|gap| gap > TIMEOUT / 2.0) => {
                again(&mut steps, &mut received, told("recv"));
                let mut task = told("recv");
                limit(&mut task, gap);
                steps.push(task.into());
            }
            (false, None) => received += 1,
        }
    }
    steps.extend(waiting.map(Step::from));
    again(&mut steps, &mut received, told("recv"));
    steps.push(told("close").into());
    steps
}

/// The handshake: what the client writes of it itself is left out.
fn connect(handshake: Task, mut task: Task) -> Task {
    task.url = match handshake.url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => handshake.url,
    };
    for (name, value) in handshake.headers {
        let small = name.to_ascii_lowercase();
        if small == "sec-websocket-protocol" {
            let offered: Vec<&str> = value.split(',').map(str::trim).collect();
            task.fields.insert("subprotocols".to_owned(), json!(offered));
        } else if !small.starts_with("sec-") {
            task.headers.push((name, value));
        }
    }
    if let Some(cookies) = handshake.fields.get("cookies").and_then(|cookies| cookies.as_str()) {
        task.headers.push(("Cookie".to_owned(), cookies.to_owned()));
    }
    task
}

fn payload(task: &mut Task, message: &Message<'_>, context: &mut Context<'_>) {
    let data = message.data.as_str();
    if message.opcode.0 != Some(2.0) {
        task.fields.insert("payload".to_owned(), json!(context.text(data)));
        return;
    }
    let bytes = BASE64.decode(data).unwrap_or_else(|_| data.as_bytes().to_owned());
    let hex = bytes.iter().fold("hex:".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    task.fields.insert("payload".to_owned(), json!(hex));
    task.fields.insert("binary".to_owned(), json!(true));
}

/// Waits for several messages in a row.
fn again(steps: &mut Vec<Step>, times: &mut usize, task: Task) {
    match std::mem::take(times) {
        0 => {}
        1 => steps.push(task.into()),
        many => steps.push(Step::block("repeat", many, vec![task.into()])),
    }
}

/// Gives a reply that was long in coming the time it needs.
fn limit(task: &mut Task, gap: Option<f64>) {
    if let Some(gap) = gap.filter(|gap| *gap > TIMEOUT / 2.0) {
        task.fields.insert("timeout".to_owned(), json!((gap * 2.0).ceil()));
    }
}

fn pause(steps: &mut Vec<Step>, gap: Option<f64>, think_time: ThinkTime) {
    let factor = match think_time {
        ThinkTime::Recorded => 1.0,
        ThinkTime::Scaled(factor) => factor,
        ThinkTime::AsWritten | ThinkTime::None => return,
    };
    let seconds = (gap.unwrap_or_default() * factor * 100.0).round() / 100.0;
    if seconds >= 0.1 {
        steps.push(Step::simple("pause", json!(seconds)));
    }
}
