//! Lost acknowledgements, killed connections, a server that is not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kontract_gateway::{Gateway, GatewayConfig, Invocation, Reply, UserError};
use kontract_raystream::StaticKey;
use serde_json::json;

use crate::support::{Caller, Closures, Fault, Outcome, TestHost, World, ok, text};

type Call = Invocation<TestHost>;

const LIVE: &str = "SELECT count(*) FROM kontract.tbl_notes_1 WHERE _deleted_txid IS NULL";

async fn push(call: Call) -> Result<Reply, UserError> {
    let row = json!({ "by": String::from_utf8_lossy(&call.args) }).to_string();
    let id = call.transaction.push("notes", &row).await.map_err(text)?;
    Ok(ok(&id))
}

#[tokio::test]
async fn a_lost_acknowledgement_is_one_effect() {
    let world = World::new(Closures::default().on("write", push)).await;
    let caller = world.caller();
    for (n, fault) in [Fault::BeforeCommit, Fault::AfterCommit]
        .into_iter()
        .enumerate()
    {
        world.host.database.fail_next(fault);
        let id = caller.call("write", "x").await.text();
        assert_eq!(
            world.database.number(LIVE).await,
            i64::try_from(n).unwrap() + 1
        );
        let stored = format!("SELECT count(*) FROM kontract.tbl_notes_1 WHERE id = '{id}'");
        assert_eq!(
            world.database.number(&stored).await,
            1,
            "the reply is the commit's"
        );
    }
}

#[tokio::test]
async fn a_retry_with_the_same_key_runs_once() {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let handler = move |call: Call| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            // The second run would answer something else, or fail.
            if call
                .transaction
                .get("notes", "once")
                .await
                .map_err(text)?
                .is_some()
            {
                return Err(UserError {
                    code: "NOT_FOUND".to_owned(),
                    status: 404,
                    message: String::new(),
                    stack: None,
                });
            }
            call.transaction
                .set("notes", "once", "{}")
                .await
                .map_err(text)?;
            Ok(ok(&run.to_string()))
        }
    };
    let world = World::new(Closures::default().on("write", handler).on("read", push)).await;
    let caller = world.caller();
    let first = caller.call_with("write", "a", [9; 16], |_| {}).await;
    let again = caller.call_with("write", "a", [9; 16], |_| {}).await;
    assert_eq!(first, again);
    assert_eq!(first.text(), "0");
    // The key outlives the session.
    let elsewhere = world
        .caller()
        .call_with("write", "a", [9; 16], |_| {})
        .await;
    assert_eq!(elsewhere, again);
    let other = caller.call_with("write", "b", [9; 16], |_| {}).await;
    assert_eq!(other.code(), "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_at_the_same_time_is_one_effect() {
    let world = World::new(Closures::default().on("write", push)).await;
    let (a, b) = (world.caller(), world.caller());
    let (first, second) = tokio::join!(
        a.call_with("write", "x", [3; 16], |_| {}),
        b.call_with("write", "x", [3; 16], |_| {})
    );
    assert_eq!(first, second);
    assert_eq!(world.database.number(LIVE).await, 1);
}

#[tokio::test]
async fn a_killed_connection_leaves_nothing_half_written() {
    let world = Arc::new(World::new(Closures::default()).await);
    let (killer, kills) = (world.clone(), Arc::new(AtomicU32::new(0)));
    let handler = move |call: Call| {
        let (world, kills) = (killer.clone(), kills.clone());
        async move {
            call.transaction.get("notes", "a").await.map_err(text)?;
            call.transaction
                .set("notes", "a", "{}")
                .await
                .map_err(text)?;
            if kills.fetch_add(1, Ordering::SeqCst) == 0 {
                assert!(world.database.kill_gateway_connections().await > 0);
            }
            call.transaction
                .set("notes", "b", "{}")
                .await
                .map_err(text)?;
            Ok(ok(""))
        }
    };
    world
        .gateway
        .deploy(
            crate::support::MANIFEST,
            Closures::default().on("write", handler),
        )
        .unwrap();
    let caller = world.caller();
    caller.call("write", "").await.text();
    assert_eq!(world.database.number(LIVE).await, 2);
    caller.call("write", "").await.text();
    world
        .gateway
        .deploy(crate::support::MANIFEST, Closures::default())
        .unwrap();
}

/// A call that holds the mutexes on a connection, and loses it.
#[tokio::test]
async fn a_pinned_call_that_loses_its_connection_runs_again() {
    let closures = Closures::default();
    let world = World::configured(closures, |config| {
        config.dev_identity = Some("alice".to_owned());
        config.optimistic_attempts = 0;
    })
    .await;
    let world = Arc::new(world);
    let killer = world.clone();
    let handler = move |call: Call| {
        let world = killer.clone();
        async move {
            call.transaction.push("notes", "{}").await.map_err(text)?;
            if call.attempt == 1 {
                assert!(world.database.kill_gateway_connections().await > 0);
            }
            call.transaction.get("notes", "a").await.map_err(text)?;
            Ok(ok(&call.attempt.to_string()))
        }
    };
    world
        .gateway
        .deploy(
            crate::support::MANIFEST,
            Closures::default().on("write", handler),
        )
        .unwrap();
    let attempt = world.caller().call("write", "").await.text();
    assert_eq!(attempt, "2");
    assert_eq!(world.database.number(LIVE).await, 1);
    world
        .gateway
        .deploy(crate::support::MANIFEST, Closures::default())
        .unwrap();
}

#[tokio::test]
async fn no_server_is_service_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let host = Arc::new(TestHost::new(&format!(
        "postgres://nobody@127.0.0.1:{port}/none"
    )));
    let key = StaticKey::from_private([1; 32]);
    let mut config = GatewayConfig::new(key.clone());
    config.dev_identity = Some("alice".to_owned());
    let gateway = Arc::new(Gateway::new(host, config));
    let before = Caller::connect(gateway.clone(), key.public())
        .call("write", "")
        .await;
    assert_eq!(before.code(), "SERVICE_UNAVAILABLE", "nothing is deployed");
    gateway
        .deploy(
            crate::support::MANIFEST,
            Closures::default().on("write", push),
        )
        .unwrap();
    match Caller::connect(gateway, key.public())
        .call("write", "")
        .await
    {
        Outcome::Error {
            code,
            status: 503,
            message,
            ..
        } => {
            assert_eq!(code, "SERVICE_UNAVAILABLE");
            assert!(!message.contains("127.0.0.1"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// A call dropped halfway gives its connection up, and the next one is not the worse for it.
#[tokio::test]
async fn a_dropped_call_leaves_no_transaction_open() {
    let handler = |call: Call| async move {
        call.transaction.push("notes", "{}").await.map_err(text)?;
        if &*call.args == b"hang" {
            std::future::pending::<()>().await;
        }
        Ok(ok(""))
    };
    let world = World::configured(Closures::default().on("write", handler), |config| {
        config.dev_identity = Some("alice".to_owned());
        config.optimistic_attempts = 0;
    })
    .await;
    let caller = world.caller();
    let hanging = caller.call("write", "hang");
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(500), hanging).await;
    assert!(dropped.is_err());
    // It held the mutex; with its connection gone the next call gets it.
    caller.call("write", "").await.text();
    assert_eq!(world.database.number(LIVE).await, 1);
}
