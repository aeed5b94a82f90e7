//! What one process keeps of the projects it compiles: `kontract dev` compiles the same one again
//! and again. A process that starts has nothing here, and the same results.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kontract_compiler::Cache;

use super::{cache::Kept, emit::Intact, stamp::Stamp};

/// One project's memory.
#[derive(Default)]
pub struct Session {
    /// What the compiler remembers.
    pub compiler: Cache,
    /// The sources as they were last read, by path.
    pub sources: HashMap<String, KnownSource>,
    /// What is known to be in the output folder.
    pub intact: Intact,
    /// `cache.json` as it was last read or written.
    pub cache: Option<Kept>,
    /// Whether what earlier processes wrote has been looked at.
    pub restored: bool,
}

/// A source file that need not be read as long as it looks like this.
pub struct KnownSource {
    pub stamp: Stamp,
    pub text: Arc<str>,
    /// Of the text.
    pub digest: String,
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
