//! Users of databases against real servers: what is sent is done, and rows come back.
#![cfg(test)]

use std::thread;
use std::time::{Duration, Instant};

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::database::{DatabaseServer, PASSWORD, USER};
use ld_tests::runs::{self, Run};
use serde_json::{Value, json};

/// How long a server may take to notice something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The connection string of a server's database.
fn url(scheme: &str, server: &DatabaseServer, database: &str) -> String {
    format!("{scheme}://{USER}:${{secret.DB_PASSWORD}}@127.0.0.1:{}/{database}", server.port())
}

/// A plan whose tasks go to one database, where they do not say another.
fn plan(url: &str, start: &Value, tasks: &Value) -> String {
    let mut start = start.clone();
    start["user_detail_dict"] = json!({"user": "sql_user"});
    start["connection_string"] = json!(url);
    start["wait_time"] = json!(0);
    start["tasks"] = tasks.clone();
    json!([["LD_start_test", start]]).to_string()
}

fn run(plan: &str, args: &[&str]) -> Run {
    let folder = Folder::new().unwrap();
    folder.write("plan.json", plan).unwrap();
    run_in(&folder, args)
}

fn run_in(folder: &Folder, args: &[&str]) -> Run {
    let call = runs::call(folder, "plan.json", args).unwrap();
    let outcome = call.env("LD_SECRET_DB_PASSWORD", PASSWORD).run().unwrap();
    assert!(outcome.code == Some(0) && !outcome.stderr.contains("panicked"), "{outcome:#?}");
    let run = runs::finish(folder, outcome).unwrap();
    for text in [&run.outcome.stdout, &run.outcome.stderr, &run.summary.to_string()] {
        assert!(!text.contains(PASSWORD) && !text.contains("s3%2Fcr"), "{text}");
    }
    run
}

/// Requests of one name and how many of them failed.
fn of_name(run: &Run, name: &str) -> (u64, u64) {
    let figures = &run.summary["per_name"][name];
    let count = |key: &str| figures[key].as_u64().unwrap_or(u64::MAX);
    (count("requests"), count("failures"))
}

/// The class and text of the failures of one name, which must all be the same.
fn failure(run: &Run, name: &str) -> (String, String) {
    let errors = run.summary["errors"].as_array().unwrap();
    let mut own = errors.iter().filter(|error| error["name"] == name);
    let error = own.next().unwrap_or_else(|| panic!("{name} did not fail: {errors:?}"));
    assert!(own.next().is_none(), "{name}: {errors:?}");
    (error["class"].as_str().unwrap().to_owned(), error["text"].as_str().unwrap().to_owned())
}

fn assert_all_good(run: &Run, requests: u64) {
    let counts = (run.count("/totals/requests"), run.count("/totals/successes"));
    assert_eq!(counts, (requests, requests), "{:?}", run.failures());
}

/// Checks that a database has what a run left in it, seen by a process of its own.
fn assert_left(url: &str, query: &str, rows: &str) {
    let tasks = json!([{"sql": query, "name": "left",
        "assertions": [{"type": "contains", "value": rows}]}]);
    let once = json!({"user_count": 1, "iterations": 1});
    assert_all_good(&run(&plan(url, &once, &tasks), &[]), 1);
}

#[test]
fn postgres_keeps_what_is_sent_and_gives_it_back() {
    let server = DatabaseServer::postgres(
        "create table r (id int8 primary key, f float8, b bool, j jsonb, n numeric(8,2), t text, d date, ts timestamp, z timestamptz, x bytea, u uuid, a int[], w text[], o text)\n",
    )
    .unwrap();
    let url = url("postgresql+psycopg2", &server, "postgres");
    let params = json!({"id": "${randint(7, 7)}", "f": 0.1, "b": true, "j": {"k": [1, "é'"]},
        "n": "12.3", "t": "it's \\ \"q\"; :x $1 ?", "d": "2026-01-02", "ts": "2026-01-02 03:04:05.5",
        "z": "2026-01-02 03:04:05+02", "x": "\\x00ff", "u": "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b",
        "a": [1, -2], "w": ["a\"b", "c\\d, e", null], "o": null});
    let row = r#"{"id":7,"f":0.1,"b":true,"j":{"k": [1, "é'"]},"n":"12.30","t":"it's \\ \"q\"; :x $1 ?","d":"2026-01-02","ts":"2026-01-02 03:04:05.5","z":"2026-01-02 01:04:05+00","x":"\\x00ff","u":"6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b","a":"{1,-2}","w":"{\"a\\\"b\",\"c\\\\d, e\",NULL}","o":null}"#;
    let tasks = json!([
        {"name": "insert", "params": params, "expect_rows": 1,
         "sql": "insert into r values (:id, :f, :b, :j, :n, :t, :d, :ts, :z, :x, :u, :a, :w, :o)",
         "assertions": [{"type": "json_path", "path": "rows_affected", "value": 1}]},
        {"name": "select", "sql": "select * from r where id = :id and id = any(:ids)", "expect_rows": 1,
         "params": {"id": 7, "ids": [6, 7]},
         "assertions": [{"type": "contains", "value": format!("[{row}]")}],
         "extract": [{"var": "found", "from": "json_path", "path": "0.id"}]},
        {"name": "update", "sql": "update r set t = $2, id = id + $1 where id = $3 returning id, t",
         "params": [1, "new", "${found}"], "expect_rows": 1,
         "assertions": [{"type": "contains", "value": r#"[{"id":8,"t":"new"}]"#}]},
        {"name": "none", "sql": "select * from r where id = :id", "params": {"id": 7}, "expect_rows": 0,
         "assertions": [{"type": "contains", "value": "[]"}]},
        {"name": "show", "sql": "show server_encoding", "assertions": [{"type": "contains", "value": "UTF8"}]},
        {"name": "both", "sql": "delete from r where id = :id; insert into r (id) values (:id), (:id + 1)",
         "params": {"id": 8}, "transaction": "commit"},
        {"name": "taken back", "sql": "delete from r", "transaction": "rollback", "expect_rows": 2},
        {"name": "made", "sql": "create temporary table mine (a int)"},
        {"name": "kept", "sql": "insert into mine values (:a)", "params": {"a": 1}},
        {"name": "still kept", "sql": "select a from mine", "expect_rows": 1},
    ]);
    let run = run(&plan(&url, &json!({"user_count": 1, "iterations": 1}), &tasks), &[]);
    assert_all_good(&run, 10);
    assert_eq!(run.count("/connections/opened"), 1);
    assert_left(
        &url,
        "select id, t from r order by id",
        r#"[{"id":8,"t":null},{"id":9,"t":null}]"#,
    );
}

#[test]
fn mariadb_keeps_what_is_sent_and_gives_it_back() {
    let server = DatabaseServer::mariadb(
        "create table r (id bigint unsigned auto_increment primary key, f float, g double, b tinyint(1), \
         n decimal(8,2), t text charset utf8mb4, d date, ts datetime(6), c time, y year, \
         x varbinary(9), j json, o text);",
    )
    .unwrap();
    let url = url("mysql+pymysql", &server, "shop") + "?charset=utf8mb4";
    let params = json!({"f": 0.1, "g": -1.5e20, "b": true, "n": "12.3", "t": "it's \\ \"é\" :x ?",
        "d": "2026-01-02", "ts": "2026-01-02 03:04:05.5", "c": "-30:04:05", "y": 2026, "x": "00ff",
        "j": {"k": [1]}, "o": null});
    let tail = r#""f":0.1,"g":-1.5e+20,"b":1,"n":"12.30","t":"it's \\ \"é\" :x ?","d":"2026-01-02","ts":"2026-01-02 03:04:05.500000","c":"-30:04:05","y":2026,"x":"\\x00ff","j":"{\"k\":[1]}","o":null}"#;
    let tasks = json!([
        {"name": "insert", "params": params, "expect_rows": 1,
         "sql": "insert into r (f, g, b, n, t, d, ts, c, y, x, j, o) values \
                 (:f, :g, :b, :n, :t, :d, :ts, :c, :y, unhex(:x), :j, :o)",
         "extract": [{"var": "id", "from": "json_path", "path": "last_insert_id"}]},
        {"name": "prepared", "sql": "select * from r where id = ?", "params": ["${id}"], "expect_rows": 1,
         "assertions": [{"type": "contains", "value": format!(r#"[{{"id":1,{tail}]"#)}]},
        {"name": "plain", "sql": "select * from r", "expect_rows": 1,
         "assertions": [{"type": "contains", "value": format!(r#"[{{"id":1,{tail}]"#)}]},
        {"name": "large", "sql": "insert into r (id) values (:id)", "params": {"id": u64::MAX - 1}},
        {"name": "largest", "sql": "select max(id) as m from r where id > :id", "params": {"id": 1},
         "assertions": [{"type": "contains", "value": r#"[{"m":18446744073709551614}]"#}]},
        {"name": "both", "sql": "delete from r where id > :id; update r set t = 'new' where id = :id",
         "params": {"id": "${id}"}, "transaction": "commit", "expect_rows": 2},
        {"name": "taken back", "sql": "delete from r", "transaction": "rollback", "expect_rows": 1},
        {"name": "or", "sql": "select 1 || 0 as a", "assertions": [{"type": "contains", "value": r#"{"a":1}"#}]},
    ]);
    let run = run(&plan(&url, &json!({"user_count": 1, "iterations": 1}), &tasks), &[]);
    assert_all_good(&run, 8);
    assert_eq!(run.count("/connections/opened"), 1);
    assert_left(&url, "select id, t from r", r#"[{"id":1,"t":"new"}]"#);
}

#[test]
fn sqlite_files_are_shared_and_kept() {
    let folder = Folder::new().unwrap();
    let url = "sqlite:///shop.db";
    let tasks = json!([
        {"name": "insert", "sql": "insert into t (who, n) values (:who, :n)",
         "params": {"who": "${user_id()}", "n": 1}, "expect_rows": 1},
        {"name": "select", "sql": "select n from t where who = ? limit 1", "params": ["${user_id()}"],
         "expect_rows": 1},
    ]);
    let mut start = json!({"user_count": 4, "spawn_rate": 100, "iterations": 5});
    start["setup"] = json!([{"name": "make", "sql": "create table t (who int, n int)"}]);
    folder.write("plan.json", plan(url, &start, &tasks)).unwrap();
    let run = run_in(&folder, &["--threads", "2"]);
    for name in ["insert", "select"] {
        assert_eq!(of_name(&run, name), (20, 0), "{:?}", run.failures());
    }
    let script = "import sqlite3; print(*sqlite3.connect('shop.db').execute(\
                  'select count(*), count(distinct who), typeof(who) from t').fetchone())";
    let mut python = std::process::Command::new("python3");
    let seen = python.args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&seen.stdout), "20 4 integer\n");
}

#[test]
fn what_a_server_refuses_is_told_and_the_connection_stays() {
    let postgres = DatabaseServer::postgres("create table t (id int primary key)\n").unwrap();
    let mariadb = DatabaseServer::mariadb("create table t (id int primary key);").unwrap();
    let cases = [
        (
            url("postgresql", &postgres, "postgres"),
            [
                "syntax error at or near \"selec\" (SQLSTATE 42601)",
                "duplicate key value violates unique constraint \"t_pkey\" (SQLSTATE 23505)",
                "invalid input syntax for type integer: \"seven\" (SQLSTATE 22P02)",
            ],
            "select pg_sleep(30)",
        ),
        (
            url("mariadb", &mariadb, "shop"),
            [
                "You have an error in your SQL syntax; check the manual that corresponds to your \
              MariaDB server version for the right syntax to use near 'selec 1' at line 1 (error \
              1064, SQLSTATE 42000)",
                "Duplicate entry '1' for key 'PRIMARY' (error 1062, SQLSTATE 23000)",
                "Incorrect integer value: 'seven' for column `shop`.`t`.`id` at row 1 (error 1366, \
              SQLSTATE 22007)",
            ],
            "select sleep(30)",
        ),
    ];
    for (url, texts, slow) in cases {
        let insert = "insert into t values (:id)";
        let tasks = json!([
            {"name": "first", "sql": insert, "params": {"id": 1}},
            {"name": "wrong", "sql": "selec 1"},
            {"name": "again", "sql": insert, "params": {"id": 1}},
            {"name": "no number", "sql": insert, "params": {"id": "seven"}},
            {"name": "rows", "sql": "select * from t", "expect_rows": 2},
            {"name": "one connection", "sql": "select 1"},
            {"name": "slow", "sql": slow, "timeout": 0.2},
            {"name": "another connection", "sql": "select 1"},
            {"name": "password", "sql": "select 1",
             "connection_string": url.replace("${secret.DB_PASSWORD}", "wr0ng")},
        ]);
        let run = run(&plan(&url, &json!({"user_count": 1, "iterations": 1}), &tasks), &[]);
        for (name, text) in ["wrong", "again", "no number"].into_iter().zip(texts) {
            assert_eq!(failure(&run, name), ("status".to_owned(), text.to_owned()));
        }
        let rows = ("assertion".to_owned(), "expected 2 rows, got 1".to_owned());
        assert_eq!(failure(&run, "rows"), rows);
        let late = ("timeout".to_owned(), "timed out waiting for the database".to_owned());
        assert_eq!(failure(&run, "slow"), late);
        let (class, text) = failure(&run, "password");
        assert!(class == "connect" && text.contains("refused the connection"), "{text}");
        assert!(!run.summary.to_string().contains("wr0ng"), "{}", run.summary);
        for name in ["first", "one connection", "another connection"] {
            assert_eq!(of_name(&run, name), (1, 0), "{:?}", run.failures());
        }
        assert_eq!(run.count("/connections/opened"), 2);
    }
}

#[test]
fn of_users_who_wait_for_each_other_one_is_told_and_goes_on() {
    let server = DatabaseServer::postgres(
        "create table t (id int primary key, n int)\ninsert into t values (1, 0), (2, 0)\n",
    )
    .unwrap();
    let url = url("postgresql", &server, "postgres");
    let both = |first: u8, second: u8| {
        let sql = "update t set n = n + 1 where id = :a; select pg_sleep(0.5); \
                   update t set n = n + 1 where id = :b";
        let params = json!({"a": first, "b": second});
        let tasks = json!([
            {"name": "both", "sql": sql, "params": params, "transaction": "commit"},
            {"name": "after", "sql": "select 1"},
        ]);
        json!({"user": "sql_user", "user_count": 1, "tasks": tasks, "connection_string": url})
    };
    let start = json!({"iterations": 1, "wait_time": 0,
        "scenarios": {"up": both(1, 2), "down": both(2, 1)}});
    let run = run(&json!([["LD_start_test", start]]).to_string(), &[]);
    let dead = ("status".to_owned(), "deadlock detected (SQLSTATE 40P01)".to_owned(), 1);
    assert_eq!(run.failures(), [dead]);
    assert_eq!(run.count("/totals/requests"), 4);
    assert_left(&url, "select n from t order by id", r#"[{"n":1},{"n":1}]"#);
}

#[test]
fn many_users_have_a_connection_each_and_find_it_where_it_is_redirected_to() {
    let server = DatabaseServer::postgres("create table t (id serial, who int)\n").unwrap();
    let port = server.port();
    let url = format!("postgresql://{USER}:${{secret.DB_PASSWORD}}@db.invalid:6432/postgres");
    let tasks = json!([
        {"name": "insert", "sql": "insert into t (who) values (:who) returning id",
         "params": {"who": "${user_id()}"}, "expect_rows": 1,
         "extract": [{"var": "id", "from": "json_path", "path": "0.id"}]},
        {"name": "select", "sql": "select who from t where id = :id", "params": {"id": "${id}"},
         "assertions": [{"type": "contains", "value": r#"[{"who":${user_id()}}]"#}]},
    ]);
    let start = json!({"user_count": 30, "spawn_rate": 1000, "iterations": 10});
    let there = format!("db.invalid:6432:127.0.0.1:{port}");
    let run = run(&plan(&url, &start, &tasks), &["--connect-to", &there, "--threads", "2"]);
    assert_all_good(&run, 600);
    assert_eq!(run.count("/connections/opened"), 30);
    let direct = self::url("postgresql", &server, "postgres");
    let query = "select count(*) as n, count(distinct who) as who from t";
    assert_left(&direct, query, r#"[{"n":300,"who":30}]"#);
}

#[test]
fn a_server_that_ends_is_told_and_users_go_on() {
    for scheme in ["postgresql", "mysql"] {
        let (server, database) = match scheme {
            "mysql" => (DatabaseServer::mariadb("").unwrap(), "shop"),
            _ => (DatabaseServer::postgres("").unwrap(), "postgres"),
        };
        let tasks = json!([{"name": "one", "sql": "select 1 as a"}, {"log": "asked"},
            {"pause": 0.01}]);
        let url = url(scheme, &server, database);
        let start = json!({"user_count": 2, "spawn_rate": 100, "test_time": 3});
        let folder = Folder::new().unwrap();
        folder.write("plan.json", plan(&url, &start, &tasks)).unwrap();
        let call = runs::call(&folder, "plan.json", &[]).unwrap();
        let mut running = call.env("LD_SECRET_DB_PASSWORD", PASSWORD).start().unwrap();
        running.await_line("asked").unwrap();
        drop(server);
        let run = runs::finish(&folder, running.wait().unwrap()).unwrap();
        let (requests, failures) = of_name(&run, "one");
        assert!(failures > 2 && failures < requests, "{failures} of {requests}");
        let classes: Vec<_> = run.failures().into_iter().map(|(class, ..)| class).collect();
        let known = ["closed", "reset", "connect"];
        assert!(classes.iter().all(|class| known.contains(&class.as_str())), "{classes:?}");
        assert!(classes.iter().any(|class| class == "connect"), "{classes:?}");
    }
}

#[test]
fn connections_are_closed_politely_when_users_stop() {
    let server = DatabaseServer::postgres("create table t (a int)\n").unwrap();
    let url = url("postgresql", &server, "postgres");
    let tasks = json!([{"name": "insert", "sql": "insert into t values (1)"}]);
    let start = json!({"user_count": 5, "spawn_rate": 100, "iterations": 2});
    assert_all_good(&run(&plan(&url, &start, &tasks), &[]), 10);
    // Only the one who looks is there.
    let looking = json!([{"name": "look", "expect_rows": 1,
        "sql": "select pid from pg_stat_activity where backend_type = 'client backend'"}]);
    let due = Instant::now() + PATIENCE;
    loop {
        let once = json!({"user_count": 1, "iterations": 1});
        let run = run(&plan(&url, &once, &looking), &[]);
        if of_name(&run, "look") == (1, 0) {
            return;
        }
        assert!(Instant::now() < due, "{:?}", run.failures());
        thread::yield_now();
    }
}

/// Runs what becomes of a file of another tool.
fn run_imported(folder: &Folder, file: &str, env: &[(&str, &str)]) -> Run {
    let call = folder.call("ldc").unwrap().args(["import", file, "-o", "plan.json"]);
    let outcome = call.run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let plan = std::fs::read_to_string(folder.path().join("plan.json")).unwrap();
    assert!(!plan.contains(PASSWORD) && !plan.contains("s3%2Fcr"), "{plan}");
    let mut call = runs::call(folder, "plan.json", &[]).unwrap();
    for (name, value) in env {
        call = call.env(name, value);
    }
    let run = runs::finish(folder, call.run().unwrap()).unwrap();
    assert_eq!(run.count("/totals/failures"), 0, "{:?} {:#?}", run.failures(), run.outcome);
    run
}

#[test]
fn imported_k6_scripts_do_at_the_database_what_the_script_says() {
    let server = DatabaseServer::postgres("create database shop\n").unwrap();
    let folder = Folder::new().unwrap();
    let script = cases::folder("importers/k6").join("own-sql.js");
    folder.write("own-sql.js", std::fs::read(script).unwrap()).unwrap();
    let place = format!("127.0.0.1:{}", server.port());
    let run =
        run_imported(&folder, "own-sql.js", &[("DB_PASSWORD", PASSWORD), ("DB_PLACE", &place)]);
    // Each of two users: three rounds of three statements, and one for each row there is by then.
    assert_eq!(run.count("/totals/requests"), 2 * (3 * 3 + 1 + 2 + 3));
    let rows = r#"[{"customer":"customer 1","n":3,"total":"40.50"},{"customer":"customer 2","n":3,"total":"40.50"}]"#;
    let query =
        "select customer, count(*) as n, sum(total) as total from orders group by 1 order by 1";
    assert_left(&url("postgresql", &server, "shop"), query, rows);
}

#[test]
fn imported_test_plans_of_jmeter_do_at_the_database_what_the_plan_says() {
    let server = DatabaseServer::postgres("").unwrap();
    let folder = Folder::new().unwrap();
    let plan = cases::folder("importers/jmeter").join("own-jdbc.jmx");
    let plan = std::fs::read_to_string(plan).unwrap();
    let plan = plan.replace("127.0.0.1:5432", &format!("127.0.0.1:{}", server.port()));
    folder.write("own-jdbc.jmx", plan).unwrap();
    let run = run_imported(&folder, "own-jdbc.jmx", &[("LD_SECRET_DB_PASSWORD", PASSWORD)]);
    assert_eq!(run.count("/totals/requests"), 14);
    let rows = r#"[{"id":1,"customer":"Ada, Countess","total":"12.50","note":"one of 2"},{"id":2,"customer":"Ada, Countess","total":"12.50","note":null}]"#;
    assert_left(&url("postgresql", &server, "postgres"), "select * from orders order by id", rows);
}
