//! `NativeCall`: one attempt of one call, as JavaScript holds it. Its methods are the transaction.

use std::sync::Mutex;
use std::time::Duration;

use kontract_gateway::{
    Clock as _, Encoding, Invocation, IssueError, NewToken, Perm, Reply, StorageError, UserError,
};
use napi::bindgen_prelude::{BigInt, BufferSlice, Env, Error, Result};
use napi_derive::napi;
use tokio::sync::oneshot;

use super::NodeHost;
use super::clock::SystemClock;

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
}

/// What a handler puts into a token it issues.
#[napi(object)]
pub struct TokenRequest {
    /// User.
    pub sub: String,
    /// Tenant; the user, unless given.
    pub owner: Option<String>,
    /// Groups of the user.
    pub groups: Vec<String>,
    /// Permission mask; the caller's, unless given.
    pub perm: Option<u8>,
    /// Seconds; an hour, unless given.
    pub ttl_seconds: Option<u32>,
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
    pub(super) fn new(invocation: Invocation<NodeHost>, end: End) -> Self {
        Self {
            invocation,
            end: Mutex::new(Some(end)),
        }
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
    pub fn args<'env>(&self, env: &'env Env) -> Result<BufferSlice<'env>> {
        BufferSlice::copy_from(env, self.invocation.args.as_ref())
    }

    /// Whether the arguments are a JSON document, and the reply has to be one.
    #[napi(getter)]
    pub fn is_json(&self) -> bool {
        self.invocation.encoding == Encoding::Json
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
        }
    }

    /// Name and value of each header; apart from the rest because few handlers look.
    #[napi(getter)]
    pub fn headers(&self) -> Vec<Vec<&str>> {
        let headers = self.invocation.context.headers.iter();
        headers
            .map(|(name, value)| vec![name.as_str(), value.as_str()])
            .collect()
    }

    /// A token signed with the gateway's secret.
    #[napi]
    pub fn issue_token(&self, token: TokenRequest) -> Result<String> {
        let token = NewToken {
            sub: token.sub,
            owner: token.owner,
            groups: token.groups,
            perm: token.perm.and_then(Perm::from_bits),
            ttl: token
                .ttl_seconds
                .map(|seconds| Duration::from_secs(seconds.into())),
        };
        self.invocation
            .issue_token(&token, SystemClock::new().unix_ms())
            .map_err(|error| match error {
                IssueError::BeyondCaller { .. } => coded("FORBIDDEN", 403, &error.to_string()),
                // Mistakes of the application are no business of its callers.
                other => Error::from_reason(other.to_string()),
            })
    }

    /// One more than the newest commit this call sees.
    #[napi]
    pub async fn current_txid(&self) -> Result<BigInt> {
        self.invocation
            .transaction
            .current_txid()
            .await
            .map(BigInt::from)
            .map_err(storage)
    }

    /// A row as JSON text.
    #[napi]
    pub async fn get(&self, table: String, id: String) -> Result<Option<String>> {
        self.invocation
            .transaction
            .get(&table, &id)
            .await
            .map_err(storage)
    }

    /// Writes a whole row.
    #[napi]
    pub async fn set(&self, table: String, id: String, json: String) -> Result<()> {
        self.invocation
            .transaction
            .set(&table, &id, &json)
            .await
            .map_err(storage)
    }

    /// Merges fields into a row that is there.
    #[napi]
    pub async fn update(&self, table: String, id: String, json: String) -> Result<()> {
        self.invocation
            .transaction
            .update(&table, &id, &json)
            .await
            .map_err(storage)
    }

    /// Deletes a row; false when there was none.
    #[napi]
    pub async fn delete(&self, table: String, id: String) -> Result<bool> {
        self.invocation
            .transaction
            .delete(&table, &id)
            .await
            .map_err(storage)
    }

    /// Appends a row and answers its id.
    #[napi]
    pub async fn push(&self, table: String, json: String) -> Result<String> {
        self.invocation
            .transaction
            .push(&table, &json)
            .await
            .map_err(storage)
    }

    /// Removes and answers the last row.
    #[napi]
    pub async fn pop(&self, table: String) -> Result<Option<String>> {
        self.invocation
            .transaction
            .pop(&table)
            .await
            .map_err(storage)
    }

    /// Removes and answers the first row.
    #[napi]
    pub async fn shift(&self, table: String) -> Result<Option<String>> {
        self.invocation
            .transaction
            .shift(&table)
            .await
            .map_err(storage)
    }

    /// A page of a query's rows, or of all rows in order.
    #[napi]
    pub async fn query(
        &self,
        table: String,
        query: Option<String>,
        cursor: Option<String>,
    ) -> Result<Page> {
        let transaction = &self.invocation.transaction;
        let cursor = cursor.as_deref();
        let page = match query {
            Some(query) => transaction.select(&table, &query, cursor).await,
            None => transaction.query(&table, None, cursor).await,
        };
        page.map(|page| Page {
            rows: page.rows,
            cursor: page.cursor,
        })
        .map_err(storage)
    }

    /// Ends the attempt with a reply. Only the first answer counts.
    #[napi]
    pub fn finish(&self, reply: &[u8], status: u16, headers: Option<Vec<Vec<String>>>) {
        let headers = headers
            .unwrap_or_default()
            .into_iter()
            .filter_map(pair)
            .collect();
        self.end(Ok(Reply {
            data: reply.to_vec(),
            status,
            headers,
        }));
    }

    /// Ends the attempt with an error. Only the first answer counts.
    #[napi]
    pub fn fail(&self, code: String, status: u16, message: String, stack: Option<String>) {
        self.end(Err(UserError {
            code,
            status,
            message,
            stack,
        }));
    }

    fn end(&self, outcome: std::result::Result<Reply, UserError>) {
        let end = self
            .end
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(end) = end {
            // Nobody waits any more when the call ran out of time.
            let _ = end.send(outcome);
        }
    }
}

fn pair(header: Vec<String>) -> Option<(String, String)> {
    let [name, value] = <[String; 2]>::try_from(header).ok()?;
    Some((name, value))
}

/// What the runtime turns back into the class the code names: `{"code","status","message"}`.
fn storage(error: StorageError) -> Error {
    coded(error.code(), error.status(), &error.to_string())
}

fn coded(code: &str, status: u16, message: &str) -> Error {
    let fields = serde_json::json!({ "code": code, "status": status, "message": message });
    Error::from_reason(fields.to_string())
}
