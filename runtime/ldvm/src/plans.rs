//! Which plans the command line means.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Exit;
use crate::output;

/// The endings of plans in a folder.
const ENDINGS: [&str; 5] = ["json", "yaml", "yml", "toml", "ldb"];

/// Every plan that is meant, in order: a folder stands for all plans in it and below it, sorted by
/// their paths.
pub(crate) fn find(named: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let mut plans = Vec::new();
    for path in named {
        if !path.is_dir() {
            plans.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        let walked = walk(path, &mut found);
        let problem = match walked {
            Err(error) => format!("cannot be read: {error}"),
            Ok(()) if found.is_empty() => format!("has no plans (.{})", ENDINGS.join(", .")),
            Ok(()) => {
                found.sort();
                plans.append(&mut found);
                continue;
            }
        };
        output::say(format_args!("ldvm: `{}` {problem}", path.display()));
        return Err(Exit::Usage);
    }
    Ok(plans)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a folder is passed over: it may lead back up.
        if entry.file_type()?.is_dir() {
            walk(&path, found)?;
        } else if path.is_file()
            && path.extension().is_some_and(|e| ENDINGS.iter().any(|x| e == *x))
        {
            found.push(path);
        }
    }
    Ok(())
}
