//! Headers, cookies and credentials that managers add to requests.

use serde_json::json;

use super::reader::Reader;
use super::steps::Scope;
use super::tree::Element;
use crate::draft::{Task, is_framing};

/// The headers of all managers; where two have one of the same name the nearer counts.
pub(super) fn headers(reader: &mut Reader<'_>, scope: &Scope<'_>, task: &mut Task) {
    let mut merged: Vec<(String, String)> = Vec::new();
    for manager in scope.inner_first("HeaderManager") {
        let mut of_this = Vec::new();
        for header in manager.elements("HeaderManager.headers") {
            let name = reader.text(header.text("Header.name"));
            let value = reader.text(header.text("Header.value"));
            if name.trim().is_empty() {
                continue;
            }
            let is_known = merged.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name));
            if !is_known {
                of_this.push((name, value));
                reader.keep();
            }
        }
        merged.extend(of_this);
    }
    for (name, value) in merged {
        // The client frames requests itself.
        let frames = is_framing(&name);
        if name.contains("${") {
            reader
                .drop(&format!("the header `{name}`"), "names of headers are known before the run");
        } else if !frames {
            task.headers.push((name, value));
        }
    }
}

/// Credentials of the entry whose URL the request begins with.
pub(super) fn credentials(reader: &mut Reader<'_>, scope: &Scope<'_>, task: &mut Task) {
    let Some(manager) = scope.one("AuthManager") else { return };
    for entry in manager.elements("AuthManager.auth_list") {
        let base = reader.text(entry.text("Authorization.url"));
        if !is_for(&base, &task.url) {
            continue;
        }
        let username = reader.text(entry.text("Authorization.username"));
        let password = reader.text(entry.text("Authorization.password"));
        let scheme = match entry.text("Authorization.mechanism") {
            "" | "BASIC" | "BASIC_DIGEST" => "basic",
            "DIGEST" => "digest",
            other => {
                let what = format!("{other} credentials");
                reader.drop(&what, "only basic and digest can be spoken");
                return;
            }
        };
        reader.keep();
        let auth = json!({"type": scheme, "username": username, "password": password});
        task.fields.insert("auth".to_owned(), auth);
        return;
    }
}

/// Whether the URL of an entry is where a request goes. A default port may be written or not.
fn is_for(base: &str, url: &str) -> bool {
    let plain = |url: &str| {
        let url = url.replacen(":80/", "/", 1).replacen(":443/", "/", 1);
        url.split_once("://").map_or(url.clone(), |(_, rest)| rest.to_owned())
    };
    base.is_empty() || plain(url).starts_with(plain(base).trim_end_matches('/'))
}

/// The cookies that a manager begins with, as far as they are for the request.
pub(super) fn cookies(reader: &mut Reader<'_>, scope: &Scope<'_>, task: &mut Task) {
    let Some(manager) = scope.one("CookieManager") else {
        let why = "there is no cookie manager, so JMeter forgets the cookies that servers set; \
                   users of the plan keep them";
        let what = "cookies";
        if reader.path.len() > 1 {
            let place = reader.source.name.clone();
            reader.notes.remark(&place, what, why);
        }
        return;
    };
    if manager.flag("CookieManager.clearEachIteration", false) {
        reader.clears_cookies = true;
    }
    let mut pairs = Vec::new();
    for cookie in manager.elements("CookieManager.cookies") {
        let domain = reader.text(cookie.text("Cookie.domain").trim());
        if is_sent(cookie, &domain, &task.url) {
            let value = reader.text(cookie.text("Cookie.value"));
            let name = if cookie.name.is_empty() { "Cookie.name" } else { "" };
            let name =
                if name.is_empty() { cookie.name.clone() } else { cookie.text(name).to_owned() };
            pairs.push((reader.text(&name), json!(value)));
            reader.keep();
        }
    }
    if !pairs.is_empty() {
        task.fields.insert("cookies".to_owned(), pairs.into_iter().collect());
    }
}

fn is_sent(cookie: &Element, domain: &str, url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = if host.contains("${") { host } else { host.split(':').next().unwrap_or(host) };
    let domain = domain.trim_start_matches('.');
    let for_host = host.eq_ignore_ascii_case(domain)
        || host.to_ascii_lowercase().ends_with(&format!(".{}", domain.to_ascii_lowercase()))
        || domain.is_empty();
    let folder = cookie.text("Cookie.path").trim();
    let path = path.split('?').next().unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    let for_path = folder.is_empty()
        || path
            .strip_prefix(folder.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_secure = cookie.flag("Cookie.secure", false);
    for_host && for_path && (!is_secure || url.starts_with("https"))
}
