//! What fields ask of the database: indexes, unique values, values that must be there.

use kontract_gateway::{StorageError, Value};
use kontract_pg::{MigrateError, migrate};
use serde_json::json;
use tokio_postgres::types::{ToSql, Type};

use crate::filters::ITEMS;
use crate::support::{Bench, TestDatabase, select};

const PASSWORD: &str = "a password of the tests";

/// One table, `people`, with these fields besides its key.
fn people(tenancy: &str, fields: &[serde_json::Value]) -> String {
    let mut all = vec![json!({"name": "id", "kind": "string"})];
    all.extend_from_slice(fields);
    let table = json!({"id": "people", "ptr": "tbl_people_1", "tenancy": tenancy, "primkey": "id",
        "permissions": 7, "fields": all});
    json!({"version": 1, "tables": [table]}).to_string()
}

/// What PostgreSQL does for the last query the gateway sent, as the role it sent it as.
async fn plan_of_last(bench: &Bench) -> String {
    let queries = &bench.host.database.faults.queries;
    let (sql, params) = queries.lock().unwrap().pop().expect("a query was sent");
    let client = bench.database.as_gateway().await;
    let role = "BEGIN; SET LOCAL ROLE kt_data; SELECT set_config('kontract.owner', 'alice', true)";
    client.batch_execute(role).await.unwrap();
    let params: Vec<(&(dyn ToSql + Sync), Type)> = params
        .iter()
        .map(|value| match value {
            Value::Text(text) => (text as &(dyn ToSql + Sync), Type::TEXT),
            Value::Int(int) => (int as &(dyn ToSql + Sync), Type::INT8),
            Value::Texts(texts) => (texts as &(dyn ToSql + Sync), Type::TEXT_ARRAY),
            other => panic!("{other:?}"),
        })
        .collect();
    let rows = client
        .query_typed(&format!("EXPLAIN {sql}"), &params)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    format!("{sql}\n{}", lines.join("\n"))
}

#[tokio::test]
async fn queries_use_indexes() {
    let bench = Bench::new(ITEMS).await;
    let admin = bench.database.admin().await;
    let first = bench.begin("alice");
    first.push("items", r#"{"id":"0"}"#).await.unwrap();
    first.push("wall", r#"{"id":"0"}"#).await.unwrap();
    first.commit(None).await.unwrap();
    for table in ["tbl_items_1", "tbl_wall_1"] {
        let fill = format!(
            "INSERT INTO kontract.{table} SELECT i::text, jsonb_build_object('id', i::text, 'n', i, \
             's', 's' || i, 'b', i % 2 = 0, 'x', i), 1, 1, 'alice', NULL, i + 1 \
             FROM generate_series(1, 10000) AS i"
        );
        admin.batch_execute(&fill).await.unwrap();
        let vacuum = format!("VACUUM ANALYZE kontract.{table}");
        admin.batch_execute(&vacuum).await.unwrap();
    }
    for (table, ptr) in [("items", "tbl_items_1"), ("wall", "tbl_wall_1")] {
        for (query, rows) in [
            (json!({"where": [[["s"], "eq", "s77"]]}), 1),
            (json!({"where": [[["s"], "in", ["s77", "s78"]]]}), 2),
            (
                json!({"where": [[["n"], "gte", 100], [["n"], "lt", 110]]}),
                10,
            ),
            (json!({"orderBy": "n", "limit": 10}), 10),
            (
                json!({"orderBy": "s", "direction": "desc", "limit": 10}),
                10,
            ),
            (
                json!({"where": [[["n"], "gt", 9000], [["b"], "eq", true]], "orderBy": "n", "limit": 5}),
                5,
            ),
            (json!({"orderBy": "n", "limit": 5, "after": "5000"}), 5),
        ] {
            let call = bench.begin("alice");
            // The first read looks at live rows, later ones at a snapshot.
            for read in ["live rows", "history"] {
                assert_eq!(select(&call, table, &query).await.len(), rows, "{query}");
                let plan = plan_of_last(&bench).await;
                let by_index = plan.contains(&format!("{ptr}_i"));
                assert!(
                    by_index && !plan.contains("Seq Scan"),
                    "{read}: {query}\n{plan}"
                );
            }
        }
        // What has no index of its own is found by what rows contain.
        let call = bench.begin("alice");
        let query = json!({"where": [[["x"], "eq", 77]]});
        assert_eq!(select(&call, "items", &query).await.len(), 1);
        let plan = plan_of_last(&bench).await;
        assert!(plan.contains("tbl_items_1_data_idx"), "{plan}");
    }
}

#[tokio::test]
async fn a_unique_field_is_unique_among_the_rows_there_are() {
    let email = json!({"name": "email", "kind": "string", "optional": true, "unique": true});
    for tenancy in ["own", "shared"] {
        let manifest = people(tenancy, std::slice::from_ref(&email));
        let bench = Bench::new(&manifest).await;
        let taken = StorageError::NotUnique {
            table: "people".to_owned(),
            field: "email".to_owned(),
        };
        assert_eq!((taken.code(), taken.status()), ("ALREADY_EXISTS", 409));
        assert_eq!(taken.to_string(), "another row of people has this email");
        let put = async |owner: &str, rows: &[(&str, Option<&str>)]| {
            let call = bench.begin(owner);
            for (id, email) in rows {
                match email {
                    Some(email) => call
                        .set("people", id, &json!({"email": email}).to_string())
                        .await
                        .unwrap(),
                    None => call.set("people", id, "{}").await.unwrap(),
                }
            }
            call.commit(None).await.map(|_| ())
        };
        assert_eq!(
            put("ann", &[("1", Some("a@x")), ("2", Some("b@x"))]).await,
            Ok(())
        );
        assert_eq!(
            put("ann", &[("3", Some("a@x"))]).await,
            Err(taken.clone()),
            "{tenancy}"
        );
        assert_eq!(
            put("ann", &[("3", Some("c@x")), ("4", Some("c@x"))]).await,
            Err(taken.clone())
        );
        // Letters are what they are, and rows without the field do not meet.
        assert_eq!(
            put("ann", &[("3", Some("A@x")), ("4", None), ("5", None)]).await,
            Ok(())
        );
        // Two rows of one call may change places.
        assert_eq!(
            put("ann", &[("1", Some("b@x")), ("2", Some("a@x"))]).await,
            Ok(())
        );
        // Another owner's rows are no matter, unless everyone shares them.
        let expected = if tenancy == "own" {
            Ok(())
        } else {
            Err(taken.clone())
        };
        assert_eq!(
            put("bob", &[("9", Some("a@x"))]).await,
            expected,
            "{tenancy}"
        );
        // What is gone is free.
        let call = bench.begin("ann");
        assert!(call.delete("people", "1").await.unwrap());
        call.commit(None).await.unwrap();
        assert_eq!(put("ann", &[("6", Some("b@x"))]).await, Ok(()));
        let long = "x".repeat(2001);
        let call = bench.begin("ann");
        let refused = call
            .set("people", "7", &json!({"email": long}).to_string())
            .await;
        assert!(
            matches!(refused, Err(StorageError::InvalidValue(_))),
            "{refused:?}"
        );
        // With the longest owner there is, what is let through fits the index.
        let owner = "o".repeat(255);
        let random: String = (0..2000_u32)
            .map(|i| {
                char::from(b'!' + u8::try_from(i.wrapping_mul(i).wrapping_mul(7919) % 89).unwrap())
            })
            .collect();
        let expected = put(&owner, &[("1", Some(&random))]).await;
        assert_eq!(expected, Ok(()));
    }
}

/// Indexes come and go with their decorators, whatever rows there are.
#[tokio::test]
async fn indexes_follow_the_build() {
    let field = |index: Option<bool>| {
        let mut field = json!({"name": "it's", "kind": "number", "optional": true});
        if let Some(unique) = index {
            field["unique"] = json!(unique);
        }
        people("own", &[field])
    };
    let bench = Bench::new(&field(None)).await;
    let admin = bench.database.admin().await;
    let call = bench.begin("ann");
    for (id, n) in [("1", 7), ("2", 7), ("3", 8)] {
        call.set("people", id, &json!({"it's": n}).to_string())
            .await
            .unwrap();
    }
    call.commit(None).await.unwrap();
    let applied =
        async |manifest: &str| migrate(&admin, manifest, PASSWORD).await.map(|r| r.applied);
    assert_eq!(
        applied(&field(Some(false))).await.unwrap(),
        ["index on people.it's"]
    );
    assert_eq!(applied(&field(Some(false))).await.unwrap(), [""; 0]);
    let query = json!({"where": [[["it's"], "gt", 7]]});
    let indexed = Bench::on(bench.database, &field(Some(false)));
    assert_eq!(
        select(&indexed.begin("ann"), "people", &query).await.len(),
        1
    );
    match applied(&field(Some(true))).await {
        Err(MigrateError::Refused(refused)) => assert_eq!(
            refused.to_string(),
            "KT5106: rows of people have the same it's: make them differ, or take (unique=true) from the index"
        ),
        other => panic!("{other:?}"),
    }
    let call = indexed.begin("ann");
    call.delete("people", "2").await.unwrap();
    call.commit(None).await.unwrap();
    assert_eq!(
        applied(&field(Some(true))).await.unwrap(),
        ["unique index on people.it's"]
    );
    let unique = Bench::on(indexed.database, &field(Some(true)));
    let call = unique.begin("ann");
    call.set("people", "4", r#"{"it's":8.0}"#).await.unwrap();
    assert!(matches!(
        call.commit(None).await,
        Err(StorageError::NotUnique { .. })
    ));
    assert_eq!(
        applied(&field(None)).await.unwrap(),
        [
            "index on people.it's dropped",
            "unique index on people.it's dropped"
        ]
    );
    let left = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'kontract' AND indexdef LIKE '%it''''s%'";
    assert_eq!(unique.database.number(left).await, 0);
}

#[tokio::test]
async fn required_fields_are_there() {
    let manifest = people("own", &[json!({"name": "na'me", "kind": "string"})]);
    let bench = Bench::new(&manifest).await;
    let missing = StorageError::MissingField {
        table: "people".to_owned(),
        field: "na'me".to_owned(),
    };
    assert_eq!((missing.code(), missing.status()), ("INVALID_REQUEST", 400));
    let call = bench.begin("ann");
    assert_eq!(call.set("people", "1", "{}").await, Err(missing.clone()));
    assert_eq!(call.push("people", "{}").await, Err(missing.clone()));
    call.set("people", "1", r#"{"na'me":"Ann"}"#).await.unwrap();
    call.commit(None).await.unwrap();
    // The database holds to it by itself.
    let admin = bench.database.admin().await;
    let row = |data: &str| {
        format!("INSERT INTO kontract.tbl_people_1 VALUES ('9', '{data}', 1, 9, 'ann', NULL, 9)")
    };
    let refused = admin.batch_execute(&row("{}")).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23514");
    admin
        .batch_execute(&row(r#"{"na''me":null}"#))
        .await
        .unwrap();
}

/// A field becomes required while rows lack it: they stay, are read, and can go.
#[tokio::test]
async fn rows_of_older_shapes_stay() {
    let (old, new) = (
        people("own", &[]),
        people("own", &[json!({"name": "name", "kind": "string"})]),
    );
    let before = Bench::new(&old).await;
    let call = before.begin("ann");
    for id in ["1", "2", "3", "4"] {
        call.set("people", id, r#"{"age":1}"#).await.unwrap();
    }
    call.commit(None).await.unwrap();
    let admin = before.database.admin().await;
    let migrated =
        async |manifest: &str| migrate(&admin, manifest, PASSWORD).await.unwrap().applied;
    assert_eq!(
        migrated(&new).await,
        ["people.name is required of new rows"]
    );
    assert_eq!(migrated(&new).await, [""; 0]);
    // A server of the older build that still runs is told so.
    let call = before.begin("ann");
    call.set("people", "5", "{}").await.unwrap();
    let refused = call.commit(None).await;
    assert!(
        matches!(refused, Err(StorageError::InvalidValue(_))),
        "{refused:?}"
    );

    let after = Bench::on(before.database, &new);
    let call = after.begin("ann");
    assert_eq!(
        call.query("people", None, None).await.unwrap().rows.len(),
        4
    );
    let update = call.update("people", "1", r#"{"age":2}"#).await;
    assert!(
        matches!(update, Err(StorageError::MissingField { .. })),
        "{update:?}"
    );
    call.update("people", "1", r#"{"name":"Ann"}"#)
        .await
        .unwrap();
    call.set("people", "2", r#"{"name":"Bob"}"#).await.unwrap();
    assert!(call.delete("people", "3").await.unwrap());
    assert!(call.pop("people").await.unwrap().is_some());
    call.commit(None).await.unwrap();
    assert_eq!(migrated(&old).await, ["people.name is no longer required"]);
    let call = after.begin("ann");
    assert_eq!(
        call.query("people", None, None).await.unwrap().rows.len(),
        2
    );
}

#[tokio::test]
async fn what_has_no_order_is_not_indexed() {
    let database = TestDatabase::empty().await;
    let tags = people(
        "own",
        &[json!({"name": "tags", "kind": "array", "unique": false})],
    );
    let refused = migrate(&database.admin().await, &tags, PASSWORD).await;
    assert!(
        matches!(refused, Err(MigrateError::Manifest(_))),
        "{refused:?}"
    );
}
