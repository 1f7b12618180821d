//! Takes secrets out of what is only shown: notes, and the source's text in steps to be done.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Captures, Regex};

use crate::Secret;
use crate::draft::Draft;
use crate::notes::Notes;

/// What stands where a secret was.
const MASKED: &str = "***";

/// Shorter secrets are masked only where they stand alone: they are parts of other words.
const SHORT: usize = 6;

/// Masks the secrets in notes and in steps to be done.
pub(super) fn run(draft: &mut Draft, notes: &mut Notes, secrets: &[Secret]) {
    // One character hides nothing, and stands everywhere; nor does what is made up as the name.
    let hides = |secret: &&Secret| {
        secret.value.chars().nth(1).is_some() && !secret.value.eq_ignore_ascii_case(&secret.name)
    };
    let values: Vec<&str> =
        secrets.iter().filter(hides).map(|secret| secret.value.as_str()).collect();
    notes.rewrite(named);
    draft.for_each_todo(named);
    if values.is_empty() {
        return;
    }
    let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values);
    // There is none when the secrets are too large together; then nothing of them is shown.
    let mask = |text: &mut String| match &searcher {
        Ok(searcher) => mask(searcher, text),
        Err(_) => MASKED.clone_into(text),
    };
    notes.rewrite(mask);
    draft.for_each_todo(mask);
}

/// Masks what stands behind a name of a secret, as a member, in a query or in a form, and what is
/// given as credentials: `password: '…'`, `api_key=…`, `Bearer …`.
fn named(text: &mut String) {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let name = r"(?i)(?:passw(?:or)?d|pass|passphrase|pwd|passcode|secret|api[_-]?key|[_-]?token|credentials?|authorization)";
        let quoted = r#"["']?[ \t]*[:=][ \t]*(?:'[^'$]+'|"[^"$]+"|`[^`$]+`)"#;
        let plain = r"=[A-Za-z0-9_.~+/%-]+(?:[&'\x22` \t\r\n]|$)";
        let bearer = r"(?:[Bb]earer|[Bb]asic)[ \t]+[A-Za-z0-9_.~+/-]{6,}=*";
        Regex::new(&format!("(?:{name})(?:{quoted}|{plain})|{bearer}")).ok()
    });
    let Some(pattern) = &*NAMED else { return };
    if !pattern.is_match(text) {
        return;
    }
    let masked = pattern.replace_all(text, |found: &Captures<'_>| {
        let all = found.get(0).map_or("", |all| all.as_str());
        let at = all.find([':', '=']).or_else(|| all.find(' ')).map_or(0, |at| at + 1);
        let (name, value) = all.split_at_checked(at).unwrap_or((all, ""));
        let bare = value.trim_start();
        let space = value.get(..value.len() - bare.len()).unwrap_or_default();
        let ends = |char: char| "'\"`& ".contains(char) || char.is_whitespace();
        let open = bare.chars().next().filter(|char| ends(*char)).map(String::from);
        let close = bare.chars().next_back().filter(|char| ends(*char)).map(String::from);
        let (open, close) = (open.unwrap_or_default(), close.unwrap_or_default());
        format!("{name}{space}{open}{MASKED}{close}")
    });
    *text = masked.into_owned();
}

fn mask(searcher: &AhoCorasick, text: &mut String) {
    let mut masked = String::new();
    let mut shown = 0;
    for found in searcher.find_iter(text.as_str()) {
        let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        let within_word = is_word(text.get(..found.start()).and_then(|s| s.chars().next_back()))
            || is_word(text.get(found.end()..).and_then(|s| s.chars().next()));
        if found.len() < SHORT && within_word {
            continue;
        }
        masked.push_str(text.get(shown..found.start()).unwrap_or_default());
        masked.push_str(MASKED);
        shown = found.end();
    }
    if shown > 0 {
        masked.push_str(text.get(shown..).unwrap_or_default());
        *text = masked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Step;
    use serde_json::json;

    #[test]
    fn what_stands_behind_a_name_of_a_secret_is_masked() {
        for (said, shown) in [
            (
                "f(JSON.stringify({password: 'hunter2', a: 'b'}))",
                "f(JSON.stringify({password: '***', a: 'b'}))",
            ),
            ("{\"access_token\":\"abc\"}", "{\"access_token\":\"***\"}"),
            ("get('/q?api_key=k123&page=2')", "get('/q?api_key=***&page=2')"),
            ("{Authorization: 'Bearer abcdef123'}", "{Authorization: '***'}"),
            ("['X', 'Bearer abcdef123']", "['X', 'Bearer ***']"),
            ("token = res.json('token')", "token = res.json('token')"),
            ("login(user='ada', pass='hunter2')", "login(user='ada', pass='***')"),
            ("{\"set\": {\"dbPass\": \"hunter2\"}}", "{\"set\": {\"dbPass\": \"***\"}}"),
            ("pwd=hunter2&page=1", "pwd=***&page=1"),
            ("{password: `${pw}`, token}", "{password: `${pw}`, token}"),
        ] {
            let mut text = said.to_owned();
            named(&mut text);
            assert_eq!(text, shown);
        }
    }

    #[test]
    fn secrets_are_masked_in_notes_and_steps_to_be_done() {
        let secret = |value: &str| Secret {
            name: "S".to_owned(),
            value: value.to_owned(),
            used: String::new(),
        };
        let mut notes = Notes::default();
        notes.drop("a:1", "--x hunter22 page 12", "hunter2");
        let todo = Step::todo("call", "sh -c 'login hunter2'");
        let mut draft = Draft::of_steps(vec![Step::group("g", vec![todo])]);
        let secrets = ["hunter2", "age", "12", "", "g", "S", "s"].map(secret);
        run(&mut draft, &mut notes, &secrets);
        let note = notes.list().first().unwrap();
        assert_eq!((note.what.as_str(), note.why.as_str()), ("--x ***2 page ***", "***"));
        let mut sources = Vec::new();
        draft.for_each_todo(|text| sources.push(text.clone()));
        assert_eq!(json!(sources), json!(["call", "sh -c 'login ***'"]));
    }
}
