//! What can go wrong: before the load, and in one call.

use std::io;
use std::time::Duration;

use kontract_raystream as raystream;
use tokio_tungstenite::tungstenite;

/// The run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read the job from stdin: {0}")]
    Input(io::Error),
    #[error("the job is not understood: {0}")]
    Job(#[from] serde_json::Error),
    #[error("{field} of the job is not {wanted}")]
    Field {
        field: &'static str,
        wanted: &'static str,
    },
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("cannot start the ceiling's server: {0}")]
    Ceiling(io::Error),
    #[error("a client cannot begin: {0}")]
    Begin(#[from] CallError),
}

/// One call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    #[error("the server closed the connection in the middle of a reply")]
    Closed,
    #[error("the reply is not HTTP/1.1 with a length or chunks: {0}")]
    NotHttp(&'static str),
    #[error("status {status}: {body}")]
    Status { status: u16, body: String },
    #[error("the reply does not contain '{expected}': {body}")]
    Unexpected { expected: String, body: String },
    #[error("WebSocket: {0}")]
    WebSocket(#[from] Box<tungstenite::Error>),
    #[error("no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
    #[error("handshake: {0}")]
    Handshake(#[from] raystream::HandshakeError),
    #[error("sealing: {0}")]
    Seal(#[from] raystream::SealError),
    #[error("opening: {0}")]
    Receive(#[from] raystream::ReceiveError),
    #[error("not a good reply: {0}")]
    Reply(String),
    #[error("no answer within {0:?}")]
    NoAnswer(Duration),
    #[error("a client panicked")]
    Panicked,
}

impl From<tungstenite::Error> for CallError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

impl CallError {
    /// The beginning of a body, as far as it is of use in a message.
    pub fn excerpt(body: &[u8]) -> String {
        String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
    }
}
