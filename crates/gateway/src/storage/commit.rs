//! The commit: one pipelined trip that locks, numbers, checks and writes.

use std::time::Duration;

use crate::host::{Clock, Connection, Database, DbError, Host, Outcome, Row};
use crate::storage::domain::Domain;
use crate::storage::error::StorageError;
use crate::storage::overlay::Changes;
use crate::storage::statement::{Dependencies, Statement, domain_of, snapshot_of};
use crate::storage::table::Table;
use crate::storage::transaction::{CallKey, Mode, Transaction, first_error};

use std::sync::Arc;

/// What a committed call left for its retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Hash of what was asked.
    pub req_hash: Vec<u8>,
    /// The reply; `None` if it was too large to keep.
    pub reply: Option<Vec<u8>>,
}

impl Stored {
    pub(super) fn from_row(row: &Row) -> Self {
        let req_hash = row.bytes(0).unwrap_or_default().to_vec();
        Self {
            req_hash,
            reply: row.bytes(1).map(<[u8]>::to_vec),
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

/// One commit, ready to be sent as often as it takes.
struct Plan {
    key: CallKey,
    reply: Option<Vec<u8>>,
    /// Every domain read or written, in the order mutexes are taken.
    domains: Vec<Domain>,
    written: Vec<Domain>,
    tables: Vec<(Arc<Table>, Dependencies, Changes)>,
}

enum Failure {
    /// Nothing is known: the commit may have taken effect.
    Lost,
    /// The domain's fixed rows are not there.
    NoMutex,
    /// The call's sid is taken.
    Duplicate,
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
        let Some(plan) = self.plan(reply)? else {
            return Ok(Committed::ReadOnly);
        };
        match pinned {
            Some(connection) => self.commit_pinned(connection, &plan).await,
            None if self.mode == Mode::Pinned => Err(StorageError::Conflict),
            None => self.commit_validated(&plan).await,
        }
    }

    fn plan(&self, reply: Option<Vec<u8>>) -> Result<Option<Plan>, StorageError> {
        let mut state = self.state();
        let mut tables = Vec::new();
        let (mut domains, mut written) = (Vec::new(), Vec::new());
        for (id, overlay) in std::mem::take(&mut state.tables) {
            let table = self.schema.table(&id)?.clone();
            let changes = overlay.changes();
            if changes.is_empty() && overlay.dependencies.is_empty() {
                continue;
            }
            let domain = domain_of(&table, &self.owner);
            if !changes.is_empty() && !written.contains(&domain) {
                written.push(domain.clone());
            }
            if !domains.contains(&domain) {
                domains.push(domain);
            }
            tables.push((table, overlay.dependencies, changes));
        }
        if written.is_empty() {
            return Ok(None);
        }
        domains.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        written.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        let key = self.key.clone().ok_or(StorageError::Internal)?;
        Ok(Some(Plan {
            key,
            reply,
            domains,
            written,
            tables,
        }))
    }

    async fn commit_validated(&self, plan: &Plan) -> Result<Committed, StorageError> {
        let role = self.schema.catalog(&*self.host).await?.role;
        for resend in 0..=Self::RESENDS {
            let batch = self.validated_batch(plan, role);
            let mut connection = self.host.database().acquire().await?;
            let outcome = connection.run(&batch).await;
            drop(connection);
            match failure(&batch, &outcome) {
                None => {
                    self.known.learn(&plan.domains);
                    self.known.listeners.tell(&plan.written);
                    return Ok(Committed::Written);
                }
                Some(Failure::Duplicate) => return self.earlier(&plan.key).await,
                Some(Failure::NoMutex) => self.known.forget(&plan.domains),
                Some(Failure::Storage(error)) => return Err(error),
                Some(Failure::Lost) => {
                    self.host
                        .clock()
                        .sleep(Duration::from_millis(25 << resend))
                        .await;
                }
            }
        }
        Err(StorageError::Unavailable)
    }

    async fn commit_pinned(
        &self,
        mut connection: <H::Database as Database>::Connection,
        plan: &Plan,
    ) -> Result<Committed, StorageError> {
        let role = self.schema.catalog(&*self.host).await?.role;
        let mut batch = vec![Statement::ActAsSelf];
        batch.extend(plan.numbers());
        batch.push(Statement::ActAs {
            role,
            owner: self.owner.clone(),
        });
        batch.extend(self.writes(plan));
        batch.push(Statement::Commit);
        let outcome = connection.run(&batch).await;
        drop(connection);
        match failure(&batch, &outcome) {
            None => {
                self.known.listeners.tell(&plan.written);
                Ok(Committed::Written)
            }
            Some(Failure::Duplicate) => self.earlier(&plan.key).await,
            // The mutexes are lost: what was read is checked like anyone's.
            Some(Failure::Lost | Failure::NoMutex) => self.commit_validated(plan).await,
            Some(Failure::Storage(error)) => Err(error),
        }
    }

    fn validated_batch(&self, plan: &Plan, role: Option<&'static str>) -> Vec<Statement> {
        let snapshot = self.snapshot();
        let mut batch: Vec<_> = self.ensure(&plan.domains).collect();
        batch.push(Statement::BeginWrite);
        batch.extend(
            plan.domains
                .iter()
                .map(|d| Statement::LockMutex { domain: d.clone() }),
        );
        batch.extend(plan.numbers());
        if let Some(snapshot) = &snapshot {
            batch.extend(plan.domains.iter().map(|domain| Statement::CheckHorizon {
                domain: domain.clone(),
                at: snapshot.at(domain.slot()),
            }));
        }
        batch.push(Statement::ActAs {
            role,
            owner: self.owner.clone(),
        });
        // Without a snapshot nothing was read, so there is nothing to check.
        if let Some(snapshot) = &snapshot {
            let read = plan
                .tables
                .iter()
                .filter(|(_, dependencies, _)| !dependencies.is_empty());
            batch.extend(read.map(|(table, dependencies, _)| Statement::Validate {
                table: table.clone(),
                owner: self.owner.clone(),
                since: snapshot_of(table, snapshot),
                dependencies: dependencies.clone(),
            }));
        }
        batch.extend(self.writes(plan));
        batch.push(Statement::Commit);
        batch
    }

    fn writes<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = Statement> + 'a {
        plan.tables.iter().flat_map(|(table, _, changes)| {
            let (table, owner) = (table.clone(), self.owner.clone());
            let absent = (!changes.absent.is_empty()).then(|| Statement::CheckAbsent {
                table: table.clone(),
                owner: owner.clone(),
                ids: changes.absent.clone(),
            });
            let close = (!changes.close.is_empty()).then(|| Statement::CloseRows {
                table: table.clone(),
                owner: owner.clone(),
                ids: changes.close.clone(),
            });
            let insert = (!changes.ids.is_empty()).then(|| Statement::InsertRows {
                table: table.clone(),
                owner: owner.clone(),
                ids: changes.ids.clone(),
                data: changes.data.clone(),
                orders: changes.orders.clone(),
            });
            absent.into_iter().chain(close).chain(insert)
        })
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
            Some(row) => Ok(Committed::Earlier(Stored::from_row(row))),
            None => Err(StorageError::Conflict),
        }
    }
}

impl Plan {
    /// The commit's rows in `trxs`: the call's own sid in the first domain written, so that it is
    /// taken once whatever an attempt writes.
    fn numbers(&self) -> impl Iterator<Item = Statement> + '_ {
        self.written
            .iter()
            .enumerate()
            .map(|(i, domain)| Statement::NextTxid {
                sid: if i == 0 {
                    self.key.sid.clone()
                } else {
                    format!("{}+{i}", self.key.sid)
                },
                domain: domain.clone(),
                req_hash: self.key.req_hash.clone(),
                reply: self.reply.clone().filter(|_| i == 0),
            })
    }
}

/// What a commit's first failed statement means.
fn failure(batch: &[Statement], outcome: &Outcome) -> Option<Failure> {
    if outcome.len() != batch.len() {
        return Some(Failure::Lost);
    }
    let Some((statement, error)) = first_error(batch, outcome) else {
        return unnumbered(batch, outcome);
    };
    let sqlstate = match error {
        DbError::Refused { sqlstate, .. } => sqlstate.as_str(),
        DbError::Lost(_) | DbError::Unreachable(_) => return Some(Failure::Lost),
    };
    let known = match (statement, sqlstate) {
        (Statement::LockMutex { .. }, "22012") => Some(Failure::NoMutex),
        (Statement::NextTxid { .. }, "23505") => Some(Failure::Duplicate),
        (Statement::Validate { .. }, "22012") => Some(Failure::Storage(StorageError::Conflict)),
        (Statement::CheckHorizon { .. }, "22012") => {
            Some(Failure::Storage(StorageError::SnapshotTooOld))
        }
        (Statement::CheckAbsent { table, .. }, "22012") => Some(Failure::Storage(
            StorageError::AlreadyExists(table.id().to_owned()),
        )),
        _ => None,
    };
    Some(
        known.unwrap_or_else(|| match StorageError::from(error.clone()) {
            // A server that goes down tells the statement under way, and ends the connection.
            StorageError::Unavailable => Failure::Lost,
            other => Failure::Storage(other),
        }),
    )
}

/// A commit that got no number had no mutex row to count from.
fn unnumbered(batch: &[Statement], outcome: &Outcome) -> Option<Failure> {
    let mut numbers = batch.iter().zip(outcome);
    let missing = numbers.any(|(statement, result)| {
        matches!(statement, Statement::NextTxid { .. }) && result.as_ref().is_ok_and(Vec::is_empty)
    });
    missing.then_some(Failure::NoMutex)
}
