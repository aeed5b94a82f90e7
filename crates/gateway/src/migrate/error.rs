//! Migrations that must not be made without a person's say.

use crate::manifest::Tenancy;

/// A change that would lose or expose data, or a database that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// Rows would change hands.
    #[error(
        "KT5101: table {table} is {was:?} in the database and {now:?} in the build; its rows would change hands"
    )]
    Tenancy {
        /// The table's id.
        table: String,
        /// In the database.
        was: Tenancy,
        /// In the build.
        now: Tenancy,
    },
    /// The build would start an empty table beside the full one.
    #[error(
        "KT5102: table {table} is stored as {was}, the build says {now}; is kontract.lock.json the one it was deployed with?"
    )]
    Ptr {
        /// The table's id.
        table: String,
        /// In the database.
        was: String,
        /// In the build.
        now: String,
    },
    /// Rows are stored under another field's value.
    #[error("KT5103: table {table} is keyed by {was} in the database and by {now} in the build")]
    Primkey {
        /// The table's id.
        table: String,
        /// In the database.
        was: String,
        /// In the build.
        now: String,
    },
    /// A unique index cannot be made of what is there.
    #[error(
        "KT5106: rows of {table} have the same {field}: make them differ, or take (unique=true) from the index"
    )]
    NotUnique {
        /// The table's id.
        table: String,
        /// The field.
        field: String,
    },
    /// The login may not do what a migration needs.
    #[error(
        "KT5104: {login} may not create a schema in database {database}: GRANT CREATE ON DATABASE {database} TO {login}"
    )]
    Privilege {
        /// The login's name.
        login: String,
        /// The database.
        database: String,
    },
    /// A relation of the table's name is there, and is not the table.
    #[error("KT5105: kontract.{ptr} exists and is not table {table}")]
    Foreign {
        /// The table's id.
        table: String,
        /// The relation.
        ptr: String,
    },
}
