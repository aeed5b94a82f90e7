//! From the client's half of raystream, through the gateway, to Postgres and back.

use crate::support::{
    Caller, Closures, MANIFEST, Outcome, TestDatabase, TestHost, World, ok, text,
};
use std::sync::Arc;

use kontract_gateway::{Gateway, GatewayConfig, Invocation, Reply, Session, UserError};
use kontract_pg::{PoolConfig, StatementMode};
use kontract_raystream::StaticKey;

async fn add(call: Invocation<TestHost>) -> Result<Reply, UserError> {
    let args = String::from_utf8(call.args.to_vec()).unwrap();
    let id = call.transaction.push("notes", &args).await.map_err(text)?;
    Ok(ok(&id))
}

async fn list(call: Invocation<TestHost>) -> Result<Reply, UserError> {
    let page = call
        .transaction
        .query("notes", None, None)
        .await
        .map_err(text)?;
    Ok(ok(&page.rows.join("\n")))
}

#[tokio::test]
async fn a_call_writes_and_the_next_one_reads() {
    let world = World::new(Closures::default().on("write", add).on("read", list)).await;
    let caller = world.caller();
    let id = caller.call("write", r#"{"text":"first"}"#).await.text();
    assert_eq!(id.len(), 36);
    let rows = caller.call("read", "").await.text();
    let row: serde_json::Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(row, serde_json::json!({"id": id, "text": "first"}));
}

/// The gateway's futures are `Send` when the host's are, without a bound that says so.
#[tokio::test]
async fn exchanging_is_send_on_a_send_host() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    fn shared<T: Send + Sync>() {}
    shared::<Gateway<TestHost>>();
    shared::<Session>();
    let world = World::new(Closures::default().on("read", list)).await;
    let caller = world.caller();
    let mut frame = caller.client.seal_heartbeat(1).unwrap();
    let answer = is_send(
        world
            .gateway
            .exchange(&caller.session, &mut frame, &<_>::default()),
    )
    .await;
    assert!(answer.keep);
}

#[tokio::test]
async fn what_goes_wrong_has_a_name() {
    let world = World::new(Closures::default().on("read", list)).await;
    let caller = world.caller();
    assert_eq!(caller.call("nowhere", "").await.code(), "NOT_FOUND");
    let skewed = caller
        .call_with("read", "", [1; 16], |call| call.schema_hash = 1)
        .await;
    assert_eq!(skewed.code(), "VERSION_SKEW");
    let matching = caller
        .call_with("read", "", [1; 16], |call| call.schema_hash = 0xbb)
        .await;
    assert!(matches!(matching, Outcome::Reply { .. }));
    let altered = caller
        .call_with("read", "", [2; 16], |call| call.request_hash = [0; 32])
        .await;
    assert_eq!(altered.code(), "INVALID_REQUEST");
    assert_eq!(caller.call("admin", "").await.code(), "FORBIDDEN");
}

/// As behind a pooler that hands connections on between transactions: no statement has a name.
#[tokio::test]
async fn statements_may_be_unnamed() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let config = PoolConfig {
        statements: Some(StatementMode::Unnamed),
        ..PoolConfig::default()
    };
    let host = Arc::new(TestHost::pooled(&database.gateway_url(), config));
    let key = StaticKey::from_private([1; 32]);
    let mut config = GatewayConfig::new(key.clone());
    config.dev_identity = Some("alice".to_owned());
    let gateway = Arc::new(Gateway::new(host, config));
    let closures = Closures::default().on("write", add).on("read", list);
    gateway.deploy(MANIFEST, closures).unwrap();
    let caller = Caller::connect(gateway, key.public());
    for i in 0..3 {
        caller
            .call("write", &format!(r#"{{"n":{i}}}"#))
            .await
            .text();
    }
    assert_eq!(caller.call("read", "").await.text().lines().count(), 3);
}
