//! A call's own writes over what is stored, against a plain list in memory.

use std::sync::Arc;

use kontract_gateway::{CallKey, Domains, Manifest, Mode, Perm, Schema, StorageError, Transaction};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{MANIFEST, TestDatabase, TestHost};

#[derive(Debug, Clone)]
enum Op {
    Set(u8, u8),
    Update(u8, u8),
    Delete(u8),
    Push(u8, u8),
    Pop,
    Shift,
    Get(u8),
    Query(Option<u8>),
    Commit,
}

fn op() -> impl Strategy<Value = Op> {
    let id = || 0..8_u8;
    let tag = || 0..3_u8;
    prop_oneof![
        3 => (id(), tag()).prop_map(|(id, tag)| Op::Set(id, tag)),
        2 => (id(), tag()).prop_map(|(id, tag)| Op::Update(id, tag)),
        2 => id().prop_map(Op::Delete),
        2 => (8..200_u8, tag()).prop_map(|(id, tag)| Op::Push(id, tag)),
        1 => Just(Op::Pop),
        1 => Just(Op::Shift),
        2 => id().prop_map(Op::Get),
        3 => proptest::option::of(tag()).prop_map(Op::Query),
        1 => Just(Op::Commit),
    ]
}

/// What a table is: rows in order.
#[derive(Default)]
struct Model(Vec<Map<String, Value>>);

impl Model {
    fn find(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|row| row["id"] == id)
    }

    fn set(&mut self, id: &str, row: Map<String, Value>) {
        match self.find(id) {
            Some(i) => self.0[i] = row,
            None => self.0.push(row),
        }
    }
}

struct Bench {
    host: Arc<TestHost>,
    schema: Arc<Schema>,
    known: Arc<Domains>,
}

impl Bench {
    fn new(database: &TestDatabase) -> Self {
        Self {
            host: Arc::new(TestHost::new(&database.gateway_url())),
            schema: Arc::new(Schema::new(&Manifest::parse(MANIFEST).unwrap())),
            known: Arc::default(),
        }
    }

    fn begin(&self, owner: &str, mode: Mode) -> Transaction<TestHost> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let key = CallKey {
            sid: format!("req:{:x}", u64::from_be_bytes(random)),
            req_hash: vec![1],
        };
        Transaction::new(
            self.host.clone(),
            self.schema.clone(),
            self.known.clone(),
            owner.into(),
            Perm::RWX,
            Some(key),
            mode,
        )
    }

    async fn rows(
        transaction: &Transaction<TestHost>,
        table: &str,
        filter: Option<&str>,
    ) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = transaction
                .query(table, filter, cursor.as_deref())
                .await
                .unwrap();
            rows.extend(
                page.rows
                    .iter()
                    .map(|row| serde_json::from_str::<Value>(row).unwrap()),
            );
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => return rows,
            }
        }
    }

    async fn check(&self, table: &str, owner: &str, mode: Mode, ops: &[Op]) {
        let mut model = Model::default();
        let mut transaction = self.begin(owner, mode);
        if mode == Mode::Pinned {
            transaction.pin().await.unwrap();
        }
        for op in ops.iter().chain([&Op::Commit, &Op::Query(None)]) {
            if matches!(op, Op::Commit) {
                transaction.commit(None).await.unwrap();
                transaction = self.begin(owner, mode);
                if mode == Mode::Pinned {
                    transaction.pin().await.unwrap();
                }
                continue;
            }
            step(&transaction, table, &mut model, op).await;
        }
        transaction.close();
    }
}

async fn step(transaction: &Transaction<TestHost>, table: &str, model: &mut Model, op: &Op) {
    let row = |id: &str, tag: u8| match json!({ "id": id, "tag": tag, "in": [tag, id] }) {
        Value::Object(row) => row,
        _ => unreachable!(),
    };
    let parsed = |row: Option<String>| row.map(|row| serde_json::from_str::<Value>(&row).unwrap());
    match op {
        Op::Set(id, tag) => {
            let id = id.to_string();
            let row = row(&id, *tag);
            let json = Value::Object(row.clone()).to_string();
            transaction.set(table, &id, &json).await.unwrap();
            model.set(&id, row);
        }
        Op::Update(id, tag) => {
            let id = id.to_string();
            let json = json!({ "tag": tag, "more": true }).to_string();
            let result = transaction.update(table, &id, &json).await;
            match model.find(&id) {
                Some(i) => {
                    result.unwrap();
                    model.0[i].insert("tag".to_owned(), json!(tag));
                    model.0[i].insert("more".to_owned(), json!(true));
                }
                None => assert!(matches!(result, Err(StorageError::NotFound { .. }))),
            }
        }
        Op::Delete(id) => {
            let id = id.to_string();
            let there = transaction.delete(table, &id).await.unwrap();
            let found = model.find(&id);
            assert_eq!(there, found.is_some());
            found.map(|i| model.0.remove(i));
        }
        Op::Push(id, tag) => {
            let id = id.to_string();
            // A taken id fails the commit; what that does is a test of its own.
            if model.find(&id).is_some() {
                return;
            }
            let row = row(&id, *tag);
            let json = Value::Object(row.clone()).to_string();
            assert_eq!(transaction.push(table, &json).await.unwrap(), id);
            model.0.push(row);
        }
        Op::Pop => {
            let popped = parsed(transaction.pop(table).await.unwrap());
            assert_eq!(popped, model.0.pop().map(Value::Object));
        }
        Op::Shift => {
            let shifted = parsed(transaction.shift(table).await.unwrap());
            let first = (!model.0.is_empty()).then(|| model.0.remove(0));
            assert_eq!(shifted, first.map(Value::Object));
        }
        Op::Get(id) => {
            let id = id.to_string();
            let got = parsed(transaction.get(table, &id).await.unwrap());
            assert_eq!(
                got,
                model.find(&id).map(|i| Value::Object(model.0[i].clone()))
            );
        }
        Op::Query(tag) => {
            let filter = tag.map(|tag| json!({ "tag": tag, "in": [tag] }).to_string());
            let rows = Bench::rows(transaction, table, filter.as_deref()).await;
            let matching = |row: &&Map<String, Value>| {
                tag.is_none_or(|tag| row["tag"] == json!(tag) && row["in"][0] == json!(tag))
            };
            let expected: Vec<_> = model
                .0
                .iter()
                .filter(matching)
                .map(|row| Value::Object(row.clone()))
                .collect();
            assert_eq!(rows, expected);
        }
        Op::Commit => unreachable!("the caller commits"),
    }
}

#[test]
fn own_writes_overlay_what_is_stored() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_database, bench) = runtime.block_on(async {
        let database = TestDatabase::migrated(MANIFEST).await;
        let bench = Bench::new(&database);
        (database, bench)
    });
    let cases = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..<_>::default()
    };
    proptest!(config, |(ops in proptest::collection::vec(op(), 1..40), pinned: bool)| {
        let case = cases.get() + 1;
        cases.set(case);
        let mode = if pinned { Mode::Pinned } else { Mode::Optimistic };
        // An owner of its own for each case: an empty table.
        runtime.block_on(bench.check("notes", &format!("owner{case}"), mode, &ops));
    });
}

/// A row that keeps the last place while one is appended behind it.
#[tokio::test]
async fn a_new_row_stands_behind_one_that_keeps_its_place() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let bench = Bench::new(&database);
    let ops = [
        Op::Set(4, 0),
        Op::Set(3, 0),
        Op::Commit,
        Op::Set(3, 1),
        Op::Shift,
        Op::Set(0, 0),
    ];
    for mode in [Mode::Optimistic, Mode::Pinned] {
        bench.check("notes", &format!("{mode:?}"), mode, &ops).await;
    }
}

#[tokio::test]
async fn pushing_a_taken_id_fails_and_writes_nothing() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let bench = Bench::new(&database);
    let first = bench.begin("alice", Mode::Optimistic);
    first.push("notes", r#"{"id":"a"}"#).await.unwrap();
    first.commit(None).await.unwrap();
    for mode in [Mode::Optimistic, Mode::Pinned] {
        let second = bench.begin("alice", mode);
        if mode == Mode::Pinned {
            second.pin().await.unwrap();
        }
        second.push("notes", r#"{"id":"b"}"#).await.unwrap();
        second.push("notes", r#"{"id":"a"}"#).await.unwrap();
        let failed = second.commit(None).await;
        assert!(
            matches!(failed, Err(StorageError::AlreadyExists(_))),
            "{failed:?}"
        );
    }
    assert_eq!(
        database
            .number("SELECT count(*) FROM kontract.tbl_notes_1")
            .await,
        1
    );
}

#[tokio::test]
async fn what_jsonb_cannot_hold_is_a_typed_error() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let bench = Bench::new(&database);
    let call = bench.begin("alice", Mode::Optimistic);
    for json in [
        r#"{"text":"\u0000"}"#,
        r#"{"n":1e9999}"#,
        "[]",
        "nonsense",
        r#"{"id":{}}"#,
    ] {
        let result = call.push("notes", json).await;
        assert!(
            matches!(result, Err(StorageError::InvalidValue(_))),
            "{json}: {result:?}"
        );
    }
    let exact = r#"{"id": "a", "n": 12345678901234567890123456789.125}"#;
    call.set("notes", "a", exact).await.unwrap();
    call.commit(None).await.unwrap();
    let stored = bench
        .begin("alice", Mode::Optimistic)
        .get("notes", "a")
        .await
        .unwrap()
        .unwrap();
    assert!(
        stored.contains("12345678901234567890123456789.125"),
        "{stored}"
    );
}
