//! A client that goes through a list of prepared requests.

use std::net::SocketAddr;
use std::rc::Rc;

use super::connection::Connection;
use crate::error::{CallError, LoadError};
use crate::expect::Expect;
use crate::job::{HttpRequest, HttpTarget};
use crate::load::Client;

/// One connection that cycles through the shared requests.
#[derive(Debug)]
pub struct HttpClient {
    connection: Connection,
    requests: Rc<[Prepared]>,
    next: usize,
}

#[derive(Debug)]
struct Prepared {
    bytes: Vec<u8>,
    expect: Expect,
}

/// Connects this many clients; each starts at another place of the list.
pub async fn clients(target: &HttpTarget, count: usize) -> Result<Vec<HttpClient>, LoadError> {
    let HttpTarget { address, requests } = target;
    if requests.is_empty() {
        return Err(LoadError::Field {
            field: "requests",
            wanted: "a list with at least one",
        });
    }
    let prepared: Rc<[Prepared]> = requests
        .iter()
        .map(|request| prepare(*address, request))
        .collect();
    let mut clients = Vec::with_capacity(count);
    for index in 0..count {
        let connection = Connection::open(*address).await?;
        let next = index * prepared.len() / count;
        clients.push(HttpClient {
            connection,
            requests: Rc::clone(&prepared),
            next,
        });
    }
    Ok(clients)
}

fn prepare(address: SocketAddr, request: &HttpRequest) -> Prepared {
    let HttpRequest {
        method,
        path,
        body,
        expect,
    } = request;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    let text = match body {
        Some(body) => format!(
            "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
        None => format!("{head}\r\n"),
    };
    Prepared {
        bytes: text.into_bytes(),
        expect: Expect::new(expect),
    }
}

impl Client for HttpClient {
    async fn call(&mut self) -> Result<(), CallError> {
        let request = &self.requests[self.next];
        self.next = (self.next + 1) % self.requests.len();
        let response = self.connection.exchange(&request.bytes).await?.ok()?;
        request.expect.check(response.body)
    }
}
