//! Queries mean the same in SQL, in memory, and in a model of a few lines.

use kontract_gateway::{Mode, Perm, StorageError, Transaction};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{Bench, TestHost, select};

/// `n` and `s` are indexed, `b` and `d` are not; `x` may hold anything.
pub const ITEMS: &str = r#"{ "version": 1, "tables": [
    { "id": "items", "ptr": "tbl_items_1", "tenancy": "own", "primkey": "id", "permissions": 7, "fields": [
      { "name": "id", "kind": "string" },
      { "name": "n", "kind": "number", "optional": true, "unique": false },
      { "name": "s", "kind": "string", "optional": true, "unique": false },
      { "name": "b", "kind": "boolean", "optional": true },
      { "name": "d'\"\\", "kind": "date", "optional": true },
      { "name": "o", "kind": "object", "optional": true },
      { "name": "x", "kind": "json", "optional": true },
      { "name": "secret", "kind": "string", "perm": 2, "optional": true } ] },
    { "id": "wall", "ptr": "tbl_wall_1", "tenancy": "shared", "primkey": "id", "permissions": 7, "fields": [
      { "name": "id", "kind": "string" },
      { "name": "n", "kind": "number", "optional": true, "unique": false },
      { "name": "s", "kind": "string", "optional": true, "unique": false },
      { "name": "b", "kind": "boolean", "optional": true },
      { "name": "d'\"\\", "kind": "date", "optional": true } ] } ] }"#;

/// In order; equal ones side by side with the same rank.
const NUMBERS: [(&str, u8); 11] = [
    ("-1e300", 0),
    ("-2", 1),
    ("-0.5", 2),
    ("0", 3),
    ("-0.0", 3),
    ("1", 4),
    ("1.0", 4),
    ("1.5", 5),
    ("9007199254740992", 6),
    ("9007199254740993", 7),
    ("12345678901234567890123456789.5", 8),
];
/// By code point: U+FFFD comes before what UTF-16 writes as surrogates.
const TEXTS: [&str; 10] = [
    "", "A", "Z", "a", "a'); --", "a\\", "ab", "é", "\u{fffd}", "😀",
];
const DATE: &str = "d'\"\\";
const FIELDS: [&str; 6] = ["n", "s", "b", DATE, "o", "x"];
const OPERATORS: [&str; 7] = ["eq", "ne", "gt", "gte", "lt", "lte", "in"];

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => (0..NUMBERS.len()).prop_map(|i| serde_json::from_str(NUMBERS[i].0).unwrap()),
        3 => (0..TEXTS.len()).prop_map(|i| json!(TEXTS[i])),
        1 => any::<bool>().prop_map(Value::Bool),
    ]
    .boxed()
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        8 => scalar(),
        1 => Just(Value::Null),
        1 => scalar().prop_map(|inner| json!([inner])),
        1 => (0..2_usize, scalar()).prop_map(|(i, inner)| json!({ ["n", "0"][i]: inner })),
    ]
    .boxed()
}

fn row() -> BoxedStrategy<Map<String, Value>> {
    let fields =
        FIELDS.map(|name| proptest::option::weighted(0.6, value()).prop_map(move |v| (name, v)));
    let fields = Vec::from(fields);
    fields
        .prop_map(|fields| {
            let there = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            there.collect()
        })
        .boxed()
}

#[derive(Debug, Clone)]
enum Write {
    Set(u8, Map<String, Value>),
    Update(u8, Map<String, Value>),
    Delete(u8),
}

fn write() -> BoxedStrategy<Write> {
    prop_oneof![
        4 => (0..8_u8, row()).prop_map(|(id, row)| Write::Set(id, row)),
        1 => (0..8_u8, row()).prop_map(|(id, row)| Write::Update(id, row)),
        1 => (0..8_u8).prop_map(Write::Delete),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<Value> {
    let path = prop_oneof![
        4 => (0..FIELDS.len()).prop_map(|i| json!([FIELDS[i]])),
        1 => Just(json!(["o", "n"])),
        1 => Just(json!(["x", "0"])),
        1 => Just(json!(["missing"])),
    ];
    let operand = prop_oneof![9 => scalar(), 1 => Just(Value::Null)];
    let operands = proptest::collection::vec(operand.clone(), 0..3);
    (path, 0..OPERATORS.len(), operand, operands)
        .prop_map(
            |(path, operator, operand, list)| match OPERATORS[operator] {
                "in" => json!([path, "in", list]),
                compares @ ("gt" | "gte" | "lt" | "lte") if operand.is_null() => {
                    json!([path, compares, 1])
                }
                operator => json!([path, operator, operand]),
            },
        )
        .boxed()
}

fn query() -> BoxedStrategy<Value> {
    let order = proptest::option::of(0..4_usize);
    let count = || proptest::option::weighted(0.3, 0..6_u8);
    let conditions = proptest::collection::vec(condition(), 0..3);
    let after = proptest::option::weighted(0.2, 0..8_u8);
    (conditions, order, any::<bool>(), count(), count(), after)
        .prop_map(
            |(mut conditions, order, descending, limit, offset, after)| {
                // Of two equalities of one path the second is refused.
                let mut seen = Vec::new();
                conditions.retain(|condition| {
                    let path = condition[0][0].clone();
                    let again = condition[1] == "eq" && seen.contains(&path);
                    seen.push(path);
                    !again
                });
                let mut query = json!({ "where": conditions });
                if let Some(order) = order {
                    query["orderBy"] = json!(FIELDS[order]);
                }
                if descending {
                    query["direction"] = json!("desc");
                }
                if let Some(limit) = limit {
                    query["limit"] = json!(limit);
                }
                if let Some(offset) = offset {
                    query["offset"] = json!(offset);
                }
                if let Some(after) = after {
                    query["after"] = json!(after.to_string());
                }
                query
            },
        )
        .boxed()
}

// The model: rows in a list, values as (kind, rank).

type Rows = Vec<Map<String, Value>>;

fn rank(value: &Value) -> Option<(u8, usize)> {
    match value {
        Value::Number(number) => {
            let known = NUMBERS
                .iter()
                .find(|(text, _)| serde_json::from_str::<Value>(text).unwrap() == *value);
            Some((0, known.unwrap_or_else(|| panic!("{number}")).1.into()))
        }
        Value::String(text) => Some((1, TEXTS.iter().position(|known| known == text).unwrap())),
        Value::Bool(value) => Some((2, (*value).into())),
        _ => None,
    }
}

fn passes(row: &Map<String, Value>, condition: &Value) -> bool {
    let path = condition[0].as_array().unwrap();
    let mut value = Some(&Value::Null);
    for (i, step) in path.iter().enumerate() {
        let step = step.as_str().unwrap();
        value = if i == 0 {
            row.get(step)
        } else {
            value.and_then(|v| v.as_object()?.get(step))
        };
    }
    let value = value.filter(|value| !value.is_null());
    let is = |operand: &Value| match rank(operand) {
        None => value.is_none(),
        operand => value.and_then(rank) == operand,
    };
    let operand = &condition[2];
    match condition[1].as_str().unwrap() {
        "eq" => is(operand),
        "ne" => !is(operand),
        "in" => operand.as_array().unwrap().iter().any(is),
        operator => match (value.and_then(rank), rank(operand).unwrap()) {
            (Some(value), operand) if value.0 == operand.0 => match operator {
                "gt" => value > operand,
                "gte" => value >= operand,
                "lt" => value < operand,
                _ => value <= operand,
            },
            _ => false,
        },
    }
}

/// `None`: there is no row to start behind.
fn expected(rows: &Rows, query: &Value) -> Option<Vec<Value>> {
    let kind = match query["orderBy"].as_str() {
        Some("n" | DATE) => 0,
        Some("s") => 1,
        _ => 2,
    };
    let key = |row: &Map<String, Value>| {
        let value = query["orderBy"]
            .as_str()
            .and_then(|field| rank(row.get(field)?));
        value
            .filter(|(found, _)| *found == kind)
            .map_or((1, 0), |(_, rank)| (0, rank))
    };
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| key(row));
    if query["direction"] == "desc" {
        sorted.reverse();
    }
    let start = match query["after"].as_str() {
        Some(id) => sorted.iter().position(|row| row["id"] == id)? + 1,
        None => 0,
    };
    let all = query["where"].as_array().unwrap();
    let found = sorted[start..]
        .iter()
        .filter(|row| all.iter().all(|condition| passes(row, condition)));
    let found = found.skip(usize::try_from(query["offset"].as_u64().unwrap_or(0)).unwrap());
    let limit = query["limit"]
        .as_u64()
        .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
    Some(
        found
            .take(limit)
            .map(|row| Value::Object((*row).clone()))
            .collect(),
    )
}

async fn apply(call: &Transaction<TestHost>, table: &str, writes: &[Write], rows: &mut Rows) {
    for write in writes {
        let (Write::Set(id, _) | Write::Update(id, _) | Write::Delete(id)) = write;
        let id = id.to_string();
        let at = rows.iter().position(|row| row["id"] == id.as_str());
        match (write, at) {
            (Write::Set(_, row), at) => {
                let mut row = row.clone();
                row.insert("id".to_owned(), json!(id));
                call.set(table, &id, &Value::Object(row.clone()).to_string())
                    .await
                    .unwrap();
                match at {
                    Some(i) => rows[i] = row,
                    None => rows.push(row),
                }
            }
            (Write::Update(_, part), Some(i)) => {
                call.update(table, &id, &Value::Object(part.clone()).to_string())
                    .await
                    .unwrap();
                rows[i].extend(part.clone());
            }
            (Write::Update(..), None) => {}
            (Write::Delete(_), at) => {
                assert_eq!(call.delete(table, &id).await.unwrap(), at.is_some());
                at.map(|i| rows.remove(i));
            }
        }
    }
}

/// What a row holds is a test of its own: numbers come back written in another way.
fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

async fn check(
    call: &Transaction<TestHost>,
    table: &str,
    queries: &[Value],
    rows: &Rows,
    of: &str,
) {
    for query in queries {
        match expected(rows, query) {
            Some(expected) => {
                assert_eq!(
                    ids(&select(call, table, query).await),
                    ids(&expected),
                    "{of}: {query}"
                );
            }
            None => assert!(matches!(
                call.select(table, &query.to_string(), None).await,
                Err(StorageError::NotFound { .. })
            )),
        }
    }
}

/// The same queries of the same rows: stored by an earlier call and changed by this one, stored all,
/// and written all by one call that is not committed.
#[test]
fn queries_mean_the_same_in_sql_and_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(Bench::new(ITEMS));
    let cases = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..<_>::default()
    };
    let writes = || proptest::collection::vec(write(), 0..10);
    let queries = || proptest::collection::vec(query(), 1..6);
    proptest!(config, |(before in writes(), now in writes(), queries in queries(), pinned: bool)| {
        cases.set(cases.get() + 1);
        let owner = format!("owner{}", cases.get());
        let mode = if pinned { Mode::Pinned } else { Mode::Optimistic };
        runtime.block_on(async {
            let mut rows = Rows::new();
            let first = bench.begin(&owner);
            apply(&first, "items", &before, &mut rows).await;
            first.commit(None).await.unwrap();
            let second = bench.begin_as(&owner, Perm::RWX, mode);
            if pinned {
                second.pin().await.unwrap();
            }
            apply(&second, "items", &now, &mut rows).await;
            check(&second, "items", &queries, &rows, "some own").await;
            second.commit(None).await.unwrap();
            let third = bench.begin(&owner);
            check(&third, "items", &queries, &rows, "all stored").await;
            let mut again = Rows::new();
            let alone = bench.begin(&format!("alone{}", cases.get()));
            apply(&alone, "items", &before, &mut again).await;
            apply(&alone, "items", &now, &mut again).await;
            check(&alone, "items", &queries, &rows, "all own").await;
        });
    });
}

/// More rows than a page: each is seen once, in order, whatever the loop writes meanwhile.
#[tokio::test]
async fn pages_of_a_query_are_of_its_start() {
    let bench = Bench::new(ITEMS).await;
    for (table, owner) in [("items", "alice"), ("wall", "alice")] {
        let first = bench.begin(owner);
        for i in 0..700 {
            let row = if i % 7 == 0 {
                json!({"id": i.to_string()})
            } else {
                json!({"id": i.to_string(), "n": i % 50})
            };
            first.push(table, &row.to_string()).await.unwrap();
        }
        first.commit(None).await.unwrap();
        let mut rows: Rows = (0..700)
            .map(|i| {
                if i % 7 == 0 {
                    json!({"id": i.to_string()})
                } else {
                    json!({"id": i.to_string(), "n": i % 50})
                }
            })
            .map(|row| row.as_object().unwrap().clone())
            .collect();
        let call = bench.begin(owner);
        for i in (0..700).step_by(3) {
            let id = i.to_string();
            call.update(table, &id, r#"{"n":25.5}"#).await.unwrap();
            rows[i].insert("n".to_owned(), json!(25.5));
        }
        for i in 0..300 {
            let row = json!({"id": format!("new{i}"), "n": i % 60});
            call.push(table, &row.to_string()).await.unwrap();
            rows.push(row.as_object().unwrap().clone());
        }
        let number =
            |row: &Map<String, Value>| row.get("n").map_or(f64::MAX, |n| n.as_f64().unwrap());
        for direction in ["asc", "desc"] {
            let mut ordered = rows.clone();
            ordered.sort_by(|a, b| number(a).total_cmp(&number(b)));
            if direction == "desc" {
                ordered.reverse();
            }
            let ordered: Vec<Value> = ordered.into_iter().map(Value::Object).collect();
            let query = json!({"orderBy": "n", "direction": direction});
            assert_eq!(select(&call, table, &query).await, ordered, "{direction}");
            let query = json!({"orderBy": "n", "direction": direction, "offset": 50, "limit": 600});
            assert_eq!(
                select(&call, table, &query).await,
                ordered[50..650],
                "{direction}"
            );

            // What is written between two pages is the next query's business.
            let query = json!({"orderBy": "n", "direction": direction}).to_string();
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = call.select(table, &query, cursor.as_deref()).await.unwrap();
                seen.extend(
                    page.rows
                        .iter()
                        .map(|row| serde_json::from_str::<Value>(row).unwrap()),
                );
                let id = ordered[seen.len() - 1]["id"].as_str().unwrap().to_owned();
                call.update(table, &id, r#"{"s":"seen"}"#).await.unwrap();
                let i = rows
                    .iter()
                    .position(|row| row["id"] == id.as_str())
                    .unwrap();
                rows[i].insert("s".to_owned(), json!("seen"));
                match page.cursor {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen, ordered, "{direction}");
        }
        call.close();
    }
}

#[tokio::test]
async fn what_is_no_query_is_refused() {
    let bench = Bench::new(ITEMS).await;
    let call = bench.begin("alice");
    for query in [
        json!({"orderBy": "o"}),
        json!({"orderBy": "missing"}),
        json!({"orderBy": "n; DROP TABLE x"}),
        json!({"direction": "up"}),
        json!({"limit": -1}),
        json!({"limit": 1.5}),
        json!({"limit": null}),
        json!({"offset": "1"}),
        json!({"after": ""}),
        json!({"where": [[["n"], "~", 1]]}),
        json!({"more": 1}),
    ] {
        let refused = call.select("items", &query.to_string(), None).await;
        assert!(
            matches!(refused, Err(StorageError::InvalidValue(_))),
            "{query}: {refused:?}"
        );
    }
    for query in [
        json!({"where": [[["secret"], "gt", "a"]]}),
        json!({"where": [[["secret"], "eq", "a"]]}),
        json!({"where": [[["secret", "a"], "ne", null]]}),
        json!({"orderBy": "secret"}),
    ] {
        let refused = call.select("items", &query.to_string(), None).await;
        assert_eq!(
            refused,
            Err(StorageError::WriteOnlyField("secret".to_owned())),
            "{query}"
        );
    }
    let foreign = call.select("items", "{}", Some("q[1]")).await;
    assert!(matches!(foreign, Err(StorageError::InvalidValue(_))));
}
