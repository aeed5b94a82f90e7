//! The least HTTP/1.1 server there can be.

use std::io;
use std::net;
use std::rc::Rc;

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::gateway::Gateway;
use crate::error::CallError;

/// What makes an answer out of a request.
pub enum Service {
    /// The same bytes for everyone.
    Plain(&'static [u8]),
    Sealed(Gateway),
    /// Sealed, each session on a socket of its own.
    Socket(Gateway),
}

impl Service {
    fn answer(&self, path: &str, body: &mut [u8], reply: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Plain(text) => reply.extend_from_slice(text),
            Self::Sealed(gateway) | Self::Socket(gateway) => {
                reply.extend(gateway.answer(path, body).map_err(io::Error::other)?);
            }
        }
        Ok(())
    }
}

/// Serves until the process ends.
pub fn serve(runtime: &Runtime, listener: net::TcpListener, service: Service) {
    let service = Rc::new(service);
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        let Ok(listener) = TcpListener::from_std(listener) else {
            return;
        };
        while let Ok((stream, _)) = listener.accept().await {
            // A connection that breaks shows as an error of the client at its other end.
            let service = Rc::clone(&service);
            if matches!(*service, Service::Socket(_)) {
                tokio::task::spawn_local(socket(stream, service));
            } else {
                tokio::task::spawn_local(connection(stream, service));
            }
        }
    });
}

async fn connection(mut stream: TcpStream, service: Rc<Service>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inbound = Vec::with_capacity(16 * 1024);
    let (mut reply, mut response) = (Vec::new(), Vec::new());
    loop {
        while let Some(request) = Post::parse(&inbound)? {
            reply.clear();
            let (head, rest) = inbound.split_at_mut(request.head);
            let path = std::str::from_utf8(&head[request.path]).map_err(io::Error::other)?;
            service.answer(path, &mut rest[..request.body], &mut reply)?;
            response.clear();
            response.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: ");
            response.extend_from_slice(reply.len().to_string().as_bytes());
            response.extend_from_slice(b"\r\n\r\n");
            response.extend_from_slice(&reply);
            stream.write_all(&response).await?;
            inbound.drain(..request.head + request.body);
        }
        inbound.reserve(16 * 1024);
        if stream.read_buf(&mut inbound).await? == 0 {
            return Ok(());
        }
    }
}

/// A session's frames, the handshake's first.
async fn socket(stream: TcpStream, service: Rc<Service>) -> Result<(), CallError> {
    stream.set_nodelay(true)?;
    let Service::Socket(gateway) = &*service else {
        return Ok(());
    };
    let mut socket = accept_hdr_async(stream, take_protocol).await?;
    let mut session = None;
    while let Some(message) = socket.next().await {
        let Message::Binary(frame) = message? else {
            continue;
        };
        let mut frame = Vec::from(frame);
        let reply = if let Some(id) = session {
            gateway.exchange(id, &mut frame)?
        } else {
            let (id, response) = gateway.handshake(&mut frame)?;
            session = Some(id);
            response
        };
        socket.send(Message::Binary(Bytes::from(reply))).await?;
    }
    Ok(())
}

/// Answers a client's subprotocol with the same.
#[expect(clippy::result_large_err, reason = "the library's own signature")]
#[expect(clippy::unnecessary_wraps, reason = "the library's own signature")]
fn take_protocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(protocol) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        let headers = response.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol.clone());
    }
    Ok(response)
}

/// A complete request at the beginning of the bytes read so far.
struct Post {
    path: std::ops::Range<usize>,
    head: usize,
    body: usize,
}

impl Post {
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut headers);
        let head = match request.parse(bytes) {
            Ok(httparse::Status::Complete(head)) => head,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        let length = request
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|header| {
            std::str::from_utf8(header.value)
                .ok()?
                .parse::<usize>()
                .ok()
        });
        let body = length.unwrap_or(0);
        let start = request.method.map_or(0, str::len) + 1;
        let path = start..start + request.path.map_or(0, str::len);
        Ok((bytes.len() >= head + body).then_some(Self { path, head, body }))
    }
}
