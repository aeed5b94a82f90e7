//! One logical call: who may make it, its attempts, its answer.

mod answer;
mod attempt;
mod headers;

pub(crate) use answer::Answer;

use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use kontract_raystream::{Limits, RpcCall, SessionId, request_hash};
use sha2::{Digest, Sha256};

use crate::deployment::{Deployment, Route};
use crate::gateway::{Carrier, Gateway};
use crate::host::{Clock, Context, Encoding, Host};
use crate::identity::{Identity, Issuing};
use crate::perm::Perm;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::storage::CallKey;

/// One call, as it came in.
pub(crate) struct Call<'a, H: Host> {
    pub gateway: &'a Gateway<H>,
    pub caller: Caller<'a>,
    pub deployment: Arc<Deployment<H>>,
    pub request: &'a RpcCall<'a>,
    pub carrier: &'a Carrier,
    pub encoding: Encoding,
}

/// Where a call comes from.
pub(crate) enum Caller<'a> {
    /// A session, which remembers who it belongs to.
    Session(&'a Session),
    /// A plain request, which stands for itself; its name.
    Plain(SessionId),
}

impl<H: Host> Call<'_, H> {
    /// Runs the call to its answer, within its time.
    pub async fn run(self) -> Result<Answer, Refusal> {
        let identity = self.identify().await?;
        self.run_as(identity).await
    }

    /// Who calls.
    pub async fn identify(&self) -> Result<Arc<Identity>, Refusal> {
        let session = match self.caller {
            Caller::Session(session) => Some(session),
            Caller::Plain(_) => None,
        };
        let (token, method) = (self.request.token, self.request.method);
        self.gateway.identify(session, token, method).await
    }

    /// Runs the call of a known caller.
    pub async fn run_as(self, identity: Arc<Identity>) -> Result<Answer, Refusal> {
        let route = self.permitted(&identity)?;
        let context = Arc::new(self.context(&identity, route));
        let issuing = Issuing {
            issuer: self.gateway.issuer.clone(),
            caller: identity.clone(),
        };
        let key = route.may_write().then(|| self.key(&identity));
        let limit = match self.request.deadline_ms {
            0 => self.gateway.config.call_timeout,
            ms => Duration::from_millis(ms.into()).min(self.gateway.config.call_timeout),
        };
        let attempts = std::pin::pin!(self.attempts(route, context, issuing, key));
        let timer = std::pin::pin!(self.gateway.host.clock().sleep(limit));
        match select(attempts, timer).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(Refusal::timeout()),
        }
    }

    /// How large a reply may be.
    fn limits(&self) -> Limits {
        match self.caller {
            Caller::Session(session) => session.wire.parameters.limits,
            Caller::Plain(_) => self.gateway.config.limits,
        }
    }

    /// The route, if this user may call it with these types.
    fn permitted(&self, identity: &Identity) -> Result<&Route, Refusal> {
        let id = self.request.method;
        let route = self
            .deployment
            .route(id)
            .ok_or_else(|| Refusal::no_route(id))?;
        if let Some(ugroup) = &route.ugroup
            && !identity.groups.contains(ugroup)
        {
            return Err(Refusal::forbidden(format!(
                "{id} is for members of {ugroup}"
            )));
        }
        if !identity.perm.allows(route.perm) {
            return Err(Refusal::beyond_token(id, route.perm, identity.perm));
        }
        if self.request.schema_hash != 0 && self.request.schema_hash != route.schema_hash {
            return Err(Refusal::version_skew(id));
        }
        if self.encoding == Encoding::FlatBuffers
            && self.request.request_hash != request_hash(id, self.request.args)
        {
            return Err(Refusal::invalid("The request hash is not the request's"));
        }
        Ok(route)
    }

    fn context(&self, identity: &Identity, route: &Route) -> Context {
        let sid = match &self.caller {
            Caller::Session(session) => session.id(),
            Caller::Plain(sid) => *sid,
        };
        Context {
            sid: sid.to_string(),
            owner: identity.owner.clone(),
            sub: identity.sub.clone(),
            groups: identity.groups.clone(),
            perm: route.perm & Perm::RWX,
            method: "POST".to_owned(),
            path: route.path.clone(),
            headers: headers::of_call(&self.carrier.headers, &self.request.metadata),
        }
    }

    /// One sid per logical call, across attempts, retries and sessions.
    fn key(&self, identity: &Identity) -> CallKey {
        let mut hash = Sha256::new();
        for part in [&identity.owner, &identity.sub, self.request.method] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.request.idempotency_key);
        let hash: [u8; 32] = hash.finalize().into();
        let mut sid = String::with_capacity(4 + 64);
        sid.push_str("req:");
        for byte in hash {
            sid.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            sid.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        CallKey {
            sid,
            req_hash: self.request.request_hash.to_vec(),
        }
    }
}

impl<H: Host> Gateway<H> {
    /// The token's user if there is one, else the session's, else who may call this without.
    pub(crate) async fn identify(
        &self,
        session: Option<&Session>,
        token: Option<&str>,
        method: &str,
    ) -> Result<Arc<Identity>, Refusal> {
        if let Some(token) = token {
            let shown = self.authenticator.verify(token, self.host.clock()).await?;
            return match session {
                Some(session) => session.pin(shown),
                None => Ok(Arc::new(shown)),
            };
        }
        let pinned = session.and_then(Session::identity);
        pinned.map_or_else(|| self.authenticator.anonymous(method), Ok)
    }
}
