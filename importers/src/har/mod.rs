//! HAR: what browsers, proxies and testing tools record of HTTP (HAR 1.2, and what their exports
//! make of it).

mod body;
mod checks;
mod context;
mod entry;
mod flow;
mod headers;
mod model;
mod multipart;
mod redirects;
mod time;
mod websocket;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::json;

use self::context::{Context, Tally};
use self::entry::Exchange;
use self::model::{Entry, Page, Request, Root};
use crate::body::header as header_of;
use crate::draft::{Draft, Scenario, Step};
use crate::notes::{Fate, Notes};
use crate::options::Options;
use crate::passes::origins;
use crate::source::{Failure, Source};

/// Whether a source looks like a recording, or a part of one.
pub(crate) fn detect(source: &Source) -> bool {
    let text = source.text.trim_start();
    if !text.starts_with('{') {
        return false;
    }
    let mut end = text.len().min(64 << 10);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = text.get(..end).unwrap_or(text);
    let has = |name: &str| start.contains(name);
    let is_log = has("\"log\"") && (has("\"entries\"") || has("\"creator\"") || has("\"pages\""));
    let is_entries = has("\"entries\"") && has("\"startedDateTime\"");
    let is_request = has("\"headersSize\"") && has("\"queryString\"");
    is_log || is_entries || is_request || source.name.to_ascii_lowercase().ends_with(".har")
}

/// The requests of all recordings, one recording after the other.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let (mut steps, mut of_sockets, mut origin) = (Vec::new(), Vec::new(), None);
    for source in sources {
        let mended;
        let root = match model::parse(&source.text) {
            Ok(root) => root,
            Err(failure) => {
                mended = mend(&source.text).ok_or_else(|| fail(source, failure))?;
                model::parse(&mended).map_err(|failure| fail(source, failure))?
            }
        };
        let mut context = Context {
            options,
            source,
            tally: Tally::default(),
            has_statuses: false,
            variables: HashSet::new(),
            set_cookies: HashSet::new(),
            old_cookies: Vec::new(),
            gives_token: false,
            sends_token: false,
            origin: None,
        };
        read_root(root, source, &mut context, &mut steps, &mut of_sockets)?;
        origin = origin.or(context.origin.take());
        tell(context, source, notes);
    }
    let scenario =
        |name: &str, steps| Scenario { name: name.to_owned(), steps, ..Scenario::default() };
    let mut scenarios = Vec::new();
    if !steps.is_empty() {
        scenarios.push(scenario("requests", steps));
    }
    if !of_sockets.is_empty() {
        scenarios.push(scenario("websocket", of_sockets));
    }
    let mut draft = Draft { scenarios, origin, ..Draft::default() };
    said_once(&mut draft);
    draft.tasks().iter().for_each(|_| notes.keep_request());
    Ok(draft)
}

fn fail(source: &Source, (line, message): (usize, String)) -> Failure {
    Failure::new(&format!("{}:{line}", source.name), message)
}

/// JSON in which halves of surrogate pairs stand alone, as JavaScript may write them, with
/// replacement characters in their place; none when it has no such.
fn mend(text: &str) -> Option<String> {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(escape, 16).ok()
    };
    let mut mended = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'\\')) {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                mended.push_str(text.get(copied..at)?);
                mended.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            _ => 2,
        };
    }
    mended.push_str(text.get(copied..)?);
    (copied > 0).then_some(mended)
}

fn read_root(
    root: Root<'_>,
    source: &Source,
    context: &mut Context<'_>,
    steps: &mut Vec<Step>,
    of_sockets: &mut Vec<Step>,
) -> Result<(), Failure> {
    let mut path = "log.entries";
    let (mut pages, mut entries) = match root.log {
        Some(log) => (log.pages, log.entries),
        None => {
            path = "entries";
            (root.pages, root.entries)
        }
    };
    if entries.odd || pages.odd {
        let what = if entries.odd { "log.entries" } else { "log.pages" };
        context.tally.note(Fate::Dropped, &source.name, what, "this is no list, and left out");
    }
    if let (true, Some(request)) = (entries.items.is_empty(), root.request) {
        path = "request";
        entries.items.push(Entry { request: Some(request), ..Entry::default() });
    }
    if entries.items.is_empty() {
        // A request that was taken out of its recording.
        let request: Request<'_> = serde_json::from_str(&source.text).unwrap_or_default();
        if !request.url.as_str().is_empty() {
            path = "request";
            entries.items.push(Entry { request: Some(request), ..Entry::default() });
        }
    }
    if entries.items.is_empty() {
        let message = "there are no entries in it: a HAR file has them in `log.entries`";
        return Err(Failure::new(&source.name, message));
    }
    let variables = entries.items.iter().flat_map(|entry| &entry.variables.items);
    context.variables = variables.map(|variable| variable.name.as_str().to_owned()).collect();
    context.has_statuses = entries.items.iter().any(|entry| {
        let status = entry.response.as_ref().and_then(|response| response.status.0);
        status.is_some_and(|status| status > 0.0)
    });

    let titles = titles(&mut pages.items, context);
    let mut exchanges = Vec::new();
    for (number, entry) in in_order(entries.items) {
        let place = format!("{}: {path}[{number}]", source.name);
        let Some(exchange) = entry::read(entry, place, context) else { continue };
        // What was visited first is what the recording is about.
        if context.origin.is_none() && exchange.messages.is_none() {
            context.origin = origins::of(&exchange.task.url).map(str::to_owned);
        }
        if exchange.messages.is_some() {
            of_sockets.append(&mut websocket::steps(exchange, context));
        } else {
            exchanges.push(exchange);
        }
    }
    let exchanges: Vec<Exchange<'_>> = redirects::fold(exchanges, context);
    steps.append(&mut flow::steps(exchanges, &titles, context));
    Ok(())
}

/// The entries with their numbers, in the order in which they began; one that does not say
/// when stays behind the one before it.
fn in_order(entries: Vec<Entry<'_>>) -> Vec<(usize, Entry<'_>)> {
    let mut last = f64::NEG_INFINITY;
    let mut timed: Vec<(f64, usize, Entry<'_>)> = entries
        .into_iter()
        .enumerate()
        .map(|(number, entry)| {
            last = time::milliseconds(entry.started.as_str()).unwrap_or(last);
            (last, number, entry)
        })
        .collect();
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    timed.into_iter().map(|(_, number, entry)| (number, entry)).collect()
}

/// What pages are called, by their id.
fn titles(pages: &mut [Page<'_>], context: &Context<'_>) -> HashMap<String, String> {
    let title = |page: &mut Page<'_>| {
        let id = page.id.take().map(Cow::into_owned)?;
        let title = page.title.as_str().trim();
        // Chrome has the URL there; where it leads to says more than where it is.
        let path = title.split_once("://").map(|(_, rest)| {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let path = path.split(['?', '#']).next().unwrap_or_default();
            if path.is_empty() { host.to_owned() } else { format!("/{path}") }
        });
        let title = path.unwrap_or_else(|| title.to_owned());
        let words: Vec<&str> = title
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let title = if words.is_empty() { id.clone() } else { words.join(" ") };
        Some((id, context.text(&title)))
    };
    pages.iter_mut().filter_map(title).collect()
}

/// What a browser says of itself in each request is said once, as variables.
fn said_once(draft: &mut Draft) {
    for (header, variable) in [("user-agent", "user_agent"), ("accept-language", "accept_language")]
    {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for task in draft.tasks() {
            if let Some(value) = header_of(task, header) {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        // The least of several that are equally frequent, so that it is always the same.
        let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        let Some((common, 3..)) = most else { continue };
        let placeholder = format!("${{{variable}}}");
        draft.for_each_task(|task| {
            for (name, value) in &mut task.headers {
                if name.eq_ignore_ascii_case(header) && *value == common {
                    value.clone_from(&placeholder);
                }
            }
        });
        draft.variables.insert(variable.to_owned(), json!(common));
    }
}

fn tell(context: Context<'_>, source: &Source, notes: &mut Notes) {
    let Context { mut tally, old_cookies, options, gives_token, sends_token, .. } = context;
    if !old_cookies.is_empty() && !options.keep_cookies {
        let shown: Vec<&str> = old_cookies.iter().take(8).map(String::as_str).collect();
        let more = if old_cookies.len() > shown.len() { " …" } else { "" };
        let what = format!("the cookies {}{more}", shown.join(", "));
        let why = "they were set before the recording began. If the server needs them, record the \
                   login too, or import with --keep-cookies";
        tally.note(Fate::Approximated, &source.name, &what, why);
    }
    if gives_token && !sends_token {
        let why = "replies give tokens, and no request sends one: Chrome leaves them out of a recording unless it \
                   is exported with sensitive data";
        tally.note(Fate::Approximated, &source.name, "the header Authorization", why);
    }
    tally.tell(&source.name, notes);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const RECORDING: &str = include_str!("../../../tests/cases/importers/har/own-shop.har");

    fn requests(bytes: &[u8]) -> Result<usize, Failure> {
        let source = Source::new("x.har", bytes, Path::new(""))?;
        let mut notes = Notes::default();
        let draft = read(&[source], &Options::default(), &mut notes)?;
        Ok(draft.tasks().len())
    }

    #[test]
    fn recordings_that_are_cut_or_broken_are_refused_or_read() {
        assert_eq!(requests(RECORDING.as_bytes()), Ok(11));
        for end in (0..RECORDING.len()).step_by(211) {
            let failure = requests(&RECORDING.as_bytes()[..end]).unwrap_err();
            assert!(failure.place.starts_with("x.har"), "{failure}");
        }
        for at in (0..RECORDING.len()).step_by(101) {
            let mut bytes = RECORDING.as_bytes().to_vec();
            for other in [b'"', b'[', 0, b'7', b'\\'] {
                bytes[at] = other;
                let _ = requests(&bytes);
            }
        }
        assert!(requests(&b"[".repeat(1 << 20)).is_err());
        assert!(requests(b"{\"log\": {\"entries\": {}}}").is_err());
    }

    #[test]
    fn only_files_beside_a_recording_are_read() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for file in ["../har/mod.rs", here, "./../har/mod.rs"] {
            let text = format!(
                r#"{{"log": {{"entries": [{{"request": {{"method": "POST", "url": "http://a.example/",
                "postData": {{"mimeType": "text/plain", "_file": "{file}"}}}}}}]}}}}"#
            );
            let source = Source::new("x.har", text, Path::new("src/har")).unwrap();
            assert!(source.sibling(file).is_some(), "{file}");
            let mut notes = Notes::default();
            let draft = read(&[source], &Options::default(), &mut notes).unwrap();
            assert!(draft.tasks()[0].fields.get("data").is_none(), "{file}");
            assert_eq!(notes.list()[0].what, format!("the content in {file}"));
        }
    }

    #[test]
    fn recordings_without_the_tokens_that_replies_give_are_told() {
        let notes = |header: &str| {
            let text = r#"{"log": {"entries": [
                {"request": {"method": "POST", "url": "http://a.example/login"}, "response": {"status": 200,
                    "content": {"mimeType": "application/json", "text": "{\"access_token\": \"a1b2c3d4e5\"}"}}},
                {"request": {"method": "GET", "url": "http://a.example/me", "headers": [HEADER]},
                    "response": {"status": 200}}]}}"#;
            let text = text.replace("HEADER", header);
            let source = Source::new("x.har", text.as_bytes(), Path::new("")).unwrap();
            let mut notes = Notes::default();
            read(&[source], &Options::default(), &mut notes).unwrap();
            notes.list().iter().any(|note| note.what == "the header Authorization")
        };
        assert!(notes(""));
        assert!(!notes(r#"{"name": "authorization", "value": "Bearer a1b2c3d4e5"}"#));
        assert!(!notes(r#"{"name": "Cookie", "value": "sid=1"}"#));
    }

    #[test]
    fn halves_of_surrogate_pairs_are_replaced() {
        let text = r#"{"log": {"entries": [{"request": {"method": "GET", "url": "http://a.example/",
            "postData": {"text": "\ud83d\ude00 \ud83d \\ud83d"}}}]}}"#;
        assert_eq!(requests(text.as_bytes()), Ok(1));
        assert_eq!(mend(r"\ud83d\ude00 \\ud83d"), None);
        assert_eq!(mend(r"\ud83dx\ude00").as_deref(), Some(r"\ufffdx\ufffd"));
    }
}
