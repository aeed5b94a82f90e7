//! raystream without a gateway behind it: opens calls, seals their arguments as replies.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use kontract_raystream::{
    Limits, Request, RpcResponse, ServerHandshake, ServerParameters, ServerSession, SessionId,
    StaticKey,
};

use crate::error::CallError;

/// Sessions of one thread.
pub struct Gateway {
    keys: [StaticKey; 1],
    sessions: RefCell<HashMap<SessionId, ServerSession>>,
}

impl Gateway {
    pub fn new(key: StaticKey) -> Self {
        Self {
            keys: [key],
            sessions: RefCell::default(),
        }
    }

    /// The answer to a frame that came to this path.
    pub fn answer(&self, path: &str, frame: &mut [u8]) -> Result<Vec<u8>, CallError> {
        let Some(id) = path.strip_prefix("/raystream/v1/s/") else {
            return Ok(self.handshake(frame)?.1);
        };
        let unknown = |_| CallError::Reply(format!("no session {id}"));
        self.exchange(id.parse().map_err(unknown)?, frame)
    }

    /// The reply to a call of this session.
    pub fn exchange(&self, id: SessionId, frame: &mut [u8]) -> Result<Vec<u8>, CallError> {
        let sessions = self.sessions.borrow();
        let session = sessions
            .get(&id)
            .ok_or_else(|| CallError::Reply(format!("no session {id}")))?;
        match session.open(frame)? {
            Request::Call(id, call) => {
                let reply = RpcResponse {
                    data: call.args,
                    status: 200,
                    headers: Vec::new(),
                };
                Ok(session.seal_response(id, &reply)?)
            }
            other => Err(CallError::Reply(format!("not a call: {other:?}"))),
        }
    }

    /// A new session, and the RESPONSE to its INIT.
    pub fn handshake(&self, init: &mut [u8]) -> Result<(SessionId, Vec<u8>), CallError> {
        let mut random = [0; 42];
        getrandom::fill(&mut random)?;
        let (entropy, ephemeral) = (
            *random.first_chunk().unwrap_or(&[0; 10]),
            *random.last_chunk().unwrap_or(&[0; 32]),
        );
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let session_id = SessionId::new_v7(now, entropy);
        let parameters = ServerParameters {
            session_id,
            expires_at: now.saturating_add(Limits::DEFAULT_TTL_MS.into()),
            ttl_ms: Limits::DEFAULT_TTL_MS,
            limits: Limits::default(),
            max_inflight: Limits::MAX_IN_FLIGHT,
        };
        let (handshake, _) = ServerHandshake::accept(&self.keys, init)?;
        let (session, response) = handshake.respond(parameters, ephemeral)?;
        self.sessions.borrow_mut().insert(session_id, session);
        Ok((session_id, response))
    }
}

#[cfg(test)]
mod tests {
    use crate::ceiling::{start_plain, start_sealed};
    use crate::job::{CeilingTarget, Plan};
    use crate::load::{self, Tally};
    use crate::{http, raystream};

    fn run(sealed: bool, websocket: bool) -> Tally {
        let target = CeilingTarget {
            body: r#"{"name":"Ada"}"#.to_owned(),
            sealed,
            websocket,
        };
        let plan = Plan {
            clients: 3,
            warmup_seconds: 0.0,
            seconds: 0.2,
            hold: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            if sealed {
                let target = start_sealed(&target).unwrap();
                load::run(
                    &plan,
                    raystream::clients(&target, plan.clients).await.unwrap(),
                )
                .await
            } else {
                let target = start_plain(&target).unwrap();
                load::run(&plan, http::clients(&target, plan.clients).await.unwrap()).await
            }
        })
    }

    #[test]
    fn every_kind_of_client_speaks_with_a_server_of_its_own() {
        for (sealed, websocket) in [(false, false), (true, false), (true, true)] {
            let tally = run(sealed, websocket);
            assert_eq!(tally.errors, 0, "{:?}", tally.first_error);
            assert!(tally.latency.len() > 3);
        }
    }
}
