//! Files that a script writes itself, and what it reads of them.

use super::{Command, Input, Reader, pipe};

impl Reader<'_> {
    /// Remembers what a command writes to a file.
    pub(super) fn write_file(&mut self, command: &Command) {
        let is_tee = command.words.first().is_some_and(|word| word == "tee");
        let tee = command.words.last().filter(|_| is_tee && command.words.len() > 1).cloned();
        let Some(path) = command.output.clone().or(tee) else { return };
        if let Some(Input::Text(text)) = pipe::prints(command)
            && !path.starts_with("/dev/")
        {
            self.state.files.insert(path, text);
        }
    }

    /// The text of a file, which the script may have written itself.
    pub(super) fn read_file(&self, path: &str) -> Option<String> {
        self.state.files.get(path).cloned().or_else(|| (self.file)(path))
    }
}
