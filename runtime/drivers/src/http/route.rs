//! Where requests go: an origin and how its certificate is judged.

use ld_stdlib::protocols::http::{option, part};
use ld_vm::{Fault, FaultClass, Request};
use url::Url;

use crate::net::{Endpoint, Proxy, TlsOptions, TlsVersion};

/// What connections are opened by. Users that go to the same place share one.
#[derive(Debug)]
pub(super) struct Route {
    /// `scheme://authority` as requests name it.
    pub(super) origin: Box<[u8]>,
    pub(super) endpoint: Endpoint,
    pub(super) tls: TlsOptions,
    pub(super) proxy: Option<Proxy>,
    /// The proxy as requests name it; empty for none.
    proxy_name: Box<[u8]>,
    trust: Trust,
}

/// What a request says about certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Trust {
    verify: bool,
    authorities: Box<[u8]>,
    certificate: Box<[u8]>,
    key: Box<[u8]>,
    server_name: Box<[u8]>,
    alpn: Box<[u8]>,
    version: i64,
}

impl Route {
    pub(super) fn new(origin: &[u8], proxy: &[u8], request: &Request<'_>) -> Result<Self, Fault> {
        let endpoint = endpoint(origin).ok_or_else(|| {
            let origin = String::from_utf8_lossy(origin);
            Fault::new(FaultClass::Plan, format!("`{origin}` is not an address to connect to"))
        })?;
        // Certificates play no part in plain connections.
        let trust = if endpoint.tls { Trust::of(request) } else { Trust::default() };
        let tls = trust.options();
        let named = proxy;
        let proxy = if named.is_empty() { None } else { Some(Proxy::parse(named)?) };
        let (origin, proxy_name) = (origin.into(), named.into());
        Ok(Self { origin, endpoint, tls, proxy, proxy_name, trust })
    }

    /// Whether a request to `origin` through `proxy` may use connections of this route.
    #[inline]
    pub(super) fn serves(&self, origin: &[u8], proxy: &[u8], request: &Request<'_>) -> bool {
        *self.origin == *origin
            && *self.proxy_name == *proxy
            && (!self.endpoint.tls || self.trust.is_that_of(request))
    }
}

impl Trust {
    fn of(request: &Request<'_>) -> Self {
        Self {
            verify: request.option(option::VERIFY) != 0,
            authorities: request.part(part::CA).into(),
            certificate: request.part(part::CERT).into(),
            key: request.part(part::KEY).into(),
            server_name: request.part(part::SERVER_NAME).into(),
            alpn: request.part(part::ALPN).into(),
            version: request.option(option::TLS_VERSION),
        }
    }

    fn is_that_of(&self, request: &Request<'_>) -> bool {
        self.verify == (request.option(option::VERIFY) != 0)
            && *self.authorities == *request.part(part::CA)
            && *self.certificate == *request.part(part::CERT)
            && *self.key == *request.part(part::KEY)
            && *self.server_name == *request.part(part::SERVER_NAME)
            && *self.alpn == *request.part(part::ALPN)
            && self.version == request.option(option::TLS_VERSION)
    }

    fn options(&self) -> TlsOptions {
        let files = [&*self.authorities, &*self.certificate, &*self.key];
        let offered: Vec<_> = self.alpn.split(|&byte| byte == b',').collect();
        let offered = if self.alpn.is_empty() { vec![b"http/1.1".as_slice()] } else { offered };
        let server_name = String::from_utf8_lossy(&self.server_name);
        TlsOptions {
            version: match self.version {
                12 => TlsVersion::Tls12,
                13 => TlsVersion::Tls13,
                _ => TlsVersion::Any,
            },
            server_name: (!server_name.is_empty()).then(|| server_name.into()),
            ..TlsOptions::of_task(self.verify, files, &offered)
        }
    }
}

/// The endpoint of `scheme://authority`.
fn endpoint(origin: &[u8]) -> Option<Endpoint> {
    let origin = str::from_utf8(origin).ok()?;
    let (scheme, authority) = origin.split_once("://")?;
    let tls = match scheme {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    if !authority.is_ascii() {
        // A name of another script is looked up in its ASCII form.
        let url = Url::parse(origin).ok()?;
        return Some(Endpoint {
            tls,
            host: url.host_str()?.into(),
            port: url.port_or_known_default()?,
        });
    }
    let default_port = if tls { 443 } else { 80 };
    Endpoint::parse(authority, Some(default_port), tls).ok()
}

/// Whether a list of hosts, with commas between them, has the host of `origin`, or a domain it
/// is in, or `*`.
pub(super) fn is_listed(list: &[u8], origin: &[u8]) -> bool {
    let Some(endpoint) = endpoint(origin).filter(|_| !list.is_empty()) else { return false };
    let host = endpoint.host.to_ascii_lowercase();
    let list = String::from_utf8_lossy(list).to_ascii_lowercase();
    list.split(',').map(str::trim).any(|entry| {
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') => (name, port.parse().ok()),
            _ => (entry, None),
        };
        let name = name.trim_start_matches('.');
        let is_inside = || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        !name.is_empty()
            && port.is_none_or(|port: u16| port == endpoint.port)
            && (name == "*" || name == host || is_inside())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_hosts_domains_and_ports() {
        let origin = b"http://api.shop.example:8080";
        for list in ["*", "x, api.shop.example", "shop.example", ".EXAMPLE", "shop.example:8080"] {
            assert!(is_listed(list.as_bytes(), origin), "{list}");
        }
        for list in ["", "hop.example", "api.shop.example:80", "x.api.shop.example", ","] {
            assert!(!is_listed(list.as_bytes(), origin), "{list}");
        }
    }

    #[test]
    fn origins_name_endpoints() {
        for (origin, expected) in [
            ("http://localhost:8080", "localhost:8080"),
            ("http://example.org", "example.org:80"),
            ("https://example.org", "example.org:443"),
            ("https://[::1]:8443", "[::1]:8443"),
            ("http://bücher.example", "xn--bcher-kva.example:80"),
        ] {
            let endpoint = endpoint(origin.as_bytes()).expect(origin);
            assert_eq!(endpoint.to_string(), expected);
            assert_eq!(endpoint.tls, origin.starts_with("https"));
        }
        for wrong in ["", "localhost", "ftp://localhost", "http://", "http://a:b", "http://[::1"] {
            assert_eq!(endpoint(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
