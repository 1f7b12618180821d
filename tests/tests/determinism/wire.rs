//! Requests as drivers would send them, whichever form the program has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_stdlib::protocols::payload::decode;
use ld_stdlib::protocols::{http, socket, websocket};
use ld_tests::script::Sent;

/// A request as its driver would send it. What does not go over the connection as it is
/// (files of certificates, limits, cookies to be merged) stands in `beside`.
#[derive(Debug, PartialEq)]
pub(crate) struct Wire {
    text: String,
    beside: Vec<String>,
}

/// What the request's driver would send.
pub(crate) fn wire(sent: &Sent) -> Wire {
    match sent.protocol.as_str() {
        "http" => http_wire(sent),
        "socket" => {
            let (payload, hex) = (socket::part::PAYLOAD, socket::option::HEX);
            plain_wire(sent, usize::from(payload), usize::from(hex))
        }
        "websocket" => {
            let (payload, hex) = (websocket::part::PAYLOAD, websocket::option::HEX);
            plain_wire(sent, usize::from(payload), usize::from(hex))
        }
        // Their drivers make of the parts what goes over the connection.
        _ => {
            let parts = sent.parts.iter().map(|part| String::from_utf8_lossy(part).into_owned());
            let beside = sent.options.iter().map(i64::to_string);
            Wire { text: String::new(), beside: parts.chain(beside).collect() }
        }
    }
}

/// As the HTTP driver puts a request together, on a connection without cookies.
fn http_wire(sent: &Sent) -> Wire {
    use http::{option, part};
    // A part that the request does not have is empty, as for the driver.
    let part = |part: u8| {
        let bytes = sent.parts.get(usize::from(part)).map_or(&[][..], Vec::as_slice);
        String::from_utf8_lossy(bytes).into_owned()
    };
    let option = |option: u8| sent.options[usize::from(option)];
    let (mut origin, whole) = (part(part::ORIGIN), part(part::WHOLE));
    let (mut head, body) = match whole.split_at_checked(option(option::HEAD_END) as usize) {
        Some((head, body)) if !head.is_empty() => (head.to_owned(), body[2..].to_owned()),
        _ => (part(part::HEAD), part(part::BODY)),
    };
    let url = part(part::URL);
    if !url.is_empty() {
        let (scheme, rest) = url.split_once("://").unwrap_or(("no URL", &url));
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        origin = format!("{scheme}://{authority}");
        let slash = if path.starts_with('/') { "" } else { "/" };
        let host = format!("\r\n{head}").to_ascii_lowercase().contains("\r\nhost: ");
        let host = if host { String::new() } else { format!("Host: {authority}\r\n") };
        let method = part(part::METHOD);
        head = format!("{method} {slash}{path} HTTP/1.1\r\n{host}{head}");
    }
    if option(option::LENGTH_MISSING) != 0 {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let basic = part(part::BASIC);
    if !basic.is_empty() {
        head += &format!("Authorization: Basic {}\r\n", BASE64.encode(basic));
    }
    // The driver appends credentials that vary, so their line may stand elsewhere.
    let (credentials, others): (Vec<_>, Vec<_>) =
        head.split_inclusive('\n').partition(|line| line.starts_with("Authorization: "));
    let text = format!("{origin}\n{}{}\r\n{body}", others.concat(), credentials.concat());
    let mut beside =
        [part::METHOD, part::COOKIES, part::CA, part::CERT, part::KEY].map(part).to_vec();
    for limit in [option::TIMEOUT_NS, option::REDIRECTS, option::VERIFY] {
        beside.push(option(limit).to_string());
    }
    Wire { text, beside }
}

/// As a driver sends a payload that may be hexadecimal, with all other parts beside it.
fn plain_wire(sent: &Sent, payload: usize, hex: usize) -> Wire {
    let (mut parts, mut options) = (sent.parts.clone(), sent.options);
    let mut text = std::mem::take(&mut parts[payload]);
    if std::mem::take(&mut options[hex]) != 0
        && let Ok(Some(bytes)) = decode(&text)
    {
        text = bytes;
    }
    let mut beside: Vec<_> =
        parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    beside.extend(options.iter().map(i64::to_string));
    Wire { text: String::from_utf8_lossy(&text).into_owned(), beside }
}
