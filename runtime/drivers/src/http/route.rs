//! Where requests go: an origin and how its certificate is judged.

use ld_stdlib::protocols::http::{option, part};
use ld_vm::{Fault, FaultClass, Request};
use url::Url;

use crate::net::{Endpoint, TlsOptions};

/// What connections are opened by. Users that go to the same place share one.
#[derive(Debug)]
pub(super) struct Route {
    /// `scheme://authority` as requests name it.
    origin: Box<[u8]>,
    pub(super) endpoint: Endpoint,
    pub(super) tls: TlsOptions,
    trust: Trust,
}

/// What a request says about certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Trust {
    verify: bool,
    authorities: Box<[u8]>,
    certificate: Box<[u8]>,
    key: Box<[u8]>,
}

impl Route {
    pub(super) fn new(origin: &[u8], request: &Request<'_>) -> Result<Self, Fault> {
        let endpoint = endpoint(origin).ok_or_else(|| {
            let origin = String::from_utf8_lossy(origin);
            Fault::new(FaultClass::Plan, format!("`{origin}` is not an address to connect to"))
        })?;
        // Certificates play no part in plain connections.
        let trust = if endpoint.tls { Trust::of(request) } else { Trust::default() };
        let tls = trust.options();
        Ok(Self { origin: origin.into(), endpoint, tls, trust })
    }

    /// Whether a request to `origin` may use connections of this route.
    #[inline]
    pub(super) fn serves(&self, origin: &[u8], request: &Request<'_>) -> bool {
        *self.origin == *origin && (!self.endpoint.tls || self.trust.is_that_of(request))
    }
}

impl Trust {
    fn of(request: &Request<'_>) -> Self {
        Self {
            verify: request.option(option::VERIFY) != 0,
            authorities: request.part(part::CA).into(),
            certificate: request.part(part::CERT).into(),
            key: request.part(part::KEY).into(),
        }
    }

    fn is_that_of(&self, request: &Request<'_>) -> bool {
        self.verify == (request.option(option::VERIFY) != 0)
            && *self.authorities == *request.part(part::CA)
            && *self.certificate == *request.part(part::CERT)
            && *self.key == *request.part(part::KEY)
    }

    fn options(&self) -> TlsOptions {
        let files = [&*self.authorities, &*self.certificate, &*self.key];
        TlsOptions::of_task(self.verify, files, &[b"http/1.1"])
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

#[cfg(test)]
mod tests {
    use super::*;

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
