//! What to do, as the harness says it on stdin.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

/// One run: how much load, and against what. (Not flattened: `serde` cannot buffer numbers when
/// `serde_json` keeps them exact.)
#[derive(Debug, Deserialize)]
pub struct Job {
    pub plan: Plan,
    pub target: Target,
}

/// How much and how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Clients, each with one connection and one call under way.
    pub clients: usize,
    /// Load before anything is counted.
    pub warmup_seconds: f64,
    /// Load that counts.
    pub seconds: f64,
    /// No load: connections that were used once, held until the harness has looked at the server.
    #[serde(default)]
    pub hold: bool,
}

impl Plan {
    pub fn warmup(&self) -> Duration {
        Duration::from_secs_f64(self.warmup_seconds)
    }

    pub fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// What the load goes to.
#[derive(Debug, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Target {
    HttpJson(HttpTarget),
    Raystream(RaystreamTarget),
    TrpcWs(TrpcTarget),
    Ceiling(CeilingTarget),
}

/// A server of JSON over HTTP, and requests to it.
#[derive(Debug, Deserialize)]
pub struct HttpTarget {
    pub address: SocketAddr,
    pub requests: Vec<HttpRequest>,
}

/// One request of a list the clients go through, each from its own place.
#[derive(Debug, Deserialize)]
pub struct HttpRequest {
    pub method: String,
    pub path: String,
    /// JSON text.
    pub body: Option<String>,
    /// A text the body of a good reply contains.
    pub expect: String,
}

/// A tRPC server's WebSocket, and requests to it.
#[derive(Debug, Deserialize)]
pub struct TrpcTarget {
    pub address: SocketAddr,
    pub requests: Vec<TrpcRequest>,
}

/// One request of a list the clients go through, each from its own place.
#[derive(Debug, Deserialize)]
pub struct TrpcRequest {
    /// `mutation` or `query`.
    pub method: String,
    /// The procedure.
    pub path: String,
    /// JSON text.
    pub input: String,
    /// A text a good reply contains.
    pub expect: String,
}

/// A gateway, one of its routes, and calls of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RaystreamTarget {
    pub address: SocketAddr,
    /// Calls go over a WebSocket, not as HTTP requests.
    #[serde(default)]
    pub websocket: bool,
    /// The gateway's public key, base64url.
    pub pin: String,
    pub route: String,
    /// 16 hex digits; without it the gateway checks none.
    pub schema_hash: Option<String>,
    pub calls: Vec<RaystreamCall>,
}

/// One call of a list the clients go through, each from its own place.
#[derive(Debug, Deserialize)]
pub struct RaystreamCall {
    /// The route's arguments as its generated codec wrote them, base64.
    pub args: String,
    /// A text the result of a good reply contains: `FlatBuffers` keep strings as they are.
    pub expect: String,
}

/// The generator's own server.
#[derive(Debug, Deserialize)]
pub struct CeilingTarget {
    /// A request body of the size the real cases have.
    pub body: String,
    /// Whether calls are sealed: the ceiling of `raystream`, else that of `http-json`.
    pub sealed: bool,
    /// Sealed calls go over a WebSocket for each client.
    #[serde(default)]
    pub websocket: bool,
}
