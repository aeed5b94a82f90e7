//! A commit as one statement: what a call has read and what it writes, and how that ended.

use std::sync::Arc;

use serde_json::json;

use crate::host::{Row, Value};
use crate::storage::domain::{Domain, Snapshot};
use crate::storage::statement::{Dependencies, domain_of, snapshot_of};
use crate::storage::table::Table;
use crate::storage::transaction::CallKey;

/// A commit: takes the mutexes, checks what was read, numbers the call and writes, all in one
/// statement, which has to run at READ COMMITTED.
#[derive(Debug, Clone)]
pub struct Apply {
    /// What makes it the same call when it is sent again.
    pub key: CallKey,
    /// What a retry gets back; `None` if it was too large to keep.
    pub reply: Option<Vec<u8>>,
    /// Whose call it is.
    pub owner: Arc<str>,
    /// What the call has read at; `None`: it has read nothing.
    pub snapshot: Option<Snapshot>,
    /// The tables it has read or writes; at least one is written.
    pub parts: Vec<Part>,
}

/// What a commit has to do with one table.
#[derive(Debug, Clone)]
pub struct Part {
    /// The table.
    pub table: Arc<Table>,
    /// What the call has read of it.
    pub dependencies: Dependencies,
    /// What it writes.
    pub changes: Changes,
}

/// What a commit does to one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Ids that must have no row.
    pub absent: Vec<String>,
    /// Ids whose live version ends.
    pub close: Vec<String>,
    /// Ids that get a new version.
    pub ids: Vec<String>,
    /// JSON text of each.
    pub data: Vec<String>,
    /// The order each keeps; `None`: after all others, in this sequence.
    pub orders: Vec<Option<i64>>,
}

/// How a commit's statement ended: its only column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Written,
    /// A domain's fixed rows are not there.
    NoMutex,
    /// The call's sid is taken.
    Duplicate,
    /// Something at or above the snapshot has been collected.
    TooOld,
    /// What was read has changed.
    Conflict,
    /// A row that had to be new is there.
    Exists,
}

impl Applied {
    /// The numbers of `migrate::functions`.
    pub fn of(rows: &[Row]) -> Option<Self> {
        match rows.first()?.int(0)? {
            txid if txid > 0 => Some(Self::Written),
            -1 => Some(Self::NoMutex),
            -2 => Some(Self::Duplicate),
            -3 => Some(Self::TooOld),
            -4 => Some(Self::Conflict),
            -5 => Some(Self::Exists),
            _ => None,
        }
    }
}

impl Changes {
    /// Whether the table's rows stay as they are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.absent.is_empty() && self.close.is_empty() && self.ids.is_empty()
    }
}

impl Apply {
    /// Every domain read or written, in the order mutexes are taken.
    #[must_use]
    pub fn domains(&self) -> Vec<Domain> {
        self.domains_of(|_| true)
    }

    /// Every domain written.
    #[must_use]
    pub fn written(&self) -> Vec<Domain> {
        self.domains_of(|part| !part.changes.is_empty())
    }

    fn domains_of(&self, which: impl Fn(&Part) -> bool) -> Vec<Domain> {
        let parts = self.parts.iter().filter(|part| which(part));
        let mut domains: Vec<_> = parts
            .map(|part| domain_of(&part.table, &self.owner))
            .collect();
        domains.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        domains.dedup();
        domains
    }

    /// Some number of bytes the statement takes, near enough to keep batches small.
    pub(super) fn size(&self) -> usize {
        let row = |part: &Part| part.changes.data.iter().map(String::len).sum::<usize>();
        let reply = self.reply.as_ref().map_or(0, Vec::len);
        self.parts.iter().map(row).sum::<usize>() + reply
    }

    pub(super) fn sql(&self) -> &str {
        match &self.parts[..] {
            [only] => &only.table.sql().commit,
            _ => COMMIT,
        }
    }

    pub(super) fn params(&self) -> Vec<Value> {
        let mut params = vec![
            Value::Text(self.key.sid.clone()),
            Value::OptionalBytes(Some(self.key.req_hash.clone())),
            Value::OptionalBytes(self.reply.clone()),
            Value::Text(self.owner.to_string()),
        ];
        let snapshot = self.snapshot.as_ref();
        match &self.parts[..] {
            [only] => {
                let at = snapshot.map(|snapshot| snapshot_of(&only.table, snapshot).0);
                params.push(Value::OptionalInt(at));
                params.extend(only.dependencies.params());
                params.extend(only.changes.params());
            }
            parts => {
                params.push(Value::OptionalInt(snapshot.map(|at| at.own.0)));
                params.push(Value::OptionalInt(snapshot.map(|at| at.shared.0)));
                let parts: Vec<_> = parts.iter().map(Part::json).collect();
                params.push(Value::Text(serde_json::Value::Array(parts).to_string()));
            }
        }
        params
    }
}

const COMMIT: &str = "SELECT kontract.commit($1::text, $2::bytea, $3::bytea, $4::text, $5::bigint, \
     $6::bigint, $7::text)";

/// The statement that calls the function of one table.
pub(super) fn commit_sql(ptr: &str) -> String {
    format!(
        "SELECT kontract.{ptr}_commit($1::text, $2::bytea, $3::bytea, $4::text, $5::bigint, \
         $6::bigint, $7::text[], $8::text[], $9::bigint, $10::bigint, \
         $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[])"
    )
}

impl Dependencies {
    fn params(&self) -> [Value; 5] {
        [
            Value::Int(i64::from(self.all)),
            Value::Texts(self.ids.iter().cloned().collect()),
            Value::Texts(self.filters.iter().cloned().collect()),
            Value::OptionalInt(self.from),
            Value::OptionalInt(self.to),
        ]
    }
}

impl Changes {
    fn params(&self) -> [Value; 5] {
        [
            Value::Texts(self.absent.clone()),
            Value::Texts(self.close.clone()),
            Value::Texts(self.ids.clone()),
            Value::Texts(self.data.clone()),
            Value::OptionalInts(self.orders.clone()),
        ]
    }
}

impl Part {
    fn json(&self) -> serde_json::Value {
        let (read, changes) = (&self.dependencies, &self.changes);
        json!({
            "ptr": self.table.ptr(),
            "shared": self.table.slot() == crate::storage::domain::Slot::Shared,
            "writes": !changes.is_empty(),
            "all": i64::from(read.all), "ids": read.ids, "filters": read.filters,
            "from": read.from, "to": read.to,
            "absent": changes.absent, "close": changes.close,
            "new": changes.ids, "data": changes.data, "orders": changes.orders,
        })
    }
}
