//! Each case is a plan with mistakes in `cases/`; beside it stands what is printed,
//! one file per format. With `BLESS=1` in the environment the files are written anew.

use std::fs;
use std::path::Path;

use super::*;

type Render = fn(&[Diagnostic], &Source) -> String;

const FORMATS: [(&str, Render); 4] = [
    ("text", |list, source| text(list, source, Style { color: false, width: 80 })),
    ("ansi", |list, source| text(list, source, Style { color: true, width: 80 })),
    ("jsonl", json),
    ("github", github),
];

#[test]
fn cases_print_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/render/cases");
    let mut compared = 0;
    for entry in fs::read_dir(&folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (source, problem) = Source::from_bytes(name, fs::read(&path).expect("the case"));
        let mut diagnostics = Vec::from_iter(problem);
        let _ = crate::json::parse(source.text(), &mut diagnostics);
        crate::diag::sort(&mut diagnostics);
        for (extension, render) in FORMATS {
            let recorded = path.with_extension(extension);
            if extension != "text" && !recorded.exists() {
                continue;
            }
            let mut printed = render(&diagnostics, &source);
            if extension == "text" {
                printed.push_str(&summary(&diagnostics, &source));
                printed.push('\n');
            }
            if std::env::var_os("BLESS").is_some() {
                fs::write(&recorded, &printed).expect("the case is written");
            }
            let expected = fs::read_to_string(&recorded).unwrap_or_default();
            assert_eq!(printed, expected, "{}", recorded.display());
            compared += 1;
        }
    }
    assert!(compared >= 8, "only {compared} cases were found");
}
