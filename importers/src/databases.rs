//! Connection strings of other tools, as those of plans: of JDBC, and of the drivers that Go
//! programs use.

use crate::text::placeholder_end;

/// A connection string of a plan, and what could not be taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    /// `postgresql://user:password@host:port/database`.
    pub(crate) url: String,
    /// Options that are left out.
    pub(crate) left: Vec<String>,
}

/// A server's connection string in the making.
#[derive(Debug, Default)]
struct Parts {
    scheme: &'static str,
    user: String,
    password: String,
    host: String,
    port: String,
    database: String,
    options: Vec<(&'static str, String)>,
    left: Vec<String>,
}

/// What options are called here: those that mean the same, by the names that tools give them.
const POSTGRES: &[(&str, &str)] = &[
    ("sslmode", "sslmode"),
    ("sslrootcert", "sslrootcert"),
    ("sslcert", "sslcert"),
    ("sslkey", "sslkey"),
    ("application_name", "application_name"),
    ("ApplicationName", "application_name"),
    ("search_path", "options[search_path]"),
    ("currentSchema", "options[search_path]"),
    ("options", "options"),
];
const MYSQL: &[(&str, &str)] = &[
    ("sslMode", "ssl-mode"),
    ("ssl-mode", "ssl-mode"),
    ("charset", "charset"),
    ("collation", "collation"),
    ("connectionCollation", "collation"),
];

impl Parts {
    fn option(&mut self, name: &str, value: &str) {
        let known = if self.scheme == "mysql" { MYSQL } else { POSTGRES };
        match (name, known.iter().find(|(theirs, _)| *theirs == name)) {
            ("user" | "username", _) if self.user.is_empty() => value.clone_into(&mut self.user),
            ("password", _) if self.password.is_empty() => value.clone_into(&mut self.password),
            (_, Some((_, ours))) => {
                let value =
                    if *ours == "ssl-mode" { value.to_ascii_uppercase() } else { value.to_owned() };
                self.options.push((ours, value));
            }
            ("ssl" | "useSSL" | "tls", _) if value == "false" => {}
            ("ssl" | "useSSL" | "tls" | "requireSSL", _) if self.scheme == "mysql" => {
                self.options.push(("ssl-mode", "REQUIRED".to_owned()));
            }
            ("ssl", _) => self.options.push(("sslmode", "require".to_owned())),
            _ => self.left.push(name.to_owned()),
        }
    }

    /// Host and port; one server only.
    fn server(&mut self, authority: &str) -> Result<(), String> {
        if authority.contains(',') {
            return Err("it names several servers".to_owned());
        }
        let is_port = |port: &str| {
            !port.is_empty() && port.chars().all(|char| char.is_ascii_digit() || is_held(char))
        };
        match authority.rsplit_once(':').filter(|(_, port)| is_port(port)) {
            Some((host, port)) => {
                host.clone_into(&mut self.host);
                port.clone_into(&mut self.port);
            }
            None => authority.clone_into(&mut self.host),
        }
        Ok(())
    }

    fn finish(self) -> Connection {
        let mut url = format!("{}://", self.scheme);
        if !self.user.is_empty() {
            url += &encoded(&self.user);
            if !self.password.is_empty() {
                url.push(':');
                url += &encoded(&self.password);
            }
            url.push('@');
        }
        url += if self.host.is_empty() { "localhost" } else { &self.host };
        if !self.port.is_empty() {
            url.push(':');
            url += &self.port;
        }
        url.push('/');
        url += &encoded(&self.database);
        for (number, (name, value)) in self.options.iter().enumerate() {
            url.push(if number == 0 { '?' } else { '&' });
            url += &format!("{name}={}", encoded(value));
        }
        Connection { url, left: self.left }
    }
}

/// The connection string of a URL of JDBC.
///
/// # Errors
/// Why there is none.
pub(crate) fn of_jdbc(url: &str, user: &str, password: &str) -> Result<Connection, String> {
    let mut held = Vec::new();
    let [url, user, password] = [url, user, password].map(|text| hold(text, &mut held));
    let rest = url.trim().strip_prefix("jdbc:").ok_or("it is no URL of JDBC")?;
    let (kind, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let scheme = match kind.to_ascii_lowercase().as_str() {
        "postgresql" | "pgsql" => "postgresql",
        "mysql" | "mariadb" => "mysql",
        "sqlite" => return Ok(released(file(rest), &held)),
        other => return Err(format!("there is no client for databases of `{other}`")),
    };
    let mut parts = Parts { scheme, user, password, ..Parts::default() };
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    match place.strip_prefix("//") {
        Some(place) => {
            let (authority, database) = place.split_once('/').unwrap_or((place, ""));
            parts.server(authority)?;
            database.clone_into(&mut parts.database);
        }
        None if place.contains(':') => return Err("it names several servers".to_owned()),
        None => place.clone_into(&mut parts.database),
    }
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        parts.option(name, value);
    }
    Ok(released(parts.finish(), &held))
}

/// The connection string of what a Go program gives to `sql.Open`.
///
/// # Errors
/// Why there is none.
pub(crate) fn of_go(driver: &str, source: &str) -> Result<Connection, String> {
    let mut held = Vec::new();
    let source = hold(source.trim(), &mut held);
    let made = match driver {
        "postgres" | "pgx" if source.contains("://") => {
            let rest = source.split_once("://").map_or("", |(_, rest)| rest);
            Connection { url: format!("postgresql://{rest}"), left: Vec::new() }
        }
        // All of it is known only when the plan runs.
        "postgres" | "pgx" | "mysql" if source.chars().all(is_held) && !source.is_empty() => {
            Connection { url: source, left: Vec::new() }
        }
        "postgres" | "pgx" => words(&source),
        "mysql" => mysql(&source)?,
        "sqlite3" | "sqlite" => file(&source),
        other => return Err(format!("there is no client for databases of `{other}`")),
    };
    Ok(released(made, &held))
}

/// `user=app password='a b' host=db dbname=shop`.
fn words(source: &str) -> Connection {
    let mut parts = Parts { scheme: "postgresql", ..Parts::default() };
    let mut rest = source.trim_start();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let mut value = String::new();
        let mut chars = behind.char_indices();
        let quoted = behind.starts_with('\'');
        if quoted {
            chars.next();
        }
        let mut end = behind.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => value.extend(chars.next().map(|(_, char)| char)),
                '\'' if quoted => {
                    end = at + 1;
                    break;
                }
                _ if !quoted && char.is_whitespace() => {
                    end = at;
                    break;
                }
                _ => value.push(char),
            }
        }
        match name.trim() {
            "host" | "hostaddr" => parts.host = value,
            "port" => parts.port = value,
            "dbname" => parts.database = value,
            "user" => parts.user = value,
            "password" => parts.password = value,
            name => parts.option(name, &value),
        }
        rest = behind.get(end..).unwrap_or_default().trim_start();
    }
    parts.finish()
}

/// `user:password@tcp(host:3306)/database?charset=utf8mb4`.
fn mysql(source: &str) -> Result<Connection, String> {
    let mut parts = Parts { scheme: "mysql", ..Parts::default() };
    let (source, options) = source.split_once('?').unwrap_or((source, ""));
    let (before, database) = source.rsplit_once('/').ok_or("it has no `/` before the database")?;
    database.clone_into(&mut parts.database);
    let (login, place) = before.rsplit_once('@').unwrap_or(("", before));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    user.clone_into(&mut parts.user);
    password.clone_into(&mut parts.password);
    let (net, address) = place.split_once('(').unwrap_or((place, ""));
    match net {
        "" | "tcp" | "tcp6" => parts.server(address.trim_end_matches(')'))?,
        other => return Err(format!("servers are reached over TCP, not `{other}`")),
    }
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        // How values are given to a program is no matter here.
        if !matches!(name, "parseTime" | "loc" | "multiStatements" | "interpolateParams") {
            parts.option(name, value);
        }
    }
    Ok(parts.finish())
}

/// A file of SQLite.
fn file(path: &str) -> Connection {
    let path = path.strip_prefix("file:").unwrap_or(path);
    let (path, options) = path.split_once('?').unwrap_or((path, ""));
    let left = options.split('&').filter(|option| !option.is_empty());
    let left = left.map(|option| option.split('=').next().unwrap_or_default().to_owned()).collect();
    let url = match path.trim_start_matches("//") {
        "" | ":memory:" => "sqlite://".to_owned(),
        _ => format!("sqlite:///{path}"),
    };
    Connection { url, left }
}

/// The names of the columns that a `select` gives, as far as the statement says them. PostgreSQL
/// `folds` names that are not quoted to small letters.
pub(crate) fn columns(sql: &str, folds: bool) -> Vec<Option<String>> {
    let is_select =
        sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    if !is_select {
        return Vec::new();
    }
    let mut columns = vec![Vec::new()];
    for word in outer_words(sql.trim_start().get(6..).unwrap_or_default()) {
        match word {
            "," => columns.push(Vec::new()),
            ";" => break,
            _ if ["from", "into", "limit", "union"]
                .iter()
                .any(|end| word.eq_ignore_ascii_case(end)) =>
            {
                break;
            }
            _ if columns.len() == 1
                && ["distinct", "all"].iter().any(|own| word.eq_ignore_ascii_case(own)) => {}
            _ => columns.last_mut().into_iter().for_each(|column| column.push(word)),
        }
    }
    // What stands behind a `*` stands nobody knows where.
    let mut is_known = true;
    let name = |words: &Vec<&str>| {
        is_known &= !words.iter().any(|word| word.ends_with('*'));
        let has_alias =
            matches!(words.as_slice(), [_, .., before, _] if before.eq_ignore_ascii_case("as"));
        let last = words.last().filter(|_| is_known && (words.len() == 1 || has_alias))?;
        let bare = last.rsplit('.').next().unwrap_or(last);
        let quoted = |quote: char| bare.strip_prefix(quote)?.strip_suffix(quote);
        let bare = match quoted('"').or_else(|| quoted('`')) {
            Some(name) => name.to_owned(),
            None if folds => bare.to_lowercase(),
            None => bare.to_owned(),
        };
        let is_name = bare.chars().all(|char| char.is_alphanumeric() || char == '_');
        (is_name && !bare.starts_with(|char: char| char.is_ascii_digit())).then_some(bare)
    };
    columns.iter().map(name).collect()
}

/// The words of SQL that stand outside of parentheses, and its commas; what is in parentheses is a
/// part of the word before it.
fn outer_words(sql: &str) -> Vec<&str> {
    let (mut words, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let mut quote = None;
    for (at, char) in sql.char_indices() {
        match (quote, char) {
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(char),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ if depth == 0 && (char.is_whitespace() || matches!(char, ',' | ';')) => {
                words.extend(sql.get(start..at).filter(|word| !word.is_empty()));
                start = at + char.len_utf8();
                words.extend(sql.get(at..start).filter(|mark| !mark.trim().is_empty()));
            }
            _ => {}
        }
    }
    words.extend(sql.get(start..).filter(|word| !word.is_empty()));
    words
}

/// The first of the characters that stand for placeholders meanwhile: a plane for private use.
const HELD: u32 = 0xF_0000;

fn is_held(char: char) -> bool {
    u32::from(char) >= HELD
}

/// A text in which each placeholder is one character.
fn hold(text: &str, held: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (inner, after) = behind.split_at(placeholder_end(behind));
        out.push_str(before);
        let number = u32::try_from(held.len()).unwrap_or_default();
        out.extend(char::from_u32(HELD + number));
        held.push(format!("${{{inner}}}"));
        rest = after.strip_prefix('}').unwrap_or(after);
    }
    out + rest
}

fn released(connection: Connection, held: &[String]) -> Connection {
    let mut url = String::new();
    for char in connection.url.chars() {
        let number = u32::from(char).checked_sub(HELD).map(|number| number as usize);
        match number.and_then(|number| held.get(number)) {
            Some(placeholder) => url.push_str(placeholder),
            None => url.push(char),
        }
    }
    Connection { url, ..connection }
}

/// A part of a URL; placeholders are encoded when they are filled.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || "-._~".contains(char) || is_held(char) {
            out.push(char);
            continue;
        }
        for byte in char.encode_utf8(&mut [0; 4]).bytes() {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_jdbc_are_read() {
        for (url, expected) in [
            (
                "jdbc:postgresql://db:5433/shop?sslmode=require&currentSchema=a",
                "postgresql://app:p%40ss@db:5433/shop?sslmode=require&options[search_path]=a",
            ),
            ("jdbc:postgresql:shop", "postgresql://app:p%40ss@localhost/shop"),
            ("jdbc:mysql://db/shop?useSSL=false", "mysql://app:p%40ss@db/shop"),
            (
                "jdbc:mariadb://db:3307/shop?sslMode=verify_ca",
                "mysql://app:p%40ss@db:3307/shop?ssl-mode=VERIFY_CA",
            ),
            (
                "jdbc:postgresql://${host}:${port}/${db}",
                "postgresql://app:p%40ss@${host}:${port}/${db}",
            ),
            ("jdbc:sqlite:shop.db", "sqlite:///shop.db"),
            ("jdbc:sqlite:/tmp/shop.db", "sqlite:////tmp/shop.db"),
            ("jdbc:sqlite::memory:", "sqlite://"),
        ] {
            assert_eq!(of_jdbc(url, "app", "p@ss").unwrap().url, expected);
        }
        let secret = of_jdbc("jdbc:mysql://db/shop?serverTimezone=UTC", "app", "${secret.P}");
        assert_eq!(secret.as_ref().unwrap().url, "mysql://app:${secret.P}@db/shop");
        assert_eq!(secret.unwrap().left, ["serverTimezone"]);
    }

    #[test]
    fn what_has_no_client_is_told() {
        for (url, says) in [
            ("jdbc:oracle:thin:@db:1521:x", "there is no client for databases of `oracle`"),
            ("jdbc:mysql://a,b/shop", "it names several servers"),
            ("shop", "it is no URL of JDBC"),
        ] {
            assert_eq!(of_jdbc(url, "", "").unwrap_err(), says);
        }
        assert!(of_go("sqlserver", "sqlserver://sa:x@h").is_err());
        assert!(of_go("mysql", "app@unix(/tmp/socket)/shop").is_err());
    }

    #[test]
    fn columns_have_the_names_that_statements_give() {
        for (sql, expected) in [
            ("select a, t.b, count(*) as \"n\", max(x), 'a,b' c2 from t", "a b n - -"),
            ("SELECT DISTINCT Ab, \"Cd\" FROM t", "ab Cd"),
            ("select a, *, b from t", "a - -"),
            ("select (select a from b) as c, (d) from e", "c -"),
            ("update t set a = 1", ""),
        ] {
            let names = columns(sql, true).into_iter().map(|name| name.unwrap_or("-".to_owned()));
            assert_eq!(names.collect::<Vec<_>>().join(" "), expected, "{sql}");
        }
    }

    #[test]
    fn sources_of_go_are_read() {
        for (driver, source, expected) in [
            (
                "postgres",
                "postgres://app:x@h/d?sslmode=disable",
                "postgresql://app:x@h/d?sslmode=disable",
            ),
            (
                "postgres",
                "user=app password='p w\\'x' host=h port=5433 dbname=d sslmode=disable",
                "postgresql://app:p%20w%27x@h:5433/d?sslmode=disable",
            ),
            ("postgres", "host=${env.HOST} user=app dbname=d", "postgresql://app@${env.HOST}/d"),
            ("pgx", "${env.DSN}", "${env.DSN}"),
            (
                "mysql",
                "app:p@ss/w@tcp(h:3307)/d?charset=utf8mb4&parseTime=true",
                "mysql://app:p%40ss%2Fw@h:3307/d?charset=utf8mb4",
            ),
            (
                "mysql",
                "${env.USER}:${env.PASSWORD}@tcp(${env.HOST}:${env.PORT})/d",
                "mysql://${env.USER}:${env.PASSWORD}@${env.HOST}:${env.PORT}/d",
            ),
            ("mysql", "app@/d", "mysql://app@localhost/d"),
            ("sqlite3", "./test.db?cache=shared", "sqlite:///./test.db"),
            ("sqlite3", "file:/tmp/a.db", "sqlite:////tmp/a.db"),
            ("sqlite3", ":memory:", "sqlite://"),
        ] {
            assert_eq!(of_go(driver, source).unwrap().url, expected, "{source}");
        }
    }
}
