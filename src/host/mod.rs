//! The Node host: the gateway over tokio's sockets, a pool of PostgreSQL connections, and handlers
//! on JavaScript's thread.

mod batch;
mod call;
mod clock;
mod collect;
mod fetch;
mod front;
mod functions;
mod gateway;
mod held;
mod listen;
mod options;
mod plain;
mod proxies;
mod rate;
mod ready;
mod reload;
mod server;
mod sessions;
mod stock;
mod stream;
mod tls;
mod tokens;
mod websocket;

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderMap;
use kontract_gateway::{Carrier, Clock as _, Gateway, Handshake, Host, Session};
use kontract_pg::PgPool;
use kontract_raystream::Transport;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use clock::{SystemClock, SystemEntropy};
use fetch::JsFetch;
use front::Front;
use functions::JsFunctions;
use ready::Readiness;
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
    front: Front,
    ready: Readiness,
    /// What has to end before the server has: connections, sockets, streams.
    tasks: TaskTracker,
    /// No new connections or requests; streams nobody waits for end.
    stop: CancellationToken,
    /// What is still under way is given up.
    end: CancellationToken,
}

impl Node {
    /// Answers a `HANDSHAKE_INIT`; `None` if there is no room for its session.
    fn handshake(&self, mut frame: Vec<u8>) -> Option<Handshake> {
        let answer = self.gateway.handshake(&mut frame, Transport::Http);
        let kept = answer
            .session
            .as_ref()
            .is_none_or(|session| self.sessions.insert(Arc::clone(session)));
        kept.then_some(answer)
    }

    /// The session of this name.
    fn session(&self, name: &str) -> Option<Arc<Session>> {
        name.parse().ok().and_then(|id| self.sessions.find(id))
    }

    /// Forgets sessions that are over, for as long as the server lives.
    async fn sweep(self: Arc<Self>) {
        const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
        loop {
            tokio::time::sleep(EVERY).await;
            let clock = self.gateway.host().clock();
            self.sessions.sweep(clock.monotonic_ms(), clock.unix_ms());
            self.gateway.sweep();
            self.front.sweep(clock.monotonic_ms());
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
