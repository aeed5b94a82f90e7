//! A server that does nothing: what is measured against it is the generator and the machine.

use std::io;
use std::net::Ipv4Addr;
use std::thread;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::error::LoadError;
use crate::job::{CeilingTarget, HttpRequest, HttpTarget};

/// What it answers, and what its replies are checked for.
const ANSWER: &str = r#"{"ok":true}"#;

/// Starts the server in a thread of its own, which ends with the process.
pub fn start(target: &CeilingTarget) -> Result<HttpTarget, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Runtime)?;
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .map_err(LoadError::Ceiling)?;
    let address = listener.local_addr().map_err(LoadError::Ceiling)?;
    thread::spawn(move || runtime.block_on(serve(listener)));
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        body: Some(target.body.clone()),
        expect: ANSWER.to_owned(),
    };
    Ok(HttpTarget {
        address,
        requests: vec![request],
    })
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

/// Answers each request when its announced body is there.
async fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let mut inbound = Vec::with_capacity(16 * 1024);
    loop {
        match request_len(&inbound)? {
            Some(len) if inbound.len() >= len => {
                inbound.drain(..len);
                stream.write_all(response.as_bytes()).await?;
            }
            _ => {
                inbound.reserve(16 * 1024);
                if stream.read_buf(&mut inbound).await? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

/// Bytes of the request at the beginning, as soon as its head says so.
fn request_len(bytes: &[u8]) -> io::Result<Option<usize>> {
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
    Ok(Some(head + length.unwrap_or(0)))
}
