//! Calls of one domain that commit together: as few transactions as can be, and nobody's fault is
//! another's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kontract_gateway::{Invocation, Reply, UserError};
use serde_json::{Value, json};

use crate::support::{Closures, Outcome, TestHost, World, ok, text};

type Call = Invocation<TestHost>;

/// Adds one to row `id`; the text `13` is a value the table refuses.
async fn add(call: Call) -> Result<Reply, UserError> {
    let id = String::from_utf8(call.args.to_vec()).unwrap();
    let row = call.transaction.get("notes", &id).await.map_err(text)?;
    let n = row.map_or(0, |row| {
        serde_json::from_str::<Value>(&row).unwrap()["n"]
            .as_i64()
            .unwrap()
    });
    let row = json!({ "n": n + 1, "what": id }).to_string();
    call.transaction
        .set("notes", &id, &row)
        .await
        .map_err(text)?;
    Ok(ok(&(n + 1).to_string()))
}

/// Starts calls while somebody else holds the domain's mutex, so that they meet, then lets them go.
async fn together(world: &World, ids: &[&str]) -> Vec<Outcome> {
    let admin = world.database.admin().await;
    admin
        .batch_execute("BEGIN; SELECT 1 FROM kontract.trxs WHERE sid = 'lock:alice' FOR UPDATE")
        .await
        .unwrap();
    let callers: Vec<_> = ids.iter().map(|_| world.caller()).collect();
    let calls = callers
        .iter()
        .zip(ids)
        .map(|(caller, id)| caller.call("write", id));
    let release = async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        admin.batch_execute("COMMIT").await.unwrap();
    };
    futures::join!(futures::future::join_all(calls), release).0
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_for_each_other_commit_in_one_transaction() {
    let world = World::new(Closures::default().on("write", add)).await;
    world.caller().call("write", "x").await.text();
    let before = world.host.database.faults.commits.load(Ordering::SeqCst);
    let names: Vec<String> = (0..20).map(|n| format!("row {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for outcome in together(&world, &names).await {
        assert_eq!(outcome.text(), "1");
    }
    let sent = world.host.database.faults.commits.load(Ordering::SeqCst) - before;
    // Two when all were there in time: the one that came first, and the others in company.
    assert!(sent <= 10, "{sent} transactions for 20 calls");
    let dates = "SELECT count(DISTINCT create_txid) FROM kontract.trxs WHERE owner = 'alice'";
    assert_eq!(
        world.database.number(dates).await,
        1 + 1 + 20,
        "a commit each"
    );
}

/// Each is checked after the ones before it, though they are of one transaction.
#[tokio::test(flavor = "multi_thread")]
async fn members_of_one_transaction_conflict_with_each_other() {
    let world = World::new(Closures::default().on("write", add)).await;
    world.caller().call("write", "x").await.text();
    let mut seen: Vec<i64> = together(&world, &["x"; 8])
        .await
        .into_iter()
        .map(|outcome| outcome.text().parse().unwrap())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [2, 3, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_the_database_refuses_is_its_callers_alone() {
    let world = World::new(Closures::default().on("write", add)).await;
    world.caller().call("write", "x").await.text();
    world
        .database
        .admin()
        .await
        .batch_execute("ALTER TABLE kontract.tbl_notes_1 ADD CHECK (data->>'what' <> '13')")
        .await
        .unwrap();
    let outcomes = together(&world, &["1", "2", "13", "3", "4"]).await;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        if n == 2 {
            outcome.code();
        } else {
            assert_eq!(outcome.text(), "1");
        }
    }
    let rows = "SELECT count(*) FROM kontract.tbl_notes_1 WHERE _deleted_txid IS NULL";
    assert_eq!(world.database.number(rows).await, 5);
}
