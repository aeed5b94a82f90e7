//! What one call has read and written of one table, before it commits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::storage::apply::Changes;
use crate::storage::error::StorageError;
use crate::storage::filter::Filter;
use crate::storage::select;
use crate::storage::statement::Dependencies;

/// A row as the snapshot has it.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub text: Arc<str>,
    pub order: i64,
}

/// A row as this call has written it.
#[derive(Debug, Clone)]
pub(super) struct OwnRow {
    pub row: Arc<Map<String, Value>>,
    pub text: Arc<str>,
}

#[derive(Debug, Clone)]
enum Write {
    Put { row: OwnRow, place: Place },
    Delete,
}

/// Where in the order a written row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where the row it replaces stood.
    Kept(i64),
    /// After all others; numbered in the sequence of writing.
    End(u64),
}

/// How a row stands for this call.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    Own(OwnRow),
    Stored(Base),
    Absent,
    /// Not looked up yet.
    Unknown,
}

/// What one call has read and written of one table.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub dependencies: Dependencies,
    base: HashMap<String, Option<Base>>,
    writes: HashMap<String, Write>,
    kept: BTreeMap<i64, String>,
    appended: BTreeMap<u64, String>,
    sequence: u64,
    unseen: BTreeSet<String>,
    pub runs: select::Runs,
    bytes: usize,
}

impl Overlay {
    /// Rows remembered of what was read; past it they are read again when needed.
    const MAX_BASE: usize = 16_384;

    /// How a row stands.
    pub fn seen(&self, id: &str) -> Seen {
        match (self.writes.get(id), self.base.get(id)) {
            (Some(Write::Put { row, .. }), _) => Seen::Own(row.clone()),
            (Some(Write::Delete), _) | (None, Some(None)) => Seen::Absent,
            (None, Some(Some(base))) => Seen::Stored(base.clone()),
            (None, None) => Seen::Unknown,
        }
    }

    /// Whether this call has put or deleted the row.
    pub fn is_written(&self, id: &str) -> bool {
        self.writes.contains_key(id)
    }

    /// Whether a stored row still stands where it stood: not deleted, nor deleted and written anew.
    pub fn stands_at(&self, id: &str, order: i64) -> bool {
        match self.writes.get(id) {
            None => true,
            Some(Write::Put { place, .. }) => *place == Place::Kept(order),
            Some(Write::Delete) => false,
        }
    }

    /// Rows this call has put or deleted.
    pub fn written(&self) -> usize {
        self.writes.len()
    }

    /// Bytes of rows waiting to be committed.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where the next appended row will stand.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Remembers a row of the snapshot. `needed`: a write is about to depend on it.
    pub fn remember(&mut self, id: &str, base: Option<Base>, needed: bool) {
        if needed || self.base.len() < Self::MAX_BASE {
            self.base.entry(id.to_owned()).or_insert(base);
        }
    }

    /// Writes a row. One that exists keeps its place, any other goes to the end.
    pub fn put(&mut self, id: &str, row: Map<String, Value>) {
        let text: Arc<str> = serde_json::to_string(&row).unwrap_or_default().into();
        let place = match (self.writes.get(id), self.base.get(id)) {
            (Some(Write::Put { place, .. }), _) => *place,
            (None, Some(Some(base))) => Place::Kept(base.order),
            (Some(Write::Delete) | None, _) => {
                self.sequence += 1;
                Place::End(self.sequence)
            }
        };
        match place {
            Place::Kept(order) => self.kept.insert(order, id.to_owned()),
            Place::End(sequence) => self.appended.insert(sequence, id.to_owned()),
        };
        self.bytes += text.len() + id.len();
        let row = OwnRow {
            row: Arc::new(row),
            text,
        };
        self.replace(id, Write::Put { row, place });
    }

    /// Writes a row nobody has looked up: the commit fails if its id is taken.
    pub fn push(&mut self, id: &str, row: Map<String, Value>) -> Result<(), StorageError> {
        match self.seen(id) {
            Seen::Own(_) | Seen::Stored(_) => {
                return Err(StorageError::AlreadyExists(String::new()));
            }
            Seen::Absent => {}
            Seen::Unknown => {
                self.unseen.insert(id.to_owned());
            }
        }
        self.put(id, row);
        Ok(())
    }

    /// Deletes a row that is there.
    pub fn delete(&mut self, id: &str) {
        self.replace(id, Write::Delete);
    }

    fn replace(&mut self, id: &str, write: Write) {
        let deleted = matches!(write, Write::Delete);
        if let Some(Write::Put { row, place }) = self.writes.insert(id.to_owned(), write) {
            self.bytes -= row.text.len() + id.len();
            if deleted {
                match place {
                    Place::Kept(order) => self.kept.remove(&order),
                    Place::End(sequence) => self.appended.remove(&sequence),
                };
            }
        }
    }

    /// Own rows that kept a place beyond `after` up to `until`, in order, with that place.
    pub fn kept(&self, after: i64, until: i64) -> Vec<(i64, Arc<str>)> {
        if after >= until {
            return Vec::new();
        }
        let range = (
            std::ops::Bound::Excluded(after),
            std::ops::Bound::Included(until),
        );
        let rows = self.kept.range(range);
        rows.filter_map(|(&order, id)| Some((order, self.own(id)?.text.clone())))
            .collect()
    }

    /// Own rows at the end after `after` up to `until`, in order, with their numbers.
    pub fn appended(&self, after: u64, until: u64) -> impl Iterator<Item = (u64, Arc<str>)> {
        let until = until.max(after);
        let rows = self
            .appended
            .range(after.saturating_add(1).min(until)..=until);
        rows.filter(move |&(&sequence, _)| sequence > after)
            .filter_map(|(&sequence, id)| Some((sequence, self.own(id)?.text.clone())))
    }

    fn own(&self, id: &str) -> Option<&OwnRow> {
        match self.writes.get(id)? {
            Write::Put { row, .. } => Some(row),
            Write::Delete => None,
        }
    }

    /// Where an own row stands.
    pub fn place(&self, id: &str) -> Option<select::Place> {
        match self.writes.get(id)? {
            Write::Put { place, .. } => Some(match *place {
                Place::Kept(order) => select::Place::Stored(order),
                Place::End(sequence) => select::Place::Own(sequence),
            }),
            Write::Delete => None,
        }
    }

    /// What a query that starts now has to know of what was written.
    pub fn run(&self, filter: &Filter, order: &select::Order) -> select::Run {
        let mut own: Vec<_> = self
            .writes
            .keys()
            .filter_map(|id| Some((self.own(id)?, self.place(id)?)))
            .filter(|(row, _)| filter.matches(&row.row))
            .map(|(row, place)| (order.key(&row.row, place), row.text.clone()))
            .collect();
        own.sort_by(|(a, _), (b, _)| order.compare(a, b));
        select::Run {
            own,
            written: self.writes.keys().cloned().collect(),
        }
    }

    /// The last own row at the end of the order.
    pub fn last_appended(&self) -> Option<String> {
        self.appended.last_key_value().map(|(_, id)| id.clone())
    }

    /// The first own row at the end of the order.
    pub fn first_appended(&self) -> Option<String> {
        self.appended.first_key_value().map(|(_, id)| id.clone())
    }

    /// What committing does.
    pub fn changes(&self) -> Changes {
        let mut changes = Changes {
            absent: self.unseen.iter().cloned().collect(),
            ..Changes::default()
        };
        let existed = |id: &str| matches!(self.base.get(id), Some(Some(_)));
        changes.close = self
            .writes
            .keys()
            .filter(|id| existed(id))
            .cloned()
            .collect();
        changes.close.sort_unstable();
        let kept = self.kept.iter().map(|(&order, id)| (Some(order), id));
        let appended = self.appended.values().map(|id| (None, id));
        for (order, id) in kept.chain(appended) {
            if let Some(Write::Put { row, .. }) = self.writes.get(id) {
                changes.ids.push(id.clone());
                changes.data.push(row.text.to_string());
                changes.orders.push(order);
            }
        }
        changes
    }
}
