//! Addresses that replies give and requests go to as they stand, such as those that are signed for
//! an upload: the whole of it is a variable, not what is in it.

use std::collections::HashMap;

use serde_json::json;

use super::json::{self, Part};
use super::names::Names;
use super::reply::snake;
use super::worth::{self, Worth};
use crate::draft::Task;
use crate::notes::Notes;

/// Makes variables of the URLs of tasks that JSON of earlier replies has.
pub(super) fn run(tasks: &mut [(usize, &mut Task)], names: &mut Names<'_>, notes: &mut Notes) {
    // The first and the last wave in which each is asked for.
    let mut wanted: HashMap<String, (usize, usize)> = HashMap::new();
    for (wave, task) in tasks.iter().filter(|(_, task)| is_given(&task.url)) {
        wanted.entry(task.url.clone()).or_insert((*wave, *wave)).1 = *wave;
    }
    if wanted.is_empty() {
        return;
    }
    let mut given: HashMap<String, (String, usize)> = HashMap::new();
    for (wave, task) in tasks.iter_mut() {
        let Some(reply) = task.reply.as_ref().filter(|reply| reply.body.contains("http")) else {
            continue;
        };
        let (extract, place) = (&mut task.extract, &task.place);
        json::leaves(&reply.body, &mut |way, value, _| {
            let Some((first, last)) = wanted.get(value) else { return };
            if given.contains_key(value) || first <= wave {
                return;
            }
            let label = way.iter().rev().find_map(|part| match part {
                Part::Name(name) => Some(worth::singular_of(name)),
                Part::Position(_) => None,
            });
            let label = snake(&label.unwrap_or_default());
            let wanted = if label.is_empty() { "url".to_owned() } else { label };
            let name = names.give(&wanted, *wave, *last);
            let path = json::path(way);
            extract.push(json!({"var": name, "from": "json_path", "path": path}));
            let why = format!("taken out of the reply (JSON, {path}), and asked for as it is");
            notes.remark(place, &format!("`${{{name}}}`"), &why);
            given.insert(value.to_owned(), (name, *wave));
        });
    }
    for (wave, task) in tasks.iter_mut() {
        let Some((name, _)) = given.get(&task.url).filter(|(_, from)| from < wave) else {
            continue;
        };
        if task.name.is_none() {
            let rest = task.url.split_once("://").map_or("", |(_, rest)| rest);
            let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
            let path = path.split(['?', '#']).next().unwrap_or(path);
            task.name = Some(format!("{} {path}", task.method.to_ascii_uppercase()));
        }
        task.url = format!("${{{name}}}");
    }
}

/// Whether something in a URL looks given by a server.
fn is_given(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let mut parts = rest.split(['/', '?', '&', '=']).skip(1);
    !url.contains("${") && parts.any(|part| worth::of(part, "") == Some(Worth::Strong))
}
