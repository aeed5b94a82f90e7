//! Several frames in one request: `(u32 big-endian length ‖ frame)*`, and the answers likewise.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::channel::{mpsc, oneshot};
use futures::{SinkExt as _, StreamExt as _, future};
use kontract_gateway::{Outbound, Session};

use super::held::Bodily;
use super::{Node, carrier};

/// The content type of both.
pub const FRAMES: HeaderValue = HeaderValue::from_static("application/raystream-frames");
/// Frames in one request.
const MAX: usize = 256;
/// How many of the largest frames a request may be as large as.
pub const MAX_BYTES_IN_FRAMES: usize = 4;
/// Answers on their way to the connection; more wait in the gateway's own queue.
const ON_THEIR_WAY: usize = 8;

/// Whether a request says it is several frames.
pub fn is_batch(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE) == Some(&FRAMES)
}

/// The frames of a body; `None` if it is not made of frames.
pub fn split(mut body: &[u8], max_frame: usize) -> Option<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (frame, rest) = rest.split_at_checked(length)?;
        if length > max_frame || frames.len() == MAX {
            return None;
        }
        frames.push(frame.to_vec());
        body = rest;
    }
    (!frames.is_empty()).then_some(frames)
}

/// The answer to one frame that came as a batch.
pub fn one(frame: &[u8]) -> Response {
    respond(Body::from(prefixed(frame)))
}

/// Answers frames of a session as their replies come. The calls run in a task of their own: they
/// go on whether or not the client reads, and end when it is gone.
pub fn answer(
    node: Arc<Node>,
    session: Arc<Session>,
    frames: Vec<Vec<u8>>,
    held: Bodily,
    headers: &HeaderMap,
    address: IpAddr,
) -> Response {
    let carrier = carrier(headers);
    let (answers, body) = mpsc::channel::<Bytes>(ON_THEIR_WAY);
    let (listening, gone) = oneshot::channel::<()>();
    let outgoing = answers.with(|message| {
        future::ok::<_, mpsc::SendError>(match message {
            Outbound::Frame(frame) => prefixed(&frame),
            Outbound::Pong | Outbound::Close(_) => Bytes::new(),
        })
    });
    let tasks = node.tasks.clone();
    let end = node.end.clone();
    tasks.spawn(async move {
        let failed = || node.failed(address);
        let answering = node
            .gateway
            .batch(&session, &carrier, frames, outgoing, failed);
        tokio::select! {
            () = answering => {}
            _ = gone => {}
            () = end.cancelled() => {}
        }
        drop(held);
    });
    let body = body.map(move |bytes| {
        // Dropped with the response: whoever does not listen any more gets nothing more.
        let _ = &listening;
        Ok::<_, std::convert::Infallible>(bytes)
    });
    respond(Body::from_stream(body))
}

fn respond(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, FRAMES),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would collect the stream.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, body).into_response()
}

fn prefixed(frame: &[u8]) -> Bytes {
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), frame].concat().into()
}
