//! Migrations: from a build and what the database has, to SQL.
//!
//! Nothing here talks to a database. Whoever does takes an advisory lock, reads what is there
//! ([`Existing`]), and runs [`plan`]'s statements in one transaction.

mod ddl;
mod error;
mod existing;
mod fields;
mod functions;
mod plan;

pub use error::MigrationError;
pub use existing::{Existing, Login, StoredTable, TableNote};
pub use fields::IndexNote;
pub(crate) use fields::{indexes, required, required_fields};
pub use plan::{GATEWAY_ROLE, Plan, is_degraded, plan};
