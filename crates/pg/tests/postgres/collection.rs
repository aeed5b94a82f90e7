//! Garbage collection: what nobody can see goes, and nobody misses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use kontract_gateway::{Collected, Invocation, Manifest, Reply, UserError, collect};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{Closures, MANIFEST, TestHost, World, ok, text};

type Call = Invocation<TestHost>;

const VERSIONS: &str = "SELECT count(*) FROM kontract.tbl_notes_1";
const COMMITS: &str = "SELECT count(*) FROM kontract.trxs WHERE sid LIKE 'req:%'";

async fn sweep(world: &World, retention: Duration) -> Collected {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    collect(&world.host.database, &manifest, retention)
        .await
        .unwrap()
}

/// `note/<id>/<n>` writes, `drop/<id>` deletes, both also on the shared board.
async fn edit(call: Call) -> Result<Reply, UserError> {
    let args = String::from_utf8(call.args.to_vec()).unwrap();
    let parts: Vec<_> = args.split('/').collect();
    for table in ["notes", "board"] {
        match parts[..] {
            ["note", id, n] => {
                let row = json!({ "n": n.parse::<i64>().unwrap() }).to_string();
                call.transaction.set(table, id, &row).await.map_err(text)?;
            }
            ["drop", id] => {
                call.transaction.delete(table, id).await.map_err(text)?;
            }
            _ => unreachable!(),
        }
    }
    Ok(ok(""))
}

/// Every row of both tables, a page at a time.
async fn list(call: Call) -> Result<Reply, UserError> {
    let mut rows = Vec::new();
    for table in ["notes", "board"] {
        let mut cursor = None;
        loop {
            let page = call
                .transaction
                .query(table, None, cursor.as_deref())
                .await
                .map_err(text)?;
            rows.extend(page.rows);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(ok(&rows.join("\n")))
}

#[tokio::test]
async fn old_versions_go_and_what_can_be_read_stays() {
    let world = World::new(Closures::default().on("write", edit).on("read", list)).await;
    let caller = world.caller();
    for n in 0..10 {
        caller.call("write", &format!("note/a/{n}")).await.text();
        caller.call("write", &format!("note/b/{n}")).await.text();
    }
    caller.call("write", "drop/b").await.text();
    let before = caller.call("read", "").await.text();
    assert_eq!(world.database.number(VERSIONS).await, 20);

    let hour = sweep(&world, Duration::from_hours(1)).await;
    assert_eq!((hour.commits, hour.versions), (0, 0), "nothing is that old");

    let all = sweep(&world, Duration::ZERO).await;
    // Both domains: 21 commits each, all but the newest; 20 versions each, all but one.
    assert_eq!(
        all,
        Collected {
            domains: 2,
            commits: 40,
            versions: 38
        }
    );
    assert_eq!(world.database.number(VERSIONS).await, 1);
    assert_eq!(world.database.number(COMMITS).await, 2);
    assert_eq!(caller.call("read", "").await.text(), before);

    let again = sweep(&world, Duration::ZERO).await;
    assert_eq!((again.commits, again.versions), (0, 0));
    caller.call("write", "note/b/10").await.text();
    let txid = "SELECT max(create_txid) FROM kontract.trxs WHERE owner = 'alice'";
    assert_eq!(world.database.number(txid).await, 22, "numbers go on");
}

/// A call reads, others commit and are collected, the call goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_an_older_snapshot_runs_again() {
    for writes in [false, true] {
        let (read, swept) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let runs = Arc::new(AtomicU32::new(0));
        let (first, second, counted) = (read.clone(), swept.clone(), runs.clone());
        let slow = move |call: Call| {
            let (first, second) = (first.clone(), second.clone());
            let counted = counted.clone();
            async move {
                if &call.args[..] != b"slow" {
                    return edit(call).await;
                }
                let run = counted.fetch_add(1, Ordering::SeqCst);
                let a = call.transaction.get("notes", "a").await.map_err(text)?;
                if run == 0 {
                    first.wait().await;
                    second.wait().await;
                }
                if writes {
                    call.transaction
                        .set("notes", "seen", "{}")
                        .await
                        .map_err(text)?;
                } else {
                    call.transaction.get("notes", "b").await.map_err(text)?;
                }
                Ok(ok(&a.unwrap()))
            }
        };
        let world = World::new(Closures::default().on("write", slow)).await;
        let caller = world.caller();
        caller.call("write", "note/a/1").await.text();
        let other = async {
            read.wait().await;
            // Not what the call has read: only the horizon stands in its way.
            world.caller().call("write", "note/c/2").await.text();
            sweep(&world, Duration::ZERO).await;
            swept.wait().await;
        };
        let slow = world.caller();
        let (answer, ()) = tokio::join!(slow.call("write", "slow"), other);
        let row: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(row["n"], 1);
        assert_eq!(runs.load(Ordering::SeqCst), 2, "writes: {writes}");
    }
}

/// Listings while rows come and go and are collected as fast as can be: each shows a state that was.
#[tokio::test(flavor = "multi_thread")]
async fn listings_are_right_while_collections_run() {
    const ROWS: usize = 400;
    let fill = |call: Call| async move {
        for n in 0..ROWS {
            let row = json!({ "n": 0 }).to_string();
            call.transaction
                .set("notes", &format!("{n:04}"), &row)
                .await
                .map_err(text)?;
        }
        Ok(ok(""))
    };
    // One commit adds one to every row, so a listing of different numbers is of no state there was.
    let bump = |call: Call| async move {
        let first = call.transaction.get("notes", "0000").await.map_err(text)?;
        let first: Value = serde_json::from_str(&first.unwrap()).unwrap();
        let row = json!({ "n": first["n"].as_i64().unwrap() + 1 }).to_string();
        for n in 0..ROWS {
            call.transaction
                .set("notes", &format!("{n:04}"), &row)
                .await
                .map_err(text)?;
        }
        Ok(ok(""))
    };
    let write = move |call: Call| async move {
        match &call.args[..] {
            b"fill" => fill(call).await,
            _ => bump(call).await,
        }
    };
    let world = World::new(Closures::default().on("write", write).on("read", list)).await;
    world.caller().call("write", "fill").await.text();
    let (done, collected) = (AtomicBool::new(false), AtomicU32::new(0));
    let writer = async {
        let caller = world.caller();
        for _ in 0..12 {
            caller.call("write", "bump").await.text();
        }
        done.store(true, Ordering::SeqCst);
    };
    let collector = async {
        while !done.load(Ordering::SeqCst) {
            let gone = sweep(&world, Duration::ZERO).await.versions;
            collected.fetch_add(u32::try_from(gone).unwrap(), Ordering::SeqCst);
        }
    };
    let reader = async {
        let caller = world.caller();
        while !done.load(Ordering::SeqCst) {
            let rows = caller.call("read", "").await.text();
            let numbers: Vec<i64> = rows
                .lines()
                .map(|row| {
                    let row: Value = serde_json::from_str(row).unwrap();
                    row["n"].as_i64().unwrap()
                })
                .collect();
            assert_eq!(numbers.len(), ROWS);
            assert!(numbers.iter().all(|n| *n == numbers[0]), "{numbers:?}");
        }
    };
    tokio::join!(writer, collector, reader);
    assert!(
        collected.load(Ordering::SeqCst) > 0,
        "something was collected"
    );
}
