//! What a query depends on: a commit that changed it is a conflict, any other is none.

use kontract_gateway::{StorageError, Transaction};
use serde_json::{Value, json};

use crate::filters::ITEMS;
use crate::support::{Bench, TestHost, select};

/// Rows `a` to `e` with n = 1 to 5 and s = the id; `z` has neither.
async fn fill(bench: &Bench, owner: &str) {
    let call = bench.begin(owner);
    for (i, id) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        let row = json!({ "id": id, "n": i + 1, "s": id }).to_string();
        call.push("items", &row).await.unwrap();
    }
    call.push("items", r#"{"id":"z"}"#).await.unwrap();
    call.commit(None).await.unwrap();
}

async fn change(call: &Transaction<TestHost>, id: &str, to: &Value) {
    match to {
        Value::Null => assert!(call.delete("items", id).await.unwrap()),
        row => call.set("items", id, &row.to_string()).await.unwrap(),
    }
}

/// Query, then what somebody else commits meanwhile, then whether the query's call must run again.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "most of it is a table")]
async fn a_query_conflicts_with_what_it_looked_at_and_nothing_else() {
    let bench = Bench::new(ITEMS).await;
    let range = json!({"where": [[["n"], "gte", 2], [["n"], "lte", 4]]});
    let other = json!({"where": [[["s"], "ne", "c"]]});
    let one_of = json!({"where": [[["s"], "in", ["a", "new"]]]});
    let first = json!({"orderBy": "n", "limit": 2});
    let last =
        json!({"orderBy": "n", "direction": "desc", "limit": 2, "where": [[["n"], "ne", null]]});
    let nothing = json!({"orderBy": "n", "direction": "desc", "limit": 1});
    let second_page = json!({"orderBy": "n", "offset": 1, "limit": 1});
    let newest = json!({"direction": "desc", "limit": 1});
    let none = json!({"limit": 0});
    let short = json!({"where": [[["n"], "lt", 3]], "orderBy": "n", "limit": 10});
    let cases = [
        (&range, "x", json!({"n": 3}), true, "a row enters"),
        (
            &range,
            "x",
            json!({"n": 5}),
            false,
            "a row comes that is outside",
        ),
        (
            &range,
            "x",
            json!({"n": "3"}),
            false,
            "a row comes of another kind",
        ),
        (&range, "c", json!({"n": 9}), true, "a row leaves"),
        (&range, "c", Value::Null, true, "a row is deleted"),
        (
            &range,
            "c",
            json!({"n": 3, "s": "new"}),
            true,
            "a row changes inside",
        ),
        (&range, "a", json!({"n": 2}), true, "a row moves in"),
        (&range, "a", json!({"n": 1.5}), false, "a row moves outside"),
        (&range, "e", Value::Null, false, "a row outside is deleted"),
        (
            &other,
            "c",
            json!({"s": "c", "n": 7}),
            false,
            "the row that is left out changes",
        ),
        (
            &other,
            "c",
            json!({"s": "d"}),
            true,
            "the row that is left out comes in",
        ),
        (
            &other,
            "z",
            json!({"n": 1}),
            true,
            "a row without the field changes",
        ),
        (
            &one_of,
            "x",
            json!({"s": "new"}),
            true,
            "one of the values comes",
        ),
        (
            &one_of,
            "b",
            json!({"s": "bb"}),
            false,
            "none of the values",
        ),
        (
            &first,
            "x",
            json!({"n": 1.5}),
            true,
            "a row comes among those given out",
        ),
        (
            &first,
            "x",
            json!({"n": 2}),
            false,
            "a row of the same value stands behind",
        ),
        (
            &first,
            "b",
            json!({"n": 2, "s": "new"}),
            true,
            "the last one given out changes",
        ),
        (
            &first,
            "c",
            json!({"n": 2.5}),
            false,
            "a row behind changes",
        ),
        (
            &first,
            "c",
            json!({"n": 0}),
            true,
            "a row from behind comes to the front",
        ),
        (
            &first,
            "z",
            json!({"s": "new"}),
            false,
            "a row without a value",
        ),
        (
            &last,
            "d",
            Value::Null,
            true,
            "backward: one given out goes",
        ),
        (
            &last,
            "c",
            json!({"n": 3.5}),
            false,
            "backward: a row behind changes",
        ),
        (
            &last,
            "c",
            json!({"n": 4}),
            false,
            "backward: the same value, but further on",
        ),
        (
            &last,
            "x",
            json!({"n": 4}),
            true,
            "backward: the same value, newer, comes first",
        ),
        (
            &nothing,
            "z",
            json!({"n": 1}),
            true,
            "backward: the row without a value gets one",
        ),
        (
            &nothing,
            "e",
            Value::Null,
            false,
            "backward: rows with a value stand behind",
        ),
        (
            &nothing,
            "x",
            json!({}),
            true,
            "backward: another without a value comes first",
        ),
        (
            &second_page,
            "a",
            Value::Null,
            true,
            "a row that was passed over goes",
        ),
        (
            &second_page,
            "c",
            Value::Null,
            false,
            "a row behind the page goes",
        ),
        (&newest, "x", json!({}), true, "a newer row"),
        (&newest, "e", json!({}), false, "an older one"),
        (&none, "a", Value::Null, false, "no rows were asked for"),
        (
            &short,
            "x",
            json!({"n": 2.9}),
            true,
            "the page was not full: a row enters behind it",
        ),
        (
            &short,
            "x",
            json!({"n": 3}),
            false,
            "the page was not full: a row outside",
        ),
    ];
    for (i, (query, id, to, conflicts, what)) in cases.iter().enumerate() {
        let owner = format!("owner{i}");
        fill(&bench, &owner).await;
        let reader = bench.begin(&owner);
        select(&reader, "items", query).await;
        let writer = bench.begin(&owner);
        change(&writer, id, to).await;
        writer.commit(None).await.unwrap();
        reader
            .push("items", r#"{"id":"note","n":-100}"#)
            .await
            .unwrap();
        let outcome = reader.commit(None).await;
        let expected = if *conflicts {
            Err(StorageError::Conflict)
        } else {
            Ok(())
        };
        assert_eq!(
            outcome.map(|_| ()),
            expected,
            "{what}: {query}, {id} becomes {to}"
        );
    }
}

/// A loop that is left depends on what it has seen.
#[tokio::test]
async fn a_loop_that_is_left_depends_on_its_pages_alone() {
    let bench = Bench::new(ITEMS).await;
    for (touched, conflicts) in [(10, true), (255, true), (256, false), (500, false)] {
        let owner = format!("owner{touched}");
        let call = bench.begin(&owner);
        for i in 0..600 {
            let row = json!({"id": i.to_string(), "n": i}).to_string();
            call.push("items", &row).await.unwrap();
        }
        call.commit(None).await.unwrap();
        let reader = bench.begin(&owner);
        let query = r#"{"orderBy":"n"}"#;
        assert_eq!(
            reader
                .select("items", query, None)
                .await
                .unwrap()
                .rows
                .len(),
            256
        );
        let writer = bench.begin(&owner);
        writer
            .update("items", &touched.to_string(), r#"{"s":"x"}"#)
            .await
            .unwrap();
        writer.commit(None).await.unwrap();
        reader.push("items", r#"{"id":"note"}"#).await.unwrap();
        let outcome = reader.commit(None).await;
        assert_eq!(outcome.is_err(), conflicts, "{touched}: {outcome:?}");
    }
}

/// Later pages and queries are of the first one's snapshot, though they cannot look at live rows.
#[tokio::test]
async fn queries_of_one_call_share_its_snapshot() {
    let bench = Bench::new(ITEMS).await;
    fill(&bench, "alice").await;
    let reader = bench.begin("alice");
    let query = json!({"where": [[["n"], "gt", 1]], "orderBy": "n", "direction": "desc"});
    let before = select(&reader, "items", &query).await;
    let writer = bench.begin("alice");
    for id in ["b", "c"] {
        change(&writer, id, &Value::Null).await;
    }
    change(&writer, "x", &json!({"n": 100})).await;
    writer.commit(None).await.unwrap();
    assert_eq!(select(&reader, "items", &query).await, before);
    assert_eq!(
        select(&bench.begin("alice"), "items", &query).await.len(),
        3
    );
}
