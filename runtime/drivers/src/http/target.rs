//! Where a request goes, when the plan alone does not say.

use ld_stdlib::protocols::http::part;
use ld_vm::{Fault, FaultClass, Request};
use url::Url;

use super::message::{self, Prepared};

/// The URL a request goes to.
pub(super) fn url(request: &Request<'_>, prepared: &Prepared<'_>) -> Result<Url, Fault> {
    match varying(request)? {
        Some(url) => Ok(url),
        None => parse(&[request.part(part::ORIGIN), message::target(prepared.lines)].concat()),
    }
}

/// The URL of a request whose origin is known only at run time.
pub(super) fn varying(request: &Request<'_>) -> Result<Option<Url>, Fault> {
    let url = request.part(part::URL);
    if url.is_empty() {
        return Ok(None);
    }
    if is_absolute(url) {
        return parse(url).map(Some);
    }
    let base = request.part(part::ORIGIN);
    if base.is_empty() {
        let text = format!("`{}` is relative, and the run has no `host`", url.escape_ascii());
        return Err(Fault::new(FaultClass::Plan, text));
    }
    let separator = if matches!(url.first(), Some(b'/' | b'?')) { "" } else { "/" };
    parse(&[base, separator.as_bytes(), url].concat()).map(Some)
}

/// Whether text begins with a scheme, as an absolute URL does (RFC 3986 §3.1).
pub(super) fn is_absolute(text: &[u8]) -> bool {
    let in_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let scheme = text.iter().take_while(in_scheme).count();
    scheme > 0 && text.get(scheme) == Some(&b':')
}

fn parse(text: &[u8]) -> Result<Url, Fault> {
    let text = String::from_utf8_lossy(text);
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => {
            let text = format!("`{text}` is not a URL that HTTP users can ask for");
            Err(Fault::new(FaultClass::Plan, text))
        }
    }
}
