//! Progress of a run on standard error: a block redrawn in place on a terminal, a line now and
//! then elsewhere, or nothing.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use rustix::termios::tcgetwinsize;

/// Time between two lines where nothing can be redrawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The width of a terminal that does not tell.
const USUAL_COLUMNS: usize = 80;

/// The progress on standard error.
pub struct Live {
    mode: Mode,
}

enum Mode {
    Silent,
    /// No progress, but what is said once.
    Words,
    Lines(Lines),
    Redrawn(Screen),
}

impl Live {
    /// Progress in the form that suits standard error; none at all when `silent`.
    #[must_use]
    pub fn new(silent: bool) -> Self {
        let mode = if silent {
            Mode::Silent
        } else if io::stderr().is_terminal() {
            Mode::Redrawn(Screen::default())
        } else {
            Mode::Lines(Lines { next: LINE_EVERY })
        };
        Self { mode }
    }

    /// No progress; what is [said](Self::say) is heard all the same.
    #[must_use]
    pub const fn without_progress() -> Self {
        Self { mode: Mode::Words }
    }

    /// Shows where the run is `elapsed` after its start: `block`, lines made for that many
    /// columns, on a terminal; elsewhere `line`, but not every time.
    pub fn show(
        &mut self,
        elapsed: Duration,
        block: impl FnOnce(usize) -> String,
        line: impl FnOnce() -> String,
    ) {
        let text = match &mut self.mode {
            Mode::Silent | Mode::Words => return,
            Mode::Lines(lines) => {
                if !lines.is_due(elapsed) {
                    return;
                }
                line() + "\n"
            }
            Mode::Redrawn(screen) => {
                let columns = columns();
                screen.redraw(&block(columns), columns)
            }
        };
        self.write(&text);
    }

    /// Says something once, above the progress.
    pub fn say(&mut self, text: &str) {
        self.clear();
        if !matches!(self.mode, Mode::Silent) {
            self.write(&format!("{text}\n"));
        }
    }

    /// Takes the block off the screen, so that other text can follow.
    pub fn clear(&mut self) {
        if let Mode::Redrawn(screen) = &mut self.mode {
            let text = screen.redraw("", columns());
            self.write(&text);
        }
    }

    /// Writes in one piece. Whoever closed standard error does not want to see progress.
    fn write(&mut self, text: &str) {
        if io::stderr().write_all(text.as_bytes()).is_err() {
            self.mode = Mode::Silent;
        }
    }
}

/// The width of the terminal at this moment.
fn columns() -> usize {
    match tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => USUAL_COLUMNS,
    }
}

/// When the next line is due.
struct Lines {
    next: Duration,
}

impl Lines {
    fn is_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed >= self.next;
        while self.next <= elapsed {
            self.next += LINE_EVERY;
        }
        due
    }
}

/// The block on the screen, by the widths of its lines. The cursor stands in the line below.
#[derive(Default)]
struct Screen {
    widths: Vec<usize>,
}

impl Screen {
    /// What to write so that `block` stands where the last one stood.
    ///
    /// Lines are cut off instead of wrapped while the block is written, so that it takes as many
    /// rows as it has lines. When the terminal became narrower since, it has wrapped them itself.
    fn redraw(&mut self, block: &str, columns: usize) -> String {
        let rows: usize =
            self.widths.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        self.widths.clear();
        let mut text = String::from("\r");
        if rows > 0 {
            text.push_str(&format!("\x1b[{rows}A"));
        }
        text.push_str("\x1b[J");
        if !block.is_empty() {
            text.push_str("\x1b[?7l");
            for line in block.lines() {
                self.widths.push(line.chars().count().min(columns));
                text.push_str(line);
                text.push('\n');
            }
            text.push_str("\x1b[?7h");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_is_written_where_the_cursor_is() {
        let text = Screen::default().redraw("one\ntwo\n", 80);
        assert_eq!(text, "\r\x1b[J\x1b[?7lone\ntwo\n\x1b[?7h");
    }

    #[test]
    fn the_next_block_replaces_the_one_before_whatever_its_height() {
        let mut screen = Screen::default();
        screen.redraw("one\ntwo\nthree\n", 80);
        assert!(screen.redraw("one\n", 80).starts_with("\r\x1b[3A\x1b[J"));
        assert!(screen.redraw("one\n", 80).starts_with("\r\x1b[1A\x1b[J"));
    }

    #[test]
    fn a_terminal_made_narrower_wrapped_the_lines_it_shows() {
        let mut screen = Screen::default();
        let long = "━".repeat(100);
        screen.redraw(&format!("{long}\n\nshort\n"), 90);
        // 90 columns were shown of the first line; they take three rows of 40.
        assert!(screen.redraw("x\n", 40).starts_with("\r\x1b[5A\x1b[J"));
        assert!(screen.redraw("x\n", 0).starts_with("\r\x1b[1A\x1b[J"));
    }

    #[test]
    fn clearing_leaves_nothing_and_switches_wrapping_off_for_nobody() {
        let mut screen = Screen::default();
        screen.redraw("one\n", 80);
        assert_eq!(screen.redraw("", 80), "\r\x1b[1A\x1b[J");
        assert_eq!(screen.redraw("", 80), "\r\x1b[J");
    }

    #[test]
    fn lines_come_every_ten_seconds_even_when_a_look_was_missed() {
        let mut lines = Lines { next: LINE_EVERY };
        let due: Vec<u64> =
            (0..25).chain(55..65).filter(|&s| lines.is_due(Duration::from_secs(s))).collect();
        assert_eq!(due, [10, 20, 55, 60]);
    }
}
