//! curl commands, as shells take them and as browsers copy them.

mod blocks;
mod config;
mod data;
mod form;
mod glob;
mod operation;
mod options;
mod powershell;
mod request;
mod shell;
mod url;
mod variables;
mod windows;

use crate::draft::{Draft, Step};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

use self::shell::{Command, Script, Take};

/// An import makes at most this many requests of patterns in URLs.
const MOST_REQUESTS: usize = 100_000;

/// Whether one of the first commands of a text is curl.
pub(crate) fn detect(source: &Source) -> bool {
    let text = source.text.trim_start();
    powershell::detect(text) || text.lines().take(200).any(begins_with_curl)
}

/// Whether curl is the first program of a line, also behind a prompt, in a condition, or where a
/// variable is set to what it prints.
fn begins_with_curl(line: &str) -> bool {
    const BEFORE: &[&str] = &["if", "while", "until", "!", "{", "(", "then", "do", "sudo", "time"];
    let line = line.trim_start().trim_start_matches(['$', '>', '#', ' ']);
    let line = match line.split_once("$(").or_else(|| line.split_once('`')) {
        Some((before, behind)) if before.trim_end_matches('"').ends_with('=') => behind,
        _ => line,
    };
    let mut words = line.split_whitespace().map(|word| word.trim_start_matches('('));
    words.find(|word| !word.is_empty() && !BEFORE.contains(word)).is_some_and(is_curl)
}

/// The requests of all curl commands of the sources.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let mut steps: Vec<Step> = Vec::new();
    let mut count = 0;
    for source in sources {
        if powershell::detect(&source.text) {
            let mut tasks = Vec::new();
            powershell::read(source, &mut tasks, notes);
            steps.extend(tasks.into_iter().map(Into::into));
            continue;
        }
        let mut blocks = blocks::Blocks::default();
        let script = commands(source)?;
        let mut source = source.clone();
        source.write(script.files);
        let source = &source;
        for command in script.commands {
            let place = format!("{}:{}", source.name, source.line(command.offset));
            blocks.pass(&command, &place, notes);
            note_substitutions(&command, &place, notes);
            if let Some(seconds) = waits(&command) {
                blocks.wait(seconds, options);
                continue;
            }
            let Some(arguments) = arguments(&command) else {
                note_other_program(&command, &place, notes);
                continue;
            };
            let room = MOST_REQUESTS.saturating_sub(count);
            let call =
                operation::Call { source, place: &place, input: command.input.as_ref(), room };
            let mut asked = call.tasks(arguments, options, notes);
            if let Some(last) = asked.last_mut() {
                last.extract.extend(command.takes.iter().map(Take::entry));
            }
            count += asked.len();
            blocks.ask(asked);
        }
        steps.append(&mut blocks.done());
    }
    Ok(Draft::of_steps(steps))
}

/// How many seconds a command waits, if it is one that does.
fn waits(command: &Command) -> Option<f64> {
    let [program, time] = command.words.as_slice() else { return None };
    if program != "sleep" {
        return None;
    }
    let (number, unit) = match time.strip_suffix(['s', 'm']) {
        Some(number) if time.ends_with('m') => (number, 60.0),
        Some(number) => (number, 1.0),
        None => (time.as_str(), 1.0),
    };
    number
        .parse::<f64>()
        .ok()
        .filter(|time| (0.0..=86_400.0).contains(time))
        .map(|time| time * unit)
}

fn note_substitutions(command: &Command, place: &str, notes: &mut Notes) {
    for substitution in &command.substitutions {
        // What stands in it may be a credential.
        let shown: String = substitution.text.chars().take_while(|c| !c.is_whitespace()).collect();
        let whole = shown.len() == substitution.text.len();
        let shown = if whole { shown } else { format!("{shown} …") };
        match &substitution.variable {
            Some(name) => {
                let why = format!(
                    "only a shell can compute this; set the environment variable `{name}`, or \
                     write an `extract`"
                );
                notes.approximate(place, &format!("{name}={shown}"), &why);
            }
            None => {
                let why =
                    "only a shell can compute this; it is sent as written. Put a placeholder there";
                notes.approximate(place, &shown, why);
            }
        }
    }
}

/// Notes a command that is not curl, or runs it in a way that is not understood.
fn note_other_program(command: &Command, place: &str, notes: &mut Notes) {
    let Some(program) = command.words.first() else { return };
    if command.over.is_some() || command.keywords.last().is_some_and(|word| word == "for") {
        return;
    }
    // Not `echo curl`, `which curl` and `apt-get install curl`: those have no URL behind it.
    let looks_like_url = |word: &String| word.contains("://") || word.starts_with("localhost");
    let asks = |text: &str| {
        let mut words = text.split_whitespace();
        words.any(is_curl) && words.any(|word| looks_like_url(&word.to_owned()))
    };
    let runs_curl = command
        .words
        .iter()
        .position(|word| is_curl(word))
        .is_some_and(|at| command.words.iter().skip(at + 1).any(looks_like_url));
    let prints = matches!(program.as_str(), "echo" | "printf");
    if !prints && (runs_curl || command.words.iter().skip(1).any(|word| asks(word))) {
        let why = "how this runs curl is not understood";
        notes.drop_request(place, &format!("{program} … curl …"), why);
    } else {
        // What is behind a pipe works on what curl prints.
        notes.remark(place, program, "not curl, left out");
    }
}

/// The commands of a text, whatever shell it is for.
fn commands(source: &Source) -> Result<Script, Failure> {
    if windows::is_cmd(&source.text) {
        return Ok(Script { commands: windows::cmd(&source.text), ..Script::default() });
    }
    shell::posix(&source.text, &|path| data::file(path, source)).map_err(|offset| {
        let place = format!("{}:{}", source.name, source.line(offset));
        Failure::new(&place, "the quotation that begins here has no end")
    })
}

/// The arguments of curl in a command that runs it, perhaps through another program.
fn arguments(command: &Command) -> Option<&[String]> {
    /// Programs that run another, besides prompts.
    const STARTERS: &[&str] = &[
        "$", "%", ">", "chronic", "command", "env", "eval", "exec", "nice", "nohup", "stdbuf",
        "sudo", "time", "timeout",
    ];
    let words = &command.words;
    let at = words.iter().position(|word| is_curl(word))?;
    let is_start = |word: &String| {
        STARTERS.contains(&word.as_str())
            || word.contains('=')
            || word.starts_with('-')
            || word.starts_with(|c: char| c.is_ascii_digit())
    };
    let starts = words.iter().take(at).all(is_start)
        && words.first().is_none_or(|first| {
            is_curl(first) || STARTERS.contains(&first.as_str()) || first.contains('=')
        });
    // `command -v curl` only looks for it.
    let looks = words.iter().take(at).any(|word| word == "-v" || word == "-V");
    (starts && !looks).then(|| words.get(at + 1..).unwrap_or_default())
}

fn is_curl(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.eq_ignore_ascii_case("curl") || name.eq_ignore_ascii_case("curl.exe")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broken;
    use std::path::Path;

    fn imported(text: &str) -> (Vec<String>, Notes) {
        let source = Source::new("x.sh", text.as_bytes(), Path::new("/nonexistent")).unwrap();
        let mut notes = Notes::default();
        let draft = read(&[source], &Options::default(), &mut notes).unwrap();
        (draft.tasks().into_iter().map(|task| task.url.clone()).collect(), notes)
    }

    #[test]
    fn requests_that_are_not_understood_are_errors_and_other_programs_are_not() {
        for text in ["xargs curl http://a.example", "ssh host 'curl http://a.example/x'"] {
            let (urls, notes) = imported(text);
            assert!(urls.is_empty() && notes.fidelity() < 0.01, "{text}: {notes:?}");
        }
        for text in
            ["apt-get install curl", "command -v curl", "echo curl http://a.example", "jq .x"]
        {
            let (urls, notes) = imported(text);
            assert!(urls.is_empty() && notes.fidelity() > 0.99, "{text}: {notes:?}");
        }
        for text in ["timeout 5 curl a.example", "sudo -E curl a.example", "X=1 curl a.example"] {
            assert_eq!(imported(text).0, ["http://a.example/"], "{text}");
        }
    }

    #[test]
    fn loops_and_conditions_around_requests_are_noted() {
        let (urls, notes) = imported("while x; do\n curl a.example/$i\ndone\nif x; then echo; fi");
        assert_eq!(urls, ["http://a.example/${env.i}"]);
        let places: Vec<&str> = notes
            .list()
            .iter()
            .filter(|note| note.fate == crate::Fate::Approximated)
            .map(|note| note.place.as_str())
            .collect();
        assert_eq!(places, ["x.sh:1"]);
    }

    #[test]
    fn broken_scripts_are_refused_or_imported_but_never_end_the_program() {
        for case in ["own-functions.sh", "own-loops.sh", "own-written.sh", "own-shell.sh"] {
            broken::survive("curl", case, b"{}()$'\"\\;<#\n `");
        }
    }

    #[test]
    fn heads_of_loops_without_an_end_take_no_time() {
        let text = "for i in 1 2; do curl a.example/$i; ".repeat(20_000);
        let (urls, _) = imported(&text);
        assert_eq!(urls.len(), 20_000);
    }

    #[test]
    fn requests_of_patterns_have_an_end() {
        let text = "curl a.example/[1-999]\n".repeat(150);
        let (urls, notes) = imported(&text);
        assert!(urls.len() <= MOST_REQUESTS + 150, "{}", urls.len());
        assert!(notes.list().iter().any(|note| note.fate == crate::Fate::Approximated));
    }

    #[test]
    fn credentials_are_in_no_note() {
        let text = "curl --pass keypw --proxy-header 'A: Bearer keypw' --tlspassword keypw \
                    --nope=keypw -E c.pem:keypw ftp://u:keypw@h -H 'Authorization keypw' \
                    -F keypw a.example\nX=$(login -p keypw)";
        let (_, notes) = imported(text);
        assert!(
            notes.list().len() > 6 && !notes.to_json().to_string().contains("keypw"),
            "{notes:?}"
        );
    }
}
