//! URLs as curl reads them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::text::plain;

/// A URL as curl would ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) url: String,
    /// User and password that stood in it.
    pub(super) user: Option<(String, String)>,
}

/// Reads a URL: a missing scheme is `http`, a fragment is not sent, credentials stand apart.
///
/// # Errors
/// The scheme, when it is not one of HTTP.
pub(super) fn read(text: &str, default_scheme: Option<&str>) -> Result<Read, String> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest))
            if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ if text.starts_with("${") => (String::new(), text),
        _ => (default_scheme.unwrap_or("http").to_ascii_lowercase(), text.trim_start_matches('/')),
    };
    if !matches!(scheme.as_str(), "" | "http" | "https") {
        return Err(scheme);
    }
    let rest = rest.split('#').next().unwrap_or(rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(credentials(user)), host),
        None => (None, authority),
    };
    // Placeholders may stand for anything, also for the whole origin.
    let slash =
        if path.starts_with('/') || (scheme.is_empty() && path.is_empty()) { "" } else { "/" };
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    Ok(Read { url: format!("{scheme}{host}{slash}{}", blanks(path)), user })
}

fn credentials(text: &str) -> (String, String) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match text.split_once(':') {
        Some((user, password)) => (decode(user), decode(password)),
        None => (decode(text), String::new()),
    }
}

/// A URL as messages show it: without a password.
pub(super) fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(s, rest)| (Some(s), rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// `USER:PASSWORD` as it stands in a URL; placeholders stay.
pub(super) fn encode_userinfo(user: &str) -> String {
    if plain(user).is_none() {
        return user.to_owned();
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let encode = |text: &str| {
        let meant = plain(text).unwrap_or_default();
        utf8_percent_encode(&meant, USERINFO).to_string()
    };
    format!("{}:{}", encode(name), encode(password))
}

/// What is encoded in names and passwords of URLs.
const USERINFO: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!');

/// Blanks of a path or query as curl sends them.
fn blanks(path: &str) -> String {
    path.replace(' ', "%20")
}

/// The URL with `.` and `..` carried out in its path, as curl does before it asks.
pub(super) fn without_dots(url: &str) -> String {
    let (before_query, query) = match url.find('?').and_then(|at| url.split_at_checked(at)) {
        Some(parts) => parts,
        None => (url, ""),
    };
    let path_at = before_query.find("://").map_or(0, |at| at + 3);
    let path_at =
        before_query.get(path_at..).and_then(|rest| rest.find('/')).map(|at| path_at + at);
    let Some((origin, path)) = path_at.and_then(|at| before_query.split_at_checked(at)) else {
        return url.to_owned();
    };
    if !path.contains("/.") {
        return url.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (number, segment) in segments.iter().enumerate() {
        let last = number + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("{origin}/{}{query}", kept.join("/"))
}

/// Adds to the query of a URL.
pub(super) fn add_query(url: &str, query: &str) -> String {
    let between = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, before)) if before.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{between}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        read(text, None).unwrap().url
    }

    #[test]
    fn what_is_missing_is_what_curl_assumes() {
        for (text, expected) in [
            ("localhost:8080", "http://localhost:8080/"),
            ("a.example/x?y=1#z", "http://a.example/x?y=1"),
            ("HTTPS://a.example?x", "https://a.example/?x"),
            ("http://[::1]:80/a b", "http://[::1]:80/a%20b"),
            ("${env.HOST}/x", "${env.HOST}/x"),
            ("${env.HOST}", "${env.HOST}"),
            ("https://${env.HOST}/x", "https://${env.HOST}/x"),
        ] {
            assert_eq!(url(text), expected, "{text}");
        }
    }

    #[test]
    fn credentials_stand_apart() {
        let read = read("http://ada:s%40x@a.example/", None).unwrap();
        assert_eq!(read.url, "http://a.example/");
        assert_eq!(read.user, Some(("ada".to_owned(), "s@x".to_owned())));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("ftp://u:p@a.example/x@y"), "ftp://a.example/x@y");
        assert_eq!(shown("u:p@a.example"), "a.example");
        assert_eq!(encode_userinfo("u:p@/"), "u:p%40%2F");
    }

    #[test]
    fn other_schemes_are_refused() {
        assert_eq!(super::read("ftp://a.example/x", None), Err("ftp".to_owned()));
    }

    #[test]
    fn dots_are_carried_out() {
        for (url, expected) in [
            ("http://a.example/a/../b/./c?x=/../", "http://a.example/b/c?x=/../"),
            ("http://a.example/../a/..", "http://a.example/"),
            ("http://a.example/.well-known", "http://a.example/.well-known"),
            ("http://a.example", "http://a.example"),
        ] {
            assert_eq!(without_dots(url), expected);
        }
    }

    #[test]
    fn queries_are_added_where_there_may_be_one() {
        for (url, expected) in
            [("/a", "/a?q"), ("/a?", "/a?q"), ("/a?b", "/a?b&q"), ("/a?b&", "/a?b&q")]
        {
            assert_eq!(add_query(url, "q"), expected);
        }
    }
}
