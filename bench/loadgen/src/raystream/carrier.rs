//! What carries frames: requests to the session's path, or a WebSocket.

use std::net::SocketAddr;

use kontract_raystream::{ClientHandshake, ClientSession, PublicKey, Suite, Transport};

use crate::error::CallError;
use crate::http::Connection;
use crate::socket::Socket;

const BUILD_ID: &str = "kontract-loadgen";

/// One connection with one exchange under way at a time.
pub enum Carrier {
    /// `POST /raystream/v1/s/{id}`, the frame as the body.
    Http {
        connection: Connection,
        head: Vec<u8>,
        request: Vec<u8>,
    },
    /// `/raystream/v1/ws`, one frame per message.
    Socket { socket: Box<Socket>, reply: Vec<u8> },
}

impl Carrier {
    /// A session over HTTP, its handshake by `POST /raystream/v1/hs`.
    pub async fn http(
        address: SocketAddr,
        pin: PublicKey,
    ) -> Result<(Self, ClientSession), CallError> {
        let mut carrier = Self::Http {
            connection: Connection::open(address).await?,
            head: head(address, "/raystream/v1/hs"),
            request: Vec::new(),
        };
        let session = carrier.handshake(Transport::Http, pin).await?;
        if let Self::Http { head: of, .. } = &mut carrier {
            *of = head(address, &format!("/raystream/v1/s/{}", session.id()));
        }
        Ok((carrier, session))
    }

    /// A session on a WebSocket, its handshake the first two messages.
    pub async fn socket(
        address: SocketAddr,
        pin: PublicKey,
    ) -> Result<(Self, ClientSession), CallError> {
        let socket = Socket::open(address, "/raystream/v1/ws", Some("raystream.v1")).await?;
        let mut carrier = Self::Socket {
            socket: Box::new(socket),
            reply: Vec::new(),
        };
        let session = carrier.handshake(Transport::WebSocket, pin).await?;
        Ok((carrier, session))
    }

    /// Sends a frame and waits for the one that answers it.
    pub async fn exchange(&mut self, frame: Vec<u8>) -> Result<&mut [u8], CallError> {
        match self {
            Self::Http {
                connection,
                head,
                request,
            } => {
                request.clear();
                request.extend_from_slice(head);
                request.extend_from_slice(frame.len().to_string().as_bytes());
                request.extend_from_slice(b"\r\n\r\n");
                request.extend_from_slice(&frame);
                Ok(connection.exchange(request).await?.ok()?.body)
            }
            Self::Socket { socket, reply } => {
                *reply = socket.exchange(frame).await?;
                Ok(reply)
            }
        }
    }

    async fn handshake(
        &mut self,
        transport: Transport,
        pin: PublicKey,
    ) -> Result<ClientSession, CallError> {
        let mut ephemeral = [0; 32];
        getrandom::fill(&mut ephemeral)?;
        let suite = Suite::ChaChaPoly;
        let (handshake, init) = ClientHandshake::start(suite, transport, pin, BUILD_ID, ephemeral)?;
        Ok(handshake.finish(self.exchange(init).await?)?)
    }
}

/// A request up to the value of its last header, the length.
fn head(address: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/octet-stream\r\ncontent-length: "
    )
    .into_bytes()
}
