//! tRPC's JSON over a WebSocket: `{ id, method, params: { path, input } }` and
//! `{ id, result: { type: "data", data } }` (trpc.io/docs/rpc).

use std::net::SocketAddr;
use std::rc::Rc;

use crate::error::{CallError, LoadError};
use crate::expect::Expect;
use crate::job::{TrpcRequest, TrpcTarget};
use crate::load::Client;
use crate::socket::Socket;

/// One socket that cycles through the shared requests.
#[derive(Debug)]
pub struct TrpcClient {
    socket: Socket,
    requests: Rc<[Prepared]>,
    next: usize,
    id: u64,
}

#[derive(Debug)]
struct Prepared {
    /// What follows the id.
    text: String,
    expect: Expect,
}

/// Connects this many clients; each starts at another place of the list.
pub async fn clients(target: &TrpcTarget, count: usize) -> Result<Vec<TrpcClient>, LoadError> {
    if target.requests.is_empty() {
        return Err(LoadError::Field {
            field: "requests",
            wanted: "a list with at least one",
        });
    }
    let requests: Rc<[Prepared]> = target.requests.iter().map(prepare).collect();
    let mut clients = Vec::with_capacity(count);
    for index in 0..count {
        let next = index * requests.len() / count;
        clients.push(TrpcClient::open(target.address, Rc::clone(&requests), next).await?);
    }
    Ok(clients)
}

fn prepare(request: &TrpcRequest) -> Prepared {
    let TrpcRequest {
        method,
        path,
        input,
        expect,
    } = request;
    Prepared {
        text: format!(r#","method":"{method}","params":{{"path":"{path}","input":{input}}}}}"#),
        expect: Expect::new(expect),
    }
}

impl TrpcClient {
    async fn open(
        address: SocketAddr,
        requests: Rc<[Prepared]>,
        next: usize,
    ) -> Result<Self, CallError> {
        Ok(Self {
            socket: Socket::open(address, "/", None).await?,
            requests,
            next,
            id: 0,
        })
    }
}

impl Client for TrpcClient {
    async fn call(&mut self) -> Result<(), CallError> {
        let request = &self.requests[self.next];
        self.next = (self.next + 1) % self.requests.len();
        self.id += 1;
        let head = format!(r#"{{"id":{}"#, self.id);
        let message = format!("{head}{}", request.text);
        let reply = self.socket.exchange_text(message).await?;
        let rest = reply.strip_prefix(&head);
        if !rest.is_some_and(|rest| rest.starts_with(',')) {
            return Err(CallError::Reply(reply.to_string()));
        }
        request.expect.check(reply.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use futures::{SinkExt as _, StreamExt as _};
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;
    use tokio_tungstenite::tungstenite::Message;

    use super::*;

    /// What becomes of a call that is answered like this; `$` stands for the request itself.
    fn answered(with: &'static str) -> Result<(), CallError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = async {
                let (stream, _) = listener.accept().await.unwrap();
                let mut socket = accept_async(stream).await.unwrap();
                let asked = socket.next().await.unwrap().unwrap().into_text().unwrap();
                let reply = Message::text(with.replace('$', &asked));
                socket.send(reply).await.unwrap();
            };
            let target = TrpcTarget {
                address,
                requests: vec![TrpcRequest {
                    method: "mutation".to_owned(),
                    path: "echo".to_owned(),
                    input: r#"{"name":"Ada"}"#.to_owned(),
                    expect: r#"{"name":"Ada"}"#.to_owned(),
                }],
            };
            let client = async { clients(&target, 1).await.unwrap()[0].call().await };
            futures::join!(server, client).1
        })
    }

    #[test]
    fn an_answer_has_the_id_and_the_expected_text() {
        let good = r#"{"id":1,"result":{"type":"data","data":{"name":"Ada"}}}"#;
        answered(good).unwrap();
        answered(r#"{"id":1,"asked":$}"#).unwrap();
        let other = answered(r#"{"id":11,"result":{"data":{"name":"Ada"}}}"#);
        assert!(matches!(other, Err(CallError::Reply(_))), "{other:?}");
        let error = answered(r#"{"id":1,"error":{"message":"no"}}"#);
        assert!(matches!(error, Err(CallError::Unexpected { .. })));
    }
}
