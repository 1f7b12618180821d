//! Data sources that are queries, of real servers: the rows and types that reach the target.
#![cfg(test)]

use ld_tests::command::{Folder, Outcome};
use ld_tests::database::{DatabaseServer, PASSWORD, USER};
use ld_tests::witness::{Witness, reply};
use serde_json::{Value, json};

/// A plan that sends what a query gives, one request a row.
fn plan(url: &str, query: &str, more: &str) -> String {
    format!(
        r#"[["LD_start_test", {{
          "user_detail_dict": {{"user": "fast_http_user"}}, "user_count": 1, "iterations": 3,
          "wait_time": 0,
          "db_sources": [{{"name": "d", "connection_string": "{url}", "query": "{query}"{more}}}],
          "tasks": [{{"method": "post", "request_url": "/${{db.d.t}}", "name": "row", "json": {{
            "i": "${{db.d.i}}", "f": "${{db.d.f}}", "b": "${{db.d.b}}", "j": "${{db.d.j}}",
            "n": "${{db.d.n}}", "t": "${{db.d.t}}", "d": "${{db.d.d}}", "x": "${{db.d.x}}"}}}}]}}]]"#
    )
}

/// Runs a plan and gives what was sent.
fn sent(plan: &str) -> (Outcome, Vec<Value>) {
    let folder = Folder::new().unwrap();
    folder.write("plan.json", plan).unwrap();
    let witness = Witness::start(|_| reply(200, &[], "{}")).unwrap();
    let url = witness.url();
    let call = folder.call("ldvm").unwrap().env("LD_SECRET_DB_PASSWORD", PASSWORD);
    let outcome = call.args(["run", "plan.json", "--no-progress", "--host", &url]).run().unwrap();
    (outcome, witness.seen().iter().map(|seen| seen.json()).collect())
}

#[test]
fn rows_of_postgres_keep_their_types() {
    let server = DatabaseServer::postgres(
        "create table r (i int8, f float8, b bool, j jsonb, n numeric, t text, d date, x bytea)\n\
         insert into r values (1, 0.5, true, '{\"k\": [1]}', 1.50, 'é x', '2026-01-02', '\\x00ff')\n\
         insert into r values (-2, null, false, '[]', 0.1, 'b', '2026-01-03', 'a')\n",
    )
    .unwrap();
    let url = |password| format!("{USER}:{password}@127.0.0.1:{}/postgres", server.port());
    let good = format!("postgresql+psycopg2://{}", url("${secret.DB_PASSWORD}"));
    let (outcome, sent) = sent(&plan(&good, "select * from r order by i desc", ""));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let first = json!({"i": 1, "f": 0.5, "b": true, "j": {"k": [1]}, "n": "1.50", "t": "é x",
        "d": "2026-01-02", "x": "\\x00ff"});
    let second = json!({"i": -2, "f": "${db.d.f}", "b": false, "j": [], "n": "0.1", "t": "b",
        "d": "2026-01-03", "x": "\\x61"});
    assert_eq!(sent, [first.clone(), second, first]);

    for (query, known) in [
        ("select i, f, b, j, n, d, x from r", "i, f, b, j, n, d, x"),
        ("select i, f, b, j, n, d, x from r where false", "i, f, b, j, n, d, x"),
    ] {
        let (outcome, sent) = self::sent(&plan(&good, query, ""));
        assert_eq!((outcome.code, sent.len()), (Some(4), 0), "{outcome:#?}");
        let says = format!("the query gives no column `t`; its columns are: {known}");
        assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
    }
    for (url, query, says) in [
        (good, "select * from missing", "relation \"missing\" does not exist"),
        (format!("postgres://{}", url("wrong")), "select 1", "password authentication failed"),
    ] {
        let (outcome, sent) = self::sent(&plan(&url, query, ""));
        assert_eq!((outcome.code, sent.len()), (Some(4), 0), "{outcome:#?}");
        let place = format!("data source `d`: {}", url.split("://").next().unwrap());
        assert!(outcome.stderr.contains(&place), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("wrong@"), "{}", outcome.stderr);
    }
}

#[test]
fn rows_of_mariadb_keep_their_types() {
    let server = DatabaseServer::mariadb(
        "create table r (i bigint unsigned, f double, b tinyint(1), j varchar(9), n decimal(4,2), \
         t text charset utf8mb4, d date, x varbinary(4));\n\
         insert into r values (18446744073709551615, 0.5, 1, 'x', 1.5, 'e x', '2026-01-02', x'00ff');\n\
         insert into r values (2, -1e20, 0, null, 0.1, 'b', '2026-01-03', 'a');",
    )
    .unwrap();
    let url = format!(
        "mysql+pymysql://{USER}:${{secret.DB_PASSWORD}}@127.0.0.1:{}/shop?charset=utf8mb4",
        server.port()
    );
    let more = r#", "on_end": "stop_user""#;
    let (outcome, sent) = sent(&plan(&url, "select * from r order by i desc", more));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let first = json!({"i": u64::MAX, "f": 0.5, "b": 1, "j": "x", "n": "1.50", "t": "e x",
        "d": "2026-01-02", "x": "\\x00ff"});
    let second = json!({"i": 2, "f": -1e20, "b": 0, "j": "${db.d.j}", "n": "0.10", "t": "b",
        "d": "2026-01-03", "x": "a"});
    assert_eq!(sent, [first, second]);

    let query = "select i, f, b, j, n, t, x from r where i < 0";
    let (outcome, sent) = self::sent(&plan(&url, query, more));
    assert_eq!((outcome.code, sent.len()), (Some(4), 0), "{outcome:#?}");
    let says = "the query gives no column `d`; its columns are: i, f, b, j, n, t, x";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);

    let (outcome, _) = self::sent(&plan(&url, "select * from missing", ""));
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
    assert!(outcome.stderr.contains("shop.missing' doesn't exist"), "{}", outcome.stderr);
}

#[test]
fn rows_of_sqlite_are_registered_by_commands_too() {
    let folder = Folder::new().unwrap();
    let made = std::process::Command::new("python3")
        .args(["-c", "import sqlite3\nc = sqlite3.connect('d.db')\nc.execute('create table r (t)')\n\
                      c.executemany('insert into r values (?)', [('a',), (2,), ('c',)])\nc.commit()"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    let plan = r#"[
      ["LD_register_db_source", {"name": "d", "connection_string": "sqlite:///d.db",
        "query": "select t from r where typeof(t) = 'text'", "cycle": false}],
      ["LD_register_db_sources", [[{"name": "e", "connection_string": "sqlite+pysqlite:///d.db",
        "query": "select t as \"dotted.name\" from r", "mode": "unique"}]]],
      ["LD_start_test", {"user_detail_dict": {"user": "fast_http_user"}, "user_count": 1,
        "iterations": 3, "wait_time": 0,
        "tasks": [{"method": "get", "request_url": "/${db.d.t}/${DB.e.dotted.name}"}]}]]"#;
    folder.write("plan.json", plan).unwrap();
    let witness = Witness::start(|_| reply(200, &[], "{}")).unwrap();
    let run = folder.call("ldvm").unwrap().args(["run", "plan.json", "--host", &witness.url()]);
    let outcome = run.run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    assert_eq!(witness.targets(), ["/a/a", "/c/a", "/$%7Bdb.d.t%7D/a"]);

    let plan = plan.replace("${db.d.t}", "${db.d.u}").replace("dotted.name}", "name}");
    folder.write("plan.json", plan).unwrap();
    let run = folder.call("ldvm").unwrap().args(["run", "plan.json", "--host", &witness.url()]);
    let outcome = run.run().unwrap();
    assert_eq!((outcome.code, witness.targets().len()), (Some(4), 3), "{outcome:#?}");
    for says in [
        "data source `d`: sqlite:///d.db: the query gives no column `u`; its columns are: t",
        "data source `e`: sqlite+pysqlite:///d.db: the query gives no column `name`; its columns \
         are: dotted.name",
    ] {
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
}
