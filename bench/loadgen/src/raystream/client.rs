//! A client with a session of its own that goes through a list of prepared calls.

use std::rc::Rc;

use kontract_raystream::{CallId, ClientSession, Reply, RpcCall};

use super::carrier::Carrier;
use super::target::Route;
use crate::error::{CallError, LoadError};
use crate::job::RaystreamTarget;
use crate::load::Client;

/// One connection, one session, cycling through the shared calls.
pub struct RaystreamClient {
    carrier: Carrier,
    session: ClientSession,
    route: Rc<Route>,
    next: usize,
    call_id: u64,
    /// Random for each client; with the call id added, an idempotency key for each call.
    key: u128,
}

/// Connects this many clients and makes their sessions.
pub async fn clients(
    target: &RaystreamTarget,
    count: usize,
) -> Result<Vec<RaystreamClient>, LoadError> {
    let route = Rc::new(Route::parse(target)?);
    let mut clients = Vec::with_capacity(count);
    for index in 0..count {
        let next = index * route.calls.len() / count;
        clients.push(RaystreamClient::open(target, Rc::clone(&route), next).await?);
    }
    Ok(clients)
}

impl RaystreamClient {
    async fn open(
        target: &RaystreamTarget,
        route: Rc<Route>,
        next: usize,
    ) -> Result<Self, CallError> {
        let (carrier, session) = if target.websocket {
            Carrier::socket(target.address, route.pin).await?
        } else {
            Carrier::http(target.address, route.pin).await?
        };
        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        Ok(Self {
            carrier,
            session,
            route,
            next,
            call_id: 0,
            key: u128::from_ne_bytes(key),
        })
    }
}

impl Client for RaystreamClient {
    async fn call(&mut self) -> Result<(), CallError> {
        let prepared = &self.route.calls[self.next];
        self.next = (self.next + 1) % self.route.calls.len();
        self.call_id += 1;
        let call = RpcCall {
            method: &self.route.method,
            args: &prepared.args,
            metadata: Vec::new(),
            idempotency_key: self
                .key
                .wrapping_add(u128::from(self.call_id))
                .to_ne_bytes(),
            request_hash: prepared.request_hash,
            deadline_ms: 0,
            schema_hash: self.route.schema_hash,
            token: None,
        };
        let frame = self.session.seal_call(CallId(self.call_id), &call)?;
        let reply = self.carrier.exchange(frame).await?;
        match self.session.open(reply)? {
            Reply::Response(CallId(id), reply) if id == self.call_id && reply.status == 200 => {
                prepared.expect.check(reply.data)
            }
            other => Err(CallError::Reply(format!("{other:?}"))),
        }
    }
}
