//! Sessions, tokens, deadlines, limits.

use std::time::Duration;

use kontract_gateway::{Gateway, Invocation, Reply, UserError};
use serde_json::{Value, json};

use crate::support::{Closures, Outcome, TestHost, World, ok, text};

type Call = Invocation<TestHost>;

const SECRET: &[u8] = b"a secret of the tests";

async fn who(call: Call) -> Result<Reply, UserError> {
    let context = &call.context;
    let seen = json!({
        "owner": context.owner, "sub": context.sub, "groups": context.groups,
        "perm": context.perm.bits(), "path": context.path, "method": context.method,
        "headers": context.headers,
    });
    Ok(ok(&seen.to_string()))
}

async fn with_tokens(closures: Closures) -> World {
    World::configured(closures, |config| config.jwt_secret = Some(SECRET.to_vec())).await
}

fn token(claims: &Value) -> String {
    use jsonwebtoken::{EncodingKey, Header, encode};
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap()
}

fn in_an_hour() -> u64 {
    std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs()
        + 3600
}

#[tokio::test]
async fn a_token_says_who_calls() {
    let closures = Closures::default()
        .on("read", who)
        .on("write", who)
        .on("admin", who);
    let world = with_tokens(closures).await;
    let mut caller = world.caller();
    assert_eq!(caller.call("read", "").await.code(), "UNAUTHORIZED");
    for wrong in [
        "nonsense",
        &token(&json!({"sub": "u", "exp": 1})),
        &token(&json!({"sub": "u"})),
    ] {
        caller.token = Some(wrong.to_owned());
        assert_eq!(
            caller.call("read", "").await.code(),
            "UNAUTHORIZED",
            "{wrong}"
        );
    }
    let starred = json!({"sub": "*", "exp": in_an_hour()});
    caller.token = Some(token(&starred));
    assert_eq!(
        caller.call("read", "").await.code(),
        "UNAUTHORIZED",
        "names the shared domain"
    );

    let claims = json!({"sub": "u", "owner": "t", "groups": ["admins"], "exp": in_an_hour()});
    caller.token = Some(token(&claims));
    let seen = caller.call_with("write", "", [1; 16], |call| {
        call.metadata = vec![("traceparent", "00-1")];
    });
    let seen: Value = serde_json::from_str(&seen.await.text()).unwrap();
    assert_eq!(
        seen,
        json!({
            "owner": "t", "sub": "u", "groups": ["admins"], "perm": 7, "path": "/v1/write",
            "method": "POST", "headers": [["host", "test"], ["traceparent", "00-1"]],
        })
    );
    caller.call("admin", "").await.text();
    // The session remembers; another user's token ends it.
    caller.token = None;
    caller.call("read", "").await.text();
    caller.token = Some(token(
        &json!({"sub": "v", "owner": "t", "exp": in_an_hour()}),
    ));
    assert_eq!(caller.call("read", "").await.code(), "FORBIDDEN");
    caller.token = None;
    assert_eq!(caller.call("read", "").await, Outcome::Expired);
}

#[tokio::test]
async fn an_empty_secret_is_no_secret() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let closures = Closures::default().on("read", who);
    let world = World::configured(closures, |config| config.jwt_secret = Some(Vec::new())).await;
    let mut caller = world.caller();
    let claims = json!({"sub": "u", "exp": in_an_hour()});
    let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"")).unwrap();
    caller.token = Some(forged);
    assert_eq!(caller.call("read", "").await.code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn a_decorator_may_not_exceed_the_token() {
    let world = with_tokens(Closures::default().on("read", who).on("write", who)).await;
    let mut caller = world.caller();
    caller.token = Some(token(&json!({"sub": "u", "perm": 4, "exp": in_an_hour()})));
    let seen: Value = serde_json::from_str(&caller.call("read", "").await.text()).unwrap();
    assert_eq!(seen["perm"], 4);
    assert_eq!(caller.call("write", "").await.code(), "FORBIDDEN");
    assert_eq!(
        caller.call("admin", "").await.code(),
        "FORBIDDEN",
        "no such group"
    );
}

#[tokio::test]
async fn a_session_ends() {
    let world = World::new(Closures::default().on("read", who)).await;
    // Unused for ten seconds after its handshake.
    let unused = world.caller();
    let used = world.caller();
    used.call("read", "").await.text();
    world.host.clock.forward(11_000);
    assert_eq!(unused.call("read", "").await, Outcome::Expired);
    used.call("read", "").await.text();
    // Idle for its TTL; each valid frame starts it anew.
    world.host.clock.forward(299_000);
    used.call("read", "").await.text();
    world.host.clock.forward(301_000);
    assert_eq!(used.call("read", "").await, Outcome::Expired);

    let world = with_tokens(Closures::default().on("read", who)).await;
    let mut caller = world.caller();
    caller.token = Some(token(&json!({"sub": "u", "exp": in_an_hour() - 3600 + 60})));
    caller.call("read", "").await.text();
    caller.token = None;
    world.host.clock.forward(66_000);
    assert_eq!(
        caller.call("read", "").await,
        Outcome::Expired,
        "the token's end, and five seconds for its clock, is the session's"
    );
}

/// Whatever is wrong with a frame, the answer is the same bytes.
#[tokio::test]
async fn bad_frames_look_alike() {
    let world = World::new(Closures::default().on("read", who)).await;
    let caller = world.caller();
    let exchange = async |mut frame: Vec<u8>| {
        world
            .gateway
            .exchange(&caller.session, &mut frame, &<_>::default())
            .await
    };
    let good = caller.client.seal_heartbeat(1).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let expired = Some(Gateway::<TestHost>::unknown_session());
    let bad_tag = exchange(flipped).await;
    assert_eq!(bad_tag.frame, expired);
    assert!(bad_tag.keep, "nobody can end another's session");
    assert_ne!(exchange(good.clone()).await.frame, expired);
    assert_eq!(exchange(good).await.frame, expired, "a replay");
    assert_eq!(exchange(vec![1, 2, 3]).await.frame, expired);
    caller.call("read", "").await.text();
}

#[tokio::test]
async fn a_call_has_its_time() {
    let handler = |call: Call| async move {
        call.transaction
            .set("notes", "a", "{}")
            .await
            .map_err(text)?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(ok(""))
    };
    let world = World::new(Closures::default().on("write", handler)).await;
    let caller = world.caller();
    let late = caller
        .call_with("write", "", [1; 16], |call| call.deadline_ms = 200)
        .await;
    assert_eq!(late.code(), "TIMEOUT");
    assert_eq!(
        world
            .database
            .number("SELECT count(*) FROM kontract.tbl_notes_1")
            .await,
        0
    );
}

#[tokio::test]
async fn errors_of_the_users_code_pass_through_and_write_nothing() {
    let handler = |call: Call| async move {
        call.transaction.push("notes", "{}").await.map_err(text)?;
        call.transaction
            .update("notes", "missing", "{}")
            .await
            .map_err(text)?;
        Ok(ok(""))
    };
    for development in [false, true] {
        let world = World::configured(Closures::default().on("write", handler), |config| {
            config.dev_identity = Some("alice".to_owned());
            config.development = development;
        })
        .await;
        match world.caller().call("write", "").await {
            Outcome::Error {
                code,
                status,
                stack,
                ..
            } => {
                assert_eq!((code.as_str(), status), ("NOT_FOUND", 404));
                assert_eq!(
                    stack.is_some(),
                    development,
                    "stack traces are for development"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            world
                .database
                .number("SELECT count(*) FROM kontract.tbl_notes_1")
                .await,
            0
        );
    }
}

#[tokio::test]
async fn a_reply_too_large_for_a_frame_takes_no_effect() {
    let handler = |call: Call| async move {
        call.transaction.push("notes", "{}").await.map_err(text)?;
        Ok(ok(&"x".repeat(2 * 1024 * 1024)))
    };
    let world = World::new(Closures::default().on("write", handler)).await;
    assert_eq!(
        world.caller().call("write", "").await.code(),
        "INTERNAL_ERROR"
    );
    assert_eq!(
        world
            .database
            .number("SELECT count(*) FROM kontract.tbl_notes_1")
            .await,
        0
    );
}
