//! Queries under way: what the call had written when each started.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::storage::error::StorageError;
use crate::storage::select::Key;

/// What the call had written when a query started, as far as it concerns the query.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Own rows that pass the filter, in the query's order.
    pub own: Vec<(Key, Arc<str>)>,
    /// Every row put or deleted: what is stored under these ids does not count.
    pub written: HashSet<String>,
}

/// The queries of one table that have pages left.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    open: HashMap<u64, Arc<Run>>,
    next: u64,
    kept: usize,
}

impl Runs {
    /// Rows kept for all of them together: loops that are left early leave theirs behind.
    const MAX_KEPT: usize = 400_000;

    pub fn keep(&mut self, run: Arc<Run>) -> Result<u64, StorageError> {
        self.kept += run.size();
        if self.kept > Self::MAX_KEPT {
            return Err(StorageError::Budget("queries begun and not ended"));
        }
        self.next += 1;
        self.open.insert(self.next, run);
        Ok(self.next)
    }

    pub fn find(&self, id: u64) -> Option<Arc<Run>> {
        self.open.get(&id).cloned()
    }

    pub fn end(&mut self, id: u64) {
        if let Some(run) = self.open.remove(&id) {
            self.kept -= run.size();
        }
    }
}

impl Run {
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    fn size(&self) -> usize {
        self.own.len() + self.written.len()
    }
}
