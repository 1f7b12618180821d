//! curl commands, as shells take them and as browsers copy them.

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
mod windows;

use crate::draft::Draft;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

use self::shell::Command;

/// Whether one of the first commands of a text is curl.
pub(crate) fn detect(source: &Source) -> bool {
    let text = source.text.trim_start();
    powershell::detect(text)
        || text.lines().take(200).any(|line| {
            let line = line.trim_start().trim_start_matches(['$', '>', '#', ' ']);
            let program = line.split_whitespace().next().unwrap_or_default();
            is_curl(program)
        })
}

/// The requests of all curl commands of the sources.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let mut tasks = Vec::new();
    for source in sources {
        if powershell::detect(&source.text) {
            powershell::read(source, &mut tasks, notes);
            continue;
        }
        for command in commands(source)? {
            let place = format!("{}:{}", source.name, source.line(command.offset));
            let Some(arguments) = arguments(&command) else {
                let program = command.words.first().map_or("", String::as_str);
                // What is behind a pipe works on what curl prints.
                notes.remark(&place, program, "not curl, left out");
                continue;
            };
            for substitution in &command.substitutions {
                let why =
                    "only a shell can compute this; it is sent as written. Put a placeholder there";
                notes.approximate(&place, substitution, why);
            }
            tasks.extend(operation::tasks(source, &place, arguments, &command, options, notes));
        }
    }
    Ok(Draft::of_steps(tasks.into_iter().map(Into::into).collect()))
}

/// The commands of a text, whatever shell it is for.
fn commands(source: &Source) -> Result<Vec<Command>, Failure> {
    if windows::is_cmd(&source.text) {
        return Ok(windows::cmd(&source.text));
    }
    shell::posix(&source.text).map_err(|offset| {
        let place = format!("{}:{}", source.name, source.line(offset));
        Failure::new(&place, "the quotation that begins here has no end")
    })
}

/// The arguments of curl in a command that runs it, perhaps through another program.
fn arguments(command: &Command) -> Option<&[String]> {
    let words = &command.words;
    let at = words.iter().position(|word| is_curl(word))?;
    // Before it: a prompt, or programs that start others.
    let starts = |word: &String| {
        matches!(
            word.as_str(),
            "$" | "%" | ">" | "sudo" | "time" | "exec" | "env" | "command" | "nohup"
        ) || word.contains('=')
    };
    words.iter().take(at).all(starts).then(|| words.get(at + 1..).unwrap_or_default())
}

fn is_curl(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.eq_ignore_ascii_case("curl") || name.eq_ignore_ascii_case("curl.exe")
}
