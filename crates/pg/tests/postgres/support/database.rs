//! A database of its own for each test.

use kontract_pg::{gateway_url, migrate};
use tokio_postgres::{Client, NoTls};

/// Roles are the cluster's: tests that run beside each other have to give the same one.
pub const PASSWORD: &str = "a password of the tests";

/// A database that goes away with the test.
pub struct TestDatabase {
    admin_url: String,
    name: String,
}

impl TestDatabase {
    /// A new, empty database on the server the tests were given.
    pub async fn empty() -> Self {
        let admin_url = std::env::var("KONTRACT_TEST_DATABASE_URL").unwrap_or_else(|_| {
            panic!(
                "KONTRACT_TEST_DATABASE_URL is not set: give an admin login of a PostgreSQL 14 or \
                 newer that may create databases and roles, such as \
                 postgres://postgres@127.0.0.1:5432/postgres"
            )
        });
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("kt_test_{:016x}", u64::from_be_bytes(random));
        let client = connect(&admin_url).await;
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        Self { admin_url, name }
    }

    pub async fn migrated(manifest: &str) -> Self {
        let database = Self::empty().await;
        let report = migrate(&database.admin().await, manifest, PASSWORD)
            .await
            .unwrap();
        assert!(!report.degraded, "the tests' login may create roles");
        database
    }

    /// The admin's address of this database.
    pub fn admin_url(&self) -> String {
        let (scheme, rest) = self
            .admin_url
            .split_once("://")
            .expect("the address is a URL");
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let query = rest.find('?').map_or("", |start| &rest[start..]);
        format!("{scheme}://{}/{}{query}", &rest[..end], self.name)
    }

    /// The gateway's address; through a pooler if `KONTRACT_TEST_POOLER` names one (`host:port`).
    pub fn gateway_url(&self) -> String {
        let direct = gateway_url(&self.admin_url(), PASSWORD).unwrap();
        let Ok(pooler) = std::env::var("KONTRACT_TEST_POOLER") else {
            return direct;
        };
        let (login, server) = direct.rsplit_once('@').unwrap();
        let database = server.find('/').unwrap();
        format!("{login}@{pooler}{}", &server[database..])
    }

    pub async fn admin(&self) -> Client {
        connect(&self.admin_url()).await
    }

    /// The gateway's login, past any pooler.
    pub async fn as_gateway(&self) -> Client {
        connect(&gateway_url(&self.admin_url(), PASSWORD).unwrap()).await
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends every connection of the gateway's login to this database.
    pub async fn kill_gateway_connections(&self) -> i64 {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE usename = 'kontract_gateway' AND datname = current_database()";
        self.admin().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// A number from the database, asked as the admin.
    pub async fn number(&self, sql: &str) -> i64 {
        self.admin().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.admin_url.clone(), self.name.clone());
        let drop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let client = connect(&url).await;
                let _ = client
                    .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
                    .await;
            });
        });
        let _ = drop.join();
    }
}
