//! What a run leaves behind: the text on the terminal, and the JSON file with its documentation.

#![expect(clippy::unwrap_used, reason = "what cannot be read or written fails the test")]

mod runs;
mod schema;
mod text;
