//! Requests and replies between the forms that HTTP/1.1 and HTTP/2 have them in.

use http::header::{CONNECTION, HOST, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Request, Response, Uri};
use memchr::memmem;

use super::Failure;
use crate::http::wire::Buffer;

/// Fields about the connection, which HTTP/2 has not (RFC 9113 §8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The request that begins with `head`, which is for `origin`, and what of its body stands there too.
pub(super) fn request<'h>(
    origin: &[u8],
    head: &'h [u8],
) -> Result<(Request<()>, &'h [u8]), Failure> {
    let (lines, body) = match memmem::find(head, b"\r\n\r\n") {
        Some(end) => head.split_at(end),
        None => (head, [].as_slice()),
    };
    let body = body.get(4..).unwrap_or_default();
    let mut lines = lines.split(|&byte| byte == b'\n').map(|line| line.trim_ascii_end());
    let mut words = lines.next().unwrap_or_default().split(|&byte| byte == b' ');
    let method = Method::from_bytes(words.next().unwrap_or_default());
    let target = words.next().unwrap_or_default();

    let mut request = Request::new(());
    *request.method_mut() = method.map_err(Failure::unsendable)?;
    let mut authority = origin.splitn(3, |&byte| byte == b'/').nth(2).unwrap_or_default();
    for line in lines {
        let (name, value) = line.split_at(memchr::memchr(b':', line).unwrap_or(line.len()));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let name = HeaderName::from_bytes(name).map_err(Failure::unsendable)?;
        if name == HOST {
            authority = value;
        } else if !OF_CONNECTIONS.contains(&name) && (name != TE || value == b"trailers") {
            let value = HeaderValue::from_bytes(value).map_err(Failure::unsendable)?;
            request.headers_mut().append(name, value);
        }
    }
    let scheme = if origin.starts_with(b"https:") { "https" } else { "http" };
    *request.uri_mut() = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(target)
        .build()
        .map_err(Failure::unsendable)?;
    Ok((request, body))
}

/// Writes the head of a reply as HTTP/1.1 has it. A reply without a length ends with the stream.
pub(super) fn write_head<B>(response: &Response<B>, out: &mut Buffer) {
    out.extend(b"HTTP/1.1 ");
    out.extend(response.status().as_str().as_bytes());
    out.extend(b" \r\n");
    for (name, value) in response.headers() {
        if OF_CONNECTIONS.contains(name) {
            continue;
        }
        out.extend(name.as_str().as_bytes());
        out.extend(b": ");
        out.extend(value.as_bytes());
        out.extend(b"\r\n");
    }
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_what_it_says_and_loses_what_is_about_the_connection() {
        let head = b"POST /a?b=1 HTTP/1.1\r\nHost: shop.example:81\r\nX-Mark: 7 \r\nx-mark: 8\r\n\
                     Connection: close\r\nTE: gzip\r\nContent-Length: 2\r\n\r\nhi";
        let (request, body) = request(b"https://127.0.0.1:4", head).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://shop.example:81/a?b=1");
        let marks: Vec<_> = request.headers().get_all("x-mark").iter().collect();
        assert_eq!(marks, ["7", "8"]);
        assert_eq!(request.headers().len(), 3, "{:?}", request.headers());
        assert_eq!(body, b"hi");
    }

    #[test]
    fn what_has_no_form_in_http2_is_the_plans_fault() {
        for head in [
            "G@T / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET / HTTP/1.1\r\nX\u{1}: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nX: \u{1}\r\n\r\n",
        ] {
            let failure = request(b"http://localhost", head.as_bytes()).unwrap_err();
            assert!(failure.fault.text.starts_with("this cannot be sent"), "{head}");
        }
    }

    #[test]
    fn a_reply_is_written_as_http1_has_it() {
        let response = Response::builder()
            .status(404)
            .header("set-cookie", "a=1")
            .header("Set-Cookie", "b=2")
            .header("connection", "close")
            .body(())
            .unwrap();
        let mut out = Buffer::default();
        write_head(&response, &mut out);
        assert_eq!(
            str::from_utf8(out.filled()).unwrap(),
            "HTTP/1.1 404 \r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n"
        );
    }
}
