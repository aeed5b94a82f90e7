//! One keep-alive connection with one exchange under way at a time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::head::{Framing, Head};
use crate::error::CallError;

/// What one read asks for at least.
const READ: usize = 16 * 1024;
/// More than any reply of a benchmark; a server that sends more is broken.
const MAX_RESPONSE: usize = 32 * 1024 * 1024;

/// A connection and the buffer its replies are read into.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    inbound: Vec<u8>,
    /// A chunked body put together; unused by servers that say a length.
    unchunked: Vec<u8>,
}

/// A whole response, valid until the next exchange.
#[derive(Debug)]
pub struct Response<'a> {
    pub status: u16,
    /// Writable, so that it can be decrypted where it is.
    pub body: &'a mut [u8],
}

impl Response<'_> {
    /// Fails unless the status is 200.
    pub fn ok(self) -> Result<Self, CallError> {
        if self.status == 200 {
            return Ok(self);
        }
        Err(CallError::Status {
            status: self.status,
            body: CallError::excerpt(self.body),
        })
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, CallError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            inbound: Vec::with_capacity(READ),
            unchunked: Vec::new(),
        })
    }

    /// Sends a request, head and body, and reads its response to the end.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Response<'_>, CallError> {
        self.stream.write_all(request).await?;
        self.inbound.clear();
        let head = loop {
            self.read_some().await?;
            if let Some(head) = Head::parse(&self.inbound)? {
                break head;
            }
        };
        match head.framing {
            Framing::Length(length) => {
                let end = head.len + length.min(MAX_RESPONSE);
                while self.inbound.len() < end {
                    self.read_some().await?;
                }
                Ok(Response {
                    status: head.status,
                    body: &mut self.inbound[head.len..end],
                })
            }
            Framing::Chunked => {
                self.read_chunks(head.len).await?;
                Ok(Response {
                    status: head.status,
                    body: &mut self.unchunked,
                })
            }
        }
    }

    async fn read_chunks(&mut self, mut at: usize) -> Result<(), CallError> {
        self.unchunked.clear();
        loop {
            let (line, size) = loop {
                match httparse::parse_chunk_size(&self.inbound[at..]) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) => self.read_some().await?,
                    Err(_) => return Err(CallError::NotHttp("malformed chunk")),
                }
            };
            let size = usize::try_from(size).map_or(MAX_RESPONSE, |size| size.min(MAX_RESPONSE));
            let data = at + line;
            // Each chunk, the last and empty one too, ends with CR LF (trailers are not expected).
            while self.inbound.len() < data + size + 2 {
                self.read_some().await?;
            }
            if &self.inbound[data + size..data + size + 2] != b"\r\n" {
                return Err(CallError::NotHttp("a chunk without its end, or trailers"));
            }
            self.unchunked
                .extend_from_slice(&self.inbound[data..data + size]);
            if size == 0 {
                return Ok(());
            }
            at = data + size + 2;
        }
    }

    async fn read_some(&mut self) -> Result<(), CallError> {
        if self.inbound.len() > MAX_RESPONSE {
            return Err(CallError::NotHttp("too long"));
        }
        self.inbound.reserve(READ);
        match self.stream.read_buf(&mut self.inbound).await? {
            0 => Err(CallError::Closed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// What the connection makes of a response that arrives in these pieces.
    fn receive(pieces: &'static [&'static [u8]]) -> Result<(u16, Vec<u8>), CallError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            stream.read_exact(&mut [0; 4]).unwrap();
            for piece in pieces {
                stream.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let answer = runtime.block_on(async {
            let mut connection = Connection::open(address).await?;
            let response = connection.exchange(b"ping").await?;
            Ok((response.status, response.body.to_vec()))
        });
        server.join().unwrap();
        answer
    }

    #[test]
    fn a_body_may_arrive_in_any_pieces() {
        let whole = receive(&[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"]);
        assert_eq!(whole.unwrap(), (200, b"hello".to_vec()));
        let split = receive(&[
            b"HTTP/1.1 200 OK\r\ncontent-",
            b"length: 5\r\n\r\nhe",
            b"llo",
        ]);
        assert_eq!(split.unwrap(), (200, b"hello".to_vec()));
    }

    #[test]
    fn chunks_are_put_together() {
        let chunked = receive(&[
            b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r",
            b"\nhello\r\n6\r\n wor",
            b"ld\r\n0\r\n",
            b"\r\n",
        ]);
        assert_eq!(chunked.unwrap(), (201, b"hello world".to_vec()));
        let broken =
            receive(&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n"]);
        assert!(matches!(broken, Err(CallError::NotHttp(_))));
    }

    #[test]
    fn a_reply_cut_short_is_an_error() {
        let cut = receive(&[b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello"]);
        assert!(matches!(cut, Err(CallError::Closed | CallError::Io(_))));
    }
}
