//! A pool of connections over sockets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kontract_gateway::{Connection, Database, DbError, Outcome, Statement};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::address::{Address, AddressError};
use crate::client::{ClientConnection, StatementMode};
use crate::connect::{ConnectError, connect};
use crate::pooler;

/// How many connections, and how patient.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Most connections at the same time.
    pub max_connections: usize,
    /// How long a call waits for a connection.
    pub wait: Duration,
    /// How long opening one may take.
    pub connect: Duration,
    /// How statements reach the server. `None`: as the address says (`pgbouncer=`), else each
    /// connection looks whether a pooler stands between when it is opened.
    pub statements: Option<StatementMode>,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_connections: 16,
            wait: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            statements: None,
        }
    }
}

/// The database's address is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// Neither a URL nor key-value pairs, or an option has no such value.
    #[error("the database address cannot be read: {0}")]
    Address(#[from] AddressError),
}

/// A pool of connections over sockets. Cheap to clone. Connects when first needed, and again when
/// the server comes back.
#[derive(Clone)]
pub struct PgPool {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    config: PoolConfig,
    idle: Mutex<Vec<ClientConnection>>,
    permits: Arc<Semaphore>,
}

impl PgPool {
    /// A pool for this address, a URL (`postgres://…`) or key-value pairs.
    pub fn new(address: &str, config: PoolConfig) -> Result<Self, PoolError> {
        let mut address: Address = address.parse()?;
        address.config.connect_timeout(config.connect);
        if address.config.get_application_name().is_none() {
            address.config.application_name("kontract");
        }
        let permits = Arc::new(Semaphore::new(config.max_connections));
        Ok(Self {
            inner: Arc::new(Inner {
                address,
                config,
                idle: Mutex::default(),
                permits,
            }),
        })
    }

    /// Connections not in use.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.inner.idle().len()
    }

    /// Closes what is idle and hands out no more.
    pub fn close(&self) {
        self.inner.permits.close();
        self.inner.idle().clear();
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<ClientConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, if one is alive.
    fn reuse(&self) -> Option<ClientConnection> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if connection.is_clean() {
                return Some(connection);
            }
        }
        None
    }

    async fn connect(&self) -> Result<ClientConnection, DbError> {
        match timeout(self.config.connect, self.open()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(DbError::Unreachable(error.to_string())),
            Err(elapsed) => Err(DbError::Unreachable(elapsed.to_string())),
        }
    }

    async fn open(&self) -> Result<ClientConnection, ConnectError> {
        let client = connect(&self.address).await?;
        let mode = match self.config.statements.or(self.address.statements) {
            Some(mode) => mode,
            None if pooler::is_between(&client).await? => StatementMode::Unnamed,
            None => StatementMode::Prepared,
        };
        Ok(ClientConnection::new(client, mode))
    }
}

impl Database for PgPool {
    type Connection = Pooled;

    async fn acquire(&self) -> Result<Pooled, DbError> {
        let permit = timeout(
            self.inner.config.wait,
            self.inner.permits.clone().acquire_owned(),
        );
        let permit = match permit.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(DbError::Unreachable("the pool is closed".to_owned())),
            Err(_) => return Err(DbError::Unreachable("no connection became free".to_owned())),
        };
        let connection = match self.inner.reuse() {
            Some(connection) => connection,
            None => self.inner.connect().await?,
        };
        Ok(Pooled {
            connection: Some(connection),
            pool: self.inner.clone(),
            _permit: permit,
        })
    }
}

/// A connection out of a pool. Goes back when dropped, unless something is still under way on it.
pub struct Pooled {
    connection: Option<ClientConnection>,
    pool: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl Connection for Pooled {
    async fn run(&mut self, batch: &[Statement]) -> Outcome {
        match &mut self.connection {
            Some(connection) => connection.run(batch).await,
            None => vec![Err(DbError::Lost(
                "the connection was given back".to_owned(),
            ))],
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && connection.is_clean()
            && !self.pool.permits.is_closed()
        {
            self.pool.idle().push(connection);
        }
    }
}
