//! HTTP: raystream's routes, the page, health, and in development the reload stream.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use kontract_gateway::{Clock as _, Host as _};
use kontract_raystream::{ClearCode, Limits};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use super::front::{Client, admit};
use super::held::Bodily;
use super::{Node, batch, carrier, plain, ready, stream, websocket};

const FRAME: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// All routes of the Node host.
pub fn router(node: Arc<Node>) -> Router {
    let mut router = Router::new()
        .route("/raystream/v1/hs", post(handshake))
        .route("/raystream/v1/s/{session}", post(exchange))
        .route("/raystream/v1/ws", get(websocket::upgrade))
        .route("/stream", get(stream::stream))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready::readyz));
    if node.development {
        router = router.route(
            "/@kontract/reload",
            get(|State(node): State<Arc<Node>>| async move {
                node.reload.stream(node.stop.clone().cancelled_owned())
            }),
        );
    }
    let page = node.public_dir.clone();
    let plain = node
        .plain
        .then(|| post(plain::call).with_state(Arc::clone(&node)));
    let (front, cors) = (from_fn_with_state(node.clone(), admit), node.front.cors());
    let router = router.with_state(node);
    let page = page
        .map(|folder| ServeDir::new(&folder).fallback(ServeFile::new(folder.join("index.html"))));
    match (page, plain) {
        (Some(page), Some(plain)) => router.fallback_service(plain.fallback_service(page)),
        (Some(page), None) => router.fallback_service(page),
        (None, Some(plain)) => router.fallback_service(plain),
        (None, None) => router,
    }
    .layer(front)
    .layer(cors)
    .layer(SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ))
}

async fn handshake(
    State(node): State<Arc<Node>>,
    Extension(Client(address)): Extension<Client>,
    request: Request,
) -> Response {
    if !node.takes_handshake(address) {
        return unavailable();
    }
    let read = node.front.held.read(request.into_body(), Limits::MAX_HELLO);
    let Bodily { bytes, share } = match read.await {
        Ok(body) => body,
        Err(unread) => return unread.into_response(),
    };
    let answer = node.handshake(bytes);
    drop(share);
    match answer {
        Some(handshake) => {
            if handshake.session.is_none() {
                node.failed(address);
            }
            frame(handshake.frame)
        }
        None => unavailable(),
    }
}

async fn exchange(
    State(node): State<Arc<Node>>,
    Path(session): Path<String>,
    Extension(Client(address)): Extension<Client>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let several = batch::is_batch(&headers);
    let most = if several {
        node.max_frame * batch::MAX_BYTES_IN_FRAMES
    } else {
        node.max_frame
    };
    let mut held = match node.front.held.read(body, most).await {
        Ok(held) => held,
        Err(unread) => return unread.into_response(),
    };
    let session = node.session(&session);
    if several {
        let Some(frames) = batch::split(&held.bytes, node.max_frame) else {
            node.failed(address);
            return (StatusCode::BAD_REQUEST, "not a list of frames").into_response();
        };
        held.bytes = Vec::new();
        return match session {
            Some(session) => batch::answer(node, session, frames, held, &headers, address),
            None => batch::one(&ClearCode::SessionExpired.to_frame()),
        };
    }
    let Some(session) = session else {
        return frame(ClearCode::SessionExpired.to_frame());
    };
    let answer = node
        .gateway
        .exchange(&session, &mut held.bytes, &carrier(&headers))
        .await;
    if answer.failed {
        node.failed(address);
    }
    if !answer.keep {
        node.sessions.remove(session.id());
    }
    match answer.frame {
        Some(answer) => frame(answer),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Not now: the host is going, or has as many sessions as it takes.
pub fn unavailable() -> Response {
    let mut response = frame(ClearCode::ServiceUnavailable.to_frame());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

impl Node {
    /// Whether somebody at this address may open a session now.
    pub fn takes_handshake(&self, address: std::net::IpAddr) -> bool {
        let now_ms = self.gateway.host().clock().monotonic_ms();
        !self.gateway.is_draining()
            && self.sessions.has_room()
            && self.front.handshakes.count(address, now_ms)
    }

    /// Something that was no frame, or no handshake, came from there.
    pub fn failed(&self, address: std::net::IpAddr) {
        let now_ms = self.gateway.host().clock().monotonic_ms();
        self.front.failures.count(address, now_ms);
    }
}

fn frame(bytes: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, FRAME),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        Bytes::from(bytes),
    )
        .into_response()
}
