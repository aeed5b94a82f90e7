//! Garbage collection: versions that no call can see any more, and the commits that made them.
//!
//! The horizon comes first. Once it stands, a call with an older snapshot is refused, so nothing that
//! is deleted afterwards can be missed: neither by a read, nor by a commit that looks for what changed
//! since its snapshot, nor by a subscriber that goes on from where it was.

use std::sync::Arc;
use std::time::Duration;

use crate::host::{Connection, Database, Row};
use crate::manifest::Manifest;
use crate::storage::domain::{Domain, Txid};
use crate::storage::error::StorageError;
use crate::storage::schema::{Catalog, Schema};
use crate::storage::statement::Statement;
use crate::storage::table::Table;

/// What a collection deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Domains looked at.
    pub domains: u64,
    /// Rows of the commit log.
    pub commits: u64,
    /// Versions of rows.
    pub versions: u64,
}

/// Collects what ended longer than `retention` ago, in every domain and every table of a build, in
/// small transactions: it may be stopped anywhere, run by several at a time, and goes on next time.
///
/// `retention` has to be longer than any call takes: an older call is refused with
/// `SNAPSHOT_TOO_OLD` and run again.
pub async fn collect<D: Database>(
    database: &D,
    manifest: &Manifest,
    retention: Duration,
) -> Result<Collected, StorageError> {
    collect_tables(database, &Schema::new(manifest), retention).await
}

/// [`collect`], of a build that is known.
pub(crate) async fn collect_tables<D: Database>(
    database: &D,
    schema: &Schema,
    retention: Duration,
) -> Result<Collected, StorageError> {
    let catalog = Catalog::read(database).await?;
    let collector = Collector {
        database,
        role: catalog.collector()?,
        tables: schema.migrated(&catalog),
    };
    let mut collected = Collected::default();
    let mut after = String::new();
    loop {
        let domains = collector.domains(&after).await?;
        let Some(last) = domains.last() else {
            return Ok(collected);
        };
        after = last.name().to_owned();
        for domain in &domains {
            collector.domain(domain, retention, &mut collected).await?;
        }
    }
}

struct Collector<'a, D> {
    database: &'a D,
    role: Option<&'static str>,
    tables: Vec<Arc<Table>>,
}

impl<D: Database> Collector<'_, D> {
    /// Domains looked up, and rows deleted, at a time.
    const BATCH: i64 = 1000;

    async fn domains(&self, after: &str) -> Result<Vec<Domain>, StorageError> {
        let statement = Statement::ListDomains {
            after: after.to_owned(),
            limit: Self::BATCH,
        };
        let rows = self.run(&[statement]).await?;
        let names = rows.into_iter().filter_map(|mut row| row.take_text(0));
        Ok(names.map(Domain::named).collect())
    }

    async fn domain(
        &self,
        domain: &Domain,
        retention: Duration,
        collected: &mut Collected,
    ) -> Result<(), StorageError> {
        collected.domains += 1;
        let horizon = self.advance(domain, retention).await?;
        if horizon == Txid(0) {
            return Ok(());
        }
        collected.commits += self
            .drain(|| {
                vec![Statement::DeleteCommits {
                    domain: domain.clone(),
                    below: horizon,
                    limit: Self::BATCH,
                }]
            })
            .await?;
        let tables = self.tables.iter();
        for table in tables.filter(|table| table.slot() == domain.slot()) {
            let batch = || {
                vec![
                    Statement::BeginWrite,
                    Statement::ActAs {
                        role: self.role,
                        owner: domain.name().into(),
                    },
                    Statement::DeleteVersions {
                        table: table.clone(),
                        owner: domain.name().into(),
                        until: horizon,
                        limit: Self::BATCH,
                    },
                    Statement::Commit,
                ]
            };
            collected.versions += self.drain(batch).await?;
        }
        Ok(())
    }

    /// Puts the horizon at the newest commit that is old enough; gives back where it then is.
    async fn advance(&self, domain: &Domain, retention: Duration) -> Result<Txid, StorageError> {
        let found = self
            .run(&[Statement::FindHorizon {
                domain: domain.clone(),
                older_than_ms: i64::try_from(retention.as_millis()).unwrap_or(i64::MAX),
            }])
            .await?;
        let number = |column| found.first().and_then(|row: &Row| row.int(column));
        let (newest, was) = (number(0).unwrap_or(0), number(1).unwrap_or(0));
        if newest <= was {
            return Ok(Txid(was));
        }
        let at = Txid(newest);
        // Under the mutex: a commit that has passed its check of the horizon has ended by then.
        let batch = [
            Statement::BeginWrite,
            Statement::LockMutex {
                domain: domain.clone(),
            },
            Statement::DropHorizon {
                domain: domain.clone(),
                below: at,
            },
            Statement::SetHorizon {
                domain: domain.clone(),
                at,
            },
            Statement::Commit,
        ];
        self.run(&batch).await?;
        Ok(at)
    }

    /// Deletes batch after batch, until one finds less than there may be.
    async fn drain(&self, batch: impl Fn() -> Vec<Statement>) -> Result<u64, StorageError> {
        let mut total = 0;
        loop {
            let rows = self.run(&batch()).await?;
            let deleted = rows.first().and_then(|row| row.int(0)).unwrap_or(0);
            total += u64::try_from(deleted).unwrap_or(0);
            if deleted < Self::BATCH {
                return Ok(total);
            }
        }
    }

    /// The rows of the batch's last statement that has some.
    async fn run(&self, batch: &[Statement]) -> Result<Vec<Row>, StorageError> {
        let mut connection = self.database.acquire().await?;
        let outcome = connection.run(batch).await;
        let mut rows = Vec::new();
        for result in outcome {
            let result = result?;
            if !result.is_empty() {
                rows = result;
            }
        }
        Ok(rows)
    }
}
