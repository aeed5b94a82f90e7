//! The gateway's database trait over tokio-postgres, for any byte stream.
//!
//! [`ClientConnection`] runs the gateway's batches on a [`tokio_postgres::Client`], whatever
//! carries it. With the feature `native` come addresses ([`Address`]), a pool over sockets
//! ([`PgPool`]), the migration ([`migrate`]) and what looks after its work ([`diagnose`]).

mod client;
mod value;

#[cfg(feature = "native")]
mod address;
#[cfg(feature = "native")]
mod connect;
#[cfg(feature = "native")]
mod doctor;
#[cfg(feature = "native")]
mod migrate;
#[cfg(feature = "native")]
mod pool;
#[cfg(feature = "native")]
mod pooler;
#[cfg(feature = "native")]
mod tls;

pub use client::{ClientConnection, StatementMode};

#[cfg(feature = "native")]
pub use address::{Address, AddressError, Protection};
#[cfg(feature = "native")]
pub use connect::{ConnectError, connect};
#[cfg(feature = "native")]
pub use doctor::{Diagnosis, DoctorError, Finding, Level, RoleReport, diagnose};
#[cfg(feature = "native")]
pub use migrate::{MigrateError, Report, gateway_url, migrate};
#[cfg(feature = "native")]
pub use pool::{PgPool, PoolConfig, PoolError};
