//! What holds of every row of every table.

use std::collections::HashSet;

use ld_stdlib::assertions::ASSERTIONS;
use ld_stdlib::commands::{COMMANDS, START_TEST};
use ld_stdlib::extractors::{ENTRY_FIELDS, EXTRACTORS};
use ld_stdlib::functions::FUNCTIONS;
use ld_stdlib::protocols::PROTOCOLS;
use ld_stdlib::scenario::{RANGE, TASK_FIELDS};
use ld_stdlib::{Field, Shape};
use serde_json::Value;

/// Name and documentation of every row, by table.
fn rows() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        ("assertions", ASSERTIONS.iter().map(|row| (row.name, row.doc)).collect()),
        ("commands", COMMANDS.iter().map(|row| (row.name, row.doc)).collect()),
        ("extractors", EXTRACTORS.iter().map(|row| (row.name, row.doc)).collect()),
        ("functions", FUNCTIONS.iter().map(|row| (row.name, row.doc)).collect()),
        ("protocols", PROTOCOLS.iter().map(|row| (row.name, row.doc)).collect()),
    ]
}

/// Every list of fields, with its name.
fn fields() -> Vec<(String, &'static [Field])> {
    let mut lists = vec![
        ("every task".to_owned(), TASK_FIELDS),
        ("a pause".to_owned(), RANGE),
        ("an assertion".to_owned(), ld_stdlib::assertions::ENTRY_FIELDS),
        ("an extract".to_owned(), ENTRY_FIELDS),
        ("LD_start_test".to_owned(), START_TEST),
    ];
    lists.extend(COMMANDS.iter().map(|row| (row.name.to_owned(), row.fields)));
    lists.extend(ASSERTIONS.iter().map(|row| (row.name.to_owned(), row.fields)));
    lists.extend(EXTRACTORS.iter().map(|row| (row.name.to_owned(), row.fields)));
    lists.extend(PROTOCOLS.iter().map(|row| (row.name.to_owned(), row.fields)));
    // Those inside others, too.
    let mut at = 0;
    while let Some((owner, fields)) = lists.get(at).cloned() {
        for field in fields {
            add_inner(&field.shape, &format!("{owner}.{}", field.name), &mut lists);
        }
        at += 1;
    }
    lists
}

fn add_inner(shape: &'static Shape, owner: &str, lists: &mut Vec<(String, &'static [Field])>) {
    match shape {
        Shape::Object(fields) => lists.push((owner.to_owned(), fields)),
        Shape::List(shape) | Shape::Map(shape) => add_inner(shape, owner, lists),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| add_inner(shape, owner, lists)),
        _ => {}
    }
}

#[test]
fn rows_are_sorted_unique_and_documented() {
    for (table, rows) in rows() {
        assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "{table}: sorted, each name once");
        for (name, doc) in rows {
            assert!(is_sentence(doc), "{table}: {name}: {doc}");
        }
    }
}

#[test]
fn what_can_be_tried_has_an_example() {
    assert!(FUNCTIONS.iter().all(|row| !row.examples.is_empty()));
    assert!(ASSERTIONS.iter().all(|row| row.examples.iter().any(|e| e.failure.is_some())));
    assert!(ASSERTIONS.iter().all(|row| row.examples.iter().any(|e| e.failure.is_none())));
    assert!(EXTRACTORS.iter().all(|row| row.examples.iter().any(|e| e.found.is_some())));
}

#[test]
fn parameters_of_functions_are_documented() {
    for parameter in FUNCTIONS.iter().flat_map(|function| function.parameters) {
        assert!(is_sentence(parameter.doc), "{}", parameter.name);
    }
}

#[test]
fn fields_have_one_meaning_and_are_documented() {
    for (owner, fields) in fields() {
        let mut names = HashSet::new();
        for field in fields {
            assert!(is_sentence(field.doc), "{owner}: {}: {}", field.name, field.doc);
            for name in [field.name].iter().chain(field.aliases) {
                assert!(names.insert(*name), "{owner}: {name} twice");
            }
        }
    }
}

#[test]
fn examples_of_fields_are_what_the_fields_take() {
    for (owner, fields) in fields() {
        for field in fields.iter().filter(|field| field.ready) {
            let place = format!("{owner}.{}: {}", field.name, field.example);
            let example = serde_json::from_str(field.example).expect(&place);
            assert!(fits(&field.shape, &example), "{place}");
        }
        for field in fields.iter().filter(|field| !field.ready) {
            assert_eq!(field.example, "", "{owner}.{}", field.name);
        }
    }
}

#[test]
fn the_language_is_known_in_full() {
    let is_builtin = |name: &str| !name.starts_with("LD_");
    assert_eq!(COMMANDS.iter().filter(|row| !is_builtin(row.name)).count(), 149);
    assert_eq!(COMMANDS.iter().filter(|row| is_builtin(row.name)).count(), 22);
}

fn is_sentence(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_uppercase() || first == '`');
    starts && text.ends_with('.') && !text.contains("  ")
}

fn fits(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Any | Shape::Written => true,
        Shape::Later(_) => false,
        Shape::Null => value.is_null(),
        Shape::Text => value.is_string() || value.is_number() || value.is_boolean(),
        Shape::StartText => value.is_string(),
        Shape::ConstantText => value.as_str().is_some_and(|text| !text.contains("${")),
        Shape::Bool => value.is_boolean(),
        Shape::Number { min, max } => value.as_f64().is_some_and(|n| (*min..=*max).contains(&n)),
        Shape::Integer { min, max } => value.as_i64().is_some_and(|n| (*min..=*max).contains(&n)),
        Shape::Choice(words) | Shape::OpenChoice(words) => {
            value.as_str().is_some_and(|word| words.contains(&word))
        }
        Shape::List(item) => {
            value.as_array().is_some_and(|items| items.iter().all(|value| fits(item, value)))
        }
        Shape::Map(item) => {
            value.as_object().is_some_and(|map| map.values().all(|value| fits(item, value)))
        }
        Shape::Object(fields) => value.as_object().is_some_and(|map| {
            let known = |(name, value): (&String, _)| {
                let field = fields.iter().find(|field| field.is_called(name));
                field.is_some_and(|field| fits(&field.shape, value))
            };
            let is_there = |field: &Field| map.keys().any(|name| field.is_called(name));
            map.iter().all(known) && fields.iter().filter(|f| f.required).all(is_there)
        }),
        Shape::Either(shapes) => shapes.iter().any(|shape| fits(shape, value)),
    }
}
