//! Transactions without a gateway around them.

use std::sync::Arc;

use kontract_gateway::{CallKey, Domains, Manifest, Mode, Page, Perm, Schema, Transaction};
use serde_json::Value;

use super::{TestDatabase, TestHost};

/// A migrated database, and transactions on it.
pub struct Bench {
    pub database: TestDatabase,
    pub host: Arc<TestHost>,
    schema: Arc<Schema>,
    known: Arc<Domains>,
}

impl Bench {
    pub async fn new(manifest: &str) -> Self {
        let database = TestDatabase::migrated(manifest).await;
        Self::on(database, manifest)
    }

    /// On a database that has been migrated.
    pub fn on(database: TestDatabase, manifest: &str) -> Self {
        Self {
            host: Arc::new(TestHost::new(&database.gateway_url())),
            database,
            schema: Arc::new(Schema::new(&Manifest::parse(manifest).unwrap())),
            known: Arc::default(),
        }
    }

    /// A transaction that may do everything.
    pub fn begin(&self, owner: &str) -> Transaction<TestHost> {
        self.begin_as(owner, Perm::RWX, Mode::Optimistic)
    }

    pub fn begin_as(&self, owner: &str, perm: Perm, mode: Mode) -> Transaction<TestHost> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let key = CallKey {
            sid: format!("req:{:x}", u64::from_be_bytes(random)),
            req_hash: vec![1],
        };
        Transaction::new(
            self.host.clone(),
            self.schema.clone(),
            self.known.clone(),
            owner.into(),
            perm,
            Some(key),
            mode,
        )
    }
}

/// Every row of a query, page for page.
pub async fn select(call: &Transaction<TestHost>, table: &str, query: &Value) -> Vec<Value> {
    let query = query.to_string();
    let (mut rows, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let read = call.select(table, &query, cursor.as_deref()).await;
        let Page {
            rows: page,
            cursor: next,
        } = read.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        rows.extend(
            page.iter()
                .map(|row| serde_json::from_str::<Value>(row).unwrap()),
        );
        match next {
            Some(next) => cursor = Some(next),
            None => return rows,
        }
    }
}
