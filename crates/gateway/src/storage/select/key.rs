//! Where a row stands in a query's order.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::storage::filter::{Scalar, ScalarKind, typed_field};

/// What a query's rows are ordered by: a field and then the table's order, or the table's order alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    pub(super) field: Option<(String, ScalarKind)>,
    /// Last to first, ties included.
    pub(super) descending: bool,
}

/// Where a row stands. Rows without a value of the field's kind stand behind all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub(super) value: Option<Scalar>,
    pub(super) place: Place,
}

/// Where a row stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The row's `_order`.
    Stored(i64),
    /// Behind all stored rows, in the sequence the call wrote them in.
    Own(u64),
}

impl Place {
    /// The last stored place that is not behind this one.
    pub fn stored(self) -> i64 {
        match self {
            Self::Stored(order) => order,
            Self::Own(_) => i64::MAX,
        }
    }
}

impl Order {
    pub(crate) fn key(&self, row: &Map<String, Value>, place: Place) -> Key {
        let value = self.field.as_ref().and_then(|(field, kind)| {
            let value = row.get(field).and_then(Scalar::of)?;
            (value.kind() == *kind).then_some(value)
        });
        Key { value, place }
    }

    pub(crate) fn compare(&self, a: &Key, b: &Key) -> Ordering {
        let values = match (&a.value, &b.value) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.compare(b).unwrap_or(Ordering::Equal),
        };
        let ascending = values.then(a.place.cmp(&b.place));
        if self.descending {
            ascending.reverse()
        } else {
            ascending
        }
    }

    /// The field's value in SQL, if there is a field.
    pub(super) fn sql(&self) -> Option<String> {
        let (field, kind) = self.field.as_ref()?;
        Some(typed_field(field, *kind))
    }
}
