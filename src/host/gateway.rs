//! `NodeGateway`: the server as JavaScript holds it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kontract_gateway::Gateway;
use kontract_pg::{PgPool, PoolConfig};
use napi::bindgen_prelude::{Env, Error, Function, PromiseRaw, Result};
use napi_derive::napi;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::NativeCall;
use super::clock::{SystemClock, SystemEntropy};
use super::fetch::{JsFetch, NativeFetch};
use super::front::Front;
use super::functions::JsFunctions;
use super::listen::Door;
use super::options::GatewayOptions;
use super::ready::Readiness;
use super::reload::Reload;
use super::sessions::Sessions;
use super::stock::Stock;
use super::{Node, NodeHost, server, tls};

/// How long what is given up may take to notice.
const GIVE_UP: Duration = Duration::from_secs(1);

/// A running server.
#[napi]
pub struct NodeGateway {
    node: Arc<Node>,
    port: u16,
    drain: Duration,
}

#[napi]
impl NodeGateway {
    /// Starts a server. `dispatch` is called with each attempt of each call and answers through it,
    /// `fetch` with each document the gateway wants (`tokens.jwks`).
    #[napi]
    pub fn start<'env>(
        env: &'env Env,
        options: GatewayOptions,
        dispatch: Function<'_, NativeCall, ()>,
        fetch: Option<Function<'_, NativeFetch, ()>>,
    ) -> Result<PromiseRaw<'env, NodeGateway>> {
        let functions = JsFunctions::new(&dispatch)?;
        let fetch = JsFetch::new(fetch.as_ref())?;
        env.spawn_future(listen(options, functions, fetch))
    }

    /// The port it listens on.
    #[napi(getter)]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it holds now.
    #[napi(getter)]
    pub fn stock(&self) -> Stock {
        Stock::of(&self.node)
    }

    /// Swaps to a new build; calls under way finish on the old one.
    #[napi]
    pub fn deploy(&self, manifest: String, dispatch: Function<'_, NativeCall, ()>) -> Result<()> {
        self.node
            .gateway
            .deploy(&manifest, JsFunctions::new(&dispatch)?)
            .map_err(reason)
    }

    /// Tells open pages to reload.
    #[napi]
    pub fn reload_page(&self) {
        self.node.reload.notify();
    }

    /// Stops listening, tells sockets, waits for calls under way, closes the database connections.
    #[napi]
    pub async fn close(&self) -> Result<()> {
        let node = &self.node;
        node.gateway.drain();
        node.stop.cancel();
        node.tasks.close();
        if tokio::time::timeout(self.drain, node.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("calls under way were given up");
            node.end.cancel();
            let _ = tokio::time::timeout(GIVE_UP, node.tasks.wait()).await;
        }
        node.gateway.undeploy();
        node.gateway.host().pool.close();
        Ok(())
    }
}

async fn listen(
    options: GatewayOptions,
    functions: JsFunctions,
    fetch: JsFetch,
) -> Result<NodeGateway> {
    let config = options.config()?;
    let limits = options.limits.clone().unwrap_or_default();
    let front = Front::new(&options, &limits).map_err(reason)?;
    let tls = options.tls.as_ref().map(tls::acceptor).transpose();
    let tls = tls.map_err(reason)?;
    let drain = options.drain();
    let max_frame = config.limits.max_frame;
    let pool = PgPool::new(&options.database_url, PoolConfig::default()).map_err(reason)?;
    let host = NodeHost {
        pool,
        clock: SystemClock::new(),
        entropy: SystemEntropy,
        fetch,
    };
    let gateway = Gateway::new(Arc::new(host), config);
    gateway
        .deploy(&options.manifest, functions)
        .map_err(reason)?;

    let address = (options.host.as_str(), options.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::from_reason(format!(
            "cannot listen on {}:{}: {error}",
            options.host, options.port
        ))
    })?;
    let retention = options.retention();
    let port = listener.local_addr().map_err(reason)?.port();
    let node = Arc::new(Node {
        gateway,
        sessions: Sessions::new(limits.sessions.unwrap_or(100_000)),
        reload: Reload::new(),
        development: options.development,
        plain: options.plain_routes.is_some(),
        public_dir: options.public_dir.map(PathBuf::from),
        max_frame,
        front,
        ready: Readiness::default(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        end: CancellationToken::new(),
    });
    let places = limits.connections.unwrap_or(10_000);
    let door = Door {
        router: server::router(Arc::clone(&node)),
        tls,
        places: Arc::new(Semaphore::new(places.try_into().unwrap_or(usize::MAX))),
        patience: Duration::from_secs(limits.read_seconds.unwrap_or(30).into()),
        tasks: node.tasks.clone(),
        stop: node.stop.clone(),
        end: node.end.clone(),
    };
    node.tasks.spawn(door.serve(listener));
    let (sweeping, stop) = (Arc::clone(&node), node.stop.clone());
    node.tasks.spawn(async move {
        tokio::select! {
            () = sweeping.sweep() => {}
            () = stop.cancelled() => {}
        }
    });
    let (collecting, stop) = (Arc::clone(&node), node.stop.clone());
    node.tasks.spawn(async move {
        tokio::select! {
            () = collecting.collect(retention) => {}
            () = stop.cancelled() => {}
        }
    });
    let (keeping, stop) = (Arc::clone(&node), node.stop.clone());
    node.tasks.spawn(async move {
        tokio::select! {
            () = keeping.gateway.keep_keys() => {}
            () = stop.cancelled() => {}
        }
    });
    Ok(NodeGateway { node, port, drain })
}

fn reason(error: impl ToString) -> Error {
    Error::from_reason(error.to_string())
}
