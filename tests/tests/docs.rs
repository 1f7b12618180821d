//! What the documentation shows compiles: every plan in it, and every example of a block.
#![cfg(test)]

use std::fs;
use std::path::Path;

use ld_compiler::{Options, Source, compile};
use ld_stdlib::blocks::BLOCKS;
use ld_tests::cases;

fn problems(name: &str, plan: &str) -> Vec<String> {
    let compiled = compile(&Source::new(name, plan), &Options::new());
    compiled.diagnostics.iter().map(|problem| problem.message.clone()).collect()
}

/// The plans among the fenced examples of a page, with the line each begins at.
fn plans(page: &str) -> Vec<(usize, String)> {
    let mut plans = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if !line.starts_with("```json") {
            continue;
        }
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let body = body.collect::<Vec<_>>().join("\n");
        if body.starts_with("[[") || body.starts_with("{\"load_density\"") {
            plans.push((number + 2, body));
        }
    }
    plans
}

#[test]
fn every_plan_in_the_documentation_compiles_without_a_problem() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = cases::files(&root.join("docs"), "md").unwrap();
    pages.push(root.join("README.md"));
    let mut found = 0;
    for page in pages {
        for (line, plan) in plans(&fs::read_to_string(&page).unwrap()) {
            let place = format!("{}:{line}", page.display());
            assert_eq!(problems(&place, &plan), [] as [String; 0], "{place}");
            found += 1;
        }
    }
    assert!(found >= 6, "only {found} plans found");
}

#[test]
fn every_example_of_a_block_compiles() {
    const TASK: &str = r#"{"method": "get", "request_url": "/"}"#;
    for block in BLOCKS {
        let plan = format!(
            r#"[["LD_start_test", {{"user_detail_dict": {{"user": "fast_http_user"}},
                "host": "http://127.0.0.1:8080",
                "variables": {{"ids": [1], "stock": 1, "name": "a", "count": 1, "page": 1, "state": ""}},
                "tasks": [{}, {TASK}]}}]]"#,
            block.example.replace("TASK", TASK)
        );
        let compiled = compile(&Source::new(block.key, &plan), &Options::new());
        let problems: Vec<_> = compiled.diagnostics.iter().map(|p| &p.message).collect();
        assert!(compiled.program.is_some(), "{}: {problems:?}", block.key);
    }
}
