//! Mail addresses, domains, addresses of the internet protocol. Mail addresses that are safe
//! lie in domains nobody can own (RFC 2606).

use fake::locales::{Data, EN};

use super::Provider;
use super::draw::Draw;
use super::person::{FIRST, LAST};

const SAFE: &[&str] = &["example.com", "example.net", "example.org"];
const FREE: &[&str] = EN::INTERNET_FREE_EMAIL_PROVIDER;
const TLD: &[&str] = &["biz", "com", "info", "net", "org"];
const PAGE: &[&str] = &[
    "about", "author", "category", "faq", "home", "homepage", "index", "login", "main", "post",
    "privacy", "register", "search", "terms",
];
const FOLDER: &[&str] = &[
    "app",
    "blog",
    "categories",
    "category",
    "explore",
    "list",
    "main",
    "posts",
    "search",
    "tag",
    "tags",
    "wp-content",
];
const EXTENSION: &[&str] = &[".asp", ".htm", ".html", ".jsp", ".php"];
const METHOD: &[&str] =
    &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
const HOST: &[&str] =
    &["db-##.", "desktop-##.", "email-##.", "laptop-##.", "lt-##.", "srv-##.", "web-##."];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("ascii_company_email", company_email),
    Provider::text("ascii_email", any_email),
    Provider::text("ascii_free_email", |draw| email(draw, FREE)),
    Provider::text("ascii_safe_email", |draw| email(draw, SAFE)),
    Provider::text("company_email", company_email),
    Provider::text("dga", |draw| {
        let length = draw.rng.usize(2..32);
        draw.letters(b"abcdefghijklmnopqrstuvwxyz", length);
        draw.put(".");
        draw.one_of(TLD);
    }),
    Provider::text("domain_name", domain_name),
    Provider::text("domain_word", domain_word),
    Provider::text("email", |draw| email(draw, SAFE)),
    Provider::text("free_email", |draw| email(draw, FREE)),
    Provider::one_of("free_email_domain", FREE),
    Provider::text("hostname", |draw| {
        let host = draw.choice(HOST);
        draw.pattern(host);
        domain_name(draw);
    }),
    Provider::one_of("http_method", METHOD),
    Provider::int("http_status_code", 100, 599),
    Provider::text("iana_id", |draw| draw.int(1, 8_888_888)),
    Provider::text("image_url", |draw| {
        draw.put("https://dummyimage.com/");
        draw.int(1, 1024);
        draw.put("x");
        draw.int(1, 1024);
    }),
    Provider::text("ipv4", |draw| ipv4(draw, 0..=223)),
    Provider::one_of("ipv4_network_class", &["a", "b", "c"]),
    Provider::text("ipv4_private", |draw| match draw.rng.u8(0..3) {
        0 => {
            draw.put("10");
            bytes(draw, 3);
        }
        1 => {
            draw.put("172.");
            draw.int(16, 31);
            bytes(draw, 2);
        }
        _ => {
            draw.put("192.168");
            bytes(draw, 2);
        }
    }),
    // Networks of which no part is private or reserved.
    Provider::text("ipv4_public", |draw| ipv4(draw, 11..=99)),
    Provider::text("ipv6", |draw| {
        for group in 0..8 {
            draw.put(if group == 0 { "" } else { ":" });
            draw.pattern("&&&&");
        }
    }),
    Provider::pattern("mac_address", &["&2:&&:&&:&&:&&:&&", "&6:&&:&&:&&:&&:&&"]),
    Provider::pattern("nic_handle", &["^^%-FAKE", "^^^%#-FAKE", "^^^^%##-FAKE"]),
    Provider::int("port_number", 0, 65_535),
    Provider::pattern("ripe_id", &["ORG-^^%-RIPE", "ORG-^^^^%##-RIPE"]),
    Provider::one_of("safe_domain_name", SAFE),
    Provider::text("safe_email", |draw| email(draw, SAFE)),
    Provider::text("slug", |draw| {
        draw.plain(EN::LOREM_WORD);
        draw.put("-");
        draw.plain(EN::LOREM_WORD);
        draw.put("-");
        draw.plain(EN::LOREM_WORD);
    }),
    Provider::one_of("tld", TLD),
    Provider::text("uri", |draw| {
        url(draw);
        path(draw);
        draw.put("/");
        draw.one_of(PAGE);
        draw.one_of(EXTENSION);
    }),
    Provider::one_of("uri_extension", EXTENSION),
    Provider::one_of("uri_page", PAGE),
    Provider::text("uri_path", path),
    Provider::text("url", url),
    Provider::text("user_name", user_name),
];

pub(super) fn user_name(draw: &mut Draw<'_>) {
    match draw.rng.u8(0..4) {
        0 => {
            draw.plain(FIRST);
            draw.pattern("##");
        }
        1 => {
            draw.pattern("?");
            draw.plain(LAST);
        }
        2 => {
            draw.plain(LAST);
            draw.plain(FIRST);
        }
        _ => {
            draw.plain(FIRST);
            draw.plain(LAST);
        }
    }
}

pub(super) fn email(draw: &mut Draw<'_>, domains: &[&str]) {
    user_name(draw);
    draw.put("@");
    draw.one_of(domains);
}

fn company_email(draw: &mut Draw<'_>) {
    user_name(draw);
    draw.put("@");
    domain_name(draw);
}

fn any_email(draw: &mut Draw<'_>) {
    if draw.rng.bool() { email(draw, FREE) } else { company_email(draw) }
}

fn domain_word(draw: &mut Draw<'_>) {
    draw.plain(LAST);
    if draw.rng.bool() {
        draw.put("-");
        draw.plain(LAST);
    }
}

pub(super) fn domain_name(draw: &mut Draw<'_>) {
    domain_word(draw);
    draw.put(".");
    draw.one_of(TLD);
}

pub(super) fn url(draw: &mut Draw<'_>) {
    draw.one_of(&["http://", "http://www.", "https://", "https://www."]);
    domain_name(draw);
    draw.put("/");
}

fn path(draw: &mut Draw<'_>) {
    for folder in 0..draw.rng.u8(1..4) {
        draw.put(if folder == 0 { "" } else { "/" });
        draw.one_of(FOLDER);
    }
}

fn ipv4(draw: &mut Draw<'_>, first: std::ops::RangeInclusive<i64>) {
    draw.int(*first.start(), *first.end());
    bytes(draw, 3);
}

fn bytes(draw: &mut Draw<'_>, count: u8) {
    for _ in 0..count {
        draw.put(".");
        draw.int(0, 255);
    }
}
