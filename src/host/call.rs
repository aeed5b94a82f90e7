//! `NativeCall`: one attempt of one call, as JavaScript holds it. Its methods are the transaction.

use std::sync::Mutex;

use kontract_gateway::{Invocation, Reply, StorageError, UserError};
use napi::bindgen_prelude::{BigInt, Buffer, Error, Result, Uint8Array};
use napi_derive::napi;
use tokio::sync::oneshot;

use super::NodeHost;

type End = oneshot::Sender<std::result::Result<Reply, UserError>>;

/// One attempt of one call.
#[napi]
pub struct NativeCall {
    invocation: Invocation<NodeHost>,
    end: Mutex<Option<End>>,
}

/// Who calls, and what they may do.
#[napi(object)]
pub struct CallContext {
    /// Session id.
    pub sid: String,
    /// Tenant.
    pub owner: String,
    /// User.
    pub sub: String,
    /// Groups of the user.
    pub groups: Vec<String>,
    /// Permission mask of the route.
    pub perm: u32,
    /// Always `POST` over raystream.
    pub method: String,
    /// `/<egroup>/<route>` or `/<route>`.
    pub path: String,
    /// Name and value of each header.
    pub headers: Vec<Vec<String>>,
}

/// What a handler came to: `ok` with a reply, or an error's fields.
#[napi(object)]
pub struct Finish {
    /// Whether there is a reply.
    pub ok: bool,
    /// The encoded reply.
    pub reply: Option<Uint8Array>,
    /// HTTP's status code.
    pub status: u16,
    /// Name and value of each header.
    pub headers: Option<Vec<Vec<String>>>,
    /// Stable code of the error.
    pub code: Option<String>,
    /// The error's message, for the caller to read.
    pub message: Option<String>,
    /// Only sent on in development.
    pub stack: Option<String>,
}

/// A page of rows.
#[napi(object)]
pub struct Page {
    /// Each row as JSON text.
    pub rows: Vec<String>,
    /// Where the next page starts; absent when this was the last.
    pub cursor: Option<String>,
}

impl NativeCall {
    /// A call that ends through `end`.
    pub fn new(invocation: Invocation<NodeHost>, end: End) -> Self {
        Self { invocation, end: Mutex::new(Some(end)) }
    }
}

#[napi]
impl NativeCall {
    /// The route's id.
    #[napi(getter)]
    pub fn route(&self) -> &str {
        &self.invocation.route
    }

    /// The encoded arguments.
    #[napi(getter)]
    pub fn args(&self) -> Buffer {
        self.invocation.args.as_ref().into()
    }

    /// 1 for the first attempt.
    #[napi(getter)]
    pub fn attempt(&self) -> u32 {
        self.invocation.attempt
    }

    /// Who calls.
    #[napi(getter)]
    pub fn ctx(&self) -> CallContext {
        let context = &self.invocation.context;
        CallContext {
            sid: context.sid.clone(),
            owner: context.owner.clone(),
            sub: context.sub.clone(),
            groups: context.groups.clone(),
            perm: context.perm.bits().into(),
            method: context.method.clone(),
            path: context.path.clone(),
            headers: context.headers.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect(),
        }
    }

    /// One more than the newest commit this call sees.
    #[napi]
    pub async fn current_txid(&self) -> Result<BigInt> {
        self.invocation.transaction.current_txid().await.map(BigInt::from).map_err(storage)
    }

    /// A row as JSON text.
    #[napi]
    pub async fn get(&self, table: String, id: String) -> Result<Option<String>> {
        self.invocation.transaction.get(&table, &id).await.map_err(storage)
    }

    /// Writes a whole row.
    #[napi]
    pub async fn set(&self, table: String, id: String, json: String) -> Result<()> {
        self.invocation.transaction.set(&table, &id, &json).await.map_err(storage)
    }

    /// Merges fields into a row that is there.
    #[napi]
    pub async fn update(&self, table: String, id: String, json: String) -> Result<()> {
        self.invocation.transaction.update(&table, &id, &json).await.map_err(storage)
    }

    /// Deletes a row; false when there was none.
    #[napi]
    pub async fn delete(&self, table: String, id: String) -> Result<bool> {
        self.invocation.transaction.delete(&table, &id).await.map_err(storage)
    }

    /// Appends a row and answers its id.
    #[napi]
    pub async fn push(&self, table: String, json: String) -> Result<String> {
        self.invocation.transaction.push(&table, &json).await.map_err(storage)
    }

    /// Removes and answers the last row.
    #[napi]
    pub async fn pop(&self, table: String) -> Result<Option<String>> {
        self.invocation.transaction.pop(&table).await.map_err(storage)
    }

    /// Removes and answers the first row.
    #[napi]
    pub async fn shift(&self, table: String) -> Result<Option<String>> {
        self.invocation.transaction.shift(&table).await.map_err(storage)
    }

    /// A page of the rows that contain `filter`, or of all, in order.
    #[napi]
    pub async fn query(&self, table: String, filter: Option<String>, cursor: Option<String>) -> Result<Page> {
        let page = self.invocation.transaction.query(&table, filter.as_deref(), cursor.as_deref()).await;
        page.map(|page| Page { rows: page.rows, cursor: page.cursor }).map_err(storage)
    }

    /// Ends the attempt. Only the first answer counts.
    #[napi]
    pub fn finish(&self, result: Finish) {
        let end = self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(end) = end {
            // Nobody waits any more when the call ran out of time.
            let _ = end.send(outcome(result));
        }
    }
}

fn outcome(result: Finish) -> std::result::Result<Reply, UserError> {
    if result.ok {
        let headers = result.headers.unwrap_or_default().into_iter().filter_map(pair).collect();
        let data = result.reply.map(|bytes| bytes.to_vec()).unwrap_or_default();
        return Ok(Reply { data, status: result.status, headers });
    }
    Err(UserError {
        code: result.code.unwrap_or_else(|| "INTERNAL_ERROR".to_owned()),
        status: result.status,
        message: result.message.unwrap_or_default(),
        stack: result.stack,
    })
}

fn pair(header: Vec<String>) -> Option<(String, String)> {
    let [name, value] = <[String; 2]>::try_from(header).ok()?;
    Some((name, value))
}

/// What the runtime turns back into the class the code names: `{"code","status","message"}`.
fn storage(error: StorageError) -> Error {
    let fields = serde_json::json!({ "code": error.code(), "status": error.status(), "message": error.to_string() });
    Error::from_reason(fields.to_string())
}
