//! Origins become variables, so that the plan can be pointed at another server in one place.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::draft::Draft;
use crate::options::Options;

/// Replaces the origins of URLs by `${base_url}` for the one that the source is about, else the most
/// frequent one, and by `${HOST_url}` for the others; also where requests say where they come
/// from.
pub(super) fn run(draft: &mut Draft, options: &Options) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for task in draft.tasks() {
        let Some(origin) = starts(&task.url, &draft.bases) else { continue };
        let place = *places.entry(origin.to_owned()).or_insert(counts.len());
        match counts.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => counts.push((origin.to_owned(), 1)),
        }
    }
    // The first of several that are equally frequent: sorting is stable.
    counts.sort_by_key(|(origin, count)| {
        (draft.origin.as_ref() != Some(origin), std::cmp::Reverse(*count))
    });
    let mut instead: HashMap<String, String> = HashMap::new();
    let mut variables = Map::new();
    for (rank, (origin, _)) in counts.into_iter().enumerate() {
        let wanted = if rank == 0 { "base_url".to_owned() } else { name_of(&origin) };
        let taken = |name: &str| draft.variables.contains_key(name) || variables.contains_key(name);
        let name = unique(&wanted, taken);
        let given = options.base_url.as_deref().filter(|_| rank == 0);
        let value = given.map_or(origin.as_str(), |url| url.trim_end_matches('/')).to_owned();
        if options.whole_urls {
            instead.insert(origin, value);
        } else {
            instead.insert(origin, format!("${{{name}}}"));
            variables.insert(name, json!(value));
        }
    }
    let bases = std::mem::take(&mut draft.bases);
    draft.for_each_task(|task| {
        replace(&mut task.url, &instead, &bases);
        for (name, value) in &mut task.headers {
            if name.eq_ignore_ascii_case("referer") || name.eq_ignore_ascii_case("origin") {
                replace(value, &instead, &bases);
            }
        }
    });
    variables.append(&mut draft.variables);
    draft.variables = variables;
    if let (Some(url), Some(Value::String(base))) =
        (&options.base_url, draft.variables.get_mut("base_url"))
    {
        url.trim_end_matches('/').clone_into(base);
    }
}

/// Puts what stands for it in the place of the origin that a URL begins with.
fn replace(url: &mut String, instead: &HashMap<String, String>, bases: &[String]) {
    let Some(origin) = starts(url, bases) else { return };
    let Some(start) = instead.get(origin) else { return };
    let rest = url.get(origin.len()..).unwrap_or_default();
    *url = format!("{start}{rest}");
}

/// `wanted`, or the first of `wanted_2`, `wanted_3` … that is free.
pub(crate) fn unique(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (2_u32..)
        .map(|number| format!("{wanted}_{number}"))
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// What a URL begins with: the longest base that it starts with, or its origin.
fn starts<'u>(url: &'u str, bases: &[String]) -> Option<&'u str> {
    let is_base = |base: &&String| {
        let rest = url.strip_prefix(base.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    };
    match bases.iter().filter(is_base).max_by_key(|base| base.len()) {
        Some(base) => url.get(..base.len()),
        None => of(url),
    }
}

/// Scheme and authority of an absolute URL without placeholders in them.
pub(crate) fn of(url: &str) -> Option<&str> {
    let scheme = url.find("://")?;
    let rest = url.get(scheme + 3..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let origin = url.get(..scheme + 3 + end)?;
    let is_scheme =
        origin.get(..scheme)?.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    (is_scheme && end > 0 && !origin.contains("${")).then_some(origin)
}

/// `api_shop_example_url` of `https://api.shop.example:8443`.
fn name_of(origin: &str) -> String {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let mut name = String::new();
    for char in host.chars() {
        if char.is_ascii_alphanumeric() {
            name.push(char.to_ascii_lowercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("host_{name}_url")
    } else {
        format!("{name}_url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Task;

    fn draft(urls: &[&str]) -> Draft {
        let task = |url: &&str| Task { url: (*url).to_owned(), ..Task::default() };
        Draft::of_steps(urls.iter().map(task).map(Into::into).collect())
    }

    fn urls(draft: &Draft) -> Vec<&str> {
        draft.tasks().into_iter().map(|task| task.url.as_str()).collect()
    }

    #[test]
    fn the_most_frequent_origin_is_the_base_url() {
        let mut draft = draft(&[
            "https://cdn.example/a.js",
            "https://api.example:8443/x?y=1",
            "https://api.example:8443",
            "/relative",
            "${other}/z",
        ]);
        run(&mut draft, &Options::default());
        let expected = [
            "${cdn_example_url}/a.js",
            "${base_url}/x?y=1",
            "${base_url}",
            "/relative",
            "${other}/z",
        ];
        assert_eq!(urls(&draft), expected);
        assert_eq!(draft.variables.get("base_url"), Some(&json!("https://api.example:8443")));
        assert_eq!(draft.variables.get("cdn_example_url"), Some(&json!("https://cdn.example")));
    }

    #[test]
    fn a_given_base_url_goes_before_that_of_the_source() {
        let mut draft = draft(&["https://api.example/x"]);
        let options =
            Options { base_url: Some("http://127.0.0.1:8080/".to_owned()), ..Options::default() };
        run(&mut draft, &options);
        assert_eq!(draft.variables.get("base_url"), Some(&json!("http://127.0.0.1:8080")));
    }
}
