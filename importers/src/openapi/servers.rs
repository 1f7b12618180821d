//! Where requests go.

use super::document::Node;
use super::model::{Api, Operation};
use crate::notes::Notes;
use crate::source::Source;

/// The URL that an operation's path is added to, without a slash at its end.
pub(super) fn base(
    api: Api<'_>,
    operation: &Operation<'_>,
    source: &Source,
    notes: &mut Notes,
) -> String {
    if api.is_v2 {
        return of_v2(api, operation, source, notes);
    }
    let own = [operation.node, operation.item, api.root]
        .into_iter()
        .find_map(|node| node.get("servers").filter(|list| list.raw_items().next().is_some()));
    let servers: Vec<Node<'_>> = own.into_iter().flat_map(Node::items).collect();
    let Some(server) = servers.first() else {
        return unknown("", source, notes);
    };
    let others: Vec<&str> =
        servers.iter().skip(1).filter_map(|server| server.text("url")).collect();
    if !others.is_empty() {
        let why = "the first server is used; `base_url` takes another";
        notes.remark(&source.name, &format!("servers {}", others.join(", ")), why);
    }
    let url = filled(*server, source, notes);
    let url = url.trim_end_matches('/');
    match url.split_once("://") {
        Some(_) => url.to_owned(),
        None if url.starts_with("//") => format!("https:{url}"),
        None => match known_origin(api) {
            Some(origin) => {
                format!("{origin}/{}", url.trim_start_matches('/')).trim_end_matches('/').to_owned()
            }
            None => unknown(url, source, notes),
        },
    }
}

/// The origin of the first server that has one: where the paths of others lead to.
fn known_origin(api: Api<'_>) -> Option<String> {
    let servers = api.root.get("servers")?;
    let mut urls = servers.items().map(with_defaults);
    urls.find_map(|url| {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
        Some(format!("{scheme}://{authority}"))
    })
}

/// A server's URL with the defaults of its variables.
fn with_defaults(server: Node<'_>) -> String {
    let mut url = server.text("url").unwrap_or_default().to_owned();
    for (name, variable) in server.get("variables").into_iter().flat_map(Node::members) {
        url = url.replace(&format!("{{{name}}}"), &default_of(variable));
    }
    url
}

/// What a variable of a server is when nobody says otherwise.
fn default_of(variable: Node<'_>) -> String {
    let listed = || variable.raw("enum")?.raw_items().next();
    let default = variable.raw("default").or_else(listed);
    default.map(|node| super::style::plain(node.value)).unwrap_or_default()
}

/// The same, without query, and with notes of what was filled in.
fn filled(server: Node<'_>, source: &Source, notes: &mut Notes) -> String {
    for (name, variable) in server.get("variables").into_iter().flat_map(Node::members) {
        let value = default_of(variable);
        let others: Vec<&str> = variable
            .raw("enum")
            .into_iter()
            .flat_map(Node::raw_items)
            .filter_map(|node| node.value.as_str().filter(|other| *other != value))
            .collect();
        let mut why = format!("`{value}` is used, its default; `base_url` takes another");
        if !others.is_empty() {
            why.push_str(&format!(" of {}", others.join(", ")));
        }
        notes.remark(&source.name, &format!("server variable `{name}`"), &why);
    }
    let url = with_defaults(server);
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn of_v2(api: Api<'_>, operation: &Operation<'_>, source: &Source, notes: &mut Notes) -> String {
    let path = api.root.text("basePath").unwrap_or_default().trim_end_matches('/');
    let schemes = api.media_types(operation, "schemes");
    let scheme = match schemes.as_slice() {
        [] => "https",
        several if several.contains(&"https") => "https",
        [first, ..] => first,
    };
    match api.root.text("host") {
        Some(host) => format!("{scheme}://{}{path}", host.trim_end_matches('/')),
        None => unknown(path, source, notes),
    }
}

/// A specification without a host is about the server that it comes from.
fn unknown(path: &str, source: &Source, notes: &mut Notes) -> String {
    let why = "no server is named; set `base_url`, or import with --base-url";
    notes.remark(&source.name, "servers", why);
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("http://localhost:8080{slash}{path}")
}
