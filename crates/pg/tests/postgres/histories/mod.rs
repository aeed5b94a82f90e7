//! Is it strictly serializable? Histories of random transactions, checked; and the same checker on
//! storage that is broken on purpose, where it must find something.
//!
//! `KONTRACT_ISOLATION_SCALE` multiplies the transactions (1: some 5,000 in those that must hold).

mod broken;
mod checker;
mod history;
mod spec_sql;
mod workload;

use std::sync::Arc;
use std::time::Duration;

use kontract_gateway::{Invocation, Manifest, collect};
use tokio::sync::Barrier;

use crate::support::{Closures, MANIFEST, TestHost, World, ok, text};
use checker::{Anomaly, check};
use history::{Ending, History};
use workload::{Chaos, Plan, Shape, closures, run};

fn scale() -> u32 {
    let scale = std::env::var("KONTRACT_ISOLATION_SCALE");
    scale.map_or(1, |scale| scale.parse().unwrap())
}

fn plan(shape: Shape, transactions: u32, chaos: Chaos) -> Plan {
    Plan {
        shape,
        transactions: transactions * scale(),
        callers: 12,
        chaos,
        is_broken: false,
    }
}

/// Two gateways on one database: each has company of its own to commit in.
async fn worlds(shape: Shape) -> Vec<Arc<World>> {
    let first = Arc::new(World::new(closures(shape)).await);
    let second = Arc::new(first.another(closures(shape)));
    vec![first, second]
}

fn seed() -> u64 {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    u64::from_be_bytes(seed)
}

fn count(history: &History, ending: Ending) -> usize {
    history.iter().filter(|t| t.ending == ending).count()
}

async fn holds(plan: Plan) {
    let seed = seed();
    let history = run(&worlds(plan.shape).await, plan, seed).await;
    let anomalies = check(&history);
    for anomaly in &anomalies {
        explain(anomaly, &history);
    }
    assert_eq!(anomalies, [], "{plan:?}, seed {seed}");
    assert!(
        count(&history, Ending::Committed) * 10 > history.len() * 8,
        "most calls come through"
    );
}

/// The transactions of a cycle.
fn explain(anomaly: &Anomaly, history: &History) -> Vec<String> {
    match anomaly {
        Anomaly::Cycle(_, ids) => ids.iter().map(|id| format!("{:?}", history[*id])).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_rows() {
    holds(plan(Shape::Rows, 1_000, Chaos::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents() {
    holds(plan(Shape::Document, 1_500, Chaos::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues() {
    holds(plan(Shape::Queue, 400, Chaos::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_while_everything_fails() {
    let chaos = Chaos {
        lost_per_mille: 50,
        aborted_per_mille: 30,
        kills: true,
        collects: true,
    };
    holds(plan(Shape::Document, 600, chaos)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_rows_while_everything_fails() {
    let chaos = Chaos {
        lost_per_mille: 50,
        aborted_per_mille: 30,
        kills: true,
        collects: true,
    };
    holds(plan(Shape::Rows, 600, chaos)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_while_garbage_is_collected() {
    let chaos = Chaos {
        collects: true,
        ..Chaos::default()
    };
    holds(plan(Shape::Document, 800, chaos)).await;
}

/// What the checker finds in a run on worlds that are broken.
async fn found(worlds: Vec<Arc<World>>, shape: Shape) -> Vec<Anomaly> {
    let mut all = Vec::new();
    // Not every run meets the hole: some do.
    for round in 0..6 {
        let plan = Plan {
            shape,
            transactions: 400,
            callers: 12,
            chaos: Chaos::default(),
            is_broken: true,
        };
        // Other keys each time: what was broken before must not be found again.
        if round > 0 {
            worlds[0]
                .database
                .admin()
                .await
                .batch_execute("TRUNCATE kontract.tbl_notes_1, kontract.tbl_board_1")
                .await
                .unwrap();
        }
        all = check(&run(&worlds, plan, seed()).await);
        if !all.is_empty() {
            break;
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_specifications_sql_is_not_isolated() {
    let is_undone = |a: &Anomaly| matches!(a, Anomaly::AbortedRead(_));
    let is_lost = |a: &Anomaly| matches!(a, Anomaly::Lost(_) | Anomaly::IncompatibleOrder(_));
    let mut all = Vec::new();
    for _ in 0..6 {
        let world = Arc::new(World::new(Closures::default()).await);
        let closures = spec_sql::closures(&world.database).await;
        all.extend(found(vec![Arc::new(world.another(closures))], Shape::Document).await);
        if all.iter().any(is_undone) && all.iter().any(is_lost) {
            return;
        }
    }
    panic!("{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_committed_loses_updates() {
    let worlds = worlds(Shape::Document).await;
    for world in &worlds {
        world
            .host
            .database
            .rewrite(|batch| batch.iter().map(broken::read_committed).collect());
    }
    let found = found(worlds, Shape::Document).await;
    let is_lost = |a: &Anomaly| matches!(a, Anomaly::Lost(_) | Anomaly::IncompatibleOrder(_));
    assert!(found.iter().any(is_lost), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeatable_read_has_write_skew() {
    let worlds = worlds(Shape::Document).await;
    for world in &worlds {
        world
            .host
            .database
            .rewrite(|batch| batch.iter().map(broken::repeatable_read).collect());
    }
    let found = found(worlds, Shape::Document).await;
    assert!(
        found.iter().any(|a| matches!(a, Anomaly::Cycle(..))),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_company_have_to_be_checked_against_each_other() {
    let worlds = worlds(Shape::Document).await;
    for world in &worlds {
        world.host.database.rewrite(broken::unchecked_members);
    }
    let found = found(worlds, Shape::Document).await;
    assert!(!found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_has_to_be_validated() {
    for shape in [Shape::Document, Shape::Rows] {
        let worlds = worlds(shape).await;
        broken::replace(&worlds[0], broken::unvalidated).await;
        let found = found(worlds, shape).await;
        assert!(!found.is_empty(), "{shape:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mutex_has_to_be_taken_first() {
    let worlds = worlds(Shape::Document).await;
    broken::replace(&worlds[0], broken::late_lock).await;
    let found = found(worlds, Shape::Document).await;
    assert!(!found.is_empty());
}

/// A call reads a row; it is deleted, and collected with all that tells of it; the call writes.
#[tokio::test(flavor = "multi_thread")]
async fn the_horizon_has_to_be_checked() {
    for is_broken in [false, true] {
        let (read, collected) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (first, second) = (read.clone(), collected.clone());
        let handler = move |call: Invocation<TestHost>| {
            let (first, second) = (first.clone(), second.clone());
            async move {
                let storage = &call.transaction;
                match &call.args[..] {
                    b"copy" => {
                        let row = storage.get("notes", "a").await.map_err(text)?;
                        if call.attempt == 1 {
                            first.wait().await;
                            second.wait().await;
                        }
                        if let Some(row) = row {
                            let row = row.replace("\"a\"", "\"copy\"");
                            storage.set("notes", "copy", &row).await.map_err(text)?;
                        }
                    }
                    b"delete" => {
                        storage.delete("notes", "a").await.map_err(text)?;
                    }
                    id => {
                        let id = String::from_utf8_lossy(id);
                        storage.set("notes", &id, "{}").await.map_err(text)?;
                    }
                }
                Ok(ok(""))
            }
        };
        let world = World::new(Closures::default().on("write", handler)).await;
        if is_broken {
            broken::replace(&world, broken::unchecked_horizon).await;
        }
        world.caller().call("write", "a").await.text();
        let others = async {
            read.wait().await;
            let other = world.caller();
            other.call("write", "delete").await.text();
            other.call("write", "b").await.text();
            let manifest = Manifest::parse(MANIFEST).unwrap();
            collect(&world.host.database, &manifest, Duration::ZERO)
                .await
                .unwrap();
            collected.wait().await;
        };
        let caller = world.caller();
        let (answer, ()) = tokio::join!(caller.call("write", "copy"), others);
        answer.text();
        // A copy can only have come before the deletion; its caller was told of it after.
        let copies = "SELECT count(*) FROM kontract.tbl_notes_1 WHERE id = 'copy'";
        let is_stale = world.database.number(copies).await == 1;
        assert_eq!(is_stale, is_broken);
    }
}
