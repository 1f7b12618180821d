//! Tasks and the commands they become.

use super::*;
use crate::span::Span;
use crate::template::Member;

fn tree(kind: TreeKind) -> Tree {
    Tree { span: Span::default(), kind }
}

fn text(text: &str) -> Tree {
    tree(TreeKind::Text(Template::text(text)))
}

fn list(items: &[&str]) -> Tree {
    tree(TreeKind::List(items.iter().map(|item| text(item)).collect()))
}

fn map(members: &[(&str, TreeKind)]) -> Tree {
    let member = |(name, kind): &(&str, TreeKind)| Member {
        name: (*name).to_owned(),
        name_span: Span::default(),
        value: tree(kind.clone()),
    };
    tree(TreeKind::Map(members.iter().map(member).collect()))
}

fn prepared(fields: &[(&'static str, Tree)]) -> Result<Prepared, String> {
    let fields = fields.iter().map(|(name, tree)| (*name, tree)).collect();
    let task = Task { user: "redis_user", span: Span::default(), fields, host: None, http2: false };
    prepare(&task).map_err(|problems| problems[0].message.clone())
}

fn sent(fields: &[(&'static str, Tree)]) -> String {
    let prepared = prepared(fields).unwrap();
    assert_eq!(prepared.notes, []);
    let commands = prepared.parts[usize::from(part::COMMANDS)].constant().unwrap();
    String::from_utf8(commands).unwrap()
}

#[test]
fn methods_become_commands_with_their_fields_as_arguments() {
    let key = || ("key", text("k"));
    let with = |method: &str, more: Vec<(&'static str, Tree)>| {
        let mut fields = vec![("method", text(method))];
        fields.extend(more);
        sent(&fields)
    };
    let int = |number| tree(TreeKind::Int(number));
    assert_eq!(with("Get", vec![key()]), r#"[["GET","k"]]"#);
    assert_eq!(with("set", vec![key()]), r#"[["SET","k",""]]"#);
    let fields = vec![key(), ("value", text("a\"b")), ("expire", int(9))];
    assert_eq!(with("set", fields), r#"[["SET","k","a\"b","EX",9]]"#);
    let object = map(&[("id", TreeKind::Int(1)), ("n", TreeKind::Text(Template::text("é")))]);
    assert_eq!(
        with("set", vec![key(), ("value", object.clone())]),
        r#"[["SET","k",{"id": 1, "n": "\u00e9"}]]"#
    );
    assert_eq!(
        with("hset", vec![key(), ("value", object)]),
        r#"[["HSET","k","id",1,"n","\u00e9"]]"#
    );
    let fields = vec![key(), ("field", text("f")), ("value", text("v"))];
    assert_eq!(with("hset", fields), r#"[["HSET","k","f","v"]]"#);
    assert_eq!(
        with("lpush", vec![key(), ("value", list(&["a", "b"]))]),
        r#"[["LPUSH","k","a","b"]]"#
    );
    assert_eq!(with("delete", vec![("key", list(&["a", "b"]))]), r#"[["DEL","a","b"]]"#);
    assert_eq!(with("lrange", vec![key()]), r#"[["LRANGE","k","0","-1"]]"#);
    assert_eq!(with("lrem", vec![key(), ("value", text("v"))]), r#"[["LREM","k","0","v"]]"#);
    assert_eq!(with("incrby", vec![key(), ("amount", int(-3))]), r#"[["INCRBY","k",-3]]"#);
    assert_eq!(with("randomkey", vec![]), r#"[["RANDOMKEY"]]"#);
}

#[test]
fn any_command_can_be_sent_and_several_at_once() {
    let fields =
        [("method", text("command")), ("command", text("ZADD")), ("args", list(&["z", "1"]))];
    assert_eq!(sent(&fields), r#"[["ZADD","z","1"]]"#);
    assert_eq!(prepared(&fields).unwrap().name, Template::text("zadd"));
    let commands = tree(TreeKind::List(vec![list(&["INCR", "a"]), list(&["GET", "a"])]));
    let fields = [
        ("method", text("pipeline")),
        ("commands", commands),
        ("transaction", tree(TreeKind::Bool(true))),
    ];
    assert_eq!(sent(&fields), r#"[["INCR","a"],["GET","a"]]"#);
    let options = prepared(&fields).unwrap().options;
    assert_eq!(options[usize::from(option::PIPELINE)], 1);
    assert_eq!(options[usize::from(option::TRANSACTION)], 1);
}

#[test]
fn slots_are_filled_inside_of_texts() {
    let mut key = Template::text("user:");
    key.push_slot(3, Escape::Raw);
    let fields = [("method", text("get")), ("key", tree(TreeKind::Text(key)))];
    let commands = &prepared(&fields).unwrap().parts[usize::from(part::COMMANDS)];
    let mut expected = Template::text("user:");
    expected.push_slot(3, Escape::JsonText);
    assert!(commands.pieces.windows(2).any(|pair| pair == expected.pieces));
}

#[test]
fn what_a_method_lacks_is_a_mistake_of_the_plan() {
    for (fields, message) in [
        (vec![("method", text("get"))], "`get` needs `key`"),
        (vec![("method", text("lpush")), ("key", text("k"))], "`lpush` needs `value`"),
        (vec![("method", text("command"))], "`command` needs `command`"),
        (vec![("method", text("pipeline"))], "`pipeline` needs `commands`"),
        (
            vec![("method", text("hset")), ("key", text("k")), ("value", text("v"))],
            "`hset` needs `field`",
        ),
        (vec![("method", text("get")), ("key", list(&["a"]))], "`get` takes one `key`"),
        (vec![("method", text("mget")), ("key", list(&[]))], "`key` is empty"),
        (
            vec![("method", text("command")), ("command", text("subscribe"))],
            "`SUBSCRIBE` takes the connection over, which a task cannot wait for",
        ),
        (
            vec![("method", text("ping")), ("url", text("redis://:secret@:1"))],
            "this is no URL of a Redis server: the host is missing",
        ),
        (vec![("method", text("ping")), ("database", text("x"))], "`x` is no number of a database"),
    ] {
        assert_eq!(prepared(&fields).unwrap_err(), message);
    }
}

#[test]
fn reports_name_the_server_and_nobody_at_it() {
    let url = "redis://ada:s3cret@127.0.0.1:6379/2";
    let said = prepared(&[("method", text("ping")), ("url", text(url))]).unwrap();
    assert_eq!(said.target.constant().unwrap(), b"redis://127.0.0.1:6379/2");
    assert_eq!(said.parts[usize::from(part::URL)], Template::text(url));
    let unsaid = prepared(&[("method", text("ping"))]).unwrap();
    assert_eq!(unsaid.target, Template::text("redis://127.0.0.1:6379/0"));
    assert_eq!((unsaid.method.as_str(), unsaid.name), ("REDIS", Template::text("ping")));
}

#[test]
fn fields_of_other_methods_are_said_in_vain() {
    let fields = [("method", text("get")), ("key", text("k")), ("value", text("v"))];
    let notes = prepared(&fields).unwrap().notes;
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].message, "`value` changes nothing where the method is `get`");
}

#[test]
fn an_expected_boolean_is_written_as_the_reference_does() {
    for (kind, written, expects) in [
        (TreeKind::Bool(true), "True", 1),
        (TreeKind::Int(7), "7", 1),
        (TreeKind::Text(Template::default()), "", 1),
        (TreeKind::Null, "", 0),
    ] {
        let prepared = prepared(&[("method", self::text("ping")), ("expect", tree(kind))]).unwrap();
        let expect = &prepared.parts[usize::from(part::EXPECT)];
        assert_eq!(expect.constant().unwrap(), written.as_bytes());
        assert_eq!(prepared.options[usize::from(option::EXPECTS)], expects);
    }
}
