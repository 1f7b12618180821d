//! The cookies of one user (RFC 6265).
//!
//! `cookie_store` keeps them. The header line they make is kept as well for as long as it
//! stays true, so that a user who is logged in pays for a copy and not for a look-up.

use std::time::{SystemTime, UNIX_EPOCH};

use cookie_store::{CookieExpiration, CookieStore};
use url::Url;

use super::wire::Fields;

/// As many cookies as a user keeps (RFC 6265 §6.1 asks for 50 a domain). A server that
/// sets more is not allowed to fill the generator's memory.
const MOST_COOKIES: usize = 300;

/// The largest cookie kept, in bytes, attributes included; the limit of browsers.
const LARGEST_COOKIE: usize = 4096;

/// The cookies of one user.
#[derive(Debug, Default)]
pub(super) struct Jar {
    store: CookieStore,
    line: Line,
}

/// The cookies for one origin as they are sent.
#[derive(Debug, Default)]
struct Line {
    text: String,
    /// What it was made for; empty when it must be made anew for each request.
    origin: Vec<u8>,
    /// When the first of its cookies expires, in nanoseconds of the run's clock.
    until_ns: u64,
}

impl Jar {
    /// Takes the cookies of a reply to a request for `url`. What is not a cookie, or is
    /// for somebody else, is left out, as everybody does.
    pub(super) fn take(&mut self, fields: Fields<'_>, url: &Url) {
        for value in fields.all(b"set-cookie").take(MOST_COOKIES) {
            if value.len() <= LARGEST_COOKIE {
                // Errors say that a cookie is not to be kept.
                let _ = self.store.parse(&String::from_utf8_lossy(value), url);
            }
            if self.store.iter_any().count() > MOST_COOKIES {
                self.make_room();
            }
        }
        self.line.origin.clear();
    }

    /// Whether it has no cookies, not even old ones.
    pub(super) fn is_empty(&self) -> bool {
        self.store.iter_any().next().is_none()
    }

    /// `name=value; name=value` for a request for `target` at `origin`, both as they are
    /// sent; empty when there is none for it.
    pub(super) fn line(&mut self, origin: &[u8], target: &[u8], now_ns: u64) -> &str {
        if self.line.origin != origin || now_ns >= self.line.until_ns {
            self.make_line(origin, target, now_ns);
        }
        &self.line.text
    }

    /// Drops the cookies that have expired, and the newest of the others if they are still
    /// too many.
    fn make_room(&mut self) {
        let kept: Vec<_> = self.store.iter_unexpired().take(MOST_COOKIES).cloned().collect();
        if let Ok(store) = CookieStore::from_cookies(kept.into_iter().map(Ok::<_, ()>), false) {
            self.store = store;
        }
    }

    fn make_line(&mut self, origin: &[u8], target: &[u8], now_ns: u64) {
        let line = &mut self.line;
        line.text.clear();
        line.origin.clear();
        let url = [origin, target].concat();
        let Some(url) = str::from_utf8(&url).ok().and_then(|url| Url::parse(url).ok()) else {
            return;
        };
        let mut cookies = self.store.matches(&url);
        // Longer paths first (RFC 6265 §5.4); the order is otherwise that of their coming.
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        for cookie in cookies {
            if !line.text.is_empty() {
                line.text.push_str("; ");
            }
            line.text.push_str(cookie.name());
            line.text.push('=');
            line.text.push_str(cookie.value());
        }
        // The line is true for the whole origin as long as no cookie minds the path.
        if self.store.iter_unexpired().all(|cookie| &*cookie.path == "/") {
            line.origin.extend_from_slice(origin);
            line.until_ns = now_ns.saturating_add(shortest_life_ns(&self.store));
        }
    }
}

/// How long until the first cookie expires, in nanoseconds.
fn shortest_life_ns(store: &CookieStore) -> u64 {
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let lives = store.iter_unexpired().filter_map(|cookie| match &cookie.expires {
        CookieExpiration::AtUtc(time) => {
            let life_ns = time.unix_timestamp_nanos().saturating_sub_unsigned(now_ns);
            Some(u64::try_from(life_ns.max(0)).unwrap_or(u64::MAX))
        }
        CookieExpiration::SessionEnd => None,
    });
    lives.min().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &[u8] = b"http://shop.example:8080";

    fn take(jar: &mut Jar, url: &str, cookies: &[&str]) {
        let mut head = String::from("HTTP/1.1 200 OK\r\n");
        cookies.iter().for_each(|cookie| head.push_str(&format!("Set-Cookie: {cookie}\r\n")));
        jar.take(Fields::new(head.as_bytes()), &Url::parse(url).unwrap());
    }

    fn jar(cookies: &[&str]) -> Jar {
        let mut jar = Jar::default();
        take(&mut jar, "http://shop.example:8080/login/form", cookies);
        jar
    }

    #[test]
    fn cookies_are_sent_where_they_belong() {
        let mut jar =
            jar(&["a=1; Path=/", "b=2", "c=3; Secure; Path=/", "d=4; Domain=other.example"]);
        assert_eq!(jar.line(ORIGIN, b"/", 0), "a=1");
        assert_eq!(jar.line(ORIGIN, b"/login/form", 0), "b=2; a=1");
        assert_eq!(jar.line(b"https://shop.example:8080", b"/", 0), "a=1; c=3");
        assert_eq!(jar.line(b"http://other.example", b"/", 0), "");
    }

    #[test]
    fn a_line_is_made_anew_when_a_cookie_changes() {
        let mut jar = jar(&["a=1; Path=/", "b=2; Path=/"]);
        assert_eq!(jar.line(ORIGIN, b"/", 0), "a=1; b=2");
        assert_eq!(jar.line.origin, ORIGIN);
        take(&mut jar, "http://shop.example:8080/", &["a=3; Path=/", "b=; Path=/; Max-Age=0"]);
        assert_eq!(jar.line(ORIGIN, b"/x", 0), "a=3");
    }

    #[test]
    fn a_line_is_made_anew_when_a_cookie_expires() {
        let mut jar = jar(&["a=1; Path=/; Max-Age=10"]);
        assert_eq!(jar.line(ORIGIN, b"/", 5), "a=1");
        let until_ns = jar.line.until_ns;
        assert!((9_000_000_000..=10_000_000_005).contains(&until_ns), "{until_ns}");
    }

    #[test]
    fn a_line_is_not_kept_where_paths_differ() {
        let mut jar = jar(&["a=1; Path=/shop"]);
        assert_eq!(jar.line(ORIGIN, b"/shop/cart", 0), "a=1");
        assert_eq!(jar.line(ORIGIN, b"/shopping", 0), "");
    }

    #[test]
    fn a_server_cannot_fill_the_memory() {
        let many: Vec<String> = (0..2 * MOST_COOKIES).map(|n| format!("c{n}=x; Path=/")).collect();
        let mut jar = jar(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(jar.line(ORIGIN, b"/", 0).split("; ").count(), MOST_COOKIES);
        let large = format!("large={}; Path=/", "x".repeat(LARGEST_COOKIE));
        let mut jar = Jar::default();
        take(&mut jar, "http://shop.example:8080/", &[&large]);
        assert_eq!(jar.line(ORIGIN, b"/", 0), "");
    }

    #[test]
    fn a_full_jar_still_takes_changes_and_uses_the_places_of_expired_cookies() {
        let many: Vec<String> = (0..MOST_COOKIES).map(|n| format!("c{n}=x; Path=/")).collect();
        let mut jar = jar(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let url = "http://shop.example:8080/";
        take(&mut jar, url, &["late=1; Path=/", "c7=new; Path=/"]);
        let line = jar.line(ORIGIN, b"/", 0).to_owned();
        assert!(!line.contains("late") && line.contains("c7=new"), "{line}");
        take(&mut jar, url, &["c7=; Path=/; Max-Age=0", "late=1; Path=/"]);
        let line = jar.line(ORIGIN, b"/", 0).to_owned();
        assert!(line.contains("late=1") && !line.contains("c7="), "{line}");
    }
}
