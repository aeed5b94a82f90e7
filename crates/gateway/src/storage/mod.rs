//! Rows, transactions and what keeps them serializable.
//!
//! A call reads at one snapshot and buffers its writes ([`Transaction`]); at its end it commits in
//! one trip that takes the domain's mutex, numbers the commit, checks that nothing it had read
//! changed, and writes. The design is `docs/design/storage.md`.

mod apply;
mod collect;
mod commit;
mod constraint;
mod cursor;
mod decimal;
mod domain;
mod error;
mod feed;
mod filter;
mod group;
mod json;
mod listeners;
mod overlay;
mod read;
mod schema;
mod select;
mod sql;
mod statement;
mod table;
mod transaction;
mod windows;

pub use apply::{Apply, Changes, Part};
pub(crate) use collect::collect_tables;
pub use collect::{Collected, collect};
pub use commit::{Committed, Stored};
pub use domain::{Domain, Slot, Snapshot, Txid, is_owner};
pub use error::StorageError;
pub(crate) use feed::TableFeed;
pub use filter::Filter;
pub(crate) use filter::{ScalarKind, typed_field};
pub use read::Page;
pub use schema::{Domains, Schema};
pub use select::{Query, Select, ValidateWindow, Window};
pub use sql::TableSql;
pub use statement::{Dependencies, Direction, Place, Statement};
pub use table::Table;
pub(crate) use table::rows_view;
pub use transaction::{CallKey, Mode, Transaction};
