//! Calls that meet: each history must be one that some order of the calls could have made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kontract_gateway::{Invocation, Page, Reply, UserError};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{Closures, TestHost, World, ok, text};

type Call = Invocation<TestHost>;

async fn number(call: &Call, table: &str, id: &str) -> Result<i64, UserError> {
    let row = call.transaction.get(table, id).await.map_err(text)?;
    let row = row.map(|row| serde_json::from_str::<Value>(&row).unwrap());
    Ok(row.map_or(0, |row| row["n"].as_i64().unwrap()))
}

async fn store(call: &Call, table: &str, id: &str, n: i64) -> Result<(), UserError> {
    call.transaction
        .set(table, id, &json!({ "n": n }).to_string())
        .await
        .map_err(text)
}

async fn increment(call: Call) -> Result<Reply, UserError> {
    let table = String::from_utf8(call.args.to_vec()).unwrap();
    let n = number(&call, &table, "counter").await? + 1;
    store(&call, &table, "counter", n).await?;
    Ok(ok(&n.to_string()))
}

async fn read(call: Call) -> Result<Reply, UserError> {
    let args = String::from_utf8(call.args.to_vec()).unwrap();
    let (table, id) = args.split_once('/').unwrap();
    Ok(ok(&number(&call, table, id).await?.to_string()))
}

/// Every attempt waits here once after it has read, so that both have read before either writes.
async fn meet(barrier: &Barrier, attempt: u32) {
    if attempt == 1 {
        barrier.wait().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_read_modify_writes_both_take_effect() {
    let barrier = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let handler = move |call: Call| {
        let (barrier, runs) = (barrier.clone(), counted.clone());
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            let n = number(&call, "notes", "counter").await?;
            meet(&barrier, call.attempt).await;
            store(&call, "notes", "counter", n + 1).await?;
            Ok(ok(""))
        }
    };
    let world = World::new(Closures::default().on("write", handler).on("read", read)).await;
    let (a, b) = (world.caller(), world.caller());
    let (first, second) = tokio::join!(a.call("write", ""), b.call("write", ""));
    first.text();
    second.text();
    assert_eq!(a.call("read", "notes/counter").await.text(), "2");
    assert_eq!(runs.load(Ordering::SeqCst), 3, "one of the two ran again");
}

/// Two doctors go off call, each having seen the other on call (write skew, G2-item).
#[tokio::test(flavor = "multi_thread")]
async fn write_skew_is_retried() {
    let barrier = Arc::new(Barrier::new(2));
    let handler = move |call: Call| {
        let barrier = barrier.clone();
        async move {
            let me = String::from_utf8(call.args.to_vec()).unwrap();
            if me == "both" {
                store(&call, "notes", "ann", 1).await?;
                store(&call, "notes", "bob", 1).await?;
                return Ok(ok(""));
            }
            let on_call =
                number(&call, "notes", "ann").await? + number(&call, "notes", "bob").await?;
            meet(&barrier, call.attempt).await;
            if on_call > 1 {
                store(&call, "notes", &me, 0).await?;
            }
            Ok(ok(&on_call.to_string()))
        }
    };
    let world = World::new(Closures::default().on("write", handler).on("read", read)).await;
    let (a, b) = (world.caller(), world.caller());
    a.call("write", "both").await.text();
    let (a_saw, b_saw) = tokio::join!(a.call("write", "ann"), b.call("write", "bob"));
    let mut saw = [a_saw.text(), b_saw.text()];
    saw.sort();
    assert_eq!(saw, ["1", "2"], "one saw the other's change");
    let left: i64 = a
        .call("read", "notes/ann")
        .await
        .text()
        .parse::<i64>()
        .unwrap()
        + a.call("read", "notes/bob")
            .await
            .text()
            .parse::<i64>()
            .unwrap();
    assert_eq!(left, 1);
}

/// The same across the two domains of a call: an owner's table and a shared one.
#[tokio::test(flavor = "multi_thread")]
async fn write_skew_across_domains_is_retried() {
    let barrier = Arc::new(Barrier::new(2));
    let handler = move |call: Call| {
        let barrier = barrier.clone();
        async move {
            let mine = String::from_utf8(call.args.to_vec()).unwrap();
            let sum = number(&call, "notes", "x").await? + number(&call, "board", "x").await?;
            meet(&barrier, call.attempt).await;
            if sum == 0 {
                store(&call, &mine, "x", 1).await?;
            }
            Ok(ok(""))
        }
    };
    let world = World::new(Closures::default().on("write", handler).on("read", read)).await;
    let (a, b) = (world.caller(), world.caller());
    let (first, second) = tokio::join!(a.call("write", "notes"), b.call("write", "board"));
    first.text();
    second.text();
    let notes = a.call("read", "notes/x").await.text();
    let board = a.call("read", "board/x").await.text();
    assert_eq!([notes, board].iter().filter(|n| *n == "1").count(), 1);
}

/// A row that enters a filter's result after it was read (phantom, G2).
#[tokio::test(flavor = "multi_thread")]
async fn a_phantom_is_retried() {
    let barrier = Arc::new(Barrier::new(2));
    let handler = move |call: Call| {
        let barrier = barrier.clone();
        async move {
            let filter = r#"{"room":"A"}"#;
            let page = call
                .transaction
                .query("notes", Some(filter), None)
                .await
                .map_err(text)?;
            meet(&barrier, call.attempt).await;
            if page.rows.is_empty() {
                call.transaction.push("notes", filter).await.map_err(text)?;
            }
            Ok(ok(&page.rows.len().to_string()))
        }
    };
    let world = World::new(Closures::default().on("write", handler)).await;
    let (a, b) = (world.caller(), world.caller());
    let (first, second) = tokio::join!(a.call("write", ""), b.call("write", ""));
    let mut saw = [first.text(), second.text()];
    saw.sort();
    assert_eq!(saw, ["0", "1"]);
    let live = "SELECT count(*) FROM kontract.tbl_notes_1 WHERE _deleted_txid IS NULL";
    assert_eq!(world.database.number(live).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_increments_of_one_row_all_land() {
    let world = World::new(Closures::default().on("write", increment).on("read", read)).await;
    let world = Arc::new(world);
    for table in ["notes", "board"] {
        let callers: Vec<_> = (0..64)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { world.caller().call("write", table).await.text() })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let sum = world
            .caller()
            .call("read", &format!("{table}/counter"))
            .await
            .text();
        assert_eq!(sum, "64", "{table}");
    }
    let versions = "SELECT max(_version) FROM kontract.tbl_board_1";
    assert_eq!(world.database.number(versions).await, 64);
}

/// Pages of one query are of one snapshot, whatever is committed between them.
#[tokio::test(flavor = "multi_thread")]
async fn pages_share_a_snapshot() {
    let turn = Arc::new(Barrier::new(2));
    let reader_turn = turn.clone();
    let reader = move |call: Call| {
        let turn = reader_turn.clone();
        async move {
            let mut ids = Vec::new();
            let mut cursor: Option<String> = None;
            let mut pages = 0;
            loop {
                let read = call
                    .transaction
                    .query("notes", None, cursor.as_deref())
                    .await;
                let Page { rows, cursor: next } = read.map_err(text)?;
                ids.extend(rows.iter().map(|row| {
                    serde_json::from_str::<Value>(row).unwrap()["id"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                }));
                pages += 1;
                if pages == 1 {
                    turn.wait().await;
                    turn.wait().await;
                }
                match next {
                    Some(next) => cursor = Some(next),
                    None => return Ok(ok(&ids.join(","))),
                }
            }
        }
    };
    let writer = |call: Call| async move {
        if &*call.args == b"fill" {
            for i in 0..600 {
                let row = json!({ "id": format!("r{i:03}") }).to_string();
                call.transaction.push("notes", &row).await.map_err(text)?;
            }
        } else {
            for i in [1, 300, 599] {
                call.transaction
                    .delete("notes", &format!("r{i:03}"))
                    .await
                    .map_err(text)?;
            }
            call.transaction
                .push("notes", r#"{"id":"late"}"#)
                .await
                .map_err(text)?;
        }
        Ok(ok(""))
    };
    let world = World::new(Closures::default().on("write", writer).on("read", reader)).await;
    let (a, b) = (world.caller(), world.caller());
    a.call("write", "fill").await.text();
    let change = async {
        turn.wait().await;
        a.call("write", "change").await.text();
        turn.wait().await;
    };
    let (ids, ()) = tokio::join!(b.call("read", ""), change);
    let expected: Vec<_> = (0..600).map(|i| format!("r{i:03}")).collect();
    assert_eq!(ids.text(), expected.join(","));
}
