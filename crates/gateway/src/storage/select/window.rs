//! What a query has looked at: the rows a commit checks for changes.

use std::sync::Arc;

use crate::storage::filter::Filter;
use crate::storage::select::{Key, Order};

/// The rows that pass a filter, up to a place in the query's order: a row that enters, leaves or
/// changes in there since is a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub(crate) filter: Arc<Filter>,
    pub(crate) order: Order,
    /// The last row that was given out; `None`: the query saw all there are.
    pub(crate) until: Option<Key>,
}

impl Window {
    /// Takes another window of the same query in; false if it is of another.
    pub(crate) fn widen(&mut self, other: &Self) -> bool {
        if self.filter != other.filter || self.order != other.order {
            return false;
        }
        self.until = match (self.until.take(), &other.until) {
            (Some(a), Some(b)) if self.order.compare(&a, b).is_lt() => Some(b.clone()),
            (Some(a), Some(_)) => Some(a),
            _ => None,
        };
        true
    }
}
