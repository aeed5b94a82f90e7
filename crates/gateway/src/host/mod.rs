//! What a host gives the gateway: a database, the user's functions, time, randomness, and
//! documents of others.
//!
//! The traits bake in no runtime and no `Send`: where a host's types are `Send`, the gateway's
//! futures are too, and where they are not (Workers) nothing is lost.

mod database;
mod fetch;
mod functions;
mod row;

use std::future::Future;
use std::time::Duration;

pub use database::{Connection, Database, DbError, Outcome};
pub use fetch::{Document, Fetch, FetchError};
pub use functions::{Context, Encoding, Functions, Invocation, Reply, UserError};
pub use row::{Cell, Row, Value};

/// Everything one host brings, as types.
pub trait Host: Sized + 'static {
    /// Where data lives.
    type Database: Database;
    /// The user's backend functions, swapped with each deployment.
    type Functions: Functions<Self>;
    /// Time.
    type Clock: Clock;
    /// Randomness.
    type Entropy: Entropy;
    /// Documents of others.
    type Fetch: Fetch;

    /// The database.
    fn database(&self) -> &Self::Database;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// The source of randomness.
    fn entropy(&self) -> &Self::Entropy;
    /// The way to documents of others.
    fn fetch(&self) -> &Self::Fetch;
}

/// Time, as an argument: a simulated host runs hours in a moment.
pub trait Clock {
    /// Milliseconds since the Unix epoch. May jump; only what the protocol and tokens state in
    /// wall time uses it.
    fn unix_ms(&self) -> u64;
    /// Milliseconds since some fixed moment; never goes back.
    fn monotonic_ms(&self) -> u64;
    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}

/// Cryptographically strong randomness.
pub trait Entropy {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
