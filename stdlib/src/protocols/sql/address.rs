//! Connection strings, as SQLAlchemy writes them: `postgresql+psycopg2://user:password@host/db`.

use crate::template::{Piece, Template};

/// A database that can be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite: a file, or memory.
    Sqlite,
}

impl Dialect {
    /// The database of a connection string. What stands behind the plus in its scheme is the name
    /// of a Python library.
    ///
    /// # Errors
    /// The scheme, when there is no client for it; empty when there is no scheme.
    pub fn of(url: &str) -> Result<Self, &str> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let kind = scheme.split('+').next().unwrap_or_default();
        match kind.to_ascii_lowercase().as_str() {
            "postgresql" | "postgres" => Ok(Self::Postgres),
            "mysql" | "mariadb" => Ok(Self::MySql),
            "sqlite" => Ok(Self::Sqlite),
            _ => Err(kind),
        }
    }
}

/// A connection string without user, password and options, for people.
#[must_use]
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // A password may hold anything that was not encoded, also what ends an authority.
    let rest = match scheme {
        "sqlite" => rest,
        _ => rest.rsplit_once('@').map_or(rest, |(_, host)| host),
    };
    let rest = rest.split('?').next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

/// The same of one with slots, of which reports say no more than their names.
pub(super) fn shown_template(url: &Template) -> Template {
    if url.single_slot().is_some() {
        return url.clone();
    }
    // Slots become characters that nobody writes, and slots again.
    let mark = |number: usize| u32::try_from(number).ok().and_then(|n| char::from_u32(FIRST + n));
    let mut text = String::new();
    for (number, piece) in url.pieces.iter().enumerate() {
        match piece {
            Piece::Text(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
            Piece::Slot { .. } => text.extend(mark(number)),
        }
    }
    if !text.contains("://") {
        return Template::text("sql");
    }
    let mut template = Template::default();
    for char in shown(&text).chars() {
        let number = u32::from(char).checked_sub(FIRST).map(|number| number as usize);
        match number.and_then(|number| url.pieces.get(number)) {
            Some(Piece::Slot { slot, escape }) => template.push_slot(*slot, *escape),
            _ => template.push_text(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    template
}

/// The first of the characters that stand for slots: a plane that is for private use.
const FIRST: u32 = 0xF_0000;

#[cfg(test)]
mod tests {
    use ld_vm::Escape;

    use super::*;

    #[test]
    fn what_is_shown_of_a_url_has_no_password() {
        for (url, expected) in [
            ("postgresql://app:p@ss@db:5432/shop?sslmode=require", "postgresql://db:5432/shop"),
            ("postgresql://app:a/b?c@127.0.0.1:1/d", "postgresql://127.0.0.1:1/d"),
            ("mysql://db/shop", "mysql://db/shop"),
            ("sqlite:///a.db", "sqlite:///a.db"),
            ("${secret.URL}", "${secret.URL}"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn slots_are_shown_where_no_password_can_be() {
        let mut url = Template::text("postgresql://app:x");
        url.push_slot(1, Escape::Raw);
        url.push_text("@");
        url.push_slot(2, Escape::Raw);
        url.push_text("/shop?password=x");
        let mut expected = Template::default();
        for char in "postgresql://".chars() {
            expected.push_text(char.to_string());
        }
        expected.push_slot(2, Escape::Raw);
        for char in "/shop".chars() {
            expected.push_text(char.to_string());
        }
        assert_eq!(shown_template(&url), expected);

        let mut odd = Template::text("user:password@");
        odd.push_slot(0, Escape::Raw);
        assert_eq!(shown_template(&odd), Template::text("sql"));
    }

    #[test]
    fn schemes_are_known_with_and_without_the_name_of_a_library() {
        assert_eq!(Dialect::of("postgresql+psycopg2://h/d"), Ok(Dialect::Postgres));
        assert_eq!(Dialect::of("MariaDB+pymysql://h/d"), Ok(Dialect::MySql));
        assert_eq!(Dialect::of("sqlite://"), Ok(Dialect::Sqlite));
        assert_eq!(Dialect::of("mssql+pyodbc://h/d"), Err("mssql"));
        assert_eq!(Dialect::of("nothing"), Err(""));
    }
}
