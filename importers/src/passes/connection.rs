//! What all tasks of a user type say of their server is said once, in the `connection` of the run.

use serde_json::{Map, Value};

use crate::draft::{Draft, Task};

/// User types whose tasks take fields from the run's `connection`, and those that are about the
/// server.
const SHARED: &[(&str, &[&str])] = &[
    (
        "grpc_user",
        &[
            "target",
            "verify",
            "cert",
            "timeout",
            "max_message_bytes",
            "proto",
            "import_paths",
            "descriptor_set",
            "reflection",
        ],
    ),
    ("redis_user", &["url", "username", "password", "database", "verify", "cert", "timeout"]),
    ("sql_user", &[CONNECTION_STRING]),
];

/// What a run may say without `connection` around it.
const CONNECTION_STRING: &str = "connection_string";

pub(super) fn run(draft: &mut Draft) {
    let mut connection = Map::new();
    for &(user, fields) in SHARED {
        let tasks: Vec<&Task> = of(draft, user).collect();
        let [first, _, ..] = tasks.as_slice() else { continue };
        let others = SHARED.iter().filter(|(other, _)| *other != user);
        let present: Vec<&str> = others
            .filter(|(other, _)| of(draft, other).next().is_some())
            .flat_map(|(_, fields)| fields.iter().copied())
            .collect();
        let shared: Vec<(&str, Value)> = fields
            .iter()
            // What other user types call the same is something else.
            .filter(|field| !present.contains(*field))
            .filter(|field| {
                tasks.iter().all(|task| task.fields.get(**field) == first.fields.get(**field))
            })
            .filter_map(|field| Some((*field, first.fields.get(*field)?.clone())))
            .collect();
        draft.for_each_task(|task| {
            if task.user == Some(user) {
                task.fields.retain(|field, _| !shared.iter().any(|(name, _)| name == field));
            }
        });
        connection.extend(shared.into_iter().map(|(field, value)| (field.to_owned(), value)));
    }
    if let Some(string) = connection.shift_remove(CONNECTION_STRING) {
        draft.run.insert(CONNECTION_STRING.to_owned(), string);
    }
    if !connection.is_empty() {
        draft.run.insert("connection".to_owned(), Value::Object(connection));
    }
}

fn of<'d>(draft: &'d Draft, user: &str) -> impl Iterator<Item = &'d Task> {
    draft.tasks().into_iter().filter(move |task| task.user == Some(user))
}
