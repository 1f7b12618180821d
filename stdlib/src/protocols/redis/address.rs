//! URLs of Redis servers: where to connect, as whom, and to which database.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::endpoint::Endpoint;
use crate::template::{Piece, Template};

/// The port of Redis.
const PORT: u16 = 6379;

/// A URL taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Where to connect.
    pub endpoint: Endpoint,
    /// The name of the user; empty for the server's default user.
    pub username: Vec<u8>,
    /// The password; empty for none.
    pub password: Vec<u8>,
    /// The number of the database; empty for the first.
    pub database: String,
}

impl Address {
    /// Takes a URL apart: `redis://user:password@host:port/database`, or `rediss` for TLS.
    /// Whatever stands before the last `@` is user and password, percent-encoded where it has to
    /// be.
    ///
    /// # Errors
    /// When it is none, says why, without a word of what is in it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let none = "it does not begin with redis:// or rediss://";
        let (scheme, rest) = url.split_once("://").ok_or(none)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "redis" => false,
            "rediss" => true,
            "unix" | "redis+unix" => return Err("Unix sockets cannot be used".to_owned()),
            _ => return Err(none.to_owned()),
        };
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (username, password) = user.split_once(':').unwrap_or((user, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let endpoint =
            Endpoint::parse(authority, Some(PORT), tls).map_err(|why| why.to_string())?;
        let mut database = path.trim_end_matches('/');
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("db", number)) => database = number,
                _ => return Err("of a query, only `db` means something here".to_owned()),
            }
        }
        if !is_database(database) {
            return Err("what follows the host is no number of a database".to_owned());
        }
        Ok(Self {
            endpoint,
            username: decoded(username),
            password: decoded(password),
            database: database.to_owned(),
        })
    }
}

/// Whether a text is the number of a database, or none.
#[must_use]
pub fn is_database(text: &str) -> bool {
    text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn decoded(text: &str) -> Vec<u8> {
    Cow::from(percent_decode_str(text)).into_owned()
}

/// A URL for reports: without user and password.
pub(super) fn without_user(url: &Template) -> Template {
    let Some(scheme) = url.prefix().windows(3).position(|window| window == b"://") else {
        return url.clone();
    };
    let prefix = url.prefix();
    let scheme = prefix.get(..scheme + 3).unwrap_or_default();
    let is_end = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(&b'@'));
    let Some(last) = url.pieces.iter().rposition(is_end) else {
        return url.clone();
    };
    let mut shown = Template::text(scheme);
    for (index, piece) in url.pieces.iter().enumerate().skip(last) {
        match piece {
            Piece::Text(text) if index == last => {
                let end = text.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
                shown.push_text(text.get(end..).unwrap_or_default());
            }
            piece => shown.pieces.push(piece.clone()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use ld_vm::Escape;

    use super::*;

    #[test]
    fn urls_say_host_user_and_database() {
        for (url, tls, endpoint, user, password, database) in [
            ("redis://a", false, "a:6379", "", "", ""),
            ("redis://a/", false, "a:6379", "", "", ""),
            ("rediss://[::1]:7/3", true, "[::1]:7", "", "", "3"),
            ("redis://:s3%2Fcr%40t@a:1/0", false, "a:1", "", "s3/cr@t", "0"),
            ("REDIS://ada:p@ss/w:rd@a?db=12", false, "a:6379", "ada", "p@ss/w:rd", "12"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.endpoint.to_string(), endpoint, "{url}");
            assert_eq!(address.endpoint.tls, tls, "{url}");
            assert_eq!(address.username, user.as_bytes(), "{url}");
            assert_eq!(address.password, password.as_bytes(), "{url}");
            assert_eq!(address.database, database, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told_without_the_password() {
        for (url, why) in [
            ("localhost:6379", "it does not begin with redis://"),
            ("http://:secret@a", "it does not begin with redis://"),
            ("unix:///run/redis.sock", "Unix sockets"),
            ("redis://:secret@", "the host is missing"),
            ("redis://:secret@a:port", "the port is not a number"),
            ("redis://:secret@a/first", "no number of a database"),
            ("redis://:secret@a?protocol=3", "of a query, only `db`"),
        ] {
            let error = Address::parse(url).err().unwrap();
            assert!(error.contains(why) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn reports_show_no_user_and_no_password() {
        let shown = |url: &Template| without_user(url).constant().unwrap();
        assert_eq!(shown(&Template::text("redis://u:p@x@a:1/2")), b"redis://a:1/2");
        assert_eq!(shown(&Template::text("redis://a")), b"redis://a");
        let mut url = Template::text("redis://:");
        url.push_slot(7, Escape::Raw);
        url.push_text("@a/");
        url.push_slot(8, Escape::Raw);
        let mut expected = Template::text("redis://");
        expected.push_text("a/");
        expected.push_slot(8, Escape::Raw);
        assert_eq!(without_user(&url), expected);
    }
}
