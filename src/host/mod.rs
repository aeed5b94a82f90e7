//! The Node host: the gateway over tokio's sockets, a pool of PostgreSQL connections, and handlers
//! on JavaScript's thread.

mod call;
mod clock;
mod fetch;
mod functions;
mod gateway;
mod options;
mod plain;
mod reload;
mod server;
mod sessions;
mod tokens;
mod websocket;

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderMap;
use kontract_gateway::{Carrier, Clock as _, Gateway, Host};
use kontract_pg::PgPool;
use kontract_raystream::{ClearCode, Transport};

use clock::{SystemClock, SystemEntropy};
use fetch::JsFetch;
use functions::JsFunctions;
use reload::Reload;
use sessions::Sessions;

/// What this host gives the gateway.
pub struct NodeHost {
    pool: PgPool,
    clock: SystemClock,
    entropy: SystemEntropy,
    fetch: JsFetch,
}

impl Host for NodeHost {
    type Database = PgPool;
    type Functions = JsFunctions;
    type Clock = SystemClock;
    type Entropy = SystemEntropy;
    type Fetch = JsFetch;

    fn database(&self) -> &PgPool {
        &self.pool
    }

    fn clock(&self) -> &SystemClock {
        &self.clock
    }

    fn entropy(&self) -> &SystemEntropy {
        &self.entropy
    }

    fn fetch(&self) -> &JsFetch {
        &self.fetch
    }
}

/// One running server: the gateway and what HTTP needs around it.
pub struct Node {
    gateway: Gateway<NodeHost>,
    sessions: Sessions,
    reload: Reload,
    /// Serves the reload stream.
    development: bool,
    /// Serves plain calls.
    plain: bool,
    /// The bundled page, if there is one.
    public_dir: Option<PathBuf>,
    /// The most bytes of a request's body that are read: a whole frame.
    max_frame: usize,
}

impl Node {
    /// Answers a `HANDSHAKE_INIT`.
    fn handshake(&self, mut frame: Vec<u8>) -> Vec<u8> {
        let answer = self.gateway.handshake(&mut frame, Transport::Http);
        let kept = answer
            .session
            .is_none_or(|session| self.sessions.insert(session));
        if kept {
            answer.frame
        } else {
            ClearCode::ServiceUnavailable.to_frame()
        }
    }

    /// Answers a frame for the session of this name.
    async fn exchange(
        &self,
        session: &str,
        mut frame: Vec<u8>,
        headers: &HeaderMap,
    ) -> Option<Vec<u8>> {
        let known = session.parse().ok().and_then(|id| self.sessions.find(id));
        let Some(session) = known else {
            return Some(Gateway::<NodeHost>::unknown_session());
        };
        let answer = self
            .gateway
            .exchange(&session, &mut frame, &carrier(headers))
            .await;
        if !answer.keep {
            self.sessions.remove(session.id());
        }
        answer.frame
    }

    /// Forgets sessions that are over, for as long as the server lives.
    async fn sweep(self: Arc<Self>) {
        const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
        loop {
            tokio::time::sleep(EVERY).await;
            let clock = self.gateway.host().clock();
            self.sessions.sweep(clock.monotonic_ms(), clock.unix_ms());
            self.gateway.sweep();
        }
    }
}

/// The carrying request's headers that are text.
fn carrier(headers: &HeaderMap) -> Carrier {
    let text = headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    Carrier {
        headers: text.collect(),
    }
}
