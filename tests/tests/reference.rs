//! The pages of `docs/reference` are what the tables say.
//!
//! `LD_UPDATE=1 cargo test -p ld-tests --test reference` writes them anew.
#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use ld_compiler::{Source, format};
use ld_stdlib::assertions::{self, ASSERTIONS};
use ld_stdlib::blocks::{BLOCKS, BRANCH_FIELDS, STEP_FIELDS};
use ld_stdlib::commands::COMMANDS;
use ld_stdlib::extractors::{self, ENTRY_FIELDS, EXTRACTORS};
use ld_stdlib::faker::KINDS;
use ld_stdlib::functions::FUNCTIONS;
use ld_stdlib::operators::OPERATORS;
use ld_stdlib::protocols::{self, PROTOCOLS};
use ld_stdlib::scenario::TASK_FIELDS;
use ld_stdlib::{Field, Shape};
use ld_tests::cases;
use ld_vm::counts::NoCounts;
use ld_vm::isa::{self, Opcode, Operand};
use ld_vm::link::{Call, Clock, Wall};
use ld_vm::{Kept, Needs, Var};

/// A page's file, and what writes it.
type Page = (&'static str, fn() -> String);

/// Every page.
const PAGES: [Page; 9] = [
    ("assertions.md", assertions),
    ("blocks.md", blocks),
    ("commands.md", commands),
    ("extractors.md", extractors),
    ("faker.md", faker),
    ("functions.md", functions),
    ("isa.md", instructions),
    ("operators.md", operators),
    ("protocols.md", protocols),
];

#[test]
fn the_pages_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference");
    for (name, page) in PAGES {
        let page = page().trim_end().to_owned() + "\n";
        if let Err(stale) = cases::compare(&folder.join(name), &page) {
            panic!("{stale}");
        }
    }
    let schema = Source::new("plan.schema.json", ld_compiler::schema());
    let schema = format::format(&schema).unwrap();
    if let Err(stale) = cases::compare(&folder.join("plan.schema.json"), &schema) {
        panic!("{stale}");
    }
    let pages = cases::files(&folder, "md").unwrap();
    let names: Vec<_> = pages.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, PAGES.map(|(name, _)| name), "every page belongs to a table");
}

fn assertions() -> String {
    let mut page = page(
        "Assertions",
        "Objects in a task's `assertions`; `type` is one of the names below, in any case. They are \
         evaluated in order, and the first that does not hold fails the request. Texts of failures \
         show values in Python's notation, 1000 characters at most.",
    );
    fields(&mut page, "every assertion", assertions::ENTRY_FIELDS);
    for row in ASSERTIONS.iter().filter(|row| !row.internal) {
        let _ = writeln!(page, "## `{}`\n\n{} Reads {}.\n", row.name, row.doc, needs(row.needs));
        fields(&mut page, row.name, row.fields);
        page.push_str("| assertion | reply | outcome |\n|---|---|---|\n");
        for example in row.examples {
            let outcome = example.failure.map_or("holds".to_owned(), code);
            let _ = writeln!(
                page,
                "| {} | {} | {outcome} |",
                code(example.plan),
                cell(&example.reply.words())
            );
        }
        page.push('\n');
    }
    page.push_str(
        "## Without an assertion of the status\n\nA request whose task has no `status_code` must \
         have a status that does not mean failure:\n\n",
    );
    for row in ASSERTIONS.iter().filter(|row| row.internal) {
        let failure = row.examples.iter().find_map(|example| example.failure).unwrap_or_default();
        let _ = writeln!(page, "- {} Else it fails: {}.", row.doc, code(failure));
    }
    page
}

fn blocks() -> String {
    let mut page = page(
        "Blocks",
        "What may stand in a list of tasks besides tasks: objects with one of the keys below. \
         `TASK` stands for any task or block.",
    );
    fields(&mut page, "every task and block", STEP_FIELDS);
    for row in BLOCKS {
        let _ = writeln!(page, "## `{}`\n\n{}\n\n{}\n", row.key, row.doc, code(row.example));
        if !row.fields.is_empty() {
            fields(&mut page, row.key, row.fields);
        }
    }
    fields(&mut page, "a branch of `pick`", BRANCH_FIELDS);
    page
}

fn operators() -> String {
    let mut page = page(
        "Operators",
        "What expressions are made of, besides names, placeholders, constants and functions. From \
         the weakest to the strongest: `or`; `and`; `not`; comparisons; `+` `-`; `*` `/` `%`; the \
         sign. Parentheses go before all.",
    );
    for row in OPERATORS.iter().filter(|row| !row.examples.is_empty()) {
        let _ = writeln!(page, "## `{}`\n\n{}\n", row.name, row.doc);
        page.push_str("| expression | value |\n|---|---|\n");
        for (expression, value) in row.examples {
            let _ = writeln!(page, "| {} | {} |", code(expression), code(value));
        }
        page.push('\n');
    }
    page
}

fn commands() -> String {
    let mut page = page(
        "Commands",
        "What an action begins with. Arguments are given by name, in an object, or by position, in \
         an array, in the order of the tables below.",
    );
    for row in COMMANDS.iter().filter(|row| row.ready) {
        let _ = writeln!(page, "## `{}`\n\n{}\n", row.name, row.doc);
        if row.fields.is_empty() {
            page.push_str("It takes no arguments.\n\n");
        }
        fields(&mut page, row.name, row.fields);
    }
    page.push_str(
        "## Not in this build\n\nThese belong to the language, and using one is an error that says \
         so.\n\n| command | arguments | does |\n|---|---|---|\n",
    );
    for row in COMMANDS.iter().filter(|row| !row.ready) {
        let names: Vec<_> = row.fields.iter().map(|field| format!("`{}`", field.name)).collect();
        let _ = writeln!(page, "| `{}` | {} | {} |", row.name, names.join(", "), cell(row.doc));
    }
    page
}

fn extractors() -> String {
    let mut page = page(
        "Extractors",
        "Objects in a task's `extract`, carried out in order once all assertions hold.",
    );
    fields(&mut page, "every entry", ENTRY_FIELDS);
    for row in EXTRACTORS {
        let default = if row.name == extractors::DEFAULT { ", the default" } else { "" };
        let _ = writeln!(
            page,
            "## `{}`{default}\n\n{} Reads {}.\n",
            row.name,
            row.doc,
            needs(row.needs)
        );
        fields(&mut page, row.name, row.fields);
        page.push_str("| entry | reply | value |\n|---|---|---|\n");
        for example in row.examples {
            let found = example.found.map_or("none".to_owned(), code);
            let _ = writeln!(
                page,
                "| {} | {} | {found} |",
                code(example.plan),
                cell(&example.reply.words())
            );
        }
        page.push('\n');
    }
    page
}

fn faker() -> String {
    struct Evening;
    impl Clock for Evening {
        fn wall(&self) -> Wall {
            Wall { unix_seconds: 1_795_383_714, nanos: 0, offset_seconds: -3600 }
        }
    }
    let mut page = page(
        "Made-up data",
        "What `${faker.METHOD}` can give, under the names of Python's Faker in its American English. \
         Each occurrence is drawn on its own; with the same seed a run draws the same. Numbers, \
         booleans and lists keep their type where a placeholder stands alone.",
    );
    let mut rng = fastrand::Rng::with_seed(1);
    for kind in KINDS {
        let _ = writeln!(page, "## {}\n\n| method | for example |\n|---|---|", kind.name);
        for provider in kind.providers {
            let mut result = Var::default();
            let (rng, clock) = (&mut rng, &Evening);
            let mut call = Call {
                arguments: &[],
                rng,
                clock,
                user: 0,
                iteration: 0,
                counts: &mut NoCounts,
                kept: &mut Kept::default(),
            };
            provider.make(&mut call, &mut result);
            let mut text = Vec::new();
            result.value().write_text(&mut text);
            let text = String::from_utf8(text).unwrap().replace('\n', "\\n");
            let _ = writeln!(page, "| `{}` | {} |", provider.name, code(&text));
        }
        page.push('\n');
    }
    page
}

fn functions() -> String {
    let mut page = page(
        "Functions",
        "What a placeholder can call, in any case: `${uuid()}`. Each occurrence is a call of its \
         own. Arguments are checked before the run.",
    );
    for row in FUNCTIONS {
        let _ = writeln!(page, "## `{}`\n\n{}\n", row.signature(), row.doc);
        if row.ignores_arguments {
            page.push_str("Whatever is written between the parentheses has no effect.\n\n");
        }
        for parameter in row.parameters {
            let _ = writeln!(page, "- `{}`: {}", parameter.name, parameter.doc);
        }
        page.push_str(if row.parameters.is_empty() { "" } else { "\n" });
        page.push_str("| placeholder | text, for example |\n|---|---|\n");
        for example in row.examples {
            let _ = writeln!(page, "| {} | {} |", code(example.call), code(example.result));
        }
        page.push('\n');
    }
    page
}

fn instructions() -> String {
    let mut page = page(
        "Instructions",
        "A word has 32 bits: the opcode in the lowest 8, then one operand `x` of 24, or an operand \
         `a` of 8 and an operand `b` of 16. An operand is the number of a row in a side table, \
         except for addresses, parts and row registers. Numbers are part of the file format and \
         only ever appended.",
    );
    page.push_str("| number | name | operands | effect |\n|---|---|---|---|\n");
    for &op in Opcode::ALL {
        let name = |operand: Operand| format!("{operand:?}").to_lowercase();
        let operands = match op.shape() {
            isa::Shape::Plain => String::new(),
            isa::Shape::Wide(x) => format!("`x`: {} `{}`", name(x), x.letter()),
            isa::Shape::Pair(a, b) => {
                format!("`a`: {} `{}`, `b`: {} `{}`", name(a), a.letter(), name(b), b.letter())
            }
        };
        let _ = writeln!(
            page,
            "| {} | `{}` | {operands} | {} |",
            op as u8,
            op.mnemonic(),
            code(op.effect())
        );
    }
    page.push_str(
        "\nThe letter after an operand is what stands before its number in a listing.\n\n",
    );
    for &op in Opcode::ALL {
        let _ = writeln!(page, "- `{}`: {}", op.mnemonic(), op.doc());
    }
    page
}

fn protocols() -> String {
    let mut page = page(
        "Protocols",
        "The user types of `user_detail_dict.user`, and the fields of their tasks.",
    );
    page.push_str("## Every task\n\n");
    fields(&mut page, "every task", TASK_FIELDS);
    for row in PROTOCOLS {
        let _ = writeln!(page, "## {}\n\n{}\n", row.title, row.doc);
        for user in row.users {
            let _ = writeln!(page, "- `{}`: {}", user.key, user.doc);
        }
        let _ = writeln!(page, "\nAssertions and extracts can read {}.\n", needs(row.offers));
        fields(&mut page, row.title, row.fields);
    }
    let later: Vec<_> = protocols::LATER.iter().map(|key| format!("`{key}`")).collect();
    let _ = writeln!(
        page,
        "## Not in this build\n\nThese user types belong to the language, and using one is an error \
         that says so: {}.",
        later.join(", ")
    );
    page
}

fn page(title: &str, intro: &str) -> String {
    format!(
        "# {title}\n\n<!-- Written from the tables by tests/tests/reference.rs; changes here are \
         lost. -->\n\n{intro}\n\n"
    )
}

/// The fields of an object as a table, and those of objects inside it as further tables.
fn fields(page: &mut String, owner: &str, fields: &'static [Field]) {
    let (ready, later): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.ready);
    if !ready.is_empty() {
        page.push_str("| field | takes | default | says | example |\n|---|---|---|---|---|\n");
    }
    for field in &ready {
        let names: Vec<_> =
            [field.name].iter().chain(field.aliases).map(|name| format!("`{name}`")).collect();
        let default = match (field.required, field.default) {
            (true, _) => "required".to_owned(),
            (false, default) if is_json(default) => code(default),
            (false, default) => cell(default),
        };
        let _ = writeln!(
            page,
            "| {} | {} | {default} | {} | {} |",
            names.join(", "),
            cell(&field.shape.words()),
            cell(field.doc),
            code(field.example)
        );
    }
    page.push_str(if ready.is_empty() { "" } else { "\n" });
    if !later.is_empty() {
        let names: Vec<_> = later.iter().map(|field| format!("`{}`", field.name)).collect();
        let _ = writeln!(page, "Not in this build: {}.\n", names.join(", "));
    }
    for field in ready {
        for inner in objects(&field.shape) {
            let _ = writeln!(page, "An object in `{}` of {owner}:\n", field.name);
            self::fields(page, field.name, inner);
        }
    }
}

/// The objects with fields of their own in a shape.
fn objects(shape: &'static Shape) -> Vec<&'static [Field]> {
    match shape {
        Shape::Object(fields) => vec![fields],
        Shape::List(shape) | Shape::Map(shape) => objects(shape),
        Shape::Either(shapes) => shapes.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

fn needs(needs: Needs) -> String {
    let names: Vec<_> = Needs::NAMED
        .iter()
        .filter(|(need, _)| needs.contains(*need))
        .map(|(_, name)| format!("the {name}"))
        .collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text as it stands, in a cell of a table.
fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text if text.contains('`') => format!("`` {} ``", cell(text)),
        text => format!("`{}`", cell(text)),
    }
}
