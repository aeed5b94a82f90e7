//! Queries: rows that pass a filter, in an order, so many of them.
//!
//! A query sees its table as it stands for the call when the query starts, page for page: stored
//! rows at the call's snapshot, and the rows the call had written by then in their places among them.

mod key;
mod page;
mod query;
mod run;
mod sql;
mod window;

pub use query::Query;
pub use sql::{Select, ValidateWindow};
pub use window::Window;

pub(crate) use key::{Key, Order, Place};
pub(super) use run::{Run, Runs};
