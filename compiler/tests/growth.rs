//! Programs grow with their plans, not with the square of them.

use std::fmt::Write as _;

use ld_compiler::diag::Source;
use ld_compiler::{NoFiles, Options, compile};

#[test]
fn runs_start_only_the_variables_they_use() {
    const RUNS: usize = 300;
    let mut plan = String::from("[");
    for run in 0..RUNS {
        let _ = write!(
            plan,
            r#"["LD_register_variable", ["own{run}", "a"]], ["LD_start_test", {{
              "user_detail_dict": {{"user": "fast_http_user"}}, "host": "http://127.0.0.1:8080",
              "variables": {{"shared": "b"}}, "user_count": 1, "iterations": 1,
              "tasks": [{{"method": "get", "request_url": "/${{own{run}}}/${{shared}}",
                "extract": [{{"var": "own{run}", "from": "body"}}, {{"var": "shared", "from": "body"}}]}}]
            }}],"#,
        );
    }
    plan.push_str(r#"["LD_summary"]]"#);
    for optimise in [true, false] {
        let source = Source::new("plan.json", plan.as_str());
        let compiled = compile(&source, &Options { optimise, files: &NoFiles, ..Options::new() });
        let program = compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        assert_eq!(program.tables.runs.len(), RUNS);
        assert_eq!(program.tables.inits.len(), 2 * RUNS);
    }
}
