//! What goes along with calls: the plan's metadata, and the server's.

use std::borrow::Cow;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use ld_stdlib::protocols::grpc::check_metadata;
use ld_vm::{Fault, FaultClass, Meta};
use percent_encoding::percent_decode;

/// The most of a server's message that is kept, in bytes.
const MOST_MESSAGE: usize = 1000;

/// The most a deadline can say in one unit.
const MOST_DIGITS: u64 = 99_999_999;

/// How a call ended, and what came with it.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) status: i64,
    pub(super) message: String,
    pub(super) headers: HeaderMap,
    pub(super) trailers: HeaderMap,
}

/// The headers of a call: the plan's lines `key: value`, and its own. `left_ns` is what is left
/// until the deadline.
pub(super) fn headers(lines: &[u8], left_ns: Option<u64>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let agent = HeaderValue::from_static(concat!("ldvm/", env!("CARGO_PKG_VERSION")));
    headers.insert(USER_AGENT, agent);
    headers.insert("grpc-accept-encoding", HeaderValue::from_static("gzip"));
    if let Some(left_ns) = left_ns
        && let Ok(value) = HeaderValue::from_str(&timeout(left_ns))
    {
        headers.insert("grpc-timeout", value);
    }
    let mut has_agent = false;
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let unsendable = |why: &str| {
            let name = String::from_utf8_lossy(name);
            Fault::new(FaultClass::Plan, format!("the metadata `{name}` cannot be sent: {why}"))
        };
        let known = HeaderName::from_bytes(name).map_err(|_| unsendable("it is no key"))?;
        check_metadata(known.as_str(), value).map_err(unsendable)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| unsendable("it is no value"))?;
        if known == USER_AGENT && !has_agent {
            has_agent = true;
            headers.insert(known, value);
        } else {
            headers.append(known, value);
        }
    }
    Ok(headers)
}

/// A time as the header `grpc-timeout` has it: not less than it is, and so that a server notices
/// when we do and not before.
fn timeout(left_ns: u64) -> String {
    let ms = left_ns.div_ceil(1_000_000).max(1);
    if ms <= MOST_DIGITS {
        return format!("{ms}m");
    }
    format!("{}S", ms.div_ceil(1000).min(MOST_DIGITS))
}

impl Ending {
    /// What headers or trailers say about how the call ended, if they do.
    pub(super) fn read(&mut self, from: &HeaderMap) -> bool {
        let Some(status) = from.get("grpc-status") else {
            return false;
        };
        // What is no number is status UNKNOWN.
        self.status = status.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(2);
        let message = from.get("grpc-message").map(HeaderValue::as_bytes).unwrap_or_default();
        let message = message.get(..MOST_MESSAGE).unwrap_or(message);
        self.message = percent_decode(message).decode_utf8_lossy().into_owned();
        true
    }
}

impl Meta for Ending {
    fn value(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        if name.eq_ignore_ascii_case(b"grpc-message") {
            return Some(Cow::Borrowed(self.message.as_bytes()));
        }
        let name = HeaderName::from_bytes(name).ok()?;
        let mut all = self.headers.get_all(&name).iter().chain(self.trailers.get_all(&name));
        let first = all.next()?;
        let mut joined = Cow::Borrowed(first.as_bytes());
        for value in all {
            let joined = joined.to_mut();
            joined.extend(b", ");
            joined.extend(value.as_bytes());
        }
        Some(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_have_at_most_eight_digits() {
        for (left_ns, text) in [
            (0, "1m"),
            (1_500_000, "2m"),
            (10_000_000_000, "10000m"),
            (99_999_999_000_001, "100000S"),
            (u64::MAX, "99999999S"),
        ] {
            assert_eq!(timeout(left_ns), text);
        }
    }

    #[test]
    fn values_of_repeated_keys_are_joined_and_messages_decoded() {
        let mut ending = Ending::default();
        ending.headers.append("k", HeaderValue::from_static("1"));
        ending.trailers.append("k", HeaderValue::from_static("2"));
        ending.trailers.append("grpc-status", HeaderValue::from_static("5"));
        ending.trailers.append("grpc-message", HeaderValue::from_static("50%25 gone%zz"));
        assert!(ending.read(&ending.trailers.clone()));
        assert_eq!(ending.status, 5);
        assert_eq!(ending.value(b"K").unwrap(), b"1, 2".as_slice());
        assert_eq!(ending.value(b"grpc-message").unwrap(), b"50% gone%zz".as_slice());
        assert_eq!(ending.value(b"other"), None);
    }
}
