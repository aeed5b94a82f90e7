//! Random transactions by many callers at once, and what they answered.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kontract_gateway::{Invocation, Manifest, Reply, UserError, collect};
use serde_json::{Value, json};

use super::broken::keep_commits;
use super::history::{Ending, History, Op, Transaction};
use crate::support::{Caller, Closures, MANIFEST, Outcome, TestHost, World, ok, text};

/// How a list is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A row for each element, pushed blindly, found by a filter.
    Rows,
    /// A row for each key, read and written whole.
    Document,
    /// As rows, and read by turning the pages of the whole table.
    Queue,
}

/// What else happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chaos {
    /// Commits in a thousand whose connection is lost, before or after.
    pub lost_per_mille: u32,
    /// Calls in a thousand whose caller goes away.
    pub aborted_per_mille: u32,
    /// Backends are killed now and then.
    pub kills: bool,
    /// Garbage is collected all the time, with no retention at all.
    pub collects: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub shape: Shape,
    pub transactions: u32,
    pub callers: u32,
    pub chaos: Chaos,
    /// Storage is broken on purpose: the database's own constraints may refuse what comes of it.
    pub is_broken: bool,
}

/// Keys in use at a time; some are own, some shared.
const KEYS: u32 = 6;
/// Transactions after which other keys are used, so that lists stay short.
const ROUND: u32 = 250;

fn table(key: u32) -> &'static str {
    if key % KEYS < KEYS - 2 {
        "notes"
    } else {
        "board"
    }
}

/// A small generator (xorshift64*): a run's choices follow from its seed.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        u32::try_from(high % u64::from(limit)).unwrap()
    }
}

/// The function every transaction calls: its operations are its argument.
pub fn closures(shape: Shape) -> Closures {
    let handler = move |call: Invocation<TestHost>| async move {
        let ops: Vec<Value> = serde_json::from_slice(&call.args).unwrap();
        let mut answers = Vec::new();
        for op in ops {
            let key = u32::try_from(op["key"].as_u64().unwrap_or(0)).unwrap();
            match (op["op"].as_str().unwrap(), op["value"].as_u64()) {
                ("append", Some(value)) => append(&call, shape, key, value).await?,
                ("read", _) => answers.push(json!(read(&call, shape, key).await?)),
                _ => return Err(aborted()),
            }
        }
        Ok::<Reply, UserError>(ok(&Value::Array(answers).to_string()))
    };
    Closures::default().on("write", handler).on("read", handler)
}

pub fn aborted() -> UserError {
    UserError {
        code: "GONE".to_owned(),
        status: 410,
        message: "on purpose".to_owned(),
        stack: None,
    }
}

type Call = Invocation<TestHost>;

async fn append(call: &Call, shape: Shape, key: u32, value: u64) -> Result<(), UserError> {
    let storage = &call.transaction;
    match shape {
        Shape::Rows | Shape::Queue => {
            let row = json!({ "k": key, "v": value }).to_string();
            storage.push(table(key), &row).await.map_err(text)?;
        }
        Shape::Document => {
            let mut values = read(call, shape, key).await?;
            values.push(value);
            let row = json!({ "v": values }).to_string();
            let id = format!("key {key}");
            storage.set(table(key), &id, &row).await.map_err(text)?;
        }
    }
    Ok(())
}

async fn read(call: &Call, shape: Shape, key: u32) -> Result<Vec<u64>, UserError> {
    let storage = &call.transaction;
    let parse = |row: &String| serde_json::from_str::<Value>(row).unwrap();
    if shape == Shape::Document {
        let row = storage.get(table(key), &format!("key {key}")).await;
        let row = row.map_err(text)?.as_ref().map(parse);
        let values = row.iter().flat_map(|row| row["v"].as_array().unwrap());
        return Ok(values.map(|value| value.as_u64().unwrap()).collect());
    }
    let filter = (shape == Shape::Rows).then(|| json!({ "k": key }).to_string());
    let (mut values, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = storage
            .query(table(key), filter.as_deref(), cursor.as_deref())
            .await
            .map_err(text)?;
        let rows = page.rows.iter().map(parse);
        let of_key = rows.filter(|row| row["k"].as_u64() == Some(key.into()));
        values.extend(of_key.map(|row| row["v"].as_u64().unwrap()));
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(values);
        }
    }
}

struct Run {
    began: Instant,
    plan: Plan,
    next: AtomicU32,
    value: AtomicU32,
    done: AtomicBool,
    history: Mutex<History>,
}

/// Runs the plan over several gateways on one database, and reads every key at the end.
pub async fn run(worlds: &[Arc<World>], plan: Plan, seed: u64) -> History {
    let run = Arc::new(Run {
        began: Instant::now(),
        plan,
        next: AtomicU32::new(0),
        value: AtomicU32::new(1),
        done: AtomicBool::new(false),
        history: Mutex::default(),
    });
    for world in worlds {
        world.host.database.lose(plan.chaos.lost_per_mille);
    }
    let callers: Vec<_> = (0..plan.callers)
        .map(|n| {
            let world = worlds[n as usize % worlds.len()].clone();
            let random = Random::new(seed ^ (u64::from(n) << 32));
            tokio::spawn(run.clone().call_on(world, random))
        })
        .collect();
    let nemesis = tokio::spawn(run.clone().disturb(worlds[0].clone()));
    for caller in callers {
        caller.await.unwrap();
    }
    run.done.store(true, Ordering::SeqCst);
    nemesis.await.unwrap();
    for world in worlds {
        world.host.database.lose(0);
    }
    run.read_all(&worlds[0]).await;
    std::mem::take(&mut *run.history.lock().unwrap())
}

impl Run {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap()
    }

    async fn call_on(self: Arc<Self>, world: Arc<World>, mut random: Random) {
        let mut caller = world.caller();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.plan.transactions {
                return;
            }
            let (ops, aborts) = self.choose(number, &mut random);
            let leaves = random.below(1000) < self.plan.chaos.aborted_per_mille;
            let after = Duration::from_micros(random.below(4_000).into());
            if leaves {
                self.abandon(&caller, ops, after).await;
                // Its session has a reply under way that nobody opens.
                caller = world.caller();
            } else {
                self.call(&caller, ops, aborts, &mut random).await;
            }
        }
    }

    fn choose(&self, number: u32, random: &mut Random) -> (Vec<Op>, bool) {
        let first = number / ROUND * KEYS;
        let ops = (0..=random.below(4))
            .map(|_| {
                let key = first + random.below(KEYS);
                if random.below(2) == 0 {
                    let value = self.value.fetch_add(1, Ordering::Relaxed);
                    Op::Append { key, value }
                } else {
                    Op::Read {
                        key,
                        values: Vec::new(),
                    }
                }
            })
            .collect();
        (ops, random.below(20) == 0)
    }

    /// A call until it has an answer: under the same key, as a client retries.
    async fn call(&self, caller: &Caller, ops: Vec<Op>, aborts: bool, random: &mut Random) {
        let began = self.now();
        let mut key = [0; 16];
        getrandom::fill(&mut key).unwrap();
        let args = argument(&ops, aborts);
        let mut ending = Ending::Unknown;
        let mut ops = ops;
        for attempt in 0..8 {
            match caller.call_with("write", &args, key, |_| {}).await {
                Outcome::Reply { text, .. } => {
                    ending = Ending::Committed;
                    ops = answered(ops, &text);
                }
                Outcome::Error { code, .. } if code == "GONE" => ending = Ending::Aborted,
                Outcome::Error { code, .. } if self.plan.is_broken && code == "INTERNAL_ERROR" => {}
                Outcome::Error { code, message, .. } => {
                    let passing = [
                        "SERVICE_UNAVAILABLE",
                        "TIMEOUT",
                        "CONFLICT",
                        "SNAPSHOT_TOO_OLD",
                    ];
                    assert!(passing.contains(&code.as_str()), "{code} {message}");
                    let pause = u64::from(random.below(20 << attempt));
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    continue;
                }
                Outcome::Expired => panic!("the session is gone"),
            }
            break;
        }
        self.record(began, ops, ending);
    }

    /// A call whose caller hangs up.
    async fn abandon(&self, caller: &Caller, ops: Vec<Op>, after: Duration) {
        let began = self.now();
        let args = argument(&ops, false);
        let _ = tokio::time::timeout(after, caller.call("write", &args)).await;
        self.record(began, ops, Ending::Unknown);
    }

    fn record(&self, began: u64, ops: Vec<Op>, ending: Ending) {
        self.history.lock().unwrap().push(Transaction {
            ops,
            began,
            ended: self.now(),
            ending,
        });
    }

    async fn disturb(self: Arc<Self>, world: Arc<World>) {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let collector = TestHost::new(&world.database.gateway_url()).database;
        if self.plan.chaos.lost_per_mille > 0 {
            collector.rewrite(keep_commits);
        }
        while !self.done.load(Ordering::SeqCst) {
            if self.plan.chaos.kills {
                world.database.kill_gateway_connections().await;
            }
            if self.plan.chaos.collects {
                let _ = collect(&collector, &manifest, Duration::ZERO).await;
            }
            tokio::time::sleep(Duration::from_millis(if self.plan.chaos.kills {
                300
            } else {
                5
            }))
            .await;
        }
    }

    async fn read_all(&self, world: &World) {
        let caller = world.caller();
        for key in 0..self.plan.transactions.div_ceil(ROUND) * KEYS {
            let ops = vec![Op::Read {
                key,
                values: Vec::new(),
            }];
            self.call(&caller, ops, false, &mut Random::new(1)).await;
        }
    }
}

fn argument(ops: &[Op], aborts: bool) -> String {
    let mut ops: Vec<_> = ops
        .iter()
        .map(|op| match op {
            Op::Append { key, value } => json!({ "op": "append", "key": key, "value": value }),
            Op::Read { key, .. } => json!({ "op": "read", "key": key }),
        })
        .collect();
    if aborts {
        ops.push(json!({ "op": "abort" }));
    }
    Value::Array(ops).to_string()
}

fn answered(ops: Vec<Op>, reply: &str) -> Vec<Op> {
    let mut answers = serde_json::from_str::<Vec<Vec<u32>>>(reply)
        .unwrap()
        .into_iter();
    ops.into_iter()
        .map(|op| match op {
            Op::Read { key, .. } => Op::Read {
                key,
                values: answers.next().unwrap(),
            },
            append @ Op::Append { .. } => append,
        })
        .collect()
}
