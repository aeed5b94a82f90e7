//! A host whose functions are closures, and whose database can lose its connection at a commit.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use kontract_gateway::{
    Clock, Connection, Database, DbError, Document, Entropy, Fetch, FetchError, Functions, Host,
    Invocation, Outcome, Reply, Statement, StorageError, UserError, Value,
};
use kontract_pg::{PgPool, PoolConfig};

pub struct TestHost {
    pub database: FaultyDatabase,
    pub clock: TestClock,
    pub issuer: TestIssuer,
}

impl TestHost {
    pub fn new(url: &str) -> Self {
        Self::pooled(url, PoolConfig::default())
    }

    pub fn pooled(url: &str, config: PoolConfig) -> Self {
        let pool = PgPool::new(url, config).unwrap();
        Self {
            database: FaultyDatabase {
                pool,
                faults: Arc::default(),
            },
            clock: TestClock {
                start: Instant::now(),
                shift_ms: AtomicI64::new(0),
                speed: AtomicU32::new(1),
            },
            issuer: TestIssuer::default(),
        }
    }
}

impl Host for TestHost {
    type Database = FaultyDatabase;
    type Functions = Closures;
    type Clock = TestClock;
    type Entropy = SystemEntropy;
    type Fetch = TestIssuer;

    fn database(&self) -> &FaultyDatabase {
        &self.database
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn entropy(&self) -> &SystemEntropy {
        &SystemEntropy
    }

    fn fetch(&self) -> &TestIssuer {
        &self.issuer
    }
}

/// What answers at the address of an issuer's keys: nothing, until a test says what.
#[derive(Default)]
pub struct TestIssuer {
    pub answer: Mutex<Option<Document>>,
    pub asked: AtomicU32,
    /// How long an answer takes.
    pub delay_ms: AtomicU32,
}

impl Fetch for TestIssuer {
    async fn get(&self, _url: &str, _limit: usize) -> Result<Document, FetchError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let delay = self.delay_ms.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(delay.into())).await;
        let answer = self.answer.lock().unwrap().clone();
        answer.ok_or_else(|| FetchError("nobody answers".to_owned()))
    }
}

pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// The system's clock, which a test can put forward, or let run faster.
pub struct TestClock {
    start: Instant,
    shift_ms: AtomicI64,
    speed: AtomicU32,
}

impl TestClock {
    pub fn forward(&self, ms: i64) {
        self.shift_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// So many times as fast from the start on: for tests of what takes half a minute.
    pub fn hurry(&self, times: u32) {
        self.speed.store(times, Ordering::Relaxed);
    }

    fn shifted(&self, real: Duration) -> u64 {
        let shift = self.shift_ms.load(Ordering::Relaxed);
        u64::try_from(real.as_millis())
            .unwrap()
            .saturating_add_signed(shift)
    }
}

impl Clock for TestClock {
    fn unix_ms(&self) -> u64 {
        self.shifted(SystemTime::UNIX_EPOCH.elapsed().unwrap())
    }

    fn monotonic_ms(&self) -> u64 {
        self.shifted(self.start.elapsed() * self.speed.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.speed.load(Ordering::Relaxed)).await;
    }
}

/// What happens to the next commit.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// The connection is lost before the server reads COMMIT.
    BeforeCommit = 1,
    /// The server has committed, its answer is lost.
    AfterCommit,
}

/// What a test makes of a batch on its way to the database.
pub type Rewrite = fn(&[Statement]) -> Vec<Statement>;

#[derive(Default)]
pub struct Faults {
    next: AtomicU8,
    /// Commits in a thousand that are lost.
    per_mille: AtomicU32,
    rewrite: OnceLock<Rewrite>,
    pub commits: AtomicU32,
    /// The text and parameters of every query.
    pub queries: Mutex<Vec<(String, Vec<Value>)>>,
}

impl Faults {
    /// What happens to this commit.
    fn take(&self) -> u8 {
        let chance = self.per_mille.load(Ordering::Relaxed);
        let mut random = [0; 4];
        getrandom::fill(&mut random).unwrap();
        let random = u32::from_be_bytes(random);
        match self.next.swap(0, Ordering::SeqCst) {
            0 if random % 1000 < chance => 1 + u8::from(random & 0x1_0000 != 0),
            next => next,
        }
    }
}

#[derive(Clone)]
pub struct FaultyDatabase {
    pool: PgPool,
    pub faults: Arc<Faults>,
}

impl FaultyDatabase {
    /// From now on so many commits in a thousand lose their connection, before or after.
    pub fn lose(&self, per_mille: u32) {
        self.faults.per_mille.store(per_mille, Ordering::Relaxed);
    }

    /// From now on every batch is changed like this.
    pub fn rewrite(&self, rewrite: Rewrite) {
        self.faults.rewrite.set(rewrite).unwrap();
    }

    pub fn fail_next(&self, fault: Fault) {
        self.faults.next.store(fault as u8, Ordering::SeqCst);
    }
}

impl Database for FaultyDatabase {
    type Connection = FaultyConnection;

    async fn acquire(&self) -> Result<FaultyConnection, DbError> {
        let connection = Some(self.pool.acquire().await?);
        Ok(FaultyConnection {
            connection,
            faults: self.faults.clone(),
        })
    }
}

pub struct FaultyConnection {
    connection: Option<<PgPool as Database>::Connection>,
    faults: Arc<Faults>,
}

impl Connection for FaultyConnection {
    async fn run(&mut self, batch: &[Statement]) -> Outcome {
        let count = batch.len();
        let lost = || vec![Err(DbError::Lost("by the test".to_owned())); count];
        let queries = batch.iter().filter(|s| matches!(s, Statement::Select(_)));
        let queries = queries.map(|query| (query.sql().to_owned(), query.params()));
        self.faults.queries.lock().unwrap().extend(queries);
        let writes = batch.iter().any(|s| matches!(s, Statement::Apply(_)));
        let fault = if writes { self.faults.take() } else { 0 };
        let rewritten = self.faults.rewrite.get().map(|rewrite| rewrite(batch));
        let batch = rewritten.as_deref().unwrap_or(batch);
        if writes {
            self.faults.commits.fetch_add(1, Ordering::SeqCst);
        }
        let Some(connection) = &mut self.connection else {
            return lost();
        };
        if fault == Fault::BeforeCommit as u8 {
            // In a transaction that is never ended, whether the batch had one of its own or not.
            let mut rest = batch.to_vec();
            rest.retain(|s| !matches!(s, Statement::Commit | Statement::EnsureDomain { .. }));
            if !matches!(rest[0], Statement::BeginWrite) {
                rest.insert(0, Statement::BeginWrite);
            }
            connection.run(&rest).await;
            self.connection = None;
            return lost();
        }
        let outcome = connection.run(batch).await;
        if fault == Fault::AfterCommit as u8 {
            self.connection = None;
            return lost();
        }
        outcome
    }
}

type Handler = Arc<
    dyn Fn(Invocation<TestHost>) -> Pin<Box<dyn Future<Output = Result<Reply, UserError>> + Send>>
        + Send
        + Sync,
>;

/// The user's functions.
#[derive(Clone, Default)]
pub struct Closures(HashMap<String, Handler>);

impl Closures {
    pub fn on<F, R>(mut self, route: &str, handler: F) -> Self
    where
        F: Fn(Invocation<TestHost>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply, UserError>> + Send + 'static,
    {
        self.0.insert(
            route.to_owned(),
            Arc::new(move |call| Box::pin(handler(call))),
        );
        self
    }
}

impl Functions<TestHost> for Closures {
    async fn call(&self, invocation: Invocation<TestHost>) -> Result<Reply, UserError> {
        let handler = self
            .0
            .get(&*invocation.route)
            .expect("the test registers its routes");
        handler(invocation).await
    }
}

/// A reply of text.
pub fn ok(text: &str) -> Reply {
    Reply {
        data: text.as_bytes().to_vec(),
        status: 200,
        headers: Vec::new(),
    }
}

/// What the runtime makes of a storage error.
pub fn text(error: StorageError) -> UserError {
    UserError {
        code: error.code().to_owned(),
        status: error.status(),
        message: error.to_string(),
        stack: Some("at line 1".to_owned()),
    }
}
