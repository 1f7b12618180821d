//! What shells make of scripts, case by case.

use super::{Command, From, Input, Values, posix};

fn read(text: &str) -> Result<Vec<Command>, usize> {
    let script = posix(text, &|path| (path == "in.txt").then(|| "content\n".to_owned()));
    script.map(|script| script.commands)
}

fn words(text: &str) -> Vec<Vec<String>> {
    let commands = read(text).unwrap().into_iter();
    commands.map(|command| command.words).filter(|words| !words.is_empty()).collect()
}

#[test]
fn words_are_split_and_unquoted() {
    let cases: &[(&str, &[&str])] = &[
        ("curl  a\tb", &["curl", "a", "b"]),
        ("curl 'a b'\"c d\"e", &["curl", "a bc de"]),
        (r#"curl "a\"b\\c\d""#, &["curl", r#"a"b\c\d"#]),
        (r"curl a\ b\'", &["curl", "a b'"]),
        ("curl a \\\n  b", &["curl", "a", "b"]),
        ("curl a \\\r\n  b", &["curl", "a", "b"]),
        ("curl \"a\\\nb\"", &["curl", "ab"]),
        (r"curl $'a\n\x41\u00e9\'\101\0'", &["curl", "a\nA\u{e9}'A\0"]),
        (r"curl $'\xc3\xa9'", &["curl", "\u{e9}"]),
        ("curl '' x", &["curl", "", "x"]),
        ("curl a#b # comment", &["curl", "a#b"]),
        ("curl $A '$A' \"${B}/x\" $ $1", &["curl", "${env.A}", "$A", "${env.B}/x", "$", "$1"]),
        ("curl ${A:-b} ${1:-c}", &["curl", "b", "c"]),
        (
            r#"curl '${uuid()}' "\${a}" \$'{b}' "$"{c} $'${d}'"#,
            &[
                "curl",
                "${concat($)}{uuid()}",
                "${concat($)}{a}",
                "${concat($)}{b}",
                "${concat($)}{c}",
                "${concat($)}{d}",
            ],
        ),
        ("curl -o x 2>/dev/null >> log a", &["curl", "-o", "x", "a"]),
    ];
    for &(text, expected) in cases {
        assert_eq!(words(text), [expected], "{text}");
    }
}

#[test]
fn values_without_quotes_and_arrays_are_several_words() {
    let cases: &[(&str, &[&str])] = &[
        ("P=\"-H A:1  -H B:2\"\ncurl $P u", &["curl", "-H", "A:1", "-H", "B:2", "u"]),
        ("P='a b'\ncurl \"$P\" x$P", &["curl", "a b", "xa", "b"]),
        ("E=\ncurl $E u \"$E\"", &["curl", "u", ""]),
        ("A='a b'\nB=$A\ncurl \"$B\"", &["curl", "a b"]),
        (
            "ARGS=(-H 'A: 1' # why\n  -d \"q=1\")\nARGS+=(-s)\ncurl \"${ARGS[@]}\" u",
            &["curl", "-H", "A: 1", "-d", "q=1", "-s", "u"],
        ),
    ];
    for &(text, expected) in cases {
        assert_eq!(words(text), [expected], "{text}");
    }
}

#[test]
fn values_do_not_grow_without_end() {
    let text = format!("A=x\n{}curl \"$A\"", "A=$A$A\n".repeat(60));
    let commands = words(&text);
    assert!(commands.iter().flatten().all(|word| word.len() <= 2 << 20));
}

#[test]
fn commands_end_at_lines_and_operators() {
    assert_eq!(
        words("# first\ncurl a; curl b && curl c\n\n\ncurl d | jq .x & curl e"),
        [
            vec!["curl", "a"],
            vec!["curl", "b"],
            vec!["curl", "c"],
            vec!["curl", "d"],
            vec!["jq", ".x"],
            vec!["curl", "e"]
        ]
    );
}

#[test]
fn variables_that_the_script_sets_are_known() {
    assert_eq!(
        words("export T=abc\nH=\"x $T\"\ncurl \"$H\" $U"),
        [vec!["curl", "x abc", "${env.U}"]]
    );
}

#[test]
fn standard_input_is_noted() {
    let text = |text: &str| Some(Input::Text(text.to_owned()));
    let cases: &[(&str, &[&str], Option<Input>)] = &[
        (
            "curl -d @- a < in.txt",
            &["curl", "-d", "@-", "a"],
            Some(Input::File("in.txt".to_owned())),
        ),
        ("curl -d @- a <<< 'x y'", &["curl", "-d", "@-", "a"], text("x y\n")),
        ("curl -d @- <<EOF a\n1\n2\nEOF", &["curl", "-d", "@-", "a"], text("1\n2\n")),
        ("curl -d @- a <<-'EOF'\n$A\n\tEOF", &["curl", "-d", "@-", "a"], text("$A\n")),
        (
            "A=1\ncurl a <<EOF\n\"$A\" ${B} \\$C $(echo x)\nEOF",
            &["curl", "a"],
            text("\"1\" ${env.B} $C x\n"),
        ),
        ("cat <<EOF | curl -d @- a\n1\nEOF\n", &["curl", "-d", "@-", "a"], text("1\n")),
        ("echo '{\"a\": 1}' |\n curl a", &["curl", "a"], text("{\"a\": 1}\n")),
        ("printf '%s' x | tee y | curl a", &["curl", "a"], text("x")),
        ("cat in.txt | curl a", &["curl", "a"], Some(Input::File("in.txt".to_owned()))),
        ("generate | curl a", &["curl", "a"], Some(Input::Unknown)),
        ("curl a", &["curl", "a"], None),
    ];
    for (text, words, input) in cases {
        let commands = read(text).unwrap();
        let command = commands.last().unwrap();
        assert_eq!(command.words, *words, "{text}");
        assert_eq!(command.input, *input, "{text}");
    }
    assert_eq!(words("curl a <<EOF\nx\nEOF\ncurl b"), [["curl", "a"], ["curl", "b"]]);
}

#[test]
fn requests_are_found_behind_words_of_the_shell_and_in_substitutions() {
    for text in [
        "(curl a)",
        "if curl a; then",
        "! curl a",
        "{ curl a; }",
        "while ! curl a; do",
        "f() { curl a; }",
        "function f { curl a; }",
        "X=$(curl a)",
        "X=\"$(curl a | other)\"",
        "X=`curl a`",
        "for i in 1 2; do curl a; done",
        "curl a &> /dev/null",
    ] {
        let words = words(text);
        assert!(words.contains(&vec!["curl".to_owned(), "a".to_owned()]), "{text}: {words:?}");
    }
}

#[test]
fn values_out_of_replies_are_taken_from_the_request_that_has_them() {
    let json = |path: &str| From::Json(path.to_owned());
    let cases = [
        ("T=$(curl a | jq -r .x.y)\ncurl $T", "${t}", json("x.y")),
        (
            "T=$(curl -s a | python3 -c \"import sys, json; print(json.load(sys.stdin)['x'])\")\ncurl $T",
            "${t}",
            json("x"),
        ),
        ("R=$(curl a)\nT=$(echo \"$R\" | jq -r '.x')\ncurl ${T}", "${t}", json("x")),
        ("R=$(curl a)\nT=$(jq -r '.x' <<< \"$R\")\ncurl ${T}", "${t}", json("x")),
        ("T=$(curl a | jq -r .x)\nH=$T\ncurl $H", "${t}", json("x")),
        ("R=`curl a`\ncurl $R", "${r}", From::Body),
        (
            "T=$(curl a | grep -o '\"x\":\"[^\"]*\"' | cut -d'\"' -f4)\ncurl $T",
            "${t}",
            From::Regex(r#""x"\s*:\s*"([^"]*)""#.to_owned()),
        ),
        ("S=$(curl -s -o /dev/null -w '%{http_code}' a)\ncurl $S", "${s}", From::Status),
        ("curl $(curl a | jq -r .x)", "${reply_1}", json("x")),
    ];
    for (text, placeholder, from) in cases {
        let commands = read(text).unwrap();
        let taken: Vec<&From> =
            commands.iter().flat_map(|command| &command.takes).map(|take| &take.from).collect();
        assert_eq!(taken, [&from], "{text}");
        let last = commands.last().unwrap();
        assert_eq!(last.words, ["curl", placeholder], "{text}");
    }
    let unused = read("R=$(curl a)\necho \"$R\"\nT=$(curl b | jq .c)").unwrap();
    assert!(unused.iter().all(|command| command.takes.is_empty()), "{unused:?}");
}

#[test]
fn what_a_shell_computes_is_known_when_it_is_simple() {
    for (text, expected) in [
        ("curl $(echo a)b", "ab"),
        ("A=x/\ncurl ${A%/}", "x"),
        ("curl $(cat in.txt)", "content"),
        ("curl $(echo -n 'a:b' | base64)", "YTpi"),
        ("curl $(echo -n \"a:$B\" | base64)", "${base64('a:${env.B}')}"),
        ("curl $(date +%s)", "${timestamp()}"),
        ("A=a\nA+=b\ncurl $A", "ab"),
        ("X=$(other)\ncurl $X", "${env.X}"),
        ("curl $RANDOM", "${randint(0, 32767)}"),
    ] {
        let commands = words(text);
        assert_eq!(commands.last().unwrap(), &["curl", expected], "{text}");
    }
}

#[test]
fn deep_nesting_and_many_documents_have_an_end() {
    for (before, after) in [
        ("$(", ")"),
        ("\"$(", ")\""),
        ("(", ")"),
        ("a=(", ""),
        ("cat <<E\n", ""),
        ("${a:-", "}"),
        ("`", "`"),
        ("if ", ""),
    ] {
        let text = format!("curl {}{}", before.repeat(3000), after.repeat(3000));
        let _ = read(&text);
    }
}

#[test]
fn what_only_a_shell_can_do_is_noted() {
    let commands = read("curl a?$(date -u +%s) `id` $1 $((1 + 2))").unwrap();
    let texts: Vec<&str> = commands
        .first()
        .unwrap()
        .substitutions
        .iter()
        .map(|substitution| substitution.text.as_str())
        .collect();
    assert_eq!(texts, ["$(date -u +%s)", "`id`", "$1", "$((1 + 2))"]);
}

#[test]
fn quotations_without_end_are_refused_where_they_begin() {
    for (text, at) in [
        ("curl 'a", 5),
        ("curl \"a", 5),
        ("curl $'a", 5),
        ("curl ${A", 5),
        ("curl $(a", 5),
        ("curl `a", 5),
    ] {
        assert_eq!(read(text), Err(at), "{text}");
    }
}

#[test]
fn functions_are_read_where_they_are_called() {
    let cases: &[(&str, &[&str])] = &[
        ("get() { curl \"$B/$1\"; }\nB=u\nget x\nget 'y z'", &["u/x", "u/y z"]),
        ("function get {\n  local p=$1; shift\n  curl \"$p\" $@\n}\nget a b c", &["a", "b", "c"]),
        ("put() {\n  curl -d '}' \"${1:-none}\"\n}\nput", &["-d", "}", "none"]),
        ("again() { curl $#; again; }\nagain x", &["1"]),
        ("never() { curl $1; }", &["$1"]),
    ];
    for &(text, expected) in cases {
        let words: Vec<String> = words(text)
            .into_iter()
            .filter(|words| words.first().is_some_and(|program| program == "curl"))
            .flat_map(|words| words.into_iter().skip(1))
            .collect();
        assert_eq!(
            words.get(..expected.len()),
            Some(&*expected.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()),
            "{text}"
        );
    }
}

#[test]
fn loops_over_what_is_known_are_told() {
    let known =
        |values: &[&str]| Values::Known(values.iter().map(|&value| value.to_owned()).collect());
    for (text, expected) in [
        ("for i in {1..3}; do curl $i; done", Some(known(&["1", "2", "3"]))),
        ("for i in {08..10}; do curl $i; done", Some(known(&["08", "09", "10"]))),
        ("for i in a{x,y} z; do curl $i; done", Some(known(&["ax", "ay", "z"]))),
        ("for i in $(seq 2); do curl $i; done", Some(known(&["1", "2"]))),
        ("N=2\nfor ((i=0; i<N; i++)); do curl $i; done", Some(known(&["0", "1"]))),
        ("while read -r i; do curl $i; done < in.txt", Some(known(&["content"]))),
        (
            "for i in $(curl l | jq -r '.items[].id'); do curl $i; done",
            Some(Values::Taken("${reply_1}".to_owned())),
        ),
        ("for i in $(ls); do curl $i; done", None),
        ("while true; do curl $i; done", None),
    ] {
        let commands = read(text).unwrap();
        let over = commands.iter().find_map(|command| command.over.clone());
        assert_eq!(over.map(|over| over.values), expected, "{text}");
    }
}

#[test]
fn loops_whose_values_are_worked_with_are_written_out() {
    let text = "for f in a.txt b.txt; do\n  curl -T $f u/${f%.txt}\ndone\ncurl end";
    let urls: Vec<String> =
        words(text).into_iter().filter_map(|words| words.last().cloned()).collect();
    assert_eq!(urls, ["u/a", "u/b", "end"]);
}

#[test]
fn loops_and_calls_have_an_end() {
    let nested = "for a in {1..100}; do for b in {1..100}; do for c in {1..100}; do curl ${a%x}${b%x}${c%x}; done; done; done";
    assert!(read(nested).unwrap().len() < 10_000);
    let calls = "f() { g; g; g; }\ng() { f; f; f; }\nf";
    assert!(read(calls).is_ok());
    let cut = "function f {\n  curl a\\";
    assert_eq!(words(cut).len(), 1);
}
