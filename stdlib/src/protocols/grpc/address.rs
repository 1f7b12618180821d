//! Where a call goes: `host:port`, perhaps with a scheme that says whether TLS is spoken.

use crate::endpoint::{BadEndpoint, Endpoint};

/// Why a text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTarget {
    /// The scheme is none of those known.
    Scheme,
    /// A path follows, and calls have their own.
    Path,
    /// `tls` says one thing and the scheme another.
    Tls,
    /// What is left is no host and port.
    Endpoint(BadEndpoint),
}

/// Reads `host:port`, or the same behind `grpc://`, `http://`, `dns:///` (without TLS unless `tls`
/// says so), `grpcs://` or `https://`.
///
/// # Errors
/// When the text is none of these, or contradicts `tls`.
pub fn endpoint(text: &str, tls: Option<bool>) -> Result<Endpoint, BadTarget> {
    let (scheme_tls, port, rest) = match text.split_once("://") {
        None => (None, None, text),
        Some(("dns", rest)) => (None, None, rest.strip_prefix('/').ok_or(BadTarget::Scheme)?),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "grpc" => (Some(false), None, rest),
            "http" => (Some(false), Some(80), rest),
            "grpcs" => (Some(true), Some(443), rest),
            "https" => (Some(true), Some(443), rest),
            _ => return Err(BadTarget::Scheme),
        },
    };
    if let (Some(said), Some(meant)) = (tls, scheme_tls)
        && said != meant
    {
        return Err(BadTarget::Tls);
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('/') {
        return Err(BadTarget::Path);
    }
    let tls = tls.or(scheme_tls).unwrap_or(false);
    Endpoint::parse(rest, port, tls).map_err(BadTarget::Endpoint)
}

impl std::fmt::Display for BadTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scheme => f.write_str("only grpc, grpcs, http and https may stand before `://`"),
            Self::Path => f.write_str("a path cannot follow the port; the method names it"),
            Self::Tls => f.write_str("its scheme says something else than `tls`"),
            Self::Endpoint(why) => why.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_host_and_port_with_or_without_a_scheme() {
        for (text, tls, is_secure, host, port) in [
            ("a.example:50051", None, false, "a.example", 50051),
            ("[::1]:7", Some(true), true, "::1", 7),
            ("grpcs://a.example", None, true, "a.example", 443),
            ("https://a.example:8443/", Some(true), true, "a.example", 8443),
            ("http://a.example/", None, false, "a.example", 80),
            ("dns:///a.example:1", Some(true), true, "a.example", 1),
        ] {
            let endpoint = endpoint(text, tls).unwrap();
            assert_eq!((endpoint.tls, &*endpoint.host, endpoint.port), (is_secure, host, port));
        }
    }

    #[test]
    fn what_is_no_target_is_told() {
        for (text, tls, why) in [
            ("a.example", None, "the port is missing"),
            ("ftp://a.example:1", None, "only grpc"),
            ("http://a.example:1/v1", None, "a path cannot follow"),
            ("https://a.example", Some(false), "something else than `tls`"),
            ("grpc://a.example:1", Some(true), "something else than `tls`"),
        ] {
            let error = endpoint(text, tls).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
