//! Everything the gateway ever asks of the database.

use std::sync::Arc;

use crate::storage::apply::Apply;
use crate::storage::domain::{Domain, Snapshot, Txid};
use crate::storage::select::{Select, ValidateWindow, Window};
use crate::storage::table::Table;

/// One statement: what it means, so that a simulated database can interpret it. How it reads in
/// SQL is [`Statement::sql`] and [`Statement::params`].
///
/// [`Statement::LockMutex`] raises `division_by_zero` (22012) when there is no mutex, which aborts the
/// transaction and with it the rest of the pipeline.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Statement {
    /// The tables there are, and what may be done with each. Columns: id, ptr, permissions.
    Catalog,
    /// Whether the login may act as the data role, and as the collector; whether there are such roles.
    /// Columns: 0 or 1 each.
    Roles,
    /// Opens a read-only transaction with one snapshot.
    BeginRead,
    /// Opens a transaction whose every statement sees what has been committed when it starts.
    BeginWrite,
    /// Ends the transaction. In a failed one this rolls back, and is no error.
    Commit,
    /// Ends the transaction and undoes it.
    Rollback,
    /// The newest commit and the horizon of each domain. Columns: name, txid, horizon.
    Snapshots {
        /// The domains to look at.
        domains: Vec<Domain>,
    },
    /// What an earlier attempt of this call left. Columns: `req_hash`, `reply`.
    Stored {
        /// The call's sid.
        sid: String,
    },
    /// Creates a domain's fixed rows if they are not there. Outside a transaction.
    EnsureDomain {
        /// The domain.
        domain: Domain,
    },
    /// Waits for the domain's mutex and holds it to the end of the transaction.
    LockMutex {
        /// The domain.
        domain: Domain,
    },
    /// To the end of the transaction, only rows of this owner, with this role's rights if one is
    /// named. Shared tables stay visible.
    ActAs {
        /// The data role.
        role: Option<&'static str>,
        /// The owner.
        owner: Arc<str>,
    },
    /// Takes back the role of [`Statement::ActAs`].
    ActAsSelf,
    /// The row of this id, with what a call learns at its first read: by itself, outside a transaction,
    /// as the login. One row. Columns: newest commit in the owner's domain, in the shared one,
    /// horizons of both, `req_hash` and `reply` an earlier attempt left, data, order; what is not there
    /// is null.
    ReadRow {
        /// The table.
        table: Arc<Table>,
        /// The owner.
        owner: Arc<str>,
        /// The row.
        id: String,
        /// As of this commit; `None`: as it is.
        at: Option<Txid>,
        /// The call's sid; `None`: nobody asks what an earlier attempt left.
        sid: Option<String>,
    },
    /// Rows in order. Columns: id, data, order.
    ReadRows {
        /// The table.
        table: Arc<Table>,
        /// The owner.
        owner: Arc<str>,
        /// JSON the rows contain; `None`: all rows.
        filter: Option<String>,
        /// From which end.
        direction: Direction,
        /// Only rows beyond this order.
        after: i64,
        /// At most so many.
        limit: i64,
        /// As of this commit; `None`: as of the transaction's own snapshot.
        at: Option<Txid>,
    },
    /// Rows that pass a filter, in an order. Columns: id, data, order.
    Select(Box<Select>),
    /// What changed in a table behind a place in its history, in commit order, a row at most once a
    /// commit. Columns: txid, id, kind (1 insert, 2 update, 3 delete), data (null for a delete), txid
    /// of the next change (null: there is none).
    Changes {
        /// The table.
        table: Arc<Table>,
        /// The owner.
        owner: Arc<str>,
        /// Where to go on.
        after: Place,
        /// At most so many.
        limit: i64,
        /// No more once so many bytes of data have come.
        bytes: i64,
    },
    /// When a domain began, as a number no other beginning has. Column: epoch.
    Epoch {
        /// The domain.
        domain: Domain,
    },
    /// Domains in the order of their names. Column: name.
    ListDomains {
        /// Only names behind this one.
        after: String,
        /// At most so many.
        limit: i64,
    },
    /// Where a domain's horizon may be, and where it is. Columns: newest commit old enough, horizon.
    FindHorizon {
        /// The domain.
        domain: Domain,
        /// Age in milliseconds from which a commit is old enough.
        older_than_ms: i64,
    },
    /// Takes away a lower horizon. Needs the domain's mutex.
    DropHorizon {
        /// The domain.
        domain: Domain,
        /// The horizon to come.
        below: Txid,
    },
    /// Puts the horizon where none is. Needs the domain's mutex.
    SetHorizon {
        /// The domain.
        domain: Domain,
        /// The oldest snapshot that may still be used.
        at: Txid,
    },
    /// Deletes commits below the horizon, oldest first. Column: how many.
    DeleteCommits {
        /// The domain.
        domain: Domain,
        /// The horizon.
        below: Txid,
        /// At most so many.
        limit: i64,
    },
    /// Deletes versions that no snapshot from the horizon on sees. Column: how many.
    DeleteVersions {
        /// The table.
        table: Arc<Table>,
        /// The owner.
        owner: Arc<str>,
        /// The horizon.
        until: Txid,
        /// At most so many.
        limit: i64,
    },
    /// Holds if nothing a query has looked at has changed since its snapshot.
    ValidateWindow(Box<ValidateWindow>),
    /// A whole commit. Column: the txid, or a number below zero that says why not.
    Apply(Arc<Apply>),
}

/// A place in a table's history: behind a commit, or within one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The commit.
    pub txid: Txid,
    /// The last row of it that has been told of; `None`: all of it has.
    pub id: Option<String>,
}

/// From which end rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// First to last.
    Forward,
    /// Last to first.
    Backward,
}

impl Direction {
    /// The order before the first row.
    #[must_use]
    pub fn start(self) -> i64 {
        match self {
            Self::Forward => i64::MIN,
            Self::Backward => i64::MAX,
        }
    }
}

/// What one call has read of one table: a commit that touches any of it since is a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dependencies {
    /// The whole table.
    pub all: bool,
    /// Rows looked up, found or not.
    pub ids: std::collections::BTreeSet<String>,
    /// Filters that are containment alone, as JSON text.
    pub filters: std::collections::BTreeSet<String>,
    /// What other queries have looked at.
    pub windows: Vec<Window>,
    /// Every row of this order or beyond: what `pop` looked at.
    pub from: Option<i64>,
    /// Every row of this order or before: what `shift` looked at.
    pub to: Option<i64>,
}

impl Dependencies {
    /// Past so many single rows and filters the table counts as read whole: the statement stays
    /// small, and a false conflict costs one more attempt.
    const MAX_SINGLE: usize = 1024;

    /// The same for queries: each is a statement of its own.
    const MAX_WINDOWS: usize = 32;

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A row was looked up.
    pub fn on_id(&mut self, id: &str) {
        if !self.all && !self.ids.contains(id) {
            self.ids.insert(id.to_owned());
            self.shorten();
        }
    }

    /// Rows were looked up by a filter.
    pub fn on_filter(&mut self, filter: &str) {
        if !self.all && !self.filters.contains(filter) {
            self.filters.insert(filter.to_owned());
            self.shorten();
        }
    }

    /// A query has looked at these rows.
    pub fn on_window(&mut self, window: Window) {
        if !self.all && !self.windows.iter_mut().any(|known| known.widen(&window)) {
            self.windows.push(window);
            if self.windows.len() > Self::MAX_WINDOWS {
                self.on_all();
            }
        }
    }

    /// Everything was looked at.
    pub fn on_all(&mut self) {
        *self = Self {
            all: true,
            ..Self::default()
        };
    }

    /// The end of the order was looked at, down to this row.
    pub fn on_last(&mut self, order: i64) {
        if !self.all {
            self.from = Some(self.from.map_or(order, |from| from.min(order)));
        }
    }

    /// The start of the order was looked at, up to this row.
    pub fn on_first(&mut self, order: i64) {
        if !self.all {
            self.to = Some(self.to.map_or(order, |to| to.max(order)));
        }
    }

    fn shorten(&mut self) {
        if self.ids.len() + self.filters.len() > Self::MAX_SINGLE {
            self.on_all();
        }
    }
}

/// The domain a table's rows belong to, for this owner.
#[must_use]
pub fn domain_of(table: &Table, owner: &Arc<str>) -> Domain {
    match table.slot() {
        crate::storage::domain::Slot::Shared => Domain::Shared,
        crate::storage::domain::Slot::Own => Domain::Own(owner.clone()),
    }
}

/// The snapshot that counts for a table.
#[must_use]
pub fn snapshot_of(table: &Table, snapshot: &Snapshot) -> Txid {
    snapshot.at(table.slot())
}
