//! Reading a request: the head by `httparse`, the framing of its body by RFC 9112 §6.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use httparse::{Header, Status};
use percent_encoding::percent_decode_str;

/// Most headers a request may have.
const MAX_HEADERS: usize = 64;

/// A request whose head and body lie whole in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path without the query, still percent-encoded.
    pub(crate) path: &'a str,
    /// What follows the question mark, still encoded; empty when there is none.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a [Header<'a>],
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of that name, if its bytes are text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    }

    /// The decoded query, pair by pair.
    pub(crate) fn query_pairs(&self) -> form_urlencoded::Parse<'a> {
        form_urlencoded::parse(self.query.as_bytes())
    }

    /// The first query value of that name, decoded.
    pub(crate) fn query_value(&self, name: &str) -> Option<Cow<'a, str>> {
        self.query_pairs().find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// A part of a path with its percent-encoding undone.
pub(crate) fn decode_segment(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

/// What the head says about the message, apart from what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framing {
    /// Bytes of the head, its empty line included.
    pub(crate) head_len: usize,
    pub(crate) body: BodyFraming,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) http10: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    Length(u64),
    Chunked,
}

/// Why a request is refused; each has its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed(&'static str),
    HeadTooLarge,
    BodyTooLarge,
    UnknownCoding,
}

impl Refusal {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::HeadTooLarge => 431,
            Self::BodyTooLarge => 413,
            Self::UnknownCoding => 501,
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Malformed(message) => message,
            Self::HeadTooLarge => "the request head is larger than this server accepts",
            Self::BodyTooLarge => "the request body is larger than this server accepts",
            Self::UnknownCoding => "the only transfer coding accepted is chunked",
        }
    }
}

/// Hands the head at the start of `bytes` to `use_head`; `None` when it is not whole yet.
///
/// The request passed on has an empty body: the caller knows where the body is.
pub(crate) fn with_head<T>(
    bytes: &[u8],
    use_head: impl FnOnce(Request<'_>, Framing) -> T,
) -> Result<Option<T>, Refusal> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    let head_len = match parsed.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Err(_) => return Err(Refusal::Malformed("the request head is not HTTP/1.1")),
    };
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version)
    else {
        return Err(Refusal::Malformed("the request line is incomplete"));
    };
    let framing = framing(head_len, version == 0, parsed.headers)?;
    let (path, query) = origin_form(target);
    let request = Request { method, path, query, headers: parsed.headers, body: &[] };
    Ok(Some(use_head(request, framing)))
}

/// Path and query of a target, in origin form or, as sent to proxies, absolute form.
fn origin_form(target: &str) -> (&str, &str) {
    let target = target.split('#').next().unwrap_or(target);
    let target = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find(['/', '?']).and_then(|start| rest.get(start..)).unwrap_or("/")
        }
        _ => target,
    };
    target.split_once('?').unwrap_or((target, ""))
}

fn framing(head_len: usize, http10: bool, headers: &[Header<'_>]) -> Result<Framing, Refusal> {
    let mut length = None;
    let mut chunked = false;
    let mut keep_alive = !http10;
    let mut expects_continue = false;
    for header in headers {
        let (name, value) = (header.name, header.value);
        if name.eq_ignore_ascii_case("content-length") {
            let this = content_length(value)?;
            if length.is_some_and(|before| before != this) {
                return Err(Refusal::Malformed("two Content-Length headers disagree"));
            }
            length = Some(this);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::UnknownCoding);
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            for token in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if token.eq_ignore_ascii_case(b"close") {
                    keep_alive = false;
                } else if token.eq_ignore_ascii_case(b"keep-alive") && http10 {
                    keep_alive = true;
                }
            }
        } else if name.eq_ignore_ascii_case("expect") {
            expects_continue = value.eq_ignore_ascii_case(b"100-continue");
        }
    }
    // Both at once is how requests are smuggled past proxies (RFC 9112 §6.3).
    let body = match (length, chunked) {
        (Some(_), true) => {
            return Err(Refusal::Malformed("both Content-Length and Transfer-Encoding"));
        }
        (None, true) => BodyFraming::Chunked,
        (length, false) => BodyFraming::Length(length.unwrap_or(0)),
    };
    Ok(Framing { head_len, body, keep_alive, expects_continue, http10 })
}

fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    let digits = std::str::from_utf8(value).ok().map(str::trim);
    let number = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::Malformed("Content-Length is not a number"))
}

/// One step through a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChunkStep {
    /// More bytes are needed.
    Partial,
    /// A chunk of data lies at `start..end`; the next step begins at `next`.
    Data { start: usize, end: usize, next: usize },
    /// The last chunk and its trailers ended; what follows the body begins here.
    End(usize),
}

/// Reads the chunk at the start of `bytes`. Trailers are skipped.
pub(crate) fn chunk(bytes: &[u8], max_chunk: u64) -> Result<ChunkStep, Refusal> {
    let malformed = Refusal::Malformed("the chunked body is malformed");
    let (start, size) = match httparse::parse_chunk_size(bytes) {
        Ok(Status::Complete(found)) => found,
        // A size line is a few digits; longer is extensions without end.
        Ok(Status::Partial) if bytes.len() < 256 => return Ok(ChunkStep::Partial),
        Ok(Status::Partial) | Err(_) => return Err(malformed),
    };
    if size > max_chunk {
        return Err(Refusal::BodyTooLarge);
    }
    if size == 0 {
        return trailers_end(bytes.get(start..).unwrap_or_default(), start);
    }
    let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
    let Some(end) = end else { return Err(Refusal::BodyTooLarge) };
    match bytes.get(end..) {
        Some([b'\r', b'\n', ..]) => Ok(ChunkStep::Data { start, end, next: end.saturating_add(2) }),
        Some([b'\r'] | []) | None => Ok(ChunkStep::Partial),
        Some(_) => Err(malformed),
    }
}

/// Finds the empty line that ends the trailers beginning `offset` bytes into the body.
fn trailers_end(bytes: &[u8], offset: usize) -> Result<ChunkStep, Refusal> {
    if bytes.starts_with(b"\r\n") {
        return Ok(ChunkStep::End(offset.saturating_add(2)));
    }
    if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        return Ok(ChunkStep::End(offset.saturating_add(at).saturating_add(4)));
    }
    if bytes.len() > 4096 { Err(Refusal::HeadTooLarge) } else { Ok(ChunkStep::Partial) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(head: &str) -> Result<Option<Framing>, Refusal> {
        with_head(head.as_bytes(), |_, framing| framing)
    }

    #[test]
    fn a_head_is_asked_for_again_until_it_is_whole() {
        let head = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(framing_of(&head[..end]), Ok(None), "{end} bytes");
        }
        let framing = framing_of(head).unwrap().unwrap();
        assert_eq!(framing.head_len, head.len());
        assert_eq!(framing.body, BodyFraming::Length(0));
        assert!(framing.keep_alive);
    }

    #[test]
    fn targets_are_split_into_path_and_query() {
        for (target, path, query) in [
            ("/a/b?c=d", "/a/b", "c=d"),
            ("/", "/", ""),
            ("/a?b?c", "/a", "b?c"),
            ("http://host:1/a?b", "/a", "b"),
            ("http://host", "/", ""),
            ("/redirect-to?url=http://other/x", "/redirect-to", "url=http://other/x"),
        ] {
            assert_eq!(origin_form(target), (path, query), "{target}");
        }
    }

    #[test]
    fn connection_tokens_decide_on_keep_alive_by_version() {
        for (version, connection, keep_alive) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "connection: upgrade, Close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
        ] {
            let head = format!("GET / HTTP/{version}\r\n{connection}\r\n");
            assert_eq!(framing_of(&head).unwrap().unwrap().keep_alive, keep_alive, "{head:?}");
        }
    }

    #[test]
    fn ambiguous_body_framing_is_refused() {
        for headers in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            let head = format!("POST / HTTP/1.1\r\n{headers}\r\n");
            assert!(framing_of(&head).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn chunks_are_found_and_every_shorter_text_asks_for_more() {
        let whole = b"5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\nNEXT";
        assert_eq!(chunk(whole, 100), Ok(ChunkStep::Data { start: 7, end: 12, next: 14 }));
        for end in 0..14 {
            assert_eq!(chunk(&whole[..end], 100), Ok(ChunkStep::Partial), "{end} bytes");
        }
        assert_eq!(chunk(&whole[14..], 100), Ok(ChunkStep::End(11)));
        assert_eq!(chunk(b"0\r\n\r\n", 100), Ok(ChunkStep::End(5)));
    }

    #[test]
    fn chunks_that_lie_are_refused() {
        assert!(chunk(b"zz\r\n", 100).is_err());
        assert!(chunk(b"2\r\nabcd", 100).is_err());
        assert_eq!(chunk(b"65\r\n", 100), Err(Refusal::BodyTooLarge));
        assert!(chunk(b"ffffffffffffffffff\r\n", u64::MAX).is_err());
        assert!(chunk(&[b'1'; 300], u64::MAX).is_err());
    }
}
