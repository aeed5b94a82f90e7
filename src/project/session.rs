//! What one process keeps of the projects it compiles: `kontract dev` compiles the same one again
//! and again. A process that starts has nothing here, and the same results.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kontract_compiler::Cache;

use super::{cache::Kept, disk::Stamp};

/// One project's memory.
#[derive(Default)]
pub struct Session {
    /// What the compiler remembers.
    pub compiler: Cache,
    /// What is known to be in the output folder.
    pub intact: Intact,
    /// `cache.json` as it was last read or written.
    pub cache: Option<Kept>,
    /// Whether what earlier processes wrote has been looked at.
    pub restored: bool,
}

/// Output files whose bytes are known, with how they looked when they were.
#[derive(Default)]
pub struct Intact(BTreeMap<String, (String, Option<Stamp>)>);

impl Intact {
    /// How the file at `target`, called `path` in the output, looks if it still has this digest.
    pub fn holds(&self, path: &str, digest: &str, target: &Path) -> Option<Stamp> {
        let (_, stamp) = self.0.get(path).filter(|(known, _)| known == digest)?;
        stamp.filter(|stamp| Stamp::of(target) == Some(*stamp))
    }

    /// Whether these files are the ones that were there before.
    pub fn are_all(&self, digests: &BTreeMap<String, String>) -> bool {
        self.0.len() == digests.len() && digests.keys().all(|path| self.0.contains_key(path))
    }
}

impl FromIterator<(String, (String, Option<Stamp>))> for Intact {
    /// By path: the digest of each file, and how it looked when it had it.
    fn from_iter<I: IntoIterator<Item = (String, (String, Option<Stamp>))>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

/// Projects remembered at a time: a process has one, a test run has many.
const MOST: usize = 4;

/// The session of a project and its output folder. Two compiles of one project take turns.
pub fn of(root: &Path, out_dir: &str) -> Arc<Mutex<Session>> {
    type Known = (PathBuf, String, Arc<Mutex<Session>>);
    static ALL: Mutex<Vec<Known>> = Mutex::new(Vec::new());
    let mut all = lock(&ALL);
    let found = all
        .iter()
        .position(|(of, out, _)| of == root && out == out_dir);
    let known = match found {
        Some(index) => all.remove(index),
        None => (root.to_owned(), out_dir.to_owned(), Arc::default()),
    };
    let session = Arc::clone(&known.2);
    all.push(known);
    if all.len() > MOST {
        all.remove(0);
    }
    session
}

/// A panic in between leaves a session that is merely out of date: everything in it is checked before use.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
