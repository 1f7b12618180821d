//! Where a redirect leads, and what of the request goes there (RFC 9110 §15.4).

use ld_vm::{Fault, FaultClass};
use url::Url;

use super::auth::Proof;
use super::message::{Late, Prepared, is_field, write_request_line};

/// One request of a chain of redirects.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Box<[u8]>,
    /// Whether the body goes along.
    pub(super) body: bool,
    /// Whether all hops so far went to the origin of the first: only there do the
    /// credentials of the plan go.
    pub(super) credentials: bool,
}

impl Hop {
    /// The request that a chain begins with.
    pub(super) fn first(url: Url, method: &[u8]) -> Self {
        Self { url, method: method.into(), body: true, credentials: true }
    }

    /// The hop that a reply asks for; `None` when it asks for none.
    pub(super) fn next(&self, status: u16, location: Option<&[u8]>) -> Result<Option<Self>, Fault> {
        let Some(location) = location.filter(|_| is_redirect(status)) else { return Ok(None) };
        let fault = |text: &str| Fault::new(FaultClass::Protocol, text);
        let mut url = str::from_utf8(location)
            .ok()
            .and_then(|location| self.url.join(location).ok())
            .ok_or_else(|| fault("the server redirects to something that is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(fault(&format!(
                "the server redirects to an address of `{}:`, which HTTP users do not speak",
                url.scheme()
            )));
        }
        url.set_fragment(None);
        let becomes_get = match status {
            // What browsers have always done, and the RFC allows.
            301 | 302 => *self.method == *b"POST",
            303 => *self.method != *b"GET" && *self.method != *b"HEAD",
            _ => false,
        };
        let credentials = self.credentials && url.origin() == self.url.origin();
        Ok(Some(Self {
            url,
            method: if becomes_get { b"GET".as_slice().into() } else { self.method.clone() },
            body: self.body && !becomes_get,
            credentials,
        }))
    }

    /// Appends the request, but for what is returned, which goes after it.
    pub(super) fn write<'u>(
        &self,
        prepared: &Prepared<'u>,
        cookies: &str,
        proof: &Proof,
        out: &mut Vec<u8>,
    ) -> &'u [u8] {
        write_request_line(&self.method, &self.url, true, out);
        for line in prepared.fields().filter(|line| self.takes(line)) {
            out.extend_from_slice(line);
        }
        let late = Late { body: self.body, credentials: self.credentials, proof, cookies };
        prepared.write_late_lines(late, out);
        if self.body {
            prepared.write_body(&proof.form, out)
        } else {
            out.extend_from_slice(b"\r\n");
            &[]
        }
    }

    /// Whether a header line of the first request goes along.
    fn takes(&self, line: &[u8]) -> bool {
        const OF_BODY: [&[u8]; 6] = [
            b"content-length",
            b"content-type",
            b"content-encoding",
            b"content-language",
            b"content-location",
            b"expect",
        ];
        const OF_ORIGIN: [&[u8]; 3] = [b"authorization", b"cookie", b"proxy-authorization"];
        let is_any = |names: &[&[u8]]| names.iter().any(|name| is_field(line, name));
        !is_field(line, b"host")
            && (self.body || !is_any(&OF_BODY))
            && (self.credentials || !is_any(&OF_ORIGIN))
    }
}

/// Whether a status asks for a request elsewhere.
#[inline]
pub(super) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: &str) -> Hop {
        Hop::first(Url::parse("http://a.example/dir/page?x=1").unwrap(), method.as_bytes())
    }

    fn next(method: &str, status: u16, location: &str) -> Hop {
        hop(method).next(status, Some(location.as_bytes())).unwrap().unwrap()
    }

    #[test]
    fn methods_change_as_browsers_change_them() {
        for (method, status, expected) in [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("POST", 307, "POST"),
            ("POST", 308, "POST"),
            ("PUT", 302, "PUT"),
            ("DELETE", 303, "GET"),
            ("HEAD", 303, "HEAD"),
            ("HEAD", 302, "HEAD"),
        ] {
            let next = next(method, status, "/");
            assert_eq!(*next.method, *expected.as_bytes(), "{method} {status}");
            assert_eq!(next.body, method == expected, "{method} {status}");
        }
    }

    #[test]
    fn locations_are_relative_to_the_request() {
        for (location, expected) in [
            ("other", "http://a.example/dir/other"),
            ("/root", "http://a.example/root"),
            ("?y=2", "http://a.example/dir/page?y=2"),
            ("//b.example/p", "http://b.example/p"),
            ("https://c.example#frag", "https://c.example/"),
            ("../../up", "http://a.example/up"),
        ] {
            assert_eq!(next("GET", 302, location).url.as_str(), expected, "{location}");
        }
    }

    #[test]
    fn credentials_stay_at_the_first_origin() {
        assert!(next("GET", 302, "/same").credentials);
        assert!(!next("GET", 302, "https://a.example/").credentials);
        assert!(!next("GET", 302, "http://a.example:81/").credentials);
        let there = next("GET", 302, "http://b.example/");
        let back = there.next(302, Some(b"http://a.example/")).unwrap().unwrap();
        assert!(!back.credentials, "whoever sends us back has seen nothing either");
    }

    #[test]
    fn replies_that_lead_nowhere_are_not_followed() {
        assert!(hop("GET").next(302, None).unwrap().is_none());
        assert!(hop("GET").next(300, Some(b"/x")).unwrap().is_none());
        assert!(hop("GET").next(304, Some(b"/x")).unwrap().is_none());
        assert!(hop("GET").next(200, Some(b"/x")).unwrap().is_none());
    }

    #[test]
    fn addresses_that_cannot_be_asked_are_faults() {
        for location in ["ftp://a.example/", "javascript:alert(1)", "http://", "http://a:b/"] {
            let fault = hop("GET").next(302, Some(location.as_bytes())).unwrap_err();
            assert_eq!(fault.class, FaultClass::Protocol, "{location}");
        }
        assert!(hop("GET").next(302, Some(b"/\xff")).is_err());
    }
}
