//! What a call may do: masks of decorator and table, fields, owners, the second wall.

use std::sync::Arc;

use kontract_gateway::{CallKey, Domains, Manifest, Mode, Perm, Schema, StorageError, Transaction};

use crate::support::{MANIFEST, TestDatabase, TestHost};

struct Bench {
    database: TestDatabase,
    host: Arc<TestHost>,
    known: Arc<Domains>,
}

impl Bench {
    async fn new() -> Self {
        let database = TestDatabase::migrated(MANIFEST).await;
        let host = Arc::new(TestHost::new(&database.gateway_url()));
        Self {
            database,
            host,
            known: Arc::default(),
        }
    }

    fn begin(&self, owner: &str, perm: Perm) -> Transaction<TestHost> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let key = CallKey {
            sid: format!("req:{:x}", u64::from_be_bytes(random)),
            req_hash: vec![1],
        };
        let schema = Arc::new(Schema::new(&Manifest::parse(MANIFEST).unwrap()));
        let (host, known) = (self.host.clone(), self.known.clone());
        Transaction::new(
            host,
            schema,
            known,
            owner.into(),
            perm,
            Some(key),
            Mode::Optimistic,
        )
    }
}

fn denied<T>(result: &Result<T, StorageError>) -> bool {
    matches!(result, Err(StorageError::PermissionDenied { .. }))
}

/// Every mask of `ctx.perm` against every mask of the table, for every operation.
#[tokio::test]
async fn each_operation_needs_its_bit_twice() {
    let bench = Bench::new().await;
    let admin = bench.database.admin().await;
    for table_bits in 0..8_u8 {
        let set = "UPDATE kontract.storage SET permissions = $1::int WHERE id = 'notes'";
        admin.execute(set, &[&i32::from(table_bits)]).await.unwrap();
        for call_bits in 0..8_u8 {
            let call = bench.begin("alice", Perm::from_bits(call_bits).unwrap());
            let both = Perm::from_bits(table_bits & call_bits).unwrap();
            let at = format!("table {table_bits}, call {call_bits}");
            let t = "notes";
            assert_eq!(
                denied(&call.get(t, "a").await),
                !both.allows(Perm::R),
                "get, {at}"
            );
            assert_eq!(
                denied(&call.query(t, None, None).await),
                !both.allows(Perm::R),
                "query, {at}"
            );
            assert_eq!(
                denied(&call.set(t, "a", "{}").await),
                !both.allows(Perm::W),
                "set, {at}"
            );
            assert_eq!(
                denied(&call.update(t, "b", "{}").await),
                !both.allows(Perm::W),
                "update, {at}"
            );
            assert_eq!(
                denied(&call.push(t, "{}").await),
                !both.allows(Perm::W),
                "push, {at}"
            );
            assert_eq!(
                denied(&call.delete(t, "a").await),
                !both.allows(Perm::X),
                "delete, {at}"
            );
            assert_eq!(
                denied(&call.pop(t).await),
                !both.allows(Perm::RX),
                "pop, {at}"
            );
            assert_eq!(
                denied(&call.shift(t).await),
                !both.allows(Perm::RX),
                "shift, {at}"
            );
        }
    }
    // What the build says counts too, whatever the database allows.
    admin
        .batch_execute("UPDATE kontract.storage SET permissions = 7")
        .await
        .unwrap();
    let call = bench.begin("alice", Perm::RWX);
    assert!(denied(&call.delete("log", "a").await));
}

#[tokio::test]
async fn fields_keep_their_permissions() {
    let bench = Bench::new().await;
    let call = bench.begin("alice", Perm::RWX);
    let created = r#"{"id":"u","born":100,"secret":"s","sealed":"x","name":"n"}"#;
    call.set("users", "u", created).await.unwrap();
    call.commit(None).await.unwrap();

    let call = bench.begin("alice", Perm::RWX);
    let read = call.get("users", "u").await.unwrap().unwrap();
    let page = call.query("users", None, None).await.unwrap();
    for row in [&read, &page.rows[0]] {
        assert!(!row.contains("secret") && !row.contains("sealed"), "{row}");
    }
    // Other values of read-only fields are refused, by name; the same value is not.
    for (json, field) in [
        (r#"{"born":101}"#, "born"),
        (r#"{"born":null}"#, "born"),
        (r#"{"sealed":"y"}"#, "sealed"),
    ] {
        let refused = call.update("users", "u", json).await;
        assert_eq!(
            refused,
            Err(StorageError::ReadOnlyField(field.to_owned())),
            "{json}"
        );
    }
    let removed = call.set("users", "u", r#"{"id":"u"}"#).await;
    assert_eq!(removed, Err(StorageError::ReadOnlyField("born".to_owned())));
    call.update("users", "u", r#"{"born":100.0,"name":"m"}"#)
        .await
        .unwrap();
    // A write-only field can be written, is kept when a row read without it is written back, and
    // cannot be guessed by asking for it.
    call.update("users", "u", r#"{"secret":"t"}"#)
        .await
        .unwrap();
    call.set("users", "u", r#"{"id":"u","born":100,"name":"o"}"#)
        .await
        .unwrap();
    let asked = call.query("users", Some(r#"{"secret":"t"}"#), None).await;
    assert_eq!(
        asked,
        Err(StorageError::WriteOnlyField("secret".to_owned()))
    );
    call.commit(None).await.unwrap();
    let sql = "SELECT count(*) FROM kontract.tbl_users_1 WHERE _deleted_txid IS NULL \
               AND data @> '{\"secret\":\"t\",\"sealed\":\"x\",\"name\":\"o\"}'";
    assert_eq!(bench.database.number(sql).await, 1);
}

#[tokio::test]
async fn a_row_is_stored_under_its_own_id() {
    let bench = Bench::new().await;
    let call = bench.begin("alice", Perm::RWX);
    let other = call.set("notes", "a", r#"{"id":"b"}"#).await;
    assert!(matches!(other, Err(StorageError::InvalidValue(_))));
    call.set("notes", "a", "{}").await.unwrap();
    assert_eq!(
        call.get("notes", "a").await.unwrap().unwrap(),
        r#"{"id":"a"}"#
    );
}

#[tokio::test]
async fn owners_do_not_see_each_other_and_share_what_is_shared() {
    let bench = Bench::new().await;
    let alice = bench.begin("alice", Perm::RWX);
    alice
        .set("notes", "same", r#"{"of":"alice"}"#)
        .await
        .unwrap();
    alice
        .set("board", "all", r#"{"of":"alice"}"#)
        .await
        .unwrap();
    alice.commit(None).await.unwrap();
    let bob = bench.begin("bob", Perm::RWX);
    assert_eq!(bob.get("notes", "same").await.unwrap(), None);
    assert!(bob.get("board", "all").await.unwrap().is_some());
    bob.set("notes", "same", r#"{"of":"bob"}"#).await.unwrap();
    bob.set("board", "all", r#"{"of":"bob"}"#).await.unwrap();
    bob.commit(None).await.unwrap();
    let alice = bench.begin("alice", Perm::RWX);
    assert!(
        alice
            .get("notes", "same")
            .await
            .unwrap()
            .unwrap()
            .contains("alice")
    );
    assert!(
        alice
            .get("board", "all")
            .await
            .unwrap()
            .unwrap()
            .contains("bob")
    );
}

/// SQL that forgot its filter still sees one owner's rows only.
#[tokio::test]
async fn row_level_security_is_a_second_wall() {
    let bench = Bench::new().await;
    for owner in ["alice", "bob"] {
        let call = bench.begin(owner, Perm::RWX);
        call.set("notes", "n", "{}").await.unwrap();
        call.commit(None).await.unwrap();
    }
    let client = bench.database.as_gateway().await;
    let count = "SELECT count(*) FROM kontract.tbl_notes_1";
    assert!(
        client.query_one(count, &[]).await.is_err(),
        "the login itself reads no rows"
    );
    client
        .batch_execute("BEGIN; SET LOCAL ROLE kt_data")
        .await
        .unwrap();
    let none: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(none, 0, "no owner, no rows");
    client
        .batch_execute("SELECT set_config('kontract.owner', 'alice', true)")
        .await
        .unwrap();
    let one: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(one, 1);
    let forged = "INSERT INTO kontract.tbl_notes_1 VALUES ('x', '{}', 1, 9, 'bob', NULL, 9)";
    assert!(
        client.batch_execute(forged).await.is_err(),
        "nor writes for another"
    );
    client.batch_execute("ROLLBACK").await.unwrap();
    for history in [
        "DELETE FROM kontract.tbl_notes_1",
        "UPDATE kontract.tbl_notes_1 SET data = '{}'",
    ] {
        let sql = format!("BEGIN; SET LOCAL ROLE kt_data; {history}");
        assert!(client.batch_execute(&sql).await.is_err(), "{history}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    // Garbage collection deletes what it cannot read.
    let collect = "SET LOCAL ROLE kontract_gc; SELECT set_config('kontract.owner', 'alice', true)";
    for (sql, allowed) in [
        (
            "SELECT id, _txid, _deleted_txid FROM kontract.tbl_notes_1",
            true,
        ),
        (
            "DELETE FROM kontract.tbl_notes_1 WHERE _deleted_txid <= 0",
            true,
        ),
        ("SELECT data FROM kontract.tbl_notes_1", false),
        ("UPDATE kontract.tbl_notes_1 SET _deleted_txid = 99", false),
        ("SELECT * FROM kontract.trxs", false),
    ] {
        let outcome = client
            .batch_execute(&format!("BEGIN; {collect}; {sql}"))
            .await;
        assert_eq!(outcome.is_ok(), allowed, "{sql}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    // The role is the transaction's: a pooler may hand the connection on.
    let role: String = client
        .query_one("SELECT current_user::text", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(role, "kontract_gateway");
}
