//! Expressions, in a condition of a plan: diagnostics or a program that verifies.

#![no_main]

#[path = "../../../compiler/tests/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut quoted = String::new();
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    invariants::check_compile(&format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{"user": "fast_http_user"}},
            "host": "http://127.0.0.1:1", "variables": {{"a": 1, "b": "x", "list": [1, "y"]}},
            "tasks": [{{"while": "{quoted}", "tasks": [
                {{"set": {{"a": {{"expr": "a + 1"}}}}}},
                {{"method": "get", "request_url": "/${{a}}"}}]}}]}}]]"#
    ));
});
