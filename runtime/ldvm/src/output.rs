//! What the program says. A reader that went away has seen enough, and the exit code still tells:
//! unlike `println!`, nothing here ends the program because nobody reads.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Writes to standard output.
pub(crate) fn show(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
