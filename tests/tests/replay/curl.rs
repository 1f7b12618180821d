//! curl commands.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ld_tests::cases;
use ld_tests::command::Folder;

use crate::compare::{Differences, seen};
use crate::{corpus, import, plans_are_as_expected, run_plan};

/// Where the commands of the cases send their requests.
const HOST: &str = "localhost:28139";

/// A folder with the files that the cases name.
fn folder(host: &str) -> Folder {
    let folder = Folder::new().unwrap();
    let files = [
        ("note.txt", "first line\nsecond = line\r\n"),
        ("headers.txt", "X-From: file\nX-Also: file\n"),
        (
            "calls.conf",
            "# a file of options\nurl = \"http://HOST/configured\"\n-H \"X-Quoted: \\\"q\\\"\"\nrequest = PATCH\ndata a=1\n",
        ),
        ("myfile.jpg", "not really a picture"),
        ("file.txt", "some text"),
        ("word.txt", "word"),
        ("new_file", "more\ntext"),
        ("template.txt", "${uuid()} of ${file(note.txt)}\n"),
        ("input_redirected_file.txt", "redirected"),
        ("test/fixtures/curl_commands/delete.sh", "curl -X DELETE"),
    ];
    for (name, content) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        folder.write(name, content.replace("HOST", host)).unwrap();
    }
    folder
}

#[test]
fn plans_of_curl_commands_are_as_expected() {
    let cases = ["sh", "txt"]
        .map(|extension| cases::files(&cases::folder("importers/curl"), extension).unwrap());
    plans_are_as_expected(cases.into_iter().flatten(), |case| {
        let folder = folder(HOST);
        let name = case.file_name().unwrap().to_str().unwrap();
        fs::copy(case, folder.path().join(name)).unwrap();
        import(&folder, name)
    });
}

#[test]
fn imported_curl_commands_send_what_curl_sends() {
    let mut differences = Differences::default();
    replay(&cases::folder("importers/curl"), &mut differences);
    differences.at_most(0, 130);
}

#[test]
fn the_curl_corpus_sends_what_curl_sends() {
    if let Some(folder) = corpus("curl") {
        let mut differences = Differences::default();
        replay(&folder, &mut differences);
        differences.at_most(0, 20);
    }
}

fn replay(sources: &Path, differences: &mut Differences) {
    for case in cases::files(sources, "sh").unwrap() {
        let name = case.file_name().unwrap().to_str().unwrap();
        // What curl itself refuses: protocols and options that are not there, and `-d` with `-T`.
        if matches!(name, "own-dropped.sh" | "multiple_urls.sh") {
            continue;
        }
        let script = fs::read_to_string(&case).unwrap();
        let original = seen(|host| {
            let folder = folder(host);
            run_curl(folder.path(), &script.replace(HOST, host));
        });
        let imported = seen(|host| {
            let folder = folder(host);
            folder.write("case.sh", script.replace(HOST, host)).unwrap();
            import(&folder, "case.sh");
            run_plan(&folder, &[]);
        });
        differences.between(name, &original, &imported);
    }
}

fn run_curl(folder: &Path, script: &str) {
    let mut command = Command::new("timeout");
    command.args(["50", "bash", "-c", script]).current_dir(folder).env("DO_API_TOKEN", "do1");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    // Its exit code is that of the last command; what counts is what the server saw.
    assert!(status.unwrap().code().is_some_and(|code| code < 124), "{script}");
}
