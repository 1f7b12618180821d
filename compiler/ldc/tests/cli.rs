//! The program as a user meets it: what it prints where, and how it exits.
#![expect(clippy::expect_used, reason = "a test stops where it is wrong")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
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

const FIXABLE: &str = r#"{"load_density": [["LD_start_test", {
  // Nobody reads this.
  "variables": {"a": 1},
  "user_detail_dict": {"user": "fast_http_user"}, "host": "http://127.0.0.1:8080",
  "tasks": [{"methd": "get", "request_url": "/x#top", "json": {"a": 1}}]
}]]}
"#;

#[test]
fn check_fixes_plans_in_place_and_says_what_is_left() {
    let folder = folder();
    let path = folder.path().join("plan.json");
    fs::write(&path, FIXABLE).expect("the plan is written");
    let ended = ldc(&folder, &["check", "--fix", "plan.json"]);
    let told = ended.stderr.lines().collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            "plan.json: fixed LD0203: unknown field `methd` in an HTTP task",
            "plan.json: fixed LD0402: nothing reads `a`",
            "plan.json: fixed LD0437: what follows `#` in a URL is not sent",
        ]
    );
    assert!(ended.stdout.ends_with("\nplan.json: 2 warnings\n"), "{}", ended.stdout);
    let text = fs::read_to_string(&path).expect("the plan is there");
    let expected = FIXABLE.replace("methd", "method").replace("#top", "").replace("\"a\": 1}", "}");
    assert_eq!(text, expected.replacen("{}}]", "{\"a\": 1}}]", 1));
    let again = ldc(&folder, &["check", "--fix", "plan.json"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));

    let piped = ldc_reading(&folder, &["check", "--fix", "-"], FIXABLE);
    assert_eq!(piped.stdout, text);
    assert!(piped.stderr.contains("<stdin>: fixed LD0203"), "{}", piped.stderr);

    fs::write(folder.path().join("plan.yaml"), "- - LD_summary\n").expect("the plan is written");
    let yaml = ldc(&folder, &["check", "--fix", "plan.yaml"]);
    assert_eq!(yaml.code, Some(2));
    assert!(yaml.stderr.contains("`plan.yaml` is not in JSON"), "{}", yaml.stderr);
}

#[test]
fn a_call_says_how_loud_lints_are() {
    let folder = folder();
    let plan = GOOD.replace("/orders?", "/orders#top?");
    fs::write(folder.path().join("plan.json"), plan).expect("the plan is written");
    let check = |arguments: &[&str]| {
        let ended = ldc(&folder, &[&["check", "plan.json"], arguments].concat());
        (ended.code, ended.stdout.lines().last().unwrap_or_default().to_owned())
    };
    let named = |what: &str| format!("plan.json: {what}");
    assert_eq!(check(&[]), (Some(0), named("no problems")));
    let plan = GOOD.replace("/orders?trace=${uuid()}", "/orders#top");
    fs::write(folder.path().join("plan.json"), plan).expect("the plan is written");
    assert_eq!(check(&[]), (Some(0), named("1 warning")));
    assert_eq!(check(&["--allow", "url-fragment"]), (Some(0), named("no problems")));
    assert_eq!(check(&["--deny", "LD0437"]), (Some(1), named("1 error")));
    assert_eq!(check(&["--deny", "warnings"]), (Some(1), named("1 warning")));
    let json = ldc(&folder, &["check", "plan.json", "--format", "json", "--deny", "url-fragment"]);
    let problem: Value = serde_json::from_str(&json.stdout).expect("one object");
    assert_eq!((&problem["severity"], &problem["code"]), (&"error".into(), &"LD0437".into()));
    let unknown = ldc(&folder, &["check", "plan.json", "--deny", "url-fragmnt"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `url-fragment`?"), "{}", unknown.stderr);
    let list = ldc(&folder, &["lints"]);
    assert!(list.stdout.contains("LD0437  url-fragment"), "{}", list.stdout);
    let page = ldc(&folder, &["explain", "url-fragment"]);
    assert!(page.stdout.starts_with("LD0437 (warning): "), "{}", page.stdout);
}

#[test]
fn fmt_writes_plans_anew_and_checks_them() {
    let folder = folder();
    let path = folder.path().join("plan.json");
    fs::write(&path, "[ [\"LD_summary\" ] // all\n ]").expect("the plan is written");
    let check = ldc(&folder, &["fmt", "--check", "plan.json"]);
    assert_eq!((check.code, check.stdout.as_str()), (Some(1), "plan.json: in another layout\n"));
    assert_eq!(ldc(&folder, &["fmt", "plan.json"]).code, Some(0));
    let text = fs::read_to_string(&path).expect("the plan is there");
    assert_eq!(text, "[\n  [\"LD_summary\"] // all\n]\n");
    assert_eq!(ldc(&folder, &["fmt", "--check", "plan.json"]).code, Some(0));
    assert_eq!(ldc_reading(&folder, &["fmt", "-"], "[ ]").stdout, "[]\n");

    let broken = ldc_reading(&folder, &["fmt", "-"], "[1 2]");
    assert_eq!((broken.code, broken.stdout.as_str()), (Some(1), ""));
    assert!(broken.stderr.contains("LD0102"), "{}", broken.stderr);
    fs::write(folder.path().join("plan.toml"), "").expect("the plan is written");
    let toml = ldc(&folder, &["fmt", "plan.toml"]);
    assert_eq!(toml.code, Some(2));
    assert!(toml.stderr.contains("`plan.toml` is not in JSON"), "{}", toml.stderr);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder();
    for arguments in [&["check", "mistaken.json"][..], &["dump", "mistaken.json"]] {
        let mut child = command(folder.path(), arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ldc runs");
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().expect("ldc ends").code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn schema_prints_a_schema_of_plans() {
    let ended = ldc(&folder(), &["schema"]);
    let schema: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["$defs"]["LD_start_test"].is_object());
}

#[test]
fn import_writes_a_plan_its_notes_and_its_secrets() {
    let folder = folder();
    let script = "curl -u ada:sesame --limit-rate 1M http://127.0.0.1:8080/orders\n";
    fs::write(folder.path().join("calls.sh"), script).expect("written");
    // One that is there already may be anybody's to read.
    let secrets = folder.path().join("secrets.env");
    fs::write(&secrets, "").expect("written");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o644)).expect("set");
    let arguments = [
        "import",
        "calls.sh",
        "-o",
        "plan.json",
        "--notes",
        "notes.json",
        "--secrets",
        "secrets.env",
    ];
    let ended = ldc(&folder, &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for said in [
        "1 request, fidelity",
        "--limit-rate 1M",
        "${secret.PASSWORD}",
        "ldvm run plan.json",
        "--secrets secrets.env",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect(name);
    assert!(!read("plan.json").contains("sesame"));
    assert_eq!(read("secrets.env"), "PASSWORD=\"sesame\"\n");
    assert_eq!(fs::metadata(&secrets).expect("about").permissions().mode() & 0o777, 0o600);
    let notes: Value = serde_json::from_str(&read("notes.json")).expect("JSON");
    assert_eq!(notes.pointer("/notes/0/fate"), Some(&Value::from("dropped")));
    assert_eq!(ldc(&folder, &["check", "plan.json"]).code, Some(0));
}

#[test]
fn notes_that_say_the_same_are_told_together_and_warnings_of_the_plan_counted() {
    let folder = folder();
    let script = "curl --limit-rate 1M -d a=1 -X GET http://127.0.0.1/\n".repeat(5);
    fs::write(folder.path().join("calls.sh"), script).expect("written");
    let ended = ldc(&folder, &["import", "calls.sh", "-o", "plan.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for said in [
        "warning: 5 times --limit-rate 1M (dropped)",
        "  at calls.sh:1\n  at calls.sh:2\n  at calls.sh:3\n  and 2 more\n",
        "check: 5 warnings; `ldc check plan.json` shows them\nnext: ldvm run plan.json",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[test]
fn import_fails_when_too_little_is_kept_or_nothing_can_be_read() {
    let folder = folder();
    fs::write(folder.path().join("calls.sh"), "curl --limit-rate 1M http://127.0.0.1/\n")
        .expect("written");
    fs::write(folder.path().join("open.sh"), "curl a\ncurl 'b\n").expect("written");
    let code = |arguments: &[&str]| ldc(&folder, arguments);
    assert_eq!(code(&["import", "calls.sh", "--min-fidelity", "0.8"]).code, Some(0));
    assert_eq!(code(&["import", "calls.sh", "--min-fidelity", "0.9"]).code, Some(1));
    let ended = code(&["import", "curl", "open.sh"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("open.sh:2: the quotation"), "{}", ended.stderr);
    let ended = code(&["import", "good.json"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("curl"), "{}", ended.stderr);
    assert_eq!(code(&["import", "missing.sh"]).code, Some(2));
}

#[test]
fn import_reads_standard_input_and_writes_to_standard_output() {
    let ended = ldc_reading(&folder(), &["import", "curl", "-"], "curl http://127.0.0.1/a\n");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let plan: Value = serde_json::from_str(&ended.stdout).expect("a plan");
    assert_eq!(plan.pointer("/metadata/imported/from"), Some(&Value::from("curl")));
}
