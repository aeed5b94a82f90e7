//! One Postgres connection, running the gateway's batches.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures::TryStreamExt;
use futures::future::{MaybeDone, maybe_done};
use kontract_gateway::{Connection, DbError, Outcome, Row, Statement};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::value::{self, Param};

/// How statements reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatementMode {
    /// Prepared once per connection, then only bound: fastest.
    #[default]
    Prepared,
    /// Parsed anew each time, never named: for poolers that hand connections on between
    /// transactions.
    Unnamed,
}

/// One Postgres connection. Somebody else drives its byte stream
/// ([`tokio_postgres::Connection`]).
pub struct ClientConnection {
    client: Client,
    mode: StatementMode,
    prepared: HashMap<String, tokio_postgres::Statement>,
    in_transaction: bool,
    broken: bool,
}

impl ClientConnection {
    /// Prepared texts kept per connection; a server full of tables starts over.
    const MAX_PREPARED: usize = 1024;

    /// A connection that has just been opened.
    #[must_use]
    pub fn new(client: Client, mode: StatementMode) -> Self {
        Self {
            client,
            mode,
            prepared: HashMap::new(),
            in_transaction: false,
            broken: false,
        }
    }

    /// Whether another call may use it: alive, nothing under way, no transaction open.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.broken && !self.in_transaction && !self.client.is_closed()
    }

    /// Prepares what the batch needs and is not there, all at once.
    async fn prepare(&mut self, batch: &[Statement]) -> Result<(), DbError> {
        if self.prepared.len() > Self::MAX_PREPARED {
            self.prepared.clear();
        }
        let mut missing: Vec<&str> = batch.iter().map(Statement::sql).collect();
        missing.retain(|sql| !self.prepared.contains_key(*sql));
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let prepare = missing.iter().map(|sql| self.client.prepare(sql)).collect();
        for (sql, prepared) in missing.into_iter().zip(in_order(prepare).await) {
            let prepared = prepared.map_err(|error| unprepared(value::db_error(&error)))?;
            self.prepared.insert(sql.to_owned(), prepared);
        }
        Ok(())
    }

    async fn one(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        let values = statement.params();
        let rows = match self.mode {
            StatementMode::Prepared => {
                let prepared = self.prepared.get(statement.sql());
                let prepared = prepared.ok_or(DbError::Lost("not prepared".to_owned()))?;
                self.client
                    .query_raw(prepared, values.iter().map(Param))
                    .await
            }
            StatementMode::Unnamed => {
                let typed = |value| (Param(value), Param::type_of(value));
                let params: Vec<(Param<'_>, Type)> = values.iter().map(typed).collect();
                self.client.query_typed_raw(statement.sql(), params).await
            }
        };
        let failed = |error: Error| value::db_error(&error);
        let rows = std::pin::pin!(rows.map_err(failed)?);
        rows.map_err(failed)
            .and_then(async |row| value::row(&row))
            .try_collect()
            .await
    }

    /// Follows whether a transaction is open, and whether the connection can go on.
    fn follow(&mut self, statement: &Statement, result: &Result<Vec<Row>, DbError>) {
        match (statement, result) {
            (Statement::BeginRead | Statement::BeginWrite, Ok(_)) => self.in_transaction = true,
            (Statement::Commit | Statement::Rollback, Ok(_)) => self.in_transaction = false,
            (Statement::Commit | Statement::Rollback, Err(_)) => self.broken = true,
            (_, Err(DbError::Refused { sqlstate, .. })) => {
                // 0A000: a prepared statement whose table has changed.
                self.broken |= ends_connection(sqlstate) || sqlstate == "0A000";
            }
            (_, Err(_)) => self.broken = true,
            (_, Ok(_)) => {}
        }
    }
}

/// A prepared statement that is gone (26000), or there before it was prepared (42P05): somebody else
/// works on the same server connection. Nothing more can be said of this one.
fn unprepared(error: DbError) -> DbError {
    match error {
        DbError::Refused { sqlstate, .. } if matches!(&*sqlstate, "26000" | "42P05") => {
            DbError::Lost(format!(
                "{sqlstate}: prepared statements come and go, so there is a pooler between that was \
                 not noticed; add pgbouncer=true to the database's address"
            ))
        }
        other => other,
    }
}

/// Connection exceptions, shutdown, idle-in-transaction timeout: FATAL, the server hangs up.
fn ends_connection(sqlstate: &str) -> bool {
    sqlstate.starts_with("08")
        || sqlstate.starts_with("57P")
        || sqlstate.starts_with("25P0") && sqlstate != "25P02"
}

impl Connection for ClientConnection {
    async fn run(&mut self, batch: &[Statement]) -> Outcome {
        // If this future is dropped here or below, the connection stays marked.
        let healthy = !std::mem::replace(&mut self.broken, true);
        if !healthy {
            return vec![Err(DbError::Lost("the connection is broken".to_owned())); batch.len()];
        }
        if self.mode == StatementMode::Prepared
            && let Err(error) = self.prepare(batch).await
        {
            return vec![Err(error); batch.len()];
        }
        let outcome = in_order(batch.iter().map(|statement| self.one(statement)).collect()).await;
        let outcome: Outcome = outcome
            .into_iter()
            .map(|result| result.map_err(unprepared))
            .collect();
        self.broken = false;
        for (statement, result) in batch.iter().zip(&outcome) {
            self.follow(statement, result);
        }
        outcome
    }
}

/// Runs futures together; each is polled first in the sequence given, which is the sequence their
/// requests are sent in.
async fn in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<MaybeDone<F>>>> = futures
        .into_iter()
        .map(|future| Box::pin(maybe_done(future)))
        .collect();
    poll_fn(|context| {
        let mut pending = false;
        for future in &mut futures {
            pending |= future.as_mut().poll(context).is_pending();
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    futures
        .iter_mut()
        .filter_map(|future| future.as_mut().take_output())
        .collect()
}

impl std::fmt::Debug for ClientConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConnection")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
