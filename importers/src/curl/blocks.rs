//! Loops and conditions around requests.

use super::shell::Command;
use crate::notes::Notes;

/// The loops and conditions that a command stands in.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    is_loop: bool,
    place: String,
    what: String,
    /// Whether its condition is behind us.
    entered: bool,
    /// Whether there are requests in it.
    asks: bool,
}

impl Blocks {
    /// Enters and leaves blocks as the words before a command say; notes those with requests.
    pub(super) fn pass(&mut self, command: &Command, place: &str, notes: &mut Notes) {
        for keyword in &command.keywords {
            match keyword.as_str() {
                "for" | "while" | "until" | "if" | "case" => self.open.push(Block {
                    is_loop: !matches!(keyword.as_str(), "if" | "case"),
                    place: place.to_owned(),
                    what: keyword.clone(),
                    entered: keyword == "case",
                    asks: false,
                }),
                "do" | "then" | "else" => {
                    if let Some(block) = self.open.last_mut() {
                        block.entered = true;
                    }
                }
                "done" | "fi" | "esac" => {
                    let Some(block) = self.open.pop().filter(|block| block.asks) else { continue };
                    let why = match (block.is_loop, block.what.as_str()) {
                        (true, "for") => "its requests are made once, with the first value",
                        (true, _) => "its requests are made once",
                        (false, _) => "the requests of all its branches are made",
                    };
                    notes.approximate(&block.place, &block.what, why);
                }
                _ => {}
            }
        }
    }

    /// There is a request here.
    pub(super) fn ask(&mut self) {
        for block in &mut self.open {
            block.asks |= block.entered;
        }
    }
}
