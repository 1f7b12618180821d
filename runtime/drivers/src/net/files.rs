//! Files that requests send: read once, and shared by all users of a run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs};

use ld_vm::{Fault, FaultClass};

/// The memory that files may take, in bytes. One that would go beyond it is read again each
/// time it is sent.
const KEPT: usize = 1 << 30;

type Content = Arc<[u8]>;

/// What the shards of a run have read.
#[derive(Clone, Default)]
pub struct SharedFiles(Arc<Mutex<Read>>);

#[derive(Default)]
struct Read {
    files: HashMap<PathBuf, Content>,
    memory: usize,
}

/// The files that a shard's users have asked for.
pub struct Files {
    shared: SharedFiles,
    known: RefCell<HashMap<Box<[u8]>, Content>>,
}

impl SharedFiles {
    /// What is in a file. Who asks for one that is being read waits for that.
    fn read(&self, path: &Path) -> Result<(Content, bool), Fault> {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = read.files.get(path) {
            return Ok((Arc::clone(bytes), true));
        }
        let bytes: Content = fs::read(path)
            .map_err(|error| {
                let text = format!("{} cannot be sent: {error}", path.display());
                Fault::new(FaultClass::Plan, text)
            })?
            .into();
        let is_kept = read.memory.saturating_add(bytes.len()) <= KEPT;
        if is_kept {
            read.memory += bytes.len();
            read.files.insert(path.to_owned(), Arc::clone(&bytes));
        }
        Ok((bytes, is_kept))
    }
}

impl Files {
    pub(super) fn new(shared: SharedFiles) -> Self {
        Self { shared, known: RefCell::default() }
    }

    /// What is in a file, which is read off the shard's thread when it is not known yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self, path: &[u8]) -> Result<Content, Fault> {
        if let Some(bytes) = self.known.borrow().get(path) {
            return Ok(Arc::clone(bytes));
        }
        let shared = self.shared.clone();
        let file = PathBuf::from(OsStr::from_bytes(path));
        let read = tokio::task::spawn_blocking(move || shared.read(&file)).await;
        let given_up = |_| Fault::new(FaultClass::Generator, "reading a file was given up");
        let (bytes, is_kept) = read.map_err(given_up)??;
        if is_kept {
            self.known.borrow_mut().insert(path.into(), Arc::clone(&bytes));
        }
        Ok(bytes)
    }
}

impl fmt::Debug for SharedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFiles").finish_non_exhaustive()
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("known", &self.known.borrow().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn a_file_is_read_once_for_all_shards() {
        run(|_| async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("upload");
            fs::write(&path, "content").unwrap();
            let path = path.as_os_str().as_bytes();
            let shared = SharedFiles::default();
            let (one, other) = (Files::new(shared.clone()), Files::new(shared));
            let first = one.read(path).await.unwrap();
            fs::remove_file(OsStr::from_bytes(path)).unwrap();
            let second = other.read(path).await.unwrap();
            assert_eq!(*first, *b"content");
            assert!(Arc::ptr_eq(&first, &second));
            let fault = one.read(b"/nowhere/at all").await.unwrap_err();
            assert_eq!(fault.class, FaultClass::Plan);
            assert!(fault.text.starts_with("/nowhere/at all cannot be sent: "), "{}", fault.text);
        });
    }
}
