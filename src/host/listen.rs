//! Connections: how many, how long they may take to ask, and their end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Who is at the other end of the connection.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What all connections share.
#[derive(Clone)]
pub struct Door {
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
    /// How many may be open.
    pub places: Arc<Semaphore>,
    /// How long a TLS handshake, or the head of a request, may take to arrive; so a connection
    /// without one is closed too.
    pub patience: Duration,
    /// Everything that has to end before the server has.
    pub tasks: TaskTracker,
    /// No new connections, no new requests.
    pub stop: CancellationToken,
    /// What is under way is given up.
    pub end: CancellationToken,
}

impl Door {
    /// Accepts connections until it is told to stop.
    pub async fn serve(self, listener: TcpListener) {
        while let Some((stream, peer, place)) = self.accept(&listener).await {
            let door = self.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = door.connection(stream, Peer(peer)) => {}
                    () = door.end.cancelled() => {}
                }
                drop(place);
            });
        }
    }

    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> Option<(TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)> {
        loop {
            let next = async {
                let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
                Some((listener.accept().await, place))
            };
            let (accepted, place) = tokio::select! {
                next = next => next?,
                () = self.stop.cancelled() => return None,
            };
            match accepted {
                Ok((stream, peer)) => return Some((stream, peer.ip(), place)),
                Err(error) => {
                    // Out of descriptors, most likely: others have to end first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn connection(&self, stream: TcpStream, peer: Peer) {
        // A frame is one small write: waiting to fill a packet only delays it.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.requests(stream, peer).await;
        };
        match tokio::time::timeout(self.patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
            Err(_) => tracing::debug!("no TLS handshake in time"),
        }
    }

    async fn requests(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
    ) {
        let service = service_fn(|request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            self.router.clone().oneshot(request)
        });
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.patience)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }
}
