//! The plain way in: JSON over HTTPS, for webhooks and for languages without a client. Off unless a
//! host opens it. The checks, the transaction and the memory of retries are those of raystream.

use std::sync::atomic::{AtomicU32, Ordering};

use kontract_raystream::{RpcCall, RpcResponse, SessionId};
use sha2::{Digest, Sha256};

use crate::call::{Call, Caller};
use crate::gateway::{Carrier, Gateway};
use crate::host::{Clock, Encoding, Entropy, Host};
use crate::refusal::Refusal;

/// Which routes may be called plainly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PlainEntry {
    /// None.
    #[default]
    Closed,
    /// All.
    Open,
    /// Those of these ids.
    Routes(Vec<String>),
}

impl PlainEntry {
    fn admits(&self, route: &str) -> bool {
        match self {
            Self::Closed => false,
            Self::Open => true,
            Self::Routes(ids) => ids.iter().any(|id| id == route),
        }
    }
}

/// The answer to a plain call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainReply {
    /// HTTP's status code.
    pub status: u16,
    /// As the handler gave them; `content-type` where there is a body.
    pub headers: Vec<(String, String)>,
    /// Empty where HTTP knows no body.
    pub body: Vec<u8>,
    /// Whether it was no call of anybody: of nothing that is there, in no form a call has, or with
    /// no token that holds. Hosts count that against the sender's address.
    pub failed: bool,
}

/// Plain calls at the same time; raystream counts them by session.
const MAX_IN_FLIGHT: u32 = 1024;
/// As long as a request header may reasonably be.
const MAX_TOKEN: usize = 16 * 1024;
const MAX_KEY: usize = 255;

impl<H: Host> Gateway<H> {
    /// Answers `POST {path}`. `carrier` has the request's headers, names in lower case; the body is
    /// at most as long as a frame, which the host sees to.
    pub async fn plain(&self, path: &str, carrier: &Carrier, body: &[u8]) -> PlainReply {
        let mut known = false;
        match self.plain_call(path, carrier, body, &mut known).await {
            Ok(reply) => reply,
            Err(refusal) => PlainReply {
                // What is the gateway's own trouble is no fault of the sender's.
                failed: !known && refusal.status < 500,
                ..PlainReply::error(&refusal)
            },
        }
    }

    /// `known`: whether it is a call of somebody, whatever becomes of it.
    async fn plain_call(
        &self,
        path: &str,
        carrier: &Carrier,
        body: &[u8],
        known: &mut bool,
    ) -> Result<PlainReply, Refusal> {
        let deployment = self.deployment().ok_or_else(Refusal::unavailable)?;
        let route = deployment
            .at(path)
            .filter(|route| self.config.plain.admits(&route.id));
        // One answer for what is not there and what is not open.
        let id = route.ok_or_else(Refusal::no_path)?.id.clone();
        let headers = Headers(&carrier.headers);
        headers.is_json()?;
        let token = headers.bearer()?;
        let key = match headers.one("idempotency-key")? {
            Some(key) => idempotency_key(key)?,
            None => self.random(),
        };
        let _in_flight = InFlight::enter(&self.plain_in_flight)?;
        if self.is_draining() {
            return Err(Refusal::unavailable());
        }
        let request = RpcCall {
            token,
            // The same key and the same bytes over the other way in are another request: the reply
            // that is kept has another encoding.
            request_hash: request_hash(&id, body),
            ..RpcCall::new(&id, body, key)
        };
        let sid = SessionId::new_v7(self.host.clock().unix_ms(), self.random());
        let call = Call {
            gateway: self,
            caller: Caller::Plain(sid),
            deployment: deployment.clone(),
            request: &request,
            carrier,
            encoding: Encoding::Json,
        };
        let identity = call.identify().await?;
        *known = true;
        let answer = call.run_as(identity).await?;
        let reply = RpcResponse::decode(answer.payload()).map_err(|error| {
            tracing::error!(%error, "a reply of our own cannot be read");
            Refusal::reply_not_kept()
        })?;
        Ok(PlainReply::of(&reply))
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.host.entropy().fill(&mut bytes);
        bytes
    }
}

impl PlainReply {
    fn of(reply: &RpcResponse<'_>) -> Self {
        let headers = reply.headers.iter();
        Self {
            status: reply.status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: reply.data.to_vec(),
            failed: false,
        }
    }

    /// `{"error":{"code","message","status"}}`
    fn error(refusal: &Refusal) -> Self {
        let body = serde_json::json!({ "error": {
            "code": refusal.code, "message": refusal.message, "status": refusal.status,
        } });
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if refusal.status == 401 {
            // RFC 9110 section 11.6.1
            headers.push(("www-authenticate".to_owned(), "Bearer".to_owned()));
        }
        Self {
            status: refusal.status,
            headers,
            body: body.to_string().into_bytes(),
            failed: false,
        }
    }
}

/// The headers of a plain request.
struct Headers<'a>(&'a [(String, String)]);

impl<'a> Headers<'a> {
    /// The value of a header that may be there once.
    fn one(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.0.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(Refusal::invalid(format!("Several headers {name}")));
        }
        Ok(value)
    }

    /// A page of another origin cannot send this type without asking first (CORS).
    fn is_json(&self) -> Result<(), Refusal> {
        let value = self.one("content-type")?.unwrap_or_default();
        let media_type = value.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(Refusal::not_json())
        }
    }

    /// The token, if the request shows one. Other schemes identify nobody.
    fn bearer(&self) -> Result<Option<&'a str>, Refusal> {
        let value = self.one("authorization")?.unwrap_or_default();
        let Some((scheme, token)) = value.trim().split_once(' ') else {
            return Ok(None);
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(None);
        }
        let token = token.trim();
        if token.len() > MAX_TOKEN {
            return Err(Refusal::unauthorized("The token is not valid"));
        }
        Ok(Some(token))
    }
}

/// A name the caller chose, as the 16 bytes raystream has.
fn idempotency_key(name: &str) -> Result<[u8; 16], Refusal> {
    if name.is_empty() || name.len() > MAX_KEY {
        return Err(Refusal::invalid(format!(
            "An idempotency-key has 1 to {MAX_KEY} characters"
        )));
    }
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"kontract plain idempotency-key")
        .chain_update(name)
        .finalize()
        .into();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    Ok(key)
}

fn request_hash(route: &str, body: &[u8]) -> [u8; 32] {
    let length = u32::try_from(route.len()).unwrap_or(u32::MAX);
    Sha256::new()
        .chain_update(b"kontract plain request")
        .chain_update(length.to_be_bytes())
        .chain_update(route)
        .chain_update(body)
        .finalize()
        .into()
}

/// A plain call under way.
struct InFlight<'a>(&'a AtomicU32);

impl<'a> InFlight<'a> {
    fn enter(counter: &'a AtomicU32) -> Result<Self, Refusal> {
        let guard = Self(counter);
        if counter.fetch_add(1, Ordering::Relaxed) >= MAX_IN_FLIGHT {
            return Err(Refusal::too_many_calls());
        }
        Ok(guard)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
