//! The specification's SQL as it is written there (7.2.2, 7.3.1): a row is overwritten in place, a
//! transaction's number comes from a counter when it begins, nothing is undone. Documents only.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kontract_gateway::{Invocation, Reply, UserError};
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::workload::aborted;
use crate::support::{Closures, TestDatabase, TestHost, ok};

/// The function of the workload, on the specification's SQL.
pub async fn closures(database: &TestDatabase) -> Closures {
    let client = database.admin().await;
    client
        .batch_execute(
            "CREATE TABLE documents (id text PRIMARY KEY, data jsonb, _txid bigint, \
             _deleted_txid bigint)",
        )
        .await
        .unwrap();
    let (client, next) = (Arc::new(client), Arc::new(AtomicI64::new(1)));
    let handler = move |call: Invocation<TestHost>| {
        let (client, txid) = (client.clone(), next.fetch_add(1, Ordering::SeqCst));
        async move { run(&client, txid, &call.args).await }
    };
    Closures::default()
        .on("write", handler.clone())
        .on("read", handler)
}

async fn run(client: &Client, txid: i64, args: &[u8]) -> Result<Reply, UserError> {
    let ops: Vec<Value> = serde_json::from_slice(args).unwrap();
    let mut answers = Vec::new();
    for op in ops {
        let id = format!("key {}", op["key"]);
        match op["op"].as_str().unwrap() {
            "append" => {
                let mut values = get(client, txid, &id).await;
                values.push(op["value"].clone());
                let data = json!({ "v": values }).to_string();
                let sql = "INSERT INTO documents (id, data, _txid) VALUES ($1, $2::text::jsonb, $3) \
                           ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, _txid = EXCLUDED._txid";
                client.execute(sql, &[&id, &data, &txid]).await.unwrap();
            }
            "read" => answers.push(Value::Array(get(client, txid, &id).await)),
            _ => return Err(aborted()),
        }
    }
    Ok(ok(&Value::Array(answers).to_string()))
}

async fn get(client: &Client, txid: i64, id: &str) -> Vec<Value> {
    let sql = "SELECT data::text FROM documents WHERE id = $1 AND _txid < $2 \
               AND (_deleted_txid IS NULL OR _deleted_txid >= $2)";
    let row = client.query_opt(sql, &[&id, &txid]).await.unwrap();
    let row = row.map(|row| serde_json::from_str::<Value>(row.get(0)).unwrap());
    row.map_or_else(Vec::new, |row| row["v"].as_array().unwrap().clone())
}
