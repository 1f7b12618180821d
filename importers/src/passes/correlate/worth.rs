//! Which values are given by servers, so that they are other ones in each session: long and random
//! ones, those whose names say so, and numbers that identify something.

/// How sure it is that a value is given by a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Wherever it was found before, it is that one.
    Strong,
    /// It may stand elsewhere by chance; where it was found, its name has to fit.
    Weak,
}

/// Longer values are documents.
const LONGEST: usize = 64 << 10;

/// Parts of names of values that protect forms, logins and sessions.
const OF_TOKENS: &[&str] = &[
    "authenticity",
    "csrf",
    "eventvalidation",
    "ifmatch",
    "nonce",
    "requestverification",
    "sessionid",
    "sesskey",
    "ticket",
    "token",
    "verifier",
    "viewstate",
    "xsrf",
];

/// What a value of a request is worth, by itself and by the name that it stands under.
pub(super) fn of(value: &str, name: &str) -> Option<Worth> {
    if value.is_empty() || value.len() > LONGEST || value.contains("${") {
        return None;
    }
    let is_address = value.split_once("://").is_some_and(|(scheme, _)| {
        // Others, such as `gid://shop/Cart/…`, are keys.
        ["http", "https", "ws", "wss", "ftp", "file"].iter().any(|web| scheme.ends_with(web))
    });
    if value.contains(|c: char| c.is_whitespace() || c.is_control()) || is_address {
        return None;
    }
    if is_number(value) {
        return (value.len() <= 20).then_some(Worth::Weak);
    }
    if is_random(value) || (is_of_tokens(name) && value.len() >= 6 && !is_word(value)) {
        return Some(Worth::Strong);
    }
    // Such as `ORD-1042`.
    let is_code = value.len() <= 40 && value.bytes().any(|byte| byte.is_ascii_digit());
    (is_code && !is_date(value)).then_some(Worth::Weak)
}

/// Whether a name is that of something which protects a form, a login or a session.
pub(super) fn is_of_tokens(name: &str) -> bool {
    let name = plain(name);
    OF_TOKENS.iter().any(|part| name.contains(part))
}

/// Whether a name is that of something which a form or page was given to send back.
pub(super) fn is_of_forms(name: &str) -> bool {
    let name = plain(name);
    let parts = ["authenticity", "csrf", "requestverification", "viewstate", "xsrf"];
    parts.iter().any(|part| name.contains(part))
}

/// A name without what differs between ways to write it.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What one of several is called: `order` of `orders`.
pub(super) fn singular(name: &str) -> String {
    let name = plain(name);
    if let Some(start) = name.strip_suffix("ies") {
        return format!("{start}y");
    }
    match name.strip_suffix('s') {
        Some(start) if !start.ends_with('s') && start.len() > 1 => start.to_owned(),
        _ => name,
    }
}

/// The same with the name as it is written.
pub(super) fn singular_of(name: &str) -> String {
    let is_many = name.len() > 3 && name.ends_with('s') && !name.ends_with("ss");
    name.get(..name.len() - usize::from(is_many)).unwrap_or(name).to_owned()
}

/// Whether a name is that of something which identifies: `id`, `orderId`, `slug`.
pub(super) fn identifies(name: &str) -> bool {
    let name = plain(name);
    name.ends_with("id")
        || ["cursor", "key", "number", "ref", "reference", "revision", "slug", "version"]
            .contains(&name.as_str())
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2017-02-11`, with or without a time.
fn is_date(value: &str) -> bool {
    let shape = |at: usize, expected: u8| value.as_bytes().get(at) == Some(&expected);
    let digits = |range: std::ops::Range<usize>| value.get(range).is_some_and(is_number);
    digits(0..4) && shape(4, b'-') && digits(5..7) && shape(7, b'-')
}

/// A word, or words with something between them.
fn is_word(value: &str) -> bool {
    value.len() <= 24
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_.".contains(&byte))
}

/// Whether a value looks drawn at random: digits and letters change often.
fn is_random(value: &str) -> bool {
    if value.len() < 8 || is_date(value) {
        return false;
    }
    if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+/=:|!*".contains(&byte)) {
        return false;
    }
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let (mut to_digits, mut cases) = (0, 0);
    for (before, after) in value.bytes().zip(value.bytes().skip(1)) {
        match (kind(before), kind(after)) {
            (0, 1 | 2) | (1 | 2, 0) => to_digits += 1,
            (1, 2) | (2, 1) => cases += 1,
            _ => {}
        }
    }
    let (length, digits) = (value.len(), value.bytes().filter(u8::is_ascii_digit).count());
    let changes = to_digits + cases;
    (length >= 12 && to_digits >= 3)
        || to_digits >= 4
        || (length >= 16 && digits >= 1 && changes >= 6)
        || (length >= 32 && changes >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_are_strong() {
        for value in [
            "550e8400-e29b-41d4-a716-446655440000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "a1b2c3d4",
            "Zm9vYmFyMTIzNDU2Nzg5MA==",
            "gid://shop/Cart/c1-7d8e9f0a1b",
        ] {
            assert_eq!(of(value, "x"), Some(Worth::Strong), "{value}");
        }
    }

    #[test]
    fn words_dates_and_addresses_are_worth_nothing() {
        for value in [
            "",
            "true",
            "dashboard",
            "en-US",
            "2017-02-11",
            "2017-02-11T09:36:22Z",
            "https://a.example/b1c2d3e4",
            "two words 12",
            "application/json",
            "${token}",
        ] {
            assert_eq!(of(value, "x"), None, "{value}");
        }
        assert_eq!(of("authorized", "token"), None);
    }

    #[test]
    fn numbers_and_codes_are_weak_and_names_can_make_values_strong() {
        for value in ["1", "17", "1486805782868", "ORD-1042", "jquery-3.6.0.min.js"] {
            assert_eq!(of(value, "x"), Some(Worth::Weak), "{value}");
        }
        assert_eq!(of("QWxhZGRpbg", "X-CSRF-Token"), Some(Worth::Strong));
        assert_eq!(of("W/\"7-abc\"", "If-Match"), Some(Worth::Strong));
    }

    #[test]
    fn names_are_compared_in_the_singular() {
        assert_eq!(singular("Orders"), "order");
        assert_eq!(singular("categories"), "category");
        assert_eq!(singular("address"), "address");
        assert!(identifies("order_id") && identifies("ID") && !identifies("page"));
    }
}
