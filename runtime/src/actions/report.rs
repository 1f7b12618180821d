//! Where report files go.

use std::{
    env, fs,
    path::{Component, Path, PathBuf},
};

use super::ActionError;

/// Where relative report files go when it is set, as in the reference.
const ARTIFACT_DIR: &str = "TEST_PIONEER_ARTIFACT_DIR";

/// The path of a report file of this name.
pub(super) fn path(name: &str) -> Result<PathBuf, ActionError> {
    let folder = env::var_os(ARTIFACT_DIR).filter(|folder| !folder.is_empty());
    placed(name, folder.map(PathBuf::from))
}

/// Where a report file goes: below `folder`, if there is one and the name stays in it. Folders
/// below it are made.
fn placed(name: &str, folder: Option<PathBuf>) -> Result<PathBuf, ActionError> {
    let Some(folder) = folder.filter(|_| stays_inside(Path::new(name))) else {
        return Ok(name.into());
    };
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| {
            let message = format!("cannot make the folder {}: {error}", parent.display());
            ActionError::new("OSError", message)
        })?;
    }
    Ok(path)
}

/// Whether a path names something below the folder it starts from.
fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_i32;
    path.components().all(|component| {
        depth += match component {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => return false,
        };
        depth >= 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_below_the_folder_unless_their_name_leads_out_of_it() {
        let folder = env::temp_dir().join(format!("ld-runtime-placed-{}", std::process::id()));
        let placed = |name| placed(name, Some(folder.clone())).unwrap();
        assert_eq!(placed("a.json"), folder.join("a.json"));
        assert_eq!(placed("sub/../b/a.json"), folder.join("sub/../b/a.json"));
        assert!(folder.join("b").is_dir());
        assert_eq!(placed("../a.json"), Path::new("../a.json"));
        assert_eq!(placed("a/../../a.json"), Path::new("a/../../a.json"));
        assert_eq!(placed("/tmp/a.json"), Path::new("/tmp/a.json"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_folder_names_are_taken_as_they_are() {
        assert_eq!(placed("x/a.json", None).unwrap(), Path::new("x/a.json"));
    }
}
