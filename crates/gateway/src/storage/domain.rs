//! What has its own sequence of commits and its own mutex.

use std::sync::Arc;

use crate::manifest::Tenancy;

/// An owner's own tables, or the tables all owners share. Each has its own transaction ids, mutex,
/// epoch and garbage-collection horizon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Domain {
    /// Every `shared` table.
    Shared,
    /// The `own` tables of this owner.
    Own(Arc<str>),
}

impl Domain {
    /// What `trxs.owner` calls it. No owner's name starts with `*` ([`is_owner`]).
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Shared => "*",
            Self::Own(owner) => owner,
        }
    }

    /// The domain of this name.
    pub(super) fn named(name: String) -> Self {
        match name.as_str() {
            "*" => Self::Shared,
            _ => Self::Own(name.into()),
        }
    }

    /// The slot this domain takes in one call, which sees at most one owner's tables.
    #[must_use]
    pub fn slot(&self) -> Slot {
        match self {
            Self::Shared => Slot::Shared,
            Self::Own(_) => Slot::Own,
        }
    }
}

/// Which of a call's two domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// [`Domain::Shared`]
    Shared,
    /// [`Domain::Own`]
    Own,
}

impl Slot {
    /// Where a table's rows belong.
    #[must_use]
    pub fn of(tenancy: Tenancy) -> Self {
        match tenancy {
            Tenancy::Shared => Self::Shared,
            Tenancy::Own | Tenancy::Isolated => Self::Own,
        }
    }
}

/// The number of a commit within its domain: allocated in commit order, under the domain's mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Txid(pub i64);

/// The newest commits a call sees, one for each domain it may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// In the shared domain.
    pub shared: Txid,
    /// In the owner's.
    pub own: Txid,
}

impl Snapshot {
    /// The one that counts for a table of this slot.
    #[must_use]
    pub fn at(&self, slot: Slot) -> Txid {
        match slot {
            Slot::Shared => self.shared,
            Slot::Own => self.own,
        }
    }
}

/// Whether a token may name this owner: short enough to index, no NUL (Postgres's `text` has
/// none), and not one of the names that start with `*`, which are the gateway's own.
#[must_use]
pub fn is_owner(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.starts_with('*') && !name.contains('\0')
}
