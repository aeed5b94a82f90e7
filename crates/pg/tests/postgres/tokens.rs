//! Keys from an issuer's address: fetched once for all, again for an unknown id, used while it is down.
//! Tokens of the gateway's own: no better than their caller's.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kontract_gateway::{Document, Identity, Invocation, NewToken, Perm, Reply, UserError};
use serde_json::{Value, json};

use crate::support::{Closures, Outcome, TestHost, World, ok};

async fn who(call: Invocation<TestHost>) -> Result<Reply, UserError> {
    Ok(ok(&call.context.sub))
}

/// An issuer's key: Ed25519 of a seed, in PKCS #8 as RFC 8410 section 7 has it.
fn signer(seed: u8) -> EncodingKey {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

fn public(seed: u8) -> Value {
    let mut jwk = Jwk::from_encoding_key(&signer(seed), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(format!("key-{seed}"));
    serde_json::to_value(jwk).unwrap()
}

fn token(seed: u8) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(format!("key-{seed}"));
    // Longer than any clock here is put forward.
    encode(
        &header,
        &json!({"sub": format!("user-{seed}"), "exp": 99_999_999_999_u64}),
        &signer(seed),
    )
    .unwrap()
}

fn set(keys: &[Value], cache_control: Option<&str>) -> Document {
    Document {
        status: 200,
        cache_control: cache_control.map(str::to_owned),
        body: json!({ "keys": keys }).to_string().into_bytes(),
    }
}

struct Issuer {
    world: Arc<World>,
    keeper: tokio::task::JoinHandle<()>,
}

impl Issuer {
    async fn publishing(document: Option<Document>) -> Self {
        let world = World::configured(Closures::default().on("read", who), |config| {
            config.tokens.jwks = Some("https://issuer.example/keys".parse().unwrap());
        })
        .await;
        let gateway = world.gateway.clone();
        let issuer = Self {
            world: Arc::new(world),
            keeper: tokio::spawn(async move { gateway.keep_keys().await }),
        };
        issuer.publish(document);
        issuer
    }

    fn publish(&self, document: Option<Document>) {
        *self.world.host.issuer.answer.lock().unwrap() = document;
    }

    fn asked(&self) -> u32 {
        self.world.host.issuer.asked.load(Ordering::SeqCst)
    }

    fn forward_seconds(&self, seconds: i64) {
        self.world.host.clock.forward(seconds * 1000);
    }

    /// A call of a new session with a token of this key.
    async fn call(&self, seed: u8) -> Outcome {
        let mut caller = self.world.caller();
        caller.token = Some(token(seed));
        caller.call("read", "").await
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[tokio::test]
async fn any_number_of_calls_make_one_fetch() {
    let issuer = Issuer::publishing(Some(set(&[public(1)], None))).await;
    issuer
        .world
        .host
        .issuer
        .delay_ms
        .store(50, Ordering::SeqCst);
    let calls = (0..20).map(|_| issuer.call(1));
    for outcome in futures::future::join_all(calls).await {
        assert_eq!(outcome.text(), "user-1");
    }
    assert_eq!(issuer.asked(), 1);
    // A caller who hangs up takes no fetch along.
    issuer.forward_seconds(31);
    let hung_up = tokio::time::timeout(Duration::from_millis(10), issuer.call(2)).await;
    assert!(hung_up.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(issuer.call(2).await.code(), "UNAUTHORIZED");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn an_unknown_id_is_looked_for_once_in_thirty_seconds() {
    let issuer = Issuer::publishing(Some(set(&[public(1)], None))).await;
    issuer.call(1).await.text();
    issuer.publish(Some(set(&[public(2)], None)));
    assert_eq!(issuer.call(2).await.code(), "UNAUTHORIZED");
    assert_eq!(issuer.asked(), 1, "strangers' key ids make no traffic");
    issuer.forward_seconds(31);
    assert_eq!(issuer.call(2).await.text(), "user-2");
    assert_eq!(issuer.call(1).await.code(), "UNAUTHORIZED", "it is gone");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn a_set_is_fetched_again_when_it_is_no_longer_fresh() {
    let document = set(&[public(1)], Some("public, max-age=120"));
    let issuer = Issuer::publishing(Some(document)).await;
    issuer.call(1).await.text();
    issuer.publish(Some(set(&[public(2)], None)));
    issuer.forward_seconds(119);
    issuer.call(1).await.text();
    assert_eq!(issuer.asked(), 1);
    issuer.forward_seconds(2);
    issuer.call(1).await.text();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(issuer.asked(), 2, "behind the call");
    assert_eq!(issuer.call(1).await.code(), "UNAUTHORIZED");
    issuer.call(2).await.text();
}

#[tokio::test]
async fn known_keys_are_used_for_a_day_while_the_address_is_down() {
    let issuer = Issuer::publishing(Some(set(&[public(1)], None))).await;
    issuer.call(1).await.text();
    issuer.publish(None);
    for _ in 0..10 {
        issuer.forward_seconds(8_000);
        issuer.call(1).await.text();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    issuer.forward_seconds(8_000);
    assert_eq!(issuer.call(1).await.code(), "SERVICE_UNAVAILABLE");
    issuer.publish(Some(set(&[public(1)], None)));
    issuer.forward_seconds(31);
    issuer.call(1).await.text();
}

#[tokio::test]
async fn without_keys_nobody_is_told_their_token_is_wrong() {
    let issuer = Issuer::publishing(None).await;
    assert_eq!(issuer.call(1).await.code(), "SERVICE_UNAVAILABLE");
    for bad in [
        Document {
            status: 500,
            ..set(&[public(1)], None)
        },
        Document {
            body: b"<html>".to_vec(),
            ..set(&[], None)
        },
        set(&[], None),
        set(&vec![public(1); 101], None),
        set(&[json!({"kty": "oct", "k": "AAAA", "kid": "key-1"})], None),
        Document {
            body: [set(&[public(1)], None).body, vec![b' '; 300 * 1024]].concat(),
            ..set(&[], None)
        },
    ] {
        let asked = issuer.asked();
        issuer.publish(Some(bad.clone()));
        issuer.forward_seconds(6);
        let outcome = issuer.call(1).await;
        assert_eq!(outcome.code(), "SERVICE_UNAVAILABLE", "{}", bad.status);
        assert_eq!(issuer.asked(), asked + 1);
    }
    issuer.publish(Some(set(&[public(1), json!({"kty": "unheard of"})], None)));
    assert_eq!(
        issuer.call(1).await.code(),
        "SERVICE_UNAVAILABLE",
        "not yet"
    );
    issuer.forward_seconds(6);
    issuer.call(1).await.text();
}

#[tokio::test]
async fn some_routes_need_no_token() {
    let world = World::configured(
        Closures::default().on("read", who).on("write", who),
        |config| config.tokens.public = vec!["read".to_owned()],
    )
    .await;
    let caller = world.caller();
    assert_eq!(caller.call("read", "").await.text(), "anonymous");
    assert_eq!(caller.call("write", "").await.code(), "UNAUTHORIZED");
    assert_eq!(caller.call("admin", "").await.code(), "UNAUTHORIZED");
}

/// A handler that issues what its arguments ask for.
async fn issue(call: Invocation<TestHost>) -> Result<Reply, UserError> {
    let asked: Value = serde_json::from_slice(&call.args).unwrap();
    let perm = asked["perm"]
        .as_u64()
        .and_then(|bits| Perm::from_bits(u8::try_from(bits).ok()?));
    let token = NewToken {
        sub: asked["sub"].as_str().unwrap_or("ada").to_owned(),
        owner: asked["owner"].as_str().map(str::to_owned),
        groups: vec!["admins".to_owned()],
        perm,
        ttl: asked["ttl"].as_u64().map(Duration::from_secs),
    };
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let issued = call.issue_token(&token, u64::try_from(now.as_millis()).unwrap());
    Ok(ok(&issued.unwrap_or_else(|error| format!("{error:?}"))))
}

#[tokio::test]
async fn a_call_issues_no_more_than_it_came_with() {
    let closures = Closures::default().on("read", issue).on("admin", who);
    let world = World::configured(closures, |config| {
        config.jwt_secret = Some(b"a secret of the tests".to_vec());
        config.tokens.public = vec!["read".to_owned()];
        config.tokens.issuers = vec!["us".to_owned()];
        config.tokens.audiences = vec!["app".to_owned()];
    })
    .await;
    let ask = async |token: Option<&str>, asked: Value| {
        let mut caller = world.caller();
        caller.token = token.map(str::to_owned);
        caller.call("read", &asked.to_string()).await.text()
    };
    let admin = async |token: &str| {
        let mut caller = world.caller();
        caller.token = Some(token.to_owned());
        caller.call("admin", "").await
    };
    let full = ask(None, json!({})).await;
    assert_eq!(
        admin(&full).await.text(),
        "ada",
        "its own tokens pass its own checks"
    );
    let lesser = ask(Some(&full), json!({"perm": 4})).await;
    assert_eq!(admin(&lesser).await.code(), "FORBIDDEN");
    // The lesser one issues itself again, and a better one for itself or for another.
    let renewed = ask(Some(&lesser), json!({})).await;
    assert_eq!(
        admin(&renewed).await.code(),
        "FORBIDDEN",
        "the caller's by default"
    );
    for better in [json!({"perm": 7}), json!({"perm": 6, "sub": "bob"})] {
        let refused = ask(Some(&lesser), better).await;
        assert!(refused.starts_with("BeyondCaller"), "{refused}");
    }
    for (asked, error) in [
        (json!({"owner": "*"}), "Name"),
        (json!({"sub": ""}), "Name"),
        (json!({"owner": Identity::ANONYMOUS_OWNER}), "Name"),
        (json!({"ttl": 0}), "Ttl"),
        (json!({"ttl": 30 * 24 * 3600 + 1}), "Ttl"),
    ] {
        let refused = ask(None, asked).await;
        assert!(refused.starts_with(error), "{refused}");
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_issued() {
    let world = World::new(Closures::default().on("read", issue)).await;
    assert_eq!(world.caller().call("read", "{}").await.text(), "NoSecret");
}
