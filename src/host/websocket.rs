//! `GET /raystream/v1/ws`: a session on a WebSocket, one frame per binary message.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::{Sink, Stream, StreamExt as _};
use kontract_gateway::{Inbound, Outbound};

use super::front::Client;
use super::server::unavailable;
use super::{Node, carrier};

/// The subprotocol: who does not ask for it speaks something else.
const PROTOCOL: &str = "raystream.v1";
/// Allocated for each socket, idle or not: the library's own choice would be 128 KiB.
const READ_BUFFER: usize = 8 * 1024;

/// Answers the upgrade; the socket then lives in the gateway.
pub async fn upgrade(
    State(node): State<Arc<Node>>,
    Extension(Client(address)): Extension<Client>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !node.takes_handshake(address) {
        return unavailable();
    }
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(node.max_frame)
        .max_frame_size(node.max_frame);
    if upgrade.selected_protocol().is_none() {
        let reason = format!("the subprotocol is {PROTOCOL}");
        return (StatusCode::BAD_REQUEST, reason).into_response();
    }
    let carrier = carrier(&headers);
    let place = node.sessions.place();
    // Closing the server waits for it.
    let tracked = node.tasks.token();
    upgrade.on_upgrade(async move |socket| {
        let (outgoing, incoming) = Messages(socket).split();
        let served = tokio::select! {
            served = node.gateway.socket(&carrier, incoming, outgoing) => served,
            () = node.end.cancelled() => true,
        };
        if !served {
            node.failed(address);
        }
        drop((place, tracked));
    })
}

/// A socket as the gateway sees it.
struct Messages(WebSocket);

impl Stream for Messages {
    type Item = Inbound;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Inbound>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.0).poll_next(cx)) {
                Some(Ok(Message::Binary(frame))) => Some(Inbound::Frame(frame.into())),
                Some(Ok(Message::Text(text))) if text.as_str() == "rs1:ping" => Some(Inbound::Ping),
                Some(Ok(Message::Text(_))) => Some(Inbound::Other),
                // Answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            });
        }
    }
}

impl Sink<Outbound> for Messages {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Outbound) -> Result<(), axum::Error> {
        Pin::new(&mut self.0).start_send(match message {
            Outbound::Frame(frame) => Message::Binary(frame.into()),
            Outbound::Pong => Message::text("rs1:pong"),
            Outbound::Close(code) => Message::Close(Some(CloseFrame {
                code,
                reason: "".into(),
            })),
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
