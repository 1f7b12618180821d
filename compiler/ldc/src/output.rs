//! Writing to the terminal.

use std::io::{self, IsTerminal, Write as _};

use ld_compiler::diag::render::{self, Style};
use ld_compiler::{Compiled, Source};
use rustix::fd::AsFd;
use rustix::termios::tcgetwinsize;

use crate::Exit;

/// Writes to standard output. A reader that has seen enough and went away is no failure.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("ldc: standard output cannot be written: {error}\n"));
            Err(Exit::Usage)
        }
        _ => Ok(()),
    }
}

/// Writes to standard error. That nobody reads it is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The diagnostics as text for `terminal`, with the line that counts them.
pub(crate) fn report(
    source: &Source,
    compiled: &Compiled,
    terminal: impl AsFd + IsTerminal,
) -> String {
    let text = render::text(&compiled.diagnostics, source, style(terminal));
    format!("{text}{}\n", render::summary(&compiled.diagnostics, source))
}

/// Says on standard error what is wrong, if anything is.
pub(crate) fn complain(source: &Source, compiled: &Compiled) {
    if !compiled.diagnostics.is_empty() {
        say(&report(source, compiled, io::stderr()));
    }
}

fn style(terminal: impl AsFd + IsTerminal) -> Style {
    let plain = Style::default();
    if !terminal.is_terminal() {
        return plain;
    }
    let columns = tcgetwinsize(&terminal).map_or(0, |size| usize::from(size.ws_col));
    Style {
        // An empty value counts as unset: https://no-color.org
        color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        width: if columns > 0 { columns } else { plain.width },
    }
}
