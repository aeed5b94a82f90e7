//! One attempt of one call, as storage sees it: a snapshot, what was read, what waits to be written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::lock::Mutex as AsyncMutex;

use crate::host::{Clock, Connection, Database, DbError, Host, Outcome, Row};
use crate::perm::Perm;
use crate::storage::commit::Stored;
use crate::storage::domain::{Domain, Snapshot, Txid};
use crate::storage::error::StorageError;
use crate::storage::overlay::Overlay;
use crate::storage::schema::{Domains, Schema};
use crate::storage::statement::Statement;
use crate::storage::table::Table;

/// What makes attempts and retries of one logical call the same call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallKey {
    /// `req:` and a hash of owner, user, route and idempotency key.
    pub sid: String,
    /// Hash of what was asked.
    pub req_hash: Vec<u8>,
}

/// How a call is kept apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads at a snapshot, checks at the end.
    Optimistic,
    /// Holds the mutexes from the start, on one connection.
    Pinned,
}

/// One attempt of one call, as storage sees it. The methods are those of the runtime's
/// `NativeCall`; they may be called concurrently.
pub struct Transaction<H: Host> {
    pub(super) host: Arc<H>,
    pub(super) schema: Arc<Schema>,
    pub(super) known: Arc<Domains>,
    pub(super) owner: Arc<str>,
    pub(super) perm: Perm,
    /// `None` for a call that cannot write.
    pub(super) key: Option<CallKey>,
    /// Pinned: the connection that holds the mutexes. Optimistic: taken while the snapshot is
    /// being fetched, so that concurrent first reads come to the same one.
    pub(super) gate: AsyncMutex<Option<<H::Database as Database>::Connection>>,
    pub(super) mode: Mode,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub snapshot: Option<Snapshot>,
    pub tables: HashMap<String, Overlay>,
    pub closed: bool,
    /// Set once nothing this attempt does can stand.
    pub doomed: Option<StorageError>,
    pub stored: Option<Stored>,
    rows_read: usize,
}

impl State {
    pub fn overlay(&mut self, table: &Table) -> &mut Overlay {
        if !self.tables.contains_key(table.id()) {
            self.tables
                .insert(table.id().to_owned(), Overlay::default());
        }
        self.tables.entry(table.id().to_owned()).or_default()
    }
}

impl State {
    fn learn_snapshot(&mut self, newest: Snapshot, horizon: Snapshot) -> Result<(), StorageError> {
        let snapshot = *self.snapshot.get_or_insert(newest);
        if horizon.shared > snapshot.shared || horizon.own > snapshot.own {
            self.doomed = Some(StorageError::SnapshotTooOld);
            return Err(StorageError::SnapshotTooOld);
        }
        Ok(())
    }

    fn learn_stored(&mut self, stored: Stored) {
        self.stored = Some(stored);
        self.doomed = Some(StorageError::AlreadyCommitted);
    }
}

impl<H: Host> Transaction<H> {
    /// Bytes of rows one call may write.
    const MAX_BYTES: usize = 32 * 1024 * 1024;
    /// Rows one call may write.
    const MAX_ROWS: usize = 50_000;

    /// A transaction that has touched nothing yet.
    #[must_use]
    pub fn new(
        host: Arc<H>,
        schema: Arc<Schema>,
        known: Arc<Domains>,
        owner: Arc<str>,
        perm: Perm,
        key: Option<CallKey>,
        mode: Mode,
    ) -> Self {
        let state = Mutex::new(State::default());
        Self {
            host,
            schema,
            known,
            owner,
            perm,
            key,
            gate: AsyncMutex::new(None),
            mode,
            state,
        }
    }

    /// Takes the mutexes of every domain the call may touch. Waits for them as long as the
    /// database lets it (its lock timeout: a conflict).
    pub async fn pin(&self) -> Result<(), StorageError> {
        let role = self.schema.catalog(&*self.host).await?.role;
        let domains = self.schema.domains(&self.owner);
        let mut gate = self.gate.lock().await;
        let mut connection = self.host.database().acquire().await?;
        let mut batch = self.known.ensure(&domains);
        batch.push(Statement::BeginWrite);
        batch.extend(
            domains
                .iter()
                .map(|d| Statement::LockMutex { domain: d.clone() }),
        );
        batch.push(Statement::Snapshots {
            domains: domains.clone(),
        });
        batch.extend(self.stored_statement());
        batch.push(Statement::ActAs {
            role,
            owner: self.owner.clone(),
        });
        let outcome = connection.run(&batch).await;
        if let Some((statement, error)) = first_error(&batch, &outcome) {
            if matches!(statement, Statement::LockMutex { .. }) && error.sqlstate() == Some("22012")
            {
                self.known.forget(&domains);
                return Err(StorageError::Conflict);
            }
            return Err(error.clone().into());
        }
        self.known.learn(&domains);
        self.learn(&batch, outcome)?;
        *gate = Some(connection);
        Ok(())
    }

    /// Ends the attempt: every later operation is refused, a pinned connection is given up.
    pub fn close(&self) {
        self.state().closed = true;
        // Whoever holds the gate sees `closed` before it puts a connection back to use.
        if let Some(mut gate) = self.gate.try_lock() {
            gate.take();
        }
    }

    /// Why nothing this attempt does can stand, if so.
    #[must_use]
    pub fn doom(&self) -> Option<StorageError> {
        self.state().doomed.clone()
    }

    /// What an earlier attempt of the same call committed, if one did.
    #[must_use]
    pub fn stored(&self) -> Option<Stored> {
        self.state().stored.clone()
    }

    /// The number this call's commit would have if no other came before: one more than the newest
    /// commit it sees in its owner's domain. The first use fetches the snapshot.
    pub async fn current_txid(&self) -> Result<i64, StorageError> {
        self.open()?;
        if self.snapshot().is_none() {
            let gate = self.gate.lock().await;
            if self.snapshot().is_none() {
                self.trip(None).await?;
            }
            drop(gate);
        }
        let snapshot = self.snapshot().ok_or(StorageError::Internal)?;
        Ok(snapshot.own.0 + 1)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        self.state().snapshot
    }

    /// Refuses an operation on a call that is over or cannot stand.
    pub(super) fn open(&self) -> Result<(), StorageError> {
        let state = self.state();
        match &state.doomed {
            Some(doom) => Err(doom.clone()),
            None if state.closed => Err(StorageError::Closed),
            None => Ok(()),
        }
    }

    /// The table, if this operation may be done with it.
    pub(super) async fn permitted(
        &self,
        table: &str,
        operation: &'static str,
        needs: Perm,
    ) -> Result<Arc<Table>, StorageError> {
        self.open()?;
        let table = self.schema.table(table)?.clone();
        let catalog = self.schema.catalog(&*self.host).await?;
        if (self.perm & catalog.permissions(&table)?).allows(needs) {
            return Ok(table);
        }
        Err(StorageError::PermissionDenied {
            operation,
            table: table.id().to_owned(),
        })
    }

    /// Refuses to buffer more than a call may write.
    pub(super) fn check_budget(state: &State) -> Result<(), StorageError> {
        let bytes: usize = state.tables.values().map(Overlay::bytes).sum();
        let rows: usize = state.tables.values().map(Overlay::written).sum();
        match () {
            () if bytes > Self::MAX_BYTES => Err(StorageError::Budget("32 MiB written")),
            () if rows > Self::MAX_ROWS => Err(StorageError::Budget("50,000 rows written")),
            () => Ok(()),
        }
    }

    /// Rows at the call's snapshot: one round trip, which on the first read fetches the snapshot
    /// as well. `build` gets the snapshot to read at, or `None` if the database is at it.
    pub(super) async fn read(
        &self,
        build: impl FnOnce(Option<&Snapshot>) -> Statement,
    ) -> Result<Vec<Row>, StorageError> {
        if self.mode == Mode::Pinned {
            return self.read_pinned(build(None)).await;
        }
        if let Some(snapshot) = self.snapshot() {
            return self.trip(Some(build(Some(&snapshot)))).await;
        }
        let gate = self.gate.lock().await;
        if let Some(snapshot) = self.snapshot() {
            drop(gate);
            return self.trip(Some(build(Some(&snapshot)))).await;
        }
        let rows = self.trip(Some(build(None))).await;
        drop(gate);
        rows
    }

    async fn read_pinned(&self, statement: Statement) -> Result<Vec<Row>, StorageError> {
        let mut gate = self.gate.lock().await;
        self.open()?;
        let mut connection = gate.take().ok_or(StorageError::Closed)?;
        let result = connection.run(&[statement]).await.pop();
        match result.unwrap_or(Err(DbError::Lost("no answer".to_owned()))) {
            Ok(rows) => {
                if !self.state().closed {
                    *gate = Some(connection);
                }
                self.count_read(rows.len())?;
                Ok(rows)
            }
            // The transaction is gone, and the mutexes with it.
            Err(error) => {
                let error = match StorageError::from(error) {
                    StorageError::Unavailable => StorageError::Conflict,
                    other => other,
                };
                self.state().doomed = Some(error.clone());
                Err(error)
            }
        }
    }

    async fn trip(&self, statement: Option<Statement>) -> Result<Vec<Row>, StorageError> {
        let role = self.schema.catalog(&*self.host).await?.role;
        let domains = self.schema.domains(&self.owner);
        let mut batch = Vec::with_capacity(6);
        if let Some(row @ Statement::ReadRow { .. }) = statement {
            batch.push(row);
        } else {
            batch.extend([Statement::BeginRead, Statement::Snapshots { domains }]);
            if self.snapshot().is_none() {
                batch.extend(self.stored_statement());
            }
            if let Some(statement) = statement {
                batch.push(Statement::ActAs {
                    role,
                    owner: self.owner.clone(),
                });
                batch.push(statement);
            }
            batch.push(Statement::Commit);
        }
        // A read is harmless to repeat: one that meets a connection the server has closed takes another.
        let mut retry = true;
        loop {
            let mut connection = self.host.database().acquire().await?;
            let outcome = connection.run(&batch).await;
            drop(connection);
            let error = match first_error(&batch, &outcome) {
                None => return self.learn(&batch, outcome),
                Some((_, error)) => error.clone(),
            };
            match StorageError::from(error) {
                StorageError::Unavailable if retry => {
                    retry = false;
                    self.host
                        .clock()
                        .sleep(std::time::Duration::from_millis(20))
                        .await;
                }
                error => return Err(error),
            }
        }
    }

    /// Takes in the snapshot and what an earlier attempt left; gives back the rows that were read.
    fn learn(&self, batch: &[Statement], outcome: Outcome) -> Result<Vec<Row>, StorageError> {
        let mut rows = Vec::new();
        let mut state = self.state();
        for (statement, result) in batch.iter().zip(outcome) {
            let result = result?;
            match statement {
                Statement::Snapshots { .. } => {
                    let [newest, horizon] = self.snapshots(&result);
                    state.learn_snapshot(newest, horizon)?;
                }
                Statement::Stored { .. } => {
                    if let Some(row) = result.first() {
                        state.learn_stored(Stored::from_row(row, 0));
                    }
                }
                Statement::ReadRow { .. } => {
                    let row = result.first().ok_or(StorageError::Internal)?;
                    let [newest, horizon] = [0, 2].map(|column| Snapshot {
                        own: Txid(row.int(column).unwrap_or(0)),
                        shared: Txid(row.int(column + 1).unwrap_or(0)),
                    });
                    if row.bytes(4).is_some() {
                        state.learn_stored(Stored::from_row(row, 4));
                    }
                    state.learn_snapshot(newest, horizon)?;
                    rows = result;
                }
                Statement::ReadRows { .. } | Statement::Select(_) => rows = result,
                _ => {}
            }
        }
        if let Some(doom) = &state.doomed {
            return Err(doom.clone());
        }
        drop(state);
        self.count_read(rows.len())?;
        Ok(rows)
    }

    /// The newest commits and the horizons that [`Statement::Snapshots`] found.
    fn snapshots(&self, rows: &[Row]) -> [Snapshot; 2] {
        let find = |name: &str| rows.iter().find(|row| row.text(0) == Some(name));
        let of = |name: &str, column| find(name).and_then(|row| row.int(column)).unwrap_or(0);
        [1, 2].map(|column| Snapshot {
            shared: Txid(of(Domain::Shared.name(), column)),
            own: Txid(of(&self.owner, column)),
        })
    }

    fn count_read(&self, rows: usize) -> Result<(), StorageError> {
        const MAX_ROWS_READ: usize = 1_000_000;
        let mut state = self.state();
        state.rows_read += rows;
        if state.rows_read > MAX_ROWS_READ {
            return Err(StorageError::Budget("a million rows read"));
        }
        Ok(())
    }

    /// The sid to ask for with the first read.
    pub(super) fn unanswered_sid(&self, snapshot: Option<&Snapshot>) -> Option<String> {
        let key = self.key.as_ref().filter(|_| snapshot.is_none());
        key.filter(|_| self.mode == Mode::Optimistic)
            .map(|key| key.sid.clone())
    }

    fn stored_statement(&self) -> Option<Statement> {
        self.key.as_ref().map(|key| Statement::Stored {
            sid: key.sid.clone(),
        })
    }
}

/// The first statement that failed: those after it failed because of it.
pub(super) fn first_error<'a>(
    batch: &'a [Statement],
    outcome: &'a Outcome,
) -> Option<(&'a Statement, &'a DbError)> {
    let mut results = batch.iter().zip(outcome);
    results.find_map(|(statement, result)| Some((statement, result.as_ref().err()?)))
}
