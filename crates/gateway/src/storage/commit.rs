//! The end of a call: what it wrote becomes durable, once.

use std::sync::Arc;
use std::time::Duration;

use crate::host::{Clock, Connection, Database, DbError, Host, Outcome, Row};
use crate::storage::apply::{Applied, Apply, Part};
use crate::storage::error::StorageError;
use crate::storage::group::Group;
use crate::storage::statement::Statement;
use crate::storage::transaction::{CallKey, Mode, Transaction};
use crate::storage::windows::ended_alone;

/// What a committed call left for its retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Hash of what was asked.
    pub req_hash: Vec<u8>,
    /// The reply; `None` if it was too large to keep.
    pub reply: Option<Vec<u8>>,
}

impl Stored {
    /// From two columns, the first of them this one.
    pub(super) fn from_row(row: &Row, column: usize) -> Self {
        let req_hash = row.bytes(column).unwrap_or_default().to_vec();
        Self {
            req_hash,
            reply: row.bytes(column + 1).map(<[u8]>::to_vec),
        }
    }
}

/// How a commit ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// Nothing was written: the call stands at its snapshot.
    ReadOnly,
    /// The writes took effect.
    Written,
    /// An earlier attempt's writes had taken effect; these were dropped.
    Earlier(Stored),
}

/// Why a commit did not take effect.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// Nothing is known: the commit may have taken effect.
    Lost,
    /// The domain's fixed rows are not there.
    NoMutex,
    /// The call's sid is taken.
    Duplicate,
    /// What a query looked at is another now: changed by another call, or by this one's own commit,
    /// whose acknowledgement was lost.
    Changed,
    /// It did not take effect.
    Storage(StorageError),
}

impl<H: Host> Transaction<H> {
    /// Times a commit is sent again after its acknowledgement was lost.
    const RESENDS: u32 = 4;

    /// Ends the attempt and makes its writes durable, together with what a retry gets back.
    /// [`StorageError::Conflict`] and [`StorageError::SnapshotTooOld`]: run the call again.
    /// [`StorageError::Unavailable`]: it may or may not have taken effect; a retry with the same
    /// key finds out.
    pub async fn commit(&self, reply: Option<Vec<u8>>) -> Result<Committed, StorageError> {
        // Operations still under way finish first; later ones are refused.
        let mut gate = self.gate.lock().await;
        self.open()?;
        self.state().closed = true;
        let pinned = gate.take();
        drop(gate);
        let Some(apply) = self.plan(reply)? else {
            return Ok(Committed::ReadOnly);
        };
        match pinned {
            Some(connection) => self.commit_pinned(connection, &apply).await,
            None if self.mode == Mode::Pinned => Err(StorageError::Conflict),
            None => self.commit_validated(&apply).await,
        }
    }

    fn plan(&self, reply: Option<Vec<u8>>) -> Result<Option<Arc<Apply>>, StorageError> {
        let mut state = self.state();
        let mut parts = Vec::new();
        for (id, overlay) in std::mem::take(&mut state.tables) {
            let table = self.schema.table(&id)?.clone();
            let changes = overlay.changes();
            if !changes.is_empty() || !overlay.dependencies.is_empty() {
                parts.push(Part {
                    table,
                    dependencies: overlay.dependencies,
                    changes,
                });
            }
        }
        if parts.iter().all(|part| part.changes.is_empty()) {
            return Ok(None);
        }
        Ok(Some(Arc::new(Apply {
            key: self.key.clone().ok_or(StorageError::Internal)?,
            reply,
            owner: self.owner.clone(),
            snapshot: state.snapshot,
            parts,
        })))
    }

    async fn commit_validated(&self, apply: &Arc<Apply>) -> Result<Committed, StorageError> {
        let domains = apply.domains();
        let mut first = match &domains[..] {
            [domain] if !apply.has_windows() => Some(
                self.known
                    .groups
                    .commit(&self.known, &*self.host, domain, apply)
                    .await,
            ),
            // Over two domains there is nobody to commit with.
            _ => None,
        };
        for resend in 0..=Self::RESENDS {
            let result = match first.take() {
                Some(Group::Ended(result)) => result,
                Some(Group::Alone) | None => self.commit_alone(apply).await?,
            };
            match result {
                Ok(()) => {
                    self.known.learn(&domains);
                    self.known.listeners.tell(&apply.written());
                    return Ok(Committed::Written);
                }
                Err(Failure::Duplicate | Failure::Changed) => {
                    return self.earlier(&apply.key).await;
                }
                Err(Failure::NoMutex) => self.known.forget(&domains),
                Err(Failure::Storage(error)) => return Err(error),
                Err(Failure::Lost) => {
                    self.host
                        .clock()
                        .sleep(Duration::from_millis(25 << resend))
                        .await;
                }
            }
        }
        Err(StorageError::Unavailable)
    }

    async fn commit_alone(&self, apply: &Arc<Apply>) -> Result<Result<(), Failure>, StorageError> {
        let mut batch = self.known.ensure(&apply.domains());
        let role = self.schema.catalog(&*self.host).await?.role;
        batch.extend(apply.alone(role));
        let mut connection = self.host.database().acquire().await?;
        let outcome = connection.run(&batch).await;
        Ok(ended_alone(&batch, &outcome))
    }

    async fn commit_pinned(
        &self,
        mut connection: <H::Database as Database>::Connection,
        apply: &Arc<Apply>,
    ) -> Result<Committed, StorageError> {
        let batch = [
            Statement::ActAsSelf,
            Statement::Apply(apply.clone()),
            Statement::Commit,
        ];
        let outcome = connection.run(&batch).await;
        drop(connection);
        match ended(&batch, &outcome).and_then(|applied| applied.into_iter().collect()) {
            Ok(()) => {
                self.known.listeners.tell(&apply.written());
                Ok(Committed::Written)
            }
            Err(Failure::Duplicate | Failure::Changed) => self.earlier(&apply.key).await,
            // The mutexes are lost: what was read is checked like anyone's.
            Err(Failure::Lost | Failure::NoMutex) => self.commit_validated(apply).await,
            Err(Failure::Storage(error)) => Err(error),
        }
    }

    /// What the attempt that did commit left behind.
    async fn earlier(&self, key: &CallKey) -> Result<Committed, StorageError> {
        let mut connection = self.host.database().acquire().await?;
        let outcome = connection
            .run(&[Statement::Stored {
                sid: key.sid.clone(),
            }])
            .await;
        let rows = outcome.into_iter().next().ok_or(StorageError::Internal)??;
        match rows.first() {
            Some(row) => Ok(Committed::Earlier(Stored::from_row(row, 0))),
            None => Err(StorageError::Conflict),
        }
    }
}

/// How each [`Statement::Apply`] of a batch ended, if the batch ran to its end.
pub(super) fn ended(
    batch: &[Statement],
    outcome: &Outcome,
) -> Result<Vec<Result<(), Failure>>, Failure> {
    if outcome.len() != batch.len() {
        return Err(Failure::Lost);
    }
    let mut results = Vec::new();
    for (statement, result) in batch.iter().zip(outcome) {
        let rows = result.as_ref().map_err(|error| failure(statement, error))?;
        if let Statement::Apply(apply) = statement {
            results.push(apply.ended(rows));
        }
    }
    Ok(results)
}

/// What a batch's first failed statement means for all of it.
fn failure(statement: &Statement, error: &DbError) -> Failure {
    if let Statement::Apply(apply) = statement
        && let Some(broken) = apply.broken_rule(error)
    {
        return Failure::Storage(broken);
    }
    match error {
        DbError::Lost(_) | DbError::Unreachable(_) => Failure::Lost,
        DbError::Refused { .. } => match StorageError::from(error.clone()) {
            // A server that goes down tells the statement under way, and ends the connection.
            StorageError::Unavailable => Failure::Lost,
            other => Failure::Storage(other),
        },
    }
}

impl Apply {
    /// Which rule of a table the commit's rows break, if that is what is wrong.
    fn broken_rule(&self, error: &DbError) -> Option<StorageError> {
        let mut parts = self.parts.iter();
        parts.find_map(|part| part.table.broken_rule(error))
    }

    fn ended(&self, rows: &[Row]) -> Result<(), Failure> {
        match Applied::of(rows) {
            Some(Applied::Written) => Ok(()),
            Some(Applied::NoMutex) => Err(Failure::NoMutex),
            Some(Applied::Duplicate) => Err(Failure::Duplicate),
            Some(Applied::TooOld) => Err(Failure::Storage(StorageError::SnapshotTooOld)),
            Some(Applied::Conflict) => Err(Failure::Storage(StorageError::Conflict)),
            Some(Applied::Exists) => {
                let mut parts = self.parts.iter();
                let part = parts.find(|part| !part.changes.absent.is_empty());
                let table = part.map_or("", |part| part.table.id());
                Err(Failure::Storage(StorageError::AlreadyExists(
                    table.to_owned(),
                )))
            }
            None => Err(Failure::Storage(StorageError::Internal)),
        }
    }
}
