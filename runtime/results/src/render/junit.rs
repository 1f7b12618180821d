//! The results as a JUnit suite, for what shows the tests of a pipeline: one case for each name of
//! requests, which failed when one of them did, and one for each gate.

use std::fmt::Write as _;

use super::units;
use crate::summary::{ErrorGroup, NameSummary, Summary};

/// The suite on a single line, as in the reference.
#[must_use]
pub fn junit(summary: &Summary) -> String {
    let (good, bad): (Vec<_>, Vec<_>) = summary
        .per_name
        .0
        .iter()
        .filter(|(_, figures)| figures.requests > 0)
        .partition(|(_, figures)| figures.failures == 0);
    let mut cases = String::new();
    for (name, figures) in good.iter().chain(&bad) {
        case(&mut cases, &figures.method, name, figures.response_time.mean_ms);
        match figures.failures {
            0 => cases.push_str("/>"),
            _ => failure(&mut cases, figures, &summary.errors),
        }
    }
    for gate in &summary.gates {
        case(&mut cases, "gate", &gate.gate, 0.0);
        if gate.passed {
            cases.push_str("/>");
        } else {
            let _ = write!(
                cases,
                r#"><failure message="{0}">{0}</failure></testcase>"#,
                xml(&gate.reason)
            );
        }
    }
    let tests = good.len() + bad.len() + summary.gates.len();
    let failures = bad.len() + summary.gates.iter().filter(|gate| !gate.passed).count();
    let time = summary.duration.achieved_s;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><testsuites tests="{tests}" failures="{failures}" time="{time:.3}"><testsuite name="loaddensity" tests="{tests}" failures="{failures}" time="{time:.3}">{cases}</testsuite></testsuites>"#
    )
}

/// The start of a case, still open.
fn case(out: &mut String, class: &str, name: &str, time_ms: f64) {
    let _ = write!(
        out,
        r#"<testcase classname="{}" name="{}" time="{:.3}""#,
        xml(class),
        xml(name),
        time_ms / 1e3
    );
}

/// What failed of the requests of a name: the most frequent text, then all of them.
fn failure(out: &mut String, figures: &NameSummary, errors: &[ErrorGroup]) {
    let of_name: Vec<_> = errors.iter().filter(|error| error.is_of(figures)).collect();
    let first = of_name.first().map_or("request failed", |error| error.text.as_str());
    let mut message = first.to_owned();
    if figures.requests > 1 {
        let (failures, requests) = (units::count(figures.failures), units::count(figures.requests));
        let _ = write!(message, " ({failures} of {requests} failed)");
    }
    let _ = write!(out, r#"><failure message="{}">"#, xml(&message));
    match of_name.as_slice() {
        [] | [_] => out.push_str(&xml(first)),
        all => {
            for error in all {
                let _ = write!(out, "{} × {}&#10;", units::count(error.count), xml(&error.text));
            }
        }
    }
    out.push_str("</failure></testcase>");
}

/// Text as it may stand in XML: what has a meaning there is written otherwise, what may not stand
/// there at all is left out (XML 1.0 §2.2).
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '\n' => out.push_str("&#10;"),
            '\t' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                out.push(character);
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        GateResult, GeneratorHealth, RunInfo, Totals,
        recorder::{Recorder, Sample},
    };

    #[test]
    fn names_are_cases_and_those_with_a_failure_fail_after_the_others() {
        let mut recorder = Recorder::new(3);
        let mut record = |series, ms: u64, failed| {
            let done_ns = ms * 1_000_000;
            recorder.record(&Sample { series, done_ns, failed, ..Sample::default() });
        };
        record(0, 30, true);
        record(0, 10, false);
        record(1, 1_500, false);
        recorder.fail(0, "assertion", "got <'a' & \u{1}\"b\">", 1);
        let mut totals = Totals::new(3);
        totals.absorb(&mut recorder);
        let run = RunInfo {
            names: ["bad", "good", "never"].map(str::to_owned).to_vec(),
            methods: ["POST", "GET", "GET"].map(str::to_owned).to_vec(),
            ..RunInfo::default()
        };
        let mut summary = Summary::new(&run, &totals, &GeneratorHealth::new(1));
        assert_eq!(
            junit(&summary),
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><testsuites tests="2" failures="1" time="0.000">"#,
                r#"<testsuite name="loaddensity" tests="2" failures="1" time="0.000">"#,
                r#"<testcase classname="GET" name="good" time="1.500"/>"#,
                r#"<testcase classname="POST" name="bad" time="0.020">"#,
                r#"<failure message="got &lt;&#x27;a&#x27; &amp; &quot;b&quot;&gt; (1 of 2 failed)">"#,
                r#"got &lt;&#x27;a&#x27; &amp; &quot;b&quot;&gt;</failure></testcase></testsuite></testsuites>"#,
            )
        );
        summary.gates = vec![GateResult {
            gate: "p95 < 10ms".to_owned(),
            passed: false,
            actual: None,
            unit: crate::GateUnit::Milliseconds,
            reason: "no requests recorded".to_owned(),
            failed_at_s: None,
            aborted: false,
        }];
        let text = junit(&summary);
        assert!(text.contains(r#"tests="3" failures="2""#), "{text}");
        assert!(
            text.contains(
                r#"<testcase classname="gate" name="p95 &lt; 10ms" time="0.000"><failure"#
            )
        );
    }
    #[test]
    fn a_name_of_several_scenarios_keeps_its_methods_and_texts_apart() {
        let mut recorder = Recorder::new(3);
        for series in [1, 2] {
            recorder.record(&Sample { series, failed: true, ..Sample::default() });
        }
        recorder.fail(1, "status", "HTTP 500", 1);
        recorder.fail(2, "status", "HTTP 404", 1);
        let mut totals = Totals::new(3);
        totals.absorb(&mut recorder);
        let texts = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        let run = RunInfo {
            // A group may be called as requests are.
            names: texts(["buy", "buy", "buy"]),
            scenarios: texts(["new", "new", "old"]),
            methods: texts(["", "POST", "PUT"]),
            groups: vec![true, false, false],
            ..RunInfo::default()
        };
        let text = junit(&Summary::new(&run, &totals, &GeneratorHealth::new(1)));
        for case in [
            r#"classname="POST" name="new: buy" time="0.000"><failure message="HTTP 500">HTTP 500<"#,
            r#"classname="PUT" name="old: buy" time="0.000"><failure message="HTTP 404">HTTP 404<"#,
        ] {
            assert!(text.contains(case), "{text}");
        }
    }
}
