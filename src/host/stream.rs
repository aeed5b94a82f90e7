//! `GET /stream?s={session id}&f={base64url of a sealed SUBSCRIBE}`: a subscription as server-sent
//! events, for pages that have nothing but `EventSource`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use futures::stream::{self, Stream, StreamExt as _};
use kontract_gateway::{Clock as _, Events, Host as _, Session};

use super::front::Client;
use super::{Node, NodeHost};

/// A SUBSCRIBE in a URL: proxies take no longer ones anyway.
const MAX_URL: usize = 8 * 1024;
/// How often a quiet stream says something, and looks whether its session is over.
const QUIET: Duration = Duration::from_secs(15);

/// Answers with the stream, or with 401 for whatever is wrong: a URL works once, its frame is a
/// replay afterwards. A browser whose connection breaks asks the same URL again, is told so, and
/// gives up; the page makes a new one with its last resume token.
pub async fn stream(
    State(node): State<Arc<Node>>,
    Extension(Client(address)): Extension<Client>,
    uri: Uri,
) -> Response {
    let Some((session, mut frame)) = asked(&uri) else {
        node.failed(address);
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(session) = node.session(session) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let end = node.stop.clone().cancelled_owned();
    match node.gateway.events(&session, &mut frame).await {
        None => {
            node.failed(address);
            StatusCode::UNAUTHORIZED.into_response()
        }
        Some(Err(refusal)) => respond(stream::iter([told(&refusal, None)])),
        Some(Ok(events)) => respond(sent(node, session, events).take_until(end)),
    }
}

/// Session and frame. Neither needs an escape in a URL.
fn asked(uri: &Uri) -> Option<(&str, Vec<u8>)> {
    let query = uri.query().filter(|query| query.len() <= MAX_URL)?;
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    Some((value("s")?, BASE64URL.decode(value("f")?).ok()?))
}

fn sent(
    node: Arc<Node>,
    session: Arc<Session>,
    events: Events<NodeHost>,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    stream::unfold(
        (node, session, events),
        async |(node, session, mut events)| {
            loop {
                if let Ok(next) = tokio::time::timeout(QUIET, events.next()).await {
                    let (frame, token) = next?;
                    return Some((told(&frame, token.as_deref()), (node, session, events)));
                }
                let clock = node.gateway.host().clock();
                if session.is_over(clock.monotonic_ms(), clock.unix_ms()) {
                    return None;
                }
            }
        },
    )
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "what a stream of events is made of"
)]
fn told(frame: &[u8], token: Option<&[u8]>) -> Result<Event, Infallible> {
    let event = Event::default().data(BASE64URL.encode(frame));
    Ok(match token {
        Some(token) => event.id(BASE64URL.encode(token)),
        None => event,
    })
}

fn respond(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would collect the stream.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    let keep_alive = KeepAlive::new().interval(QUIET);
    (headers, Sse::new(events).keep_alive(keep_alive)).into_response()
}
