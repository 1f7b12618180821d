//! What the documentation shows works: every plan in it compiles, as does every example of a
//! block, and plans against the address of `ldvm target` are run against it.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::thread;

use ld_compiler::{Options, Source, compile};
use ld_stdlib::blocks::BLOCKS;
use ld_target::{Target, TargetOptions};
use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::runs;

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
        if body.starts_with("[[") || body.contains("\"load_density\"") {
            plans.push((number + 2, body));
        }
    }
    plans
}

/// Every plan in the documentation, with its place.
fn documented() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = cases::files(&root.join("docs"), "md").unwrap();
    pages.push(root.join("README.md"));
    let mut found = Vec::new();
    for page in pages {
        for (line, plan) in plans(&fs::read_to_string(&page).unwrap()) {
            found.push((format!("{}:{line}", page.file_name().unwrap().display()), plan));
        }
    }
    assert!(found.len() >= 16, "only {} plans found", found.len());
    found
}

#[test]
fn every_plan_in_the_documentation_compiles_without_a_problem() {
    for (place, plan) in documented() {
        assert_eq!(problems(&place, &plan), [] as [String; 0], "{place}");
    }
}

#[test]
fn plans_of_the_documentation_run_without_a_failure_against_the_embedded_server() {
    const ADDRESS: &str = "127.0.0.1:8080";
    let target = Target::start(&TargetOptions::default()).unwrap();
    let redirect = format!("{ADDRESS}:{}", target.addr());
    let runnable: Vec<_> = documented()
        .into_iter()
        .filter(|(_, plan)| plan.contains(&format!("http://{ADDRESS}")))
        .collect();
    assert!(runnable.len() >= 12, "only {} plans run", runnable.len());
    // Side by side: each takes its time without doing much.
    thread::scope(|scope| {
        for (place, plan) in &runnable {
            let redirect = &redirect;
            scope.spawn(move || {
                let folder = Folder::new().unwrap();
                folder.write("plan.json", plan).unwrap();
                let args = ["--connect-to", redirect, "--duration", "2s", "--threads", "1"];
                let call = runs::call(&folder, "plan.json", &args).unwrap();
                let outcome = call.env("LD_SECRET_BEARER_TOKEN", "t").run().unwrap();
                let run = runs::finish(&folder, outcome).unwrap();
                assert!(run.count("/totals/requests") > 0, "{place}: {}", run.outcome.stderr);
                assert_eq!(run.failures(), [], "{place}");
                assert_eq!(run.outcome.code, Some(0), "{place}: {}", run.outcome.stderr);
            });
        }
    });
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
