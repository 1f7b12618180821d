//! Secrets: values that come from a file or the environment when a run starts, and from nowhere
//! else.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    ffi::OsString,
    fmt, fs, io,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use ld_vm::Program;
use serde_json::Value as Json;

/// Where the values of `${secret.NAME}` come from: a file, or else the environment variable
/// `LD_SECRET_NAME`, or else `NAME`.
#[derive(Clone, Default)]
pub struct Secrets {
    given: BTreeMap<String, String>,
}

impl Secrets {
    /// The secrets of a file: a JSON object, or lines of `NAME=value`.
    ///
    /// # Errors
    /// When it cannot be read, or is neither.
    pub fn from_file(path: &Path) -> Result<Self, SecretsError> {
        let failed = |why| SecretsError { path: path.to_owned(), why };
        let text = fs::read_to_string(path).map_err(|error| failed(Why::Unreadable(error)))?;
        Self::from_text(&text).map_err(failed)
    }

    fn from_text(text: &str) -> Result<Self, Why> {
        let text = text.trim_start_matches('\u{feff}');
        let given =
            if text.trim_start().starts_with('{') { of_json(text)? } else { of_lines(text)? };
        Ok(Self { given })
    }

    /// The value of a secret.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(value) = self.given.get(name) {
            return Some(value.clone().into_bytes());
        }
        // Neither may be part of a variable's name, and the system does not like to be asked.
        if name.contains(['=', '\0']) {
            return None;
        }
        let found = env::var_os(format!("LD_SECRET_{name}")).or_else(|| env::var_os(name));
        found.map(OsString::into_vec)
    }

    /// What stands for `${env.NAME}` or `${secret.NAME}`.
    pub(crate) fn fill(&self, prefix: &str, name: &str) -> Option<String> {
        match prefix {
            "env" => env::var(name).ok(),
            "secret" => String::from_utf8(self.find(name)?).ok(),
            _ => None,
        }
    }

    /// Looks for every secret of programs.
    ///
    /// # Errors
    /// All that nothing gives.
    pub fn check<'p>(
        &self,
        programs: impl IntoIterator<Item = &'p Program>,
    ) -> Result<(), MissingSecrets> {
        let mut missing = Vec::new();
        for program in programs {
            for row in &program.tables.secrets {
                let name = program.consts.text(row.name);
                if self.find(name).is_none() && !missing.iter().any(|known| known == name) {
                    missing.push(name.to_owned());
                }
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(MissingSecrets(missing)) }
    }
}

/// Names only.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

fn of_json(text: &str) -> Result<BTreeMap<String, String>, Why> {
    // The error's own text could hold a piece of the file.
    let at = |error: &serde_json::Error| Why::BadLine { line: error.line(), expected: "JSON" };
    let members: BTreeMap<String, Json> = serde_json::from_str(text).map_err(|e| at(&e))?;
    let mut given = BTreeMap::new();
    for (name, value) in members {
        let text = match value {
            Json::String(text) => text,
            Json::Number(number) => number.to_string(),
            _ => return Err(Why::NotText { name }),
        };
        given.insert(name, text);
    }
    Ok(given)
}

/// `NAME=value`, perhaps in quotes, perhaps after `export`; `#` begins a comment.
fn of_lines(text: &str) -> Result<BTreeMap<String, String>, Why> {
    let mut given = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || Why::BadLine { line: number, expected: "NAME=value" };
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or_else(bad)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(bad());
        }
        given.insert(name.to_owned(), value_of(value.trim()).ok_or_else(bad)?);
    }
    Ok(given)
}

/// The value of a line: as it stands up to a comment, or in quotes.
fn value_of(written: &str) -> Option<String> {
    let Some(quote) = written.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        let end = written.find(" #").unwrap_or(written.len());
        return Some(written.get(..end)?.trim_end().to_owned());
    };
    let mut value = String::new();
    let mut characters = written.chars();
    characters.next();
    loop {
        match characters.next()? {
            end if end == quote => break,
            '\\' if quote == '"' => value.push(match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            other => value.push(other),
        }
    }
    let rest = characters.as_str().trim_start();
    (rest.is_empty() || rest.starts_with('#')).then_some(value)
}

/// Secrets that nothing gives, by name.
#[derive(Debug)]
pub struct MissingSecrets(pub Vec<String>);

impl fmt::Display for MissingSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names) = self;
        let first = names.first().map_or("", String::as_str);
        write!(
            f,
            "nothing gives these secrets: {}\nset LD_SECRET_{first} (or {first}) in the environment, \
             or put `{first}=…` into a file and pass it with --secrets",
            names.join(", ")
        )
    }
}

impl Error for MissingSecrets {}

/// A file of secrets that cannot be used. Its text shows nothing of the file.
#[derive(Debug)]
pub struct SecretsError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Unreadable(io::Error),
    BadLine { line: usize, expected: &'static str },
    NotText { name: String },
}

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.why {
            Why::Unreadable(error) => write!(f, "{path} cannot be read: {error}"),
            Why::BadLine { line, expected } => write!(f, "{path}:{line}: expected {expected}"),
            Why::NotText { name } => write!(f, "{path}: `{name}` must be a text or a number"),
        }
    }
}

impl Error for SecretsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, name: &str) -> String {
        String::from_utf8(Secrets::from_text(text).unwrap().find(name).unwrap()).unwrap()
    }

    #[test]
    fn lines_give_secrets() {
        let text = "# all of them\n\nA=one two # three\nexport B = \"x\\n\\\"y\" # z\nC='a\\n'\nD=\nE=p#q=\n";
        for (name, value) in
            [("A", "one two"), ("B", "x\n\"y"), ("C", "a\\n"), ("D", ""), ("E", "p#q=")]
        {
            assert_eq!(found(text, name), value, "{name}");
        }
    }

    #[test]
    fn json_gives_secrets() {
        let text = "\u{feff} {\"A\": \"one\", \"B\": 42}";
        assert_eq!(found(text, "A"), "one");
        assert_eq!(found(text, "B"), "42");
    }

    #[test]
    fn what_is_wrong_with_a_file_does_not_show_what_is_in_it() {
        for (text, expected) in [
            ("A=1\nhunter2", "s.env:2: expected NAME=value"),
            ("A=\"hunter2", "s.env:1: expected NAME=value"),
            ("A B=hunter2", "s.env:1: expected NAME=value"),
            ("{\"A\": hunter2}", "s.env:1: expected JSON"),
            ("{\"A\": [\"hunter2\"]}", "s.env: `A` must be a text or a number"),
        ] {
            let why = Secrets::from_text(text).unwrap_err();
            let error = SecretsError { path: "s.env".into(), why };
            assert_eq!(error.to_string(), expected, "{text}");
        }
        let shown = format!("{:?}", Secrets::from_text("A=hunter2").unwrap());
        assert_eq!(shown, r#"{"A"}"#);
    }

    #[test]
    fn the_environment_stands_in_for_a_file() {
        let secrets = Secrets::from_text("PATH=given").unwrap();
        assert_eq!(secrets.find("PATH").unwrap(), b"given");
        assert!(Secrets::default().find("PATH").is_some_and(|path| path != b"given"));
        assert_eq!(secrets.find("LD=no"), None);
    }

    #[test]
    fn the_message_says_what_to_do() {
        let missing = MissingSecrets(vec!["TOKEN".into(), "KEY".into()]);
        assert_eq!(
            missing.to_string(),
            "nothing gives these secrets: TOKEN, KEY\n\
             set LD_SECRET_TOKEN (or TOKEN) in the environment, or put `TOKEN=…` into a file and \
             pass it with --secrets"
        );
    }
}
