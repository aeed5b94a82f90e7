//! All eight masks of token, route, table and field against every operation, and what each may do by a
//! model of its own. A token decides whether its call runs at all: routes, tables and fields meet in all
//! 512 ways.

use std::sync::{Arc, Mutex};

use jsonwebtoken::{EncodingKey, Header, encode};
use kontract_gateway::{Gateway, GatewayConfig, Invocation, Reply, StorageError, UserError};
use kontract_raystream::StaticKey;
use serde_json::{Value, json};

use crate::support::{Caller, Closures, Outcome, TestDatabase, TestHost};

const SECRET: &[u8] = b"a secret of the tests, 32 bytes!";
const R: u8 = 4;
const W: u8 = 2;
const X: u8 = 1;

type Call = Invocation<TestHost>;
type Done = Result<Vec<Value>, StorageError>;

fn table(table: u8, field: u8) -> String {
    format!("t{table}{field}")
}

/// A route for each mask, a table for each mask and each mask of its field `f`.
fn manifest() -> String {
    let route =
        |perm: u8| json!({"id": format!("r{perm}"), "perm": perm, "hash": "00000000000000aa"});
    let routes: Vec<_> = (0..8).map(route).collect();
    let tables = (0..64_u8).map(|i| {
        let (mask, field) = (i / 8, i % 8);
        json!({"id": table(mask, field), "ptr": format!("tbl_{}", table(mask, field)), "tenancy": "own",
            "primkey": "id", "permissions": mask, "fields": [
              {"name": "id", "kind": "string"},
              {"name": "f", "kind": "string", "perm": field, "optional": true}]})
    });
    let tables: Vec<_> = tables.collect();
    json!({"version": 1, "routes": routes, "tables": tables}).to_string()
}

/// Rows `a` to `i` in each table, past Kontract: many of these tables nobody may write.
async fn fill(database: &TestDatabase) {
    let admin = database.admin().await;
    let trxs = "INSERT INTO kontract.trxs (sid, owner, create_txid) VALUES \
                ('lock:alice', 'alice', NULL), ('init:alice', 'alice', 0), ('req:x', 'alice', 1)";
    admin.batch_execute(trxs).await.unwrap();
    for i in 0..64_u8 {
        let fill = format!(
            "INSERT INTO kontract.tbl_{} SELECT chr(96 + i), jsonb_build_object('id', chr(96 + i), 'f', 'old'), \
             1, 1, 'alice', NULL, i FROM generate_series(1, 9) AS i",
            table(i / 8, i % 8)
        );
        admin.batch_execute(&fill).await.unwrap();
    }
}

/// Every operation, each on a row of its own.
const OPERATIONS: [&str; 16] = [
    "get",
    "iterate",
    "query",
    "query by f",
    "order by f",
    "pop",
    "shift",
    "set",
    "set f",
    "set f anew",
    "set new",
    "update",
    "update f",
    "update missing",
    "push",
    "delete",
];

async fn operate(call: &Call, table: &str, operation: &str) -> Done {
    let t = &call.transaction;
    let row = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let rows = |page: kontract_gateway::Page| page.rows.iter().map(|text| row(text)).collect();
    let one = |text: Option<String>| text.iter().map(|text| row(text)).collect();
    let nothing = |()| Vec::new();
    match operation {
        "get" => t.get(table, "b").await.map(one),
        "iterate" => t.query(table, None, None).await.map(rows),
        "query" => t
            .select(table, r#"{"where":[[["id"],"eq","b"]]}"#, None)
            .await
            .map(rows),
        "query by f" => t
            .select(table, r#"{"where":[[["f"],"gte","old"]]}"#, None)
            .await
            .map(rows),
        "order by f" => t
            .select(table, r#"{"orderBy":"f","limit":2}"#, None)
            .await
            .map(rows),
        "set" => t
            .set(table, "c", r#"{"id":"c","f":"old","more":1}"#)
            .await
            .map(nothing),
        "set f" => t
            .set(table, "d", r#"{"id":"d","f":"new"}"#)
            .await
            .map(nothing),
        "set f anew" => t.set(table, "e", r#"{"id":"e"}"#).await.map(nothing),
        "set new" => t
            .set(table, "new", r#"{"id":"new","f":"new"}"#)
            .await
            .map(nothing),
        "update" => t.update(table, "f", r#"{"more":1}"#).await.map(nothing),
        "update f" => t.update(table, "g", r#"{"f":"new"}"#).await.map(nothing),
        "update missing" => t.update(table, "none", r#"{"f":"new"}"#).await.map(nothing),
        "push" => t.push(table, r#"{"f":"new"}"#).await.map(|_| Vec::new()),
        "delete" => t.delete(table, "h").await.map(|there| vec![json!(there)]),
        "pop" => t.pop(table).await.map(one),
        "shift" => t.shift(table).await.map(one),
        other => panic!("{other}"),
    }
}

/// The model: what a call that may do `call` gets from a table that allows `table`, with `f` of mask
/// `field`. Codes, and rows as reads show them.
fn expected(operation: &str, call: u8, table: u8, field: u8) -> Result<Vec<Value>, &'static str> {
    let allowed = call & table;
    let needs = match operation {
        "get" | "iterate" | "query" | "query by f" | "order by f" => R,
        "delete" => X,
        "pop" | "shift" => R | X,
        _ => W,
    };
    let (readable, writable) = (field & R != 0, field & W != 0);
    if allowed & needs != needs {
        return Err("PERMISSION_DENIED");
    }
    let row = |id: &str, f: &str| {
        if readable {
            json!({"id": id, "f": f})
        } else {
            json!({"id": id})
        }
    };
    let all = |ids: &str| ids.chars().map(|id| row(&id.to_string(), "old")).collect();
    match operation {
        "query by f" | "order by f" if !readable => Err("PERMISSION_DENIED"),
        "set f" | "update f" if !writable => Err("PERMISSION_DENIED"),
        // Left out: what can't be read is kept, what can but can't be written would be lost.
        "set f anew" if readable && !writable => Err("PERMISSION_DENIED"),
        "update missing" => Err("NOT_FOUND"),
        "get" | "query" => Ok(all("b")),
        "iterate" | "query by f" => Ok(all("abcdefghi")),
        "order by f" => Ok(all("ab")),
        "delete" => Ok(vec![json!(true)]),
        "pop" => Ok(all("i")),
        "shift" => Ok(all("a")),
        _ => Ok(Vec::new()),
    }
}

#[tokio::test]
async fn every_mask_of_token_route_table_and_field() {
    let manifest = manifest();
    let database = TestDatabase::migrated(&manifest).await;
    fill(&database).await;
    let wrong: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = wrong.clone();
    let handler = move |call: Call| {
        let wrong = seen.clone();
        async move {
            let perm = call.context.perm.bits();
            let mask: u8 = std::str::from_utf8(&call.args).unwrap().parse().unwrap();
            let mut outcomes = 0;
            for field in 0..8 {
                for operation in OPERATIONS {
                    let is = operate(&call, &table(mask, field), operation)
                        .await
                        .map_err(|e| e.code());
                    let should = expected(operation, perm, mask, field);
                    outcomes += 1;
                    if is != should {
                        let at = format!("{operation}: call {perm}, table {mask}, field {field}");
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{at}: is {is:?}, should be {should:?}"));
                    }
                }
            }
            // Nothing of it stays: the next call finds the same rows.
            Err::<Reply, _>(UserError {
                code: format!("SEEN_{outcomes}"),
                status: 418,
                message: String::new(),
                stack: None,
            })
        }
    };
    let mut closures = Closures::default();
    for perm in 0..8 {
        closures = closures.on(&format!("r{perm}"), handler.clone());
    }
    let key = StaticKey::from_private([7; 32]);
    let mut config = GatewayConfig::new(key.clone());
    config.jwt_secret = Some(SECRET.to_vec());
    let gateway = Arc::new(Gateway::new(
        Arc::new(TestHost::new(&database.gateway_url())),
        config,
    ));
    gateway.deploy(&manifest, closures).unwrap();
    for token in 0..8_u8 {
        let claims = json!({"sub": "alice", "perm": token, "exp": 99_999_999_999_u64});
        let mut caller = Caller::connect(gateway.clone(), key.public());
        caller.token = Some(
            encode(
                &Header::default(),
                &claims,
                &EncodingKey::from_secret(SECRET),
            )
            .unwrap(),
        );
        // The route must be within the token, and then it is the most the call may do: all tables for
        // the least token, one of them for the others.
        for (route, mask) in (0..64_u8).map(|i| (i / 8, i % 8)) {
            if token != route && token != mask {
                continue;
            }
            let route_id = format!("r{route}");
            let code = match caller.call(&route_id, &mask.to_string()).await {
                Outcome::Error { code, .. } => code,
                other => panic!("{other:?}"),
            };
            let allowed = route & token == route;
            let expected = if allowed { "SEEN_128" } else { "FORBIDDEN" };
            assert_eq!(code, expected, "token {token}, route {route}");
        }
    }
    let wrong = wrong.lock().unwrap();
    assert!(
        wrong.is_empty(),
        "{} outcomes differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}
