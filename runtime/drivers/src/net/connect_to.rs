//! `--connect-to HOST:PORT:ADDR:PORT`: connections that go elsewhere than requests say.

use std::str::FromStr;

use super::Endpoint;

/// One redirection of connections, as curl's option of that name means it. Names in
/// requests, in TLS and in cookies stay what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectTo {
    /// The host a request must name; `None` is any.
    host: Option<Box<str>>,
    /// The port a request must name; `None` is any.
    port: Option<u16>,
    /// The host to connect to; `None` keeps the request's.
    to_host: Option<Box<str>>,
    /// The port to connect to; `None` keeps the request's.
    to_port: Option<u16>,
}

impl ConnectTo {
    /// Where to connect for `endpoint`; `None` when this one is not about it.
    #[must_use]
    pub fn apply(&self, endpoint: &Endpoint) -> Option<Endpoint> {
        let host = self.host.as_ref().is_none_or(|host| host.eq_ignore_ascii_case(&endpoint.host));
        let port = self.port.is_none_or(|port| port == endpoint.port);
        (host && port).then(|| Endpoint {
            tls: endpoint.tls,
            host: self.to_host.clone().unwrap_or_else(|| endpoint.host.clone()),
            port: self.to_port.unwrap_or(endpoint.port),
        })
    }
}

impl FromStr for ConnectTo {
    type Err = String;

    /// Reads `HOST:PORT:ADDR:PORT`; each part may be empty, IPv6 stands in brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is not HOST:PORT:ADDR:PORT (IPv6 in brackets)");
        let (host, rest) = host(text).ok_or_else(shape)?;
        let (first, rest) = rest.split_once(':').ok_or_else(shape)?;
        let (to_host, to) = self::host(rest).ok_or_else(shape)?;
        Ok(Self { host, port: port(first)?, to_host, to_port: port(to)? })
    }
}

/// A host, perhaps empty, up to its colon, and what follows the colon.
fn host(text: &str) -> Option<(Option<Box<str>>, &str)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            (host, rest.strip_prefix(':')?)
        }
        None => text.split_once(':')?,
    };
    Some(((!host.is_empty()).then(|| host.into()), rest))
}

fn port(digits: &str) -> Result<Option<u16>, String> {
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().map(Some).map_err(|_| format!("`{digits}` is no port (0 to 65535)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(rule: &str, endpoint: &str) -> Option<String> {
        let rule: ConnectTo = rule.parse().unwrap();
        let endpoint = Endpoint::parse(endpoint, None, true).unwrap();
        rule.apply(&endpoint).map(|to| {
            assert!(to.tls);
            to.to_string()
        })
    }

    #[test]
    fn empty_parts_match_all_and_keep_what_is() {
        for (rule, endpoint, to) in [
            ("a:1:b:2", "a:1", Some("b:2")),
            ("A:1:b:2", "a:1", Some("b:2")),
            ("a:1:b:2", "a:9", None),
            ("a:1:b:2", "x:1", None),
            (":1:b:2", "x:1", Some("b:2")),
            ("a::b:2", "a:9", Some("b:2")),
            ("a:1::2", "a:1", Some("a:2")),
            ("a:1:b:", "a:1", Some("b:1")),
            (":::", "a:1", Some("a:1")),
            ("[::1]:1:[::2]:2", "[::1]:1", Some("[::2]:2")),
            ("::127.0.0.1:8080", "shop.example:443", Some("127.0.0.1:8080")),
        ] {
            assert_eq!(applied(rule, endpoint).as_deref(), to, "{rule} for {endpoint}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_shape() {
        for text in ["", "a", "a:1", "a:1:b", "[::1:1:b:2", "[::1]1:b:2"] {
            assert!(text.parse::<ConnectTo>().unwrap_err().contains("HOST:PORT"), "{text}");
        }
        for text in ["a:x:b:2", "a:1:b:70000", "a:1:b:2:3"] {
            assert!(text.parse::<ConnectTo>().unwrap_err().contains("no port"), "{text}");
        }
    }
}
