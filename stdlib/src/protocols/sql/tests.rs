//! What becomes of tasks of `sql_user`.

use super::*;
use crate::span::Span;
use crate::template::Member;

fn tree(kind: TreeKind) -> Tree {
    Tree { span: Span::default(), kind }
}

fn text(text: &str) -> Tree {
    tree(TreeKind::Text(Template::text(text)))
}

fn params(members: &[(&str, TreeKind)]) -> Tree {
    let member = |(name, kind): &(&str, TreeKind)| Member {
        name: (*name).to_owned(),
        name_span: Span::default(),
        value: tree(kind.clone()),
    };
    tree(TreeKind::Map(members.iter().map(member).collect()))
}

fn prepared(fields: &[(&'static str, Tree)]) -> Result<Prepared, String> {
    let fields = fields.iter().map(|(name, tree)| (*name, tree)).collect();
    let task = Task { user: "sql_user", span: Span::default(), fields, host: None, http2: false };
    prepare(&task).map_err(|problems| problems[0].message.clone())
}

fn part(prepared: &Prepared, part: u8) -> String {
    String::from_utf8(prepared.parts[usize::from(part)].constant().unwrap()).unwrap()
}

#[test]
fn a_task_that_says_only_its_statement_has_the_references_defaults() {
    let prepared = prepared(&[("sql", text("select 1"))]).unwrap();
    assert_eq!(part(&prepared, part::CONNECTION), r#"["sqlite://"]"#);
    assert_eq!(part(&prepared, part::SQL), "select 1");
    assert_eq!(prepared.options, [60_000_000_000, -1, 1000, transaction::NONE]);
    assert_eq!(
        (prepared.method.as_str(), prepared.target.constant().unwrap()),
        ("SQL", b"sqlite://".to_vec())
    );
    assert_eq!(prepared.name, Template::text("sql"));
}

#[test]
fn values_of_slots_stand_apart_in_the_connection_string() {
    let mut url = Template::text("postgresql://app:");
    url.push_slot(0, Escape::Raw);
    url.push_slot(1, Escape::Raw);
    url.push_text("@h/\"d\"");
    let fields = [("sql", text("select 1")), ("connection_string", tree(TreeKind::Text(url)))];
    let prepared = prepared(&fields).unwrap();
    let mut expected = Template::text("[\"");
    expected.push_text("postgresql://app:");
    expected.push_text("\", \"");
    expected.push_slot(0, Escape::JsonText);
    expected.push_text("\", \"\", \"");
    expected.push_slot(1, Escape::JsonText);
    expected.push_text("\", \"");
    expected.push_text("@h/\\\"d\\\"");
    expected.push_text("\"]");
    assert_eq!(prepared.parts[usize::from(part::CONNECTION)], expected);
    let target = prepared.target.constant().unwrap();
    assert_eq!(String::from_utf8(target).unwrap(), "postgresql://h/\"d\"");
}

#[test]
fn a_database_without_a_client_is_a_mistake_of_the_plan() {
    for (url, says) in [
        ("mssql+pyodbc://sa:secret@h/d", "this build has no client for `mssql` databases"),
        ("secret", "this is no connection string: it has no scheme"),
    ] {
        let fields = [("sql", text("select 1")), ("connection_string", text(url))];
        assert_eq!(prepared(&fields).unwrap_err(), says);
    }
}

#[test]
fn values_that_are_missing_or_too_many_are_told() {
    let sql = || ("sql", text("select :a, ':x', :b"));
    assert_eq!(prepared(&[sql()]).unwrap_err(), "`:a` has no value");
    let some = [sql(), ("params", params(&[("a", TreeKind::Int(1))]))];
    assert_eq!(prepared(&some).unwrap_err(), "`:b` has no value in `params`");
    let members = [("a", TreeKind::Int(1)), ("b", TreeKind::Null), ("c", TreeKind::Bool(true))];
    let all = prepared(&[sql(), ("params", params(&members))]).unwrap();
    assert_eq!(part(&all, part::PARAMS), r#"{"a": 1, "b": null, "c": true}"#);
    assert_eq!(all.notes[0].message, "the statement has no `:c`");

    let list = |count| tree(TreeKind::List(vec![tree(TreeKind::Int(1)); count]));
    let marks = |count| prepared(&[("sql", text("select ?, ?")), ("params", list(count))]);
    assert_eq!(marks(1).unwrap_err(), "the statement asks for 2 values, `params` has 1");
    assert!(marks(2).unwrap().notes.is_empty());
    assert_eq!(marks(3).unwrap().notes[0].message, "the statement asks for 2 values only");
}

#[test]
fn an_empty_statement_is_a_mistake_of_the_plan() {
    assert_eq!(prepared(&[("sql", text("  "))]).unwrap_err(), "there is no statement here");
}
