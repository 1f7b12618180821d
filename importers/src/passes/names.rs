//! Names for requests that have none: the method and the path, without the query, so that a
//! request has the same name whatever it asks for.

use crate::draft::Draft;
use crate::text::plain;

pub(super) fn run(draft: &mut Draft) {
    draft.for_each_task(|task| {
        // Protocols without methods have names of their own for what a task does.
        if task.name.is_none() && !task.method.is_empty() {
            let path = path(&task.url);
            // Nothing is filled in in names.
            let path = plain(path).unwrap_or_else(|| path.to_owned());
            task.name = Some(format!("{} {path}", task.method.to_ascii_uppercase()));
        }
    });
}

/// The path of a URL that may begin with a placeholder.
fn path(url: &str) -> &str {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => match url.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
            Some((_, rest)) => rest,
            None => url,
        },
    };
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    if path.is_empty() { "/" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_found_behind_origins_and_placeholders() {
        for (url, expected) in [
            ("https://a.example:81/x/y?z=1#f", "/x/y"),
            ("https://a.example", "/"),
            ("${base_url}/x?y", "/x"),
            ("${base_url}", "/"),
            ("/x", "/x"),
            ("", "/"),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
