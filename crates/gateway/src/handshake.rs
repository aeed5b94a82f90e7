//! A session opens.

use std::sync::Arc;

use kontract_raystream::{
    ClearCode, HandshakeError, Limits, ServerHandshake, ServerParameters, SessionId, Transport,
};

use crate::gateway::Gateway;
use crate::host::{Clock, Entropy, Host};
use crate::session::Session;

/// The answer to a handshake: a frame in any case, and a session if it came to one.
pub struct Handshake {
    /// To be sent.
    pub frame: Vec<u8>,
    /// To be kept under its id.
    pub session: Option<Arc<Session>>,
}

impl Handshake {
    /// A refusal in the clear.
    #[must_use]
    pub fn refused(code: ClearCode) -> Self {
        Self {
            frame: code.to_frame(),
            session: None,
        }
    }
}

impl<H: Host> Gateway<H> {
    /// Answers a `HANDSHAKE_INIT` that came this way. The frame is decrypted in place.
    #[must_use]
    pub fn handshake(&self, frame: &mut [u8], over: Transport) -> Handshake {
        if self.is_draining() {
            return Handshake::refused(ClearCode::ServiceUnavailable);
        }
        self.respond(frame, over).unwrap_or_else(|error| {
            tracing::debug!(%error, "handshake refused");
            Handshake::refused(error.clear_code())
        })
    }

    fn respond(&self, frame: &mut [u8], over: Transport) -> Result<Handshake, HandshakeError> {
        let clock = self.host.clock();
        let (monotonic_ms, unix_ms) = (clock.monotonic_ms(), clock.unix_ms());
        let ttl_ms = u32::try_from(self.config.session_ttl.as_millis()).unwrap_or(u32::MAX);
        let resumes = self.resumes.at(monotonic_ms, unix_ms);
        let (handshake, _) = ServerHandshake::accept_with(&self.config.keys, frame, &resumes)?;
        // Its window would not fit how its frames come.
        if handshake.transport() != over {
            return Err(HandshakeError::Unexpected);
        }
        let (mut ephemeral, mut entropy) = ([0; 32], [0; 10]);
        self.host.entropy().fill(&mut ephemeral);
        self.host.entropy().fill(&mut entropy);
        let parameters = ServerParameters {
            session_id: SessionId::new_v7(unix_ms, entropy),
            expires_at: unix_ms + u64::from(ttl_ms),
            ttl_ms,
            limits: self.config.limits,
            max_inflight: Limits::MAX_IN_FLIGHT,
        };
        let (wire, frame) = handshake.respond(parameters, ephemeral)?;
        let earlier = resumes.into_claimed();
        let identity = earlier.as_ref().and_then(|earlier| earlier.identity());
        if let Some(earlier) = earlier {
            earlier.end();
        }
        let session = Session::new(wire, ttl_ms.into(), monotonic_ms, identity);
        Ok(Handshake {
            frame,
            session: Some(Arc::new(session)),
        })
    }
}
