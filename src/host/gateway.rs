//! `NodeGateway`: the server as JavaScript holds it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::serve::ListenerExt as _;
use kontract_gateway::Gateway;
use kontract_pg::{PgPool, PoolConfig};
use napi::bindgen_prelude::{Env, Error, Function, PromiseRaw, Result, spawn};
use napi_derive::napi;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::call::NativeCall;
use super::clock::{SystemClock, SystemEntropy};
use super::fetch::{JsFetch, NativeFetch};
use super::functions::JsFunctions;
use super::options::GatewayOptions;
use super::reload::Reload;
use super::sessions::Sessions;
use super::{Node, NodeHost, server};

/// How long calls under way get when the server is closed.
const DRAIN: Duration = Duration::from_secs(5);

/// A running server.
#[napi]
pub struct NodeGateway {
    node: Arc<Node>,
    port: u16,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
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

    /// Stops listening, waits for calls under way, closes the database connections.
    #[napi]
    pub async fn close(&self) -> Result<()> {
        self.node.gateway.drain();
        let _ = self.stop.send(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let abort = task.abort_handle();
            // An event stream never ends by itself.
            if tokio::time::timeout(DRAIN, task).await.is_err() {
                abort.abort();
            }
        }
        self.node.gateway.undeploy();
        self.node.gateway.host().pool.close();
        Ok(())
    }
}

async fn listen(
    options: GatewayOptions,
    functions: JsFunctions,
    fetch: JsFetch,
) -> Result<NodeGateway> {
    let config = options.config()?;
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
    let port = listener.local_addr().map_err(reason)?.port();
    let node = Arc::new(Node {
        gateway,
        sessions: Sessions::default(),
        reload: Reload::new(),
        development: options.development,
        plain: options.plain_routes.is_some(),
        public_dir: options.public_dir.map(PathBuf::from),
        max_frame,
    });

    let (stop, mut stopped) = watch::channel(false);
    let router = server::router(Arc::clone(&node));
    let serving = spawn(async move {
        let listener = listener.tap_io(|socket| {
            // A frame is one small write: waiting to fill a packet only delays it.
            let _ = socket.set_nodelay(true);
        });
        let end = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router)
            .with_graceful_shutdown(end)
            .await
        {
            tracing::error!(%error, "the server ended");
        }
    });
    let mut stopped = stop.subscribe();
    let sweeper = Arc::clone(&node);
    let sweeping = spawn(async move {
        tokio::select! {
            () = sweeper.sweep() => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    });
    let mut stopped = stop.subscribe();
    let keeper = Arc::clone(&node);
    let keeping = spawn(async move {
        tokio::select! {
            () = keeper.gateway.keep_keys() => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    });
    Ok(NodeGateway {
        node,
        port,
        stop,
        tasks: Mutex::new(vec![serving, sweeping, keeping]),
    })
}

fn reason(error: impl ToString) -> Error {
    Error::from_reason(error.to_string())
}
