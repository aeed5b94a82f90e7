//! What storage says no with.

use crate::host::DbError;

/// Why a storage operation failed. [`StorageError::code`] and [`StorageError::status`] are what a
/// client sees, the text is for its developer and never quotes the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// No such table in this build.
    #[error("there is no table {0}")]
    UnknownTable(String),
    /// `update` of a row that is not there.
    #[error("there is no {id} in {table}")]
    NotFound {
        /// The table.
        table: String,
        /// The row.
        id: String,
    },
    /// The operation's bit is missing in `ctx.perm` or in the table's permissions.
    #[error("{operation} on {table} is not permitted")]
    PermissionDenied {
        /// What was tried.
        operation: &'static str,
        /// The table.
        table: String,
    },
    /// A read-only field would get another value than the one its row was created with.
    #[error("Field '{0}' is read-only")]
    ReadOnlyField(String),
    /// A filter names a write-only field.
    #[error("Field '{0}' is write-only")]
    WriteOnlyField(String),
    /// `push` of a row whose id is taken.
    #[error("a row pushed to {0} has the id of one that is there")]
    AlreadyExists(String),
    /// A unique field would have a value twice.
    #[error("another row of {table} has this {field}")]
    NotUnique {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// A row without a field that its type requires.
    #[error("{table}.{field} is required")]
    MissingField {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// The value cannot be stored.
    #[error("{0}")]
    InvalidValue(String),
    /// One call reads or writes more than it may.
    #[error("the call exceeds its budget: {0}")]
    Budget(&'static str),
    /// Another call changed what this one had read. The gateway runs it again.
    #[error("another call changed what this one had read")]
    Conflict,
    /// History at the call's snapshot has been collected. The gateway runs it again.
    #[error("the call's snapshot is too old")]
    SnapshotTooOld,
    /// An earlier attempt of the same call has committed; its stored reply is the answer.
    #[error("the call has already committed")]
    AlreadyCommitted,
    /// The call is over: it returned, or ran out of time.
    #[error("the call is over")]
    Closed,
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unavailable,
    /// The database took too long.
    #[error("the database took too long")]
    Timeout,
    /// The database has not been migrated to this build.
    #[error("{0} is not in the database yet: the migration has not run")]
    NotMigrated(String),
    /// The database refused a statement it should have taken. Logged where it happened.
    #[error("internal error")]
    Internal,
}

impl StorageError {
    /// The stable code a client sees.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTable(_) | Self::NotFound { .. } => "NOT_FOUND",
            Self::PermissionDenied { .. } | Self::ReadOnlyField(_) | Self::WriteOnlyField(_) => {
                "PERMISSION_DENIED"
            }
            Self::AlreadyExists(_) | Self::NotUnique { .. } => "ALREADY_EXISTS",
            Self::InvalidValue(_) | Self::MissingField { .. } | Self::Budget(_) => {
                "INVALID_REQUEST"
            }
            Self::Conflict | Self::AlreadyCommitted => "CONFLICT",
            Self::SnapshotTooOld => "SNAPSHOT_TOO_OLD",
            Self::Closed | Self::Timeout => "TIMEOUT",
            Self::Unavailable | Self::NotMigrated(_) => "SERVICE_UNAVAILABLE",
            Self::Internal => "INTERNAL_ERROR",
        }
    }

    /// HTTP's status code for it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownTable(_) | Self::NotFound { .. } => 404,
            Self::PermissionDenied { .. } | Self::ReadOnlyField(_) | Self::WriteOnlyField(_) => 403,
            Self::AlreadyExists(_)
            | Self::NotUnique { .. }
            | Self::Conflict
            | Self::AlreadyCommitted => 409,
            Self::InvalidValue(_) | Self::MissingField { .. } | Self::Budget(_) => 400,
            Self::Closed | Self::Timeout => 504,
            Self::Unavailable | Self::NotMigrated(_) | Self::SnapshotTooOld => 503,
            Self::Internal => 500,
        }
    }
}

impl From<DbError> for StorageError {
    /// What a failed statement means when its place in a batch says nothing more.
    fn from(error: DbError) -> Self {
        let DbError::Refused { sqlstate, .. } = &error else {
            tracing::warn!(%error, "database");
            return Self::Unavailable;
        };
        match sqlstate.as_bytes() {
            // Serialization failure, deadlock, lock timeout.
            b"40001" | b"40P01" | b"55P03" => Self::Conflict,
            b"57014" => Self::Timeout,
            // Undefined schema or table.
            b"3F000" | b"42P01" => Self::NotMigrated("kontract".to_owned()),
            // The value: class 22 is data exceptions, 54 program limits.
            [b'2', b'2', ..] | [b'5', b'4', ..] => {
                Self::InvalidValue("the database cannot hold this value".to_owned())
            }
            // Connection exceptions, out of resources, shutdown, idle-in-transaction timeout.
            [b'0', b'8', ..] | [b'5', b'3', ..] | [b'5', b'7', b'P', ..] | b"25P03" => {
                tracing::warn!(%error, "database");
                Self::Unavailable
            }
            _ => {
                tracing::error!(%error, "the database refused a statement");
                Self::Internal
            }
        }
    }
}
