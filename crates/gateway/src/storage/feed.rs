//! The changes of one table, read from its version history: the history is the outbox.

use std::sync::Arc;

use kontract_raystream::Credit;
use serde_json::json;

use crate::host::{Connection, Database, Host, Row};
use crate::perm::Perm;
use crate::storage::domain::Txid;
use crate::storage::error::StorageError;
use crate::storage::listeners::Ear;
use crate::storage::schema::{Domains, Schema};
use crate::storage::statement::{Place, Statement, domain_of};
use crate::storage::table::Table;
use crate::storage::transaction::first_error;
use crate::subscribe::{Occurrence, Source};

/// One subscriber's way through the history of a table.
pub(crate) struct TableFeed<H: Host> {
    host: Arc<H>,
    domains: Arc<Domains>,
    schema: Arc<Schema>,
    table: Arc<Table>,
    owner: Arc<str>,
    perm: Perm,
    ear: Arc<Ear>,
    /// `None` until the first read.
    at: Option<(i64, Place)>,
    /// Where an earlier subscription was.
    resume: Option<(i64, Txid)>,
    live: bool,
}

/// Where an event lies, as text: `epoch.txid`.
fn token(epoch: i64, txid: Txid) -> Vec<u8> {
    format!("{epoch}.{}", txid.0).into_bytes()
}

/// What [`token`] wrote.
fn parse(token: &[u8]) -> Option<(i64, Txid)> {
    let (epoch, txid) = std::str::from_utf8(token).ok()?.split_once('.')?;
    Some((epoch.parse().ok()?, Txid(txid.parse().ok()?)))
}

impl<H: Host> TableFeed<H> {
    /// Follows a table from now on, or from where a token says.
    pub async fn open(
        host: Arc<H>,
        domains: Arc<Domains>,
        schema: Arc<Schema>,
        table: &str,
        owner: Arc<str>,
        perm: Perm,
        resume: Option<&[u8]>,
    ) -> Result<Self, StorageError> {
        let table = schema.table(table)?.clone();
        let resume = match resume {
            Some(token) => Some(parse(token).ok_or_else(|| {
                StorageError::InvalidValue("the resume token is none of ours".to_owned())
            })?),
            None => None,
        };
        let ear = domains.listeners.listen(domain_of(&table, &owner));
        let feed = Self {
            host,
            domains,
            schema,
            table,
            owner,
            perm,
            ear,
            at: None,
            resume,
            live: false,
        };
        feed.permitted().await?;
        Ok(feed)
    }

    /// Asked before every read: a table's permissions may change.
    async fn permitted(&self) -> Result<Option<&'static str>, StorageError> {
        let catalog = self.schema.catalog(&*self.host).await?;
        if (self.perm & catalog.permissions(&self.table)?).allows(Perm::R) {
            return Ok(catalog.role);
        }
        Err(StorageError::PermissionDenied {
            operation: "subscribe",
            table: self.table.id().to_owned(),
        })
    }

    /// Where the domain is, and where its history begins: epoch, newest commit, horizon.
    async fn look(&self) -> Result<(i64, Txid, Txid), StorageError> {
        let domain = self.ear.domain().clone();
        // An owner's domain begins with its first commit, or with its first subscriber.
        let batch = [
            Statement::EnsureDomain {
                domain: domain.clone(),
            },
            Statement::BeginRead,
            Statement::Epoch {
                domain: domain.clone(),
            },
            Statement::Snapshots {
                domains: vec![domain],
            },
            Statement::Commit,
        ];
        let mut results = self.run(&batch).await?;
        let snapshot = results.remove(3);
        let epoch = results.remove(2);
        let number = |rows: &[Row], column| rows.first().and_then(|row| row.int(column));
        let epoch = number(&epoch, 0).ok_or(StorageError::Internal)?;
        let newest = number(&snapshot, 1).unwrap_or_default();
        let horizon = number(&snapshot, 2).unwrap_or_default();
        Ok((epoch, Txid(newest), Txid(horizon)))
    }

    async fn begin(&mut self) -> Result<Vec<Occurrence>, StorageError> {
        let (epoch, newest, horizon) = self.look().await?;
        let (kind, txid) = match self.resume {
            None => ("open", newest),
            Some((then, txid)) if then == epoch && txid <= newest && txid >= horizon => {
                self.at = Some((epoch, Place { txid, id: None }));
                return Ok(Vec::new());
            }
            // What lies between is gone, or never was in this database.
            Some(_) => ("resync", newest),
        };
        self.at = Some((epoch, Place { txid, id: None }));
        self.live = true;
        Ok(vec![Occurrence {
            data: json!({ "type": kind }).to_string().into_bytes(),
            token: Some(token(epoch, txid)),
            txid: None,
        }])
    }

    async fn changes(
        &mut self,
        epoch: i64,
        after: Place,
        most: Credit,
    ) -> Result<Vec<Occurrence>, StorageError> {
        let role = self.permitted().await?;
        let domain = self.ear.domain().clone();
        let batch = [
            Statement::BeginRead,
            Statement::Snapshots {
                domains: vec![domain],
            },
            Statement::ActAs {
                role,
                owner: self.owner.clone(),
            },
            Statement::Changes {
                table: self.table.clone(),
                owner: self.owner.clone(),
                after: after.clone(),
                // A page without a row would look like the end of the history.
                limit: most.events.max(1).into(),
                bytes: most.bytes.max(1).into(),
            },
            Statement::Commit,
        ];
        let mut results = self.run(&batch).await?;
        let rows = results.remove(3);
        let snapshot = results.remove(1);
        let snapshot = snapshot.first();
        let newest = Txid(snapshot.and_then(|row| row.int(1)).unwrap_or_default());
        let horizon = Txid(snapshot.and_then(|row| row.int(2)).unwrap_or_default());
        if after.txid < horizon || after.txid > newest {
            self.resume = Some((epoch, after.txid));
            return self.begin().await;
        }
        let mut found = Vec::with_capacity(rows.len());
        let mut at = after;
        let mut more = false;
        for row in rows {
            let (occurrence, next) = self.occurrence(epoch, row)?;
            more = next.is_some();
            at = match occurrence.token {
                Some(_) => Place {
                    txid: occurrence.at,
                    id: None,
                },
                None => Place {
                    txid: occurrence.at,
                    id: Some(occurrence.id),
                },
            };
            found.push(Occurrence {
                data: occurrence.data,
                token: occurrence.token,
                txid: u64::try_from(occurrence.at.0).ok(),
            });
        }
        if !more {
            // Everything up to here is told, whichever tables it was in.
            at = Place {
                txid: newest,
                id: None,
            };
        }
        self.live |= !more;
        self.at = Some((epoch, at));
        Ok(found)
    }

    fn occurrence(&self, epoch: i64, mut row: Row) -> Result<(Told, Option<i64>), StorageError> {
        let number = |column| row.int(column).ok_or(StorageError::Internal);
        let (txid, kind, next) = (number(0)?, number(2)?, row.int(4));
        let id = row.take_text(1).ok_or(StorageError::Internal)?;
        let kind = match kind {
            1 => "insert",
            2 => "update",
            _ => "delete",
        };
        let mut data = format!(r#"{{"type":"{kind}","id":{}"#, json!(id));
        if let Some(row) = row.take_text(3) {
            data.push_str(r#","data":"#);
            data.push_str(&self.table.shown(&row)?);
        }
        data.push('}');
        let told = Told {
            data: data.into_bytes(),
            token: (next != Some(txid)).then(|| token(epoch, Txid(txid))),
            at: Txid(txid),
            id,
        };
        Ok((told, next))
    }

    async fn run(&self, batch: &[Statement]) -> Result<Vec<Vec<Row>>, StorageError> {
        let mut connection = self.host.database().acquire().await?;
        let outcome = connection.run(batch).await;
        drop(connection);
        if let Some((_, error)) = first_error(batch, &outcome) {
            return Err(error.clone().into());
        }
        let rows: Result<Vec<_>, _> = outcome.into_iter().collect();
        let rows = rows?;
        if rows.len() == batch.len() {
            Ok(rows)
        } else {
            Err(StorageError::Unavailable)
        }
    }
}

/// One change, and where it lies.
struct Told {
    data: Vec<u8>,
    token: Option<Vec<u8>>,
    at: Txid,
    id: String,
}

impl<H: Host> Source for TableFeed<H> {
    type Error = StorageError;

    async fn ready(&mut self) {
        let Some((_, at)) = &self.at else {
            return;
        };
        if self.live && at.id.is_none() {
            let seen = at.txid;
            self.domains
                .listeners
                .wait(&*self.host, &self.ear, seen)
                .await;
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    async fn read(&mut self, most: Credit) -> Result<Vec<Occurrence>, StorageError> {
        match self.at.clone() {
            None => self.begin().await,
            Some((epoch, after)) => self.changes(epoch, after, most).await,
        }
    }

    fn cut(occurrence: &Occurrence) -> Option<Vec<u8>> {
        #[derive(serde::Deserialize, serde::Serialize)]
        struct Head {
            r#type: String,
            id: String,
        }
        let head: Head = serde_json::from_slice(&occurrence.data).ok()?;
        serde_json::to_vec(&head).ok()
    }
}
