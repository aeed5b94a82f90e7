//! HTTP: raystream's two routes, the page, health, and in development the reload stream.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use kontract_raystream::Limits;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{Node, plain, websocket};

const FRAMES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// All routes of the Node host.
pub fn router(node: Arc<Node>) -> Router {
    let mut router = Router::new()
        .route("/raystream/v1/hs", post(handshake))
        .route("/raystream/v1/s/{session}", post(exchange))
        .route("/raystream/v1/ws", get(websocket::upgrade))
        .route("/healthz", get(|| async { "ok" }));
    if node.development {
        router = router.route(
            "/@kontract/reload",
            get(|State(node): State<Arc<Node>>| async move { node.reload.stream() }),
        );
    }
    let page = node.public_dir.clone();
    let plain = node
        .plain
        .then(|| post(plain::call).with_state(Arc::clone(&node)));
    let router = router.with_state(node);
    let page = page
        .map(|folder| ServeDir::new(&folder).fallback(ServeFile::new(folder.join("index.html"))));
    match (page, plain) {
        (Some(page), Some(plain)) => router.fallback_service(plain.fallback_service(page)),
        (Some(page), None) => router.fallback_service(page),
        (None, Some(plain)) => router.fallback_service(plain),
        (None, None) => router,
    }
    .layer(SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ))
}

async fn handshake(State(node): State<Arc<Node>>, request: Request) -> Response {
    let Ok(frame) = to_bytes(request.into_body(), Limits::MAX_HELLO).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    frames(node.handshake(frame.into()))
}

async fn exchange(
    State(node): State<Arc<Node>>,
    Path(session): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(frame) = to_bytes(body, node.max_frame).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match node.exchange(&session, frame.into(), &headers).await {
        Some(answer) => frames(answer),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn frames(bytes: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, FRAMES),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        Bytes::from(bytes),
    )
        .into_response()
}
