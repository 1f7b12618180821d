//! The commands of a request, packed to be sent.

use ld_stdlib::protocols::redis::takes_over;
use ld_vm::{Fault, FaultClass};
use redis::{Cmd, Pipeline};
use serde_json::value::RawValue;

/// Commands, ready to be sent at once.
#[derive(Debug)]
pub(super) struct Commands {
    /// The bytes.
    pub(super) packed: Vec<u8>,
    /// What each was called.
    names: Vec<String>,
    /// Whether they stand between `MULTI` and `EXEC`.
    is_transaction: bool,
}

impl Commands {
    /// Reads the JSON that the compiler made of a task.
    ///
    /// # Errors
    /// When a value of the run makes no command.
    pub(super) fn read(json: &[u8], is_transaction: bool) -> Result<Self, Fault> {
        let lists: Vec<Vec<&RawValue>> = serde_json::from_slice(json).map_err(|error| {
            Fault::new(FaultClass::Plan, format!("the arguments cannot be sent: {error}"))
        })?;
        let (mut names, mut packed) = (Vec::with_capacity(lists.len()), Vec::new());
        let mut pipeline = Pipeline::with_capacity(lists.len());
        if is_transaction {
            pipeline.atomic();
        }
        for list in lists {
            let (mut command, mut name) = (Cmd::new(), None);
            for word in list {
                let text = argument(word)?;
                command.arg(text.as_bytes());
                name.get_or_insert(text);
            }
            let name = name
                .filter(|name| !name.is_empty())
                .ok_or_else(|| Fault::new(FaultClass::Plan, "a command has no name".to_owned()))?;
            if takes_over(name.as_bytes()) {
                let text =
                    format!("{name} takes the connection over, which a task cannot wait for");
                return Err(Fault::new(FaultClass::Plan, text));
            }
            names.push(name);
            if is_transaction {
                pipeline.add_command(command);
            } else {
                command.write_packed_command(&mut packed);
            }
        }
        if is_transaction {
            packed = pipeline.get_packed_pipeline();
        }
        Ok(Self { packed, names, is_transaction })
    }

    /// How many replies are to come.
    pub(super) fn replies(&self) -> usize {
        self.names.len() + if self.is_transaction { 2 } else { 0 }
    }

    /// How many results they have.
    pub(super) fn results(&self) -> usize {
        self.names.len()
    }

    /// What a command is called, by its position.
    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// What to call them all.
    pub(super) fn title(&self) -> String {
        match self.names.as_slice() {
            [name] => name.to_ascii_uppercase(),
            names => format!("the {} commands", names.len()),
        }
    }
}

/// The text of an argument: what a JSON string holds, other JSON as it is written.
fn argument(word: &RawValue) -> Result<String, Fault> {
    let written = word.get();
    if !written.starts_with('"') {
        return Ok(written.to_owned());
    }
    serde_json::from_str(written).map_err(|error| {
        Fault::new(FaultClass::Plan, format!("an argument cannot be sent: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(json: &str, is_transaction: bool) -> String {
        let commands = Commands::read(json.as_bytes(), is_transaction).unwrap();
        String::from_utf8(commands.packed).unwrap()
    }

    #[test]
    fn arguments_are_texts_whatever_they_are_in_the_plan() {
        let json = r#"[["SET","k\u00e9",{"a": [1, 2.50]},12345678901234567890123]]"#;
        let expected = "*4\r\n$3\r\nSET\r\n$3\r\nk\u{e9}\r\n$16\r\n{\"a\": [1, 2.50]}\r\n\
                        $23\r\n12345678901234567890123\r\n";
        assert_eq!(packed(json, false), expected);
    }

    #[test]
    fn several_commands_are_sent_at_once_and_in_a_transaction_if_asked() {
        let json = r#"[["INCR","a"],["PING"]]"#;
        let both = "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(packed(json, false), both);
        let around = format!("*1\r\n$5\r\nMULTI\r\n{both}*1\r\n$4\r\nEXEC\r\n");
        assert_eq!(packed(json, true), around);
    }

    #[test]
    fn what_makes_no_command_is_a_fault_of_the_plan() {
        for (json, why) in [
            (r#"[[]]"#, "a command has no name"),
            (r#"[[""]]"#, "a command has no name"),
            (r#"[["monitor"]]"#, "monitor takes the connection over"),
            ("[[\"GET\",\"\\x\"]]", "the arguments cannot be sent"),
        ] {
            let fault = Commands::read(json.as_bytes(), false).unwrap_err();
            assert_eq!(fault.class, FaultClass::Plan);
            assert!(fault.text.contains(why), "{}", fault.text);
        }
    }
}
