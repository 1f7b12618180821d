//! SQL as far as it has to be understood: where statements end, where values go, and whether a
//! statement gives rows.
//!
//! Placeholders are looked for outside of texts, quoted names and comments only.

use super::Dialect;

/// How SQL says where values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// `:name`; `\:` is a colon. `::` and what follows a word are none of them.
    Named,
    /// `?`, `?1` or `$1`.
    Numbered,
}

/// What a value is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The name, for [`Style::Named`].
    Name(String),
    /// The position from 0, for [`Style::Numbered`].
    Position(usize),
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// SQL.
    Text(String),
    /// Where a value goes.
    Value(Key),
}

/// A statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Its pieces, without the semicolon behind it.
    pub parts: Vec<Part>,
    /// What it does, in small letters: `select`. That of what follows `with`.
    pub verb: String,
    /// Whether it asks for the rows that it changes.
    pub returning: bool,
}

/// What gives rows, perhaps none of them.
const WITH_ROWS: &[&str] = &[
    "call", "describe", "desc", "explain", "fetch", "pragma", "select", "show", "table", "values",
];

/// What can follow `with`.
const MAIN: &[&str] = &["delete", "insert", "merge", "replace", "select", "update", "values"];

impl Statement {
    /// The statements of a text. Empty ones are left out.
    #[must_use]
    pub fn all(sql: &str, dialect: Dialect, style: Style) -> Vec<Self> {
        let mut reader = Reader::new(sql, dialect, style);
        reader.read();
        reader.done
    }

    /// Whether it gives rows, perhaps none.
    #[must_use]
    pub fn gives_rows(&self) -> bool {
        self.returning || WITH_ROWS.contains(&self.verb.as_str())
    }

    /// What its values are for, each once, in the order in which they stand.
    #[must_use]
    pub fn keys(&self) -> Vec<&Key> {
        let mut keys = Vec::new();
        for part in &self.parts {
            if let Part::Value(key) = part
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        keys
    }
}

struct Reader<'s> {
    sql: &'s str,
    /// Where reading goes on.
    at: usize,
    dialect: Dialect,
    style: Style,
    /// Whether `?` is an operator: there are `$1`.
    is_dollars: bool,
    depth: usize,
    /// How many `?` there were.
    marks: usize,
    text: String,
    statement: Statement,
    done: Vec<Statement>,
}

impl<'s> Reader<'s> {
    fn new(sql: &'s str, dialect: Dialect, style: Style) -> Self {
        let is_dollar = |(at, _)| sql.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
        let is_dollars = dialect == Dialect::Postgres && sql.match_indices('$').any(is_dollar);
        Self {
            sql,
            at: 0,
            dialect,
            style,
            is_dollars,
            depth: 0,
            marks: 0,
            text: String::new(),
            statement: Statement::default(),
            done: Vec::new(),
        }
    }

    fn rest(&self) -> &'s str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    /// Takes the next `count` bytes over.
    fn take(&mut self, count: usize) {
        let rest = self.rest();
        let taken = rest.get(..count).unwrap_or(rest);
        self.text.push_str(taken);
        self.at += taken.len();
    }

    fn read(&mut self) {
        while let Some(char) = self.rest().chars().next() {
            match char {
                '\'' => self.quoted('\'', self.has_escapes()),
                '"' => self.quoted('"', self.dialect == Dialect::MySql),
                '`' => self.quoted('`', false),
                '-' if self.rest().starts_with("--") => self.line(),
                '#' if self.dialect == Dialect::MySql => self.line(),
                '/' if self.rest().starts_with("/*") => self.comment(),
                '$' => self.dollar(),
                '?' => self.question(),
                ':' => self.colon(),
                '\\' if self.style == Style::Named && self.rest().starts_with("\\:") => {
                    self.at += 1;
                    self.take(1);
                }
                ';' => {
                    self.at += 1;
                    self.end();
                }
                '(' | ')' => {
                    let deeper = self.depth + 1;
                    self.depth = if char == '(' { deeper } else { self.depth.saturating_sub(1) };
                    if self.statement.verb.is_empty() && char == '(' {
                        "select".clone_into(&mut self.statement.verb);
                    }
                    self.take(1);
                }
                _ if char.is_alphanumeric() || char == '_' => self.word(),
                _ => self.take(char.len_utf8()),
            }
        }
        self.end();
    }

    /// Whether a backslash in a text takes the meaning from what follows: always in MySQL, in
    /// PostgreSQL behind an `E`.
    fn has_escapes(&self) -> bool {
        let mut before = self.text.chars().rev();
        let is_marked = matches!(before.next(), Some('e' | 'E'))
            && !before.next().is_some_and(|char| char.is_alphanumeric() || char == '_');
        match self.dialect {
            Dialect::MySql => true,
            Dialect::Postgres => is_marked,
            Dialect::Sqlite => false,
        }
    }

    /// A text or a name up to its end; a doubled quote is read as two of them.
    fn quoted(&mut self, quote: char, has_escapes: bool) {
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            if char == quote {
                return self.take(at + 1);
            }
            if has_escapes && char == '\\' {
                chars.next();
            }
        }
        self.take(self.rest().len());
    }

    fn line(&mut self) {
        let rest = self.rest();
        self.take(rest.find('\n').map_or(rest.len(), |at| at + 1));
    }

    /// A comment; those of PostgreSQL can stand in each other.
    fn comment(&mut self) {
        let (bytes, mut depth, mut at) = (self.rest().as_bytes(), 0usize, 0);
        while let Some(pair) = bytes.get(at..at + 2) {
            match pair {
                b"/*" if depth == 0 || self.dialect == Dialect::Postgres => {
                    (depth, at) = (depth + 1, at + 2)
                }
                b"*/" => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
            if depth == 0 {
                return self.take(at);
            }
        }
        self.take(bytes.len());
    }

    /// `$1`, or a text of PostgreSQL between `$tag$`.
    fn dollar(&mut self) {
        let behind = self.rest().get(1..).unwrap_or_default();
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && self.style == Style::Numbered && self.dialect != Dialect::MySql {
            return self.numbered(digits);
        }
        let is_tag = |char: char| char.is_alphanumeric() || char == '_';
        let tag = behind.find(|char| !is_tag(char)).filter(|_| digits == 0);
        let tag = tag.filter(|at| behind.get(*at..).is_some_and(|rest| rest.starts_with('$')));
        if let (Dialect::Postgres, Some(tag)) = (self.dialect, tag) {
            let rest = self.rest();
            let mark = rest.get(..tag + 2).unwrap_or_default();
            let inner = rest.get(tag + 2..).unwrap_or_default();
            return self.take(inner.find(mark).map_or(rest.len(), |at| at + 2 * mark.len()));
        }
        self.take(1);
    }

    fn question(&mut self) {
        if self.style != Style::Numbered || self.is_dollars {
            return self.take(1);
        }
        let behind = self.rest().get(1..).unwrap_or_default();
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            return self.numbered(digits);
        }
        self.at += 1;
        self.value(Key::Position(self.marks));
        self.marks += 1;
    }

    /// A mark and so many digits, which count from 1.
    fn numbered(&mut self, digits: usize) {
        let number = self.rest().get(1..=digits).and_then(|digits| digits.parse::<usize>().ok());
        self.at += 1 + digits;
        // No list has a value for 0.
        self.value(Key::Position(number.unwrap_or_default().wrapping_sub(1)));
    }

    fn colon(&mut self) {
        let behind = self.rest().get(1..).unwrap_or_default();
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let name = behind.split(|char| !is_word(char)).next().unwrap_or_default();
        let is_value = self.style == Style::Named
            && !name.is_empty()
            && !self.text.ends_with(|char| is_word(char) || char == ':')
            && !behind.get(name.len()..).is_some_and(|rest| rest.starts_with(':'));
        if !is_value {
            return self.take(1);
        }
        self.at += 1 + name.len();
        self.value(Key::Name(name.to_owned()));
    }

    fn word(&mut self) {
        let rest = self.rest();
        let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
        let word = rest.split(|char| !is_word(char)).next().unwrap_or_default();
        if self.depth == 0 {
            let small = word.to_lowercase();
            let verb = &mut self.statement.verb;
            self.statement.returning |= small == "returning";
            if verb.is_empty() || (verb == "with" && MAIN.contains(&small.as_str())) {
                *verb = small;
            }
        }
        self.take(word.len());
    }

    fn value(&mut self, key: Key) {
        self.flush();
        self.statement.parts.push(Part::Value(key));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.statement.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }

    fn end(&mut self) {
        self.flush();
        self.depth = 0;
        let statement = std::mem::take(&mut self.statement);
        // What does nothing is blanks and comments.
        if !statement.verb.is_empty() {
            self.done.push(statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements with `‹key›` for values.
    fn read(sql: &str, dialect: Dialect, style: Style) -> Vec<String> {
        let written = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(Key::Name(name)) => format!("‹{name}›"),
            Part::Value(Key::Position(position)) => format!("‹{position}›"),
        };
        let all = Statement::all(sql, dialect, style);
        all.iter().map(|one| one.parts.iter().map(written).collect()).collect()
    }

    #[test]
    fn names_stand_outside_of_texts_and_comments() {
        for (dialect, sql, expected) in [
            (
                Dialect::Postgres,
                "select :a, :b::int, x::text, a[1:n]",
                "select ‹a›, :b::int, x::text, a[1:n]",
            ),
            (
                Dialect::Postgres,
                "select ':a', \":a\", $x$:a$x$, $$:a$$ -- :a\n, :é_1",
                "select ':a', \":a\", $x$:a$x$, $$:a$$ -- :a\n, ‹é_1›",
            ),
            (
                Dialect::Postgres,
                "select /* :a /* :b */ :c */ :d",
                "select /* :a /* :b */ :c */ ‹d›",
            ),
            (Dialect::Sqlite, "select /* :a /* :b */ :c", "select /* :a /* :b */ ‹c›"),
            (Dialect::Postgres, r"select E'\':a', '\', :b", r"select E'\':a', '\', ‹b›"),
            (Dialect::MySql, r"select '\':a', `:a` # :a", r"select '\':a', `:a` # :a"),
            (Dialect::MySql, "set @a := :a", "set @a := ‹a›"),
            (Dialect::Sqlite, r"select '12:30', 'it''s :a', \:a", "select '12:30', 'it''s :a', :a"),
        ] {
            assert_eq!(read(sql, dialect, Style::Named), [expected], "{sql}");
        }
    }

    #[test]
    fn a_cast_follows_a_name() {
        // As in SQLAlchemy, a name directly before a cast is none.
        assert_eq!(read("select :a ::int", Dialect::Postgres, Style::Named), ["select ‹a› ::int"]);
    }

    #[test]
    fn numbers_count_from_one_and_marks_from_where_they_stand() {
        for (dialect, sql, expected) in [
            (Dialect::MySql, "select ?, '?', ?", "select ‹0›, '?', ‹1›"),
            (Dialect::Postgres, "select $2, $1, j ? 'k'", "select ‹1›, ‹0›, j ? 'k'"),
            (Dialect::Postgres, "select ?, $x$?$x$", "select ‹0›, $x$?$x$"),
            (Dialect::Sqlite, "select ?2, ?1, :a", "select ‹1›, ‹0›, :a"),
        ] {
            assert_eq!(read(sql, dialect, Style::Numbered), [expected], "{sql}");
        }
    }

    #[test]
    fn statements_end_at_semicolons_and_say_whether_they_give_rows() {
        let sql = "insert into t values (';'); -- done;\n ;\nselect ?; with x as (select 1) \
                   update t set a = 1 returning a; /* end */";
        let all = Statement::all(sql, Dialect::Postgres, Style::Numbered);
        let said: Vec<_> = all.iter().map(|one| (one.verb.as_str(), one.gives_rows())).collect();
        assert_eq!(said, [("insert", false), ("select", true), ("update", true)]);
        let rows = |sql| Statement::all(sql, Dialect::Sqlite, Style::Named)[0].gives_rows();
        assert!(rows("(select 1) union (select 2)"));
        assert!(!rows("with x as (select 1) delete from t where returned = 1"));
        assert!(rows("PRAGMA user_version") && !rows("create table returning_customers (a)"));
    }

    #[test]
    fn what_has_no_end_is_read_to_the_end() {
        for sql in [
            "select 'a",
            "select \"",
            "/* ",
            "$a$ x",
            "$",
            ":",
            "?",
            "select $99999999999999999999",
            "'\\",
        ] {
            for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
                for style in [Style::Named, Style::Numbered] {
                    let _ = Statement::all(sql, dialect, style);
                }
            }
        }
    }
}
