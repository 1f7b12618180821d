//! The program as a user meets it: what it prints where, and how it exits.
#![expect(clippy::expect_used, reason = "a test stops where it is wrong")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const GOOD: &str = r#"[["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"},
  "host": "http://127.0.0.1:8080",
  "tasks": [{"method": "get", "request_url": "/orders?trace=${uuid()}", "name": "orders"}]
}]]
"#;

const MISTAKEN: &str = r#"[["LD_sumary"]]
"#;

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn from(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A folder with a good plan, one with a mistake, and a call in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("good.json"), GOOD).expect("the plan is written");
    fs::write(folder.path().join("mistaken.json"), MISTAKEN).expect("the plan is written");
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ldc"));
    command.current_dir(folder).args(arguments);
    command
}

fn ldc(folder: &TempDir, arguments: &[&str]) -> Ended {
    let output = command(folder.path(), arguments).stdin(Stdio::null()).output().expect("ldc runs");
    Ended::from(&output)
}

fn ldc_reading(folder: &TempDir, arguments: &[&str], input: &str) -> Ended {
    let mut child = command(folder.path(), arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ldc runs");
    child.stdin.take().expect("the input").write_all(input.as_bytes()).expect("the input is read");
    Ended::from(&child.wait_with_output().expect("ldc ends"))
}

#[test]
fn check_prints_mistakes_and_their_number_on_standard_output() {
    let folder = folder();
    let ended = ldc(&folder, &["check", "good.json", "mistaken.json"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.starts_with("good.json: no problems\nerror[LD0204]: "),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("did you mean `LD_summary`?"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("\nmistaken.json: 1 error\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\x1b'), "colours are for terminals");
    assert_eq!(ended.stderr, "");
}

#[test]
fn check_reads_standard_input() {
    let ended = ldc_reading(&folder(), &["check", "-"], GOOD);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "<stdin>: no problems\n"));
}

#[test]
fn check_prints_json_and_annotations() {
    let folder = folder();
    let json = ldc(&folder, &["check", "mistaken.json", "--format", "json"]);
    let problem: Value = serde_json::from_str(&json.stdout).expect("one object");
    assert_eq!(problem["code"], "LD0204");
    assert_eq!(problem["labels"][0]["start"]["line"], 1);
    let github = ldc(&folder, &["check", "mistaken.json", "--format", "github"]);
    assert!(github.stdout.starts_with("::error file=mistaken.json,line=1,"), "{}", github.stdout);
    assert_eq!((json.code, github.code), (Some(1), Some(1)));
}

#[test]
fn what_cannot_be_read_does_not_keep_the_rest_from_being_checked() {
    let ended = ldc(&folder(), &["check", "missing.json", "good.json"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with("ldc: `missing.json` cannot be read: "), "{}", ended.stderr);
    assert_eq!(ended.stdout, "good.json: no problems\n");
}

#[test]
fn bytes_that_are_not_text_are_a_mistake_of_the_plan() {
    let folder = folder();
    fs::write(folder.path().join("latin.json"), b"[[\"LD_summary\"], \"\xe9\"]").expect("written");
    let ended = ldc(&folder, &["check", "latin.json"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("error[LD0602]"), "{}", ended.stdout);
}

#[test]
fn compile_writes_what_dump_lists_just_as_the_plan() {
    let folder = folder();
    let compiled = ldc(&folder, &["compile", "good.json", "-o", "good.ldb"]);
    assert_eq!((compiled.code, compiled.stdout.as_str()), (Some(0), ""), "{}", compiled.stderr);
    let from_file = ldc(&folder, &["dump", "good.ldb"]);
    let from_plan = ldc(&folder, &["dump", "good.json"]);
    assert_eq!((from_file.code, from_plan.code), (Some(0), Some(0)));
    assert!(from_file.stdout.contains("good.json:4"), "{}", from_file.stdout);
    assert_eq!(from_file.stdout, from_plan.stdout);
}

#[test]
fn compile_without_optimising_or_without_the_text_differs() {
    let folder = folder();
    let sizes: Vec<u64> = [&["-o", "a"][..], &["-o", "b", "--strip"], &["-o", "c", "--no-opt"]]
        .iter()
        .map(|options| {
            let ended = ldc(&folder, &[&["compile", "good.json"], *options].concat());
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            fs::metadata(folder.path().join(options[1])).expect("the file").len()
        })
        .collect();
    assert!(sizes[1] < sizes[0], "--strip leaves nothing out: {sizes:?}");
    assert_ne!(sizes[2], sizes[0], "--no-opt changes nothing");
}

#[test]
fn a_plan_with_errors_is_not_compiled() {
    let folder = folder();
    let ended = ldc(&folder, &["compile", "mistaken.json", "-o", "out.ldb"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("error[LD0204]"), "{}", ended.stderr);
    assert!(!folder.path().join("out.ldb").exists());
}

#[test]
fn a_damaged_program_is_refused() {
    let folder = folder();
    assert_eq!(ldc(&folder, &["compile", "good.json", "-o", "good.ldb"]).code, Some(0));
    let path = folder.path().join("good.ldb");
    let mut bytes = fs::read(&path).expect("the program");
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
    fs::write(&path, bytes).expect("written");
    let ended = ldc(&folder, &["dump", "good.ldb"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("checksum"), "{}", ended.stderr);
}

#[test]
fn a_compiled_plan_is_not_a_plan() {
    let folder = folder();
    assert_eq!(ldc(&folder, &["compile", "good.json", "-o", "good.ldb"]).code, Some(0));
    let ended = ldc(&folder, &["check", "good.ldb"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("`ldc dump` lists it"), "{}", ended.stderr);
}

#[test]
fn explain_prints_a_page_or_the_list() {
    let folder = folder();
    let page = ldc(&folder, &["explain", "ld203"]);
    assert_eq!(page.code, Some(0));
    assert!(page.stdout.starts_with("LD0203 (error): "), "{}", page.stdout);
    let list = ldc(&folder, &["explain"]);
    assert!(list.stdout.lines().count() > 30);
    assert!(list.stdout.lines().all(|line| line.starts_with("LD0")), "{}", list.stdout);
    let unknown = ldc(&folder, &["explain", "LD9999"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(2), ""));
}

#[test]
fn a_wrong_call_exits_with_2() {
    let folder = folder();
    for call in
        [&[][..], &["check"], &["compile", "good.json"], &["check", "good.json", "--format", "xml"]]
    {
        assert_eq!(ldc(&folder, call).code, Some(2), "{call:?}");
    }
}
