//! Where a connection is asked for: a host, a port, and whether TLS is spoken there. The
//! compiler reads it to refuse what cannot work, a driver to connect.

use std::fmt;
use std::net::Ipv6Addr;

/// A host and port, as a plan names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// A name or an IP address; IPv6 without brackets.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
}

/// Why a text is no host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadEndpoint {
    /// There is no host.
    NoHost,
    /// The host has a character that can be in none.
    BadHost,
    /// There is no port, and nothing to take instead.
    NoPort,
    /// The port is not a number from 0 to 65535.
    BadPort,
    /// A bracket has no partner, or what it encloses is no IPv6 address.
    BadBrackets,
}

impl Endpoint {
    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port`, or an IPv6 address alone.
    ///
    /// # Errors
    /// When the text is none of these, or leaves the port out and `default_port` is
    /// `None`.
    pub fn parse(text: &str, default_port: Option<u16>, tls: bool) -> Result<Self, BadEndpoint> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(BadEndpoint::BadBrackets)?;
            if !is_v6(host) {
                return Err(BadEndpoint::BadBrackets);
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(BadEndpoint::BadBrackets),
            }
        } else if is_v6(text) {
            (text, None)
        } else {
            match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        if host.is_empty() {
            return Err(BadEndpoint::NoHost);
        }
        if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#@[]\\".contains(c)) {
            return Err(BadEndpoint::BadHost);
        }
        let port = match port {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| BadEndpoint::BadPort)?
            }
            Some(_) => return Err(BadEndpoint::BadPort),
            None => default_port.ok_or(BadEndpoint::NoPort)?,
        };
        Ok(Self { tls, host: host.into(), port })
    }
}

/// Whether a text is an IPv6 address, perhaps with a zone (RFC 4007 §11).
fn is_v6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the host is missing",
            Self::BadHost => "there is a character that can not be in a host",
            Self::NoPort => "the port is missing",
            Self::BadPort => "the port is not a number from 0 to 65535",
            Self::BadBrackets => "the brackets do not enclose an IPv6 address",
        })
    }
}

impl std::error::Error for BadEndpoint {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_with_and_without_a_port() {
        for (text, host, port) in [
            ("example.org", "example.org", 80),
            ("example.org:8080", "example.org", 8080),
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]", "::1", 80),
            ("[::1]:65535", "::1", 65535),
            ("::1", "::1", 80),
            ("fe80::1%eth0", "fe80::1%eth0", 80),
        ] {
            let endpoint = Endpoint::parse(text, Some(80), false).expect(text);
            assert_eq!((&*endpoint.host, endpoint.port), (host, port), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_rest() {
        for (text, error) in [
            ("", BadEndpoint::NoHost),
            (":80", BadEndpoint::NoHost),
            ("host", BadEndpoint::NoPort),
            ("tcp://host:80", BadEndpoint::BadHost),
            ("user@host:80", BadEndpoint::BadHost),
            (" host:80", BadEndpoint::BadHost),
            ("host:", BadEndpoint::BadPort),
            ("host:+1", BadEndpoint::BadPort),
            ("host:65536", BadEndpoint::BadPort),
            ("host:http", BadEndpoint::BadPort),
            ("[::1", BadEndpoint::BadBrackets),
            ("[::1]80", BadEndpoint::BadBrackets),
            ("[host]:80", BadEndpoint::BadBrackets),
        ] {
            assert_eq!(Endpoint::parse(text, None, false), Err(error), "{text}");
        }
    }

    #[test]
    fn is_written_as_it_is_read() {
        for text in ["host:80", "[::1]:80"] {
            assert_eq!(Endpoint::parse(text, None, false).unwrap().to_string(), text);
        }
    }
}
