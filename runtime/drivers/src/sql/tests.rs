//! Statements for SQLite, which needs no server; those for others are in `tests/tests/sql.rs`.

use ld_stdlib::TreeKind;
use ld_stdlib::protocols::sql::PROTOCOL;
use ld_stdlib::{Span, Tree};
use ld_vm::FaultClass;

use super::Sql;
use crate::driver::Driver as _;
use crate::testing::tasks::{self, Outcome, User, text};

fn run<T: Future<Output = ()>>(test: impl FnOnce(User<Sql>) -> T) {
    tasks::run(&PROTOCOL, test);
}

fn tree(kind: TreeKind) -> Tree {
    Tree { span: Span::default(), kind }
}

fn list(items: Vec<TreeKind>) -> TreeKind {
    TreeKind::List(items.into_iter().map(tree).collect())
}

async fn ask(user: &mut User<Sql>, sql: &str, more: &[(&'static str, TreeKind)]) -> Outcome {
    let fields = [&[("sql", text(sql))], more].concat();
    user.run(&fields).await
}

#[test]
fn rows_are_json_and_changes_are_counted() {
    run(|mut user| async move {
        let sql = "create table t (id integer primary key, a text, b real, c blob)";
        assert_eq!(ask(&mut user, sql, &[]).await.text(), r#"{"rows_affected":0}"#);
        let values = [TreeKind::Int(7), text("it's \"é\""), TreeKind::Float(1.5), TreeKind::Null];
        let params = [("params", list(values.to_vec()))];
        let inserted = ask(&mut user, "insert into t values (?, ?, ?, ?)", &params).await;
        assert_eq!(inserted.text(), r#"{"rows_affected":1,"last_insert_id":7}"#);
        let rows = ask(&mut user, "select *, x'ff00' as x, 1 as id from t", &[]).await;
        let expected = r#"[{"a":"it's \"é\"","b":1.5,"c":null,"x":"\\xff00","id":1}]"#;
        assert_eq!(rows.text(), expected);
        assert!(rows.stamps.first_byte_ns > 0 && rows.stamps.connect_ns == 0);
        assert_eq!(ask(&mut user, "select * from t where id = 8", &[]).await.text(), "[]");
        let sql = "update t set a = 'x' returning id";
        assert_eq!(ask(&mut user, sql, &[]).await.text(), r#"[{"id":7}]"#);
        assert_eq!(ask(&mut user, "delete from t", &[]).await.text(), r#"{"rows_affected":1}"#);
    });
}

#[test]
fn every_user_has_a_database_of_its_own_in_memory() {
    run(|mut user| async move {
        ask(&mut user, "create table t (a); insert into t values (1)", &[]).await.text();
        assert_eq!(ask(&mut user, "select a from t", &[]).await.text(), r#"[{"a":1}]"#);
        user.session = user.driver.session(1);
        let outcome = ask(&mut user, "select a from t", &[]).await;
        assert_eq!(outcome.fault(), (FaultClass::Status, "no such table: t (SQLite 1)"));
        assert_eq!(ask(&mut user, "select 1 as a", &[]).await.text(), r#"[{"a":1}]"#);
    });
}

#[test]
fn a_number_of_rows_can_be_expected_and_rows_be_left_out() {
    run(|mut user| async move {
        let sql = "with recursive n(a) as (select 1 union all select a + 1 from n where a < 5) \
                   select a from n";
        let rows = |count| ("expect_rows", TreeKind::Int(count));
        let most = [("max_rows", TreeKind::Int(2)), rows(5)];
        assert_eq!(ask(&mut user, sql, &most).await.text(), r#"[{"a":1},{"a":2}]"#);
        let outcome = ask(&mut user, sql, &[rows(4)]).await;
        assert_eq!(outcome.fault(), (FaultClass::Assertion, "expected 4 rows, got 5"));
        let changing = "create table t as select 1 as a union select 2; update t set a = 0";
        let none = [("max_rows", TreeKind::Int(0)), rows(5)];
        assert_eq!(ask(&mut user, sql, &none).await.text(), "[]");
        ask(&mut user, changing, &[]).await.text();
        assert_eq!(ask(&mut user, "delete from t", &[rows(2)]).await.fault, None);
    });
}

#[test]
fn a_transaction_is_kept_whole_or_taken_back() {
    run(|mut user| async move {
        let way = |way| [("transaction", text(way))];
        ask(&mut user, "create table t (a unique)", &[]).await.text();
        let both = "insert into t values (1); insert into t values (2)";
        ask(&mut user, both, &way("rollback")).await.text();
        assert_eq!(ask(&mut user, "select * from t", &[]).await.text(), "[]");
        let failing = "insert into t values (1); insert into t values (1)";
        let outcome = ask(&mut user, failing, &way("commit")).await;
        let text = "UNIQUE constraint failed: t.a (SQLite 2067)";
        assert_eq!(outcome.fault(), (FaultClass::Status, text));
        assert_eq!(ask(&mut user, "select * from t", &[]).await.text(), "[]");
        ask(&mut user, both, &way("commit")).await.text();
        let count = "select count(*) as n from t";
        assert_eq!(ask(&mut user, count, &[]).await.text(), r#"[{"n":2}]"#);
    });
}

#[test]
fn a_statement_that_never_ends_is_stopped_at_its_limit() {
    run(|mut user| async move {
        let endless = "with recursive n(a) as (select 1 union all select a + 1 from n) \
                       select count(*) from n";
        let limit = [("timeout", TreeKind::Float(0.05))];
        let outcome = ask(&mut user, endless, &limit).await;
        let text = "timed out waiting for the database";
        assert_eq!(outcome.fault(), (FaultClass::Timeout, text));
        assert_eq!(ask(&mut user, "select 1 as a", &limit).await.text(), r#"[{"a":1}]"#);
    });
}

#[test]
fn values_are_checked_when_they_are_known() {
    run(|mut user| async move {
        let fields = [("sql", text("select ? as a")), ("params", list(vec![TreeKind::Int(1)]))];
        let mut prepared = user.prepare(&fields);
        assert_eq!(user.carry_out(&prepared).await.text(), r#"[{"a":1}]"#);
        for (params, says) in [
            ("[]", "`params` has no value 1"),
            ("{}", "select"),
            ("7", "`params` is neither an object nor a list"),
        ] {
            let part = usize::from(ld_stdlib::protocols::sql::part::PARAMS);
            prepared.parts[part] = ld_stdlib::Template::text(params);
            let outcome = user.carry_out(&prepared).await;
            if says != "select" {
                assert_eq!(outcome.fault(), (FaultClass::Plan, says));
            }
        }
    });
}

#[test]
fn a_server_that_is_not_there_and_a_file_that_cannot_be_are_told() {
    run(|mut user| async move {
        for (url, class, says) in [
            (
                "postgresql://app:secret@127.0.0.1:1/d",
                FaultClass::Connect,
                "cannot connect to 127.0.0.1:1: connection refused",
            ),
            (
                "mysql://app:secret@127.0.0.1:1/d",
                FaultClass::Connect,
                "cannot connect to 127.0.0.1:1: connection refused",
            ),
            (
                "sqlite:////nowhere/at/all.db",
                FaultClass::Connect,
                "cannot open sqlite:////nowhere/at/all.db: unable to open database file (SQLite 14)",
            ),
        ] {
            let outcome = ask(&mut user, "select 1", &[("connection_string", text(url))]).await;
            assert_eq!(outcome.fault(), (class, says));
        }
    });
}

#[test]
fn a_peer_that_says_nothing_or_leaves_is_told() {
    run(|mut user| async move {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        for scheme in ["postgresql", "mysql"] {
            let url = format!("{scheme}://app:secret@127.0.0.1:{port}/d");
            let more = [("connection_string", text(url)), ("timeout", TreeKind::Float(0.05))];
            let outcome = ask(&mut user, "select 1", &more).await;
            let says = format!("timed out connecting to 127.0.0.1:{port}");
            assert_eq!(outcome.fault(), (FaultClass::Timeout, says.as_str()));
        }
        let leaving = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = leaving.local_addr().unwrap().port();
        tokio::task::spawn_local(async move {
            loop {
                drop(leaving.accept().await.unwrap());
            }
        });
        for scheme in ["postgresql", "mysql"] {
            let url = format!("{scheme}://app:secret@127.0.0.1:{port}/d");
            let outcome = ask(&mut user, "select 1", &[("connection_string", text(url))]).await;
            let (class, says) = outcome.fault();
            assert!(matches!(class, FaultClass::Closed | FaultClass::Reset), "{class:?} {says}");
        }
    });
}
