//! The plain way in: `POST /<egroup>/<id>` with JSON.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use kontract_gateway::PlainReply;

use super::front::Client;
use super::held::Bodily;
use super::{Node, carrier};

/// Answers a plain call.
pub async fn call(
    State(node): State<Arc<Node>>,
    Extension(Client(address)): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    // The share of what bodies may take is held for as long as the body is.
    let Bodily {
        bytes,
        share: _share,
    } = match node.front.held.read(body, node.max_frame).await {
        Ok(body) => body,
        Err(unread) => return unread.into_response(),
    };
    let reply = node
        .gateway
        .plain(uri.path(), &carrier(&headers), &bytes)
        .await;
    if reply.failed {
        node.failed(address);
    }
    response(reply)
}

fn response(reply: PlainReply) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(reply.body)));
    // The runtime has looked at statuses and headers before the call took effect.
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            if name == header::CACHE_CONTROL {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
    }
    response
}
