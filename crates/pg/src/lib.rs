//! The gateway's database trait over tokio-postgres, for any byte stream.
//!
//! [`ClientConnection`] runs the gateway's batches on a [`tokio_postgres::Client`], whatever
//! carries it. With the feature `native` come a pool over sockets ([`PgPool`]) and the migration
//! ([`migrate`]).

mod client;
mod value;

#[cfg(feature = "native")]
mod connect;
#[cfg(feature = "native")]
mod migrate;
#[cfg(feature = "native")]
mod pool;

pub use client::{ClientConnection, StatementMode};

#[cfg(feature = "native")]
pub use connect::{ConnectError, connect};
#[cfg(feature = "native")]
pub use migrate::{MigrateError, Report, gateway_url, migrate};
#[cfg(feature = "native")]
pub use pool::{PgPool, PoolConfig, PoolError};
