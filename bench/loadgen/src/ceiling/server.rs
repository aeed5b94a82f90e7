//! The least HTTP/1.1 server there can be.

use std::io;
use std::net;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::gateway::Gateway;

/// What makes an answer out of a request.
pub enum Service {
    /// The same bytes for everyone.
    Plain(&'static [u8]),
    Sealed(Gateway),
}

impl Service {
    fn answer(&self, path: &str, body: &mut [u8], reply: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Plain(text) => reply.extend_from_slice(text),
            Self::Sealed(gateway) => {
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
            tokio::task::spawn_local(connection(stream, Rc::clone(&service)));
        }
    });
}

async fn connection(mut stream: TcpStream, service: Rc<Service>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inbound = Vec::with_capacity(16 * 1024);
    let (mut reply, mut response) = (Vec::new(), Vec::new());
    loop {
        while let Some(request) = Request::parse(&inbound)? {
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

/// A complete request at the beginning of the bytes read so far.
struct Request {
    path: std::ops::Range<usize>,
    head: usize,
    body: usize,
}

impl Request {
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
