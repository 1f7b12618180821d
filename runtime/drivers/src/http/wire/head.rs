//! The head of a reply: status line, header fields, and what they say about the body
//! and the connection (RFC 9112 §4–§6, §9.3).

use std::borrow::Cow;
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Response, Status};

use super::body::{Codings, Framing};
use super::buffer::Buffer;
use super::error::WireError;

/// As many header fields as are looked for before the heap is asked for room.
const USUAL_FIELDS: usize = 64;

/// A head that has been accepted. Its bytes stay in the buffer, from 0 to
/// [`len`](Self::len).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status number, from 100 to 999.
    pub status: u16,
    /// Whether the connection may be used again after this reply.
    pub keep_alive: bool,
    /// Whether there is a `Location` field.
    pub has_location: bool,
    /// Whether there is a `Set-Cookie` field.
    pub has_set_cookie: bool,
    /// The content codings of the body, in the order they were applied.
    pub codings: Codings,
    /// How the body ends.
    pub(super) framing: Framing,
    /// The number of bytes, the empty line included.
    pub len: u32,
}

impl Head {
    /// A head that has not been read yet.
    pub(super) const UNREAD: Self = Self {
        status: 0,
        keep_alive: false,
        has_location: false,
        has_set_cookie: false,
        codings: Codings::NONE,
        framing: Framing::None,
        len: 0,
    };

    /// Reads the head that `buffer` begins with; `None` while it is not complete.
    ///
    /// Folded lines (RFC 9112 §5.2) are unfolded in place. `to_head_request` says
    /// that the request was a HEAD, whose replies have no body whatever they say.
    ///
    /// # Errors
    /// Says what is malformed. More bytes cannot mend it.
    #[inline]
    pub(super) fn read(
        buffer: &mut Buffer,
        to_head_request: bool,
    ) -> Result<Option<Self>, WireError> {
        match &buffer.seen {
            Some(seen) if seen.is_again(buffer.filled(), to_head_request) => Ok(Some(seen.head)),
            _ => Self::read_anew(buffer, to_head_request),
        }
    }

    fn read_anew(buffer: &mut Buffer, to_head_request: bool) -> Result<Option<Self>, WireError> {
        let head = match parse(buffer.filled(), to_head_request) {
            // A folded line looks like a header without a name.
            Err(WireError::FieldName) if unfold(buffer) => parse(buffer.filled(), to_head_request)?,
            outcome => outcome?,
        };
        if let Some(head) = head {
            let mut seen = buffer.seen.take().unwrap_or_default();
            seen.note(head, buffer.filled(), to_head_request);
            buffer.seen = Some(seen);
        }
        Ok(head)
    }
}

/// A head read before. Servers that answer the same request many times a second send the
/// same head until the `Date` changes, and comparing costs a thirtieth of parsing.
#[derive(Debug)]
pub(super) struct Seen {
    head: Head,
    to_head_request: bool,
    bytes: Vec<u8>,
}

impl Seen {
    /// Larger heads are not worth the memory.
    const LARGEST: usize = 2048;

    /// Whether `bytes` begin with this very head.
    #[inline]
    fn is_again(&self, bytes: &[u8], to_head_request: bool) -> bool {
        to_head_request == self.to_head_request
            && !self.bytes.is_empty()
            && bytes.starts_with(&self.bytes)
    }

    /// Takes a head in place of the one before; `bytes` begin with it.
    fn note(&mut self, head: Head, bytes: &[u8], to_head_request: bool) {
        self.bytes.clear();
        // Interim replies would push out the head that follows them.
        if head.len as usize <= Self::LARGEST && head.status >= 200 {
            self.head = head;
            self.to_head_request = to_head_request;
            self.bytes.extend_from_slice(bytes.get(..head.len as usize).unwrap_or_default());
        }
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self { head: Head::UNREAD, to_head_request: false, bytes: Vec::new() }
    }
}

fn parse(bytes: &[u8], to_head_request: bool) -> Result<Option<Head>, WireError> {
    if bytes.first() != Some(&b'H') {
        return refuse_first_bytes(bytes);
    }
    let mut fields = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
    let mut response = Response::new(&mut []);
    let config = ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut response, bytes, &mut fields) {
        Ok(Status::Complete(len)) => interpret(&response, len, to_head_request).map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => parse_many(bytes, to_head_request),
        Err(error) => Err(malformed(error)),
    }
}

/// Parses a head of unusually many fields. A field takes at least a line, and lines are
/// counted, so that no second try is needed and memory follows the bytes received.
#[cold]
fn parse_many(bytes: &[u8], to_head_request: bool) -> Result<Option<Head>, WireError> {
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    let mut fields = vec![httparse::EMPTY_HEADER; lines];
    let mut response = Response::new(&mut fields);
    match response.parse(bytes) {
        Ok(Status::Complete(len)) => interpret(&response, len, to_head_request).map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(error) => Err(malformed(error)),
    }
}

/// Refuses what cannot become an HTTP reply at the first byte (`httparse` would skip empty
/// lines), with a hint where the first bytes tell what it is.
#[cold]
fn refuse_first_bytes(bytes: &[u8]) -> Result<Option<Head>, WireError> {
    /// An HTTP/2 connection begins with a SETTINGS frame on stream 0 (RFC 9113 §3.4):
    /// 24 bits of length, which is small, then the type.
    const SETTINGS_TYPE: u8 = 4;
    match *bytes {
        [] | [0] | [0, 0] | [0, 0, _] => Ok(None),
        [0, 0, _, SETTINGS_TYPE, ..] => Err(WireError::Http2),
        [0x15 | 0x16] => Ok(None),
        [0x15 | 0x16, 3, ..] => Err(WireError::Tls),
        _ => Err(WireError::NotHttp),
    }
}

fn malformed(error: httparse::Error) -> WireError {
    match error {
        httparse::Error::HeaderName | httparse::Error::TooManyHeaders => WireError::FieldName,
        httparse::Error::HeaderValue => WireError::FieldValue,
        httparse::Error::NewLine => WireError::LineEnd,
        httparse::Error::Status | httparse::Error::Token => WireError::StatusLine,
        httparse::Error::Version => WireError::Version,
    }
}

/// Draws from the fields what the exchange itself depends on.
#[inline]
fn interpret(
    response: &Response<'_, '_>,
    len: usize,
    to_head_request: bool,
) -> Result<Head, WireError> {
    let status = response.code.unwrap_or(0);
    if status < 100 {
        return Err(WireError::Status);
    }
    let is_http_1_1 = response.version == Some(1);
    let mut head = Head {
        status,
        keep_alive: is_http_1_1,
        len: u32::try_from(len).unwrap_or(u32::MAX),
        ..Head::UNREAD
    };
    let mut length = None;
    let mut transfer = Transfer::Absent;
    let mut close = false;
    for field in response.headers.iter() {
        // The length of a name tells nearly all fields apart from those looked for.
        match field.name.len() {
            8 if is(field.name, b"location") => head.has_location = true,
            10 if is(field.name, b"set-cookie") => head.has_set_cookie = true,
            10 if is(field.name, b"connection") => {
                // As nearly everybody writes it.
                if field.value == b"keep-alive" {
                    head.keep_alive = true;
                    continue;
                }
                for option in list(field.value) {
                    if option.eq_ignore_ascii_case(b"close") {
                        close = true;
                    } else if option.eq_ignore_ascii_case(b"keep-alive") {
                        head.keep_alive = true;
                    }
                }
            }
            14 if is(field.name, b"content-length") => {
                length = Some(content_length(field.value, length)?);
            }
            16 if is(field.name, b"content-encoding") => {
                list(field.value).for_each(|name| head.codings.push(name));
            }
            17 if is(field.name, b"transfer-encoding") => {
                for coding in list(field.value) {
                    transfer = transfer.then(coding)?;
                }
            }
            _ => {}
        }
    }
    let has_no_body = to_head_request || matches!(status, 100..=199 | 204 | 304);
    head.framing = match (transfer, length) {
        _ if has_no_body => Framing::None,
        // Transfer-Encoding overrides Content-Length (RFC 9112 §6.3, rule 3).
        (Transfer::Chunked, _) => {
            // HTTP/1.0 has no chunks, so whoever sent them may have misread the rest
            // as well (§6.1).
            close |= !is_http_1_1;
            Framing::Chunked
        }
        (Transfer::Absent, Some(length)) => Framing::Length(length),
        (Transfer::Absent, None) => {
            close = true;
            Framing::UntilClose
        }
    };
    // After 101 the connection speaks another protocol (RFC 9110 §7.8).
    close |= status == 101;
    head.keep_alive &= !close;
    Ok(head)
}

/// Whether a field's name is `lower`, in any case. Setting a bit turns upper case into
/// lower and no other character of a name into a letter or a hyphen; without an early end
/// the comparison is a few vector instructions.
#[inline]
fn is<const N: usize>(name: &str, lower: &[u8; N]) -> bool {
    <&[u8; N]>::try_from(name.as_bytes()).is_ok_and(|name| {
        name.iter().zip(lower).fold(0, |other, (byte, lower)| other | (byte | 0x20) ^ lower) == 0
    })
}

/// The members of a comma-separated list that are not empty.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// What `Transfer-Encoding` says so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transfer {
    Absent,
    Chunked,
}

impl Transfer {
    /// Takes one more coding. `identity` was a way to say nothing (RFC 2616 §3.6), and
    /// servers still say it.
    fn then(self, coding: &[u8]) -> Result<Self, WireError> {
        if coding.eq_ignore_ascii_case(b"chunked") && self == Self::Absent {
            Ok(Self::Chunked)
        } else if coding.eq_ignore_ascii_case(b"identity") {
            Ok(self)
        } else {
            Err(WireError::TransferEncoding)
        }
    }
}

/// The value of a `Content-Length`, which may be a list of equal numbers and may be
/// repeated as long as all agree (RFC 9110 §8.6).
fn content_length(value: &[u8], mut before: Option<u64>) -> Result<u64, WireError> {
    if let (None, Some(number)) = (before, decimal(value)) {
        return Ok(number);
    }
    for member in value.split(|&byte| byte == b',') {
        let number = decimal(member.trim_ascii()).ok_or(WireError::ContentLength)?;
        if before.is_some_and(|before| before != number) {
            return Err(WireError::ContentLengthConflict);
        }
        before = Some(number);
    }
    before.ok_or(WireError::ContentLength)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(digit) }
    })
}

/// Replaces the line ends of folded header lines by spaces (RFC 9112 §5.2); whether
/// there were any. The status line cannot be folded.
#[cold]
fn unfold(buffer: &mut Buffer) -> bool {
    let mut found = false;
    let mut line_start = 0;
    while let Some(line) = buffer.filled().get(line_start..)
        && let Some(line_len) = memchr::memchr(b'\n', line)
    {
        let is_last = matches!(line.get(..line_len), Some(b"" | b"\r"));
        let is_folded = matches!(line.get(line_len + 1), Some(b' ' | b'\t'));
        if is_last {
            break;
        }
        let line_end = line_start + line_len;
        if is_folded && line_start > 0 {
            if line_len > 0 && line.get(line_len - 1) == Some(&b'\r') {
                buffer.put(line_end - 1, b' ');
            }
            buffer.put(line_end, b' ');
            found = true;
        }
        line_start = line_end + 1;
    }
    found
}

/// Whether `bytes` hold the end of a head, looking from `from` on.
pub(super) fn holds_end(bytes: &[u8], from: usize) -> bool {
    let tail = bytes.get(from..).unwrap_or_default();
    memchr::memchr_iter(b'\n', tail)
        .any(|at| matches!(tail.get(at + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..])))
}

/// The header fields of a head that has been accepted, in order.
///
/// They are found again in the bytes when somebody asks, which is cheaper than to note
/// them for everybody.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'b> {
    lines: &'b [u8],
}

impl<'b> Fields<'b> {
    /// The fields in the bytes of a head, status line included.
    #[must_use]
    pub fn new(head: &'b [u8]) -> Self {
        let lines = memchr::memchr(b'\n', head).and_then(|end| head.get(end + 1..));
        Self { lines: lines.unwrap_or_default() }
    }

    /// The value of the fields called `name`, in any case, joined with `, ` when there are
    /// several; `None` when there is none.
    #[must_use]
    pub fn joined(self, name: &[u8]) -> Option<Cow<'b, [u8]>> {
        let mut values = self.all(name);
        let first = values.next()?;
        let Some(second) = values.next() else { return Some(Cow::Borrowed(first)) };
        let mut joined = [first, b", ", second].concat();
        for value in values {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        Some(Cow::Owned(joined))
    }

    /// The values of all fields called `name`, in any case, in order.
    pub fn all(self, name: &[u8]) -> impl Iterator<Item = &'b [u8]> {
        self.filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1)
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = (&'b [u8], &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = memchr::memchr(b'\n', self.lines)?;
        let (line, rest) = self.lines.split_at_checked(end)?;
        self.lines = rest.get(1..)?;
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = line.split_at_checked(colon)?;
        Some((name, value.get(1..)?.trim_ascii()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Option<Head>, WireError> {
        let mut buffer = Buffer::default();
        buffer.extend(head.as_bytes());
        Head::read(&mut buffer, false)
    }

    fn framing(fields: &str) -> Result<Framing, WireError> {
        Ok(read(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"))?.unwrap().framing)
    }

    fn keeps_alive(version: &str, fields: &str) -> bool {
        let head = format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n{fields}\r\n");
        read(&head).unwrap().unwrap().keep_alive
    }

    #[test]
    fn connection_persists_as_version_and_connection_field_say() {
        assert!(keeps_alive("1.1", ""));
        assert!(!keeps_alive("1.0", ""));
        assert!(keeps_alive("1.0", "Connection: Keep-Alive\r\n"));
        assert!(!keeps_alive("1.1", "connection: CLOSE\r\n"));
        assert!(!keeps_alive("1.1", "Connection: foo, close ,bar\r\n"));
        assert!(!keeps_alive("1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
        assert!(!keeps_alive("1.1", "Connection: keep-alive, close\r\n"));
        assert!(keeps_alive("1.1", "Connection: closed\r\n"));
    }

    #[test]
    fn the_length_of_the_body_follows_the_rules_in_their_order() {
        assert_eq!(framing("Content-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(framing("content-length:0\r\n"), Ok(Framing::Length(0)));
        assert_eq!(
            framing("Content-Length: 5, 5\r\nContent-Length: 5\r\n"),
            Ok(Framing::Length(5))
        );
        assert_eq!(framing("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
        assert_eq!(
            framing("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            Ok(Framing::Chunked)
        );
        assert_eq!(framing("Transfer-Encoding: identity\r\n"), Ok(Framing::UntilClose));
        assert_eq!(framing(""), Ok(Framing::UntilClose));
    }

    #[test]
    fn lengths_that_are_none_are_refused() {
        let most = "Content-Length: 18446744073709551615\r\n";
        assert_eq!(framing(most), Ok(Framing::Length(u64::MAX)));
        for wrong in ["18446744073709551616", "-1", "+1", "", "0x10", "1 2", "5,", "1e3"] {
            let fields = format!("Content-Length: {wrong}\r\n");
            assert_eq!(framing(&fields), Err(WireError::ContentLength), "{wrong:?}");
        }
        assert_eq!(framing("Content-Length: 5, 6\r\n"), Err(WireError::ContentLengthConflict));
        assert_eq!(
            framing("Content-Length: 5\r\nContent-Length: 6\r\n"),
            Err(WireError::ContentLengthConflict)
        );
    }

    #[test]
    fn transfer_codings_other_than_chunked_are_refused() {
        for wrong in ["gzip, chunked", "gzip", "chunked, chunked", "chunked, gzip", "xchunked"] {
            let fields = format!("Transfer-Encoding: {wrong}\r\n");
            assert_eq!(framing(&fields), Err(WireError::TransferEncoding), "{wrong:?}");
        }
    }

    #[test]
    fn replies_without_body_are_told_by_status_and_request() {
        for status in [100, 103, 199, 204, 304] {
            let head = format!("HTTP/1.1 {status} x\r\nContent-Length: 9\r\n\r\n");
            assert_eq!(read(&head).unwrap().unwrap().framing, Framing::None, "{status}");
        }
        let mut buffer = Buffer::default();
        buffer.extend(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let head = Head::read(&mut buffer, true).unwrap().unwrap();
        assert_eq!((head.framing, head.keep_alive), (Framing::None, true));
    }

    #[test]
    fn folded_lines_are_read_as_one() {
        let mut buffer = Buffer::default();
        buffer.extend(b"HTTP/1.1 200 OK\r\nX: a\r\n b\n\tc\r\nContent-Length:\r\n 3\r\n\r\na\n b");
        let head = Head::read(&mut buffer, false).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(3));
        let (head, body) = buffer.filled().split_at(head.len as usize);
        assert_eq!(Fields::new(head).joined(b"x").unwrap(), b"a   b \tc".as_slice());
        assert_eq!(body, b"a\n b");
        assert_eq!(read("HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n"), Err(WireError::FieldName));
    }

    #[test]
    fn a_head_seen_before_is_known_again_and_no_other_taken_for_it() {
        let mut buffer = Buffer::default();
        let mut read = |bytes: &str, to_head_request| {
            buffer.clear();
            buffer.extend(bytes.as_bytes());
            Head::read(&mut buffer, to_head_request)
        };
        let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        let head = read(reply, false).unwrap().unwrap();
        assert_eq!(read(reply, false), Ok(Some(head)));
        assert_eq!(read(reply, true).unwrap().unwrap().framing, Framing::None);
        assert_eq!(read(reply, false), Ok(Some(head)));
        assert_eq!(read(&reply[..30], false), Ok(None));
        let other = reply.replace('5', "6");
        assert_eq!(read(&other, false).unwrap().unwrap().framing, Framing::Length(6));
        let longer = reply.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        assert!(!read(&longer, false).unwrap().unwrap().keep_alive);
    }

    #[test]
    fn names_are_compared_without_regard_to_case_and_no_further() {
        assert!(is("Set-Cookie", b"set-cookie") && is("SET-COOKIE", b"set-cookie"));
        for other in ["set_cookie", "set-cooki", "set-cookies", "Zet-Cookie"] {
            assert!(!is(other, b"set-cookie"), "{other}");
        }
    }

    #[test]
    fn first_bytes_tell_what_the_server_speaks_instead() {
        assert_eq!(read("\x15\x03\x01\0\x02"), Err(WireError::Tls));
        assert_eq!(read("\0\0\x12\x04\0"), Err(WireError::Http2));
        assert_eq!(read("HTTP/2 200\r\n\r\n"), Err(WireError::Version));
        assert_eq!(read("SSH-2.0-OpenSSH\r\n"), Err(WireError::NotHttp));
        assert_eq!(read("\r\nHTTP/1.1 200 OK\r\n\r\n"), Err(WireError::NotHttp));
        assert_eq!(read("HTTP/1.1 20 OK\r\n\r\n"), Err(WireError::StatusLine));
        assert_eq!(read("HTTP/1.1 099 OK\r\n\r\n"), Err(WireError::Status));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn many_fields_are_no_error() {
        let mut head = String::from("HTTP/1.1 200 OK\r\n");
        (0..5_000).for_each(|n| head.push_str(&format!("x-{n}: {n}\r\n")));
        head.push_str("Content-Length: 7\r\n\r\n");
        assert_eq!(read(&head).unwrap().unwrap().framing, Framing::Length(7));
        assert_eq!(Fields::new(head.as_bytes()).count(), 5_001);
    }

    #[test]
    fn repeated_fields_are_joined() {
        let head = b"HTTP/1.1 200 OK\nVary: a\nx:\r\nvary : no\nVARY:  b \r\nVary: c\n\n";
        let fields = Fields::new(head);
        assert_eq!(fields.joined(b"vary").unwrap(), b"a, b, c".as_slice());
        assert_eq!(fields.joined(b"X").unwrap(), b"".as_slice());
        assert_eq!(fields.joined(b"missing"), None);
    }
}
