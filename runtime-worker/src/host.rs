//! Time and randomness as workerd has them, and no database yet.

use std::time::Duration;

use kontract_gateway::{
    Clock, Connection, Database, DbError, Document, Entropy, Fetch, FetchError, Host, Outcome,
    Statement,
};

use crate::functions::Builtin;

/// A Worker as the gateway sees it.
#[derive(Default)]
pub struct WorkerHost {
    database: Unbound,
    clock: WorkerClock,
    entropy: WorkerEntropy,
    fetch: WorkerFetch,
}

impl Host for WorkerHost {
    type Database = Unbound;
    type Functions = Builtin;
    type Clock = WorkerClock;
    type Entropy = WorkerEntropy;
    type Fetch = WorkerFetch;

    fn database(&self) -> &Unbound {
        &self.database
    }

    fn clock(&self) -> &WorkerClock {
        &self.clock
    }

    fn entropy(&self) -> &WorkerEntropy {
        &self.entropy
    }

    fn fetch(&self) -> &WorkerFetch {
        &self.fetch
    }
}

/// Fetches nothing yet: this host's tokens are signed with its secret.
#[derive(Default)]
pub struct WorkerFetch;

impl Fetch for WorkerFetch {
    async fn get(&self, _url: &str, _limit: usize) -> Result<Document, FetchError> {
        Err(FetchError("this host fetches no keys yet".to_owned()))
    }
}

/// No database is bound: what needs one fails with `SERVICE_UNAVAILABLE`.
#[derive(Default)]
pub struct Unbound;

impl Database for Unbound {
    type Connection = Never;

    async fn acquire(&self) -> Result<Never, DbError> {
        Err(DbError::Unreachable(
            "no database is bound to this Worker".to_owned(),
        ))
    }
}

/// The connection that is never there.
pub enum Never {}

impl Connection for Never {
    async fn run(&mut self, _batch: &[Statement]) -> Outcome {
        match *self {}
    }
}

/// workerd's clock: it stands still while code runs, and moves with I/O.
#[derive(Default)]
pub struct WorkerClock;

impl Clock for WorkerClock {
    fn unix_ms(&self) -> u64 {
        worker::Date::now().as_millis()
    }

    fn monotonic_ms(&self) -> u64 {
        // workerd has no other clock; its machines' clocks are slewed, not set.
        self.unix_ms()
    }

    async fn sleep(&self, duration: Duration) {
        worker::Delay::from(duration).await;
    }
}

/// `crypto.getRandomValues`.
#[derive(Default)]
pub struct WorkerEntropy;

impl Entropy for WorkerEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("workerd always has crypto.getRandomValues");
    }
}
