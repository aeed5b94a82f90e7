//! The database, as the gateway needs it: connections that run batches of statements in one trip.

use std::future::Future;

use crate::host::row::Row;
use crate::storage::Statement;

/// Hands out connections.
pub trait Database {
    /// One connection, this call's alone until it is dropped.
    type Connection: Connection;

    /// A connection ready for a transaction.
    fn acquire(&self) -> impl Future<Output = Result<Self::Connection, DbError>>;
}

/// What became of each statement of a batch, in order. A statement after a failed one in the same
/// transaction fails too, so the first error is the one that counts.
pub type Outcome = Vec<Result<Vec<Row>, DbError>>;

/// One connection to the database.
///
/// Dropping it in the middle of a transaction, or while a batch is under way, must end the
/// connection and never hand it to the next call: the future of a call may be dropped anywhere.
pub trait Connection {
    /// Sends every statement at once, in order, and waits for all answers: one round trip. Each
    /// statement sees what the ones before it did; under READ COMMITTED each takes its snapshot
    /// when it starts, so a statement after a lock sees what was committed while waiting for it.
    fn run(&mut self, batch: &[Statement]) -> impl Future<Output = Outcome>;
}

/// Why the database did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The server refused a statement.
    #[error("{sqlstate}: {message}")]
    Refused {
        /// The five characters of Postgres's appendix A.
        sqlstate: String,
        /// The server's message: for logs, never for a client.
        message: String,
        /// The constraint or unique index that was broken, if it was one.
        constraint: Option<String>,
    },
    /// The connection is gone. If a COMMIT was among what had been sent, it may have taken effect.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// No connection could be had: nothing was sent.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
}

impl DbError {
    /// The SQLSTATE, if the server gave one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Refused { sqlstate, .. } => Some(sqlstate),
            Self::Lost(_) | Self::Unreachable(_) => None,
        }
    }
}
