//! The user's backend functions, as the gateway calls them.

use std::future::Future;
use std::sync::Arc;

use crate::host::Host;
use crate::identity::{IssueError, Issuing, NewToken};
use crate::perm::Perm;
use crate::storage::Transaction;

/// Runs the user's code.
pub trait Functions<H: Host> {
    /// Runs the handler of a route once. The gateway may call again for the same logical call, with
    /// a higher `attempt`, when the transaction met a conflict. Dropping the future gives up on the
    /// call; the transaction handle then refuses everything.
    fn call(&self, invocation: Invocation<H>) -> impl Future<Output = Result<Reply, UserError>>;
}

/// One attempt of one call.
pub struct Invocation<H: Host> {
    /// The route's id, as in the manifest.
    pub route: Arc<str>,
    /// The encoded arguments, as the client sent them.
    pub args: Arc<[u8]>,
    /// How they are encoded, and how the reply has to be.
    pub encoding: Encoding,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Who calls, and what they may do.
    pub context: Arc<Context>,
    /// The attempt's storage.
    pub transaction: Arc<Transaction<H>>,
    pub(crate) issuing: Issuing,
}

impl<H: Host> Invocation<H> {
    /// A token signed with the gateway's secret, from now (Unix milliseconds) on.
    pub fn issue_token(&self, token: &NewToken, unix_ms: u64) -> Result<String, IssueError> {
        self.issuing.issue(token, unix_ms)
    }
}

/// How arguments and replies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// By the route's codecs.
    FlatBuffers,
    /// A JSON document, checked by the route's codecs.
    Json,
}

/// What a handler sees of its caller as `ctx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The session's id.
    pub sid: String,
    /// The tenant.
    pub owner: String,
    /// The user.
    pub sub: String,
    /// The token's groups.
    pub groups: Vec<String>,
    /// The most the function may do: its decorator's mask.
    pub perm: Perm,
    /// `POST`
    pub method: String,
    /// `/<egroup>/<route>` or `/<route>`
    pub path: String,
    /// Those of the carrying request and the call's metadata.
    pub headers: Vec<(String, String)>,
}

/// What a handler came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The encoded reply.
    pub data: Vec<u8>,
    /// HTTP's status code.
    pub status: u16,
    /// Headers for the caller.
    pub headers: Vec<(String, String)>,
}

/// An error the user's code threw, or the runtime threw for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct UserError {
    /// Stable code, such as `NOT_FOUND`.
    pub code: String,
    /// HTTP's status code.
    pub status: u16,
    /// For the caller to read.
    pub message: String,
    /// Only leaves the gateway in development.
    pub stack: Option<String>,
}
