//! The server for those who measure another client: WebAssembly's or `WebCrypto`'s.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kontract_raystream::{
    CallId, Event, Limits, ServerHandshake, ServerParameters, ServerSession, SessionId, StaticKey,
};

use crate::error::CryptoError;
use crate::frames::payload;

/// Larger than the largest frame of the bench.
const MAX_FRAME: usize = 1 << 20;

/// A static key, and the session of its last handshake.
pub struct Peer {
    keys: [StaticKey; 1],
    session: Option<ServerSession>,
}

impl Peer {
    pub fn new() -> Result<Self, CryptoError> {
        let keys = [StaticKey::from_private(random()?)];
        let session = None;
        Ok(Self { keys, session })
    }

    /// The static key's public half, base64url.
    pub fn pin(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.keys[0].public().0)
    }

    /// A RESPONSE for each INIT, both base64.
    pub fn respond(&mut self, inits: &[String]) -> Result<Vec<String>, CryptoError> {
        let mut responses = Vec::with_capacity(inits.len());
        for init in inits {
            let (session, response) = respond(&self.keys, &mut STANDARD.decode(init)?)?;
            self.session = Some(session);
            responses.push(STANDARD.encode(response));
        }
        Ok(responses)
    }

    /// So many events of so many bytes each, base64.
    pub fn events(&self, size: usize, count: usize) -> Result<Vec<String>, CryptoError> {
        let session = self.session.as_ref().ok_or(CryptoError::NoSession)?;
        let event = Event {
            data: &payload(size),
            resume_token: None,
            txid: None,
        };
        let mut frames = Vec::with_capacity(count);
        for _ in 0..count {
            frames.push(STANDARD.encode(session.seal_event(CallId(1), &event, false)?));
        }
        Ok(frames)
    }
}

/// The server's side of a handshake, as a gateway goes through it.
pub fn respond(
    keys: &[StaticKey],
    init: &mut [u8],
) -> Result<(ServerSession, Vec<u8>), CryptoError> {
    let (handshake, _) = ServerHandshake::accept(keys, init)?;
    let parameters = ServerParameters {
        session_id: SessionId::new_v7(1, random()?),
        expires_at: Limits::DEFAULT_TTL_MS.into(),
        ttl_ms: Limits::DEFAULT_TTL_MS,
        limits: Limits::with_max_frame(MAX_FRAME),
        max_inflight: Limits::MAX_IN_FLIGHT,
    };
    Ok(handshake.respond(parameters, random()?)?)
}

/// Fresh random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
