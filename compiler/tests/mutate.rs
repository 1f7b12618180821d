//! The front end meets plans that were changed at random, from a fixed seed, and plans
//! made to be slow. Nothing may panic, and what is always true must be true.

mod invariants;

use std::fs;
use std::path::Path;

use ld_compiler::diag::Span;
use ld_compiler::json::{self, Kind, Node};

/// What is put into plans: what the grammars are made of, and what they stumble over.
const INSERTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    " ",
    "/",
    "//",
    "/*",
    "*/",
    "#",
    "${",
    "}",
    "$",
    "(",
    ")",
    ".",
    "null",
    "true",
    "False",
    "NaN",
    "-",
    "+",
    "0",
    "1e",
    "1e999",
    "0x1",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\\"",
    "\u{0}",
    "\u{7f}",
    "\u{a0}",
    "\u{e9}",
    "\u{1F600}",
    "\u{201c}",
    "\u{feff}",
    "\u{202e}",
    "\u{85}",
    "\r\n",
    ";",
    "=",
    "=>",
    "${var.x}",
    "${randint(1, 2)}",
    "\"a\": ",
    "\"a\": 1, ",
    "[[",
    "}}",
    "word",
    "`",
];

const PLANS: &[&str] = &[
    r#"{"load_density": [["LD_start_test", {"user_count": 200, "wait_time": {"min": 0.5, "max": 1.5},
    "tasks": [{"method": "post", "request_url": "/a/${id}?t=${uuid()}", "json": {"n": [1, -2.5e3, true, null]}}
    ]}], ["LD_summary"]]}"#,
    r#"["caf\u00e9 \ud83d\ude00 \n \"${csv.users.first name}\" ${randint( 1 , -5 )}", {}, [], [{}], 0]"#,
    r#"[["LD_start_test", {"user_detail_dict": {"user": "http_user"}, "host": "http://127.0.0.1:8080",
    "user_count": 2, "spawn_rate": 1.5, "test_time": 60, "wait_time": 0.5, "variables": {"tenant": "acme", "n": 3},
    "tasks": {"mode": "weighted", "tasks": [
      {"method": "post", "request_url": "/login?a=${tenant}", "name": "login", "weight": 2, "timeout": 5,
       "headers": {"X-A": "${uuid()}"}, "auth": {"type": "basic", "username": "u", "password": "${n}"},
       "json": {"n": "${n}", "r": "${randint(1, 9)}"}, "assertions": [{"type": "status_code", "value": 200}],
       "extract": [{"var": "token", "from": "json_path", "path": "data.token"}]},
      {"method": "get", "url": "/", "params": {"q": "${token}"}, "cookies": {"c": "1"}, "think_time": 0.2}
    ]}}], ["LD_generate_summary_report", {"report_name": "x"}]]"#,
    "// comment\n{\"a\": /* b */ [1, 2, ],\n}\n",
];

#[test]
fn changed_plans_keep_the_invariants() {
    let mut plans: Vec<String> = PLANS.iter().map(|plan| (*plan).to_owned()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/render/cases");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        plans.push(String::from_utf8_lossy(&fs::read(path).expect("a case")).into_owned());
    }
    for plan in &plans {
        invariants::check(plan);
    }
    let mut random = fastrand::Rng::with_seed(0x1dc);
    for _ in 0..2_000 {
        let mut plan = random.choice(&plans).cloned().unwrap_or_default();
        // Half of the plans stay JSON, so that what stands behind the parser is reached.
        let change = if random.bool() { mutate } else { transplant };
        for _ in 0..random.usize(1..8) {
            change(&mut plan, &mut random);
        }
        invariants::check(&plan);
    }
}

#[test]
fn every_beginning_of_a_plan_keeps_the_invariants() {
    for plan in PLANS {
        for (end, _) in plan.char_indices() {
            invariants::check(&plan[..end]);
        }
    }
}

/// Were the time not proportional to the size, this would not end.
#[test]
fn endless_repetitions_end() {
    const BYTES: usize = 60_000;
    for prefix in ["", "[", "{", "{\"a\":", "[\"", "['", "\"${"] {
        for unit in INSERTS
            .iter()
            .chain(&["[{\"a\":", "\"a\n", "'a\n", "[}", "\"a\":1,", "${a${b}", "\"a, \""])
        {
            let text = format!("{prefix}{}", unit.repeat(BYTES / unit.len()));
            let mut problems = Vec::new();
            let _ = json::parse(&text, &mut problems);
            let _ = ld_compiler::template::parse(&text, |_| ());
        }
    }
}

/// Puts a copy of one value in the place of another.
fn transplant(plan: &mut String, random: &mut fastrand::Rng) {
    let mut spans = Vec::new();
    collect(&json::parse(plan, &mut Vec::new()), &mut spans);
    if let (Some(from), Some(to)) = (random.choice(&spans), random.choice(&spans)) {
        // Otherwise the plan could double with each step.
        let small = if from.len() < 200 { &plan[from.range()] } else { "-1" };
        let value = small.to_owned();
        plan.replace_range(to.range(), &value);
    }
}

fn collect(node: &Node<'_>, spans: &mut Vec<Span>) {
    spans.push(node.span);
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| collect(item, spans)),
        Kind::Object(members) => members.iter().for_each(|member| collect(&member.value, spans)),
        _ => {}
    }
}

fn mutate(plan: &mut String, random: &mut fastrand::Rng) {
    let mut place = || {
        let at = random.usize(0..=plan.len());
        plan.floor_char_boundary(at)
    };
    let (a, b) = (place(), place());
    let (start, end) = (a.min(b), a.max(b));
    match random.u8(0..6) {
        0 => {
            let insert = random.choice(INSERTS).copied().unwrap_or_default();
            plan.insert_str(start, insert);
        }
        1 => {
            // One character goes.
            if start < plan.len() {
                plan.remove(start);
            }
        }
        2 => {
            let short = plan.floor_char_boundary(start + (end - start) / 8);
            plan.replace_range(start..short.max(start), "");
        }
        3 => {
            // A piece is repeated elsewhere.
            let piece = plan[start..plan.floor_char_boundary((start + 40).min(end))].to_owned();
            plan.insert_str(end, &piece);
        }
        4 => {
            let insert = random.choice(INSERTS).copied().unwrap_or_default();
            let short = plan.floor_char_boundary((start + 3).min(end)).max(start);
            plan.replace_range(start..short, insert);
        }
        _ => plan.truncate(end),
    }
}
