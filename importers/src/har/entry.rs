//! An entry of a recording as a task.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::json;

use super::context::Context;
use super::model::{Entry, Message, Pair, Request, Response, Text};
use super::{body, checks, headers, time};
use crate::body::encoded;
use crate::draft::{Reply, Task};
use crate::notes::Fate;

/// What was exchanged, on the way to becoming a step.
pub(super) struct Exchange<'a> {
    pub(super) task: Task,
    /// Its URL as it was recorded, without the fragment.
    pub(super) url: String,
    pub(super) page: Option<String>,
    /// Milliseconds since 1970.
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) status: Option<u16>,
    /// Where its reply sent the browser to.
    pub(super) location: Option<String>,
    /// What was said over it, when it became a WebSocket.
    pub(super) messages: Option<Vec<Message<'a>>>,
    /// Whether it is what the page consists of, not what the page loads.
    pub(super) is_document: bool,
}

/// The exchange of an entry; none when there is nothing in it that a plan could do.
pub(super) fn read<'a>(
    mut entry: Entry<'a>,
    place: String,
    context: &mut Context<'_>,
) -> Option<Exchange<'a>> {
    let Some(request) = entry.request.take() else {
        let why = "it has no request";
        context.tally.note(Fate::Dropped, &place, "an entry", why);
        return None;
    };
    let response = entry.response.take();
    let method = method(&request, &place, context)?;
    let full = url(&request, &place, context)?;
    let (kind, _) = full.split_once(':').unwrap_or_default();
    let is_socket = kind.starts_with("ws") || !entry.messages.items.is_empty();
    let status = response.as_ref().and_then(|response| response.status.0);
    if !is_socket {
        if let Some(cache) = entry.from_cache.0.as_deref().filter(|cache| !cache.is_empty()) {
            let what = format!("a reply from the browser's cache ({cache})");
            context.tally.note(Fate::Kept, &place, &what, "nothing was sent, so it is left out");
            return None;
        }
        if let Some(status) = status.filter(|status| *status <= 0.0)
            && context.has_statuses
        {
            let error = response.as_ref().map(|response| response.error.as_str());
            let what = match error.filter(|error| !error.is_empty()) {
                Some(error) => format!("a request that failed with `{error}`"),
                None => format!("a request with the status {status}"),
            };
            let why = "it was blocked, aborted or answered by a cache, and is left out";
            context.tally.note(Fate::Dropped, &place, &what, why);
            return None;
        }
    }
    let mut task = Task { place, method, ..Task::default() };
    task.url = credentials(&full, &mut task, context);
    let cookies = headers::read(&mut task, &request.headers.items, context);
    let has_cookies = cookies.is_some() || !request.cookies.items.is_empty();
    self::cookies(&mut task, cookies, &request.cookies.items, context);
    let has_token =
        crate::body::header(&task, "authorization").is_some() || task.fields.contains_key("auth");
    context.sends_token |= has_token || has_cookies || task.url.contains("token=");
    note_oddities(&task.place, &request, context);
    if let Some(post) = &request.body {
        body::read(&mut task, post, context);
    }
    let version = request.version.as_str().trim_start_matches(|c: char| !c.is_ascii_digit());
    if version.starts_with(['2', '3']) {
        context.tally.kept("HTTP/2 or HTTP/3", "the same requests are sent over HTTP/1.1");
    }
    checks::add(&mut task, &entry, context);
    let status = status.and_then(whole_status);
    let location = response.as_ref().and_then(|response| location(response, status));
    if let Some(response) = response {
        task.reply = reply(response, &task.place, context);
    }
    let start = time::milliseconds(entry.started.as_str());
    let length = entry.time.0.filter(|time| *time >= 0.0).or_else(|| entry.timings.sum());
    Some(Exchange {
        url: full,
        page: entry.page.take().map(|page| page.into_owned()).filter(|page| !page.is_empty()),
        start,
        end: start.map(|start| start + length.unwrap_or_default()),
        status,
        location,
        messages: is_socket.then_some(entry.messages.items),
        is_document: entry.resource_type.as_str() == "document",
        task,
    })
}

/// The method; none for what only proxies are asked.
fn method(request: &Request<'_>, place: &str, context: &mut Context<'_>) -> Option<String> {
    let method = request.method.as_str().trim();
    if method.is_empty() {
        if !request.url.as_str().is_empty() {
            let why = "there is no method; GET is sent";
            context.tally.note(Fate::Approximated, place, "request.method", why);
        }
        return Some("GET".to_owned());
    }
    if method.eq_ignore_ascii_case("CONNECT") {
        let why = "it opened a tunnel through a proxy, and is left out";
        context.tally.note(Fate::Kept, place, "CONNECT", why);
        return None;
    }
    if !headers::is_token(method) {
        context.tally.note(Fate::Dropped, place, &format!("`{method}`"), "this is no method");
        return None;
    }
    Some(method.to_owned())
}

/// Characters that may not stand in a URL, besides those that browsers leave as they are.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// The URL with the query that the recording may have apart from it; none for what is no
/// request to a server.
fn url(request: &Request<'_>, place: &str, context: &mut Context<'_>) -> Option<String> {
    let recorded = request.url.as_str().trim();
    let recorded = recorded.split('#').next().unwrap_or(recorded);
    if recorded.is_empty() {
        context.tally.note(Fate::Dropped, place, "a request", "it has no URL");
        return None;
    }
    let mut url = match recorded.split_once("://") {
        Some((scheme, _)) => {
            let scheme = scheme.to_ascii_lowercase();
            if !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss") {
                elsewhere(&scheme, place, context);
                return None;
            }
            format!("{scheme}{}", recorded.get(scheme.len()..).unwrap_or_default())
        }
        None => match recorded.split_once(':') {
            Some((scheme @ ("data" | "blob" | "about" | "javascript" | "file" | "mailto"), _)) => {
                elsewhere(scheme, place, context);
                return None;
            }
            _ => absolute(recorded, request),
        },
    };
    add_query(&mut url, &request.query.items, place, context);
    let url = utf8_percent_encode(&url, UNSAFE).to_string();
    Some(url)
}

fn elsewhere(scheme: &str, place: &str, context: &mut Context<'_>) {
    let what = format!("a `{scheme}:` URL");
    context.tally.note(Fate::Kept, place, &what, "no server is asked for it, so it is left out");
}

/// A URL without a scheme, such as a path, at the host that the headers name.
fn absolute(url: &str, request: &Request<'_>) -> String {
    let host = request.headers.items.iter().find(|pair| {
        let name = pair.name.as_str();
        name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority")
    });
    match (url.strip_prefix("//"), host) {
        (Some(rest), _) => format!("http://{rest}"),
        (None, Some(host)) if url.starts_with('/') => {
            format!("http://{}{url}", host.value.as_str())
        }
        _ => format!("http://{url}"),
    }
}

/// Adds those of the listed parameters whose names the URL does not have.
fn add_query(url: &mut String, query: &[Pair<'_>], place: &str, context: &mut Context<'_>) {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let has_query = url.contains('?');
    let known: Vec<String> = match url.split_once('?') {
        Some((_, query)) => {
            query.split('&').map(|pair| plain(pair.split('=').next().unwrap_or_default())).collect()
        }
        None => Vec::new(),
    };
    for pair in query {
        let (name, value) = (pair.name.as_str(), pair.value.as_str());
        if name.is_empty() || known.iter().any(|known| known == name || *known == plain(name)) {
            continue;
        }
        if has_query {
            let what = format!("the parameter `{name}` of queryString");
            context.tally.note(Fate::Kept, place, &what, "the URL does not have it; it is added");
        }
        url.push(if url.contains('?') { '&' } else { '?' });
        let write = |text: &str| if text.contains('%') { text.to_owned() } else { encoded(text) };
        url.extend([write(name).as_str(), "=", write(value).as_str()]);
    }
}

/// The URL as the plan says it. User and password in it become `auth`.
fn credentials(url: &str, task: &mut Task, context: &Context<'_>) -> String {
    let plain =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut written = url.to_owned();
    if let Some((scheme, rest)) = url.split_once("://") {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if let Some((user, host)) = authority.rsplit_once('@') {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let (name, password) = (context.text(&plain(name)), context.text(&plain(password)));
            let auth = json!({"type": "basic", "username": name, "password": password});
            task.fields.insert("auth".to_owned(), auth);
            written = format!("{scheme}://{host}{rest}");
        }
    }
    context.text(&written)
}

/// The recorded cookies, when they are asked for.
fn cookies(
    task: &mut Task,
    of_header: Option<String>,
    listed: &[Pair<'_>],
    context: &mut Context<'_>,
) {
    let cookies = of_header.or_else(|| {
        let pairs = listed.iter().filter(|pair| !pair.name.as_str().is_empty());
        let pairs: Vec<String> =
            pairs.map(|pair| format!("{}={}", pair.name.as_str(), pair.value.as_str())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    });
    let Some(cookies) = cookies else { return };
    for pair in cookies.split(';') {
        let name = pair.split('=').next().unwrap_or_default().trim();
        if !context.set_cookies.contains(name) && context.set_cookies.insert(name.to_owned()) {
            context.old_cookies.push(name.to_owned());
        }
    }
    if context.options.keep_cookies {
        let cookies = context.text(&cookies);
        task.fields.insert("cookies".to_owned(), json!(cookies));
    } else {
        context.tally.kept(
            "cookies",
            "each user keeps those it is given; --keep-cookies sends those recorded",
        );
    }
}

fn note_oddities(place: &str, request: &Request<'_>, context: &mut Context<'_>) {
    let lists = [
        ("request.headers", request.headers.odd),
        ("request.queryString", request.query.odd),
        ("request.cookies", request.cookies.odd),
    ];
    for (what, _) in lists.iter().filter(|(_, odd)| *odd) {
        context.tally.note(Fate::Dropped, place, what, "this is no list, and left out");
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn whole_status(status: f64) -> Option<u16> {
    (status.fract() == 0.0 && (100.0..1000.0).contains(&status)).then_some(status as u16)
}

/// Where a reply leads.
fn location(response: &Response<'_>, status: Option<u16>) -> Option<String> {
    if !matches!(status, Some(301 | 302 | 303 | 307 | 308)) {
        return None;
    }
    let of_header = response
        .headers
        .items
        .iter()
        .find(|pair| pair.name.as_str().eq_ignore_ascii_case("location"))
        .map(|pair| pair.value.as_str());
    let location = of_header.filter(|text| !text.is_empty()).unwrap_or(response.redirect.as_str());
    let location = location.trim();
    (!location.is_empty()).then(|| location.to_owned())
}

/// Types of bodies that later requests take values out of.
fn is_read(content_type: &str) -> bool {
    let of_scripts = ["javascript", "ecmascript", "css"];
    !of_scripts.iter().any(|part| content_type.contains(part))
        && ["json", "html", "xml", "text/plain", "urlencoded"]
            .iter()
            .any(|part| content_type.contains(part))
}

/// The reply, as far as values are taken out of it.
fn reply(response: Response<'_>, place: &str, context: &mut Context<'_>) -> Option<Box<Reply>> {
    let own = |text: &mut Text<'_>| text.take().map(|text| text.into_owned()).unwrap_or_default();
    let is_redirect = response.status.0.is_some_and(|status| (300.0..400.0).contains(&status));
    let mut reply = Reply { is_redirect, ..Reply::default() };
    for mut pair in response.headers.items {
        let name = own(&mut pair.name);
        for value in pair.value.as_str().split('\n') {
            reply.headers.push((name.clone(), value.trim().to_owned()));
        }
    }
    let sets = |(name, _): &(String, String)| name.eq_ignore_ascii_case("set-cookie");
    if !reply.headers.iter().any(sets) {
        for cookie in response.cookies.items {
            let cookie = format!("{}={}", cookie.name.as_str(), cookie.value.as_str());
            reply.headers.push(("Set-Cookie".to_owned(), cookie));
        }
    }
    for (_, cookie) in reply.headers.iter().filter(|line| sets(line)) {
        let name = cookie.split(['=', ';']).next().unwrap_or_default().trim();
        context.set_cookies.insert(name.to_owned());
    }
    let mut content = response.content;
    let content_type = content.mime.as_str();
    reply.content_type =
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if reply.content_type.is_empty() || is_read(&reply.content_type) {
        let file = content.file.as_str();
        if content.text.as_str().is_empty() && !file.is_empty() {
            let bytes = context.attached(file, place).unwrap_or_default();
            reply.body = String::from_utf8(bytes).unwrap_or_default();
        } else if content.encoding.as_str().eq_ignore_ascii_case("base64") {
            let decoded = BASE64.decode(content.text.as_str().trim()).ok();
            reply.body =
                decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        } else {
            reply.body = own(&mut content.text);
        }
    }
    let names = ["access_token", "accessToken", "id_token", "idToken"];
    context.gives_token |= names.iter().any(|name| reply.body.contains(&format!("\"{name}\"")));
    Some(Box::new(reply))
}
