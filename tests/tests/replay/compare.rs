//! What two clients sent, side by side.

use ld_tests::recorder::{Recorded, Recorder};
use serde_json::Value;

/// What a server of its own, whose host and port `send` is told, sees while that runs.
pub(crate) fn seen(send: impl FnOnce(&str)) -> Vec<Request> {
    recorded(|recorder| send(&recorder.addr().to_string()))
}

/// What a recorder sees while `send` leads a client there, by `proxy_url` or `connect_to`.
pub(crate) fn recorded(send: impl FnOnce(&Recorder)) -> Vec<Request> {
    requests(&Recorder::start().unwrap(), send)
}

/// The same with a recorder that answers as it was told to.
pub(crate) fn requests(recorder: &Recorder, send: impl FnOnce(&Recorder)) -> Vec<Request> {
    send(recorder);
    let host = recorder.addr().to_string();
    recorder.recorded().iter().map(|recorded| comparable(recorded, &host)).collect()
}

/// The requests that were compared, and how those differ that are not equal.
#[derive(Default)]
pub(crate) struct Differences {
    equal: usize,
    all: usize,
    told: Vec<String>,
}

impl Differences {
    /// Compares what the original tool sent for a case with what we sent, in order.
    pub(crate) fn between(&mut self, case: &str, theirs: &[Request], ours: &[Request]) {
        for number in 0..theirs.len().max(ours.len()) {
            self.all += 1;
            let (theirs, ours) = (theirs.get(number), ours.get(number));
            if theirs == ours {
                self.equal += 1;
            } else {
                let told =
                    format!("{case}, request {number}:\n  theirs: {theirs:?}\n  ours:   {ours:?}");
                self.told.push(told);
            }
        }
    }

    /// Fails when fewer than so many of a hundred requests are equal; of those that count as equal
    /// so far, `excused` differ for a reason.
    pub(crate) fn at_least_of_100(&self, least: usize, excused: usize) {
        let equal = self.equal - excused;
        println!("{equal} of {} requests equal without those that are excused", self.all);
        assert!(equal * 100 >= self.all * least, "only {equal} of {} requests are equal", self.all);
    }

    /// Fails when more than `most` requests differ, or fewer than `least` were compared.
    pub(crate) fn at_most(&self, most: usize, least: usize) {
        println!("{} of {} requests equal", self.equal, self.all);
        let told = self.told.join("\n");
        assert!(self.told.len() <= most, "{} of {} equal\n{told}", self.equal, self.all);
        assert!(self.all >= least, "only {} requests", self.all);
    }
}

/// A request as far as the two must be alike.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    Text(String),
}

/// Leaves out the recorder's own host, who sends and how it is framed: the client's name unless the plan sets it, the
/// length of the body, the connection, and the codings we accept by default. Boundaries of forms
/// are random, JSON may have blanks, and there are two ways to write an encoded byte.
pub(crate) fn comparable(recorded: &Recorded, host: &str) -> Request {
    let seen = &recorded.request;
    let content_type = seen.header("content-type").unwrap_or_default().to_owned();
    let boundary = content_type.split_once("boundary=").map(|(_, boundary)| boundary.to_owned());
    let blind = |text: &str| {
        let text = text.replace(host, "HOST");
        boundary.as_ref().map_or(text.clone(), |boundary| text.replace(boundary, "BOUNDARY"))
    };
    let mut headers: Vec<(String, String)> = seen
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), blind(value)))
        .filter(|(name, value)| match name.as_str() {
            "host" | "content-length" | "connection" | "expect" | "transfer-encoding" => false,
            "user-agent" => !value.starts_with("curl/") && !value.starts_with("ldvm/"),
            "accept-encoding" => value != "gzip, deflate, br",
            _ => true,
        })
        .map(|(name, value)| {
            // The blank between cookies is a matter of taste.
            let value = if name == "cookie" { value.replace("; ", ";") } else { value };
            (name, value)
        })
        .collect();
    headers.sort();
    let text = blind(&seen.text());
    let body = match serde_json::from_str(&text) {
        Ok(json) if content_type.contains("json") => Body::Json(json),
        _ => Body::Text(text),
    };
    Request {
        scheme: recorded.scheme,
        host: blind(&recorded.host),
        method: seen.method.clone(),
        target: encoded_alike(&seen.target),
        headers,
        body,
    }
}

/// A target with the encodings of bytes in capitals, and encoded what some clients leave as it is.
fn encoded_alike(target: &str) -> String {
    let left = [('{', "%7B"), ('}', "%7D"), ('|', "%7C"), ('^', "%5E"), ('`', "%60")];
    let mut alike = left.iter().fold(target.to_owned(), |text, (c, code)| text.replace(*c, code));
    for at in 0..alike.len() {
        if alike.as_bytes()[at] == b'%'
            && let Some(digits) = alike.get(at + 1..at + 3)
        {
            alike.replace_range(at + 1..at + 3, &digits.to_ascii_uppercase());
        }
    }
    alike
}
