//! One WebSocket with one exchange under way at a time.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::error::CallError;

/// A WebSocket that is open.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects to `ws://{address}{path}`.
    pub async fn open(
        address: SocketAddr,
        path: &str,
        protocol: Option<&'static str>,
    ) -> Result<Self, CallError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        if let Some(name) = protocol {
            let name = HeaderValue::from_static(name);
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
        }
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self(socket))
    }

    /// Sends bytes and waits for bytes.
    pub async fn exchange(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, CallError> {
        match self.ask(Message::Binary(Bytes::from(bytes))).await? {
            Message::Binary(bytes) => Ok(bytes.into()),
            other => Err(CallError::Reply(other.to_string())),
        }
    }

    /// Sends a text and waits for a text.
    pub async fn exchange_text(&mut self, text: String) -> Result<Utf8Bytes, CallError> {
        match self.ask(Message::Text(Utf8Bytes::from(text))).await? {
            Message::Text(text) => Ok(text),
            other => Err(CallError::Reply(other.to_string())),
        }
    }

    /// The next message that is not the protocol's own business.
    async fn ask(&mut self, message: Message) -> Result<Message, CallError> {
        self.0.send(message).await?;
        loop {
            match self.0.next().await.ok_or(CallError::Closed)?? {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Err(CallError::Closed),
                message => return Ok(message),
            }
        }
    }
}
