//! Every operation of tables against a model: sequences of steps over several tables and calls.
//!
//! Sequences are made from seeds. One that fails is cut down to the steps that matter and printed with
//! its seed; `KONTRACT_SEED` runs one seed alone, `KONTRACT_SEQUENCES` as many as wanted.

use std::collections::HashMap;
use std::fmt::Write as _;

use kontract_gateway::{Mode, Perm, StorageError, Transaction};
use serde_json::{Map, Value, json};

use crate::support::{Bench, TestHost, select};

const MANIFEST: &str = r#"{ "version": 1, "tables": [
    { "id": "notes", "ptr": "tbl_notes_1", "tenancy": "own", "primkey": "id", "permissions": 7, "fields": [
      { "name": "id", "kind": "string" }, { "name": "v", "kind": "json", "optional": true },
      { "name": "n", "kind": "number", "optional": true, "unique": false } ] },
    { "id": "board", "ptr": "tbl_board_1", "tenancy": "shared", "primkey": "id", "permissions": 7, "fields": [
      { "name": "id", "kind": "string" }, { "name": "v", "kind": "json", "optional": true },
      { "name": "n", "kind": "number", "optional": true, "unique": false } ] },
    { "id": "users", "ptr": "tbl_users_1", "tenancy": "own", "primkey": "id", "permissions": 7, "fields": [
      { "name": "id", "kind": "string" }, { "name": "v", "kind": "json", "optional": true },
      { "name": "n", "kind": "number", "optional": true, "unique": false },
      { "name": "born", "kind": "date", "perm": 4 },
      { "name": "secret", "kind": "string", "perm": 2, "optional": true } ] } ] }"#;
const TABLES: [&str; 3] = ["notes", "board", "users"];
const IDS: [&str; 9] = [
    "a",
    "b",
    "c",
    "'; DROP TABLE x; --",
    "é\u{301}😀",
    "\\",
    "%_",
    "null",
    "../..\n\t\u{7f}",
];
const BAD_IDS: [&str; 2] = ["", "nul\0"];

#[derive(Debug, Clone)]
enum Step {
    /// A new call, of this owner, pinned or not.
    Begin(usize, bool),
    Commit,
    Abort,
    Get(usize, &'static str),
    Set(usize, &'static str, Value),
    Update(usize, &'static str, Value),
    Delete(usize, &'static str),
    Push(usize, Value),
    Pop(usize),
    Shift(usize),
    Iterate(usize),
    Query(usize, Value),
}

/// Splitmix64: the same numbers for a seed everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.next(all.len())].clone()
    }

    fn id(&mut self) -> &'static str {
        if self.next(40) == 0 {
            self.of(&BAD_IDS)
        } else {
            self.of(&IDS)
        }
    }

    fn value(&mut self) -> Value {
        match self.next(14) {
            0 => Value::Null,
            1 => json!("'; DROP TABLE kontract.storage; --"),
            2 => json!("\u{1}\u{7f}\u{ffff}😀\"\\"),
            3 => serde_json::from_str("12345678901234567890123456789.125").unwrap(),
            4 => json!(-9_223_372_036_854_775_808_i64),
            5 => json!({"__proto__": {"a'\"": [1, null, {}]}, "": ""}),
            6 => (0..60).fold(json!(1), |inner, _| json!([inner])),
            7 => json!("nul\0"),
            8 => json!("x".repeat(3000)),
            n => json!(n),
        }
    }

    /// What is written: some of a row's fields.
    fn row(&mut self, table: usize) -> Value {
        let mut row = Map::new();
        if self.next(4) > 0 {
            row.insert("v".to_owned(), self.value());
        }
        if self.next(2) > 0 {
            row.insert("n".to_owned(), json!(self.next(5)));
        }
        if TABLES[table] == "users" {
            if self.next(8) > 0 {
                row.insert(
                    "born".to_owned(),
                    json!(if self.next(4) == 0 { 2 } else { 1 }),
                );
            }
            if self.next(3) == 0 {
                row.insert("secret".to_owned(), json!(self.next(3).to_string()));
            }
        }
        Value::Object(row)
    }

    fn step(&mut self) -> Step {
        let table = self.next(3);
        match self.next(24) {
            0 => Step::Begin(self.next(2), self.next(4) == 0),
            1 | 2 => Step::Commit,
            3 => Step::Abort,
            4..=6 => Step::Get(table, self.id()),
            7..=10 => Step::Set(table, self.id(), self.row(table)),
            11 | 12 => Step::Update(table, self.id(), self.row(table)),
            13 | 14 => Step::Delete(table, self.id()),
            15 | 16 => {
                let mut row = self.row(table);
                if self.next(4) > 0 {
                    row["id"] = json!(self.id());
                }
                Step::Push(table, row)
            }
            17 => Step::Pop(table),
            18 => Step::Shift(table),
            19 | 20 => Step::Iterate(table),
            _ => {
                let mut query =
                    json!({"where": [[["n"], self.of(&["gte", "ne", "eq", "lt"]), self.next(5)]]});
                if self.next(2) == 0 {
                    query["orderBy"] = json!("n");
                }
                if self.next(2) == 0 {
                    query["direction"] = json!("desc");
                }
                if self.next(3) == 0 {
                    query["limit"] = json!(self.next(4));
                }
                Step::Query(table, query)
            }
        }
    }
}

// The model.

type Rows = Vec<(String, Map<String, Value>)>;
/// By table, and owner where a table has one.
type World = HashMap<(usize, usize), Rows>;

fn place(table: usize, owner: usize) -> (usize, usize) {
    (table, if TABLES[table] == "board" { 0 } else { owner })
}

fn find(rows: &Rows, id: &str) -> Option<usize> {
    rows.iter().position(|(known, _)| known == id)
}

/// What reads show.
fn shown(row: &Map<String, Value>) -> Value {
    let mut row = row.clone();
    row.remove("secret");
    Value::Object(row)
}

fn has_nul(value: &Value) -> bool {
    value.to_string().contains("\\u0000")
}

/// What is stored, or the code a write is refused with.
fn admitted(
    table: usize,
    id: &str,
    old: Option<&Map<String, Value>>,
    new: &Map<String, Value>,
) -> Result<Map<String, Value>, &'static str> {
    let mut row = new.clone();
    row.insert("id".to_owned(), json!(id));
    if TABLES[table] != "users" {
        return Ok(row);
    }
    if let Some(old) = old {
        if !row.contains_key("secret") && old.contains_key("secret") {
            row.insert("secret".to_owned(), old["secret"].clone());
        }
        if row.get("born") != old.get("born") {
            return Err("PERMISSION_DENIED");
        }
    }
    if row.contains_key("born") {
        Ok(row)
    } else {
        Err("INVALID_REQUEST")
    }
}

fn queried(rows: &Rows, query: &Value) -> Vec<Value> {
    let condition = &query["where"][0];
    let operand = condition[2].as_i64().unwrap();
    let passes = |row: &Map<String, Value>| {
        let n = row.get("n").and_then(Value::as_i64);
        match condition[1].as_str().unwrap() {
            "gte" => n.is_some_and(|n| n >= operand),
            "lt" => n.is_some_and(|n| n < operand),
            "eq" => n == Some(operand),
            _ => n != Some(operand),
        }
    };
    let mut found: Vec<_> = rows
        .iter()
        .map(|(_, row)| row)
        .filter(|row| passes(row))
        .collect();
    if query["orderBy"] == "n" {
        found.sort_by_key(|row| row.get("n").map_or(i64::MAX, |n| n.as_i64().unwrap()));
    }
    if query["direction"] == "desc" {
        found.reverse();
    }
    let limit = query["limit"]
        .as_u64()
        .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
    found.into_iter().take(limit).map(shown).collect()
}

struct Run<'a> {
    bench: &'a Bench,
    owners: [String; 2],
    committed: World,
    now: World,
    owner: usize,
    call: Transaction<TestHost>,
}

fn same<T: PartialEq + std::fmt::Debug>(is: T, expected: T) -> Result<(), String> {
    if is == expected {
        Ok(())
    } else {
        Err(format!("is {is:?}\n  should be {expected:?}"))
    }
}

fn code<T>(result: Result<T, StorageError>) -> Result<T, &'static str> {
    result.map_err(|error| error.code())
}

fn parsed(row: Option<String>) -> Option<Value> {
    row.map(|row| serde_json::from_str(&row).unwrap())
}

impl<'a> Run<'a> {
    /// Owners nobody has been before, and the shared table emptied.
    async fn new(bench: &'a Bench) -> Result<Self, StorageError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let number = u64::from_be_bytes(random);
        let owners = ["ann", "bob'; --"].map(|name| format!("{name} {number:x}"));
        let call = bench.begin(&owners[0]);
        for row in select(&call, "board", &json!({})).await {
            call.delete("board", row["id"].as_str().unwrap()).await?;
        }
        call.commit(None).await?;
        let call = bench.begin(&owners[0]);
        Ok(Self {
            bench,
            owners,
            committed: World::new(),
            now: World::new(),
            owner: 0,
            call,
        })
    }

    async fn begin(&mut self, owner: usize, pinned: bool) -> Result<(), String> {
        self.call.close();
        let mode = if pinned {
            Mode::Pinned
        } else {
            Mode::Optimistic
        };
        self.call = self.bench.begin_as(&self.owners[owner], Perm::RWX, mode);
        if pinned {
            self.call.pin().await.map_err(|error| error.to_string())?;
        }
        self.owner = owner;
        self.now.clone_from(&self.committed);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), String> {
        self.call
            .commit(None)
            .await
            .map_err(|error| format!("{error:?}"))?;
        self.committed.clone_from(&self.now);
        self.begin(self.owner, false).await
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Begin(owner, pinned) => return self.begin(*owner, *pinned).await,
            Step::Commit => return self.commit().await,
            Step::Abort => return self.begin(self.owner, false).await,
            Step::Push(table, row) => return self.push(*table, row).await,
            _ => {}
        }
        let (Step::Get(table, _)
        | Step::Set(table, ..)
        | Step::Update(table, ..)
        | Step::Delete(table, _)
        | Step::Pop(table)
        | Step::Shift(table)
        | Step::Iterate(table)
        | Step::Query(table, _)) = step
        else {
            unreachable!("handled above")
        };
        let (name, call) = (TABLES[*table], &self.call);
        let rows = self.now.entry(place(*table, self.owner)).or_default();
        match step {
            Step::Get(_, id) if BAD_IDS.contains(id) => {
                same(code(call.get(name, id).await), Err("INVALID_REQUEST"))
            }
            Step::Get(_, id) => {
                let expected = find(rows, id).map(|i| shown(&rows[i].1));
                same(code(call.get(name, id).await).map(parsed), Ok(expected))
            }
            Step::Set(_, id, row) => {
                let at = find(rows, id);
                let expected = if BAD_IDS.contains(id) || has_nul(row) {
                    Err("INVALID_REQUEST")
                } else {
                    admitted(*table, id, at.map(|i| &rows[i].1), row.as_object().unwrap())
                };
                same(
                    code(call.set(name, id, &row.to_string()).await),
                    expected.clone().map(|_| ()),
                )?;
                match (expected, at) {
                    (Ok(row), Some(i)) => rows[i].1 = row,
                    (Ok(row), None) => rows.push(((*id).to_owned(), row)),
                    (Err(_), _) => {}
                }
                Ok(())
            }
            Step::Update(_, id, part) => {
                let at = find(rows, id);
                let expected = match at {
                    _ if BAD_IDS.contains(id) || has_nul(part) => Err("INVALID_REQUEST"),
                    None => Err("NOT_FOUND"),
                    Some(i) => {
                        let mut row = rows[i].1.clone();
                        row.extend(part.as_object().unwrap().clone());
                        admitted(*table, id, Some(&rows[i].1), &row)
                    }
                };
                same(
                    code(call.update(name, id, &part.to_string()).await),
                    expected.clone().map(|_| ()),
                )?;
                if let (Ok(row), Some(i)) = (expected, at) {
                    rows[i].1 = row;
                }
                Ok(())
            }
            Step::Delete(_, id) if BAD_IDS.contains(id) => {
                same(code(call.delete(name, id).await), Err("INVALID_REQUEST"))
            }
            Step::Delete(_, id) => {
                let at = find(rows, id);
                at.map(|i| rows.remove(i));
                same(code(call.delete(name, id).await), Ok(at.is_some()))
            }
            Step::Pop(_) => {
                let expected = rows.pop().map(|(_, row)| shown(&row));
                same(code(call.pop(name).await).map(parsed), Ok(expected))
            }
            Step::Shift(_) => {
                let expected = (!rows.is_empty()).then(|| shown(&rows.remove(0).1));
                same(code(call.shift(name).await).map(parsed), Ok(expected))
            }
            Step::Iterate(_) => {
                let expected: Vec<_> = rows.iter().map(|(_, row)| shown(row)).collect();
                let page = code(call.query(name, None, None).await)?;
                let found: Vec<Value> = page
                    .rows
                    .iter()
                    .map(|row| serde_json::from_str(row).unwrap())
                    .collect();
                same(found, expected)
            }
            Step::Query(_, query) => same(select(call, name, query).await, queried(rows, query)),
            _ => unreachable!("handled above"),
        }
    }

    async fn push(&mut self, table: usize, row: &Value) -> Result<(), String> {
        let rows = self.now.entry(place(table, self.owner)).or_default();
        let given = row["id"].as_str().map(str::to_owned);
        let bad = given.as_deref().is_some_and(|id| BAD_IDS.contains(&id)) || has_nul(row);
        let result = code(self.call.push(TABLES[table], &row.to_string()).await);
        let id = given.clone().or(result.clone().ok()).unwrap_or_default();
        let expected = if bad {
            Err("INVALID_REQUEST")
        } else {
            admitted(table, &id, None, row.as_object().unwrap())
        };
        if let (Ok(_), Some(_)) = (&expected, find(rows, &id)) {
            // Known at once where the call has looked at the row, else when it commits.
            if result.is_ok() {
                same(
                    code(self.call.commit(None).await).map(|_| ()),
                    Err("ALREADY_EXISTS"),
                )?;
                return self.begin(self.owner, false).await;
            }
            return same(result.map(|_| ()), Err("ALREADY_EXISTS"));
        }
        same(result.map(|_| ()), expected.clone().map(|_| ()))?;
        if let Ok(row) = expected {
            if given.is_none() && id.len() != 36 {
                return Err(format!("a made id is a UUID, this is {id}"));
            }
            rows.push((id, row));
        }
        Ok(())
    }
}

/// Where a sequence went wrong, and how.
async fn run(bench: &Bench, steps: &[Step]) -> Result<(), String> {
    let mut run = Run::new(bench).await.map_err(|error| error.to_string())?;
    for (i, step) in steps.iter().enumerate() {
        run.step(step)
            .await
            .map_err(|wrong| format!("step {i}, {step:?}: {wrong}"))?;
    }
    // What was committed is there for the next call, and nothing else is.
    for owner in 0..2 {
        run.begin(owner, false).await?;
        for table in 0..TABLES.len() {
            run.step(&Step::Iterate(table))
                .await
                .map_err(|wrong| format!("in the end: {wrong}"))?;
        }
    }
    Ok(())
}

/// Leaves out steps as long as it still fails.
async fn shrunk(bench: &Bench, mut steps: Vec<Step>) -> Vec<Step> {
    let mut width = steps.len() / 2;
    while width > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + width).min(steps.len()));
            if run(bench, &fewer).await.is_err() {
                steps = fewer;
            } else {
                at += width;
            }
        }
        width /= 2;
    }
    steps
}

#[tokio::test]
async fn sequences_do_what_the_model_does() {
    let bench = Bench::new(MANIFEST).await;
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("KONTRACT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KONTRACT_SEQUENCES").unwrap_or(200),
    };
    for seed in seeds {
        let mut random = Random(seed);
        let steps: Vec<Step> = (0..50).map(|_| random.step()).collect();
        if run(&bench, &steps).await.is_err() {
            let steps = shrunk(&bench, steps).await;
            let wrong = run(&bench, &steps).await.unwrap_err();
            let mut list = String::new();
            for step in &steps {
                let _ = writeln!(list, "  {step:?}");
            }
            panic!("seed {seed}: {wrong}\n{list}");
        }
    }
}
