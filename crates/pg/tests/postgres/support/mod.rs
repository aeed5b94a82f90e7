//! What the tests stand on: a database each, a host of closures, the client's half of raystream.

mod bench;
mod client;
mod database;
mod host;

pub use bench::{Bench, select};
pub use client::{Caller, Outcome};
pub use database::{PASSWORD, TestDatabase, connect};
pub use host::{Closures, Fault, TestHost, ok, text};

use std::sync::Arc;

use kontract_gateway::{Gateway, GatewayConfig};
use kontract_raystream::StaticKey;

/// The tables and routes the tests use. Handlers are closures, registered by route.
pub const MANIFEST: &str = r#"{ "version": 1,
  "routes": [
    { "id": "write", "perm": 7, "egroup": "v1", "hash": "00000000000000aa" },
    { "id": "read", "perm": 4, "hash": "00000000000000bb" },
    { "id": "admin", "perm": 7, "ugroup": "admins", "hash": "00000000000000cc" } ],
  "tables": [
    { "id": "notes", "ptr": "tbl_notes_1", "tenancy": "own", "primkey": "id", "permissions": 7,
      "fields": [ { "name": "id", "kind": "string", "perm": 6, "optional": false } ] },
    { "id": "board", "ptr": "tbl_board_1", "tenancy": "shared", "primkey": "id", "permissions": 7,
      "fields": [ { "name": "id", "kind": "string", "perm": 6, "optional": false } ] },
    { "id": "users", "ptr": "tbl_users_1", "tenancy": "own", "primkey": "id", "permissions": 7,
      "fields": [ { "name": "id", "kind": "string", "perm": 6, "optional": false },
                  { "name": "born", "kind": "date", "perm": 4, "optional": false },
                  { "name": "secret", "kind": "string", "perm": 2, "optional": true },
                  { "name": "sealed", "kind": "string", "perm": 0, "optional": true } ] },
    { "id": "log", "ptr": "tbl_log_1", "tenancy": "own", "primkey": "id", "permissions": 6,
      "fields": [ { "name": "id", "kind": "string", "perm": 6, "optional": false } ] } ] }"#;

/// A migrated database, and a gateway on it.
pub struct World {
    pub database: Arc<TestDatabase>,
    pub host: Arc<TestHost>,
    pub gateway: Arc<Gateway<TestHost>>,
    pub key: StaticKey,
}

impl World {
    pub async fn new(closures: Closures) -> Self {
        Self::configured(closures, |config| {
            config.dev_identity = Some("alice".to_owned());
        })
        .await
    }

    pub async fn configured(
        closures: Closures,
        configure: impl FnOnce(&mut GatewayConfig),
    ) -> Self {
        let database = Arc::new(TestDatabase::migrated(MANIFEST).await);
        let host = Arc::new(TestHost::new(&database.gateway_url()));
        let key = StaticKey::from_private([7; 32]);
        let mut config = GatewayConfig::new(key.clone());
        configure(&mut config);
        let gateway = Arc::new(Gateway::new(host.clone(), config));
        gateway.deploy(MANIFEST, closures).unwrap();
        Self {
            database,
            host,
            gateway,
            key,
        }
    }

    /// Another gateway on the same database, which lives as long as the first.
    pub fn another(self: &Arc<Self>, closures: Closures) -> Self {
        let host = Arc::new(TestHost::new(&self.database.gateway_url()));
        let mut config = GatewayConfig::new(self.key.clone());
        config.dev_identity = Some("alice".to_owned());
        let gateway = Arc::new(Gateway::new(host.clone(), config));
        gateway.deploy(MANIFEST, closures).unwrap();
        Self {
            database: self.database.clone(),
            host,
            gateway,
            key: self.key.clone(),
        }
    }

    pub fn caller(&self) -> Caller {
        Caller::connect(self.gateway.clone(), self.key.public())
    }
}
