use serde_json::json;

use super::*;
use crate::commands::COMMANDS;

/// The notation of what a builtin gives for arguments in the order of its fields.
fn called(name: &str, arguments: serde_json::Value) -> String {
    let command = crate::commands::find(name).unwrap();
    let values = match arguments {
        values if command.open => vec![values],
        values => values.as_array().unwrap().clone(),
    };
    let named = command.fields.iter().zip(values);
    let named = named.map(|(field, value)| (field.name.to_owned(), value.into())).collect();
    match (find(name).unwrap().call)(&Arguments(named)) {
        Ok(value) => value.to_string(),
        Err(exception) => exception.to_string(),
    }
}

#[test]
fn every_builtin_of_the_table_is_carried_out() {
    for command in COMMANDS.iter().filter(|command| !command.name.starts_with("LD_")) {
        assert!(command.ready && (command.name == "print" || find(command.name).is_some()));
    }
}

#[test]
fn results_are_those_of_python() {
    for (name, arguments, expected) in [
        ("abs", json!([-3]), "3"),
        ("abs", json!([-2.5]), "2.5"),
        ("abs", json!([true]), "1"),
        ("all", json!([[1, "a", []]]), "False"),
        ("all", json!([[]]), "True"),
        ("any", json!([{"": 1}]), "False"),
        ("any", json!(["x"]), "True"),
        ("ascii", json!(["é\u{1f600}"]), r#""'\\xe9\\U0001f600'""#),
        ("bin", json!([-10]), "'-0b1010'"),
        ("callable", json!(["print"]), "False"),
        ("chr", json!([8364]), "'€'"),
        ("divmod", json!([7, 2]), "(3, 1)"),
        ("divmod", json!([-7, 2]), "(-4, 1)"),
        ("divmod", json!([7, -2]), "(-4, -1)"),
        ("divmod", json!([7.5, 2]), "(3.0, 1.5)"),
        ("divmod", json!([-7.5, 2]), "(-4.0, 0.5)"),
        ("divmod", json!([1, 0]), "ZeroDivisionError('integer division or modulo by zero')"),
        ("hash", json!([-1]), "-2"),
        ("hash", json!([2.0]), "2"),
        ("hash", json!([[1]]), r#"TypeError("unhashable type: 'list'")"#),
        ("hex", json!([255]), "'0xff'"),
        ("len", json!([[[1, 2]]]), "1"),
        ("len", json!(["né"]), "2"),
        ("len", json!([{"a": 1}]), "1"),
        ("max", json!([1, 2]), "2"),
        ("max", json!([[3, 1.5, true]]), "3"),
        ("max", json!([[]]), "ValueError('max() arg is an empty sequence')"),
        (
            "max",
            json!([1, "a"]),
            r#"TypeError("'>' not supported between instances of 'str' and 'int'")"#,
        ),
        ("min", json!(["b", "a"]), "'a'"),
        ("min", json!([[1, 2], [1]]), "[1]"),
        ("oct", json!([8]), "'0o10'"),
        ("ord", json!(["a"]), "97"),
        (
            "ord",
            json!(["ab"]),
            "TypeError('ord() expected a character, but string of length 2 found')",
        ),
        ("pow", json!([2, 10]), "1024"),
        ("pow", json!([2, -1]), "0.5"),
        ("pow", json!([3, 4, 5]), "1"),
        ("pow", json!([3, 3, -5]), "-3"),
        ("pow", json!([-1, 1_000_000_000_001_i64]), "-1"),
        ("pow", json!([0, -1]), "ZeroDivisionError('0.0 cannot be raised to a negative power')"),
        ("repr", json!(["it's"]), r#"'"it\'s"'"#),
        ("round", json!([2.5]), "2"),
        ("round", json!([3.5]), "4"),
        ("round", json!([2.675, 2]), "2.67"),
        ("round", json!([1250, -2]), "1200"),
        ("round", json!([1350.0, -2]), "1400.0"),
        ("round", json!([7, 1]), "7"),
        ("sorted", json!([[3, 1, 2]]), "[1, 2, 3]"),
        ("sorted", json!([[3, 1, 2], true]), "[3, 2, 1]"),
        ("sorted", json!(["ba"]), "['a', 'b']"),
        (
            "sorted",
            json!([[1, "a"]]),
            r#"TypeError("'<' not supported between instances of 'str' and 'int'")"#,
        ),
        ("sum", json!([[1, 2.5, true]]), "4.5"),
        ("sum", json!([[1, 2], 10]), "13"),
        (
            "sum",
            json!([["a"]]),
            r#"TypeError("unsupported operand type(s) for +: 'int' and 'str'")"#,
        ),
    ] {
        assert_eq!(called(name, arguments.clone()), expected, "{name} {arguments}");
    }
}

#[test]
fn numbers_too_large_for_results_are_refused_at_once() {
    for arguments in [json!([2, 64]), json!([10, 1_000_000_000_000_000_i64]), json!([7, 7, 7])] {
        let result = called("pow", arguments.clone());
        let refused = result.starts_with("OverflowError(");
        assert_eq!(refused, arguments.as_array().unwrap().len() == 2, "{arguments}: {result}");
    }
}

#[test]
fn texts_hash_alike_in_every_process() {
    assert_eq!(called("hash", json!(["load"])), called("hash", json!(["load"])));
    assert_ne!(called("hash", json!(["load"])), called("hash", json!(["test"])));
}

#[test]
fn formats_are_those_of_python() {
    for (value, spec, expected) in [
        (json!(2.71499), ".2f", "2.71"),
        (json!(1234567), ",", "1,234,567"),
        (json!(1234567.891), ",.2f", "1,234,567.89"),
        (json!(255), "#x", "0xff"),
        (json!(255), "08b", "11111111"),
        (json!(-5), "05d", "-0005"),
        (json!(5), "+d", "+5"),
        (json!("ab"), ">5", "   ab"),
        (json!("ab"), "*^6", "**ab**"),
        (json!("abcdef"), ".3", "abc"),
        (json!(0.125), ".1%", "12.5%"),
        (json!(1234.5), "e", "1.234500e+03"),
        (json!(1234.5), "g", "1234.5"),
        (json!(0.00001), "g", "1e-05"),
        (json!(1e10), ".3", "1e+10"),
        (json!(12.0), ".3", "12.0"),
        (json!(65), "c", "A"),
        (json!(2.5), "", "2.5"),
        (json!(true), "", "True"),
        (json!(1), ".2f", "1.00"),
    ] {
        let expected = crate::python::quoted(expected);
        assert_eq!(called("format", json!([value, spec])), expected, "{value} {spec}");
    }
    let refused = called("format", json!(["a", "d"]));
    assert_eq!(refused, r#"ValueError("Unknown format code 'd' for object of type 'str'")"#);
    assert!(called("format", json!([[1], "5"])).starts_with("TypeError("));
    assert!(called("format", json!([1, "zz"])).starts_with("ValueError("));
}

#[test]
fn print_joins_and_ends_as_told() {
    let text = |arguments: &[(&str, serde_json::Value)]| {
        let named =
            arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into()));
        printed(&Arguments(named.collect()))
    };
    assert_eq!(text(&[("values", json!(["a", 1, null, [1.0]]))]), "a 1 None [1.0]\n");
    let named = [("values", json!(["a", "b"])), ("sep", json!("")), ("end", json!("!"))];
    assert_eq!(text(&named), "ab!");
    assert_eq!(text(&[]), "\n");
}
